//! Sessions: their number, their end, wrong passwords, and money.

use registrard::model::State;
use serde_json::json;

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

/// A server that takes two sessions and closes each after a few seconds of its time, idle ones, too.
#[tokio::test]
async fn fewer_sessions_than_we_would_like_and_short_ones_do_no_harm() {
    let mut setup = setup().limit("sessions", json!(4));
    setup.rrp.sessions = 2;
    setup.rrp.life = Some(std::time::Duration::from_secs(1));
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
async fn what_there_is_no_money_for_waits_and_what_is_free_goes_on() {
    let mut setup = setup();
    setup.rrp.balance = 700;
    play(Kind::Postgres, setup, async |world: World| {
        let daemon = world.daemon();
        let order = |domain: &str| job(REGISTRAR, "domain.create", json!({ "domain": domain, "years": 1 }));
        let ids = world.submit(&[order("one.com")]).await;
        world.succeeded(ids[0]).await;
        let ids = world.submit(&[order("two.com")]).await;
        let waiting = until("an order without money", async || {
            let job = world.job(ids[0]).await.job;
            (job.state == State::Waiting && job.reason.is_some()).then_some(job)
        })
        .await;
        let reason = waiting.reason.unwrap();
        assert!(reason.starts_with("546 ") && reason.contains("pay in"), "{reason}");
        let ids = world.submit(&[check(REGISTRAR, "two.com")]).await;
        world.succeeded(ids[0]).await;
        daemon.stop().await;
    })
    .await;
}
