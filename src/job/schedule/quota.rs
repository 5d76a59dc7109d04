//! The daily quota of one account: points are charged in the store before a request is sent (law 6).
//!
//! Points are charged in small blocks, so that most requests need no write of their own; a crash loses what is left of
//! one block, and so ours is never below the true count. A registry's day may begin a little earlier or later than ours:
//! what is sent in the last moments of a day is charged to the next one as well, and a day after one that was used up
//! begins a little late.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::model::job::DEADLINES;
use crate::model::{Class, Job, Limits};
use crate::store::{Lease, QuotaUse, Result, Traffic};

/// Clocks may differ by this much.
pub const MARGIN: SignedDuration = SignedDuration::from_secs(90);
/// Blocks a day's quota is made of; a crash loses at most one.
const BLOCKS: u64 = 1000;
/// Largest block.
const LARGEST_BLOCK: u64 = 50;

/// Which part of the quota a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// What is not kept for others.
    Ordinary,
    /// Also what is kept for urgent jobs. Questions about lost requests belong here: billing waits for the truth.
    Urgent,
    /// Everything.
    Deadline,
}

impl Tier {
    /// The tier of a job.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        match job.class {
            // An inventory has no deadline.
            Class::Bulk => Self::Ordinary,
            _ if job.publisher == DEADLINES => Self::Deadline,
            Class::Urgent => Self::Urgent,
            Class::Normal => Self::Ordinary,
        }
    }

    /// Points of a day it may use.
    #[must_use]
    pub fn limit(self, limits: &Limits) -> u64 {
        let Some(all) = limits.quota else { return u64::MAX };
        let (urgent, deadline) = (limits.urgent_quota.of(all), limits.deadline_quota.of(all));
        all.saturating_sub(match self {
            Self::Ordinary => urgent + deadline,
            Self::Urgent => deadline,
            Self::Deadline => 0,
        })
    }
}

/// The quota of one account in one daemon.
#[derive(Debug)]
pub struct Quota {
    limits: Arc<Limits>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    day: Option<Date>,
    /// As the store has it, with what is reserved.
    used: u64,
    /// Reserved there and not handed out.
    left: u64,
    /// Ours above the registry's last word, when it was said.
    drift: Option<i64>,
    exhausted_until: Option<Timestamp>,
    /// Refusals the store does not know of yet: the day they were said on, and until when they hold.
    unwritten: Option<(Date, Timestamp)>,
    /// What is handed out now counts for the next day as well.
    ending: bool,
}

/// A point that was charged. Dropped without a word it stays charged.
#[derive(Debug)]
pub struct Charge {
    quota: Arc<Quota>,
    day: Date,
}

impl Charge {
    /// Nothing was sent: somebody else may use it.
    pub fn unused(self) {
        let mut inner = self.quota.lock();
        // At the end of a day it is not known whether the next one was charged as well.
        if inner.day == Some(self.day) && !inner.ending {
            inner.left += 1;
        }
    }
}

/// How the quota stands, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Handed out.
    pub used: u64,
    /// A day's points.
    pub limit: u64,
    /// By how much ours was above the registry's last word. Negative: it counts what we did not send, or do not know of.
    pub drift: Option<i64>,
}

