//! Sessions that lie, over real TLS: the request that was hit falls into doubt, its session is gone, and nobody else
//! notices.

use std::time::Duration;

use registrard::model::State;
use registrard::sandbox::RequestRecord;
use registrard::store::JobDetail;
use serde_json::{Value, json};

use crate::control;
use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, check, contact_create, id_of, play, told, until};

/// Contacts created in one test.
const JOBS: usize = 12;
/// The one that is hit, counted from 1: the session has been used, and more is queued behind it.
const HIT: usize = 5;

/// What becomes of the request that is hit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Comes {
    /// It is in doubt, and had its effect.
    ToHappen,
    /// It is in doubt, and had none.
    ToNothing,
    /// It is in doubt; what was true when the registry was asked depends on the moment.
    Late,
    /// To its answer; the session may be gone all the same.
    Answered,
}

const SILENT: &[(&str, Comes)] = &[
    ("drop_session", Comes::ToNothing),
    ("stall", Comes::ToNothing),
    ("slow_drip=60000", Comes::ToHappen),
    ("delay=3600", Comes::Late),
];

const LOUD: &[(&str, Comes)] = &[
    ("tls_alert", Comes::ToNothing),
    ("tls_alert:effect=yes", Comes::ToHappen),
    ("cut_before", Comes::ToNothing),
    ("cut_after", Comes::ToHappen),
    ("half_frame", Comes::ToHappen),
    ("garbage", Comes::ToHappen),
    ("wrong_ctid", Comes::ToHappen),
    ("wrong_stid", Comes::ToHappen),
    ("previous_answer", Comes::ToHappen),
    ("drop_session:result=not_logged_in", Comes::ToNothing),
    ("duplicate_answer", Comes::Answered),
    ("slow_drip=300", Comes::Answered),
];

fn setup(fault: &str, keys: &str, sessions: usize, answer_seconds: u64) -> Setup {
    let colon = if fault.contains(':') { "," } else { ":" };
    Setup::new()
        .fault(&format!("{fault}{colon}{keys}"))
        .limit("sessions", json!(sessions))
        .set("answer_seconds", json!(answer_seconds))
}

fn causes(detail: &JobDetail) -> Vec<&str> {
    detail.attempts.iter().map(|attempt| attempt.cause.as_deref().unwrap()).collect()
}

fn hit(world: &World) -> Vec<RequestRecord> {
    world.requests(ACCOUNT).into_iter().filter(|request| request.fault.is_some()).collect()
}

async fn assert_only_one_is_in_doubt(world: &World, fault: &str, comes: Comes, sessions: usize) {
    let mut jobs: Vec<_> = (1..=JOBS).map(|n| contact_create(&format!("C{n}"))).collect();
    for job in &mut jobs {
        // A repetition meets its own first request as long as the registry is slow with it; here it comes every 100 ms.
        job["max_attempts"] = json!(100);
    }
    let ids = world.submit(&jobs).await;
    let daemon = world.daemon();
    let mut details = Vec::new();
    for id in ids {
        details.push(world.succeeded(id).await);
    }
    daemon.stop().await;

    let hit = hit(world);
    let [hit] = &hit[..] else {
        panic!("{fault}: one request is hit, and nothing more is sent on its session: {hit:?}")
    };
    let after = world.requests(ACCOUNT).into_iter().filter(|request| request.seq > hit.seq);
    let after: Vec<_> = after.filter(|request| request.session == hit.session).map(|request| request.action).collect();
    let logins = world.requests_for(ACCOUNT, "login").len();
    let is_gone = fault != "slow_drip=300";
    if is_gone {
        assert_eq!(after, Vec::<String>::new(), "{fault}: the session was used again");
    }
    if sessions == 1 {
        assert_eq!(logins, 1 + usize::from(is_gone), "{fault}: as many sessions as were needed");
    }
    let mut effects: Vec<_> = world.sandbox.ledger().effects.into_iter().map(|effect| effect.object).collect();
    effects.sort();
    effects.dedup();
    assert_eq!((effects.len(), world.sandbox.ledger().effects.len()), (JOBS, JOBS), "{fault}: each effect once");

    for detail in &details {
        let is_hit = hit.object.as_deref() == Some(detail.job.object.name());
        let doubts = told(detail).into_iter().filter(|kind| *kind == "job.in_doubt").count();
        let causes = causes(detail);
        if !is_hit || comes == Comes::Answered {
            assert_eq!(doubts, 0, "{fault}: a neighbour fell into doubt");
            assert_eq!(detail.job.spent, 0, "{fault}: a neighbour lost an attempt");
            // Where the session ended before a byte of it was sent, it went back and was handed to the next one.
            let sent: Vec<_> = causes.into_iter().filter(|cause| *cause != "deferred").collect();
            assert_eq!(sent, ["done"], "{fault}");
            let requests = world.requests_for(ACCOUNT, "contact.create");
            let own = requests.iter().filter(|request| request.object.as_deref() == Some(detail.job.object.name()));
            assert_eq!(own.count(), 1, "{fault}: sent once");
            continue;
        }
        match comes {
            Comes::ToHappen => assert_eq!((causes, doubts), (vec!["found_applied"], 1), "{fault}"),
            Comes::ToNothing => {
                assert_eq!((causes[0], *causes.last().unwrap()), ("found_nothing", "done"), "{fault}: {causes:?}");
            }
            Comes::Late => assert!(doubts > 0, "{fault}: {causes:?}"),
            Comes::Answered => unreachable!("seen to above"),
        }
    }
}

