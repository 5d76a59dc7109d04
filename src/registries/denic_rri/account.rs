//! One registrar account: its settings, limits and the opening of sessions.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::time::timeout;

use super::check::rules::Levels;
use super::commands::login;
use super::dialect::{self, Rri, is_reg_acc};
use super::limits;
use super::outcome;
use super::session::{Connection, RriSession};
use super::settings::Settings;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::model::{Limits, Lost, Secret};
use crate::net::dial::{Dial, TlsDial};
use crate::net::tls::{self, Certificates};
use crate::registries::{Dialect, OpenError, Registry, Session, WireOptions};

/// An account as the rest of the house uses it.
pub struct Account {
    dialect: Arc<Rri>,
    settings: Settings,
    password: Secret,
    dial: Arc<dyn Dial>,
}

impl Account {
    /// Reads settings, password and roots; does not connect.
    ///
    /// # Errors
    /// Says which setting is wrong or what cannot be read; never shows the password.
    pub fn new(name: &str, settings: &Value) -> Result<Self, String> {
        let settings = Settings::read(settings)?;
        let host = settings.server_name.as_deref().or(settings.host()).unwrap_or_default();
        let server_name = ServerName::try_from(host.to_owned())
            .map_err(|_| format!("`{}` cannot be the name of a server", host.escape_default()))?;
        let config = tls::client(settings.ca_file.as_deref())?;
        let certificates = Certificates::of(settings.ca_file.as_deref(), None);
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

    fn with(name: &str, settings: Settings, dial: Arc<dyn Dial>) -> Result<Self, String> {
        let options = WireOptions {
            account: reg_acc(name, &settings.user)?,
            format: Some(settings.format.clone()),
            protocol: Some(settings.protocol.clone()),
        };
        Ok(Self {
            dialect: Arc::new(Rri::new(&options)?.with_levels(Levels::of(&settings.rules)?)),
            password: settings.password()?,
            dial,
            settings,
        })
    }

    fn answer_within(&self) -> Duration {
        Duration::from_secs(self.settings.answer_seconds)
    }

    /// A connection that is not logged in yet.
    ///
    /// # Errors
    /// It cannot be had in time, or the server is not who it should be.
    pub(super) async fn connect(&self) -> Result<Connection, OpenError> {
        let limit = Duration::from_secs(self.settings.connect_seconds);
        let stream = timeout(limit, self.dial.dial())
            .await
            .map_err(|_| OpenError::Unreachable(format!("no connection within {} s", limit.as_secs())))?
            .map_err(|error| OpenError::Unreachable(error.to_string()))?;
        Ok(Connection::new(stream, self.answer_within()))
    }
}

/// The registrar's id. Accounts are named by it; under another name it is what the login begins with, since logins have
/// the form of a handle.
///
/// Whose a domain is decides what became of a lost request, so an id that is missing, or named in two ways, is refused.
fn reg_acc(name: &str, user: &str) -> Result<String, String> {
    match (is_reg_acc(name), id_of(user)) {
        (true, Some(of_login)) if !name.eq_ignore_ascii_case(of_login) => {
            Err(format!("the account is named {name}, but its `user` belongs to {of_login}: one of them is wrong"))
        }
        (true, _) => Ok(name.to_owned()),
        (false, Some(of_login)) => Ok(of_login.to_owned()),
        (false, None) => {
            Err("the registrar's id is not known: name the account by it (`[accounts.DENIC-1000022]`), or \
                               give a `user` of the form `DENIC-1000022-RRI`"
                .into())
        }
    }
}

/// The registrar's id a login begins with, if it does.
fn id_of(user: &str) -> Option<&str> {
    user.match_indices('-').nth(1).map(|(at, _)| &user[..at]).filter(|id| is_reg_acc(id))
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
            keep_alive: Some(Duration::from_secs(self.settings.keep_alive_seconds)),
            answer_within: self.answer_within(),
            ..limits::published()
        }
    }

    fn identity(&self) -> String {
        // Limits and quota are the registrar's, whichever of its logins is used. A test environment has its own.
        let who = id_of(&self.settings.user).unwrap_or(&self.settings.user);
        format!("{who} at {}", self.settings.address).to_lowercase()
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let end = self.dial.valid_until();
        end.map(|due| Deadline { kind: DeadlineKind::CertificateExpiry, due }).into_iter().collect()
    }

    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        let mut connection = self.connect().await?;
        let login = login::order(&self.settings.user, &self.password);
        let login = self.dialect.write(&login).map_err(OpenError::Refused)?;
        let reply = connection.exchange(&login).await.map_err(|lost| {
            let (Lost::NotSent(reason) | Lost::PerhapsSent(reason)) = lost;
            // How a refusal by the registry's list of addresses looks is not stated; this is the likeliest way.
            OpenError::Unreachable(format!(
                "no answer to LOGIN: {reason} (is this machine's address on the allow-list?)"
            ))
        })?;
        outcome::login(&dialect::answer(reply, Value::Null)).opened()?;
        Ok(Box::new(RriSession::new(connection, Arc::clone(&self.dialect))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_one_registrar_are_one_identity_in_one_environment() {
        let identity = |name: &str, user: &str, address: &str| {
            let password = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(password.path(), "horse battery").unwrap();
            let settings = serde_json::json!({ "user": user, "address": address, "password_file": password.path() });
            Account::new(name, &settings).unwrap().identity()
        };
        let (live, test) = ("rri.example.net:51131", "rri.test.example.net:51131");
        let one = identity("DENIC-1000022", "DENIC-1000022-RRI", live);
        assert_eq!(identity("second", "denic-1000022-rri-2", live), one);
        assert_ne!(identity("DENIC-1000022", "DENIC-1000022-RRI", test), one);
        assert_ne!(identity("DENIC-1000011", "DENIC-1000011-RRI", live), one);
        assert_eq!(identity("DENIC-1000022", "somebody-", live), identity("DENIC-1000011", "SOMEBODY-", live));
    }

    #[test]
    fn the_registrars_id_is_the_accounts_name_or_in_the_login() {
        assert_eq!(reg_acc("DENIC-1000022", "DENIC-1000022-RRI").as_deref(), Ok("DENIC-1000022"));
        assert_eq!(reg_acc("DENIC-1000022", "somebody").as_deref(), Ok("DENIC-1000022"));
        assert_eq!(reg_acc("denic-live", "denic-1000011-RRI-2").as_deref(), Ok("denic-1000011"));
        assert!(reg_acc("DENIC-1000022", "DENIC-1000011-RRI").unwrap_err().contains("one of them is wrong"));
        assert!(reg_acc("live", "somebody").unwrap_err().contains("not known"));
    }
}
