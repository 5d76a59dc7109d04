//! From a file to jobs.

use std::io::Read;

use serde_json::{Value, json};

use super::SubmitArgs;
use crate::cli::exit::{Exit, Failure};
use crate::model::EventId;
use crate::model::request::Bulk;

/// Largest input, in bytes: some hundred thousand jobs.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The jobs of a file, each with an id and the batch it belongs to.
pub fn jobs(args: &SubmitArgs, input: impl Read) -> Result<Vec<Value>, Failure> {
    let text = if args.file.as_os_str() == "-" { read(input) } else { std::fs::File::open(&args.file).and_then(read) };
    let name = args.file.display();
    let text = text.map_err(|error| {
        Failure::new(Exit::Usage, "input", format!("cannot read {name}: {error}")).next("name a file, or - for input")
    })?;
    let mut jobs = Vec::new();
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    loop {
        let begin = values.byte_offset();
        let Some(value) = values.next() else { break };
        let taken = value.map_err(|error| format!("is not JSON: {error}"));
        taken.and_then(|value| unfold(value, args.batch.as_deref(), &mut jobs)).map_err(|why| {
            // Where the parser stumbles may be lines after what is wrong: an unclosed job is noticed in the next one.
            let line = line_of(&text, begin);
            Failure::new(Exit::Usage, "input", format!("{name}: what begins in line {line} {why}"))
                .next("`registrard schema job` describes what is expected")
        })?;
    }
    if jobs.is_empty() {
        return Err(Failure::new(Exit::Usage, "input", format!("{name} holds no job")));
    }
    identify(&mut jobs);
    Ok(jobs)
}

fn read(input: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    input.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!("more than {LARGEST} bytes: split it")));
    }
    Ok(text)
}

/// The line, counted from 1, of the first value at or after this byte.
fn line_of(text: &str, begin: usize) -> usize {
    let (before, rest) = text.split_at_checked(begin).unwrap_or((text, ""));
    let blank = &rest[..rest.len() - rest.trim_start().len()];
    1 + before.matches('\n').count() + blank.matches('\n').count()
}

/// A job, an array of jobs or a bulk message to jobs that each name their batch. What is no object stays as it is:
/// intake says better what is wrong with it. Of a bulk message intake sees only the jobs, so what is wrong with the rest
/// is said here.
fn unfold(value: Value, batch: Option<&str>, jobs: &mut Vec<Value>) -> Result<(), String> {
    match value {
        Value::Array(items) => items.into_iter().try_for_each(|item| unfold(item, batch, jobs))?,
        Value::Object(bulk) if bulk.get("jobs").is_some_and(Value::is_array) => {
            let bulk: Bulk = serde_json::from_value(Value::Object(bulk))
                .map_err(|error| format!("is not a bulk message: {error}"))?;
            let own = bulk.batch.as_deref().or(batch);
            bulk.jobs.into_iter().try_for_each(|item| unfold(item, own, jobs))?;
        }
        Value::Object(mut job) => {
            if let Some(batch) = batch {
                job.entry("batch").or_insert_with(|| json!(batch));
            }
            jobs.push(Value::Object(job));
        }
        other => jobs.push(other),
    }
    Ok(())
}

/// Gives each job without id one made of its content and its place, so that a file that was submitted, interrupted and
/// submitted again makes every job happen once.
fn identify(jobs: &mut [Value]) {
    for (place, job) in jobs.iter_mut().enumerate() {
        let content = job.to_string();
        if let Some(job) = job.as_object_mut() {
            let id = EventId::of(&[b"submit", &(place as u64).to_be_bytes(), content.as_bytes()]);
            job.entry("id").or_insert_with(|| json!(id));
        }
    }
}
