//! What was heard becomes entries. Pure: words come in the order in which they were written down.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::plan::Plans;
use crate::model::deadline::{AtEnd, Basis, Closed, DeadlineKind, Ending, Entry, Says, Word};
use crate::model::{Event, ObjectKey};
use crate::store::Page;

/// A message that was written this long before the last word about its date tells nothing new: a queue that was not read for
/// days says what has long been settled.
const STALE: SignedDuration = SignedDuration::from_hours(1);
/// Two answers may name one date differently, one to the second and one to the day. A later date that is nearer than this is
/// the same.
const SAME: SignedDuration = SignedDuration::from_hours(24);
/// A date that a rule worked out from when an answer came is a moment later than the one the registry names. An earlier date
/// that is nearer than this is the same.
const MOMENT: SignedDuration = SignedDuration::from_mins(1);

/// The open entries of some objects, and what becomes of them.
pub struct Book<'a> {
    plans: &'a Plans,
    now: Timestamp,
    open: BTreeMap<(String, ObjectKey), Vec<Kept>>,
    page: Page,
}

/// An entry, and whether it must be written.
struct Kept {
    entry: Entry,
    changed: bool,
}

impl<'a> Book<'a> {
    /// A book with these entries in it.
    #[must_use]
    pub fn new(plans: &'a Plans, now: Timestamp, open: Vec<Entry>) -> Self {
        let mut book = Self { plans, now, open: BTreeMap::new(), page: Page::default() };
        for entry in open {
            let key = (entry.account.clone(), entry.object.clone());
            book.open.entry(key).or_default().push(Kept { entry, changed: false });
        }
        book
    }

    /// What is to be written.
    #[must_use]
    pub fn into_page(mut self) -> Page {
        let open = self.open.into_values().flatten().filter(|kept| kept.changed);
        self.page.entries.extend(open.map(|kept| kept.entry));
        self.page
    }

    /// Hears a word, and notes its number as done with.
    pub fn hear(&mut self, number: i64, word: &Word) {
        self.page.heard.push(number);
        match &word.says {
            Says::Due { kind, due } => self.due(word, *kind, *due),
            Says::Moves { kind, due } => {
                if self.find(word, *kind).is_some() {
                    self.due(word, *kind, *due);
                }
            }
            Says::Met { kind, why } => self.close(word, *kind, Ending::Met, why),
            Says::Missed { kind, why } => self.close(word, *kind, Ending::Missed, why),
            Says::Passed { kind, why } => {
                if self.has_begun(word, *kind) {
                    self.close(word, *kind, Ending::Missed, why);
                }
            }
            Says::Cleared { kind, why } => self.close(word, *kind, Ending::Cleared, why),
            Says::Absent { kind } => self.absent(word, *kind),
            Says::Gone { why } => self.gone(word, why),
        }
    }

    fn due(&mut self, word: &Word, kind: DeadlineKind, due: Timestamp) {
        let due = to_the_second(due);
        let Some(known) = self.find(word, kind).map(|kept| &kept.entry) else { return self.open(word, kind, due) };
        // A list of last week must not overrule the registry.
        let is_hearsay = word.basis == Basis::Import && matches!(known.basis, Basis::Answer | Basis::Message);
        let later_by = due.duration_since(known.due);
        let is_same = -MOMENT < later_by && later_by < SAME;
        if is_old(word, known) || is_hearsay || (is_same && known.due > word.at) {
            return;
        }
        if known.due <= word.at && due > known.due {
            self.close(word, kind, Ending::Met, &format!("a later date is known: {due}"));
            self.open(word, kind, due);
        } else if due != known.due {
            self.shift(word, kind, due);
        }
    }

    fn open(&mut self, word: &Word, kind: DeadlineKind, due: Timestamp) {
        let mut entry = Entry {
            id: 0,
            account: word.account.clone(),
            object: word.object.clone(),
            kind,
            due,
            basis: word.basis,
            evidence: word.evidence.clone(),
            note: word.note.clone(),
            opened_at: self.now,
            heard_at: self.now,
            // Reminders whose time was past when the date became known are not said: the event that it is known says it all.
            seen_until: self.now,
            next_at: None,
            asked: 0,
            job: None,
            closed: None,
        };
        entry.next_at = self.plans.next(&entry);
        let event = entry.scheduled(None, &self.plans.zone(&entry.account), self.now);
        self.page.events.extend(Some(event).filter(|_| !kind.is_watch()));
        let key = (word.account.clone(), word.object.clone());
        self.open.entry(key).or_default().push(Kept { entry, changed: true });
    }

