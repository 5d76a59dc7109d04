//! What control sees of the registry, and what it can make it say and do.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Registry, lock};
use super::commands;
use super::dates;
use super::objects::Domain;
use super::server::{NAME, Server};
use super::state::{Account, State};
use super::wire::tree::Node;

impl Registry for Server {
    fn ready(&self) -> (&'static str, Value) {
        let state = lock(&self.state);
        let account = |account: &Account| json!({ "username": account.username, "private_key": account.key.expose() });
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        let https = format!("https://{}/", self.https);
        (NAME, json!({ "https": https, "tcp": self.tcp.to_string(), "accounts": accounts }))
    }

    fn objects(&self) -> Value {
        let mut state = lock(&self.state);
        state.sweep(self.shared.clock.now());
        let account = |account: &Account| {
            json!({
                "username": account.username, "balance": account.balance, "hold": account.hold,
                "connections": account.connections.len(), "events": account.events.len(),
                "profiles": account.profiles.keys().collect::<Vec<_>>(), "allowed": account.allowed,
            })
        };
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        let domains: Vec<_> = state.domains.values().map(domain_view).collect();
        let orders = state.orders.values().map(|order| {
            json!({
                "id": order.id, "account": order.account, "domain": order.domain, "type": order.kind.word(),
                "status": order.status.word(), "placed": order.placed, "changed": order.changed, "cost": order.cost,
                "affiliate_id": order.affiliate_id, "ends": order.ends.map(|(ends, _)| ends),
            })
        });
        let orders: Vec<_> = orders.collect();
        let transfers = state.transfers.values().map(|transfer| {
            json!({
                "id": transfer.id, "order": transfer.order, "account": transfer.account, "domain": transfer.domain,
                "status": transfer.status, "requested": transfer.requested, "changed": transfer.changed,
            })
        });
        let transfers: Vec<_> = transfers.collect();
        let hosts = state.hosts.values().map(
            |host| json!({ "name": host.name, "account": host.account, "ipaddress": host.ipv4, "ipv6": host.ipv6 }),
        );
        let hosts: Vec<_> = hosts.collect();
        json!({ "accounts": accounts, "domains": domains, "orders": orders, "transfers": transfers, "hosts": hosts })
    }

    fn catch_up(&self) -> usize {
        lock(&self.state).sweep(self.shared.clock.now())
    }

    fn mark_domain(&self, order: &Value) -> Option<Result<Value, String>> {
        let name = commands::name(order.get("domain")?.as_str()?);
        let mut state = lock(&self.state);
        state.sweep(self.shared.clock.now());
        state.domains.contains_key(&name).then(|| self.mark(&mut state, &name, order))
    }

    fn mark_account(&self, order: &Value) -> Option<Result<Value, String>> {
        let name = order.get("account")?.as_str()?;
        let mut state = lock(&self.state);
        let account = state.accounts.get_mut(name)?;
        Some(serde_json::from_value(order.clone()).map_err(|error| error.to_string()).map(|mark| apply(mark, account)))
    }

    fn put_message(&self, account: &str, message: &Value) -> Option<Result<Value, String>> {
        let mut state = lock(&self.state);
        state.accounts.contains_key(account).then(|| self.put_event(&mut state, account, message))
    }
}

fn domain_view(domain: &Domain) -> Value {
    json!({
        "domain": domain.name, "account": domain.account, "profile": domain.profile, "stage": domain.stage.word(),
        "created": domain.created, "updated": domain.updated, "expires": domain.expires, "deleted": domain.deleted,
        "transferred": domain.transferred, "nameservers": domain.nameservers, "is_locked": domain.is_locked,
        "is_private": domain.is_private, "auto_renew": domain.auto_renew, "let_expire": domain.let_expire,
        "affiliate_id": domain.affiliate_id, "leaves": domain.leaves, "is_waiting": domain.waiting.is_some(),
        "verification": domain.verification.as_ref().map(|proof| proof.status),
        "verification_deadline": domain.verification.as_ref().map(|proof| proof.deadline),
    })
}

/// The body of `POST /domains`: what happens to a domain without any command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainMark {
    #[serde(rename = "domain")]
    _domain: String,
    /// The registrant has answered the mail.
    verified: Option<bool>,
    /// Another registrar has asked for it, or no longer does.
    leaves: Option<bool>,
    auth_info: Option<String>,
}

/// The body of `POST /accounts`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountMark {
    #[serde(rename = "account")]
    _account: String,
    /// Addresses it may send from.
    allowed: Option<BTreeSet<IpAddr>>,
    /// What it has to spend, in cents.
    balance: Option<i64>,
}

fn apply(mark: AccountMark, account: &mut Account) -> Value {
    if let Some(allowed) = mark.allowed {
        account.allowed = allowed;
    }
    if let Some(balance) = mark.balance {
        account.balance = balance;
    }
    json!({ "account": account.username, "allowed": account.allowed, "balance": account.balance })
}

/// The body of `POST /messages` beside `account`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    object: String,
    event: String,
    #[serde(default)]
    object_data: serde_json::Map<String, Value>,
}

impl Server {
    fn mark(&self, state: &mut State, name: &str, order: &Value) -> Result<Value, String> {
        let mark: DomainMark = serde_json::from_value(order.clone()).map_err(|error| error.to_string())?;
        let now = self.shared.clock.now();
        let Some(mut domain) = state.domains.get(name).cloned() else { return Err("no such domain".into()) };
        if let Some(is_leaving) = mark.leaves {
            domain.leaves = is_leaving.then(|| dates::days_later(now, 5));
        }
        if let Some(code) = mark.auth_info {
            domain.auth_info = code;
        }
        let status = mark.verified.map(|is_verified| if is_verified { "verified" } else { "verifying" });
        if let (Some(proof), Some(status)) = (&mut domain.verification, status) {
            proof.status = status;
        }
        if let Some(account) = state.accounts.get_mut(&domain.account).filter(|_| mark.verified == Some(true)) {
            account.verified.insert(domain.registrant());
        }
        state.put(domain);
        if status.is_some() {
            commands::tell_verification(state, name, now);
        }
        state.domains.get(name).map(domain_view).ok_or_else(|| "no such domain".into())
    }

    fn put_event(&self, state: &mut State, account: &str, message: &Value) -> Result<Value, String> {
        let said: Said = serde_json::from_value(message.clone()).map_err(|error| error.to_string())?;
        let now = self.shared.clock.now();
        // What was due before is said before.
        state.sweep(now);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let data = said.object_data.iter().map(|(key, value)| (key.clone(), Node::Text(text(value)))).collect();
        let id = state.tell(account, now, &said.object, &said.event, Node::Assoc(data));
        id.map(|id| json!({ "id": id })).ok_or_else(|| "the queue is full".into())
    }
}
