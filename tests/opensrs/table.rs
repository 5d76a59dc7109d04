//! The registry's table of commands, walked through: each of them lives over each transport, as jobs and as answers that
//! count. A command that is added has to live, too.

use std::collections::BTreeSet;
use std::sync::Mutex;

use registrard::model::{Operation, State};
use registrard::registries::opensrs::{COMMANDS, find};
use serde_json::{Map, Value};

use crate::life::a_domains_life;
use crate::office::Office;
use crate::orders::{a_transfer_is_cancelled_and_begun_anew, asynchronous, kept_orders};
use crate::world::{Place, RESELLER};

/// The row of the table that a job is for.
pub fn row(operation: Operation, params: &Map<String, Value>) -> String {
    let found = find(operation, params).unwrap();
    format!("{} {:?}: {} {}", found.operation, found.when, found.action, found.object)
}

/// All rows; those that change something, if only they are asked for.
pub fn rows(only_writes: bool) -> BTreeSet<String> {
    let asked = COMMANDS.iter().filter(|row| !only_writes || row.operation.writes());
    asked.map(|row| format!("{} {:?}: {} {}", row.operation, row.when, row.action, row.object)).collect()
}

/// The rows that a job has been done with.
#[derive(Default)]
pub struct Lived(Mutex<BTreeSet<String>>);

impl Lived {
    /// Adds what was done at an office.
    pub async fn note(&self, office: &Office) {
        let done = office.world.jobs(RESELLER).await.into_iter().filter(|job| job.state == State::Succeeded);
        let done = done.filter(|job| job.operation != Operation::Raw);
        let rows: Vec<String> = done.map(|job| row(job.operation, &job.params)).collect();
        // Events are read and acknowledged without jobs.
        let heard = office.world.requests(RESELLER).into_iter().filter(|request| request.answer.is_some());
        let heard = heard.filter_map(|request| request.action.parse::<Operation>().ok());
        let heard = heard.filter(|operation| operation.object() == registrard::model::ObjectKind::Message);
        let heard: Vec<String> = heard.map(|operation| row(operation, &Map::new())).collect();
        self.0.lock().unwrap().extend(rows.into_iter().chain(heard));
    }
}

async fn every_command_lives(place: Place) {
    let lived = Lived::default();
    a_domains_life(place, &lived).await;
    kept_orders(place, &lived).await;
    asynchronous(place, &lived).await;
    a_transfer_is_cancelled_and_begun_anew(place, &lived).await;
    let lived = lived.0.into_inner().unwrap();
    let missing: Vec<String> = rows(false).difference(&lived).cloned().collect();
    assert!(missing.is_empty(), "these have no life:\n{}", missing.join("\n"));
}

#[tokio::test]
async fn every_command_lives_over_https() {
    every_command_lives(Place::OpensrsByHttps).await;
}

#[tokio::test]
async fn every_command_lives_over_tcp() {
    every_command_lives(Place::OpensrsByTcp).await;
}
