//! What queries have in common: filters, ranges of dates, pages (reference, 4.5 and 4.6).

use jiff::Timestamp;

use super::super::names;
use super::super::objects::Contact;
use super::super::reply::{Answer, Refusal, refuse};
use super::super::wire::tree::Element;
use super::super::{NzOptions, dates};

/// Most filters of one kind.
const MOST_FILTERS: usize = 20;

/// A span of time; open where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range(Timestamp, Timestamp);

impl Range {
    /// The range an element of this name gives; none if there is no such element. Without an end it ends now.
    ///
    /// # Errors
    /// A date is none, or the end is before the beginning.
    pub(super) fn read(action: &Element, name: &str, now: Timestamp) -> Result<Option<Self>, Box<Refusal>> {
        let Some(element) = action.find(name) else { return Ok(None) };
        let edge = |name: &str, open: Timestamp| element.find(name).map_or(Some(open), dates::read);
        match (edge("From", Timestamp::MIN), edge("To", now)) {
            (Some(from), Some(to)) if from <= to => Ok(Some(Self(from, to))),
            _ => refuse("INVALID_DATE_RANGE", &[name]),
        }
    }

    /// Whether an instant is in it.
    pub(super) fn has(&self, at: Timestamp) -> bool {
        (self.0..=self.1).contains(&at)
    }
}

/// Refuses too many filters of a kind.
pub(super) fn counted(action: &Element, name: &str) -> Result<(), Box<Refusal>> {
    let count = action.each(name).count();
    if count <= MOST_FILTERS {
        return Ok(());
    }
    refuse("NUMBER_OF_FILTERS_EXCEEDS_MAX", &[&count.to_string(), name, &MOST_FILTERS.to_string()])
}

/// Whether every attribute of a filter fits what `value` has of that name.
pub(super) fn fits<'a>(filter: &Element, value: impl Fn(&str) -> Option<&'a str>) -> bool {
    filter.attributes.iter().all(|(name, pattern)| names::fits_text(pattern, value(name).unwrap_or_default()))
}

/// Whether a contact fits a filter for contacts.
pub(super) fn fits_contact(filter: &Element, contact: &Contact) -> bool {
    let own = fits(filter, |name| match name {
        "HandleId" => contact.handle.as_deref(),
        name => contact.own.get(name).map(String::as_str),
    });
    let parts = filter.children.iter().all(|part| {
        let fields = match part.name.as_str() {
            "PostalAddressFilter" => &contact.address,
            "Phone" => &contact.phone,
            _ => &contact.fax,
        };
        fits(part, |name| fields.get(name).map(String::as_str))
    });
    own && parts
}

/// A page of what was found.
///
/// # Errors
/// Numbers are none, or a count and a page are asked for.
pub(super) fn page(action: &Element, options: &NzOptions, found: Vec<Element>) -> Result<Answer, Box<Refusal>> {
    let number = |name: &str| {
        let Some(text) = action.attribute(name) else { return Ok(None) };
        text.parse::<usize>().map(Some).or_else(|_| refuse("INVALID_FIELD", &[text, name]))
    };
    let (most, skipped) = (number("MaxResults")?, number("SkipResults")?);
    if action.flag("CountResults") == Some(true) {
        if most.is_some() || skipped.is_some() {
            return refuse("CONFLICTING_RESULTS_PARAMETERS", &[]);
        }
        return Ok(Answer { count: Some(found.len()), ..Answer::default() });
    }
    let total = found.len();
    let begin = skipped.unwrap_or(0).min(total);
    let content: Vec<_> = found.into_iter().skip(begin).take(most.unwrap_or(options.page)).collect();
    let more = begin + content.len() < total;
    Ok(Answer { more: Some(more), ..Answer::rows(content) })
}
