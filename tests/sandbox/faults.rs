//! Every fault, and what the ledger says about it.

use registrard::sandbox::{DenicOptions, Ledger};
use serde_json::{Value, json};

use crate::client::{World, about, create, eventually, field};

/// Effects with this transaction id.
fn effects(ledger: &Ledger, ctid: &str) -> usize {
    ledger.effects.iter().filter(|effect| effect.ctid.as_deref() == Some(ctid)).count()
}

/// A world in which the next domain CREATE goes wrong.
async fn world(fault: &str) -> World {
    World::faulty(DenicOptions::default(), &[&format!("{fault}:action=domain.create,times=1")]).await
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
