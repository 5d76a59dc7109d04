//! One registrar account: its settings, limits and the opening of sessions.

use std::sync::Arc;

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::time::timeout;

use super::dialect::Rrp;
use super::limits;
use super::session::{self, RrpSession};
use super::settings::Settings;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::model::{Limits, Secret};
use crate::net::dial::{Dial, TlsDial};
use crate::net::tls::{self, Certificates, Identity};
use crate::registries::{Dialect, OpenError, Registry, Session, WireOptions};

/// An account as the rest of the house uses it.
pub struct Account {
    dialect: Arc<Rrp>,
    settings: Settings,
    password: Secret,
    dial: Arc<dyn Dial>,
}

impl Account {
    /// Reads settings, password, roots and certificate; does not connect.
    ///
    /// # Errors
    /// Says which setting is wrong or what cannot be read; never shows the password.
    pub fn new(name: &str, settings: &Value) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        let host = settings.server_name.as_deref().or(settings.host()).unwrap_or_default();
        let server_name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("`{}` cannot be the name of a server", host.escape_default()))?;
        let identity = match (&settings.certificate_file, &settings.certificate_key_file) {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            _ => None,
        };
        let config = tls::client_with(settings.ca_file.as_deref(), identity, settings.tls_minimum)?;
        let ours = identity.map(|identity| identity.certificate);
        let certificates = Certificates::of(settings.ca_file.as_deref(), ours);
        let dial = TlsDial { address: settings.address.clone(), server_name, config, certificates };
        Self::with(name, settings, Arc::new(dial))
    }

    /// The same over connections that come about in another way; where the settings say to connect to is of no meaning.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn over(name: &str, settings: &Value, dial: Arc<dyn Dial>) -> Result<Self, String> {
        Self::with(name, Settings::read(settings)?, dial)
    }

    /// An account's name is free: who it is stands in `user`.
    fn with(_name: &str, settings: Settings, dial: Arc<dyn Dial>) -> Result<Self, String> {
        let options = WireOptions {
            account: settings.user.clone(),
            protocol: Some(settings.protocol.clone()),
            ..WireOptions::default()
        };
        let dialect = Rrp::new(&options)?.with(settings.zone()?, settings.transfer_days);
        Ok(Self { dialect: Arc::new(dialect), password: settings.password()?, dial, settings })
    }
}

#[async_trait]
impl Registry for Account {
    fn kind(&self) -> &'static str {
        super::NAME
    }

    fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }

    fn limits(&self) -> Limits {
        Limits {
            zone: self.dialect.zone().clone(),
            keep_alive: Some(std::time::Duration::from_secs(self.settings.keep_alive_seconds)),
            answer_within: self.settings.answer_within(),
            ..limits::published()
        }
    }

    fn identity(&self) -> String {
        format!("{} at {}", self.settings.user, self.settings.address).to_lowercase()
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let end = self.dial.valid_until();
        end.map(|due| Deadline { kind: DeadlineKind::CertificateExpiry, due }).into_iter().collect()
    }

    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        let limit = self.settings.connect_within();
        let connecting = async {
            let stream = self.dial.dial().await.map_err(|error| OpenError::Unreachable(error.to_string()))?;
            session::greeted(stream, &self.dialect).await
        };
        let pre = timeout(limit, connecting).await.map_err(|_| {
            OpenError::Unreachable(format!("no connection and greeting within {} s", limit.as_secs()))
        })??;
        let (user, dialect) = (&self.settings.user, Arc::clone(&self.dialect));
        let session = RrpSession::open(pre, user, &self.password, dialect, self.settings.answer_within()).await?;
        Ok(Box::new(session))
    }
}
