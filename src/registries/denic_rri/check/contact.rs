//! Contacts: handles, phone numbers, mailboxes, places, and the registry's completeness check.

use super::super::params::{quoted, refuse};
use super::names::is_letter_of_de;
use super::{at_most, distinct, length};
use crate::model::Reject;

/// How often one character may follow itself.
const LONGEST_RUN: usize = 4;

/// A contact's handle, as the registry stores it: upper case. It begins with the registrar's own id, since contacts of
/// others can be neither read nor used; without `reg_acc` (command line) any registrar's id will do.
///
/// # Errors
/// Too short, too long, with a blank, without an own part, or of another registrar.
pub fn handle(field: &str, value: &str, reg_acc: &str) -> Result<String, Reject> {
    length(field, value, 9, 32)?;
    if value.chars().any(char::is_whitespace) {
        return Err(refuse(field, "must not hold blanks", value));
    }
    let handle = value.to_uppercase();
    if reg_acc.is_empty() {
        let own = handle.strip_prefix("DENIC-").and_then(|rest| rest.split_once('-'));
        let is_handle = |(number, own): (&str, &str)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && !own.is_empty()
        };
        return match own.is_some_and(is_handle) {
            true => Ok(handle),
            false => Err(refuse(field, "must be a registrar's id and an own part, as in DENIC-1000022-MAX", value)),
        };
    }
    let own = handle.strip_prefix(&reg_acc.to_uppercase()).and_then(|rest| rest.strip_prefix('-'));
    match own.is_some_and(|own| !own.is_empty()) {
        true => Ok(handle),
        false => Err(refuse(field, &format!("must begin with `{reg_acc}-`, the registrar's own id"), value)),
    }
}

/// Handles in one role: all own, all different.
///
/// # Errors
/// As [`handle`]; too many; one twice.
pub fn handles(field: &str, values: &[String], most: usize, reg_acc: &str) -> Result<Vec<String>, Reject> {
    at_most(field, values.len(), most)?;
    distinct(field, values)?;
    let each = |(at, value): (usize, &String)| handle(&format!("{field}[{at}]"), value, reg_acc);
    values.iter().enumerate().map(each).collect()
}

/// A phone number as of EPP: `+49.6927235x290`. The dummies the registry still allows (`+49.0000`) have the same form.
///
/// # Errors
/// It has another form.
pub fn phone(field: &str, value: &str) -> Result<(), Reject> {
    let digits = |text: &str, least, most| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let well_formed = value.strip_prefix('+').and_then(|rest| rest.split_once('.')).is_some_and(|(country, rest)| {
        let (number, extension) = rest.split_once('x').map_or((rest, None), |(number, more)| (number, Some(more)));
        digits(country, 1, 3) && digits(number, 4, 14) && extension.is_none_or(|more| !more.is_empty())
    });
    if well_formed { Ok(()) } else { Err(refuse(field, "must have the form +49.6927235 or +49.6927235x290", value)) }
}

/// Whether a number is a dummy, which the registry takes and then does not show.
pub fn is_dummy_phone(value: &str) -> bool {
    value.split_once('.').is_some_and(|(_, number)| number.len() >= 4 && number.bytes().all(|byte| byte == b'0'))
}

/// A number that somebody could answer.
///
/// # Errors
/// It is zeros, with or without an extension.
pub fn real_phone(field: &str, value: &str) -> Result<(), Reject> {
    match is_dummy_phone(value.split('x').next().unwrap_or_default()) {
        true => Err(refuse(field, "is a dummy number, which the registry will refuse one day", value)),
        false => Ok(()),
    }
}

