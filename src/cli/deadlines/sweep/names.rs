//! Domain by domain.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, json};

use super::{AT_ONCE, Sweep, SweepArgs};
use crate::cli::batches;
use crate::cli::deadlines::objects::Tongues;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Format, Out, plain};
use crate::cli::progress::{Drawing, bar, watch};
use crate::config::Config;
use crate::model::Operation;

/// Longest line of a file with names, in bytes.
const LONGEST: u64 = 4096;
/// Names read from the store at once.
const PAGE: u32 = 10_000;

/// Asks about each domain of the file, or of the store.
pub(super) async fn run(
    sweep: &mut Sweep<'_>,
    args: &SweepArgs,
    config: &Config,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let names = match &args.names {
        Some(file) => of_file(sweep, file, config, out)?,
        None => of_store(sweep).await?,
    };
    if names.is_empty() && sweep.swept.bad == 0 {
        let what = format!("the store knows no domain of {}", args.account);
        return Err(Failure::new(Exit::Usage, "input", what).next("name a file with --names"));
    }
    sweep.swept.domains = names.len() as u64;
    let progress = bar(names.len() as u64, "{bar:40} {pos}/{len} submitted, {elapsed}");
    let mut jobs = Vec::with_capacity(AT_ONCE);
    for name in &names {
        let params = Map::from_iter([("domain".to_owned(), json!(name))]);
        match sweep.job(name, Operation::DomainInfo, params) {
            Ok((_, None)) => sweep.swept.known += 1,
            Ok((_, Some(job))) => jobs.push(job),
            Err(why) => bad(sweep, &format!("{name}: {why}"), out),
        }
        if jobs.len() == AT_ONCE {
            sweep.submit(&mut jobs).await?;
        }
        progress.inc(1);
    }
    sweep.submit(&mut jobs).await?;
    progress.finish_and_clear();
    if args.wait {
        let mut drawing = Drawing::new(out.format == Format::Jsonl);
        let (store, batch) = (sweep.store, sweep.batch.clone());
        sweep.swept.answers = watch(&mut drawing, out, async || batches::tally(&batch, store).await).await?;
    }
    Ok(())
}

fn bad(sweep: &mut Sweep<'_>, what: &str, out: &mut Out<'_>) {
    sweep.swept.bad += 1;
    out.say(&plain(what));
}

/// The names of a file as the registry spells them; blank lines and what begins with `#` are none.
fn of_file(
    sweep: &mut Sweep<'_>,
    file: &Path,
    config: &Config,
    out: &mut Out<'_>,
) -> Result<BTreeSet<String>, Failure> {
    let unreadable = |error: std::io::Error| {
        let what = format!("cannot read {}: {error}", file.display());
        Failure::new(Exit::Usage, "input", what).next("name a file with one domain a line")
    };
    let mut reader = BufReader::new(std::fs::File::open(file).map_err(unreadable)?);
    let (mut names, mut tongues) = (BTreeSet::new(), Tongues::new(config));
    for number in 1_u64.. {
        let mut line = String::new();
        if reader.by_ref().take(LONGEST).read_line(&mut line).map_err(unreadable)? == 0 {
            break;
        }
        let name = line.trim().trim_start_matches('\u{feff}');
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        match tongues.key(sweep.account, name) {
            Ok(object) => drop(names.insert(object.name().to_owned())),
            Err(why) => bad(sweep, &format!("{}:{number}: `{name}`: {why}", file.display()), out),
        }
    }
    Ok(names)
}

/// The domains that the store knows the account has.
async fn of_store(sweep: &Sweep<'_>) -> Result<BTreeSet<String>, Failure> {
    let (mut names, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = sweep.store.known_domains(sweep.account, &after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        after = page.last().cloned().unwrap_or_default();
        names.extend(page);
        if is_last {
            return Ok(names);
        }
    }
}
