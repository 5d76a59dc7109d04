//! What goes wrong on purpose: what the client sees of it, and whether it had its effect.

use registrard::sandbox::RrpOptions;
use tokio::io::AsyncReadExt;

use super::client::*;

/// What is left of an answer.
enum Seen {
    Nothing,
    Code(&'static str),
    Twice,
}

/// Fault, what is seen of the answer to an ADD, and whether the name is registered.
const FAULTS: &[(&str, Seen, bool)] = &[
    ("cut_before", Seen::Nothing, false),
    ("cut_after", Seen::Nothing, true),
    ("half_frame", Seen::Nothing, true),
    ("garbage", Seen::Nothing, true),
    ("tls_alert", Seen::Nothing, false),
    ("tls_alert:effect=yes", Seen::Nothing, true),
    ("delay=5", Seen::Code("200"), true),
    ("slow_drip=5", Seen::Code("200"), true),
    ("duplicate_answer", Seen::Twice, true),
    ("busy", Seen::Code("421"), false),
    ("unavailable", Seen::Code("420"), false),
    ("drop_session:result=not_logged_in", Seen::Code("547"), false),
    ("lie=549", Seen::Code("549"), false),
    ("lie=220:effect=yes", Seen::Code("220"), true),
    ("lie=554:effect=yes", Seen::Code("554"), true),
    ("wrong_ctid", Seen::Code("200"), true),
];

#[tokio::test]
async fn one_after_the_other() {
    for (fault, seen, is_done) in FAULTS {
        let spec = format!("{fault}{}action=domain.create", if fault.contains(':') { "," } else { ":" });
        let world = World::with(RrpOptions::default(), &[&spec]).await;
        let mut line = world.login(0).await;
        let first = line.ask(&command("add domain example.com -Period:1")).await;
        match seen {
            Seen::Nothing => assert!(first.is_none(), "{fault}: {first:?}"),
            Seen::Code(code) => assert!(first.unwrap().starts_with(code), "{fault}"),
            Seen::Twice => assert_eq!(first, line.read().await, "{fault}"),
        }
        assert_eq!(world.effects("domain.create").len(), usize::from(*is_done), "{fault}");
        let ledger = world.sandbox.ledger();
        let record = ledger.requests.iter().find(|record| record.action == "domain.create").unwrap();
        assert!(record.fault.as_deref().is_some_and(|named| named.starts_with(&fault[..4])), "{record:?}");
    }
}

#[tokio::test]
async fn logins() {
    let world = World::with(RrpOptions::default(), &["refuse_login:times=1"]).await;
    let mut line = world.line().await;
    line.expect("530", &session(&world.account(0))).await;
    line.expect(DONE, &session(&world.account(0))).await;
    assert_eq!(world.violations("registrarA", "wrong_password"), 0, "no fault of the client's");
    for (fault, code) in [("busy", Some("421")), ("lie=521", Some("521")), ("cut_after", None), ("cut_before", None)] {
        let world = World::with(RrpOptions::default(), &[&format!("{fault}:action=login")]).await;
        let answer = world.line().await.ask(&session(&world.account(0))).await;
        assert_eq!(answer.as_deref().map(|answer| &answer[..3]), code, "{fault}");
    }
}

#[tokio::test]
async fn a_forgotten_session() {
    let world =
        World::with(RrpOptions::default(), &["drop_session:result=not_logged_in,action=domain.check,times=1"]).await;
    let mut line = world.login(0).await;
    line.order("547", "check domain example.com").await;
    line.order("547", "add domain example.com -Period:1").await;
    line.expect(DONE, &session(&world.account(0))).await;
    line.order("210", "check domain example.com").await;
    let world = World::with(RrpOptions::default(), &["drop_session:action=domain.create"]).await;
    let mut line = world.login(0).await;
    line.send(&command("add domain example.com -Period:1")).await;
    line.send(&command("check domain example.com")).await;
    crate::client::eventually("both have arrived", async || world.sandbox.ledger().requests.len() == 3).await;
    assert!(world.sandbox.ledger().effects.is_empty());
    assert!(world.sandbox.ledger().requests.iter().skip(1).all(|record| record.answer.is_none()));
}

#[tokio::test]
async fn the_answer_before() {
    let world = World::with(RrpOptions::default(), &["previous_answer:action=domain.info"]).await;
    let mut line = world.login(0).await;
    line.order("210", "check domain example.com").await;
    line.order("210", "status domain example.com").await;
}

#[tokio::test]
async fn greetings() {
    for (fault, greeting) in [
        ("delay=20", Some(GREETING)),
        ("slow_drip=20", Some(GREETING)),
        ("cut_before", None),
        ("half_frame", None),
        ("lie=521", Some("521 Too many sessions open. Server closing connection\r\n.\r\n")),
        ("unavailable", Some("420 Command failed due to server error. Server closing connection\r\n.\r\n")),
    ] {
        let world = World::with(RrpOptions::default(), &[&format!("{fault}:action=greeting,times=1")]).await;
        let mut line = Line(world.raw().await);
        assert_eq!(line.read().await.as_deref(), greeting, "{fault}");
        if greeting != Some(GREETING) {
            assert!(line.is_over().await, "{fault}");
        }
        world.login(0).await;
    }
    // Whoever counts requests does not count greetings.
    let world = World::with(RrpOptions::default(), &["busy:nth=2"]).await;
    world.login(0).await.order("421", "check domain example.com").await;
}

#[tokio::test]
async fn connections_are_refused() {
    let world = World::with(RrpOptions::default(), &["refuse_connection:times=1"]).await;
    let address = world.sandbox.ready()["rrp"]["address"].as_str().unwrap();
    let mut refused = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(refused.read(&mut [0; 64]).await.unwrap_or(0), 0);
    world.login(0).await;
}

#[tokio::test]
async fn too_many_requests_in_a_minute() {
    let world = World::with(RrpOptions { requests_per_window: Some(2), ..RrpOptions::default() }, &[]).await;
    let mut line = world.login(0).await;
    for code in ["210", "210", "421"] {
        line.order(code, "check domain example.com").await;
    }
    world.seconds(61).await;
    line.order("210", "check domain example.com").await;
    assert_eq!(world.violations("registrarA", "rate_exceeded"), 1);
}
