//! One claim: whose turn it is, who of them may start, what it may use, and the intents of those.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::execute::permits::Part;
use super::super::execute::{Account, Opening, Work};
use super::permit::Permit;
use super::quota::{Charge, Tier};
use super::throttle::Slot;
use super::worker::{Round, UPKEEP, Worker, positive};
use crate::failpoint::failpoint;
use crate::model::{Cause, Job, JobId, Reject, State, WaitingFor};
#[cfg(feature = "failpoints")]
use crate::store::StoreError;
use crate::store::{Aside, Pause, Result, Start};

/// Most jobs looked at in one round.
const LARGEST_CLAIM: usize = 500;
/// Most jobs that are given a turn in one round.
const RIPEN: u32 = 1000;
/// How long a round gives turns.
const RIPENING: Duration = Duration::from_millis(200);

/// A job with the request it begins with, its permit, and the transaction id it will go out under.
struct Ready {
    job: Job,
    opening: Opening,
    transaction: String,
    permit: Permit,
}

impl Worker<'_> {
    /// Claims jobs for which a session, a slot and a point are free, writes their intents, and hands them over. Returns how
    /// long nothing can happen unless somebody hints.
    pub(super) async fn claim(&mut self, room: usize, pauses: &[Pause], now: Timestamp) -> Round<Duration> {
        let account = self.account;
        let queues = account.queues();
        self.ripen(&queues, now).await?;
        let look = if room == 0 { account.limits.sessions } else { room }.clamp(1, LARGEST_CLAIM);
        // Where a pause has just held some, there may be many more: they are taken out of the way in large groups.
        let each = if self.held_some { LARGEST_CLAIM } else { look };
        let heads = account.store.heads(&queues, now, u32::try_from(each).unwrap_or(1)).await?;
        let (mut heads, aside) = self.sort_out(heads, pauses, now).await?;
        self.held_some = aside.iter().any(|aside| aside.held_by.is_some());
        let moved_up = !aside.is_empty() && account.store.set_aside(&account.lease, &aside).await? > 0;
        let no_points = leave_out_who_has_no_points(account, &mut heads, now);
        let mut due = self.fair.order(heads, now, look);
        self.leave_what_nobody_can_pay(&mut due);
        if due.is_empty() {
            return Ok(match no_points {
                _ if moved_up => Duration::ZERO,
                Some(wait) => wait,
                None => self.until_next(now).await?,
            });
        }
        if room > 0 && room <= due.len() {
            self.staff.want(usize::MAX);
        }
        self.staff.want(due.len());
        if room == 0 || !account.may_send() {
            return Ok(UPKEEP);
        }
        let (slots, wait) = slots(account, &due, room, now).await?;
        let permitted = permits(account, due, slots, now).await?;
        let ready = prepare(account, permitted).await;
        let started = self.start(ready, now).await?;
        failpoint!(IntentWritten);
        if started.iter().any(|ready| ready.job.operation.costs_money()) {
            account.funds.begun();
        }
        self.fair.started(started.iter().map(|ready| &ready.job));
        for Ready { job, opening, permit, .. } in started {
            self.staff.hand_over(Work::Run(Box::new(job), opening, permit)).await;
        }
        Ok(wait)
    }

    /// Gives turns to what has become due. After a large batch with one `not_before` it goes on for a while, so that it is
    /// over before long, but not until the end: what has a turn already is not to wait for that.
    async fn ripen(&self, queues: &[&str], now: Timestamp) -> Result<()> {
        let begun = Instant::now();
        while self.account.store.ripen(queues, now, RIPEN).await? >= RIPEN.into() && begun.elapsed() < RIPENING {}
        Ok(())
    }

    /// Takes out what may not start although it is ripe: what a pause holds, what must keep its distance on an object (both
    /// are put out of the way), and classes that a quiet window holds.
    async fn sort_out(&self, heads: Vec<Job>, pauses: &[Pause], now: Timestamp) -> Result<(Vec<Job>, Vec<Aside>)> {
        let mut aside = Vec::new();
        let mut free = Vec::with_capacity(heads.len());
        for job in heads {
            match pauses.iter().find(|pause| pause.holds(&job)) {
                Some(pause) => aside.push(Aside {
                    job: job.id,
                    attempt: job.attempt,
                    waiting_for: WaitingFor::Paused,
                    due_at: job.due_at,
                    held_by: Some(pause.key()),
                }),
                None => free.push(job),
            }
        }
        self.keep_distance(&mut free, &mut aside, now).await?;
        free.retain(|job| self.account.limits.quiet_until(job.class, now).is_none());
        Ok((free, aside))
    }

    async fn keep_distance(&self, free: &mut Vec<Job>, aside: &mut Vec<Aside>, now: Timestamp) -> Result<()> {
        let (account, spacing) = (self.account, self.account.limits.spacing);
        if spacing.is_zero() || free.is_empty() {
            return Ok(());
        }
        let since = now - spacing;
        let lane = account.pool.as_deref().unwrap_or(&account.name);
        let objects: Vec<&str> = free.iter().map(|job| job.object.as_str()).collect();
        let recent: HashMap<String, Timestamp> =
            account.store.last_on(lane, &objects, since).await?.into_iter().collect();
        free.retain(|job| {
            // A clock that was set back must not hold an object for longer than its distance: what lies ahead says nothing.
            let last = recent.get(job.object.as_str()).filter(|last| **last <= now).copied();
            let Some(due_at) = last.map(|last| last + spacing).filter(|due| *due > now) else { return true };
            let (waiting_for, held_by) = (WaitingFor::Spacing, None);
            aside.push(Aside { job: job.id, attempt: job.attempt, waiting_for, due_at, held_by });
            false
        });
        Ok(())
    }

    /// Without money, what costs some waits; when one order is to find out whether there is some now, that one alone goes.
    fn leave_what_nobody_can_pay(&self, due: &mut Vec<Job>) {
        let mut room = self.account.funds.room();
        due.retain(|job| {
            let may_go = !job.operation.costs_money() || room > 0;
            room = room.saturating_sub(usize::from(job.operation.costs_money()));
            may_go
        });
    }

    /// Claims and intents, in one transaction (law 2).
    async fn start(&self, mut ready: Vec<Ready>, now: Timestamp) -> Result<Vec<Ready>> {
        if ready.is_empty() {
            return Ok(ready);
        }
        failpoint!(ClaimChosen, |why| Err(StoreError::Unavailable(why)));
        let account = self.account;
        let starts: Vec<Start> = ready.iter().map(|ready| start_of(account, ready)).collect();
        let started = account.store.start(&account.lease, &starts, now).await;
        for Ready { job, transaction, .. } in &mut ready {
            become_claimed(job, transaction, account, now);
        }
        match started {
            Ok(started) => {
                let started: HashSet<JobId> = started.into_iter().collect();
                let (started, others): (Vec<_>, Vec<_>) =
                    ready.into_iter().partition(|ready| started.contains(&ready.job.id));
                others.into_iter().for_each(|ready| ready.permit.unused());
                Ok(started)
            }
            Err(error) => {
                let mut unclear = self.unclear.lock().unwrap_or_else(PoisonError::into_inner);
                for Ready { job, permit, .. } in ready {
                    permit.unused();
                    unclear.push(job);
                }
                Err(error)
            }
        }
    }

    async fn until_next(&self, now: Timestamp) -> Result<Duration> {
        let account = self.account;
        let next = account.store.next_due(&account.name, &account.queues(), now).await?;
        Ok(next.map_or(UPKEEP, |at| positive(at.duration_since(now))))
    }
}

