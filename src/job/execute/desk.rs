//! One desk: owns one session, does one exchange at a time.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Work;
use super::staff::Shared;
use crate::job::commit::Committed;
use crate::job::outcome::{AccountEffect, Outcome};
use crate::job::schedule::throttle::Slot;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Finding, Job, JobId, Lost, Scope, Verdict};
use crate::registries::{OpenError, Prepared, Session, Step};

/// Questions one reconciliation may ask in a row.
const LONGEST_CONVERSATION: usize = 6;
/// How long a login, question or keep-alive waits for a throttle slot.
const SLOT_PATIENCE: Duration = Duration::from_secs(120);
/// How long a LOGOUT may take, and wait for its slot.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);

type Open = Box<dyn Session>;

/// Works until told to stop, then logs out.
pub(super) async fn run(number: usize, shared: Arc<Shared>) {
    let stop = shared.stop.clone();
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
        let rest = serve(&shared, session, &stop).await;
        shared.count_open(-1);
        match rest {
            Some(session) => return log_out(&shared, session).await,
            None => put_back_if_alone(&shared).await,
        }
    }
}

impl Shared {
    /// A slot for a login, question or keep-alive; none once everybody is sent home, however full the window is, or if
    /// the account may not send any more when the slot is there.
    async fn slot(&self) -> Option<Slot> {
        let slot = tokio::select! {
            biased;
            () = self.stop.cancelled() => return None,
            slot = self.account.slot(SLOT_PATIENCE) => slot?,
        };
        if !self.account.may_send() {
            slot.unused();
            return None;
        }
        Some(slot)
    }

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

    fn finished(&self, asked: Option<JobId>) {
        if let Some(job) = asked {
            self.asking.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
        }
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
        self.account.hint.notify_one();
    }
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
    let Some(slot) = shared.slot().await else {
        door.not_before = Instant::now() + Duration::from_secs(1);
        return None;
    };
    // Not interrupted by `stop`: a login cut off half-way leaves a ghost session at the registry. It is bounded.
    let opened = account.registry.open().await;
    let (result, wait) = match &opened {
        Ok(_) => {
            door.failures = 0;
            ("ok", Duration::ZERO)
        }
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
            slot.answered();
            Some(session)
        }
        Err(error) => {
            slot.given_up();
            tracing::warn!(account = account.name, "no session ({error}); next try in {:.1} s", wait.as_secs_f64());
            match error {
                OpenError::Refused(why) => account.affect(AccountEffect::Suspend(why)).await,
                OpenError::Blocked(why, wait) => {
                    account.affect(AccountEffect::CoolDown(Timestamp::now() + wait, why)).await;
                }
                OpenError::Unreachable(_) | OpenError::NotNow(..) => {}
            }
            None
        }
    }
}

