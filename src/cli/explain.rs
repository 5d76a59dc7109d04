//! `registrard explain`: what a registry's code means, and what becomes of a job that gets it.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{Format, Out, Row, plain};
use crate::registries::{Explained, PLUGINS, Plugin};

/// Which code.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The code as the registry writes it: `53000000012`, `440`, `SIG_INVALID`; without one, all there are.
    pub code: Option<String>,
    /// Only of this registry.
    #[arg(long, short)]
    pub registry: Option<String>,
}

/// What follows, and what that means for the job and for people.
const FOLLOWS: &[(&str, &str)] = &[
    ("note", "it decides nothing: other codes of the same answer do"),
    ("done", "the job succeeds"),
    ("done already", "the job succeeds: things are as it wants them"),
    ("taken, not done yet", "the job is pending until a message or a later question ends it"),
    ("again in seconds", "nothing happened; the job waits (retry.soon) and is sent again"),
    ("again later", "nothing happened; the job waits (retry.backoff) and is sent again"),
    ("again tomorrow", "nothing happened; the job waits for the next day of the quota, at no cost"),
    ("again when the other request is through", "nothing happened; the job waits and is sent again"),
    ("again after money was paid in", "what costs money waits for the whole account; pay in at the registry"),
    ("the account pauses", "nothing happened; the whole account waits a while and goes on by itself"),
    ("the account waits", "nothing happened; the whole account waits a while and goes on by itself"),
    ("sessions taken", "fewer sessions are used for a while; nothing happened"),
    ("blocked", "the account sends nothing for a while, since that would prolong the block; it goes on by itself"),
    ("refused", "the job fails: a repetition would fare no better; mend the order and submit it as a new job"),
    ("refused, and a mistake of the client", "the job fails; registrard should not have sent this: report it"),
    (
        "refused, unless a lost request did it",
        "the job fails, unless an earlier request of it was never answered: then the registry is asked whose effect is there",
    ),
    ("by hand", "the job needs attention: no request can do it; `registrard jobs show` says who can"),
    (
        "ask",
        "an order is in doubt and the registry is asked what is true, before anything is sent again; a question is asked again",
    ),
    (
        "malfunction",
        "an order is in doubt and the registry is asked what is true, before anything is sent again; a question is asked again",
    ),
    (
        "account suspended",
        "nothing more is sent; mend what the reason names, then `registrard accounts resume ACCOUNT`",
    ),
];

/// A row, and whose.
#[derive(Debug, Serialize)]
struct Line {
    registry: &'static str,
    #[serde(flatten)]
    row: Explained,
}

impl Row for Line {
    const HEADINGS: &'static [&'static str] = &["REGISTRY", "CODE", "IF", "QUESTION", "ORDER", "REMARK"];
    fn cells(&self) -> Vec<String> {
        let Explained { code, operations, text, question, order, remark } = &self.row;
        let mut conditions: Vec<String> = operations.iter().map(|operation| operation.name().to_owned()).collect();
        conditions.extend(Some(format!("\"{text}\"")).filter(|_| !text.is_empty()));
        let any = if code.is_empty() { "(any)" } else { code };
        let cells = [self.registry, any, &conditions.join(", "), question, order, remark];
        cells.map(str::to_owned).into()
    }
}

/// Explains.
///
/// # Errors
/// No registry of that name has such a code.
pub fn run(args: &ExplainArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    let plugins = plugins(args.registry.as_deref())?;
    let lines = |fits: &dyn Fn(&Explained) -> bool| -> Vec<Line> {
        let of = |plugin: &&'static Plugin| {
            let rows = (plugin.codes)().into_iter().filter(|row| fits(row));
            rows.map(|row| Line { registry: plugin.name, row }).collect::<Vec<_>>()
        };
        plugins.iter().flat_map(of).collect()
    };
    let Some(code) = args.code.as_deref().map(str::trim) else { return out.rows(&lines(&|_| true)) };
    let found = lines(&|row| !code.is_empty() && row.code.eq_ignore_ascii_case(code));
    if found.is_empty() {
        return Err(unknown(code, &lines(&|row| is_near(row.code, code))));
    }
    out.rows(&found)?;
    if out.format == Format::Table {
        out.say("");
        let words: BTreeSet<&str> = found.iter().flat_map(|line| [line.row.question, line.row.order]).collect();
        for (word, follows) in FOLLOWS.iter().filter(|(word, _)| words.contains(word)) {
            out.say(&format!("{word}: {follows}"));
        }
    }
    Ok(())
}

fn plugins(registry: Option<&str>) -> Result<Vec<&'static Plugin>, Failure> {
    let Some(name) = registry else { return Ok(PLUGINS.iter().collect()) };
    let names: Vec<_> = PLUGINS.iter().map(|plugin| plugin.name).collect();
    let found = PLUGINS.iter().find(|plugin| plugin.name == name).map(|plugin| vec![plugin]);
    found.ok_or_else(|| {
        let what = format!("there is no registry `{}`", plain(name));
        Failure::new(Exit::Usage, "usage", what).next(format!("choose one of {}", names.join(", ")))
    })
}

