//! OpenPGP: keys from files, detached signatures, and whether a key satisfies a registry's rules (`policy`). Every
//! judgement is made at an instant that is given; nothing here looks at the clock.

pub mod policy;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::crypto::{KeyPair, Password};
use sequoia_openpgp::packet::key::{SecretParts, UnspecifiedRole};
use sequoia_openpgp::parse::Parse as _;
use sequoia_openpgp::parse::stream::{DetachedVerifierBuilder, MessageLayer, MessageStructure, VerificationHelper};
use sequoia_openpgp::policy::{AsymmetricAlgorithm, StandardPolicy};
use sequoia_openpgp::serialize::stream::{Armorer, Message, Signer};
use sequoia_openpgp::types::{HashAlgorithm, PublicKeyAlgorithm, RevocationStatus, SignatureType};
use sequoia_openpgp::{Cert, KeyHandle, armor, packet};

use crate::model::Secret;

/// How a block of armour begins.
const ARMOR: &[u8] = b"-----BEGIN PGP ";
/// So far the clock of whoever signed may be ahead of ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// Why there is no key to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Something else is in the file.
    #[error("this is no OpenPGP key: {0}")]
    NotAKey(String),
    /// It is not clear which one is meant.
    #[error("there are {0} keys in it, and it is not clear which one is meant")]
    Several(usize),
    /// Only others can use it, to verify.
    #[error("it is the public part of a key only")]
    PublicOnly,
    /// None of its parts may sign at this instant: revoked, expired, not yet valid, or made for something else.
    #[error("no part of it may sign now: revoked, expired, not yet valid, or made for something else")]
    CannotSign,
    /// It is protected, and nobody said how.
    #[error("its secret part is protected, and no passphrase is given")]
    NoPassphrase,
    /// The passphrase is another one.
    #[error("its secret part cannot be unlocked: wrong passphrase")]
    WrongPassphrase,
}

/// A key as it stands in a file, still locked.
#[derive(Clone)]
pub struct LockedKey {
    cert: Cert,
}

/// A part of a key that can sign. Its secret is kept encrypted in memory and wiped on drop.
#[derive(Clone)]
pub struct Key {
    pair: KeyPair,
    ends: Option<Timestamp>,
}

impl Key {
    /// From when on it may not sign any more, if it ever ends.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.ends
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.pair.public().fingerprint().to_hex())
    }
}

/// A detached signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// In ASCII armour.
    pub armored: String,
    /// The name of its digest as `micalg` says it (RFC 3156).
    pub micalg: &'static str,
}

/// Most that is tolerated while looking at a key: what is wrong with it is for the rules to say, by name.
fn lenient(at: Timestamp) -> StandardPolicy<'static> {
    let mut policy = StandardPolicy::at(SystemTime::from(at));
    for hash in [HashAlgorithm::SHA1, HashAlgorithm::RipeMD, HashAlgorithm::MD5] {
        policy.accept_hash(hash);
    }
    for algorithm in [
        AsymmetricAlgorithm::RSA1024,
        AsymmetricAlgorithm::DSA1024,
        AsymmetricAlgorithm::DSA2048,
        AsymmetricAlgorithm::ElGamal1024,
        AsymmetricAlgorithm::ElGamal2048,
    ] {
        policy.accept_asymmetric_algo(algorithm);
    }
    policy
}

impl LockedKey {
    /// Reads the one key of a file, armoured or binary.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let not_a_key = |error: &dyn std::fmt::Display| KeyError::NotAKey(error.to_string());
        // A reader of armour stops after the first block.
        let blocks = bytes.windows(ARMOR.len()).filter(|window| *window == ARMOR).count();
        if blocks > 1 {
            return Err(KeyError::Several(blocks));
        }
        let certs = CertParser::from_bytes(bytes).map_err(|error| not_a_key(&error))?;
        let mut certs = certs.collect::<Result<Vec<_>, _>>().map_err(|error| not_a_key(&error))?;
        match (certs.pop(), certs.len()) {
            (Some(cert), 0) => Ok(Self { cert }),
            (Some(_), others) => Err(KeyError::Several(others + 1)),
            (None, _) => Err(KeyError::NotAKey("nothing is in it".into())),
        }
    }

    /// Its fingerprint, 40 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// The first of its user ids.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.cert.userids().next().map(|user| String::from_utf8_lossy(user.userid().value()).into_owned())
    }

    /// Unlocks a part that may sign at this instant.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn unlock(&self, passphrase: Option<&Secret>, at: Timestamp) -> Result<Key, KeyError> {
        if !self.cert.is_tsk() {
            return Err(KeyError::PublicOnly);
        }
        let (key, ends) = self.signing_part(at).ok_or(KeyError::CannotSign)?;
        let key = match (key.secret().is_encrypted(), passphrase) {
            (false, _) => key,
            (true, None) => return Err(KeyError::NoPassphrase),
            (true, Some(passphrase)) => {
                let password = Password::from(passphrase.expose());
                key.decrypt_secret(&password).map_err(|_| KeyError::WrongPassphrase)?
            }
        };
        key.into_keypair().map(|pair| Key { pair, ends }).map_err(|error| KeyError::NotAKey(error.to_string()))
    }

    /// Whether a signature that is made at this instant can be verified with it.
    #[must_use]
    pub fn verifies(&self, at: Timestamp) -> bool {
        let (policy, at) = (StandardPolicy::at(SystemTime::from(at)), SystemTime::from(at));
        self.cert.with_policy(&policy, at).is_ok_and(|valid| {
            let is_revoked = matches!(valid.revocation_status(), RevocationStatus::Revoked(_));
            let parts = valid.keys().alive().revoked(false).for_signing();
            valid.alive().is_ok() && !is_revoked && parts.count() > 0
        })
    }

    /// The first part that may sign, has its secret here, and can be used at this instant; and when it ends.
    fn signing_part(&self, at: Timestamp) -> Option<SigningPart> {
        let policy = lenient(at);
        let valid = self.cert.with_policy(&policy, SystemTime::from(at)).ok()?;
        if valid.alive().is_err() || matches!(valid.revocation_status(), RevocationStatus::Revoked(_)) {
            return None;
        }
        let part = valid.keys().alive().revoked(false).for_signing().secret().next()?;
        // A subkey is of no use without its key.
        let ends = [part.key_expiration_time(), valid.primary_key().key_expiration_time()];
        let ends = ends.into_iter().flatten().min().and_then(|end| Timestamp::try_from(end).ok());
        Some((part.key().clone(), ends))
    }
}