async fn one_after_the_other(faults: &[(&str, Comes)], sessions: usize, answer_seconds: u64, kind: Kind) {
    for (fault, comes) in faults {
        println!("{fault}, {sessions} sessions");
        let setup = setup(fault, &format!("action=contact.create,nth={HIT}"), sessions, answer_seconds);
        play(kind, setup, async |world: World| assert_only_one_is_in_doubt(&world, fault, *comes, sessions).await)
            .await;
    }
}

#[tokio::test]
async fn what_is_queued_behind_a_session_that_falls_silent() {
    one_after_the_other(SILENT, 1, 3, Kind::Sqlite).await;
}

#[tokio::test]
async fn what_is_queued_behind_a_session_that_says_something_else() {
    one_after_the_other(LOUD, 1, 20, Kind::Sqlite).await;
}

#[tokio::test]
async fn what_goes_on_beside_a_session_that_falls_silent() {
    one_after_the_other(SILENT, 3, 3, Kind::Sqlite).await;
}

#[tokio::test]
async fn what_goes_on_beside_a_session_that_says_something_else() {
    one_after_the_other(LOUD, 3, 20, Kind::Sqlite).await;
}

/// Jobs that only ask have no transaction id: what they are told is about the domain they asked about.
#[tokio::test]
async fn questions_are_not_answered_with_each_others_answers() {
    let faults =
        ["previous_answer", "wrong_stid", "duplicate_answer", "wrong_ctid", "drop_session:result=not_logged_in"];
    for fault in faults {
        println!("{fault}");
        let setup = setup(fault, "action=domain.check,every=4", 2, 20);
        play(Kind::Sqlite, setup, async |world: World| {
            let jobs: Vec<_> = (0..JOBS).map(|n| check(ACCOUNT, &format!("example-{n}.de"))).collect();
            world.submit(&jobs).await;
            let daemon = world.daemon();
            for job in &jobs {
                let detail = world.succeeded(id_of(job)).await;
                let shown = &detail.job.answer.as_ref().unwrap().data;
                assert_eq!(shown["domain"], job["params"]["domain"], "{fault}: {shown}");
                assert_eq!(shown["status"], "free");
            }
            daemon.stop().await;
            assert!(hit(&world).len() >= 3);
            assert_eq!(
                world.database.store.account(ACCOUNT).await.unwrap().suspended,
                None,
                "nobody's password is wrong"
            );
        })
        .await;
    }
}

