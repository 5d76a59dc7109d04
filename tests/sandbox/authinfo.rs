//! The two passwords for a transfer: made, tried, used up.

use registrard::sandbox::{DenicOptions, Environment};

use crate::client::World;
use crate::twin::{FORMATS, Session, data, furnish};

const PASSWORD: &str = "SupermanistSuper";
const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";

/// A sandbox with `example.de` at the first account, and sessions of both.
async fn start(denic: DenicOptions, is_xml: bool) -> (World, Session, Session) {
    let world = World::today(denic).await;
    let (mut one, mut two) = (Session::open(&world, 0, is_xml).await, Session::open(&world, 1, is_xml).await);
    furnish(&mut one, 0).await;
    furnish(&mut two, 1).await;
    one.done(&format!("Action: CREATE\n{}", data(0, "example.de", "MAX")), &["53000080013"]).await;
    (world, one, two)
}

/// The password of the last letter the registry sent.
pub fn letter(world: &World) -> String {
    world.sandbox.ledger().effects.iter().rev().find_map(|effect| effect.detail.clone()).unwrap()
}

#[tokio::test]
async fn the_registrars_own_password() {
    for is_xml in FORMATS {
        let (_world, mut one, mut two) = start(DenicOptions::default(), is_xml).await;
        let create = format!("Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: {HASH}");
        for (text, code) in [
            (create.replace("ef8b", "ef8"), "63391068503"),
            (create.replace("ef8b", "ef8g"), "63391068503"),
            (create.clone() + "\nAuthInfoExpire: 2030-07-01", "63391068603"),
            (create.clone() + "\nAuthInfoExpire: 20301301", "63391068603"),
            (create.clone() + "\nAuthInfoExpire: 20300615", "63391068603"),
            (create.clone() + "\nAuthInfoExpire: 20300716", "63391068603"),
            (create.replace("example.de", "gibtsnet.de"), "63300062009"),
        ] {
            one.refused(&text, &[code]).await;
        }
        two.refused(&create, &["63300022003"]).await;
        one.refused("Action: DELETE-AUTHINFO1\nDomain: example.de", &["63392068709"]).await;

        let answer = one.done(&(create.clone() + "\nAuthInfoExpire: 20300701\nCTID: auth-1"), &[]).await;
        if !is_xml {
            assert_eq!(answer.shown("AuthInfoExpire").as_deref(), Some("2030-07-01T00:00:00+02:00"));
        }
        let shown = one.info("example.de").await;
        assert_eq!(shown.shown("AuthInfo1").as_deref(), Some("2030-07-01T00:00:00+02:00"));
        one.refused(&create, &["63391068704"]).await;
        let ask = format!("Action: INFO\nDomain: example.de\nAuthInfo: {PASSWORD}");
        assert_eq!(two.done(&ask, &[]).await.shown("AuthInfo").as_deref(), Some("true"));
        two.refused(&ask.replace("Super", "super"), &["63370088701"]).await;

        one.done("Action: DELETE-AUTHINFO1\nDomain: example.de", &[]).await;
        two.refused(&ask, &["63370088701"]).await;
        one.done(&create, &[]).await;
        assert_eq!(one.info("example.de").await.shown("AuthInfo1").as_deref(), Some("2030-07-15T00:00:00+02:00"));
        one.done("Action: DELETE\nDomain: example.de", &[]).await;
        one.refused(&create, &["63300082012"]).await;
        assert_eq!(one.info("example.de").await.shown("AuthInfo1"), None);
    }
}

#[tokio::test]
async fn the_password_in_the_letter() {
    for is_xml in FORMATS {
        let (world, mut one, mut two) = start(DenicOptions::default(), is_xml).await;
        one.drain().await;
        let create = "Action: CREATE-AUTHINFO2\nDomain: example.de";
        two.refused(&create.replace("example", "gibtsnet"), &["63300062009"]).await;
        two.done(create, &[]).await;
        assert_eq!(one.drain().await, ["authInfo2Notify"]);
        one.refused(create, &["63393068704"]).await;
        assert_eq!(one.info("example.de").await.shown("AuthInfo2").as_deref(), Some("2030-07-15T00:00:00+02:00"));
        let shown = two.info("example.de").await;
        assert_eq!((shown.shown("AuthInfo").as_deref(), shown.shown("AuthInfo2")), (Some("true"), None));
        let password = letter(&world);
        assert_eq!(password.len(), 16);
        two.done(&format!("Action: INFO\nDomain: example.de\nAuthInfo: {password}"), &[]).await;
        // An AuthInfo1 ends without it.
        one.done(&format!("Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: {HASH}"), &[]).await;
        one.done("Action: DELETE-AUTHINFO1\nDomain: example.de", &[]).await;
        assert!(one.info("example.de").await.shown("AuthInfo2").is_some());
        let ledger = world.sandbox.ledger();
        let effect = ledger.effects.iter().find(|effect| effect.detail.is_some()).unwrap();
        assert_eq!((effect.kind.as_str(), effect.account.as_str()), ("domain.create_authinfo2", "DENIC-1000002"));
    }
}

#[tokio::test]
async fn a_letter_begins_the_grace_period_anew() {
    let (world, mut one, mut two) = start(DenicOptions::default(), false).await;
    one.done("Action: DELETE\nDomain: example.de", &[]).await;
    world.advance(20 * 86_400).await;
    two.done("Action: CREATE-AUTHINFO2\nDomain: example.de", &[]).await;
    world.advance(29 * 86_400).await;
    assert_eq!(one.status("example.de").await, "redemptionPeriod");
    world.advance(3 * 86_400).await;
    assert_eq!(one.status("example.de").await, "free");
}

#[tokio::test]
async fn the_test_environment_has_one_password_for_all() {
    let test = DenicOptions { environment: Environment::Test, ..DenicOptions::default() };
    let fixed = DenicOptions { authinfo2: Some("Fixed-23".into()), ..DenicOptions::default() };
    for (denic, password) in [(test, "secret"), (fixed, "Fixed-23")] {
        let world = World::today(denic).await;
        let mut one = Session::open(&world, 0, false).await;
        for text in [
            format!("Action: CREATE\n{}", crate::twin::person(0, "MAX")),
            format!(
                "Action: CREATE\n{}",
                data(0, "example.de", "MAX").replace("\nGeneralrequest: DENIC-1000001-GR", "")
            ),
            "Action: CREATE-AUTHINFO2\nDomain: example.de".into(),
            format!("Action: INFO\nDomain: example.de\nAuthInfo: {password}"),
        ] {
            let answer = one.say(&text).await;
            assert_eq!(answer.result, "success", "{}", answer.text);
        }
        assert_eq!(letter(&world), password);
    }
}
