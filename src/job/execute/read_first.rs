//! A job that states only what shall change: the object is read first, then written as a whole.
//!
//! The claim has written an intent already, so a crash between reading and writing is a doubt like any other. The digest
//! of the request is only known after the reading; it is committed before the request goes out (law 2), with all that
//! the request states, so that it can be ordered in writing if the registry takes it only so.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::ask::{Said, say};
use super::desk::record;
use super::open::Open;
use super::permits::Part;
use super::staff::Shared;
use crate::job::outcome::Outcome;
use crate::job::schedule::permit::Permit;
use crate::job::schedule::quota::Tier;
use crate::model::request::masked;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Job, Lost, Reject, Verdict};
use crate::registries::Prepared;

/// How long the request waits for its own slot while it holds the session.
const SLOT_PATIENCE: Duration = Duration::from_secs(5);

/// What came of the reading.
pub(super) enum Read {
    /// The request, its intent written, with its permit.
    Complete(Prepared, Permit),
    /// Nothing is to be sent; the outcome is recorded.
    Over {
        /// Whether the session may be used again.
        usable: bool,
    },
}

/// Asks the question, completes the request with the answer and writes its intent.
pub(super) async fn read(
    shared: &Shared,
    session: &mut Open,
    job: &Job,
    question: &Prepared,
    permit: Permit,
    stop: &CancellationToken,
) -> Read {
    let account = &shared.account;
    if !account.may_send() || permit.is_stale() {
        permit.unused();
        return put_back(shared, job, "the account may not send now").await;
    }
    let (answer, judgement) = match say(shared, session, question, permit, "question").await {
        Said::Answer(heard) => *heard,
        Said::Nothing(Lost::NotSent(why)) => {
            record(shared, account.circumstances().not_sent(job, &why)).await;
            return Read::Over { usable: false };
        }
        Said::Nothing(Lost::PerhapsSent(why)) => {
            record(shared, account.circumstances().question_lost(job, &why)).await;
            return Read::Over { usable: false };
        }
    };
    match complete(shared, job, &answer, judgement) {
        Ok((request, whole)) => commit(shared, job, request, &whole, stop).await,
        Err(judgement) => {
            // What the answer means for the account has been taken care of.
            let outcome = Outcome { account: None, ..account.circumstances().unread(job, answer, &judgement) };
            record(shared, outcome).await;
            Read::Over { usable: true }
        }
    }
}

/// The whole request with its parameters, or what the answer means for the job where it does not allow one.
fn complete(
    shared: &Shared,
    job: &Job,
    answer: &Answer,
    judgement: Judgement,
) -> Result<(Prepared, Map<String, Value>), Box<Judgement>> {
    let dialect = shared.account.registry.dialect();
    if judgement.verdict != Verdict::Done {
        return Err(Box::new(judgement));
    }
    let whole = dialect.complete(job.operation, &job.params, answer)?;
    let transaction = job.transaction.as_deref().unwrap_or_default();
    let request = dialect.prepare(job.operation, &whole, transaction);
    request.map(|request| (request, whole)).map_err(|reject| unacceptable(&reject))
}

/// Without the value: it may be personal data of the object that was read, and reasons are logged.
fn unacceptable(reject: &Reject) -> Box<Judgement> {
    let field = reject.field.as_deref().unwrap_or("the request");
    let why =
        format!("{field}: what the registry holds cannot be written back under today's rules; state it in the job");
    Box::new(Judgement::plain(Verdict::Refused(why)))
}

/// The request's own permit and the digest of its intent; only then may it go out.
async fn commit(
    shared: &Shared,
    job: &Job,
    request: Prepared,
    whole: &Map<String, Value>,
    stop: &CancellationToken,
) -> Read {
    let account = &shared.account;
    let need = account.need(Part::of(job), Tier::of(job), request.operation);
    let permit = tokio::select! {
        permit = account.permit(SLOT_PATIENCE, need) => permit,
        () = stop.cancelled() => None,
    };
    let Some(permit) = permit else { return put_back(shared, job, "read, but no send was free to write it").await };
    let (digest, mut whole) = (account.digest(job, &request), whole.clone());
    // Of a job from before there was a key: what it states is not written a second time.
    if account.keys.seal(job.id, &mut whole).is_err() {
        whole = masked(&whole);
    }
    match account.store.resolve(&account.lease, job.id, job.attempt, digest, &whole).await {
        Ok(true) => return Read::Complete(request, permit),
        Ok(false) => {
            tracing::warn!(account = account.name, job = %job.id, "the job is no longer ours; nothing was sent")
        }
        Err(error) => {
            tracing::warn!(account = account.name, job = %job.id, "the intent could not be written: {error}");
            record(shared, account.circumstances().not_sent(job, "the intent could not be written")).await;
        }
    }
    permit.unused();
    Read::Over { usable: true }
}

async fn put_back(shared: &Shared, job: &Job, why: &str) -> Read {
    record(shared, shared.account.circumstances().not_sent(job, why)).await;
    Read::Over { usable: true }
}
