//! NZ SRS: keys and passphrases, signatures, UDAIs stated and UDAIs answered, and the data of persons in logs. Three accounts: one
//! with a passphrase, one whose key lies open, and one whose key the registry does not know. At the end the one command that
//! does show a secret.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use registrard::model::{JobId, State};
use sequoia_openpgp::Cert;
use sequoia_openpgp::crypto::mpi::SecretKeyMaterial as Numbers;
use sequoia_openpgp::packet::key::SecretKeyMaterial;
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::serialize::SerializeInto;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::canary::Canary;
use crate::database::{self, Database, Kind};
use crate::house::{House, PARAMETER_KEY, Task, assert_seen, job};
use crate::params::with;
use crate::stage::{Daemon, command, output, until};
use crate::{Outputs, control};

const GOOD: &str = "Can4ryG7";
const WRONG: &str = "Can4ryW8";
const RAW: &str = "Can4ryR9";
const REJECTED: &str = "Can4ryReject\"<Horse";
const WRONG_PASSPHRASE: &str = "Can4ry wrong passphrase";
/// Of the keys in `tests/fixtures/openpgp`.
const PASSPHRASE: &str = "correct horse";
const SEED: u64 = 4711;
/// Random bytes of the sandbox that are looked for; all UDAIs it makes are among the first.
const UDAIS: u64 = 40;
/// The letters it makes them of.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";

const DOMAIN: &str = "example.co.nz";
/// The accounts' names in the configuration.
const NAMES: [&str; 3] = ["one", "two", "three"];
/// What is known of a person.
const PERSON: [(&str, &str); 4] = [
    ("name", "Wiremu Can4ryowner"),
    ("email", "can4ry.owner@example.net"),
    ("address1", "47 Can4ry Street"),
    ("phone", "+64.4.90817263"),
];

/// RSA 2048 with a passphrase and no end: it can sign whenever this test runs.
fn our_key() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/openpgp/never.asc")).unwrap()
}

/// A registrar's number, and where its key is.
fn registrar(house: &House, number: usize) -> (String, PathBuf) {
    let account = &house.sandbox.ready["nz_srs"]["accounts"][number];
    let text = |key: &str| account[key].as_str().unwrap().to_owned();
    (text("registrar_id"), text("secret_key").into())
}

/// A registry that knows the first account's key, and some of whose answers are lost, or not signed by it.
async fn house(database: Arc<Database>) -> House {
    let seed = SEED.to_string();
    let flags = [
        "--registry",
        "nz-srs",
        "--seed",
        &seed,
        "--nz-lock-ms",
        "0",
        "--fault",
        "cut_after:action=domain.authcode_create,nth=1",
        "--fault",
        "half_frame:action=domain.create,nth=1",
        "--fault",
        "bad_signature:action=contact.create,nth=1",
    ];
    let house = House::new(database, &flags).await;
    let public =
        Cert::from_bytes(our_key().as_bytes()).unwrap().strip_secret_key_material().armored().to_vec().unwrap();
    let keys = json!({ "account": registrar(&house, 0).0, "keys": [String::from_utf8(public).unwrap()] });
    control::ordered(house.control(), "POST", "/accounts", &keys).await;
    house
}

/// Settings of the accounts, the passphrase of the first key being this.
fn accounts(house: &House, passphrase: &str) -> Vec<(String, String)> {
    let key = house.file("never.asc", &our_key());
    let passphrase = house.file(&format!("passphrase-{}", passphrase.len()), passphrase);
    let ready = &house.sandbox.ready;
    let of = |(number, name): (usize, &str)| {
        let (id, open_key) = registrar(house, number);
        let key = match number {
            1 => format!("{{ file = '{}' }}", open_key.display()),
            _ => format!("{{ file = '{}', passphrase_file = '{}' }}", key.display(), passphrase.display()),
        };
        let settings = format!(
            "registry = 'nz-srs'\nurl = {}\nca_file = {}\nenvironment = 'other'\nregistrar_id = '{id}'\nkeys = [{key}]\n\
             registry_keys = [{{ file = {} }}]\nanswer_seconds = 10",
            ready["nz_srs"]["url"], ready["ca"], ready["nz_srs"]["registry_key"],
        );
        (name.to_owned(), settings)
    };
    NAMES.into_iter().enumerate().map(of).collect()
}

fn holder() -> Value {
    let mut holder = json!({ "city": "Wellington", "country_code": "NZ" });
    for (name, value) in PERSON {
        holder[name] = json!(value);
    }
    holder
}

fn raw(account: &str, actions: &str) -> (JobId, Value) {
    let request = format!("<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\">{actions}</NZSRSRequest>");
    job(account, "raw", json!({ "request": request }))
}

