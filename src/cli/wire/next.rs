//! What would happen next to a job that was answered so: decided by the daemon's own code and its default policy, then put
//! into words.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::job::outcome::{AccountEffect, Circumstances, Outcome};
use crate::model::request::DEFAULT_MAX_ATTEMPTS;
use crate::model::retry::{Pace, Policy};
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Class, Job, JobId, Move, ObjectKey, Operation, State, Verdict, WaitingFor};
use crate::registries::{Dialect, FollowUps, Step};

/// Decisions are made as if it were now.
const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// When the quota day ends is the account's business, so it is told in words.
const QUOTA_DAY: Duration = Duration::from_secs(3600);

/// What would happen next, sentence by sentence. `attempt` is the one that was answered, each earlier one refused.
pub fn steps(
    dialect: &dyn Dialect,
    operation: Operation,
    answer: &Answer,
    judgement: &Judgement,
    attempt: u32,
) -> Vec<String> {
    let job = job(operation, attempt);
    // The jitter lies between these two.
    let [soonest, latest] = [0.0, 1.0].map(|random| here(random, QUOTA_DAY).answered(&job, answer.clone(), judgement));
    let mut steps: Vec<String> = Vec::new();
    if let (Some(soonest), Some(latest)) = (&soonest.step, &latest.step) {
        steps.push(of_job(dialect, &job, soonest, latest));
    }
    if let Verdict::RefusedUnlessLost(_) = judgement.verdict {
        steps
            .push("if an earlier request of the job was never answered, the registry is asked about it instead".into());
    }
    steps.extend(of_account(&latest));
    steps
}

fn here(random: f64, left: Duration) -> Circumstances {
    Circumstances {
        policy: Policy::default(),
        random,
        now: NOW,
        next_quota_day: NOW + left,
        cool_down: Duration::ZERO,
        fence: 0,
    }
}

fn of_job(dialect: &dyn Dialect, job: &Job, soonest: &Move, latest: &Move) -> String {
    let wait = range(soonest.due_at, latest.due_at);
    let why = latest.reason.as_deref().unwrap_or_default();
    match (latest.to(), latest.waiting_for) {
        (State::Pending, _) => pending(dialect, job, &wait, why),
        (State::InDoubt, _) => doubt(dialect, job, &wait),
        (State::NeedsAttention, _) => format!("needs_attention: {why}"),
        (State::Waiting, WaitingFor::Quota) => "again on the next quota day, at no cost".into(),
        (State::Waiting, WaitingFor::Cooldown) => format!("again after {wait}, at no cost"),
        (State::Waiting, _) if latest.spend => {
            let next = job.spent + 2;
            format!("again after {wait} of back-off (attempt {next} of {}); other objects go on", job.max_attempts)
        }
        (State::Waiting, _) => "waits, at no cost".into(),
        (ended, _) => format!("ends as {ended}"),
    }
}

/// What ends an order the registry took: its message, or the answer to a question.
fn pending(dialect: &dyn Dialect, job: &Job, wait: &str, until: &str) -> String {
    let Policy { pending, follow_ups, .. } = Policy::default();
    let hours = pending.longest.as_secs() / 3600;
    let FollowUps { every, decided_within } = dialect.follow_ups(job.operation);
    let when = if every.is_zero() {
        format!(
            "first after {wait}, each time doubled up to {hours} h, at most {follow_ups} times, then needs_attention"
        )
    } else {
        let (least, days) = (every.as_secs() / 3600, decided_within.as_secs() / 86_400);
        format!(
            "first after {wait}, then every {least} to {hours} h; what is not there after {days} days ends as failed"
        )
    };
    match dialect.follow_up(&about(job), &[]) {
        Step::Ask(question) => format!("pending: ended by {until}; asked about ({}) {when}", question.operation),
        Step::Found(_) => format!("pending: ended by {until}; looked at {when}"),
    }
}

fn about(job: &Job) -> Doubt<'_> {
    Doubt {
        account: &job.account,
        operation: job.operation,
        params: &job.params,
        transaction: job.transaction.as_deref().unwrap_or_default(),
        since: NOW,
        so_already: None,
        taken: None,
    }
}

/// The first question about a doubt, found by asking the dialect about an example.
fn doubt(dialect: &dyn Dialect, job: &Job, wait: &str) -> String {
    let when = format!("first after {wait}, at most {} times", Policy::default().questions);
    match dialect.reconcile(&about(job), &[]) {
        Step::Ask(question) => {
            format!("in doubt: asks the registry ({}) whether it happened, {when}", question.operation)
        }
        Step::Found(_) => format!("in doubt: looks for a way to tell whether it happened, {when}"),
    }
}

fn of_account(outcome: &Outcome) -> Option<String> {
    match outcome.account.as_ref()? {
        AccountEffect::Suspend(_) => Some("the account sends nothing more until an operator resumes it".into()),
        AccountEffect::OutOfQuota(..) => Some(until_quota_day()),
        AccountEffect::OutOfFunds(_) => Some(
            "nothing of the account that costs money until there is more of it; it is looked for again and again"
                .into(),
        ),
        AccountEffect::CoolDown(until, _) => {
            Some(format!("silence of the account for {}: its other jobs wait too, at no cost", range(*until, *until)))
        }
    }
}

/// The silence after a quota refusal, late in a quota day and early in it.
fn until_quota_day() -> String {
    let silence = |left: Duration| here(1.0, left).end_of(Pace::NextQuotaDay).duration_since(NOW).as_secs();
    let margin = silence(QUOTA_DAY) - i64::try_from(QUOTA_DAY.as_secs()).unwrap_or_default();
    let probe = silence(Duration::from_secs(24 * 3600)) / 60;
    format!(
        "nothing of the account that costs quota until {margin} s into the next quota day, or for {probe} min where the day has \
         just begun"
    )
}

/// `2 s`, or `0.2 to 2 s` where it depends on the jitter.
fn range(soonest: Timestamp, latest: Timestamp) -> String {
    let seconds = |at: Timestamp| at.duration_since(NOW).as_secs_f64();
    let (soonest, latest) = (seconds(soonest), seconds(latest));
    if soonest < latest { format!("{soonest} to {latest} s") } else { format!("{latest} s") }
}

/// A running job whose earlier attempts were all refused for a while.
fn job(operation: Operation, attempt: u32) -> Job {
    Job {
        id: JobId(Uuid::nil()),
        seq: 0,
        publisher: String::new(),
        account: String::new(),
        queue: String::new(),
        operation,
        object: ObjectKey::new(operation.object(), ""),
        params: example(),
        class: Class::Normal,
        state: State::Running,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: NOW,
        start_by: None,
        batch: None,
        max_attempts: DEFAULT_MAX_ATTEMPTS,
        attempt,
        spent: attempt.saturating_sub(1),
        asked: 0,
        transaction: None,
        keep_transaction: false,
        lost: false,
        intent_at: Some(NOW),
        blockers: 0,
        answer: None,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        created_at: NOW,
        updated_at: NOW,
        finished_at: None,
        fence: 0,
    }
}

/// Something to ask about, since an answer does not come with its job.
fn example() -> Map<String, Value> {
    let named = [("domain", "example.de"), ("handle", "EXAMPLE-HANDLE")];
    named.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}
