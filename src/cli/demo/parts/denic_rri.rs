//! DENIC: 340 jobs of a small registrar's morning, good and bad, and a registry that cuts connections.

use std::time::Duration;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Account, Missing, Pad, Part, as_named, row, table, text};
use crate::sandbox::Options;

pub const PART: Part = Part {
    registry: "denic-rri",
    set_up,
    // Numbered faults strike in every run, the others by the seed.
    faults: &[
        "cut_after:action=domain.create,object=*.de,every=23",
        "cut_after:action=contact.create,object=DENIC-*,nth=9",
        "cut_after:action=domain.delete,object=*.de,nth=11",
        "cut_before:action=domain.create,object=*.de,every=31",
        "half_frame:action=domain.create,object=*.de,nth=50",
        "garbage:action=domain.create,object=*.de,nth=75",
        "wrong_ctid:action=domain.create,object=*.de,nth=100",
        "busy:action=domain.create,object=*.de,every=17",
        "unavailable:object=*.de,p=0.02",
        "delay=30:object=*.de,p=0.05",
    ],
    accounts,
    jobs,
    effect: as_named,
    is_ordered: |effect| effect.kind != "queue.delete",
};

const ACCOUNT: &str = "DENIC-1000001";
const PAD: Pad = Pad { account: ACCOUNT, series: 0 };

/// What the registry allows, by day and by night: the demo would be slow in its purge phase.
const REQUESTS_PER_MINUTE: usize = 2000;

fn set_up(options: &mut Options) {
    // A cut session keeps its place for a while; a short while, or the demo would mostly wait for it.
    options.denic.ghost = Duration::from_millis(20);
    options.denic.requests_per_window = Some(REQUESTS_PER_MINUTE);
}

fn accounts(ready: &Value) -> Result<Vec<Account>, Missing> {
    let row = row(ready, "denic_rri", "account", ACCOUNT)?;
    Ok(vec![Account {
        name: ACCOUNT,
        known_as: ACCOUNT.into(),
        settings: table(json!({
            "address": ready["denic_rri"]["address"], "user": row["user"], "ca_file": ready["ca"], "answer_seconds": 5,
            "limits": { "requests": REQUESTS_PER_MINUTE, "timetable": [], "quiet": [] },
        })),
        secrets: vec![("password_file", text(&row["password"]))],
    }])
}

/// Contacts that are created.
const CONTACTS: u32 = 40;
/// Domains that are registered for them.
const DOMAINS: u32 = 160;
/// Of these domains, so many are looked at and so many deleted again.
const CHECKED: u32 = 80;
const DELETED: u32 = 40;

fn jobs(_today: Date) -> Vec<Value> {
    let mut jobs = Vec::new();
    jobs.push(request_contact());
    jobs.extend((0..CONTACTS).map(contact));
    jobs.extend((0..DOMAINS).map(registration));
    jobs.extend(
        (0..CHECKED).map(|n| PAD.job(3, n, "domain.check", json!({ "domain": name(n * 2) }), &[PAD.id(2, n * 2)])),
    );
    jobs.extend(
        (0..DELETED).map(|n| PAD.job(4, n, "domain.delete", json!({ "domain": name(n * 3) }), &[PAD.id(2, n * 3)])),
    );
    jobs.extend(hopeless());
    jobs.extend(invalid());
    jobs
}

fn handle(n: u32) -> String {
    format!("{ACCOUNT}-HOLDER{n}")
}

fn name(n: u32) -> String {
    if n.is_multiple_of(10) { format!("beispiel-fünf-{n}.de") } else { format!("demo-{n}.de") }
}

fn request_contact() -> Value {
    let params = json!({
        "handle": format!("{ACCOUNT}-ABUSE"),
        "type": "REQUEST",
        "uri_template": "https://example.net/abuse?domain={Alabel}",
    });
    PAD.job(0, 0, "contact.create", params, &[])
}

