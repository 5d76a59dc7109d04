//! What happens when the clock moves.

use registrard::sandbox::{DenicOptions, Environment};
use serde_json::{Value, json};

use crate::client::{Client, World, about, create, field, person};

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
    client.expect(&create("lettered.de", "c-3"), "success", "connect").await;
    client.expect(&about("CREATE-AUTHINFO2", "lettered.de"), "success", "STID").await;
    assert_eq!(world.sandbox.ledger().effects.last().unwrap().detail.as_deref(), Some("secret"));
    world.advance(DAY).await;
    let warning = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: expireWarning").await;
    assert_eq!((field(&warning, "Msgcnt"), field(&warning, "Domain")), ("1", "broken.de"));
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
async fn a_failed_domain_that_is_repaired_lives() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let order = create("broken.de", "c-1").replace("ns1.example", "fail.example");
    client.expect(&order, "success", "33300102900").await;
    world.advance(22 * DAY).await;
    assert_eq!(world.account_state(0).await["messages"], 0, "it is too early to warn");
    world.advance(DAY).await;
    assert_eq!(world.account_state(0).await["messages"], 1);
    client.expect(&create("broken.de", "c-2").replace("CREATE", "UPDATE"), "success", "connect").await;
    world.advance(100 * DAY).await;
    assert_eq!(status(&mut client, "broken.de").await, "connect");
    let expired = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: expire").await;
    assert_eq!(field(&expired, "Msgcnt"), "0");
}

#[tokio::test]
async fn one_long_move_gives_every_message_its_own_time() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let order = create("broken.de", "c-1").replace("ns1.example", "fail.example");
    client.expect(&order, "success", "33300102900").await;
    let expire = field(&client.ask(&about("INFO", "broken.de")).await, "Expire").to_owned();
    let (code, moved) = world.control("POST", "/clock", &json!({ "advance_days": 1000 })).await;
    assert_eq!((code, &moved["happened"]), (200, &json!(2)), "{moved}");
    assert_eq!(world.account_state(0).await["messages"], 2);
    let warning = client.ask("Version: 5.0\nAction: QUEUE-READ").await;
    let second = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(second(field(&warning, "Msgtime")), second(&expire) - 7 * DAY);
    let expired = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: expire").await;
    assert_eq!((field(&expired, "Msgtime"), field(&expired, "Expire")), (expire.as_str(), expire.as_str()));
}

/// When a deleted name will be free.
async fn release(world: &World) -> jiff::Timestamp {
    let (_, objects) = world.control("GET", "/objects", &Value::Null).await;
    objects["denic_rri"]["domains"][0]["release"].as_str().unwrap().parse().unwrap()
}

async fn move_to(world: &World, at: jiff::Timestamp) {
    let (code, body) = world.control("POST", "/clock", &json!({ "set": at.to_string() })).await;
    assert_eq!(code, 200, "{body}");
}

#[tokio::test]
async fn a_second_authinfo_begins_the_grace_period_anew() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "c-1"), "success", "connect").await;
    client.expect(&about("DELETE", "example.de"), "success", "STID").await;
    let first = release(&world).await;
    world.advance(20 * DAY).await;
    client.expect(&about("CREATE-AUTHINFO2", "example.de"), "success", "STID").await;
    let second = release(&world).await;
    let day = |at: jiff::Timestamp| at.in_tz("Europe/Berlin").unwrap().date();
    // Twenty days of 24 hours may touch 21 dates.
    assert!((19..=21).contains(&(day(first).duration_until(day(second)).as_hours() / 24)));
    move_to(&world, first).await;
    assert_eq!(status(&mut client, "example.de").await, "redemptionPeriod");
    // Nobody can be sure to look within the second before, so a minute has to do.
    move_to(&world, second - jiff::SignedDuration::from_secs(60)).await;
    assert_eq!(status(&mut client, "example.de").await, "redemptionPeriod");
    move_to(&world, second).await;
    assert_eq!(status(&mut client, "example.de").await, "free");
    let (hour, day) = (second.in_tz("Europe/Berlin").unwrap().hour(), day(second));
    assert!((2..4).contains(&hour), "{day} {hour}");
}

#[tokio::test]
async fn authinfos_expire_and_letters_come_back() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let (account, ..) = world.account(0);
    let nowhere = person(&account, "NOWHERE").replace("Beispielweg 1", "Undeliverable 1") + "\nCTID: nowhere";
    client.expect(&nowhere, "success", "STID").await;
    client.expect(&create("here.de", "c-1"), "success", "connect").await;
    client.expect(&create("nowhere.de", "c-2").replace("-MAX", "-NOWHERE"), "success", "connect").await;
    let hash = "9793b2ebd4b18e28112dc9adf178f6be1b8dc607bd6194aa9dee0810d4d545a5";
    let first = about("CREATE-AUTHINFO1", "here.de") + "\nAuthInfoHash: " + hash;
    let first = client.expect(&first, "success", "AuthInfoExpire").await;
    for name in ["here.de", "nowhere.de"] {
        client.expect(&about("CREATE-AUTHINFO2", name), "success", "AuthInfoExpire").await;
    }
    world.advance(35 * DAY).await;
    let mut told = Vec::new();
    for kind in ["authInfo2Delete", "authInfoExpire"] {
        let read = client.ask(&format!("Version: 5.0\nAction: QUEUE-READ\nMsgtype: {kind}")).await;
        told.push([field(&read, "Msgcnt"), field(&read, "Domain")].join(" "));
        if kind == "authInfoExpire" {
            let expire = field(&first, "AuthInfoExpire");
            assert_eq!((field(&read, "Authinfoexpire"), field(&read, "Msgtime")), (expire, expire));
        }
    }
    // Both passwords of the one expire at the same midnight; the letter of the other came back long before.
    assert_eq!(told, ["1 nowhere.de", "2 here.de"]);
    let info = client.ask(&about("INFO", "here.de")).await;
    assert!(!info.to_lowercase().contains("authinfo1") && !info.to_lowercase().contains("authinfo2"), "{info}");
}

#[tokio::test]
async fn missed_verification_dedelegates_then_deletes() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("nisverificationrequired.de", "c-1"), "success", "16350000040").await;
    world.advance(14 * DAY).await;
    assert_eq!(status(&mut client, "nisverificationrequired.de").await, "serverHold");
    // The purge phase comes within a day of the deadline.
    world.advance(16 * DAY).await;
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
    // From four o'clock on the day's limit holds again.
    let day = purge.date().at(4, 0, 0, 0).in_tz("Europe/Berlin").unwrap();
    move_to(&world, day.timestamp()).await;
    for _ in 0..201 {
        client.expect(&about("CHECK", "example.de"), "success", "free").await;
    }
}
