//! A look at the calendar: what was heard, what is due, and what the day asks for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::act::{Order, prepared, question};
use super::book::{Book, closed};
use super::plan::Step;
use super::{Keeper, PerAccount};
use crate::model::deadline::{AtEnd, Closed, Ending, Entry, Reminder};
use crate::model::{Event, JobId, ObjectKey};
use crate::store::{DeadlineFilter, KeptAccount, Lease, Page, StoreError};

/// Words or entries dealt with in one transaction.
const AT_ONCE: u32 = 500;
/// Between two counts.
const COUNT_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Between two looks at what accounts say of themselves, and at what cannot be met.
const NOW_AND_THEN: SignedDuration = SignedDuration::from_hours(1);

/// The keeper's rounds under one lease.
pub struct Round<'a> {
    pub(super) keeper: &'a Keeper,
    pub(super) lease: &'a Lease,
    /// What was told of accounts' days; `None` before it was read.
    pub(super) kept: Option<PerAccount<KeptAccount>>,
    looked_up: Option<Timestamp>,
    counted: Option<Timestamp>,
}

impl<'a> Round<'a> {
    /// The first.
    pub fn new(keeper: &'a Keeper, lease: &'a Lease) -> Self {
        Self { keeper, lease, kept: None, looked_up: None, counted: None }
    }

    /// One round. Ends early when told to stop.
    pub async fn carry_out(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        let now = (self.keeper.now)();
        if self.kept.is_none() {
            let kept = self.keeper.store.kept_accounts().await?;
            self.kept = Some(kept.into_iter().map(|kept| (kept.account.clone(), kept)).collect());
        }
        let is_time = self.looked_up.is_none_or(|last| now.duration_since(last).abs() >= NOW_AND_THEN);
        if is_time {
            self.keeper.store.hear(&(self.keeper.own)(now)).await?;
        }
        while !stop.is_cancelled() && self.hear().await? {}
        if is_time {
            self.plan_anew(stop).await?;
        }
        while !stop.is_cancelled() && self.step().await? {}
        if is_time && !stop.is_cancelled() {
            self.look_ahead(now).await?;
            self.looked_up = Some(now);
        }
        self.tell_days(now).await?;
        self.keeper.observer.looked(now);
        self.count(now).await
    }

    /// Counts what is open, for metrics: all of it is read.
    async fn count(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.counted.is_none_or(|last| now.duration_since(last).abs() >= COUNT_EVERY) {
            self.keeper.observer.counted(&self.keeper.store.deadline_counts(now).await?, now);
            self.counted = Some(now);
        }
        Ok(())
    }

    /// Takes what was heard into the calendar; whether there may be more.
    async fn hear(&mut self) -> Result<bool, StoreError> {
        let Keeper { store, plans, now, .. } = self.keeper;
        let words = store.words(AT_ONCE).await?;
        if words.is_empty() {
            return Ok(false);
        }
        let mut objects: Vec<(String, ObjectKey)> =
            words.iter().map(|(_, word)| (word.account.clone(), word.object.clone())).collect();
        objects.sort();
        objects.dedup();
        let mut book = Book::new(plans, now(), store.open_entries(&objects).await?);
        words.iter().for_each(|(number, word)| book.hear(*number, word));
        self.write(book.into_page()).await?;
        Ok(words.len() >= AT_ONCE as usize)
    }

    /// Says and does what is due; whether there may be more.
    async fn step(&mut self) -> Result<bool, StoreError> {
        let now = (self.keeper.now)();
        let entries = self.keeper.store.ripe_entries(now, AT_ONCE).await?;
        if entries.is_empty() {
            return Ok(false);
        }
        let more = entries.len() >= AT_ONCE as usize;
        let answers = self.submit(&entries, now).await?;
        let mut page = Page::default();
        for entry in entries {
            self.turn(entry, now, &answers, &mut page);
        }
        self.write(page).await?;
        Ok(more)
    }

    /// Submits the jobs of these entries; says of each whether it was taken in. Entries that ask the same share a question.
    async fn submit(
        &self,
        entries: &[Entry],
        now: Timestamp,
    ) -> Result<BTreeMap<JobId, Result<(), String>>, StoreError> {
        let mut orders: Vec<Order> = Vec::new();
        let mut asked: BTreeMap<(&str, String), JobId> = BTreeMap::new();
        let mut shared: Vec<(JobId, JobId)> = Vec::new();
        for entry in entries {
            for (order, is_question) in self.orders(entry, now) {
                let asks = (entry.account.as_str(), format!("{} {}", order.job["operation"], order.job["params"]));
                match asked.get(&asks).filter(|_| is_question) {
                    Some(first) => shared.push((order.id, *first)),
                    None => {
                        if is_question {
                            asked.insert(asks, order.id);
                        }
                        orders.push(order);
                    }
                }
            }
        }
        if orders.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answers = self.keeper.desk.submit(&orders).await?;
        let mut answers: BTreeMap<_, _> = orders.iter().map(|order| order.id).zip(answers).collect();
        for (order, first) in shared {
            let answer = answers.get(&first).cloned().unwrap_or(Ok(()));
            answers.insert(order, answer);
        }
        Ok(answers)
    }

