//! The rules that a type cannot state: ranges, names, and how settings hang together. Every finding at once, each with
//! what is wrong and what to do.

use std::fmt;
use std::net::SocketAddr;

use super::{Broker, Config};
use crate::model::Limits;
use crate::model::job::DEADLINES;

/// Largest weight of a publisher.
const MOST_WEIGHT: u32 = 1000;

/// Whether the daemon can start with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Perhaps not what was meant.
    Warning,
    /// The daemon refuses to start.
    Error,
}

/// One thing that is wrong, or perhaps wrong, with the configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file it stands in, or the variable; `None` where nothing was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Which setting.
    pub place: String,
    /// What is wrong and why.
    pub what: String,
    /// What to do.
    pub next: String,
}

impl Finding {
    /// Something that must be corrected.
    #[must_use]
    pub fn error(place: impl Into<String>, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { severity: Severity::Error, file: None, place: place.into(), what: what.into(), next: next.into() }
    }

    /// Something worth a second look.
    #[must_use]
    pub fn warning(place: impl Into<String>, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, what, next) }
    }

    /// The same, with the file or variable it stands in.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self { file: Some(file.into()), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.severity == Severity::Error { "" } else { "warning: " };
        let file = self.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        write!(f, "{severity}{file}{}: {}; {}", self.place, self.what, self.next)
    }
}

