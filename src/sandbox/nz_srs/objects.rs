//! What the registry keeps: domains, contacts and handles, registrars, what was billed, what was said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::dates;
use super::wire::tree::Element;

/// Days after registration or renewal in which a cancellation takes it back.
pub(super) const GRACE_DAYS: i64 = 5;
/// Days a cancelled domain can be brought back.
pub(super) const RELEASE_DAYS: i64 = 90;
/// Days a UDAI is valid.
pub(super) const UDAI_DAYS: i64 = 30;
/// Days until a transaction is confirmed.
pub(super) const CONFIRM_DAYS: i64 = 5;
/// Most months a domain may be billed ahead.
pub(super) const MOST_MONTHS: u32 = 120;
/// Most name servers of a domain.
pub(super) const MOST_SERVERS: usize = 10;
/// A month of a domain, in cents.
pub(super) const PRICE: i64 = 150;
/// The registry itself.
pub(super) const REGISTRY_ID: &str = "50";

/// Attributes of one part of a contact that are set.
pub(super) type Fields = BTreeMap<String, String>;

/// Someone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contact {
    /// The stored contact it stands for; then nothing else is in it.
    pub(super) handle: Option<String>,
    /// `Name`, `Email`, `Privacy`.
    pub(super) own: Fields,
    pub(super) address: Fields,
    pub(super) phone: Fields,
    pub(super) fax: Fields,
}

impl Contact {
    /// Its attributes and children, added to an element.
    pub(super) fn onto(&self, element: Element) -> Element {
        let attributes = |element: Element, fields: &Fields| {
            fields.iter().fold(element, |element, (name, value)| element.with(name, value))
        };
        let element = attributes(element.with_some("HandleId", self.handle.as_ref()), &self.own);
        let parts = [("PostalAddress", &self.address), ("Phone", &self.phone), ("Fax", &self.fax)];
        let parts = parts.into_iter().filter(|(_, fields)| !fields.is_empty());
        element.all(parts.map(|(name, fields)| attributes(Element::new(name), fields)))
    }
}

/// Who changed an object last, how, and when.
#[derive(Clone, Debug)]
pub(super) struct Audit {
    pub(super) registrar: String,
    pub(super) action: String,
    pub(super) from: Timestamp,
    pub(super) text: String,
}

impl Audit {
    /// As results have it.
    pub(super) fn element(&self) -> Element {
        Element::new("AuditDetails")
            .with("ActionId", &self.action)
            .with("RegistrarId", &self.registrar)
            .child(Element::new("AuditTime").child(dates::stamp("From", self.from)))
            .child(Element::text("AuditText", &self.text))
    }
}

/// A name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) ipv4: Option<String>,
    pub(super) ipv6: Option<String>,
}

/// A delegation signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) key_tag: String,
    pub(super) algorithm: String,
    pub(super) digest_type: String,
    pub(super) digest: String,
}

/// A renewal that can still be taken back.
#[derive(Clone, Debug)]
pub(super) struct Renewal {
    pub(super) at: Timestamp,
    /// What was billed until before.
    pub(super) from: Timestamp,
    pub(super) bill: u64,
}

/// A domain.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) unicode: Option<String>,
    pub(super) language: Option<String>,
    pub(super) registrar: String,
    pub(super) reference: Option<String>,
    /// Months of the next automatic renewal.
    pub(super) term: u32,
    pub(super) delegate: bool,
    pub(super) registrant: Contact,
    /// The registrant's, if there is none.
    pub(super) admin: Option<Contact>,
    /// The registrar's own, if there is none.
    pub(super) technical: Option<Contact>,
    pub(super) servers: Vec<Server>,
    pub(super) signers: Vec<Signer>,
    pub(super) registered: Timestamp,
    pub(super) billed_until: Timestamp,
    /// When it was cancelled, though it may be active again.
    pub(super) cancelled: Option<Timestamp>,
    pub(super) is_cancelled: bool,
    pub(super) locked: Option<Timestamp>,
    /// Whether only the registry can unlock it.
    pub(super) is_registry_lock: bool,
    /// Digest of the UDAI, and when it was made.
    pub(super) udai: Option<([u8; 32], Timestamp)>,
    pub(super) create_bill: u64,
    pub(super) renewal: Option<Renewal>,
    pub(super) audit: Audit,
}

impl Domain {
    pub(super) const fn status(&self) -> &'static str {
        if self.is_cancelled { "PendingRelease" } else { "Active" }
    }

    /// When something happens to it by itself.
    pub(super) fn due(&self) -> Timestamp {
        match self.cancelled.filter(|_| self.is_cancelled) {
            Some(cancelled) => dates::days_later(cancelled, RELEASE_DAYS),
            None => self.billed_until,
        }
    }

    /// Whether the registration can still be taken back.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        !super::patterns::is_settled(&self.name) && now < dates::days_later(self.registered, GRACE_DAYS)
    }

    /// Its contacts that are set.
    pub(super) fn contacts(&self) -> impl Iterator<Item = &Contact> {
        [Some(&self.registrant), self.admin.as_ref(), self.technical.as_ref()].into_iter().flatten()
    }
}

/// A stored contact of a registrar.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) id: String,
    pub(super) registrar: String,
    pub(super) contact: Contact,
    pub(super) created: Timestamp,
    pub(super) audit: Audit,
}

/// A registrar.
#[derive(Clone, Debug)]
pub(super) struct Registrar {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) reference: String,
    pub(super) url: Option<String>,
    pub(super) public: Contact,
    pub(super) srs: Contact,
    pub(super) technical: Contact,
    /// Public keys in armour.
    pub(super) keys: Vec<String>,
    /// Whether the registered keys can be used.
    pub(super) has_good_keys: bool,
    pub(super) password: Option<String>,
    pub(super) second_levels: BTreeSet<String>,
    pub(super) roles: BTreeSet<String>,
    pub(super) audit: Audit,
}

/// What was billed.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    pub(super) registrar: String,
    /// `Create` or `Renew`.
    pub(super) kind: &'static str,
    pub(super) domain: String,
    pub(super) reference: Option<String>,
    pub(super) months: u32,
    /// When it counts; the registry's own renewals only after their grace.
    pub(super) at: Timestamp,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Something that was answered or said.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) at: Timestamp,
    pub(super) originator: String,
    pub(super) recipient: String,
    pub(super) transaction: String,
    pub(super) audit_text: String,
    pub(super) response: Element,
    /// Whether another one caused it.
    pub(super) is_third_party: bool,
    /// Whether the registry made data for it.
    pub(super) is_generated: bool,
    /// Whether it was queued, and whether it still is.
    pub(super) was_queued: bool,
    pub(super) is_waiting: bool,
}
