//! The commands in the documents exist, and those that say so print what is shown.

use std::path::Path;
use std::process::Command;

use clap::Parser;
use registrard::cli::Cli;

use crate::markdown::{Document, root};

/// A command line of a document and what it prints there.
struct Shown {
    place: String,
    line: String,
    output: Vec<String>,
    runnable: bool,
}

/// Everything behind `$ ` in console blocks; a backslash continues a line.
fn commands() -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for block in Document::all().iter().flat_map(Document::blocks) {
        if block.info.first().is_none_or(|word| word != "console") {
            continue;
        }
        let (first, text) = (all.len(), block.text.replace("\\\n", " "));
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("$ ") {
                let runnable = block.is(&["console", "runnable"]);
                all.push(Shown { place: block.place.clone(), line: line.to_owned(), output: Vec::new(), runnable });
            } else if all.len() > first {
                all.last_mut().unwrap().output.push(line.to_owned());
            }
        }
    }
    all
}

/// The words of a command line: single and double quotes, a comment at the end, nothing else of a shell.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => (quote, word) = (Some(c), Some(word.unwrap_or_default())),
            (c, Some(open)) if c == open => quote = None,
            ('#', None) if word.is_none() => break,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The simple commands of a line: what stands between pipes, without redirections.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let all = words(line);
    let parts = all.split(|word| ["|", "&&", ";"].contains(&word.as_str()));
    parts
        .map(|part| part.iter().take_while(|word| !["<", ">", "2>"].contains(&word.as_str())).cloned().collect())
        .collect()
}

/// What is wrong with a command line of registrard, if something is.
fn refused(line: &[&str]) -> Option<String> {
    // `--help` and `--version` end parsing with what clap calls an error, too.
    Cli::try_parse_from(line).err().filter(clap::Error::use_stderr).map(|error| error.to_string())
}

#[test]
fn every_command_in_the_documents_exists() {
    let help = Command::new(root().join("dev")).arg("help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (mut ours, mut scripts, mut wrong) = (0, 0, Vec::new());
    for shown in commands() {
        let mut complain = |why: String| wrong.push(format!("\n{}: {}\n  {why}", shown.place, shown.line));
        for command in simple_commands(&shown.line) {
            match command.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                line @ ["registrard", ..] => {
                    ours += 1;
                    refused(line).into_iter().for_each(&mut complain);
                }
                ["./dev", name, rest @ ..] => {
                    scripts += 1;
                    if !help.lines().any(|line| line.split_whitespace().next() == Some(name)) {
                        complain(format!("./dev has no command {name}"));
                    }
                    // What is not the script's own goes to the program.
                    let (own, passed): (Vec<&str>, Vec<&str>) =
                        rest.iter().copied().partition(|word| word.starts_with("--with-"));
                    own.iter().filter(|flag| !help.contains(**flag)).for_each(|flag| complain(format!("no {flag}")));
                    if ["demo", "bench"].contains(name) {
                        // The script starts what the benchmarks need and tells them by variables.
                        let given: &[&str] = match (*name, passed.first()) {
                            ("bench", Some(&"intake")) => &["--database", "x", "--amqp", "y"],
                            ("bench", _) => &["--database", "x"],
                            _ => &[],
                        };
                        refused(&[&["registrard", name], passed.as_slice(), given].concat())
                            .into_iter()
                            .for_each(&mut complain);
                    }
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
    assert!(ours >= 10 && scripts >= 2, "only {ours} commands of registrard and {scripts} of ./dev were found");
}

#[test]
fn runnable_commands_do_what_the_documents_show() {
    let program = Path::new(env!("CARGO_BIN_EXE_registrard"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut seen = 0;
    for shown in commands().into_iter().filter(|shown| shown.runnable) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &shown.line]).current_dir(root()).env("PATH", &path).env("NO_COLOR", "1");
        let output = shell.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}: {}: {told}", shown.place, shown.line, output.status);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_shown(&shown, &printed.lines().map(str::trim_end).collect::<Vec<_>>());
        seen += 1;
    }
    assert!(seen > 0, "no runnable command was found");
}

/// What is printed is what is shown; a line `…` stands for any lines, and nothing shown for anything.
fn assert_shown(shown: &Shown, printed: &[&str]) {
    let output: Vec<&str> = shown.output.iter().map(|line| line.trim_end()).collect();
    let agrees = match output.iter().position(|line| *line == "…") {
        Some(at) => printed.starts_with(&output[..at]) && printed.ends_with(&output[at + 1..]),
        None => output.is_empty() || printed == output,
    };
    assert!(agrees, "{}: {} prints\n{}", shown.place, shown.line, printed.join("\n"));
}
