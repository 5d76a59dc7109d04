//! Settings of what goes by e-mail: the server for it, and who signs what with which key.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;
use super::check::Finding;

/// The server that takes outgoing e-mail. TLS always, in one of two ways.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port; default: 465 with `implicit`, 587 with `starttls`.
    #[serde(default)]
    pub port: Option<u16>,
    /// `implicit` (from the first byte on, RFC 8314's advice) or `starttls` (insisted on).
    #[serde(default = "tls")]
    pub tls: String,
    /// The login, where it wants one.
    #[serde(default)]
    pub user: Option<String>,
    /// File with that login's password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM file with its CA; default: the system's roots.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Seconds each step (opening, sending, parting) may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u32,
}

/// How an account writes to its registry.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    /// File with the secret OpenPGP key, armoured or binary (relative to `$CREDENTIALS_DIRECTORY` if that is set).
    pub key_file: PathBuf,
    /// File with its passphrase.
    #[serde(default)]
    pub passphrase_file: Option<PathBuf>,
    /// Who writes; an address the registry knows.
    pub from: String,
    /// To whom; there is no default, ask the registry. For DENIC it is the address of DENIC Business Services.
    #[serde(default)]
    pub to: Option<String>,
    /// The subject; `{operation}`, `{object}`, `{account}` and `{job}` are replaced.
    #[serde(default = "subject")]
    pub subject: String,
}

fn tls() -> String {
    "implicit".into()
}
fn timeout_seconds() -> u32 {
    60
}
fn subject() -> String {
    "Order of {account}: {operation} {object}".into()
}

impl Config {
    /// The rules for these settings that a type cannot state. Addresses and keys are checked where they are used.
    pub(super) fn check_mail(&self, findings: &mut Vec<Finding>) {
        if let Some(mail) = &self.mail {
            mail.check(findings);
        }
        for (name, letters) in self.accounts.iter().filter_map(|(name, a)| a.mail.as_ref().map(|mail| (name, mail))) {
            let place = |key: &str| format!("accounts.{}.mail.{key}", name.escape_default());
            let texts =
                [("from", Some(&letters.from)), ("to", letters.to.as_ref()), ("subject", Some(&letters.subject))];
            for (key, text) in texts.into_iter().filter_map(|(key, text)| text.map(|text| (key, text))) {
                if text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
                    findings.push(Finding::error(
                        place(key),
                        "is empty, longer than 200 bytes, or holds control characters",
                        "write it in one line",
                    ));
                }
            }
        }
    }
}

impl Mail {
    fn check(&self, findings: &mut Vec<Finding>) {
        let mut wrong = |place: &str, what: &str, next: &str| findings.push(Finding::error(place, what, next));
        if self.host.is_empty() || !self.host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c)) {
            wrong("mail.host", "is no name of a server", "write for example mail.example.net");
        }
        if self.port == Some(0) {
            wrong("mail.port", "there is no port 0", "remove it, or write 587 or 465");
        }
        if !["implicit", "starttls"].contains(&self.tls.as_str()) {
            wrong("mail.tls", "is neither implicit nor starttls", "choose one of them; without TLS nothing is sent");
        }
        if self.user.is_some() != self.password_file.is_some() {
            wrong("mail.user", "user and password_file belong together", "set both or none of them");
        }
        if !(1..=600).contains(&self.timeout_seconds) {
            wrong("mail.timeout_seconds", "is outside of what makes sense", "choose 1 to 600 seconds");
        }
    }
}
