//! A registry, a database and a daemon between them, and all that comes out of a day's work there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use registrard::model::{JobId, State};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::Database;
use crate::stage::{Daemon, Sandbox, command, page, until};
use crate::{Outputs, dump};

/// What secrets of jobs are sealed with.
pub const PARAMETER_KEY: &str = "c2f1b3a4958677889900aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";

/// A job and what becomes of it.
pub type Task = ((JobId, Value), State);

pub fn job(account: &str, operation: &str, params: Value) -> (JobId, Value) {
    let id = Uuid::now_v7();
    (JobId(id), json!({ "id": id, "account": account, "operation": operation, "params": params }))
}

/// Everything but the daemon.
pub struct House {
    pub sandbox: Sandbox,
    pub database: Arc<Database>,
    directory: tempfile::TempDir,
    listen: String,
}

impl House {
    /// With three accounts at the registry that the flags name.
    pub async fn new(database: Arc<Database>, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::with(flags, &directory.path().join("sandbox")).await;
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { sandbox, database, directory, listen }
    }

    /// Where the sandbox is controlled.
    pub fn control(&self) -> &str {
        self.sandbox.ready["control"].as_str().unwrap()
    }

    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The configuration with these accounts: names and settings, as TOML.
    pub fn configuration(&self, format: &str, accounts: &[(String, String)]) -> PathBuf {
        let mut text = format!(
            "[store]\nurl = '{url}'\nparameter_keys_file = '{keys}'\n\n[http]\nlisten = '{listen}'\n\n\
             [log]\nfilter = 'trace'\nformat = '{format}'\n\n\
             [daemon]\nlease_seconds = 3\npoll_millis = 20\nstop_seconds = 10\n\n\
             [retry]\nsoon = [0.02, 0.1]\nbackoff = [0.02, 0.1]\nquestion = [0.02, 0.1]\nquestions = 100\n\n\
             [poll]\nshortest = 0.05\nlongest = 0.2\n",
            url = self.database.url,
            keys = self.file("parameter.keys", &format!("{PARAMETER_KEY}\n")).display(),
            listen = self.listen,
        );
        for (name, settings) in accounts {
            text.push_str(&format!(
                "\n[accounts.{name}]\n{settings}\n\
                 [accounts.{name}.limits]\ntimetable = []\nquiet = []\nrequests = 100000\n"
            ));
        }
        self.file("registrard.toml", &text)
    }

    /// Waits until a job is where it is meant to end.
    async fn comes_to(&self, id: JobId, state: State) {
        until(&format!("{id} {state}"), async || {
            let job = self.database.store.job(id).await.unwrap()?.job;
            let over = job.state.is_final() || job.state == State::NeedsAttention;
            assert!(!over || job.state == state, "{} {}: {:?} {:?}", job.operation, job.state, job.reason, job.answer);
            (job.state == state).then_some(())
        })
        .await;
    }

    /// Has the job of a task taken in and ended; `is_tried`: after a dry run.
    pub async fn done(&self, outputs: &mut Outputs, config: &Path, task: &Task, is_tried: bool) {
        let ((id, job), state) = task;
        let file = self.file("job.json", &job.to_string()).display().to_string();
        if is_tried {
            command(outputs, config, &["submit", &file, "--dry-run", "--output", "json"], &[]).await;
        }
        assert!(command(outputs, config, &["submit", &file], &[]).await, "{job}");
        self.comes_to(*id, *state).await;
    }

    /// Has each of these jobs turned away.
    pub async fn turned_away(&self, outputs: &mut Outputs, config: &Path, jobs: &[Value]) {
        for job in jobs {
            let file = self.file("reject.json", &job.to_string()).display().to_string();
            assert!(!command(outputs, config, &["submit", &file], &[]).await, "{job} is taken in");
        }
    }

    /// A job of an account that is suspended when the daemon tries it; it waits.
    pub async fn waits(&self, outputs: &mut Outputs, config: &Path, (id, job): (JobId, Value)) -> JobId {
        let file = self.file("job.json", &job.to_string()).display().to_string();
        command(outputs, config, &["submit", &file], &[]).await;
        let account = job["account"].as_str().unwrap();
        let store = &self.database.store;
        until("the refused login", async || store.account(account).await.unwrap().suspended).await;
        id
    }

    /// Everything that is said, told and stored of the jobs, until the daemon has ended. Of `shown` the commands say all that
    /// they have to say, of the last one also why it waits.
    pub async fn everything(
        &self,
        outputs: &mut Outputs,
        config: &Path,
        daemon: Daemon,
        ids: &[JobId],
        shown: &[JobId],
    ) {
        let store = &self.database.store;
        outputs.add("metrics", page(&self.listen, "/metrics").await);
        outputs.add("readiness", page(&self.listen, "/healthz").await);
        outputs.add("database", dump::everything(&self.database.url).await);
        let names: Vec<String> = shown.iter().map(ToString::to_string).collect();
        let mut commands: Vec<Vec<&str>> = [
            &["check-config"][..],
            &["jobs", "list"],
            &["events", "tail"],
            &["messages", "list"],
            &["accounts", "list"],
        ]
        .map(<[&str]>::to_vec)
        .into();
        commands.extend(names.iter().map(|id| vec!["jobs", "show", id.as_str()]));
        commands.push(vec!["jobs", "explain", &names[names.len() - 1]]);
        for arguments in commands {
            command(outputs, config, &[&arguments[..], &["--output", "json"]].concat(), &[]).await;
            if arguments[0] != "jobs" {
                command(outputs, config, &arguments, &[]).await;
            }
        }
        let events = store.events_after(0, 10_000).await.unwrap();
        let bodies: Vec<Value> = events.iter().map(|row| row.event.body.clone()).collect();
        outputs.add("events in the store", serde_json::to_vec(&bodies).unwrap());
        let mut printed = format!("{events:?}");
        for id in ids {
            printed.push_str(&format!("{:#?}", store.job(*id).await.unwrap()));
        }
        outputs.add("what Debug prints", printed);
        outputs.add("log", daemon.stop().await);
        outputs.add("database, at the end", dump::everything(&self.database.url).await);
    }
}

/// The right things were looked at: each of these places has its word.
pub fn assert_seen(outputs: &Outputs, words: &[(&str, &str)]) {
    for (place, word) in words {
        let text = String::from_utf8_lossy(&outputs.of(place)).into_owned();
        assert!(text.contains(word), "{place} says nothing of {word}");
    }
}
