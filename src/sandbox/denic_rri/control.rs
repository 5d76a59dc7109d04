//! What control sees of the registry, and what it can make it say and do.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::super::clock::later;
use super::super::{Registry, lock};
use super::lifecycle::DISPUTE_DAYS;
use super::notice::{Notice, TYPES};
use super::rules::names;
use super::server::Server;
use super::state::{Account, Domain, State, Status};

impl Registry for Server {
    fn ready(&self) -> (&'static str, Value) {
        let state = lock(&self.state);
        let account = |account: &Account| json!({ "account": account.id, "user": account.user, "password": account.password.expose() });
        let accounts: Vec<_> = state.accounts.values().map(account).collect();
        ("denic_rri", json!({ "address": self.address.to_string(), "accounts": accounts }))
    }

    fn objects(&self) -> Value {
        let clock = &self.shared.clock;
        let mut state = lock(&self.state);
        let now = clock.now();
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
        let domains: Vec<_> = state.domains.values().map(domain_view).collect();
        let contacts = state.contacts.values().map(|contact| {
            json!({
                "handle": contact.handle, "account": contact.account, "type": contact.kind.word(),
                "created": contact.created, "changed": contact.changed,
                "unreferenced_since": contact.unreferenced_since,
            })
        });
        let contacts: Vec<_> = contacts.collect();
        json!({ "accounts": accounts, "domains": domains, "contacts": contacts })
    }

    fn put_message(&self, account: &str, body: &Value) -> Option<Result<Value, String>> {
        let mut state = lock(&self.state);
        state.accounts.contains_key(account).then(|| self.put(&mut state, account, body))
    }

    fn catch_up(&self) -> usize {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now, &self.shared.clock)
    }

    fn mark_domain(&self, order: &Value) -> Option<Result<Value, String>> {
        let ace = names::read(order.get("domain")?.as_str()?)?.ace;
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now, &self.shared.clock);
        // Whether it makes sense is asked only of a domain that is here: another registry may have orders of its own.
        state.domains.contains_key(&ace).then_some(())?;
        let mark: Result<Mark, _> = serde_json::from_value(order.clone());
        Some(mark.map_err(|error| error.to_string()).and_then(|mark| mark.apply(&mut state, &ace, now)))
    }
}

fn domain_view(domain: &Domain) -> Value {
    let authinfo = |authinfo: &Option<super::state::AuthInfo>| authinfo.as_ref().map(|authinfo| authinfo.expire);
    json!({
        "domain": domain.name.ace, "account": domain.account, "status": domain.status.word(),
        "holders": domain.holders, "registered": domain.registered, "changed": domain.changed,
        "expire": domain.expire, "release": domain.release, "assessed": domain.assessed,
        "dedelegation": domain.dedelegation, "deletion": domain.deletion, "purge": domain.purge,
        "authinfo1_expire": authinfo(&domain.authinfo1), "authinfo2_expire": authinfo(&domain.authinfo2),
        "is_in_transit": domain.is_in_transit(), "is_locked": domain.is_locked, "dispute": domain.dispute, "dispute_until": domain.dispute_until,
    })
}

/// The body of `POST /domains`: what only the registry itself can do to a domain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    #[serde(rename = "domain")]
    _domain: String,
    /// The registry lock.
    is_locked: Option<bool>,
    /// The DISPUTE entry: the handle of the one who disputes, null to lift it, left out to leave it alone.
    #[serde(default, deserialize_with = "present")]
    dispute: Option<Option<String>>,
    /// How long the entry is valid; a year if left out.
    dispute_days: Option<i64>,
}

/// Tells a null from a field that is not there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Days a DISPUTE entry may be valid; extensions included.
const DISPUTES: std::ops::RangeInclusive<i64> = 1..=3660;

impl Mark {
    fn apply(self, state: &mut State, ace: &str, now: Timestamp) -> Result<Value, String> {
        let days = self.dispute_days.unwrap_or(DISPUTE_DAYS);
        if !DISPUTES.contains(&days) {
            return Err(format!("`dispute_days` is {} to {}", DISPUTES.start(), DISPUTES.end()));
        }
        let dispute = match self.dispute {
            Some(Some(text)) => Some(Some(names::handle(&text).ok_or("`dispute` is no handle")?)),
            other => other.map(|_| None),
        };
        let domain = state.domains.get_mut(ace).ok_or("no such domain")?;
        if let Some(is_locked) = self.is_locked {
            domain.is_locked = is_locked;
        }
        if let Some(dispute) = dispute {
            domain.dispute_until = dispute.as_ref().map(|_| later(now, SignedDuration::from_hours(24 * days)));
            domain.dispute = dispute;
        }
        let view = domain_view(domain);
        state.schedule(ace);
        Ok(view)
    }
}

impl Server {
    fn put(&self, state: &mut State, account: &str, body: &Value) -> Result<Value, String> {
        let mut notice = read_notice(body)?;
        notice.check()?;
        if let Some(known) = TYPES.iter().find(|known| notice.is(known)) {
            notice.kind = (*known).to_owned();
        }
        let now = self.shared.clock.now();
        // What was due before is said before.
        state.sweep(now, &self.shared.clock);
        if notice.is("domainStatusUpdate") {
            assessed(state, account, &mut notice, now)?;
        }
        let id = state.tell(account, notice, now, &self.shared.clock).ok_or("the queue is full")?;
        Ok(json!({ "id": id }))
    }
}

/// Reads the body of `POST /messages`. Every field stands alone, so the one that is wrong can be named.
fn read_notice(body: &Value) -> Result<Notice, String> {
    let whole = serde_json::from_value(body.clone());
    whole.map_err(|error: serde_json::Error| {
        let fields = body.as_object().into_iter().flatten();
        let wrong = fields.filter_map(|(field, value)| {
            let alone = serde_json::from_value::<Notice>(json!({ field.as_str(): value })).err()?;
            Some(format!("`{field}`: {alone}"))
        });
        wrong.into_iter().next().unwrap_or_else(|| error.to_string())
    })
}

/// A status update for a domain of the account is the registry's decision, so the domain follows it.
fn assessed(state: &mut State, account: &str, notice: &mut Notice, now: Timestamp) -> Result<(), String> {
    let text = notice.status.as_deref().ok_or("a domainStatusUpdate needs a `status`")?;
    let status = Status::read(text).ok_or_else(|| format!("there is no status `{}`", text.escape_default()))?;
    let name = notice.domain.as_deref().and_then(names::read).ok_or("a domainStatusUpdate needs a `domain`")?;
    let Some(domain) = state.domains.get_mut(&name.ace).filter(|domain| domain.account == account) else {
        return Ok(());
    };
    if !matches!(status, Status::Connect | Status::ServerHold | Status::PendingCreate) {
        return Err("an assessment comes to `connect`, `serverHold` or `pendingCreate`".into());
    }
    if [notice.dedelegation, notice.deletion].into_iter().flatten().any(|date| date <= now) {
        return Err("the deadlines of a domain lie in the future".into());
    }
    domain.status = status;
    domain.changed = now;
    (domain.expire, domain.release) = (None, None);
    (domain.dedelegation, domain.deletion) = (notice.dedelegation, notice.deletion);
    if notice.handles.is_empty() {
        notice.handles = domain.holders.clone();
    }
    state.schedule(&name.ace);
    Ok(())
}
