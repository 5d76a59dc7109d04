//! What arrived and what happened: the referee for exactly-once.
//!
//! Requests are what clients sent; effects are what the registry did because of it. Both are written while the
//! registry's state is locked, so an effect stands here if and only if it stands there.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Requests kept; older ones are dropped and counted. Effects are all kept.
const REQUESTS_KEPT: usize = 1_000_000;

/// Everything a sandbox has seen since it started.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests in order of arrival.
    pub requests: VecDeque<RequestRecord>,
    /// Changes of the registry's data ordered by clients, in the order they happened.
    pub effects: Vec<EffectRecord>,
    /// Broken rules, counted by account (`-` before LOGIN) and rule.
    pub violations: BTreeMap<String, BTreeMap<String, u64>>,
    /// Requests that are no longer in `requests`.
    pub requests_dropped: u64,
}

/// One request as it arrived.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Its number, from 1, over all registries.
    pub seq: u64,
    /// When its last byte had arrived, in sandbox time.
    pub arrived: Timestamp,
    /// The registry it was sent to.
    pub registry: String,
    /// The account of its session, or the one it wanted to log in to.
    pub account: Option<String>,
    /// The connection it came over.
    pub session: u64,
    /// What was asked: `domain.create`, or `unreadable`.
    pub action: String,
    /// The object it names, in the registry's canonical spelling.
    pub object: Option<String>,
    /// The client's transaction id.
    pub ctid: Option<String>,
    /// SHA-256 of the payload in hex; none for a LOGIN, because passwords must not be guessable from it.
    pub digest: Option<String>,
    /// Size of the payload in bytes.
    pub bytes: usize,
    /// How it was answered: the result word and the deciding code. None while it is under way or was never answered.
    pub answer: Option<String>,
    /// The fault that was injected, if any.
    pub fault: Option<String>,
}

/// One change of the registry's data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EffectRecord {
    /// Its number, from 1, over all registries.
    pub seq: u64,
    /// When it happened, in sandbox time.
    pub time: Timestamp,
    /// The registry it happened at.
    pub registry: String,
    /// The account that ordered it.
    pub account: String,
    /// What happened: `domain.create`.
    pub kind: String,
    /// The object, in the registry's canonical spelling.
    pub object: String,
    /// The client's transaction id.
    pub ctid: Option<String>,
    /// `seq` of the request that ordered it.
    pub request: u64,
    /// What the registry sent by other ways: the password of an AuthInfo2 letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Ledger {
    /// Writes down a request; its `seq` is given here and returned.
    pub(crate) fn arrive(&mut self, mut record: RequestRecord) -> u64 {
        let seq = self.requests_dropped + self.requests.len() as u64 + 1;
        record.seq = seq;
        self.requests.push_back(record);
        if self.requests.len() > REQUESTS_KEPT {
            self.requests.pop_front();
            self.requests_dropped += 1;
        }
        seq
    }

    /// Writes down how a request was answered.
    pub(crate) fn answered(&mut self, seq: u64, answer: String) {
        let place = seq.checked_sub(self.requests_dropped + 1).and_then(|n| usize::try_from(n).ok());
        if let Some(record) = place.and_then(|n| self.requests.get_mut(n)) {
            record.answer = Some(answer);
        }
    }

    /// Writes down a change; its `seq` is given here.
    pub(crate) fn effect(&mut self, mut effect: EffectRecord) {
        effect.seq = self.effects.len() as u64 + 1;
        self.effects.push(effect);
    }

    /// Counts a broken rule.
    pub(crate) fn violation(&mut self, account: Option<&str>, rule: &str) {
        let rules = self.violations.entry(account.unwrap_or("-").to_owned()).or_default();
        *rules.entry(rule.to_owned()).or_default() += 1;
    }

    /// How often an account broke a rule.
    #[must_use]
    pub fn violations_of(&self, account: &str, rule: &str) -> u64 {
        self.violations.get(account).and_then(|rules| rules.get(rule)).copied().unwrap_or(0)
    }
}
