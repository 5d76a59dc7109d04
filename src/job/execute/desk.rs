//! One desk: owns one session, does one exchange at a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::open::Open;
use super::permits::{Need, Part};
use super::read_first::{self, Read};
use super::staff::Shared;
use super::{Opening, Work, ask, errand};
use crate::failpoint::failpoint;
use crate::job::commit::Committed;
use crate::job::outcome::{AccountEffect, Outcome};
use crate::job::schedule::permit::Permit;
use crate::model::verdict::Judgement;
use crate::model::{Job, JobId, Lost, Verdict};
use crate::registries::{OpenError, Prepared};

/// How long a login, question or keep-alive waits for a throttle slot.
pub(super) const SLOT_PATIENCE: Duration = Duration::from_secs(120);
/// Longest time nobody tries to log in.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How long a LOGOUT may take, and wait for its slot.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);

/// Works until told to stop, then logs out.
pub(super) async fn run(number: usize, shared: Arc<Shared>, stop: CancellationToken) {
    let mut wanted = shared.wanted.subscribe();
    'idle: loop {
        // No session yet: wait until there is work for this desk.
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            seen = wanted.wait_for(|wanted| number < *wanted) => if seen.is_err() { return },
        }
        let Some(session) = open(&shared, &stop).await else {
            if stop.is_cancelled() {
                return;
            }
            put_back_if_alone(&shared).await;
            continue 'idle;
        };
        shared.count_open(1);
        let mut heard = false;
        let rest = serve(&shared, session, &stop, &mut heard).await;
        shared.count_open(-1);
        match rest {
            Rest::Stopped(session) => return log_out(&shared, session).await,
            Rest::UsedUp(session) => log_out(&shared, session).await,
            Rest::Broken => {
                shared.session_ended(heard).await;
                put_back_if_alone(&shared).await;
            }
        }
    }
}

impl Shared {
    fn count_open(&self, change: isize) {
        if change > 0 {
            self.open.fetch_add(1, Ordering::AcqRel);
        } else {
            self.open.fetch_sub(1, Ordering::AcqRel);
        }
        self.count();
        self.account.hint.notify_one();
    }

    fn count(&self) {
        let (open, busy) = (self.open.load(Ordering::Relaxed), self.busy.load(Ordering::Relaxed));
        self.account.observer.sessions(&self.account.name, open, busy);
    }

    /// A registry that closes sessions right after the login must not be logged in to as fast as we can, nor be handed
    /// one request after the other that falls into doubt: a session counts as good once something was answered on it.
    async fn session_ended(&self, heard: bool) {
        let mut door = self.door.lock().await;
        if heard {
            door.failures = 0;
        } else {
            door.failures += 1;
            let wait = self.account.policy.connect.wait(door.failures - 1, rand::random());
            door.not_before = door.not_before.max(Instant::now() + wait);
        }
    }

    /// The scheduler is told that there is room; after an errand only if there was none, since errands bring no news.
    fn finished(&self, asked: Option<JobId>, was_errand: bool, cost_money: bool) {
        if cost_money {
            self.account.funds.over();
        }
        if let Some(job) = asked {
            self.asking.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        }
        let room = self.room();
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
        if !was_errand || room == 0 {
            self.account.hint.notify_one();
        }
    }
}

/// How the work with a session ended.
enum Rest {
    /// The daemon stops.
    Stopped(Open),
    /// The registry allows no more requests on its connection.
    UsedUp(Open),
    /// It is of no more use.
    Broken,
}

