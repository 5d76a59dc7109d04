//! What a registrar does at NZ SRS, as jobs and events: daemons, PostgreSQL and the sandbox registry, every request signed and
//! every answer verified. Each operation is done for real and seen from both sides; then with answers that are lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "nz_srs/doubt.rs"]
mod doubt;
#[path = "nz_srs/life.rs"]
mod life;
#[path = "nz_srs/messages.rs"]
mod messages;
#[path = "lifecycle/office.rs"]
mod office;
#[path = "lifecycle/sweep.rs"]
mod sweep;
#[path = "engine/world.rs"]
mod world;

/// The new UDAI in the answer to a job: sealed in the store and in the event, in clear for whoever has the keys.
fn udai(world: &world::World, job: &registrard::model::Job) -> String {
    let data = &job.answer.as_ref().unwrap().data;
    assert!(data["Domain"]["UDAI"]["sealed"].is_string(), "it is sealed: {data}");
    let opened = registrard::daemon::keys(&world.config).unwrap().open_within(job.id, data).unwrap();
    assert_eq!(opened.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["UDAI"]);
    opened[0].1.expose().to_owned()
}
