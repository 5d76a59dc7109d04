//! What the registry's rules say about domains, name servers and their registrars.

use registrard::sandbox::RrpOptions;
use serde_json::{Value, json};

use super::client::*;

#[tokio::test]
async fn hosts_belong_to_the_registrar_of_their_domain() {
    let world = World::new().await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    line.order("200", "add domain example.com -Period:1").await;
    other.order("531", "add host ns1.example.com IPAddress:192.0.2.1").await;
    line.order(DONE, "add host ns1.example.com IPAddress:192.0.2.1").await;
    line.order("540", "add host ns1.example.com IPAddress:192.0.2.2").await;
    line.order("540", "add host ns2.example.com IPAddress:192.0.2.1").await;
    line.order("540", "add host ns2.example.com IPAddress:192.0.2.2 IPAddress:192.0.2.2").await;
    line.order(DONE, "add host ns2.example.com IPAddress:192.0.2.2 IPAddress:2001:db8::2").await;
    line.order("540", "add host ns3.example.com IPAddress:2001:DB8:0::2").await;
    for words in [
        "status host ns1.example.com",
        "del host ns1.example.com",
        "mod host ns1.example.com IPAddress:192.0.2.9",
        "status domain example.com",
        "del domain example.com",
        "mod domain example.com Status:REGISTRAR-LOCK",
        "renew domain example.com -Period:1 -CurrentExpirationYear:2030",
        "transfer domain example.com -Approve:Yes",
        "transfer domain example.com -Approve:Yes",
    ] {
        other.order("531 Authorization failed\r\n.\r\n", words).await;
    }
    // Everybody may use it, and it is not deleted while somebody does.
    other.order("200", "add domain example.net -Period:1 NameServer:ns1.example.com").await;
    line.order("532", "del host ns1.example.com").await;
    line.order("533", "del domain example.com").await;
    other.order(DONE, "mod domain example.net NameServer:ns1.example.com= NameServer:ns2.example.com").await;
    line.order(DONE, "del host ns1.example.com").await;
    line.order("533", "del domain example.com").await;
    other.order(DONE, "mod domain example.net NameServer:ns2.example.com=").await;
    line.order(DONE, "mod domain example.com NameServer:ns2.example.com").await;
    line.order(DONE, "del domain example.com").await;
    line.order("212", "check host ns2.example.com").await;
    line.order("210", "check domain example.com").await;
}

#[tokio::test]
async fn a_host_of_another_top_level_domain_has_no_addresses() {
    let world = World::new().await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    line.order(DONE, "add host ns1.example.de").await;
    other.order("540", "add host ns1.example.de").await;
    other.order("531", "del host ns1.example.de").await;
    other.order("200", "add domain example.com -Period:1 NameServer:ns1.example.de").await;
    line.order("213 Name server not available\r\n.\r\n", "check host ns1.example.de").await;
    line.order("503", "mod host ns1.example.de IPAddress:192.0.2.1").await;
    line.order(DONE, "mod host ns1.example.de NewNameServer:ns2.example.de").await;
    let status = other.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "nameserver"), ["ns2.example.de"]);
    line.order("532", "del host ns2.example.de").await;
}

#[tokio::test]
async fn a_command_is_done_whole_or_not_at_all() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.order("200", "add domain example.com -Period:1").await;
    line.order(DONE, "add host ns1.example.com IPAddress:192.0.2.1").await;
    line.order(DONE, "add host ns2.example.com IPAddress:192.0.2.2").await;
    let before = world.domain("example.com").await;
    for (code, words) in [
        ("542", "mod domain example.com NameServer:ns1.example.com NameServer:ns2.example.com="),
        ("545", "mod domain example.com NameServer:ns1.example.com NameServer:ns9.example.com"),
        ("540", "mod domain example.com NameServer:ns1.example.com NameServer:NS1.example.com"),
        ("543", "mod domain example.com NameServer:ns1.example.com Status:REGISTRY-LOCK"),
        ("543", "mod domain example.com Status:ACTIVE="),
        ("541", "mod domain example.com NameServer:ns1.example.com Status:SOMETHING"),
        ("540", "mod domain example.com Status:REGISTRAR-LOCK Status:REGISTRAR-LOCK"),
        ("542", "mod domain example.com Status:REGISTRAR-LOCK="),
        ("200", "mod domain example.com"),
    ] {
        line.order(code, words).await;
        assert_eq!(world.domain("example.com").await, before, "{words}");
    }
    assert!(world.effects("domain.update").is_empty());
    for (code, words) in [
        ("504", "mod host ns1.example.com IPAddress:192.0.2.1="),
        ("540", "mod host ns1.example.com IPAddress:192.0.2.2"),
        ("540", "mod host ns1.example.com NewNameServer:ns2.example.com"),
        ("550", "mod host ns1.example.com NewNameServer:ns1.example.net"),
        ("542", "mod host ns1.example.com IPAddress:192.0.2.9="),
        ("543", "mod host ns1.example.com Registrar:registrarB"),
    ] {
        line.order(code, words).await;
    }
    line.order("213 Name server not available\r\nipAddress:192.0.2.1\r\n.\r\n", "check host ns1.example.com").await;
    // One value takes the place of another.
    line.order(DONE, "mod host ns1.example.com IPAddress:192.0.2.1=192.0.2.3").await;
    line.order("213 Name server not available\r\nipAddress:192.0.2.3\r\n.\r\n", "check host ns1.example.com").await;
}

