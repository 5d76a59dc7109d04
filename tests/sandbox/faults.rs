//! Every fault, and what the ledger says about it.

use registrard::sandbox::{DenicOptions, Ledger, RequestRecord};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{World, about, create, eventually, field};

/// Effects with this transaction id.
fn effects(ledger: &Ledger, ctid: &str) -> usize {
    ledger.effects.iter().filter(|effect| effect.ctid.as_deref() == Some(ctid)).count()
}

/// What was hit, and by what, in order of arrival.
fn hit(ledger: &Ledger) -> Vec<String> {
    let line = |request: &RequestRecord| request.fault.as_ref().map(|fault| format!("{} {fault}", request.action));
    ledger.requests.iter().filter_map(line).collect()
}

/// A world in which the next domain CREATE goes wrong.
async fn world(fault: &str) -> World {
    World::faulty(
        DenicOptions::default(),
        &[&format!("{fault}{}action=domain.create,times=1", if fault.contains(':') { "," } else { ":" })],
    )
    .await
}

#[tokio::test]
async fn cut_after_has_its_effect_exactly_once() {
    let world = world("cut_after").await;
    let mut client = world.furnished().await;
    client.send(&create("example.de", "lost")).await;
    assert_eq!(client.receive().await, None);
    let mut client = world.login(0).await;
    client.expect(&create("example.de", "lost"), "failed", "63000060508").await;
    assert_eq!(field(&client.ask(&about("CHECK", "example.de")).await, "Status"), "connect");
    let ledger = world.sandbox.ledger();
    assert_eq!(effects(&ledger, "lost"), 1);
    let request = ledger.requests.iter().find(|request| request.fault.is_some()).unwrap();
    assert_eq!(request.fault.as_deref(), Some("cut_after"));
    assert_eq!(ledger.effects.iter().find(|e| e.kind == "domain.create").unwrap().request, request.seq);
}

#[tokio::test]
async fn cut_before_and_stall_have_none() {
    for fault in ["cut_before", "stall"] {
        let world = world(fault).await;
        let mut client = world.furnished().await;
        client.send(&create("example.de", "lost")).await;
        if fault == "stall" {
            let has_arrived = || world.sandbox.ledger().requests.iter().any(|request| request.fault.is_some());
            eventually("the write has arrived", async || has_arrived()).await;
            drop(client);
        } else {
            assert_eq!(client.receive().await, None);
        }
        let mut client = world.login(0).await;
        assert_eq!(field(&client.ask(&about("CHECK", "example.de")).await, "Status"), "free", "{fault}");
        assert_eq!(effects(&world.sandbox.ledger(), "lost"), 0, "{fault}");
    }
}

#[tokio::test]
async fn damaged_answers_have_their_effect() {
    let half = world("half_frame").await;
    let mut client = half.furnished().await;
    client.send(&create("example.de", "a-1")).await;
    assert_eq!(client.receive().await, None, "half a frame, then the end");
    assert_eq!(effects(&half.sandbox.ledger(), "a-1"), 1);

    let garbage = world("garbage").await;
    let mut client = garbage.furnished().await;
    client.send(&create("example.de", "a-1")).await;
    assert!(String::from_utf8(client.receive_bytes().await.unwrap()).is_err());
    assert_eq!(effects(&garbage.sandbox.ledger(), "a-1"), 1);

    let twice = world("duplicate_answer").await;
    let mut client = twice.furnished().await;
    let first = client.ask(&create("example.de", "a-1")).await;
    assert_eq!(client.receive().await, Some(first));
    assert_eq!(effects(&twice.sandbox.ledger(), "a-1"), 1);

    let wrong = world("wrong_ctid").await;
    let mut client = wrong.furnished().await;
    assert_eq!(field(&client.ask(&create("example.de", "a-1")).await, "CTID"), "not-a-1");
    assert_eq!(effects(&wrong.sandbox.ledger(), "a-1"), 1);
}

