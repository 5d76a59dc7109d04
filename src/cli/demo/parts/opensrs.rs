//! OpenSRS: two resellers, one over HTTPS and one over TCP, with registries behind that take their time.

use std::time::Duration;

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Account, Effect, Missing, Pad, Part, as_named, row, table, text};
use crate::model::{Job, Operation, State};
use crate::sandbox::Options;

pub const PART: Part = Part {
    registry: "opensrs",
    set_up,
    faults: &[
        "cut_after:action=domain.create,object=*.com,every=5",
        "cut_before:action=domain.create,object=*.com,every=7",
        "half_frame:action=domain.update,object=*.com,nth=5",
        "garbage:action=domain.renew,object=*.com,nth=3",
        "cut_after:action=domain.renew,object=*.com,nth=8",
        "cut_after:action=host.create,object=*.com,nth=2",
        "cut_after:action=domain.change_holder,object=*.com,nth=2",
        "busy:action=domain.update,object=*.com,every=19",
        "delay=30:object=*.com,p=0.05",
    ],
    accounts,
    jobs,
    effect,
    is_ordered: |effect| effect.kind != "message.delete",
};

const HTTPS: Pad = Pad { account: "reseller-https", series: 1 };
const TCP: Pad = Pad { account: "reseller-tcp", series: 2 };

/// Domains of each account; of these so many are renewed, so many changed, and so many get a host.
const DOMAINS: u32 = 16;
const RENEWED: u32 = 7;
const CHANGED: u32 = 8;
const HOSTS: u32 = 4;

/// Ours: the registry names no number.
const REQUESTS_PER_MINUTE: u32 = 2000;

fn set_up(options: &mut Options) {
    // Registries that take days take a moment.
    options.opensrs.waiting = Duration::from_millis(500);
}

fn accounts(ready: &Value) -> Result<Vec<Account>, Missing> {
    let place = &ready["opensrs"];
    let url = text(&place["https"]);
    let address = url.trim_start_matches("https://").trim_end_matches('/');
    let account = |pad: Pad, user: &str, way: Value| {
        let row = row(ready, "opensrs", "username", user)?;
        let mut settings = table(json!({
            "user": user, "answer_seconds": 5,
            "limits": { "requests": REQUESTS_PER_MINUTE, "timetable": [], "quiet": [], "sessions": 4 },
        }));
        settings.extend(table(way));
        let secrets = vec![("key_file", text(&row["private_key"]))];
        Ok(Account { name: pad.account, known_as: user.into(), settings, secrets })
    };
    Ok(vec![
        account(HTTPS, "reseller1", json!({ "address": address, "ca_file": ready["ca"] }))?,
        account(TCP, "reseller2", json!({ "transport": "tcp", "address": place["tcp"] }))?,
    ])
}

/// An order that failed because its name is taken stays behind at the registry, and its answer says so.
fn effect(job: &Job) -> Option<Effect> {
    let is_left_behind = job.answer.as_ref().is_some_and(|answer| answer.data.get("forced_pending").is_some());
    match (job.operation, job.state) {
        (Operation::DomainCreate, State::Failed) if is_left_behind => {
            Some(Effect::new("order.pending", job.object.name()))
        }
        _ => as_named(job),
    }
}

fn jobs(today: Date) -> Vec<Value> {
    let mut jobs = Vec::new();
    for pad in [HTTPS, TCP] {
        jobs.push(pad.job(0, 0, "account.info", json!({}), &[]));
        jobs.extend((0..DOMAINS).map(|n| pad.job(1, n, "domain.create", registration(&pad.name(n)), &[])));
        jobs.extend((0..RENEWED).map(|n| pad.renewal(n * 2 + 1, today)));
        jobs.extend((0..CHANGED).map(|n| pad.change(n * 2)));
        jobs.extend((0..HOSTS).map(|n| pad.host(n * 3 + 1)));
        jobs.push(pad.owner(5));
        jobs.push(pad.owner(8));
        jobs.extend(pad.hopeless());
    }
    jobs.extend(invalid());
    jobs
}

