//! Its calendar: entries that tests put in, and the words they have written.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Fake;
use crate::model::ObjectKey;
use crate::model::deadline::{Entry, Word};
use crate::store::*;

#[async_trait]
impl Calendar for Fake {
    async fn hear(&self, words: &[Word]) -> Result<()> {
        self.words.lock().unwrap().extend_from_slice(words);
        Ok(())
    }
    async fn words(&self, limit: u32) -> Result<Vec<(i64, Word)>> {
        Ok((1..).zip(self.words.lock().unwrap().iter().take(limit as usize).cloned()).collect())
    }
    async fn open_entries(&self, objects: &[(String, ObjectKey)]) -> Result<Vec<Entry>> {
        let is_meant = |entry: &&Entry| {
            let of = |(account, object): &(String, ObjectKey)| *account == entry.account && *object == entry.object;
            entry.closed.is_none() && objects.iter().any(of)
        };
        Ok(self.entries.lock().unwrap().iter().filter(is_meant).cloned().collect())
    }
    async fn ripe_entries(&self, _: Timestamp, _: u32) -> Result<Vec<Entry>> {
        unreachable!("these tests have no use for it")
    }
    async fn keep(&self, _: &Lease, _: &Page) -> Result<()> {
        unreachable!("these tests have no use for it")
    }
    async fn deadlines(&self, filter: &DeadlineFilter) -> Result<Vec<Entry>> {
        let is_meant = |entry: &&Entry| {
            filter.id.is_none_or(|id| id == entry.id)
                && (filter.closed || entry.closed.is_none())
                && filter.account.as_ref().is_none_or(|account| *account == entry.account)
                && filter.object.as_ref().is_none_or(|object| object == entry.object.as_str())
                && (filter.kinds.is_empty() || filter.kinds.contains(&entry.kind))
                && filter.before.is_none_or(|before| entry.due < before)
                && filter.after.is_none_or(|after| (entry.due, entry.id) > after)
        };
        let mut entries: Vec<_> = self.entries.lock().unwrap().iter().filter(is_meant).cloned().collect();
        entries.sort_by_key(|entry| (entry.due, entry.id));
        entries.truncate(filter.limit as usize);
        Ok(entries)
    }
    async fn deadline_counts(&self, _: Timestamp) -> Result<Vec<DeadlineCount>> {
        unreachable!("these tests have no use for it")
    }
    async fn kept_accounts(&self) -> Result<Vec<KeptAccount>> {
        unreachable!("these tests have no use for it")
    }
    async fn known_domains(&self, account: &str, after: &str, limit: u32) -> Result<Vec<String>> {
        let entries = self.entries.lock().unwrap();
        let of_account = entries.iter().filter(|entry| entry.account == account);
        let names: BTreeSet<_> = of_account.filter_map(|entry| entry.object.as_str().strip_prefix("domain:")).collect();
        let later = names.into_iter().filter(|name| *name > after);
        Ok(later.take(limit as usize).map(str::to_owned).collect())
    }
}
