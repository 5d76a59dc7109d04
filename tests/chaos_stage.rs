//! The stage on which everything is broken, before the play: the proxy, the script and the blows do what they say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "chaos/blows.rs"]
mod blows;
#[path = "support/control.rs"]
mod control;
#[path = "support/house.rs"]
mod house;
#[path = "support/plain_amqp.rs"]
mod plain_amqp;
#[path = "chaos/plan.rs"]
mod plan;
#[path = "support/proxy.rs"]
mod proxy;
#[path = "chaos/registries/mod.rs"]
mod registries;
#[path = "chaos/stage.rs"]
mod stage;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use blows::{Blow, Ending, How};
use proxy::{Mode, Proxy, Way};
use registries::{ALL, DenicRri};
use serde_json::{Value, json};
use stage::{Link, Setup, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Longest wait for something that has to happen.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing has to happen before it counts as not happening.
const SILENCE: Duration = Duration::from_millis(200);

/// A server that sends back what it gets, behind a proxy.
async fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::start(&target).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address).await.unwrap()
}

/// The next byte that comes; none if nothing came for a while.
async fn heard(client: &mut TcpStream) -> Option<std::io::Result<u8>> {
    timeout(SILENCE, client.read_u8()).await.ok()
}

async fn answered(client: &mut TcpStream, byte: u8) {
    client.write_u8(byte).await.unwrap();
    assert_eq!(timeout(PATIENCE, client.read_u8()).await.unwrap().unwrap(), byte);
}

async fn broken(client: &mut TcpStream) {
    let end = timeout(PATIENCE, client.read_u8()).await.expect("the connection is cut");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_cut_resets_what_there_is_and_what_comes_until_it_forwards_again() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 1).await;
    proxy.set(Mode::Cut);
    broken(&mut client).await;
    broken(&mut connect(&proxy).await).await;
    proxy.set(Mode::Forward);
    let mut client = connect(&proxy).await;
    answered(&mut client, 2).await;
    // A cut that is over before anybody looked is a cut all the same.
    proxy.set(Mode::Cut);
    proxy.set(Mode::Forward);
    broken(&mut client).await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 3).await;
    proxy.cut_all();
    broken(&mut client).await;
    answered(&mut connect(&proxy).await, 4).await;
}

#[tokio::test]
async fn a_stall_holds_everything_and_loses_nothing() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    answered(&mut client, 1).await;
    proxy.set(Mode::Stall);
    client.write_u8(2).await.unwrap();
    let mut late = connect(&proxy).await;
    late.write_u8(3).await.unwrap();
    assert!(heard(&mut client).await.is_none() && heard(&mut late).await.is_none());
    proxy.set(Mode::Forward);
    assert_eq!(timeout(PATIENCE, client.read_u8()).await.unwrap().unwrap(), 2);
    assert_eq!(timeout(PATIENCE, late.read_u8()).await.unwrap().unwrap(), 3);
    // What is held when the connections are cut is lost.
    proxy.set(Mode::Stall);
    client.write_u8(4).await.unwrap();
    proxy.cut_all();
    proxy.set(Mode::Forward);
    broken(&mut client).await;
}

#[tokio::test]
async fn one_way_is_open_while_the_other_is_held() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(&listener.local_addr().unwrap().to_string()).await;
    let mut client = connect(&proxy).await;
    let (mut server, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    for (open, is_heard_at_server) in [(Way::ToServer, true), (Way::ToClient, false)] {
        proxy.set(Mode::OneWay(open));
        client.write_u8(1).await.unwrap();
        server.write_u8(2).await.unwrap();
        let (there, back) = (heard(&mut server).await, heard(&mut client).await);
        assert_eq!((there.is_some(), back.is_some()), (is_heard_at_server, !is_heard_at_server), "{open:?}");
        proxy.set(Mode::Forward);
        let held = if is_heard_at_server { &mut client } else { &mut server };
        assert!(timeout(PATIENCE, held.read_u8()).await.unwrap().is_ok(), "held, not lost");
    }
}

#[tokio::test]
async fn what_is_held_is_bounded() {
    let proxy = echo().await;
    let mut client = connect(&proxy).await;
    proxy.set(Mode::Stall);
    let much = vec![0; 64 << 20];
    assert!(timeout(SILENCE, client.write_all(&much)).await.is_err(), "64 MB were taken");
}

/// A name of a point for each of the kinds of points the script tells apart.
const POINTS: [&str; 3] = ["intent.written", "lease.renewed", "poll.stored"];

#[test]
fn a_script_is_decided_by_its_seed_and_leaves_no_kind_of_blow_out() {
    let minutes = Duration::from_secs(180);
    let script = |seed| blows::script(seed, minutes, 3, &POINTS, ALL);
    assert_eq!(script(1), script(1));
    assert_ne!(script(1), script(2));
    let kinds = |seed| script(seed).iter().map(|(_, blow)| blow.kind()).collect::<BTreeSet<_>>();
    let all = [
        "fail_over",
        "failpoint",
        "kill",
        "network",
        "refuse_login",
        "restart_broker",
        "restart_database",
        "sandbox_fault",
        "stop",
    ];
    assert_eq!(kinds(1), BTreeSet::from(all));
    for seed in 0..20 {
        let script = script(seed);
        assert!(script.windows(2).all(|two| two[0].0 < two[1].0) && script.iter().all(|(at, _)| *at < minutes));
        for point in POINTS {
            let at_it = script.iter().filter(|(_, blow)| blow.failpoints().starts_with(point));
            assert!(at_it.count() >= 1, "seed {seed} never comes to {point}");
        }
    }
    let without = blows::script(1, minutes, 3, &[], ALL);
    assert!(without.iter().all(|(_, blow)| blow.kind() != "failpoint"), "there are no failpoints to use");
}

