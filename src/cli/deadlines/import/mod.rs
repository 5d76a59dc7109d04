//! `registrard deadlines import`: dates from elsewhere. Each bad line is told with what is wrong; the good ones are kept.

mod checked;
mod csv;
mod records;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Out, plain};
use crate::cli::progress::{bar, grouped};
use crate::config::Config;
use crate::model::ObjectKey;
use crate::model::deadline::{DeadlineKind, Says, Word};
use crate::store::Store;
use checked::Checker;
use records::Records;

/// Lines written at once; no more of the file is in memory.
const CHUNK: usize = 1000;
/// Bad lines in one JSON document; with `--output jsonl` every one is told.
const LISTED: usize = 10_000;

/// What to import, and how.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// File with dates, `-` for standard input. Columns or keys: account, object, kind, due, and if wanted note.
    pub file: PathBuf,
    /// What the file is; by default as its first character tells.
    #[arg(long, value_enum)]
    pub format: Option<Shape>,
    /// Only say what is wrong with it, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// The shape of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Comma-separated values with a line of headings (RFC 4180); semicolons will do, too.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// The line, from 1; of a record with line breaks the first.
    pub line: u64,
    /// The column, if it is one.
    pub column: Option<&'static str>,
    /// What stands there.
    pub value: String,
    /// The rule it breaks, as a word for programs.
    pub rule: &'static str,
    /// The rule, for people.
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Imported {
    /// Lines with a date.
    lines: u64,
    /// New dates, and known objects with another date.
    heard: u64,
    /// Dates the calendar knows already.
    known: u64,
    /// Lines that are not imported.
    bad: u64,
    /// Whether nothing was written.
    dry_run: bool,
    /// What is wrong with them; for `--output json`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Bad>,
}

/// Imports a file.
///
/// # Errors
/// See [`Failure`]; a line that is not imported is [`Exit::JobFailed`].
pub async fn run(
    args: &ImportArgs,
    config: &Config,
    store: &dyn Store,
    input: impl Read,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Usage, "input", format!("cannot read {name}: {error}")).next("name a file, or - for input")
    };
    // What the file says was true when it was written.
    let (reader, size, at): (Box<dyn BufRead + '_>, u64, Timestamp) = if args.file.as_os_str() == "-" {
        (Box::new(BufReader::new(input)), 0, now)
    } else {
        let file = File::open(&args.file).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        let written = about.modified().ok().and_then(|at| Timestamp::try_from(at).ok()).unwrap_or(now);
        (Box::new(BufReader::new(file)), about.len(), written.min(now))
    };
    let mut records = Records::new(reader, args.format).map_err(|why| match why {
        records::Unfit::Unreadable(error) => unreadable(error),
        records::Unfit::Headings(why) => Failure::new(Exit::Usage, "input", format!("{name}: {why}"))
            .next("the first line of a CSV file names its columns: account,object,kind,due,note"),
    })?;
    let mut import = Import {
        store,
        checker: Checker::new(config, now, &name, at),
        bar: bar(size, "{bar:40} {bytes}/{total_bytes} {msg}, {elapsed}"),
        imported: Imported { dry_run: args.dry_run, ..Imported::default() },
    };
    let mut words = Vec::with_capacity(CHUNK);
    while let Some(record) = records.next().map_err(unreadable)? {
        import.imported.lines += 1;
        match record.and_then(|record| import.checker.word(&record)) {
            Ok(word) => words.push(word),
            Err(bad) => import.tell(bad, &name, out)?,
        }
        if words.len() == CHUNK {
            import.hear(&mut words, args.dry_run).await?;
            import.bar.set_position(records.bytes());
        }
    }
    import.hear(&mut words, args.dry_run).await?;
    import.bar.finish_and_clear();
    import.end(out)
}

struct Import<'a> {
    store: &'a dyn Store,
    checker: Checker<'a>,
    bar: ProgressBar,
    imported: Imported,
}

impl Import<'_> {
    fn tell(&mut self, bad: Bad, name: &str, out: &mut Out<'_>) -> Result<(), Failure> {
        self.imported.bad += 1;
        match out.format {
            Format::Json if self.imported.problems.len() < LISTED => self.imported.problems.push(bad),
            Format::Json => {}
            Format::Jsonl => {
                let text = serde_json::to_string(&bad).map_err(std::io::Error::other)?;
                self.bar.suspend(|| out.data(&format!("{text}\n")))?;
            }
            Format::Table | Format::Ics => {
                let Bad { line, column, value, reason, .. } = bad;
                let place = column.map_or_else(String::new, |column| format!("{column} `{value}`: "));
                let text = plain(&format!("{name}:{line}: {place}{reason}"));
                self.bar.suspend(|| out.data(&format!("{text}\n")))?;
            }
        }
        Ok(())
    }

    /// Writes down what the calendar does not know yet.
    async fn hear(&mut self, words: &mut Vec<Word>, dry_run: bool) -> Result<(), Failure> {
        if words.is_empty() {
            return Ok(());
        }
        let objects: Vec<_> = words.iter().map(|word| (word.account.clone(), word.object.clone())).collect();
        let open = self.store.open_entries(&objects).await?;
        let known: BTreeMap<(&str, &ObjectKey, DeadlineKind), Timestamp> =
            open.iter().map(|entry| ((&*entry.account, &entry.object, entry.kind), entry.due)).collect();
        let before = words.len() as u64;
        words.retain(|word| match word.says {
            Says::Due { kind, due } => known.get(&(&*word.account, &word.object, kind)) != Some(&due),
            _ => true,
        });
        if !dry_run && !words.is_empty() {
            self.store.hear(words).await?;
        }
        self.imported.heard += words.len() as u64;
        self.imported.known += before - words.len() as u64;
        words.clear();
        Ok(())
    }

    fn end(self, out: &mut Out<'_>) -> Result<(), Failure> {
        let Imported { lines, heard, known, bad, dry_run, .. } = &self.imported;
        if matches!(out.format, Format::Json | Format::Jsonl) {
            out.one(&self.imported, |_| String::new())?;
        }
        let done = if *dry_run { "would be imported" } else { "imported; the daemon puts them into the calendar" };
        out.say(&format!(
            "{} date(s) {done}, {} known already, {} bad line(s)",
            grouped(*heard),
            grouped(*known),
            grouped(*bad)
        ));
        if *bad == 0 {
            return Ok(());
        }
        let what = format!("{} of {} line(s) cannot be imported", grouped(*bad), grouped(*lines));
        Err(Failure::new(Exit::JobFailed, "bad_lines", what)
            .next("correct them and import the file again: what is known already stays as it is"))
    }
}

#[cfg(test)]
mod tests;
