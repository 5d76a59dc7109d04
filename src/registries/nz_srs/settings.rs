//! An account's settings, as they stand in the configuration beside `registry = "nz-srs"`.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use serde::Deserialize;
use serde_json::Value;

/// The settings with their defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where requests are posted to, `https://host/path`.
    pub url: String,
    /// The number the registry gave the registrar.
    #[serde(deserialize_with = "number")]
    pub registrar_id: String,
    /// Which of the registry's systems it is: each has a key of its own.
    #[serde(default)]
    pub environment: Environment,
    /// The registrar's secret keys. The first one that may sign, signs.
    pub keys: Vec<OurKey>,
    /// The registry's public keys. An answer is good with a signature by any of them.
    pub registry_keys: Vec<TheirKey>,
    /// The name the certificate must have, if it is not the host of `url`.
    pub server_name: Option<String>,
    /// PEM file with the root the registry's certificate leads to, if the system does not have it.
    pub ca_file: Option<PathBuf>,
    /// Seconds one answer may take. The registry gives up after 120; whoever gives up before it does not know what became
    /// of the request.
    #[serde(default = "answer_seconds")]
    pub answer_seconds: u64,
    /// Seconds connecting, TLS included, may take.
    #[serde(default = "connect_seconds")]
    pub connect_seconds: u64,
}

/// A secret key of the registrar.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OurKey {
    /// File with the key, armoured or binary (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub file: PathBuf,
    /// File with its passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// Environment variable with its passphrase, where there is no file.
    pub passphrase_env: Option<String>,
    /// The system at which it is registered, if not the account's: then it is the wrong key.
    pub environment: Option<Environment>,
}

/// A public key of the registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TheirKey {
    /// File with the key, armoured or binary (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub file: PathBuf,
    /// The fingerprint it must have: 40 hexadecimal digits, blanks are of no meaning.
    pub fingerprint: Option<String>,
}

/// A system of the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Where domains are real.
    #[default]
    Production,
    /// Where registrars test.
    Test,
    /// A further one of the registry's.
    Rps,
    /// None of the registry's own: a sandbox, or another registry that runs its software.
    Other,
}

/// Each system, its name, and the fingerprint of the key it signs with (since 2019).
const SYSTEMS: &[(Environment, &str, &str)] = &[
    (Environment::Production, "production", "160A75A455FDE8CB33B9C34DCBB0C5C46386401F"),
    (Environment::Test, "test", "51944A3F74CED8377CFD5B23C3E1F738521A3447"),
    (Environment::Rps, "rps", "2D8E919A630E336D3008A31A1413643E743C089F"),
];

impl Environment {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        SYSTEMS.iter().find(|(system, ..)| *system == self).map_or("other", |(_, name, _)| name)
    }

    /// The fingerprint of the key it is known to sign with.
    pub fn fingerprint(self) -> Option<&'static str> {
        SYSTEMS.iter().find(|(system, ..)| *system == self).map(|(.., fingerprint)| *fingerprint)
    }

    /// The system that is known to sign with this key.
    pub fn that_signs_with(fingerprint: &str) -> Option<Self> {
        let same = |known: &str| known.eq_ignore_ascii_case(fingerprint);
        SYSTEMS.iter().find(|(.., known)| same(known)).map(|(system, ..)| *system)
    }
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host, without the brackets of an IPv6 address.
    pub host: String,
    /// `host:port`, to connect to.
    pub address: String,
    /// Host and port as the URL has them, for the header `Host`.
    pub authority: String,
    /// What the request line says.
    pub path: String,
}

fn answer_seconds() -> u64 {
    150
}
fn connect_seconds() -> u64 {
    10
}

/// A number, as such or as text.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("registrar_id must be a number")),
    }
}

impl Settings {
    /// Reads and checks the settings; does not read keys.
    ///
    /// # Errors
    /// Names the setting that is missing, unknown or outside its range.
    pub fn read(settings: &Value) -> Result<Self, String> {
        let settings = Self::deserialize(settings).map_err(|error| error.to_string())?;
        let seconds = [("answer_seconds", settings.answer_seconds), ("connect_seconds", settings.connect_seconds)];
        if let Some((name, value)) = seconds.into_iter().find(|(_, value)| !(1..=3600).contains(value)) {
            return Err(format!("{name} must be 1 to 3600, not {value}"));
        }
        let id = &settings.registrar_id;
        let is_number = id.bytes().all(|digit| digit.is_ascii_digit()) && !id.starts_with('0');
        if !is_number || id.is_empty() || id.len() > 10 {
            return Err(format!("registrar_id must be a number of 1 to 10 digits, not `{}`", id.escape_default()));
        }
        settings.endpoint()?;
        if settings.keys.is_empty() {
            return Err("keys must name the file of at least one secret key, as keys = [{ file = \"…\" }]".into());
        }
        if settings.registry_keys.is_empty() {
            return Err(
                "registry_keys must name the file of at least one key, as registry_keys = [{ file = \"…\" }]".into()
            );
        }
        Ok(settings)
    }

