//! An account's settings, as they stand in the configuration beside `registry = "rrp"`.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::dialect::{PROTOCOLS, TRANSFER_DAYS};
use super::limits;
use crate::model::Secret;
use crate::net::secret_ref;
use crate::net::tls::Version;

/// Characters of a password (reference 4).
const PASSWORD: std::ops::RangeInclusive<usize> = 4..=16;
/// Longest id of a registrar.
const LONGEST_USER: usize = 128;

/// The settings with their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`; the port of the protocol is 648. Each registry has its own, so there is no default.
    pub address: String,
    /// The name the certificate must have, if it is not the host of `address`.
    pub server_name: Option<String>,
    /// The registrar's id, in the case the registry has it.
    pub user: String,
    /// File with the password (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub password_file: Option<PathBuf>,
    /// Environment variable with the password, where there is no file.
    pub password_env: Option<String>,
    /// PEM file with the root the registry's certificate leads to, if the system does not have it.
    pub ca_file: Option<PathBuf>,
    /// PEM file with our certificate and those it leads to, where the registry asks for one.
    pub certificate_file: Option<PathBuf>,
    /// PEM file with its key (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub certificate_key_file: Option<PathBuf>,
    /// The oldest TLS that is spoken: `1.2` or `1.3`. The protocol was made for SSL 3.0, which nobody should speak.
    #[serde(default)]
    pub tls_minimum: Version,
    /// `2.0.0`, or `1.1.0` where the registry does not know addresses of version 6.
    #[serde(default = "protocol")]
    pub protocol: String,
    /// The registry's local time, an IANA name: its dates have no zone.
    #[serde(default = "time_zone")]
    pub time_zone: String,
    /// Days within which a transfer is decided; one that is not ours by then was refused.
    #[serde(default = "transfer_days")]
    pub transfer_days: u64,
    /// Seconds one answer may take.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u64,
    /// Seconds connecting may take, TLS and greeting included.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
    /// Seconds after which an idle session says something; the registry may end one after ten minutes.
    #[serde(default = "keep_alive_seconds")]
    pub keep_alive_seconds: u64,
}

fn protocol() -> String {
    PROTOCOLS[0].into()
}
fn time_zone() -> String {
    limits::ZONE.into()
}
const fn transfer_days() -> u64 {
    TRANSFER_DAYS
}
const fn answer_seconds() -> u64 {
    60
}
const fn connect_seconds() -> u64 {
    20
}
const fn keep_alive_seconds() -> u64 {
    300
}

