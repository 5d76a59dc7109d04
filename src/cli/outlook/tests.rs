//! `jobs explain` and `quota` on a store, while no daemon is at work and the accounts' secrets cannot be read.

use std::time::Duration;

use clap::Parser;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::cli::output::{Colour, Format, Out};
use crate::cli::{Cli, Command, jobs, quota};
use crate::model::{Class, Event, JobId, NewJob, ObjectKey, ObjectKind, Operation};
use crate::store::{self, Lease, Pause, PauseKind};

const ACCOUNT: &str = "DENIC-1000022";

fn now() -> Timestamp {
    "2026-11-21T11:00:00+01:00".parse().unwrap()
}

fn config() -> Config {
    let account = |user: &str| {
        json!({ "registry": "denic-rri", "user": user, "password_file": "/nonexistent/secret",
                "limits": { "quota": 50_000, "urgent_quota": 0.05 } })
    };
    serde_json::from_value(json!({
        "accounts": {
            ACCOUNT: account("DENIC-1000022-RRI"),
            "DENIC-1000023": account("DENIC-1000023-RRI"),
            "DENIC-1000024": account("DENIC-1000024-RRI"),
        },
        "pools": { "de": { "accounts": ["DENIC-1000023", "DENIC-1000024"] } },
        "publishers": { "billing": { "accounts": ["*"], "weight": 3 } },
    }))
    .unwrap()
}

fn job(number: u128, account: &str) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(number)),
        publisher: "billing".into(),
        account: account.into(),
        pool: (account == "de").then(|| "de".into()),
        operation: Operation::DomainCreate,
        object: ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de")),
        params: Map::new(),
        class: Class::Bulk,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: Some("autumn-sale".into()),
        max_attempts: 3,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
    }
}

struct Stage {
    store: Arc<dyn Store>,
    config: Config,
}

impl Stage {
    /// 40 jobs of an account and two of a pool.
    async fn new() -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let jobs: Vec<NewJob> = (1..=40).map(|n| job(n, ACCOUNT)).chain((41..=42).map(|n| job(n, "de"))).collect();
        store.accept(&jobs, &[], now()).await.unwrap();
        Self { store, config: config() }
    }

    async fn lease(&self, account: &str) -> Lease {
        self.store.acquire(account, "registrard/1", Duration::from_secs(600)).await.unwrap().unwrap()
    }

    /// Runs a command; its data and its remarks.
    async fn run(&self, format: Format, line: &str) -> (String, String) {
        let words = ["registrard"].into_iter().chain(line.split(' '));
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        let mut out = Out::new(format, Colour::Never, &mut data, &mut talk);
        let ended = match &Cli::try_parse_from(words).unwrap().command {
            Command::Jobs(command) => jobs::run(command, &self.config, &*self.store, now(), &mut out).await,
            Command::Quota(args) => quota::run(args, &self.config, &*self.store, now(), &mut out).await,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(ended, Ok(()), "{line}");
        (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap())
    }

    async fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.run(Format::Json, line).await.0).unwrap()
    }
}

fn kinds(told: &Value) -> Vec<&str> {
    told["blockers"].as_array().unwrap().iter().map(|blocker| blocker["kind"].as_str().unwrap()).collect()
}