#[tokio::test]
async fn an_answer_may_drip() {
    let world = world("slow_drip=60").await;
    let mut client = world.furnished().await;
    let begun = std::time::Instant::now();
    client.send(&create("example.de", "slow")).await;
    let first = client.stream.read_u8().await.unwrap();
    assert_eq!(first, 0, "the length begins");
    // Its effect does not wait for its last byte.
    assert_eq!(effects(&world.sandbox.ledger(), "slow"), 1);
    let mut rest = [0; 3];
    client.stream.read_exact(&mut rest).await.unwrap();
    let mut payload = vec![0; usize::from(rest[1]) << 8 | usize::from(rest[2])];
    client.stream.read_exact(&mut payload).await.unwrap();
    assert!(begun.elapsed() >= std::time::Duration::from_millis(60), "it took {:?}", begun.elapsed());
    assert!(String::from_utf8(payload).unwrap().contains("CTID: slow"));
    client.expect(&about("CHECK", "example.de"), "success", "connect").await;
    assert_eq!(hit(&world.sandbox.ledger()), ["domain.create slow_drip=60"]);
}

#[tokio::test]
async fn a_fatal_alert_ends_the_connection() {
    for (fault, happened) in [("tls_alert", 0), ("tls_alert:effect=yes", 1)] {
        let world = world(fault).await;
        let mut client = world.furnished().await;
        client.send(&create("example.de", "alarm")).await;
        let error = client.stream.read_u8().await.unwrap_err();
        let told = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        assert!(matches!(told, Some(rustls::Error::AlertReceived(_))), "{fault}: {error:?}");
        assert_eq!(effects(&world.sandbox.ledger(), "alarm"), happened, "{fault}");
        assert_eq!(hit(&world.sandbox.ledger()), [format!("domain.create {fault}")]);
    }
}

#[tokio::test]
async fn answers_that_belong_to_the_request_before() {
    let world = World::faulty(DenicOptions::default(), &["previous_answer:action=domain.*,times=2"]).await;
    let mut client = world.furnished().await;
    let before = client.ask(&about("INFO", "nothing.de")).await;
    assert!(before.contains("CTID: furnish-1"), "the answer to the contact before: {before}");
    let second = client.ask(&create("example.de", "a-1")).await;
    assert!(second.contains("failed") && !second.contains("CTID"), "the answer to INFO: {second}");
    assert_eq!(effects(&world.sandbox.ledger(), "a-1"), 1);
    client.expect(&about("CHECK", "example.de"), "success", "connect").await;
    assert_eq!(hit(&world.sandbox.ledger()), ["domain.info previous_answer", "domain.create previous_answer"]);
}

#[tokio::test]
async fn an_answer_with_the_id_of_the_last_one() {
    let world = world("wrong_stid").await;
    let mut client = world.furnished().await;
    let before = client.ask(&about("CHECK", "example.de")).await;
    let answer = client.ask(&create("example.de", "a-1")).await;
    assert_eq!(field(&answer, "STID"), field(&before, "STID"));
    assert_eq!((field(&answer, "CTID"), effects(&world.sandbox.ledger(), "a-1")), ("a-1", 1));
    let after = client.ask(&about("CHECK", "example.de")).await;
    assert_ne!(field(&after, "STID"), field(&before, "STID"));
}

#[tokio::test]
async fn a_forgotten_session_is_silent_and_its_place_is_free() {
    let world = world("drop_session").await;
    let mut client = world.furnished().await;
    client.send(&create("example.de", "lost")).await;
    client.send(&about("INFO", "example.de")).await;
    client.send(&create("two.de", "lost-too")).await;
    let arrived = || world.sandbox.ledger().requests.iter().any(|r| r.object.as_deref() == Some("two.de"));
    eventually("the last request has arrived", async || arrived()).await;
    let ledger = world.sandbox.ledger();
    assert_eq!(effects(&ledger, "lost") + effects(&ledger, "lost-too"), 0);
    assert!(ledger.requests.iter().filter(|r| r.fault.is_some()).all(|request| request.answer.is_none()));
    assert_eq!(
        hit(&ledger),
        ["domain.create drop_session", "domain.info drop_session", "domain.create drop_session"],
        "also those that came later"
    );
    assert_eq!(ledger.violations_of("DENIC-1000001", "not_logged_in"), 0, "no fault of the client");
    assert_eq!(world.account_state(0).await["sessions"], 0);
    let mut other = world.login(0).await;
    other.expect(&create("example.de", "lost"), "success", "CTID: lost").await;
}

