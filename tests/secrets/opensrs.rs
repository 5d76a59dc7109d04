//! OpenSRS: private keys, signatures, the challenge and its digest, passwords of profiles, cookies, codes. Three accounts: over
//! HTTPS, over TCP, and with a key that is wrong.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use registrard::model::{Operation, State};
use registrard::registries::{WireOptions, plugin};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::canary::{Canary, md5};
use crate::database::{self, Database, Kind};
use crate::house::{House, PARAMETER_KEY, Task, assert_seen, job};
use crate::params::{command as xcp, contact, registration, transfer, with};
use crate::stage::{Daemon, Sandbox};
use crate::{Outputs, control};

const PROFILE: &str = "CanaryAProfile99";
const WRONG_PROFILE: &str = "CanaryBWrongPw99";
const CODE: &str = "CanaryCCode!9999";
const TRANSFER: &str = "CanaryDMoveHorse";
const RAW: &str = "CanaryERawHorse9";
const REJECTED: &str = "CanaryF\"Rejected<Horse>";
const SEED: u64 = 4711;
/// Random bytes of the sandbox that are looked for; the daemon's challenges are among the first.
const CHALLENGES: u64 = 12;

/// Name, private key.
fn account(sandbox: &Sandbox, number: usize) -> (String, String) {
    let account = &sandbox.ready["opensrs"]["accounts"][number];
    let text = |key: &str| account[key].as_str().unwrap().to_owned();
    (text("username"), text("private_key"))
}

/// A registry whose first answer to an order for a code is lost.
async fn house(database: Arc<Database>) -> House {
    let seed = SEED.to_string();
    let fault = "cut_after:action=domain.authcode_create,nth=1";
    House::new(database, &["--registry", "opensrs", "--seed", &seed, "--fault", fault]).await
}

/// Settings of the accounts.
fn accounts(house: &House) -> Vec<(String, String)> {
    let ready = &house.sandbox.ready;
    let https = ready["opensrs"]["https"].as_str().unwrap();
    let https = https.trim_start_matches("https://").trim_end_matches('/');
    let over_https = format!("address = '{https}'\nca_file = {}", ready["ca"]);
    let over_tcp = format!("transport = 'tcp'\naddress = {}", ready["opensrs"]["tcp"]);
    let ways = [&over_https, &over_tcp, &over_https].into_iter().enumerate();
    ways.map(|(number, way)| {
        let (name, key) = account(&house.sandbox, number);
        let key = if number == 2 { wrong_key() } else { key };
        let key = house.file(&format!("{name}.key"), &key);
        let settings = format!("registry = 'opensrs'\n{way}\nuser = '{name}'\nkey_file = '{}'", key.display());
        (name, settings)
    })
    .collect()
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

/// What is done all day, and what becomes of it.
fn day(account: &str, domain: &str) -> Vec<Task> {
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

/// The signatures of what went out over HTTPS for the jobs: written again from the jobs, and known to be the same by the
/// ledger's digest of what arrived.
async fn signatures(house: &House, jobs: &[Task]) -> Vec<Canary> {
    let (name, key) = account(&house.sandbox, 0);
    let (_, ledger) = control::request(house.control(), "GET", "/ledger", &Value::Null).await;
    let arrived: Vec<&str> =
        ledger["requests"].as_array().unwrap().iter().filter_map(|request| request["digest"].as_str()).collect();
    let options = WireOptions { account: name, ..WireOptions::default() };
    let dialect = (plugin("opensrs").unwrap().dialect)(&options).unwrap();
    let mut found = Vec::new();
    for ((id, job), _) in jobs {
        let operation: Operation = job["operation"].as_str().unwrap().parse().unwrap();
        let params: Map<String, Value> = job["params"].as_object().unwrap().clone();
        let transaction = house.database.store.job(*id).await.unwrap().unwrap().job.transaction.unwrap_or_default();
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

async fn canaries(house: &House, jobs: &[Task]) -> Vec<Canary> {
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
        let (name, key) = account(&house.sandbox, number);
        let bytes = HEXLOWER.decode(key.as_bytes()).unwrap();
        canaries.push(Canary::new(&format!("the private key of {name}"), &key));
        canaries.push(Canary::of_bytes(&format!("the bytes of the private key of {name}"), &bytes));
        // What the cipher is fed with (2.5 of the reference).
        canaries.push(Canary::of_bytes(&format!("what the cipher of {name} begins with"), &md5(&bytes)));
    }
    // Of each its digest is a needle, too.
    canaries.extend(random_bytes().map(|bytes| Canary::of_bytes("a challenge", &bytes)));
    // The codes that were mailed.
    let (_, ledger) = control::request(house.control(), "GET", "/ledger?effects=1", &Value::Null).await;
    let effects = ledger["effects"].as_array().unwrap();
    let mailed = effects.iter().filter(|effect| effect["kind"] == "domain.authcode_request");
    canaries.extend(mailed.map(|effect| Canary::new("a code by mail", effect["detail"].as_str().unwrap())));
    canaries.extend(signatures(house, jobs).await);
    canaries
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
    let config = house.configuration(format, &accounts(house));
    // Before anybody else connects, the challenges are what they are expected to be.
    let [first, second, third] = [0, 1, 2].map(|number| account(&house.sandbox, number).0);
    let seen = challenge(house.sandbox.ready["opensrs"]["tcp"].as_str().unwrap(), &second).await;
    assert!(random_bytes().any(|bytes| bytes == *seen), "the challenges come from elsewhere");

    let daemon = Daemon::start(&config);
    let days = [day(&second, "example.org"), day(&first, "example.com")];
    let mut ids = Vec::new();
    for task in days.iter().flatten() {
        // What is looked at twice has nothing new to say.
        house.done(&mut outputs, &config, task, task.0.1["account"] == *first).await;
        ids.push(task.0.0);
    }
    house.turned_away(&mut outputs, &config, &rejects(&first)).await;
    let refused = job(&third, "domain.check", json!({ "domain": "example.com" }));
    ids.push(house.waits(&mut outputs, &config, refused).await);
    house.everything(&mut outputs, &config, daemon, &ids, &ids[days[0].len()..]).await;
    let lost = ids[2].to_string();
    let words = [("log", "TRACE"), ("log", &*lost), ("database", "sealed"), ("events in", "job.in_doubt")];
    assert_seen(&outputs, &words);
    assert_seen(&outputs, &[("log", "suspended")]);
    let [_, of_first] = &days;
    outputs.assert_clean(&canaries(house, of_first).await);
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
    database::with(database, |database| async move { a_day(&house(database).await, "text").await }).await;
}

#[tokio::test]
async fn nothing_of_opensrs_comes_out_with_sqlite_and_logs_as_json() {
    let database = Database::migrated(Kind::Sqlite).await;
    database::with(database, |database| async move { a_day(&house(database).await, "json").await }).await;
}
