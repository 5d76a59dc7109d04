//! An account's settings, as they stand in the configuration beside `registry = "denic-rri"`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::check::rules::{Level, Levels};
use crate::model::Secret;
use crate::net::secret_ref;

/// The settings with their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `host:port`. Live and Rush share an address, the login decides; test is `rri.test.denic.de:51131`.
    #[serde(default = "address")]
    pub address: String,
    /// The name the certificate must have, if it is not the host of `address`.
    pub server_name: Option<String>,
    /// The RRI login, `DENIC-1000011-RRI`.
    pub user: String,
    /// File with the password (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub password_file: Option<PathBuf>,
    /// Environment variable with the password, where there is no file.
    pub password_env: Option<String>,
    /// How the password goes out. `plain`: as it is in the file, which may hold the hash that is on record.
    #[serde(default)]
    pub password_form: PasswordForm,
    /// PEM file with the root the registry's certificate leads to, if the system does not have it.
    pub ca_file: Option<PathBuf>,
    /// `kv` or `xml`.
    #[serde(default = "format")]
    pub format: String,
    /// Protocol version.
    #[serde(default = "protocol")]
    pub protocol: String,
    /// Seconds one answer may take.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u64,
    /// Seconds connecting, TLS included, may take.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
    /// Seconds after which an idle session says something.
    #[serde(default = "keep_alive_seconds")]
    pub keep_alive_seconds: u64,
    /// Levels of rules for parameters, by the rule's name: `off`, `warn` or `refuse`.
    #[serde(default)]
    pub rules: BTreeMap<String, Level>,
}

/// How the password goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordForm {
    /// As configured.
    #[default]
    Plain,
}

fn address() -> String {
    "rri.denic.de:51131".into()
}
fn format() -> String {
    "kv".into()
}
fn protocol() -> String {
    "5.0".into()
}
fn answer_seconds() -> u64 {
    60
}
fn connect_seconds() -> u64 {
    10
}
fn keep_alive_seconds() -> u64 {
    240
}

impl Settings {
    /// Reads and checks the settings; does not read the password.
    ///
    /// # Errors
    /// Names the setting that is missing, unknown or outside its range.
    pub fn read(settings: &Value) -> Result<Self, String> {
        let settings = Self::deserialize(settings).map_err(|error| error.to_string())?;
        let seconds = [
            ("answer_seconds", settings.answer_seconds),
            ("connect_seconds", settings.connect_seconds),
            ("keep_alive_seconds", settings.keep_alive_seconds),
        ];
        if let Some((name, value)) = seconds.into_iter().find(|(_, value)| !(1..=3600).contains(value)) {
            return Err(format!("{name} must be 1 to 3600, not {value}"));
        }
        if settings.host().is_none() {
            return Err(format!("address must be `host:port`, not `{}`", settings.address.escape_default()));
        }
        Levels::of(&settings.rules)?;
        let well_formed = |character: char| !character.is_control() && !character.is_whitespace();
        if !(9..=32).contains(&settings.user.len()) || !settings.user.chars().all(well_formed) {
            return Err("user must have 9 to 32 characters and no blanks".into());
        }
        Ok(settings)
    }

    /// The host of `address`, without the brackets of an IPv6 address.
    pub fn host(&self) -> Option<&str> {
        let (host, port) = self.address.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        (!host.is_empty()).then_some(host)
    }

    /// The password, from where the settings say.
    ///
    /// # Errors
    /// Neither or both places are named, it cannot be read, or the registry could not take it.
    pub fn password(&self) -> Result<Secret, String> {
        let secret = match (&self.password_file, &self.password_env) {
            (Some(file), None) => secret_ref::from_file(file)?,
            (None, Some(variable)) => secret_ref::from_env(variable)?,
            (Some(_), Some(_)) => return Err("password_file and password_env exclude each other".into()),
            (None, None) => return Err("password_file or password_env is missing".into()),
        };
        // Compiles only as long as this is the one form; another one changes the text here.
        let PasswordForm::Plain = self.password_form;
        let text = secret.expose();
        if text.chars().count() > 255 || text.chars().any(char::is_control) {
            return Err("the password must have at most 255 characters and no control characters".into());
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_and_ranges() {
        let settings = Settings::read(&json!({"user": "DENIC-1000011-RRI"})).unwrap();
        assert_eq!(settings.address, "rri.denic.de:51131");
        assert_eq!(settings.host(), Some("rri.denic.de"));
        for (change, part) in [
            (json!({"answer_seconds": 0}), "answer_seconds"),
            (json!({"sessions": 5}), "sessions"),
            (json!({"address": "rri.denic.de"}), "host:port"),
            (json!({"adress": "x:1"}), "adress"),
            (json!({"password_form": "md5-hex"}), "md5-hex"),
            (json!({"user": "RRI"}), "user"),
            (json!({"rules": {"dumy_phone": "off"}}), "no rule `dumy_phone`; there are text_alphabet, "),
            (json!({"rules": {"dummy_phone": "ignore"}}), "ignore"),
        ] {
            let mut settings = json!({"user": "DENIC-1000011-RRI"});
            settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let error = Settings::read(&settings).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(Settings::read(&json!({})).unwrap_err().contains("user"));
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let neither = Settings::read(&json!({"user": "DENIC-1000011-RRI"})).unwrap();
        assert!(neither.password().unwrap_err().contains("missing"));
        let both =
            Settings::read(&json!({"user": "DENIC-1000011-RRI", "password_file": "a", "password_env": "b"})).unwrap();
        assert!(both.password().unwrap_err().contains("exclude"));
    }
}
