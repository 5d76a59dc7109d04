//! Domains and contacts: from the question whether a name is free to its end, each operation once, macrons in all of them.

use registrard::model::deadline::DeadlineKind;
use serde_json::{Value, json};

use crate::office::{Office, open};
use crate::sweep::{self, By};
use crate::world::{OTHER_SIGNER, Place, SIGNER, Setup};

/// A name with a macron, as jobs and as the registry write it.
pub const DOMAIN: &str = "tāne.co.nz";
pub const ACE: &str = "xn--tne-1oa.co.nz";

/// Parameters with more, or others.
pub fn with(mut params: Value, more: Value) -> Value {
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

/// A holder that obeys the rules.
pub fn holder(name: &str) -> Value {
    json!({
        "name": name, "email": "owner@example.net", "phone": "+64.4.1234567",
        "address1": "1 Rātā Road", "address2": "Suburbia", "city": "Whāngārei", "country_code": "NZ", "postal_code": "0110",
    })
}

/// The order for a name.
pub fn registration(domain: &str) -> Value {
    json!({
        "domain": domain, "term": 12, "registrant": holder("Tāne & Sons <1>"), "reference": "A-1001",
        "nserver": ["ns1.example.net", "ns2.example.net"],
    })
}

impl Office {
    /// What the answer to a job shows.
    pub async fn shown(&self, operation: &str, params: Value) -> Value {
        self.done(SIGNER, operation, params).await.job.answer.unwrap().data
    }

    /// A job about [`DOMAIN`].
    async fn on(&self, operation: &str, more: Value) -> Value {
        self.shown(operation, with(json!({ "domain": DOMAIN }), more)).await
    }

    /// Effects of jobs, in their order: kind and object.
    pub fn effects(&self) -> Vec<(String, String)> {
        let effects = self.world.sandbox.ledger().effects.into_iter();
        // Messages are acknowledged by the daemon on its own account.
        effects.filter(|effect| effect.kind != "message.delete").map(|effect| (effect.kind, effect.object)).collect()
    }
}

#[tokio::test]
async fn a_domains_life() {
    open(Setup::at(Place::NzSrs), async |office| {
        assert_eq!(office.shown("account.info", json!({})).await["Registrar"]["RegistrarId"], SIGNER);
        assert_eq!(office.on("domain.check", json!({})).await["Domain"]["Status"], "Available");
        contacts(office).await;

        let created =
            office.done(SIGNER, "domain.create", with(registration(DOMAIN), json!({ "admin": "isp-admin" }))).await;
        let shown = &created.job.answer.as_ref().unwrap().data["Domain"];
        assert_eq!((&shown["DomainName"], &shown["UDAI"]), (&json!(ACE), &json!("***")), "{shown}");
        assert_eq!(shown["RegistrantContact"]["Name"], "Tāne & Sons <1>");
        assert_eq!(shown["RegistrantContact"]["PostalAddress"]["City"], "Whāngārei");
        let taken = office.refused(SIGNER, "domain.create", registration(DOMAIN), "failed").await;
        assert_eq!(taken, "DOMAIN_ALREADY_EXISTS");
        let public = office.on("domain.info", json!({ "question": "public" })).await;
        assert_eq!(public["Domain"]["Status"], "Active");

        changes(office).await;
        renewal(office).await;
        transfer(office).await;
        end(office).await;

        let mut kinds: Vec<_> =
            office.effects().into_iter().filter(|(_, object)| object == ACE).map(|(kind, _)| kind).collect();
        kinds.retain(|kind| kind != "domain.update");
        assert_eq!(
            kinds,
            [
                "domain.create",
                "domain.renew",
                "domain.authcode_create",
                "domain.transfer",
                "domain.authcode_create",
                "domain.transfer",
                "domain.delete",
                "domain.restore",
                "domain.delete"
            ]
        );
        assert_eq!(violations(office), [""; 0], "two writes in a second, or an id used twice");
    })
    .await;
}

/// Rules of the registry that were broken.
pub fn violations(office: &Office) -> Vec<String> {
    office.world.sandbox.ledger().violations.into_values().flat_map(std::collections::BTreeMap::into_keys).collect()
}

async fn contacts(office: &Office) {
    let free = office.shown("contact.check", json!({ "handle": "isp-admin" })).await;
    assert_eq!(free.get("Handle"), None, "{free}");
    let params = with(holder("ISP Administrator"), json!({ "handle": "isp-admin" }));
    office.done(SIGNER, "contact.create", params.clone()).await;
    assert_eq!(office.refused(SIGNER, "contact.create", params, "failed").await, "HANDLE_ALREADY_EXISTS");
    office
        .done(SIGNER, "contact.update", json!({ "handle": "isp-admin", "email": "noc@example.net", "fax": null }))
        .await;
    let seen = office.shown("contact.info", json!({ "handle": "isp-admin" })).await;
    assert_eq!(seen["Handle"]["Email"], "noc@example.net");
    office.done(SIGNER, "contact.create", with(holder("Old Tech"), json!({ "handle": "old-tech" }))).await;
    office.done(SIGNER, "contact.update", json!({ "handle": "old-tech", "delete": true })).await;
    let ids = office.world.submit(&[crate::world::job(SIGNER, "contact.info", json!({ "handle": "old-tech" }))]).await;
    assert_eq!(office.world.end_of(ids[0]).await.job.state.word(), "failed");
}

/// Each kind of change, and what is shown of it afterwards.
async fn changes(office: &Office) {
    let ds = "555 8 2 3A54F693DA1D3FC6073B3D065FEDFAC000610CE83C7D2A084DF883E0B308DCA6";
    let nserver = json!(["ns1.tāne.co.nz 192.0.2.53 2001:db8::53", "ns2.example.net"]);
    office.on("domain.update", json!({ "nserver": nserver, "ds": [ds] })).await;
    let seen = office.on("domain.info", json!({})).await["Domain"].clone();
    assert_eq!(seen["NameServers"][0]["FQDN"], format!("ns1.{ACE}"));
    assert_eq!(seen["DNSSEC"][0]["KeyTag"], "555");
    assert_eq!(seen["RegistrantRef"], "A-1001");
    office.on("domain.update", json!({ "nserver": null, "ds": null, "reference": null, "delegate": false })).await;
    let seen = office.on("domain.info", json!({})).await["Domain"].clone();
    assert_eq!(seen["DNSSEC"].as_array().map_or(0, Vec::len), 0, "{seen}");
    assert_eq!(seen["RegistrantRef"].as_str().unwrap_or_default(), "", "{seen}");
    assert_eq!(seen["RegistrantContact"]["Name"], "Tāne & Sons <1>", "what was not said stays");
    let change =
        json!({ "registrant": { "address1": "2 Rātā Road", "address2": null, "city": "Ōtāki", "country_code": "NZ" } });
    office.on("domain.update", change).await;
    let seen = office.on("domain.info", json!({})).await["Domain"]["RegistrantContact"].clone();
    assert_eq!(seen["PostalAddress"]["City"], "Ōtāki");
    assert_eq!(seen["PostalAddress"]["Address2"].as_str().unwrap_or_default(), "", "{seen}");
    assert_eq!(seen["Email"], "owner@example.net");
    office.on("domain.change_holder", json!({ "registrant": holder("Mere Kākā") })).await;
    let seen = office.on("domain.info", json!({})).await;
    assert_eq!(seen["Domain"]["RegistrantContact"]["Name"], "Mere Kākā");
    let foreign = json!({ "domain": "example.org.nz", "delegate": false });
    let ids = office.world.submit(&[crate::world::job(SIGNER, "domain.update", foreign)]).await;
    let refused = office.world.end_of(ids[0]).await.job;
    assert!(refused.reason.unwrap().contains("not ours, or does not exist"));
}

/// A year more, once; and the same again is no second year.
async fn renewal(office: &Office) {
    let until = |data: &Value| data["Domain"]["BilledUntil"].as_str().unwrap().to_owned();
    let before = until(&office.on("domain.info", json!({})).await);
    let order = json!({ "domain": DOMAIN, "years": 1, "expires": before });
    let renewed = office.done(SIGNER, "domain.renew", order.clone()).await;
    let after = until(&renewed.job.answer.unwrap().data);
    let year = |date: &str| date[..4].parse::<u32>().unwrap();
    assert_eq!(year(&after), year(&before) + 1);
    let ids = office.world.submit(&[crate::world::job(SIGNER, "domain.renew", order)]).await;
    let again = office.world.end_of(ids[0]).await.job;
    assert_eq!(again.state.word(), "failed");
    assert!(again.reason.unwrap().contains("BilledUntil"));
    let bills = office.shown("account.info", json!({ "question": "bills", "domain": ACE })).await;
    assert_eq!(bills["BillingTrans"].as_array().map(Vec::len), Some(2), "{bills}");
    assert_eq!(serde_json::to_value(DeadlineKind::DomainExpiry).unwrap(), "domain_expiry");
    let page = json!({ "question": "domains", "filter": "*.co.nz", "fields": ["Status"] });
    assert_eq!(office.shown("account.info", page).await["Domain"]["Status"], "Active");
}

/// The registry's lock on a domain is over: what one account has just written there, the other one knows nothing of.
async fn lock_ends(office: &Office) {
    crate::control::ordered(office.control_url(), "POST", "/clock", &json!({ "advance_seconds": 2 })).await;
}

/// Away, and back, each with a code that was ordered for it.
async fn transfer(office: &Office) {
    office.days(6).await;
    let ordered = office.done(SIGNER, "domain.authcode_create", json!({ "domain": DOMAIN })).await.job;
    let udai = crate::udai(&office.world, &ordered);
    lock_ends(office).await;
    assert_eq!(udai.len(), 8);
    let told = office.world.database.store.events_after(0, 10_000).await.unwrap();
    let events = format!("{:?}", told.iter().map(|row| &row.event).collect::<Vec<_>>());
    assert!(!events.contains(&udai) && events.contains("sealed"), "{events}");
    let of = |udai: &str| json!({ "domain": DOMAIN, "auth_info": udai });
    let valid = office.done(OTHER_SIGNER, "domain.authcode_check", of(&udai)).await.job.answer.unwrap();
    assert_eq!(valid.data["UDAIValid"]["Valid"], "1");
    let wrong = office.refused(OTHER_SIGNER, "domain.transfer", of("x2B76rXd"), "failed").await;
    assert_eq!(wrong, "UDAI_DOMAIN_MISMATCH");
    let gained = with(of(&udai), json!({ "term": 1, "nserver": ["ns1.example.net", "ns2.example.net"] }));
    let gained = office.done(OTHER_SIGNER, "domain.transfer", gained).await.job.answer.unwrap();
    assert_eq!(gained.data["Domain"]["RegistrarId"], OTHER_SIGNER);
    assert!(!serde_json::to_string(&gained).unwrap().contains(&udai));
    office.message(SIGNER, "transferred_away", &format!("domain:{ACE}")).await;
    let gone = office.world.submit(&[crate::world::job(SIGNER, "domain.info", json!({ "domain": DOMAIN }))]).await;
    assert_eq!(office.world.end_of(gone[0]).await.job.state.word(), "failed");
    let code = office.done(OTHER_SIGNER, "domain.authcode_create", json!({ "domain": DOMAIN })).await.job;
    let udai = crate::udai(&office.world, &code);
    lock_ends(office).await;
    office.on("domain.transfer", json!({ "auth_info": udai })).await;
    let nobodys = json!({ "domain": "nobody.co.nz", "auth_info": udai });
    let ids = office.world.submit(&[crate::world::job(SIGNER, "domain.transfer", nobodys)]).await;
    let refused = office.world.end_of(ids[0]).await.job;
    assert!(refused.reason.as_deref().unwrap().contains("nobody has the domain"), "{:?}", refused.reason);
}

async fn end(office: &Office) {
    office.days(6).await;
    let cancelled = office.on("domain.delete", json!({ "audit_text": "holder asked: Tēnā koe" })).await;
    assert_eq!(cancelled["Domain"]["Status"], "PendingRelease");
    let twice = office.refused(SIGNER, "domain.delete", json!({ "domain": DOMAIN }), "failed").await;
    assert_eq!(twice, "DOUBLE_CANCEL_ATTEMPT");
    assert_eq!(office.on("domain.restore", json!({})).await["Domain"]["Status"], "Active");
    let request = format!(
        "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\"><DomainUpdate Cancel=\"1\"><DomainNameFilter>{ACE}</DomainNameFilter>\
         </DomainUpdate></NZSRSRequest>"
    );
    let done = office.done(SIGNER, "raw", json!({ "request": request })).await;
    assert_eq!(done.job.answer.unwrap().data["Domain"]["Status"], "PendingRelease");
    let id = done.attempts.last().unwrap().transaction.clone();
    let kept = office.shown("account.info", json!({ "question": "action", "action": id })).await;
    assert!(kept["RawRequest"]["XML"].as_str().unwrap().contains("Cancel=\"1\""), "{kept}");
}

#[tokio::test]
async fn a_sweep_finds_what_the_account_has() {
    sweep::of_everything(Setup::at(Place::NzSrs), SIGNER, "co.nz", By::Pages, registration).await;
}