/// Takes out those that cannot have a point of the quota, so that they do not stand before others for whom points are
/// kept; and how long until the first of them may have one.
fn leave_out_who_has_no_points(account: &Account, heads: &mut Vec<Job>, now: Timestamp) -> Option<Duration> {
    let mut earliest: Option<Timestamp> = None;
    heads.retain(|job| {
        let costs = account.limits.cost(job.operation) > 0;
        let Some(until) = account.quota.blocked_until(Tier::of(job), now).filter(|_| costs) else { return true };
        earliest = Some(earliest.map_or(until, |at| at.min(until)));
        false
    });
    earliest.map(|at| positive(at.duration_since(now)))
}

/// Slots for urgent jobs and for all others.
struct Slots {
    urgent: VecDeque<Slot>,
    ordinary: VecDeque<Slot>,
}

impl Slots {
    fn for_job(&mut self, job: &Job) -> Option<Slot> {
        match Part::of(job) {
            Part::Ordinary => self.ordinary.pop_front(),
            Part::Urgent | Part::Logout => self.urgent.pop_front(),
        }
    }
}

/// Takes slots for the first `room` jobs; and how long until the next one comes back, if there are none left.
async fn slots(account: &Account, due: &[Job], room: usize, now: Timestamp) -> Result<(Slots, Duration)> {
    let wanted = due.iter().take(room);
    let urgent = wanted.clone().filter(|job| Part::of(job) == Part::Urgent).count();
    let take = async |part: Part, count: usize| -> Result<VecDeque<Slot>> {
        let (count, capacity) = (u32::try_from(count).unwrap_or(u32::MAX), account.capacity(now, part));
        if count == 0 {
            return Ok(VecDeque::new());
        }
        Ok(account.throttle.take(&*account.store, &account.lease, count, capacity, now).await?.into())
    };
    let urgent = take(Part::Urgent, urgent).await?;
    let ordinary = match take(Part::Ordinary, wanted.len() - urgent.len()).await {
        Ok(slots) => slots,
        Err(error) => {
            urgent.into_iter().for_each(Slot::unused);
            return Err(error);
        }
    };
    let full = account.throttle.used() >= account.capacity(now, Part::Ordinary);
    let wait = match account.throttle.next_return() {
        Some(at) if full => at.saturating_duration_since(Instant::now()),
        None if full => UPKEEP,
        _ => Duration::ZERO,
    };
    Ok((Slots { urgent, ordinary }, wait))
}

