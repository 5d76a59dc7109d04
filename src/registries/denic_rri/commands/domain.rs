//! What the domain commands share: the name, the data of a registration, and what answers show of it.

use serde_json::{Map, Value, json};

use super::super::check::{self, dns, dns::DomainName};
use super::super::codec::tree::{Block, DnsEntry, Item};
use super::super::codec::words::{Section, Word};
use super::super::params::Params;
use super::Rules;
use super::shown::{self, As, Field};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The parameters of a domain's name.
pub const NAME: &[&str] = &["domain", "domain_ace"];

/// The parameters `domain` and `domain_ace`, which must be the same name.
pub fn name(params: &Params<'_>) -> Result<DomainName, Reject> {
    check::names::read(params)
}

/// The key of a domain: its ACE form.
pub fn object(name: &DomainName) -> ObjectKey {
    ObjectKey::new(ObjectKind::Domain, &name.ace)
}

/// The name as requests write it; the ACE form beside it where it differs.
pub fn name_items(name: DomainName) -> Vec<Item> {
    let mut items = vec![Item::field(Word::Domain, name.unicode.as_str())];
    if name.ace != name.unicode {
        items.push(Item::field(Word::DomainAce, name.ace));
    }
    items
}

/// Contacts and DNS data: what CREATE orders, and what later commands replace as a whole.
pub struct Registration {
    holders: Vec<String>,
    abuse_contact: Option<String>,
    general_request: Option<String>,
    dns: Vec<DnsEntry>,
}

impl Registration {
    /// The parameters it has.
    pub const PARAMS: &'static [&'static str] =
        &["domain", "domain_ace", "holder", "general_request", "abuse_contact", "nserver", "nsentry", "dnskey"];

    /// Checks them: 1 to 5 holders, and either name servers or records.
    pub fn read(params: &Params<'_>, name: &DomainName, rules: &Rules) -> Result<Self, Reject> {
        let own = |name: &str| -> Result<Option<String>, Reject> {
            params.optional(name)?.map(|handle| check::handle(name, &handle, &rules.reg_acc)).transpose()
        };
        Ok(Self {
            holders: check::handles("holder", &params.required_list("holder")?, 5, &rules.reg_acc)?,
            abuse_contact: own("abuse_contact")?,
            general_request: own("general_request")?,
            dns: dns::read(params, &name.ace)?,
        })
    }

    /// Its fields in the order of the schema.
    pub fn items(self) -> Vec<Item> {
        let holders = self.holders.into_iter().map(|handle| Item::field(Word::Holder, handle));
        let abuse = self.abuse_contact.map(|handle| Item::field(Word::AbuseContact, handle));
        let general = self.general_request.map(|handle| Item::field(Word::GeneralRequest, handle));
        holders.chain(abuse).chain(general).chain(self.dns.into_iter().map(Item::Dns)).collect()
    }
}

const SHOWN: &[Field] = &[
    ("domain", Word::Domain, As::Host),
    ("ace", Word::DomainAce, As::Host),
    ("status", Word::Status, As::Status),
    ("changed", Word::Changed, As::Text),
    ("expire", Word::Expire, As::Text),
    ("verification_deadline_before_dedelegation", Word::DeadlineBeforeDedelegation, As::Text),
    ("verification_deadline_before_deletion", Word::DeadlineBeforeDeletion, As::Text),
    ("auth_info", Word::AuthInfo, As::True),
    ("auth_info1", Word::AuthInfo1, As::Text),
    ("auth_info2", Word::AuthInfo2, As::Text),
    ("registry_lock", Word::RegistryLock, As::True),
];

const REG_ACC: &[Field] = &[
    ("id", Word::RegAccId, As::Upper),
    ("name", Word::Name, As::Text),
    ("email", Word::Email, As::Text),
    ("phone", Word::Phone, As::Text),
    ("changed", Word::Changed, As::Text),
];

/// The registrar at the top level of an answer, as protocols 3.0 and 4.0 show it.
const REG_ACC_FLAT: &[Field] = &[("id", Word::RegAccId, As::Upper), ("name", Word::RegAccName, As::Text)];