#[tokio::test]
async fn locks_and_holds() {
    let world = World::new().await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    line.order("200", "add domain example.com -Period:1").await;
    line.order(DONE, "add host ns1.example.com IPAddress:192.0.2.1").await;
    for (status, refusal) in [("REGISTRAR-LOCK", "552"), ("REGISTRAR-HOLD", "544")] {
        line.order(DONE, &format!("mod domain example.com Status:{status}")).await;
        line.order(refusal, "del domain example.com").await;
        other.order(refusal, "transfer domain example.com").await;
        line.order("552", "mod domain example.com NameServer:ns1.example.com").await;
        line.order("552", &format!("mod domain example.com Status:{status}= NameServer:ns1.example.com")).await;
        line.order("551", "mod host ns1.example.com IPAddress:192.0.2.2").await;
        line.order("551", "del host ns1.example.com").await;
        let now = line.order("200", "status domain example.com").await;
        assert_eq!(values(&now, "status"), [status]);
        let guard = year(&now);
        line.order("200", &format!("renew domain example.com -Period:1 -CurrentExpirationYear:{guard}")).await;
        line.order(DONE, &format!("mod domain example.com Status:{}=", status.to_lowercase())).await;
        let now = line.order("200", "status domain example.com").await;
        assert_eq!(values(&now, "status"), ["ACTIVE"]);
    }
    line.order(DONE, "mod domain example.com Status:REGISTRAR-LOCK Status:REGISTRAR-HOLD").await;
    let now = line.order("200", "status domain example.com").await;
    assert_eq!(values(&now, "status"), ["REGISTRAR-HOLD", "REGISTRAR-LOCK"]);
    line.order(DONE, "mod domain example.com Status:REGISTRAR-LOCK=").await;
    line.order(DONE, "mod domain example.com Status:REGISTRAR-HOLD=").await;
    for (status, refusals) in [("REGISTRY-LOCK", ["552", "552"]), ("REGISTRY-HOLD", ["544", "544"])] {
        world.control("POST", "/domains", &json!({ "domain": "example.com", "set": [status] })).await;
        line.order(refusals[0], "mod domain example.com Status:REGISTRAR-LOCK").await;
        line.order(refusals[1], "del domain example.com").await;
        line.order("543", "mod domain example.com Registrar:x").await;
        world.control("POST", "/domains", &json!({ "domain": "example.com", "unset": [status] })).await;
    }
}

#[tokio::test]
async fn renewals_are_guarded_and_end_at_ten_years() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    let added = line.order("200", "add domain example.com -Period:3").await;
    let guard = year(&added);
    let renew =
        |years: i32, guard: i32| format!("renew domain example.com -Period:{years} -CurrentExpirationYear:{guard}");
    line.order("556", &renew(8, guard)).await;
    line.order("555", &renew(7, guard + 1)).await;
    let renewed = line.order("200", &renew(7, guard)).await;
    assert_eq!(year(&renewed), guard + 7);
    line.order("555", &renew(7, guard)).await;
    line.order("556", &renew(1, guard + 7)).await;
    // Without a guard there is the default period, again and again.
    line.order("200", "add domain example.net").await;
    line.order("200", "renew domain example.net").await;
    let status = line.order("200", "status domain example.net").await;
    assert_eq!(year(&status), guard - 1);
    assert_eq!(world.effects("domain.renew"), ["example.com", "example.net"]);
    let details: Vec<_> = world.sandbox.ledger().effects.into_iter().filter_map(|effect| effect.detail).collect();
    assert_eq!(details, ["3 years".to_owned(), format!("7 years from {guard}"), "1 years".into(), "1 years".into()]);
}

#[tokio::test]
async fn a_renewal_may_come_too_early() {
    let world = World::with(RrpOptions { renewal_window: Some(90), ..RrpOptions::default() }, &[]).await;
    let mut line = world.login(0).await;
    let guard = year(&line.order("200", "add domain example.com -Period:1").await);
    let renew = format!("renew domain example.com -Period:1 -CurrentExpirationYear:{guard}");
    line.order("548 Domain is not up for renewal\r\n.\r\n", &renew).await;
    world.days(280).await;
    world.login(0).await.order("200", &renew).await;
}

