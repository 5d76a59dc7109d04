//! Orders that are not done when they are answered: kept ones, those an asynchronous registry works on, transfers.

use registrard::model::State;
use serde_json::{Value, json};

use crate::control;
use crate::office::{Office, open};
use crate::params::{registration, transfer, with};
use crate::table::Lived;
use crate::world::{Place, RESELLER, Setup, job, until};

pub async fn kept_orders(place: Place, lived: &Lived) {
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
        lived.note(office).await;
    })
    .await;
}

/// Orders a job until the registry has taken it and works on it.
pub async fn taken(office: &Office, operation: &str, params: serde_json::Value) -> registrard::model::JobId {
    let ids = office.world.submit(&[job(RESELLER, operation, params)]).await;
    until("an order that was taken", async || {
        let detail = office.world.job(ids[0]).await;
        (detail.job.state == State::Pending).then_some(())
    })
    .await;
    ids[0]
}

pub async fn asynchronous(place: Place, lived: &Lived) {
    open(Setup::at(place), async |office| {
        let done = taken(office, "domain.create", registration("async-a.com")).await;
        let agreed = taken(office, "domain.create", registration("gdpr-b.com")).await;
        let declined = taken(office, "domain.create", registration("async-decline-c.com")).await;
        let moved = taken(office, "domain.transfer", transfer("foreign-d.com")).await;
        // From what was told first: the job itself shows what the registry was last seen to say.
        let told = office.world.job(done).await.events.into_iter().map(|row| row.event.body["data"]["answer"].clone());
        let queued = told.map(|answer| answer["data"]["queue_request_id"].clone()).find(Value::is_string).unwrap();
        let status = async || office.shown("order.info", json!({ "queue_request_id": queued })).await["status"].clone();
        assert_eq!(status().await, "waiting");
        let seen = office.shown("account.info", json!({ "question": "transfers_in" })).await;
        assert_eq!(seen["transfers"][0]["status"], "pending_owner", "{seen}");
        office.days(20).await;
        assert_eq!(status().await, "completed");
        for id in [done, agreed, moved] {
            office.world.succeeded(id).await;
        }
        // Questions about the name itself wait until the transfer is over.
        let coming = json!({ "domain": "foreign-d.com", "question": "transfers_in" });
        assert_eq!(office.shown("domain.info", coming).await["transfers"][0]["status"], "completed");
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
        lived.note(office).await;
    })
    .await;
}

pub async fn a_transfer_is_cancelled_and_begun_anew(place: Place, lived: &Lived) {
    open(Setup::at(place), async |office| {
        let moved = taken(office, "domain.transfer", transfer("foreign-e.com")).await;
        let cancel = json!({ "domain": "foreign-e.com", "transfer": true });
        office.done(RESELLER, "order.cancel", cancel).await;
        let detail = office.world.end_of(moved).await;
        assert_eq!(detail.job.state, State::Failed, "{:?}", detail.job.reason);
        let seen = office.shown("account.info", json!({ "question": "transfers_in" })).await;
        assert_eq!(seen["transfers"][0]["status"], "cancelled");
        let again = json!({ "order": seen["transfers"][0]["order_id"], "transfer": true });
        let again = taken(office, "order.process", again).await;
        office.days(20).await;
        office.world.succeeded(again).await;
        let seen = office.shown("domain.check", json!({ "domain": "foreign-e.com", "question": "ours" })).await;
        assert_eq!(seen["belongs_to_rsp"], "1");
        lived.note(office).await;
    })
    .await;
}
