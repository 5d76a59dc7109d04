//! Domains and hosts: from the question whether a name is free to its deletion, each operation once.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use registrard::store::JobDetail;
use serde_json::{Value, json};

use crate::office::{Office, open};
use crate::sweep::{self, By};
use crate::world::{OTHER_REGISTRAR, Place, REGISTRAR, Setup};

pub const DOMAIN: &str = "example.com";

/// The registry's present year.
pub fn year() -> i16 {
    Timestamp::now().to_zoned(TimeZone::get("America/New_York").unwrap()).year()
}

/// The code that decided.
pub fn code(detail: &JobDetail) -> String {
    detail.job.answer.as_ref().unwrap().leading_code().unwrap_or_default().to_owned()
}

impl Office {
    /// Has a job done; the code and what the answer shows.
    pub async fn said(&self, operation: &str, params: Value) -> (String, Value) {
        let detail = self.done(REGISTRAR, operation, params).await;
        (code(&detail), detail.job.answer.unwrap().data)
    }

    /// Has a job tried that is refused; the code.
    pub async fn denied(&self, operation: &str, params: Value) -> String {
        self.refused(REGISTRAR, operation, params, "failed").await
    }

    async fn domain_info(&self) -> Value {
        self.said("domain.info", json!({ "domain": DOMAIN })).await.1
    }

    /// A change of [`DOMAIN`].
    async fn change(&self, change: Value) -> String {
        self.said("domain.update", with(json!({ "domain": DOMAIN }), change)).await.0
    }

    async fn no_change(&self, change: Value) -> String {
        self.denied("domain.update", with(json!({ "domain": DOMAIN }), change)).await
    }

    /// Effects in their order: kind and object.
    pub fn effects(&self) -> Vec<(String, String)> {
        let effects = self.world.sandbox.ledger().effects.into_iter();
        effects.map(|effect| (effect.kind, effect.object)).collect()
    }

    fn count(&self, action: &str) -> usize {
        self.world.requests_for(REGISTRAR, action).len()
    }
}

