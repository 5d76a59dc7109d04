//! What happens when the clock moves.

use registrard::sandbox::{DenicOptions, Environment};
use serde_json::{Value, json};

use crate::client::{Client, World, about, create, field};

const DAY: i64 = 86_400;

async fn status(client: &mut Client, domain: &str) -> String {
    field(&client.ask(&about("CHECK", domain)).await, "Status").to_owned()
}

#[tokio::test]
async fn the_clock_moves_forward_only() {
    let world = World::new().await;
    let (_, before) = world.control("GET", "/health", &Value::Null).await;
    world.advance(3600).await;
    let (_, after) = world.control("GET", "/health", &Value::Null).await;
    let seconds = |body: &Value| body["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert!(seconds(&after) - seconds(&before) >= 3600);
    assert_eq!(world.control("POST", "/clock", &json!({ "set": before["now"] })).await.0, 400);
    assert_eq!(world.control("POST", "/clock", &json!({ "advance_seconds": -1 })).await.0, 400);
    assert_eq!(world.control("POST", "/clock", &json!({ "nonsense": 1 })).await.0, 400);
    let goal = seconds(&after) + 10_000;
    let set = json!({ "set": jiff::Timestamp::from_second(goal).unwrap().to_string() });
    let (code, body) = world.control("POST", "/clock", &set).await;
    assert!(code == 200 && seconds(&body) >= goal, "{body}");
}

#[tokio::test]
async fn a_deleted_name_is_free_after_its_grace_period() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "c-1"), "success", "connect").await;
    client.expect(&about("DELETE", "example.de"), "success", "STID").await;
    world.advance(30 * DAY).await;
    assert_eq!(status(&mut client, "example.de").await, "redemptionPeriod");
    world.advance(2 * DAY).await;
    assert_eq!(status(&mut client, "example.de").await, "free");
    client.expect(&create("example.de", "c-2"), "success", "connect").await;
}

#[tokio::test]
async fn the_test_environment_waits_a_day() {
    let world = World::with(DenicOptions { environment: Environment::Test, ..DenicOptions::default() }).await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "c-1"), "success", "connect").await;
    client.expect(&create("broken.de", "c-2").replace("ns1.example", "fail.example"), "success", "53300102912").await;
    client.expect(&about("DELETE", "example.de"), "success", "STID").await;
    world.advance(DAY).await;
    assert_eq!(status(&mut client, "broken.de").await, "free");
    world.advance(2 * DAY).await;
    assert_eq!(status(&mut client, "example.de").await, "free");
}

#[tokio::test]
async fn a_failed_domain_is_announced_then_deleted() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("broken.de", "c-1").replace("ns1.example", "fail.example"), "success", "33300102900").await;
    let read = "Version: 5.0\nAction: QUEUE-READ";
    assert_eq!(field(&client.ask(read).await, "Msgcnt"), "0");
    world.advance(24 * DAY).await;
    let warning = client.ask(read).await;
    assert_eq!((field(&warning, "Msgcnt"), field(&warning, "Msgtype")), ("1", "expireWarning"));
    let info = client.ask(&about("INFO", "broken.de")).await;
    assert_eq!(field(&warning, "Expire"), field(&info, "Expire"));
    world.advance(7 * DAY).await;
    assert_eq!(status(&mut client, "broken.de").await, "free");
    assert_eq!(field(&client.ask(&(read.to_owned() + "\nMsgtype: expire")).await, "Domain"), "broken.de");
}

#[tokio::test]
async fn missed_verification_dedelegates_then_deletes() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("nisverificationrequired.de", "c-1"), "success", "16350000040").await;
    world.advance(14 * DAY).await;
    assert_eq!(status(&mut client, "nisverificationrequired.de").await, "serverHold");
    world.advance(14 * DAY).await;
    assert_eq!(status(&mut client, "nisverificationrequired.de").await, "free");
    let told = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: domainDelete").await;
    assert!(told.contains("16350000031 Domain has been deleted [no verification information provided]"), "{told}");
    let updates = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: domainStatusUpdate").await;
    assert_eq!(field(&updates, "Msgcnt"), "2");
    assert!(updates.contains("VerificationClaims: address;name]"), "{updates}");
}

#[tokio::test]
async fn the_purge_phase_allows_a_tenth() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let now = world.control("GET", "/health", &Value::Null).await.1["now"].as_str().unwrap().to_owned();
    let now = now.parse::<jiff::Timestamp>().unwrap().in_tz("Europe/Berlin").unwrap();
    let purge = now.tomorrow().unwrap().date().at(2, 30, 0, 0).in_tz("Europe/Berlin").unwrap();
    let set = json!({ "set": purge.timestamp().to_string() });
    assert_eq!(world.control("POST", "/clock", &set).await.0, 200);
    for _ in 0..200 {
        client.expect(&about("CHECK", "example.de"), "success", "free").await;
    }
    client.expect(&about("CHECK", "example.de"), "failed", "55000000002").await;
}
