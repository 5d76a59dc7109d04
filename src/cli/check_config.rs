//! `registrard check-config`: everything that can be known about a configuration without connecting to anything.

use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output::{Out, Row, plain};
use crate::config::{Account, Config, Finding, Limits, Login, Severity, shared_logins};
use crate::model;
use crate::net::seal::Keyring;

/// Makes an account of a registry from its settings: registry, account name, settings.
pub type Build<'a> = &'a dyn Fn(&str, &str, &Value) -> Result<Made, String>;

/// An account that could be made.
pub struct Made {
    /// What it is, in a few words.
    pub about: String,
    /// Who the registry takes it for.
    pub identity: String,
    /// What it may send, as its registry publishes it.
    pub published: model::Limits,
}

impl Row for Finding {
    const HEADINGS: &'static [&'static str] = &["SEVERITY", "WHERE", "WHAT", "NEXT"];
    fn cells(&self) -> Vec<String> {
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        let place = self.file.iter().chain([&self.place]).cloned().collect::<Vec<_>>().join(": ");
        vec![severity.into(), place, self.what.clone(), self.next.clone()]
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    /// The names of the keys that secrets of jobs are sealed with; the first one seals.
    parameter_keys: Vec<String>,
    accounts: Vec<AccountReport>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct AccountReport {
    account: String,
    about: String,
    /// All of them, in the words of the configuration.
    limits: Limits,
}

/// Checks a configuration that could be read. `registries` are the plug-ins' names, `more` what others found in it.
///
/// # Errors
/// Something in it must be corrected (exit 78).
pub fn run(
    config: &Config,
    registries: &[&str],
    build: Build<'_>,
    more: Vec<Finding>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let mut findings = config.check(registries);
    findings.extend(more.into_iter().map(|finding| config.in_its_file(finding)));
    let parameter_keys = parameter_keys(config).unwrap_or_else(|finding| {
        findings.push(config.in_its_file(finding));
        Vec::new()
    });
    let (mut accounts, mut logins) = (Vec::new(), Vec::new());
    for (name, account) in &config.accounts {
        if !registries.contains(&account.registry.as_str()) {
            continue; // Found already.
        }
        match build(&account.registry, name, &Value::Object(account.settings.clone())) {
            Ok(made) => {
                let (limits, found) = limits(name, account, &made.published);
                // Some were found without asking the registry's plug-in.
                let found = found.into_iter().map(|finding| config.in_its_file(finding));
                let new: Vec<_> = found.filter(|finding| !findings.contains(finding)).collect();
                findings.extend(new);
                logins.push(Login { account: name, registry: &account.registry, identity: made.identity });
                accounts.push(AccountReport { account: name.clone(), about: made.about, limits });
            }
            Err(error) => findings.push(config.in_its_file(Finding::error(
                format!("accounts.{name}"),
                error,
                "correct it; a credential of the service can be read only by the service, which checks it at its start too",
            ))),
        }
    }
    findings.extend(shared_logins(&logins).into_iter().map(|finding| config.in_its_file(finding)));
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    out.one(&Report { ok: errors == 0, parameter_keys, accounts, findings }, people)?;
    if errors == 0 {
        return Ok(());
    }
    Err(Failure::new(Exit::Configuration, "configuration", format!("the configuration has {errors} error(s)"))
        .why("the daemon would refuse to start with it"))
}

/// The names of the keys for secrets of jobs; none if the configuration names none.
fn parameter_keys(config: &Config) -> Result<Vec<String>, Finding> {
    let Some(file) = &config.store.parameter_keys_file else { return Ok(Vec::new()) };
    let next =
        "correct it; a credential of the service can be read only by the service, which checks it at its start too";
    let keys = Keyring::from_file(file).map_err(|why| Finding::error("store.parameter_keys_file", why, next))?;
    Ok(keys.names().into_iter().map(str::to_owned).collect())
}

/// The effective limits of an account, or the published ones where something is wrong with them, and what there is to say.
fn limits(name: &str, account: &Account, published: &model::Limits) -> (Limits, Vec<Finding>) {
    match account.limits.over(name, published.clone()) {
        Ok(limits) => (Limits::of(&limits), account.limits.doubts(name, published, &limits)),
        Err(findings) => (Limits::of(published), findings),
    }
}

/// A value as it would stand in the configuration.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(table) => {
            let pairs: Vec<_> = table.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

fn people(report: &Report) -> String {
    let mut text = String::new();
    for AccountReport { account, about, limits } in &report.accounts {
        text.push_str(&format!("account {}: {}\n", plain(account), plain(about)));
        let limits = serde_json::to_value(limits).unwrap_or_default();
        for (key, value) in limits.as_object().into_iter().flatten() {
            text.push_str(&format!("  limits.{key} = {}\n", plain(&toml(value))));
        }
    }
    text.push_str(&match report.parameter_keys.as_slice() {
        [] => "secrets of jobs: there is no key, and jobs that hold any (an AuthInfo) are refused\n".to_owned(),
        [first, rest @ ..] => format!("secrets of jobs: sealed with key {first}, {} more to open\n", rest.len()),
    });
    for finding in &report.findings {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        let file = finding.file.iter().map(|file| format!("{}: ", plain(file))).collect::<String>();
        text.push_str(&format!(
            "{severity}: {file}{}: {}\n  {}\n",
            plain(&finding.place),
            plain(&finding.what),
            plain(&finding.next)
        ));
    }
    if report.ok {
        text.push_str("the configuration is usable\n");
    }
    text
}
