//! `registrard schema`: the JSON Schemas of what goes in and out. Jobs and configuration come from the types
//! themselves; events are written down here and compared with real ones in a test.

use clap::ValueEnum;
use schemars::{SchemaGenerator, schema_for};
use serde_json::{Map, Value, json};

use super::exit::Failure;
use super::output::Out;
use crate::config::Config;
use crate::model::deadline::{Basis, DeadlineKind};
use crate::model::request::{Bulk, RejectCode, Request};
use crate::model::{Cause, Operation, State};
use crate::store::PauseKind;

/// Which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// A message with one job or many.
    Job,
    /// An event.
    Event,
    /// The configuration.
    Config,
}

/// Prints a schema; it is JSON in every format.
///
/// # Errors
/// Writing failed.
pub fn run(subject: Subject, out: &mut Out<'_>) -> Result<(), Failure> {
    out.data(&format!("{:#}\n", schema(subject)))
}

/// The schema as JSON.
#[must_use]
pub fn schema(subject: Subject) -> Value {
    match subject {
        Subject::Job => job(),
        Subject::Event => event(),
        Subject::Config => schema_for!(Config).into(),
    }
}

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// One job, or `{"batch": …, "jobs": [ … ]}`.
fn job() -> Value {
    let mut generator = SchemaGenerator::default();
    let choices = [generator.subschema_for::<Request>(), generator.subschema_for::<Bulk>()];
    let mut definitions = Value::Object(generator.take_definitions(true));
    // The types keep these open to say better what is wrong; what is right is known.
    if let Some(items) = definitions.pointer_mut("/Bulk/properties/jobs/items") {
        *items = json!({ "$ref": "#/$defs/Request" });
    }
    if let Some(operation) = definitions.pointer_mut("/Request/properties/operation") {
        operation["enum"] = words(Operation::ALL, Operation::name);
    }
    json!({
        "$schema": DIALECT,
        "title": "A message to the exchange registrard.jobs",
        "oneOf": choices,
        "$defs": definitions,
    })
}

fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Value {
    all.iter().map(|one| word(*one)).collect()
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn event() -> Value {
    let when = json!({ "type": "string", "format": "date-time", "description": "When it happened, in UTC." });
    json!({
        "$schema": DIALECT,
        "title": "An event of the exchange registrard.events",
        "description": "CloudEvents 1.0 in structured JSON, published with routing key <type>.<account>.",
        "type": "object",
        "additionalProperties": false,
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "format": "uuid",
                    "description": "The same for every delivery of the same event: deduplicate on it." },
            "source": { "const": "registrard" },
            "type": text("job.<state>, job.warned, job.rejected, message.<kind>, account.suspended, or <what>.paused, \
                          batch.stopped and <what>.resumed of an account, its funds, a registry, publisher, operation or \
                          batch; or deadline.scheduled, .approaching, .acting, .act_refused, .met, .missed, .cleared, \
                          .digest and .at_risk."),
            "subject": text("What it is about: the job's id, the registry's id of the message, the account, or the name of \
                             what is paused, or the object a date is about."),
            "time": when,
            "datacontenttype": { "const": "application/json" },
            "data": { "oneOf": [
                { "$ref": "#/$defs/job" }, { "$ref": "#/$defs/warned" }, { "$ref": "#/$defs/rejected" },
                { "$ref": "#/$defs/message" }, { "$ref": "#/$defs/account" }, { "$ref": "#/$defs/pause" },
                { "$ref": "#/$defs/deadline" }, { "$ref": "#/$defs/deadlines_of_day" }
            ] },
        },
        "$defs": {
            "job": moved(), "warned": warned(), "rejected": rejected(), "message": message(), "account": account(),
            "pause": pause(), "deadline": deadline(), "deadlines_of_day": deadlines_of_day()
        },
    })
}

