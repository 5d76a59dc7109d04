//! What an account may send, where it differs from what its registry publishes: `[accounts.NAME.limits]`, the same keys
//! for every registry.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
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

/// Most rows of a timetable, and most quiet windows.
const MOST_ROWS: usize = 48;
/// Requests per window from which on it is certainly a slip of the pen.
const MOST_REQUESTS: u32 = 1_000_000;
/// A week.
const WEEK: u32 = 604_800;

impl Limits {
    /// These limits on top of those the registry publishes for the account.
    ///
    /// # Errors
    /// Everything that is wrong with them, each with its key.
    pub fn over(&self, account: &str, published: model::Limits) -> Result<model::Limits, Vec<Finding>> {
        let mut findings = Findings { account, found: Vec::new() };
        self.check_numbers(&published, &mut findings);
        let mut limits = published;
        self.put_numbers(&mut limits);
        self.put_timetable(&mut limits, &mut findings);
        self.put_quiet(&mut limits, &mut findings);
        self.put_shares(&mut limits, &mut findings);
        if let Some(name) = &self.zone {
            match TimeZone::get(name) {
                Ok(zone) => limits.zone = zone,
                Err(_) => findings.add(
                    "zone",
                    format!("there is no time zone `{}`, or this machine has no data of it", name.escape_default()),
                    "write an IANA name, for example Europe/Berlin",
                ),
            }
        }
        if findings.found.is_empty() { Ok(limits) } else { Err(findings.found) }
    }

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

    fn check_numbers(&self, published: &model::Limits, findings: &mut Findings<'_>) {
        let most_sessions = published.most_sessions.and_then(|most| u64::try_from(most).ok()).unwrap_or(1000);
        let count = |budget: &Option<Budget>| budget.map(|budget| budget.count.into());
        let within = |budget: &Option<Budget>| budget.map(|budget| budget.within_seconds.into());
        let number = |number: Option<u32>| number.map(u64::from);
        let numbers: &[(&str, Option<u64>, u64, u64, &str)] = &[
            ("sessions", number(self.sessions), 1, most_sessions, "sessions"),
            ("requests", number(self.requests), 1, MOST_REQUESTS.into(), "requests per window"),
            ("window_seconds", number(self.window_seconds), 1, 86_400, "seconds"),
            ("grace_seconds", number(self.grace_seconds), 1, 3600, "seconds"),
            ("quota", self.quota, 0, 1_000_000_000, "points per day; 0 if they are not counted"),
            ("commands_per_connection", number(self.commands_per_connection), 0, 1_000_000, "; 0 for any number"),
            ("cool_down_seconds", number(self.cool_down_seconds), 0, 86_400, "seconds"),
            ("logins.count", count(&self.logins), 1, 100_000, "logins"),
            ("logins.within_seconds", within(&self.logins), 1, WEEK.into(), "seconds"),
            ("errors.count", count(&self.errors), 1, 1_000_000, "refused requests"),
            ("errors.within_seconds", within(&self.errors), 1, WEEK.into(), "seconds"),
        ];
        for (key, value, least, most, unit) in numbers {
            if let Some(value) = value.filter(|value| value < least || value > most) {
                let what = match *key {
                    "sessions" if published.most_sessions.is_some() && value > *most => {
                        format!("{value} are more than the {most} the registry allows")
                    }
                    _ => format!("{value} is outside of what makes sense"),
                };
                findings.add(key, what, &format!("choose {least} to {most} {unit}"));
            }
        }
        if let Some(value) = self.spacing_seconds.filter(|value| !(0.0..=3600.0).contains(value)) {
            findings.add(
                "spacing_seconds",
                format!("{value} is outside of what makes sense"),
                "choose 0 to 3600 seconds",
            );
        }
    }

    /// What needs no second look; where it was found wrong, nobody gets the result.
    fn put_numbers(&self, limits: &mut model::Limits) {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let budget = |budget: Budget| model::Budget { count: budget.count, within: seconds(budget.within_seconds) };
        fn set<T, U>(limit: &mut U, value: Option<T>, make: impl FnOnce(T) -> U) {
            if let Some(value) = value {
                *limit = make(value);
            }
        }
        set(&mut limits.sessions, self.sessions, |sessions| usize::try_from(sessions).unwrap_or(usize::MAX));
        set(&mut limits.window, self.window_seconds, seconds);
        set(&mut limits.grace, self.grace_seconds, seconds);
        set(&mut limits.quota, self.quota, |quota| (quota > 0).then_some(quota));
        set(&mut limits.commands_per_connection, self.commands_per_connection, |count| (count > 0).then_some(count));
        set(&mut limits.spacing, self.spacing_seconds, |span| Duration::try_from_secs_f64(span).unwrap_or_default());
        set(&mut limits.cool_down, self.cool_down_seconds, seconds);
        set(&mut limits.logins, self.logins, |logins| Some(budget(logins)));
        set(&mut limits.errors, self.errors, |errors| Some(budget(errors)));
    }

