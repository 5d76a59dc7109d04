//! What is odd about a registry, one thing at a time and by chance.

use registrard::sandbox::{Manner, NzOptions, Quirk};

use super::client::*;
use super::messages::NzOptionsWith;

#[tokio::test]
async fn each_quirk_shows() {
    let short = NzOptionsWith::quirk(Quirk::ShortOffsets).await.done(&create("a.co.nz")).await;
    assert!(
        !short.value("FeTimeStamp", "TimeZoneOffset").contains(':')
            && !short.value("BilledUntil", "TimeZoneOffset").contains(':')
    );
    let world = NzOptionsWith::quirk(Quirk::PaddedText).await;
    let padded = world.done(&create_with("a.co.nz", "Term=\"1\"", "<AuditText>x</AuditText>")).await;
    assert!(padded.text.contains("<AuditText>\n  <![CDATA[\n  x\n  ]]>\n  </AuditText>"), "{}", padded.text);
    let world = NzOptionsWith::quirk(Quirk::NoRows).await;
    assert!(world.done("<DomainDetailsQry/>").await.value("Response", "Rows").is_empty());
    assert_eq!(NzOptionsWith::quirk(Quirk::ZeroTerm).await.done(&create("a.co.nz")).await.value("Domain", "Term"), "0");
    let world = NzOptionsWith::quirk(Quirk::PlainRaw).await;
    world.done(&create("a.co.nz")).await;
    assert!(
        world.done("<ActionDetailsQry ActionId=\"create-a.co.nz\"/>").await.cdata("XML").starts_with("<NZSRSRequest ")
    );
    let world = NzOptionsWith::quirk(Quirk::ForeignIsError).await;
    world.ask_as("91", &create("a.co.nz")).await;
    let foreign = world.refused("MISSING_MANDATORY_FIELD", &update("u", "a.co.nz", "RegistrantRef=\"x\"", "")).await;
    assert_eq!(foreign.cdata("ErrorDetails"), "UDAI");
    let world = NzOptionsWith::quirk(Quirk::NoLock).await;
    world.done(&create("a.co.nz")).await;
    world.refused("LOCK_ATTEMPT", &update("l", "a.co.nz", "Lock=\"1\"", "")).await;
    NzOptionsWith::quirk(Quirk::UnknownActionIsError)
        .await
        .refused("INVALID_FIELD", "<ActionDetailsQry ActionId=\"x\"/>")
        .await;
    let world = NzOptionsWith::quirk(Quirk::NoTransId).await;
    let udai = world.done(&create("a.co.nz")).await.value("Domain", "UDAI");
    world.days(6).await;
    world.ask_as("91", &update("t", "a.co.nz", &format!("UDAI=\"{udai}\""), "")).await;
    let told = world.done("<GetMessages QueueMode=\"1\" OriginatingRegistrarId=\"91\"/>").await;
    assert_eq!((told.tags("DomainTransfer").len(), told.values("Response", "TransId")[1].as_str()), (1, ""));
}

#[tokio::test]
async fn with_the_odd_manner_no_two_answers_are_alike_for_long() {
    let world = World::with(NzOptions { manner: Manner::Odd, ..free() }, &[]).await;
    world.done(&create("a.co.nz")).await;
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..24 {
        let answer = world.done("<DomainDetailsQry><FieldList Term=\"1\" AuditText=\"1\"/></DomainDetailsQry>").await;
        let has_colon = answer.value("FeTimeStamp", "TimeZoneOffset").contains(':');
        ways.insert((answer.value("Response", "Rows"), has_colon, answer.value("Domain", "Term")));
    }
    assert!(ways.len() >= 6, "{ways:?}");
}
