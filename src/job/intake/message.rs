//! A message's bytes taken apart: one job, or many.
//!
//! JSON as a tree takes up to some twenty times the room of its text. So there is never a tree of more than one job: the
//! jobs of a bulk message stay text until their turn comes.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::fields;
use crate::config;
use crate::model::Reject;
use crate::model::request::RejectCode;

/// Most bytes of one job. The longest that mean anything have a context of 64 KiB and parameters as long as a request may
/// be.
const LARGEST_JOB: usize = 1024 * 1024;

/// What a message holds; the jobs in it are not looked at yet.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    One(Value),
    Many {
        /// The batch of every job that names none.
        batch: Option<String>,
        /// Where each stands in the body.
        jobs: Vec<Range<usize>>,
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
    // A lonely job, as most are, is not read twice for the sake of a key that it cannot have.
    let may_be_many = text.contains("\"jobs\"") || text.contains('\\');
    if may_be_many && text.trim_ascii_start().starts_with('{') {
        let envelope = envelope(text, limits.max_bulk_jobs).map_err(|error| not_json(&error))?;
        if let Some(jobs) = envelope.jobs {
            return bulk(text, jobs, envelope.batch, envelope.unknown, limits);
        }
    }
    match job(text)? {
        value @ Value::Object(_) => Ok(Message::One(value)),
        other => Err(Reject::new(
            RejectCode::Malformed,
            format!("a message is a job or {{\"jobs\": […]}}, both JSON objects; this is {}", fields::kind(&other)),
        )),
    }
}

/// Reads the text of one job, or of what should be one.
///
/// # Errors
/// It is too long, or not JSON.
pub(super) fn job(text: &str) -> Result<Value, Reject> {
    if text.len() > LARGEST_JOB {
        let reason = format!("a job of {} bytes, at most {LARGEST_JOB} are accepted", text.len());
        return Err(Reject::new(RejectCode::TooLarge, reason));
    }
    serde_json::from_str(text).map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> Reject {
    Reject::new(RejectCode::Malformed, fields::clean(&format!("not JSON: {error}")))
}

/// The outermost keys of a message.
#[derive(Default)]
struct Envelope<'a> {
    jobs: Option<Jobs<'a>>,
    batch: Option<&'a RawValue>,
    /// A key that a bulk message does not have.
    unknown: Option<String>,
}

/// What stands under `jobs`.
enum Jobs<'a> {
    /// The first ones, and how many there are.
    Array(Vec<&'a str>, usize),
    Other(&'a RawValue),
}

/// Reads the keys of an object; of its jobs no more than `most` are kept.
fn envelope(text: &str, most: usize) -> serde_json::Result<Envelope<'_>> {
    struct Keys(usize);
    impl<'a> Visitor<'a> for Keys {
        type Value = Envelope<'a>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Envelope<'a>, A::Error> {
            let mut envelope = Envelope::default();
            while let Some(key) = map.next_key::<String>()? {
                match key.as_str() {
                    "jobs" => {
                        let raw: &'a RawValue = map.next_value()?;
                        envelope.jobs = Some(match raw.get().starts_with('[') {
                            true => array(raw.get(), self.0).map_err(serde::de::Error::custom)?,
                            false => Jobs::Other(raw),
                        });
                    }
                    "batch" => envelope.batch = Some(map.next_value()?),
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                        envelope.unknown.get_or_insert(key);
                    }
                }
            }
            Ok(envelope)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let envelope = reader.deserialize_map(Keys(most))?;
    reader.end()?;
    Ok(envelope)
}

fn array(text: &str, most: usize) -> serde_json::Result<Jobs<'_>> {
    struct Items(usize);
    impl<'a> Visitor<'a> for Items {
        type Value = Jobs<'a>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Jobs<'a>, A::Error> {
            let (mut kept, mut count) = (Vec::new(), 0);
            while count < self.0 {
                let Some(item) = items.next_element::<&'a RawValue>()? else { return Ok(Jobs::Array(kept, count)) };
                kept.push(item.get());
                count += 1;
            }
            while items.next_element::<IgnoredAny>()?.is_some() {
                count += 1;
            }
            Ok(Jobs::Array(kept, count))
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_seq(Items(most))
}

fn bulk(
    text: &str,
    jobs: Jobs<'_>,
    batch: Option<&RawValue>,
    unknown: Option<String>,
    limits: &config::Intake,
) -> Result<Message, Reject> {
    let wrong = |field: &str, reason: String| fields::wrong(RejectCode::InvalidJob, field, reason);
    let (jobs, count) = match jobs {
        Jobs::Array(jobs, count) => (jobs, count),
        Jobs::Other(other) => {
            return Err(wrong(
                "jobs",
                format!("must be an array of jobs, this is {}", fields::kind(&job(other.get())?)),
            ));
        }
    };
    let batch = match batch.map(|batch| job(batch.get())).transpose()? {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => {
            fields::batch_name(&name)?;
            Some(name)
        }
        Some(other) => return Err(wrong("batch", format!("must be a string, this is {}", fields::kind(&other)))),
    };
    if let Some(key) = unknown {
        return Err(wrong(
            &key,
            "unknown key; a bulk message has `jobs` and `batch`, everything else stands in a job".into(),
        ));
    }
    if count == 0 {
        return Err(wrong("jobs", "holds no job".into()));
    }
    if count > limits.max_bulk_jobs {
        let most = limits.max_bulk_jobs;
        let reason = format!("{count} jobs, at most {most} are accepted (`intake.max_bulk_jobs`); split it");
        return Err(fields::wrong(RejectCode::TooLarge, "jobs", reason));
    }
    // The items are parts of the text, so where they begin says where they stand.
    let place = |item: &&str| {
        let from = item.as_ptr().addr() - text.as_ptr().addr();
        from..from + item.len()
    };
    Ok(Message::Many { batch, jobs: jobs.iter().map(place).collect() })
}
