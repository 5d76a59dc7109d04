//! The referee: from the events alone, and the times at which daemons lived, he says whether every reminder was told that had
//! to be, none twice and none otherwise. He knows the leads and the calendar of days, and nothing of how the daemon works.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use registrard::model::Event;
use serde_json::Value;

use crate::stage::{ACTS, DIGEST_HOUR, LEADS};

/// An event.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: String,
    pub kind: String,
    pub account: String,
    pub time: Timestamp,
    pub data: Value,
}

impl Told {
    pub fn of(mut event: Event) -> Self {
        let data = event.body["data"].take();
        Self { id: event.id.0.to_string(), kind: event.kind, account: event.account, time: event.time, data }
    }

    fn text(&self, name: &str) -> &str {
        self.data[name].as_str().unwrap_or_default()
    }
}

/// The life of a daemon.
#[derive(Clone, Debug)]
pub struct Life {
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Whether it had nothing left to do when it was killed.
    pub settled: bool,
    /// Kilobytes.
    pub memory: u64,
    /// How many events were told.
    pub events: usize,
}

/// How a date was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Moved,
    Met,
    Missed,
    Cleared,
}

/// A date of an account, an object and a kind, from when it was told until it was over.
#[derive(Clone, Debug)]
pub struct Segment {
    pub account: String,
    pub object: String,
    pub kind: String,
    pub due: Timestamp,
    pub since: Timestamp,
    pub end: Option<(Timestamp, End)>,
    pub reminded: BTreeSet<String>,
    pub acted: usize,
}

/// What the referee has to know of the configuration.
pub struct Rules<'a> {
    pub zone: &'a dyn Fn(&str) -> TimeZone,
    /// Whether an account has acts.
    pub is_covered: &'a dyn Fn(&str) -> bool,
    pub accounts: Vec<String>,
}

/// What he found.
#[derive(Debug, Default)]
pub struct Verdict {
    pub faults: Vec<String>,
    pub segments: Vec<Segment>,
    /// Reminders that had to be told.
    pub owed: usize,
    /// Those of which it could not be said, because the date was over before a daemon had lived to the end of its work.
    pub open_questions: BTreeMap<String, usize>,
}

/// How many days before a date of this kind its act is submitted.
pub fn act_of(kind: &str) -> Option<i64> {
    ACTS.iter().find(|(of, ..)| *of == kind).map(|(.., days)| *days)
}

/// So many days of the calendar before a date, at the same local time.
pub fn days_before(due: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    due.to_zoned(zone.clone()).checked_sub(days.days()).unwrap().timestamp()
}

/// Whether nobody could have met a date: of the daemons that began between the day on which its job is submitted and the date
/// itself, none lived to the end of its work.
pub fn is_beyond(segment: &Segment, lives: &[Life], zone: &TimeZone) -> bool {
    act_of(&segment.kind).is_some_and(|days| {
        let from = days_before(segment.due, days, zone).max(segment.since);
        !lives.iter().any(|life| life.settled && life.began >= from && life.ended < segment.due)
    })
}

/// Judges all events.
pub fn judge(told: &[Told], lives: &[Life], rules: &Rules<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut ids = HashSet::new();
    for event in told {
        if !ids.insert(&event.id) {
            verdict.faults.push(format!("event {} is told twice: {} {}", event.id, event.kind, event.data));
        }
    }
    let mut book = Book { rules, open: BTreeMap::new(), verdict };
    told.iter().for_each(|event| book.read(event));
    let Book { open, mut verdict, .. } = book;
    verdict.segments.extend(open.into_values());
    for segment in std::mem::take(&mut verdict.segments) {
        owed(&segment, lives, rules, &mut verdict);
        verdict.segments.push(segment);
    }
    digests(told, lives, rules, &mut verdict.faults);
    verdict
}

type Key = (String, String, String);

/// The dates that are open, as events tell.
struct Book<'a> {
    rules: &'a Rules<'a>,
    open: BTreeMap<Key, Segment>,
    verdict: Verdict,
}

