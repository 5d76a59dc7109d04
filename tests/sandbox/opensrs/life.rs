//! What time does: expiry and redemption, the registrant's proof, transfers, events.

use serde_json::{Value, json};

use super::client::*;

async fn events(world: &World) -> Vec<(String, String)> {
    let reply = world.ask(&command("POLL", "EVENT", &items("limit=100"))).await;
    reply.items("object").into_iter().skip(1).zip(reply.items("event")).collect()
}

/// Acknowledges all there is.
async fn clear(world: &World) {
    for id in world.ask(&command("POLL", "EVENT", &items("limit=100"))).await.items("event_id") {
        world.expect("200", &command("ACK", "EVENT", &items(&format!("event_id={id}")))).await;
    }
}

#[tokio::test]
async fn from_expiry_to_the_end() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "period=1")).await;
    let year = world.ask(&domain("GET", "domain=example.com type=all_info")).await.item("expiredate")[..4].to_owned();
    clear(&world).await;
    world.days(366).await;
    assert_eq!(world.domain("example.com").await["stage"], "grace");
    world.expect("200", &domain("GET", "domain=example.com type=all_info")).await;
    assert!(events(&world).await.contains(&("DOMAIN".into(), "EXPIRED".into())));
    world.days(40).await;
    assert_eq!(world.domain("example.com").await["stage"], "redemption");
    world.expect("480", &domain("GET", "domain=example.com type=all_info")).await;
    world.expect("480", &renew("example.com", &year)).await;
    world.expect("211", &domain("LOOKUP", "domain=example.com")).await;
    let deleted = world.expect("200", &domain("GET_DELETED_DOMAINS", "del_from=2020-01-01")).await;
    assert_eq!((deleted.item("total").as_str(), deleted.item("name").as_str()), ("1", "example.com"));
    world.expect("200", &domain("REDEEM", "domain=example.com")).await;
    assert_eq!(world.domain("example.com").await["stage"], "active");
    world.expect("200", &domain("GET", "domain=example.com type=all_info")).await;
    world.days(366 + 70).await;
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
    assert_eq!(world.domain("example.com").await, Value::Null);
    assert_eq!(world.effects("domain.restore"), ["example.com"]);
}

#[tokio::test]
async fn what_renews_itself_and_what_is_renewed_late() {
    let world = World::new().await;
    world.expect("200", &register("auto.com", "period=1 auto_renew=1")).await;
    world.expect("200", &register("late.com", "period=1")).await;
    world.expect("200", &register("autoextend-1.com", "period=1")).await;
    let info = world.ask(&domain("GET", "domain=late.com type=all_info")).await;
    let year: i32 = info.item("expiredate")[..4].parse().unwrap();
    world.days(366).await;
    assert_eq!(world.domain("auto.com").await["stage"], "active");
    world.expect("200", &renew("late.com", &year.to_string())).await;
    assert_eq!(world.domain("late.com").await["stage"], "active");
    // A registry that extends by itself is a year ahead of what OpenSRS says.
    world.expect("541", &renew("autoextend-1.com", &year.to_string())).await;
    world.expect("200", &renew("autoextend-1.com", &(year + 1).to_string())).await;
}

#[tokio::test]
async fn revoked_young_is_gone_revoked_old_is_redeemed() {
    let world = World::new().await;
    world.expect("200", &register("fresh.com", "")).await;
    world.expect("200", &register("old.com", "")).await;
    let reply = world.expect("200", &domain("REVOKE", "domain=fresh.com reseller=reseller1")).await;
    assert_eq!((reply.item("charge").as_str(), reply.item("price").as_str()), ("0", "undef"));
    world.expect("210", &domain("LOOKUP", "domain=fresh.com")).await;
    world.days(6).await;
    world.expect("200", &domain("REVOKE", "domain=old.com reseller=reseller1")).await;
    world.expect("480", &domain("REVOKE", "domain=old.com reseller=reseller1")).await;
    world.expect("211", &domain("LOOKUP", "domain=old.com")).await;
    world.days(31).await;
    world.expect("210", &domain("LOOKUP", "domain=old.com")).await;
}

