//! What the registry turns away as a whole: a wrong password, and whoever sends too much.

use jiff::Timestamp;
use registrard::model::{Event, State};
use registrard::sandbox::DenicOptions;
use serde_json::json;

use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, check, contact_create, play, told, until};

async fn checks(world: &World, count: usize) {
    let jobs: Vec<_> = (0..count).map(|n| check(ACCOUNT, &format!("example-{n}.de"))).collect();
    world.submit(&jobs).await;
}

/// Nothing was done and nothing was spent.
async fn assert_untouched(world: &World) {
    for job in world.jobs(ACCOUNT).await {
        assert_eq!((job.state, job.attempt, job.spent), (State::Waiting, 0, 0), "{:?}", job.reason);
    }
}

async fn a_wrong_password_is_sent_once(world: World) {
    world.write_password(ACCOUNT, "not the password");
    checks(&world, 20).await;
    let daemon = world.daemon();
    let store = world.database.store.clone();
    until("the suspension", async || store.account(ACCOUNT).await.unwrap().suspended).await;
    world.rounds(10).await;
    daemon.stop().await;

    // A restart alone puts nothing right.
    let daemon = world.daemon();
    world.rounds(10).await;
    let sent: Vec<_> = world.requests(ACCOUNT).into_iter().map(|request| request.action).collect();
    assert_eq!(sent, ["login"]);
    assert_untouched(&world).await;
    let told = |kind: &'static str| {
        let store = store.clone();
        async move {
            let events = store.events_after(0, 10_000).await.unwrap();
            events.iter().filter(|row| row.event.kind == kind && row.event.account == ACCOUNT).count()
        }
    };
    assert_eq!(told("account.suspended").await, 1);
    daemon.stop().await;

    world.write_password(ACCOUNT, &world.credentials(ACCOUNT).1);
    let daemon = world.daemon();
    let event = Event::of_account(ACCOUNT, "resumed", "by an operator", Timestamp::now());
    store.suspend(ACCOUNT, None, &event).await.unwrap();
    for job in world.jobs(ACCOUNT).await {
        world.succeeded(job.id).await;
    }
    daemon.stop().await;
    assert_eq!((told("account.suspended").await, told("account.resumed").await), (1, 1));
    assert_eq!(world.sandbox.ledger().violations_of(ACCOUNT, "wrong_login"), 1);
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_sqlite() {
    play(Kind::Sqlite, Setup::new(), a_wrong_password_is_sent_once).await;
}

#[tokio::test]
async fn a_wrong_password_is_sent_once_postgres() {
    play(Kind::Postgres, Setup::new(), a_wrong_password_is_sent_once).await;
}

/// The registry's own limit is below the configured one. One session, so that nothing is on the wire beside the request
/// that is turned away.
#[tokio::test]
async fn a_blocked_account_is_silent() {
    let mut setup = Setup::new().limit("sessions", json!(1));
    setup.denic = DenicOptions { requests_per_window: Some(60), ..setup.denic };
    play(Kind::Sqlite, setup, async |world: World| {
        checks(&world, 150).await;
        let daemon = world.daemon();
        let store = world.database.store.clone();
        let until_then = until("the silence", async || store.account(ACCOUNT).await.unwrap().cooldown_until).await;
        assert!(until_then > Timestamp::now() + std::time::Duration::from_secs(60), "{until_then}");
        world.rounds(10).await;
        daemon.stop().await;
        // The silence outlives the daemon.
        let daemon = world.daemon();
        world.rounds(10).await;
        daemon.stop().await;

        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.violations_of(ACCOUNT, "sent_while_blocked"), 0);
        assert_eq!(ledger.violations_of(ACCOUNT, "acl_exceeded"), 1);
        assert_eq!(world.requests(ACCOUNT).len(), 61);
        for job in world.jobs(ACCOUNT).await {
            assert!(matches!(job.state, State::Waiting | State::Succeeded), "{}: {:?}", job.state, job.reason);
            assert_eq!(job.spent, 0, "{:?}", job.reason);
        }
    })
    .await;
}

/// A block the daemon learns of at the door: the account was blocked before it logged in.
#[tokio::test]
async fn an_account_blocked_at_login_is_silent_across_a_restart() {
    let mut setup = Setup::new().limit("sessions", json!(1));
    setup.denic = DenicOptions { requests_per_window: Some(1), ..setup.denic };
    let setup = setup.fault("cut_before:action=login,nth=1");
    play(Kind::Sqlite, setup, async |world: World| {
        checks(&world, 5).await;
        let daemon = world.daemon();
        let refused = async || (world.requests(ACCOUNT).len() >= 2).then_some(());
        until("a login that is turned away", refused).await;
        let store = world.database.store.clone();
        until("the silence", async || store.account(ACCOUNT).await.unwrap().cooldown_until).await;
        world.quiet_rounds(2).await;
        daemon.stop().await;
        let fence = world.fence(ACCOUNT).await;
        let daemon = world.daemon();
        world.taken_over(ACCOUNT, fence).await;
        world.quiet_rounds(3).await;
        daemon.stop().await;
        assert_eq!(world.requests(ACCOUNT).len(), 2);
        assert_eq!(world.sandbox.ledger().violations_of(ACCOUNT, "sent_while_blocked"), 0);
        assert_untouched(&world).await;
    })
    .await;
}

/// Connections that are closed as soon as they are accepted: nobody knows the account there, so nothing was sent.
#[tokio::test]
async fn connections_that_are_refused_cost_nothing() {
    let setup = Setup::new().fault("refuse_connection:every=2").fault("cut_after:action=domain.check,every=3");
    play(Kind::Sqlite, setup, async |world: World| {
        let job = |n: usize| contact_create(&format!("C{n}"));
        let writes: Vec<_> = (1..=6).map(job).collect();
        let ids = world.submit(&writes).await;
        checks(&world, 12).await;
        let daemon = world.daemon();
        for id in ids {
            let detail = world.succeeded(id).await;
            assert_eq!((detail.job.spent, told(&detail)), (0, vec!["job.succeeded"]));
        }
        for job in world.jobs(ACCOUNT).await {
            world.succeeded(job.id).await;
        }
        daemon.stop().await;
        let connections = world.sandbox.ledger().requests.into_iter().filter(|request| request.fault.is_some());
        assert!(connections.filter(|request| request.action == "connect").count() >= 2);
        assert_eq!(world.sandbox.ledger().effects.len(), 6);
        assert_eq!(world.database.store.account(ACCOUNT).await.unwrap().suspended, None);
    })
    .await;
}
