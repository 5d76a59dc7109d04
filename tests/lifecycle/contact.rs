//! Contacts: what is created can be checked, read, changed as a whole or in part, and is never changed by accident.

use registrard::daemon;
use registrard::job::intake::{self, Submission};
use registrard::model::Operation;
use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::{Office, open};
use crate::world::{ACCOUNT, Setup, World, contact_create, handle, job, play};

fn verified(result: &str) -> Value {
    json!([{
        "claims": ["name", "address"], "result": result, "reference": "TICKET-1",
        "timestamp": "2026-11-11T15:36:21+01:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic",
    }])
}

async fn shown(office: &Office) -> Value {
    office.done(ACCOUNT, "contact.info", json!({ "handle": handle("MAX") })).await.job.answer.unwrap().data
}

async fn a_contacts_life(format: &str, protocol: &str) {
    let setup = Setup::new().set("format", json!(format)).set("protocol", json!(protocol));
    open(setup, async |office| {
        let check = async || {
            let seen = office.done(ACCOUNT, "contact.check", json!({ "handle": handle("MAX") })).await;
            seen.job.answer.unwrap().data["status"].as_str().unwrap().to_owned()
        };
        assert_eq!(check().await, "free");
        office.contact("MAX", json!({ "organisation": "Example GmbH" })).await;
        assert_eq!(check().await, "exist");
        assert_eq!(shown(office).await["organisation"], json!(["Example GmbH"]));

        // Stated as a whole: what is left out is gone.
        let mut whole = contact_create("MAX")["params"].clone();
        whole["city"] = json!("Berlin");
        whole["postal_code"] = json!("10115");
        office.done(ACCOUNT, "contact.update", whole).await;
        let seen = shown(office).await;
        assert_eq!((&seen["city"], &seen["organisation"]), (&json!("Berlin"), &Value::Null));

        if protocol == "5.0" {
            in_part(office).await;
        }
        let effects = office.world.sandbox.ledger().effects;
        let updates = effects.iter().filter(|effect| effect.kind == "contact.update").count();
        assert_eq!(updates, if protocol == "5.0" { 6 } else { 1 }, "each change once");
    })
    .await;
}

/// Stated in part. Protocols before 5.0 do not show a contact as a whole, so there it cannot be done.
async fn in_part(office: &Office) {
    let update = async |mut part: Value| {
        part["handle"] = json!(handle("MAX"));
        part["merge"] = json!(true);
        office.done(ACCOUNT, "contact.update", part).await
    };
    // What is left out stays, and what is empty goes.
    let detail = update(json!({ "phone": "+49.30123456", "organisation": "Example AG" })).await;
    assert_eq!(detail.attempts.len(), 1, "the question belongs to the attempt");
    let seen = shown(office).await;
    assert_eq!((&seen["city"], &seen["phone"]), (&json!("Berlin"), &json!("+49.30123456")));
    assert_eq!(seen["organisation"], json!(["Example AG"]));
    update(json!({ "organisation": [] })).await;
    assert_eq!(shown(office).await["organisation"], Value::Null);

    // A name is for ever; the registry says so.
    let part = json!({ "handle": handle("MAX"), "merge": true, "name": "Erika Mustermann" });
    assert_eq!(office.refused(ACCOUNT, "contact.update", part, "failed").await, "63220080801");

    update(json!({ "verification": verified("success") })).await;
    update(json!({ "phone": "+49.30123457" })).await;
    assert_eq!(shown(office).await["verification"][0]["reference"], "TICKET-1", "a merge keeps what it read");

    let request = json!({ "handle": handle("ABUSE"), "type": "REQUEST", "uri_template": "mailto:abuse@example.de" });
    office.done(ACCOUNT, "contact.create", request).await;
    let part = json!({ "handle": handle("ABUSE"), "merge": true, "uri_template": "https://example.de/?d={Alabel}" });
    office.done(ACCOUNT, "contact.update", part).await;
}

#[tokio::test]
async fn in_key_value() {
    a_contacts_life("kv", "5.0").await;
}

#[tokio::test]
async fn in_xml() {
    a_contacts_life("xml", "5.0").await;
}

#[tokio::test]
async fn in_the_protocol_before() {
    a_contacts_life("xml", "4.0").await;
}

/// The question of a merge is lost: nothing was written, and nothing is in doubt.
#[tokio::test]
async fn a_lost_question_is_no_doubt() {
    let setup = Setup::new().fault("cut_after:action=contact.info,nth=1");
    open(setup, async |office| {
        office.contact("MAX", json!({})).await;
        let part = json!({ "handle": handle("MAX"), "merge": true, "city": "Berlin", "postal_code": "10115" });
        let detail = office.done(ACCOUNT, "contact.update", part).await;
        let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect();
        assert_eq!(causes, ["deferred", "done"]);
        assert_eq!(office.world.requests_for(ACCOUNT, "contact.update").len(), 1);
    })
    .await;
}

/// The write of a merge is lost after it counted: asked about, found, never written twice.
#[tokio::test]
async fn a_lost_write_is_asked_about() {
    let setup = Setup::new().fault("cut_after:action=contact.update,nth=1");
    open(setup, async |office| {
        office.contact("MAX", json!({})).await;
        let part = json!({ "handle": handle("MAX"), "merge": true, "city": "Berlin", "postal_code": "10115" });
        let detail = office.done(ACCOUNT, "contact.update", part).await;
        let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect();
        // On a machine that stalls for longer than a lease, an attempt may end before its request was sent.
        assert_eq!(causes.last(), Some(&"found_applied"), "{causes:?}");
        assert_eq!(office.world.requests_for(ACCOUNT, "contact.update").len(), 1);
    })
    .await;
}

/// What a job would send is said before it is taken in.
#[tokio::test]
async fn a_change_in_part_says_so_in_its_plan() {
    play(Kind::Sqlite, Setup::new(), async |world: World| {
        let part = json!({ "handle": handle("MAX"), "merge": true, "phone": "+49.30123456" });
        let jobs = [job(ACCOUNT, "contact.update", part), contact_create("MAX")];
        let gate = daemon::gate(&world.config, &daemon::accounts(&world.config).unwrap()).unwrap();
        let items = jobs.map(|job| Submission { job, batch: None });
        let report = intake::submit(&gate, &*world.database.store, &items, true).await.unwrap();
        let plans: Vec<_> = report.into_iter().map(|one| one.plan).collect();
        assert_eq!(plans[0], [Operation::ContactInfo, Operation::ContactUpdate]);
        assert_eq!(plans[1], [Operation::ContactCreate]);
    })
    .await;
}
