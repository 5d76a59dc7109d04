//! An account's settings, as they stand in the configuration beside `registry = "opensrs"`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::crypt::CipherName;
use crate::model::Secret;
use crate::net::secret_ref;

/// Digits a private key may have: 112, or 16 for accounts from before there was a longer one.
const KEY_DIGITS: std::ops::RangeInclusive<usize> = 16..=112;

/// The settings with their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How the registry is spoken to.
    #[serde(default)]
    pub transport: Transport,
    /// `host:port`. The live system's if it is missing; the test system is `horizon.opensrs.net`, with the same ports.
    pub address: Option<String>,
    /// The name the certificate must have, if it is not the host of `address`. HTTPS only.
    pub server_name: Option<String>,
    /// The reseller's user name.
    pub user: String,
    /// File with the private key (relative to `$CREDENTIALS_DIRECTORY` if that is set). Live and test system have different
    /// ones.
    pub key_file: Option<PathBuf>,
    /// Environment variable with the private key, where there is no file.
    pub key_env: Option<String>,
    /// PEM file with the root the registry's certificate leads to, if the system does not have it. HTTPS only.
    pub ca_file: Option<PathBuf>,
    /// `blowfish` or `des`. TCP only.
    pub cipher: Option<CipherName>,
    /// Seconds one answer may take. Orders wait for the registries behind the registry.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u64,
    /// Seconds connecting, TLS included, may take.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
}

/// How the registry is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// One signed POST per command.
    #[default]
    Https,
    /// The older protocol with a cipher of its own, and no certificate.
    Tcp,
}

fn answer_seconds() -> u64 {
    120
}
fn connect_seconds() -> u64 {
    10
}

impl Settings {
    /// Reads and checks the settings; does not read the key.
    ///
    /// # Errors
    /// Names the setting that is missing, unknown or outside its range.
    pub fn read(settings: &Value) -> Result<Self, String> {
        let settings = Self::deserialize(settings).map_err(|error| error.to_string())?;
        let seconds = [("answer_seconds", settings.answer_seconds), ("connect_seconds", settings.connect_seconds)];
        if let Some((name, value)) = seconds.into_iter().find(|(_, value)| !(1..=3600).contains(value)) {
            return Err(format!("{name} must be 1 to 3600, not {value}"));
        }
        if settings.host().is_none() {
            return Err(format!("address must be `host:port`, not `{}`", settings.address().escape_default()));
        }
        if settings.user.is_empty() || settings.user.len() > 64 || !settings.user.chars().all(|c| c.is_ascii_graphic())
        {
            return Err("user must have 1 to 64 characters of ASCII and no blanks".into());
        }
        let without_meaning = match settings.transport {
            Transport::Https => [("cipher", settings.cipher.is_some()), ("", false)],
            Transport::Tcp => {
                [("server_name", settings.server_name.is_some()), ("ca_file", settings.ca_file.is_some())]
            }
        };
        match without_meaning.iter().find(|(_, is_set)| *is_set) {
            Some((name, _)) => Err(format!("{name} means nothing with this transport")),
            None => Ok(settings),
        }
    }

    /// Where to connect to.
    pub fn address(&self) -> &str {
        match (&self.address, self.transport) {
            (Some(address), _) => address,
            (None, Transport::Https) => "rr-n1-tor.opensrs.net:55443",
            (None, Transport::Tcp) => "rr-n1-tor.opensrs.net:55000",
        }
    }

    /// The host of the address, without the brackets of an IPv6 address.
    pub fn host(&self) -> Option<&str> {
        let (host, port) = self.address().rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        (!host.is_empty()).then_some(host)
    }

    /// How long one answer may take.
    pub fn answer_within(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }

    /// How long connecting may take.
    pub fn connect_within(&self) -> Duration {
        Duration::from_secs(self.connect_seconds)
    }

    /// The private key, from where the settings say.
    ///
    /// # Errors
    /// Neither or both places are named, it cannot be read, or is no key. Never shows it.
    pub fn key(&self) -> Result<Secret, String> {
        let key = match (&self.key_file, &self.key_env) {
            (Some(file), None) => secret_ref::from_file(file)?,
            (None, Some(variable)) => secret_ref::from_env(variable)?,
            (Some(_), Some(_)) => return Err("key_file and key_env exclude each other".into()),
            (None, None) => return Err("key_file or key_env is missing".into()),
        };
        let text = key.expose();
        let is_hexadecimal = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        match is_hexadecimal && KEY_DIGITS.contains(&text.len()) && text.len() % 2 == 0 {
            true => Ok(key),
            false => Err("the private key must be an even number of 16 to 112 hexadecimal digits".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(change: Value) -> Result<Settings, String> {
        let mut settings = json!({"user": "myreseller"});
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Settings::read(&settings)
    }

    #[test]
    fn defaults_and_ranges() {
        let settings = with(json!({})).unwrap();
        assert_eq!(
            (settings.address(), settings.host()),
            ("rr-n1-tor.opensrs.net:55443", Some("rr-n1-tor.opensrs.net"))
        );
        assert_eq!((settings.transport, settings.answer_seconds), (Transport::Https, 120));
        let tcp = with(json!({"transport": "tcp", "cipher": "des"})).unwrap();
        assert_eq!((tcp.address(), tcp.cipher), ("rr-n1-tor.opensrs.net:55000", Some(CipherName::Des)));
        for (change, part) in [
            (json!({"answer_seconds": 0}), "answer_seconds"),
            (json!({"connect_seconds": 3601}), "connect_seconds"),
            (json!({"transport": "udp"}), "udp"),
            (json!({"address": "opensrs.net"}), "host:port"),
            (json!({"adress": "x:1"}), "adress"),
            (json!({"key": "00"}), "key"),
            (json!({"user": "my reseller"}), "user"),
            (json!({"user": "r\nx: y"}), "user"),
            (json!({"cipher": "blowfish"}), "cipher means nothing"),
            (json!({"transport": "tcp", "cipher": "rc4"}), "rc4"),
            (json!({"transport": "tcp", "ca_file": "ca.pem"}), "ca_file means nothing"),
            (json!({"transport": "tcp", "server_name": "x"}), "server_name means nothing"),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert!(Settings::read(&json!({})).unwrap_err().contains("user"));
    }

    #[test]
    fn a_key_comes_from_one_place_and_is_hexadecimal() {
        assert!(with(json!({})).unwrap().key().unwrap_err().contains("missing"));
        assert!(with(json!({"key_file": "a", "key_env": "b"})).unwrap().key().unwrap_err().contains("exclude"));
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, is_key) in [
            ("00112233445566Ff\n".to_owned(), true),
            ("0f".repeat(56), true),
            ("0f".repeat(57), false),
            ("0".repeat(17), false),
            ("0f".repeat(7), false),
            ("0123456789abcdeg".into(), false),
            ("0123456789abcdéf".into(), false),
        ] {
            std::fs::write(file.path(), &text).unwrap();
            let key = with(json!({"key_file": file.path()})).unwrap().key();
            assert_eq!(key.is_ok(), is_key, "{text}");
            assert!(key.err().is_none_or(|why| !why.contains(text.trim())));
        }
    }
}
