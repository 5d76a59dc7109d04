//! `registrard wire`: what a job would send, and what an answer means. No network, no store.

mod dates;
mod decode;
mod encode;
mod next;
mod queue;
mod session;
mod table;

use std::io::{Read, Write};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::output::Format;
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
    Encode(encode::Encode),
    /// Reads an answer, or a frame with one, and prints what it means and what would happen next
    Decode(decode::Decode),
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

/// Runs `wire`: reads all of `input`, writes to `output`, and to `notes` what there is to say about it. Meanings are JSON
/// unless `format` says otherwise.
///
/// # Errors
/// Says what is wrong with the arguments, the job or the answer.
pub fn run(
    args: &WireArgs,
    format: Option<Format>,
    input: impl Read,
    mut output: impl Write,
    mut notes: impl Write,
) -> Result<(), String> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST_INPUT + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read the input: {error}"))?;
    if bytes.len() as u64 > LONGEST_INPUT {
        return Err(format!("the input has more than {LONGEST_INPUT} bytes"));
    }
    let written = match &args.command {
        Command::Encode(args) => {
            let encoded = args.run(&bytes)?;
            let noted = encoded.note.map_or(Ok(()), |note| writeln!(notes, "{note}"));
            noted.and_then(|()| output.write_all(&encoded.bytes))
        }
        Command::Decode(args) => output.write_all(args.run(format.unwrap_or(Format::Json), &bytes)?.as_bytes()),
    };
    written.and_then(|()| output.flush()).map_err(|error| format!("cannot write the output: {error}"))
}