    /// Where requests go.
    ///
    /// # Errors
    /// `url` says it in no way that can be used.
    pub fn endpoint(&self) -> Result<Endpoint, String> {
        // Whatever stands before an @ may be a password.
        let shown = self.url.rsplit('@').next().unwrap_or_default();
        let wrong = |what: &str| format!("url {what}, not `{}`", shown.escape_default());
        let uri: Uri = self.url.parse().map_err(|_| wrong("must be `https://host/path`"))?;
        match uri.scheme_str() {
            Some("https") => {}
            // The registry would answer INSECURE_UPDATE to everything but Whois.
            Some("http") => return Err(wrong("must begin with https://: the registry takes no change over http")),
            _ => return Err(wrong("must begin with https://")),
        }
        let authority = uri.authority().ok_or_else(|| wrong("must name a host"))?;
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() || self.url.contains('#') {
            return Err(wrong("must be a host and a path without user, query or fragment"));
        }
        let port = match authority.port_u16() {
            Some(port) => port,
            None if authority.as_str() == authority.host() => 443,
            None => return Err(wrong("must have a number as its port")),
        };
        let address = format!("{}:{port}", authority.host());
        let (authority, path) = (authority.as_str().to_owned(), uri.path().to_owned());
        Ok(Endpoint { host: host.to_owned(), address, authority, path })
    }

    /// How long one answer may take.
    pub fn answer_within(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }

    /// How long connecting may take.
    pub fn connect_within(&self) -> Duration {
        Duration::from_secs(self.connect_seconds)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(change: Value) -> Result<Settings, String> {
        let mut settings = json!({
            "url": "https://srs.test.srs.net.nz/srs/registrar",
            "registrar_id": "500",
            "keys": [{"file": "registrar.asc"}],
            "registry_keys": [{"file": "registry.asc"}],
        });
        settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Settings::read(&settings)
    }

    #[test]
    fn defaults_and_ranges() {
        let settings = with(json!({})).unwrap();
        assert_eq!((settings.environment, settings.answer_seconds), (Environment::Production, 150));
        assert_eq!(with(json!({"registrar_id": 1512})).unwrap().registrar_id, "1512");
        assert_eq!(with(json!({"environment": "test"})).unwrap().environment, Environment::Test);
        for (change, part) in [
            (json!({"answer_seconds": 0}), "answer_seconds"),
            (json!({"connect_seconds": 3601}), "connect_seconds"),
            (json!({"registrar_id": ""}), "registrar_id"),
            (json!({"registrar_id": "5o0"}), "registrar_id"),
            (json!({"registrar_id": -1}), "registrar_id"),
            (json!({"registrar_id": [1]}), "registrar_id"),
            (json!({"environment": "live"}), "live"),
            (json!({"keys": []}), "keys"),
            (json!({"registry_keys": []}), "registry_keys"),
            (json!({"keys": [{"file": "a", "passphrase": "hot air"}]}), "passphrase"),
            (json!({"registry_key": "a"}), "registry_key"),
            (json!({"user": "a"}), "user"),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.contains(part) && !error.contains("hot air"), "{error}");
        }
        for missing in ["url", "registrar_id", "keys", "registry_keys"] {
            let all = json!({"url": "https://x/", "registrar_id": "1", "keys": [], "registry_keys": []});
            let Value::Object(mut settings) = all else { unreachable!() };
            settings.remove(missing);
            assert!(Settings::read(&settings.into()).unwrap_err().contains(missing));
        }
    }

    #[test]
    fn only_https_will_do() {
        let endpoint = |url: &str| with(json!({ "url": url })).and_then(|settings| settings.endpoint());
        let test = endpoint("https://srs.test.srs.net.nz/srs/registrar").unwrap();
        assert_eq!((test.address.as_str(), test.path.as_str()), ("srs.test.srs.net.nz:443", "/srs/registrar"));
        let local = endpoint("https://[::1]:8443/srs").unwrap();
        assert_eq!((local.host.as_str(), local.address.as_str()), ("::1", "[::1]:8443"));
        assert_eq!(endpoint("https://example.co.nz").unwrap().path, "/");
        assert_eq!(endpoint("https://example.co.nz:8443/").unwrap().authority, "example.co.nz:8443");
        for (url, part) in [
            ("http://srs.test.srs.net.nz/srs/registrar", "takes no change over http"),
            ("ftp://example.co.nz/", "https"),
            ("example.co.nz", "https"),
            ("/srs/registrar", "https"),
            ("https://", "https"),
            ("https://user:word@example.co.nz/", "without user"),
            ("https://example.co.nz/?a=b", "without user"),
            ("https://example.co.nz/#a", "without user"),
            ("https://example.co.nz:/", "port"),
            ("https://example.co.nz:70000/", "port"),
            ("https://exa mple.co.nz/", "https"),
        ] {
            let error = endpoint(url).unwrap_err();
            assert!(error.contains(part) && !error.contains("word"), "{url}: {error}");
        }
    }

    #[test]
    fn systems_are_told_apart_by_their_keys() {
        for (system, name, fingerprint) in SYSTEMS {
            assert_eq!((system.name(), system.fingerprint()), (*name, Some(*fingerprint)));
            assert_eq!(Environment::that_signs_with(&fingerprint.to_lowercase()), Some(*system));
            assert_eq!(fingerprint.len(), 40);
        }
        assert_eq!((Environment::Other.name(), Environment::Other.fingerprint()), ("other", None));
        assert_eq!(Environment::that_signs_with(&"0".repeat(40)), None);
    }
}
