//! The requests that change contacts and domains, each through its life, in both formats.

use registrard::sandbox::DenicOptions;
use serde_json::json;

use crate::client::World;
use crate::twin::{FORMATS, Session, data, furnish, person};

const CONNECTED: &str = "53000080013";
const BROKEN: [&str; 2] = ["53300102912", "56300108812"];
const STILL_BROKEN: [&str; 2] = ["53300102912", "33300102900"];
const FORBIDDEN: &str = "63300082012";

/// A sandbox and a furnished session of its first account.
async fn start(is_xml: bool) -> (World, Session) {
    let world = World::today(DenicOptions::default()).await;
    let mut session = Session::open(&world, 0, is_xml).await;
    furnish(&mut session, 0).await;
    (world, session)
}

async fn update(session: &mut Session, data: &str, codes: &[&str]) {
    session.done(&format!("Action: UPDATE\n{data}"), codes).await;
}

#[tokio::test]
async fn contact_update_replaces_everything_but_the_name() {
    const BLOCK: &str = "\n[VerificationInformation]\nVerifiedClaim: name\nVerifiedClaim: address\n\
        VerificationResult: success\nVerificationReference: ABC\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\n\
        VerificationEvidence: idcard\nVerificationMethod: auth\nTrustFramework: de_denic";
    for is_xml in FORMATS {
        let (world, mut session) = start(is_xml).await;
        let max = person(0, "MAX");
        let info = "Action: INFO\nHandle: DENIC-1000001-MAX";
        let moved = max.replace("Frankfurt am Main", "Ulm") + "\nOrganisation: Example GmbH";
        update(&mut session, &format!("{moved}{BLOCK}"), &[]).await;
        let shown = session.done(info, &[]).await;
        assert_eq!(shown.shown("City").as_deref(), Some("Ulm"));
        assert!(shown.text.contains("idcard") && shown.text.contains("Example GmbH"), "{}", shown.text);
        // What is left out is deleted.
        update(&mut session, &max, &[]).await;
        let shown = session.done(info, &[]).await;
        assert!(!shown.text.contains("idcard") && !shown.text.contains("Example GmbH"), "{}", shown.text);
        update(&mut session, &max.replace("PERSON", "ORG"), &[]).await;
        assert_eq!(session.done(info, &[]).await.shown("Type").as_deref(), Some("ORG"));
        let request = "Handle: DENIC-1000001-MAX\nType: REQUEST\nUri-Template: mailto:gr@example.net";
        for (text, code) in [
            (max.replace("Name: Max", "Name: Moritz"), "63220080801"),
            (max.replace("\nPhone: +49.69272350", ""), "63200042402"),
            (max.replace("-MAX", "-NOBODY"), "63200060609"),
            (max.replace("1000001", "1000002"), "63200020603"),
            (max.replace("60596", "6059"), "63400000003"),
            (request.to_owned(), "63200060702"),
        ] {
            session.refused(&format!("Action: UPDATE\n{text}"), &[code]).await;
        }
        // An older protocol cannot say a phone number, and does not delete it.
        session.speak("4.0");
        update(&mut session, &max.replace("\nPhone: +49.69272350", ""), &[]).await;
        session.speak("5.0");
        assert_eq!(session.done(info, &[]).await.shown("Phone").as_deref(), Some("+49.69272350"));
        let effects = world.sandbox.ledger().effects;
        assert_eq!(effects.iter().filter(|effect| effect.kind == "contact.update").count(), 4);
    }
}

#[tokio::test]
async fn contact_update_sets_the_domains_of_a_holder_free() {
    let (_world, mut session) = start(false).await;
    let create = format!("Action: CREATE\n{}", data(0, "nisserverhold.de", "MAX"));
    let answer = session.say(&create).await;
    assert_eq!(answer.codes, ["53000080015", "16350000041"], "{}", answer.text);
    let block = "\n[VerificationInformation]\nVerifiedClaim: name\nVerifiedClaim: address\nVerificationResult: success\n\
        VerificationReference: ABC\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\nVerificationEvidence: idcard\n\
        VerificationMethod: auth\nTrustFramework: de_denic";
    update(&mut session, &format!("{}{block}", person(0, "MAX")), &[]).await;
    assert_eq!(session.status("nisserverhold.de").await, "connect");
    let failed = block.replace("success", "failed");
    update(&mut session, &format!("{}{failed}", person(0, "MAX")), &[]).await;
    assert_eq!(session.status("nisserverhold.de").await, "serverHold");
}

