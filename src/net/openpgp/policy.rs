//! What registries ask of a key, as one table of rules. The numbers are DENIC's, which are the strictest published; a
//! registry with others gets a table of its own.

use std::time::SystemTime;

use jiff::Timestamp;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation as _;
use sequoia_openpgp::cert::amalgamation::key::{PrimaryKey as _, ValidErasedKeyAmalgamation};
use sequoia_openpgp::packet::key::PublicParts;
use sequoia_openpgp::types::{HashAlgorithm, PublicKeyAlgorithm, RevocationStatus};
use serde::Serialize;

use super::{KeyError, LockedKey, lenient};
use crate::model::Secret;

/// Fewest bits of a key and of each subkey.
const FEWEST_BITS: usize = 2048;
/// Longest life of a key, from its creation on.
const LONGEST_DAYS: i64 = 731;
/// So many days before the end it is time for a new one: it has to be made, entered and known before the old one is gone.
const SOON_DAYS: i64 = 60;

/// Whether a key can be used in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// It works, and should not stay so.
    Warning,
    /// The registry would not accept it, or it cannot sign.
    Error,
}

/// A rule that a key breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Objection {
    /// The rule.
    pub rule: &'static str,
    /// How bad it is.
    pub weight: Weight,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub next: &'static str,
}

/// What can be said of a key at an instant.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// Its fingerprint.
    pub fingerprint: String,
    /// Its first user id.
    pub user: Option<String>,
    /// Type of the key itself, for example `RSA`.
    pub algorithm: String,
    /// Its length.
    pub bits: Option<usize>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it ends; of key and signing part what ends first.
    pub expires: Option<Timestamp>,
    /// Whole days until then; below 0 if that is over.
    pub days_left: Option<i64>,
    /// The rules it breaks, in the order of the table.
    pub objections: Vec<Objection>,
}

impl Review {
    /// Whether the registry would not accept it, or it cannot sign.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.objections.iter().any(|objection| objection.weight == Weight::Error)
    }
}

/// A key or subkey that is in use: neither revoked nor expired, or the key itself.
struct Part {
    name: String,
    algorithm: PublicKeyAlgorithm,
    bits: Option<usize>,
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    hash: HashAlgorithm,
    signs: bool,
    open: bool,
}

/// What the rules look at.
struct Facts {
    at: Timestamp,
    parts: Vec<Part>,
    revoked: bool,
    unlocked: Result<(), KeyError>,
}

struct Rule {
    name: &'static str,
    weight: Weight,
    broken: fn(&Facts) -> Option<String>,
    next: &'static str,
}

const fn rule(name: &'static str, weight: Weight, broken: fn(&Facts) -> Option<String>, next: &'static str) -> Rule {
    Rule { name, weight, broken, next }
}

/// Every rule there is.
const RULES: &[Rule] = &[
    rule("self-signature", Weight::Error, unbound, "export it again with the tool that made it"),
    rule("type", Weight::Error, strange_type, "make an RSA key; elliptic curves are not accepted by the registry"),
    rule("length", Weight::Error, too_short, "make a key of 2048 to 4096 bits, its subkeys too"),
    rule("expiry", Weight::Error, endless, "give it an end at most 731 days after its creation, and publish it again"),
    rule("lifetime", Weight::Error, too_long, "make a new key that ends at most 731 days after its creation"),
    rule("digest", Weight::Error, weak_digest, "have it signed anew with SHA-256, SHA-384 or SHA-512"),
    rule(
        "not-yet-valid",
        Weight::Error,
        too_young,
        "correct the clock of this machine or of the one that made the key",
    ),
    rule("revoked", Weight::Error, revoked, "make a new key, enter its public part at the registry, and configure it"),
    rule("expired", Weight::Error, expired, "make a new key, enter its public part at the registry, and configure it"),
    rule(
        "secret-part",
        Weight::Error,
        public_only,
        "export the secret key (gpg --export-secret-keys), not the public one",
    ),
    rule(
        "signing",
        Weight::Error,
        cannot_sign,
        "make a key that may sign, or name the file that holds its signing part",
    ),
    rule(
        "passphrase",
        Weight::Error,
        locked,
        "name the file with its passphrase in the account's mail.passphrase_file",
    ),
    rule("protection", Weight::Warning, unprotected, "protect the secret part with a passphrase"),
    rule("ends-soon", Weight::Warning, ends_soon, "make the next key now and enter its public part at the registry"),
];

