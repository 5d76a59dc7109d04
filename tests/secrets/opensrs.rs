//! OpenSRS: private keys, signatures, the challenge and its digest, passwords of profiles, cookies, codes. Three accounts: over
//! HTTPS, over TCP, and with a key that is wrong.

use std::path::PathBuf;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use registrard::model::{JobId, Operation, State};
use registrard::registries::{WireOptions, plugin};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::canary::{Canary, md5};
use crate::database::{self, Database, Kind};
use crate::params::{command as xcp, contact, registration, transfer, with};
use crate::stage::{Daemon, Sandbox, command, page, until};
use crate::{Outputs, control, dump};

const PROFILE: &str = "CanaryAProfile99";
const WRONG_PROFILE: &str = "CanaryBWrongPw99";
const CODE: &str = "CanaryCCode!9999";
const TRANSFER: &str = "CanaryDMoveHorse";
const RAW: &str = "CanaryERawHorse9";
const REJECTED: &str = "CanaryF\"Rejected<Horse>";
const PARAMETER_KEY: &str = "c2f1b3a4958677889900aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";
const SEED: u64 = 4711;
/// Random bytes of the sandbox that are looked for; the daemon's challenges are among the first.
const CHALLENGES: u64 = 12;

struct House {
    sandbox: Sandbox,
    database: Arc<Database>,
    directory: tempfile::TempDir,
    listen: String,
}

/// Name, private key.
fn account(sandbox: &Sandbox, number: usize) -> (String, String) {
    let account = &sandbox.ready["opensrs"]["accounts"][number];
    let text = |key: &str| account[key].as_str().unwrap().to_owned();
    (text("username"), text("private_key"))
}

