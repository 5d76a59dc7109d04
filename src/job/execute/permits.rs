//! Who may use which part of the limits, and waiting for it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Account;
use crate::job::outcome::AccountEffect;
use crate::job::schedule::permit::Permit;
use crate::job::schedule::quota::{Charge, Tier};
use crate::model::verdict::{Judgement, QuotaWord};
use crate::model::{Class, Job, Limits, Operation, State, Verdict};

/// Of a window one slot in so many is kept free for LOGOUTs, at most one for each session, so that a daemon told to stop
/// with a full window need not choose between the limit and a session left behind.
const LOGOUTS_ONE_IN: u32 = 400;

/// Which part of the window a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Logout,
    /// What is not kept for LOGOUTs.
    Urgent,
    /// What is not kept for anybody.
    Ordinary,
}

impl Part {
    /// The part of a job.
    #[must_use]
    pub const fn of(job: &Job) -> Self {
        match job.class {
            Class::Urgent => Self::Urgent,
            Class::Normal | Class::Bulk => Self::Ordinary,
        }
    }

    /// Slots of a window it may use for what is sent now.
    #[must_use]
    pub fn capacity(self, limits: &Limits, now: Timestamp) -> u32 {
        let all = limits.requests_now(now);
        let logouts = u32::try_from(limits.sessions).unwrap_or(u32::MAX).min(all / LOGOUTS_ONE_IN);
        let urgent = u32::try_from(limits.urgent_requests.of(all.into())).unwrap_or(all);
        let kept = match self {
            Self::Logout => 0,
            Self::Urgent => logouts,
            Self::Ordinary => logouts + urgent,
        };
        all.saturating_sub(kept).max(all.min(1))
    }
}

/// What a question about a job in this state may use: billing waits for the truth about a doubt; an order the registry
/// works on ends some day by itself.
#[must_use]
pub const fn question_parts(state: State) -> (Part, Tier) {
    match state {
        State::Pending => (Part::Ordinary, Tier::Ordinary),
        _ => (Part::Urgent, Tier::Urgent),
    }
}

/// What a permit is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    part: Part,
    /// Which part of the quota, if it costs a point.
    points: Option<Tier>,
}

impl Need {
    /// Something that belongs to the session and costs no point.
    #[must_use]
    pub const fn session(part: Part) -> Self {
        Self { part, points: None }
    }
}

impl Account {
    /// A request of an operation for a job.
    #[must_use]
    pub fn need(&self, part: Part, tier: Tier, operation: Operation) -> Need {
        Need { part, points: (self.limits.cost(operation) > 0).then_some(tier) }
    }

    /// Slots of a window that may be used now.
    #[must_use]
    pub fn capacity(&self, now: Timestamp, part: Part) -> u32 {
        part.capacity(&self.limits, now)
    }

    /// Waits for a permit for something that is not a job's claim (login, question, keep-alive, logout), at most
    /// `patience`. For a point of the quota nobody waits: there are none before tomorrow.
    pub async fn permit(&self, patience: Duration, need: Need) -> Option<Permit> {
        let deadline = Instant::now() + patience;
        loop {
            match self.try_permit(need).await {
                Ok(Some(permit)) => return Some(permit),
                Ok(None) => {}
                Err(Unavailable) => return None,
            }
            let next = self.throttle.next_return().unwrap_or(deadline).min(deadline);
            if Instant::now() >= deadline {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.throttle.freed.notified() => {}
            }
        }
    }

    async fn try_permit(&self, need: Need) -> Result<Option<Permit>, Unavailable> {
        let now = self.clock.now();
        let capacity = self.capacity(now, need.part);
        let slot = match self.throttle.take(&*self.store, &self.lease, 1, capacity, now).await {
            Ok(mut slots) => slots.pop(),
            Err(error) => {
                tracing::warn!(account = self.name, "no send can be reserved: {error}");
                return Err(Unavailable);
            }
        };
        let Some(slot) = slot else { return Ok(None) };
        match self.point(need, now).await {
            Ok(charge) => Ok(Some(Permit::new(slot, charge))),
            Err(unavailable) => {
                slot.unused();
                Err(unavailable)
            }
        }
    }

    async fn point(&self, need: Need, now: Timestamp) -> Result<Option<Charge>, Unavailable> {
        let Some(tier) = need.points else { return Ok(None) };
        match self.quota.take(&*self.store, &self.lease, &[tier], now).await {
            Ok(mut charges) => charges.pop().flatten().map(Some).ok_or(Unavailable),
            Err(error) => {
                tracing::warn!(account = self.name, "no point of the quota can be charged: {error}");
                Err(Unavailable)
            }
        }
    }

    /// Takes in what an answer says of the quota.
    pub async fn hear_quota(&self, judgement: &Judgement) {
        let Some(QuotaWord::Used(percent)) = judgement.quota else { return };
        tracing::warn!(account = self.name, percent, "the registry says how much of the daily quota is used");
        if let Err(error) = self.quota.heard(&*self.store, &self.lease, percent, self.clock.now()).await {
            tracing::warn!(account = self.name, "what the registry said of the quota could not be noted: {error}");
        }
    }
}

impl Account {
    /// Counts a refusal against the account's budget; after the last one allowed it is silent.
    pub async fn count_refusal(&self, judgement: &Judgement) {
        if !matches!(judgement.verdict, Verdict::Refused(_) | Verdict::RefusedUnlessLost(_)) {
            return;
        }
        match self.budgets.refused(&*self.store, &self.lease, self.clock.now()).await {
            Ok(None) => {}
            Ok(Some(until)) => {
                let why = "the budget of refused requests is used up (limits.errors)".to_owned();
                self.affect(AccountEffect::CoolDown(until, why)).await;
            }
            Err(error) => tracing::warn!(account = self.name, "a refusal could not be counted: {error}"),
        }
    }
}

/// Waiting would not help.
struct Unavailable;
