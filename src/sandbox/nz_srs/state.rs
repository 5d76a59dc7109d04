//! What the registry knows. Guarded by one mutex that is never held across an await.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::holds::Holds;
use super::objects::{Audit, Bill, Contact, Domain, Fields, Handle, Message, Registrar, UDAI_DAYS};
use super::{NzOptions, dates, keys, names};

/// The first registrar's id; the others follow.
const FIRST_ID: usize = 90;
/// Roles of an ordinary registrar.
const ROLES: &[&str] = &[
    "CancelDomain",
    "Connect",
    "CreateDomain",
    "Query",
    "Registrar",
    "TransferDomain",
    "UncancelDomain",
    "UpdateDomain",
    "UpdateRegistrar",
    "Whois",
];
/// What a UDAI is made of.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// An action that was carried out or refused.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) digest: [u8; 32],
    pub(super) response: super::wire::tree::Element,
    /// The place of its document.
    pub(super) document: usize,
}

/// A document with a write in it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) request: Vec<u8>,
    pub(super) signature: String,
    pub(super) response: String,
}

/// The whole registry.
pub(super) struct State {
    pub(super) registrars: BTreeMap<String, Registrar>,
    pub(super) domains: BTreeMap<String, Domain>,
    /// Earlier versions of domains, each with the instant at which it was over.
    pub(super) past: BTreeMap<String, Vec<(Domain, Timestamp)>>,
    /// By registrar and id in small letters.
    pub(super) handles: BTreeMap<(String, String), Handle>,
    pub(super) bills: BTreeMap<u64, Bill>,
    /// By registrar and ActionId.
    pub(super) actions: BTreeMap<(String, String), Done>,
    pub(super) documents: Vec<Document>,
    pub(super) messages: Vec<Message>,
    /// When a domain was last written to.
    pub(super) written: BTreeMap<String, Timestamp>,
    /// Names being worked on.
    pub(super) held: Holds,
    /// When something is due for a domain; may hold dates that no longer matter.
    pub(super) calendar: BTreeSet<(Timestamp, String)>,
    /// Names whose first write was treated as they ask for.
    pub(super) met: BTreeSet<String>,
    seed: u64,
    serial: u64,
    /// The number of the last document at this front end.
    pub(super) front_end: u64,
}

impl State {
    /// A registry with registrars and nothing else.
    pub(super) fn new(options: &NzOptions, seed: u64, now: Timestamp) -> Self {
        let registrars: Vec<_> = (0..options.accounts).map(|n| registrar(n, now)).collect();
        Self {
            registrars: registrars.into_iter().map(|registrar| (registrar.id.clone(), registrar)).collect(),
            domains: BTreeMap::new(),
            past: BTreeMap::new(),
            handles: BTreeMap::new(),
            bills: BTreeMap::new(),
            actions: BTreeMap::new(),
            documents: Vec::new(),
            messages: Vec::new(),
            written: BTreeMap::new(),
            held: Holds::default(),
            calendar: BTreeSet::new(),
            met: BTreeSet::new(),
            seed,
            serial: 0,
            front_end: 4_020_372,
        }
    }

    /// Fresh bytes: the same in every run with the same seed and order.
    pub(super) fn next_digest(&mut self) -> [u8; 32] {
        self.serial += 1;
        Sha256::digest([self.seed.to_be_bytes(), self.serial.to_be_bytes()].concat()).into()
    }

