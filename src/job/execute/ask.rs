//! Asking the registry what is true: of a job in doubt before anything is sent again (law 3), and of an order it took
//! and has not been heard to finish.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Account;
use super::desk::{SLOT_PATIENCE, count_unknown, record};
use super::open::Open;
use super::permits::{Need, question_parts};
use super::staff::Shared;
use crate::failpoint::failpoint;
use crate::job::outcome::AccountEffect;
use crate::job::schedule::permit::Permit;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Finding, Job, Lost, Question, Scope, State, Verdict};
use crate::registries::{Prepared, Step};
use crate::store::StoreError;

/// How long a desk rests after a question that could not be asked.
const NOT_ASKED: Duration = Duration::from_secs(1);

/// Questions one conversation may ask in a row.
const LONGEST_CONVERSATION: usize = 12;

/// Asks about one job; says whether the session may be used again.
pub(super) async fn ask(shared: &Shared, session: &mut Open, job: &Job, stop: &CancellationToken) -> bool {
    let account = &shared.account;
    let (mut heard, mut asked, mut deadlines) = (Vec::new(), Vec::new(), Vec::new());
    let mut usable = true;
    let mut job = job.clone();
    let unopened = account.open(&mut job).err();
    let job = &job;
    let so_already = match so_already(account, job).await {
        Ok(so_already) => so_already,
        Err(error) => {
            // What it finds could not be recorded either; it stays due.
            tracing::debug!(account = account.name, job = %job.id, "not asked: {error}");
            rest(stop).await;
            return true;
        }
    };
    let finding = loop {
        if let Some(why) = &unopened {
            break Finding::Unknown(why.to_string());
        }
        let question = match next(shared, job, so_already, &heard) {
            Step::Found(finding) => break finding,
            Step::Ask(_) if heard.len() >= LONGEST_CONVERSATION => {
                break Finding::Unknown("the questions did not settle it".into());
            }
            Step::Ask(question) => question,
        };
        // Not asked: nothing is known and nothing is counted, so it stays due.
        let Ok(permit) = permit(shared, need(shared, job, &question), stop).await else {
            // Whatever is in the way is not over at once, and the job would be handed over again at once.
            rest(stop).await;
            return true;
        };
        let at = account.clock.now();
        match say(shared, session, &question, permit, "question").await {
            Said::Answer(said) => {
                let (answer, judgement) = *said;
                deadlines = judgement.deadlines;
                asked.push(Question::answered(question.operation, &job.object, at, &answer));
                heard.push(answer);
            }
            Said::Nothing(Lost::NotSent(why)) => {
                tracing::debug!(account = account.name, job = %job.id, "the question was not sent: {why}");
                return false;
            }
            Said::Nothing(lost) => {
                usable = false;
                asked.push(Question::lost(question.operation, &job.object, at, &lost));
                break Finding::Unknown(format!("the question was not answered: {lost}"));
            }
        }
    };
    // What the registry kept of its own answer names dates that the answer to the question about it does not.
    if let Finding::Applied { shown, .. } = &finding
        && deadlines.is_empty()
    {
        deadlines = account.registry.dialect().judge(job.operation, shown).deadlines;
    }
    failpoint!(DoubtFound);
    let word = finding.word();
    tracing::info!(account = account.name, job = %job.id, attempt = job.attempt, "{}, asked: {word}", job.state);
    let finding = finding.with_shown(|shown| account.kept(job, shown));
    let circumstances = account.circumstances();
    let outcome = match job.state {
        State::Pending => {
            let follow_ups = account.registry.dialect().follow_ups(job.operation);
            circumstances.followed_up_in_time(job, finding, intent(job), follow_ups, asked, &deadlines)
        }
        _ => {
            let settles = account.registry.dialect().settles(job.operation);
            circumstances.found_in_time(job, finding, settles, asked, &deadlines)
        }
    };
    // The next look at the store must not find this job as it was and due again, so the commit is awaited.
    let outcome = account.with_words(job, outcome, &deadlines);
    if let Some(committed) = record(shared, outcome).await {
        committed.wait().await;
    }
    usable
}

/// When the first request of the job may have been sent.
fn intent(job: &Job) -> Timestamp {
    job.intent_at.unwrap_or(job.created_at)
}