#[tokio::test]
async fn domain_update_replaces_everything_but_the_holders() {
    for is_xml in FORMATS {
        let (world, mut session) = start(is_xml).await;
        let plain = data(0, "example.de", "MAX");
        let key = "\nDnskey: 257 3 8 AwEAAajpN1rjU365";
        session.done(&format!("Action: CREATE\n{plain}{key}"), &[CONNECTED]).await;
        assert!(session.info("example.de").await.text.contains("AwEAAajpN1rjU365"));
        let moved = plain
            .replace("ns2.example.net", "ns2.example.de 2001:db8::1")
            .replace("\nGeneralrequest: DENIC-1000001-GR", "");
        update(&mut session, &moved, &[CONNECTED]).await;
        let shown = session.info("example.de").await.text;
        assert!(
            shown.contains("2001:db8::1") && !shown.contains("AwEAAajpN1rjU365") && !shown.contains("-GR"),
            "{shown}"
        );
        let entry =
            plain.replace("Nserver: ns1.example.net\nNserver: ns2.example.net", "Nsentry: example.de IN A 192.0.2.1");
        update(&mut session, &entry, &[CONNECTED]).await;
        let two = plain.replace("\nGeneral", "\nHolder: DENIC-1000001-MIA\nGeneral");
        let broken = plain.replace("ns1.", "ns1.fail.");
        for (text, codes) in [
            (two, &["63300082513"][..]),
            (plain.replace("-MAX", "-MIA"), &["63300082513"]),
            (broken.clone(), &BROKEN),
            (plain.replace("\nNserver: ns2.example.net", ""), &["53300102920"]),
            (plain.replace("-GR", "-MIA"), &["63300080700"]),
            (plain.replace("-GR", "-NOBODY"), &["53000060009"]),
            (plain.replace("DENIC-1000001-GR", "GR"), &["63000060003"]),
            (plain.replace("example.de", "gibtsnet.de"), &["63300062009"]),
            (format!("{plain}\nDomain-Ace: example.net"), &["53380062206"]),
        ] {
            session.refused(&format!("Action: UPDATE\n{text}"), codes).await;
        }
        assert!(session.info("example.de").await.text.contains("192.0.2.1"), "a refusal changes nothing");
        world.mark(json!({ "domain": "example.de", "is_locked": true })).await;
        session.refused(&format!("Action: UPDATE\n{plain}"), &["53000080009"]).await;
        world.mark(json!({ "domain": "example.de", "is_locked": false })).await;
        let mut other = Session::open(&world, 1, is_xml).await;
        other.refused(&format!("Action: UPDATE\n{plain}"), &["63300022003"]).await;
        session.done("Action: DELETE\nDomain: example.de", &[]).await;
        session.refused(&format!("Action: UPDATE\n{plain}"), &[FORBIDDEN]).await;
    }
}

