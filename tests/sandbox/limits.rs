//! Logins, sessions, the request limit, the quota, and transaction ids.

use std::sync::Arc;
use std::time::Duration;

use registrard::sandbox::{DenicOptions, Environment};

use crate::client::{Client, World, about, create, eventually, field};

#[tokio::test]
async fn nothing_goes_before_login_and_ten_wrong_ones_lock_it() {
    let world = World::new().await;
    let mut client = world.connect().await;
    client.expect(&about("CHECK", "example.de"), "failed", "83000000010 Login failed [Please login first]").await;
    client.expect("Version: 5.0\nAction: LOGIN\nUser: x", "failed", "63100040302").await;
    client.expect(&(world.login_text(0) + "\nUser: twice"), "failed", "63100040202").await;
    client.expect(&(world.login_text(0) + "\nCTID: abc"), "failed", "63000000007").await;
    for _ in 0..10 {
        client.expect(&(world.login_text(0) + "x"), "failed", "83000000010").await;
    }
    client.expect(&world.login_text(0), "failed", "63100020005").await;
    world.login(1).await;
    world.advance(3600).await;
    client.expect(&world.login_text(0), "success", "STID").await;
    client.expect(&world.login_text(0), "failed", "63000000007").await;
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations_of("DENIC-1000001", "wrong_login"), 10);
    assert_eq!(ledger.violations_of("DENIC-1000001", "login_while_blocked"), 1);
    assert!(ledger.requests.iter().filter(|request| request.action == "login").all(|request| request.digest.is_none()));
    let (_, _, password) = world.account(0);
    assert!(!serde_json::to_string(&ledger).unwrap().contains(&password));
}

#[tokio::test]
async fn wrong_passwords_count_over_connections_until_a_right_one() {
    let world = World::new().await;
    let wrong = world.login_text(0) + "x";
    for _ in 0..9 {
        world.connect().await.expect(&wrong, "failed", "83000000010").await;
    }
    let mut client = world.login(0).await;
    client.ask("Version: 5.0\nAction: LOGOUT").await;
    for _ in 0..10 {
        world.connect().await.expect(&wrong, "failed", "83000000010").await;
    }
    let mut client = world.connect().await;
    for text in [&wrong, &world.login_text(0)] {
        client.expect(text, "failed", "63100020005").await;
    }
    world.advance(3000).await;
    client.expect(&world.login_text(0), "failed", "63100020005").await;
    // Knocking does not prolong it.
    world.advance(601).await;
    client.expect(&wrong, "failed", "83000000010").await;
    client.expect(&world.login_text(0), "success", "STID").await;
}

#[tokio::test]
async fn seven_sessions_and_ghosts_of_those_that_were_cut() {
    let world = World::new().await;
    let mut sessions = Vec::new();
    for _ in 0..7 {
        sessions.push(world.login(0).await);
    }
    let mut late = world.connect().await;
    late.expect(&world.login_text(0), "failed", "73100000005").await;
    sessions[0].ask("Version: 5.0\nAction: LOGOUT").await;
    late.expect(&world.login_text(0), "success", "STID").await;
    drop(sessions);
    drop(late);
    eventually("seven ghosts", async || world.account_state(0).await["ghosts"] == 7).await;
    let mut client = world.connect().await;
    client.expect(&world.login_text(0), "failed", "73100000005").await;
    world.advance(30).await;
    client.expect(&world.login_text(0), "success", "STID").await;
}

#[tokio::test]
async fn the_request_limit_blocks_and_sending_prolongs_it() {
    let options = DenicOptions { requests_per_window: Some(5), ..DenicOptions::default() };
    let world = World::with(options).await;
    let mut client = world.login(0).await;
    let check = about("CHECK", "example.de");
    for _ in 0..4 {
        client.expect(&check, "success", "free").await;
    }
    client.expect(&check, "failed", "55000000002").await;
    client.expect("nonsense", "failed", "55000000002").await;
    world.advance(100).await;
    client.expect(&check, "failed", "55000000002").await;
    world.advance(21).await;
    client.expect(&check, "success", "free").await;
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.violations_of("DENIC-1000001", "acl_exceeded"), 1);
    assert_eq!(ledger.violations_of("DENIC-1000001", "sent_while_blocked"), 2);
    world.login(1).await;
}

