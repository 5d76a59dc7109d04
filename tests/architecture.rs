//! The walls of the house: who may use whom, and what may stand in one place only. The rules are the tables below; each
//! failure names file, line and rule. `the_checks_can_fail` proves that breaking a rule is noticed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/rust_source.rs"]
mod rust_source;

use std::collections::BTreeSet;

use rust_source::Source;

/// Modules that everybody may use, and that use nothing.
const FOR_ALL: &[&str] = &["model", "failpoint"];

/// Module, and the modules it may use. A module may always use itself and those for all; every module has a row.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("failpoint", &[]),
    ("config", &["model"]),
    ("net", &["model", "config"]),
    ("ops", &["model"]),
    ("registries", &["model", "net"]),
    ("sandbox", &["model", "net"]),
    ("store", &["model", "config", "net", "ops"]),
    ("broker", &["model", "config", "net", "ops"]),
    ("job", &["model", "config", "net", "ops", "store", "broker", "registries"]),
    ("poll", &["model", "config", "net", "ops", "store", "broker", "registries"]),
    ("deadlines", &["model", "config", "net", "ops", "store", "broker", "registries"]),
    (
        "daemon",
        &["model", "config", "net", "ops", "store", "broker", "registries", "sandbox", "job", "poll", "deadlines"],
    ),
    ("demo", &["model", "config", "net", "ops", "store", "broker", "registries", "sandbox", "job", "daemon"]),
    (
        "cli",
        &[
            "model",
            "config",
            "net",
            "ops",
            "store",
            "broker",
            "registries",
            "sandbox",
            "job",
            "poll",
            "deadlines",
            "daemon",
            "demo",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// A part that hides behind its module's trait, and who may name it all the same.
const BEHIND_A_TRAIT: &[(&str, &[&str])] = &[
    ("store::postgres", &["store"]),
    ("store::sqlite", &["store"]),
    ("broker::rabbitmq", &["broker", "daemon", "cli"]),
    ("broker::local", &["broker", "daemon", "cli", "demo"]),
];

/// A crate, and the only place that may use it.
const KEPT_TO: &[(&str, &str, &str)] = &[
    ("sqlx", "src/store/", "only the store writes SQL"),
    ("lapin", "src/broker/rabbitmq", "only broker/rabbitmq knows AMQP"),
    ("sequoia_openpgp", "src/net/openpgp", "only net/openpgp knows OpenPGP"),
    ("lettre", "src/net/", "only net knows e-mail"),
];

/// A word of the code, and the only file that may define it.
const DEFINED_IN: &[(&str, &str, &str)] = &[("MOVES", "src/model/state.rs", "only model/state lists moves")];

/// A text that stands for unfinished or switched-off work.
const NOWHERE: &[&str] = &["allow(dead_code)", "#[ignore", "todo!(", "unimplemented!("];

/// Longest file in lines: one sitting.
const LONGEST: usize = 450;

/// One broken rule.
#[derive(Clone, Debug, PartialEq)]
struct Breach {
    file: String,
    line: usize,
    rule: String,
}

fn breach(source: &Source, line: usize, rule: impl Into<String>) -> Breach {
    Breach { file: source.path.clone(), line, rule: rule.into() }
}

/// The row of [`MAY_USE`] a file belongs to.
fn owner(source: &Source) -> String {
    let root = if source.path == "src/main.rs" { "main" } else { "lib" };
    source.module().first().cloned().unwrap_or_else(|| root.to_owned())
}

fn check_imports(source: &Source) -> Vec<Breach> {
    let owner = owner(source);
    let Some((_, allowed)) = MAY_USE.iter().find(|(module, _)| *module == owner) else {
        return vec![breach(source, 1, format!("`{owner}` has no row in the table of who may use whom"))];
    };
    let mut breaches = Vec::new();
    for (line, path) in source.crate_paths() {
        let Some(used) = path.first() else { continue };
        // A macro or a re-export at the crate's root is no module.
        let is_module = MAY_USE.iter().any(|(module, _)| module == used);
        if is_module && *used != owner && !FOR_ALL.contains(&used.as_str()) && !allowed.contains(&used.as_str()) {
            breaches.push(breach(source, line, format!("`{owner}` must not use `{used}`")));
        }
        for (part, friends) in BEHIND_A_TRAIT {
            if path.join("::").split("::").collect::<Vec<_>>().starts_with(&part.split("::").collect::<Vec<_>>())
                && !friends.contains(&owner.as_str())
            {
                breaches.push(breach(source, line, format!("`{owner}` must not see `{part}`, only its trait")));
            }
        }
    }
    breaches
}

/// The folders below `registries` know nothing of each other, and nobody outside knows them.
fn check_registries(source: &Source, names: &BTreeSet<String>) -> Vec<Breach> {
    let module = source.module();
    let own = (module.first().is_some_and(|first| first == "registries")).then(|| module.get(1)).flatten();
    let is_list = source.path == "src/registries/mod.rs";
    let strange = |path: &[String]| match path {
        [first, name, ..] if first == "registries" && names.contains(name) && own != Some(name) => Some(name.clone()),
        _ => None,
    };
    let paths = source.crate_paths().into_iter().filter(|_| !is_list);
    paths
        .filter_map(|(line, path)| strange(&path).map(|name| (line, name)))
        .map(|(line, name)| breach(source, line, format!("`registries/{name}` is known to the list of plug-ins only")))
        .collect()
}

fn check_places(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (number, line) in source.code.lines().enumerate() {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for (name, place, rule) in KEPT_TO {
            let uses = line.contains(&format!("{name}::")) || line.trim_start().starts_with(&format!("use {name}"));
            if uses && words.contains(name) && !source.path.starts_with(place) {
                breaches.push(breach(source, number + 1, format!("{rule}: `{name}`")));
            }
        }
        for (name, place, rule) in DEFINED_IN {
            let defines = words.windows(2).any(|pair| ["const", "static"].contains(&pair[0]) && pair[1] == *name);
            if defines && source.path != *place {
                breaches.push(breach(source, number + 1, format!("{rule}: `{name}`")));
            }
        }
        for text in NOWHERE {
            if line.contains(text) {
                breaches.push(breach(source, number + 1, format!("`{text}` has no place here")));
            }
        }
    }
    breaches
}

/// Native codes (DENIC's have 11 digits) are read in a registry's table and spoken by the sandbox, nowhere else.
fn check_codes(source: &Source) -> Vec<Breach> {
    let parts: Vec<&str> = source.path.split('/').collect();
    let is_table = matches!(parts.as_slice(), ["src", "registries", _, "outcome.rs" | "codes.rs"]);
    let is_table = is_table || matches!(parts.as_slice(), ["src", "registries", _, "outcome" | "codes", ..]);
    if is_table || source.path.starts_with("src/sandbox/") {
        return Vec::new();
    }
    let lines = source.production.lines().enumerate();
    lines
        .filter(|(_, line)| has_native_code(line))
        .map(|(n, _)| breach(source, n + 1, "only registries/*/outcome and codes read native codes"))
        .collect()
}

fn has_native_code(line: &str) -> bool {
    let numbers = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    numbers.map(|number| number.replace('_', "")).any(|n| n.len() == 11 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn check_length(source: &Source) -> Vec<Breach> {
    let lines = source.text.lines().count();
    let long = lines > LONGEST;
    long.then(|| breach(source, lines, format!("{lines} lines are more than {LONGEST}: this file asks to be two")))
        .into_iter()
        .collect()
}

fn report(breaches: &[Breach]) -> String {
    breaches.iter().map(|b| format!("\n{}:{}: {}", b.file, b.line, b.rule)).collect()
}

/// Names of the folders below `src/registries`.
fn registry_names(sources: &[Source]) -> BTreeSet<String> {
    let modules = sources.iter().map(Source::module).filter(|module| module.first().is_some_and(|m| m == "registries"));
    modules.filter_map(|module| module.get(1).cloned()).collect()
}

#[test]
fn everybody_uses_only_whom_they_may() {
    let sources = Source::below("src");
    let names = registry_names(&sources);
    assert!(names.contains("denic_rri"), "the sources were not found");
    let breaches: Vec<_> =
        sources.iter().flat_map(|s| [check_imports(s), check_registries(s, &names)]).flatten().collect();
    assert!(breaches.is_empty(), "{}", report(&breaches));
}

#[test]
fn everything_stands_in_its_one_place() {
    let sources = Source::below("src");
    let breaches: Vec<_> = sources.iter().flat_map(|s| [check_places(s), check_codes(s)]).flatten().collect();
    assert!(breaches.is_empty(), "{}", report(&breaches));
    let defines = sources.iter().filter(|s| s.code.contains("const MOVES")).count();
    assert_eq!(defines, 1, "the table of moves was not found");
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let sources = ["src", "tests"].map(Source::below);
    let breaches: Vec<_> = sources.iter().flatten().flat_map(check_length).collect();
    assert!(breaches.is_empty(), "{}", report(&breaches));
}

#[test]
fn there_is_one_crypto_provider() {
    let lock = include_str!("../Cargo.lock");
    let packages: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    assert!(packages.contains(&"ring"), "the lock file was not understood");
    for strange in ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls"] {
        assert!(
            !packages.contains(&strange),
            "{strange} is in Cargo.lock: `cargo tree -i {strange}` says through whom"
        );
    }
}

/// A file, what is in it, and the words of the rule it breaks (none: it breaks no rule).
const EXAMPLES: &[(&str, &str, &[&str])] = &[
    ("src/model/job.rs", "use crate::net::tls;", &["`model` must not use `net`"]),
    ("src/model/job.rs", "use super::state; use crate::model::Event;", &[]),
    ("src/store/mod.rs", "use crate::{model::{Job, Move}, job::intake};", &["`store` must not use `job`"]),
    ("src/store/mod.rs", "fn f() -> crate::cli::Args { g() }", &["`store` must not use `cli`"]),
    ("src/store/mod.rs", "use super::job::intake;", &["`store` must not use `job`"]),
    ("src/store/sqlite/jobs.rs", "use super::super::super::broker;", &["`store` must not use `broker`"]),
    ("src/store/sqlite/jobs.rs", "use super::super::types; mod inner { use super::super::rows; }", &[]),
    ("src/broker/mod.rs", "// use crate::job;\n/* crate::cli::x /* nested */ */ const A: &str = \"crate::job\";", &[]),
    (
        "src/broker/mod.rs",
        "const A: &str = r#\"\"crate::job\"#; const B: char = '\"'; use crate::job as j;",
        &["`job`"],
    ),
    ("src/broker/mod.rs", "#[cfg(test)]\nmod tests { use crate::sandbox; fn f() { {} } }\nuse crate::cli;", &["`cli`"]),
    ("src/main.rs", "fn main() { registrard::store::open(); }", &["`main` must not use `store`"]),
    ("src/cli/jobs.rs", "use crate::{store, daemon::run as go, model::*};", &[]),
    ("src/job/claim.rs", "use crate::store::postgres::PostgresStore;", &["only its trait"]),
    ("src/job/claim.rs", "use crate::registries::denic_rri::Account;", &["list of plug-ins only"]),
    ("src/registries/rrp/mod.rs", "use crate::registries::{Dialect, denic_rri::codec};", &["list of plug-ins only"]),
    ("src/registries/denic_rri/codec.rs", "use super::super::{Dialect, rrp};", &["`registries/rrp`"]),
    ("src/registries/denic_rri/codec.rs", "use super::commands; use crate::registries::denic_rri::outcome;", &[]),
    ("src/registries/denic_rri/codec.rs", "use crate::store::Store;", &["`registries` must not use `store`"]),
    ("src/sandbox/mod.rs", "use crate::registries::Dialect;", &["`sandbox` must not use `registries`"]),
    ("src/attic/mod.rs", "use crate::model;", &["`attic` has no row"]),
    ("src/job/mod.rs", "async fn f() { sqlx::query(\"SELECT 1\"); }", &["only the store writes SQL"]),
    ("src/cli/submit.rs", "use lapin::Connection;", &["only broker/rabbitmq knows AMQP"]),
    ("src/broker/rabbitmq/topology.rs", "use lapin::Connection;", &[]),
    ("src/cli/keys.rs", "use sequoia_openpgp::Cert;", &["only net/openpgp knows OpenPGP"]),
    ("src/job/mod.rs", "const MOVES: &[u8] = &[];", &["only model/state lists moves"]),
    ("src/job/mod.rs", "#[allow(dead_code)]\nfn f() { todo!() }", &["allow(dead_code)", "todo!("]),
    ("src/job/mod.rs", "fn f(c: &str) -> bool { c == \"53300010002\" }", &["native codes"]),
    ("src/job/mod.rs", "const C: u64 = 53_300_010_002;", &["native codes"]),
    ("src/job/mod.rs", "// 53300010002\nconst C: u64 = 533_000_100_021;", &[]),
    ("src/registries/denic_rri/session.rs", "const C: &str = \"53300010002\";", &["native codes"]),
    ("src/registries/denic_rri/codes.rs", "const C: &str = \"53300010002\";", &[]),
    ("src/sandbox/denic_rri/answers.rs", "const C: &str = \"53300010002\";", &[]),
];

#[test]
fn the_checks_can_fail() {
    let names = BTreeSet::from(["denic_rri".to_owned(), "rrp".to_owned()]);
    for (path, text, expected) in EXAMPLES {
        let source = Source::new(*path, *text);
        let found =
            [check_imports(&source), check_registries(&source, &names), check_places(&source), check_codes(&source)]
                .concat();
        assert_eq!(found.len(), expected.len(), "{path}: {text}{}", report(&found));
        for (breach, words) in found.iter().zip(*expected) {
            assert!(breach.rule.contains(words), "{path}: {text}: {} (expected: {words})", breach.rule);
        }
    }
    let long = Source::new("src/job/mod.rs", "\n".repeat(LONGEST + 1));
    assert_eq!(check_length(&long).len(), 1);
    let just = Source::new("src/job/mod.rs", "\n".repeat(LONGEST));
    assert_eq!(check_length(&just), []);
}

#[test]
fn files_of_test_modules_are_no_production_code() {
    let sources = vec![
        Source::new(
            "src/job/mod.rs",
            "pub mod intake;\n#[cfg(test)]\npub(crate) mod fakes;\n#[cfg(test)] mod tests {}",
        ),
        Source::new("src/job/fakes.rs", "use crate::cli;"),
        Source::new("src/job/fakes/store.rs", "use crate::cli;"),
        Source::new("src/job/intake.rs", ""),
    ];
    let left: Vec<String> = Source::in_production(sources).into_iter().map(|source| source.path).collect();
    assert_eq!(left, ["src/job/mod.rs", "src/job/intake.rs"]);
}

#[test]
fn a_breach_names_the_line() {
    let source = Source::new("src/store/mod.rs", "//! Store.\n\nuse crate::{\n    model::Job,\n    job,\n};\n");
    let lines: Vec<usize> = check_imports(&source).iter().map(|breach| breach.line).collect();
    assert_eq!(lines, [5]);
}
