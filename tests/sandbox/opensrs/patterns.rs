//! What names ask for.

use serde_json::json;

use super::client::*;

/// Codes a write can be answered with.
const CODES: &[&str] = &[
    "300", "310", "350", "400", "401", "404", "405", "410", "415", "420", "430", "435", "436", "437", "440", "445",
    "447", "460", "465", "470", "480", "485", "486", "487", "541", "552", "555", "557", "599", "702", "703", "704",
    "705",
];

#[tokio::test]
async fn every_code_is_one_name_away_and_nothing_happens() {
    let world = World::new().await;
    for code in CODES {
        let reply = world.expect(code, &register(&format!("code-{code}-1.com"), "")).await;
        assert!(!reply.is_success(), "{}", reply.0);
        world.expect(code, &domain("GET", &format!("domain=read-{code}.com type=all_info"))).await;
    }
    let lost = world.ask(&register("code-none-1.com", "")).await;
    assert_eq!(
        (lost.code(), lost.text()),
        (String::new(), "Registration attempt failed: Timeout reading client request".to_owned())
    );
    let retry = world.expect("400", &register("text-400-retry-1.com", "")).await;
    assert_eq!(retry.text(), "Unable to complete registration. Please retry.");
    let deferred = world.expect("300", &register("text-300-deferred-1.com", "")).await;
    assert!(deferred.is_success());
    assert!(world.sandbox.ledger().effects.is_empty());
}

#[tokio::test]
async fn once_and_done_and_renew() {
    let world = World::new().await;
    world.expect("705", &register("done-705-1.com", "")).await;
    world.expect("211", &domain("LOOKUP", "domain=done-705-1.com")).await;
    world.expect("485", &register("done-705-1.com", "")).await;
    world.expect("703", &register("once-703-1.com", "")).await;
    world.expect("210", &domain("LOOKUP", "domain=once-703-1.com")).await;
    world.expect("200", &register("once-703-1.com", "")).await;
    world.expect("200", &register("renew-541-1.com", "")).await;
    world.expect("541", &renew("renew-541-1.com", "2027")).await;
    world.expect("200", &register("update-435-1.com", "")).await;
    world.expect("435", &domain("MODIFY", "domain=update-435-1.com data=status lock_state=1")).await;
    assert_eq!(world.effects("domain.create").len(), 4);
}

#[tokio::test]
async fn a_forced_order_is_pending_whatever_the_reply_says() {
    let world = World::new().await;
    for (name, code, is_success) in
        [("forced-1.com", "200", true), ("forced-435-1.com", "435", false), ("forced-440-1.com", "440", false)]
    {
        let reply = world.expect(code, &register(name, "")).await;
        let order = reply.item("forced_pending");
        assert_eq!((reply.is_success(), order.is_empty()), (is_success, false), "{}", reply.0);
        world.expect("210", &domain("LOOKUP", &format!("domain={name}"))).await;
        world.expect("200", &domain("PROCESS_PENDING", &format!("order_id={order}"))).await;
        world.expect("211", &domain("LOOKUP", &format!("domain={name}"))).await;
    }
}

#[tokio::test]
async fn asynchronous_orders_end_by_the_clock() {
    let world = World::new().await;
    let good = world.expect("250", &register("async-1.com", "period=1")).await;
    let bad = world.expect("250", &register("async-decline-1.com", "period=1")).await;
    let gdpr = world.expect("300", &register("gdpr-1.com", "period=1")).await;
    let claim = world.expect("250", &register("claim-1.com", "period=1")).await;
    assert!(good.is_success() && bad.is_success() && gdpr.is_success() && gdpr.text().contains("GDPR"));
    assert_eq!((good.item("async_reason").as_str(), claim.item("async_reason").as_str()), ("general", "has_claim"));
    world.expect("221", &domain("LOOKUP", "domain=async-1.com")).await;
    world.expect("437", &register("async-1.com", "")).await;
    let status = async |request: &Reply| {
        let queued = format!("request_id={}", request.item("queue_request_id"));
        world.ask(&domain("QUERY_QUEUED_REQUEST", &queued)).await.item("status")
    };
    assert_eq!(status(&good).await, "waiting");
    let hold = world.ask(&command("GET_BALANCE", "BALANCE", "")).await;
    assert_eq!((hold.item("balance").as_str(), hold.item("hold_balance").as_str()), ("1000000.00", "56.80"));
    world.control("POST", "/clock", &json!({ "advance_seconds": 3601 })).await;
    assert_eq!((status(&good).await.as_str(), status(&bad).await.as_str()), ("completed", "declined"));
    let hold = world.ask(&command("GET_BALANCE", "BALANCE", "")).await;
    assert_eq!((hold.item("balance").as_str(), hold.item("hold_balance").as_str()), ("999957.40", "0.00"));
    for (name, code) in
        [("async-1.com", "211"), ("async-decline-1.com", "210"), ("gdpr-1.com", "211"), ("claim-1.com", "211")]
    {
        world.expect(code, &domain("LOOKUP", &format!("domain={name}"))).await;
    }
    let events = world.ask(&command("POLL", "EVENT", &items("limit=100"))).await;
    assert_eq!(events.items("order_status").iter().filter(|status| *status == "declined").count(), 1);
    assert_eq!(events.items("order_status").iter().filter(|status| *status == "completed").count(), 3);

    let year = world.ask(&domain("GET", "domain=async-1.com type=all_info")).await.item("expiredate")[..4].to_owned();
    world.expect("250", &renew("async-1.com", &year)).await;
    let reply = world.expect("400", &renew("async-1.com", &year)).await;
    assert!(reply.text().contains("another renewal cannot be applied"), "{}", reply.0);
    world.expect("437", &domain("MODIFY", "domain=async-1.com data=status lock_state=1")).await;
    world.control("POST", "/clock", &json!({ "advance_seconds": 3601 })).await;
    world.expect("555", &renew("async-1.com", &year)).await;
    world.expect("250", &domain("MODIFY", "domain=async-1.com data=status lock_state=1")).await;
    assert_eq!(world.domain("async-1.com").await["is_locked"], false);
    world.control("POST", "/clock", &json!({ "advance_seconds": 3601 })).await;
    assert_eq!(world.domain("async-1.com").await["is_locked"], true);
}

#[tokio::test]
async fn a_name_that_somebody_works_on_is_waited_for() {
    let world = World::new().await;
    world.expect("486", &domain("LOOKUP", "domain=wait-1.com")).await;
    world.expect("486", &register("wait-1.com", "")).await;
    world.control("POST", "/clock", &json!({ "advance_seconds": 31 })).await;
    world.expect("210", &domain("LOOKUP", "domain=wait-1.com")).await;
    world.expect("200", &register("wait-1.com", "")).await;
}
