//! Claims for one owned account: as much as may be sent now, and no more (law 7).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::companion::Companion;
use super::super::execute::{Account, Staff, Work, funds};
use super::fair::Fair;
use super::quota::Tier;
use super::rescue::rescue;
use crate::model::{Job, JobId};
use crate::store::{Result, StoreError};

/// How often the account's standing is read, blocks are noted and abandoned jobs are looked for.
pub(super) const UPKEEP: Duration = Duration::from_secs(2);

/// How long whoever accompanies the account gets to end.
const PARTING: Duration = Duration::from_secs(5);

/// How long pending orders are not looked for after none was due.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Of so many sends one may ask about a pending order.
const FOLLOW_UPS_ONE_IN: u32 = 10;

/// Why a round ended without a result.
pub(super) enum Trouble {
    /// The store is away, or the account is somebody else's.
    Look(StoreError),
    /// A desk broke.
    Collapsed,
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Look(error)
    }
}

pub(super) type Round<T> = std::result::Result<T, Trouble>;

/// Works an account until told to stop or until its lease is gone; says whether it ended in good order. `poll` is the
/// longest time between two looks.
pub(super) async fn work(
    account: Arc<Account>,
    companion: &Arc<dyn Companion>,
    poll: Duration,
    stop_within: Duration,
    stop: CancellationToken,
) -> bool {
    let staff = Staff::hire(Arc::clone(&account));
    let leave = CancellationToken::new();
    let company = accompany(&account, &staff, companion, leave.clone());
    let funds = tokio::spawn(funds::watch(Arc::clone(&account), staff.line(), leave.clone()));
    let mut worker = Worker {
        account: &account,
        staff,
        upkeep_at: Instant::now(),
        follow_up_at: Instant::now(),
        unclear: Mutex::default(),
        fair: Fair::new(Arc::clone(&account.weights)),
        held_some: false,
    };
    let (mut failures, mut orderly) = (0, true);
    while !stop.is_cancelled() {
        let pause = match worker.round().await {
            Ok(_) if company.is_finished() => {
                tracing::error!(account = account.name, "the reading of its messages broke, beginning anew");
                orderly = false;
                break;
            }
            Ok(pause) => {
                failures = 0;
                pause.min(poll)
            }
            Err(Trouble::Look(StoreError::Fenced(name))) => {
                tracing::warn!(account = name, "another daemon owns this account now");
                break;
            }
            Err(Trouble::Look(error)) => {
                failures += 1;
                tracing::warn!(account = account.name, "cannot look for work: {error}");
                let wait = account.policy.connect.wait(failures - 1, rand::random());
                // Nothing wakes it: what could not be used was given back just now, and that would.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(wait) => {}
                }
                continue;
            }
            Err(Trouble::Collapsed) => {
                tracing::error!(account = account.name, "a session's task broke, beginning anew");
                orderly = false;
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
    leave.cancel();
    worker.staff.dismiss(stop_within).await;
    part_from(&account, company).await;
    funds.abort();
    let _ = funds.await;
    if let Err(error) = account.quota.give_back(&*account.store, &account.lease).await {
        tracing::warn!(account = account.name, "points that were not used stay charged: {error}");
    }
    if let Err(error) = account.throttle.note_closed(&*account.store).await {
        tracing::warn!(account = account.name, "used sends could not be noted (they count as sent now): {error}");
    }
    orderly
}

/// Whoever works for the account beside its jobs begins with the desks.
fn accompany(
    account: &Arc<Account>,
    staff: &Staff,
    companion: &Arc<dyn Companion>,
    leave: CancellationToken,
) -> JoinHandle<()> {
    let (account, companion, line) = (Arc::clone(account), Arc::clone(companion), staff.line());
    tokio::spawn(async move { companion.accompany(&account.name, line, account.lease.clone(), leave).await })
}

/// The lease may only be given back when nobody works under it any more. Without desks nothing can be asked, so all that
/// is left to wait for is the store.
async fn part_from(account: &Account, mut company: JoinHandle<()>) {
    if tokio::time::timeout(PARTING, &mut company).await.is_err() {
        tracing::warn!(account = account.name, "what was being written of its messages is given up");
        company.abort();
        let _ = company.await;
    }
}

pub(super) struct Worker<'a> {
    pub(super) account: &'a Account,
    pub(super) staff: Staff,
    upkeep_at: Instant,
    /// When the next pending order may be asked about.
    follow_up_at: Instant,
    /// Jobs of a claim whose commit was not confirmed: they may be running in the store with nobody at work on them.
    pub(super) unclear: Mutex<Vec<Job>>,
    /// Whose turn it is.
    pub(super) fair: Fair,
    /// Whether the last claim came upon jobs that a pause holds.
    pub(super) held_some: bool,
}

impl Worker<'_> {
    /// One look at the store; returns how long nothing can happen unless somebody hints.
    async fn round(&mut self) -> Round<Duration> {
        if Instant::now() >= self.upkeep_at {
            self.upkeep().await?;
        }
        self.settle_unclear().await?;
        let now = self.account.clock.now();
        let generation = self.account.funds.generation();
        let pauses = self.account.store.pauses().await?;
        self.account.learn_of_funds(&pauses, generation);
        if self.account.obey(&pauses) || self.account.standing.is_suspended() {
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
        let followed = self.follow_up(room.saturating_sub(asked), now).await?;
        self.claim(room.saturating_sub(asked + followed), &pauses, now).await
    }

    /// Puts back jobs of a claim whose commit was not confirmed. Nothing of them was sent. The move waits for a commit
    /// that is still under way (the rows are locked), and does nothing where there was none.
    async fn settle_unclear(&self) -> Round<()> {
        let unclear = self.unclear.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if unclear.is_empty() {
            return Ok(());
        }
        let circumstances = self.account.circumstances();
        let back = |job| circumstances.not_sent(job, "the claim was not confirmed; nothing was sent").step;
        self.account.store.apply(&unclear.iter().filter_map(back).collect::<Vec<_>>()).await?;
        self.unclear.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }

    /// What need not be done at every look.
    async fn upkeep(&mut self) -> Round<()> {
        self.upkeep_at = Instant::now() + UPKEEP;
        if self.staff.has_collapsed() {
            return Err(Trouble::Collapsed);
        }
        self.account.look_up_standing().await?;
        self.account.quota.write(&*self.account.store, &self.account.lease).await?;
        let rescued = rescue(self.account).await?;
        if rescued > 0 {
            tracing::warn!(account = self.account.name, rescued, "jobs of an owner that died were rescued");
        }
        self.account.throttle.upkeep(&*self.account.store, self.account.clock.now()).await?;
        let limit = self.account.limits.requests_now(self.account.clock.now());
        if let Some(standing) = self.account.quota.standing() {
            self.account.observer.quota(&self.account.name, standing.used, standing.limit, standing.drift);
        }
        self.account.observer.slots(&self.account.name, self.account.throttle.used(), limit);
        Ok(())
    }

    /// Jobs in doubt come first: they hold their objects, and billing waits for the truth.
    async fn ask(&self, room: usize, now: Timestamp) -> Result<usize> {
        // A question that costs a point which is not there would keep a session waiting.
        if !self.account.may_send() || self.account.quota.blocked_until(Tier::Urgent, now).is_some() {
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

    /// Asks about an order whose end has not been heard of. After a large batch there may be thousands, and their messages
    /// end most of them for less; so they get a tenth of what may be sent, and all the rest is for the jobs.
    async fn follow_up(&mut self, room: usize, now: Timestamp) -> Result<usize> {
        let account = self.account;
        let (open, _) = self.staff.sessions();
        let no_points = || account.quota.blocked_until(Tier::Ordinary, now).is_some();
        if Instant::now() < self.follow_up_at || !account.may_send() || (room == 0 && open > 0) || no_points() {
            return Ok(0);
        }
        let known: HashSet<JobId> = self.staff.asking();
        let look = u32::try_from(1 + known.len()).unwrap_or(u32::MAX);
        let orders = account.store.follow_ups(&account.name, now, look).await?;
        let Some(order) = orders.into_iter().find(|job| !known.contains(&job.id)) else {
            // Orders fall due by the minute; a busy account makes many rounds a second.
            self.follow_up_at = Instant::now() + BETWEEN_LOOKS;
            return Ok(0);
        };
        self.staff.want(1);
        if room == 0 {
            return Ok(0);
        }
        self.staff.hand_over(Work::Ask(Box::new(order))).await;
        let share = (account.limits.requests_now(now) / FOLLOW_UPS_ONE_IN).max(1);
        self.follow_up_at = Instant::now() + account.limits.window / share;
        Ok(1)
    }
}

pub(super) fn positive(span: jiff::SignedDuration) -> Duration {
    Duration::try_from(span).unwrap_or_default()
}
