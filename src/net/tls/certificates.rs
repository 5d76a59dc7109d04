//! Until when the certificates are valid that connections to a server depend on: its own, the one in our CA file that it is
//! traced back to, and ours where it asks who we are.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Longest way from a server's certificate to its root that is followed.
const LONGEST_WAY: usize = 8;
/// No server has been seen yet.
const UNSEEN: i64 = i64::MAX;

/// The certificates that connections to one server depend on. What a server shows replaces what it showed before.
#[derive(Debug)]
pub struct Certificates {
    roots: Vec<Certificate>,
    ours: Option<Timestamp>,
    /// When the first of those ends that the server's last handshake depended on, in Unix seconds.
    seen: AtomicI64,
}

/// What is to be known of one.
#[derive(Debug)]
struct Certificate {
    subject: Vec<u8>,
    issuer: Vec<u8>,
    until: Timestamp,
}

impl Certificate {
    /// Nothing of what is no certificate: whether it can be used is rustls's business.
    fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let until = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
        let (subject, issuer) = (certificate.subject().as_raw().to_vec(), certificate.issuer().as_raw().to_vec());
        Some(Self { subject, issuer, until })
    }

    fn in_file(path: &Path) -> Vec<Self> {
        let certificates = CertificateDer::pem_file_iter(path).into_iter().flatten().flatten();
        certificates.filter_map(|certificate| Self::read(&certificate)).collect()
    }
}

impl Default for Certificates {
    fn default() -> Self {
        Self { roots: Vec::new(), ours: None, seen: AtomicI64::new(UNSEEN) }
    }
}

impl Certificates {
    /// Those of the files a client was made with; what cannot be read has been complained about there.
    #[must_use]
    pub fn of(ca_file: Option<&Path>, ours: Option<&Path>) -> Self {
        let in_file = |path: Option<&Path>| path.map(Certificate::in_file).unwrap_or_default();
        let ours = in_file(ours).iter().map(|certificate| certificate.until).min();
        Self { roots: in_file(ca_file), ours, ..Self::default() }
    }

