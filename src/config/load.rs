//! From file and environment to [`Config`]. A mistyped key must never silently mean its default, so the keys are
//! compared with the types' own schema before anything is read; all of them are named at once.

use std::path::{Path, PathBuf};

use config::{File, FileFormat, Value as Setting, ValueKind};
use serde_json::Value;

use super::check::Finding;
use super::shape::{NAMED, Walk};
use super::syntax::explained;
use super::{Config, Policy, Retry, Steps};

/// Variables that begin so are settings: `REGISTRARD__STORE__URL` is `store.url`.
pub const PREFIX: &str = "REGISTRARD__";

/// Largest configuration file, in bytes: some thousand accounts.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing, too large or not readable for this user.
    #[error("cannot read the configuration {}: {why}", .file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file is not TOML, or a value has another type than its setting.
    #[error("the configuration cannot be understood: {0}")]
    Malformed(String),
    /// Keys that no setting has, or settings that contradict their rules.
    #[error("{}", listed(.0))]
    Invalid(Vec<Finding>),
}

fn listed(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl Config {
    /// Reads a file (none: only the defaults) and puts the process's `REGISTRARD__…` variables on top.
    ///
    /// # Errors
    /// Names the file, the key and what would be right. Relations between settings are [`Config::check`]'s business.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let mut settings = Vec::new();
        for (name, value) in variables.filter(|(name, _)| name.starts_with(PREFIX)) {
            let value = value
                .into_string()
                .map_err(|_| ConfigError::Malformed(format!("environment variable {name} is not UTF-8")))?;
            settings.push((name, value));
        }
        Self::load_with(path, &settings)
    }

    /// As [`Config::load`], with the variables given.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(path: Option<&Path>, variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let schema = Value::from(schemars::schema_for!(Self));
        let mut findings = Vec::new();
        let mut builder = config::Config::builder();
        let (mut origin, mut text) = ("the defaults".to_owned(), String::new());
        if let Some(path) = path {
            origin = path.display().to_string();
            text = read(path)?;
            let source = File::from_str(&text, FileFormat::Toml);
            let table = config::Config::builder().add_source(source.clone()).build();
            let table: Value =
                table.and_then(config::Config::try_deserialize).map_err(|error| malformed(&origin, &text, &error))?;
            findings.extend(Walk::new(&schema, &origin).compare(&table));
            builder = builder.add_source(source);
        }
        for (name, value) in variables {
            match variable(&schema, name, value) {
                Ok((key, setting)) => {
                    builder = builder.set_override(key, setting).map_err(|error| malformed(name, "", &error))?;
                }
                Err(finding) => findings.push(finding),
            }
        }
        if !findings.is_empty() {
            return Err(ConfigError::Invalid(findings));
        }
        let config = builder.build().and_then(config::Config::try_deserialize::<Self>);
        let config = config.map_err(|error| malformed(&origin, &text, &error))?;
        Ok(Self { file: path.map(Path::to_owned), ..config })
    }

    /// The waits of [`Retry`] as the life cycle wants them.
    #[must_use]
    pub fn retry_policy(&self) -> Policy {
        let Retry { soon, backoff, question, questions, pending, follow_ups, connect } = &self.retry;
        Policy {
            soon: steps(soon),
            backoff: steps(backoff),
            question: steps(question),
            questions: *questions,
            pending: steps(pending),
            follow_ups: *follow_ups,
            connect: steps(connect),
        }
    }

    /// The waits of [`super::Poll`]: the first and the longest.
    #[must_use]
    pub fn poll_steps(&self) -> Steps {
        steps(&[self.poll.shortest, self.poll.longest])
    }
}

/// Seconds to waits. Values out of range are findings of [`Config::check`]; here they only must not panic.
fn steps([first, longest]: &[f64; 2]) -> Steps {
    let wait = |seconds: f64| std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    Steps { first: wait(*first), longest: wait(*longest) }
}

/// A value of the wrong type may be a password in the wrong place.
fn without_value(said: &str) -> String {
    let (begin, end) = ("invalid type: string \"", "\", expected");
    match (said.find(begin), said.rfind(end)) {
        (Some(at), Some(to)) if at + begin.len() <= to => {
            format!("{}invalid type: a text{}", &said[..at], &said[to + 1..])
        }
        _ => said.to_owned(),
    }
}

fn malformed(origin: &str, text: &str, error: &config::ConfigError) -> ConfigError {
    let said = without_value(&explained(&error.to_string(), text));
    // Overrides carry the variable's name themselves; what comes from the file does not know its file.
    if said.contains(PREFIX) {
        ConfigError::Malformed(said)
    } else {
        ConfigError::Malformed(format!("{origin}: {said}"))
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |why: String| ConfigError::Unreadable { file: path.to_owned(), why };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > LARGEST {
        return Err(unreadable(format!("{size} bytes, at most {LARGEST} are read")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

/// The setting of a variable. Accounts, publishers and pools have names in which case and `-` matter, which variables cannot
/// spell; they belong into the file.
fn variable(schema: &Value, name: &str, value: &str) -> Result<(String, Setting), Finding> {
    let path: Vec<_> = name.strip_prefix(PREFIX).unwrap_or(name).split("__").map(str::to_lowercase).collect();
    let key = path.join(".");
    let origin = format!("environment variable {name}");
    if path.first().is_some_and(|first| NAMED.contains(&first.as_str())) {
        let what = "accounts, publishers and pools cannot be set by variables, which cannot spell their names";
        return Err(Finding::error(key, what, "put them into the configuration file").in_file(origin));
    }
    let mut table = Value::Null;
    for segment in path.iter().rev() {
        table = Value::Object([(segment.clone(), table)].into_iter().collect());
    }
    if let Some(finding) = Walk::new(schema, &origin).compare(&table).into_iter().next() {
        return Err(finding);
    }
    let list = key.starts_with("retry.") && value.contains(',');
    let kind = if list {
        let items = value.split(',').map(|item| Setting::new(Some(&origin), item.trim().to_owned()));
        ValueKind::Array(items.collect())
    } else {
        ValueKind::String(value.to_owned())
    };
    Ok((key, Setting::new(Some(&origin), kind)))
}
