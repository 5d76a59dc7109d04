//! What the interface never does: the order waits for a human, who is told what to do and can have it written as an e-mail.

use std::path::Path;

use jiff::Timestamp;
use registrard::config::Letters;
use registrard::store::JobDetail;
use serde_json::{Value, json};

use crate::office::{NSERVER, Office, open};
use crate::world::{ACCOUNT, Setup, handle, job, told};

/// While the test key can be used.
fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// What a command of the operator prints.
async fn operator(office: &Office, line: &[&str]) -> String {
    let world = &office.world;
    let passphrase = world.directory().join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    let mut config = world.config.clone();
    config.accounts.get_mut(ACCOUNT).unwrap().mail = Some(Letters {
        key_file: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openpgp/good.asc"),
        passphrase_file: Some(passphrase),
        from: "Registrar Desk <desk@registrar.example>".into(),
        to: Some("orders@registry.example".into()),
        subject: "{operation} {object}".into(),
    });
    office.operator(&config, now(), line).await
}

/// Has a job tried that only a human can have done.
async fn left_to_people(office: &Office, operation: &str, params: Value) -> JobDetail {
    let ids = office.world.submit(&[job(ACCOUNT, operation, params)]).await;
    let detail = office.world.end_of(ids[0]).await;
    assert_eq!(detail.job.state.word(), "needs_attention", "{:?}", detail.job.reason);
    assert_eq!(detail.attempts[0].cause.as_deref(), Some("by_hand"));
    assert_eq!(told(&detail), ["job.needs_attention"]);
    assert_eq!(detail.events[0].event.body["data"]["reason"], json!(detail.job.reason));
    detail
}

/// The .eml of a job, its lines whole again.
async fn eml(office: &Office, detail: &JobDetail) -> String {
    let file = office.world.directory().join(format!("{}.eml", detail.job.id));
    operator(office, &["orders", "mail", &detail.job.id.to_string(), "--out", file.to_str().unwrap()]).await;
    let mail = std::fs::read_to_string(file).unwrap();
    assert!(mail.contains("multipart/signed") && mail.contains("-----BEGIN PGP SIGNATURE-----"), "{mail}");
    mail.replace("=\r\n", "")
}

