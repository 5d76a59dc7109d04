//! DomainUpdate of fields: what is not stated stays, null clears (reference 7). Always one plain name: of a wildcard nobody
//! could tell afterwards for which names it was done.

use super::super::check::contact::{self, Extent};
use super::super::check::names::{self, Name};
use super::super::check::{dns, term};
use super::super::codec::tree::Element;
use super::super::params::{Field, Params, field, missing, state};
use super::{Request, Rules, audit_text, digit, domain_update};
use crate::model::request::RejectCode;
use crate::model::{ObjectKey, Reject};

/// The fields that can be changed.
pub const FIELDS: &[&str] =
    &["registrant", "admin", "tech", "nserver", "ds", "delegate", "lock", "reference", "term", "years"];

/// Those that have a value always, so that null says nothing.
const VALUES: &[&str] = &["delegate", "lock", "term", "years"];

/// The contacts, name servers and keys of a change, in the order of the DTD.
pub fn parts(params: &Params<'_>, name: &Name) -> Result<Vec<Element>, Reject> {
    let change = |param, element| contact::of_domain(params, param, element, Extent::Change);
    let registrant = change("registrant", "RegistrantContact")?;
    if state(params, "registrant") == Field::Clear {
        return Err(Reject::param("registrant", "cannot be cleared: a domain has a holder"));
    }
    let parts = [
        registrant,
        change("admin", "AdminContact")?,
        change("tech", "TechnicalContact")?,
        dns::nservers(params, &name.ace)?,
        dns::ds(params)?,
        audit_text(params)?,
    ];
    Ok(parts.into_iter().flatten().collect())
}

/// Changes fields of a domain.
pub struct Update {
    name: Name,
    reference: Field<String>,
    term: Option<String>,
    delegate: Option<bool>,
    lock: Option<bool>,
    full_result: Option<bool>,
    parts: Vec<Element>,
}

impl Request for Update {
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "registrant",
        "admin",
        "tech",
        "nserver",
        "ds",
        "delegate",
        "lock",
        "reference",
        "term",
        "years",
        "audit_text",
        "full_result",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let name = names::read(params)?;
        let is_said = |field: &&str| match state(params, field) {
            Field::Keep => false,
            Field::Clear => !VALUES.contains(field),
            Field::Set(_) => true,
        };
        if !FIELDS.iter().any(is_said) {
            let reason = format!("states no change; there are {}", FIELDS.join(", "));
            return Err(Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) });
        }
        Ok(Self {
            parts: parts(params, &name)?,
            name,
            reference: field(params, "reference")?,
            term: term(params)?.map(|months| months.to_string()),
            delegate: params.flag("delegate")?,
            lock: params.flag("lock")?,
            full_result: params.flag("full_result")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let attributes = [
            ("RegistrantRef", self.reference.attribute()),
            ("Term", self.term.as_deref()),
            ("Delegate", self.delegate.map(digit)),
            ("Lock", self.lock.map(digit)),
            ("FullResult", self.full_result.map(digit)),
        ];
        domain_update(id, &attributes, &self.name.ace).all(self.parts.iter().cloned())
    }
}

/// Changes the holder, and nothing else.
pub struct ChangeHolder {
    name: Name,
    parts: Vec<Element>,
}

impl Request for ChangeHolder {
    const PARAMS: &'static [&'static str] = &["domain", "registrant", "audit_text"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let name = names::read(params)?;
        if state(params, "registrant").is_keep() {
            return Err(missing("registrant"));
        }
        Ok(Self { parts: parts(params, &name)?, name })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        domain_update(id, &[], &self.name.ace).all(self.parts.iter().cloned())
    }
}
