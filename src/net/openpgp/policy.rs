//! What a registry asks of a key: each has a table of rules (`rules`), and a review holds a key against one of them.

mod rules;

use std::time::SystemTime;

use jiff::Timestamp;
use sequoia_openpgp::Cert;
use sequoia_openpgp::cert::amalgamation::ValidAmalgamation as _;
use sequoia_openpgp::cert::amalgamation::key::{PrimaryKey as _, ValidErasedKeyAmalgamation};
use sequoia_openpgp::packet::key::PublicParts;
use sequoia_openpgp::types::{HashAlgorithm, PublicKeyAlgorithm, RevocationStatus};
use serde::Serialize;

use rules::Rule;

use super::{KeyError, LockedKey, lenient};
use crate::model::Secret;

/// A registry's rules.
#[derive(Clone, Copy)]
pub struct Policy(&'static [Rule]);

/// What DENIC asks of a key that orders are signed with; the strictest rules that are published.
pub const DENIC: Policy = Policy(rules::DENIC);
/// What NZ SRS asks of a key that requests are signed with.
pub const NZ_SRS: Policy = Policy(rules::NZ_SRS);

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
    version: u8,
}

impl LockedKey {
    /// Looks at the key with the eyes of a registry at this instant.
    #[must_use]
    pub fn review(&self, policy: Policy, passphrase: Option<&Secret>, at: Timestamp) -> Review {
        let facts = Facts {
            at,
            parts: parts(&self.cert, at),
            revoked: matches!(
                self.cert.revocation_status(&lenient(at), SystemTime::from(at)),
                RevocationStatus::Revoked(_)
            ),
            unlocked: self.unlock(passphrase, at).map(drop),
            version: self.cert.primary_key().key().version(),
        };
        let objections = policy.0.iter().filter_map(|Rule { name, weight, broken, next }| {
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
