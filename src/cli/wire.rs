//! `registrard wire`: what a job would send, and what an answer means. No network, no store.

use std::io::{Read, Write};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::Format;
use crate::model::retry::Pace;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Later, Operation, Request, Scope, Verdict};
use crate::registries::{self, Dialect, WireOptions};

/// Longest input that is read.
const LONGEST_INPUT: u64 = 16 * 1024 * 1024;

/// Shows a registry's wire format.
#[derive(Debug, Args)]
pub struct WireArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads a job (JSON) and prints the exact bytes its request would have
    Encode(Encode),
    /// Reads an answer, or a frame with one, and prints what it means
    Decode(Decode),
}

#[derive(Debug, Args)]
struct Encode {
    #[command(flatten)]
    dialect: Dialects,
    /// Transaction id of the request; default: the one of the job's first attempt
    #[arg(long, value_name = "ID")]
    transaction_id: Option<String>,
    /// Print it as it goes over the connection, with the length in front
    #[arg(long)]
    frame: bool,
}

#[derive(Debug, Args)]
struct Decode {
    #[command(flatten)]
    dialect: Dialects,
    /// The operation that was answered, for example domain.create
    #[arg(long, value_name = "OP")]
    operation: Operation,
}

#[derive(Debug, Args)]
struct Dialects {
    /// The registry, for example denic-rri
    #[arg(long, value_name = "R")]
    registry: String,
    /// The format, where a registry has more than one; answers are recognised
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// The protocol version
    #[arg(long, value_name = "VERSION")]
    protocol: Option<String>,
    /// The account it is written for; default: the job's
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

impl Dialects {
    fn open(&self, account: &str) -> Result<Arc<dyn Dialect>, String> {
        let plugin = registries::plugin(&self.registry).ok_or_else(|| {
            let known: Vec<_> = registries::PLUGINS.iter().map(|plugin| plugin.name).collect();
            format!("unknown registry `{}`; there are {}", self.registry.escape_default(), known.join(", "))
        })?;
        (plugin.dialect)(&WireOptions {
            account: self.account.as_deref().unwrap_or(account).to_owned(),
            format: self.format.clone(),
            protocol: self.protocol.clone(),
        })
    }
}

/// Runs `wire`: reads all of `input`, writes to `output`. Meanings are JSON unless `format` says otherwise.
///
/// # Errors
/// Says what is wrong with the arguments, the job or the answer.
pub fn run(args: &WireArgs, format: Option<Format>, input: impl Read, mut output: impl Write) -> Result<(), String> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST_INPUT + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read the input: {error}"))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        return Err(format!("the input has more than {LONGEST_INPUT} bytes"));
    }
    let written = match &args.command {
        Command::Encode(args) => output.write_all(&encode(args, &bytes)?),
        Command::Decode(args) => output.write_all(decode(args, format.unwrap_or(Format::Json), &bytes)?.as_bytes()),
    };
    written.and_then(|()| output.flush()).map_err(|error| format!("cannot write the output: {error}"))
}

fn encode(args: &Encode, job: &[u8]) -> Result<Vec<u8>, String> {
    let job: Request = serde_json::from_slice(job).map_err(|error| format!("this is not a job: {error}"))?;
    let dialect = args.dialect.open(&job.account)?;
    // A job without an id gets a fresh one when it is accepted, and so does this.
    let first_attempt = || format!("rd-{}-1", job.id.unwrap_or_else(Uuid::now_v7).simple());
    let transaction = args.transaction_id.clone().unwrap_or_else(first_attempt);
    let request = dialect.prepare(job.operation, &job.params, &transaction).map_err(|reject| reject.to_string())?;
    if args.frame {
        return dialect.frame(&request.bytes).map(|frame| frame.to_vec());
    }
    Ok(request.bytes.to_vec())
}

fn decode(args: &Decode, format: Format, bytes: &[u8]) -> Result<String, String> {
    let dialect = args.dialect.open("")?;
    if bytes.is_empty() {
        return Err("there is no answer: the input is empty".into());
    }
    let payload = dialect.unframe(bytes)?;
    let answer = dialect.decode(args.operation, payload)?;
    let meaning = meaning(&dialect.judge(args.operation, &answer), &answer);
    match format {
        Format::Json => {
            serde_json::to_string_pretty(&meaning).map(|text| text + "\n").map_err(|error| error.to_string())
        }
        Format::Jsonl => Ok(format!("{meaning}\n")),
        Format::Table => Ok(table(&meaning)),
    }
}

/// Verdict and answer as JSON; what there is nothing to say of is left out.
fn meaning(judgement: &Judgement, answer: &Answer) -> Value {
    let (word, reason) = match &judgement.verdict {
        Verdict::Done => ("done", None),
        Verdict::Pending(reason) => ("pending", Some(reason)),
        Verdict::Refused(reason) => ("refused", Some(reason)),
        Verdict::Later(later) => ("later", Some(&later.reason)),
        Verdict::RefusedUnlessLost(reason) => ("refused_unless_lost", Some(reason)),
        Verdict::Unsure(reason) => ("unsure", Some(reason)),
        Verdict::ByHand(reason) => ("by_hand", Some(reason)),
        Verdict::Suspend(reason) => ("suspend", Some(reason)),
    };
    let mut meaning = json!({ "verdict": word, "answer": answer });
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            meaning[name] = value;
        }
    };
    put("reason", json!(reason));
    if let Verdict::Later(later) = &judgement.verdict {
        put("wait", wait(later));
    }
    if !judgement.unknown_codes.is_empty() {
        put("unknown_codes", json!(judgement.unknown_codes));
    }
    if !judgement.deadlines.is_empty() {
        put("deadlines", json!(judgement.deadlines));
    }
    let cooldown = judgement.account_cooldown.as_ref();
    put("account_cooldown_seconds", json!(cooldown.map(|(time, _)| time.as_secs())));
    meaning
}

fn wait(later: &Later) -> Value {
    let who = match later.scope {
        Scope::Job => "job",
        Scope::Account => "account",
    };
    match later.pace {
        Pace::Soon => json!({ "who": who, "how_long": "soon" }),
        Pace::Backoff => json!({ "who": who, "how_long": "backoff" }),
        Pace::NextQuotaDay => json!({ "who": who, "how_long": "next_quota_day" }),
        Pace::Exactly(time) => json!({ "who": who, "how_long": "exactly", "seconds": time.as_secs() }),
    }
}

/// One line per value, with its path.
fn table(meaning: &Value) -> String {
    let mut lines = Vec::new();
    flatten("", meaning, &mut lines);
    let width = lines.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(path, value)| format!("{path:width$}  {value}\n")).collect()
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            let dot = if path.is_empty() { "" } else { "." };
            map.iter().for_each(|(key, value)| flatten(&format!("{path}{dot}{key}"), value, lines));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| flatten(&format!("{path}[{at}]"), item, lines));
        }
        Value::String(text) => lines.push((path.to_owned(), text.escape_debug().to_string())),
        other => lines.push((path.to_owned(), other.to_string())),
    }
}