#[tokio::test]
async fn a_forgotten_session_may_say_so() {
    let world = world("drop_session:result=not_logged_in").await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "again"), "failed", "83000000010 Login failed [Please login first]").await;
    client.expect(&about("CHECK", "example.de"), "failed", "83000000010").await;
    client.expect(&world.login_text(0), "success", "STID").await;
    client.expect(&create("example.de", "again"), "success", "CTID: again").await;
    assert_eq!(effects(&world.sandbox.ledger(), "again"), 1);
    assert_eq!(hit(&world.sandbox.ledger()).len(), 2);
}

#[tokio::test]
async fn a_connection_may_be_refused() {
    let world = World::faulty(DenicOptions::default(), &["refuse_connection:nth=2", "busy:nth=2"]).await;
    let mut client = world.login(0).await;
    let mut stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    client.expect(&about("CHECK", "example.de"), "failed", "53000000012").await;
    drop(world.login(0).await);
    assert_eq!(hit(&world.sandbox.ledger()), ["connect refuse_connection", "domain.check busy"]);
}

#[tokio::test]
async fn injected_refusals_have_no_effect_and_spend_no_id() {
    for (fault, code) in [("busy", "53000000012"), ("unavailable", "76000000001"), ("lie=63300060005", "63300060005")] {
        let world = world(fault).await;
        let mut client = world.furnished().await;
        client.expect(&create("example.de", "again"), "failed", code).await;
        assert_eq!(effects(&world.sandbox.ledger(), "again"), 0);
        client.expect(&create("example.de", "again"), "success", "connect").await;
    }
}

#[tokio::test]
async fn a_lie_may_hide_an_effect() {
    let world =
        World::faulty(DenicOptions::default(), &["lie=56000000013:result=exception,effect=yes,object=example.*"]).await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "lied"), "RESULT: exception", "56000000013").await;
    assert_eq!(effects(&world.sandbox.ledger(), "lied"), 1);
}

#[tokio::test]
async fn a_refused_login_does_not_count_as_wrong() {
    let world = World::faulty(DenicOptions::default(), &["refuse_login:times=20"]).await;
    let mut client = world.connect().await;
    for _ in 0..20 {
        client.expect(&world.login_text(0), "failed", "83000000010").await;
    }
    client.expect(&world.login_text(0), "success", "STID").await;
}

#[tokio::test]
async fn a_delayed_effect_comes_though_nobody_waits() {
    let world = world("delay=1").await;
    let mut client = world.furnished().await;
    client.send(&create("example.de", "late")).await;
    drop(client);
    eventually("the late effect", async || effects(&world.sandbox.ledger(), "late") == 1).await;
}

#[tokio::test]
async fn faults_come_and_go_by_control() {
    let world = World::faulty(DenicOptions::default(), &["busy:action=domain.create"]).await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "busy"), "failed", "53000000012").await;
    let faults = json!(["unavailable:action=domain.create,nth=2", { "kind": "busy", "action": "nothing" }]);
    assert_eq!(world.control("POST", "/faults?replace=1", &faults).await, (200, json!({ "faults": 2 })));
    client.expect(&create("one.de", "one"), "success", "connect").await;
    client.expect(&create("two.de", "two"), "failed", "76000000001").await;
    client.expect(&create("two.de", "two"), "success", "connect").await;
    assert_eq!(world.control("POST", "/faults", &json!(["stall:p=0"])).await.1, json!({ "faults": 3 }));
    assert_eq!(world.control("POST", "/faults", &json!(["nonsense"])).await.0, 400);
    assert_eq!(world.control("DELETE", "/faults", &Value::Null).await.1, json!({ "faults": 0 }));
    let (status, ledger) = world.control("GET", "/ledger?effects=1", &Value::Null).await;
    assert_eq!((status, ledger["effects"].as_array().unwrap().len()), (200, 4));
    assert!(ledger.get("requests").is_none());
    let (_, ledger) = world.control("GET", "/ledger", &Value::Null).await;
    let ledger: Ledger = serde_json::from_value(ledger).unwrap();
    assert_eq!(ledger.requests.len(), world.sandbox.ledger().requests.len());
}
