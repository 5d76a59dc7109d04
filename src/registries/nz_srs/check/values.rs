//! Single values.

use jiff::Timestamp;

use super::super::codec::tree::Element;
use super::super::dates;
use super::super::params::{Params, missing, refuse};
use super::names::host;
use crate::model::{Reject, Secret};

/// Most months that are paid for at once, or in advance (reference 11.2).
const MOST_MONTHS: u64 = 120;
/// Longest id of an action; the registry's own limit is not known (reference 4.1).
const LONGEST_ID: usize = 64;

/// How many months: the parameter `term`, or `years` for those who count so.
///
/// # Errors
/// Both are there, or one is out of bounds.
pub fn term(params: &Params<'_>) -> Result<Option<u64>, Reject> {
    let months = params.number("term", &(1..=MOST_MONTHS))?;
    match (months, params.number("years", &(1..=MOST_MONTHS / 12))?) {
        (Some(_), Some(_)) => Err(Reject::param("years", "says the same as `term` in other words: state one of them")),
        (months, years) => Ok(months.or(years.map(|years| years * 12))),
    }
}

/// The parameter `auth_info`: a domain's UDAI. Case matters, and so the reject does not repeat it.
///
/// # Errors
/// It is missing, or has not 8 visible ASCII characters.
pub fn udai(params: &Params<'_>) -> Result<Secret, Reject> {
    let udai = params.secret("auth_info")?.ok_or_else(|| missing("auth_info"))?;
    match udai.expose().len() == 8 && udai.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(udai),
        false => Err(Reject::param("auth_info", "must be a UDAI: 8 letters and digits")),
    }
}

/// The id of a stored contact: 3 to 16 letters, digits, `_` and `-`, with single blanks inside.
///
/// # Errors
/// It is something else; `*` and `?` would be wildcards.
pub fn handle(field: &str, value: &str) -> Result<String, Reject> {
    let is_known = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    match (3..=16).contains(&value.chars().count()) && value.chars().all(is_known) && !value.contains("  ") {
        true => Ok(value.to_owned()),
        false => Err(refuse(field, "must be a handle: 3 to 16 letters, digits, `_` and `-`", value)),
    }
}

/// An e-mail address: a mailbox of RFC 5322 without quotes, and a host.
///
/// # Errors
/// It is something else.
pub fn email(field: &str, value: &str) -> Result<(), Reject> {
    let no = |rule: &str| Err(refuse(field, rule, value));
    let Some((local, at)) = value.rsplit_once('@') else { return no("must be an e-mail address; it has no @") };
    let sound = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    if !local.split('.').all(|part| !part.is_empty() && part.chars().all(sound)) {
        return no("must be an e-mail address; what stands before the @ is no mailbox");
    }
    match host(field, at) {
        Ok(_) => Ok(()),
        Err(_) => no("must be an e-mail address; what stands behind the @ is no host"),
    }
}

/// An id of an action as a parameter.
///
/// # Errors
/// It is missing, empty or too long.
pub fn action_id(params: &Params<'_>, name: &str) -> Result<String, Reject> {
    let id = params.required(name)?;
    match id.chars().nth(255) {
        None => Ok(id),
        Some(_) => Err(refuse(params.path(name), "must be the id of an action: up to 255 characters", &id)),
    }
}

/// Whether a transaction id can be an action's: visible ASCII, not too long.
pub fn is_transaction(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A registrar's id: digits only.
///
/// # Errors
/// It is something else.
pub fn registrar_id(field: &str, value: &str) -> Result<String, Reject> {
    match (1..=10).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(value.to_owned()),
        false => Err(refuse(field, "must be a registrar's id: digits only", value)),
    }
}

/// A period from the parameters `from` and `to`, either of which may be missing; nothing if both are. Written in New
/// Zealand time with its offset (reference 4.2).
///
/// # Errors
/// One of them is no instant, or they stand the wrong way round.
pub fn date_range(params: &Params<'_>, element: &str) -> Result<Option<Element>, Reject> {
    let instant = |name: &str| -> Result<Option<Timestamp>, Reject> {
        let Some(value) = params.optional(name)? else { return Ok(None) };
        match value.parse() {
            Ok(instant) => Ok(Some(instant)),
            Err(_) => Err(refuse(name, "must be an instant, as in 2026-12-01T00:00:00+13:00", &value)),
        }
    };
    let (from, to) = (instant("from")?, instant("to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Reject::param("to", "must not lie before `from`"));
    }
    let edges = [("From", from), ("To", to)];
    let written = edges.into_iter().filter_map(|(name, at)| Some(dates::element(name, at?)));
    Ok((from.is_some() || to.is_some()).then(|| Element::new(element).all(written)))
}

/// The months that must be there.
///
/// # Errors
/// They are missing, or as [`term`].
pub fn required_term(params: &Params<'_>) -> Result<u64, Reject> {
    term(params)?.ok_or_else(|| missing("term"))
}
