//! What goes wrong on purpose: what the client sees of it, and whether it had its effect.

use registrard::sandbox::NzOptions;

use super::client::*;

/// What is left of an answer.
enum Seen {
    Nothing,
    Ok,
    Error(&'static str),
    Twice,
    Unsigned,
    Forged,
}

/// Fault, what is seen, and whether the name is registered.
const FAULTS: &[(&str, Seen, bool)] = &[
    ("cut_before", Seen::Nothing, false),
    ("cut_after", Seen::Nothing, true),
    ("half_frame", Seen::Nothing, true),
    ("garbage", Seen::Nothing, true),
    ("tls_alert", Seen::Nothing, false),
    ("tls_alert:effect=yes", Seen::Nothing, true),
    ("delay=5", Seen::Ok, true),
    ("slow_drip=5", Seen::Ok, true),
    ("duplicate_answer", Seen::Twice, true),
    ("busy", Seen::Error("LOCK_ERROR"), false),
    ("unavailable", Seen::Error("SYSTEM_OFFLINE"), false),
    ("refuse_login", Seen::Error("SIG_INVALID"), false),
    ("drop_session:result=not_logged_in", Seen::Error("SIG_VERIFY_FAILED"), false),
    ("lie=DOMAIN_LOCKED", Seen::Error("DOMAIN_LOCKED"), false),
    ("lie=UNDETERMINED_RESULT:effect=yes", Seen::Error("UNDETERMINED_RESULT"), true),
    ("lie=INTERNAL_ERROR:effect=yes,result=exception", Seen::Error("INTERNAL_ERROR"), true),
    ("lie=SYSTEM_MAINTENANCE", Seen::Error("SYSTEM_MAINTENANCE"), false),
    ("unsigned", Seen::Unsigned, true),
    ("bad_signature", Seen::Forged, true),
];

#[tokio::test]
async fn every_fault_is_seen_and_has_its_effect_or_not() {
    for (fault, seen, is_done) in FAULTS {
        let spec = format!("{fault}{}action=domain.create", if fault.contains(':') { "," } else { ":" });
        let world = World::with(free(), &[&spec]).await;
        let mut stream = world.https().await;
        send(&mut stream, &form("90", &request(&create("a.co.nz")), &world.key("90"))).await;
        let first = receive(&mut stream).await.map(Answer::valid);
        let is_signed = first.as_ref().is_some_and(|answer| answer.is_signed_by(&world.registry_key()));
        match seen {
            Seen::Nothing => assert!(first.is_none(), "{fault}"),
            Seen::Ok => assert!(is_signed && first.unwrap().error().is_empty(), "{fault}"),
            Seen::Error(id) => {
                let answer = first.unwrap();
                assert!(is_signed, "{fault}");
                let is_top = answer.is_top();
                assert_eq!(answer.error(), *id, "{fault}");
                assert_eq!(is_top, !["LOCK_ERROR", "DOMAIN_LOCKED", "UNDETERMINED_RESULT"].contains(id), "{fault}");
            }
            Seen::Twice => assert_eq!(first.unwrap().text, receive(&mut stream).await.unwrap().text, "{fault}"),
            Seen::Unsigned => assert!(first.unwrap().signature.is_none(), "{fault}"),
            Seen::Forged => assert!(!is_signed && first.unwrap().signature.is_some(), "{fault}"),
        }
        assert_eq!(world.effects("domain.create").len(), usize::from(*is_done), "{fault}");
        let status = if *is_done { "Active" } else { "Available" };
        assert_eq!(world.done(&whois("a.co.nz")).await.value("Domain", "Status"), status, "{fault}");
        let ledger = world.sandbox.ledger();
        let record = ledger.requests.iter().find(|request| request.action == "domain.create").unwrap();
        assert!(
            record.fault.as_ref().is_some_and(|told| fault.starts_with(told.split(':').next().unwrap())),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_lost_answer_is_there_for_who_sends_again() {
    let world = World::with(
        free(),
        &["cut_after:nth=1,action=domain.create", "lie=UNDETERMINED_RESULT:effect=yes,action=domain.renew,times=1"],
    )
    .await;
    let mut stream = world.https().await;
    send(&mut stream, &form("90", &request(&create("a.co.nz")), &world.key("90"))).await;
    assert!(receive(&mut stream).await.is_none());
    let again = world.done(&create("a.co.nz")).await;
    assert_eq!(again.value("Domain", "UDAI").len(), 8);
    let renew = update("r", "a.co.nz", "Renew=\"1\" Term=\"12\"", "");
    world.refused("UNDETERMINED_RESULT", &renew).await;
    // What is stored is what was done.
    let stored = world.done("<GetMessages ActionId=\"r\"/>").await;
    assert_eq!(stored.tags("BilledUntil").len(), 1, "{}", stored.text);
    assert_eq!(world.done(&renew).await.value("Response", "Rows"), "1");
    assert_eq!(world.effects("domain.renew").len(), 1);
}

#[tokio::test]
async fn ids_of_others_and_answers_of_before() {
    let world = World::with(free(), &["wrong_ctid:nth=2", "wrong_stid:nth=3", "previous_answer:nth=4"]).await;
    let mut stream = world.https().await;
    let mut ask = async |name: &str| {
        send(&mut stream, &form("90", &request(&create(name)), &world.key("90"))).await;
        receive(&mut stream).await.unwrap().valid()
    };
    let answers = [ask("a.co.nz").await, ask("b.co.nz").await, ask("c.co.nz").await, ask("d.co.nz").await];
    let ids = answers.clone().map(|answer| answer.value("Response", "TransId"));
    assert_eq!(ids, ["create-a.co.nz", "create-b.co.nz-x", "create-c.co.nz", "create-c.co.nz"]);
    assert_eq!(answers[2].value("Response", "FeSeq"), answers[1].value("Response", "FeSeq"));
    assert_eq!(world.effects("domain.create").len(), 4);
}

#[tokio::test]
async fn a_connection_is_refused() {
    let world = World::with(free(), &["refuse_connection:nth=1"]).await;
    let url = world.ready()["url"].as_str().unwrap();
    let mut stream =
        tokio::net::TcpStream::connect(url.strip_prefix("https://").unwrap().split('/').next().unwrap()).await.unwrap();
    assert!(receive(&mut stream).await.is_none());
    world.done(&whois("a.co.nz")).await;
    assert_eq!(world.sandbox.ledger().requests[0].action, "connect");
}

#[tokio::test]
async fn a_name_says_what_shall_be_answered() {
    let world = World::with(NzOptions { quirks: [registrard::sandbox::Quirk::QuietUdai].into(), ..free() }, &[]).await;
    // Each error by a name, through the wire: those of the whole document and those of the action.
    for (name, id, is_top) in [
        ("code-sig-invalid.co.nz", "SIG_INVALID", true),
        ("code-system-maintenance-1.co.nz", "SYSTEM_MAINTENANCE", true),
        ("code-system-readonly.co.nz", "SYSTEM_READONLY", false),
        ("code-lock-error-7.co.nz", "LOCK_ERROR", false),
        ("code-consent-error.co.nz", "CONSENT_ERROR", false),
        ("code-renew-not-required.co.nz", "RENEW_NOT_REQUIRED", false),
        ("hint-unknown-result.co.nz", "UNHEARD_OF", false),
    ] {
        let answer = world.refused(id, &create(name)).await;
        assert_eq!(answer.is_top(), is_top, "{name}");
        assert_eq!(world.done(&whois(name)).await.value("Domain", "Status"), "Available");
    }
    world.refused("INTERNAL_ERROR", &whois("read-internal-error.co.nz")).await;
    let renew = "renew-renewal-exceeds-max.co.nz";
    world.done(&create(renew)).await;
    world.done(&update("u", renew, "RegistrantRef=\"x\"", "")).await;
    let refused = world.refused("RENEWAL_EXCEEDS_MAX", &update("r", renew, "Renew=\"1\" Term=\"1\"", "")).await;
    assert_eq!(refused.cdatas("ErrorDetails")[1..], ["120", renew]);
    let updates = "update-domain-locked.co.nz";
    world.done(&create(updates)).await;
    world.refused("DOMAIN_LOCKED", &update("d", updates, "Cancel=\"1\"", "")).await;
    world.done(&update("e", updates, "Renew=\"1\" Term=\"1\"", "")).await;
    // Once, and once although it is done.
    world.refused("LOCK_ERROR", &create("once-lock-error.co.nz")).await;
    world.done(&create("once-lock-error.co.nz")).await;
    world.refused("INTERNAL_ERROR", &create("done-internal-error.co.nz")).await;
    assert_eq!(world.done(&whois("done-internal-error.co.nz")).await.value("Domain", "Status"), "Active");
    assert_eq!(world.done(&create("done-internal-error.co.nz")).await.value("Domain", "Status"), "Active");
    assert_eq!(world.effects("domain.create").iter().filter(|name| name.starts_with("done-")).count(), 1);
    world.refused("SYSTEM_OFFLINE", &create("done-system-offline.co.nz")).await;
    assert_eq!(world.done(&whois("done-system-offline.co.nz")).await.value("Domain", "Status"), "Active");
}