/// One on top of the other.
pub fn with(mut params: Value, more: Value) -> Value {
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

fn names(shown: &Value, field: &str) -> Vec<String> {
    let list = shown[field].as_array().cloned().unwrap_or_default();
    let mut names: Vec<_> = list.iter().map(|name| name.as_str().unwrap().to_lowercase()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_domains_life() {
    open(Setup::at(Place::Rrp), async |office| {
        let domain = || json!({ "domain": DOMAIN });
        assert_eq!(office.said("account.info", json!({})).await.1["Protocol"], "RRP 2.0.0");
        assert_eq!(office.said("domain.check", domain()).await.0, "210");
        let order = json!({ "domain": DOMAIN, "years": 2 });
        let created = office.done(REGISTRAR, "domain.create", order.clone()).await;
        let expires = created.job.answer.unwrap().data["registration expiration date"].as_str().unwrap().to_owned();
        assert!(expires.starts_with(&(year() + 2).to_string()), "{expires}");
        assert_eq!(office.said("domain.check", domain()).await.0, "211");
        assert_eq!(office.denied("domain.create", order.clone()).await, "554");
        assert_eq!(office.refused(OTHER_REGISTRAR, "domain.create", order, "failed").await, "540");
        assert_eq!(office.refused(OTHER_REGISTRAR, "domain.info", domain(), "failed").await, "531");

        let shown = office.domain_info().await;
        assert_eq!((names(&shown, "status"), &shown["created by"]), (vec!["active".to_owned()], &json!(REGISTRAR)));
        hosts(office).await;
        changes(office).await;
        renewal(office, &expires).await;

        let raw = json!({ "request": "status\nEntityName:Domain\nDomainName:example.com" });
        assert_eq!(office.said("raw", raw).await.1["registrar"], REGISTRAR);
        let unknown = json!({ "request": "restore\nEntityName:Domain\nDomainName:example.com" });
        assert_eq!(office.denied("raw", unknown).await, "500");
        end(office).await;
    })
    .await;
}

/// Hosts below the domain: made, asked about, renamed, given other addresses, deleted.
async fn hosts(office: &Office) {
    let host = |name: &str| json!({ "host": format!("{name}.{DOMAIN}") });
    for (n, name) in ["ns1", "ns2", "ns3"].iter().enumerate() {
        let address = json!({ "address": [format!("192.0.2.{}", n + 1), format!("2001:db8::{}", n + 1)] });
        assert_eq!(office.said("host.check", host(name)).await.0, "212");
        office.said("host.create", with(host(name), address)).await;
    }
    let (taken, shown) = office.said("host.check", host("ns1")).await;
    assert_eq!((taken.as_str(), names(&shown, "ipAddress").len()), ("213", 2));
    let twice = with(host("ns1"), json!({ "address": "192.0.2.9" }));
    assert_eq!(office.denied("host.create", twice).await, "540");
    assert_eq!(office.denied("host.create", host("ns9")).await, "504");
    let elsewhere = json!({ "host": "ns1.example.org", "address": "192.0.2.10" });
    assert_eq!(office.denied("host.create", elsewhere).await, "550");

    office
        .said("host.update", with(host("ns3"), json!({ "new_name": "ns4.example.com", "address": "192.0.2.4" })))
        .await;
    let shown = office.said("host.info", host("ns4")).await.1;
    assert_eq!(names(&shown, "ipAddress"), ["192.0.2.4"]);
    office
        .said("host.update", with(host("ns4"), json!({ "add_address": "192.0.2.5", "remove_address": "192.0.2.4" })))
        .await;
    let before = office.count("host.update");
    office.said("host.update", with(host("ns4"), json!({ "address": ["192.0.2.5"] }))).await;
    assert_eq!(office.count("host.update"), before, "what is so already is not sent");
    office.said("host.delete", host("ns4")).await;
    assert_eq!(office.denied("host.info", host("ns4")).await, "545");
}

/// Name servers and statuses.
async fn changes(office: &Office) {
    let [ns1, ns2] = ["ns1.example.com", "ns2.example.com"];
    office.change(json!({ "nserver": [ns1, ns2] })).await;
    assert_eq!(names(&office.domain_info().await, "nameserver"), [ns1, ns2]);
    assert_eq!(office.no_change(json!({ "add_nserver": [ns1] })).await, "540");
    office.change(json!({ "remove_nserver": [ns1] })).await;
    assert_eq!(office.no_change(json!({ "remove_nserver": [ns1] })).await, "542");
    assert_eq!(office.no_change(json!({ "add_nserver": ["ns8.example.com"] })).await, "545");
    let before = office.count("domain.update");
    assert_eq!(office.change(json!({ "nserver": [ns2] })).await, "200");
    assert_eq!(office.count("domain.update"), before, "what is so already is not sent");
    assert_eq!(office.denied("host.delete", json!({ "host": ns2 })).await, "532");

    office.change(json!({ "add_status": ["REGISTRAR-LOCK", "REGISTRAR-HOLD"] })).await;
    assert_eq!(names(&office.domain_info().await, "status"), ["registrar-hold", "registrar-lock"]);
    assert_eq!(office.no_change(json!({ "nserver": [ns1] })).await, "552");
    assert_eq!(office.denied("domain.delete", json!({ "domain": DOMAIN })).await, "544");
    office.change(json!({ "remove_status": ["REGISTRAR-LOCK", "REGISTRAR-HOLD"] })).await;
    office.change(json!({ "nserver": [] })).await;
    assert_eq!(names(&office.domain_info().await, "nameserver"), Vec::<String>::new());
}

/// A year more, once; and the same again is no second year.
async fn renewal(office: &Office, expires: &str) {
    let order = json!({ "domain": DOMAIN, "expires": expires, "years": 1 });
    let later = office.said("domain.renew", order.clone()).await.1["registration expiration date"].clone();
    assert!(later.as_str().unwrap().starts_with(&(year() + 3).to_string()), "{later}");
    assert_eq!(office.denied("domain.renew", order.clone()).await, "555");
    assert_eq!(office.domain_info().await["registration expiration date"], later);
    assert_eq!(office.denied("domain.renew", with(order, json!({ "expires": year() + 3, "years": 10 }))).await, "556");
}

/// Deleted within five days it is gone, and later kept for a while.
async fn end(office: &Office) {
    let domain = || json!({ "domain": DOMAIN });
    office.said("domain.delete", domain()).await;
    assert_eq!(office.said("domain.check", domain()).await.0, "210");
    assert_eq!(office.denied("domain.info", domain()).await, "545");
    office.said("domain.create", json!({ "domain": DOMAIN, "years": 1 })).await;
    office.days(10).await;
    office.said("domain.delete", domain()).await;
    assert_eq!(names(&office.domain_info().await, "status"), ["redemptionperiod"]);
    assert_eq!(
        office.denied("domain.renew", json!({ "domain": DOMAIN, "expires": year() + 1, "years": 1 })).await,
        "552"
    );
    let kinds: Vec<_> =
        office.effects().into_iter().map(|(kind, _)| kind).filter(|kind| kind != "domain.update").collect();
    assert_eq!(
        kinds,
        [
            "domain.create",
            "host.create",
            "host.create",
            "host.create",
            "host.update",
            "host.update",
            "host.delete",
            "domain.renew",
            "domain.delete",
            "domain.create",
            "domain.delete",
        ]
    );
    let updates = office.effects().into_iter().filter(|(kind, _)| kind == "domain.update").count();
    assert_eq!(updates, 5, "each change once");
}

#[tokio::test]
async fn a_sweep_finds_when_domains_expire() {
    let registration = |domain: &str| json!({ "domain": domain, "years": 1 });
    sweep::of_everything(Setup::at(Place::Rrp), REGISTRAR, "net", By::Jobs, registration).await;
}