fn of(account: &str, operation: &str, more: Value) -> (JobId, Value) {
    job(account, operation, with(json!({ "domain": DOMAIN }), more))
}

/// What is done first, and what becomes of it. The third job orders a UDAI, of which the answer is lost.
fn morning() -> Vec<Task> {
    let [one, ..] = NAMES;
    let contact = with(holder(), json!({ "handle": "owen-owner" }));
    let registration =
        || json!({ "term": 12, "registrant": holder(), "nserver": ["ns1.example.net", "ns2.example.net"] });
    vec![
        (job(one, "contact.create", contact), State::Succeeded),
        (of(one, "domain.create", registration()), State::Succeeded),
        (of(one, "domain.authcode_create", json!({})), State::Succeeded),
        (of(one, "domain.create", registration()), State::Failed),
        (of(one, "domain.info", json!({})), State::Succeeded),
        (job(one, "contact.info", json!({ "handle": "owen-owner" })), State::Succeeded),
        (job(one, "contact.update", json!({ "handle": "owen-owner", "fax": "+64.4.90817263" })), State::Succeeded),
    ]
}

/// What is done later: the UDAI is [`GOOD`], and `ordered` the id of the action that ordered one.
fn afternoon(ordered: &str) -> Vec<Task> {
    let [one, two, _] = NAMES;
    let asked = format!("<ActionDetailsQry QryId=\"q-1\" ActionId=\"{ordered}\"/>");
    let update = |attribute: &str| {
        format!("<DomainUpdate {attribute}><DomainNameFilter>{DOMAIN}</DomainNameFilter></DomainUpdate>")
    };
    let code = |udai: &str| json!({ "auth_info": udai });
    vec![
        (of(one, "domain.authcode_check", code(WRONG)), State::Succeeded),
        (of(two, "domain.authcode_check", code(GOOD)), State::Succeeded),
        (of(two, "domain.transfer", code(WRONG)), State::Failed),
        (raw(two, &format!("<UDAIValidQry QryId=\"q-2\" DomainName=\"{DOMAIN}\" UDAI=\"{RAW}\"/>")), State::Succeeded),
        (raw(two, &update(&format!("UDAI=\"{RAW}\""))), State::Failed),
        (job(one, "account.info", json!({ "question": "action", "action": ordered })), State::Succeeded),
        (raw(one, &asked), State::Succeeded),
        (job(one, "account.info", json!({})), State::Succeeded),
        (of(two, "domain.transfer", code(GOOD)), State::Succeeded),
        // A new one, in the registry's own words, and in the same document a question that an old one stands in.
        (raw(two, &update("ActionId=\"own-1\" NewUDAI=\"1\"")), State::Succeeded),
        (raw(two, &format!("{}{}", asked.replace(ordered, "own-1"), update("NewUDAI=\"1\""))), State::Succeeded),
        (of(two, "domain.authcode_create", json!({})), State::Succeeded),
    ]
}

/// What is turned away, each with a secret in it.
fn rejects() -> Vec<Value> {
    let one = |operation: &str, more: Value| of(NAMES[0], operation, more).1;
    let mut outside = one("domain.transfer", json!({}));
    outside["UDAI"] = json!(REJECTED);
    let raw = |request: String| job(NAMES[0], "raw", json!({ "request": request })).1;
    vec![
        outside,
        one("domain.transfer", json!({ "auth_info": REJECTED })),
        one("domain.transfer", json!({ "auth_info": [REJECTED] })),
        one("domain.transfer", json!({ "auth_info": { "udai": REJECTED } })),
        one("domain.transfer", json!({ "udai": REJECTED })),
        one("domain.authcode_create", json!({ "auth_info": REJECTED })),
        raw(format!("<NZSRSRequest><DomainUpdate UDAI='{REJECTED}'/><ResetMsgQ/></NZSRSRequest>")),
        raw(format!("<NZSRSRequest><DomainUpdate UDAI='{REJECTED}")),
        raw(format!("<DomainUpdate UDAI='{}'/>", REJECTED.replace('<', "&lt;"))),
        raw(format!("UDAI={REJECTED}")),
    ]
}

