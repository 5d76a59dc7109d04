//! The risk assessment and the verification of holders, from the outside.

use std::time::Duration;

use registrard::sandbox::{DenicOptions, Environment};
use serde_json::Value;

use crate::client::{Client, World, about, create, field, person};

const DAY: i64 = 86_400;
const READ: &str = "Version: 5.0\nAction: QUEUE-READ";

async fn status(client: &mut Client, domain: &str) -> String {
    field(&client.ask(&about("CHECK", domain)).await, "Status").to_owned()
}

async fn read(client: &mut Client, kind: &str) -> String {
    client.ask(&format!("{READ}\nMsgtype: {kind}")).await
}

/// Types of all messages, oldest first; they are deleted on the way.
async fn drain(client: &mut Client) -> Vec<String> {
    let mut kinds = Vec::new();
    loop {
        let answer = client.ask(READ).await;
        if field(&answer, "Msgcnt") == "0" {
            return kinds;
        }
        kinds.push(field(&answer, "Msgtype").to_owned());
        let delete = format!("Version: 5.0\nAction: QUEUE-DELETE\nMsgid: {}", field(&answer, "Msgid"));
        client.expect(&delete, "success", "STID").await;
    }
}

#[tokio::test]
async fn names_decide_and_what_is_asked_of_the_holders() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    for (name, status_then, messages) in [
        ("NISconnect-example.de", "connect", &["domainStatusUpdate"][..]),
        ("NISverificationRequired.de", "connect", &["domainStatusUpdate", "contactVerificationRequired"]),
        ("NISserverHold.de", "serverHold", &["domainStatusUpdate", "contactVerificationRequired"]),
        ("NISpendingCreate.de", "pendingCreate", &[]),
        ("example.de", "connect", &["domainStatusUpdate"]),
    ] {
        client.expect(&create(name, name), "success", "STID").await;
        assert_eq!(status(&mut client, name).await, status_then, "{name}");
        assert_eq!(drain(&mut client).await, messages, "{name}");
    }
}

#[tokio::test]
async fn the_question_reads_as_the_registry_writes_it() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("nisserverhold.de", "hold"), "success", "STID").await;
    world.advance(DAY).await;
    client.expect(&create("nisverificationrequired.de", "verify"), "success", "STID").await;
    let first = read(&mut client, "contactVerificationRequired").await;
    let delete = format!(
        "Version: 5.0\nAction: QUEUE-DELETE\nMsgType: contactVerificationRequired\nMsgid: {}",
        field(&first, "Msgid")
    );
    client.expect(&delete, "success", "STID").await;
    assert!(!first.contains("[earliest domain for dedelegation]"), "{first}");
    let question = read(&mut client, "contactVerificationRequired").await;
    assert!(question.contains("VerificationClaim: address\nVerificationClaim: name\n"), "{question}");
    assert_eq!(field(&question, "NumberOfReferencedDomainsTotal"), "2");
    let (head, tail) = question.split_once("[earliest domain for dedelegation]").unwrap();
    let (dedelegation, deletion) = tail.split_once("[earliest domain for deletion]").unwrap();
    assert_eq!(field(head, "Handle"), "DENIC-1000001-MAX");
    assert_eq!(field(dedelegation, "Domain-ace"), "nisverificationrequired.de");
    assert_eq!(field(deletion, "Domain-ace"), "nisserverhold.de");
    let info = client.ask(&about("INFO", "nisserverhold.de")).await;
    let keyword = "VerificationDeadlineBeforeDeletion";
    assert_eq!(field(deletion, keyword), field(&info, keyword));
    assert!(head.contains("16350000050") && head.contains("16350000051"), "{head}");
}

#[tokio::test]
async fn a_pending_domain_is_assessed_after_its_time() {
    let options = DenicOptions { assessment: Some(Duration::from_secs(7200)), ..DenicOptions::default() };
    let world = World::with(options).await;
    let mut client = world.furnished().await;
    for name in
        ["nispendingcreate.de", "nispendingcreate-nisserverhold.de", "nispendingcreate-nisverificationrequired.de"]
    {
        client.expect(&create(name, name), "success", "53000080014").await;
    }
    world.advance(7000).await;
    assert_eq!(status(&mut client, "nispendingcreate.de").await, "pendingCreate");
    assert_eq!(drain(&mut client).await, [""; 0]);
    world.advance(200).await;
    assert_eq!(status(&mut client, "nispendingcreate.de").await, "connect");
    assert_eq!(status(&mut client, "nispendingcreate-nisserverhold.de").await, "serverHold");
    assert_eq!(status(&mut client, "nispendingcreate-nisverificationrequired.de").await, "connect");
    let mut told = drain(&mut client).await;
    told.sort();
    assert_eq!(told[..2], ["contactVerificationRequired"; 2]);
    assert_eq!(told[2..], ["domainStatusUpdate"; 3]);
}

#[tokio::test]
async fn in_the_test_environment_a_pending_domain_stays_so() {
    let world = World::with(DenicOptions { environment: Environment::Test, ..DenicOptions::default() }).await;
    let mut client = world.furnished().await;
    client.expect(&create("nispendingcreate.de", "pending"), "success", "53000080014").await;
    world.advance(300 * DAY).await;
    assert_eq!(status(&mut client, "nispendingcreate.de").await, "pendingCreate");
}