impl Book<'_> {
    fn read(&mut self, event: &Told) {
        let Some(happening) = event.kind.strip_prefix("deadline.") else { return };
        // The watch over the message queues is put off in silence: only that it was not is told, where no daemon lived for days.
        if matches!(happening, "digest" | "at_risk") || event.text("kind") == "message_queue" {
            return;
        }
        let key = (event.account.clone(), event.text("object").to_owned(), event.text("kind").to_owned());
        let due: Timestamp = event.text("due").parse().unwrap();
        let wrong = match happening {
            "scheduled" => self.begin(event, key, due),
            "approaching" => self.remind(event, &key, due),
            "acting" => self.of_open(&key, due, |segment| segment.acted += 1),
            "met" => self.end(event, &key, due, End::Met),
            "missed" => self.end(event, &key, due, End::Missed),
            "cleared" => self.end(event, &key, due, End::Cleared),
            other => Some(format!("nobody expected a deadline.{other}")),
        };
        if let Some(wrong) = wrong {
            self.verdict.faults.push(format!("{wrong}: {} at {}: {}", event.kind, event.time, event.data));
        }
    }

    fn begin(&mut self, event: &Told, key: Key, due: Timestamp) -> Option<String> {
        let before = event.data["moved_from"].as_str().map(|text| text.parse::<Timestamp>().unwrap());
        let known = self.open.remove(&key);
        let wrong = match (&known, before) {
            (None, Some(_)) => Some("moved, but not known".to_owned()),
            (Some(_), None) => Some("opened a second time".to_owned()),
            (Some(known), Some(before)) if known.due != before => {
                Some(format!("moved from another date than {}", known.due))
            }
            _ => None,
        };
        if let Some(mut known) = known {
            known.end = Some((event.time, End::Moved));
            self.verdict.segments.push(known);
        }
        let (account, object, kind) = key.clone();
        let (reminded, acted) = (BTreeSet::new(), 0);
        self.open.insert(key, Segment { account, object, kind, due, since: event.time, end: None, reminded, acted });
        wrong
    }

    fn remind(&mut self, event: &Told, key: &Key, due: Timestamp) -> Option<String> {
        let zone = (self.rules.zone)(&key.0);
        let lead = event.text("lead").to_owned();
        let Some(at) = reminder(due, &lead, &zone) else { return Some("nobody asked for this lead".into()) };
        let (now, said) = (event.time, event.text("scheduled").parse::<Timestamp>().unwrap());
        let mut wrong = None;
        let unknown = self.of_open(key, due, |segment| {
            wrong = match () {
                () if said != at => Some(format!("it was to be told at {at}")),
                () if at <= segment.since => Some("its time was past when the date was told".to_owned()),
                () if now < at => Some("told too early".to_owned()),
                () if !segment.reminded.insert(lead) => Some("told twice".to_owned()),
                () => None,
            };
        });
        unknown.or(wrong)
    }

    fn of_open(&mut self, key: &Key, due: Timestamp, then: impl FnOnce(&mut Segment)) -> Option<String> {
        match self.open.get_mut(key) {
            Some(segment) if segment.due == due => {
                then(segment);
                None
            }
            Some(segment) => Some(format!("of another date than {}", segment.due)),
            None => Some("of a date that is not open".into()),
        }
    }

    fn end(&mut self, event: &Told, key: &Key, due: Timestamp, how: End) -> Option<String> {
        let wrong = self.of_open(key, due, |_| {});
        if let Some(mut segment) = self.open.remove(key) {
            segment.end = Some((event.time, how));
            self.verdict.segments.push(segment);
        }
        wrong
    }
}

/// When a reminder is to be told; `None` for a lead that is not configured.
fn reminder(due: Timestamp, lead: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (_, days, hours) = LEADS.iter().find(|(name, ..)| *name == lead)?;
    Some(days_before(due, *days, zone) - SignedDuration::from_hours(*hours))
}

