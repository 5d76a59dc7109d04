//! Budgets: so many logins, so many refusals within a time. Counted in the store by the minute (law 6).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::Limits;
use crate::model::limits::Budget;
use crate::store::{BudgetKind, Lease, Result, Traffic};

/// What is read back from the store is exact to this.
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// The budgets of one account in one daemon.
#[derive(Debug)]
pub struct Budgets {
    logins: Option<Tally>,
    errors: Option<Tally>,
}

#[derive(Debug)]
struct Tally {
    kind: BudgetKind,
    budget: Budget,
    /// When each one that counts stops counting, ascending, with how many.
    noted: Mutex<VecDeque<(Timestamp, u32)>>,
}

impl Budgets {
    /// Rebuilds the budgets from the store; a minute counts to its end.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn rebuild(store: &dyn Traffic, account: &str, limits: &Limits, now: Timestamp) -> Result<Self> {
        let mut tallies = [None, None];
        for (tally, (kind, budget)) in
            tallies.iter_mut().zip([(BudgetKind::Logins, limits.logins), (BudgetKind::Errors, limits.errors)])
        {
            let Some(budget) = budget else { continue };
            let since = now.saturating_sub(signed(budget.within)).unwrap_or(Timestamp::MIN);
            let noted = store.noted(account, kind, since).await?;
            let ends = |(minute, count): (Timestamp, u32)| {
                (end(minute, budget).saturating_add(MINUTE).unwrap_or(minute), count)
            };
            *tally = Some(Tally { kind, budget, noted: Mutex::new(noted.into_iter().map(ends).collect()) });
        }
        let [logins, errors] = tallies;
        Ok(Self { logins, errors })
    }

    /// Counts a login before it is tried, or says when one may be tried again.
    ///
    /// # Errors
    /// The store is away, or the lease is over: then none may be tried.
    pub async fn log_in(
        &self,
        store: &dyn Traffic,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Timestamp>> {
        let Some(tally) = &self.logins else { return Ok(Ok(())) };
        if let Some(until) = tally.used_up(now) {
            return Ok(Err(until));
        }
        tally.note(store, lease, now).await?;
        Ok(Ok(()))
    }

    /// Counts a refusal; if it was the last one allowed, returns when the account may send again.
    ///
    /// # Errors
    /// The store is away; it was counted all the same.
    pub async fn refused(&self, store: &dyn Traffic, lease: &Lease, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(tally) = &self.errors else { return Ok(None) };
        let noted = tally.note(store, lease, now).await;
        let until = tally.used_up(now);
        match (until, noted) {
            (Some(until), _) => Ok(Some(until)),
            (None, noted) => noted.map(|()| None),
        }
    }
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(Timestamp, u32)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn note(&self, store: &dyn Traffic, lease: &Lease, now: Timestamp) -> Result<()> {
        self.lock().push_back((end(now, self.budget), 1));
        store.note(lease, self.kind, now, 1).await
    }

    /// When there is room again, if there is none.
    fn used_up(&self, now: Timestamp) -> Option<Timestamp> {
        let mut noted = self.lock();
        while noted.front().is_some_and(|(end, _)| *end <= now) {
            noted.pop_front();
        }
        let used: u64 = noted.iter().map(|(_, count)| u64::from(*count)).sum();
        let mut over = (used + 1).saturating_sub(u64::from(self.budget.count));
        noted
            .iter()
            .find(|(_, count)| {
                let gone = u64::from(*count) >= over;
                over = over.saturating_sub(u64::from(*count));
                gone
            })
            .filter(|_| used >= u64::from(self.budget.count))
            .map(|(end, _)| *end)
    }
}

fn end(at: Timestamp, budget: Budget) -> Timestamp {
    at.saturating_add(signed(budget.within)).unwrap_or(Timestamp::MAX)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
