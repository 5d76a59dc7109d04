//! The events of the calendar. Each is known by what it tells of, so that it is the same event however often it is made.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Entry;
use crate::model::civil::Lead;
use crate::model::event::{Event, EventId, envelope};

/// A reminder of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Reminder<'a> {
    /// How long before the date it was to be said.
    pub lead: Lead,
    /// Who has to look, by the configuration: `notice`, `warning`, `critical`.
    pub escalation: &'a str,
    /// When it was to be said; it may be later now.
    pub scheduled: Timestamp,
}

impl Entry {
    /// `deadline.scheduled`: a new date, or another one than was known.
    #[must_use]
    pub fn scheduled(&self, moved_from: Option<Timestamp>, zone: &TimeZone, now: Timestamp) -> Event {
        let mut data = self.told(zone, now);
        if let Some(before) = moved_from {
            data["moved_from"] = json!(before);
        }
        self.event("scheduled", &[&micros(self.heard_at)], data, now)
    }

    /// `deadline.approaching`: a reminder.
    #[must_use]
    pub fn approaching(&self, reminder: &Reminder<'_>, zone: &TimeZone, now: Timestamp) -> Event {
        let mut data = self.told(zone, now);
        data["lead"] = json!(reminder.lead.to_string());
        data["escalation"] = json!(reminder.escalation);
        data["scheduled"] = json!(reminder.scheduled);
        self.event("approaching", &[reminder.lead.to_string().as_bytes()], data, now)
    }

    /// `deadline.acting`: a job was submitted because of it.
    #[must_use]
    pub fn acting(&self, zone: &TimeZone, now: Timestamp) -> Event {
        let job = self.job.map(|job| job.to_string()).unwrap_or_default();
        self.event("acting", &[job.as_bytes()], self.told(zone, now), now)
    }

    /// `deadline.act_refused`: the job that was to be submitted because of it breaks a rule.
    #[must_use]
    pub fn act_refused(&self, why: &str, zone: &TimeZone, now: Timestamp) -> Event {
        let mut data = self.told(zone, now);
        data["reason"] = json!(why);
        self.event("act_refused", &[], data, now)
    }

    /// `deadline.met`, `.missed` or `.cleared`; `None` while it is open.
    #[must_use]
    pub fn ended(&self, zone: &TimeZone) -> Option<Event> {
        let closed = self.closed.as_ref()?;
        let mut data = self.told(zone, closed.at);
        data["reason"] = json!(closed.why);
        Some(self.event(closed.how.word(), &[], data, closed.at))
    }

    /// What an event tells of it.
    fn told(&self, zone: &TimeZone, now: Timestamp) -> Value {
        let mut data = json!({
            "account": self.account,
            "object": self.object.as_str(),
            "kind": self.kind,
            "title": self.kind.title(),
            "harm": self.kind.harm(),
            "due": self.due,
            "due_local": self.due.to_zoned(zone.clone()).to_string(),
            "seconds_left": self.due.as_second() - now.as_second(),
            "basis": self.basis,
            "evidence": self.evidence,
        });
        if !self.note.is_empty() {
            data["note"] = json!(self.note);
        }
        if let Some(job) = self.job {
            data["job"] = json!(job);
        }
        data
    }

    /// An entry is known by when it was opened, and what is said of it by its date: one that moves is reminded of anew.
    fn event(&self, happening: &str, more: &[&[u8]], data: Value, now: Timestamp) -> Event {
        let (account, object, kind) = (self.account.as_bytes(), self.object.as_str().as_bytes(), self.kind.word());
        let (opened, due) = (micros(self.opened_at), micros(self.due));
        let mut parts: Vec<&[u8]> = vec![b"deadline", happening.as_bytes(), account, object, kind.as_bytes()];
        parts.extend([&opened[..], &due[..]]);
        parts.extend(more);
        of_calendar(
            EventId::of(&parts),
            &self.account,
            &format!("deadline.{happening}"),
            self.object.as_str(),
            data,
            now,
        )
    }
}

/// An event of the calendar that is about no single entry: `deadline.digest`, `deadline.at_risk`. There is one for an account
/// and a day.
#[must_use]
pub fn of_day(account: &str, happening: &str, day: jiff::civil::Date, data: Value, now: Timestamp) -> Event {
    let kind = format!("deadline.{happening}");
    let id = EventId::of(&[kind.as_bytes(), account.as_bytes(), day.to_string().as_bytes()]);
    of_calendar(id, account, &kind, account, data, now)
}

fn of_calendar(id: EventId, account: &str, kind: &str, subject: &str, data: Value, now: Timestamp) -> Event {
    Event {
        body: envelope(id, kind, subject, now, data),
        id,
        kind: kind.to_owned(),
        account: account.to_owned(),
        job: None,
        time: now,
        is_final: false,
        reply_to: None,
        correlation_id: None,
    }
}

fn micros(at: Timestamp) -> [u8; 8] {
    at.as_microsecond().to_be_bytes()
}
