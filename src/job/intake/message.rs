//! A message's bytes taken apart: one job, or many.

use serde_json::Value;

use super::fields;
use crate::config;
use crate::model::Reject;
use crate::model::request::RejectCode;

/// What a message holds; the jobs in it are not looked at yet.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    One(Value),
    Many {
        /// The batch of every job that names none.
        batch: Option<String>,
        jobs: Vec<Value>,
    },
}

/// Takes a message apart.
///
/// # Errors
/// The message as a whole cannot be used: why.
pub(super) fn read(body: &[u8], limits: &config::Intake) -> Result<Message, Reject> {
    if body.len() > limits.max_message_bytes {
        return Err(Reject::new(
            RejectCode::TooLarge,
            format!(
                "the message has {} bytes, at most {} are accepted (`intake.max_message_bytes`); split it",
                body.len(),
                limits.max_message_bytes
            ),
        ));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        Reject::new(RejectCode::Malformed, format!("not UTF-8: the byte at offset {} is wrong", error.valid_up_to()))
    })?;
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Reject::new(RejectCode::Malformed, fields::clean(&format!("not JSON: {error}"))))?;
    match value {
        Value::Object(map) if map.contains_key("jobs") => bulk(map, limits),
        Value::Object(_) => Ok(Message::One(value)),
        other => Err(Reject::new(
            RejectCode::Malformed,
            format!("a message is a job or {{\"jobs\": […]}}, both JSON objects; this is {}", fields::kind(&other)),
        )),
    }
}

fn bulk(mut map: serde_json::Map<String, Value>, limits: &config::Intake) -> Result<Message, Reject> {
    let wrong = |field: &str, reason: String| fields::wrong(RejectCode::InvalidJob, field, reason);
    let jobs = match map.remove("jobs") {
        Some(Value::Array(jobs)) => jobs,
        other => {
            let kind = fields::kind(&other.unwrap_or_default());
            return Err(wrong("jobs", format!("must be an array of jobs, this is {kind}")));
        }
    };
    let batch = match map.remove("batch") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => {
            fields::batch_name(&name)?;
            Some(name)
        }
        Some(other) => return Err(wrong("batch", format!("must be a string, this is {}", fields::kind(&other)))),
    };
    if let Some(key) = map.keys().next() {
        return Err(wrong(
            key,
            "unknown key; a bulk message has `jobs` and `batch`, everything else stands in a job".into(),
        ));
    }
    if jobs.is_empty() {
        return Err(wrong("jobs", "holds no job".into()));
    }
    if jobs.len() > limits.max_bulk_jobs {
        let most = limits.max_bulk_jobs;
        let reason = format!("{} jobs, at most {most} are accepted (`intake.max_bulk_jobs`); split it", jobs.len());
        return Err(fields::wrong(RejectCode::TooLarge, "jobs", reason));
    }
    Ok(Message::Many { batch, jobs })
}