    /// The jobs an entry asks for now, and whether each is a question.
    fn orders(&self, entry: &Entry, now: Timestamp) -> Vec<(Order, bool)> {
        let plans = &self.keeper.plans;
        let order = |(_, step)| match step {
            Step::Act(act) if entry.job.is_none() => Some((prepared(entry, act, &plans.zone(&entry.account)), false)),
            Step::Ask(number) => question(entry, number, self.keeper.desk.asks_more(entry)).map(|order| (order, true)),
            _ => None,
        };
        plans.due(entry, now).into_iter().filter_map(order).collect()
    }

    /// Carries an entry past `now`.
    fn turn(&self, mut entry: Entry, now: Timestamp, answers: &BTreeMap<JobId, Result<(), String>>, page: &mut Page) {
        let plans = &self.keeper.plans;
        let zone = plans.zone(&entry.account);
        let steps = plans.due(&entry, now);
        let mut end = None;
        for (at, step) in steps {
            match step {
                Step::Remind(lead) => {
                    let escalation = plans.deadlines.escalation_at(lead);
                    let reminder = Reminder { lead, escalation, scheduled: at };
                    page.events.push(entry.approaching(&reminder, &zone, now));
                }
                Step::Act(act) if entry.job.is_none() => {
                    let id = prepared(&entry, act, &zone).id;
                    let event = match answers.get(&id) {
                        Some(Err(why)) => entry.act_refused(why, &zone, now),
                        _ => {
                            entry.job = Some(id);
                            entry.acting(&zone, now)
                        }
                    };
                    page.events.push(event);
                }
                Step::Act(_) => {}
                Step::Ask(_) => entry.asked += 1,
                Step::Lapse => end = Some(lapsed(&entry, now)),
            }
        }
        entry.seen_until = now;
        let event: Option<Event>;
        (entry, event) = match end {
            Some(end) => closed(entry, end, plans),
            None => {
                entry.next_at = plans.next(&entry);
                (entry, None)
            }
        };
        page.events.extend(event);
        page.entries.push(entry);
    }

    /// Works out the next steps of entries whose account has another plan than when they were last worked out.
    async fn plan_anew(&mut self, stop: &CancellationToken) -> Result<(), StoreError> {
        let Keeper { store, plans, .. } = self.keeper;
        for account in plans.zones.keys() {
            let mark = plans.mark(account);
            let known = self.kept.get_or_insert_default().get(account).cloned();
            if known.as_ref().is_some_and(|known| known.plan == mark) {
                continue;
            }
            let mut filter = DeadlineFilter { account: Some(account.clone()), limit: AT_ONCE, ..Default::default() };
            loop {
                let entries = store.deadlines(&filter).await?;
                let Some(last) = entries.last() else { break };
                filter.after = Some((last.due, last.id));
                let changed = entries.into_iter().filter_map(|mut entry| {
                    let next = plans.next(&entry);
                    (std::mem::replace(&mut entry.next_at, next) != next).then_some(entry)
                });
                let page = Page { entries: changed.collect(), ..Page::default() };
                if !page.entries.is_empty() {
                    store.keep(self.lease, &page).await?;
                }
                if stop.is_cancelled() {
                    return Ok(());
                }
            }
            let kept = KeptAccount {
                account: account.clone(),
                plan: mark,
                digest_day: known.as_ref().and_then(|known| known.digest_day),
                risk_day: known.and_then(|known| known.risk_day),
            };
            store.keep(self.lease, &Page { kept: vec![kept.clone()], ..Page::default() }).await?;
            self.kept.get_or_insert_default().insert(account.clone(), kept);
        }
        Ok(())
    }

    /// Writes a page, and has what it tells sent.
    pub(super) async fn write(&self, page: Page) -> Result<(), StoreError> {
        self.keeper.store.keep(self.lease, &page).await?;
        (self.keeper.changed)();
        Ok(())
    }
}

/// The end of an entry nobody will say more about.
fn lapsed(entry: &Entry, now: Timestamp) -> Closed {
    let (how, why) = match entry.kind.at_end() {
        AtEnd::Over => (Ending::Cleared, "it is over".to_owned()),
        AtEnd::Missed => (Ending::Missed, format!("it has passed: {}", entry.kind.harm())),
        AtEnd::AskMet | AtEnd::AskMissed => {
            let why =
                format!("it has passed, and {} questions to the registry did not show that it was met", entry.asked);
            (Ending::Missed, why)
        }
    };
    Closed { how, at: now, why }
}
