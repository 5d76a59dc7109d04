//! DomainUpdate with `Renew`: bills months now and adds them to `BilledUntil`. Only the `ActionId` keeps it from being done
//! twice, for nothing on the wire says from when; so a job may state `expires`, and the domain is read first.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::check::names::{self, Name};
use super::super::check::required_term;
use super::super::codec::tree::Element;
use super::super::dates;
use super::super::params::{Params, refuse};
use super::{Request, Rules, audit_text, domain_update};
use crate::model::{Answer, ObjectKey, Reject};

/// The parameter that says until when the domain is paid for at present.
pub const EXPIRES: &str = "expires";

/// Renews a domain.
pub struct Renew {
    name: Name,
    term: u64,
    audit_text: Option<Element>,
}

impl Request for Renew {
    const PARAMS: &'static [&'static str] = &["domain", "term", "years", EXPIRES, "audit_text"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        if let Some(text) = params.optional(EXPIRES)?
            && Expected::of(&text).is_none()
        {
            return Err(refuse(EXPIRES, "must be a day in New Zealand or an instant, as in 2026-12-01", &text));
        }
        Ok(Self { name: names::read(params)?, term: required_term(params)?, audit_text: audit_text(params)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.name.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let term = self.term.to_string();
        let attributes = [("Renew", Some("1")), ("Term", Some(term.as_str()))];
        domain_update(id, &attributes, &self.name.ace).all(self.audit_text.clone())
    }
}

/// Until when a job expects the domain to be paid for.
enum Expected {
    Day(Date),
    Instant(Timestamp),
}

impl Expected {
    fn of(text: &str) -> Option<Self> {
        text.parse().map(Self::Instant).ok().or_else(|| text.parse().map(Self::Day).ok())
    }
}

/// Whether a job wants the domain to be read first.
pub fn reads_first(params: &Map<String, Value>) -> bool {
    params.get(EXPIRES).is_some_and(|value| !value.is_null())
}

/// Compares what the domain shows with what the job expects.
///
/// # Errors
/// It is paid for until another date, or does not say.
pub fn compare(params: &Map<String, Value>, shown: &Answer) -> Result<(), String> {
    let expected = params.get(EXPIRES).and_then(Value::as_str).and_then(|text| Expected::of(text.trim()));
    let until = shown.data.pointer("/Domain/BilledUntil").and_then(Value::as_str);
    let Some((expected, until)) = expected.zip(until) else {
        return Err("the registry does not say until when the domain is paid for (BilledUntil)".into());
    };
    let Ok(instant) = until.parse::<Timestamp>() else {
        return Err("the registry says by no date until when the domain is paid for (BilledUntil)".into());
    };
    let same = match expected {
        Expected::Instant(expected) => dates::same(expected, instant),
        Expected::Day(day) => instant.to_zoned(dates::zone()).date() == day,
    };
    match same {
        true => Ok(()),
        false => Err(format!(
            "the domain is paid for until {until} (BilledUntil) and not as the job expects: renewed already?"
        )),
    }
}
