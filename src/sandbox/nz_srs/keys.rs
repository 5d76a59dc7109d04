//! The keys of the sandbox: RSA 2048, made once by `keys/make.sh`, trusted by nobody else. Making them at every start would
//! take longer than most tests.

use jiff::Timestamp;

use crate::net::openpgp::{Key, LockedKey, sign_detached, verify_by_any};

/// The registry's key.
const REGISTRY: &str = include_str!("keys/registry.asc");
/// Its public part, for clients to verify with.
pub(super) const REGISTRY_PUBLIC: &str = include_str!("keys/registry.pub.asc");
/// A key of another environment: no registrar's, and not this registry's.
pub(super) const OTHER: &str = include_str!("keys/other.asc");
/// A key that could sign until 2016.
pub(super) const EXPIRED: &str = include_str!("keys/expired.asc");
/// Secret and public parts of registrars' keys; the fifth registrar has the first one's.
const REGISTRARS: [(&str, &str); 4] = [
    (include_str!("keys/registrar-1.asc"), include_str!("keys/registrar-1.pub.asc")),
    (include_str!("keys/registrar-2.asc"), include_str!("keys/registrar-2.pub.asc")),
    (include_str!("keys/registrar-3.asc"), include_str!("keys/registrar-3.pub.asc")),
    (include_str!("keys/registrar-4.asc"), include_str!("keys/registrar-4.pub.asc")),
];

/// Secret and public part of the key of the registrar with this number, from 0.
pub(super) fn of_registrar(n: usize) -> (&'static str, &'static str) {
    REGISTRARS.get(n % REGISTRARS.len()).copied().unwrap_or_default()
}

/// Who signs answers.
pub(super) struct Signers {
    own: Option<Key>,
    other: Option<Key>,
}

impl Signers {
    /// The keys, unlocked as of an instant.
    pub(super) fn new(at: Timestamp) -> Self {
        let key = |text: &str| LockedKey::read(text.as_bytes()).ok()?.unlock(None, at).ok();
        Self { own: key(REGISTRY), other: key(OTHER) }
    }

    /// A detached signature by the registry's key, or by the other environment's. None where no key can sign (before 2015).
    pub(super) fn sign(&self, bytes: &[u8], is_wrong: bool, at: Timestamp) -> Option<String> {
        let key = if is_wrong { &self.other } else { &self.own };
        sign_detached(bytes, key.as_ref()?, at).ok().map(|signature| signature.armored)
    }
}

/// Whether one of these keys, in armour, made this signature over these bytes.
pub(super) fn is_signed(bytes: &[u8], signature: &[u8], keys: &[String], at: Timestamp) -> bool {
    let armored = signature.starts_with(b"-----BEGIN PGP SIGNATURE-----");
    let keys: Vec<LockedKey> = keys.iter().filter_map(|key| LockedKey::read(key.as_bytes()).ok()).collect();
    armored && verify_by_any(bytes, signature, &keys, at).is_ok()
}