fn moved() -> Value {
    json!({
        "title": "Data of job.<state>",
        "type": "object",
        "additionalProperties": false,
        "required": ["job", "account", "operation", "object", "state", "cause", "attempts", "answer"],
        "properties": {
            "job": { "type": "string", "format": "uuid", "description": "The job's id, as submitted." },
            "account": text("Its account."),
            "operation": { "enum": words(Operation::ALL, Operation::name) },
            "object": text("What it works on, for example domain:example.de."),
            "state": { "enum": words(State::ALL, State::word) },
            "cause": { "enum": words(Cause::ALL, Cause::word), "description": "Why it moved there." },
            "attempts": { "type": "integer", "minimum": 0, "description": "Number of its current or last attempt." },
            "answer": { "type": ["object", "null"],
                        "description": "What the registry said: result, messages with native codes, transaction ids, data." },
            "reason": text("Why, for people."),
            "code": text("The native code that decided."),
            "batch": text("The job's batch."),
            "context": { "description": "The publisher's own data." },
            "deadlines": { "type": "array", "items": { "type": "object", "required": ["kind", "due"] },
                           "description": "Dates the answer named." },
            "unknown_codes": { "type": "array", "minItems": 1, "items": { "type": "string" },
                               "description": "Native codes in the answer that this release does not know." },
        },
    })
}

fn warned() -> Value {
    json!({
        "title": "Data of job.warned",
        "type": "object",
        "additionalProperties": false,
        "required": ["job", "account", "operation", "object", "warnings"],
        "properties": {
            "job": { "type": "string", "format": "uuid", "description": "The job's id, as submitted." },
            "account": text("Its account."),
            "operation": { "enum": words(Operation::ALL, Operation::name) },
            "object": text("What it works on, for example domain:example.de."),
            "warnings": { "type": "array", "minItems": 1, "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["rule", "field", "reason"],
                "properties": {
                    "rule": text("The rule's name, as the account's settings know it."),
                    "field": text("The field, for example params.email[1]."),
                    "reason": text("The rule, and the value that breaks it."),
                },
            } },
            "batch": text("The job's batch."),
            "context": { "description": "The publisher's own data." },
        },
    })
}

fn rejected() -> Value {
    json!({
        "title": "Data of job.rejected",
        "type": "object",
        "additionalProperties": false,
        "required": ["code", "reason", "publisher"],
        "properties": {
            "code": { "enum": words(RejectCode::ALL, RejectCode::word) },
            "reason": text("The rule, and the value that breaks it."),
            "publisher": text("Who published it."),
            "field": text("The field at fault, for example params.holder[1]."),
            "job": text("The job's id, as submitted."),
            "context": { "description": "The publisher's own data." },
        },
    })
}

fn message() -> Value {
    let when = json!({ "type": "string", "format": "date-time", "description": "When the registry wrote it." });
    json!({
        "title": "Data of message.<kind>",
        "type": "object",
        "additionalProperties": false,
        "required": ["account", "id", "type", "kind", "data", "deadlines", "ended"],
        "properties": {
            "account": text("The account whose queue it was in."),
            "id": text("The registry's id of it."),
            "type": text("The registry's word for its type."),
            "kind": text("Our word for its type; raw for a type nobody knows."),
            "object": text("What it is about, if one object, for example domain:example.de."),
            "time": when,
            "count": { "type": "integer", "minimum": 0, "description": "Messages in the queue, itself included." },
            "data": { "description": "All it says." },
            "deadlines": { "type": "array", "items": { "type": "object", "required": ["kind", "due"] },
                           "description": "Dates it names." },
            "ended": { "type": "array", "items": { "type": "string", "format": "uuid" },
                       "description": "Pending jobs it ended." },
        },
    })
}

fn account() -> Value {
    json!({
        "title": "Data of account.suspended, account.paused and account.resumed",
        "type": "object",
        "additionalProperties": false,
        "required": ["account", "reason"],
        "properties": { "account": text("The account."), "reason": text("Why.") },
    })
}