    /// Another date: everything that was said and done for the old one counts no more.
    fn shift(&mut self, word: &Word, kind: DeadlineKind, due: Timestamp) {
        let (plans, now) = (self.plans, self.now);
        let Some(kept) = self.find(word, kind) else { return };
        let entry = &mut kept.entry;
        let before = std::mem::replace(&mut entry.due, due);
        (entry.basis, entry.evidence, entry.note) = (word.basis, word.evidence.clone(), word.note.clone());
        (entry.heard_at, entry.seen_until, entry.asked, entry.job) = (now, now, 0, None);
        entry.next_at = plans.next(entry);
        kept.changed = true;
        let event = kept.entry.scheduled(Some(before), &plans.zone(&word.account), now);
        self.page.events.extend(Some(event).filter(|_| !kind.is_watch()));
    }

    /// The registry shows no such date. What was not known yet when it answered it cannot have shown.
    fn absent(&mut self, word: &Word, kind: DeadlineKind) {
        let Some(entry) = self.find(word, kind).map(|kept| &kept.entry) else { return };
        if word.at < entry.heard_at {
            return;
        }
        let has_passed = entry.due <= word.at;
        let (how, why) = match (kind.at_end(), has_passed) {
            (AtEnd::AskMet, _) => (Ending::Met, "the registry shows this date no more"),
            (AtEnd::AskMissed, true) => (Ending::Missed, "the date has passed, and the registry shows it no more"),
            (AtEnd::AskMissed, false) => (Ending::Cleared, "the registry shows this date no more"),
            (AtEnd::Missed | AtEnd::Over, _) => (Ending::Cleared, "the registry shows this date no more"),
        };
        self.close(word, kind, how, why);
    }

    fn gone(&mut self, word: &Word, why: &str) {
        let open = self.open.get(&(word.account.clone(), word.object.clone())).into_iter().flatten();
        let open: Vec<_> = open.map(|kept| (kept.entry.kind, kept.entry.due)).collect();
        for (kind, due) in open {
            let is_harm = matches!(kind.at_end(), AtEnd::AskMet | AtEnd::AskMissed) && due <= word.at;
            self.close(word, kind, if is_harm { Ending::Missed } else { Ending::Cleared }, why);
        }
    }

    fn close(&mut self, word: &Word, kind: DeadlineKind, how: Ending, why: &str) {
        let why = format!("{why} ({})", word.evidence);
        let key = (word.account.clone(), word.object.clone());
        let Some(open) = self.open.get_mut(&key) else { return };
        let is_meant = |kept: &Kept| kept.entry.kind == kind && !is_old(word, &kept.entry);
        let Some(place) = open.iter().position(is_meant) else { return };
        let entry = open.swap_remove(place).entry;
        let (entry, event) = closed(entry, Closed { how, at: self.now, why }, self.plans);
        self.page.events.extend(event);
        self.page.entries.push(entry);
    }

    /// Whether the date of a kind has passed, or the one with which its time begins: a registry may be early.
    fn has_begun(&mut self, word: &Word, kind: DeadlineKind) -> bool {
        let is_ahead = |kept: &mut Kept| kept.entry.due > word.at;
        match (self.find(word, kind).map(is_ahead), kind.begins_with()) {
            (Some(true), Some(before)) => !self.find(word, before).is_some_and(is_ahead),
            (is_ahead, _) => is_ahead == Some(false),
        }
    }

    fn find(&mut self, word: &Word, kind: DeadlineKind) -> Option<&mut Kept> {
        let open = self.open.get_mut(&(word.account.clone(), word.object.clone()))?;
        open.iter_mut().find(|kept| kept.entry.kind == kind)
    }
}

/// Whether a message tells of a time before what is known. A list from a file says when it was read, not when it was true.
fn is_old(word: &Word, known: &Entry) -> bool {
    let is_settled = known.basis != Basis::Import && word.at < earlier(known.heard_at, STALE);
    word.basis == Basis::Message && is_settled
}

/// An entry at its end, with the event that says so.
#[must_use]
pub fn closed(mut entry: Entry, how: Closed, plans: &Plans) -> (Entry, Option<Event>) {
    entry.next_at = None;
    entry.closed = Some(how);
    let event = entry.ended(&plans.zone(&entry.account));
    (entry, event)
}

/// Registries name dates to the second, and the store keeps microseconds: what a rule worked out from an instant must be the
/// same date wherever it is written.
fn to_the_second(due: Timestamp) -> Timestamp {
    Timestamp::from_second(due.as_second()).unwrap_or(due)
}

fn earlier(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_sub(span).unwrap_or(Timestamp::MIN)
}