#[tokio::test]
async fn quota_with_its_notices_until_midnight() {
    let world = World::with(DenicOptions { quota_per_day: 10, ..DenicOptions::default() }).await;
    let mut client = world.login(0).await;
    let check = about("CHECK", "example.de");
    let mut told = Vec::new();
    for n in 1..=10 {
        let answer = client.expect(&check, "success", "free").await;
        told.extend(answer.lines().filter(|line| line.contains("Used quota")).map(|line| format!("{n} {line}")));
    }
    assert_eq!(
        told,
        [
            "6 INFO: 13000000022 Used quota [60%]",
            "9 WARNING: 33000000022 Used quota [90%]",
            "10 WARNING: 33000000022 Used quota [100%]"
        ]
    );
    client.expect(&check, "failed", "ERROR: 53000000008").await;
    client.expect("Version: 5.0\nAction: QUEUE-READ", "success", "Msgcnt: 0").await;
    world.advance(86_400).await;
    client.expect(&check, "success", "free").await;
}

#[tokio::test]
async fn the_quota_begins_at_local_midnight_also_on_days_of_23_and_25_hours() {
    let world = World::with(DenicOptions { quota_per_day: 1, ..DenicOptions::default() }).await;
    let mut client = world.login(0).await;
    let check = about("CHECK", "example.de");
    let at = |text: String| text.parse::<jiff::Timestamp>().unwrap();
    let year = jiff::Timestamp::now().in_tz("Europe/Berlin").unwrap().year() + 1;
    let moved = async |to: jiff::Timestamp| {
        let (code, body) = world.control("POST", "/clock", &serde_json::json!({ "set": to.to_string() })).await;
        assert_eq!(code, 200, "{body}");
    };
    // The last Sundays of March and October, and the midnight that ends each.
    for month in [3, 10] {
        let last = jiff::civil::date(year, month, 31);
        let back = i64::from(last.weekday().to_sunday_zero_offset());
        let sunday = last.saturating_sub(jiff::ToSpan::days(back));
        let midnight = sunday.tomorrow().unwrap().in_tz("Europe/Berlin").unwrap().timestamp();
        let offset = if month == 3 { "+01:00" } else { "+02:00" };
        moved(at(format!("{sunday}T00:00:05{offset}"))).await;
        client.expect(&check, "success", "Used quota [100%]").await;
        moved(midnight - jiff::SignedDuration::from_secs(600)).await;
        client.expect(&check, "failed", "53000000008").await;
        // What is free goes on.
        client.expect("Version: 5.0\nAction: QUEUE-READ", "success", "Msgcnt: 0").await;
        world.login(0).await.expect("Version: 5.0\nAction: LOGOUT", "success", "STID").await;
        moved(midnight).await;
        client.expect(&check, "success", "free").await;
    }
}

#[tokio::test]
async fn what_is_free_of_quota_counts_for_the_request_limit_and_failed_requests_cost() {
    let options = DenicOptions { requests_per_window: Some(6), quota_per_day: 3, ..DenicOptions::default() };
    let world = World::with(options).await;
    let mut client = world.login(0).await;
    client.expect("Version: 5.0\nAction: QUEUE-READ", "success", "Msgcnt: 0").await;
    client.expect(&about("INFO", "example.de"), "failed", "63300062009").await;
    client.expect(&about("CHECK", "a b"), "success", "invalid").await;
    assert_eq!(world.account_state(0).await["quota_used"], 2);
    client.expect("nonsense", "failed", "63000000006").await;
    assert_eq!(world.account_state(0).await["quota_used"], 2, "what cannot be read is not charged");
    client.expect("Version: 5.0\nAction: QUEUE-READ", "success", "Msgcnt: 0").await;
    client.expect("Version: 5.0\nAction: QUEUE-READ", "failed", "55000000002").await;
    // Silence for the time of the block; each request within the busy window would have begun it anew.
    world.advance(119).await;
    client.expect("Version: 5.0\nAction: QUEUE-READ", "failed", "55000000002").await;
    world.advance(2).await;
    client.expect("Version: 5.0\nAction: QUEUE-READ", "success", "Msgcnt: 0").await;
}

