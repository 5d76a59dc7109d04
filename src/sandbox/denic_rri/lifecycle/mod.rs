//! What time does: a calendar of everything that is due, and what happens then, one file for each part of a life.
//!
//! Everything happens at its own instant, however far and in however many steps the clock moves: a date fires when it
//! is swept over, if it is still a date of its object by then, and what it sets off is put into the same calendar.
//! Spans of days are 24 hours each; what names an hour or a month follows German local time.

mod authinfo;
mod contacts;
mod dispute;
mod failed;
mod purge;
mod redemption;
pub(super) mod verification;

use jiff::{SignedDuration, Timestamp};

use super::super::clock::{Clock, later};
use super::DenicOptions;
use super::notice::Notice;
use super::state::{Domain, State};

pub(super) use dispute::DISPUTE_DAYS;
pub(super) use failed::expiry;
pub(super) use redemption::release;

/// What a date of the calendar is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// A domain, by ACE form.
    Domain(String),
    /// A contact, by handle.
    Contact(String),
}

/// One thing that time does to a domain.
struct Fate {
    /// When, as the domain stands now.
    date: fn(&Domain, &DenicOptions) -> Option<Timestamp>,
    /// Does it, at that instant.
    happen: fn(&mut State, &str, Timestamp, &Clock),
}

/// Everything that time does to a domain. Of what is due at one instant the first here happens first; nothing happens
/// to a domain that is gone.
const FATES: &[&Fate] = &[
    &redemption::RELEASE,
    &verification::DELETION,
    &failed::EXPIRY,
    &verification::DEDELEGATION,
    &verification::OUTCOME,
    &failed::WARNING,
    &authinfo::LETTER,
    &authinfo::FIRST,
    &authinfo::SECOND,
    &dispute::END,
];

impl State {
    /// Enters all coming dates of a domain into the calendar. Those that have passed do not come again.
    pub(super) fn schedule(&mut self, ace: &str) {
        let Some(domain) = self.domains.get_mut(ace) else { return };
        verification::expect_outcome(domain, &self.options);
        let purged = |deadline| purge::after(self.options.environment, self.seed, ace, deadline, &self.zone);
        domain.purge = domain.deletion.map(purged);
        let dates = FATES.iter().filter_map(|fate| (fate.date)(domain, &self.options));
        let coming = dates.filter(|date| *date > self.swept);
        self.calendar.extend(coming.map(|date| (date, Subject::Domain(ace.to_owned()))));
    }

    /// Lets everything happen that is due, in order, and says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp, clock: &Clock) -> usize {
        let mut happened = 0;
        while self.calendar.first().is_some_and(|(date, _)| *date <= now) {
            let Some((date, subject)) = self.calendar.pop_first() else { break };
            self.swept = date;
            happened += match subject {
                Subject::Domain(ace) => self.due(&ace, date, clock),
                Subject::Contact(handle) => self.retire(handle, date, clock),
            };
        }
        self.swept = self.swept.max(now);
        happened
    }

    fn due(&mut self, ace: &str, now: Timestamp, clock: &Clock) -> usize {
        let mut happened = 0;
        for fate in FATES {
            let Some(domain) = self.domains.get(ace) else { break };
            // A date may have been moved or lifted since it was entered.
            if (fate.date)(domain, &self.options) == Some(now) {
                (fate.happen)(self, ace, now, clock);
                happened += 1;
            }
        }
        self.schedule(ace);
        happened
    }

    /// Tells the account of a domain something about it.
    fn tell_of(&mut self, ace: &str, notice: Notice, now: Timestamp, clock: &Clock) {
        let Some(account) = self.domains.get(ace).map(|domain| domain.account.clone()) else { return };
        self.tell(&account, Notice { domain: Some(ace.to_owned()), ..notice }, now, clock);
    }
}

/// An instant so many days later.
fn days_later(at: Timestamp, days: i64) -> Timestamp {
    later(at, SignedDuration::from_hours(24 * days))
}

#[cfg(test)]
mod tests;
