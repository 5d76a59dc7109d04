//! Rules for fields (reference 4 and 12), checked before anything is sent.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::model::Reject;
use crate::model::params::{Params, missing, refuse};

/// Most name servers of a domain, and most addresses of a host.
pub const MOST: usize = 13;
/// Longest name of a host.
const LONGEST_HOST: usize = 80;
/// Years of one registration or renewal; the grammar has room for more, no registry has.
const YEARS: std::ops::RangeInclusive<u64> = 1..=10;
/// The statuses a registrar sets; all others are the registry's (reference 7).
pub const STATUSES: &[&str] = &["REGISTRAR-LOCK", "REGISTRAR-HOLD"];

/// The parameter `domain`: exactly two labels, in ACE form and lower case, without a dot at the end.
///
/// # Errors
/// It is missing or something else.
pub fn domain(params: &Params<'_>) -> Result<String, Reject> {
    let value = params.required("domain")?;
    let name = name("domain", &value)?;
    match name.split('.').count() {
        2 => Ok(name),
        _ => Err(refuse("domain", "must have exactly two labels, as in example.com", &value)),
    }
}

/// A host name in ACE form, lower case, without a dot at the end.
///
/// # Errors
/// It is none, or too long.
pub fn host(field: &str, value: &str) -> Result<String, Reject> {
    let name = name(field, value)?;
    match name.len() <= LONGEST_HOST && name.contains('.') {
        true => Ok(name),
        false => {
            Err(refuse(field, &format!("must have two labels or more, and at most {LONGEST_HOST} characters"), value))
        }
    }
}

fn name(field: &str, value: &str) -> Result<String, Reject> {
    let bare = value.strip_suffix('.').unwrap_or(value);
    let ace = Uts46::new().to_ascii(bare.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let rule = "must be a name: labels of 1 to 63 letters, digits and hyphens, no hyphen first or last in one";
    let ace = ace.map_err(|_| refuse(field, rule, value))?;
    match ace.rsplit('.').next().is_some_and(|top| top.bytes().all(|byte| byte.is_ascii_digit())) {
        true => Err(refuse(field, "must be a name, not an address", value)),
        false => Ok(ace.into_owned()),
    }
}

/// Host names, all different; may be missing.
///
/// # Errors
/// Too many, one twice, or one is no host name.
pub fn hosts(params: &Params<'_>, field: &str) -> Result<Vec<String>, Reject> {
    let values = params.list(field)?;
    let hosts = each(field, &values, host)?;
    distinct(field, &hosts)?;
    Ok(hosts)
}

/// Addresses as they were written, all different; may be missing. Version 6 only where the protocol has it.
///
/// # Errors
/// Too many, one twice, one is no address, or none that a name server can have.
pub fn addresses(params: &Params<'_>, field: &str, has_v6: bool) -> Result<Vec<String>, Reject> {
    let values = params.list(field)?;
    let addresses = each(field, &values, |field, value| address(field, value, has_v6))?;
    distinct(field, &addresses)?;
    Ok(values)
}

fn address(field: &str, value: &str, has_v6: bool) -> Result<IpAddr, Reject> {
    let address: IpAddr = value.parse().map_err(|_| refuse(field, "must be an IPv4 or IPv6 address", value))?;
    let rule = match address {
        IpAddr::V6(_) if !has_v6 => "must be an IPv4 address: protocol 1.1.0 has no others",
        // The grammar has groups of digits only.
        IpAddr::V6(_) if value.contains('.') => "must be an IPv6 address in groups of hexadecimal digits",
        IpAddr::V4(four) if is_reserved(four) => "must be a public address",
        IpAddr::V6(six) if is_reserved_v6(six) => "must be a public address",
        _ => return Ok(address),
    };
    Err(refuse(field, rule, value))
}

/// Addresses no name server in the world can have. Which others the registry does not take, it says (535).
fn is_reserved(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.octets()[0] == 0
        || address.octets()[0] >= 240
}

fn is_reserved_v6(address: Ipv6Addr) -> bool {
    address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4().is_some()
}

/// Statuses a registrar sets, upper case, all different; may be missing.
///
/// # Errors
/// One stands twice, or is the registry's.
pub fn statuses(params: &Params<'_>, field: &str) -> Result<Vec<String>, Reject> {
    let values = params.list(field)?;
    let statuses = each(field, &values, |field, value| {
        let word = value.to_ascii_uppercase();
        match STATUSES.contains(&word.as_str()) {
            true => Ok(word),
            false => Err(refuse(field, &format!("must be one of {}", STATUSES.join(", ")), value)),
        }
    })?;
    distinct(field, &statuses)?;
    Ok(statuses)
}

/// Years of a registration or renewal; never left to the registry, whose default nobody can ask for.
///
/// # Errors
/// They are missing or out of bounds.
pub fn years(params: &Params<'_>) -> Result<u64, Reject> {
    params.number("years", &YEARS)?.ok_or_else(|| missing("years"))
}

/// The year of the present expiry, from the year or from the date as the registry writes it.
///
/// # Errors
/// It is missing or something else.
pub fn expires(params: &Params<'_>) -> Result<String, Reject> {
    let value = params.digits_or_text("expires")?.ok_or_else(|| missing("expires"))?;
    let rule = "must be the year or the date of the present expiry as the registry writes it, as in 2027 or \
                2027-12-12 21:27:25.0";
    year_of(&value).ok_or_else(|| refuse("expires", rule, &value))
}

/// The year of a date as the registry writes it, or of a year: from the text, since at New Year an instant may have another.
pub fn year_of(value: &str) -> Option<String> {
    let value = value.trim();
    let year = value.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let is_date = || value.contains('-') && super::dates::local(value).is_some();
    (("1900".."2100").contains(&year) && (value.len() == 4 || is_date())).then(|| year.to_owned())
}

fn each<T>(field: &str, values: &[String], one: impl Fn(&str, &str) -> Result<T, Reject>) -> Result<Vec<T>, Reject> {
    if values.len() > MOST {
        return Err(Reject::param(field, format!("must have at most {MOST} items, got {}", values.len())));
    }
    values.iter().enumerate().map(|(at, value)| one(&format!("{field}[{at}]"), value)).collect()
}

fn distinct<T: std::hash::Hash + Eq + ToString>(field: &str, values: &[T]) -> Result<(), Reject> {
    let mut seen = HashSet::new();
    match values.iter().position(|value| !seen.insert(value)) {
        None => Ok(()),
        Some(at) => Err(refuse(format_args!("{field}[{at}]"), "stands twice", &values[at].to_string())),
    }
}

/// What is in one list must not be in the other.
///
/// # Errors
/// Something is; names the second.
pub fn apart(add: &[String], remove: &[String], field: &str) -> Result<(), Reject> {
    let same = |value: &String| add.iter().any(|other| other.eq_ignore_ascii_case(value));
    match remove.iter().position(same) {
        None => Ok(()),
        Some(at) => Err(refuse(format_args!("{field}[{at}]"), "is to be added, too", &remove[at])),
    }
}

#[cfg(test)]
mod tests;