fn pause() -> Value {
    let all = PauseKind::ALL.iter().filter(|kind| **kind != PauseKind::Account);
    let mut names: Map<String, Value> =
        all.map(|kind| (kind.word().to_owned(), text("The name of what is paused, or works again."))).collect();
    let one = names.keys().map(|word| json!({ "required": [word] })).collect::<Vec<_>>();
    names.insert("reason".into(), text("Why."));
    json!({
        "title": "Data of <what>.paused, batch.stopped and <what>.resumed",
        "type": "object",
        "additionalProperties": false,
        "required": ["reason"],
        "oneOf": one,
        "properties": names,
    })
}

fn deadline() -> Value {
    let when = |what: &str| json!({ "type": "string", "format": "date-time", "description": what });
    json!({
        "title": "Data of deadline.scheduled, .approaching, .acting, .act_refused, .met, .missed and .cleared",
        "type": "object",
        "additionalProperties": false,
        "required": ["account", "object", "kind", "title", "harm", "due", "due_local", "seconds_left", "basis", "evidence"],
        "properties": {
            "account": text("Whose date it is."),
            "object": text("What it is about, for example domain:example.de."),
            "kind": { "enum": words(DeadlineKind::ALL, DeadlineKind::word) },
            "title": text("What it is, for people."),
            "harm": text("What happens when it passes, for people."),
            "due": when("The date, in UTC."),
            "due_local": text("The date in the account's zone."),
            "seconds_left": { "type": "integer", "description": "To the date, from when this was told; negative once it has passed." },
            "basis": { "enum": words(Basis::ALL, Basis::word), "description": "How the date is known." },
            "evidence": text("From where, for people: a job, a message, a file and its line."),
            "note": { "type": "object", "description": "What else there is to know." },
            "job": { "type": "string", "format": "uuid", "description": "The job that was submitted because of it." },
            "moved_from": when("Of scheduled: the date that was known before."),
            "lead": text("Of approaching: how long before the date this was to be told, for example 7d."),
            "escalation": text("Of approaching: who has to look, by the configuration."),
            "scheduled": when("Of approaching: when it was to be told."),
            "reason": text("Of act_refused, met, missed and cleared: why."),
        },
    })
}

