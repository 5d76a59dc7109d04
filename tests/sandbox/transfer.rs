//! CHPROV: who gets a domain with which password, and what is left of it.

use registrard::sandbox::DenicOptions;
use serde_json::json;

use crate::authinfo::letter;
use crate::client::World;
use crate::twin::{FORMATS, Session, data, furnish, person};

const PASSWORD: &str = "SupermanistSuper";
const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
const CONNECTED: &str = "53000080013";

struct Story {
    world: World,
    one: Session,
    two: Session,
}

impl Story {
    /// `example.de` is at the first account.
    async fn begin(is_xml: bool) -> Self {
        let world = World::today(DenicOptions::default()).await;
        let (mut one, mut two) = (Session::open(&world, 0, is_xml).await, Session::open(&world, 1, is_xml).await);
        furnish(&mut one, 0).await;
        furnish(&mut two, 1).await;
        one.done(&format!("Action: CREATE\n{}", data(0, "example.de", "MAX")), &[CONNECTED]).await;
        let (_, _) = (one.drain().await, two.drain().await);
        Self { world, one, two }
    }

    async fn first_password(&mut self) {
        let create = format!("Action: CREATE-AUTHINFO1\nDomain: example.de\nAuthInfoHash: {HASH}");
        self.one.done(&create, &[]).await;
    }

    /// Orders a letter and reads it.
    async fn second_password(&mut self) -> String {
        self.two.done("Action: CREATE-AUTHINFO2\nDomain: example.de", &[]).await;
        letter(&self.world)
    }
}

fn chprov(n: usize, password: &str) -> String {
    format!("Action: CHPROV\n{}\nAuthInfo: {password}", data(n, "example.de", "MAX"))
}

#[tokio::test]
async fn with_the_registrars_password() {
    for is_xml in FORMATS {
        let mut story = Story::begin(is_xml).await;
        let take = chprov(1, PASSWORD);
        story.two.refused(&take, &["63370088701"]).await;
        story.first_password().await;
        story.two.speak("4.0");
        let silent = person(1, "TIM").replace("\nPhone: +49.69272350", "");
        story.two.done(&format!("Action: CREATE\n{silent}"), &[]).await;
        story.two.speak("5.0");
        let entry = take
            .replace("Nserver: ns1.example.net\nNserver: ns2.example.net", "Nsentry: example.de IN A 192.0.2")
            .clone();
        for (text, codes) in [
            (take.replace(PASSWORD, "wrong"), &["63370088701"][..]),
            (take.replace("-MAX", "-TIM"), &["63300085940"]),
            (take.replace("1000002", "1000001"), &["63200020603"]),
            (take.replace("ns1.", "ns1.fail."), &["53300102912", "56300108812"]),
            (take.replace("example.de", "gibtsnet.de"), &["63300062009"]),
            (take.replace("Holder: DENIC-1000002-MAX\n", ""), &["53370080005"]),
            (entry, &["63300063005"]),
        ] {
            story.two.refused(&text, codes).await;
        }
        story.one.refused(&chprov(0, PASSWORD), &["63380063209"]).await;
        story.world.mark(json!({ "domain": "example.de", "is_locked": true })).await;
        story.two.refused(&take, &["53000080009"]).await;
        story.world.mark(json!({ "domain": "example.de", "is_locked": false })).await;

        story.two.done(&(take.clone() + "\nDnskey: 257 3 8 AwEAAajpN1rjU365"), &[CONNECTED]).await;
        let shown = story.two.info("example.de").await;
        assert_eq!(shown.shown("RegAccId").as_deref(), Some("DENIC-1000002"));
        assert!(shown.text.contains("AwEAAajpN1rjU365") && shown.shown("AuthInfo1").is_none(), "{}", shown.text);
        assert_eq!(story.one.drain().await, ["chprovAuthInfo"]);
        story.two.refused(&take, &["63380063209"]).await;
        story.one.refused("Action: DELETE\nDomain: example.de", &["63300022003"]).await;
        story.one.refused(&chprov(0, PASSWORD), &["63370088701"]).await;
    }
}

#[tokio::test]
async fn the_letter_outlives_a_transfer_to_the_same_holder_only() {
    for (holder, is_left) in [("Max Mustermann", true), ("Moritz Mustermann", false)] {
        let mut story = Story::begin(false).await;
        story.first_password().await;
        story.second_password().await;
        let other = person(1, "NEW").replace("Max Mustermann", holder);
        story.two.done(&format!("Action: CREATE\n{other}"), &[]).await;
        story.two.done(&chprov(1, PASSWORD).replace("-MAX", "-NEW"), &[CONNECTED]).await;
        let shown = story.two.info("example.de").await;
        assert_eq!((shown.shown("AuthInfo1"), shown.shown("AuthInfo2").is_some()), (None, is_left), "{}", shown.text);
    }
    let mut story = Story::begin(true).await;
    story.first_password().await;
    let password = story.second_password().await;
    story.two.done(&chprov(1, &password), &[CONNECTED]).await;
    let shown = story.two.info("example.de").await;
    assert_eq!((shown.shown("AuthInfo1"), shown.shown("AuthInfo2")), (None, None), "a letter ends both");
}

#[tokio::test]
async fn out_of_the_grace_period_only_with_the_letter() {
    for is_xml in FORMATS {
        let mut story = Story::begin(is_xml).await;
        story.first_password().await;
        story.one.done("Action: DELETE\nDomain: example.de", &[]).await;
        story.two.refused(&chprov(1, PASSWORD), &["56000088709"]).await;
        let password = story.second_password().await;
        story.two.refused(&chprov(1, "wrong"), &["63370088701"]).await;
        let broken = chprov(1, &password).replace("ns1.", "ns1.fail.");
        story.two.done(&broken, &["53300102912", "33300102900"]).await;
        assert_eq!(story.two.status("example.de").await, "failed");
        assert_eq!(story.one.drain().await, ["authInfo2Notify", "chprovAuthInfo"]);

        // The one who deleted it may use the letter too, and is told nothing of it.
        let mut story = Story::begin(is_xml).await;
        story.one.done("Action: DELETE\nDomain: example.de", &[]).await;
        let password = story.second_password().await;
        story.one.done(&chprov(0, &password), &[CONNECTED]).await;
        assert_eq!(story.one.drain().await, ["authInfo2Notify", "domainStatusUpdate"]);
    }
}

#[tokio::test]
async fn out_of_transit() {
    let mut story = Story::begin(false).await;
    story.one.done("Action: TRANSIT\nDomain: example.de\nDisconnect: true", &[]).await;
    let password = story.second_password().await;
    story.two.done(&chprov(1, &password), &[CONNECTED]).await;
    assert_eq!(story.two.info("example.de").await.shown("RegAccId").as_deref(), Some("DENIC-1000002"));
    assert_eq!(story.one.drain().await, Vec::<String>::new());
}
