//! Everything about one job, for an operator at three in the morning: where it stands, why, what happened so far, what
//! it waits for, and what can be done.

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{operate, unknown};
use crate::cli::events::EventLine;
use crate::cli::exit::Failure;
use crate::cli::output::{Out, Row, hide, plain};
use crate::model::{Answer, Job, JobId, Operation, Question, State, WaitingFor, request};
use crate::store::{AttemptView, InquiryView, JobDetail, Store};

/// A job in a listing.
#[derive(Serialize)]
pub struct JobRow {
    seq: i64,
    id: JobId,
    account: String,
    operation: Operation,
    object: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_for: Option<WaitingFor>,
    attempt: u32,
    batch: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    reason: Option<String>,
}

impl From<&Job> for JobRow {
    fn from(job: &Job) -> Self {
        Self {
            seq: job.seq,
            id: job.id,
            account: job.account.clone(),
            operation: job.operation,
            object: job.object.to_string(),
            state: job.state,
            waiting_for: (job.state == State::Waiting).then_some(job.waiting_for),
            attempt: job.attempt,
            batch: job.batch.clone(),
            created_at: job.created_at,
            updated_at: job.updated_at,
            reason: job.reason.clone(),
        }
    }
}

impl Row for JobRow {
    const HEADINGS: &'static [&'static str] =
        &["ID", "ACCOUNT", "OPERATION", "OBJECT", "STATE", "TRIES", "UPDATED", "REASON"];
    fn cells(&self) -> Vec<String> {
        let state = self.waiting_for.map_or_else(|| self.state.to_string(), |what| format!("{} ({what})", self.state));
        vec![
            self.id.to_string(),
            self.account.clone(),
            self.operation.to_string(),
            self.object.clone(),
            state,
            self.attempt.to_string(),
            format!("{:.0}", self.updated_at),
            shortened(self.reason.as_deref().unwrap_or_default()),
        ]
    }
}

/// A reason in a listing; `jobs show` has all of it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A job with everything that may be shown of it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: JobRow,
    publisher: String,
    class: &'static str,
    params: Map<String, Value>,
    due_at: Timestamp,
    start_by: Option<Timestamp>,
    max_attempts: u32,
    spent: u32,
    asked: u32,
    transaction: Option<String>,
    finished_at: Option<Timestamp>,
    answer: Value,
    context: Value,
    waits_for: Vec<Blocker>,
    attempts: Vec<AttemptView>,
    inquiries: Vec<InquiryView>,
    events: Vec<EventLine>,
    standing: String,
    possible: Vec<String>,
}

#[derive(Serialize)]
struct Blocker {
    job: JobId,
    kind: String,
}

/// Shows one job.
///
/// # Errors
/// See [`Failure`].
pub async fn run(id: JobId, store: &dyn Store, now: Timestamp, out: &mut Out<'_>) -> Result<(), Failure> {
    let detail = store.job(id).await?.ok_or_else(|| unknown(id))?;
    let account = store.account(&detail.job.account).await?;
    let mut standing = standing(&detail, now);
    if let Some(reason) = account.suspended {
        let _ = write!(standing, "; its account is suspended: {reason} (`registrard accounts resume` ends that)");
    } else if let Some(until) = account.cooldown_until.filter(|until| *until > now) {
        let reason = account.cooldown_reason.unwrap_or_default();
        let _ = write!(standing, "; its account is silent until {until}: {reason}");
    }
    let shown = shown(&detail, standing);
    let heading = out.strong(&plain(&format!("{} {}", shown.row.operation, shown.row.object)));
    out.one(&shown, |shown| people(shown, &heading))
}

fn shown(detail: &JobDetail, standing: String) -> Shown {
    let JobDetail { job, attempts, inquiries, waits_for, events } = detail;
    Shown {
        row: job.into(),
        publisher: job.publisher.clone(),
        class: job.class.word(),
        params: params(job),
        due_at: job.due_at,
        start_by: job.start_by,
        max_attempts: job.max_attempts,
        spent: job.spent,
        asked: job.asked,
        transaction: job.transaction.clone(),
        finished_at: job.finished_at,
        answer: job.answer.as_ref().map_or(Value::Null, answer),
        context: job.context.clone(),
        waits_for: waits_for.iter().map(|(job, kind)| Blocker { job: *job, kind: kind.clone() }).collect(),
        attempts: attempts.iter().cloned().map(masked).collect(),
        inquiries: inquiries.clone(),
        events: events.iter().map(EventLine::from).collect(),
        standing,
        possible: operate::possible(detail),
    }
}

/// The parameters without secrets. Those of a raw command are the registry's own text, where no key tells secrets apart,
/// so none of it is shown.
fn params(job: &Job) -> Map<String, Value> {
    if job.operation == Operation::Raw {
        return job.params.keys().map(|key| (key.clone(), Value::String("***".into()))).collect();
    }
    without_secrets(&job.params)
}

fn without_secrets(params: &Map<String, Value>) -> Map<String, Value> {
    let mut params = Value::Object(request::masked(params));
    hide(&mut params);
    match params {
        Value::Object(params) => params,
        _ => Map::new(),
    }
}

/// An attempt as its job's parameters are shown.
fn masked(attempt: AttemptView) -> AttemptView {
    AttemptView { whole: attempt.whole.as_ref().map(without_secrets), ..attempt }
}

fn answer(answer: &Answer) -> Value {
    let mut answer = serde_json::to_value(answer).unwrap_or_default();
    hide(&mut answer);
    answer
}