    /// Takes note of what a server showed, its own certificate first.
    pub fn see(&self, chain: &[CertificateDer<'_>]) {
        let chain: Vec<Certificate> = chain.iter().filter_map(|certificate| Certificate::read(certificate)).collect();
        let Some(server) = chain.first() else { return };
        let mut until = server.until;
        let mut at = server;
        for _ in 0..LONGEST_WAY {
            let issued = |other: &&Certificate| other.subject == at.issuer;
            // Of several by one name the last to end will do.
            if let Some(root) = self.roots.iter().filter(issued).map(|root| root.until).max() {
                until = until.min(root);
                break;
            }
            // What is shown beside the way to the root does not count: many servers show an ended one, too.
            match chain.iter().skip(1).find(issued).filter(|next| next.subject != at.subject) {
                Some(next) => (at, until) = (next, until.min(next.until)),
                None => break,
            }
        }
        self.seen.store(until.as_second(), Ordering::Release);
    }

    /// When the first of them ends, as far as is known.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        let seen = self.seen.load(Ordering::Acquire);
        let seen = Timestamp::from_second(seen).ok().filter(|_| seen != UNSEEN);
        seen.into_iter().chain(self.ours).min()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
    use rustls::ServerConfig;
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::super::super::dial::{Dial, TlsDial};
    use super::super::{Identity, Version, client, client_with, install_provider};
    use super::*;

    /// A certificate with its key.
    struct Made {
        certificate: rcgen::Certificate,
        params: CertificateParams,
        key: KeyPair,
    }

    /// A certificate valid up to the first day of this year; signed by itself if by nobody else.
    fn made(name: &str, year: i32, by: Option<&Made>) -> Made {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        if name != "server" {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = match by {
            Some(by) => params.signed_by(&key, &Issuer::from_params(&by.params, &by.key)).unwrap(),
            None => params.self_signed(&key).unwrap(),
        };
        Made { certificate, params, key }
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn new_year(year: i16) -> Option<Timestamp> {
        jiff::civil::date(year, 1, 1).in_tz("UTC").ok().map(|day| day.timestamp())
    }

    fn seen(certificates: &Certificates, chain: &[&Made]) -> Option<Timestamp> {
        let chain: Vec<CertificateDer<'_>> = chain.iter().map(|made| made.certificate.der().clone()).collect();
        certificates.see(&chain);
        certificates.until()
    }

    #[test]
    fn the_first_to_end_on_the_way_to_the_root_counts() {
        let (root, short_root) = (made("root", 2040, None), made("root", 2031, None));
        let between = made("between", 2035, Some(&root));
        let server = made("server", 2033, Some(&between));
        let ended = made("other", 2001, None);
        let roots = |pem: &[&Made]| {
            let file = file(&pem.iter().map(|made| made.certificate.pem()).collect::<String>());
            Certificates::of(Some(file.path()), None)
        };
        for (roots, chain, year) in [
            (roots(&[&root]), &[&server, &between][..], 2033),
            (roots(&[&root]), &[&server, &between, &ended], 2033),
            // Of two roots by one name one is enough; others are not on the way.
            (roots(&[&short_root, &root, &ended]), &[&server, &between], 2033),
            (roots(&[&short_root]), &[&server, &between], 2031),
            // A root of the system is not looked up.
            (Certificates::default(), &[&server, &between, &root], 2033),
            (Certificates::default(), &[&made("server", 2001, None)], 2001),
            (roots(&[&short_root]), &[&made("server", 2045, Some(&root))], 2031),
        ] {
            assert_eq!(roots.until(), None, "nothing was seen yet");
            assert_eq!(seen(&roots, chain), new_year(year));
        }
        // A renewed one takes its place, and what is none changes nothing.
        let certificates = Certificates::default();
        assert_eq!(seen(&certificates, &[&ended]), new_year(2001));
        assert_eq!(seen(&certificates, &[&server]), new_year(2033));
        certificates.see(&[]);
        certificates.see(&[CertificateDer::from(vec![1, 2, 3])]);
        assert_eq!(certificates.until(), new_year(2033));
    }

    #[test]
    fn our_own_counts_before_any_server_was_seen() {
        let (ours, server) = (made("ours", 2030, None), made("server", 2033, None));
        let ours = file(&ours.certificate.pem());
        let certificates = Certificates::of(None, Some(ours.path()));
        assert_eq!(certificates.until(), new_year(2030));
        assert_eq!(seen(&certificates, &[&server]), new_year(2030));
        let unreadable = file("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
        assert_eq!(Certificates::of(Some(unreadable.path()), Some(Path::new("/nowhere"))).until(), None);
    }

    #[tokio::test]
    async fn a_handshake_shows_until_when_the_server_is_trusted() {
        install_provider();
        let (root, ours) = (made("root", 2034, None), made("ours", 2090, None));
        let server = made("server", 2035, Some(&root));
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server.key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![server.certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serving = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                drop(acceptor.accept(stream).await);
            }
        });
        let (ca, certificate) = (file(&root.certificate.pem()), file(&ours.certificate.pem()));
        let our_key = file(&ours.key.serialize_pem());
        let identity = Identity { certificate: certificate.path(), key: our_key.path() };
        let dial = |config, certificates| TlsDial {
            address: address.clone(),
            server_name: ServerName::try_from("localhost").unwrap(),
            config,
            certificates,
        };
        let trusting = dial(
            client_with(Some(ca.path()), Some(identity), Version::Tls13).unwrap(),
            Certificates::of(Some(ca.path()), Some(certificate.path())),
        );
        assert_eq!(trusting.valid_until(), new_year(2090), "ours alone");
        trusting.dial().await.unwrap();
        assert_eq!(trusting.valid_until(), new_year(2034));
        // Whoever is not trusted has shown nothing.
        let other = made("root", 2040, None);
        let other = file(&other.certificate.pem());
        let doubting = dial(client(Some(other.path())).unwrap(), Certificates::of(Some(other.path()), None));
        assert!(doubting.dial().await.is_err());
        assert_eq!(doubting.valid_until(), None);
        serving.await.unwrap();
    }
}