    fn put_timetable(&self, limits: &mut model::Limits, findings: &mut Findings<'_>) {
        let table = &mut limits.requests;
        if let Some(base) = self.requests {
            table.base = base;
            // Who lowers the limit of the day does not mean to have a higher one at night.
            table.spans.iter_mut().for_each(|(_, figure)| *figure = base.min(*figure));
        }
        let Some(rows) = &self.timetable else { return };
        few("timetable", rows.len(), findings);
        let mut spans: Vec<(usize, Span, u32)> = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            let place = format!("timetable[{number}]");
            if !(1..=MOST_REQUESTS).contains(&row.requests) {
                let what = format!("{} is outside of what makes sense", row.requests);
                findings.add(
                    &format!("{place}.requests"),
                    what,
                    &format!("choose 1 to {MOST_REQUESTS} requests per window"),
                );
            }
            let Some(span) = span(&place, &row.from, &row.to, findings) else { continue };
            if span.from == span.to {
                let what = format!("{} to {} is no time, or the whole day", row.from, row.to);
                findings.add(&place, what, "correct it; what holds all day is `requests`");
                continue;
            }
            if let Some((other, ..)) = spans.iter().find(|(_, other, _)| other.overlaps(span)) {
                let what = format!("{} to {} overlaps timetable[{other}]", row.from, row.to);
                findings.add(&place, what, "let one end where the other one begins");
            }
            spans.push((number, span, row.requests));
        }
        table.spans = spans.into_iter().map(|(_, span, requests)| (span, requests)).collect();
    }

    fn put_quiet(&self, limits: &mut model::Limits, findings: &mut Findings<'_>) {
        let Some(windows) = &self.quiet else { return };
        few("quiet", windows.len(), findings);
        limits.quiet.clear();
        for (number, window) in windows.iter().enumerate() {
            let place = format!("quiet[{number}]");
            if window.days.is_empty() {
                findings.add(
                    &format!("{place}.days"),
                    "names no day".into(),
                    "list the days it begins on, monday to sunday",
                );
            }
            if window.hold.is_empty() {
                findings.add(&format!("{place}.hold"), "holds no class".into(), "list urgent, normal or bulk");
            }
            let Some(span) = span(&place, &window.from, &window.to, findings) else { continue };
            if span.from == span.to && window.to != "24:00" {
                let what = format!("{} to {} is no time", window.from, window.to);
                findings.add(&place, what, "correct it; a whole day is 00:00 to 24:00");
                continue;
            }
            let days = DAYS.iter().filter(|(day, _)| window.days.contains(day)).map(|(_, day)| *day).collect();
            limits.quiet.push(model::Quiet { days, span, hold: window.hold.clone() });
        }
        for class in Class::ALL {
            if limits.quiet_until(*class, Timestamp::UNIX_EPOCH) == Some(Timestamp::MAX) {
                let what = format!("the windows hold class {} for ever", class.word());
                findings.add("quiet", what, "leave a gap between them, or pause the account");
            }
        }
    }

    fn put_shares(&self, limits: &mut model::Limits, findings: &mut Findings<'_>) {
        let shares = [
            ("urgent_requests", self.urgent_requests, &mut limits.urgent_requests),
            ("urgent_quota", self.urgent_quota, &mut limits.urgent_quota),
            ("deadline_quota", self.deadline_quota, &mut limits.deadline_quota),
        ];
        for (key, value, limit) in shares {
            match value.map(|value| (value, Share::of_one(value))) {
                None => {}
                Some((_, Some(share))) => *limit = share,
                Some((value, None)) => findings.add(key, format!("{value} is no share"), "choose 0.0 to 1.0"),
            }
        }
        let thousandths = |share: Share| share.of(1000);
        if thousandths(limits.urgent_requests) >= 1000 {
            findings.add("urgent_requests", "leaves nothing for all other jobs".into(), "choose less than 1.0");
        }
        if thousandths(limits.urgent_quota) + thousandths(limits.deadline_quota) >= 1000 {
            let what = "urgent_quota and deadline_quota together leave nothing for all other jobs";
            findings.add("urgent_quota", what.into(), "choose shares whose sum is less than 1.0");
        }
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

fn few(key: &str, count: usize, findings: &mut Findings<'_>) {
    if count > MOST_ROWS {
        findings.add(key, format!("has {count} rows"), &format!("write at most {MOST_ROWS}"));
    }
}

fn span(place: &str, from: &str, to: &str, findings: &mut Findings<'_>) -> Option<Span> {
    let mut read = |key: &str, text: &str| {
        let time = time_of_day(text).or_else(|| (key == "to" && text == "24:00").then(Time::midnight));
        if time.is_none() {
            let what = format!("`{}` is no time of day", text.escape_default());
            findings.add(&format!("{place}.{key}"), what, "write hours and minutes, 00:00 to 23:59");
        }
        time
    };
    let (from, to) = (read("from", from), read("to", to));
    Some(Span { from: from?, to: to? })
}

/// `HH:MM` or `HH:MM:SS`.
fn time_of_day(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |part: &&str| -> Option<i8> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let numbers: Option<Vec<i8>> = parts.iter().map(number).collect();
    match numbers?.as_slice() {
        [hour, minute] => Time::new(*hour, *minute, 0, 0).ok(),
        [hour, minute, second] => Time::new(*hour, *minute, *second, 0).ok(),
        _ => None,
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
