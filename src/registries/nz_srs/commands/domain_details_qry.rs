//! DomainDetailsQry: all fields of domains of ours. Without a list of fields only name and status come back.

use super::super::check::{date_range, names, names::Name};
use super::super::codec::tree::Element;
use super::super::params::{Field, Params, list, refuse};
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// The fields there are, in the order of the DTD.
const FIELDS: &[&str] = &[
    "Status",
    "NameServers",
    "DNSSEC",
    "RegistrantContact",
    "RegisteredDate",
    "AdminContact",
    "TechnicalContact",
    "LockedDate",
    "Delegate",
    "RegistrarId",
    "RegistrarName",
    "RegistrantRef",
    "LastActionId",
    "ChangedByRegistrarId",
    "Term",
    "BilledUntil",
    "CancelledDate",
    "AuditText",
    "EffectiveFrom",
    "DefaultContacts",
];

fn field_list(fields: &[&str]) -> Element {
    fields.iter().fold(Element::new("FieldList"), |list, field| list.with(field, "1"))
}

/// Everything about a domain of ours.
pub struct Info(Name);

impl Request for Info {
    const PARAMS: &'static [&'static str] = &["domain"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        names::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        Element::new("DomainDetailsQry")
            .with("QryId", id)
            .child(Element::of_text("DomainNameFilter", &self.0.ace))
            .child(field_list(FIELDS))
    }
}

/// A page of our domains, for instance to compare them by night.
pub struct List {
    filter: Option<String>,
    status: Option<String>,
    limit: u64,
    skip: u64,
    billed: Option<Element>,
    fields: Vec<&'static str>,
}

impl Request for List {
    const PARAMS: &'static [&'static str] = &["filter", "status", "from", "to", "limit", "skip", "fields"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let status = params.optional("status")?;
        if let Some(status) = status.as_deref().filter(|status| !["Active", "PendingRelease"].contains(status)) {
            return Err(refuse("status", "must be Active or PendingRelease", status));
        }
        let known = |(at, field): (usize, &String)| {
            let rule = format!("must be one of {}", FIELDS.join(", "));
            FIELDS
                .iter()
                .copied()
                .find(|known| known == field)
                .ok_or_else(|| refuse(format!("fields[{at}]"), &rule, field))
        };
        let fields = match list(params, "fields")? {
            Field::Set(fields) => fields.iter().enumerate().map(known).collect::<Result<_, _>>()?,
            Field::Keep | Field::Clear => FIELDS.to_vec(),
        };
        Ok(Self {
            filter: params.optional("filter")?,
            status,
            limit: params.number("limit", &(1..=1000))?.unwrap_or(100),
            skip: params.number("skip", &(0..=100_000_000))?.unwrap_or(0),
            billed: date_range(params, "BilledUntilDateRange")?,
            fields,
        })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        Element::new("DomainDetailsQry")
            .with("QryId", id)
            .maybe("Status", self.status.as_deref())
            .with("MaxResults", self.limit.to_string())
            .with("SkipResults", self.skip.to_string())
            .all(self.filter.as_deref().map(|filter| Element::of_text("DomainNameFilter", filter)))
            .all(self.billed.clone())
            .child(field_list(&self.fields))
    }
}
