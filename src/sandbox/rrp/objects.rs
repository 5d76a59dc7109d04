//! What the registry keeps: domains and name servers.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::rules::Address;

/// The status of a domain that has no other.
pub(super) const ACTIVE: &str = "ACTIVE";
/// Statuses a registrar sets.
pub(super) const OF_REGISTRAR: [&str; 2] = ["REGISTRAR-HOLD", "REGISTRAR-LOCK"];
/// Statuses only the registry sets, beside `ACTIVE`.
pub(super) const OF_REGISTRY: [&str; 3] = ["REGISTRY-DELETE-NOTIFY", "REGISTRY-HOLD", "REGISTRY-LOCK"];

/// Where a domain stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Registered,
    /// Deleted after its add grace.
    Redemption {
        until: Timestamp,
    },
    /// Soon free.
    PendingDelete {
        until: Timestamp,
    },
}

/// A request for a transfer that is not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) by: String,
    pub(super) requested: Timestamp,
    /// When the registry decides.
    pub(super) until: Timestamp,
}

/// Something that was paid and is paid back if the domain is deleted soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fee {
    /// `add`, `renew`, `auto_renew`, `transfer`.
    pub(super) kind: &'static str,
    pub(super) until: Timestamp,
    pub(super) cents: i64,
}

/// A domain.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) registrar: String,
    pub(super) created: Timestamp,
    pub(super) created_by: String,
    pub(super) updated: Timestamp,
    pub(super) updated_by: String,
    pub(super) transferred: Option<Timestamp>,
    pub(super) expires: Timestamp,
    /// All but [`ACTIVE`].
    pub(super) statuses: BTreeSet<String>,
    pub(super) servers: Vec<String>,
    /// Hosts below it.
    pub(super) children: BTreeSet<String>,
    pub(super) transfer: Option<Transfer>,
    pub(super) stage: Stage,
    pub(super) fees: Vec<Fee>,
}

impl Domain {
    /// Its statuses as STATUS shows them.
    pub(super) fn words(&self, shows_transfer: bool) -> Vec<String> {
        let one = |word: &str| vec![word.to_owned()];
        match self.stage {
            Stage::Redemption { .. } => return one("REDEMPTIONPERIOD"),
            Stage::PendingDelete { .. } => return one("PENDINGDELETE"),
            Stage::Registered => {}
        }
        let mut words: Vec<String> = self.statuses.iter().cloned().collect();
        if shows_transfer && self.transfer.is_some() {
            words.push("PENDINGTRANSFER".into());
        }
        if words.is_empty() { one(ACTIVE) } else { words }
    }

    fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.statuses.contains(*word))
    }

    pub(super) fn is_held(&self) -> bool {
        self.has(&["REGISTRAR-HOLD", "REGISTRY-HOLD"])
    }

    pub(super) fn is_held_by_registry(&self) -> bool {
        self.has(&["REGISTRY-HOLD"])
    }

    pub(super) fn is_locked(&self) -> bool {
        self.has(&["REGISTRAR-LOCK", "REGISTRY-LOCK", "REGISTRY-DELETE-NOTIFY"])
    }

    pub(super) fn is_locked_by_registry(&self) -> bool {
        self.has(&["REGISTRY-LOCK", "REGISTRY-DELETE-NOTIFY"])
    }

    /// Whether the registry would delete it if it could.
    pub(super) fn is_notified(&self) -> bool {
        self.has(&["REGISTRY-DELETE-NOTIFY"])
    }

    /// Whether it is on its way out.
    pub(super) fn is_deleted(&self) -> bool {
        self.stage != Stage::Registered
    }

    /// When something happens to it next.
    pub(super) fn due(&self) -> Timestamp {
        match self.stage {
            Stage::Redemption { until } | Stage::PendingDelete { until } => until,
            Stage::Registered => self.transfer.as_ref().map_or(self.expires, |t| t.until.min(self.expires)),
        }
    }

    /// Somebody has changed it.
    pub(super) fn touch(&mut self, by: &str, now: Timestamp) {
        (self.updated, self.updated_by) = (now, by.to_owned());
    }
}

/// A name server.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) registrar: String,
    pub(super) addresses: Vec<Address>,
    pub(super) created: Timestamp,
    pub(super) created_by: String,
    pub(super) updated: Timestamp,
    pub(super) updated_by: String,
    pub(super) transferred: Option<Timestamp>,
    /// Domains it serves.
    pub(super) serves: BTreeSet<String>,
}

impl Host {
    /// Somebody has changed it.
    pub(super) fn touch(&mut self, by: &str, now: Timestamp) {
        (self.updated, self.updated_by) = (now, by.to_owned());
    }
}
