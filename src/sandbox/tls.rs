//! A throw-away certificate authority and one server certificate for 127.0.0.1 and localhost.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Names the server certificate is valid for.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A fresh authority: its certificate is on disk, its key is already forgotten.
pub(crate) struct Authority {
    /// Where the CA certificate was written, for clients to trust.
    pub(crate) ca_file: PathBuf,
    /// What the TLS listeners present.
    pub(crate) server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes authority and server certificate and writes `ca.pem` into the directory.
    ///
    /// # Errors
    /// Says which step failed.
    pub(crate) fn create(directory: &Path) -> Result<Self, String> {
        let ca_key = KeyPair::generate().map_err(failed)?;
        let ca_params = ca_params()?;
        let ca = ca_params.self_signed(&ca_key).map_err(failed)?;
        let key = KeyPair::generate().map_err(failed)?;
        let leaf = leaf_params()?.signed_by(&key, &Issuer::from_params(&ca_params, &ca_key)).map_err(failed)?;

        std::fs::create_dir_all(directory).map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
        // Absolute, because whoever reads the ready line may stand in another directory.
        let directory = std::path::absolute(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let ca_file = directory.join("ca.pem");
        std::fs::write(&ca_file, ca.pem()).map_err(|error| format!("cannot write {}: {error}", ca_file.display()))?;

        crate::net::tls::install_provider();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), ca.der().clone()], private)
            .map_err(|error| format!("cannot use the sandbox certificate: {error}"))?;
        Ok(Self { ca_file, server: Arc::new(server) })
    }
}

fn failed(error: rcgen::Error) -> String {
    format!("cannot make a sandbox certificate: {error}")
}

fn ca_params() -> Result<CertificateParams, String> {
    let mut params = valid_now(CertificateParams::new(Vec::new()).map_err(failed)?);
    params.distinguished_name.push(DnType::CommonName, "registrard sandbox CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params() -> Result<CertificateParams, String> {
    let mut params = valid_now(CertificateParams::new(NAMES.map(str::to_owned).to_vec()).map_err(failed)?);
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Valid from last year's first day for four years: real clocks that differ a little do not matter, nor those that tests move by
/// more than a year.
fn valid_now(mut params: CertificateParams) -> CertificateParams {
    let year = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).year());
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 3, 1, 1);
    params
}