/// Adds points to the slots; what gets only one of the two gives it back.
async fn permits(account: &Account, due: Vec<Job>, mut slots: Slots, now: Timestamp) -> Result<Vec<(Job, Permit)>> {
    let with_slot: Vec<(Job, Slot)> =
        due.into_iter().filter_map(|job| slots.for_job(&job).map(|slot| (job, slot))).collect();
    slots.urgent.into_iter().chain(slots.ordinary).for_each(Slot::unused);
    let costs = |job: &Job| account.limits.cost(job.operation) > 0;
    let tiers: Vec<Tier> = with_slot.iter().filter(|(job, _)| costs(job)).map(|(job, _)| Tier::of(job)).collect();
    let charges = match tiers.is_empty() {
        true => Ok(Vec::new()),
        false => account.quota.take(&*account.store, &account.lease, &tiers, now).await,
    };
    let mut charges: VecDeque<Option<Charge>> = match charges {
        Ok(charges) => charges.into(),
        Err(error) => {
            with_slot.into_iter().for_each(|(_, slot)| slot.unused());
            return Err(error);
        }
    };
    let mut permitted = Vec::with_capacity(with_slot.len());
    for (job, slot) in with_slot {
        let charge = if costs(&job) { charges.pop_front().flatten().map(Some) } else { Some(None) };
        match charge {
            Some(charge) => permitted.push((job, Permit::new(slot, charge))),
            None => slot.unused(),
        }
    }
    Ok(permitted)
}

/// Writes the requests. A job whose request cannot be written (its rules changed since intake) is refused; one whose
/// secrets cannot be opened is left to people, for it may be right again when the key is back.
async fn prepare(account: &Account, permitted: Vec<(Job, Permit)>) -> Vec<Ready> {
    let mut ready = Vec::with_capacity(permitted.len());
    for (mut job, permit) in permitted {
        let transaction = job.next_transaction();
        if let Err(why) = account.open(&mut job) {
            permit.unused();
            end(account, &job, Cause::Unopened, &why.to_string()).await;
            continue;
        }
        match opening(account, &job, &transaction) {
            Ok(opening) => ready.push(Ready { job, opening, transaction, permit }),
            Err(reject) => {
                permit.unused();
                // Without the value: what breaks a rule may be personal data, and reasons are logged.
                let field = reject.field.as_deref().unwrap_or_default();
                let why = format!("{} {field}: it was accepted under other rules", reject.code);
                end(account, &job, Cause::Refused, &why).await;
            }
        }
    }
    ready
}

/// Of a job for which no request can be written.
async fn end(account: &Account, job: &Job, cause: Cause, why: &str) {
    if let Some(mut step) = account.circumstances().plain(job, cause, why) {
        // A job of a pool that nobody has claimed is nobody's yet; its attempt guards the move.
        step.fence = step.fence.filter(|_| job.account == account.name);
        account.committer.commit(step).await.wait().await;
    }
}

fn opening(account: &Account, job: &Job, transaction: &str) -> std::result::Result<Opening, Reject> {
    let dialect = account.registry.dialect();
    match dialect.reads_first(job.operation, &job.params)? {
        Some(question) => Ok(Opening::Question(question)),
        None => dialect.prepare(job.operation, &job.params, transaction).map(Opening::Request),
    }
}

fn start_of(account: &Account, ready: &Ready) -> Start {
    Start {
        job: ready.job.id,
        queue: ready.job.queue.clone(),
        attempt: ready.job.attempt,
        transaction: ready.transaction.clone(),
        digest: account.digest(&ready.job, ready.opening.first()),
    }
}

/// The job as the store has it after the claim.
fn become_claimed(job: &mut Job, transaction: &str, account: &Account, now: Timestamp) {
    job.account.clone_from(&account.name);
    job.state = State::Running;
    job.attempt += 1;
    job.asked = 0;
    job.fence = account.lease.fence;
    job.intent_at = job.intent_at.or(Some(now));
    job.transaction = Some(transaction.to_owned());
}

#[cfg(test)]
pub(super) mod tests;
