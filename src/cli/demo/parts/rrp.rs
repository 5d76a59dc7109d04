//! RRP: domains without any data about persons, hosts below them, and a protocol without transaction ids.

use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Account, Missing, Pad, Part, as_named, row, table, text};

pub const PART: Part = Part {
    registry: "rrp",
    set_up: |_| {},
    faults: &[
        "cut_after:action=domain.create,object=*.net,every=7",
        "cut_before:action=domain.create,object=*.net,every=11",
        "half_frame:action=domain.renew,object=*.net,nth=3",
        "cut_after:action=domain.renew,object=*.net,nth=5",
        "garbage:action=host.create,object=*.net,nth=3",
        "cut_after:action=domain.update,object=*.net,nth=2",
        "cut_after:action=domain.delete,object=*.net,nth=2",
        "delay=30:object=*.net,p=0.05",
    ],
    accounts,
    jobs,
    effect: as_named,
    is_ordered: |_| true,
};

const ACCOUNT: &str = "registrarA";
const PAD: Pad = Pad { account: ACCOUNT, series: 3 };

/// Ours: the registry names no number.
const REQUESTS_PER_MINUTE: u32 = 2000;

/// Domains; of these so many are renewed, so many get a host and then serve themselves, and so many are deleted.
const DOMAINS: u32 = 30;
const RENEWED: u32 = 10;
const HOSTS: u32 = 6;
const DELETED: u32 = 6;

fn accounts(ready: &Value) -> Result<Vec<Account>, Missing> {
    let row = row(ready, "rrp", "id", ACCOUNT)?;
    Ok(vec![Account {
        name: ACCOUNT,
        known_as: ACCOUNT.into(),
        settings: table(json!({
            "address": ready["rrp"]["address"], "user": ACCOUNT, "ca_file": ready["ca"], "answer_seconds": 5,
            "limits": { "requests": REQUESTS_PER_MINUTE, "timetable": [], "quiet": [] },
        })),
        secrets: vec![("password_file", text(&row["password"]))],
    }])
}

fn jobs(today: Date) -> Vec<Value> {
    let mut jobs = vec![PAD.job(0, 0, "account.info", json!({}), &[])];
    jobs.extend((0..DOMAINS).map(|n| PAD.job(1, n, "domain.create", json!({ "domain": name(n), "years": 1 }), &[])));
    jobs.extend((0..RENEWED).map(|n| renewal(n * 3, today)));
    jobs.extend((0..HOSTS).flat_map(|n| served(n * 4 + 1)));
    jobs.extend((0..DELETED).map(|n| n * 4 + 2).map(deletion));
    jobs.extend(hopeless());
    jobs.extend(invalid());
    jobs
}

fn name(n: u32) -> String {
    format!("demo-{n}.net")
}

/// The job that registers a domain.
fn registers(n: u32) -> Uuid {
    PAD.id(1, n)
}

fn renewal(n: u32, today: Date) -> Value {
    let params = json!({ "domain": name(n), "expires": (today.year() + 1).to_string(), "years": 1 });
    PAD.job(2, n, "domain.renew", params, &[registers(n)])
}

/// A host below a domain, with an address that no other host has, and the domain served by it.
fn served(n: u32) -> [Value; 2] {
    let host = format!("ns1.{}", name(n));
    let serves = json!({ "domain": name(n), "nserver": [host] });
    [
        PAD.job(3, n, "host.create", json!({ "host": host, "address": format!("192.0.2.{n}") }), &[registers(n)]),
        PAD.job(4, n, "domain.update", serves, &[PAD.id(3, n)]),
    ]
}

fn deletion(n: u32) -> Value {
    PAD.job(5, n, "domain.delete", json!({ "domain": name(n) }), &[registers(n)])
}

/// Jobs the registry turns down, one that waits for one of them, and questions.
fn hopeless() -> Vec<Value> {
    let unknown = "nobody-has-this.net";
    vec![
        PAD.job(6, 0, "domain.create", json!({ "domain": name(1), "years": 1 }), &[registers(1)]),
        PAD.job(6, 1, "domain.info", json!({ "domain": unknown }), &[]),
        PAD.job(6, 2, "domain.delete", json!({ "domain": unknown }), &[PAD.id(6, 1)]),
        PAD.job(6, 3, "domain.check", json!({ "domain": name(5) }), &[registers(5)]),
        PAD.job(6, 4, "domain.info", json!({ "domain": name(5) }), &[registers(5)]),
    ]
}

/// Submissions that are turned away at the door, each for another reason.
fn invalid() -> Vec<Value> {
    let bad = [
        ("domain.create", json!({ "domain": "example.net", "years": 11 })),
        ("domain.create", json!({ "domain": "-example.net" })),
        ("domain.renew", json!({ "domain": "example.net", "years": 1 })),
        ("contact.create", json!({ "handle": "nobody" })),
    ];
    (0..).zip(bad).map(|(n, (operation, params))| PAD.job(7, n, operation, params, &[])).collect()
}
