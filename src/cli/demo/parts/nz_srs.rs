//! NZ SRS: requests signed with OpenPGP, contacts with macrons, and a queue with what was heard of each domain.

use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Account, Missing, Pad, Part, as_named, table, text};

pub const PART: Part = Part {
    registry: "nz-srs",
    set_up: |_| {},
    faults: &[
        "cut_after:action=domain.create,object=*.nz,every=5",
        "cut_before:action=domain.create,object=*.nz,every=7",
        "half_frame:action=domain.update,object=*.nz,nth=2",
        "garbage:action=domain.renew,object=*.nz,nth=2",
        "cut_after:action=contact.create,object=owen-*,nth=3",
        "delay=30:object=*.nz,p=0.05",
    ],
    accounts,
    jobs,
    effect: as_named,
    is_ordered: |effect| effect.kind != "message.delete",
};

const ACCOUNT: &str = "nz";
const PAD: Pad = Pad { account: ACCOUNT, series: 4 };

/// Ours: the registry names no number.
const REQUESTS_PER_MINUTE: u32 = 2000;

const CONTACTS: u32 = 6;
const DOMAINS: u32 = 18;
/// Of these domains, so many are renewed and so many changed.
const RENEWED: u32 = 6;
const CHANGED: u32 = 6;

fn accounts(ready: &Value) -> Result<Vec<Account>, Missing> {
    let place = &ready["nz_srs"];
    let row = place["accounts"].as_array().and_then(|rows| rows.first());
    let row = row.ok_or_else(|| Missing("the sandbox has no registrar at nz_srs".into()))?;
    Ok(vec![Account {
        name: ACCOUNT,
        known_as: text(&row["registrar_id"]),
        settings: table(json!({
            "url": place["url"], "environment": "other", "registrar_id": row["registrar_id"], "ca_file": ready["ca"], "answer_seconds": 5,
            "keys": [{ "file": row["secret_key"] }], "registry_keys": [{ "file": place["registry_key"] }],
            "limits": { "requests": REQUESTS_PER_MINUTE, "timetable": [], "quiet": [] },
        })),
        secrets: Vec::new(),
    }])
}

fn jobs(_today: Date) -> Vec<Value> {
    let mut jobs: Vec<Value> = (0..CONTACTS).map(contact).collect();
    jobs.extend((0..DOMAINS).map(registration));
    jobs.extend(
        (0..RENEWED)
            .map(|n| n * 3)
            .map(|n| PAD.job(3, n, "domain.renew", json!({ "domain": name(n), "years": 1 }), &[registers(n)])),
    );
    jobs.extend((0..CHANGED).map(|n| n * 3 + 1).map(|n| {
        let servers = json!({ "domain": name(n), "nserver": ["ns3.example.net", "ns4.example.net"] });
        PAD.job(4, n, "domain.update", servers, &[registers(n)])
    }));
    jobs.extend(
        (0..DOMAINS)
            .filter(|n| n % 3 == 2)
            .map(|n| PAD.job(5, n, "domain.check", json!({ "domain": name(n) }), &[registers(n)])),
    );
    jobs.extend(hopeless());
    jobs.extend(invalid());
    jobs
}

fn handle(n: u32) -> String {
    format!("owen-{n}")
}

fn name(n: u32) -> String {
    if n.is_multiple_of(6) { format!("tāne-{n}.nz") } else { format!("demo-{n}.co.nz") }
}

/// The job that registers a domain.
fn registers(n: u32) -> Uuid {
    PAD.id(2, n)
}

fn contact(n: u32) -> Value {
    let params = json!({
        "handle": handle(n), "name": if n.is_multiple_of(2) { "Owen Owner" } else { "Māui Tāne" }, "email": "owner@example.net",
        "address1": "1 Example Street", "city": "Wellington", "country_code": "NZ",
    });
    PAD.job(1, n, "contact.create", params, &[])
}

fn registration(n: u32) -> Value {
    let params = json!({
        "domain": name(n), "years": 1, "registrant": handle(n % CONTACTS),
        "nserver": ["ns1.example.net", "ns2.example.net"],
    });
    PAD.job(2, n, "domain.create", params, &[PAD.id(1, n % CONTACTS)])
}

/// Jobs the registry turns down, one that waits for one of them, and a question.
fn hopeless() -> Vec<Value> {
    let again = json!({ "domain": name(1), "years": 1, "registrant": handle(0) });
    let unknown = "nobody-has-this.nz";
    vec![
        PAD.job(6, 0, "domain.create", again, &[registers(1), PAD.id(1, 0)]),
        PAD.job(6, 1, "domain.renew", json!({ "domain": unknown, "years": 1 }), &[]),
        PAD.job(6, 2, "domain.delete", json!({ "domain": unknown }), &[PAD.id(6, 1)]),
        PAD.job(6, 3, "domain.info", json!({ "domain": name(4) }), &[registers(4)]),
    ]
}

/// Submissions that are turned away at the door, each for another reason.
fn invalid() -> Vec<Value> {
    let bad = [
        ("domain.create", json!({ "domain": "example.co.nz", "years": 1 })),
        ("domain.create", json!({ "domain": "example.co.nz", "years": 1, "registrant": { "name": "Owen Owner" } })),
        ("domain.renew", json!({ "domain": "example.co.nz" })),
        ("domain.renew", json!({ "domain": "example.co.nz", "years": 1, "expires": "next year" })),
        ("contact.create", json!({ "handle": "owen owner", "name": "Owen Owner" })),
    ];
    (0..).zip(bad).map(|(n, (operation, params))| PAD.job(7, n, operation, params, &[])).collect()
}
