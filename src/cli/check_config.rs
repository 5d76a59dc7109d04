//! `registrard check-config`: everything that can be known about a configuration without connecting to anything.

use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output::{Out, Row, plain};
use crate::config::{Config, Finding, Severity};

/// Makes an account of a registry from its settings, and says in a few words what it is: registry, account name,
/// settings.
pub type Build<'a> = &'a dyn Fn(&str, &str, &Value) -> Result<String, String>;

impl Row for Finding {
    const HEADINGS: &'static [&'static str] = &["SEVERITY", "WHERE", "WHAT", "NEXT"];
    fn cells(&self) -> Vec<String> {
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        vec![severity.into(), self.place.clone(), self.what.clone(), self.next.clone()]
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    accounts: Vec<(String, String)>,
    findings: Vec<Finding>,
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
    findings.extend(more);
    let mut accounts = Vec::new();
    for (name, account) in &config.accounts {
        if !registries.contains(&account.registry.as_str()) {
            continue; // Found already.
        }
        match build(&account.registry, name, &Value::Object(account.settings.clone())) {
            Ok(about) => accounts.push((name.clone(), about)),
            Err(error) => findings.push(Finding::error(
                format!("accounts.{name}"),
                error,
                "correct it; a credential of the service can be read only by the service, which checks it at its start too",
            )),
        }
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    out.one(&Report { ok: errors == 0, accounts, findings }, people)?;
    if errors == 0 {
        return Ok(());
    }
    Err(Failure::new(Exit::Configuration, "configuration", format!("the configuration has {errors} error(s)"))
        .why("the daemon would refuse to start with it"))
}

fn people(report: &Report) -> String {
    let mut text = String::new();
    for (name, about) in &report.accounts {
        text.push_str(&format!("account {}: {}\n", plain(name), plain(about)));
    }
    for finding in &report.findings {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        text.push_str(&format!(
            "{severity}: {}: {}\n  {}\n",
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
