//! Secrets of jobs at rest: sealed with a key that the store never sees, and opened only where a request is written.
//!
//! A sealed value is the object `{"sealed": "v1.<key>.<text>"}`. `<key>` are the first bytes of the key's SHA-256, so that
//! the right one is found after a rotation; `<text>` is the base64 of a random nonce and of what ChaCha20-Poly1305 makes of
//! the value. Job and parameter are authenticated with it: moved to another job, a sealed value does not open.

use std::fmt;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::secret_ref;
use crate::model::request::{SEALED, is_secret, must_be_sealed};
use crate::model::{JobId, Secret};

/// Bytes of a key.
const KEY: usize = 32;

/// Bytes of a key's digest that name it.
const NAME: usize = 4;

/// Most keys of one ring: each costs a digest for every job with a secret.
const MOST: usize = 32;

/// What stands in the place of a secret that is not shown.
const HIDDEN: &str = "***";

/// How a sealed text begins.
const VERSION: &str = "v1";

/// A secret is filled up with blanks to a multiple of so many bytes: how long a password is would tell much of it.
const FILL: usize = 64;

/// What makes the key of digests out of a key.
const DIGESTS: &[u8] = b"registrard digest v1";

/// The keys of secrets in stored jobs. The first one seals, all of them open. Without any nothing can be sealed.
#[derive(Default)]
pub struct Keyring(Vec<Key>);

struct Key {
    name: String,
    aead: LessSafeKey,
    digests: hmac::Key,
}

/// There is no key to seal this parameter with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameter `{0}` is a secret, and there is no key to seal it with")]
pub struct NoKey(pub String);

/// A sealed value that cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It was sealed with a key that is not there.
    #[error(
        "`{param}` is sealed with the key {key}, which is not in store.parameter_keys_file: put it back below the others"
    )]
    KeyIsGone {
        /// The parameter.
        param: String,
        /// The name of the key.
        key: String,
    },
    /// It is not what was sealed.
    #[error("`{0}` is not what was sealed for this job: the store was changed by something else")]
    Damaged(String),
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyring").field(&self.names()).finish()
    }
}

impl Keyring {
    /// Reads keys from a credential.
    ///
    /// # Errors
    /// The file cannot be read, or [`Keyring::read`].
    pub fn from_file(path: &Path) -> Result<Self, String> {
        Self::read(&secret_ref::from_file(path)?)
            .map_err(|why| format!("{}: {why}", secret_ref::locate(path).display()))
    }

    /// Reads keys, one a line: 32 bytes each, in base64 or hexadecimal. Empty lines, and those that begin with `#`, are
    /// passed over.
    ///
    /// # Errors
    /// Which line is no key, and how to make one. Never repeats a line.
    pub fn read(text: &Secret) -> Result<Self, String> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in (1..).zip(text.expose().lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = bytes(line).as_ref().and_then(Key::new).ok_or_else(|| {
                format!("line {number} is no key: 32 random bytes in base64 or hexadecimal are, as `openssl rand -base64 32` makes them")
            })?;
            if keys.iter().any(|other| other.name == key.name) {
                return Err(format!("line {number} holds a key that stands there already"));
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err("there is no key in it; `openssl rand -base64 32` makes one".into()),
            1..=MOST => Ok(Self(keys)),
            many => Err(format!("{many} keys, at most {MOST} are of use; remove the oldest, at the end")),
        }
    }

