//! Handing an e-mail to the configured server, once: over verified TLS, with or without a login, every wait bounded. What
//! went wrong says whether the server may have taken it, because nobody repeats it unasked.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::extension::ClientId;

use super::mail::Address;
use super::tls;
use crate::model::Secret;

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// In the first byte (port 465).
    Implicit,
    /// After the greeting, and nothing is said before it (port 587).
    StartTls,
}

/// A server that takes e-mail.
pub struct Server {
    host: String,
    port: u16,
    security: Security,
    tls: TlsParameters,
    login: Option<(String, Secret)>,
    patience: Duration,
}

/// Why an e-mail was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server was not reached, or not trusted, or did not let us in. Certainly not sent.
    #[error("{0}; nothing was sent")]
    NotSent(String),
    /// The server said no to sender, receiver or content. Certainly not sent.
    #[error("the mail server refused it: {0}")]
    Refused(String),
    /// It went out, or part of it, and no answer came.
    #[error("{0}; the mail server may have taken it all the same")]
    Unknown(String),
}

impl Server {
    /// A server by its settings. Trusts the certificates of a PEM file, or the system's roots if there is none.
    ///
    /// # Errors
    /// The CA file cannot be used, or the host is no name.
    pub fn new(
        host: &str,
        port: u16,
        security: Security,
        ca_file: Option<&Path>,
        login: Option<(String, Secret)>,
        patience: Duration,
    ) -> Result<Self, String> {
        tls::install_provider();
        let mut builder = TlsParametersBuilder::new(host.to_owned());
        if let Some(path) = ca_file {
            // The file's errors are told here, where they can name it.
            tls::client(Some(path))?;
            let pem = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            let roots = Certificate::from_pem(&pem).map_err(|error| format!("{}: {error}", path.display()))?;
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(roots);
        }
        let tls = builder.build().map_err(|error| format!("mail server {}: {error}", host.escape_default()))?;
        Ok(Self { host: host.to_owned(), port, security, tls, login, patience })
    }

    /// Hands over an e-mail; gives what the server said. Opening, sending and parting take the configured time at most, each.
    ///
    /// # Errors
    /// See [`SendError`]: each says whether it may have been sent.
    pub async fn send(&self, from: &Address, to: &Address, mail: &[u8]) -> Result<String, SendError> {
        let envelope = Envelope::new(Some(from.bare().clone()), vec![to.bare().clone()])
            .map_err(|error| SendError::NotSent(error.to_string()))?;
        let not_sent = |why: String| SendError::NotSent(format!("mail server {}:{}: {why}", self.host, self.port));
        let mut connection = self.within(self.open()).await.map_err(|why| not_sent(why.text()))?;
        let answer = self.within(connection.send(&envelope, mail)).await;
        match answer {
            Ok(answer) => {
                // It is theirs now, whatever they say to a goodbye.
                let _ = self.within(connection.quit()).await;
                Ok(answer.message().collect::<Vec<_>>().join(" "))
            }
            Err(Trouble::Said(error)) if error.is_permanent() || error.is_transient() => {
                Err(SendError::Refused(error.to_string()))
            }
            // Said of what has not left yet, for example that the server cannot take such an address.
            Err(Trouble::Said(error)) if error.is_client() => Err(not_sent(error.to_string())),
            Err(other) => Err(SendError::Unknown(other.text())),
        }
    }

    /// A connection that is encrypted and, if so configured, logged in.
    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let (name, address) = (ClientId::default(), (self.host.as_str(), self.port));
        let at_once = (self.security == Security::Implicit).then(|| self.tls.clone());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.patience), &name, at_once, None).await?;
        if self.security == Security::StartTls {
            connection.starttls(self.tls.clone(), &name).await?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(done) => done.map_err(Trouble::Said),
            Err(_) => Err(Trouble::Silent(self.patience)),
        }
    }
}

/// What kept a step from succeeding.
enum Trouble {
    Said(Error),
    Silent(Duration),
}

impl Trouble {
    fn text(&self) -> String {
        match self {
            Self::Said(error) => error.to_string(),
            Self::Silent(patience) => format!("no answer within {patience:?}"),
        }
    }
}