fn contact(n: u32) -> Value {
    let kind = if n.is_multiple_of(2) { "PERSON" } else { "ORG" };
    let params = json!({
        "handle": handle(n),
        "type": kind,
        "name": if kind == "ORG" { "Example Works" } else { "Erika Mustermann" },
        "address": ["Example Street 1"],
        "postal_code": "60329",
        "city": "Frankfurt am Main",
        "country_code": "DE",
        "email": ["holder@example.de"],
        "phone": "+49.6912345678",
    });
    PAD.job(1, n, "contact.create", params, &[])
}

fn registration(n: u32) -> Value {
    // Every 40th has name servers that fail the registry's check: registered, but to be repaired within 30 days.
    let first = if n % 40 == 39 { "ns1.fail.example.net" } else { "ns1.example.net" };
    let params = json!({
        "domain": name(n),
        "holder": [handle(n % CONTACTS)],
        "abuse_contact": format!("{ACCOUNT}-ABUSE"),
        "nserver": [first, "ns2.example.net"],
    });
    PAD.job(2, n, "domain.create", params, &[PAD.id(1, n % CONTACTS), PAD.id(0, 0)])
}

/// Jobs the registry turns down, and one that is cancelled because its predecessor fails.
fn hopeless() -> Vec<Value> {
    let again = json!({ "domain": name(1), "holder": [handle(0)], "nserver": ["ns1.example.net", "ns2.example.net"] });
    let unknown = json!({ "domain": "no-such-holder.de", "holder": [format!("{ACCOUNT}-NOBODY")], "nserver": ["ns1.example.net", "ns2.example.net"] });
    vec![
        PAD.job(5, 0, "domain.create", again, &[PAD.id(2, 1)]),
        PAD.job(5, 1, "domain.create", unknown, &[]),
        PAD.job(5, 2, "domain.info", json!({ "domain": "no-such-holder.de" }), &[PAD.id(5, 1)]),
        PAD.job(5, 3, "contact.check", json!({ "handle": handle(3) }), &[PAD.id(1, 3)]),
        PAD.job(5, 4, "contact.info", json!({ "handle": handle(4) }), &[PAD.id(1, 4)]),
        PAD.job(5, 5, "domain.info", json!({ "domain": name(7) }), &[PAD.id(2, 7)]),
    ]
}

/// Submissions that are turned away at the door, each for another reason.
fn invalid() -> Vec<Value> {
    let servers = json!(["ns1.example.net", "ns2.example.net"]);
    let holder = json!([handle(0)]);
    let mut rows = vec![
        Pad { account: "DENIC-9999999", ..PAD }.job(6, 0, "domain.check", json!({ "domain": "example.de" }), &[]),
        PAD.job(6, 1, "domain.steal", json!({ "domain": "example.de" }), &[]),
        PAD.job(6, 2, "domain.create", json!({ "holder": holder, "nserver": servers }), &[]),
        PAD.job(6, 3, "domain.create", json!({ "domain": "example.de", "holder": [], "nserver": servers }), &[]),
        PAD.job(
            6,
            4,
            "domain.create",
            json!({ "domain": "example.de", "holder": holder, "nserver": ["ns1.example.net"] }),
            &[],
        ),
        PAD.job(6, 5, "domain.create", json!({ "domain": "example.de", "holder": holder, "nservers": servers }), &[]),
        PAD.job(
            6,
            6,
            "domain.create",
            json!({ "domain": "example.de", "holder": ["DENIC-1000002-FOREIGN"], "nserver": servers }),
            &[],
        ),
        PAD.job(6, 7, "contact.create", json!({ "handle": handle(900), "type": "ROBOT" }), &[]),
        PAD.job(6, 8, "domain.check", json!({ "domain": 42 }), &[]),
        PAD.job(6, 9, "domain.check", json!({ "domain": "example.de\nAction: DELETE" }), &[]),
        PAD.job(6, 10, "host.create", json!({ "host": "ns1.example.de" }), &[]),
        PAD.job(6, 11, "domain.check", json!({ "domain": "example.de" }), &[PAD.id(6, 11)]),
    ];
    // The same id as a registration above, with other content: the first stands.
    rows.push(PAD.job(2, 5, "domain.check", json!({ "domain": "example.de" }), &[]));
    rows
}