#[tokio::test]
async fn a_failed_domain_may_stay_failed_or_be_repaired() {
    for is_xml in FORMATS {
        let (_world, mut session) = start(is_xml).await;
        let plain = data(0, "broken.de", "MAX");
        let broken = plain.replace("ns1.", "ns1.fail.");
        session.done(&format!("Action: CREATE\n{broken}"), &STILL_BROKEN).await;
        let expire = session.info("broken.de").await.shown("Expire");
        update(&mut session, &broken.replace("ns2.", "ns3."), &STILL_BROKEN).await;
        let shown = session.info("broken.de").await;
        assert_eq!((shown.shown("Status").as_deref(), shown.shown("Expire")), (Some("failed"), expire));
        assert!(shown.text.contains("ns3.example.net"));
        session.refused("Action: TRANSIT\nDomain: broken.de\nDisconnect: false", &["53000080012"]).await;
        update(&mut session, &plain.replace("ns1.", "ns1.nocheck."), &["53300100021", "33300102900"]).await;
        update(&mut session, &plain.replace("ns1.", "ns1.warn."), &["33300102912", CONNECTED]).await;
        let shown = session.info("broken.de").await;
        assert_eq!((shown.shown("Status").as_deref(), shown.shown("Expire")), (Some("connect"), None));
        // Repaired, it has to be assessed first if its risk is not known.
        let pending = data(0, "nispendingcreate.de", "MAX");
        session.done(&format!("Action: CREATE\n{}", pending.replace("ns1.", "ns1.fail.")), &STILL_BROKEN).await;
        update(&mut session, &pending, &["53000080014"]).await;
        session.refused(&format!("Action: UPDATE\n{pending}"), &[FORBIDDEN]).await;
        session.refused("Action: TRANSIT\nDomain: nispendingcreate.de", &[FORBIDDEN]).await;
        session.speak("4.0");
        assert_eq!(session.status("nispendingcreate.de").await, "failed");
    }
}

#[tokio::test]
async fn chholder_changes_the_holders_and_ends_the_passwords() {
    for is_xml in FORMATS {
        let (world, mut session) = start(is_xml).await;
        session.done(&format!("Action: CREATE\n{}", data(0, "example.de", "MAX")), &[CONNECTED]).await;
        let password = "Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
        session.done(password, &[]).await;
        // The same holder keeps them.
        session.done(&format!("Action: CHHOLDER\n{}", data(0, "example.de", "MAX")), &[CONNECTED]).await;
        assert!(session.info("example.de").await.shown("AuthInfo1").is_some());
        session.speak("4.0");
        let silent = person(0, "TIM").replace("\nPhone: +49.69272350", "");
        session.done(&format!("Action: CREATE\n{silent}"), &[]).await;
        session.speak("5.0");
        let mia = data(0, "example.de", "MIA");
        for (text, codes) in [
            (data(0, "example.de", "TIM"), &["63300085940"][..]),
            (mia.replace("\nGeneral", "\nHolder: DENIC-1000001-TIM\nGeneral"), &["63300085940"]),
            (mia.replace("\nGeneral", "\nHolder: DENIC-1000001-MIA\nGeneral"), &["63300060005"]),
            (mia.replace("ns1.", "ns1.fail."), &BROKEN),
            (mia.replace("-MIA", "-GR"), &["63300080700"]),
        ] {
            session.refused(&format!("Action: CHHOLDER\n{text}"), codes).await;
        }
        session.done(&format!("Action: CHHOLDER\n{mia}"), &["16330088732", CONNECTED]).await;
        let shown = session.info("example.de").await;
        assert!(shown.shown("AuthInfo1").is_none() && shown.text.contains("-MIA") && !shown.text.contains("-MAX"));
        world.mark(json!({ "domain": "example.de", "is_locked": true })).await;
        session.refused(&format!("Action: CHHOLDER\n{mia}"), &["53000080009"]).await;
    }
}

