//! A disk that is full while jobs are at work: under the store, under the log, under PostgreSQL. The daemon says what is
//! wrong, and when there is room again it goes on by itself: nothing is lost, and nothing was done twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/disk.rs"]
mod disk;
#[path = "support/house.rs"]
mod house;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use disk::Disk;
use house::{Daemon, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

/// Longest wait for one thing, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// Pause between looks, some of which take a process.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// A sandbox, a daemon and its directory.
struct House {
    directory: TempDir,
    sandbox: Sandbox,
    daemon: Daemon,
    submitted: usize,
}

impl House {
    async fn new(store: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let sandbox = Sandbox::start(&directory.path().join("sandbox"), 1, &[]).await;
        let daemon = Daemon::new(directory.path(), &sandbox, &format!("[store]\nurl = '{store}'\n"));
        Self { directory, sandbox, daemon, submitted: 0 }
    }

    /// Writes so many jobs into a file, each on an object of its own.
    fn jobs(&self, count: usize) -> PathBuf {
        let account = &self.sandbox.account[0];
        let job = |n: usize| {
            let params = json!({
                "handle": format!("{account}-C{n}"), "type": "PERSON", "name": "Max Mustermann",
                "address": ["Musterweg 1"], "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
                "email": ["max@example.de"], "phone": "+49.6927235",
            });
            json!({ "account": account, "operation": "contact.create", "params": params }).to_string()
        };
        let file = self.directory.path().join("jobs.jsonl");
        let jobs: Vec<String> = (self.submitted..self.submitted + count).map(job).collect();
        std::fs::write(&file, jobs.join("\n")).unwrap();
        file
    }

    async fn submit(&mut self, count: usize) {
        let file = self.jobs(count);
        self.daemon.command(&["submit", &file.to_string_lossy()]).await;
        self.submitted += count;
    }

    /// Waits for something, as long as the daemon lives.
    async fn until<T>(&mut self, what: &str, mut look: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let seen = async {
            loop {
                if let Some(status) = self.daemon.has_died() {
                    return Err(format!("the daemon ended by itself with {status}"));
                }
                if let Some(seen) = look(self).await {
                    return Ok(seen);
                }
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| Err("not in time".into()));
        seen.unwrap_or_else(|why| panic!("{what}: {why}:\n{}", self.daemon.log_tail()))
    }

    async fn until_effects(&mut self, count: usize) {
        self.until("effects at the registry", async |house| (house.effects().await >= count).then_some(())).await;
    }

    async fn effects(&self) -> usize {
        self.sandbox.effects().await.len()
    }

    /// How often the daemon said this.
    fn said(&self, words: &str) -> usize {
        self.daemon.log().matches(words).count()
    }

    /// Waits until all jobs are done, ends the daemon, and looks: each happened once, and each is known to have.
    async fn assert_all_done_once(mut self) {
        self.until_effects(self.submitted).await;
        self.until("jobs that are over", async |house| {
            let counted = house.states().await.into_iter().filter(|state| state == "succeeded").count();
            (counted == house.submitted).then_some(())
        })
        .await;
        let status = self.daemon.terminate().await;
        assert!(status.success(), "the daemon ended with {status}:\n{}", self.daemon.log_tail());
        let effects = self.sandbox.effects().await;
        let different: BTreeSet<_> = effects.iter().collect();
        assert_eq!((effects.len(), different.len()), (self.submitted, self.submitted), "each effect once");
    }

    async fn states(&self) -> Vec<String> {
        let list = self.daemon.output(&["jobs", "list", "--output", "jsonl", "--limit", "10000"]).await;
        let lines = String::from_utf8(list.stdout).unwrap();
        let state = |line: &str| serde_json::from_str::<Value>(line).unwrap()["state"].as_str().unwrap().to_owned();
        lines.lines().map(state).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_sqlite_stops_the_work_and_loses_none_of_it() {
    let place = TempDir::new().unwrap();
    let disk = Disk::mount(place.path(), 12).await;
    let mut house = House::new(&format!("sqlite://{}/registrard.db", disk.inside.display())).await;
    house.daemon = house.daemon.within(disk.enter());
    house.daemon.command(&["migrate"]).await;
    house.submit(1000).await;
    house.daemon.start();
    house.until_effects(50).await;

    disk.fill();
    house.until("a word about the disk", async |house| (house.said("disk is full") >= 3).then_some(())).await;
    let done = house.effects().await;
    assert!(done < house.submitted, "nothing was left to do when the disk was full");
    // What cannot be written is not taken.
    let file = house.jobs(500);
    let refused = house.daemon.output(&["submit", &file.to_string_lossy()]).await;
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(69) && told.contains("disk is full"), "{}: {told}", refused.status);

    disk.free();
    house.submit(100).await;
    house.assert_all_done_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_the_log_stops_nothing() {
    let place = TempDir::new().unwrap();
    let disk = Disk::mount(place.path(), 1).await;
    let database = place.path().join("registrard.db");
    let mut house = House::new(&format!("sqlite://{}", database.display())).await;
    house.daemon = house.daemon.logging_to(&disk.outside().join("daemon.log"));
    house.daemon.command(&["migrate"]).await;
    house.daemon.start();
    house.until("a daemon at work", async |house| house.daemon.was_at_work().then_some(())).await;

    disk.fill();
    let words = house.daemon.log().len();
    house.submit(300).await;
    house.until_effects(300).await;
    assert!(house.daemon.log().len() <= words + 4096, "there was room for the log");

    // It speaks again when it can.
    disk.free();
    let succeeded = house.said("is succeeded");
    house.submit(100).await;
    house.until("a word about a job", async |house| (house.said("is succeeded") > succeeded).then_some(())).await;
    house.assert_all_done_once().await;
}

/// A PostgreSQL of this test's own, by the means of `./dev`. Its directory is inside that of the run, which ends whatever
/// is left there.
struct Server<'a> {
    disk: &'a Disk,
}

impl Server<'_> {
    /// An order to `./dev database`, carried out where the disk is; what it printed, or none if it failed.
    async fn order(&self, arguments: &[&str]) -> Option<String> {
        let output = self.command(arguments).stderr(Stdio::inherit()).output();
        let output = tokio::time::timeout(PATIENCE, output).await.expect("an order is carried out in time").unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let enter = self.disk.enter();
        let mut command = Command::new(&enter[0]);
        command.args(&enter[1..]).arg(concat!(env!("CARGO_MANIFEST_DIR"), "/dev")).arg("database").args(arguments);
        command.env("REGISTRARD_DEV_STATE", &self.disk.inside).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // It was stopped, or the test failed.
        let mut command = self.command(&["stop", "immediate"]);
        let _ = command.as_std_mut().stderr(Stdio::null()).stdout(Stdio::null()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_postgresql_is_waited_for() {
    let control = std::env::var("REGISTRARD_TEST_DATABASE_CONTROL");
    let control = control.expect("REGISTRARD_TEST_DATABASE_CONTROL is not set: run this test with `./dev test`");
    let run = Path::new(&control).parent().expect("the directory of a run");
    let place = tempfile::Builder::new().prefix("disk").tempdir_in(run).unwrap();
    let disk = Disk::mount(place.path(), 80).await;
    let server = Server { disk: &disk };
    let url = server.order(&["create"]).await.expect("a PostgreSQL on the disk");
    let mut house = House::new(&url).await;
    house.daemon.command(&["migrate"]).await;
    house.submit(1000).await;
    house.daemon.start();
    house.until_effects(50).await;

    disk.fill();
    // It refuses what it cannot write, or it falls: that is its own business.
    house
        .until("trouble with the store", async |house| (house.said("the store is not available: ") >= 3).then_some(()))
        .await;
    let done = house.effects().await;
    assert!(done < house.submitted, "nothing was left to do when the disk was full");

    disk.free();
    // As a service manager would, if it has fallen.
    if server.order(&["start"]).await.is_none() {
        assert!(server.order(&["restart", "immediate"]).await.is_some(), "PostgreSQL does not come back");
    }
    house.submit(100).await;
    house.assert_all_done_once().await;
    server.order(&["stop"]).await.expect("PostgreSQL stops in good order");
}
