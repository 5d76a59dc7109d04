//! What the registry does by itself becomes events, once each.

use registrard::sandbox::Quirk;
use serde_json::json;

use crate::life::{ACE, DOMAIN, registration};
use crate::office::open;
use crate::world::{OTHER_SIGNER, Place, SIGNER, Setup};

#[tokio::test]
async fn an_automatic_renewal_is_told() {
    open(Setup::at(Place::NzSrs), async |office| {
        office.done(SIGNER, "domain.create", registration(DOMAIN)).await;
        office.days(400).await;
        let event = office.message(SIGNER, "domain_renewed", &format!("domain:{ACE}")).await;
        assert!(event["id"].as_str().unwrap().contains("RenewDomains"), "{event}");
        assert_eq!(event["deadlines"][0]["kind"], "domain_expiry", "{event}");
    })
    .await;
}

/// One that cannot be acknowledged is told all the same, and so is what comes after it.
#[tokio::test]
async fn a_message_without_an_id_stands_in_nobodys_way() {
    let mut setup = Setup::at(Place::NzSrs);
    setup.nz_srs.quirks.insert(Quirk::NoTransId);
    open(setup, async |office| {
        office.done(SIGNER, "domain.create", registration(DOMAIN)).await;
        office.days(6).await;
        let code = office.done(SIGNER, "domain.authcode_create", json!({ "domain": DOMAIN })).await.job;
        let udai = crate::udai(&office.world, &code);
        office.done(OTHER_SIGNER, "domain.transfer", json!({ "domain": DOMAIN, "auth_info": udai })).await;
        let event = office.message(SIGNER, "transferred_away", &format!("domain:{ACE}")).await;
        assert!(event["id"].as_str().unwrap().starts_with("fe:"), "{event}");
        office.done(SIGNER, "domain.create", registration("example.co.nz")).await;
        office.message(SIGNER, "domain_created", "domain:example.co.nz").await;
        // The operator empties the queue.
        let reset = json!({ "request": "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\"><ResetMsgQ/></NZSRSRequest>" });
        office.done(SIGNER, "raw", reset).await;
    })
    .await;
}