    /// The names of the keys, the one that seals first.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|key| key.name.as_str()).collect()
    }

    /// Puts sealed values in the place of the secrets.
    ///
    /// # Errors
    /// There is no key, and one of them is a secret; the parameters are as they were.
    pub fn seal(&self, job: JobId, params: &mut Map<String, Value>) -> Result<(), NoKey> {
        for (name, value) in params.iter_mut().filter(|(name, value)| must_be_sealed(name, value) && !is_sealed(value))
        {
            let sealed =
                self.0.first().and_then(|key| key.seal(job, name, value)).ok_or_else(|| NoKey(name.clone()))?;
            *value = Value::Object(Map::from_iter([(SEALED.to_owned(), Value::String(sealed))]));
        }
        Ok(())
    }

    /// Puts the secrets back in the place of the sealed values.
    ///
    /// # Errors
    /// One of them cannot be opened; the parameters are as they were.
    pub fn open(&self, job: JobId, params: &mut Map<String, Value>) -> Result<(), Unopened> {
        let sealed = params.iter().filter_map(|(name, value)| Some((name, sealed_text(value)?)));
        let opened: Vec<_> = sealed
            .map(|(name, sealed)| Ok((name.clone(), self.open_one(job, name, sealed)?)))
            .collect::<Result<_, _>>()?;
        params.extend(opened);
        Ok(())
    }

    /// Seals the secrets a registry has answered with, at any depth; `***` takes the place of one that cannot be sealed.
    /// Whether all that were there are sealed now.
    #[must_use]
    pub fn seal_within(&self, job: JobId, said: &mut Value) -> bool {
        self.seal_named(job, "", said)
    }

    /// The same of a value of this name; the items of a list are called as it is.
    fn seal_named(&self, job: JobId, name: &str, said: &mut Value) -> bool {
        // All of them, also behind one that could not be.
        let none_fails = |all: &mut dyn Iterator<Item = bool>| all.filter(|is_sealed| !is_sealed).count() == 0;
        match said {
            Value::Object(fields) => {
                none_fails(&mut fields.iter_mut().map(|(name, value)| self.seal_named(job, name, value)))
            }
            Value::Array(items) => none_fails(&mut items.iter_mut().map(|item| self.seal_named(job, name, item))),
            secret if is_bare(name, secret) => {
                let sealed = self.0.first().and_then(|key| key.seal(job, name, secret));
                let is_sealed = sealed.is_some();
                *secret = sealed.map_or_else(|| Value::from(HIDDEN), |text| json!({ SEALED: text }));
                is_sealed
            }
            _ => true,
        }
    }

    /// What is sealed in an answer, opened: names and values, in their order.
    ///
    /// # Errors
    /// One of them cannot be opened.
    pub fn open_within(&self, job: JobId, said: &Value) -> Result<Vec<(String, Secret)>, Unopened> {
        self.open_named(job, "", said)
    }

    fn open_named(&self, job: JobId, name: &str, said: &Value) -> Result<Vec<(String, Secret)>, Unopened> {
        let mut found = Vec::new();
        match (sealed_text(said), said) {
            (Some(sealed), _) => {
                let opened = self.open_one(job, name, sealed)?;
                let opened = Zeroizing::new(opened.as_str().unwrap_or_default().to_owned());
                found.push((name.to_owned(), Secret::new(opened.as_str())));
            }
            (None, Value::Object(fields)) => {
                for (name, value) in fields {
                    found.extend(self.open_named(job, name, value)?);
                }
            }
            (None, Value::Array(items)) => {
                for item in items {
                    found.extend(self.open_named(job, name, item)?);
                }
            }
            _ => {}
        }
        Ok(found)
    }

    fn open_one(&self, job: JobId, param: &str, sealed: &str) -> Result<Value, Unopened> {
        let damaged = || Unopened::Damaged(param.to_owned());
        let mut parts = sealed.splitn(3, '.');
        let (Some(VERSION), Some(name), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(damaged());
        };
        let gone = || Unopened::KeyIsGone { param: param.to_owned(), key: name.chars().take(2 * NAME).collect() };
        let key = self.0.iter().find(|key| key.name == name).ok_or_else(gone)?;
        key.open(job, param, text).ok_or_else(damaged)
    }

    /// What the store knows a job with secrets by: under each key, the one that seals first, and last as it would be
    /// without any. `content` is a SHA-256 that whoever has the database could try passwords against; these tell him
    /// nothing, and those under older keys keep what came before a rotation known.
    #[must_use]
    pub fn digests(&self, job: JobId, content: [u8; 32]) -> Vec<[u8; 32]> {
        self.0.iter().filter_map(|key| key.digest(job, &content)).chain([content]).collect()
    }

    /// The digest of a request that states secrets of a job, likewise.
    #[must_use]
    pub fn digest(&self, job: JobId, request: [u8; 32]) -> [u8; 32] {
        self.0.first().and_then(|key| key.digest(job, &request)).unwrap_or(request)
    }
}

impl Key {
    /// `None` where it was not made at random: one that is all the same byte seals nothing.
    fn new(bytes: &Zeroizing<[u8; KEY]>) -> Option<Self> {
        let aead = UnboundKey::new(&CHACHA20_POLY1305, &bytes[..]).ok().map(LessSafeKey::new)?;
        let digests = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes[..]), DIGESTS);
        let name = HEXLOWER.encode(Sha256::digest(&bytes[..]).get(..NAME)?);
        let varied = bytes.iter().any(|byte| *byte != bytes[0]);
        varied.then(|| Self { name, aead, digests: hmac::Key::new(hmac::HMAC_SHA256, digests.as_ref()) })
    }

    fn digest(&self, job: JobId, content: &[u8; 32]) -> Option<[u8; 32]> {
        let mut context = hmac::Context::with_key(&self.digests);
        context.update(job.0.as_bytes());
        context.update(content);
        context.sign().as_ref().try_into().ok()
    }

    fn seal(&self, job: JobId, param: &str, value: &Value) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut text = Zeroizing::new(value.to_string().into_bytes());
        let filled = text.len().next_multiple_of(FILL);
        text.resize(filled, b' ');
        let tag = self
            .aead
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), bound_to(job, param), &mut text)
            .ok()?;
        let text = [&nonce[..], &text, tag.as_ref()].concat();
        Some(format!("{VERSION}.{}.{}", self.name, BASE64URL_NOPAD.encode(&text)))
    }

    fn open(&self, job: JobId, param: &str, text: &str) -> Option<Value> {
        let text = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, text) = text.split_at_checked(NONCE_LEN)?;
        let (nonce, mut text) = (Nonce::try_assume_unique_for_key(nonce).ok()?, Zeroizing::new(text.to_vec()));
        let text = self.aead.open_in_place(nonce, bound_to(job, param), &mut text).ok()?;
        serde_json::from_slice(text).ok()
    }
}

/// Whether it is a secret in clear.
fn is_bare(name: &str, value: &Value) -> bool {
    is_secret(name) && value.as_str().is_some_and(|text| !text.is_empty() && text != HIDDEN)
}

/// What is authenticated beside the value. The job's id has a fixed length, so no two pairs are written alike.
fn bound_to(job: JobId, param: &str) -> Aad<Vec<u8>> {
    Aad::from([job.0.as_bytes(), param.as_bytes()].concat())
}

/// Whether a value has the form of a sealed one, which only this module may give it.
#[must_use]
pub fn is_sealed(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.contains_key(SEALED))
}

fn sealed_text(value: &Value) -> Option<&str> {
    value.as_object()?.get(SEALED)?.as_str()
}

/// The bytes of a key in one of the ways it may be written.
fn bytes(line: &str) -> Option<Zeroizing<[u8; KEY]>> {
    let written = if line.len() == 2 * KEY { HEXLOWER_PERMISSIVE } else { BASE64 };
    let bytes = Zeroizing::new(written.decode(line.as_bytes()).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests;
