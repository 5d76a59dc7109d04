//! What control sees of the registry, and what it can make it say and do.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Registry, lock};
use super::objects::{Audit, Bill, Domain, REGISTRY_ID, Registrar};
use super::server::Server;
use super::state::State;
use super::wire::read;
use super::wire::tree::Element;
use super::{commands, dates, dtd, names};

impl Registry for Server {
    fn ready(&self) -> (&'static str, Value) {
        ("nz_srs", self.said())
    }

    fn objects(&self) -> Value {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        let state = &*state;
        let registrar = |registrar: &Registrar| {
            let waiting = state.messages.iter().filter(|m| m.is_waiting && m.recipient == registrar.id).count();
            json!({
                "registrar_id": registrar.id, "name": registrar.name, "url": registrar.url, "roles": registrar.roles,
                "allowed_2lds": registrar.second_levels, "messages": waiting, "keys": registrar.keys.len(),
            })
        };
        let accounts: Vec<_> = state.registrars.values().map(registrar).collect();
        let domains: Vec<_> = state.domains.values().map(|domain| domain_view(state, domain, now)).collect();
        let handle = |handle: &super::objects::Handle| {
            json!({
                "handle_id": handle.id, "registrar_id": handle.registrar, "created": handle.created,
                "own": handle.contact.own, "address": handle.contact.address, "phone": handle.contact.phone,
                "fax": handle.contact.fax, "domains": state.users_of(&handle.registrar, &handle.id),
            })
        };
        let handles: Vec<_> = state.handles.values().map(handle).collect();
        let bill = |bill: &Bill| {
            json!({
                "registrar_id": bill.registrar, "type": bill.kind, "domain": bill.domain, "months": bill.months,
                "at": bill.at, "from": bill.from, "to": bill.to,
            })
        };
        let bills: Vec<_> = state.bills.values().map(bill).collect();
        json!({ "accounts": accounts, "domains": domains, "handles": handles, "bills": bills })
    }

    fn catch_up(&self) -> usize {
        lock(&self.state).sweep(self.shared.clock.now())
    }

    fn mark_domain(&self, order: &Value) -> Option<Result<Value, String>> {
        let name = names::canonical(order.get("domain")?.as_str()?);
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        let domain = state.domains.get(&name).cloned()?;
        Some(mark(&mut state, domain, order, now))
    }

    fn mark_account(&self, order: &Value) -> Option<Result<Value, String>> {
        let id = order.get("account")?.as_str()?;
        let mut state = lock(&self.state);
        let registrar = state.registrars.get_mut(id)?;
        let mark = serde_json::from_value(order.clone()).map_err(|error| error.to_string());
        Some(mark.map(|mark| apply(mark, registrar)))
    }

    fn put_message(&self, account: &str, message: &Value) -> Option<Result<Value, String>> {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        state.registrars.contains_key(account).then(|| say(&mut state, account, message, now))
    }
}

fn domain_view(state: &State, domain: &Domain, now: Timestamp) -> Value {
    let udai = domain.udai.map(|(_, made)| made);
    let contact = |contact: super::objects::Contact| json!({ "handle_id": contact.handle, "own": contact.own, "address": contact.address });
    let servers = domain.servers.iter().map(|s| json!({ "fqdn": s.name, "ipv4": s.ipv4, "ipv6": s.ipv6 }));
    let servers: Vec<_> = servers.collect();
    json!({
        "domain": domain.name, "unicode": domain.unicode, "registrar_id": domain.registrar, "status": domain.status(),
        "registered": domain.registered, "billed_until": domain.billed_until, "cancelled": domain.cancelled,
        "locked": domain.locked, "term": domain.term, "delegate": domain.delegate, "registrant_ref": domain.reference,
        "nameservers": servers, "ds": domain.signers.len(), "udai_made": udai, "is_fresh": domain.is_fresh(now),
        "registrant": contact(state.resolved(&domain.registrar, &domain.registrant)),
        "action_id": domain.audit.action, "changed_by": domain.audit.registrar, "audit_text": domain.audit.text,
    })
}