impl LockedKey {
    /// Looks at the key with the eyes of the registry at this instant.
    #[must_use]
    pub fn review(&self, passphrase: Option<&Secret>, at: Timestamp) -> Review {
        let facts = Facts {
            at,
            parts: parts(&self.cert, at),
            revoked: matches!(
                self.cert.revocation_status(&lenient(at), SystemTime::from(at)),
                RevocationStatus::Revoked(_)
            ),
            unlocked: self.unlock(passphrase, at).map(drop),
        };
        let objections = RULES.iter().filter_map(|Rule { name, weight, broken, next }| {
            broken(&facts).map(|what| Objection { rule: name, weight: *weight, what, next })
        });
        let key = facts.parts.first();
        let expires = facts.end();
        Review {
            fingerprint: self.fingerprint(),
            user: self.user(),
            algorithm: self.cert.primary_key().key().pk_algo().to_string(),
            bits: self.cert.primary_key().key().mpis().bits(),
            created: key.and_then(|key| key.created),
            expires,
            days_left: expires.map(|end| days(at, end)),
            objections: objections.collect(),
        }
    }
}

/// The key and its subkeys as far as they count. A key from the future is looked at as of its own time, so that the other
/// rules can speak too.
fn parts(cert: &Cert, at: Timestamp) -> Vec<Part> {
    let newest = cert.keys().flat_map(|part| part.self_signatures().filter_map(|s| s.signature_creation_time()).max());
    let born = cert.primary_key().key().creation_time();
    let look = if born > SystemTime::from(at) { newest.max().unwrap_or(born) } else { SystemTime::from(at) };
    let policy = lenient(at);
    let Ok(valid) = cert.with_policy(&policy, look) else { return Vec::new() };
    let end = valid.primary_key().key_expiration_time().and_then(instant);
    let counts = |part: &ValidErasedKeyAmalgamation<'_, PublicParts>| {
        let gone = matches!(part.revocation_status(), RevocationStatus::Revoked(_))
            || part.key_expiration_time().is_some_and(|end| end <= look);
        part.primary() || !gone
    };
    valid.keys().filter(counts).map(|part| seen(&part, end)).collect()
}

fn seen(part: &ValidErasedKeyAmalgamation<'_, PublicParts>, end: Option<Timestamp>) -> Part {
    let key = part.key();
    let own = part.key_expiration_time().and_then(instant);
    let kind = if part.primary() { "the key" } else { "its subkey" };
    Part {
        name: format!("{kind} {}", key.keyid().to_hex()),
        algorithm: key.pk_algo(),
        bits: key.mpis().bits(),
        created: instant(key.creation_time()),
        // A subkey is of no use without its key.
        expires: [own, end].into_iter().flatten().min(),
        hash: part.binding_signature().hash_algo(),
        signs: part.for_signing(),
        open: key.has_unencrypted_secret(),
    }
}

fn instant(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

/// Whole days between two instants, rounded down.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_second() - from.as_second()).div_euclid(86_400)
}

impl Facts {
    /// What is said of the first part for which there is something to say.
    fn first(&self, broken: impl Fn(&Part) -> Option<String>) -> Option<String> {
        self.parts.iter().find_map(|part| broken(part).map(|what| format!("{} {what}", part.name)))
    }

    /// When the key cannot sign any more: the end of its signing part, or its own.
    fn end(&self) -> Option<Timestamp> {
        self.parts.iter().find(|part| part.signs).or(self.parts.first()).and_then(|part| part.expires)
    }
}