/// Where the job stands, in a sentence.
fn standing(detail: &JobDetail, now: Timestamp) -> String {
    let JobDetail { job, waits_for, .. } = detail;
    let at = |instant: Timestamp| if instant <= now { "now".to_owned() } else { format!("at {instant}") };
    let mut text = match job.state {
        State::Waiting => match job.waiting_for {
            WaitingFor::Turn if waits_for.is_empty() => format!("it may start {}", at(job.due_at)),
            WaitingFor::Turn | WaitingFor::Dependency | WaitingFor::Predecessor => {
                format!("it waits for {} job(s)", waits_for.len())
            }
            WaitingFor::Time => format!("it may start {}, as the publisher wished", at(job.due_at)),
            WaitingFor::Backoff => format!("it is tried again {}", at(job.due_at)),
            WaitingFor::Cooldown => format!("its account may send again {}", at(job.due_at)),
            WaitingFor::Quota => format!("the registry's next quota day begins {}", at(job.due_at)),
            WaitingFor::Spacing => format!("its object may be written to again {}", at(job.due_at)),
            WaitingFor::Paused => "it is paused; `registrard jobs explain` tells by whom".into(),
        },
        State::Running => format!("attempt {} is on the wire since {}", job.attempt, job.updated_at),
        State::InDoubt => format!(
            "attempt {} was perhaps carried out; the registry was asked {} time(s), next {}",
            job.attempt,
            job.asked,
            at(job.due_at)
        ),
        State::Pending => format!(
            "the registry took the order and works on it; its message ends it, or it is asked {} (asked {} time(s) so far)",
            at(job.due_at),
            job.asked
        ),
        State::NeedsAttention => "nothing happens until you decide".into(),
        State::Succeeded | State::Failed | State::Cancelled | State::Expired => {
            format!("its life ended at {}", job.finished_at.unwrap_or(job.updated_at))
        }
    };
    if let Some(start_by) = job.start_by.filter(|_| job.state == State::Waiting) {
        let _ = write!(text, "; it expires unless it starts by {start_by}");
    }
    text
}

fn people(shown: &Shown, heading: &str) -> String {
    let mut text = format!("{heading}\n");
    let state = format!("{}: {}", shown.row.state, shown.standing);
    let lines: [(&str, String); 12] = [
        ("state", state),
        ("reason", shown.row.reason.clone().unwrap_or_default()),
        ("id", shown.row.id.to_string()),
        ("account", shown.row.account.clone()),
        ("publisher", shown.publisher.clone()),
        ("batch", shown.row.batch.clone().unwrap_or_default()),
        ("class", shown.class.into()),
        ("arrived", format!("{} as number {}", shown.row.created_at, shown.row.seq)),
        ("budget", format!("{} of {} attempts used up", shown.spent, shown.max_attempts)),
        ("transaction", shown.transaction.clone().unwrap_or_default()),
        ("params", Value::Object(shown.params.clone()).to_string()),
        ("context", shown.context.to_string()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty() && value != "null") {
        let _ = writeln!(text, "  {name:<12} {}", plain(value));
    }
    for blocker in &shown.waits_for {
        let _ = writeln!(text, "  {:<12} job {} ({})", "waits for", blocker.job, plain(&blocker.kind));
    }
    attempts(&mut text, &shown.attempts);
    inquiries(&mut text, &shown.inquiries);
    if !shown.answer.is_null() {
        let _ = writeln!(text, "last answer\n  {}", plain(&shown.answer.to_string()));
    }
    if !shown.events.is_empty() {
        text.push_str("events\n");
    }
    for EventLine { seq, kind, time, sent_at, tries } in &shown.events {
        let sent = match sent_at {
            Some(sent_at) => format!("confirmed at {sent_at}"),
            None => format!("not confirmed yet, {tries} failed tries"),
        };
        let _ = writeln!(text, "  {time}  {}  (number {seq}, {sent})", plain(kind));
    }
    text.push_str("you can\n");
    for line in &shown.possible {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn attempts(text: &mut String, attempts: &[AttemptView]) {
    if !attempts.is_empty() {
        text.push_str("attempts\n");
    }
    for AttemptView { attempt, transaction, started_at, ended_at, cause, code, reason, whole, .. } in attempts {
        let ended = ended_at.map_or_else(|| "no outcome yet".to_owned(), |ended_at| format!("ended {ended_at}"));
        let _ = write!(text, "  {attempt}. {started_at}  {ended}  {}", plain(transaction));
        for part in [cause, code, reason].into_iter().flatten() {
            let _ = write!(text, "  {}", plain(part));
        }
        text.push('\n');
        if let Some(whole) = whole {
            let whole = Value::Object(whole.clone()).to_string();
            let _ = writeln!(text, "     as a whole: {}", plain(&whole));
        }
    }
}

/// What the registry was asked and what that proves, conversation by conversation.
fn inquiries(text: &mut String, inquiries: &[InquiryView]) {
    if !inquiries.is_empty() {
        text.push_str("asked\n");
    }
    for InquiryView { number, attempt, about, asked_at, questions, finding, evidence, cause } in inquiries {
        let what = if *about == State::Pending { "order" } else { "doubt" };
        let found = plain(&format!("found {finding}: {cause}"));
        let _ = writeln!(text, "  {number}. {asked_at}  {what} of attempt {attempt}, {found}");
        for Question { asked, object, at, result, code, server_transaction, unanswered } in questions {
            let _ = write!(text, "     {at}  {asked} {}", plain(object));
            for part in [result, code, server_transaction, unanswered].into_iter().flatten() {
                let _ = write!(text, "  {}", plain(part));
            }
            text.push('\n');
        }
        let _ = writeln!(text, "     {}", plain(evidence));
    }
}
