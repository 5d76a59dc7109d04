//! Rules for fields, checked before anything is sent. Only what the registry certainly refuses is refused here; the
//! alphabets of its manual are narrower than what it takes, and a registrar must not be stricter than its registry.

mod authinfo;
pub mod dns;

pub use authinfo::{auth_info, auth_info_expire};

use std::collections::HashSet;

use jiff::Timestamp;

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

/// A contact's handle, as the registry stores it: upper case. It begins with the registrar's own id, since contacts of
/// others can be neither read nor used; without `reg_acc` (command line) that cannot be told.
///
/// # Errors
/// Too short, too long, with a blank, or of another registrar.
pub fn handle(field: &str, value: &str, reg_acc: &str) -> Result<String, Reject> {
    length(field, value, 9, 32)?;
    if value.chars().any(char::is_whitespace) {
        return Err(refuse(field, "must not hold blanks", value));
    }
    let handle = value.to_uppercase();
    let own = handle.strip_prefix(&reg_acc.to_uppercase()).and_then(|rest| rest.strip_prefix('-'));
    if reg_acc.is_empty() || own.is_some_and(|own| !own.is_empty()) {
        return Ok(handle);
    }
    Err(refuse(field, &format!("must begin with `{reg_acc}-`, the registrar's own id"), value))
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

/// An e-mail address: something, one `@`, something, no blanks.
///
/// # Errors
/// It is something else.
pub fn email(field: &str, value: &str) -> Result<(), Reject> {
    length(field, value, 3, 255)?;
    let parts = value.rsplit_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty());
    if parts.is_some() && !value.chars().any(char::is_whitespace) {
        return Ok(());
    }
    Err(refuse(field, "must be an e-mail address", value))
}

/// A country as two letters, upper case. Which pairs of letters are countries is left to the registry.
///
/// # Errors
/// It is something else.
pub fn country(field: &str, value: &str) -> Result<String, Reject> {
    if value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(value.to_ascii_uppercase());
    }
    Err(refuse(field, "must be a country code of two letters (ISO 3166-1)", value))
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

/// The address of a web form or mailbox for requests.
///
/// # Errors
/// Too short, too long, or of a scheme other than http, https, mailto.
pub fn uri_template(field: &str, value: &str) -> Result<(), Reject> {
    length(field, value, 8, 1024)?;
    let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
    one_of(field, scheme, &["http", "https", "mailto"])
        .map(|_| ())
        .map_err(|_| refuse(field, "must begin with http:, https: or mailto:", value))
}

/// An instant with its offset, to the second: `2024-10-04T13:31:25+02:00`.
///
/// # Errors
/// It has another form.
pub fn timestamp(field: &str, value: &str) -> Result<(), Reject> {
    if value.len() == 25 && value.parse::<Timestamp>().is_ok() {
        return Ok(());
    }
    Err(refuse(field, "must be a time of the form 2024-10-04T13:31:25+02:00", value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        for good in ["+49.69272350", "+49.6927235x290", "+49.0000", "+49.69123456x156", "+1.1234"] {
            assert!(phone("phone", good).is_ok(), "{good}");
        }
        for bad in
            ["+49.000", "49.69272350", "+49 69 27235 0", "+49.6927235x", "+4912.69272350", "+49.123456789012345", ""]
        {
            assert!(phone("phone", bad).is_err(), "{bad}");
        }
        assert!(is_dummy_phone("+49.0000") && is_dummy_phone("+43.000000"));
        assert!(!is_dummy_phone("+49.69272350") && !is_dummy_phone("+49.0000x1"));
    }

    #[test]
    fn handles_are_own_distinct_and_upper_case() {
        assert_eq!(handle("h", "denic-1000022-max", "DENIC-1000022").as_deref(), Ok("DENIC-1000022-MAX"));
        assert!(handle("h", "DENIC-1000022-MAX", "").is_ok());
        for foreign in
            ["DENIC-10000221-MAX", "DENIC-1000022-", "DENIC-1000022", "DENIC-99-M X", "D-1-X", &"D".repeat(33)]
        {
            assert!(handle("h", foreign, "DENIC-1000022").is_err(), "{foreign}");
        }
        let twice = ["DENIC-1-AAA".to_owned(), "denic-1-aaa".to_owned()];
        assert_eq!(handles("holder", &twice, 5, "").unwrap_err().field.as_deref(), Some("params.holder[1]"));
    }

    #[test]
    fn places_and_addresses() {
        assert!(postal_code("p", "60596", "DE").is_ok() && postal_code("p", "6059", "DE").is_err());
        assert!(postal_code("p", "1010", "AT").is_ok() && postal_code("p", "SW1A 1AA", "GB").is_ok());
        assert_eq!(country("c", "de").as_deref(), Ok("DE"));
        assert!(country("c", "DEU").is_err());
        assert!(email("e", "john.doe_x+y@example.net").is_ok());
        for bad in ["@example.net", "john@", "john", "jo hn@example.net"] {
            assert!(email("e", bad).is_err(), "{bad}");
        }
        assert!(uri_template("u", "mailto:info@example.de?subject=domain:{Ulabel}").is_ok());
        assert!(uri_template("u", "ftp://example.de/{Alabel}").is_err());
        assert!(timestamp("t", "2023-11-11T15:36:21+02:00").is_ok());
        assert!(
            timestamp("t", "2023-11-11T15:36:21Z").is_err() && timestamp("t", "2023-13-11T15:36:21+02:00").is_err()
        );
    }
}
