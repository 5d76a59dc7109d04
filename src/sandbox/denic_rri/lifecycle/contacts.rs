//! Contacts that nothing refers to are deleted after a while, and their accounts are told, many in one message.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::super::super::clock::Clock;
use super::super::notice::Notice;
use super::super::state::{Contact, State};
use super::Subject;

/// Months a contact is kept that no domain ever used.
const UNUSED_MONTHS: i64 = 6;
/// Full calendar years a contact is kept after its last use.
const USED_YEARS: i16 = 6;
/// The local hour at which contacts are deleted; the registry's is not known.
const HOUR: i8 = 4;
/// Most handles in one message.
const MOST_HANDLES: usize = 100;

impl State {
    /// Enters the date on which a contact will be deleted unless a domain uses it before.
    pub(in super::super) fn schedule_contact(&mut self, handle: &str) {
        let date = self.contacts.get(handle).and_then(|contact| self.retirement(contact));
        let coming = date.filter(|date| *date > self.swept);
        self.calendar.extend(coming.map(|date| (date, Subject::Contact(handle.to_owned()))));
    }

    /// Deletes a contact whose time has come and with it all others of the same instant. Says how many.
    pub(super) fn retire(&mut self, handle: String, now: Timestamp, clock: &Clock) -> usize {
        let mut handles = vec![handle];
        while let Some((date, Subject::Contact(_))) = self.calendar.first()
            && *date == now
        {
            if let Some((_, Subject::Contact(handle))) = self.calendar.pop_first() {
                handles.push(handle);
            }
        }
        let mut gone: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for handle in handles {
            // It may have been used since.
            let is_due = |contact: &Contact| self.retirement(contact) == Some(now);
            if self.contacts.get(&handle).is_some_and(is_due)
                && let Some(contact) = self.contacts.remove(&handle)
            {
                gone.entry(contact.account).or_default().push(handle);
            }
        }
        for (account, handles) in &gone {
            for handles in handles.chunks(MOST_HANDLES) {
                let notice = Notice { handles: handles.to_vec(), ..Notice::new("contactDelete") };
                self.tell(account, notice, now, clock);
            }
        }
        gone.values().map(Vec::len).sum()
    }

    /// When a contact is deleted: on the day after six months if it was never used, else on the first of January after
    /// six full calendar years.
    fn retirement(&self, contact: &Contact) -> Option<Timestamp> {
        let since = contact.unreferenced_since?.to_zoned(self.zone.clone()).date();
        let day = if contact.was_used {
            Date::new(since.year().checked_add(USED_YEARS + 1)?, 1, 1).ok()?
        } else {
            since.checked_add(UNUSED_MONTHS.months().days(1)).ok()?
        };
        Some(day.at(HOUR, 0, 0, 0).to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}