/// Every command that is advised exists.
fn assert_commands_exist(text: &str) {
    for command in text.split('`').skip(1).step_by(2).filter(|command| command.starts_with("registrard ")) {
        let parsed = Cli::try_parse_from(command.split(' '));
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

#[tokio::test]
async fn a_job_is_explained_from_the_store_alone() {
    let stage = Stage::new().await;
    let id = Uuid::from_u128(10);
    let told = stage.json(&format!("jobs explain {id}")).await;
    assert_eq!(kinds(&told), ["no_daemon", "jobs_ahead"]);
    assert_eq!((told["eligible"].clone(), told["class"].clone()), (json!(false), json!("bulk")));
    assert!(told["remarks"][0].as_str().unwrap().contains("/nonexistent/secret"), "{told}");

    let lease = stage.lease(ACCOUNT).await;
    let told = stage.json(&format!("jobs explain {id}")).await;
    assert_eq!(kinds(&told), ["jobs_ahead"]);
    assert!(told["blockers"][0]["what"].as_str().unwrap().starts_with("9 jobs ahead in class bulk"), "{told}");
    assert_eq!(told["eligible"], json!(true));

    stage.store.charge(&lease, "2026-11-21".parse().unwrap(), 50_000).await.unwrap();
    let event = Event::of_account(ACCOUNT, "paused", "test", now());
    for kind in PauseKind::ALL {
        let name = match kind {
            PauseKind::Account | PauseKind::Funds => ACCOUNT,
            PauseKind::Registry => "denic-rri",
            PauseKind::Publisher => "billing",
            PauseKind::Operation => "domain.create",
            PauseKind::Batch => "autumn-sale",
        };
        let pause = Pause { kind: *kind, name: name.into(), reason: "on the phone".into(), since: now() };
        stage.store.pause(&pause, &event).await.unwrap();
    }
    let told = stage.json(&format!("jobs explain {id}")).await;
    let expected = [
        "batch_stopped",
        "publisher_paused",
        "operation_paused",
        "account_paused",
        "registry_paused",
        "out_of_funds",
        "quota",
        "jobs_ahead",
    ];
    assert_eq!(kinds(&told), expected);
    let (text, _) = stage.run(Format::Table, &format!("jobs explain {id}")).await;
    for part in [
        "it cannot start now",
        "quota of DENIC-1000022: 50,000 used of the 47,500 points that bulk jobs may use",
        "resets 2026-11-22T00:00+01:00",
        "on the phone",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_commands_exist(&text);
}

#[tokio::test]
async fn a_job_of_a_pool_is_explained_account_by_account() {
    let stage = Stage::new().await;
    stage.lease("DENIC-1000024").await;
    let told = stage.json(&format!("jobs explain {}", Uuid::from_u128(41))).await;
    assert_eq!((told["eligible"].clone(), kinds(&told)), (json!(true), vec![]));
    assert_eq!(kinds(&told["members"][0]), ["no_daemon"]);
    assert_eq!(kinds(&told["members"][1]), Vec::<&str>::new());
    let (text, _) = stage.run(Format::Table, &format!("jobs explain {}", Uuid::from_u128(41))).await;
    assert!(text.contains("account DENIC-1000024 may take it"), "{text}");
}

#[tokio::test]
async fn quotas_are_told_with_what_waits_for_them() {
    let stage = Stage::new().await;
    let lease = stage.lease(ACCOUNT).await;
    let day = "2026-11-21".parse().unwrap();
    stage.store.charge(&lease, day, 1204).await.unwrap();
    stage.store.quota_heard(&lease, day, Some(1000), None).await.unwrap();
    let told = stage.json("quota").await;
    let accounts: Vec<&str> = told.as_array().unwrap().iter().map(|row| row["account"].as_str().unwrap()).collect();
    assert_eq!(accounts, ["DENIC-1000023", "DENIC-1000024", ACCOUNT]);
    let row = &told[2];
    let points = &row["quota"];
    for (key, value) in
        [("limit", 50_000), ("used", 1204), ("left", 48_796), ("heard", 1000), ("kept_for_urgent", 2500)]
    {
        assert_eq!(points[key], json!(value), "{key}");
    }
    assert_eq!(points["resets_local"], json!("2026-11-22T00:00+01:00"));
    assert_eq!(row["rate"], json!({ "sent": 0, "allowed": 2000, "window_seconds": 60 }));
    assert_eq!(row["waiting"][0]["batch"], json!("autumn-sale"));
    // 40 jobs at hardly less than 2000 a minute.
    let end: Timestamp = row["waiting"][0]["end"].as_str().unwrap().parse().unwrap();
    assert_eq!(end.duration_since(now()).as_secs(), 1);
    assert_eq!(told[0]["waiting"][0]["queue"], json!("de"), "what waits for the pool waits for each of its accounts");

    let (text, talk) = stage.run(Format::Table, "quota --account DENIC-1000022").await;
    for part in ["1,204", "48,796", "0 of 2,000 in 60 s", "autumn-sale", "2026-11-22T00:00+01:00"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains("DENIC-1000023"), "{text}");
    assert!(talk.contains("/nonexistent/secret"), "{talk}");
    let words = ["registrard", "quota", "--account", "nobody"];
    let Command::Quota(args) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Table, Colour::Never, &mut data, &mut talk);
    let ended = quota::run(&args, &stage.config, &*stage.store, now(), &mut out).await;
    assert_eq!(ended.unwrap_err().code, "not_found");
}
