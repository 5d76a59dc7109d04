//! RRP: passwords of sessions, right and wrong, and in requests of one's own; the key of a certificate. Three accounts, of
//! which the last one has a wrong password.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use registrard::model::State;
use serde_json::{Value, json};

use crate::canary::Canary;
use crate::database::{self, Database, Kind};
use crate::house::{House, PARAMETER_KEY, Task, assert_seen, job};
use crate::params::with;
use crate::stage::{Daemon, command};
use crate::{Outputs, control};

/// The passwords of the accounts. `&` and `"` are written in many ways.
const PASSWORDS: [&str; 3] = ["Can4ry&\"APass", "Can4ryB!Horse", "Can4ryC_Wrong"];
const RAW: &str = "Can4ryDRawHorse9";
const REJECTED: &str = "Can4ryE\"Reject<H";

/// Names of the accounts, in the configuration and at the registry.
const NAMES: [&str; 3] = ["registrarA", "registrarB", "registrarC"];

/// A registry whose answers are lost now and then, before they are whole, too.
async fn house(database: Arc<Database>) -> House {
    let faults = [
        "cut_after:action=domain.create,nth=1",
        "half_frame:action=domain.renew,nth=1",
        "garbage:action=host.create,nth=1",
        "drop_session:action=domain.info,nth=1",
    ];
    let faults = faults.iter().flat_map(|fault| ["--fault", fault]);
    let house = House::new(database, &["--registry", "rrp"].into_iter().chain(faults).collect::<Vec<_>>()).await;
    for (name, password) in NAMES.iter().zip(PASSWORDS).take(2) {
        control::ordered(house.control(), "POST", "/accounts", &json!({ "account": name, "password": password })).await;
    }
    house
}

/// A certificate of ours and its key, as PEM, and the number that makes the key.
fn certificate() -> (String, String, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["registrar.example".into()]).unwrap().self_signed(&key).unwrap();
    let der = key.serialize_der();
    // RFC 5915: the number is an OCTET STRING of 32 bytes.
    let at = der.windows(2).position(|two| two == [4, 32]).expect("a key of P-256") + 2;
    (certificate.pem(), key.serialize_pem(), der[at..at + 32].to_vec())
}

fn accounts(house: &House, certificate: &str, key: &str) -> Vec<(String, String)> {
    let certificate = house.file("certificate.pem", certificate);
    let key = house.file("certificate.key", key);
    let settings = |(name, password): (&str, &str)| {
        let password = house.file(&format!("{name}.password"), password);
        let settings = format!(
            "registry = 'rrp'\naddress = {}\nca_file = {}\nuser = '{name}'\npassword_file = '{}'\nanswer_seconds = 5\n\
             certificate_file = '{}'\ncertificate_key_file = '{}'",
            house.sandbox.ready["rrp"]["address"],
            house.sandbox.ready["ca"],
            password.display(),
            certificate.display(),
            key.display(),
        );
        (name.to_owned(), settings)
    };
    NAMES.into_iter().zip(PASSWORDS).map(settings).collect()
}

/// What is done all day, and what becomes of it.
fn day() -> Vec<Task> {
    let [one, two, _] = NAMES;
    let domain = || json!({ "domain": "example.com" });
    let of = |operation: &str, more: Value| job(one, operation, with(domain(), more));
    let host = json!({ "host": "ns1.example.com", "address": ["192.0.2.53"] });
    let raw = |request: &str| job(one, "raw", json!({ "request": request }));
    vec![
        (job(one, "account.info", json!({})), State::Succeeded),
        // Its answer is lost, and the registry asked.
        (of("domain.create", json!({ "years": 1 })), State::Succeeded),
        (of("domain.create", json!({ "years": 1 })), State::Failed),
        (of("domain.info", json!({})), State::Succeeded),
        (job(one, "host.create", host), State::Succeeded),
        (of("domain.update", json!({ "nserver": ["ns1.example.com"] })), State::Succeeded),
        (job(two, "domain.transfer", domain()), State::Pending),
        // Not for jobs, and no attribute of this command: the registry says so.
        (raw(&format!("status\nEntityName:Domain\nDomainName:example.com\nPassword:{RAW}")), State::Failed),
        (raw(&format!("describe\n-Target:Protocol\n-NewPassword:{RAW}")), State::Failed),
    ]
}