#[tokio::test]
async fn a_locked_domain_is_ordered_as_a_whole() {
    for format in ["kv", "xml"] {
        open(Setup::new().set("format", json!(format)), async |office| {
            office.contact("MAX", json!({})).await;
            let abuse =
                json!({ "handle": handle("ABUSE"), "type": "REQUEST", "uri_template": "mailto:abuse@example.de" });
            office.done(ACCOUNT, "contact.create", abuse).await;
            let create = json!({ "domain": "example.de", "holder": [handle("MAX")], "nserver": NSERVER,
                "abuse_contact": handle("ABUSE") });
            office.done(ACCOUNT, "domain.create", create).await;
            office.control("POST", "/domains", json!({ "domain": "example.de", "is_locked": true })).await;
            assert_eq!(office.info(ACCOUNT, "example.de").await["registry_lock"], true);

            let part =
                json!({ "domain": "example.de", "merge": true, "nserver": ["ns3.example.net", "ns4.example.net"] });
            let detail = left_to_people(office, "domain.update", part).await;
            assert!(detail.job.reason.as_deref().unwrap().contains("orders mail"), "{:?}", detail.job.reason);
            let mail = eml(office, &detail).await;
            let order = format!(
                "\r\nAction: UPDATE\r\nDomain: example.de\r\nHolder: {}\r\nAbuseContact: {}\r\n\
                 Nserver: ns3.example.net\r\nNserver: ns4.example.net\r\n",
                handle("MAX"),
                handle("ABUSE")
            );
            assert!(mail.contains(&order), "{order} is not in {mail}");
            let transaction = detail.job.transaction.as_deref().unwrap();
            assert!(mail.contains(&format!("message 53000080009 to transaction {transaction}")), "{mail}");
            let shown = operator(office, &["jobs", "show", &detail.job.id.to_string()]).await;
            assert!(shown.contains("as a whole: ") && shown.contains(&handle("ABUSE")), "{shown}");
            let id = detail.job.id.to_string();
            operator(office, &["jobs", "dismiss", &id, "--because", "ordered in writing"]).await;

            // An operator's own words go as they are.
            let request = "Version: 5.0\nAction: DELETE\nDomain: example.de";
            let detail = left_to_people(office, "raw", json!({ "request": request })).await;
            let mail = eml(office, &detail).await;
            assert!(mail.contains("\r\n\r\nAction: DELETE\r\nDomain: example.de\r\n\r\n"), "{mail}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_disputed_domain_keeps_its_holder() {
    open(Setup::new(), async |office| {
        for name in ["MAX", "ERIKA"] {
            office.contact(name, json!({})).await;
        }
        office.domain("example.de", &NSERVER).await;
        let entry = json!({ "domain": "example.de", "dispute": "DENIC-1000000-CLAIMANT" });
        office.control("POST", "/domains", entry).await;

        let part = json!({ "domain": "example.de", "merge": true, "holder": [handle("ERIKA")] });
        let detail = left_to_people(office, "domain.change_holder", part).await;
        let reason = detail.job.reason.as_deref().unwrap();
        for part in ["DISPUTE", "another holder", "evidence", "orders mail"] {
            assert!(reason.contains(part), "{part:?} is missing in {reason}");
        }
        let mail = eml(office, &detail).await;
        let order = format!("\r\nAction: CHHOLDER\r\nDomain: example.de\r\nHolder: {}\r\nNserver: ", handle("ERIKA"));
        assert!(mail.contains(&order) && mail.contains("message 53000080011"), "{mail}");
        let id = detail.job.id.to_string();
        operator(office, &["jobs", "dismiss", &id, "--because", "the registry said no"]).await;

        // Nor does the holder become another by a change of its contact; its e-mail address is free.
        let moved = json!({ "handle": handle("MAX"), "merge": true, "city": "Ulm" });
        let detail = left_to_people(office, "contact.update", moved).await;
        assert!(detail.job.reason.as_deref().unwrap().contains("verification"), "{:?}", detail.job.reason);
        let mail = eml(office, &detail).await;
        for line in ["\r\nAction: UPDATE\r\n", "\r\nName: Max Mustermann\r\n", "\r\nCity: Ulm\r\n"] {
            assert!(mail.contains(line), "{line:?} is missing in {mail}");
        }
        let id = detail.job.id.to_string();
        operator(office, &["jobs", "dismiss", &id, "--because", "the holder did not move"]).await;
        let mail = json!({ "handle": handle("MAX"), "merge": true, "email": ["moritz@example.de"] });
        office.done(ACCOUNT, "contact.update", mail).await;

        // The technical data are free, too.
        let part = json!({ "domain": "example.de", "merge": true, "nserver": ["ns3.example.net", "ns4.example.net"] });
        office.done(ACCOUNT, "domain.update", part).await;
        let seen = office.info(ACCOUNT, "example.de").await;
        assert_eq!(seen["nserver"], json!(["ns3.example.net", "ns4.example.net"]));
        assert_eq!(seen["holder"], json!([handle("MAX")]));

        // Deleted, it is the claimant's at once, and the event says so.
        let detail = office.done(ACCOUNT, "domain.delete", json!({ "domain": "example.de" })).await;
        let data = &detail.events.last().unwrap().event.body["data"];
        let codes: Vec<_> = data["answer"]["messages"].as_array().unwrap().iter().map(|m| &m["code"]).collect();
        assert!(codes.contains(&&json!("13350000001")), "{data}");
        assert_eq!(office.info(ACCOUNT, "example.de").await["reg_acc"]["id"], "DENIC-1000000");
        let brought_back = job(ACCOUNT, "domain.restore", json!({ "domain": "example.de" }));
        let ids = office.world.submit(&[brought_back]).await;
        assert_eq!(office.world.end_of(ids[0]).await.job.state.word(), "failed", "there is no redemption period");
    })
    .await;
}
