//! TLS for clients: rustls with ring, full verification of chain and name against configured roots.

mod certificates;

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

use super::secret_ref;
pub use certificates::Certificates;

/// The oldest version that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Who we are to a server that asks: PEM files.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Our certificate and those it leads to.
    pub certificate: &'a Path,
    /// Its key, a secret.
    pub key: &'a Path,
}

/// Makes ring the process's one crypto provider. Call first thing in `main` and in tests; calling it again is harmless.
pub fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client configuration that trusts the certificates of a PEM file, or the system's roots if there is none.
///
/// # Errors
/// Says which file holds no usable certificate, or that the system has no roots.
pub fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    client_with(ca_file, None, Version::default())
}

/// The same for a server that may ask who we are, and with the oldest version that is spoken.
///
/// # Errors
/// As [`client`]; or certificate and key cannot be read, or are not of one another.
pub fn client_with(
    ca_file: Option<&Path>,
    identity: Option<Identity<'_>>,
    oldest: Version,
) -> Result<Arc<ClientConfig>, String> {
    install_provider();
    let roots = match ca_file {
        Some(path) => private_roots(path)?,
        None => system_roots()?,
    };
    let versions: &[&rustls::SupportedProtocolVersion] = match oldest {
        Version::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
        Version::Tls13 => &[&rustls::version::TLS13],
    };
    let builder = ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    let Some(identity) = identity else { return Ok(Arc::new(builder.with_no_client_auth())) };
    let chain = chain(identity.certificate)?;
    let unusable = |error: &dyn std::fmt::Display| format!("the key in {}: {error}", identity.key.display());
    let key = secret_ref::bytes_from_file(identity.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| unusable(&error))?;
    builder.with_client_auth_cert(chain, key).map(Arc::new).map_err(|error| unusable(&error))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("the certificate in {}: {error}", path.display());
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))?;
    let chain: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|error| unusable(&error))?;
    if chain.is_empty() { Err(unusable(&"there is none")) } else { Ok(chain) }
}

fn private_roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| format!("cannot read the CA file {}: {error}", path.display()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| format!("{} is not PEM: {error}", path.display()))?;
        roots.add(certificate).map_err(|error| format!("{} holds an unusable CA: {error}", path.display()))?;
    }
    if roots.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("the system has no CA certificates: install `ca-certificates` or set `ca_file`".into());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn a_certificate_of_our_own_goes_with_its_key() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
            (write(&format!("{name}.pem"), &certificate.pem()), write(&format!("{name}.key"), &key.serialize_pem()))
        };
        let ((ours, our_key), (theirs, _), empty) = (made("ours"), made("theirs"), write("empty.pem", ""));
        let with = |certificate: &Path, key: &Path| {
            client_with(Some(&theirs), Some(Identity { certificate, key }), Version::Tls13).map(drop)
        };
        assert_eq!(with(&ours, &our_key), Ok(()));
        for (certificate, key, part) in [
            (&empty, &our_key, "empty.pem"),
            (&ours, &empty, "empty.pem"),
            (&ours, &directory.path().join("none.key"), "none.key"),
            (&theirs, &our_key, "ours.key"),
        ] {
            let error = with(certificate, key).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
