//! What an account may send, where it differs from what its registry publishes: `[accounts.NAME.limits]`, the same keys
//! for every registry.

mod over;

use std::time::Duration;

use jiff::civil::{Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Finding;
use crate::model::job::Class;
use crate::model::limits::{self as model, Share, Span};

/// Every limit an operator may set; what is left out is as the registry publishes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The registry's local time, as an IANA name: timetables, quiet windows and days of quota go by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Sessions open at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u32>,
    /// Requests per window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
    /// Length of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u32>,
    /// How much longer a request without an answer counts: it may still arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
    /// Times of day with another number of requests per window; `[]` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timetable: Option<Vec<Row>>,
    /// Points per day; 0 if they are not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u64>,
    /// Requests after which a connection is closed and another one opened; 0 for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands_per_connection: Option<u32>,
    /// Least time between the answer to a request and the next one on the same object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spacing_seconds: Option<f64>,
    /// Shortest silence after the registry has blocked the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cool_down_seconds: Option<u32>,
    /// Logins that may be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logins: Option<Budget>,
    /// Refused requests after which the account is silent for the rest of the span.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Budget>,
    /// Windows in which some classes are held back; `[]` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Vec<Quiet>>,
    /// Share of the window kept free for urgent jobs, 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_requests: Option<f64>,
    /// Share of the quota kept for urgent jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent_quota: Option<f64>,
    /// Share of the quota kept for jobs that a deadline brought about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_quota: Option<f64>,
}

/// A time of day with another number of requests per window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// First moment, `01:00`.
    pub from: String,
    /// First moment after it; earlier than `from` if it runs over midnight.
    pub to: String,
    /// Requests per window.
    pub requests: u32,
}

/// So many of something within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How many.
    pub count: u32,
    /// Within which time.
    pub within_seconds: u32,
}

/// A window on certain days in which some classes are held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The days it begins on.
    pub days: Vec<Day>,
    /// First moment, `16:00`.
    pub from: String,
    /// First moment after it; earlier than `from` if it runs over midnight.
    pub to: String,
    /// The classes held back.
    pub hold: Vec<Class>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the days of the week explain themselves")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// The days as the calendar has them.
const DAYS: [(Day, Weekday); 7] = [
    (Day::Monday, Weekday::Monday),
    (Day::Tuesday, Weekday::Tuesday),
    (Day::Wednesday, Weekday::Wednesday),
    (Day::Thursday, Weekday::Thursday),
    (Day::Friday, Weekday::Friday),
    (Day::Saturday, Weekday::Saturday),
    (Day::Sunday, Weekday::Sunday),
];

impl Limits {
    /// All limits of an account in the words of the configuration: [`Limits::over`] makes the same of them again.
    #[must_use]
    pub fn of(limits: &model::Limits) -> Self {
        let seconds = |span: Duration| u32::try_from(span.as_secs()).unwrap_or(u32::MAX);
        let budget = |budget: model::Budget| Budget { count: budget.count, within_seconds: seconds(budget.within) };
        let share = |share: Share| share.of(1000) as f64 / 1000.0;
        let row = |(span, requests): &(Span, u32)| Row {
            from: shown(span.from, false),
            to: shown(span.to, false),
            requests: *requests,
        };
        let quiet = |quiet: &model::Quiet| Quiet {
            days: DAYS.iter().filter(|(_, day)| quiet.days.contains(day)).map(|(day, _)| *day).collect(),
            from: shown(quiet.span.from, false),
            to: shown(quiet.span.to, true),
            hold: quiet.hold.clone(),
        };
        Self {
            zone: limits.zone.iana_name().map(str::to_owned),
            sessions: u32::try_from(limits.sessions).ok(),
            requests: Some(limits.requests.base),
            window_seconds: Some(seconds(limits.window)),
            grace_seconds: Some(seconds(limits.grace)),
            timetable: Some(limits.requests.spans.iter().map(row).collect()),
            quota: Some(limits.quota.unwrap_or(0)),
            commands_per_connection: Some(limits.commands_per_connection.unwrap_or(0)),
            spacing_seconds: Some(limits.spacing.as_secs_f64()),
            cool_down_seconds: Some(seconds(limits.cool_down)),
            logins: limits.logins.map(budget),
            errors: limits.errors.map(budget),
            quiet: Some(limits.quiet.iter().map(quiet).collect()),
            urgent_requests: Some(share(limits.urgent_requests)),
            urgent_quota: Some(share(limits.urgent_quota)),
            deadline_quota: Some(share(limits.deadline_quota)),
        }
    }

    /// What is allowed, and perhaps not what was meant. `limits` are the effective ones.
    #[must_use]
    pub fn doubts(&self, account: &str, published: &model::Limits, limits: &model::Limits) -> Vec<Finding> {
        let mut findings = Findings { account, found: Vec::new() };
        let per_second = |limits: &model::Limits| f64::from(limits.requests.base) / limits.window.as_secs_f64();
        if per_second(limits) > per_second(published) {
            findings.doubt(
                "requests",
                format!(
                    "is more than the {} the registry publishes, which may block the account",
                    published.requests.base
                ),
                "leave it out, unless the registry has agreed to more",
            );
        }
        let most = limits.requests.spans.iter().map(|(_, figure)| *figure).chain([limits.requests.base]).max();
        if let (Some(quota), Some(most)) = (limits.quota, most)
            && quota < u64::from(most)
        {
            let what =
                format!("{quota} points are fewer than the {most} requests of one window: a minute uses the day up");
            findings.doubt("quota", what, "correct it, or write 0 if the registry counts no points");
        }
        let least = limits.requests.spans.iter().map(|(_, figure)| *figure).fold(limits.requests.base, u32::min);
        // LOGIN, LOGOUT, and something in between.
        let needed = limits.sessions.saturating_mul(3);
        if usize::try_from(least).is_ok_and(|least| least < needed) {
            let what =
                format!("{least} per window leave {} sessions hardly more than to log in and out", limits.sessions);
            findings.doubt("requests", what, "allow more requests, or fewer sessions");
        }
        findings.found
    }
}

/// What is wrong with the limits of one account.
struct Findings<'a> {
    account: &'a str,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn place(&self, key: &str) -> String {
        format!("accounts.{}.limits.{key}", self.account.escape_default())
    }

    fn add(&mut self, key: &str, what: String, next: &str) {
        self.found.push(Finding::error(self.place(key), what, next));
    }

    fn doubt(&mut self, key: &str, what: String, next: &str) {
        self.found.push(Finding::warning(self.place(key), what, next));
    }
}

fn shown(time: Time, is_end: bool) -> String {
    match (time.second(), is_end && time == Time::midnight()) {
        (_, true) => "24:00".into(),
        (0, _) => format!("{:02}:{:02}", time.hour(), time.minute()),
        (second, _) => format!("{:02}:{:02}:{second:02}", time.hour(), time.minute()),
    }
}

#[cfg(test)]
mod tests;
