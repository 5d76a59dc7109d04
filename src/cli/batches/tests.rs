use std::collections::VecDeque;

use clap::Parser;
use serde_json::Value;

use super::*;
use crate::cli::fake::Fake;
use crate::cli::output::Colour;
use crate::cli::{Cli, Command};
use crate::model::State;
use crate::store::Progress;

/// Runs `registrard batches …`; its data, its remarks, its end.
async fn batches(store: &Fake, format: Format, arguments: &str) -> (String, String, Result<(), Failure>) {
    let words = ["registrard", "batches"].into_iter().chain(arguments.split(' '));
    let Command::Batches(command) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(format, Colour::Never, &mut data, &mut talk);
    let ended = run(&command, &Config::default(), store, Timestamp::UNIX_EPOCH, &mut out).await;
    (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap(), ended)
}

fn store() -> Fake {
    let store = Fake::default();
    store.batches.lock().unwrap().push(BatchView {
        name: "autumn".into(),
        publisher: "billing".into(),
        created_at: Timestamp::UNIX_EPOCH,
        total: 10,
        by_state: vec![(State::Waiting, 10)],
    });
    store
}

#[tokio::test]
async fn a_batch_is_stopped_shown_as_stopped_and_let_go() {
    let store = store();
    let (_, talk, ended) = batches(&store, Format::Table, "stop autumn --reason wrong-price").await;
    assert_eq!(ended, Ok(()));
    assert!(talk.contains("batch autumn is stopped"), "{talk}");
    let (shown, ..) = batches(&store, Format::Table, "show autumn").await;
    assert!(shown.contains("wrong-price") && shown.contains("batches resume 'autumn'"), "{shown}");
    let (listed, ..) = batches(&store, Format::Jsonl, "list").await;
    let row: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(row["stopped"]["reason"], "by an operator: wrong-price");

    assert_eq!(batches(&store, Format::Table, "stop autumn").await.2.unwrap_err().code, "already_paused");
    assert_eq!(batches(&store, Format::Table, "resume autumn").await.2, Ok(()));
    assert_eq!(batches(&store, Format::Table, "resume autumn").await.2.unwrap_err().code, "not_stopped");
    let failure = batches(&store, Format::Table, "stop autumm").await.2.unwrap_err();
    assert!(failure.exit == Exit::NotFound && failure.next.contains("`autumn`"), "{failure}");
    let kinds: Vec<_> = store.events.lock().unwrap().iter().map(|row| row.event.kind.clone()).collect();
    assert_eq!(kinds, ["batch.stopped", "batch.resumed"]);
}

/// Ten jobs, so many of them over.
fn look(succeeded: u64, failed: u64, needs_attention: u64) -> Progress {
    Progress {
        total: 10,
        ended: vec![(State::Succeeded, "done".into(), succeeded), (State::Failed, "53300000001".into(), failed)],
        open: vec![(State::NeedsAttention, needs_attention)],
        ..Progress::default()
    }
}

#[tokio::test(start_paused = true)]
async fn following_prints_each_change_once_and_ends_when_all_is_over() {
    let store = store();
    *store.progress.lock().unwrap() =
        VecDeque::from([look(0, 0, 0), look(4, 0, 0), look(4, 0, 0), look(8, 1, 0), look(8, 1, 1)]);
    let (data, _, ended) = batches(&store, Format::Jsonl, "show autumn --follow").await;
    let lines: Vec<Value> = data.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let over: Vec<_> = lines.iter().map(|line| line["over"].as_u64().unwrap()).collect();
    assert_eq!(over, [0, 4, 9, 10]);
    // Four in half a second; then four looks of half a second for six more.
    assert!((lines[1]["rate"].as_f64().unwrap() - 8.0).abs() < 1e-6, "{}", lines[1]);
    assert!(lines[1]["eta"].is_u64() && lines[0]["eta"].is_null());
    assert_eq!(lines[3]["failures"], serde_json::json!([["53300000001", 1]]));
    assert_eq!(ended.unwrap_err().exit, Exit::JobFailed);

    *store.progress.lock().unwrap() = VecDeque::from([look(10, 0, 0)]);
    let (data, _, ended) = batches(&store, Format::Json, "show autumn --follow").await;
    assert_eq!((serde_json::from_str::<Value>(&data).unwrap()["succeeded"].as_u64(), ended), (Some(10), Ok(())));
    assert_eq!(batches(&store, Format::Json, "show nothing --follow").await.2.unwrap_err().exit, Exit::NotFound);
}

#[tokio::test(start_paused = true)]
async fn for_people_without_a_terminal_there_is_a_line_now_and_then() {
    let store = store();
    let mut looks: VecDeque<_> = std::iter::repeat_n(look(5, 0, 0), 41).collect();
    looks.push_back(look(10, 0, 0));
    *store.progress.lock().unwrap() = looks;
    assert_eq!(batches(&store, Format::Table, "stop autumn").await.2, Ok(()));
    let (data, talk, ended) = batches(&store, Format::Table, "show autumn --follow").await;
    assert_eq!((data.as_str(), ended), ("", Ok(())));
    let lines: Vec<_> = talk.lines().collect();
    assert_eq!(lines.first(), Some(&"stopped: by an operator"));
    assert_eq!(lines.last(), Some(&"all over: 10 succeeded"));
    // On a terminal there is a bar in place of these.
    let between = &lines[1..lines.len() - 1];
    assert!(std::io::IsTerminal::is_terminal(&std::io::stderr()) || between.len() == 2, "{talk}");
    assert!(between.iter().all(|line| line.starts_with("5 of 10 over (50 %)") && line.ends_with("STOPPED")), "{talk}");
}