fn unbound(facts: &Facts) -> Option<String> {
    facts.parts.is_empty().then(|| "no self-signature binds the key to its owner".into())
}

fn strange_type(facts: &Facts) -> Option<String> {
    facts.first(|part| {
        let strange = !accepted(part.algorithm);
        strange.then(|| format!("is of type {}; RSA, DSA, and DSA with Elgamal are accepted", part.algorithm))
    })
}

/// The types the registry accepts.
#[allow(deprecated, reason = "old keys say in their type what they were made for")]
fn accepted(algorithm: PublicKeyAlgorithm) -> bool {
    use PublicKeyAlgorithm::{DSA, ElGamalEncrypt, ElGamalEncryptSign, RSAEncrypt, RSAEncryptSign, RSASign};
    [RSAEncryptSign, RSASign, RSAEncrypt, DSA, ElGamalEncrypt, ElGamalEncryptSign].contains(&algorithm)
}

/// The bits of a curve say something else; its type has been refused already.
fn too_short(facts: &Facts) -> Option<String> {
    facts.first(|part| {
        let bits = part.bits.filter(|bits| *bits < FEWEST_BITS && accepted(part.algorithm))?;
        Some(format!("has {bits} bits; at least {FEWEST_BITS} are asked for"))
    })
}

fn endless(facts: &Facts) -> Option<String> {
    facts.first(|part| part.expires.is_none().then(|| "never expires".into()))
}

fn too_long(facts: &Facts) -> Option<String> {
    facts.first(|part| {
        let (from, to) = (part.created?, part.expires?);
        let seconds = to.as_second() - from.as_second();
        let long = seconds > LONGEST_DAYS * 86_400;
        long.then(|| format!("lives for {} days; at most {LONGEST_DAYS} are allowed", days(from, to)))
    })
}

fn weak_digest(facts: &Facts) -> Option<String> {
    let accepted = [HashAlgorithm::SHA256, HashAlgorithm::SHA384, HashAlgorithm::SHA512];
    facts.first(|part| (!accepted.contains(&part.hash)).then(|| format!("is bound by a signature with {}", part.hash)))
}

fn too_young(facts: &Facts) -> Option<String> {
    let created = facts.parts.first()?.created?;
    (created > facts.at).then(|| format!("it is valid from {created} on, and now is {}", facts.at))
}

fn revoked(facts: &Facts) -> Option<String> {
    facts.revoked.then(|| "it has been revoked".into())
}

fn expired(facts: &Facts) -> Option<String> {
    let end = facts.parts.first()?.expires?;
    (end <= facts.at).then(|| format!("it expired at {end}"))
}

fn public_only(facts: &Facts) -> Option<String> {
    matches!(facts.unlocked, Err(KeyError::PublicOnly)).then(|| KeyError::PublicOnly.to_string())
}

/// Said only where no other rule says why.
fn cannot_sign(facts: &Facts) -> Option<String> {
    let explained = [unbound, too_young, revoked, expired].iter().any(|broken| broken(facts).is_some());
    let cannot = matches!(facts.unlocked, Err(KeyError::CannotSign | KeyError::NotAKey(_)));
    (cannot && !explained).then(|| "no part of it that may sign is valid now and has its secret in this file".into())
}

fn locked(facts: &Facts) -> Option<String> {
    let error = facts.unlocked.as_ref().err()?;
    matches!(error, KeyError::NoPassphrase | KeyError::WrongPassphrase).then(|| error.to_string())
}

fn unprotected(facts: &Facts) -> Option<String> {
    facts.first(|part| part.open.then(|| "lies open in its file".into()))
}

fn ends_soon(facts: &Facts) -> Option<String> {
    let end = facts.end()?;
    let left = days(facts.at, end);
    (end > facts.at && left <= SOON_DAYS).then(|| format!("it ends in {left} days, at {end}"))
}
