//! Law 6: what was sent before a restart counts after it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use registrard::model::State;
use serde_json::json;

use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, check, play, until};

const LIMIT: usize = 800;
const SESSIONS: usize = 2;
/// One send per session is kept for its LOGOUT.
const FULL: usize = LIMIT - SESSIONS;
const WINDOW: Duration = Duration::from_secs(60);

/// Most arrivals in any window.
fn fullest_window(arrivals: &[Timestamp]) -> usize {
    let within = |first: &Timestamp| arrivals.iter().filter(|at| **at >= *first && **at < *first + WINDOW).count();
    arrivals.iter().map(within).max().unwrap_or(0)
}

/// The limit is used to the last send and not exceeded.
fn assert_fullest_window(world: &World, expected: usize) {
    let arrivals: Vec<_> = world.requests(ACCOUNT).iter().map(|request| request.arrived).collect();
    assert_eq!(fullest_window(&arrivals), expected, "of {} requests", arrivals.len());
}

async fn the_window_outlives_stops_and_kills(world: World) {
    let jobs: Vec<_> = (0..2 * LIMIT).map(|n| check(ACCOUNT, &format!("example-{n}.de"))).collect();
    world.submit(&jobs).await;
    let daemon = world.daemon();
    until("a full window", async || (world.requests(ACCOUNT).len() >= FULL).then_some(())).await;
    world.rounds(5).await;
    assert_fullest_window(&world, FULL);
    let fence = world.fence(ACCOUNT).await;
    daemon.kill();

    let daemon = world.daemon();
    world.taken_over(ACCOUNT, fence).await;
    world.rounds(5).await;
    // A session is wanted and none can be opened for a minute; that does not keep the daemon from stopping.
    let told = Instant::now();
    daemon.stop().await;
    assert!(told.elapsed() < Duration::from_secs(10), "stopped after {:?}", told.elapsed());

    let fence = world.fence(ACCOUNT).await;
    let daemon = world.daemon();
    world.taken_over(ACCOUNT, fence).await;
    world.rounds(5).await;
    daemon.stop().await;
    assert_fullest_window(&world, FULL);
    for job in world.jobs(ACCOUNT).await {
        assert!(matches!(job.state, State::Waiting | State::Succeeded | State::Running), "{}", job.state);
        assert_eq!(job.spent, 0, "waiting for the window costs nothing");
    }
}

#[tokio::test]
async fn the_window_outlives_stops_and_kills_sqlite() {
    let setup = Setup::new().limit("requests", json!(LIMIT)).limit("sessions", json!(SESSIONS));
    play(Kind::Sqlite, setup, the_window_outlives_stops_and_kills).await;
}

#[tokio::test]
async fn the_window_outlives_stops_and_kills_postgres() {
    let setup = Setup::new().limit("requests", json!(LIMIT)).limit("sessions", json!(SESSIONS));
    play(Kind::Postgres, setup, the_window_outlives_stops_and_kills).await;
}

/// A session is ended in good order only within the limit: LOGOUT counts too, and what exceeds the limit blocks the
/// account.
#[tokio::test]
async fn a_goodbye_does_not_exceed_the_window() {
    let setup = Setup::new().limit("requests", json!(LIMIT)).limit("sessions", json!(SESSIONS));
    play(Kind::Sqlite, setup, async |world: World| {
        let jobs: Vec<_> = (0..2 * LIMIT).map(|n| check(ACCOUNT, &format!("example-{n}.de"))).collect();
        world.submit(&jobs).await;
        let daemon = world.daemon();
        until("a full window", async || (world.requests(ACCOUNT).len() >= FULL).then_some(())).await;
        daemon.stop().await;
        assert_fullest_window(&world, LIMIT);
        let goodbyes = world.requests(ACCOUNT).iter().filter(|request| request.action == "logout").count();
        assert_eq!(goodbyes, SESSIONS);
    })
    .await;
}
