//! One reseller's account: its settings, limits and the opening of sessions.

use std::sync::Arc;

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use serde_json::Value;

use super::crypt::Cipher;
use super::dialect::Xcp;
use super::limits;
use super::settings::{Settings, Transport};
use super::{https, tcp};
use crate::model::Limits;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::net::dial::{Dial, TcpDial, TlsDial};
use crate::net::tls::{self, Certificates};
use crate::registries::{Dialect, OpenError, Registry, Session, WireOptions};

/// An account as the rest of the house uses it.
pub struct Account {
    dialect: Arc<dyn Dialect>,
    settings: Settings,
    dial: Arc<dyn Dial>,
    way: Way,
}

/// The ports of one system.
const PORTS: [&str; 2] = [":55443", ":55000"];

/// How the registry is spoken to.
enum Way {
    Https(Arc<https::Way>),
    Tcp(Arc<tcp::Way>),
}

impl Account {
    /// Reads settings, key and roots; does not connect.
    ///
    /// # Errors
    /// Says which setting is wrong or what cannot be read; never shows the key.
    pub fn new(name: &str, settings: &Value) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        let address = settings.address().to_owned();
        let dial: Arc<dyn Dial> = match settings.transport {
            Transport::Tcp => Arc::new(TcpDial { address }),
            Transport::Https => {
                let host = settings.server_name.as_deref().or(settings.host()).unwrap_or_default();
                let server_name = ServerName::try_from(host.to_owned())
                    .map_err(|_| format!("`{}` cannot be the name of a server", host.escape_default()))?;
                let ca_file = settings.ca_file.as_deref();
                let (config, certificates) = (tls::client(ca_file)?, Certificates::of(ca_file, None));
                Arc::new(TlsDial { address, server_name, config, certificates })
            }
        };
        Self::with(name, settings, dial)
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
        let options = WireOptions { account: settings.user.clone(), ..WireOptions::default() };
        let dialect: Arc<dyn Dialect> = Arc::new(Xcp::new(&options)?);
        let key = settings.key()?;
        let (shared, dialled) = (Arc::clone(&dialect), Arc::clone(&dial));
        let way = match settings.transport {
            Transport::Https => Way::Https(Arc::new(https::Way::new(&settings, key, dial, shared))),
            Transport::Tcp => {
                let cipher = Cipher::new(settings.cipher.unwrap_or_default(), &key)?;
                Way::Tcp(Arc::new(tcp::Way::new(&settings, cipher, dial, shared)))
            }
        };
        Ok(Self { dialect, settings, dial: dialled, way })
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
        // An exchange over HTTPS may have to connect first.
        let (answer_within, commands_per_connection) = match self.way {
            Way::Https(_) => (self.settings.answer_within() + self.settings.connect_within(), None),
            Way::Tcp(_) => (self.settings.answer_within(), Some(limits::COMMANDS)),
        };
        Limits { answer_within, commands_per_connection, ..limits::published() }
    }

    fn identity(&self) -> String {
        // Live and test system have accounts of their own, and each is one account whichever way it is spoken to.
        let address = self.settings.address();
        let system = PORTS.iter().find_map(|port| address.strip_suffix(port)).unwrap_or(address);
        format!("{} at {system}", self.settings.user).to_lowercase()
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let end = self.dial.valid_until();
        end.map(|due| Deadline { kind: DeadlineKind::CertificateExpiry, due }).into_iter().collect()
    }

    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        Ok(match &self.way {
            Way::Https(way) => Box::new(Arc::clone(way).open().await?),
            Way::Tcp(way) => Box::new(Arc::clone(way).open().await?),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(more: &Value) -> Account {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(key.path(), "0f".repeat(56)).unwrap();
        let mut settings = json!({"user": "myreseller", "key_file": key.path()});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Account::new("one", &settings).unwrap()
    }

    #[test]
    fn an_account_is_one_on_both_ways_and_another_on_the_test_system() {
        let tcp = account(&json!({"transport": "tcp"}));
        assert_eq!(tcp.identity(), "myreseller at rr-n1-tor.opensrs.net");
        assert_eq!(tcp.limits().commands_per_connection, Some(100));
        let https = account(&json!({"user": "MyReseller"}));
        assert_eq!(https.identity(), tcp.identity());
        assert_eq!(https.limits().commands_per_connection, None);
        for other in ["horizon.opensrs.net:55443", "rr-n1-tor.opensrs.net:1"] {
            assert_ne!(account(&json!({ "address": other })).identity(), tcp.identity());
        }
    }
}