async fn open_sessions(world: &World) -> Value {
    let url = world.sandbox.ready()["control"].as_str().unwrap();
    let (_, objects) = control::request(url, "GET", "/objects", &Value::Null).await;
    let accounts = objects["denic_rri"]["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["account"] == ACCOUNT).unwrap()["sessions"].clone()
}

/// The registry says that it closes an idle session: nothing is sent on it, and so nothing is in doubt.
#[tokio::test]
async fn a_session_closed_in_good_order_while_idle() {
    let mut setup = Setup::new().limit("sessions", json!(1));
    setup.denic.idle = Duration::from_secs(1);
    play(Kind::Sqlite, setup, async |world: World| {
        let daemon = world.daemon();
        for name in ["A", "B"] {
            let job = contact_create(name);
            world.submit(std::slice::from_ref(&job)).await;
            let detail = world.succeeded(id_of(&job)).await;
            assert_eq!(told(&detail), ["job.succeeded"]);
            assert_eq!(detail.job.spent, 0);
            until("the session closed", async || (open_sessions(&world).await == 0).then_some(())).await;
        }
        daemon.stop().await;
        assert_eq!(world.requests_for(ACCOUNT, "contact.create").len(), 2);
        assert_eq!(world.sandbox.ledger().effects.len(), 2);
        assert!(world.requests_for(ACCOUNT, "login").len() >= 2);
    })
    .await;
}

/// A session forgotten while idle is noticed by its keep-alive; the write that comes after it is not in doubt.
#[tokio::test]
async fn a_keep_alive_notices_that_the_session_is_forgotten() {
    for fault in ["drop_session", "drop_session:result=not_logged_in", "previous_answer", "tls_alert", "garbage"] {
        println!("{fault}");
        let setup = setup(fault, "action=queue.read,nth=1", 1, 4).set("keep_alive_seconds", json!(1));
        play(Kind::Sqlite, setup, async |world: World| {
            let daemon = world.daemon();
            let first = contact_create("A");
            world.submit(std::slice::from_ref(&first)).await;
            world.succeeded(id_of(&first)).await;
            until("the keep-alive", async || (!hit(&world).is_empty()).then_some(())).await;
            let second = contact_create("B");
            world.submit(std::slice::from_ref(&second)).await;
            let detail = world.succeeded(id_of(&second)).await;
            assert_eq!(told(&detail), ["job.succeeded"], "{fault}");
            daemon.stop().await;
            let hit = hit(&world);
            assert_eq!(hit.len(), 1, "{fault}: nothing more was sent on that session");
            let creates = world.requests_for(ACCOUNT, "contact.create");
            assert_ne!(creates[1].session, hit[0].session, "{fault}");
            assert_eq!(world.database.store.account(ACCOUNT).await.unwrap().suspended, None);
        })
        .await;
    }
}

/// Errands: a poll on a session that lies ends the session, and neither message nor job suffers.
#[tokio::test]
async fn messages_are_read_though_sessions_lie() {
    for fault in ["previous_answer", "drop_session:result=not_logged_in", "wrong_stid", "tls_alert:effect=yes"] {
        println!("{fault}");
        let both = setup(fault, "action=queue.delete,nth=2", 1, 20).faults;
        let setup = setup(fault, "action=queue.read,every=3", 1, 20).reading_messages().fault(&both[0]);
        play(Kind::Sqlite, setup, async |world: World| {
            let url = world.sandbox.ready()["control"].as_str().unwrap();
            for n in 0..3 {
                let message = json!({ "account": ACCOUNT, "type": "authInfo2Notify", "domain": format!("m{n}.de") });
                control::ordered(url, "POST", "/messages", &message).await;
            }
            let job = contact_create("A");
            world.submit(std::slice::from_ref(&job)).await;
            let daemon = world.daemon();
            let detail = world.succeeded(id_of(&job)).await;
            assert_eq!((detail.job.state, told(&detail)), (State::Succeeded, vec!["job.succeeded"]));
            let left = async || {
                let (_, objects) = control::request(url, "GET", "/objects", &Value::Null).await;
                let accounts = objects["denic_rri"]["accounts"].as_array().unwrap();
                accounts.iter().find(|account| account["account"] == ACCOUNT).unwrap()["messages"].clone()
            };
            until("an empty queue", async || (left().await == 0).then_some(())).await;
            daemon.stop().await;
            let stored = world.database.number("SELECT count(*) FROM inbox").await;
            assert_eq!(stored, 3, "{fault}: each message once");
            let hit: Vec<_> = hit(&world).into_iter().map(|request| request.action).collect();
            assert!(hit.contains(&"queue.delete".to_owned()), "{fault}: {hit:?}");
            let reads = world.sandbox.ledger().requests.into_iter().filter(|r| r.action == "queue.read");
            assert!(reads.filter(|read| read.fault.is_some()).count() > 0, "{fault}");
        })
        .await;
    }
}
