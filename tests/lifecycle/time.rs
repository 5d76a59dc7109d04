//! What time does to domains, and how billing hears of it: the registry's clock is moved by weeks.

use registrard::model::State;
use serde_json::{Value, json};

use crate::office::{NSERVER, open};
use crate::world::{ACCOUNT, Setup, handle, job, told, until};

const FAILING: [&str; 2] = ["ns1.fail.example.net", "ns2.fail.example.net"];

fn deadline<'a>(event: &'a Value, kind: &str) -> Option<&'a str> {
    let found = event["deadlines"].as_array()?.iter().find(|deadline| deadline["kind"] == kind)?;
    found["due"].as_str()
}

/// Registered although its name servers do not answer: 30 days to mend them, a warning a week before the end.
#[tokio::test]
async fn thirty_days_to_repair_a_failed_domain() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        for domain in ["mended.example.de", "lost.example.de"].map(|name| name.replace(".example", "-example")) {
            let detail = office.domain(&domain, &FAILING).await;
            let event = &detail.events.last().unwrap().event.body["data"];
            assert!(deadline(event, "failed_domain_expiry").is_some(), "{event}");
            assert_eq!(office.status(&domain).await, "failed");
        }
        office.days(24).await;
        for object in ["domain:mended-example.de", "domain:lost-example.de"] {
            let warning = office.message(ACCOUNT, "expire_warning", object).await;
            assert!(deadline(&warning, "failed_domain_expiry").is_some(), "{warning}");
        }
        let repair = json!({ "domain": "mended-example.de", "merge": true, "nserver": NSERVER });
        office.done(ACCOUNT, "domain.update", repair).await;
        assert_eq!(office.status("mended-example.de").await, "connect");
        office.days(8).await;
        office.message(ACCOUNT, "expire", "domain:lost-example.de").await;
        assert_eq!(office.status("lost-example.de").await, "free");
        assert_eq!(office.status("mended-example.de").await, "connect");
    })
    .await;
}

/// A suspicious registration: 14 days to verify its holder, then it leaves the zone, then it is gone.
#[tokio::test]
async fn fourteen_days_to_verify_a_holder() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        let detail = office.domain("nisverificationrequired-1.de", &NSERVER).await;
        let event = &detail.events.last().unwrap().event.body["data"];
        assert!(deadline(event, "verification_before_dedelegation").is_some(), "{event}");
        assert!(deadline(event, "verification_before_deletion").is_some(), "{event}");
        let contact = format!("contact:{}", handle("MAX"));
        let told = office.message(ACCOUNT, "contact_verification_required", &contact).await;
        assert!(told["data"]["claims"].is_array(), "{told}");
        office.days(15).await;
        until("the quarantine", async || (office.status("nisverificationrequired-1.de").await == "serverHold").then_some(()))
            .await;

        let proof = json!([{
            "claims": ["name", "address"], "result": "success", "reference": "TICKET-1",
            "timestamp": "2026-11-11T15:36:21+01:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic",
        }]);
        let part = json!({ "handle": handle("MAX"), "merge": true, "verification": proof });
        office.done(ACCOUNT, "contact.update", part).await;
        until("the release", async || (office.status("nisverificationrequired-1.de").await == "connect").then_some(())).await;
    })
    .await;
}

/// Nobody verifies: deleted without a redemption period.
#[tokio::test]
async fn an_unverified_domain_is_lost() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        office.domain("nisverificationrequired-2.de", &NSERVER).await;
        office.days(60).await;
        let told = office.message(ACCOUNT, "domain_delete", "domain:nisverificationrequired-2.de").await;
        assert!(told["data"]["messages"][0]["arguments"][0].as_str().unwrap().contains("no verification"), "{told}");
        assert_eq!(office.status("nisverificationrequired-2.de").await, "free");
    })
    .await;
}

/// The registry assesses for a while: the job is pending, and its message ends it.
#[tokio::test]
async fn a_message_ends_a_pending_registration() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        let params = json!({ "domain": "nispendingcreate-1.de", "holder": [handle("MAX")], "nserver": NSERVER });
        let ids = office.world.submit(&[job(ACCOUNT, "domain.create", params)]).await;
        until("a pending job", async || (office.world.job(ids[0]).await.job.state == State::Pending).then_some(())).await;
        let update = json!({ "account": ACCOUNT, "type": "domainStatusUpdate", "domain": "nispendingcreate-1.de", "status": "connect" });
        office.control("POST", "/messages", update).await;
        let detail = office.world.succeeded(ids[0]).await;
        assert_eq!(told(&detail), ["job.pending", "job.succeeded"]);
        let message = office.message(ACCOUNT, "domain_status_update", "domain:nispendingcreate-1.de").await;
        assert_eq!(message["ended"], json!([ids[0]]));
        assert_eq!(office.status("nispendingcreate-1.de").await, "connect");
    })
    .await;
}

/// A deleted name comes back to everybody on the day after thirty days, unless somebody restores it.
#[tokio::test]
async fn thirty_days_of_redemption() {
    open(Setup::new(), async |office| {
        office.contact("MAX", json!({})).await;
        office.domain("example.de", &NSERVER).await;
        office.done(ACCOUNT, "domain.delete", json!({ "domain": "example.de" })).await;
        office.days(29).await;
        assert_eq!(office.status("example.de").await, "redemptionPeriod");
        let params = json!({ "domain": "example.de", "holder": [handle("MAX")], "nserver": NSERVER });
        assert_eq!(office.refused(ACCOUNT, "domain.create", params.clone(), "failed").await, "56310082011");
        office.days(3).await;
        assert_eq!(office.status("example.de").await, "free");
        office.done(ACCOUNT, "domain.create", params).await;
    })
    .await;
}

/// Protocols before 5.0 do not know what is still being assessed, and call it failed; nobody may try to repair that.
#[tokio::test]
async fn before_protocol_5_a_domain_under_assessment_is_called_failed() {
    open(Setup::new().set("protocol", json!("4.0")), async |office| {
        office.contact("MAX", json!({})).await;
        let detail = office.domain("nispendingcreate-2.de", &NSERVER).await;
        assert_eq!(told(&detail), ["job.succeeded"]);
        let seen = office.info(ACCOUNT, "nispendingcreate-2.de").await;
        assert_eq!((&seen["status"], &seen["expire"]), (&json!("failed"), &Value::Null), "no date: nothing to repair");
    })
    .await;
}
