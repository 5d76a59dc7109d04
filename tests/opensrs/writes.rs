//! Every write there is: what has to be there before it, what is ordered, what is to be found in the ledger, and how a doubt about
//! it ends.

use serde_json::{Value, json};

use crate::params::{contact, registration, transfer, with};

/// What has to be there before an order makes sense.
#[derive(Clone, Copy, PartialEq)]
pub enum Before {
    Nothing,
    Domain,
    /// A domain with a host below it.
    Host,
    /// A domain that was deleted.
    Deleted,
    /// An order that is kept.
    Kept,
    /// The same, of which no other order is kept at the time.
    KeptAlone,
    /// A transfer.
    UnderWay,
    /// One that was cancelled.
    Cancelled,
}

/// How a doubt ends, by `src/registries/opensrs/reconcile`.
#[derive(Clone, Copy, PartialEq)]
pub enum Ends {
    /// What is there tells; what is not goes out again.
    BySight,
    /// The same, and the registry still works on it.
    UnderWay,
    /// What is there is believed; what is not is never repeated by itself.
    ByPeople,
    /// It cannot be seen, and is ordered once more.
    OnceMore,
    /// It goes out again in any case: the second one finds nothing left to do.
    Harmless,
}

impl Ends {
    /// How the lost attempt ends.
    pub fn cause(self, happened: bool) -> &'static str {
        match (self, happened) {
            (Self::BySight | Self::ByPeople, true) => "found_applied",
            (Self::UnderWay, true) => "found_taken",
            (Self::ByPeople, false) => "gave_up",
            (Self::OnceMore | Self::Harmless, _) | (_, false) => "found_nothing",
        }
    }
}

/// A write.
pub struct Write {
    /// Its domain: the label says to the sandbox what there is to know about it.
    pub label: &'static str,
    pub operation: &'static str,
    pub before: Before,
    /// Its parameters beside the name of the domain or the number of the order.
    pub params: fn(&Scene) -> Value,
    /// What it is in the ledger, about its object, and about its domain.
    pub effects: &'static [&'static str],
    pub ends: Ends,
}

const fn write(
    label: &'static str,
    operation: &'static str,
    before: Before,
    params: fn(&Scene) -> Value,
    effects: &'static [&'static str],
    ends: Ends,
) -> Write {
    Write { label, operation, before, params, effects, ends }
}

/// Every write, most of them in one way only.
pub const WRITES: &[Write] = &{
    use Before::{Cancelled, Deleted, Domain, Host, Kept, KeptAlone, Nothing, UnderWay};
    use Ends::{ByPeople, BySight, Harmless, OnceMore};
    const UPDATE: &[&str] = &["domain.update"];
    [
        write("example-create", "domain.create", Nothing, |s| registration(&s.domain), &["domain.create"], BySight),
        write("example-save", "domain.create", Nothing, |s| saved(registration(&s.domain)), &["order.save"], BySight),
        write(
            "async-create",
            "domain.create",
            Nothing,
            |s| registration(&s.domain),
            &["domain.create"],
            Ends::UnderWay,
        ),
        write("gdpr-create", "domain.create", Nothing, |s| registration(&s.domain), &["domain.create"], Ends::UnderWay),
        write(
            "foreign-come",
            "domain.transfer",
            Nothing,
            |s| transfer(&s.domain),
            &["domain.transfer"],
            Ends::UnderWay,
        ),
        write("foreign-save", "domain.transfer", Nothing, |s| saved(transfer(&s.domain)), &["order.save"], BySight),
        write("example-renew", "domain.renew", Domain, Scene::renewal, &["domain.renew"], BySight),
        write("example-later", "domain.renew", Domain, |s| saved(s.renewal()), &["order.save"], BySight),
        write("async-renew", "domain.renew", Domain, Scene::renewal, &["domain.renew"], Ends::UnderWay),
        write("example-admin", "domain.update", Domain, |s| s.contacts("admin", "Adam"), UPDATE, BySight),
        write("example-ns", "domain.update", Domain, |s| s.with(json!({ "nserver": SERVERS })), UPDATE, BySight),
        write("async-ns", "domain.update", Domain, |s| s.with(json!({ "nserver": SERVERS })), UPDATE, Ends::UnderWay),
        write(
            "async-owner",
            "domain.change_holder",
            Domain,
            |s| s.contacts("owner", "Olga"),
            &["domain.change_holder"],
            Ends::UnderWay,
        ),
        write(
            "async-code",
            "domain.authcode_create",
            Domain,
            |s| s.with(json!({ "auth_info": "Zk7!code" })),
            &["domain.authcode_create"],
            Ends::UnderWay,
        ),
        write("example-delta", "domain.update", Domain, Scene::delta, UPDATE, BySight),
        write("example-expire", "domain.update", Domain, |s| s.with(json!({ "let_expire": true })), UPDATE, BySight),
        write("example-auto", "domain.update", Domain, |s| s.with(json!({ "auto_renew": true })), UPDATE, BySight),
        write("example-lock", "domain.update", Domain, |s| s.with(json!({ "lock": true })), UPDATE, BySight),
        write("example-private", "domain.update", Domain, |s| s.with(json!({ "privacy": true })), UPDATE, BySight),
        write("example-parked", "domain.update", Domain, |s| s.with(json!({ "parked": true })), UPDATE, BySight),
        write(
            "example-verify",
            "domain.update",
            Domain,
            |s| s.with(json!({ "resend_verification": true })),
            UPDATE,
            OnceMore,
        ),
        write(
            "example-owner",
            "domain.change_holder",
            Domain,
            |s| s.contacts("owner", "Olga"),
            &["domain.change_holder"],
            BySight,
        ),
        write("example-delete", "domain.delete", Domain, |s| s.with(json!({})), &["domain.delete"], ByPeople),
        write("example-restore", "domain.restore", Deleted, |s| s.with(json!({})), &["domain.restore"], ByPeople),
        write(
            "example-code",
            "domain.authcode_create",
            Domain,
            |s| s.with(json!({ "auth_info": "Zk7!code" })),
            &["domain.authcode_create"],
            BySight,
        ),
        write(
            "example-mail",
            "domain.authcode_request",
            Domain,
            |s| s.with(json!({})),
            &["domain.authcode_request"],
            OnceMore,
        ),
        write("example-host", "host.create", Domain, |s| s.host("192.0.2.53"), &["host.create"], BySight),
        write("example-told", "host.create", Domain, Scene::foreign_host, &["host.create"], BySight),
        write("example-moved", "host.update", Host, |s| s.host("192.0.2.54"), &["host.update"], BySight),
        write("example-named", "host.update", Host, Scene::renamed, &["host.update"], BySight),
        write("example-gone", "host.delete", Host, |s| s.host("192.0.2.53"), &["host.delete"], BySight),
        write("example-run", "order.process", Kept, Scene::order, &["order.process", "domain.create"], BySight),
        write(
            "foreign-again",
            "order.process",
            Cancelled,
            |s| with(s.order(), json!({ "transfer": true })),
            &["order.process", "domain.transfer"],
            Ends::UnderWay,
        ),
        write("example-drop", "order.cancel", Kept, Scene::order, &["order.cancel"], BySight),
        write(
            "foreign-stop",
            "order.cancel",
            UnderWay,
            |s| s.with(json!({ "transfer": true })),
            &["order.cancel"],
            BySight,
        ),
        write(
            "foreign-halt",
            "order.cancel",
            UnderWay,
            |s| with(s.order(), json!({ "transfer": true })),
            &["order.cancel"],
            BySight,
        ),
        write(
            "example-all",
            "order.cancel",
            KeptAlone,
            |_| json!({ "all_until": "2040-01-01T00:00:00Z", "status": ["pending"] }),
            &["order.cancel"],
            Harmless,
        ),
    ]
};