/// What is turned away, each with a secret in it.
fn rejects() -> Vec<Value> {
    let one = |operation: &str, params: Value| job(NAMES[0], operation, params).1;
    let mut outside = one("domain.info", json!({ "domain": "example.com" }));
    outside["Password"] = json!(REJECTED);
    let raw = |request: String| one("raw", json!({ "request": request }));
    vec![
        outside,
        one("domain.info", json!({ "domain": "example.com", "password": REJECTED })),
        one("domain.transfer", json!({ "domain": "example.com", "auth_info": REJECTED })),
        raw(format!("session\n-Id:{}\n-Password:{REJECTED}", NAMES[0])),
        raw(format!("session\n-Id:{}\n-Password:{REJECTED}\n-NewPassword:{REJECTED}\n.", NAMES[0])),
        raw(format!("describe\n-Password {REJECTED}")),
        raw(format!("-Password:{REJECTED}")),
        raw(format!("describe\n.\nsession\n-Password:{REJECTED}")),
        raw(format!("describe\n-Password:{REJECTED}é")),
        raw(format!("describe\n-Password:{}", REJECTED.repeat(100))),
    ]
}

async fn a_day(house: &House, format: &str) {
    let mut outputs = Outputs::default();
    let (certificate, key, number) = certificate();
    let config = house.configuration(format, &accounts(house, &certificate, &key));
    let daemon = Daemon::start(&config);
    // Once is enough: a dry run says the same whatever keeps the jobs.
    let is_tried = format == "text";
    let day = day();
    let mut ids = Vec::new();
    for task in &day {
        house.done(&mut outputs, &config, task, is_tried).await;
        ids.push(task.0.0);
    }
    let (_, seen) = control::request(house.control(), "GET", "/objects", &Value::Null).await;
    let expires = seen["rrp"]["domains"][0]["expires"].as_str().expect("the date of a domain")[..4].to_owned();
    let renewal = json!({ "domain": "example.com", "years": 1, "expires": expires });
    // Of the losing account while the transfer is on its way: refused, after an answer that was cut.
    let renewal = (job(NAMES[0], "domain.renew", renewal), State::Failed);
    house.done(&mut outputs, &config, &renewal, is_tried).await;
    ids.push(renewal.0.0);
    house.turned_away(&mut outputs, &config, &rejects()).await;
    let refused = job(NAMES[2], "domain.check", json!({ "domain": "example.com" }));
    ids.push(house.waits(&mut outputs, &config, refused).await);
    house.everything(&mut outputs, &config, daemon, &ids, &ids).await;

    // A key where none belongs, and a password that cannot be one.
    house.file("registrarA.long", &REJECTED.repeat(2));
    for (certificate, key, ending) in [(&key, &certificate, "password"), (&certificate, &key, "long")] {
        let mut accounts = accounts(house, certificate, key);
        accounts[0].1 = accounts[0].1.replace("registrarA.password", &format!("registrarA.{ending}"));
        let config = house.configuration(format, &accounts);
        for arguments in [&["check-config"][..], &["check-config", "--output", "json"]] {
            assert!(!command(&mut outputs, &config, arguments, &[]).await, "{ending}: the configuration is in order");
        }
    }

    let lost = ids[1].to_string();
    assert_seen(
        &outputs,
        &[
            ("log", "TRACE"),
            ("log", &lost),
            ("log", "suspended"),
            ("database", "sealed"),
            ("events in", "job.in_doubt"),
        ],
    );
    let mut canaries: Vec<Canary> = NAMES
        .iter()
        .zip(PASSWORDS)
        .map(|(name, password)| Canary::new(&format!("the password of {name}"), password))
        .collect();
    canaries.extend(
        [
            ("a password in a raw request", RAW),
            ("a password that was rejected", REJECTED),
            ("the key of parameters", PARAMETER_KEY),
        ]
        .map(|(name, value)| Canary::new(name, value)),
    );
    canaries.push(Canary::of_bytes("the key of the certificate", &number));
    outputs.assert_clean(&canaries);
}

#[tokio::test]
async fn nothing_of_rrp_comes_out_with_postgres_and_logs_as_text() {
    let database = Database::migrated(Kind::Postgres).await;
    database::with(database, |database| async move { a_day(&house(database).await, "text").await }).await;
}

#[tokio::test]
async fn nothing_of_rrp_comes_out_with_sqlite_and_logs_as_json() {
    let database = Database::migrated(Kind::Sqlite).await;
    database::with(database, |database| async move { a_day(&house(database).await, "json").await }).await;
}
