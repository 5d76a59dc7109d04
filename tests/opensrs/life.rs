//! Domains and hosts: from the question whether a name is free to its deletion, each command once.

use registrard::model::State;
use serde_json::{Value, json};

use crate::office::{Office, open};
use crate::params::{command, contact, registration, with};
use crate::sweep::{self, By};
use crate::table::Lived;
use crate::world::{Place, RESELLER, Setup};

const DOMAIN: &str = "example.com";

impl Office {
    /// What the answer to a job of the reseller shows.
    pub async fn shown(&self, operation: &str, params: Value) -> Value {
        self.done(RESELLER, operation, params).await.job.answer.unwrap().data
    }

    /// A change of [`DOMAIN`].
    async fn change(&self, change: Value) {
        self.done(RESELLER, "domain.update", with(json!({ "domain": DOMAIN }), change)).await;
    }

    /// What GET shows of a kind.
    async fn get(&self, kind: &str) -> Value {
        self.shown("domain.info", json!({ "domain": DOMAIN, "type": kind })).await
    }

    /// Effects of jobs, in their order: kind and object.
    pub fn effects(&self) -> Vec<(String, String)> {
        let effects = self.world.sandbox.ledger().effects.into_iter();
        // Events are acknowledged by the daemon on its own account.
        effects.filter(|effect| effect.kind != "message.delete").map(|effect| (effect.kind, effect.object)).collect()
    }
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

pub async fn a_domains_life(place: Place, lived: &Lived) {
    open(Setup::at(place), async |office| {
        let balance = office.shown("account.info", json!({})).await["balance"].clone();
        let asked = |question: &str| json!({ "domain": DOMAIN, "question": question });
        assert_eq!(office.shown("domain.check", json!({ "domain": DOMAIN })).await["status"], "available");
        assert_eq!(office.shown("domain.check", asked("ours")).await["belongs_to_rsp"], "0");
        assert!(office.shown("domain.check", asked("price")).await["price"].is_string());
        assert_eq!(office.shown("domain.check", asked("transfer")).await["transferrable"], "0", "nobody has it");

        office.done(RESELLER, "domain.create", with(registration(DOMAIN), json!({ "lock": true }))).await;
        assert_eq!(office.shown("domain.check", json!({ "domain": DOMAIN })).await["status"], "taken");
        assert_eq!(office.shown("domain.check", asked("ours")).await["belongs_to_rsp"], "1");
        let taken = office.refused(RESELLER, "domain.create", registration(DOMAIN), "failed").await;
        assert_eq!(taken, "485");
        assert_ne!(office.shown("account.info", json!({})).await["balance"], balance, "it was paid for");

        let seen = office.get("all_info").await;
        assert_eq!(names(&seen["nameserver_list"]), ["ns1.example.net", "ns2.example.net"]);
        assert_eq!(seen["contact_set"]["owner"]["first_name"], "Owen");
        assert_eq!(office.get("status").await["lock_state"], "1");
        changes(office).await;
        renewal(office, seen["registry_expiredate"].as_str().unwrap()).await;
        hosts(office).await;

        let verification = office.shown("domain.info", asked("verification")).await;
        assert!(verification["registrant_verification_status"].is_string(), "{verification}");
        assert_eq!(office.shown("domain.info", asked("transfers_away")).await["total"], "0");
        assert_eq!(office.shown("account.info", json!({ "question": "transfers_away" })).await["total"], "0");
        let expiring = json!({ "question": "expiring", "from": "2026-01-01", "to": "2060-01-01" });
        assert_eq!(names(&office.shown("account.info", expiring).await["exp_domains"]), [DOMAIN]);
        let unknown = json!({ "request": command("FLY", "DOMAIN", &[("domain", DOMAIN)]) });
        assert_eq!(office.refused(RESELLER, "raw", unknown, "failed").await, "400");
        let raw = command("BELONGS_TO_RSP", "DOMAIN", &[("domain", DOMAIN)]);
        assert_eq!(office.shown("raw", json!({ "request": raw })).await["belongs_to_rsp"], "1");

        // A year later it is deleted, found among the deleted, and brought back.
        office.days(200).await;
        office.done(RESELLER, "domain.delete", json!({ "domain": DOMAIN, "notes": "no longer wanted" })).await;
        assert_eq!(office.refused(RESELLER, "domain.info", json!({ "domain": DOMAIN }), "failed").await, "480");
        office.shown("account.info", json!({ "question": "deleted" })).await;
        office.done(RESELLER, "domain.restore", json!({ "domain": DOMAIN })).await;
        assert_eq!(office.get("status").await["lock_state"], "0");

        let mut seen = office.effects();
        seen.retain(|(kind, object)| kind == "domain.update" && object == DOMAIN);
        assert_eq!(seen.len(), 8, "each change once");
        let kinds: Vec<_> =
            office.effects().into_iter().map(|(kind, _)| kind).filter(|kind| kind != "domain.update").collect();
        assert_eq!(
            kinds,
            [
                // What was refused as taken is left behind as an order that was not carried out.
                "domain.create",
                "order.pending",
                "domain.change_holder",
                "domain.authcode_create",
                "domain.authcode_request",
                "domain.renew",
                "host.create",
                "host.update",
                "host.delete",
                "host.create",
                "domain.delete",
                "domain.restore"
            ]
        );
        lived.note(office).await;
    })
    .await;
}

/// Each kind of change, and what is shown of it afterwards.
async fn changes(office: &Office) {
    office.change(json!({ "nserver": ["ns3.example.net", "ns4.example.net"] })).await;
    office.change(json!({ "add_nserver": ["ns5.example.net"], "remove_nserver": ["ns3.example.net"] })).await;
    let mut seen = office.get("nameservers").await["nameserver_list"].clone();
    seen.as_array_mut().unwrap().sort_by_key(|entry| entry["name"].as_str().unwrap().to_owned());
    assert_eq!(names(&seen), ["ns4.example.net", "ns5.example.net"]);
    office.change(json!({ "let_expire": true })).await;
    let seen = office.get("expire_action").await;
    assert_eq!((&seen["let_expire"], &seen["auto_renew"]), (&json!("1"), &json!("0")));
    office.change(json!({ "lock": false })).await;
    assert_eq!(office.get("status").await["lock_state"], "0");
    office.change(json!({ "privacy": true })).await;
    office.change(json!({ "parked": false })).await;
    office.change(json!({ "contacts": { "admin": contact("Adam"), "billing": contact("Bella") } })).await;
    office.change(json!({ "resend_verification": true })).await;
    let holder = json!({ "domain": DOMAIN, "contacts": { "owner": contact("Olga") } });
    office.done(RESELLER, "domain.change_holder", holder).await;
    let seen = office.get("all_info").await;
    assert_eq!(seen["contact_set"]["owner"]["first_name"], "Olga");
    assert_eq!(seen["contact_set"]["admin"]["first_name"], "Adam");

    let code = json!({ "domain": DOMAIN, "auth_info": "Zk7!code" });
    office.done(RESELLER, "domain.authcode_create", code).await;
    office.done(RESELLER, "domain.authcode_request", json!({ "domain": DOMAIN })).await;
    assert_eq!(office.get("domain_auth_info").await["domain_auth_info"], "***", "codes are not shown");
}

/// A year more, once; and the same again is no second year.
async fn renewal(office: &Office, expires: &str) {
    let order = json!({ "domain": DOMAIN, "expires": expires, "years": 1, "auto_renew": false });
    office.done(RESELLER, "domain.renew", order.clone()).await;
    let later = office.get("all_info").await["registry_expiredate"].as_str().unwrap().to_owned();
    let year = |date: &str| date[..4].parse::<u32>().unwrap();
    assert_eq!(year(&later), year(expires) + 1);
    let ids = office.world.submit(&[crate::world::job(RESELLER, "domain.renew", order)]).await;
    let again = office.world.end_of(ids[0]).await;
    assert_eq!(again.job.state, State::Failed, "{:?}", again.job.reason);
    let renewals = office.effects().into_iter().filter(|(kind, _)| kind == "domain.renew").count();
    assert_eq!(renewals, 1);
    assert_eq!(office.get("all_info").await["registry_expiredate"].as_str(), Some(&*later));
}

async fn hosts(office: &Office) {
    let host = |host: &str, address: &str| json!({ "host": host, "domain": DOMAIN, "address": address });
    office.done(RESELLER, "host.create", host("ns1.example.com", "192.0.2.53")).await;
    let twice = office.refused(RESELLER, "host.create", host("ns1.example.com", "192.0.2.99"), "failed").await;
    assert_eq!(twice, "485");
    let seen = office.shown("host.info", json!({ "domain": DOMAIN })).await;
    assert_eq!(names(&seen["nameserver_list"]), ["ns1.example.com"]);
    office.done(RESELLER, "host.check", json!({ "host": "ns1.example.com", "tld": ".com" })).await;
    let renamed = with(host("ns1.example.com", "192.0.2.54"), json!({ "new_name": "dns1.example.com" }));
    office.done(RESELLER, "host.update", renamed).await;
    office.done(RESELLER, "host.delete", host("dns1.example.com", "192.0.2.54")).await;
    // One of somebody else, which another registry is to know.
    let foreign = json!({ "host": "ns1.example.net", "tld": ".org" });
    assert_eq!(office.refused(RESELLER, "host.check", foreign.clone(), "failed").await, "480");
    office.done(RESELLER, "host.create", foreign.clone()).await;
    office.done(RESELLER, "host.check", foreign).await;
}

#[tokio::test]
async fn a_sweep_finds_what_the_account_has() {
    sweep::of_everything(Setup::at(Place::OpensrsByTcp), RESELLER, "com", By::Pages, registration).await;
}
