//! Rules for fields, checked before anything is sent. What the registry certainly refuses is refused here; where its
//! manual is narrower than what it takes (the alphabets, above all), a registrar must not be stricter than its registry:
//! those rules warn, and an account's settings change their levels ([`rules`]).

mod authinfo;
mod contact;
mod countries;
pub mod dns;
pub mod dnskey;
pub mod names;
pub mod nsentry;
pub mod rules;
mod uri_template;
pub mod verification;

pub use authinfo::{auth_info, auth_info_expire};
pub use contact::{
    Part, complete, email, email_alphabet, handle, handles, is_dummy_phone, phone, postal_code, postal_code_alphabet,
    real_phone, text_alphabet, tidy,
};
pub use countries::country;
pub use uri_template::uri_template;

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

/// So many items.
///
/// # Errors
/// There are more.
pub fn at_most(field: &str, have: usize, most: usize) -> Result<(), Reject> {
    if have <= most { Ok(()) } else { Err(Reject::param(field, format!("at most {most} are allowed, got {have}"))) }
}

/// Items that are all different, whatever their case.
///
/// # Errors
/// Names the second of two equal ones.
pub fn distinct(field: &str, values: &[String]) -> Result<(), Reject> {
    let mut seen = HashSet::new();
    match values.iter().position(|value| !seen.insert(value.to_lowercase())) {
        None => Ok(()),
        Some(at) => Err(refuse(format_args!("{field}[{at}]"), "stands twice", &values[at])),
    }
}

/// One of a few words; gives the word as the table spells it.
///
/// # Errors
/// It is none of them.
pub fn one_of(field: &str, value: &str, words: &[&'static str]) -> Result<&'static str, Reject> {
    let found = words.iter().copied().find(|word| word.eq_ignore_ascii_case(value));
    found.ok_or_else(|| refuse(field, &format!("must be one of {}", words.join(", ")), value))
}

#[cfg(test)]
mod tests;