/// Name servers that are not those of a new registration.
const SERVERS: [&str; 2] = ["ns3.example.net", "ns4.example.net"];

pub fn saved(params: Value) -> Value {
    with(params, json!({ "save": true }))
}

/// A write and what it is about.
pub struct Scene {
    pub write: &'static Write,
    pub domain: String,
    /// The number of the order that is kept or under way.
    pub order: String,
    /// When the domain expires, by its registry.
    pub expires: String,
}

impl Scene {
    pub fn with(&self, more: Value) -> Value {
        with(json!({ "domain": self.domain }), more)
    }

    fn contacts(&self, role: &str, name: &str) -> Value {
        self.with(json!({ "contacts": { role: contact(name) } }))
    }

    fn renewal(&self) -> Value {
        self.with(json!({ "expires": self.expires, "years": 1, "auto_renew": false }))
    }

    fn delta(&self) -> Value {
        self.with(json!({ "add_nserver": ["ns5.example.net"], "remove_nserver": ["ns1.example.net"] }))
    }

    pub fn host(&self, address: &str) -> Value {
        self.with(json!({ "host": format!("ns1.{}", self.domain), "address": address }))
    }

    fn renamed(&self) -> Value {
        with(self.host("192.0.2.54"), json!({ "new_name": format!("dns1.{}", self.domain) }))
    }

    fn foreign_host(&self) -> Value {
        json!({ "host": "ns7.example.net", "tld": ".org" })
    }

    fn order(&self) -> Value {
        json!({ "order": self.order })
    }

    /// What the request is about, in the ledger; nothing if it is about the account.
    pub fn object(&self) -> Option<String> {
        let params = (self.write.params)(self);
        let named = params.get("host").or(params.get("order")).or(params.get("domain"));
        named.map(|name| name.as_str().unwrap().to_owned())
    }

    /// The fault that makes its answer lost.
    pub fn fault(&self, fault: &str) -> String {
        let object = self.object().map(|object| format!(",object={object}")).unwrap_or_default();
        format!("{fault}:action={},nth=1{object}", self.write.operation)
    }

    /// What is to be found in the ledger.
    pub fn effects(&self, happened: bool) -> Vec<(String, String)> {
        let about = [self.object().unwrap_or(self.order.clone()), self.domain.clone()];
        let effects = self.write.effects.iter().map(|kind| (*kind).to_owned()).zip(about);
        // The one that cannot be seen.
        let times = if self.write.ends == Ends::OnceMore && happened { 2 } else { 1 };
        effects.flat_map(|effect| vec![effect; times]).collect()
    }
}