fn deadlines_of_day() -> Value {
    json!({
        "title": "Data of deadline.digest and deadline.at_risk",
        "type": "object",
        "additionalProperties": false,
        "required": ["account", "entries", "next"],
        "properties": {
            "account": text("The account."),
            "entries": { "type": "integer", "minimum": 0, "description": "How many dates." },
            "kinds": { "type": "object", "description": "Of the digest: open dates of each kind, by how far they are away." },
            "first_due": { "type": ["string", "null"], "format": "date-time", "description": "Of at_risk: the earliest." },
            "seconds_left": { "type": ["integer", "null"], "description": "Of at_risk: to the earliest." },
            "reason": text("Of at_risk: why they cannot be met."),
            "next": { "type": "array", "items": { "type": "object", "required": ["object", "kind", "due"] },
                      "description": "The first of them." },
        },
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::event::{Event, RejectedItem};
    use crate::model::request::Reject;

    /// All required keys are there, and no key is unknown.
    fn fits(schema: &Value, value: &Value) {
        let known = schema["properties"].as_object().unwrap();
        for key in value.as_object().unwrap().keys() {
            assert!(known.contains_key(key), "{key} stands in no schema");
        }
        for key in schema["required"].as_array().unwrap() {
            assert!(value.get(key.as_str().unwrap()).is_some(), "{key} is missing");
        }
    }

    #[test]
    fn real_events_fit_their_schema() {
        let now = Timestamp::UNIX_EPOCH;
        let reject = Reject::param("holder[1]", "too long");
        let about = RejectedItem {
            source: b"x",
            index: 0,
            publisher: "billing",
            account: Some("A"),
            job: Some("1"),
            context: &json!({ "order": 1 }),
            reply_to: None,
            correlation_id: None,
        };
        let mut job = crate::cli::fake::job(1, State::NeedsAttention);
        job.batch = Some("b".into());
        job.context = json!({ "order": 1 });
        let mut step = crate::model::Move::new(&job, Cause::Dismissed, now).unwrap();
        step.reason = Some("why".into());
        let deadline = crate::model::deadline::Deadline {
            kind: crate::model::deadline::DeadlineKind::FailedDomainExpiry,
            due: now,
        };
        let warning =
            crate::model::request::Warning { rule: "sep_bit", field: "params.dnskey[0]".into(), reason: "x".into() };
        let request = crate::model::NewJob {
            id: job.id,
            publisher: job.publisher.clone(),
            account: job.account.clone(),
            pool: None,
            operation: job.operation,
            object: job.object.clone(),
            params: job.params.clone(),
            class: job.class,
            not_before: None,
            start_by: None,
            after: vec![],
            batch: job.batch.clone(),
            max_attempts: 1,
            context: job.context.clone(),
            reply_to: None,
            correlation_id: None,
            warnings: vec![warning],
            keyed: vec![],
            message: 0,
        };
        let told = crate::model::event::Told {
            account: "A",
            id: "8960348c",
            native_kind: "domainDelete",
            kind: "domain_delete",
            object: Some(&job.object),
            written_at: Some(now),
            count: Some(1),
            said: &json!({}),
            deadlines: &[],
            ended: &[job.id],
        };
        let zone = jiff::tz::TimeZone::UTC;
        let open = crate::cli::deadlines::tests::entry();
        let ended = crate::cli::deadlines::tests::closed(open.clone(), crate::model::deadline::Ending::Missed, "why");
        let reminder = crate::model::deadline::Reminder {
            lead: crate::model::civil::Lead::days(7),
            escalation: "warning",
            scheduled: now,
        };
        let noted = crate::model::deadline::Entry {
            note: [("rule".to_owned(), json!("x"))].into_iter().collect(),
            job: Some(job.id),
            ..open.clone()
        };
        let day = jiff::civil::date(2026, 11, 22);
        let of_day = |happening, data| crate::model::deadline::of_day("A", happening, day, data, now);
        let next = json!([{ "object": "domain:example.de", "kind": "domain_expiry", "due": now }]);
        let digest = json!({ "account": "A", "entries": 1, "kinds": {}, "next": next });
        let schema = event();
        for (event, data) in [
            (open.scheduled(Some(now), &zone, now), "deadline"),
            (open.approaching(&reminder, &zone, now), "deadline"),
            (noted.acting(&zone, now), "deadline"),
            (noted.act_refused("why", &zone, now), "deadline"),
            (ended.ended(&zone).unwrap(), "deadline"),
            (of_day("digest", digest), "deadlines_of_day"),
            (Event::of_account("A", "resumed", "why", now), "account"),
            (Event::of_pause("account", "A", "paused", "why", now), "account"),
            (Event::of_pause("batch", "autumn", "stopped", "why", now), "pause"),
            (Event::of_pause("operation", "domain.delete", "resumed", "why", now), "pause"),
            (Event::of_reject(&reject, &about, now), "rejected"),
            (Event::of_warnings(&request, now).unwrap(), "warned"),
            (Event::of_move(&job, &step, &[deadline]).with_unknown_codes(&["69999999999".into()]), "job"),
            (Event::of_message(&told, now), "message"),
        ] {
            fits(&schema, &event.body);
            fits(&schema["$defs"][data], &event.body["data"]);
        }
    }

    #[test]
    fn the_schema_of_jobs_knows_the_operations_and_refuses_unknown_keys() {
        let schema = job();
        assert_eq!(schema["$defs"]["Bulk"]["properties"]["jobs"]["items"]["$ref"], "#/$defs/Request");
        let request = &schema["$defs"]["Request"];
        assert_eq!(request["additionalProperties"], false);
        assert!(request["properties"]["operation"]["enum"].as_array().unwrap().contains(&json!("domain.create")));
    }
}