/// An e-mail address, RFC 5322 without comments and domain literals; letters outside of ASCII are let through.
///
/// # Errors
/// It is something else.
pub fn email(field: &str, value: &str) -> Result<(), Reject> {
    length(field, value, 3, 255)?;
    let no = |rule: &str| Err(refuse(field, rule, value));
    let Some((local, host)) = value.rsplit_once('@') else { return no("must be an e-mail address; it has no @") };
    if value.chars().any(char::is_whitespace) {
        return no("must be an e-mail address; it holds a blank");
    }
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let sound = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let is_local = match quoted {
        Some(inner) => !inner.is_empty() && !inner.contains(['"', '\\']),
        None => local.split('.').all(|part| !part.is_empty() && part.chars().all(sound)),
    };
    if !is_local {
        return no("must be an e-mail address; what stands before the @ is no mailbox");
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-')
    };
    match host.contains('.') && host.split('.').all(is_label) {
        true => Ok(()),
        false => no("must be an e-mail address; what stands behind the @ is no host"),
    }
}

/// A postal code; the registry counts the digits of three countries.
///
/// # Errors
/// Too long, or not of its country's form.
pub fn postal_code(field: &str, value: &str, country: &str) -> Result<(), Reject> {
    length(field, value, 1, 20)?;
    let wanted = match country {
        "DE" => 5,
        "AT" | "CH" => 4,
        _ => return Ok(()),
    };
    if value.len() == wanted && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(refuse(field, &format!("must have {wanted} digits in {country}"), value))
}

/// The parts of a contact that must look like what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of a natural person.
    PersonName,
    /// The name of an organisation.
    OrganisationName,
    /// A line of the address.
    Address,
    /// The city.
    City,
}

/// The registry's completeness check: whether a text could be a name, an address or a city. Blanks do not count.
///
/// # Errors
/// Says what makes it none.
pub fn complete(field: &str, value: &str, part: Part) -> Result<(), Reject> {
    let text: Vec<char> = tidy(value).chars().collect();
    let solid: Vec<char> = text.iter().copied().filter(|c| *c != ' ').collect();
    let special = |c: &char| !c.is_ascii_alphanumeric() && !is_letter_of_de(*c);
    let is_run = text.chunk_by(|a, b| a == b).any(|run| run.len() > LONGEST_RUN);
    let least = if part == Part::City { 2 } else { 3 };
    let is_person = part == Part::PersonName;
    let checks = [
        (text.len() < least, "is too short to be complete"),
        (solid.iter().all(char::is_ascii_digit), "must not be digits only"),
        (solid.iter().all(special), "must not be special characters only"),
        (solid.windows(2).all(|pair| pair[0] == pair[1]), "must not be one character only, repeated"),
        (is_run && part != Part::OrganisationName, "must not have a character five times in a row"),
        (
            is_person && text.len() == 3 && text.iter().filter(|c| special(c)).count() == 1,
            "must not be three characters, one of them special",
        ),
    ];
    match checks.into_iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(refuse(field, rule, value)),
        None => Ok(()),
    }
}

/// A text as the registry stores it: blanks around it cut, runs of blanks inside made one.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names and the like of Latin letters, digits, blanks, `& - .` and visible Latin-1.
///
/// # Errors
/// Names the first other character.
pub fn text_alphabet(field: &str, value: &str) -> Result<(), Reject> {
    let latin = |c: char| c.is_ascii_alphanumeric() || " &-.".contains(c) || ('\u{a0}'..='\u{ff}').contains(&c);
    alphabet(field, value, latin)
}

/// Postal codes of letters, digits, hyphens and blanks.
///
/// # Errors
/// Names the first other character.
pub fn postal_code_alphabet(field: &str, value: &str) -> Result<(), Reject> {
    alphabet(field, value, |c| c.is_ascii_alphanumeric() || c == '-' || c == ' ')
}

/// E-mail addresses of letters, digits, hyphens, dots and `@`.
///
/// # Errors
/// Names the first other character.
pub fn email_alphabet(field: &str, value: &str) -> Result<(), Reject> {
    alphabet(field, value, |c| c.is_ascii_alphanumeric() || "-.@".contains(c))
}

fn alphabet(field: &str, value: &str, known: impl Fn(char) -> bool) -> Result<(), Reject> {
    match value.chars().find(|c| !known(*c)) {
        Some(other) => {
            let rule =
                format!("holds `{}`, which the registry does not list for this field", quoted(&other.to_string()));
            Err(refuse(field, &rule, value))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