impl House {
    async fn new(database: Arc<Database>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let seed = SEED.to_string();
        let flags =
            ["--registry", "opensrs", "--seed", &seed, "--fault", "cut_after:action=domain.authcode_create,nth=1"];
        let sandbox = Sandbox::with(&flags, &directory.path().join("sandbox")).await;
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { sandbox, database, directory, listen }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn configuration(&self, format: &str) -> PathBuf {
        let file = |name: &str, text: &str| self.file(name, text).display().to_string();
        let mut text = format!(
            "[store]\nurl = '{url}'\nparameter_keys_file = '{keys}'\n\n[http]\nlisten = '{listen}'\n\n\
             [log]\nfilter = 'trace'\nformat = '{format}'\n\n\
             [daemon]\nlease_seconds = 3\npoll_millis = 20\nstop_seconds = 10\n\n\
             [retry]\nsoon = [0.02, 0.1]\nbackoff = [0.02, 0.1]\nquestion = [0.02, 0.1]\nquestions = 100\n\n\
             [poll]\nshortest = 0.05\nlongest = 0.2\n",
            url = self.database.url,
            keys = file("parameter.keys", &format!("{PARAMETER_KEY}\n")),
            listen = self.listen,
        );
        let https = self.sandbox.ready["opensrs"]["https"].as_str().unwrap();
        let https = https.trim_start_matches("https://").trim_end_matches('/');
        let over_https = format!("address = '{https}'\nca_file = {}", self.sandbox.ready["ca"]);
        let over_tcp = format!("transport = 'tcp'\naddress = {}", self.sandbox.ready["opensrs"]["tcp"]);
        for (number, way) in [&over_https, &over_tcp, &over_https].into_iter().enumerate() {
            let (name, key) = account(&self.sandbox, number);
            let key = if number == 2 { wrong_key() } else { key };
            let key = file(&format!("{name}.key"), &key);
            text.push_str(&format!(
                "\n[accounts.{name}]\nregistry = 'opensrs'\n{way}\nuser = '{name}'\nkey_file = '{key}'\n\
                 [accounts.{name}.limits]\ntimetable = []\nquiet = []\nrequests = 100000\n"
            ));
        }
        self.file("registrard.toml", &text)
    }

    fn control(&self) -> &str {
        self.sandbox.ready["control"].as_str().unwrap()
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
}

/// A key that could be one.
fn wrong_key() -> String {
    "0badc0de".repeat(14)
}

/// The sandbox's random bytes, as many as are looked for.
fn random_bytes() -> impl Iterator<Item = [u8; 32]> {
    (1..=CHALLENGES).map(|serial: u64| Sha256::digest([SEED.to_be_bytes(), serial.to_be_bytes()].concat()).into())
}

/// Connects as a client does and says who it is; returns the challenge.
async fn challenge(address: &str, user: &str) -> Vec<u8> {
    async fn frame(stream: &mut TcpStream) -> Vec<u8> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let length = String::from_utf8(head).unwrap();
        let length: usize = length.trim().rsplit_once(' ').unwrap().1.parse().unwrap();
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        payload
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    frame(&mut stream).await;
    let hello = xcp("check", "version", &[("sender", "OpenSRS CLIENT"), ("version", "XML:0.1"), ("state", "ready")]);
    let claim = xcp("authenticate", "user", &[("crypt_type", "blowfish"), ("username", user), ("password", user)]);
    for text in [hello, claim] {
        stream.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).await.unwrap();
    }
    frame(&mut stream).await
}

fn job(account: &str, operation: &str, params: Value) -> (JobId, Value) {
    let id = Uuid::now_v7();
    (JobId(id), json!({ "id": id, "account": account, "operation": operation, "params": params }))
}

/// What is done all day, and what becomes of it.
fn day(account: &str, domain: &str) -> Vec<((JobId, Value), State)> {
    let of = |operation: &str, more: Value| job(account, operation, with(json!({ "domain": domain }), more));
    let registered = with(registration(domain), json!({ "password": PROFILE }));
    let profile = |password: &str| json!({ "username": "example01", "password": password });
    let moved = with(transfer(&format!("foreign-{domain}")), json!({ "auth_info": TRANSFER, "password": PROFILE }));
    let cookie = xcp("SET", "COOKIE", &[("domain", domain), ("reg_username", "example01"), ("reg_password", PROFILE)]);
    let code = xcp(
        "MODIFY",
        "DOMAIN",
        &[("domain", domain), ("data", "domain_auth_info"), ("affect_domains", "0"), ("domain_auth_info", RAW)],
    );
    vec![
        (job(account, "domain.create", registered.clone()), State::Succeeded),
        (job(account, "domain.create", registered), State::Failed),
        // Its answer is lost at the first account, and the registry asked for the code.
        (of("domain.authcode_create", json!({ "auth_info": CODE })), State::Succeeded),
        (of("domain.info", json!({ "type": "domain_auth_info" })), State::Succeeded),
        (of("domain.authcode_request", json!({})), State::Succeeded),
        // With a cookie that is asked for first.
        (of("domain.update", with(json!({ "lock": true }), profile(PROFILE))), State::Succeeded),
        (of("domain.update", with(json!({ "lock": false }), profile(WRONG_PROFILE))), State::Failed),
        (of("domain.change_holder", json!({ "contacts": { "owner": contact("Olga") } })), State::Succeeded),
        (job(account, "domain.transfer", moved), State::Pending),
        (job(account, "raw", json!({ "request": cookie })), State::Succeeded),
        (job(account, "raw", json!({ "request": code })), State::Succeeded),
    ]
}

/// What is turned away, each with a secret in it.
fn rejects(account: &str) -> Vec<Value> {
    let one = |operation: &str, params: Value| job(account, operation, params).1;
    let mut outside = one("domain.transfer", transfer("example.net"));
    outside["AuthInfo"] = json!(REJECTED);
    vec![
        outside,
        one("domain.create", with(registration("example.com"), json!({ "password": REJECTED.repeat(2) }))),
        one("domain.create", with(registration("example.com"), json!({ "password": [REJECTED] }))),
        one("domain.create", with(registration("example.com"), json!({ "reg-password": REJECTED }))),
        one("domain.transfer", with(transfer("example.net"), json!({ "auth_info": { "code": REJECTED } }))),
        one("domain.update", json!({ "domain": "example.com", "lock": "on", "cookie": REJECTED })),
        one("domain.update", json!({ "domain": "example.com", "lock": true, "cookie": REJECTED.repeat(9) })),
        one("raw", json!({ "request": format!("<item key='reg_password'>{REJECTED}</item>") })),
        one("raw", json!({ "request": format!("<OPS_envelope cookie='{REJECTED}") })),
        one("raw", json!({ "request": xcp("authenticate", "user", &[("password", "x")]), "auth_info": REJECTED })),
    ]
}

impl House {
    /// The signatures of what went out over HTTPS for the jobs: written again from the jobs, and known to be the same by the
    /// ledger's digest of what arrived.
    async fn signatures(&self, jobs: &[((JobId, Value), State)]) -> Vec<Canary> {
        let (name, key) = account(&self.sandbox, 0);
        let (_, ledger) = control::request(self.control(), "GET", "/ledger", &Value::Null).await;
        let arrived: Vec<&str> =
            ledger["requests"].as_array().unwrap().iter().filter_map(|request| request["digest"].as_str()).collect();
        let options = WireOptions { account: name, ..WireOptions::default() };
        let dialect = (plugin("opensrs").unwrap().dialect)(&options).unwrap();
        let mut found = Vec::new();
        for ((id, job), _) in jobs {
            let operation: Operation = job["operation"].as_str().unwrap().parse().unwrap();
            let params: Map<String, Value> = job["params"].as_object().unwrap().clone();
            let transaction = self.database.store.job(*id).await.unwrap().unwrap().job.transaction.unwrap_or_default();
            let question = dialect.reads_first(operation, &params).unwrap();
            let request = question.map_or_else(|| dialect.prepare(operation, &params, &transaction), Ok).unwrap();
            let digest = HEXLOWER.encode(&Sha256::digest(&*request.bytes));
            if !arrived.contains(&digest.as_str()) {
                continue;
            }
            let inner = HEXLOWER.encode(&md5(&[&request.bytes, key.as_bytes()].concat()));
            let outer = HEXLOWER.encode(&md5(&[inner.as_bytes(), key.as_bytes()].concat()));
            found.push(Canary::new(&format!("the signature of {operation}"), &outer));
            found.push(Canary::new(&format!("what the signature of {operation} is made of"), &inner));
        }
        assert!(found.len() >= 12, "only {} signatures are known", found.len());
        found
    }

