//! Asking the registry what is true of a job in doubt, before anything is sent again (law 3).

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::desk::{Open, SLOT_PATIENCE, count_unknown, record};
use super::staff::Shared;
use crate::job::outcome::AccountEffect;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Finding, Job, Lost, Scope, Verdict};
use crate::registries::Step;

/// Questions one reconciliation may ask in a row.
const LONGEST_CONVERSATION: usize = 6;

/// Asks about one job; says whether the session may be used again.
pub(super) async fn ask(shared: &Shared, session: &mut Open, job: &Job, stop: &CancellationToken) -> bool {
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
        let slot = tokio::select! {
            slot = account.slot(SLOT_PATIENCE, shared.sessions()) => slot,
            () = stop.cancelled() => return true,
        };
        let slot = match slot {
            Some(slot) if account.may_send() => slot,
            // Not asked, so nothing is known and nothing is counted: it stays due.
            Some(slot) => {
                slot.unused();
                return true;
            }
            None => return true,
        };
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
            Err(Lost::NotSent(why)) => {
                slot.unused();
                tracing::debug!(account = account.name, job = %job.id, "the question was not sent: {why}");
                return false;
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
pub(super) async fn note_account(shared: &Shared, judgement: &Judgement) {
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

const fn finding_word(finding: &Finding) -> &'static str {
    match finding {
        Finding::Applied(_) => "applied",
        Finding::Taken(..) => "taken",
        Finding::Nothing { .. } => "not applied",
        Finding::Foreign(_) => "somebody else's",
        Finding::Unknown(_) => "cannot tell yet",
    }
}
