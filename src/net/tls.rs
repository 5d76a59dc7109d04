//! TLS for clients: rustls with ring, full verification of chain and name against configured roots.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Makes ring the process's one crypto provider. Call first thing in `main` and in tests; calling it again is harmless.
pub fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client configuration that trusts the certificates of a PEM file, or the system's roots if there is none.
///
/// # Errors
/// Says which file holds no usable certificate, or that the system has no roots.
pub fn client(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    install_provider();
    let roots = match ca_file {
        Some(path) => private_roots(path)?,
        None => system_roots()?,
    };
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
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