#[tokio::test]
async fn money() {
    let world = World::with(RrpOptions { balance: 2000, ..RrpOptions::default() }, &[]).await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    line.order("546 Credit limit exceeded\r\n.\r\n", "add domain example.com -Period:4").await;
    let guard = year(&line.order("200", "add domain example.com -Period:2").await);
    assert_eq!(world.balance("registrarA").await, 800);
    let renew = |years: i32| format!("renew domain example.com -Period:{years} -CurrentExpirationYear:{guard}");
    line.order("546", &renew(2)).await;
    line.order("200", &renew(1)).await;
    assert_eq!(world.balance("registrarA").await, 200);
    other.order(DONE, "transfer domain example.com").await;
    assert_eq!(world.balance("registrarB").await, 1400);
    other.order(DONE, "transfer domain example.com -Approve:No").await;
    assert_eq!(world.balance("registrarB").await, 2000);
    world.control("POST", "/accounts", &json!({ "account": "registrarB", "balance": 599 })).await;
    other.order("546", "transfer domain example.com").await;
    // What was paid a short while ago is paid back.
    line.order(DONE, "del domain example.com").await;
    assert_eq!(world.balance("registrarA").await, 2000);
}

#[tokio::test]
async fn who_may_decide_a_transfer() {
    let world = World::with(RrpOptions { accounts: 3, shows_transfer: true, ..RrpOptions::default() }, &[]).await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    let mut third = world.login(2).await;
    line.order("200", "add domain example.com -Period:1").await;
    line.order(DONE, "add host ns1.example.com IPAddress:192.0.2.1").await;
    let (ask, yes, no) = (
        "transfer domain example.com",
        "transfer domain example.com -Approve:Yes",
        "transfer domain example.com -Approve:No",
    );
    line.order("531", ask).await;
    line.order("534", yes).await;
    other.order("531", yes).await;
    other.order("534", no).await;
    other.order(DONE, ask).await;
    third.order("536", ask).await;
    third.order("531", no).await;
    other.order("531", yes).await;
    let status = line.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "status"), ["PENDINGTRANSFER"]);
    for words in [
        "del domain example.com",
        "mod domain example.com Status:REGISTRAR-LOCK",
        "renew domain example.com -Period:1 -CurrentExpirationYear:2030",
    ] {
        line.order("553 Operation not allowed. Domain pending transfer\r\n.\r\n", words).await;
    }
    other.order(DONE, no).await;
    other.order("534", no).await;
    third.order(DONE, ask).await;
    line.order(DONE, no).await;
    other.order(DONE, ask).await;
    line.order(DONE, yes).await;
    line.order("531", yes).await;
    line.order("531", "status host ns1.example.com").await;
    let host = other.order("200", "status host ns1.example.com").await;
    assert_eq!(
        (values(&host, "registrar"), values(&host, "created by")),
        (vec!["registrarB".into()], vec!["registrarA".into()])
    );
    for (kind, count) in [
        ("domain.transfer", 3),
        ("domain.transfer_cancel", 1),
        ("domain.transfer_reject", 1),
        ("domain.transfer_approve", 1),
    ] {
        assert_eq!(world.effects(kind).len(), count, "{kind}");
    }
}

#[tokio::test]
async fn before_version_2_nobody_withdraws() {
    let version = registrard::sandbox::RrpVersion::V110;
    let world = World::with(RrpOptions { version, ..RrpOptions::default() }, &[]).await;
    let (mut line, mut other) = (world.login(0).await, world.login(1).await);
    line.order("200", "add domain example.com -Period:1").await;
    other.order(DONE, "transfer domain example.com").await;
    other.order("531", "transfer domain example.com -Approve:No").await;
    line.order(DONE, "transfer domain example.com -Approve:Yes").await;
    assert_eq!(world.domain("example.com").await["registrar"], "registrarB");
}

#[tokio::test]
async fn what_control_refuses() {
    let world = World::new().await;
    world.login(0).await.order("200", "add domain example.com -Period:1").await;
    for (path, body, word) in [
        ("/messages", json!({ "account": "registrarA", "type": "x" }), "queue"),
        ("/domains", json!({ "domain": "example.com", "set": ["REGISTRAR-LOCK"] }), "REGISTRY-HOLD"),
        ("/domains", json!({ "domain": "example.com", "approve": true }), "transfer"),
        ("/domains", json!({ "domain": "example.com", "colour": 1 }), "colour"),
        ("/domains", json!({ "domain": "example.net" }), "no registry"),
        ("/accounts", json!({ "account": "registrarA", "password": "abc" }), "4 to 16"),
    ] {
        let (status, answer) = crate::control::request(world.url(), "POST", path, &body).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
    }
    let objects = world.control("GET", "/objects", &Value::Null).await;
    assert!(!objects.to_string().contains(&world.account(0).1), "no password");
}