/// Opens a session, one desk at a time and not before the door allows. `None`: not now, or stopped.
async fn open(shared: &Shared, stop: &CancellationToken) -> Option<Open> {
    let account = &shared.account;
    let mut door = tokio::select! {
        door = shared.door.lock() => door,
        () = stop.cancelled() => return None,
    };
    tokio::select! {
        () = tokio::time::sleep_until(door.not_before) => {}
        () = stop.cancelled() => return None,
    }
    if !account.may_send() {
        door.not_before = Instant::now() + Duration::from_secs(1);
        return None;
    }
    let permit = tokio::select! {
        permit = account.permit(SLOT_PATIENCE, Need::session(Part::Urgent)) => permit,
        () = stop.cancelled() => return None,
    };
    let Some(permit) = permit else {
        door.not_before = Instant::now() + Duration::from_secs(1);
        return None;
    };
    if !account.may_send() {
        // While it waited for the slot another desk may have learnt of a block.
        permit.unused();
        return None;
    }
    match account.budgets.log_in(&*account.store, &account.lease, account.clock.now()).await {
        Ok(Ok(())) => {}
        Ok(Err(until)) => {
            permit.unused();
            let wait = Duration::try_from(until.duration_since(account.clock.now())).unwrap_or_default();
            door.not_before = Instant::now() + wait.min(LONGEST_WAIT);
            shared.in_trouble("the budget of logins is used up (limits.logins)").await;
            return None;
        }
        Err(error) => {
            permit.unused();
            tracing::warn!(account = account.name, "a login could not be counted: {error}");
            door.not_before = Instant::now() + Duration::from_secs(1);
            return None;
        }
    }
    // Not interrupted by `stop`: a login cut off half-way leaves a ghost session at the registry. It is bounded.
    let opened = account.registry.open().await;
    let (result, wait) = match &opened {
        Ok(_) => ("ok", Duration::ZERO),
        Err(OpenError::Unreachable(_)) => {
            door.failures += 1;
            ("unreachable", account.policy.connect.wait(door.failures - 1, rand::random()))
        }
        Err(OpenError::NotNow(_, wait) | OpenError::Blocked(_, wait)) => ("not_now", *wait),
        Err(OpenError::Refused(_)) => ("refused", account.policy.connect.longest),
    };
    account.observer.login(&account.name, result);
    door.not_before = Instant::now() + wait;
    match opened {
        Ok(session) => {
            permit.answered();
            shared.out_of_trouble().await;
            Some(Open::new(session, account.limits.commands_per_connection))
        }
        Err(error) => {
            permit.given_up();
            tracing::warn!(account = account.name, "no session ({error}); next try in {:.1} s", wait.as_secs_f64());
            shared.in_trouble(&error.to_string()).await;
            match error {
                OpenError::Refused(why) => account.affect(AccountEffect::Suspend(why)).await,
                OpenError::Blocked(why, wait) => {
                    account.affect(AccountEffect::CoolDown(account.clock.now() + wait, why)).await;
                }
                OpenError::Unreachable(_) | OpenError::NotNow(..) => {}
            }
            None
        }
    }
}

