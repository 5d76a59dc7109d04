//! DISPUTE entries and the registry lock: what they forbid.

use registrard::sandbox::DenicOptions;
use serde_json::json;

use crate::client::World;
use crate::twin::{FORMATS, Session, data, furnish, person};

const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
const DISPUTED: &str = "53000080011";
const CONNECTED: &str = "53000080013";

async fn start(is_xml: bool) -> (World, Session, Session) {
    let world = World::today(DenicOptions::default()).await;
    let (mut one, mut two) = (Session::open(&world, 0, is_xml).await, Session::open(&world, 1, is_xml).await);
    furnish(&mut one, 0).await;
    furnish(&mut two, 1).await;
    one.done(&format!("Action: CREATE\n{}", data(0, "example.de", "MAX")), &[CONNECTED]).await;
    (world, one, two)
}

#[tokio::test]
async fn a_dispute_freezes_the_holder() {
    for is_xml in FORMATS {
        let (world, mut one, mut two) = start(is_xml).await;
        world.mark(json!({ "domain": "example.de", "dispute": "DENIC-1000000-CLAIMANT" })).await;
        let shown = one.info("example.de").await.text;
        assert!(shown.contains(if is_xml { "<domain:disputeData/>" } else { "\n[Dispute]\n" }), "{shown}");
        let foreign = two.info("example.de").await.text;
        assert!(!foreign.to_lowercase().contains("dispute"), "{foreign}");
        let contact = one.done("Action: INFO\nHandle: DENIC-1000001-MAX", &[]).await;
        assert_eq!(contact.shown("DisputeReference").as_deref(), Some("true"));
        let contact = one.done("Action: INFO\nHandle: DENIC-1000001-MIA", &[]).await;
        assert_eq!(contact.shown("DisputeReference"), None);

        let max = person(0, "MAX");
        for frozen in [
            max.replace("Beispielweg 1", "Beispielweg 2"),
            max.replace("60596", "60597"),
            max.replace("Frankfurt am Main", "Ulm"),
            max.replace("Code: DE", "Code: FR"),
            max.replace("PERSON", "ORG"),
            max.clone() + "\nOrganisation: Example GmbH",
        ] {
            one.refused(&format!("Action: UPDATE\n{frozen}"), &[DISPUTED]).await;
        }
        one.done(&format!("Action: UPDATE\n{}", max.replace("max@", "mia@")), &[]).await;
        one.done(&format!("Action: UPDATE\n{}", data(0, "example.de", "MAX").replace("ns2.", "ns3.")), &[CONNECTED])
            .await;
        for own in ["MIA", "MAX"] {
            one.refused(&format!("Action: CHHOLDER\n{}", data(0, "example.de", own)), &[DISPUTED]).await;
        }

        // Another registrar may have it, the same holder has to keep it.
        one.done(&format!("Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: {HASH}"), &[]).await;
        let other = person(1, "NEW").replace("Max", "Moritz");
        two.done(&format!("Action: CREATE\n{other}"), &[]).await;
        let take = |own| format!("Action: CHPROV\n{}\nAuthInfo: SupermanistSuper", data(1, "example.de", own));
        two.refused(&take("NEW"), &[DISPUTED]).await;
        two.done(&take("MAX"), &[CONNECTED]).await;
        assert!(two.info("example.de").await.text.to_lowercase().contains("dispute"));
    }
}

#[tokio::test]
async fn who_disputes_a_domain_gets_it_when_it_is_deleted() {
    for is_xml in FORMATS {
        let (world, mut one, _two) = start(is_xml).await;
        world.mark(json!({ "domain": "example.de", "dispute": "DENIC-1000000-CLAIMANT" })).await;
        one.done("Action: DELETE\nDomain: example.de", &["13350000001"]).await;
        let shown = one.info("example.de").await;
        assert_eq!(shown.shown("RegAccId").as_deref(), Some("DENIC-1000000"));
        assert_eq!(shown.shown("Status").as_deref(), Some("connect"));
        one.refused("Action: RESTORE\nDomain: example.de", &["63300022003"]).await;
        one.refused(&format!("Action: CREATE\n{}", data(0, "example.de", "MAX")), &["63310062004"]).await;
    }
}

#[tokio::test]
async fn a_lock_refuses_what_changes_and_shows_itself() {
    for is_xml in FORMATS {
        let (world, mut one, mut two) = start(is_xml).await;
        assert_eq!(one.info("example.de").await.shown("RegistryLock"), None);
        world.mark(json!({ "domain": "example.de", "is_locked": true })).await;
        assert_eq!(two.info("example.de").await.shown("RegistryLock").as_deref(), Some("true"));
        let plain = data(0, "example.de", "MAX");
        let gr = "Handle: DENIC-1000001-GR\nType: REQUEST\nUri-Template: mailto:gr@example.org";
        for text in [
            format!("Action: UPDATE\n{plain}"),
            format!("Action: CHHOLDER\n{plain}"),
            "Action: DELETE\nDomain: example.de".into(),
            "Action: TRANSIT\nDomain: example.de".into(),
            format!("Action: UPDATE\n{}", person(0, "MAX")),
            format!("Action: UPDATE\n{gr}"),
        ] {
            one.refused(&text, &["53000080009"]).await;
        }
        one.done(&format!("Action: UPDATE\n{}", person(0, "MIA")), &[]).await;
        one.done(&format!("Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: {HASH}"), &[]).await;
        let take = format!("Action: CHPROV\n{}\nAuthInfo: SupermanistSuper", data(1, "example.de", "MAX"));
        two.refused(&take, &["53000080009"]).await;
    }
}