#[tokio::test]
async fn delete_and_restore() {
    for is_xml in FORMATS {
        let (world, mut session) = start(is_xml).await;
        let (good, broken) = (data(0, "example.de", "MAX"), data(0, "broken.de", "MAX").replace("ns1.", "ns1.fail."));
        session.done(&format!("Action: CREATE\n{good}"), &[CONNECTED]).await;
        session.done(&format!("Action: CREATE\n{broken}"), &STILL_BROKEN).await;
        let expire = session.info("broken.de").await.shown("Expire");
        session.refused("Action: RESTORE\nDomain: example.de", &["66310082014"]).await;
        session.refused("Action: RESTORE\nDomain: gibtsnet.de", &["63300062009"]).await;
        world.mark(json!({ "domain": "example.de", "is_locked": true })).await;
        session.refused("Action: DELETE\nDomain: example.de", &["53000080009"]).await;
        world.mark(json!({ "domain": "example.de", "is_locked": false })).await;
        for domain in ["example.de", "broken.de"] {
            session.done(&format!("Action: DELETE\nDomain: {domain}\nHolder: denic-1000001-max"), &[]).await;
            session.refused(&format!("Action: DELETE\nDomain: {domain}"), &["56350082011"]).await;
        }
        let mut other = Session::open(&world, 1, is_xml).await;
        other.refused("Action: RESTORE\nDomain: example.de", &["63300022003"]).await;
        world.advance(5 * 86_400).await;
        session.done("Action: RESTORE\nDomain: example.de", &[CONNECTED]).await;
        let shown = session.info("example.de").await;
        assert!(shown.text.contains("ns2.example.net") && shown.text.contains("-GR"), "{}", shown.text);
        // It was failed and is again, with all its time.
        session.done("Action: RESTORE\nDomain: broken.de", &STILL_BROKEN).await;
        let shown = session.info("broken.de").await;
        assert_eq!(shown.shown("Status").as_deref(), Some("failed"));
        assert!(shown.shown("Expire") > expire, "{}", shown.text);
        world.advance(40 * 86_400).await;
        assert_eq!(
            (session.status("example.de").await, session.status("broken.de").await),
            ("connect".into(), "free".into())
        );
    }
}

#[tokio::test]
async fn transit_gives_a_domain_to_the_registry() {
    for is_xml in FORMATS {
        let (world, mut session) = start(is_xml).await;
        for (domain, disconnect) in
            [("kept.de", "\nDisconnect: false"), ("cut.de", "\nDisconnect: true"), ("unsaid.de", "")]
        {
            let text = data(0, domain, "MAX") + "\nDnskey: 257 3 8 AwEAAajpN1rjU365";
            session.done(&format!("Action: CREATE\n{text}"), &[CONNECTED]).await;
            let password = "AuthInfoHash: ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
            session.done(&format!("Action: CREATE-AUTHINFO1\nDomain: {domain}\n{password}"), &[]).await;
            session.done(&format!("Action: CREATE-AUTHINFO2\nDomain: {domain}"), &[]).await;
            session.refused(&format!("Action: TRANSIT\nDomain: {domain}\nDisconnect: maybe"), &["63360063402"]).await;
            world.mark(json!({ "domain": domain, "is_locked": true })).await;
            session.refused(&format!("Action: TRANSIT\nDomain: {domain}{disconnect}"), &["53000080009"]).await;
            world.mark(json!({ "domain": domain, "is_locked": false })).await;
            session.done(&format!("Action: TRANSIT\nDomain: {domain}{disconnect}"), &["16330088732"]).await;
            session.refused(&format!("Action: TRANSIT\nDomain: {domain}{disconnect}"), &["63300022003"]).await;
            let shown = session.info(domain).await;
            assert_eq!(shown.shown("RegAccId").as_deref(), Some("DENIC-1000000"));
            assert_eq!(shown.shown("AuthInfo").as_deref(), Some("true"), "the letter goes on to work");
            assert!(
                !shown.text.contains("AwEAAajpN1rjU365") && !shown.text.contains("generalrequest"),
                "{}",
                shown.text
            );
            assert!(!shown.text.contains("[General Request]"), "{}", shown.text);
            assert_eq!(shown.text.contains("ns1.example.net"), domain != "cut.de", "{}", shown.text);
        }
    }
}

#[tokio::test]
async fn regacc_info_of_anybody() {
    for is_xml in FORMATS {
        let (_world, mut session) = start(is_xml).await;
        for (id, name) in [
            ("DENIC-1000001", "Example Registrar 1"),
            ("denic-1000002", "Example Registrar 2"),
            ("DENIC-1000000", "Example Registry"),
        ] {
            let shown = session.done(&format!("Action: INFO\nRegAcc: {id}"), &[]).await;
            assert_eq!(shown.shown("Name").as_deref(), Some(name));
            assert!(shown.text.contains("{Ulabel}") && shown.text.contains(&id.to_uppercase()), "{}", shown.text);
        }
        session.refused("Action: INFO\nRegAcc: DENIC-99995", &["63310062008"]).await;
    }
}