/// Works with an open session until told to stop, until it is used up or until it breaks.
/// `heard` becomes true with the first answer.
async fn serve(shared: &Shared, mut session: Open, stop: &CancellationToken, heard: &mut bool) -> Rest {
    let keep_alive = shared.account.limits.keep_alive;
    loop {
        if session.is_used_up() {
            return Rest::UsedUp(session);
        }
        let idle_until = keep_alive.map(|every| Instant::now() + every);
        let work = tokio::select! {
            biased;
            () = stop.cancelled() => return Rest::Stopped(session),
            work = next_work(shared) => match work {
                Some(work) => work,
                None => return Rest::Broken,
            },
            () = sleep_until(idle_until) => {
                if !shared.account.is_ours() {
                    // The next owner needs its place at the registry, and counts nothing that is sent here.
                    return Rest::Broken;
                }
                if !shared.account.standing.may_send() {
                    // Silence matters more than a session that may end for idleness.
                    continue;
                }
                let permit = tokio::select! {
                    permit = shared.account.permit(SLOT_PATIENCE, Need::session(Part::Urgent)) => permit,
                    () = stop.cancelled() => return Rest::Stopped(session),
                };
                let Some(permit) = permit else { continue };
                if !shared.account.may_send() {
                    permit.unused();
                    continue;
                }
                match session.keep_alive().await {
                    Ok(judgement) => {
                        *heard = true;
                        permit.answered();
                        // A block or a refused account may be learnt here first.
                        ask::note_account(shared, &judgement).await;
                    }
                    Err(why) => {
                        if matches!(why, Lost::NotSent(_)) { permit.unused() } else { permit.given_up() }
                        tracing::info!(account = shared.account.name, "an idle session ended: {why}");
                        return Rest::Broken;
                    }
                }
                continue;
            }
        };
        let (asked, was_errand, paying) = (work.asked(), work.is_errand(), work.costs_money());
        shared.busy.fetch_add(1, Ordering::AcqRel);
        let usable = perform(shared, &mut session, work, stop).await;
        *heard |= usable;
        shared.busy.fetch_sub(1, Ordering::AcqRel);
        shared.count();
        shared.finished(asked, was_errand, paying);
        if !usable {
            if session.ran_out() {
                return Rest::UsedUp(session);
            }
            return Rest::Broken;
        }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn next_work(shared: &Shared) -> Option<Work> {
    shared.work.lock().await.next().await
}

/// Does one piece of work; says whether the session may be used again.
async fn perform(shared: &Shared, session: &mut Open, work: Work, stop: &CancellationToken) -> bool {
    match work {
        Work::Run(job, Opening::Request(request), permit) => run_job(shared, session, &job, &request, permit).await,
        Work::Run(job, Opening::Question(question), permit) => {
            match read_first::read(shared, session, &job, &question, permit, stop).await {
                Read::Complete(request, permit) => run_job(shared, session, &job, &request, permit).await,
                Read::Over { usable } => usable,
            }
        }
        Work::Ask(job) => ask::ask(shared, session, &job, stop).await,
        Work::Errand(errand) => errand::run(shared, session, errand, stop).await,
    }
}

async fn run_job(shared: &Shared, session: &mut Open, job: &Job, request: &Prepared, permit: Permit) -> bool {
    let account = &shared.account;
    let unpaid = job.operation.costs_money() && account.funds.is_short();
    if !account.may_send() || permit.is_stale() || unpaid {
        permit.unused();
        let why = if unpaid { "the account has no money" } else { "the account may not send now" };
        record(shared, account.circumstances().not_sent(job, why)).await;
        return true;
    }
    let begun = Instant::now();
    failpoint!(RequestReady);
    let heard = session.exchange(request).await;
    failpoint!(AnswerHeard);
    let (outcome, verdict, usable) = match heard {
        Ok(answer) => {
            permit.answered();
            let judgement = account.registry.dialect().judge(request.operation, &answer);
            count_unknown(shared, &judgement);
            account.hear_quota(&judgement).await;
            account.count_refusal(&judgement).await;
            if matches!(judgement.verdict, Verdict::Done | Verdict::Pending(_)) && job.operation.costs_money() {
                account.funds.paid();
            }
            let word = word(&judgement.verdict);
            let outcome = account.circumstances().answered(job, account.kept(job, answer), &judgement);
            (account.with_words(job, outcome, &judgement.deadlines), word, true)
        }
        Err(Lost::NotSent(why)) => {
            permit.unused();
            (account.circumstances().not_sent(job, &why), "not_sent", false)
        }
        Err(Lost::PerhapsSent(why)) => {
            permit.given_up();
            tracing::warn!(account = account.name, job = %job.id, attempt = job.attempt, "no answer heard: {why}");
            (account.circumstances().perhaps_sent(job, &why), "lost", false)
        }
    };
    account.observer.commanded(&account.name, job.operation, verdict, begun.elapsed());
    tracing::debug!(account = account.name, job = %job.id, attempt = job.attempt, operation = %job.operation, verdict);
    record(shared, outcome).await;
    usable
}

pub(super) async fn record(shared: &Shared, outcome: Outcome) -> Option<Committed> {
    if let Some(effect) = outcome.account {
        shared.account.affect(effect).await;
    }
    match outcome.step {
        Some(step) => Some(shared.account.committer.commit(step).await),
        None => {
            tracing::error!(account = shared.account.name, "a job was not in a state its outcome allows");
            None
        }
    }
}

pub(super) fn count_unknown(shared: &Shared, judgement: &Judgement) {
    for code in &judgement.unknown_codes {
        tracing::warn!(
            account = shared.account.name,
            code,
            "a code that stands in no table was classified by its digits"
        );
        shared.account.observer.unknown_code(shared.account.registry.kind(), code);
    }
}

/// With no session left, queued work goes back to waiting: it was never sent. Sessions are opened again when the
/// scheduler next finds work.
async fn put_back_if_alone(shared: &Shared) {
    if shared.open.load(Ordering::Acquire) == 0 {
        shared.wanted.send_replace(0);
        put_back_queue(shared, "the session ended before it was sent").await;
    }
}

/// Puts everything queued back to waiting.
pub(super) async fn put_back_queue(shared: &Shared, why: &str) {
    let Ok(mut queue) = shared.work.try_lock() else { return };
    while let Some(work) = queue.try_next() {
        let (asked, was_errand, paying) = (work.asked(), work.is_errand(), work.costs_money());
        match work {
            Work::Run(job, _, permit) => {
                permit.unused();
                record(shared, shared.account.circumstances().not_sent(&job, why)).await;
            }
            Work::Errand(errand) => errand.put_back(why),
            Work::Ask(_) => {}
        }
        shared.finished(asked, was_errand, paying);
    }
}

async fn log_out(shared: &Shared, session: Open) {
    if shared.account.standing.quiet_for().is_some() {
        // The registry counts a LOGOUT like any request, refuses it, and prolongs its block.
        return;
    }
    let Some(permit) = shared.account.permit(LOGOUT_PATIENCE, Need::session(Part::Logout)).await else {
        tracing::warn!(
            account = shared.account.name,
            "no send was free for a LOGOUT; the registry will miss the session"
        );
        return;
    };
    if shared.account.standing.quiet_for().is_some() {
        // Another desk has learnt of a block meanwhile.
        permit.unused();
        return;
    }
    if !shared.account.is_ours() {
        // Another daemon owns the account; it counts what is sent, and does not count this.
        permit.unused();
        return;
    }
    permit.given_up();
    if tokio::time::timeout(LOGOUT_PATIENCE, session.close()).await.is_err() {
        tracing::warn!(account = shared.account.name, "a LOGOUT was not answered in time");
    }
}

/// The verdict as a metric label.
const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Pending(_) => "pending",
        Verdict::Refused(_) | Verdict::RefusedUnlessLost(_) => "refused",
        Verdict::Later(_) => "later",
        Verdict::Unsure(_) => "unsure",
        Verdict::ByHand(_) => "by_hand",
        Verdict::Suspend(_) => "suspend",
    }
}
