//! Messages of the queue: what they can tell, and how each type is written.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::clock::Clock;
use super::codes;
use super::state::Domain;
use crate::model::{Level, Message};

/// The types the registry is known to use. Others can be put into a queue too: a client must live with new ones.
pub(super) const TYPES: [&str; 11] = [
    "authInfo2Notify",
    "authInfo2Delete",
    "authInfoExpire",
    "chprovAuthInfo",
    "contactDelete",
    "contactVerificationRequired",
    "contactUpdate",
    "domainDelete",
    "domainStatusUpdate",
    "expireWarning",
    "expire",
];

/// Most characters of one text.
const LONGEST: usize = 1024;
/// Most entries of one list.
const MOST: usize = 500;
/// Most characters of all texts together: an answer has to fit into one frame.
const LARGEST: usize = 20_000;

/// A message in a queue.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) id: String,
    /// When it was put there, as written on the wire.
    pub(super) time: String,
    pub(super) notice: Notice,
}

/// What a message tells. Also the body of `POST /messages`; which fields make sense depends on the type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Notice {
    /// One of [`TYPES`], or any other word of letters and digits.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The domain, in any spelling.
    pub(super) domain: Option<String>,
    /// Handles of contacts; of the holders in `domainStatusUpdate`.
    pub(super) handles: Vec<String>,
    /// The new status of the domain.
    pub(super) status: Option<String>,
    /// Deadline before de-delegation.
    pub(super) dedelegation: Option<Timestamp>,
    /// Deadline before deletion.
    pub(super) deletion: Option<Timestamp>,
    /// When a failed domain expires or expired.
    pub(super) expire: Option<Timestamp>,
    /// When an AuthInfo expired.
    pub(super) authinfo_expire: Option<Timestamp>,
    /// The account that has the domain now.
    pub(super) chprov_to: Option<String>,
    /// The account that had it.
    pub(super) chprov_from: Option<String>,
    /// Claims to verify.
    pub(super) claims: Vec<String>,
    /// In `contactVerificationRequired`, the domain that is deleted first, if it is not the one of the domain field.
    pub(super) deletion_domain: Option<String>,
    /// How many domains a contact is used in.
    pub(super) domains_total: Option<u64>,
    /// Why a domain was deleted.
    pub(super) reason: Option<String>,
    /// Anything else, by keyword.
    pub(super) fields: BTreeMap<String, String>,
    /// Coded messages; those usual for the type if none are given.
    pub(super) messages: Vec<Message>,
}

impl Notice {
    /// A message of a type with nothing in it.
    pub(super) fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..Self::default() }
    }

    /// The outcome of an assessment.
    pub(super) fn status_update(domain: &Domain) -> Self {
        Self {
            domain: Some(domain.name.ace.clone()),
            handles: domain.holders.clone(),
            status: Some(domain.status.word().to_owned()),
            dedelegation: domain.dedelegation,
            deletion: domain.deletion,
            ..Self::new("domainStatusUpdate")
        }
    }

    /// Whether it can be written: words are words, texts are one line each, and nothing is too long.
    ///
    /// # Errors
    /// Says which field is how wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let keywords = std::iter::once(("type", &self.kind)).chain(self.fields.keys().map(|k| ("fields", k)));
        for (field, word) in keywords {
            let is_word = word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric());
            if !is_word || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return Err(format!("`{field}`: `{}` is no word of letters and digits", word.escape_default()));
            }
        }
        let codes = self.messages.iter().map(|message| &message.code);
        if let Some(code) =
            codes.clone().find(|code| code.is_empty() || !code.bytes().all(|b| b.is_ascii_alphanumeric()))
        {
            return Err(format!("`messages`: `{}` is no code", code.escape_default()));
        }
        let singles = [&self.domain, &self.deletion_domain, &self.status, &self.chprov_to, &self.chprov_from];
        let told = self.messages.iter().flat_map(|message| message.arguments.iter().chain([&message.text]));
        let texts = singles.into_iter().chain([&self.reason]).flatten();
        let texts = texts.chain(&self.handles).chain(&self.claims).chain(self.fields.values()).chain(told).chain(codes);
        let mut total = 0;
        for text in texts {
            let length = text.chars().count();
            total += length;
            if length > LONGEST || text.chars().any(char::is_control) {
                return Err(format!("texts are one line of at most {LONGEST} characters"));
            }
        }
        let lists = [self.handles.len(), self.claims.len(), self.fields.len(), self.messages.len()];
        let mut lengths = lists.into_iter().chain(self.messages.iter().map(|message| message.arguments.len()));
        if total > LARGEST || lengths.any(|length| length > MOST) {
            return Err(format!("a message holds at most {LARGEST} characters, a list {MOST} entries"));
        }
        Ok(())
    }

    /// Whether it is of that type, in any case.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// The messages in it: those given, or those usual for its type.
    pub(super) fn coded(&self, clock: &Clock) -> Vec<Message> {
        if !self.messages.is_empty() {
            return self.messages.clone();
        }
        match self.kind.as_str() {
            "domainStatusUpdate" => {
                let claims = if self.claims.is_empty() { "address;name".to_owned() } else { self.claims.join(";") };
                let arguments = |date| [format!("Date: {}", clock.wire(date)), format!("VerificationClaims: {claims}")];
                let dedelegation = self.dedelegation.map(|date| codes::DEDELEGATION_DEADLINE.with(arguments(date)));
                let deletion = self.deletion.map(|date| codes::DELETION_DEADLINE.with(arguments(date)));
                dedelegation.into_iter().chain(deletion).collect()
            }
            "domainDelete" => {
                let reason = self.reason.clone().unwrap_or_default();
                vec![info("16350000031", "Domain has been deleted", vec![reason])]
            }
            kind => {
                USUAL.iter().filter(|(of, ..)| *of == kind).map(|(_, code, text)| info(code, text, vec![])).collect()
            }
        }
    }
}

/// Messages without arguments that come with a type.
const USUAL: &[(&str, &str, &str)] = &[
    ("authInfo2Delete", "11300077725", "AuthInfo deleted"),
    ("authInfo2Delete", "11300077726", "AuthInfo letter could not be delivered"),
    (
        "contactVerificationRequired",
        "16350000050",
        "Verification information must be provided for the handle to avoid dedelegation and/or deletion",
    ),
    (
        "contactVerificationRequired",
        "16350000051",
        "Please provide the requested verification information by means of a Contact UPDATE",
    ),
];

fn info(code: &str, text: &str, arguments: Vec<String>) -> Message {
    Message { level: Level::Info, code: code.to_owned(), text: text.to_owned(), arguments }
}
