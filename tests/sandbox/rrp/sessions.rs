//! The states of a session and its times.

use std::time::Duration;

use registrard::sandbox::RrpOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::*;
use crate::client::eventually;

const REFUSED: &str = "530 Authentication failed\r\n.\r\n";
const THIRD: &str =
    "520 Server closing connection. Client should try opening new connection; too many failed logins\r\n.\r\n";
const IDLE: &str =
    "520 Server closing connection. Client should try opening new connection; session inactive for too long\r\n.\r\n";

#[tokio::test]
async fn two_failed_logins_end_the_connection() {
    let world = World::new().await;
    let wrong = "session\r\n-Id:registrarA\r\n-Password:wrong\r\n.\r\n";
    let mut line = world.line().await;
    line.expect(REFUSED, wrong).await;
    line.expect(THIRD, wrong).await;
    assert!(line.is_over().await);
    assert_eq!(world.violations("registrarA", "wrong_password"), 2);
    // A right one after a wrong one is welcome.
    let mut line = world.line().await;
    line.expect(REFUSED, wrong).await;
    line.expect(DONE, &session(&world.account(0))).await;
    line.order("210", "check domain example.com").await;
    // The password has small and capital letters; only the right ones do.
    let (id, password) = world.account(0);
    let mut line = world.line().await;
    line.expect(REFUSED, &session(&(id, password.to_lowercase()))).await;
}

#[tokio::test]
async fn a_stray_command_takes_the_place_of_the_first_try() {
    let world = World::new().await;
    let mut line = world.line().await;
    line.order("547 Invalid command sequence\r\n.\r\n", "check domain example.com").await;
    line.expect("547", "describe\r\n.\r\n").await;
    line.expect("547", "nonsense\r\n.\r\n").await;
    line.expect(THIRD, "session\r\n-Id:registrarA\r\n-Password:wrong\r\n.\r\n").await;
    assert!(line.is_over().await);
    assert_eq!(world.violations("-", "not_logged_in"), 3);
    let mut line = world.line().await;
    line.expect(BYE, "quit\r\n.\r\n").await;
    assert!(line.is_over().await);
}

#[tokio::test]
async fn another_password_counts_at_once() {
    let world = World::new().await;
    let (id, password) = world.account(0);
    let mut open = world.login(0).await;
    let change = format!("session\r\n-Id:{id}\r\n-Password:{password}\r\n-NewPassword:Next-Secret:1 \r\n.\r\n");
    world.line().await.expect(DONE, &change).await;
    world.line().await.expect(REFUSED, &session(&(id.clone(), password))).await;
    world.line().await.expect(DONE, &session(&(id.clone(), "Next-Secret:1 ".into()))).await;
    open.order("210", "check domain example.com").await;
    assert_eq!(world.effects("account.password"), ["registrarA"]);
    let ledger = world.sandbox.ledger();
    assert!(ledger.requests.iter().filter(|r| r.action == "login").all(|r| r.digest.is_none()));
    assert!(!serde_json::to_string(&ledger).unwrap().contains("Next-Secret"));
    world.control("POST", "/accounts", &serde_json::json!({ "account": id, "password": "of-the-registry" })).await;
    world.line().await.expect(DONE, &session(&(id, "of-the-registry".into()))).await;
}

#[tokio::test]
async fn there_are_so_many_sessions_and_no_more() {
    let world = World::with(RrpOptions { sessions: 2, ..RrpOptions::default() }, &[]).await;
    let (first, mut second) = (world.login(0).await, world.login(0).await);
    let mut third = world.line().await;
    third.expect("521 Too many sessions open. Server closing connection\r\n.\r\n", &session(&world.account(0))).await;
    assert!(third.is_over().await);
    // Another registrar's places are its own.
    world.login(1).await;
    second.expect(BYE, "quit\r\n.\r\n").await;
    eventually("the place is free", async || world.object("accounts", "id", "registrarA").await["sessions"] == 1).await;
    let again = world.login(0).await;
    drop((first, again));
    eventually("both are free", async || world.object("accounts", "id", "registrarA").await["sessions"] == 0).await;
}

#[tokio::test]
async fn ten_minutes_of_silence_in_every_state() {
    let world = World::new().await;
    let mut fresh = world.line().await;
    let mut retry = world.line().await;
    retry.expect(REFUSED, "session\r\n-Id:registrarA\r\n-Password:wrong\r\n.\r\n").await;
    let mut open = world.login(0).await;
    let mut busy = world.login(1).await;
    let mut half = world.login(1).await;
    world.seconds(599).await;
    busy.expect("200", "describe\r\n.\r\n").await;
    half.send("check\r\nEntityName:Domain\r\n").await;
    world.seconds(2).await;
    for line in [&mut fresh, &mut retry, &mut open, &mut half] {
        assert_eq!(line.read().await.unwrap(), IDLE);
        assert!(line.is_over().await);
    }
    busy.expect("200", "describe\r\n.\r\n").await;
    let ledger = world.sandbox.ledger();
    let late: Vec<_> = ledger.requests.iter().filter(|r| r.action == "timeout").collect();
    assert_eq!(late.len(), 4);
    assert!(late.iter().all(|record| record.answer.as_deref() == Some("failed 520")));
}

#[tokio::test]
async fn silence_may_be_answered_with_silence() {
    let options = RrpOptions { says_timeout: false, ..RrpOptions::default() };
    let world = World::with(options, &[]).await;
    let mut line = world.login(0).await;
    world.seconds(601).await;
    assert!(line.is_over().await);
}

#[tokio::test]
async fn a_session_may_have_a_longest_life() {
    let world = World::with(RrpOptions { life: Some(Duration::from_secs(900)), ..RrpOptions::default() }, &[]).await;
    let mut line = world.login(0).await;
    world.seconds(500).await;
    line.expect("200", "describe\r\n.\r\n").await;
    world.seconds(401).await;
    let said = line.read().await.unwrap();
    assert!(said.starts_with("520 ") && said.contains("; session open for too long\r\n"), "{said}");
    assert!(line.is_over().await);
}

#[tokio::test(start_paused = true)]
async fn within_the_process_time_goes_with_the_runtime() {
    let sandbox = local(RrpOptions::default(), "2027-01-01T03:00:00Z");
    let begin = sandbox.now();
    let mut line = within(&sandbox, 0).await;
    // In New York it is still the old year, and that is the year to renew with.
    line.order("200", "add domain example.com -Period:1").await;
    line.order("555", "renew domain example.com -Period:1 -CurrentExpirationYear:2028").await;
    let done = line.order("200", "renew domain example.com -Period:1 -CurrentExpirationYear:2027").await;
    assert_eq!(values(&done, "registration expiration date"), ["2028-12-31 22:00:00.0"]);
    let late = line.read_within(Duration::from_secs(900)).await;
    assert_eq!(late.as_deref(), Some(IDLE), "nobody had to move the clock");
    assert_eq!(sandbox.now().duration_since(begin).as_secs(), 600);
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let world = World::new().await;
    let mut line = Line(world.raw().await);
    assert_eq!(line.read().await.unwrap(), GREETING);
    for (text, code) in [
        (session(&world.account(0)), "200"),
        (command("add domain example.com -Period:2"), "200"),
        ("quit\r\n.\r\n".to_owned(), "220"),
    ] {
        for byte in text.bytes() {
            line.0.write_all(&[byte]).await.unwrap();
            line.0.flush().await.unwrap();
        }
        assert!(line.read().await.unwrap().starts_with(code));
    }
    assert!(line.0.read_u8().await.is_err());
    assert_eq!(world.effects("domain.create"), ["example.com"]);
}
