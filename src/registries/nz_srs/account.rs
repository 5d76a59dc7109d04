//! One registrar's account: its settings, keys and limits, and the opening of sessions.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use serde_json::Value;

use super::dialect::Srs;
use super::keys::Keys;
use super::limits;
use super::session::{LONGEST_ANSWER, Way};
use super::settings::Settings;
use crate::model::Limits;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::net::dial::{Dial, TlsDial};
use crate::net::https::Client;
use crate::net::tls::{self, Certificates};
use crate::registries::{Dialect, OpenError, Registry, Session, WireOptions};

/// An account as the rest of the house uses it.
pub struct Account {
    settings: Settings,
    way: Arc<Way>,
}

impl Account {
    /// Reads settings, keys and roots; does not connect.
    ///
    /// # Errors
    /// Says which setting or key is wrong or what cannot be read; never shows a secret.
    pub fn new(name: &str, settings: &Value) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        let endpoint = settings.endpoint()?;
        let host = settings.server_name.clone().unwrap_or(endpoint.host);
        let server_name = ServerName::try_from(host.clone())
            .map_err(|_| format!("`{}` cannot be the name of a server", host.escape_default()))?;
        let config = tls::client(settings.ca_file.as_deref())?;
        let certificates = Certificates::of(settings.ca_file.as_deref(), None);
        let dial = TlsDial { address: endpoint.address, server_name, config, certificates };
        Self::with(name, settings, Arc::new(dial))
    }

    /// The same over connections that come about in another way; where the settings say to connect to is of no meaning.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn over(name: &str, settings: &Value, dial: Arc<dyn Dial>) -> Result<Self, String> {
        Self::with(name, Settings::read(settings)?, dial)
    }

    /// An account's name is free: who it is stands in `registrar_id`.
    fn with(name: &str, settings: Settings, dial: Arc<dyn Dial>) -> Result<Self, String> {
        let options = WireOptions { account: settings.registrar_id.clone(), ..WireOptions::default() };
        let account = Self::speaking(settings, dial, Timestamp::now, Arc::new(Srs::new(&options)?))?;
        for warning in &account.way.keys.warnings {
            tracing::warn!(account = name, "{warning}");
        }
        Ok(account)
    }

    /// An account with a language, and a clock for its keys.
    pub(super) fn speaking(
        settings: Settings,
        dial: Arc<dyn Dial>,
        clock: fn() -> Timestamp,
        dialect: Arc<dyn Dialect>,
    ) -> Result<Self, String> {
        let keys = Keys::read(&settings, clock())?;
        let client = Client {
            dial,
            connect_within: settings.connect_within(),
            answer_within: settings.answer_within(),
            longest_answer: LONGEST_ANSWER,
        };
        let way = Way {
            client: Arc::new(client),
            endpoint: settings.endpoint()?,
            registrar_id: settings.registrar_id.clone(),
            keys,
            dialect,
            clock,
            strikes: AtomicU32::new(0),
        };
        Ok(Self { settings, way: Arc::new(way) })
    }
}

#[async_trait]
impl Registry for Account {
    fn kind(&self) -> &'static str {
        super::NAME
    }

    fn dialect(&self) -> &dyn Dialect {
        &*self.way.dialect
    }

    fn limits(&self) -> Limits {
        // An exchange may have to connect first.
        let answer_within = self.settings.answer_within() + self.settings.connect_within();
        Limits { answer_within, ..limits::published() }
    }

    fn identity(&self) -> String {
        // Each of the registry's systems has registrars of its own.
        format!("registrar {} at {}", self.settings.registrar_id, self.way.endpoint.authority).to_lowercase()
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let end = self.way.keys.end((self.way.clock)());
        let key = end.map(|due| Deadline { kind: DeadlineKind::SigningKeyExpiry, due });
        let certificate = self.way.client.dial.valid_until();
        let certificate = certificate.map(|due| Deadline { kind: DeadlineKind::CertificateExpiry, due });
        key.into_iter().chain(certificate).collect()
    }

    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        Ok(Box::new(Arc::clone(&self.way).open().await?))
    }
}
