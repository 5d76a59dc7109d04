//! Secrets of jobs at rest: sealed with a key, refused without one, opened after a rotation, and left to people when the
//! key is gone. Passwords are looked for in everything the database holds.

use jiff::Timestamp;
use registrard::daemon;
use registrard::job::intake::{self, Outcome, Submission};
use registrard::model::request::RejectCode;
use registrard::model::{Cause, Move, State};
use registrard::store::JobDetail;
use serde_json::{Value, json};

use crate::control;
use crate::database::Kind;
use crate::dump;
use crate::world::{
    ACCOUNT, OTHER, PARAMETER_KEY, Setup, World, contact_create, domain_create, id_of, job, play, told, until,
};

const PASSWORD: &str = "SupermanistSuper";
const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";

const NEXT_KEY: &str = "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=\n";

async fn outcomes(world: &World, jobs: &[Value], dry_run: bool) -> Vec<Outcome> {
    let gate = daemon::gate(&world.config, &daemon::accounts(&world.config).unwrap()).unwrap();
    let items: Vec<_> = jobs.iter().map(|job| Submission { job: job.clone(), batch: None }).collect();
    let report = intake::submit(&gate, &*world.database.store, &items, dry_run).await.unwrap();
    report.into_iter().map(|one| one.outcome).collect()
}

fn keys(world: &World, text: &str) {
    std::fs::write(world.config.store.parameter_keys_file.as_ref().unwrap(), text).unwrap();
}

/// Both accounts have a contact, [`ACCOUNT`] has the domain and gives it a password. Nothing is at work afterwards.
async fn offered(world: &World) {
    let mut theirs = contact_create("MAX");
    theirs["account"] = json!(OTHER);
    theirs["params"]["handle"] = json!(format!("{OTHER}-MAX"));
    let offer = job(ACCOUNT, "domain.authcode_create", json!({ "domain": "example.de", "auth_info": PASSWORD }));
    let daemon = world.daemon();
    for job in [theirs, contact_create("MAX"), domain_create("example.de", "MAX"), offer] {
        world.submit(std::slice::from_ref(&job)).await;
        world.succeeded(id_of(&job)).await;
    }
    daemon.stop().await;
}

fn takeover() -> Value {
    let nserver = ["ns1.example.net", "ns2.example.net"];
    let holder = [format!("{OTHER}-MAX")];
    let params = json!({ "domain": "example.de", "holder": holder, "nserver": nserver, "auth_info": PASSWORD });
    job(OTHER, "domain.transfer", params)
}

/// What the database holds never says it, in whatever way.
async fn assert_sealed(world: &World) {
    let held = dump::everything(&world.database.url).await;
    let holds = |text: &str| held.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()));
    assert!(holds("example.de") && holds("\"sealed\""), "the search sees nothing");
    assert!(!holds(PASSWORD) && !holds(HASH), "a password stands in the database");
}

async fn refused_without_a_key(mut world: World) {
    let with_key = world.config.clone();
    world.config.store.parameter_keys_file = None;
    let raw = json!({ "request": format!("Version: 5.0\nAction: CHPROV\nDomain: example.de\nAuthInfo: {PASSWORD}") });
    let unsealed = [takeover(), job(ACCOUNT, "raw", raw)];
    for dry_run in [true, false] {
        for outcome in outcomes(&world, &unsealed, dry_run).await {
            let Outcome::Rejected(reject) = outcome else { panic!("{outcome:?}") };
            assert_eq!(reject.code, RejectCode::NoKey);
            assert!(reject.reason.contains("store.parameter_keys_file") && reject.reason.contains("openssl rand"));
            assert!(!reject.to_string().contains(PASSWORD));
        }
    }
    // What holds no secret needs no key.
    let plain = job(ACCOUNT, "raw", json!({ "request": "Version: 5.0\nAction: INFO\nDomain: example.de" }));
    assert_eq!(outcomes(&world, &[plain], true).await, [Outcome::Accepted]);

    world.config = with_key;
    assert_eq!(outcomes(&world, &unsealed, true).await, [Outcome::Accepted, Outcome::Accepted]);
    // What only looks sealed, or stands for a secret that is not shown, is nothing to be sent.
    for value in [json!({"sealed": "v1.00000000.AAAA"}), json!({"sealed": "x", "more": 1}), json!("***")] {
        let mut forged = takeover();
        forged["params"]["auth_info"] = value;
        let outcome = outcomes(&world, &[forged], false).await.remove(0);
        let Outcome::Rejected(reject) = outcome else { panic!("{outcome:?}") };
        assert_eq!((reject.code, reject.field.as_deref()), (RejectCode::InvalidParameter, Some("params.auth_info")));
    }
    std::fs::write(world.config.store.parameter_keys_file.as_ref().unwrap(), "correct horse").unwrap();
    let why = daemon::gate(&world.config, &daemon::accounts(&world.config).unwrap()).map(drop).unwrap_err().to_string();
    assert!(why.contains("store.parameter_keys_file") && why.contains("line 1") && !why.contains("horse"), "{why}");
}

#[tokio::test]
async fn a_job_with_a_secret_is_refused_without_a_key() {
    play(Kind::Sqlite, Setup::new(), refused_without_a_key).await;
}

