//! The configured limits put on top of the published ones, and everything that may be wrong with them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::{Budget, DAYS, Finding, Findings, Limits};
use crate::model::job::Class;
use crate::model::limits::{self as model, Share, Span};

/// Most rows of a timetable, and most quiet windows.
const MOST_ROWS: usize = 48;
/// Requests per window from which on it is certainly a slip of the pen.
pub(super) const MOST_REQUESTS: u32 = 1_000_000;
/// A week.
const WEEK: u32 = 604_800;
/// Fewest requests on one connection: a LOGIN, the six of the longest conversation about a job, a LOGOUT.
const LEAST_COMMANDS: u32 = 8;

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
        if let Some(few) = self.commands_per_connection.filter(|few| (1..LEAST_COMMANDS).contains(few)) {
            findings.add(
                "commands_per_connection",
                format!("{few} leave no room for a LOGIN, a LOGOUT and the longest conversation about one job"),
                &format!("choose at least {LEAST_COMMANDS}, or 0 for any number"),
            );
        }
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
pub(super) fn time_of_day(text: &str) -> Option<Time> {
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
