//! DomainUpdate with a UDAI, by a registrar who has not got the domain: takes it over at once. A `Whois` goes with it, so
//! that a name nobody has and a name of another registrar can be told apart where the update matches nothing.

use super::super::check::names::{self, Name};
use super::super::check::{term, udai};
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, digit, domain_update, domain_update::parts, whois};
use crate::model::{ObjectKey, Reject, Secret};

/// Takes a domain over.
pub struct Transfer {
    name: Name,
    udai: Secret,
    term: Option<String>,
    delegate: Option<bool>,
    reference: Option<String>,
    convert: Option<bool>,
    restore: bool,
    parts: Vec<Element>,
}

impl Request for Transfer {
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "auth_info",
        "registrant",
        "admin",
        "tech",
        "nserver",
        "ds",
        "delegate",
        "reference",
        "term",
        "years",
        "restore",
        "convert_contacts_to_handles",
        "audit_text",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let name = names::read(params)?;
        Ok(Self {
            udai: udai(params)?,
            term: term(params)?.map(|months| months.to_string()),
            delegate: params.flag("delegate")?,
            reference: params.optional("reference")?,
            convert: params.flag("convert_contacts_to_handles")?,
            restore: params.flag("restore")?.unwrap_or(false),
            parts: parts(params, &name)?,
            name,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn before(&self, id: &str) -> Option<Element> {
        Some(whois::element(&self.name.ace, &format!("{id}w"), false))
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        // Renewing in the same action, as the registry's own proxy does it.
        let attributes = [
            ("UDAI", Some(self.udai.expose())),
            ("ConvertContactsToHandles", self.convert.map(digit)),
            ("RegistrantRef", self.reference.as_deref()),
            ("Term", self.term.as_deref()),
            ("Delegate", self.delegate.map(digit)),
            ("Renew", self.term.as_ref().map(|_| "1")),
            ("Cancel", self.restore.then_some("0")),
        ];
        domain_update(id, &attributes, &self.name.ace).all(self.parts.iter().cloned())
    }
}