impl Quota {
    /// Nothing is known yet; the first use reads the day from the store.
    #[must_use]
    pub fn new(limits: Arc<Limits>) -> Arc<Self> {
        Arc::new(Self { limits, inner: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When a request of this tier may be sent again; `None`: now, as far as is known.
    #[must_use]
    pub fn blocked_until(&self, tier: Tier, now: Timestamp) -> Option<Timestamp> {
        self.limits.quota?;
        let inner = self.lock();
        let refused = inner.exhausted_until.filter(|until| now < *until);
        let used_up = || inner.day == Some(self.limits.day(now)) && inner.room(tier, &self.limits) == 0;
        refused.or_else(|| used_up().then(|| self.limits.next_day(now)))
    }

    /// Points for these tiers, in order; as many as there are, so that the first ones get theirs. Charges a new block
    /// first where needed.
    ///
    /// # Errors
    /// The store is away, or the lease is over: then nothing may be sent.
    pub async fn take(
        self: &Arc<Self>,
        store: &dyn Traffic,
        lease: &Lease,
        tiers: &[Tier],
        now: Timestamp,
    ) -> Result<Vec<Option<Charge>>> {
        let day = self.limits.day(now);
        self.begin_day(store, lease, day, now).await?;
        self.end_day(store, lease, day, now).await?;
        let wanted = tiers.len() as u64;
        let highest = tiers.iter().max().copied().unwrap_or(Tier::Ordinary);
        let lacking = {
            let inner = self.lock();
            if inner.exhausted_until.is_some_and(|until| now < until) {
                return Ok(tiers.iter().map(|_| None).collect());
            }
            let block = (self.limits.quota.unwrap_or(u64::MAX) / BLOCKS).clamp(1, LARGEST_BLOCK);
            let lacking = wanted.saturating_sub(inner.left);
            let free = highest.limit(&self.limits).saturating_sub(inner.used);
            if lacking == 0 { 0 } else { lacking.max(block).min(free) }
        };
        if lacking > 0 {
            self.reserve(store, lease, day, lacking, now).await?;
        }
        let mut inner = self.lock();
        Ok(tiers.iter().map(|tier| inner.hand_out(*tier, &self.limits).then(|| self.charge(day))).collect())
    }

    fn charge(self: &Arc<Self>, day: Date) -> Charge {
        Charge { quota: Arc::clone(self), day }
    }

    async fn reserve(&self, store: &dyn Traffic, lease: &Lease, day: Date, points: u64, now: Timestamp) -> Result<()> {
        let charged = i64::try_from(points).unwrap_or(i64::MAX);
        let tomorrow = self.limits.day(later(now));
        if tomorrow != day {
            store.charge(lease, tomorrow, charged).await?;
        }
        let sum = store.charge(lease, day, charged).await?;
        let mut inner = self.lock();
        inner.learn(&sum);
        inner.left += points;
        Ok(())
    }

    /// What is reserved when the last moments of a day begin will be counted by the registry on that day or on the next.
    async fn end_day(&self, store: &dyn Traffic, lease: &Lease, day: Date, now: Timestamp) -> Result<()> {
        let tomorrow = self.limits.day(later(now));
        let left = {
            let inner = self.lock();
            if tomorrow == day || inner.ending { None } else { Some(inner.left) }
        };
        let Some(left) = left else { return Ok(()) };
        if left > 0 {
            store.charge(lease, tomorrow, i64::try_from(left).unwrap_or(i64::MAX)).await?;
        }
        self.lock().ending = true;
        Ok(())
    }

    /// Reads a new day. One that follows a day that was used up begins late, since the registry's may.
    async fn begin_day(&self, store: &dyn Traffic, lease: &Lease, day: Date, now: Timestamp) -> Result<()> {
        if self.lock().day == Some(day) {
            return Ok(());
        }
        let begun = store.quota(&lease.name, day).await?;
        let before = now.saturating_sub(MARGIN).unwrap_or(now);
        let yesterday = self.limits.day(before);
        let was_used_up = yesterday != day && {
            let yesterday = store.quota(&lease.name, yesterday).await?;
            yesterday.used >= Tier::Ordinary.limit(&self.limits) || yesterday.exhausted_until.is_some()
        };
        let mut inner = self.lock();
        let exhausted_until = inner.exhausted_until.filter(|until| now < *until);
        *inner = Inner { day: Some(day), exhausted_until, unwritten: inner.unwritten, ..Inner::default() };
        inner.learn(&begun);
        if was_used_up {
            let late = self.limits.next_day(before).saturating_add(MARGIN).unwrap_or(now);
            inner.exhausted_until = inner.exhausted_until.max(Some(late));
        }
        Ok(())
    }

    /// Takes in what the registry says is used, in percent.
    ///
    /// # Errors
    /// The store is away; ours has been corrected all the same.
    pub async fn heard(&self, store: &dyn Traffic, lease: &Lease, percent: u8, now: Timestamp) -> Result<()> {
        let Some(all) = self.limits.quota else { return Ok(()) };
        let at_least = all.saturating_mul(u64::from(percent.min(100))).div_ceil(100);
        let day = self.limits.day(now);
        if self.limits.day(now.saturating_sub(MARGIN).unwrap_or(now)) != day {
            // It may be about a request of the day before, or the registry's clock may be behind.
            return Ok(());
        }
        let lacking = {
            let mut inner = self.lock();
            let signed = |points: u64| i64::try_from(points).unwrap_or(i64::MAX);
            inner.drift = Some(signed(inner.handed_out()).saturating_sub(signed(at_least)));
            // Handed-out points may be on their way and not in the registry's count; reserved ones certainly are not.
            let lacking = at_least.saturating_sub(inner.handed_out());
            inner.used += lacking;
            lacking
        };
        if lacking > 0 {
            tracing::warn!(
                account = lease.name,
                lacking,
                "the registry counts more points than were charged here; does somebody else use the account?"
            );
        }
        if lacking > 0 {
            store.charge(lease, day, i64::try_from(lacking).unwrap_or(i64::MAX)).await?;
        }
        let sum = store.quota_heard(lease, day, Some(at_least), None).await?;
        self.lock().learn(&sum);
        Ok(())
    }

    /// Takes in that the registry refuses for want of quota.
    ///
    /// # Errors
    /// The store is away; the account is silent until then all the same.
    pub async fn exhausted(&self, store: &dyn Traffic, lease: &Lease, until: Timestamp, now: Timestamp) -> Result<()> {
        {
            let mut inner = self.lock();
            inner.exhausted_until = inner.exhausted_until.max(Some(until));
            inner.unwritten = Some((self.limits.day(now), until));
        }
        self.write(store, lease).await
    }

    /// Tells the store of a refusal that it does not know of yet: the next owner must know, too (law 6).
    ///
    /// # Errors
    /// The store is away; to be called again.
    pub async fn write(&self, store: &dyn Traffic, lease: &Lease) -> Result<()> {
        let Some((day, until)) = self.lock().unwritten else { return Ok(()) };
        store.quota_heard(lease, day, None, Some(until)).await?;
        let mut inner = self.lock();
        inner.unwritten = inner.unwritten.filter(|unwritten| *unwritten != (day, until));
        Ok(())
    }

    /// Gives back what was reserved and not used.
    ///
    /// # Errors
    /// The store is away, or the lease is over: they stay charged.
    pub async fn give_back(&self, store: &dyn Traffic, lease: &Lease) -> Result<()> {
        let (day, left) = {
            let mut inner = self.lock();
            (inner.day, std::mem::take(&mut inner.left))
        };
        match day {
            Some(day) if left > 0 => store.charge(lease, day, -i64::try_from(left).unwrap_or(i64::MAX)).await.map(drop),
            _ => Ok(()),
        }
    }

    /// How it stands; `None` where there is no quota.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let limit = self.limits.quota?;
        let inner = self.lock();
        let used = inner.handed_out();
        Some(Standing { used, limit, drift: inner.drift })
    }
}

impl Inner {
    fn learn(&mut self, sum: &QuotaUse) {
        self.used = self.used.max(sum.used);
        self.exhausted_until = self.exhausted_until.max(sum.exhausted_until);
    }

    /// Points a tier may still be handed.
    fn room(&self, tier: Tier, limits: &Limits) -> u64 {
        tier.limit(limits).saturating_sub(self.handed_out())
    }

    fn handed_out(&self) -> u64 {
        self.used.saturating_sub(self.left)
    }

    fn hand_out(&mut self, tier: Tier, limits: &Limits) -> bool {
        let may = self.left > 0 && self.room(tier, limits) > 0;
        self.left -= u64::from(may);
        may
    }
}

/// The moment whose day a request may be counted on, sent now.
fn later(now: Timestamp) -> Timestamp {
    now.saturating_add(MARGIN).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
