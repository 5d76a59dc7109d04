//! Laws 3 and 12, for every write command: one life of a contact and a domain in which each command loses its answer once.
//! The job is asked about, happens once, and says what was asked and what proves it.

use registrard::model::State;
use registrard::registries::PLUGINS;
use registrard::store::{InquiryView, JobDetail};
use serde_json::{Value, json};

use crate::database::Kind;
use crate::world::{ACCOUNT, OTHER, Setup, World, contact_create, domain_create, handle, id_of, job, play};

const PASSWORD: &str = "SupermanistSuper";

/// A step of the life.
struct Step {
    account: &'static str,
    job: Value,
    /// The command in the sandbox's ledger; its first request loses its answer.
    action: &'static str,
    /// What is asked first, and what of the answers proves that it happened, and that it did not.
    asks: &'static str,
    happened: &'static str,
    not_happened: &'static str,
}

fn step(job: Value, action: &'static str, asks: &'static str, [happened, not_happened]: [&'static str; 2]) -> Step {
    let account = if job["account"] == OTHER { OTHER } else { ACCOUNT };
    Step { account, job, action, asks, happened, not_happened }
}

fn of(account: &str, operation: &str, more: Value) -> Value {
    let mut params = json!({ "domain": "example.de" });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job(account, operation, params)
}

fn contact(account: &str, operation: &str, name: &str, city: &str) -> Value {
    let mut params = contact_create(name)["params"].clone();
    params["handle"] = json!(format!("{account}-{name}"));
    params["city"] = json!(city);
    job(account, operation, params)
}

/// Every write of the plug-in that is about an object, in an order in which they can happen. Commands that come twice
/// prepare the next one.
fn life() -> Vec<Step> {
    let servers = |place: &str| json!([format!("ns1.{place}"), format!("ns2.{place}")]);
    let data = |holder: &str| json!({ "holder": [holder], "nserver": servers("example.org") });
    let theirs = format!("{OTHER}-ANN");
    let takeover = json!({ "holder": [theirs], "nserver": servers("example.net"), "auth_info": PASSWORD });
    // With its end: INFO does not confirm the password of one's own domain here, so only the date tells whose it is.
    let end = jiff::Zoned::now().date() + jiff::ToSpan::days(20);
    let password = || json!({ "auth_info": PASSWORD, "expire": end.to_string() });
    vec![
        step(
            contact(ACCOUNT, "contact.create", "MAX", "Frankfurt"),
            "contact.create",
            "contact.check",
            ["equals the order in type, name", "CHECK: free"],
        ),
        step(contact(OTHER, "contact.create", "ANN", "Frankfurt"), "", "", ["", ""]),
        step(contact(ACCOUNT, "contact.create", "EVE", "Frankfurt"), "", "", ["", ""]),
        step(
            contact(ACCOUNT, "contact.update", "MAX", "Berlin"),
            "contact.update",
            "contact.info",
            ["equals the order in type, name", "differs in city"],
        ),
        step(
            domain_create("example.de", "MAX"),
            "domain.create",
            "domain.info",
            ["with the ordered holders, registered", "no such domain"],
        ),
        step(
            of(ACCOUNT, "domain.update", data(&handle("MAX"))),
            "domain.update",
            "domain.info",
            ["equals the order in holder", "differs in nserver"],
        ),
        step(
            of(ACCOUNT, "domain.change_holder", data(&handle("EVE"))),
            "domain.chholder",
            "domain.info",
            ["equals the order in holder", "differs in holder"],
        ),
        step(
            of(ACCOUNT, "domain.authcode_create", password()),
            "domain.create_authinfo1",
            "domain.info",
            ["an AuthInfo1 until", "no AuthInfo1"],
        ),
        step(
            of(ACCOUNT, "domain.authcode_delete", json!({})),
            "domain.delete_authinfo1",
            "domain.info",
            ["no AuthInfo1", "an AuthInfo1 until"],
        ),
        step(
            of(ACCOUNT, "domain.authcode_request", json!({})),
            "domain.create_authinfo2",
            "domain.info",
            ["an AuthInfo2 until", "no AuthInfo2"],
        ),
        step(of(ACCOUNT, "domain.authcode_create", password()), "", "", ["", ""]),
        step(
            of(OTHER, "domain.transfer", takeover),
            "domain.chprov",
            "domain.info",
            ["at DENIC-1000002, with the ordered holders, changed", "at DENIC-1000001"],
        ),
        step(of(OTHER, "domain.delete", json!({})), "domain.delete", "domain.info", ["redemptionPeriod", "still ours"]),
        step(
            of(OTHER, "domain.restore", json!({})),
            "domain.restore",
            "domain.info",
            ["ours, status connect", "redemptionPeriod"],
        ),
        step(
            of(OTHER, "domain.transit", json!({ "disconnect": false })),
            "domain.transit",
            "domain.info",
            ["without dnskey", "still ours"],
        ),
    ]
}

#[test]
fn the_life_has_every_write() {
    let plugin = PLUGINS.iter().find(|plugin| plugin.name == "denic-rri").unwrap();
    let life = life();
    let tried = |name: &str| life.iter().any(|step| step.job["operation"] == name && !step.action.is_empty());
    // A removal asks nothing, below; of a request of one's own nobody knows what to ask.
    let others = ["message.delete", "raw"];
    let missing: Vec<_> = plugin.operations.iter().filter(|operation| operation.writes()).collect();
    let missing: Vec<_> = missing
        .into_iter()
        .map(|operation| operation.name())
        .filter(|name| !tried(name) && !others.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn causes(detail: &JobDetail) -> Vec<&str> {
    detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect()
}

/// What was found, conversation by conversation, with the move it led to.
fn found(inquiries: &[InquiryView]) -> Vec<(&str, &str)> {
    inquiries.iter().map(|one| (one.finding.as_str(), one.cause.as_str())).collect()
}

async fn each_loses_its_answer(kind: Kind, fault: &str) {
    let mut setup = Setup::new();
    for step in life().iter().filter(|step| !step.action.is_empty()) {
        setup = setup.fault(&format!("{fault}:action={},nth=1", step.action));
    }
    play(kind, setup, async |world: World| {
        let daemon = world.daemon();
        for step in life() {
            let what = format!("{} {fault}", step.job["operation"]);
            world.submit(std::slice::from_ref(&step.job)).await;
            let detail = world.end_of(id_of(&step.job)).await;
            assert_eq!(detail.job.state, State::Succeeded, "{what}: {:?} {:?}", detail.job.reason, detail.inquiries);
            if !step.action.is_empty() {
                assert_settled(&world, &step, &detail, fault == "cut_after", &what);
            }
        }
        daemon.stop().await;
        let mut ordered: Vec<&str> =
            life().iter().map(|step| step.action).filter(|action| !action.is_empty()).collect();
        let effects = world.sandbox.ledger().effects;
        ordered.extend(["contact.create", "contact.create", "domain.create_authinfo1"]);
        let mut happened: Vec<&str> = effects.iter().map(|effect| effect.kind.as_str()).collect();
        ordered.sort_unstable();
        happened.sort_unstable();
        assert_eq!(happened, ordered, "each effect once");
    })
    .await;
}

fn assert_settled(world: &World, step: &Step, detail: &JobDetail, happened: bool, what: &str) {
    let inquiries = &detail.inquiries;
    let questions = inquiries.iter().flat_map(|one| &one.questions);
    assert!(questions.clone().all(|question| !question.asked.writes() && question.at >= detail.attempts[0].started_at));
    assert_eq!(inquiries[0].questions[0].asked.name(), step.asks, "{what}");
    assert_eq!(inquiries[0].questions[0].object, detail.job.object.to_string(), "{what}");
    assert!(questions.clone().all(|question| question.result.is_some() && question.server_transaction.is_some()));
    let proof = if happened { step.happened } else { step.not_happened };
    for inquiry in inquiries {
        assert!(inquiry.evidence.contains(proof), "{what}: {}", inquiry.evidence);
        for private in [PASSWORD, "Mustermann", "Frankfurt", "Berlin", "max@example.de"] {
            assert!(!inquiry.evidence.contains(private), "{what}: {}", inquiry.evidence);
        }
    }
    let sent: Vec<_> = world.requests_for(step.account, step.action).into_iter().map(|request| request.ctid).collect();
    if happened {
        assert_eq!(found(inquiries), [("applied", "found_applied")], "{what}");
        assert_eq!((causes(detail), sent.len()), (vec!["found_applied"], 1), "{what}");
    } else {
        // The sandbox counts an id as used up by a request without effect: the repetition under it is refused, which is no
        // outcome of the job but a reason to ask again.
        let nothing = ("not_applied", "found_nothing");
        assert_eq!(found(inquiries), [nothing, nothing], "{what}");
        assert_eq!(causes(detail), ["found_nothing", "found_nothing", "done"], "{what}");
        assert_eq!(detail.attempts[1].code.as_deref(), Some("63000060508"), "{what}");
        assert_eq!((sent.len(), &sent[1]), (3, &sent[0]), "{what}");
        assert_ne!(sent[2], sent[0], "{what}");
    }
}

#[tokio::test]
async fn every_write_that_happened_unheard() {
    each_loses_its_answer(Kind::Sqlite, "cut_after").await;
}

#[tokio::test]
async fn every_write_that_did_not_happen() {
    each_loses_its_answer(Kind::Postgres, "cut_before").await;
}

/// A removal is not asked about: under a new id its answer tells the truth, gone before or not. (The poller reads the head
/// of the queue again instead: `tests/poll.rs`.)
#[tokio::test]
async fn a_removal_of_a_message_is_repeated() {
    for fault in ["cut_after", "cut_before"] {
        let setup = Setup::new().fault(&format!("{fault}:action=queue.delete,nth=1"));
        play(Kind::Sqlite, setup, async |world: World| {
            let daemon = world.daemon();
            let jobs = [contact_create("MAX"), domain_create("fail-example.de", "MAX")];
            for job in &jobs {
                world.submit(std::slice::from_ref(job)).await;
                world.succeeded(id_of(job)).await;
            }
            let letters = job(OTHER, "domain.authcode_request", json!({ "domain": "fail-example.de" }));
            let read = job(ACCOUNT, "message.read", json!({}));
            for job in [&letters, &read] {
                world.submit(std::slice::from_ref(job)).await;
                world.succeeded(id_of(job)).await;
            }
            let message = world.job(id_of(&read)).await.job.answer.unwrap().data["id"].clone();
            let remove = job(ACCOUNT, "message.delete", json!({ "id": message }));
            world.submit(std::slice::from_ref(&remove)).await;
            let detail = world.succeeded(id_of(&remove)).await;
            daemon.stop().await;
            assert_eq!(causes(&detail), ["found_nothing", "done"], "{fault}");
            assert_eq!(found(&detail.inquiries), [("not_applied", "found_nothing")]);
            assert!(detail.inquiries[0].questions.is_empty(), "nothing was asked");
            let sent = world.requests_for(ACCOUNT, "queue.delete");
            assert!(sent.len() == 2 && sent[0].ctid != sent[1].ctid, "{sent:?}");
            let removed = world.sandbox.ledger().effects.iter().filter(|effect| effect.kind == "queue.delete").count();
            assert_eq!(removed, 1, "{fault}");
        })
        .await;
    }
}
