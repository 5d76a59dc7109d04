//! What control sees of the registry, and what it can make it do.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Registry, lock};
use super::objects::{Domain, Host, OF_REGISTRY, Stage};
use super::rules;
use super::server::{NAME, Server};
use super::state::{Account, State};
use crate::model::Secret;

impl Registry for Server {
    fn ready(&self) -> (&'static str, Value) {
        let state = lock(&self.state);
        let account = |account: &Account| json!({ "id": account.id, "password": account.password.expose() });
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        (NAME, json!({ "address": self.address.to_string(), "accounts": accounts }))
    }

    fn objects(&self) -> Value {
        let mut state = lock(&self.state);
        state.sweep(self.shared.clock.now());
        let account = |account: &Account| json!({ "id": account.id, "balance": account.balance, "sessions": account.sessions.len() });
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        let domains: Vec<_> = state.domains.values().map(domain_view).collect();
        let hosts: Vec<_> = state.hosts.values().map(host_view).collect();
        json!({ "accounts": accounts, "domains": domains, "hosts": hosts })
    }

    fn catch_up(&self) -> usize {
        let happened = lock(&self.state).sweep(self.shared.clock.now());
        self.moved.send_modify(|moves| *moves = moves.wrapping_add(1));
        happened
    }

    fn mark_domain(&self, order: &Value) -> Option<Result<Value, String>> {
        let name = order.get("domain")?.as_str()?.to_ascii_lowercase();
        let mut state = lock(&self.state);
        state.sweep(self.shared.clock.now());
        state.domains.contains_key(&name).then(|| self.mark(&mut state, &name, order))
    }

    fn mark_account(&self, order: &Value) -> Option<Result<Value, String>> {
        let id = order.get("account")?.as_str()?;
        let mut state = lock(&self.state);
        let account = state.accounts.get_mut(id)?;
        let mark = serde_json::from_value::<AccountMark>(order.clone()).map_err(|error| error.to_string());
        Some(mark.and_then(|mark| apply(mark, account)))
    }

    fn put_message(&self, account: &str, _message: &Value) -> Option<Result<Value, String>> {
        let is_ours = lock(&self.state).accounts.contains_key(account);
        is_ours.then(|| Err("RRP has no queue: its registry says nothing unasked".into()))
    }
}

fn domain_view(domain: &Domain) -> Value {
    let (stage, until) = match domain.stage {
        Stage::Registered => ("registered", None),
        Stage::Redemption { until } => ("redemption", Some(until)),
        Stage::PendingDelete { until } => ("pending_delete", Some(until)),
    };
    let transfer = domain.transfer.as_ref();
    let transfer = transfer.map(|t| json!({ "by": t.by, "requested": t.requested, "until": t.until }));
    let fees: Vec<_> =
        domain.fees.iter().map(|f| json!({ "kind": f.kind, "until": f.until, "cents": f.cents })).collect();
    json!({
        "domain": domain.name, "registrar": domain.registrar, "created": domain.created, "created_by": domain.created_by,
        "updated": domain.updated, "updated_by": domain.updated_by, "transferred": domain.transferred,
        "expires": domain.expires, "statuses": domain.words(true), "nameservers": domain.servers,
        "children": domain.children, "transfer": transfer, "stage": stage, "until": until, "fees": fees,
    })
}

fn host_view(host: &Host) -> Value {
    let addresses: Vec<_> = host.addresses.iter().map(|address| &address.text).collect();
    json!({
        "host": host.name, "registrar": host.registrar, "addresses": addresses, "serves": host.serves,
        "created": host.created, "updated": host.updated, "transferred": host.transferred,
    })
}

/// The body of `POST /domains`: what only the registry does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DomainMark {
    #[serde(rename = "domain")]
    _domain: String,
    /// Statuses of the registry to set.
    #[serde(default)]
    set: Vec<String>,
    /// Statuses of the registry to remove.
    #[serde(default)]
    unset: Vec<String>,
    /// Decides a transfer before its time.
    approve: Option<bool>,
}

/// The body of `POST /accounts`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountMark {
    #[serde(rename = "account")]
    _account: String,
    /// What it has to spend, in cents.
    balance: Option<i64>,
    password: Option<Secret>,
}

fn apply(mark: AccountMark, account: &mut Account) -> Result<Value, String> {
    if let Some(password) = mark.password {
        account.password = rules::password(password.expose()).map_err(|_| "a password has 4 to 16 characters")?;
    }
    if let Some(balance) = mark.balance {
        account.balance = balance;
    }
    Ok(json!({ "account": account.id, "balance": account.balance }))
}

impl Server {
    fn mark(&self, state: &mut State, name: &str, order: &Value) -> Result<Value, String> {
        let mark: DomainMark = serde_json::from_value(order.clone()).map_err(|error| error.to_string())?;
        let now = self.shared.clock.now();
        if let Some(wrong) = mark.set.iter().chain(&mark.unset).find(|word| !OF_REGISTRY.contains(&word.as_str())) {
            return Err(format!("the registry's statuses are {}, not `{wrong}`", OF_REGISTRY.join(", ")));
        }
        let Some(mut domain) = state.domains.get(name).cloned() else { return Err("no such domain".into()) };
        if mark.approve.is_some() && domain.transfer.is_none() {
            return Err("nobody has asked for a transfer".into());
        }
        domain.statuses.extend(mark.set);
        domain.statuses.retain(|word| !mark.unset.contains(word));
        match mark.approve {
            Some(is_approved) => state.decide(domain, is_approved, "registry", now),
            None => state.put(domain),
        }
        state.domains.get(name).map(domain_view).ok_or_else(|| "no such domain".into())
    }
}
