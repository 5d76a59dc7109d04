//! Single values: phone numbers, e-mail addresses, dates, prices, addresses of hosts.

use std::net::IpAddr;

use jiff::civil::Date;

use super::super::params::{Params, missing, refuse};
use super::{host, length};
use crate::model::Reject;

/// A phone number `+CC.NUMBER`, perhaps with `xEXTENSION`.
///
/// # Errors
/// It has another form.
pub fn phone(field: &str, value: &str) -> Result<(), Reject> {
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = value.strip_prefix('+').and_then(|rest| rest.split_once('.')).is_some_and(|(country, rest)| {
        let (number, extension) = rest.split_once('x').map_or((rest, None), |(number, more)| (number, Some(more)));
        digits(country, 3) && digits(number, 12) && extension.is_none_or(|more| digits(more, 4))
    });
    match well_formed {
        true => Ok(()),
        false => Err(refuse(field, "must have the form +1.4165550123 or +1.4165550123x19", value)),
    }
}

/// An e-mail address: a mailbox of RFC 5322 without quotes, and a host.
///
/// # Errors
/// It is something else.
pub fn email(field: &str, value: &str) -> Result<(), Reject> {
    length(field, value, 3, 255)?;
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

/// A day, `YYYY-MM-DD`; may be missing.
///
/// # Errors
/// It is no day, or not written so.
pub fn date(params: &Params<'_>, name: &str) -> Result<Option<String>, Reject> {
    let Some(value) = params.optional(name)? else { return Ok(None) };
    match is_date(&value) {
        true => Ok(Some(value)),
        false => Err(refuse(params.path(name), "must be a day, as in 2026-12-01", &value)),
    }
}

fn is_date(value: &str) -> bool {
    let shape = value.len() == 10
        && value
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    shape && value.parse::<Date>().is_ok()
}

/// The year of an expiry: a year, a day, or a day and a time as the registry writes them.
///
/// # Errors
/// It is missing, or none of them.
pub fn year(params: &Params<'_>, name: &str) -> Result<String, Reject> {
    let path = params.path(name);
    let value = params.digits_or_text(name)?.ok_or_else(|| missing(&path))?;
    let (day, time) = value.split_once(' ').map_or((value.as_str(), None), |(day, time)| (day, Some(time)));
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = |time: &str| format!("2000-01-01 {time}").parse::<jiff::civil::DateTime>().is_ok() && time.len() == 8;
    let known = (is_year(day) && time.is_none()) || (is_date(day) && time.is_none_or(is_time));
    let year = day.get(..4).filter(|year| known && ("1990".."2200").contains(year));
    let rule = "must be the year or the date of the present expiry, as in 2027 or 2027-12-12 21:27:25";
    year.map(str::to_owned).ok_or_else(|| refuse(&path, rule, &value))
}

/// An amount of money, `1500.00`.
///
/// # Errors
/// It is something else.
pub fn price(field: &str, value: &str) -> Result<(), Reject> {
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = value.split_once('.').map_or((value, None), |(whole, rest)| (whole, Some(rest)));
    match digits(whole, 9) && rest.is_none_or(|rest| digits(rest, 2)) {
        true => Ok(()),
        false => Err(refuse(field, "must be an amount, as in 1500.00", value)),
    }
}

/// The number of an order, a request or a transfer, as digits; may be missing.
///
/// # Errors
/// It is something else.
pub fn order_id(params: &Params<'_>, name: &str) -> Result<Option<String>, Reject> {
    let Some(id) = params.digits_or_text(name)? else { return Ok(None) };
    match (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(Some(id)),
        false => Err(refuse(params.path(name), "must be the number the registry gave, digits only", &id)),
    }
}

/// The tag of a name's language: three letters.
///
/// # Errors
/// It is something else.
pub fn language_tag(field: &str, value: &str) -> Result<(), Reject> {
    match value.len() == 3 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(refuse(field, "must be a language's tag of three characters, as in GER", value)),
    }
}

/// The addresses of a host: at most one of each kind.
#[derive(Debug, Default)]
pub struct Addresses {
    /// IPv4.
    pub v4: Option<String>,
    /// IPv6.
    pub v6: Option<String>,
}

/// The addresses in the parameter `address`.
///
/// # Errors
/// One is no address, or there are two of one kind.
pub fn addresses(params: &Params<'_>) -> Result<Addresses, Reject> {
    let mut found = Addresses::default();
    for (at, value) in params.list("address")?.iter().enumerate() {
        let field = format!("address[{at}]");
        let address: IpAddr = value.parse().map_err(|_| refuse(&field, "must be an IPv4 or IPv6 address", value))?;
        let place = if address.is_ipv4() { &mut found.v4 } else { &mut found.v6 };
        if place.replace(address.to_string()).is_some() {
            return Err(refuse(&field, "is the second of its kind; a host has one IPv4 and one IPv6 address", value));
        }
    }
    Ok(found)
}