/// Whether what was to be done of a date at an instant must have been: a daemon lived from then on to the end of its work,
/// and the date was not over before.
fn must(at: Timestamp, segment: &Segment, lives: &[Life]) -> bool {
    let first = lives.partition_point(|life| life.began < at);
    let over = segment.end.map_or(Timestamp::MAX, |(end, _)| end);
    lives[first..].iter().find(|life| life.settled).is_some_and(|life| life.ended < over)
}

/// What had to be told and done of a date.
fn owed(segment: &Segment, lives: &[Life], rules: &Rules<'_>, verdict: &mut Verdict) {
    let zone = (rules.zone)(&segment.account);
    let last = lives.last().map_or(Timestamp::MIN, |life| life.ended);
    let over = segment.end.map_or(last, |(end, _)| end);
    for (lead, ..) in LEADS {
        let at = reminder(segment.due, lead, &zone).unwrap();
        if at <= segment.since || at > over {
            continue;
        }
        let was_told = segment.reminded.contains(*lead);
        if must(at, segment, lives) {
            verdict.owed += 1;
            if !was_told {
                verdict.faults.push(format!("no reminder {lead} at {at}: {segment:?}"));
            }
        } else {
            verdict.owed += usize::from(was_told);
            if !was_told {
                *verdict.open_questions.entry(segment.kind.clone()).or_default() += 1;
            }
        }
    }
    let act = act_of(&segment.kind).filter(|_| (rules.is_covered)(&segment.account));
    match act.map(|days| days_before(segment.due, days, &zone).max(segment.since)) {
        Some(at) if segment.acted == 0 && must(at, segment, lives) => {
            verdict.faults.push(format!("nothing was done at {at}: {segment:?}"));
        }
        None if segment.acted > 0 => verdict.faults.push(format!("nobody asked for an act: {segment:?}")),
        _ if segment.acted > 1 => verdict.faults.push(format!("done more than once: {segment:?}")),
        _ => {}
    }
}

/// One digest for an account and a local day on which a daemon lived past the hour. One that began with the last second of
/// the day may have looked at the calendar on the next.
fn digests(told: &[Told], lives: &[Life], rules: &Rules<'_>, faults: &mut Vec<String>) {
    for account in &rules.accounts {
        let zone = (rules.zone)(account);
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let hour = |at: Timestamp| at.to_zoned(zone.clone()).hour();
        let mut counts = BTreeMap::new();
        for event in told.iter().filter(|event| event.kind == "deadline.digest" && event.account == *account) {
            *counts.entry(day(event.time)).or_insert(0) += 1;
            if hour(event.time) < DIGEST_HOUR {
                faults.push(format!("a digest of {account} too early: {}", event.time));
            }
        }
        let owes = |life: &&Life| life.settled && hour(life.began) >= DIGEST_HOUR && day(life.began) == day(life.ended);
        let days: BTreeSet<_> = lives.iter().filter(owes).map(|life| day(life.began)).collect();
        let missing = days.iter().filter(|day| !counts.contains_key(*day));
        faults.extend(missing.map(|day| format!("no digest of {account} on {day}")));
        let many = counts.iter().filter(|(_, count)| **count > 1);
        faults.extend(many.map(|(day, count)| format!("{count} digests of {account} on {day}")));
    }
}

/// What is open by the events is open in the store, and nothing else.
pub fn compare_open(segments: &[Segment], stored: BTreeSet<(String, String, String, Timestamp)>) -> Vec<String> {
    let open = segments.iter().filter(|segment| segment.end.is_none());
    let told: BTreeSet<_> = open.map(|s| (s.account.clone(), s.object.clone(), s.kind.clone(), s.due)).collect();
    let only = |these: &BTreeSet<_>, those: &BTreeSet<_>, what: &str| -> Vec<String> {
        these
            .difference(those)
            .map(|entry: &(String, String, String, Timestamp)| format!("{what}: {entry:?}"))
            .collect()
    };
    let mut faults = only(&told, &stored, "open by the events and not in the store");
    faults.extend(only(&stored, &told, "open in the store, and no event says so"));
    faults
}
