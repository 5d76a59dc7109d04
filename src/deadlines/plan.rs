//! What is said and done of an entry, and when. Pure.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::config::{Act, Deadlines};
use crate::model::civil::Lead;
use crate::model::deadline::{AtEnd, Entry};

/// After a date has passed without news the registry is asked this much later, each time if need be: a release or an automatic
/// renewal may come with the registry's next night run.
pub const QUESTIONS: &[SignedDuration] = &[
    SignedDuration::from_mins(5),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(72),
];
/// When nothing is to be expected of further questions.
pub const PATIENCE: SignedDuration = SignedDuration::from_hours(96);

/// How long a question may take, if it comes so late that there is no other step after it.
pub const ANSWER: SignedDuration = SignedDuration::from_hours(1);

/// The least step of the calendar: an act whose time was past when its date became known is due right after that.
const AT_ONCE: SignedDuration = SignedDuration::from_micros(1);

/// Something to say or to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'a> {
    /// A reminder.
    Remind(Lead),
    /// A prepared job.
    Act(&'a Act),
    /// A question to the registry, the first being 1.
    Ask(u32),
    /// It is past, and nobody will say more about it.
    Lapse,
}

/// The plans of all accounts.
#[derive(Debug)]
pub struct Plans {
    /// The configuration.
    pub deadlines: Deadlines,
    /// The time zones of accounts; of one that is not configured any more, UTC.
    pub zones: BTreeMap<String, TimeZone>,
}

impl Plans {
    /// The time zone of an account.
    #[must_use]
    pub fn zone(&self, account: &str) -> TimeZone {
        self.zones.get(account).cloned().unwrap_or(TimeZone::UTC)
    }

    /// What an account's next steps depend on besides its entries: if it changes, they are worked out anew.
    #[must_use]
    pub fn mark(&self, account: &str) -> String {
        let Deadlines { leads, kinds, acts, .. } = &self.deadlines;
        let kinds: Vec<_> = kinds.iter().map(|(kind, own)| (kind, &own.leads)).collect();
        let zone = self.zone(account);
        let text = format!("{leads:?} {kinds:?} {acts:?} {:?}", zone.iana_name());
        Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Everything there is to say and to do of an open entry, by time.
    #[must_use]
    pub fn steps(&self, entry: &Entry) -> Vec<(Timestamp, Step<'_>)> {
        let zone = self.zone(&entry.account);
        let mut steps: Vec<(Timestamp, Step<'_>)> = Vec::new();
        let leads = self.deadlines.leads_of(entry.kind);
        steps.extend(leads.iter().map(|lead| (lead.before(entry.due, &zone), Step::Remind(*lead))));
        if let Some(act) = self.deadlines.act(entry.kind, &entry.account) {
            let soonest = later(entry.heard_at, AT_ONCE);
            steps.push((act.before.before(entry.due, &zone).max(soonest), Step::Act(act)));
        }
        // What was past when it was heard of gets its questions from then on.
        let passed = entry.due.max(entry.heard_at);
        match entry.kind.at_end() {
            AtEnd::AskMet | AtEnd::AskMissed => {
                let asks = QUESTIONS.iter().zip(1..).map(|(after, number)| (later(passed, *after), Step::Ask(number)));
                steps.extend(asks);
                steps.push((later(passed, PATIENCE), Step::Lapse));
            }
            AtEnd::Missed | AtEnd::Over => steps.push((later(passed, AT_ONCE), Step::Lapse)),
        }
        steps.sort_by_key(|(at, _)| *at);
        steps
    }

    /// When there is something to say or to do next. A question that was asked after the time of all steps can be answered
    /// before the entry lapses.
    #[must_use]
    pub fn next(&self, entry: &Entry) -> Option<Timestamp> {
        let next = self.steps(entry).into_iter().map(|(at, _)| at).find(|at| *at > entry.seen_until);
        next.or_else(|| Some(later(entry.seen_until, ANSWER)))
    }

    /// What is to be said and done of an entry now, in order.
    #[must_use]
    pub fn due(&self, entry: &Entry, now: Timestamp) -> Vec<(Timestamp, Step<'_>)> {
        let mut steps = self.steps(entry);
        steps.retain(|(at, step)| *at <= now && (*at > entry.seen_until || *step == Step::Lapse));
        // Nobody knows before it was asked: nobody may have looked for days.
        if steps.iter().any(|(_, step)| matches!(step, Step::Ask(_))) {
            steps.retain(|(_, step)| *step != Step::Lapse);
        }
        // Of several questions that have become due while nobody looked one is enough.
        let last = steps.iter().rposition(|(_, step)| matches!(step, Step::Ask(_)));
        let mut place = 0..;
        steps.retain(|(_, step)| {
            let place = place.next();
            !matches!(step, Step::Ask(_)) || place == last
        });
        steps
    }
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
