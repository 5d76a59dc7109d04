//! An account's keys: those that sign its requests, and those that its registry's answers are signed with. The ones of the
//! registry's systems (production, test) are kept apart.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::settings::{Environment, OurKey, Settings, TheirKey};
use crate::model::Secret;
use crate::net::openpgp::policy::{NZ_SRS, Objection, Review, Weight};
use crate::net::openpgp::{Key, LockedKey, verify_by_any};
use crate::net::secret_ref;
use crate::registries::AccountKey;

/// Rules that a key breaks by and by: if another one can sign, nothing is wrong yet.
const ENDED: &[&str] = &["expired", "revoked"];

/// The keys of an account.
pub struct Keys {
    /// Ours, in the order of the settings, without those that have come to their end.
    ours: Vec<Ours>,
    /// The registry's.
    theirs: Vec<LockedKey>,
    /// What should be done about ours before long.
    pub warnings: Vec<String>,
}

/// A key that signs.
struct Ours {
    locked: LockedKey,
    passphrase: Option<Secret>,
    /// Its part that signs, unlocked once: that takes a while.
    unlocked: Mutex<Option<Key>>,
}

impl Keys {
    /// Reads all keys, and sees whether they will do at this instant.
    ///
    /// # Errors
    /// Names every file, key and rule because of which they will not, and what to do.
    pub fn read(settings: &Settings, at: Timestamp) -> Result<Self, String> {
        let (mut ours, mut ended, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        let mut warnings = Vec::new();
        for named in &settings.keys {
            let file = named.file.display();
            let (locked, passphrase) = match our_key(named, settings.environment) {
                Ok(read) => read,
                Err(why) => {
                    wrong.push(format!("keys: {why}"));
                    continue;
                }
            };
            let review = locked.review(NZ_SRS, passphrase.as_ref(), at);
            let tell = |o: &Objection| format!("keys: {file}: key {}: {}; {}", review.fingerprint, o.what, o.next);
            let of_weight = |weight| review.objections.iter().filter(move |o| o.weight == weight);
            warnings.extend(of_weight(Weight::Warning).map(tell));
            let errors: Vec<_> = of_weight(Weight::Error).collect();
            let told = errors.iter().map(|o| tell(o));
            if errors.is_empty() {
                ours.push(Ours { locked, passphrase, unlocked: Mutex::new(None) });
            } else if errors.iter().all(|o| ENDED.contains(&o.rule)) {
                ended.extend(told);
            } else {
                wrong.extend(told);
            }
        }
        if ours.is_empty() {
            wrong.append(&mut ended);
        }
        warnings.append(&mut ended);
        let read = settings.registry_keys.iter().map(|named| their_key(named, settings.environment));
        let (theirs, not_theirs): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
        wrong.extend(not_theirs.into_iter().filter_map(Result::err).map(|why| format!("registry_keys: {why}")));
        let theirs: Vec<_> = theirs.into_iter().flatten().collect();
        if wrong.is_empty() && !theirs.iter().any(|key| key.verifies(at)) {
            wrong.push("registry_keys: no answer can be verified: expired, revoked, or made for something else".into());
        }
        if wrong.is_empty() { Ok(Self { ours, theirs, warnings }) } else { Err(wrong.join("\n")) }
    }

    /// The first key that may sign at this instant.
    ///
    /// # Errors
    /// There is none left.
    pub fn signing(&self, at: Timestamp) -> Result<Key, String> {
        self.ours.iter().find_map(|ours| ours.at(at)).ok_or_else(|| {
            "none of the account's keys may sign any more: name a new one, known to the registry, in its keys".into()
        })
    }

    /// When the last of the keys that can sign now ends; `None` if one never does, or none can.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let ends: Option<Vec<_>> = self.ours.iter().filter_map(|ours| ours.at(at)).map(|key| key.ends()).collect();
        ends?.into_iter().max()
    }

    /// Sees that the registry signed these bytes.
    ///
    /// # Errors
    /// It did not, or with a key that is not known here.
    pub fn verify(&self, bytes: &[u8], signature: &[u8], at: Timestamp) -> Result<(), String> {
        verify_by_any(bytes, signature, &self.theirs, at).map(drop)
    }
}

impl Ours {
    /// The part that may sign at this instant.
    fn at(&self, at: Timestamp) -> Option<Key> {
        let mut unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
        if unlocked.as_ref().is_none_or(|key| key.ends().is_some_and(|end| end <= at)) {
            // Another part of it may have longer.
            *unlocked = self.locked.unlock(self.passphrase.as_ref(), at).ok();
        }
        unlocked.clone()
    }
}

/// What there is to say of each of our keys, by the settings of an account.
///
/// # Errors
/// The settings cannot be read.
pub fn account_keys(settings: &serde_json::Value, at: Timestamp) -> Result<Vec<AccountKey>, String> {
    let settings = Settings::read(settings)?;
    let review = |named: &OurKey| -> Result<Review, String> {
        let (locked, passphrase) = our_key(named, settings.environment)?;
        Ok(locked.review(NZ_SRS, passphrase.as_ref(), at))
    };
    Ok(settings.keys.iter().map(|named| AccountKey { file: named.file.clone(), review: review(named) }).collect())
}

fn our_key(named: &OurKey, environment: Environment) -> Result<(LockedKey, Option<Secret>), String> {
    let file = named.file.display();
    let passphrase = match (&named.passphrase_file, &named.passphrase_env) {
        (Some(_), Some(_)) => return Err(format!("{file}: passphrase_file and passphrase_env exclude each other")),
        (Some(file), None) => Some(secret_ref::from_file(file)?),
        (None, Some(variable)) => Some(secret_ref::from_env(variable)?),
        (None, None) => None,
    };
    let locked = read_key(&named.file)?;
    let (of, fingerprint) = (named.environment.unwrap_or(environment), locked.fingerprint());
    if of != environment {
        return Err(format!(
            "{file}: key {fingerprint} is registered for `{}`, and the account's environment is `{}`; name the key that \
             is registered there, or correct environment and url",
            of.name(),
            environment.name()
        ));
    }
    Ok((locked, passphrase))
}

fn their_key(named: &TheirKey, environment: Environment) -> Result<LockedKey, String> {
    let file = named.file.display();
    let locked = read_key(&named.file)?;
    let found = locked.fingerprint();
    let known = Environment::that_signs_with(&found);
    if let Some(of) = known.filter(|of| *of != environment) {
        return Err(format!(
            "{file}: key {found} is what the registry signs with in `{}`, and the account's environment is `{}`; name \
             the key of that one, or correct environment and url",
            of.name(),
            environment.name()
        ));
    }
    let pinned = named.fingerprint.as_ref().map(|text| text.replace([' ', ':'], ""));
    let asked = pinned.as_deref().or(environment.fingerprint());
    if let Some(asked) = asked.filter(|asked| !asked.eq_ignore_ascii_case(&found)) {
        let next = match &named.fingerprint {
            Some(_) => "correct the file or the fingerprint, whichever is wrong",
            None => {
                "get that key; if the registry has a new one, or it is another registry, state its fingerprint, or \
                 environment = \"other\""
            }
        };
        return Err(format!("{file}: key {found} is not {asked}; {next}"));
    }
    Ok(locked)
}

fn read_key(file: &Path) -> Result<LockedKey, String> {
    let bytes = secret_ref::bytes_from_file(file)?;
    LockedKey::read(&bytes).map_err(|error| {
        format!(
            "{}: {error}; name a file with one key, as `gpg --armor --export` or `--export-secret-keys` writes it",
            file.display()
        )
    })
}

#[cfg(test)]
mod tests;
