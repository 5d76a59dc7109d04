//! AuthInfos, and domains that change hands with them.

use serde_json::{Value, json};

use crate::office::{NSERVER, Office, open};
use crate::world::{ACCOUNT, OTHER, Setup, contact_create};

const PASSWORD: &str = "SupermanistSuper";

fn at_other(name: &str) -> String {
    format!("{OTHER}-{name}")
}

/// A world where the other account has a contact, too, and [`ACCOUNT`] a domain.
async fn two_registrars(office: &Office) {
    office.contact("MAX", json!({})).await;
    let mut params = contact_create("MAX")["params"].clone();
    params["handle"] = json!(at_other("MAX"));
    office.done(OTHER, "contact.create", params).await;
    office.domain("example.de", &NSERVER).await;
}

fn takeover(password: &str) -> Value {
    json!({ "domain": "example.de", "holder": [at_other("MAX")], "nserver": NSERVER, "auth_info": password })
}

async fn a_transfer_with_the_registrars_password(format: &str) {
    open(Setup::new().set("format", json!(format)), async |office| {
        two_registrars(office).await;
        let check = json!({ "domain": "example.de", "auth_info": PASSWORD });
        office.refused(OTHER, "domain.authcode_check", check.clone(), "failed").await;
        office.done(ACCOUNT, "domain.authcode_create", json!({ "domain": "example.de", "auth_info": PASSWORD })).await;
        assert!(office.info(ACCOUNT, "example.de").await["auth_info1"].is_string(), "its expiry is shown");
        office.done(OTHER, "domain.authcode_check", check).await;

        // Taken back, and given again.
        office.done(ACCOUNT, "domain.authcode_delete", json!({ "domain": "example.de" })).await;
        assert_eq!(office.info(ACCOUNT, "example.de").await["auth_info1"], Value::Null);
        office.done(ACCOUNT, "domain.authcode_create", json!({ "domain": "example.de", "auth_info": PASSWORD })).await;

        let wrong = takeover("SupermanistZuper");
        assert_eq!(office.refused(OTHER, "domain.transfer", wrong, "failed").await, "63370088701");
        let detail = office.done(OTHER, "domain.transfer", takeover(PASSWORD)).await;
        assert_eq!(office.info(OTHER, "example.de").await["holder"], json!([at_other("MAX")]));
        let told = office.message(ACCOUNT, "transferred_away", "domain:example.de").await;
        assert_eq!((&told["data"]["chprov_to"], &told["data"]["chprov_from"]), (&json!(OTHER), &json!(ACCOUNT)));

        let everything = format!("{detail:?} {told}");
        assert!(!everything.contains("\"SupermanistSuper\"") || !told.to_string().contains(PASSWORD));
        assert!(!detail.events.iter().any(|row| row.event.body.to_string().contains(PASSWORD)), "secrets never leave");
    })
    .await;
}

#[tokio::test]
async fn in_key_value() {
    a_transfer_with_the_registrars_password("kv").await;
}

#[tokio::test]
async fn in_xml() {
    a_transfer_with_the_registrars_password("xml").await;
}

/// The registry writes to the holder; whoever has the letter takes the domain over.
#[tokio::test]
async fn a_transfer_with_the_registrys_letter() {
    open(Setup::new(), async |office| {
        two_registrars(office).await;
        office.done(OTHER, "domain.authcode_request", json!({ "domain": "example.de" })).await;
        office.message(ACCOUNT, "authinfo2_notify", "domain:example.de").await;
        let again = json!({ "domain": "example.de" });
        assert_eq!(office.refused(OTHER, "domain.authcode_request", again, "failed").await, "63393068704");
        let effects = office.world.sandbox.ledger().effects;
        let effect = effects.iter().find(|effect| effect.kind == "domain.create_authinfo2").unwrap();
        let letter = effect.detail.clone().expect("the letter");
        office.done(OTHER, "domain.transfer", takeover(&letter)).await;
        office.message(ACCOUNT, "transferred_away", "domain:example.de").await;
    })
    .await;
}

/// A password that nobody uses ends after 30 days, and the registry says so.
#[tokio::test]
async fn a_password_expires() {
    open(Setup::new(), async |office| {
        two_registrars(office).await;
        office.done(ACCOUNT, "domain.authcode_create", json!({ "domain": "example.de", "auth_info": PASSWORD })).await;
        office.days(32).await;
        office.message(ACCOUNT, "authinfo_expire", "domain:example.de").await;
        assert_eq!(office.info(ACCOUNT, "example.de").await["auth_info1"], Value::Null);
    })
    .await;
}
