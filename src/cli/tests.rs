use clap::CommandFactory;
use serde_json::{Value, json};

use super::*;
use crate::cli::fake::{Fake, detail, job};
use crate::config::Account;
use crate::model::{Event, Move, State};

fn config() -> Config {
    let account = |registry: &str| Account {
        registry: registry.into(),
        read_messages: true,
        credential_expires: None,
        mail: None,
        limits: crate::config::Limits::default(),
        settings: serde_json::Map::new(),
    };
    let accounts = [("A".to_owned(), account("denic-rri")), ("B".to_owned(), account("denic-rri"))].into();
    Config { accounts, ..Config::default() }
}

/// What a command prints as data and as remarks.
struct Printed(Vec<u8>, Vec<u8>);

impl Printed {
    fn new() -> Self {
        Self(Vec::new(), Vec::new())
    }
    fn out(&mut self, format: Format) -> Out<'_> {
        Out::new(format, Colour::Never, &mut self.0, &mut self.1)
    }
    fn lines(&self) -> Vec<Value> {
        self.0.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(|l| serde_json::from_slice(l).unwrap()).collect()
    }
}

#[test]
fn the_command_line_is_well_formed_and_explains_itself() {
    let mut command = Cli::command();
    command.clone().debug_assert();
    let help = command.render_long_help().to_string();
    for exit in [0u8, 1, 2, 3, 4, 69, 70, 75, 78] {
        assert!(help.contains(&format!("\n{exit:>4}  ")), "exit code {exit} is not documented:\n{help}");
    }
    fn explained(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{} is not explained", command.get_name());
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            let explained = argument.get_help().is_some();
            assert!(explained, "{} {} is not explained", command.get_name(), argument.get_id());
        }
        command.get_subcommands().for_each(explained);
    }
    explained(&command);
}

#[test]
fn failures_say_what_why_and_what_next_to_people_and_programs() {
    let failure = Failure::new(Exit::Refused, "no_such_move", "cannot").why("because").next("do that");
    let mut printed = Printed::new();
    printed.out(Format::Table).failure(&failure);
    assert_eq!(printed.1, b"error: cannot\n  because\n  do that\n");
    let mut printed = Printed::new();
    printed.out(Format::Json).failure(&failure);
    let line: Value = serde_json::from_slice(&printed.1).unwrap();
    assert_eq!(
        line,
        json!({"error": {"code": "no_such_move", "exit": 4, "what": "cannot", "why": "because", "next": "do that"}})
    );
    assert!(printed.0.is_empty());
}

#[tokio::test]
async fn events_are_printed_as_the_broker_gets_them() {
    let store = Fake::default();
    for number in 1..=3 {
        let job = job(number, State::Waiting);
        let step = Move::new(&job, crate::model::Cause::Withdrawn, Timestamp::UNIX_EPOCH).unwrap();
        store.write(Event::of_move(&job, &step, &[]));
    }
    let tail = async |format, since, lines| {
        let command = events::Events::Tail(events::Tail { follow: false, since, lines, every: 500 });
        let mut printed = Printed::new();
        events::run(&command, &store, &mut printed.out(format)).await.unwrap();
        printed
    };
    let all = tail(Format::Jsonl, Some(0), 0).await;
    let bodies: Vec<_> = store.events.lock().unwrap().iter().map(|row| row.event.body.clone()).collect();
    assert_eq!(all.lines(), bodies);
    assert_eq!(all.1, b"continue with --since 3\n");
    assert_eq!(tail(Format::Json, None, 1).await.lines(), bodies[2..]);
    let table = String::from_utf8(tail(Format::Table, Some(2), 0).await.0).unwrap();
    assert!(table.contains("job.cancelled") && table.contains("domain:example.de"), "{table}");
}

#[tokio::test]
async fn following_ends_when_nobody_reads_any_more() {
    struct Closed;
    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let store = Fake::default();
    store.write(Event::of_account("A", "resumed", "why", Timestamp::UNIX_EPOCH));
    let command = events::Events::Tail(events::Tail { follow: true, since: Some(0), lines: 0, every: 500 });
    let (mut closed, mut talk) = (Closed, Vec::new());
    let mut out = Out::new(Format::Jsonl, Colour::Never, &mut closed, &mut talk);
    let ended = events::run(&command, &store, &mut out).await.unwrap_err();
    assert_eq!(ended.exit, Exit::Ok);
}

#[test]
fn a_configuration_is_checked_down_to_each_account() {
    let check = |build: check_config::Build<'_>| {
        let mut printed = Printed::new();
        let ended = check_config::run(&config(), &["denic-rri"], build, vec![], &mut printed.out(Format::Jsonl));
        (printed.lines().remove(0), ended)
    };
    let made = |about: String, identity: &str| check_config::Made {
        about,
        identity: identity.into(),
        published: crate::model::Limits { sessions: 3, ..crate::model::Limits::none() },
    };
    let (report, ended) = check(&|registry, name, _| Ok(made(format!("{name} at {registry}"), name)));
    assert_eq!(ended, Ok(()));
    assert_eq!((&report["ok"], &report["findings"]), (&json!(true), &json!([])));
    let about = |number: usize| (&report["accounts"][number]["account"], &report["accounts"][number]["about"]);
    assert_eq!(about(0), (&json!("A"), &json!("A at denic-rri")));
    assert_eq!(about(1), (&json!("B"), &json!("B at denic-rri")));
    assert_eq!(report["accounts"][1]["limits"]["sessions"], 3, "{report}");

    let (report, ended) = check(&|_, _, _| Ok(made("fine".into(), "the same")));
    assert_eq!(ended.unwrap_err().exit, Exit::Configuration);
    assert_eq!(report["findings"][0]["place"], "accounts.B", "{report}");

    let (report, ended) =
        check(&|_, name, _| if name == "A" { Err("no password".into()) } else { Ok(made("fine".into(), name)) });
    assert_eq!(ended.unwrap_err().exit, Exit::Configuration);
    assert_eq!(report["findings"][0]["place"], "accounts.A");
    assert_eq!(report["ok"], false);
}

#[tokio::test]
async fn a_missing_batch_is_not_found_and_a_migration_tells_what_it_did() {
    let store = Fake::with([detail(job(1, State::Waiting), vec![])]);
    let mut printed = Printed::new();
    let command = batches::Batches::Show { name: "autumn".into(), follow: false };
    let now = Timestamp::UNIX_EPOCH;
    let ended = batches::run(&command, &config(), &store, now, &mut printed.out(Format::Table)).await;
    assert_eq!(ended.unwrap_err().exit, Exit::NotFound);
    migrate::run(&store, &mut printed.out(Format::Table)).await.unwrap();
    assert_eq!(printed.0, b"the schema went from version 0 to 1\n");
}

#[test]
fn every_failure_of_the_store_has_its_exit_code() {
    use crate::store::StoreError;
    let exits: Vec<_> = [
        StoreError::Unavailable("x".into()),
        StoreError::SchemaTooNew { found: 2, known: 1 },
        StoreError::SchemaTooOld { found: 1, needed: 2 },
        StoreError::Fenced("x".into()),
        StoreError::Broken("x".into()),
    ]
    .into_iter()
    .map(|error| Failure::from(error).exit as u8)
    .collect();
    assert_eq!(exits, [69, 78, 78, 75, 70]);
}
