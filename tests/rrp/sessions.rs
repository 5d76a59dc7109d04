//! Sessions: their number, their end, wrong passwords, and money.

use registrard::model::State;
use registrard::store::OutboxRow;
use serde_json::json;

use crate::control;
use crate::database::Kind;
use crate::office::Office;
use crate::world::{OTHER_REGISTRAR, Place, REGISTRAR, Setup, World, check, job, play, until};

fn setup() -> Setup {
    Setup::at(Place::Rrp)
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    play(Kind::Postgres, setup(), async |world: World| {
        world.write_password(REGISTRAR, "i-am-nobody");
        let daemon = world.daemon();
        let jobs: Vec<_> = (0..5).map(|n| check(REGISTRAR, &format!("example-{n}.com"))).collect();
        let ids = world.submit(&jobs).await;
        until("a refused login", async || (!world.requests(REGISTRAR).is_empty()).then_some(())).await;
        // The other account goes on, and the scheduler looks for work with each of its jobs.
        for n in 0..20 {
            let ids = world.submit(&[check(OTHER_REGISTRAR, &format!("round-{n}.com"))]).await;
            world.succeeded(ids[0]).await;
        }
        daemon.stop().await;
        let logins = world.requests_for(REGISTRAR, "login").len();
        assert_eq!(logins, 1, "a second failure would close the connection, and more may lock the account");
        for id in ids {
            assert_eq!(world.job(id).await.job.state, State::Waiting);
        }
    })
    .await;
}

/// Sixty registrations, each once, whatever the server does with sessions.
async fn sixty(setup: Setup) {
    play(Kind::Postgres, setup, async |world: World| {
        let daemon = world.daemon();
        let orders: Vec<_> = (0..60)
            .map(|n| job(REGISTRAR, "domain.create", json!({ "domain": format!("example-{n}.com"), "years": 1 })))
            .collect();
        for id in world.submit(&orders).await {
            world.succeeded(id).await;
        }
        daemon.stop().await;
        let office = Office { world };
        let mut created = office.effects();
        created.sort();
        created.dedup();
        assert_eq!((created.len(), office.effects().len()), (60, 60), "each once");
    })
    .await;
}

#[tokio::test]
async fn fewer_sessions_than_we_would_like_are_enough() {
    let mut setup = setup().limit("sessions", json!(4));
    setup.rrp.sessions = 2;
    sixty(setup).await;
}

/// The server ends each session after a second, in the middle of whatever is said, with a word (520) or without one.
#[tokio::test]
async fn sessions_that_end_all_the_time_do_no_harm() {
    for says_timeout in [true, false] {
        let mut setup = setup();
        setup.rrp.life = Some(std::time::Duration::from_secs(1));
        setup.rrp.processing = std::time::Duration::from_millis(200);
        setup.rrp.sessions = 100;
        setup.rrp.says_timeout = says_timeout;
        sixty(setup).await;
    }
}

#[tokio::test]
async fn what_there_is_no_money_for_waits_and_what_is_free_goes_on() {
    let mut setup = setup();
    setup.rrp.balance = 700;
    play(Kind::Postgres, setup, async |world: World| {
        let daemon = world.daemon();
        let order = |domain: &str| job(REGISTRAR, "domain.create", json!({ "domain": domain, "years": 1 }));
        let ids = world.submit(&[order("one.com")]).await;
        world.succeeded(ids[0]).await;
        let ids = world.submit(&[order("two.com")]).await;
        // The registry cannot be asked: the order tries again and again, at no cost.
        let told = async |kind: &str| {
            let events = world.database.store.events_after(0, 10_000).await.unwrap();
            let of = |row: &&OutboxRow| row.event.routing_key() == format!("funds.{kind}.{REGISTRAR}");
            events.iter().filter(of).map(|row| row.event.body["data"]["reason"].clone()).collect::<Vec<_>>()
        };
        let again = until("a second refusal", async || Some(told("paused").await).filter(|all| all.len() > 1)).await;
        let reason = again[0].as_str().unwrap();
        assert!(reason.starts_with("546 ") && reason.contains("pay in"), "{reason}");
        let free = world.submit(&[check(REGISTRAR, "three.com")]).await;
        world.succeeded(free[0]).await;
        let control = world.sandbox.ready()["control"].as_str().unwrap().to_owned();
        let paid = json!({ "account": REGISTRAR, "balance": 10_000 });
        control::ordered(&control, "POST", "/accounts", &paid).await;
        let paid_for = world.succeeded(ids[0]).await;
        assert_eq!(paid_for.job.spent, 0);
        assert!(paid_for.attempts.len() > 2 && !told("resumed").await.is_empty());
        daemon.stop().await;
    })
    .await;
}