    async fn canaries(&self, jobs: &[((JobId, Value), State)]) -> Vec<Canary> {
        let mut canaries: Vec<Canary> = [
            ("the password of a profile", PROFILE),
            ("a wrong password of a profile", WRONG_PROFILE),
            ("a code", CODE),
            ("the code of a transfer", TRANSFER),
            ("a code in a raw request", RAW),
            ("a secret that was rejected", REJECTED),
            ("the key of parameters", PARAMETER_KEY),
            ("a wrong private key", &wrong_key()),
        ]
        .map(|(name, value)| Canary::new(name, value))
        .into();
        for number in 0..2 {
            let (name, key) = account(&self.sandbox, number);
            let bytes = HEXLOWER.decode(key.as_bytes()).unwrap();
            canaries.push(Canary::new(&format!("the private key of {name}"), &key));
            canaries.push(Canary::of_bytes(&format!("the bytes of the private key of {name}"), &bytes));
            // What the cipher is fed with (2.5 of the reference).
            canaries.push(Canary::of_bytes(&format!("what the cipher of {name} begins with"), &md5(&bytes)));
        }
        // Of each its digest is a needle, too.
        canaries.extend(random_bytes().map(|bytes| Canary::of_bytes("a challenge", &bytes)));
        // The codes that were mailed.
        let (_, ledger) = control::request(self.control(), "GET", "/ledger?effects=1", &Value::Null).await;
        let effects = ledger["effects"].as_array().unwrap();
        let mailed = effects.iter().filter(|effect| effect["kind"] == "domain.authcode_request");
        canaries.extend(mailed.map(|effect| Canary::new("a code by mail", effect["detail"].as_str().unwrap())));
        canaries.extend(self.signatures(jobs).await);
        canaries
    }
}

/// Cookies as the sandbox makes them: eight digits, a colon, seven digits, one after the other.
fn cookies(text: &[u8]) -> Vec<String> {
    let is_cookie = |part: &&[u8]| {
        part.iter().enumerate().all(|(at, byte)| if at == 8 { *byte == b':' } else { byte.is_ascii_digit() })
            && part.starts_with(b"237")
            && part[9..].starts_with(b"37")
    };
    text.windows(16).filter(is_cookie).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

async fn a_day(house: &House, format: &str) {
    let mut outputs = Outputs::default();
    let config = house.configuration(format);
    // Before anybody else connects, the challenges are what they are expected to be.
    let (first, _) = account(&house.sandbox, 0);
    let (second, _) = account(&house.sandbox, 1);
    let (third, _) = account(&house.sandbox, 2);
    let seen = challenge(house.sandbox.ready["opensrs"]["tcp"].as_str().unwrap(), &second).await;
    assert!(random_bytes().any(|bytes| bytes == *seen), "the challenges come from elsewhere");

    let daemon = Daemon::start(&config);
    let days = [day(&second, "example.org"), day(&first, "example.com")];
    let mut ids = Vec::new();
    for ((id, job), state) in days.iter().flatten() {
        let file = house.file("job.json", &job.to_string()).display().to_string();
        // What is looked at twice has nothing new to say.
        if job["account"] == *first {
            command(&mut outputs, &config, &["submit", &file, "--dry-run", "--output", "json"], &[]).await;
        }
        assert!(command(&mut outputs, &config, &["submit", &file], &[]).await, "{job}");
        house.comes_to(*id, *state).await;
        ids.push(*id);
    }
    for job in rejects(&first) {
        let file = house.file("reject.json", &job.to_string()).display().to_string();
        assert!(!command(&mut outputs, &config, &["submit", &file], &[]).await, "{job} is taken in");
    }
    let (waits, refused) = job(&third, "domain.check", json!({ "domain": "example.com" }));
    let file = house.file("job.json", &refused.to_string()).display().to_string();
    command(&mut outputs, &config, &["submit", &file], &[]).await;
    let store = &house.database.store;
    until("the refused key", async || store.account(&third).await.unwrap().suspended).await;
    ids.push(waits);

    outputs.add("metrics", page(&house.listen, "/metrics").await);
    outputs.add("readiness", page(&house.listen, "/healthz").await);
    outputs.add("database", dump::everything(&house.database.url).await);
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut commands: Vec<Vec<&str>> =
        [&["check-config"][..], &["jobs", "list"], &["events", "tail"], &["messages", "list"], &["accounts", "list"]]
            .map(<[&str]>::to_vec)
            .into();
    commands.extend(names.iter().skip(days[0].len()).map(|id| vec!["jobs", "show", id.as_str()]));
    commands.push(vec!["jobs", "explain", &names[names.len() - 1]]);
    for arguments in commands {
        command(&mut outputs, &config, &[&arguments[..], &["--output", "json"]].concat(), &[]).await;
        if arguments[0] != "jobs" {
            command(&mut outputs, &config, &arguments, &[]).await;
        }
    }
    let events = store.events_after(0, 10_000).await.unwrap();
    let bodies: Vec<Value> = events.iter().map(|row| row.event.body.clone()).collect();
    outputs.add("events in the store", serde_json::to_vec(&bodies).unwrap());
    let mut printed = format!("{events:?}");
    for id in &ids {
        printed.push_str(&format!("{:#?}", store.job(*id).await.unwrap()));
    }
    outputs.add("what Debug prints", printed);
    outputs.add("log", daemon.stop().await);
    outputs.add("database, at the end", dump::everything(&house.database.url).await);
    for (place, word) in [
        ("log", "TRACE"),
        ("log", &*names[2]),
        ("database", "sealed"),
        ("events in", "job.in_doubt"),
        ("log", "suspended"),
    ] {
        let text = String::from_utf8_lossy(&outputs.of(place)).into_owned();
        assert!(text.contains(word), "{place} says nothing of {word}");
    }
    let [_, of_first] = &days;
    outputs.assert_clean(&house.canaries(of_first).await);
    for (place, text) in &outputs.0 {
        assert_eq!(cookies(text), Vec::<String>::new(), "cookies in {place}");
    }
}

#[test]
fn a_cookie_would_be_found() {
    assert_eq!(cookies(b"\"cookie\":\"23735291:3735292\"}"), ["23735291:3735292"]);
    assert!(cookies(b"2026-11-22 14:17:54, 23735291 3735292").is_empty());
}

#[tokio::test]
async fn nothing_of_opensrs_comes_out_with_postgres_and_logs_as_text() {
    let database = Database::migrated(Kind::Postgres).await;
    database::with(database, |database| async move { a_day(&House::new(database).await, "text").await }).await;
}

#[tokio::test]
async fn nothing_of_opensrs_comes_out_with_sqlite_and_logs_as_json() {
    let database = Database::migrated(Kind::Sqlite).await;
    database::with(database, |database| async move { a_day(&House::new(database).await, "json").await }).await;
}
