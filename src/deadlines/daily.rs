//! What is told of an account's days: a digest of what is ahead, and an alarm where dates cannot be met.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::keeper::Round;
use crate::model::deadline::{Entry, of_day};
use crate::store::{DeadlineFilter, KeptAccount, Page, StoreError};

/// How far ahead the digest looks.
const DIGEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Entries that a digest or an alarm names, and the most that are looked at.
const NAMED: usize = 50;
const MOST: u32 = 100_000;
/// Instants at which the forecast of an account is compared with its dates.
const SAMPLES: usize = 8;

impl Round<'_> {
    /// Tells the digests of accounts whose hour has come, one a day.
    pub(super) async fn tell_days(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let keeper = self.keeper;
        let Some(hour) = keeper.plans.deadlines.digest() else { return Ok(()) };
        for account in keeper.plans.zones.keys() {
            let local = now.to_zoned(keeper.plans.zone(account));
            let Some(kept) = self.kept.get_or_insert_default().get(account).cloned() else { continue };
            if local.time() < hour || kept.digest_day.is_some_and(|day| day >= local.date()) {
                continue;
            }
            let entries = self.until(account, later(now, DIGEST)).await?;
            let kept = KeptAccount { digest_day: Some(local.date()), ..kept };
            let event = of_day(account, "digest", local.date(), digest(account, &entries, now), now);
            self.note(kept, Some(event)).await?;
        }
        Ok(())
    }

    /// Says which dates cannot be met by the jobs that are prepared for them, at the rate that limits and quota allow: once a
    /// day and account.
    pub(super) async fn look_ahead(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let keeper = self.keeper;
        let ahead = SignedDuration::from_hours(24 * i64::from(keeper.plans.deadlines.risk_days));
        for account in keeper.plans.zones.keys() {
            if ahead.is_zero() || keeper.plans.deadlines.acts.is_empty() {
                continue;
            }
            let entries = self.until(account, later(now, ahead)).await?;
            let at_risk = self.at_risk(account, &entries, now).await?;
            keeper.observer.at_risk(account, at_risk.len() as u64);
            let today = now.to_zoned(keeper.plans.zone(account)).date();
            let Some(kept) = self.kept.get_or_insert_default().get(account).cloned() else { continue };
            if at_risk.is_empty() || kept.risk_day.is_some_and(|day| day >= today) {
                continue;
            }
            let event = of_day(account, "at_risk", today, risk(account, &at_risk, now), now);
            self.note(KeptAccount { risk_day: Some(today), ..kept }, Some(event)).await?;
        }
        Ok(())
    }

    /// Those of these entries whose jobs would be done after their dates. Jobs are worked in the order of the dates they belong
    /// to, as they are submitted; where the line is between two instants that were looked at, the worse is taken.
    async fn at_risk<'e>(
        &self,
        account: &str,
        entries: &'e [Entry],
        now: Timestamp,
    ) -> Result<Vec<&'e Entry>, StoreError> {
        let plans = &self.keeper.plans;
        let waits = |entry: &&Entry| entry.due > now && plans.deadlines.act(entry.kind, account).is_some();
        let waiting: Vec<&Entry> = entries.iter().filter(waits).collect();
        let new = |entry: &&&Entry| entry.job.is_none();
        let mut at_risk = Vec::new();
        for chunk in chunks(&waiting) {
            // Those up to the last of the chunk that are not submitted yet stand behind those that are.
            let upto = chunk.end;
            let more = waiting.iter().take(upto).filter(new).count() as u64;
            let done = self.keeper.desk.done_by(account, more, now).await?;
            let late = |entry: &&&Entry| done.is_none_or(|done| done > entry.due);
            at_risk.extend(waiting.get(chunk).into_iter().flatten().filter(late).copied());
        }
        Ok(at_risk)
    }

    async fn until(&self, account: &str, end: Timestamp) -> Result<Vec<Entry>, StoreError> {
        let filter = DeadlineFilter {
            account: Some(account.to_owned()),
            before: Some(end),
            limit: MOST,
            ..DeadlineFilter::default()
        };
        self.keeper.store.deadlines(&filter).await
    }

    async fn note(&mut self, kept: KeptAccount, event: Option<crate::model::Event>) -> Result<(), StoreError> {
        let page = Page { kept: vec![kept.clone()], events: event.into_iter().collect(), ..Page::default() };
        self.write(page).await?;
        self.kept.get_or_insert_default().insert(kept.account.clone(), kept);
        Ok(())
    }
}

/// Spans of places, as few as there are samples.
fn chunks(entries: &[&Entry]) -> Vec<std::ops::Range<usize>> {
    let size = entries.len().div_ceil(SAMPLES).max(1);
    (0..entries.len()).step_by(size).map(|start| start..(start + size).min(entries.len())).collect()
}

/// What a digest tells.
fn digest(account: &str, entries: &[Entry], now: Timestamp) -> Value {
    let mut kinds: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for entry in entries {
        let hours = entry.due.duration_since(now).as_hours();
        let place = [0, 24, 7 * 24].iter().position(|end| hours < *end && entry.due <= later(now, hours_of(*end)));
        if let Some(count) = kinds.entry(entry.kind.word()).or_default().get_mut(place.unwrap_or(3)) {
            *count += 1;
        }
    }
    let kinds: BTreeMap<_, _> = kinds
        .into_iter()
        .map(|(kind, [overdue, day, week, month])| {
            (kind, json!({ "overdue": overdue, "within_1d": day, "within_7d": week, "within_30d": month }))
        })
        .collect();
    json!({ "account": account, "entries": entries.len(), "kinds": kinds, "next": named(entries.iter()) })
}

/// What an alarm tells.
fn risk(account: &str, entries: &[&Entry], now: Timestamp) -> Value {
    let first = entries.first().map(|entry| entry.due);
    json!({
        "account": account,
        "entries": entries.len(),
        "first_due": first,
        "seconds_left": first.map(|first| first.as_second() - now.as_second()),
        "reason": "at the rate that limits and quota allow, the jobs prepared for these dates will not be done in time",
        "next": named(entries.iter().copied()),
    })
}

fn named<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Value> {
    entries
        .take(NAMED)
        .map(|entry| json!({ "object": entry.object.as_str(), "kind": entry.kind, "due": entry.due }))
        .collect()
}

const fn hours_of(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

fn later(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}
