//! The wire of DENIC RRI through `registrard wire`: requests byte by byte, answers value by value; `opensrs` and
//! `opensrs_answers` do the same for OpenSRS.
//!
//! `tests/golden/denic_rri` holds jobs (`x.json`) with the exact bytes of their requests where these are looked at (`x.kv`,
//! `x.xml`), the manual's own samples of the same requests (`x.sample.*`), which differ in nothing that means anything (see
//! `meaning`), and answers (`answer.<operation>.*`) with what they mean. Wrappers that the manual leaves out are completed,
//! and keys it shortens. `REGISTRARD_BLESS=1` writes the expectations anew, for review.
#![allow(clippy::unwrap_used, clippy::panic)] // a test's own helpers may panic like the test

#[path = "wire/answers.rs"]
mod answers;
#[path = "wire/explained.rs"]
mod explained;
#[path = "wire/meaning.rs"]
mod meaning;
#[path = "wire/nz_srs.rs"]
mod nz_srs;
#[path = "wire/opensrs.rs"]
mod opensrs;
#[path = "wire/opensrs_answers.rs"]
mod opensrs_answers;
#[path = "wire/property.rs"]
mod property;
#[path = "wire/requests.rs"]
mod requests;
#[path = "wire/rrp.rs"]
mod rrp;

use std::path::{Path, PathBuf};

use clap::Parser;
use registrard::cli::output::Format;
use registrard::cli::wire::{self, WireArgs};
use registrard::model::Operation;
use registrard::registries::{self, Dialect, WireOptions};

const TRANSACTION: &str = "kv-7bf04fa8";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    wire: WireArgs,
    #[arg(long, global = true, value_enum)]
    output: Option<Format>,
}

fn run(args: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    run_with_notes(args, input).map(|(output, _)| output)
}

/// Standard output and standard error.
fn run_with_notes(args: &[&str], input: &[u8]) -> Result<(Vec<u8>, String), String> {
    let cli = Cli::try_parse_from([&["wire"], args].concat()).map_err(|error| error.to_string())?;
    let (mut output, mut notes) = (Vec::new(), Vec::new());
    wire::run(&cli.wire, cli.output, input, &mut output, &mut notes)?;
    Ok((output, String::from_utf8(notes).unwrap()))
}

fn encode(job: &[u8], more: &[&str]) -> Result<Vec<u8>, String> {
    run(&[&["encode", "--registry", "denic-rri", "--transaction-id", TRANSACTION], more].concat(), job)
}

fn decode(operation: &str, answer: &[u8], more: &[&str]) -> Result<String, String> {
    let bytes = run(&[&["decode", "--registry", "denic-rri", "--operation", operation], more].concat(), answer)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri").join(name)
}

fn load(name: &str) -> Vec<u8> {
    std::fs::read(golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All golden files whose name begins and ends so, by the part between.
fn named(prefix: &str, suffix: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(golden(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned()))
        .collect();
    names.sort();
    names
}

fn expect(name: &str, found: &[u8]) {
    expect_at(&golden(name), found);
}

fn expect_at(path: &Path, found: &[u8]) {
    if std::env::var_os("REGISTRARD_BLESS").is_some() {
        std::fs::write(path, found).unwrap();
    }
    let expected = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(String::from_utf8_lossy(&expected), String::from_utf8_lossy(found), "{}", path.display());
}

/// The operation of a golden answer: the first two words of its name, or the first for one whose name is one word.
fn operation(name: &str) -> String {
    let words: Vec<&str> = name.split('.').collect();
    if ["raw", "login", "logout"].contains(&words[0]) { words[0].into() } else { words[..2].join(".") }
}

/// The same as a job knows it; an answer to a LOGIN or LOGOUT shows nothing, whatever it is read as.
fn read_as(name: &str) -> Operation {
    operation(name).parse().unwrap_or(Operation::AccountInfo)
}

fn dialect(format: &str) -> std::sync::Arc<dyn Dialect> {
    let options = WireOptions { format: Some(format.into()), ..WireOptions::default() };
    (registries::plugin("denic-rri").unwrap().dialect)(&options).unwrap()
}