impl Config {
    /// Everything that is wrong with a configuration that could be read. `registries` are the names of the plug-ins.
    #[must_use]
    pub fn check(&self, registries: &[&str]) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_store(&mut findings);
        self.check_broker(&mut findings);
        self.check_http(&mut findings);
        self.check_log(&mut findings);
        self.check_numbers(&mut findings);
        self.check_retry(&mut findings);
        self.check_mail(&mut findings);
        self.check_publishers(&mut findings);
        self.check_accounts(registries, &mut findings);
        self.deadlines.check(self, &mut findings);
        self.check_pools(&mut findings);
        self.check_brake(&mut findings);
        self.check_limits(&mut findings);
        findings.into_iter().map(|finding| self.in_its_file(finding)).collect()
    }

    /// A finding with the file this configuration was read from.
    #[must_use]
    pub fn in_its_file(&self, finding: Finding) -> Finding {
        match &self.file {
            Some(file) => finding.in_file(file.display().to_string()),
            None => finding,
        }
    }

    /// What is wrong with limits whatever the registry publishes; the rest is found where the account is made.
    fn check_limits(&self, findings: &mut Vec<Finding>) {
        for (name, account) in &self.accounts {
            findings.extend(account.limits.over(name, Limits::none()).err().unwrap_or_default());
        }
    }

    fn check_store(&self, findings: &mut Vec<Finding>) {
        let url = &self.store.url;
        if !["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme)) {
            findings.push(Finding::error(
                "store.url",
                "names no database this release knows",
                "begin it with postgres:// or sqlite://, for example sqlite:///var/lib/registrard/registrard.db",
            ));
        }
        check_password("store", url, self.store.password_file.is_some(), findings);
        if self.store.password_file.is_some() && url.starts_with("sqlite:") {
            findings.push(Finding::error("store.password_file", "SQLite has no password", "remove it"));
        }
    }

    fn check_broker(&self, findings: &mut Vec<Finding>) {
        let Some(Broker { url, password_file, ca_file, delivery_limit, .. }) = &self.broker else { return };
        if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
            findings.push(Finding::error("broker.url", "is no AMQP address", "begin it with amqp:// or amqps://"));
        }
        check_password("broker", url, password_file.is_some(), findings);
        if ca_file.is_some() && url.starts_with("amqp://") {
            findings.push(Finding::error(
                "broker.ca_file",
                "has no effect, because broker.url is without TLS",
                "write amqps:// or remove broker.ca_file",
            ));
        }
        if *delivery_limit == 0 {
            findings.push(Finding::error(
                "broker.delivery_limit",
                "0 would dead-letter every job that comes back once",
                "allow at least 1; 20 is the default",
            ));
        }
        if self.publishers.is_empty() && !self.intake.open {
            findings.push(Finding::error(
                "publishers",
                "with a broker and without any publisher every job would be rejected",
                "add [publishers.NAME] for each broker user, or set intake.open = true to let every user do everything",
            ));
        }
    }

    fn check_http(&self, findings: &mut Vec<Finding>) {
        let listen = &self.http.listen;
        if listen.is_empty() {
            return;
        }
        match listen.parse::<SocketAddr>() {
            Err(_) => findings.push(Finding::error(
                "http.listen",
                format!("`{}` is no address with a port", listen.escape_default()),
                "write for example 127.0.0.1:9464 or [::1]:9464, or \"\" for none",
            )),
            Ok(address) if !address.ip().is_loopback() => findings.push(Finding::warning(
                "http.listen",
                format!("{address} can be reached from other machines, and metrics have no password"),
                "keep it on loopback, or see that a firewall admits only the monitoring",
            )),
            Ok(_) => {}
        }
    }

    fn check_log(&self, findings: &mut Vec<Finding>) {
        if !["auto", "text", "json"].contains(&self.log.format.as_str()) {
            findings.push(Finding::error(
                "log.format",
                format!("there is no format `{}`", self.log.format.escape_default()),
                "choose auto, text or json",
            ));
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log.filter) {
            findings.push(Finding::error(
                "log.filter",
                format!("is no filter: {error}"),
                "write for example info,registrard=debug",
            ));
        }
    }

    /// What counts something. Upper ends are where more is certainly a slip of the pen.
    fn check_numbers(&self, findings: &mut Vec<Finding>) {
        let (intake, daemon) = (&self.intake, &self.daemon);
        let numbers: &[(&str, u64, u64, u64, &str)] = &[
            ("intake.batch", intake.batch as u64, 1, 10_000, "deliveries in one transaction"),
            ("intake.max_message_bytes", intake.max_message_bytes as u64, 1024, 1 << 30, "bytes"),
            ("intake.max_bulk_jobs", intake.max_bulk_jobs as u64, 1, 1_000_000, "jobs in one message"),
            ("daemon.lease_seconds", daemon.lease_seconds.into(), 3, 3600, "seconds; it is renewed at a third of them"),
            ("daemon.poll_millis", daemon.poll_millis.into(), 10, 60_000, "milliseconds"),
            ("daemon.stop_seconds", daemon.stop_seconds.into(), 1, 3600, "seconds"),
            ("retry.questions", self.retry.questions.into(), 1, 1000, "questions"),
            ("retry.follow_ups", self.retry.follow_ups.into(), 1, 1000, "questions"),
        ];
        for (place, value, least, most, unit) in numbers {
            if value < least || value > most {
                findings.push(Finding::error(
                    *place,
                    format!("{value} is outside of what makes sense"),
                    format!("choose {least} to {most} {unit}"),
                ));
            }
        }
        if daemon.name.len() > 200 || daemon.name.chars().any(char::is_control) {
            findings.push(Finding::error(
                "daemon.name",
                "is longer than 200 bytes or holds control characters",
                "choose a short name, or \"\" for `registrard`",
            ));
        }
    }

    fn check_retry(&self, findings: &mut Vec<Finding>) {
        let retry = &self.retry;
        let pairs = [
            ("retry.soon", retry.soon),
            ("retry.backoff", retry.backoff),
            ("retry.question", retry.question),
            ("retry.pending", retry.pending),
            ("retry.connect", retry.connect),
            ("poll", [self.poll.shortest, self.poll.longest]),
        ];
        for (place, [first, longest]) in pairs {
            // A week: whoever wants to wait longer wants to be asked instead.
            if !(0.001..=604_800.0).contains(&first) || !(0.001..=604_800.0).contains(&longest) {
                findings.push(Finding::error(
                    place,
                    format!("[{first}, {longest}] are no waits"),
                    "choose seconds from 0.001 to 604800",
                ));
            } else if first > longest {
                findings.push(Finding::error(
                    place,
                    format!("the first ceiling ({first} s) is above the longest ({longest} s)"),
                    "write the shorter one first",
                ));
            }
        }
    }

    fn check_publishers(&self, findings: &mut Vec<Finding>) {
        if self.intake.open && !self.publishers.is_empty() {
            findings.push(Finding::warning(
                "intake.open",
                "has no effect, because there are publishers",
                "remove it, or remove the publishers",
            ));
        }
        for (name, publisher) in &self.publishers {
            let place = format!("publishers.{name}");
            if name == DEADLINES {
                findings.push(Finding::error(
                    place.clone(),
                    "is the name of jobs that a deadline brings about; a publisher of it would use their share of the quota",
                    "give the broker user another name",
                ));
            }
            for pattern in publisher.accounts.iter().chain(&publisher.operations) {
                if pattern.is_empty() || pattern.trim_end_matches('*').contains('*') || pattern.ends_with("**") {
                    findings.push(Finding::error(
                        place.clone(),
                        format!("`{}` is no name and no pattern", pattern.escape_default()),
                        "write a name, or put one * alone or at the end",
                    ));
                }
            }
            if !(1..=MOST_WEIGHT).contains(&publisher.weight) {
                findings.push(Finding::error(
                    format!("{place}.weight"),
                    format!("{} is outside of what makes sense", publisher.weight),
                    format!("choose 1 to {MOST_WEIGHT}; 1 is the default"),
                ));
            }
            let reached =
                |pattern: &String| self.accounts.keys().chain(self.pools.keys()).any(|name| fits(pattern, name));
            for pattern in publisher.accounts.iter().filter(|pattern| !reached(pattern)) {
                findings.push(Finding::warning(
                    place.clone(),
                    format!("no account and no pool is named `{}`", pattern.escape_default()),
                    "correct it, or add the account",
                ));
            }
            if publisher.accounts.is_empty() {
                findings.push(Finding::warning(place, "may use no account", "list its accounts"));
            }
        }
    }

    fn check_accounts(&self, registries: &[&str], findings: &mut Vec<Finding>) {
        if self.accounts.is_empty() {
            findings.push(Finding::warning(
                "accounts",
                "there is none, so every job will be rejected",
                "add [accounts.NAME] with its registry",
            ));
        }
        for (name, account) in &self.accounts {
            let registry = &account.registry;
            if !may_be_named(name) {
                findings.push(Finding::error(
                    format!("accounts.{}", name.escape_default()),
                    "an account's name ends the routing key of its events and must not change their shape",
                    "use up to 64 letters, digits, - and _",
                ));
            }
            if !registries.contains(&registry.as_str()) {
                findings.push(Finding::error(
                    format!("accounts.{}.registry", name.escape_default()),
                    format!("there is no registry `{}`", registry.escape_default()),
                    format!("known are: {}", registries.join(", ")),
                ));
            }
            if account.credential_expires.is_some() && account.credential_day().is_none() {
                findings.push(Finding::error(
                    format!("accounts.{}.credential_expires", name.escape_default()),
                    "is no date",
                    "write the last day on which the credential is good, for example \"2027-01-31\"",
                ));
            }
        }
    }
}

/// Whether an account or a pool may have this name: it ends routing keys.
pub(super) fn may_be_named(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.len() <= 64 && name.chars().all(allowed)
}

/// Whether a publisher's pattern covers a name.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// A password inside a URL is readable by whoever may read the file, and two passwords contradict each other.
fn check_password(section: &str, url: &str, has_file: bool, findings: &mut Vec<Finding>) {
    if !super::address::has_password(url) {
        return;
    }
    let place = format!("{section}.url");
    if has_file {
        findings.push(Finding::error(place, "holds a password, and password_file names another", "remove one of them"));
    } else {
        findings.push(Finding::warning(
            place,
            "holds a password in clear text",
            format!("put it into a file and name that in {section}.password_file"),
        ));
    }
}
