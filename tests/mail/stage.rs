//! What the cases have in common: keys, a configuration, and a job the registry refused because of a lock.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use registrard::cli::exit::Failure;
use registrard::cli::output::{Colour, Format, Out};
use registrard::cli::{Cli, Command, jobs, keys, orders};
use registrard::config::Config;
use registrard::model::{
    Answer, Cause, Class, Event, JobId, Level, Message, Move, NewJob, ObjectKey, Operation, State,
};
use registrard::store::{Start, Store};
use serde_json::{Value, json};
use uuid::Uuid;

pub const ACCOUNT: &str = "DENIC-1000022";
/// The registry's word for a Registry Lock.
pub const LOCKED: &str = "53000080009";

/// While every test key that can be used can be used.
pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub fn id() -> JobId {
    JobId(Uuid::from_u128(0x0192_f0c1_7b7e_7c3a_9f00_0000_0000_00aa))
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openpgp").join(name)
}

/// A configuration whose account signs with a test key; `more` is put behind it.
pub fn config(directory: &Path, key: &str, more: &str) -> Config {
    let passphrase = directory.join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    let text = format!(
        "[accounts.{ACCOUNT}]\nregistry = 'denic-rri'\n[accounts.{ACCOUNT}.mail]\nkey_file = '{}'\n\
         passphrase_file = '{}'\nfrom = 'Registrar Desk <desk@registrar.example>'\nto = 'orders@registry.example'\n{more}",
        fixture(key).display(),
        passphrase.display()
    );
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Config::load_with(Some(file.path()), &[]).unwrap()
}

/// What a command printed, said, and how it ended.
pub struct Ended {
    pub data: String,
    pub talk: String,
    pub how: Result<(), Failure>,
}

impl Ended {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }

    pub fn failure(&self) -> &Failure {
        self.how.as_ref().expect_err("it should have failed")
    }
}

/// Runs a command of registrard on a store, as of [`now`].
pub async fn registrard(arguments: &[&str], config: &Config, store: Option<&dyn Store>, format: Format) -> Ended {
    let line = ["registrard"].iter().chain(arguments);
    let command = Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).command;
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(format, Colour::Never, &mut data, &mut talk);
    let how = match &command {
        Command::Orders(command) => orders::run(command, config, store.unwrap(), now(), &mut out).await,
        Command::Keys(command) => keys::run(command, config, now(), &mut out),
        Command::Jobs(command) => jobs::run(command, config, store.unwrap(), now(), &mut out).await,
        other => panic!("no case for {other:?}"),
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { data: text(data), talk: text(talk), how }
}

/// A job to delete example.de, or what `operation` and `params` say.
pub fn job(operation: Operation, params: Value) -> NewJob {
    let Value::Object(params) = params else { unreachable!("an object") };
    NewJob {
        id: id(),
        publisher: "billing".into(),
        account: ACCOUNT.into(),
        pool: None,
        operation,
        object: ObjectKey::new(operation.object(), "example.de"),
        params,
        class: Class::Normal,
        not_before: None,
        start_by: None,
        after: vec![],
        batch: None,
        max_attempts: 10,
        context: Value::Null,
        reply_to: None,
        warnings: vec![],
        keyed: vec![],
        message: 0,
        correlation_id: None,
    }
}

pub fn delete() -> NewJob {
    job(Operation::DomainDelete, json!({ "domain": "example.de", "holder": "DENIC-1000022-MAX" }))
}

/// Stores a job and has it sent once, with this end.
pub async fn refused(store: &dyn Store, job: &NewJob, cause: Cause) -> State {
    tried(store, job, None, cause).await
}

/// The same of a job that was read first, if it got as far as the whole of it.
pub async fn tried(store: &dyn Store, job: &NewJob, whole: Option<Value>, cause: Cause) -> State {
    store.accept(std::slice::from_ref(job), &[], now()).await.unwrap();
    let lease = store.acquire(ACCOUNT, "daemon-1", Duration::from_secs(3600)).await.unwrap().unwrap();
    let waiting = store.job(job.id).await.unwrap().unwrap().job;
    let start = Start {
        job: job.id,
        queue: job.account.clone(),
        attempt: 0,
        transaction: waiting.next_transaction(),
        digest: [7; 32],
    };
    assert_eq!(store.start(&lease, &[start], now()).await.unwrap(), [job.id]);
    if let Some(Value::Object(whole)) = whole {
        assert!(store.resolve(&lease, job.id, 1, [8; 32], &whole).await.unwrap());
    }
    let running = store.job(job.id).await.unwrap().unwrap().job;
    let mut step = Move::new(&running, cause, now()).unwrap();
    let said =
        Message { level: Level::Error, code: LOCKED.into(), text: "this domain is locked".into(), arguments: vec![] };
    step.answer = Some(Answer { result: "failed".into(), messages: vec![said], ..Answer::default() });
    step.fence = Some(lease.fence);
    step.event = Some(Event::of_move(&running, &step, &[]));
    assert_eq!(store.apply(&[step]).await.unwrap(), [true]);
    store.job(job.id).await.unwrap().unwrap().job.state
}
