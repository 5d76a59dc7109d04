//! Contacts and domains as they are stored.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::rules::dns::Dns;
use super::rules::names::Name;
use super::rules::verification::Block;
use super::state::State;

/// The registry as an account: it administers domains in TRANSIT, and nobody can log in to it.
pub(super) const DENIC: &str = "DENIC-1000000";

/// Type of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactKind {
    Person,
    Org,
    Request,
}

impl ContactKind {
    /// As written on the wire.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Org => "ORG",
            Self::Request => "REQUEST",
        }
    }

    /// The type with that word.
    pub(super) fn read(text: &str) -> Option<Self> {
        [Self::Person, Self::Org, Self::Request].into_iter().find(|kind| kind.word().eq_ignore_ascii_case(text))
    }
}

/// A stored contact.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    pub(super) handle: String,
    pub(super) account: String,
    pub(super) kind: ContactKind,
    pub(super) name: String,
    pub(super) organisation: Vec<String>,
    pub(super) address: Vec<String>,
    pub(super) postal_code: String,
    pub(super) city: String,
    pub(super) country: String,
    pub(super) email: Vec<String>,
    pub(super) phone: Option<String>,
    pub(super) uri_template: Option<String>,
    pub(super) verification: Vec<Block>,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    /// Since when no domain uses it: its creation, until the first one did; none while one does.
    pub(super) unreferenced_since: Option<Timestamp>,
    /// Whether a domain ever used it.
    pub(super) was_used: bool,
}

impl Contact {
    /// What a DISPUTE freezes: who the holder is, and where.
    pub(super) fn holder_data(&self) -> impl Ord + use<'_> {
        (
            self.kind.word(),
            &self.name,
            &self.organisation,
            &self.address,
            (&self.postal_code, &self.city, &self.country),
        )
    }
}

/// Status of a registered domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Connect,
    Failed,
    PendingCreate,
    ServerHold,
    RedemptionPeriod,
}

impl Status {
    const ALL: [Self; 5] = [Self::Connect, Self::Failed, Self::PendingCreate, Self::ServerHold, Self::RedemptionPeriod];

    /// As written on the wire.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Failed => "failed",
            Self::PendingCreate => "pendingCreate",
            Self::ServerHold => "serverHold",
            Self::RedemptionPeriod => "redemptionPeriod",
        }
    }

    /// The status with that word.
    pub(super) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(text))
    }
}

/// A password that lets another account take a domain over. Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthInfo {
    /// SHA-256 of the password, in lower-case hex.
    pub(super) hash: String,
    /// When it is deleted.
    pub(super) expire: Timestamp,
}

impl AuthInfo {
    /// Whether it still lives.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        now < self.expire
    }

    /// Whether it is the password, and still lives.
    pub(super) fn fits(&self, password: &str, now: Timestamp) -> bool {
        self.is_live(now) && self.hash == Self::hash_of(password)
    }

    /// The hash kept of a password.
    pub(super) fn hash_of(password: &str) -> String {
        Sha256::digest(password).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A registered domain.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) name: Name,
    pub(super) account: String,
    pub(super) holders: Vec<String>,
    pub(super) general_request: Option<String>,
    pub(super) abuse_contact: Option<String>,
    pub(super) dns: Dns,
    pub(super) status: Status,
    pub(super) registered: Timestamp,
    pub(super) changed: Timestamp,
    /// When a domain with unusable name servers is deleted.
    pub(super) expire: Option<Timestamp>,
    /// When a deleted name is free again.
    pub(super) release: Option<Timestamp>,
    /// When it leaves the zone unless its holders are verified.
    pub(super) dedelegation: Option<Timestamp>,
    /// When it is deleted unless its holders are verified.
    pub(super) deletion: Option<Timestamp>,
    /// The moment after that deadline at which it is; follows from it.
    pub(super) purge: Option<Timestamp>,
    /// When the assessment of a pending domain ends, if it is known.
    pub(super) assessed: Option<Timestamp>,
    /// The password the registrar gave.
    pub(super) authinfo1: Option<AuthInfo>,
    /// The password the registry sent the holders by letter.
    pub(super) authinfo2: Option<AuthInfo>,
    /// Whether the registry lock is on.
    pub(super) is_locked: bool,
    /// Handle of the one who disputes it, and gets it when it is deleted.
    pub(super) dispute: Option<String>,
    /// When the DISPUTE entry ends.
    pub(super) dispute_until: Option<Timestamp>,
}

impl Domain {
    /// A domain registered now, in order and delegated.
    pub(super) fn new(name: Name, account: &str, now: Timestamp) -> Self {
        Self {
            name,
            account: account.to_owned(),
            holders: Vec::new(),
            general_request: None,
            abuse_contact: None,
            dns: Dns::default(),
            status: Status::Connect,
            registered: now,
            changed: now,
            expire: None,
            release: None,
            dedelegation: None,
            deletion: None,
            purge: None,
            assessed: None,
            authinfo1: None,
            authinfo2: None,
            is_locked: false,
            dispute: None,
            dispute_until: None,
        }
    }

    /// Handles of all its contacts.
    pub(super) fn contacts(&self) -> impl Iterator<Item = &String> {
        self.holders.iter().chain(&self.general_request).chain(&self.abuse_contact)
    }

    /// Whether the registry itself administers it, after TRANSIT.
    pub(super) fn is_in_transit(&self) -> bool {
        self.account == DENIC
    }
}

impl State {
    /// Puts a domain in, or in the place of what it was before, and enters its dates into the calendar.
    pub(super) fn put_domain(&mut self, domain: Domain, now: Timestamp) {
        let ace = domain.name.ace.clone();
        let contacts: BTreeSet<String> = domain.contacts().cloned().collect();
        if let Some(before) = self.domains.insert(ace.clone(), domain) {
            before.contacts().filter(|handle| !contacts.contains(*handle)).for_each(|h| self.unuse(h, &ace, now));
        }
        for handle in contacts {
            if let Some(contact) = self.contacts.get_mut(&handle) {
                contact.unreferenced_since = None;
                contact.was_used = true;
            }
            self.uses.entry(handle).or_default().insert(ace.clone());
        }
        self.schedule(&ace);
    }

    /// Takes a domain out.
    pub(super) fn remove_domain(&mut self, ace: &str, now: Timestamp) -> Option<Domain> {
        let domain = self.domains.remove(ace)?;
        domain.contacts().for_each(|handle| self.unuse(handle, ace, now));
        Some(domain)
    }

    /// The domains a contact is used in.
    pub(super) fn domains_of(&self, handle: &str) -> impl Iterator<Item = &Domain> {
        self.uses.get(handle).into_iter().flatten().filter_map(|ace| self.domains.get(ace))
    }

    /// Whether a contact is holder of a domain under DISPUTE.
    pub(super) fn is_disputed(&self, handle: &str) -> bool {
        self.domains_of(handle).any(|domain| domain.dispute.is_some() && domain.holders.iter().any(|h| h == handle))
    }

    fn unuse(&mut self, handle: &str, ace: &str, now: Timestamp) {
        let Some(domains) = self.uses.get_mut(handle) else { return };
        domains.remove(ace);
        if domains.is_empty() {
            self.uses.remove(handle);
            if let Some(contact) = self.contacts.get_mut(handle) {
                contact.unreferenced_since = Some(now);
            }
            self.schedule_contact(handle);
        }
    }
}