    /// The next number for a bill.
    pub(super) fn next_bill(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A new UDAI, of which the domain keeps the digest only.
    pub(super) fn new_udai(&mut self, domain: &mut Domain, now: Timestamp) -> String {
        let letters = self.next_digest().into_iter().take(8);
        let letter = |byte: u8| ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().unwrap_or(b'x');
        let udai: String = letters.map(|byte| char::from(letter(byte))).collect();
        self.set_udai(domain, &udai, now);
        udai
    }

    /// Makes this a domain's UDAI.
    pub(super) fn set_udai(&self, domain: &mut Domain, udai: &str, now: Timestamp) {
        domain.udai = Some((self.digest_of(&domain.name, udai), now));
    }

    /// Whether this is a domain's UDAI, and not too old.
    pub(super) fn is_udai(&self, domain: &Domain, udai: &str, now: Timestamp) -> bool {
        let digest = self.digest_of(&domain.name, udai);
        domain.udai.is_some_and(|(known, made)| known == digest && now < dates::days_later(made, UDAI_DAYS))
    }

    fn digest_of(&self, name: &str, udai: &str) -> [u8; 32] {
        Sha256::digest(format!("{} {name} {udai}", self.seed)).into()
    }

    /// Puts a domain in as it is now; what it was before is history.
    pub(super) fn put(&mut self, domain: Domain) {
        self.calendar.insert((domain.due(), domain.name.clone()));
        let from = domain.audit.from;
        if let Some(before) = self.domains.insert(domain.name.clone(), domain) {
            self.past.entry(before.name.clone()).or_default().push((before, from));
        }
    }

    /// Frees a name.
    pub(super) fn release(&mut self, name: &str) {
        self.domains.remove(name);
        self.past.remove(name);
    }

    /// Whether names below this second level are the registrar's to register.
    pub(super) fn may_register(&self, registrar: &str, second_level: &str) -> bool {
        self.registrars.get(registrar).is_some_and(|known| known.second_levels.contains(second_level))
    }

    /// A handle of a registrar.
    pub(super) fn handle(&self, registrar: &str, id: &str) -> Option<&Handle> {
        self.handles.get(&(registrar.to_owned(), id.to_lowercase()))
    }

    /// A contact with what its handle says in it.
    pub(super) fn resolved(&self, registrar: &str, contact: &Contact) -> Contact {
        let handle = contact.handle.as_ref().and_then(|id| self.handle(registrar, id));
        match handle {
            Some(handle) => Contact { handle: Some(handle.id.clone()), ..handle.contact.clone() },
            None => contact.clone(),
        }
    }

    /// The domains that use a handle.
    pub(super) fn users_of(&self, registrar: &str, id: &str) -> Vec<String> {
        let uses = |contact: &Contact| contact.handle.as_ref().is_some_and(|used| used.eq_ignore_ascii_case(id));
        let domains = self.domains.values().filter(|domain| domain.registrar == registrar);
        domains.filter(|domain| domain.contacts().any(uses)).map(|domain| domain.name.clone()).collect()
    }
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Somebody who works at a registrar.
fn clerk(name: &str, mail: &str) -> Contact {
    Contact {
        own: fields(&[("Name", name), ("Email", mail)]),
        address: fields(&[("Address1", "1 Main Road"), ("City", "Wellington"), ("CountryCode", "NZ")]),
        phone: fields(&[("CountryCode", "64"), ("AreaCode", "4"), ("LocalNumber", "111123")]),
        ..Contact::default()
    }
}

fn registrar(n: usize, now: Timestamp) -> Registrar {
    let id = (FIRST_ID + n).to_string();
    let domain = format!("registrar-{id}.example");
    Registrar {
        name: format!("Registrar {id} Ltd"),
        reference: format!("Reg{id}"),
        url: Some(format!("www.{domain}")),
        public: clerk("Customer Service", &format!("help@{domain}")),
        srs: clerk("Administration", &format!("admin@{domain}")),
        technical: clerk("Technician", &format!("tech@{domain}")),
        keys: vec![keys::of_registrar(n).1.to_owned()],
        has_good_keys: true,
        password: None,
        second_levels: names::OPEN.iter().map(|name| (*name).to_owned()).collect(),
        roles: ROLES.iter().map(|role| (*role).to_owned()).collect(),
        audit: Audit {
            registrar: super::objects::REGISTRY_ID.into(),
            action: format!("InitialiseRegistrar{id}"),
            from: now,
            text: String::new(),
        },
        id,
    }
}