/// Whether somebody may have meant this code: it begins or ends alike.
fn is_near(code: &str, meant: &str) -> bool {
    let (code, meant) = (code.to_ascii_uppercase(), meant.to_ascii_uppercase());
    let alike = meant.len().saturating_sub(2).max(2);
    let head = meant.get(..alike).is_some_and(|head| code.starts_with(head));
    let tail =
        meant.len().checked_sub(alike).and_then(|from| meant.get(from..)).is_some_and(|tail| code.ends_with(tail));
    !code.is_empty() && (head || tail)
}

fn unknown(code: &str, near: &[Line]) -> Failure {
    let near: BTreeSet<String> = near.iter().map(|line| format!("{} ({})", line.row.code, line.registry)).collect();
    let near: Vec<_> = near.into_iter().take(8).collect();
    let next = match near.is_empty() {
        true => "`registrard explain` lists all".to_owned(),
        false => format!("perhaps {}; `registrard explain` lists all", near.join(", ")),
    };
    let why = "a code that stands in no table is judged by the result beside it, flagged, and counted in \
               registrard_registry_unknown_codes_total; an order that gets one is not sent again unasked";
    Failure::new(Exit::NotFound, "not_found", format!("no registry's table has the code `{}`", plain(code)))
        .why(why)
        .next(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Colour;

    fn explained(code: Option<&str>, registry: Option<&str>, format: Format) -> (Result<(), Failure>, String, String) {
        let args = ExplainArgs { code: code.map(str::to_owned), registry: registry.map(str::to_owned) };
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        let how = run(&args, &mut Out::new(format, Colour::Never, &mut data, &mut talk));
        (how, String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap())
    }

    #[test]
    fn every_code_of_every_registry_is_explained_and_what_follows_too() {
        for plugin in PLUGINS {
            let rows = (plugin.codes)();
            assert!(rows.len() > 30, "{}", plugin.name);
            for row in &rows {
                assert!(!row.remark.is_empty() && (!row.code.is_empty() || !row.text.is_empty()), "{row:?}");
                for word in [row.question, row.order] {
                    assert!(FOLLOWS.iter().any(|(known, _)| *known == word), "{word}: {row:?}");
                }
            }
            for code in rows.iter().map(|row| row.code).filter(|code| !code.is_empty()) {
                let (how, data, _) = explained(Some(code), Some(plugin.name), Format::Jsonl);
                assert_eq!(how, Ok(()), "{code}");
                let lines = data.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
                assert!(lines.map(|line| line["code"].clone()).all(|shown| shown == code), "{code}: {data}");
            }
        }
        let words = PLUGINS.iter().flat_map(|plugin| (plugin.codes)()).flat_map(|row| [row.question, row.order]);
        let used: BTreeSet<_> = words.collect();
        assert!(FOLLOWS.iter().all(|(word, _)| used.contains(word)), "one that nobody uses");
    }

    #[test]
    fn a_code_that_registries_share_is_told_of_each() {
        let (how, data, talk) = explained(Some("210"), None, Format::Table);
        assert_eq!(how, Ok(()));
        assert!(
            data.contains("opensrs") && data.contains("rrp") && talk.contains("done: the job succeeds"),
            "{data}{talk}"
        );
        let (how, data, _) = explained(Some("sig_invalid"), None, Format::Table);
        assert!(how.is_ok() && data.contains("SIG_INVALID"), "{data}");
    }

    #[test]
    fn what_is_not_known_is_said_with_what_may_have_been_meant() {
        let missing = explained(Some("53000000013"), Some("denic-rri"), Format::Table).0.unwrap_err();
        assert!(missing.exit == Exit::NotFound && missing.next.contains("53000000012"), "{missing:?}");
        for code in ["", "ü", "x", "\u{1b}[31m", "999999"] {
            let missing = explained(Some(code), None, Format::Table).0.unwrap_err();
            assert!(missing.exit == Exit::NotFound && !missing.what.contains('\u{1b}'), "{missing:?}");
        }
        let nobody = explained(Some("210"), Some("denic"), Format::Table).0.unwrap_err();
        assert!(nobody.exit == Exit::Usage && nobody.next.contains("denic-rri"), "{nobody:?}");
    }

    #[test]
    fn whoever_asks_for_nothing_gets_all() {
        let (how, data, _) = explained(None, None, Format::Jsonl);
        let rows: usize = PLUGINS.iter().map(|plugin| (plugin.codes)().len()).sum();
        assert_eq!((how, data.lines().count()), (Ok(()), rows));
    }
}
