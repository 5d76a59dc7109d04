//! Rules for fields, checked before anything is sent. The registry publishes few; what it certainly refuses is refused here,
//! with the field and the rule.

mod contact;
mod names;
mod profile;
mod tree;
mod values;

pub use contact::{Contact, ROLES, contact_set, read as contacts};
pub use names::{domain, host, hosts, tld, top};
pub use profile::{password, user_name};
pub use tree::tree;
pub use values::{Addresses, addresses, date, email, language_tag, order_id, phone, price, year};

use std::collections::HashSet;

use super::params::refuse;
use crate::model::Reject;

/// A value of this many characters.
///
/// # Errors
/// It has more or fewer.
pub fn length(field: &str, value: &str, least: usize, most: usize) -> Result<(), Reject> {
    let characters = value.chars().count();
    if (least..=most).contains(&characters) {
        return Ok(());
    }
    Err(refuse(field, &format!("must have {least} to {most} characters, has {characters}"), value))
}

/// Items that are all different.
///
/// # Errors
/// Names the second of two equal ones.
pub fn distinct(field: &str, values: &[String]) -> Result<(), Reject> {
    let mut seen = HashSet::new();
    match values.iter().position(|value| !seen.insert(value)) {
        None => Ok(()),
        Some(at) => Err(refuse(format_args!("{field}[{at}]"), "stands twice", &values[at])),
    }
}

/// One of a few words, exactly.
///
/// # Errors
/// It is none of them.
pub fn one_of(field: &str, value: &str, words: &[&'static str]) -> Result<&'static str, Reject> {
    let found = words.iter().copied().find(|word| *word == value);
    found.ok_or_else(|| refuse(field, &format!("must be one of {}", words.join(", ")), value))
}

#[cfg(test)]
mod tests;