/// A domain as CHECK shows it.
pub fn checked(answer: &Block) -> Value {
    Value::Object(shown::fields(answer, &SHOWN[..3]))
}

/// A domain as INFO shows it.
pub fn data(answer: &Block) -> Value {
    let mut object = shown::fields(answer, SHOWN);
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if let Some(date) = answer.get(Word::RegistrationDate) {
        // Of old domains the registry only knows that they were there before a date.
        let before = date.get(..7).filter(|word| word.eq_ignore_ascii_case("before ")).map(|_| date[7..].trim());
        put("registration_date", json!(before.unwrap_or(date)));
        put("registration_date_is_before", json!(before.is_some()));
    }
    for (name, lines) in [
        ("nserver", nservers(answer)),
        ("nsentry", answer.all(Word::Nsentry).map(nsentry).collect()),
        ("dnskey", answer.all(Word::Dnskey).map(str::to_owned).collect()),
    ] {
        if !lines.is_empty() {
            put(name, json!(lines));
        }
    }
    if answer.sections(Section::Dispute).next().is_some() {
        put("dispute", json!(true));
    }
    let nested = answer.sections(Section::RegAcc).next().map(|block| shown::fields(block, REG_ACC));
    let reg_acc = nested.unwrap_or_else(|| shown::fields(answer, REG_ACC_FLAT));
    if !reg_acc.is_empty() {
        put("reg_acc", Value::Object(reg_acc));
    }
    contacts(answer, &mut object);
    Value::Object(object)
}

/// The contacts of a domain: handles under the names CREATE takes, and whatever else is shown of them under
/// `…_details`. A foreign domain shows empty sections, or details without handles.
fn contacts(answer: &Block, object: &mut Map<String, Value>) {
    for (name, section) in [
        ("holder", Section::Holder),
        ("general_request", Section::GeneralRequest),
        ("abuse_contact", Section::AbuseContact),
    ] {
        let shown: Vec<_> = answer.sections(section).map(shown::contact).collect();
        let handles: Vec<Value> = shown.iter().filter_map(|contact| contact.get("handle").cloned()).collect();
        let has_more = |contact: &Map<String, Value>| contact.keys().any(|key| key != "handle");
        let details: Vec<Value> = shown.into_iter().filter(has_more).map(Value::Object).collect();
        for (name, mut values) in [(name.to_owned(), handles), (format!("{name}_details"), details)] {
            if values.is_empty() {
                continue;
            }
            // Only holders may be several.
            let value = if section == Section::Holder { Value::Array(values) } else { values.swap_remove(0) };
            object.insert(name, value);
        }
    }
}

/// Name servers as `host address…`, one text per host, as CREATE takes them.
fn nservers(answer: &Block) -> Vec<String> {
    let mut hosts: Vec<(String, Vec<String>)> = Vec::new();
    for line in answer.all(Word::Nserver) {
        let mut words = line.split_whitespace();
        let host = shown::host(words.next().unwrap_or_default());
        let addresses =
            words.map(|word| word.parse().map_or_else(|_| word.to_owned(), |ip: std::net::IpAddr| ip.to_string()));
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, known)) => known.extend(addresses),
            None => hosts.push((host, addresses.collect())),
        }
    }
    hosts.into_iter().map(|(host, addresses)| [vec![host], addresses].concat().join(" ")).collect()
}

/// A record with its names in the form they are compared in.
fn nsentry(line: &str) -> String {
    line.split_whitespace()
        .map(|word| if word.ends_with('.') { shown::host(word) } else { word.to_owned() })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The handles in a field `holder`, of parameters or of what INFO showed: in upper case, sorted.
pub fn holders(holder: Option<&Value>) -> Vec<String> {
    let handle = |value: &Value| value.as_str().map(|handle| handle.trim().to_uppercase());
    let mut holders: Vec<String> = match holder {
        Some(Value::Array(items)) => items.iter().filter_map(handle).collect(),
        Some(one) => handle(one).into_iter().collect(),
        None => Vec::new(),
    };
    holders.sort();
    holders
}