#[tokio::test]
async fn missed_verification_dedelegates_when_told_and_deletes_in_the_purge_phase() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("nisverificationrequired.de", "c-1"), "success", "16350000040").await;
    let info = client.ask(&about("INFO", "nisverificationrequired.de")).await;
    drain(&mut client).await;
    // One move over everything: each message still has its own time.
    world.advance(60 * DAY).await;
    let update = read(&mut client, "domainStatusUpdate").await;
    assert_eq!((field(&update, "Msgcnt"), field(&update, "Status")), ("1", "serverHold"));
    assert_eq!(field(&update, "Msgtime"), field(&info, "VerificationDeadlineBeforeDedelegation"));
    assert_eq!(
        field(&update, "VerificationDeadlineBeforeDeletion"),
        field(&info, "VerificationDeadlineBeforeDeletion")
    );
    let deleted = read(&mut client, "domainDelete").await;
    // In the purge phase after the deadline.
    let (purged, deadline) = (field(&deleted, "Msgtime"), field(&info, "VerificationDeadlineBeforeDeletion"));
    let second = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((1..26 * 3600).contains(&(second(purged) - second(deadline))), "{deadline} {purged}");
    assert!(["02", "03"].contains(&&purged[11..13]), "{purged}");
    assert!(
        deleted.contains("16350000031 Domain has been deleted [no verification information provided]"),
        "{deleted}"
    );
    assert_eq!(status(&mut client, "nisverificationrequired.de").await, "free");
    client.expect(&create("nisverificationrequired.de", "c-2"), "success", "16350000040").await;
}

#[tokio::test]
async fn an_address_counts_more_than_a_name() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let (account, ..) = world.account(0);
    let holder = person(&account, "HOLD").replace("Beispielweg 1", "NISserverHold 1") + "\nCTID: hold";
    client.expect(&holder, "success", "STID").await;
    let order = create("nisconnect.de", "c-1").replace("-MAX", "-HOLD");
    client.expect(&order, "success", "53000080015").await;
    let (_, objects) = world.control("GET", "/objects", &Value::Null).await;
    assert_eq!(objects["denic_rri"]["domains"][0]["status"], "serverHold");
}

/// An UPDATE of the holder with a result for claims.
fn verified(world: &World, claims: &[&str], result: &str, ctid: &str) -> String {
    let (account, ..) = world.account(0);
    let claims: String = claims.iter().map(|claim| format!("VerifiedClaim: {claim}\n")).collect();
    format!(
        "{}\nCTID: {ctid}\n[VerificationInformation]\n{claims}VerificationResult: {result}\nVerificationReference: example-1\n\
         VerificationTimestamp: 2026-08-01T20:00:00+02:00\nVerificationEvidence: idcard\nVerificationMethod: auth\n\
         TrustFramework: de_denic",
        person(&account, "MAX").replace("CREATE", "UPDATE")
    )
}

#[tokio::test]
async fn a_holder_verified_in_time_lifts_the_deadlines_and_later_than_that_connects_again() {
    for days in [5, 20] {
        let world = World::new().await;
        let mut client = world.furnished().await;
        client.expect(&create("nisverificationrequired.de", "c-1"), "success", "16350000040").await;
        world.advance(days * DAY).await;
        assert_eq!(
            status(&mut client, "nisverificationrequired.de").await,
            if days < 14 { "connect" } else { "serverHold" }
        );
        client.expect(&verified(&world, &["name"], "success", "half"), "success", "STID").await;
        let info = client.ask(&about("INFO", "nisverificationrequired.de")).await;
        assert!(info.contains("VerificationDeadlineBeforeDeletion"), "the address is not proved: {info}");
        drain(&mut client).await;
        client.expect(&verified(&world, &["name", "address"], "success", "whole"), "success", "STID").await;
        let info = client.ask(&about("INFO", "nisverificationrequired.de")).await;
        assert!(!info.contains("VerificationDeadline"), "{info}");
        assert_eq!(field(&info, "Status"), "connect");
        assert_eq!(drain(&mut client).await, ["domainStatusUpdate"]);
        world.advance(100 * DAY).await;
        assert_eq!(status(&mut client, "nisverificationrequired.de").await, "connect");
        assert_eq!(drain(&mut client).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_failed_result_puts_the_domains_of_the_holder_on_hold_at_once() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    client.expect(&create("one.de", "c-1"), "success", "connect").await;
    client.expect(&create("two.de", "c-2"), "success", "connect").await;
    drain(&mut client).await;
    client.expect(&verified(&world, &["name", "address"], "failed", "failed"), "success", "STID").await;
    assert_eq!(status(&mut client, "one.de").await, "serverHold");
    assert_eq!(status(&mut client, "two.de").await, "serverHold");
    let update = read(&mut client, "domainStatusUpdate").await;
    assert_eq!((field(&update, "Msgcnt"), field(&update, "Status")), ("2", "serverHold"));
    assert!(update.contains("16350000041") && !update.contains("16350000040"), "{update}");
    // Whoever orders with such a holder is not delegated to begin with.
    client.expect(&create("three.de", "c-3"), "success", "53000080015").await;
    // The purge phase comes within a day of the deadline.
    world.advance(30 * DAY).await;
    for name in ["one.de", "two.de", "three.de"] {
        assert_eq!(status(&mut client, name).await, "free");
    }
}