/// Taken in under one key, done under the next: and the same job again is the same job under both.
async fn opened_after_a_rotation(world: World) {
    offered(&world).await;
    let order = takeover();
    let mut other = order.clone();
    other["params"]["auth_info"] = json!("SupermanistZuper");
    world.submit(std::slice::from_ref(&order)).await;
    assert_sealed(&world).await;

    keys(&world, &format!("# since today\n{NEXT_KEY}{PARAMETER_KEY}"));
    for dry_run in [true, false] {
        let again = outcomes(&world, &[order.clone(), other.clone()], dry_run).await;
        assert_eq!(again[0], Outcome::Duplicate(State::Waiting));
        let Outcome::Rejected(reject) = &again[1] else { panic!("{again:?}") };
        assert_eq!(reject.code, RejectCode::Conflict, "another password is another job");
    }
    let daemon = world.daemon();
    let detail = world.succeeded(id_of(&order)).await;
    daemon.stop().await;
    assert_eq!(world.requests_for(OTHER, "domain.chprov").len(), 1);
    assert_eq!(outcomes(&world, &[order], false).await, [Outcome::Duplicate(State::Succeeded)]);
    assert!(!format!("{detail:?}").contains(PASSWORD));
    assert_sealed(&world).await;
}

#[tokio::test]
async fn a_transfer_is_done_after_a_rotation_and_stored_sealed_in_sqlite() {
    play(Kind::Sqlite, Setup::new(), opened_after_a_rotation).await;
}

#[tokio::test]
async fn a_transfer_is_done_after_a_rotation_and_stored_sealed_in_postgres() {
    play(Kind::Postgres, Setup::new(), opened_after_a_rotation).await;
}

async fn redriven(world: &World, detail: &JobDetail, cause: Cause) {
    let step = Move::new(&detail.job, cause, Timestamp::now()).unwrap();
    let applied = world.database.store.apply(&[step]).await.unwrap();
    assert!(applied.iter().all(|applied| *applied), "moved by somebody else");
}

/// A key that is gone loses nothing and sends nothing; when it is back, the job is done.
async fn left_to_people(world: World) {
    offered(&world).await;
    let order = takeover();
    world.submit(std::slice::from_ref(&order)).await;
    keys(&world, NEXT_KEY);
    let daemon = world.daemon();
    let detail = world.end_of(id_of(&order)).await;
    assert_eq!((detail.job.state, detail.job.attempt), (State::NeedsAttention, 0));
    let why = detail.job.reason.clone().unwrap();
    assert!(why.contains("auth_info") && why.contains("store.parameter_keys_file"), "{why}");
    assert_eq!(told(&detail), ["job.needs_attention"]);
    world.rounds(2).await;
    daemon.stop().await;
    assert!(world.requests_for(OTHER, "domain.chprov").is_empty(), "nothing was sent");

    keys(&world, &format!("{NEXT_KEY}{PARAMETER_KEY}"));
    redriven(&world, &detail, Cause::Redriven).await;
    let daemon = world.daemon();
    world.succeeded(id_of(&order)).await;
    daemon.stop().await;
    assert_eq!(world.requests_for(OTHER, "domain.chprov").len(), 1);
}

#[tokio::test]
async fn a_job_whose_key_is_gone_is_left_to_people() {
    play(Kind::Sqlite, Setup::new(), left_to_people).await;
}

/// A doubt whose key is gone is not decided: it stays one until the key is back, and then the registry is asked.
async fn doubt_without_its_key(world: World) {
    offered(&world).await;
    let order = takeover();
    let id = id_of(&order);
    world.submit(std::slice::from_ref(&order)).await;
    let daemon = world.daemon();
    until("the doubt", async || (world.job(id).await.job.state == State::InDoubt).then_some(())).await;
    daemon.kill();

    keys(&world, NEXT_KEY);
    let url = world.sandbox.ready()["control"].as_str().unwrap();
    control::ordered(url, "DELETE", "/faults", &Value::Null).await;
    let daemon = world.daemon();
    let why = until("a question that cannot be asked", async || {
        let job = world.job(id).await.job;
        assert_eq!(job.state, State::InDoubt, "{:?}", job.reason);
        job.reason.filter(|why| why.contains("parameter_keys_file"))
    })
    .await;
    assert!(why.contains("auth_info"), "{why}");
    daemon.stop().await;
    assert_eq!(world.requests_for(OTHER, "domain.chprov").len(), 1, "not repeated");

    keys(&world, &format!("{NEXT_KEY}{PARAMETER_KEY}"));
    let daemon = world.daemon();
    world.succeeded(id).await;
    daemon.stop().await;
    let ledger = world.sandbox.ledger();
    let effects: Vec<_> = ledger.effects.iter().filter(|effect| effect.kind == "domain.chprov").collect();
    assert_eq!(effects.len(), 1);
    assert_sealed(&world).await;
}

#[tokio::test]
async fn a_doubt_whose_key_is_gone_stays_one() {
    // Questions fail until the daemon has been replaced.
    let setup = Setup::new().fault("cut_after:action=domain.chprov,nth=1").fault("cut_before:action=domain.info");
    play(Kind::Postgres, setup, doubt_without_its_key).await;
}