/// The body of `POST /domains`: what the registry itself does to a domain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainMark {
    #[serde(rename = "domain")]
    _domain: String,
    /// Locked so that only the registry can unlock it.
    is_locked: Option<bool>,
    /// The UDAI, as of now.
    udai: Option<String>,
    /// A new UDAI, of which the registrar is told.
    #[serde(default)]
    new_udai: bool,
    /// Cancelled, of which the registrar is told.
    #[serde(default)]
    cancel: bool,
}

fn mark(state: &mut State, mut domain: Domain, order: &Value, now: Timestamp) -> Result<Value, String> {
    let mark: DomainMark = serde_json::from_value(order.clone()).map_err(|error| error.to_string())?;
    if let Some(is_locked) = mark.is_locked {
        domain.locked = is_locked.then_some(now);
        domain.is_registry_lock = is_locked;
    }
    if let Some(udai) = &mark.udai {
        state.set_udai(&mut domain, udai, now);
    }
    let is_told = mark.new_udai || mark.cancel;
    if mark.cancel {
        (domain.is_cancelled, domain.cancelled) = (true, Some(now));
    }
    let udai = mark.new_udai.then(|| state.new_udai(&mut domain, now));
    if is_told {
        let action = format!("registry-{}-{}", dates::text(now), domain.name);
        domain.audit = Audit { registrar: REGISTRY_ID.into(), action, from: now, text: "by the registry".into() };
        let (registrar, id) = (domain.registrar.clone(), domain.audit.action.clone());
        let result = commands::full(state, &domain).with_some("UDAI", udai);
        state.tell_as_registry(&registrar, &id, "by the registry", now, "DomainUpdate", result);
    }
    let name = domain.name.clone();
    state.put(domain);
    state.domains.get(&name).map(|domain| domain_view(state, domain, now)).ok_or_else(|| "no such domain".into())
}

/// The body of `POST /accounts`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountMark {
    #[serde(rename = "account")]
    _account: String,
    roles: Option<BTreeSet<String>>,
    allowed_2lds: Option<BTreeSet<String>>,
    /// Its public keys, in armour.
    keys: Option<Vec<String>>,
    /// Whether these can be used; if not, requests are answered `PUBLIC_KEY_INVALID`.
    has_good_keys: Option<bool>,
}

fn apply(mark: AccountMark, registrar: &mut Registrar) -> Value {
    registrar.roles = mark.roles.unwrap_or_else(|| registrar.roles.clone());
    registrar.second_levels = mark.allowed_2lds.unwrap_or_else(|| registrar.second_levels.clone());
    registrar.keys = mark.keys.unwrap_or_else(|| registrar.keys.clone());
    registrar.has_good_keys = mark.has_good_keys.unwrap_or(registrar.has_good_keys);
    json!({
        "account": registrar.id, "roles": registrar.roles, "allowed_2lds": registrar.second_levels,
        "keys": registrar.keys.len(), "has_good_keys": registrar.has_good_keys,
    })
}

/// The body of `POST /messages` beside `account`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// What the message answers: an action, or `DomainTransfer`.
    action: String,
    /// Who caused it; the registry if nobody is named.
    originator: Option<String>,
    /// Its id; one is made up if there is none.
    id: Option<String>,
    /// What is in it, as XML: one element.
    xml: String,
}

fn say(state: &mut State, account: &str, message: &Value, now: Timestamp) -> Result<Value, String> {
    let said: Said = serde_json::from_value(message.clone()).map_err(|error| error.to_string())?;
    let mut content: Element = read::document(&said.xml)?;
    dtd::check(&mut content)?;
    let id = said.id.unwrap_or_else(|| format!("control-{}", state.next_bill()));
    state.tell_as_registry(account, &id, "", now, &said.action, content);
    if let (Some(originator), Some(message)) = (said.originator, state.messages.last_mut()) {
        super::wire::odd::set(&mut message.response, "OrigRegistrarId", &originator);
        message.originator = originator;
    }
    Ok(json!({ "id": id }))
}
