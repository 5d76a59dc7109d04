//! Claims for one owned account: as much as may be sent now, and no more (law 7).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::execute::{Account, Staff, Work};
use super::rescue::rescue;
use crate::model::{Cause, Job, JobId};
use crate::registries::Prepared;
use crate::store::{Result, Start, StoreError};

/// Most jobs looked at in one round.
const LARGEST_CLAIM: usize = 500;
/// How often the account's standing is read, blocks are noted and abandoned jobs are looked for.
const UPKEEP: Duration = Duration::from_secs(2);

/// Why a round ended without a result.
enum Trouble {
    /// Nothing was changed; look again later.
    Look(StoreError),
    /// A claim may or may not have been committed: jobs may be running in the store that nobody here works on. Only a new
    /// lease, under whose higher fence they count as abandoned, finds them.
    LostTrack(StoreError),
    /// A desk broke.
    Collapsed,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Look(error)
    }
}

type Round<T> = std::result::Result<T, Trouble>;

/// Works an account until told to stop, until its lease is gone, or until it lost track of what it claimed. `poll` is the
/// longest time between two looks.
pub(super) async fn work(account: Arc<Account>, poll: Duration, stop_within: Duration, stop: CancellationToken) {
    let staff = Staff::hire(Arc::clone(&account));
    let mut worker = Worker { account: &account, staff, upkeep_at: Instant::now() };
    let mut failures = 0;
    while !stop.is_cancelled() {
        let pause = match worker.round().await {
            Ok(pause) => {
                failures = 0;
                pause.min(poll)
            }
            Err(Trouble::Look(StoreError::Fenced(name)) | Trouble::LostTrack(StoreError::Fenced(name))) => {
                tracing::warn!(account = name, "another daemon owns this account now");
                break;
            }
            Err(Trouble::Look(error)) => {
                failures += 1;
                tracing::warn!(account = account.name, "cannot look for work: {error}");
                account.policy.connect.wait(failures - 1, rand::random())
            }
            Err(Trouble::LostTrack(error)) => {
                tracing::warn!(account = account.name, "a claim may be half done, beginning anew: {error}");
                break;
            }
            Err(Trouble::Collapsed) => {
                tracing::error!(account = account.name, "a session's task broke, beginning anew");
                break;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = account.hint.notified() => {}
            () = account.throttle.freed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    worker.staff.dismiss(stop_within).await;
    if let Err(error) = account.throttle.note_closed(&*account.store).await {
        tracing::warn!(account = account.name, "used sends could not be noted (they count as sent now): {error}");
    }
}

struct Worker<'a> {
    account: &'a Account,
    staff: Staff,
    upkeep_at: Instant,
}

impl Worker<'_> {
    /// One look at the store; returns how long nothing can happen unless somebody hints.
    async fn round(&mut self) -> Round<Duration> {
        if Instant::now() >= self.upkeep_at {
            self.upkeep().await?;
        }
        let now = Timestamp::now();
        if self.account.standing.is_suspended() {
            return Ok(UPKEEP);
        }
        if let Some(left) = self.account.standing.quiet_for() {
            return Ok(left.min(UPKEEP));
        }
        let room = self.staff.room();
        let (open, _) = self.staff.sessions();
        if room == 0 && open > 0 {
            return Ok(UPKEEP);
        }
        let asked = self.ask(room, now).await?;
        self.claim(room.saturating_sub(asked), now).await
    }

    /// What need not be done at every look.
    async fn upkeep(&mut self) -> Round<()> {
        self.upkeep_at = Instant::now() + UPKEEP;
        if self.staff.has_collapsed() {
            return Err(Trouble::Collapsed);
        }
        self.account.look_up_standing().await?;
        let rescued = rescue(self.account).await?;
        if rescued > 0 {
            tracing::warn!(account = self.account.name, rescued, "jobs of an owner that died were rescued");
        }
        self.account.throttle.note_closed(&*self.account.store).await?;
        let limit = self.account.registry.requests_per_window(Timestamp::now());
        self.account.observer.slots(&self.account.name, self.account.throttle.used(), limit);
        Ok(())
    }

    /// Jobs in doubt come first: they hold their objects, and billing waits for the truth.
    async fn ask(&self, room: usize, now: Timestamp) -> Result<usize> {
        if !self.account.may_send() {
            return Ok(0);
        }
        let known: HashSet<JobId> = self.staff.asking();
        let look = u32::try_from(room.max(1) + known.len()).unwrap_or(u32::MAX);
        let doubts = self.account.store.doubts(&self.account.name, now, look).await?;
        let doubts: Vec<Job> = doubts.into_iter().filter(|job| !known.contains(&job.id)).collect();
        self.staff.want(doubts.len());
        let mut asked = 0;
        for job in doubts.into_iter().take(room) {
            self.staff.hand_over(Work::Ask(Box::new(job))).await;
            asked += 1;
        }
        Ok(asked)
    }

    /// Claims due jobs for which a session and a slot are free, writes their intents, and hands them over.
    async fn claim(&self, room: usize, now: Timestamp) -> Round<Duration> {
        let account = self.account;
        let look = room.clamp(1, LARGEST_CLAIM);
        let due = account.store.due(&account.name, now, u32::try_from(look).unwrap_or(1)).await?;
        if due.is_empty() {
            return Ok(self.until_next(now).await?);
        }
        if room < due.len() {
            self.staff.want(usize::MAX);
        }
        self.staff.want(due.len());
        if room == 0 || !account.may_send() {
            return Ok(UPKEEP);
        }
        let prepared = self.prepare(due).await;
        let wanted = u32::try_from(prepared.len().min(room)).unwrap_or(u32::MAX);
        let capacity = account.registry.requests_per_window(now);
        let slots = account.throttle.take(&*account.store, &account.lease, wanted, capacity, now).await?;
        if slots.len() < wanted as usize {
            tracing::debug!(account = account.name, "the window is full: {} of {wanted} may be sent", slots.len());
        }
        let started = self.start(prepared, slots.len(), now).await;
        let mut slots = slots.into_iter();
        match started {
            Ok(started) => {
                for (job, request) in started {
                    let Some(slot) = slots.next() else { break };
                    self.staff.hand_over(Work::Run(Box::new(job), request, slot)).await;
                }
                slots.for_each(super::throttle::Slot::unused);
            }
            Err(error) => {
                // If the claim was committed after all, nothing of it was sent.
                slots.for_each(super::throttle::Slot::unused);
                return Err(Trouble::LostTrack(error));
            }
        }
        Ok(match account.throttle.next_return() {
            Some(at) if account.throttle.used() >= capacity => at.saturating_duration_since(Instant::now()),
            _ => Duration::ZERO,
        })
    }

    /// Writes the requests. A job whose request cannot be written (its rules changed since intake) is refused.
    async fn prepare(&self, due: Vec<Job>) -> Vec<(Job, Prepared, String)> {
        let mut ready = Vec::with_capacity(due.len());
        for job in due {
            let transaction = job.next_transaction();
            match self.account.registry.dialect().prepare(job.operation, &job.params, &transaction) {
                Ok(request) => ready.push((job, request, transaction)),
                Err(reject) => {
                    let step = self.account.circumstances().plain(&job, Cause::Refused, &reject.to_string());
                    if let Some(step) = step {
                        self.account.committer.commit(step).await.wait().await;
                    }
                }
            }
        }
        ready
    }

    /// Claims and intents of the first `count`, in one transaction (law 2).
    async fn start(
        &self,
        mut ready: Vec<(Job, Prepared, String)>,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<(Job, Prepared)>> {
        ready.truncate(count);
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let starts: Vec<Start> = ready
            .iter()
            .map(|(job, request, transaction)| Start {
                job: job.id,
                attempt: job.attempt,
                transaction: transaction.clone(),
                digest: request.digest(),
            })
            .collect();
        let started: HashSet<JobId> =
            self.account.store.start(&self.account.lease, &starts, now).await?.into_iter().collect();
        Ok(ready
            .into_iter()
            .filter(|(job, _, _)| started.contains(&job.id))
            .map(|(job, request, transaction)| (claimed(job, transaction, self.account.lease.fence, now), request))
            .collect())
    }

    async fn until_next(&self, now: Timestamp) -> Result<Duration> {
        let next = self.account.store.next_due(&self.account.name, now).await?;
        Ok(next.map_or(UPKEEP, |at| positive(at.duration_since(now))))
    }
}

/// The job as the store has it after the claim.
fn claimed(mut job: Job, transaction: String, fence: i64, now: Timestamp) -> Job {
    job.state = crate::model::State::Running;
    job.attempt += 1;
    job.asked = 0;
    job.fence = fence;
    job.intent_at = job.intent_at.or(Some(now));
    job.transaction = Some(transaction);
    job
}

fn positive(span: jiff::SignedDuration) -> Duration {
    Duration::try_from(span).unwrap_or_default()
}