/// Pieces of the numbers that make a secret key, short ones: armour breaks its lines.
fn secret_numbers(key: &str) -> Vec<Vec<u8>> {
    let cert = Cert::from_bytes(key.as_bytes()).unwrap();
    let mut pieces = Vec::new();
    for key in cert.keys().secret() {
        let mut key = key.key().clone();
        if key.secret().is_encrypted() {
            key = key.decrypt_secret(&PASSPHRASE.into()).unwrap();
        }
        let SecretKeyMaterial::Unencrypted(numbers) = key.secret() else { panic!("still locked") };
        numbers.map(|numbers| {
            let Numbers::RSA { d, p, q, u } = numbers else { panic!("no RSA key") };
            pieces.extend(
                [d, p, q, u].iter().flat_map(|number| number.value().chunks_exact(24).take(3)).map(<[u8]>::to_vec),
            );
        });
    }
    assert!(pieces.len() >= 12, "{} pieces", pieces.len());
    pieces
}

/// The UDAIs that the sandbox makes.
fn udais() -> Vec<String> {
    let made = |serial: u64| {
        let bytes = Sha256::digest([SEED.to_be_bytes(), serial.to_be_bytes()].concat());
        bytes.iter().take(8).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
    };
    (1..=UDAIS).map(made).collect()
}

fn canaries(house: &House) -> Vec<Canary> {
    let mut canaries: Vec<Canary> = [
        ("a UDAI", GOOD),
        ("a wrong UDAI", WRONG),
        ("a UDAI in a raw request", RAW),
        ("a UDAI that was rejected", REJECTED),
        ("the passphrase", PASSPHRASE),
        ("a wrong passphrase", WRONG_PASSPHRASE),
        ("the key of parameters", PARAMETER_KEY),
        ("a signature", "BEGIN PGP SIGNATURE"),
        ("a signature in a form", "BEGIN+PGP+SIGNATURE"),
        ("a secret key", "BEGIN PGP PRIVATE KEY"),
    ]
    .map(|(name, value)| Canary::new(name, value))
    .into();
    canaries.extend(udais().iter().map(|udai| Canary::new("a UDAI of the registry's", udai)));
    let open = std::fs::read_to_string(registrar(house, 1).1).unwrap();
    for key in [our_key(), open] {
        let pieces = secret_numbers(&key);
        canaries.extend(pieces.iter().map(|piece| Canary::of_bytes("a piece of a secret key", piece)));
    }
    canaries
}

/// No log and no figure says who somebody is.
fn assert_nobody_is_named(outputs: &Outputs) {
    // On the wire a number is in three parts.
    let local = PERSON[3].1.rsplit('.').next().unwrap();
    let known = PERSON.into_iter().take(3).chain([("local number", local)]);
    let people: Vec<Canary> = known.map(|(what, value)| Canary::new(what, value)).collect();
    let mut seen = Outputs::default();
    for place in ["log", "metrics", "readiness"] {
        seen.add(place, outputs.of(place));
    }
    seen.assert_clean(&people);
    let told = outputs.of("events in");
    assert!(people.iter().all(|one| one.is_in(&told)), "the events do not name whom they are about");
}

/// `jobs secret` shows what an answer holds sealed to whoever has the key, and to nobody else.
async fn shown_on_demand(house: &House, config: &Path, ids: [JobId; 3]) {
    let [ordered, in_own_words, without] = ids;
    for id in [ordered, in_own_words] {
        let id = id.to_string();
        let told = output(config, &["jobs", "secret", &id, "--output", "json"]).await;
        assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stderr));
        let rows: Value = serde_json::from_slice(&told.stdout).unwrap();
        let (name, value) = (&rows[0]["name"], rows[0]["value"].as_str().unwrap().to_owned());
        assert_eq!((name, rows.as_array().map(Vec::len)), (&json!("UDAI"), Some(1)), "{rows}");
        assert!(udais().contains(&value), "{value} is none that the registry made");
        let told = output(config, &["jobs", "secret", &id]).await;
        let table = String::from_utf8(told.stdout).unwrap();
        assert!(table.contains("NAME") && table.contains("UDAI") && table.contains(&value), "{table}");
        // What is printed is not said a second time.
        assert!(!Canary::new("", &value).is_in(&told.stderr));
    }

    let text = std::fs::read_to_string(config).unwrap();
    let line = text.lines().find(|line| line.starts_with("parameter_keys_file")).unwrap();
    let another = house.file("another.keys", &format!("{}\n", PARAMETER_KEY.replace('c', "d")));
    let without_key = house.file("without-key.toml", &text.replace(line, ""));
    let with_another =
        house.file("another-key.toml", &text.replace(line, &format!("parameter_keys_file = '{}'", another.display())));
    let failed = async |config: &Path, id: &str, exit: i32, code: &str| -> String {
        let told = output(config, &["jobs", "secret", id, "--output", "json"]).await;
        assert_eq!((told.status.code(), told.stdout.is_empty()), (Some(exit), true), "{id}");
        let error: Value = serde_json::from_slice(&told.stderr).expect("one object");
        assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&json!(code), &json!(exit)), "{error}");
        let people = output(config, &["jobs", "secret", id]).await;
        let said = String::from_utf8(people.stderr).unwrap();
        assert_eq!((people.status.code(), people.stdout.is_empty()), (Some(exit), true), "{said}");
        assert!(said.starts_with("error: "), "{said}");
        said
    };
    for config in [&without_key, &with_another] {
        let said = failed(config, &ordered.to_string(), 78, "unopened").await;
        assert!(said.contains("UDAI") && said.contains("store.parameter_keys_file"), "{said}");
    }
    let said = failed(config, &without.to_string(), 3, "not_found").await;
    assert!(said.contains("no secret in the answer") && said.contains("domain.authcode_create"), "{said}");
    let nobody = JobId(uuid::Uuid::nil()).to_string();
    for config in [config, without_key.as_path()] {
        assert!(failed(config, &nobody, 3, "not_found").await.contains(&format!("no job {nobody}")));
    }
    let told = output(config, &["jobs", "secret", "not-an-id"]).await;
    assert_eq!((told.status.code(), told.stdout.is_empty()), (Some(2), true));
}