#[test]
fn a_failpoint_is_armed_for_one_time_only() {
    let blow = |how| Blow::Failpoint { daemon: 0, point: "answer.heard", skip: 3, how };
    assert_eq!(blow(How::Crash).failpoints(), "answer.heard=3*off->1*return(crash)");
    assert_eq!(blow(How::Hang(700)).failpoints(), "answer.heard=3*off->1*return(hang=700)");
    assert_eq!(blow(How::Error).failpoints(), "answer.heard=3*off->1*return(error)");
}

fn contact(account: &str, number: usize) -> Value {
    let params = json!({
        "handle": format!("{account}-C{number}"), "type": "PERSON", "name": "Max Mustermann",
        "address": ["Musterweg 1"], "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": ["max@example.de"], "phone": "+49.6927235",
    });
    json!({ "id": uuid::Uuid::now_v7(), "account": account, "operation": "contact.create", "params": params })
}

const CONTACTS: usize = 300;

/// How many contacts there are at the registry, and how many different ones.
async fn contacts(stage: &Stage) -> (usize, usize) {
    let ledger = stage.ledger().await;
    let effects = ledger["effects"].as_array().unwrap();
    let contacts = effects.iter().filter(|effect| effect["kind"] == "contact.create");
    let names: Vec<&str> = contacts.map(|effect| effect["object"].as_str().unwrap()).collect();
    (names.len(), names.iter().collect::<BTreeSet<_>>().len())
}

/// One blow of each kind, one after the other or at once; then the house works, nobody died of it, and all end in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_blow_is_survived_and_leaves_nothing_behind() {
    let setup = Setup { seed: 1, registries: vec![&DenicRri], accounts: 2, daemons: 2, flaw: None, failpoints: true };
    let stage = Stage::open(&setup).await;
    plain_amqp::prepare(stage.amqp_direct()).await.expect("RabbitMQ is there");
    let jobs: Vec<Value> = (0..CONTACTS).map(|n| contact(&stage.accounts()[n % 2], n)).collect();
    let span = Duration::from_millis(600);
    let network = |whose, link, mode, ending| Blow::Network { whose, link, mode, span, ending };
    let blows = [
        (0, Blow::SandboxFault { specs: &["cut_after:p=0.2"], span: 2 * span }),
        (2_000, network(None, Link::Registry, Mode::Stall, Ending::Lost)),
        (2_200, Blow::Kill { daemon: 1, away: span }),
        (3_000, network(Some(0), Link::Database, Mode::OneWay(Way::ToServer), Ending::Late)),
        (3_000, network(Some(1), Link::Broker, Mode::Cut, Ending::Late)),
        (4_000, Blow::FailOver),
        (4_000, Blow::Stop { daemon: 0, span }),
        (5_000, Blow::RestartBroker),
        (5_500, Blow::RestartDatabase { how: "immediate" }),
    ];
    let script: Vec<_> = blows.into_iter().map(|(at, blow)| (Duration::from_millis(at), blow)).collect();
    let publishing = plain_amqp::publish(stage.amqp_direct(), stage.user(), &jobs);
    let (mut performed, ()) = tokio::join!(blows::perform(&stage, &script), publishing);
    assert_eq!(performed.len(), script.len());
    // Alone: a daemon that cannot work because other things are broken comes to no failpoint and to no login.
    let crash = Blow::Failpoint { daemon: 0, point: "lease.acquired", skip: 0, how: How::Crash };
    for alone in [crash, Blow::RefuseLogin { daemon: 1 }] {
        stage.calm().await;
        performed.extend(blows::perform(&stage, &[(Duration::ZERO, alone)]).await);
    }
    let idle: Vec<_> = performed.iter().filter(|one| !one.struck).map(|one| one.blow.to_string()).collect();
    assert!(idle.is_empty(), "had no effect: {idle:?}\n{}", stage.log_tails().await);
    assert!(performed.iter().all(|one| one.began <= one.ended));

    stage.calm().await;
    house::until("all contacts at the registry", house::PATIENCE, async || {
        (contacts(&stage).await.0 >= CONTACTS).then_some(())
    })
    .await;
    assert_eq!(stage.close().await, Vec::<String>::new());
    assert_eq!(contacts(&stage).await, (CONTACTS, CONTACTS));
    assert_eq!(stage.ledger().await["violations"], json!({}));
}

/// Whoever dies without a blow is named, also if something else than its process dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_that_was_not_ordered_is_seen() {
    let setup = Setup { seed: 1, registries: vec![&DenicRri], accounts: 2, daemons: 2, flaw: None, failpoints: false };
    let stage = Stage::open(&setup).await;
    assert_eq!(stage.daemons_died().await, Vec::<String>::new());
    stage.actor(1).await.signal("ABRT").await;
    house::until("the death", house::PATIENCE, async || (stage.daemons_died().await.len() == 1).then_some(())).await;
    let mut log = std::fs::OpenOptions::new().append(true).open(stage.log_of(0)).unwrap();
    writeln!(log, "thread 'main' panicked at src/main.rs:1").unwrap();
    let deaths = stage.daemons_died().await;
    let [first, second] = deaths.as_slice() else { panic!("{deaths:?}") };
    assert!(first.starts_with("daemon-1 ended by itself with signal: 6"), "{first}");
    assert!(second.starts_with("daemon-0: thread 'main' panicked at"), "{second}");
    stage.calm().await;
    assert_eq!(stage.close().await, deaths);
}
