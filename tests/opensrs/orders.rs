//! Orders that are not done when they are answered: kept ones, those an asynchronous registry works on, transfers.

use registrard::model::State;
use serde_json::json;

use crate::control;
use crate::office::{Office, open};
use crate::params::{registration, transfer, with};
use crate::world::{Place, RESELLER, Setup, job, until};

async fn kept_orders(place: Place) {
    open(Setup::at(place), async |office| {
        let kept = |domain: &str| with(registration(domain), json!({ "save": true }));
        for domain in ["one.com", "two.com", "three.com"] {
            office.done(RESELLER, "domain.create", kept(domain)).await;
        }
        let number = async |domain: &str| {
            let orders = office.shown("domain.info", json!({ "domain": domain, "question": "orders" })).await;
            orders["orders"][0]["id"].as_str().unwrap().to_owned()
        };
        let one = number("one.com").await;
        let seen = office.shown("order.info", json!({ "order": one })).await;
        assert_eq!(seen["field_hash"]["domain"], "one.com");
        office.done(RESELLER, "order.process", json!({ "order": one })).await;
        office.done(RESELLER, "order.cancel", json!({ "order": number("two.com").await })).await;
        let day = office.control("POST", "/clock", json!({ "advance_seconds": 60 })).await;
        println!("{day}");
        office
            .done(RESELLER, "order.cancel", json!({ "all_until": "2040-01-01T00:00:00Z", "status": ["pending"] }))
            .await;

        let ours = async |domain: &str| {
            office.shown("domain.check", json!({ "domain": domain, "question": "ours" })).await["belongs_to_rsp"]
                .clone()
        };
        assert_eq!(
            (ours("one.com").await, ours("two.com").await, ours("three.com").await),
            (json!("1"), json!("0"), json!("0"))
        );
        let again = office.refused(RESELLER, "order.process", json!({ "order": one }), "failed").await;
        assert_eq!(again, "465");
    })
    .await;
}

/// Orders a job until the registry has taken it and works on it.
async fn taken(office: &Office, operation: &str, params: serde_json::Value) -> registrard::model::JobId {
    let ids = office.world.submit(&[job(RESELLER, operation, params)]).await;
    until("an order that was taken", async || {
        let detail = office.world.job(ids[0]).await;
        (detail.job.state == State::Pending).then_some(())
    })
    .await;
    ids[0]
}

async fn asynchronous(place: Place) {
    open(Setup::at(place), async |office| {
        let done = taken(office, "domain.create", registration("async-a.com")).await;
        let agreed = taken(office, "domain.create", registration("gdpr-b.com")).await;
        let declined = taken(office, "domain.create", registration("async-decline-c.com")).await;
        let moved = taken(office, "domain.transfer", transfer("foreign-d.com")).await;
        control::days(office.control_url(), 20).await;
        for id in [done, agreed, moved] {
            office.world.succeeded(id).await;
        }
        let detail = office.world.end_of(declined).await;
        assert_eq!(detail.job.state, State::Failed, "{:?}", detail.job.reason);
        for domain in ["async-a.com", "gdpr-b.com", "foreign-d.com"] {
            let seen = office.shown("domain.check", json!({ "domain": domain, "question": "ours" })).await;
            assert_eq!(seen["belongs_to_rsp"], "1", "{domain}");
        }
        office.message(RESELLER, "order_status_change", "domain:async-a.com").await;
        let queue = async || {
            let (_, objects) = control::request(office.control_url(), "GET", "/objects", &json!(null)).await;
            objects["opensrs"]["events"].as_array().is_none_or(Vec::is_empty).then_some(())
        };
        until("all events acknowledged", queue).await;
    })
    .await;
}

async fn a_transfer_is_cancelled(place: Place) {
    open(Setup::at(place), async |office| {
        let moved = taken(office, "domain.transfer", transfer("foreign-e.com")).await;
        let cancel = json!({ "domain": "foreign-e.com", "transfer": true });
        office.done(RESELLER, "order.cancel", cancel).await;
        let detail = office.world.end_of(moved).await;
        assert_eq!(detail.job.state, State::Failed, "{:?}", detail.job.reason);
        let seen = office.shown("account.info", json!({ "question": "transfers_in" })).await;
        assert_eq!(seen["transfers"][0]["status"], "cancelled");
    })
    .await;
}

#[tokio::test]
async fn kept_orders_over_https() {
    kept_orders(Place::OpensrsByHttps).await;
}

#[tokio::test]
async fn kept_orders_over_tcp() {
    kept_orders(Place::OpensrsByTcp).await;
}

#[tokio::test]
async fn orders_that_take_their_time_over_https() {
    asynchronous(Place::OpensrsByHttps).await;
}

#[tokio::test]
async fn orders_that_take_their_time_over_tcp() {
    asynchronous(Place::OpensrsByTcp).await;
}

#[tokio::test]
async fn a_transfer_that_is_called_back() {
    a_transfer_is_cancelled(Place::OpensrsByHttps).await;
}
