//! The calendar: when reminders are said, which jobs are submitted by themselves, and the daily digest.

use std::collections::BTreeMap;

use jiff::civil::Time;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Config, Finding, fits};
use crate::model::Operation;
use crate::model::civil::Lead;
use crate::model::deadline::DeadlineKind;

/// Most leads of a kind.
const MOST_LEADS: usize = 20;

/// The calendar of deadlines.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deadlines {
    /// Seconds between two looks for what is due.
    pub look_seconds: u32,
    /// How long before a date a reminder is told, for every kind without leads of its own.
    pub leads: Vec<Lead>,
    /// What reminders are labelled with, from a lead on; before the longest of these it is `notice`.
    pub escalation: BTreeMap<Lead, String>,
    /// Local time at which an account's day is summed up; empty for never.
    pub digest_at: String,
    /// Days ahead in which the forecast looks for dates that cannot be met.
    pub risk_days: u32,
    /// Kinds with leads of their own.
    pub kinds: BTreeMap<String, Kind>,
    /// Jobs that are submitted when a date comes near.
    pub acts: Vec<Act>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            look_seconds: 5,
            leads: vec![Lead::days(30), Lead::days(14), Lead::days(7), Lead::days(3), Lead::days(1), Lead::hours(6)],
            escalation: BTreeMap::from([(Lead::days(7), "warning".into()), (Lead::days(1), "critical".into())]),
            digest_at: "07:00".into(),
            risk_days: 7,
            kinds: BTreeMap::new(),
            acts: Vec::new(),
        }
    }
}

/// What is different for a kind of deadline.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// How long before its dates reminders are told; none at all if empty.
    pub leads: Vec<Lead>,
}

/// A job that is submitted when a date of a kind comes near.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// The kind, for example `domain_expiry`.
    pub kind: String,
    /// The accounts, by name or pattern; all if missing.
    #[serde(default = "super::everything")]
    pub accounts: Vec<String>,
    /// How long before the date.
    pub before: Lead,
    /// What is to be done.
    pub operation: String,
    /// The job's parameters. In texts `{object}` stands for the object's name, `{date}` for the day of the date, and `{year}`
    /// for its year, in the account's time zone; a text that is `{year}` alone becomes a number.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Value>")]
    pub params: Map<String, Value>,
}

impl Deadlines {
    /// When the digest of a day is told.
    #[must_use]
    pub fn digest(&self) -> Option<Time> {
        self.digest_at.parse().ok()
    }

    /// How long before a date of this kind reminders are told.
    #[must_use]
    pub fn leads_of(&self, kind: DeadlineKind) -> &[Lead] {
        self.kinds.get(kind.word()).map_or(&self.leads, |own| &own.leads)
    }

    /// The label of a reminder.
    #[must_use]
    pub fn escalation_at(&self, lead: Lead) -> &str {
        let reached = self.escalation.iter().find(|(from, _)| lead <= **from);
        reached.map_or("notice", |(_, label)| label)
    }

    /// The act for a date of this kind of an account, and its place in the configuration.
    #[must_use]
    pub fn act(&self, kind: DeadlineKind, account: &str) -> Option<&Act> {
        let covers = |act: &&Act| act.accounts.iter().any(|pattern| fits(pattern, account));
        self.acts.iter().filter(|act| act.kind == kind.word()).find(covers)
    }

    /// What is wrong with it.
    pub(super) fn check(&self, config: &Config, findings: &mut Vec<Finding>) {
        let choose = |place: String, what: String, next: &str| Finding::error(place, what, next);
        if !(1..=86_400).contains(&self.look_seconds) {
            let what = format!("{} is outside of what makes sense", self.look_seconds);
            findings.push(choose("deadlines.look_seconds".into(), what, "choose 1 to 86400 seconds; 5 is the default"));
        }
        if self.risk_days > 90 {
            let what = format!("{} is outside of what makes sense", self.risk_days);
            findings.push(choose("deadlines.risk_days".into(), what, "choose up to 90 days; 0 looks for nothing"));
        }
        if !self.digest_at.is_empty() && self.digest().is_none() {
            let what = format!("`{}` is no time of day", self.digest_at.escape_default());
            findings.push(choose("deadlines.digest_at".into(), what, "write for example 07:00, or \"\" for no digest"));
        }
        for (label, lead) in self.escalation.iter().map(|(lead, label)| (label, lead)) {
            if label.is_empty() || label.len() > 32 || !label.bytes().all(|byte| byte.is_ascii_lowercase()) {
                let what = format!("`{}` is no label", label.escape_default());
                findings.push(choose(format!("deadlines.escalation.{lead}"), what, "use lower-case letters, 1 to 32"));
            }
        }
        let own = self.kinds.iter().map(|(kind, own)| (format!("deadlines.kinds.{kind}.leads"), &own.leads));
        for (place, leads) in own.chain([("deadlines.leads".to_owned(), &self.leads)]) {
            if leads.len() > MOST_LEADS {
                let what = format!("{} reminders of one date are nobody's wish", leads.len());
                findings.push(choose(place, what, "name at most 20"));
            }
        }
        for kind in self.kinds.keys() {
            if let Err(what) = kind.parse::<DeadlineKind>() {
                findings.push(choose(format!("deadlines.kinds.{}", kind.escape_default()), what, "correct it"));
            }
        }
        self.acts.iter().enumerate().for_each(|(index, act)| act.check(index, config, findings));
    }
}

impl Act {
    fn check(&self, index: usize, config: &Config, findings: &mut Vec<Finding>) {
        let place = format!("deadlines.acts[{index}]");
        if let Err(what) = self.kind.parse::<DeadlineKind>() {
            findings.push(Finding::error(format!("{place}.kind"), what, "correct it"));
        }
        if let Err(what) = self.operation.parse::<Operation>() {
            findings.push(Finding::error(format!("{place}.operation"), what, "correct it"));
        }
        for pattern in &self.accounts {
            if !config.accounts.keys().any(|name| fits(pattern, name)) {
                let what = format!("no account is named `{}`", pattern.escape_default());
                findings.push(Finding::warning(format!("{place}.accounts"), what, "correct it, or add the account"));
            }
        }
    }
}