/// Works with an open session until told to stop (returns it) or until it breaks.
async fn serve(shared: &Shared, mut session: Open, stop: &CancellationToken) -> Option<Open> {
    let keep_alive = shared.account.registry.limits().keep_alive;
    loop {
        let idle_until = keep_alive.map(|every| Instant::now() + every);
        let work = tokio::select! {
            biased;
            () = stop.cancelled() => return Some(session),
            work = next_work(shared) => work?,
            () = sleep_until(idle_until) => {
                if !shared.account.standing.may_send() {
                    // Silence matters more than a session that may end for idleness.
                    continue;
                }
                let Some(slot) = shared.slot().await else { continue };
                match session.keep_alive().await {
                    Ok(()) => slot.answered(),
                    Err(why) => {
                        slot.given_up();
                        tracing::info!(account = shared.account.name, "an idle session ended: {why}");
                        return None;
                    }
                }
                continue;
            }
        };
        let asked = work.asked();
        shared.busy.fetch_add(1, Ordering::AcqRel);
        let usable = perform(shared, &mut session, work).await;
        shared.busy.fetch_sub(1, Ordering::AcqRel);
        shared.count();
        shared.finished(asked);
        if !usable {
            return None;
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
    shared.work.lock().await.recv().await
}

/// Does one piece of work; says whether the session may be used again.
async fn perform(shared: &Shared, session: &mut Open, work: Work) -> bool {
    match work {
        Work::Run(job, request, slot) => run_job(shared, session, &job, &request, slot).await,
        Work::Ask(job) => ask(shared, session, &job).await,
    }
}

async fn run_job(shared: &Shared, session: &mut Open, job: &Job, request: &Prepared, slot: Slot) -> bool {
    let account = &shared.account;
    if !account.may_send() {
        slot.unused();
        record(shared, account.circumstances().not_sent(job, "the account may not send now")).await;
        return true;
    }
    let begun = Instant::now();
    let heard = session.exchange(request).await;
    let (outcome, verdict, usable) = match heard {
        Ok(answer) => {
            slot.answered();
            let judgement = account.registry.dialect().judge(job.operation, &answer);
            count_unknown(shared, &judgement);
            let word = word(&judgement.verdict);
            (account.circumstances().answered(job, answer, &judgement), word, true)
        }
        Err(Lost::NotSent(why)) => {
            slot.unused();
            (account.circumstances().not_sent(job, &why), "not_sent", false)
        }
        Err(Lost::PerhapsSent(why)) => {
            slot.given_up();
            tracing::warn!(account = account.name, job = %job.id, attempt = job.attempt, "no answer heard: {why}");
            (account.circumstances().perhaps_sent(job, &why), "lost", false)
        }
    };
    account.observer.commanded(&account.name, job.operation, verdict, begun.elapsed());
    tracing::debug!(account = account.name, job = %job.id, attempt = job.attempt, operation = %job.operation, verdict);
    record(shared, outcome).await;
    usable
}

/// Asks what is true of a job in doubt (law 3).
async fn ask(shared: &Shared, session: &mut Open, job: &Job) -> bool {
    let account = &shared.account;
    let (mut heard, mut deadlines) = (Vec::new(), Vec::new());
    let mut usable = true;
    let finding = loop {
        let doubt = Doubt {
            account: &account.name,
            operation: job.operation,
            params: &job.params,
            transaction: job.transaction.as_deref().unwrap_or_default(),
            since: job.intent_at.unwrap_or(job.created_at),
        };
        let question = match account.registry.dialect().reconcile(&doubt, &heard) {
            Step::Found(finding) => break finding,
            Step::Ask(_) if heard.len() >= LONGEST_CONVERSATION => {
                break Finding::Unknown("the questions did not settle it".into());
            }
            Step::Ask(question) => question,
        };
        // Not asked, so nothing is known and nothing is counted: it stays due.
        let Some(slot) = shared.slot().await else { return true };
        let begun = Instant::now();
        match session.exchange(&question).await {
            Ok(answer) => {
                slot.answered();
                account.observer.commanded(&account.name, question.operation, "question", begun.elapsed());
                let judgement = account.registry.dialect().judge(question.operation, &answer);
                count_unknown(shared, &judgement);
                note_account(shared, &judgement).await;
                deadlines = judgement.deadlines;
                heard.push(answer);
            }
            Err(lost) => {
                slot.given_up();
                usable = false;
                break Finding::Unknown(format!("the question was not answered: {lost}"));
            }
        }
    };
    tracing::info!(account = account.name, job = %job.id, attempt = job.attempt, "in doubt, asked: {}", finding_word(&finding));
    // The next look at the store must not find this job in doubt and due again, so the commit is awaited.
    if let Some(committed) = record(shared, account.circumstances().found(job, finding, &deadlines)).await {
        committed.wait().await;
    }
    usable
}

/// A question may be the one that learns of a block or a refused account.
async fn note_account(shared: &Shared, judgement: &Judgement) {
    let account = &shared.account;
    let effect = match &judgement.verdict {
        Verdict::Suspend(why) => Some(AccountEffect::Suspend(why.clone())),
        Verdict::Later(later) if later.scope == Scope::Account => {
            Some(AccountEffect::CoolDown(account.circumstances().end_of(later.pace), later.reason.clone()))
        }
        _ => None,
    };
    if let Some(effect) = effect {
        account.affect(effect).await;
    }
}

async fn record(shared: &Shared, outcome: Outcome) -> Option<Committed> {
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

fn count_unknown(shared: &Shared, judgement: &Judgement) {
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
    while let Ok(work) = queue.try_recv() {
        let asked = work.asked();
        if let Work::Run(job, _, slot) = work {
            slot.unused();
            record(shared, shared.account.circumstances().not_sent(&job, why)).await;
        }
        shared.finished(asked);
    }
}

async fn log_out(shared: &Shared, session: Open) {
    if shared.account.standing.quiet_for().is_some() {
        // The registry counts a LOGOUT like any request, refuses it, and prolongs its block.
        return;
    }
    let slot = shared.account.slot(LOGOUT_PATIENCE).await;
    let Some(slot) = slot.filter(|_| shared.account.is_ours()) else {
        tracing::warn!(
            account = shared.account.name,
            "no send was free for a LOGOUT; the registry will miss the session"
        );
        return;
    };
    slot.given_up();
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
        Verdict::Suspend(_) => "suspend",
    }
}

const fn finding_word(finding: &Finding) -> &'static str {
    match finding {
        Finding::Applied(_) => "applied",
        Finding::Taken(..) => "taken",
        Finding::Nothing { .. } => "not applied",
        Finding::Foreign(_) => "somebody else's",
        Finding::Unknown(_) => "cannot tell yet",
    }
}