#[tokio::test]
async fn a_transaction_id_works_once() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("one.de", "once"), "success", "CTID: once").await;
    client.expect(&create("two.de", "once"), "failed", "63000060508").await;
    // Failed writes use theirs up as well.
    client.expect(&create("one.de", "spent"), "failed", "63310062004").await;
    client.expect(&create("two.de", "spent"), "failed", "63000060508").await;
    client.expect(&create("two.de", "ab"), "failed", "63000060508").await;
    client.expect(&(about("INFO", "one.de") + "\nCTID: abc"), "failed", "63000000007").await;
    // Each account has its own.
    let mut other = world.login(1).await;
    other.expect(&create("two.de", "once"), "failed", "63200020603").await;
    let ledger = world.sandbox.ledger();
    assert_eq!(ledger.effects.iter().filter(|effect| effect.kind == "domain.create").count(), 1);
    assert_eq!(ledger.violations_of("DENIC-1000001", "ctid_used_twice"), 2);
    assert_eq!(ledger.violations_of("DENIC-1000001", "ctid_on_read"), 1);
}

#[tokio::test]
async fn the_test_environment_says_so_in_every_answer() {
    let world = World::with(DenicOptions { environment: Environment::Test, ..DenicOptions::default() }).await;
    let mut client = world.login(0).await;
    let notice =
        "INFO: 13000000011 Request was processed in test environment - not valid in real world [testing platform]";
    client.expect(&about("INFO", "example.de"), "failed", notice).await;
    for n in 3..=100 {
        let answer = client.ask(&about("CHECK", "example.de")).await;
        assert_eq!(field(&answer, "RESULT"), "success", "request {n}");
    }
    client.expect(&about("CHECK", "example.de"), "failed", "55000000002").await;
}

#[tokio::test]
async fn one_write_at_a_time_on_an_object() {
    let options = DenicOptions { processing: Duration::ZERO, ..DenicOptions::default() };
    let world = World::faulty(options, &["stall:action=domain.create,times=1"]).await;
    let mut client = world.furnished().await;
    let mut slow = world.login(0).await;
    slow.send(&create("example.de", "slow")).await;
    let has_stalled = || world.sandbox.ledger().requests.iter().any(|request| request.fault.is_some());
    eventually("the first write has arrived", async || has_stalled()).await;
    client.expect(&create("example.de", "quick"), "failed", "53000000012").await;
    client.expect(&create("other.de", "quick"), "success", "connect").await;
    drop(slow);
    // When the slow client gives up, the object is free again.
    eventually("the object is free", async || {
        let answer = client.ask(&create("example.de", "again")).await;
        assert!(answer.contains("RESULT: success") || answer.contains("53000000012"), "{answer}");
        answer.contains("RESULT: success")
    })
    .await;
}

#[tokio::test]
async fn the_certificate_is_valid_for_localhost_and_for_nobody_else() {
    let world = World::new().await;
    let ca = world.sandbox.ready()["ca"].as_str().unwrap();
    let config = registrard::net::tls::client(Some(ca.as_ref())).unwrap();
    Client::connect(&world.address(), Arc::clone(&config), "localhost").await;
    let stream = tokio::net::TcpStream::connect(world.address()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("example.de").unwrap();
    assert!(tokio_rustls::TlsConnector::from(config).connect(name, stream).await.is_err());
}