impl Settings {
    /// Reads and checks the settings; does not read the password.
    ///
    /// # Errors
    /// Names the setting that is missing, unknown or outside its range.
    pub fn read(settings: &Value) -> Result<Self, String> {
        let settings = Self::deserialize(settings).map_err(|error| error.to_string())?;
        for (name, value, most) in [
            ("answer_seconds", settings.answer_seconds, 3600),
            ("connect_seconds", settings.connect_seconds, 3600),
            ("keep_alive_seconds", settings.keep_alive_seconds, 3600),
            ("transfer_days", settings.transfer_days, 60),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("{name} must be 1 to {most}, not {value}"));
            }
        }
        if settings.host().is_none() {
            return Err(format!("address must be `host:port`, not `{}`", settings.address.escape_default()));
        }
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let begins_well = settings.user.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !begins_well || settings.user.len() > LONGEST_USER || !settings.user.bytes().all(is_word) {
            return Err(format!(
                "user must have 1 to {LONGEST_USER} letters, digits, `_` and `-`, and begin with a letter or digit"
            ));
        }
        if settings.certificate_file.is_some() != settings.certificate_key_file.is_some() {
            return Err("certificate_file and certificate_key_file go together".into());
        }
        settings.zone()?;
        Ok(settings)
    }

    /// The host of `address`, without the brackets of an IPv6 address.
    pub fn host(&self) -> Option<&str> {
        let (host, port) = self.address.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        (!host.is_empty()).then_some(host)
    }

    /// The registry's local time.
    ///
    /// # Errors
    /// There is no such zone, or this machine has no data of it.
    pub fn zone(&self) -> Result<TimeZone, String> {
        if self.time_zone == limits::ZONE {
            return Ok(limits::zone());
        }
        let unknown = || {
            let name = self.time_zone.escape_default();
            format!("time_zone: there is no time zone `{name}`, or this machine has no data of it")
        };
        TimeZone::get(&self.time_zone).map_err(|_| unknown())
    }

    /// How long one answer may take.
    pub const fn answer_within(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }

    /// How long connecting may take.
    pub const fn connect_within(&self) -> Duration {
        Duration::from_secs(self.connect_seconds)
    }

    /// The password, from where the settings say.
    ///
    /// # Errors
    /// Neither or both places are named, it cannot be read, or the registry could not take it. Never shows it.
    pub fn password(&self) -> Result<Secret, String> {
        let secret = match (&self.password_file, &self.password_env) {
            (Some(file), None) => secret_ref::from_file(file)?,
            (None, Some(variable)) => secret_ref::from_env(variable)?,
            (Some(_), Some(_)) => return Err("password_file and password_env exclude each other".into()),
            (None, None) => return Err("password_file or password_env is missing".into()),
        };
        let text = secret.expose();
        match PASSWORD.contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            true => Ok(secret),
            false => Err("the password must be 4 to 16 printable ASCII characters".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(change: Value) -> Result<Settings, String> {
        let mut settings = json!({"address": "rrp.example.net:648", "user": "registrarA"});
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Settings::read(&settings)
    }

    #[test]
    fn defaults_and_ranges() {
        let settings = with(json!({})).unwrap();
        assert_eq!((settings.host(), settings.protocol.as_str()), (Some("rrp.example.net"), "2.0.0"));
        assert_eq!((settings.time_zone.as_str(), settings.transfer_days), ("America/New_York", 5));
        assert_eq!((settings.keep_alive_seconds, settings.tls_minimum), (300, Version::Tls12));
        assert_eq!(with(json!({"tls_minimum": "1.3"})).unwrap().tls_minimum, Version::Tls13);
        assert!(with(json!({"time_zone": "America/Los_Angeles"})).is_ok());
        for (change, part) in [
            (json!({"answer_seconds": 0}), "answer_seconds"),
            (json!({"connect_seconds": 3601}), "connect_seconds"),
            (json!({"keep_alive_seconds": 0}), "keep_alive_seconds"),
            (json!({"transfer_days": 61}), "transfer_days"),
            (json!({"address": "rrp.example.net"}), "host:port"),
            (json!({"adress": "x:1"}), "adress"),
            (json!({"password": "secret"}), "password"),
            (json!({"user": "registrar A"}), "user"),
            (json!({"user": "-a"}), "user"),
            (json!({"user": "a\r\n-NewPassword:x"}), "user"),
            (json!({"tls_minimum": "1.0"}), "1.0"),
            (json!({"time_zone": "America/Nowhere"}), "America/Nowhere"),
            (json!({"certificate_file": "a.pem"}), "go together"),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(Settings::read(&json!({"user": "a"})).unwrap_err().contains("address"));
    }

    #[test]
    fn a_password_comes_from_one_place_and_has_a_length() {
        assert!(with(json!({})).unwrap().password().unwrap_err().contains("missing"));
        let both = with(json!({"password_file": "a", "password_env": "b"})).unwrap();
        assert!(both.password().unwrap_err().contains("exclude"));
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, is_good) in [
            ("four\n", true),
            ("i-am-registrarA", true),
            ("abc", false),
            ("seventeen letters", false),
            ("pässword", false),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let password = with(json!({"password_file": file.path()})).unwrap().password();
            assert_eq!(password.is_ok(), is_good, "{text}");
            assert!(password.err().is_none_or(|why| !why.contains(text.trim())));
        }
    }
}
