//! What the registry keeps: domains, orders, transfers, name servers, events.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::clock::later;
use super::dates;
use super::wire::tree::Node;

/// Days after the expiry until a domain is deleted.
pub(super) const GRACE_DAYS: i64 = 40;
/// Days a deleted domain can be redeemed.
pub(super) const REDEMPTION_DAYS: i64 = 30;
/// Days a registrant has to prove the address.
pub(super) const VERIFICATION_DAYS: i64 = 15;

/// Where a domain stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Active,
    /// Expired, and still renewed like any other.
    Grace,
    /// Deleted, and still redeemed.
    Redemption,
}

impl Stage {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Grace => "grace",
            Self::Redemption => "redemption",
        }
    }
}

/// Whom an address belongs to: first name, last name, e-mail.
pub(super) type Registrant = (String, String, String);

/// The proof that a registrant can be reached.
#[derive(Clone, Debug)]
pub(super) struct Verification {
    /// `verifying`, `verified`, `suspended`.
    pub(super) status: &'static str,
    pub(super) deadline: Timestamp,
    pub(super) bounced: bool,
}

/// A domain.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) account: String,
    /// The registrant's profile it is in.
    pub(super) profile: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) transferred: Option<Timestamp>,
    pub(super) expires: Timestamp,
    /// Years it was renewed from: RENEW with one of these is a repetition.
    pub(super) renewed_from: BTreeSet<i16>,
    /// By type: owner, admin, billing, tech.
    pub(super) contacts: BTreeMap<String, Node>,
    pub(super) nameservers: Vec<String>,
    pub(super) is_locked: bool,
    pub(super) is_private: bool,
    pub(super) is_parked: bool,
    pub(super) auth_info: String,
    pub(super) auto_renew: bool,
    pub(super) let_expire: bool,
    pub(super) affiliate_id: Option<String>,
    pub(super) tld_data: Option<Node>,
    pub(super) stage: Stage,
    pub(super) deleted: Option<Timestamp>,
    pub(super) verification: Option<Verification>,
    /// When it leaves for another registrar.
    pub(super) leaves: Option<Timestamp>,
    /// The request of a change that an asynchronous registry has not carried out yet.
    pub(super) waiting: Option<u64>,
}

impl Domain {
    /// The registry's expiry: some registries renew at once what has expired.
    pub(super) fn registry_expires(&self) -> Timestamp {
        let extends = self.stage == Stage::Grace && self.name.starts_with("autoextend-");
        if extends { dates::years_later(self.expires, 1) } else { self.expires }
    }

    /// The owner as far as verification goes.
    pub(super) fn registrant(&self) -> Registrant {
        registrant(self.contacts.get("owner"))
    }

    /// When something happens to it next.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let stage = match self.stage {
            Stage::Active => self.expires,
            Stage::Grace => dates::days_later(self.expires, GRACE_DAYS),
            Stage::Redemption => dates::days_later(self.deleted.unwrap_or(self.expires), REDEMPTION_DAYS),
        };
        let proof = self.verification.as_ref().filter(|proof| proof.status == "verifying").map(|proof| proof.deadline);
        [Some(stage), proof, self.leaves].into_iter().flatten().min()
    }
}

/// Who an owner contact is.
pub(super) fn registrant(owner: Option<&Node>) -> Registrant {
    let text = |key: &str| owner.and_then(|owner| owner.text(key)).unwrap_or_default().to_lowercase();
    (text("first_name"), text("last_name"), text("email"))
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Waiting,
    Processed,
    Completed,
    Declined,
    Cancelled,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Processed => "processed",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Premium,
    Transfer,
    Renewal,
}

impl Kind {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Premium => "premium",
            Self::Transfer => "transfer",
            Self::Renewal => "renewal",
        }
    }
}

/// An order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) account: String,
    pub(super) domain: String,
    pub(super) kind: Kind,
    pub(super) status: Status,
    pub(super) placed: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) period: u8,
    /// In cents.
    pub(super) cost: i64,
    pub(super) affiliate_id: Option<String>,
    /// The attributes it was given with.
    pub(super) fields: Node,
    /// Its number in the queue of an asynchronous registry.
    pub(super) queue: Option<u64>,
    /// When the waiting ends, and whether well.
    pub(super) ends: Option<(Timestamp, bool)>,
}

/// A transfer to us.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub(super) id: u64,
    pub(super) order: u64,
    pub(super) account: String,
    pub(super) domain: String,
    /// `pending_owner`, `pending_registry`, `completed`, `cancelled`.
    pub(super) status: &'static str,
    pub(super) request_address: String,
    pub(super) losing: String,
    pub(super) requested: Timestamp,
    pub(super) changed: Timestamp,
    /// Whether the registry will refuse it.
    pub(super) fails: bool,
    /// How long each of its steps takes, if not as long as it really does.
    pub(super) pace: Option<SignedDuration>,
}

impl Transfer {
    /// When its state changes by itself: the owner agrees after a day, the losing registrar has five.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let days = match self.status {
            "pending_owner" => 1,
            "pending_registry" => 5,
            _ => return None,
        };
        Some(self.pace.map_or_else(|| dates::days_later(self.changed, days), |pace| later(self.changed, pace)))
    }
}

/// A name server below a domain.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) ipv4: Option<String>,
    pub(super) ipv6: Option<String>,
}

/// Something the registry has to say.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) date: Timestamp,
    pub(super) object: String,
    pub(super) event: String,
    pub(super) data: Node,
}

/// A change of a domain that an asynchronous registry carries out later.
#[derive(Clone, Debug)]
pub(super) struct Later {
    pub(super) account: String,
    /// The domain as it will be.
    pub(super) domain: Box<Domain>,
    pub(super) ends: Timestamp,
    pub(super) is_done: bool,
}
