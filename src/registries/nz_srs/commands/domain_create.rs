//! DomainCreate: registers a name at once and bills its months at once; there is no pending state.

use super::super::check::contact::{self, Extent};
use super::super::check::names::{self, LANGUAGE, Name};
use super::super::check::{dns, required_term};
use super::super::codec::tree::Element;
use super::super::params::{Params, missing};
use super::{Request, Rules, audit_text, digit};
use crate::model::{ObjectKey, Reject};

/// Orders a domain.
pub struct Create {
    name: Name,
    language: Option<String>,
    term: u64,
    reference: Option<String>,
    delegate: Option<bool>,
    parts: Vec<Element>,
}

impl Request for Create {
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "term",
        "years",
        "registrant",
        "admin",
        "tech",
        "nserver",
        "ds",
        "delegate",
        "reference",
        "language",
        "audit_text",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let name = names::read(params)?;
        let whole = |param, element| -> Result<Option<Element>, Reject> {
            // Nothing is there yet that null could clear.
            let contact = contact::of_domain(params, param, element, Extent::Whole)?;
            Ok(contact.filter(|contact| *contact != Element::new(element)))
        };
        let registrant = whole("registrant", "RegistrantContact")?.ok_or_else(|| missing("registrant"))?;
        let others = [
            whole("admin", "AdminContact")?,
            whole("tech", "TechnicalContact")?,
            dns::nservers(params, &name.ace)?,
            dns::ds(params)?,
            audit_text(params)?,
        ];
        Ok(Self {
            language: match (params.optional("language")?, &name.unicode) {
                (None, Some(_)) => Some(LANGUAGE.to_owned()),
                (language, _) => language,
            },
            name,
            term: required_term(params)?,
            reference: params.optional("reference")?,
            delegate: params.flag("delegate")?,
            parts: std::iter::once(registrant)
                .chain(
                    others
                        .into_iter()
                        .flatten()
                        .filter(|part| !part.children.is_empty() || *part != Element::new(&part.name)),
                )
                .collect(),
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        Element::new("DomainCreate")
            .with("ActionId", id)
            .with("DomainName", &self.name.ace)
            .maybe("DomainNameUnicode", self.name.unicode.as_deref())
            .maybe("DomainNameLanguage", self.language.as_deref())
            .with("Term", self.term.to_string())
            .maybe("Delegate", self.delegate.map(digit))
            .maybe("RegistrantRef", self.reference.as_deref())
            .all(self.parts.iter().cloned())
    }
}