#[tokio::test]
async fn a_registrant_has_fifteen_days() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "")).await;
    let status = async || world.ask(&domain("GET_REGISTRANT_VERIFICATION_STATUS", "domain=example.com")).await;
    let reply = status().await;
    assert_eq!(
        (reply.item("registrant_verification_status").as_str(), reply.item("days_to_suspend").as_str()),
        ("verifying", "15")
    );
    world.expect("200", &domain("SEND_REGISTRANT_VERIFICATION_EMAIL", "domain=example.com")).await;
    world.days(16).await;
    let reply = status().await;
    assert_eq!(
        (reply.item("registrant_verification_status").as_str(), reply.item("days_to_suspend").as_str()),
        ("suspended", "-1")
    );
    world.control("POST", "/domains", &json!({ "domain": "example.com", "verified": true })).await;
    assert_eq!(status().await.item("registrant_verification_status"), "verified");
    // The same person need not prove it again.
    world.expect("200", &register("example.net", "")).await;
    assert_eq!(world.domain("example.net").await["verification"], "verified");
    world.expect("465", &domain("SEND_REGISTRANT_VERIFICATION_EMAIL", "domain=example.net")).await;
}

#[tokio::test]
async fn a_name_comes_from_elsewhere() {
    let world = World::new().await;
    let check = async |name: &str| {
        world.ask(&domain("CHECK_TRANSFER", &format!("domain={name} check_status=1 get_request_address=1"))).await
    };
    assert_eq!(
        (
            check("foreign-1.com").await.item("transferrable").as_str(),
            check("nowhere.com").await.item("transferrable").as_str()
        ),
        ("1", "0")
    );
    let refused = world.expect("487", &register("nowhere.com", "reg_type=transfer")).await;
    assert!(!refused.0.contains("forced_pending") && !refused.item("id").is_empty(), "{}", refused.0);
    world.expect("552", &register("young-1.com", "reg_type=transfer")).await;
    let started = world.expect("200", &register("foreign-1.com", "reg_type=transfer auth_info=Ab1!code")).await;
    assert_eq!(started.text(), "Transfer request has been successfully sent");
    let running = check("foreign-1.com").await;
    assert_eq!(
        (running.item("status").as_str(), running.item("reason").as_str()),
        ("pending_owner", "Transfer in progress")
    );
    assert_eq!(running.item("request_address"), "owner@example.org");
    world.days(1).await;
    assert_eq!(check("foreign-1.com").await.item("status"), "pending_registry");
    world.days(5).await;
    assert_eq!(check("foreign-1.com").await.item("status"), "completed");
    assert_eq!(world.ask(&domain("BELONGS_TO_RSP", "domain=foreign-1.com")).await.item("belongs_to_rsp"), "1");
    let orders = world.ask(&domain("GET_ORDERS_BY_DOMAIN", "domain=foreign-1.com type=transfer")).await;
    assert_eq!(orders.items("status"), ["completed"]);
    assert!(events(&world).await.iter().filter(|(object, _)| object == "TRANSFER").count() >= 3);
    assert_eq!(world.effects("domain.transfer"), ["foreign-1.com"]);
}

