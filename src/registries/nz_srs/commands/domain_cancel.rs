//! DomainUpdate with `Cancel`: 1 gives a domain up (within five days of its registration for good, else for 90 days to be
//! had back), 0 takes it back.

use super::super::check::names::{self, Name};
use super::super::check::term;
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, audit_text, domain_update};
use crate::model::{ObjectKey, Reject};

/// Cancels a domain.
pub struct Cancel {
    name: Name,
    audit_text: Option<Element>,
}

impl Request for Cancel {
    const PARAMS: &'static [&'static str] = &["domain", "audit_text"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: names::read(params)?, audit_text: audit_text(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        domain_update(id, &[("Cancel", Some("1"))], &self.name.ace).all(self.audit_text.clone())
    }
}

/// Takes a cancelled domain back; with months it is renewed too, which one needs whose `BilledUntil` has passed.
pub struct Uncancel {
    name: Name,
    term: Option<String>,
    audit_text: Option<Element>,
}

impl Request for Uncancel {
    const PARAMS: &'static [&'static str] = &["domain", "term", "years", "audit_text"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self {
            name: names::read(params)?,
            term: term(params)?.map(|months| months.to_string()),
            audit_text: audit_text(params)?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let renew = self.term.as_ref().map(|_| "1");
        let attributes = [("Cancel", Some("0")), ("Renew", renew), ("Term", self.term.as_deref())];
        domain_update(id, &attributes, &self.name.ace).all(self.audit_text.clone())
    }
}