async fn a_day(house: &House, format: &str) {
    let mut outputs = Outputs::default();
    let config = house.configuration(format, &accounts(house, PASSPHRASE));
    let daemon = Daemon::start(&config);
    // Once is enough: a dry run says the same whatever keeps the jobs.
    let is_tried = format == "text";
    let mut ids = Vec::new();
    for task in &morning() {
        house.done(&mut outputs, &config, task, is_tried).await;
        ids.push(task.0.0);
    }
    let store = &house.database.store;
    let ordered = store.job(ids[2]).await.unwrap().unwrap().job.transaction.expect("an id of its action");
    // Only an older domain can be transferred.
    control::days(house.control(), 6).await;
    let udai = json!({ "domain": DOMAIN, "udai": GOOD });
    control::ordered(house.control(), "POST", "/domains", &udai).await;
    let afternoon = afternoon(&ordered);
    for task in &afternoon {
        house.done(&mut outputs, &config, task, is_tried).await;
        ids.push(task.0.0);
    }
    // The registry makes one by itself and says so.
    control::ordered(house.control(), "POST", "/domains", &json!({ "domain": DOMAIN, "new_udai": true })).await;
    for kind in ["message.udai_created", "message.transferred_away"] {
        until(kind, async || {
            let events = store.events_after(0, 10_000).await.unwrap();
            events.iter().any(|row| row.event.kind == kind).then_some(())
        })
        .await;
    }
    house.turned_away(&mut outputs, &config, &rejects()).await;
    let refused = job(NAMES[2], "domain.check", json!({ "domain": DOMAIN }));
    ids.push(house.waits(&mut outputs, &config, refused).await);
    house.everything(&mut outputs, &config, daemon, &ids, &ids).await;
    for (passphrase, is_good) in [(WRONG_PASSPHRASE, false), (PASSPHRASE, true)] {
        let config = house.configuration(format, &accounts(house, passphrase));
        for arguments in [&["check-config"][..], &["check-config", "--output", "json"]] {
            assert_eq!(command(&mut outputs, &config, arguments, &[]).await, is_good, "{arguments:?}");
        }
        // There is something to say of either: the key is shorter than advised.
        assert!(!command(&mut outputs, &config, &["keys", "check"], &[]).await);
    }

    let lost = ids[2].to_string();
    assert_seen(
        &outputs,
        &[
            ("log", "TRACE"),
            ("log", &lost),
            ("log", "suspended"),
            ("database", "sealed"),
            ("events in", "sealed"),
            ("events in", "job.in_doubt"),
            ("events in", "message.udai_created"),
        ],
    );
    outputs.assert_clean(&canaries(house));
    assert_nobody_is_named(&outputs);
    // The two orders for a UDAI, and a job with a sealed request whose answer has none.
    shown_on_demand(house, &config, [ids[2], ids[morning().len() + 9], ids[morning().len() + 3]]).await;
}

#[tokio::test]
async fn nothing_of_nz_srs_comes_out_with_postgres_and_logs_as_text() {
    let database = Database::migrated(Kind::Postgres).await;
    database::with(database, |database| async move { a_day(&house(database).await, "text").await }).await;
}

#[tokio::test]
async fn nothing_of_nz_srs_comes_out_with_sqlite_and_logs_as_json() {
    let database = Database::migrated(Kind::Sqlite).await;
    database::with(database, |database| async move { a_day(&house(database).await, "json").await }).await;
}
