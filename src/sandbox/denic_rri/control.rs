//! What control sees of the registry, and what it can make it say.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Registry, lock};
use super::notice::{Notice, TYPES};
use super::rules::names;
use super::server::Server;
use super::state::{Account, State, Status};

impl Registry for Server {
    fn ready(&self) -> (&'static str, Value) {
        let state = lock(&self.state);
        let account = |account: &Account| json!({ "account": account.id, "user": account.user, "password": account.password.expose() });
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        ("denic_rri", json!({ "address": self.address.to_string(), "accounts": accounts }))
    }

    fn objects(&self) -> Value {
        let clock = &self.shared.clock;
        let now = clock.now();
        let mut state = lock(&self.state);
        state.sweep(now, clock);
        let accounts = state.accounts.values().map(|account| {
            let (sessions, ghosts) = account.sessions.count(now);
            json!({
                "account": account.id, "sessions": sessions, "ghosts": ghosts, "messages": account.queue.len(),
                "quota_used": account.quota.used(clock.day(now)), "is_blocked": account.throttle.is_blocked(now),
                "is_login_blocked": account.guard.is_blocked(now),
            })
        });
        let accounts: Vec<_> = accounts.collect();
        let domains = state.domains.values().map(|domain| {
            json!({
                "domain": domain.name.ace, "account": domain.account, "status": domain.status.word(),
                "holders": domain.holders, "registered": domain.registered, "changed": domain.changed,
                "expire": domain.expire, "release": domain.release,
                "dedelegation": domain.dedelegation, "deletion": domain.deletion,
            })
        });
        let domains: Vec<_> = domains.collect();
        let contacts = state.contacts.values();
        let contacts: Vec<_> = contacts
            .map(|c| json!({ "handle": c.handle, "account": c.account, "type": c.kind.word(), "changed": c.changed }))
            .collect();
        json!({ "accounts": accounts, "domains": domains, "contacts": contacts })
    }

    fn put_message(&self, account: &str, body: &Value) -> Option<Result<Value, String>> {
        let mut state = lock(&self.state);
        state.accounts.contains_key(account).then(|| self.put(&mut state, account, body))
    }
}

impl Server {
    fn put(&self, state: &mut State, account: &str, body: &Value) -> Result<Value, String> {
        let mut notice: Notice = serde_json::from_value(body.clone()).map_err(|error| error.to_string())?;
        let is_word = !notice.kind.is_empty()
            && notice.kind.len() <= 64
            && notice.kind.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_word || notice.kind.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("`type` is a word of letters and digits".into());
        }
        if let Some(known) = TYPES.iter().find(|known| notice.is(known)) {
            notice.kind = (*known).to_owned();
        }
        let now = self.shared.clock.now();
        if notice.is("domainStatusUpdate") {
            assessed(state, account, &mut notice, now)?;
        }
        let id = state.tell(account, notice, now, &self.shared.clock).ok_or("the queue is full")?;
        Ok(json!({ "id": id }))
    }
}

/// A status update for a domain of the account is the registry's decision, so the domain follows it.
fn assessed(state: &mut State, account: &str, notice: &mut Notice, now: Timestamp) -> Result<(), String> {
    let text = notice.status.as_deref().ok_or("a domainStatusUpdate needs a `status`")?;
    let status = Status::read(text).ok_or_else(|| format!("there is no status `{}`", text.escape_default()))?;
    let name = notice.domain.as_deref().and_then(names::read).ok_or("a domainStatusUpdate needs a `domain`")?;
    let Some(domain) = state.domains.get_mut(&name.ace).filter(|domain| domain.account == account) else {
        return Ok(());
    };
    domain.status = status;
    domain.changed = now;
    (domain.dedelegation, domain.deletion) = (notice.dedelegation, notice.deletion);
    if notice.handles.is_empty() {
        notice.handles = domain.holders.clone();
    }
    state.schedule(&name.ace);
    Ok(())
}