type SigningPart = (packet::Key<SecretParts, UnspecifiedRole>, Option<Timestamp>);

/// Signs bytes exactly as they are.
///
/// # Errors
/// The key is of a type that cannot be used here.
pub fn sign_detached(bytes: &[u8], key: &Key, at: Timestamp) -> Result<Signature, String> {
    // A DSA key signs as many bits as its small group has, 256 from 2048 on.
    #[allow(deprecated, reason = "the registry accepts DSA")]
    let is_dsa = key.pair.public().pk_algo() == PublicKeyAlgorithm::DSA;
    let (hash, micalg) =
        if is_dsa { (HashAlgorithm::SHA256, "pgp-sha256") } else { (HashAlgorithm::SHA512, "pgp-sha512") };
    let mut armored = Vec::new();
    let mut sign = || -> sequoia_openpgp::Result<()> {
        let message = Armorer::new(Message::new(&mut armored)).kind(armor::Kind::Signature).build()?;
        let signer = Signer::new(message, key.pair.clone())?.hash_algo(hash)?;
        let mut signer = signer.creation_time(SystemTime::from(at)).detached().build()?;
        signer.write_all(bytes)?;
        signer.finalize()
    };
    sign().map_err(|error| format!("cannot sign: {error}"))?;
    let armored = String::from_utf8(armored).map_err(|error| error.to_string())?;
    Ok(Signature { armored, micalg })
}

/// Verifies a detached signature of a key, armoured or binary, over bytes exactly as they are; gives the fingerprint of the
/// part that signed.
///
/// # Errors
/// There is no good signature of this key over these bytes.
pub fn verify_detached(bytes: &[u8], signature: &[u8], key: &LockedKey, at: Timestamp) -> Result<String, String> {
    verify_by_any(bytes, signature, std::slice::from_ref(key), at)
}

/// The same with several keys, of which any will do.
///
/// # Errors
/// There is no good signature of any of them over these bytes.
pub fn verify_by_any(bytes: &[u8], signature: &[u8], keys: &[LockedKey], at: Timestamp) -> Result<String, String> {
    let at = SystemTime::from(at) + CLOCKS_DIFFER;
    let policy = StandardPolicy::at(at);
    let verifier = Verifier { keys, good: None, bad: None };
    let bad = |why: &dyn std::fmt::Display| format!("there is no good signature of a known key: {why}");
    let mut verifier = DetachedVerifierBuilder::from_bytes(signature)
        .and_then(|builder| builder.with_policy(&policy, at, verifier))
        .map_err(|error| bad(&error))?;
    verifier.verify_bytes(bytes).map_err(|error| bad(&error))?;
    let Verifier { good, bad: why, .. } = verifier.into_helper();
    good.ok_or_else(|| bad(&why.as_deref().unwrap_or("there is none at all")))
}

struct Verifier<'a> {
    keys: &'a [LockedKey],
    good: Option<String>,
    /// What is wrong with one that is not good.
    bad: Option<String>,
}

impl VerificationHelper for Verifier<'_> {
    fn get_certs(&mut self, _: &[KeyHandle]) -> sequoia_openpgp::Result<Vec<Cert>> {
        Ok(self.keys.iter().map(|key| key.cert.clone()).collect())
    }

    fn check(&mut self, structure: MessageStructure<'_>) -> sequoia_openpgp::Result<()> {
        for layer in structure {
            let MessageLayer::SignatureGroup { results } = layer else { continue };
            for result in results {
                match result {
                    // One over a text does not notice when line ends change.
                    Ok(good) if good.sig.typ() == SignatureType::Binary => {
                        self.good = Some(good.ka.key().fingerprint().to_hex());
                    }
                    Ok(_) => self.bad = Some("it is no signature of a binary document".into()),
                    Err(error) => self.bad = Some(error.to_string()),
                }
            }
        }
        Ok(())
    }
}
