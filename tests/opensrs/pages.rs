//! What stands in between and speaks HTTP, but is not the registry: gateways that are out of order, portals, and the bare
//! status for a signature that does not fit.

use registrard::model::State;
use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::{Office, open};
use crate::params::registration;
use crate::world::{OTHER_RESELLER, Place, RESELLER, Setup, World, check, job, play, until};

/// A status, and whether the write had been carried out before a page came in the place of its answer.
const PAGES: &[(&str, bool)] = &[
    ("http=500", false),
    ("http=500:effect=yes", true),
    ("http=502", false),
    ("http=503:effect=yes", true),
    ("http=200", false),
    ("http=200:effect=yes", true),
    ("http=403", false),
    ("http=302", false),
    // Whoever follows this one says the same again.
    ("http=307", false),
    ("http=308:effect=yes", true),
];

fn fault(page: &str, action: &str, times: usize) -> String {
    format!("{page}{}action={action},times={times}", if page.contains(':') { "," } else { ":" })
}

/// A page is no answer: what was written is in doubt, and looked for before anything goes out again.
#[tokio::test]
async fn a_write_answered_with_a_page_is_in_doubt_and_happens_once() {
    open(Setup::at(Place::OpensrsByHttps), async |office| {
        for (number, (page, happened)) in PAGES.iter().enumerate() {
            office.control("POST", "/faults?replace=1", json!([fault(page, "domain.create", 1)])).await;
            let domain = format!("example-{number}.com");
            let detail = office.done(RESELLER, "domain.create", registration(&domain)).await;
            // One that was certainly not sent does not count.
            let causes = detail.attempts.iter().filter_map(|attempt| attempt.cause.as_deref());
            let causes: Vec<_> = causes.filter(|cause| *cause != "deferred").collect();
            let expected: &[&str] = if *happened { &["found_applied"] } else { &["found_nothing", "done"] };
            assert_eq!(causes, expected, "{page}");
            let effects: Vec<_> = office.effects().into_iter().filter(|(_, object)| *object == domain).collect();
            assert_eq!(effects, [("domain.create".to_owned(), domain.clone())], "{page}");
            let sent = office.world.requests_for(RESELLER, "domain.create");
            let sent = sent.iter().filter(|request| request.object.as_deref() == Some(&*domain)).count();
            assert_eq!(sent, causes.len(), "{page}: nothing follows anywhere by itself");
            assert_eq!(detail.events[0].event.kind, "job.in_doubt", "{page}");
        }
        assert!(!suspended(office, RESELLER).await, "no page says that the account is unknown");
    })
    .await;
}

/// A question is simply asked again; and a registry that answers nothing else than pages is as good as none.
#[tokio::test]
async fn a_question_answered_with_a_page_is_asked_again() {
    open(Setup::at(Place::OpensrsByHttps), async |office| {
        for (page, _) in PAGES.iter().filter(|(_, happened)| !happened) {
            office.control("POST", "/faults?replace=1", json!([fault(page, "domain.check", 2)])).await;
            let detail = office.done(RESELLER, "domain.check", json!({ "domain": "example.com" })).await;
            let status = page.split('=').next_back().unwrap();
            let told = format!("{:?}", detail.attempts);
            let causes: Vec<_> = detail.attempts.iter().filter_map(|attempt| attempt.cause.as_deref()).collect();
            assert!(causes.len() >= 3 && causes.ends_with(&["deferred", "done"]), "{page}: {told}");
            assert!(status == "200" || told.contains(&format!("HTTP {status}")), "{page}: {told}");
        }
        assert!(!suspended(office, RESELLER).await);
    })
    .await;
}

async fn suspended(office: &Office, account: &str) -> bool {
    office.world.database.store.account(account).await.unwrap().suspended.is_some()
}

/// What is to be looked at after a 401, in the order of the guide (1.6).
const CHECKLIST: [&str; 4] = ["private key", "user name", "address is on the reseller's list", "signature"];

async fn not_let_in(fault: &str, write: bool) {
    let of_job = if write { "domain.create" } else { "domain.check" };
    let setup = Setup::at(Place::OpensrsByHttps).fault(&format!("{fault}:action={of_job},object=*example*"));
    play(Kind::Postgres, setup, async |world: World| {
        let params = if write { registration("example.com") } else { json!({ "domain": "example.com" }) };
        let ids = world.submit(&[job(RESELLER, of_job, params)]).await;
        let daemon = world.daemon();
        let why = until("a suspended account", async || {
            let account = world.database.store.account(RESELLER).await.unwrap();
            account.suspended
        })
        .await;
        // Nobody hammers: whatever comes is kept, and the other account goes on.
        let more: Vec<Value> = (0..5).map(|n| check(RESELLER, &format!("more-{n}.com"))).collect();
        let more = world.submit(&more).await;
        world.rounds(3).await;
        assert_eq!(world.requests(RESELLER).len(), 1, "one request, and no other after it");
        assert!(world.database.store.account(OTHER_RESELLER).await.unwrap().suspended.is_none());
        for id in ids.into_iter().chain(more) {
            assert_eq!(world.job(id).await.job.state, State::Waiting);
        }
        let events = world.database.store.events_after(0, 1000).await.unwrap();
        let told: Vec<_> = events.iter().filter(|row| row.event.kind == "account.suspended").collect();
        assert_eq!(told.len(), 1);
        let reason = told[0].event.body["data"]["reason"].as_str().unwrap().to_owned();
        for said in [&reason, &why] {
            let places: Vec<_> = CHECKLIST.iter().map(|cause| said.find(cause)).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said}");
            assert!(said.contains("401"), "{said}");
        }
        daemon.stop().await;
        assert!(world.sandbox.ledger().effects.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_bare_401_stops_the_account_and_says_what_to_look_at() {
    not_let_in("http=401", false).await;
    not_let_in("http=401", true).await;
}

/// The same as an answer in XML, which some see instead.
#[tokio::test]
async fn a_401_in_xml_does_the_same() {
    not_let_in("refuse_login", false).await;
    not_let_in("refuse_login", true).await;
}