impl Pad {
    fn name(self, n: u32) -> String {
        let word = match n {
            // Its registry takes its time; first answered as if nothing had been done; carried out, and answered as lost.
            6 | 13 => "async",
            9 => "once-437",
            12 => "done-705",
            _ => "demo",
        };
        format!("{word}-{n}-{}.com", self.series)
    }

    /// The job that registers a domain.
    fn registers(self, n: u32) -> Uuid {
        self.id(1, n)
    }

    fn renewal(self, n: u32, today: Date) -> Value {
        let params = json!({
            "domain": self.name(n), "expires": (today.year() + 1).to_string(), "years": 1, "auto_renew": false,
        });
        self.job(2, n, "domain.renew", params, &[self.registers(n)])
    }

    fn change(self, n: u32) -> Value {
        let mut params = table(json!({ "domain": self.name(n) }));
        params.extend(table(match n % 3 {
            0 => json!({ "nserver": ["ns3.example.net", "ns4.example.net"] }),
            1 => json!({ "lock": true }),
            _ => json!({ "contacts": { "admin": contact("Adam") } }),
        }));
        self.job(3, n, "domain.update", Value::Object(params), &[self.registers(n)])
    }

    fn host(self, n: u32) -> Value {
        let domain = self.name(n);
        let params = json!({ "host": format!("ns1.{domain}"), "domain": domain, "address": "192.0.2.53" });
        self.job(4, n, "host.create", params, &[self.registers(n)])
    }

    fn owner(self, n: u32) -> Value {
        let params = json!({ "domain": self.name(n), "contacts": { "owner": contact("Olga") } });
        self.job(5, n, "domain.change_holder", params, &[self.registers(n)])
    }

    /// Jobs the registry turns down, one that waits for one of them, and questions.
    fn hopeless(self) -> Vec<Value> {
        let (ours, unknown) = (self.name(1), "nobody-has-this.com");
        vec![
            // No fault befalls it, so that its answer tells of the order that is left behind.
            self.job(6, 0, "domain.create", registration("taken-1.org"), &[]),
            self.job(6, 1, "domain.info", json!({ "domain": unknown }), &[]),
            self.job(6, 2, "domain.delete", json!({ "domain": unknown }), &[self.id(6, 1)]),
            self.job(6, 3, "domain.check", json!({ "domain": ours }), &[self.registers(1)]),
            self.job(6, 4, "domain.info", json!({ "domain": ours }), &[self.registers(1)]),
        ]
    }
}

fn contact(first_name: &str) -> Value {
    json!({
        "first_name": first_name, "last_name": "Owner", "org_name": "Example Org", "address1": "32 Oak Street",
        "city": "Toronto", "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123",
        "email": "owner@example.com",
    })
}

fn registration(domain: &str) -> Value {
    json!({
        "domain": domain, "years": 1, "username": "example01", "password": "s3cretpw9",
        "contacts": { "owner": contact("Owen"), "admin": contact("Ada"), "billing": contact("Bill") },
        "nserver": ["ns1.example.net", "ns2.example.net"],
    })
}

/// Submissions that are turned away at the door, each for another reason.
fn invalid() -> Vec<Value> {
    let but = |change: Value| {
        let mut params: Map<String, Value> = table(registration("example.com"));
        params.extend(table(change));
        Value::Object(params)
    };
    let wrong = |field: &str, value: &str| {
        let mut owner = contact("Owen");
        owner[field] = value.into();
        but(json!({ "contacts": { "owner": owner, "admin": contact("Ada"), "billing": contact("Bill") } }))
    };
    let bad = [
        but(json!({ "years": 11 })),
        but(json!({ "domain": "example..com" })),
        but(json!({ "nserver": ["ns1 example net"] })),
        but(json!({ "contacts": { "owner": contact("Owen") } })),
        wrong("country", "Canada"),
        wrong("phone", "416 555 0123"),
    ];
    (0..).zip(bad).map(|(n, params)| HTTPS.job(7, n, "domain.create", params, &[])).collect()
}
