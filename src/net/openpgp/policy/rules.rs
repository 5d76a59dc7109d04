//! The tables, and what breaks each of their rules.

use sequoia_openpgp::types::{HashAlgorithm, PublicKeyAlgorithm};

use super::super::KeyError;
use super::{Facts, Weight, days};

/// Fewest bits of a key and of each subkey.
const FEWEST_BITS: usize = 2048;
/// Bits that NZ SRS advises.
const ADVISED_BITS: usize = 4096;
/// Longest life of a key, from its creation on.
const LONGEST_DAYS: i64 = 731;
/// So many days before the end it is time for a new one: it has to be made, entered and known before the old one is gone.
const SOON_DAYS: i64 = 60;

/// One rule.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) weight: Weight,
    /// What breaks it, if something does.
    pub(super) broken: fn(&Facts) -> Option<String>,
    /// What to do then.
    pub(super) next: &'static str,
}

const fn rule(name: &'static str, weight: Weight, broken: fn(&Facts) -> Option<String>, next: &'static str) -> Rule {
    Rule { name, weight, broken, next }
}

/// DENIC's, in the order they are told.
pub(super) const DENIC: &[Rule] = &[
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

/// What to do about a key that has come to its end; it takes days.
const NEW_KEY: &str = "make a new key, have the registry enter its public part, and name it in the account's keys";

/// Those of NZ SRS (its FAQ on keys): any end will do, and none is advised.
pub(super) const NZ_SRS: &[Rule] = &[
    rule("self-signature", Weight::Error, unbound, "export it again with the tool that made it"),
    rule("version", Weight::Error, not_fourth, "make an OpenPGP key of version 4 (RFC 4880), as GnuPG does"),
    rule("type", Weight::Error, not_rsa, "make a key of the kind `RSA and RSA`"),
    rule("length", Weight::Error, too_short, "make a key of 4096 bits, its subkeys too; below 2048 none is entered"),
    rule(
        "not-yet-valid",
        Weight::Error,
        too_young,
        "correct the clock of this machine or of the one that made the key",
    ),
    rule("revoked", Weight::Error, revoked, NEW_KEY),
    rule("expired", Weight::Error, expired, NEW_KEY),
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
        "name the right one beside the key's file, in passphrase_file or passphrase_env",
    ),
    rule("advised-length", Weight::Warning, shorter_than_advised, "let the next key have 4096 bits"),
    rule("digest", Weight::Warning, weak_digest, "have it signed anew with SHA-256, SHA-384 or SHA-512"),
    rule("protection", Weight::Warning, unprotected, "protect the secret part with a passphrase"),
    rule("ends-soon", Weight::Warning, ends_soon, "make the next key now, and have the registry enter its public part"),
];

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

/// RSA of whatever use.
#[allow(deprecated, reason = "old keys say in their type what they were made for")]
fn is_rsa(algorithm: PublicKeyAlgorithm) -> bool {
    use PublicKeyAlgorithm::{RSAEncrypt, RSAEncryptSign, RSASign};
    [RSAEncryptSign, RSASign, RSAEncrypt].contains(&algorithm)
}

fn not_rsa(facts: &Facts) -> Option<String> {
    facts.first(|part| (!is_rsa(part.algorithm)).then(|| format!("is of type {}, not RSA", part.algorithm)))
}

fn not_fourth(facts: &Facts) -> Option<String> {
    (facts.version != 4).then(|| format!("it is of version {}", facts.version))
}

/// The bits of a curve say something else; its type has been refused already.
fn too_short(facts: &Facts) -> Option<String> {
    facts.first(|part| {
        let bits = part.bits.filter(|bits| *bits < FEWEST_BITS && accepted(part.algorithm))?;
        Some(format!("has {bits} bits; at least {FEWEST_BITS} are asked for"))
    })
}

fn shorter_than_advised(facts: &Facts) -> Option<String> {
    facts.first(|part| {
        let bits = part.bits.filter(|bits| (FEWEST_BITS..ADVISED_BITS).contains(bits) && is_rsa(part.algorithm))?;
        Some(format!("has {bits} bits; {ADVISED_BITS} are advised"))
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
