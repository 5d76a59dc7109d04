//! Submissions on the command line: straight into the store, by the same rules.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::commit::refusal;
use super::fields::{self, clean, wrong};
use super::gate::{DefaultId, Gate, Origin, Publisher};
use crate::model::request::RejectCode;
use crate::model::{JobId, NewJob, Reject, State};
use crate::store::{Acceptance, Store, StoreError};

/// One item of a submission.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The job; a job without an id has been given one. Or why it cannot be read.
    pub job: Result<Value, Reject>,
    /// Its batch if it names none.
    pub batch: Option<String>,
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// Its place in the submission, from 0.
    pub index: usize,
    /// Its id, if it could be read.
    pub id: Option<JobId>,
    /// Taken in or not.
    pub outcome: Outcome,
}

/// Taken in or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Stored; with `dry_run`: would be stored, unless the store knows it already.
    Accepted,
    /// Known with the same content; it is in this state.
    Duplicate(State),
    /// Turned away.
    Rejected(Reject),
}

/// Takes a text apart: a job, a bulk (`{"jobs": […]}`), an array of jobs, or one job a line. Each job without an id gets
/// a new one (UUIDv7), so that the report can name it.
///
/// # Errors
/// The text as a whole cannot be read.
pub fn read_submission(text: &[u8], batch: Option<&str>) -> Result<Vec<Submission>, Reject> {
    if let Some(name) = batch {
        fields::batch_name(name)?;
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        Reject::new(RejectCode::Malformed, format!("not UTF-8: the byte at offset {} is wrong", error.valid_up_to()))
    })?;
    let item = |job, own: Option<&str>| Submission { job, batch: own.or(batch).map(str::to_owned) };
    let whole = match serde_json::from_str::<Value>(text) {
        Ok(whole) => whole,
        Err(error) => {
            return lines(text).map(|jobs| jobs.into_iter().map(|job| item(job, None)).collect()).ok_or_else(|| {
                Reject::new(RejectCode::Malformed, clean(&format!("neither JSON nor one JSON object a line: {error}")))
            });
        }
    };
    match whole {
        Value::Array(jobs) => Ok(jobs.into_iter().map(|job| item(Ok(identified(job)), None)).collect()),
        Value::Object(mut map) if map.contains_key("jobs") => {
            let own = map.remove("batch");
            let own = own.as_ref().and_then(Value::as_str);
            own.map_or(Ok(()), fields::batch_name)?;
            match (map.remove("jobs"), map.keys().next()) {
                (Some(Value::Array(jobs)), None) => {
                    Ok(jobs.into_iter().map(|job| item(Ok(identified(job)), own)).collect())
                }
                (_, Some(key)) => Err(wrong(RejectCode::InvalidJob, key, "unknown key of a bulk".into())),
                _ => Err(wrong(RejectCode::InvalidJob, "jobs", "must be an array of jobs".into())),
            }
        }
        job => Ok(vec![item(Ok(identified(job)), None)]),
    }
}

/// Jobs one a line, if the first line is one.
fn lines(text: &str) -> Option<Vec<Result<Value, Reject>>> {
    let read = |line: &str| serde_json::from_str::<Value>(line);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let (_, first) = lines.peek()?;
    if !read(first).is_ok_and(|value| value.is_object()) {
        return None;
    }
    let job = |(number, line): (usize, &str)| {
        read(line)
            .map(identified)
            .map_err(|error| Reject::new(RejectCode::Malformed, clean(&format!("line {number} is not JSON: {error}"))))
    };
    Some(lines.map(job).collect())
}

fn identified(mut job: Value) -> Value {
    if let Value::Object(map) = &mut job
        && map.get("id").is_none_or(Value::is_null)
    {
        map.insert("id".into(), Uuid::now_v7().to_string().into());
    }
    job
}

/// Checks items and stores them, as publisher [`super::LOCAL`]; the report is in their order. With `dry_run` nothing is
/// stored.
///
/// # Errors
/// The store failed. Items are stored in transactions of at most `intake.max_bulk_jobs`; repeating the whole submission
/// with the same ids is safe.
pub async fn submit(
    gate: &Gate,
    store: &dyn Store,
    items: &[Submission],
    dry_run: bool,
) -> Result<Vec<Submitted>, StoreError> {
    let mut report = Vec::with_capacity(items.len());
    let mut jobs: Vec<NewJob> = Vec::new();
    // Places in the report of the jobs that passed the gate.
    let mut places = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let origin = Origin {
            publisher: Publisher::Local,
            id: DefaultId::InBulk,
            batch: item.batch.as_deref(),
            reply_to: None,
            correlation_id: None,
        };
        let admitted = item.job.as_ref().map_err(Clone::clone).and_then(|raw| gate.admit(&origin, raw));
        let named = item.job.as_ref().ok().and_then(|raw| raw.get("id")?.as_str()?.parse().ok());
        let (id, outcome) = match admitted {
            Ok(job) => {
                let id = job.id;
                places.push(index);
                jobs.push(job);
                (Some(id), Outcome::Accepted)
            }
            Err(reject) => (named, Outcome::Rejected(reject)),
        };
        report.push(Submitted { index, id, outcome });
    }
    if dry_run {
        return Ok(report);
    }
    let most = gate.limits().max_bulk_jobs.max(1);
    for (jobs, places) in jobs.chunks(most).zip(places.chunks(most)) {
        let acceptances = store.accept(jobs, &[], Timestamp::now()).await?;
        for ((job, acceptance), place) in jobs.iter().zip(&acceptances).zip(places) {
            report[*place].outcome = match (refusal(job, acceptance), acceptance) {
                (Some(reject), _) => Outcome::Rejected(reject),
                (None, Acceptance::Duplicate(state)) => Outcome::Duplicate(*state),
                (None, _) => Outcome::Accepted,
            };
        }
    }
    Ok(report)
}
