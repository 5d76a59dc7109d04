//! What goes wrong on purpose, over both transports: what the client sees of it, and whether it had its effect.

use registrard::sandbox::OpensrsOptions;

use super::client::*;
use crate::client::eventually;

/// What is left of an answer.
enum Seen {
    Nothing,
    Code(&'static str),
    Twice,
}

/// Fault, what is seen over HTTPS, and whether the name is registered.
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
    ("busy", Seen::Code("300"), false),
    ("unavailable", Seen::Code("310"), false),
    ("refuse_login", Seen::Code("401"), false),
    ("drop_session:result=not_logged_in", Seen::Code("410"), false),
    ("lie=437", Seen::Code("437"), false),
    ("lie=705:effect=yes", Seen::Code("705"), true),
];

#[tokio::test]
async fn over_https() {
    for (fault, seen, is_done) in FAULTS {
        let spec = format!("{fault}{}action=domain.create", if fault.contains(':') { "," } else { ":" });
        let world = World::with(OpensrsOptions::default(), &[&spec]).await;
        let (username, key) = world.account(0);
        let text = register("example.com", "");
        let mut stream = world.https().await;
        post(&mut stream, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
        let first = body(&mut stream).await.map(Reply);
        match seen {
            Seen::Nothing => assert!(first.is_none(), "{fault}"),
            Seen::Code(code) => assert_eq!(first.unwrap().code(), *code, "{fault}"),
            Seen::Twice => assert_eq!(first.unwrap().0, body(&mut stream).await.unwrap(), "{fault}"),
        }
        assert_eq!(world.effects("domain.create").len(), usize::from(*is_done), "{fault}");
        let code = if *is_done { "211" } else { "210" };
        world.expect(code, &domain("LOOKUP", "domain=example.com")).await;
        let ledger = world.sandbox.ledger();
        let record = ledger.requests.iter().find(|request| request.action == "domain.create").unwrap();
        assert!(
            record.fault.as_ref().is_some_and(|told| fault.starts_with(told.split(':').next().unwrap())),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn over_the_socket() {
    for (fault, is_answered, is_done) in [
        ("cut_before", false, false),
        ("cut_after", false, true),
        ("half_frame", false, true),
        ("garbage", false, true),
        ("busy", true, false),
        ("lie=705:effect=yes", true, true),
    ] {
        let spec = format!("{fault}{}action=domain.create", if fault.contains(':') { "," } else { ":" });
        let world = World::with(OpensrsOptions::default(), &[&spec]).await;
        let (mut socket, _) = Socket::login(&world, 0, "blowfish").await.unwrap();
        let reply = socket.ask(&register("example.com", "")).await;
        assert_eq!(reply.is_some(), is_answered, "{fault}");
        assert_eq!(world.effects("domain.create").len(), usize::from(is_done), "{fault}");
    }
    let world = World::with(OpensrsOptions::default(), &["refuse_login"]).await;
    assert!(Socket::login(&world, 0, "des").await.is_none());
    assert_eq!(world.sandbox.ledger().violations_of("reseller1", "wrong_challenge"), 0, "no fault of the client's");
    for (fault, code) in [("busy", Some("300")), ("lie=310", Some("310")), ("cut_after", None), ("cut_before", None)] {
        let world = World::with(OpensrsOptions::default(), &[&format!("{fault}:action=login")]).await;
        let login = Socket::login(&world, 0, "des").await;
        assert_eq!(login.map(|(_, reply)| reply.code()).as_deref(), code, "{fault}");
    }
}

#[tokio::test]
async fn the_last_answer_comes_again_and_connections_are_refused() {
    let world = World::with(OpensrsOptions::default(), &["previous_answer:action=domain.info"]).await;
    let (username, key) = world.account(0);
    let mut stream = world.https().await;
    for text in [domain("LOOKUP", "domain=example.com"), domain("GET", "domain=example.com type=status")] {
        post(&mut stream, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
        assert_eq!(Reply(body(&mut stream).await.unwrap()).code(), "210");
    }
    let world = World::with(OpensrsOptions::default(), &["refuse_connection:times=1"]).await;
    let address = world.sandbox.ready()["opensrs"]["tcp"].as_str().unwrap().to_owned();
    let mut refused = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(tokio::io::AsyncReadExt::read(&mut refused, &mut [0; 64]).await.unwrap_or(0), 0);
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
}

#[tokio::test]
async fn two_writes_on_one_name_do_not_meet() {
    let world = World::with(OpensrsOptions::default(), &["stall:times=1,action=domain.create"]).await;
    let (username, key) = world.account(0);
    let text = register("example.com", "");
    let mut stalled = world.https().await;
    post(&mut stalled, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
    eventually("the first has arrived", async || !world.sandbox.ledger().requests.is_empty()).await;
    world.expect("437", &text).await;
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
    assert_eq!(world.sandbox.ledger().violations_of("reseller1", "concurrent_write"), 1);
    drop(stalled);
    eventually("the name is let go", async || world.ask(&text).await.code() == "200").await;
    assert_eq!(world.effects("domain.create"), ["example.com"]);
}

#[tokio::test]
async fn odd_answers_say_the_same() {
    let manner = registrard::sandbox::Manner::Odd;
    let world = World::with(OpensrsOptions { manner, ..OpensrsOptions::default() }, &[]).await;
    let text = domain("LOOKUP", "domain=example.com");
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = world.ask(&text).await.0;
        assert!(answer.contains("available") && answer.contains("210"), "{answer}");
        ways.insert(answer);
    }
    assert!(ways.len() > 15, "{} ways", ways.len());
}
