//! `wire decode`: what an answer means, code by code, and what would happen next.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::output::Format;
use super::queue::{self, Seen};
use super::session::{self, Asked};
use super::{Dialects, dates, next, table};
use crate::model::request::DEFAULT_MAX_ATTEMPTS;
use crate::model::retry::Pace;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Later, Message, Operation, Scope, Verdict};
use crate::registries::Dialect;

#[derive(Debug, Args)]
pub struct Decode {
    #[command(flatten)]
    dialect: Dialects,
    /// The operation that was answered, for example domain.create; also login and logout
    #[arg(long, value_name = "OP")]
    operation: Asked,
    /// Which of the job's attempts was answered so
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(DEFAULT_MAX_ATTEMPTS)))]
    attempt: u32,
}

impl Decode {
    /// Reads an answer, framed or not.
    ///
    /// # Errors
    /// It is not an answer; says what and where.
    pub fn run(&self, format: Format, bytes: &[u8]) -> Result<String, String> {
        let dialect = self.dialect.open("")?;
        if bytes.is_empty() {
            return Err("there is no answer: the input is empty".into());
        }
        let answer = dialect.decode(self.operation.read_as(), dialect.unframe(bytes)?)?;
        let meaning = self.meaning(&*dialect, &answer)?;
        match format {
            Format::Json => {
                serde_json::to_string_pretty(&meaning).map(|text| text + "\n").map_err(|error| error.to_string())
            }
            Format::Jsonl => Ok(format!("{meaning}\n")),
            Format::Table | Format::Ics => Ok(table::of(&meaning)),
        }
    }

    /// Everything there is to say about an answer; what there is nothing to say of is left out.
    fn meaning(&self, dialect: &dyn Dialect, answer: &Answer) -> Result<Value, String> {
        let (judgement, next) = match self.operation {
            Asked::Job(operation) => self.of_job(dialect, operation, answer),
            Asked::Login => session::login(dialect, answer)?,
            Asked::Logout => session::logout(dialect, answer)?,
        };
        let (word, reason) = verdict(&judgement.verdict);
        let mut meaning = json!({ "verdict": word, "next": next, "answer": answer });
        let mut put = |name: &str, value: Value| {
            if !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()) {
                meaning[name] = value;
            }
        };
        put("reason", json!(reason));
        if let Verdict::Later(later) = &judgement.verdict {
            put("wait", wait(later, self.operation));
        }
        put("codes", codes(dialect, self.operation.read_as(), answer, &judgement));
        put("unknown_codes", json!(judgement.unknown_codes));
        put("deadlines", json!(judgement.deadlines));
        let cooldown = judgement.account_cooldown.as_ref();
        put("account_cooldown_seconds", json!(cooldown.map(|(time, _)| time.as_secs())));
        Ok(meaning)
    }

    /// What the answer to a job's request means, with the dates of the message it may hold, and what happens next: by the
    /// poller, to the job, and by a human.
    fn of_job(&self, dialect: &dyn Dialect, operation: Operation, answer: &Answer) -> (Judgement, Vec<String>) {
        let mut judgement = dialect.judge(operation, answer);
        let mut steps = next::steps(dialect, operation, answer, &judgement, self.attempt);
        let seen = queue::seen(dialect.mailbox(), operation, answer);
        if let (Some(_), Some(of_job)) = (&seen, steps.first_mut()) {
            of_job.insert_str(0, "a job that asked for it: ");
        }
        let Seen { mut next, deadlines, too_late } = seen.unwrap_or_default();
        for deadline in deadlines {
            if !judgement.deadlines.contains(&deadline) {
                judgement.deadlines.push(deadline);
            }
        }
        next.append(&mut steps);
        if !too_late {
            next.extend(judgement.deadlines.iter().map(dates::sentence));
        }
        (judgement, next)
    }
}

/// A verdict's word and reason.
pub fn verdict(verdict: &Verdict) -> (&'static str, Option<&str>) {
    match verdict {
        Verdict::Done => ("done", None),
        Verdict::Pending(reason) => ("pending", Some(reason)),
        Verdict::Refused(reason) => ("refused", Some(reason)),
        Verdict::Later(later) => ("later", Some(&later.reason)),
        Verdict::RefusedUnlessLost(reason) => ("refused_unless_lost", Some(reason)),
        Verdict::Unsure(reason) => ("unsure", Some(reason)),
        Verdict::ByHand(reason) => ("by_hand", Some(reason)),
        Verdict::Suspend(reason) => ("suspend", Some(reason)),
    }
}

/// Each code of the answer once, in the order they came: what it means and what to know about it.
fn codes(dialect: &dyn Dialect, operation: Operation, answer: &Answer, judgement: &Judgement) -> Value {
    // The table says what a code means where the request was refused; beside a yes every code is only told.
    let told = matches!(judgement.verdict, Verdict::Done | Verdict::Pending(_));
    let mut codes: Vec<Value> = Vec::new();
    // Messages of a queue hold messages of their own.
    let inner = answer.data.get("messages").and_then(|messages| Vec::<Message>::deserialize(messages).ok());
    for message in answer.messages.iter().chain(inner.iter().flatten()) {
        if codes.iter().any(|known| known["code"] == message.code) {
            continue;
        }
        let mut code = json!({ "code": message.code, "level": message.level });
        match dialect.explain(operation, &message.code) {
            Some(explanation) => {
                code["meaning"] = json!(if told { "note" } else { explanation.meaning });
                code["remark"] = json!(explanation.remark);
            }
            None if judgement.unknown_codes.contains(&message.code) => {
                code["meaning"] = json!("unknown");
                code["remark"] = json!("stands in no table: classified by its digits");
            }
            None => {}
        }
        codes.push(code);
    }
    json!(codes)
}

fn wait(later: &Later, asked: Asked) -> Value {
    let who = match (later.scope, asked) {
        (Scope::Account, _) => "account",
        (Scope::Job, Asked::Job(_)) => "job",
        (Scope::Job, Asked::Login | Asked::Logout) => "session",
    };
    match later.pace {
        Pace::Soon => json!({ "who": who, "how_long": "soon" }),
        Pace::Backoff => json!({ "who": who, "how_long": "backoff" }),
        Pace::NextQuotaDay => json!({ "who": who, "how_long": "next_quota_day" }),
        Pace::Paid => json!({ "who": who, "how_long": "until_paid" }),
        Pace::Exactly(time) => json!({ "who": who, "how_long": "exactly", "seconds": time.as_secs() }),
    }
}