/// When an earlier job brought about what this one is about, if the last of ours did.
async fn so_already(account: &Account, job: &Job) -> Result<Option<Timestamp>, StoreError> {
    let Some(rivals) = job.operation.rivals().filter(|_| job.state == State::InDoubt) else { return Ok(None) };
    let lane = account.pool.as_deref().unwrap_or(&account.name);
    let last = account.store.last_done(lane, job.object.as_str(), &rivals.all, intent(job)).await?;
    Ok(last.filter(|(last, _)| rivals.precluded_by(*last)).map(|(_, at)| at))
}

async fn rest(stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(NOT_ASKED) => {}
        () = stop.cancelled() => {}
    }
}

/// The next step of the conversation about a job.
fn next(shared: &Shared, job: &Job, so_already: Option<Timestamp>, heard: &[Answer]) -> Step {
    let doubt = Doubt {
        account: &shared.account.name,
        operation: job.operation,
        params: &job.params,
        transaction: job.transaction.as_deref().unwrap_or_default(),
        since: intent(job),
        so_already,
        taken: job.answer.as_ref().filter(|_| job.state == State::Pending),
    };
    let dialect = shared.account.registry.dialect();
    // After silence the last answer kept is that to an earlier request.
    let said = job.answer.as_ref().filter(|_| !job.keep_transaction);
    match (job.state, said) {
        (State::Pending, _) => dialect.follow_up(&doubt, heard),
        (_, Some(said)) => dialect.reconcile_after(&doubt, said, heard),
        (_, None) => dialect.reconcile(&doubt, heard),
    }
}

fn need(shared: &Shared, job: &Job, question: &Prepared) -> Need {
    let (part, tier) = question_parts(job.state);
    shared.account.need(part, tier, question.operation)
}

/// A permit for something that is not a job's request, or why there is none.
pub(super) async fn permit(shared: &Shared, need: Need, stop: &CancellationToken) -> Result<Permit, &'static str> {
    let account = &shared.account;
    let permit = tokio::select! {
        permit = account.permit(SLOT_PATIENCE, need) => permit,
        () = stop.cancelled() => return Err("the daemon stops"),
    };
    match permit {
        Some(permit) if account.may_send() => Ok(permit),
        Some(permit) => {
            permit.unused();
            Err("the account may not send now")
        }
        None => Err("no send was free for it"),
    }
}

/// What came of saying something that is not a job's request.
pub(super) enum Said {
    /// An answer; what it means for the account has been taken care of.
    Answer(Box<(Answer, Judgement)>),
    /// No answer: the session is of no more use.
    Nothing(Lost),
}

/// Says it and hears the answer, which may be the one that tells of a block or a refused account.
pub(super) async fn say(
    shared: &Shared,
    session: &mut Open,
    request: &Prepared,
    permit: Permit,
    label: &'static str,
) -> Said {
    let account = &shared.account;
    let begun = Instant::now();
    match session.exchange(request).await {
        Ok(answer) => {
            permit.answered();
            account.observer.commanded(&account.name, request.operation, label, begun.elapsed());
            let judgement = account.registry.dialect().judge(request.operation, &answer);
            note_account(shared, &judgement).await;
            Said::Answer(Box::new((answer, judgement)))
        }
        Err(Lost::NotSent(why)) => {
            permit.unused();
            Said::Nothing(Lost::NotSent(why))
        }
        Err(lost) => {
            permit.given_up();
            Said::Nothing(lost)
        }
    }
}

/// What an answer that belongs to no job means for the account.
pub(super) async fn note_account(shared: &Shared, judgement: &Judgement) {
    let account = &shared.account;
    count_unknown(shared, judgement);
    account.hear_quota(judgement).await;
    account.count_refusal(judgement).await;
    let cool_down =
        |wait: Duration, why| AccountEffect::CoolDown(account.clock.now() + wait.max(account.limits.cool_down), why);
    let effect = match &judgement.verdict {
        Verdict::Suspend(why) => Some(AccountEffect::Suspend(why.clone())),
        Verdict::Later(later) if later.scope == Scope::Account => Some(account.circumstances().for_all(later)),
        _ => judgement.account_cooldown.as_ref().map(|(wait, why)| cool_down(*wait, why.clone())),
    };
    if let Some(effect) = effect {
        account.affect(effect).await;
    }
}
