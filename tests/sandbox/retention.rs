//! How long contacts are kept that no domain uses.

use jiff::civil::Date;
use serde_json::json;

use crate::client::{Client, World, about, create, field, request};

const DAY: i64 = 86_400;

async fn handle_status(client: &mut Client, handle: &str) -> String {
    field(&client.ask(&format!("Version: 5.0\nAction: CHECK\nHandle: {handle}")).await, "Status").to_owned()
}

async fn move_to(world: &World, day: Date) {
    let at = day.at(12, 0, 0, 0).in_tz("Europe/Berlin").unwrap().timestamp();
    let (code, body) = world.control("POST", "/clock", &json!({ "set": at.to_string() })).await;
    assert_eq!(code, 200, "{body}");
}

#[tokio::test]
async fn contacts_never_used_go_after_six_months_a_hundred_in_a_message() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let (account, ..) = world.account(0);
    for n in 0..120 {
        let order = format!("{}\nCTID: idle-{n:03}", request(&account, &format!("IDLE-{n:03}")));
        client.expect(&order, "success", "STID").await;
    }
    client.expect(&create("example.de", "c-1"), "success", "connect").await;
    world.advance(175 * DAY).await;
    assert_eq!(handle_status(&mut client, "DENIC-1000001-IDLE-000").await, "exist");
    world.advance(12 * DAY).await;
    assert_eq!(handle_status(&mut client, "DENIC-1000001-IDLE-000").await, "free");
    assert_eq!(handle_status(&mut client, "DENIC-1000001-MAX").await, "exist", "a domain uses it");
    let mut handles = Vec::new();
    for count in ["2", "1"] {
        let read = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: contactDelete").await;
        assert_eq!(field(&read, "Msgcnt"), count);
        let of_this = read.lines().filter_map(|line| line.strip_prefix("Handle: "));
        handles.push(of_this.count());
        let delete =
            format!("Version: 5.0\nAction: QUEUE-DELETE\nMsgtype: contactDelete\nMsgid: {}", field(&read, "Msgid"));
        client.expect(&delete, "success", "STID").await;
    }
    assert_eq!(handles, [100, 20]);
    // The handle may be taken again.
    let again = format!("{}\nCTID: again", request(&account, "IDLE-000"));
    client.expect(&again, "success", "STID").await;
}

#[tokio::test]
async fn contacts_once_used_are_kept_for_six_full_calendar_years() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("example.de", "c-1"), "success", "connect").await;
    client.expect(&about("DELETE", "example.de"), "success", "STID").await;
    let (_, objects) = world.control("GET", "/objects", &json!(null)).await;
    let release = objects["denic_rri"]["domains"][0]["release"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let last_use = release.in_tz("Europe/Berlin").unwrap().year();
    for (day, status) in [(Date::constant(last_use + 6, 12, 31), "exist"), (Date::constant(last_use + 7, 1, 2), "free")]
    {
        move_to(&world, day).await;
        assert_eq!(handle_status(&mut client, "DENIC-1000001-MAX").await, status, "{day}");
    }
    let told = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: contactDelete").await;
    assert!(told.contains("Handle: DENIC-1000001-GR\nHandle: DENIC-1000001-MAX"), "{told}");
    assert_eq!(field(&told, "Msgtime"), format!("{}-01-01T04:00:00+01:00", last_use + 7));
}