#[tokio::test]
async fn a_transfer_is_cancelled_and_taken_up_again() {
    let world = World::new().await;
    let order = world.expect("200", &register("foreign-2.com", "reg_type=transfer")).await.item("id");
    let transfer = |action: &str, words: &str| command(action, "TRANSFER", &items(words));
    world.expect("465", &transfer("PROCESS_TRANSFER", &format!("order_id={order} reseller=reseller1"))).await;
    let reply = world.expect("200", &transfer("CANCEL_TRANSFER", "domain=foreign-2.com reseller=reseller1")).await;
    assert_eq!(reply.text(), format!("Transfer with order id: {order} has been canceled."));
    world.expect("480", &transfer("CANCEL_TRANSFER", "domain=foreign-2.com reseller=reseller1")).await;
    let again =
        world.expect("200", &transfer("PROCESS_TRANSFER", &format!("order_id={order} reseller=reseller1"))).await;
    assert_ne!(again.item("order_id"), order);
    let list = world.expect("200", &domain("GET_TRANSFERS_IN", "domain=foreign-2.com")).await;
    assert_eq!(
        (list.item("total").as_str(), list.items("status")),
        ("2", vec!["pending_owner".to_owned(), "cancelled".into()])
    );
    let wrong = register("foreign-3.com", "reg_type=transfer auth_info=wrong-code f_bypass_confirm=1");
    world.expect("200", &wrong).await;
    world.days(6).await;
    let list = world.ask(&domain("GET_TRANSFERS_IN", "domain=foreign-3.com")).await;
    assert_eq!(list.items("status"), ["cancelled"]);
    assert_eq!(world.ask(&domain("GET_ORDERS_BY_DOMAIN", "domain=foreign-3.com")).await.items("status"), ["declined"]);
}

#[tokio::test]
async fn a_name_leaves_for_another_reseller_or_registrar() {
    let world = World::new().await;
    world.expect("200", &register("example.com", "")).await;
    let code = world.ask(&domain("GET", "domain=example.com type=domain_auth_info")).await.item("domain_auth_info");
    let to_us = register("example.com", &format!("reg_type=transfer auth_info={code} f_bypass_confirm=1"));
    assert_eq!(world.ask_as(1, &to_us).await.code(), "552", "too young");
    world.days(61).await;
    assert_eq!(world.ask_as(1, &to_us).await.code(), "200");
    world.days(6).await;
    assert_eq!(world.domain("example.com").await["account"], "reseller2");
    let away = world.ask(&domain("GET_TRANSFERS_AWAY", "domain=example.com")).await;
    assert_eq!(away.items("status"), ["completed"]);
    world.control("POST", "/domains", &json!({ "domain": "example.com", "leaves": true })).await;
    let status = world.ask_as(1, &domain("GET", "domain=example.com type=status")).await;
    assert_eq!(status.item("transfer_away_in_progress"), "1");
    world.days(6).await;
    assert_eq!(world.domain("example.com").await, Value::Null);
    world.expect("211", &domain("LOOKUP", "domain=example.com")).await;
    assert_eq!(world.effects("domain.authcode_request").len(), 0);
}

#[tokio::test]
async fn events_come_oldest_first_until_they_are_acknowledged() {
    let world = World::new().await;
    let say = async |n: u32| {
        let message = json!({ "account": "reseller1", "object": "DOMAIN", "event": "MESSAGE_STATUS_CHANGE",
            "object_data": { "domain_id": n, "domain_name": format!("example{n}.com"), "message_status": "sent" } });
        world.control("POST", "/messages", &message).await["id"].as_str().unwrap().to_owned()
    };
    let ids = [say(1).await, say(2).await, say(3).await];
    let poll = async |words: &str| world.ask(&command("POLL", "EVENT", &items(words))).await;
    assert_eq!(poll("").await.items("event_id"), ids[..1]);
    assert_eq!(poll("limit=2").await.items("event_id"), ids[..2]);
    assert_eq!(poll("limit=101").await.code(), "465");
    let ack = |id: &str| command("ACK", "EVENT", &items(&format!("event_id={id}")));
    assert_eq!(world.expect("200", &ack(&ids[1])).await.item("total"), "2");
    world.expect("480", &ack(&ids[1])).await;
    let left = poll("limit=100").await;
    assert_eq!(left.items("event_id"), [ids[0].clone(), ids[2].clone()]);
    assert_eq!(left.items("domain_name"), ["example1.com", "example3.com"]);
    assert!(ids.iter().all(|id| id.len() == 32));
    assert!(left.item("event_date").ends_with('Z'));
}
