//! Names of domains and hosts, anywhere.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::super::params::{Params, refuse};
use super::distinct;
use crate::model::Reject;

/// A domain in ACE form, lower case, without a dot at the end.
///
/// # Errors
/// It is no host name, or its last label can be no top-level domain.
pub fn domain(field: &str, value: &str) -> Result<String, Reject> {
    host(field, value)
}

/// A host name in ACE form, lower case, without a dot at the end.
///
/// # Errors
/// As [`domain`].
pub fn host(field: &str, value: &str) -> Result<String, Reject> {
    let name = value.strip_suffix('.').unwrap_or(value);
    let ace = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ace = ace.map_err(|_| refuse(field, why_no_host(name), value))?;
    match ace.rsplit_once('.') {
        Some((_, top)) if is_top(top) => Ok(ace.into_owned()),
        Some((_, top)) if top.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(refuse(field, "must be a name, not an address", value))
        }
        Some(_) => Err(refuse(field, TOP, value)),
        None => Err(refuse(field, "must be a name of at least two labels", value)),
    }
}

const TOP: &str = "must end in a top-level domain: two or more letters, or the ACE form of such a name";

/// Whether a label can be a top-level domain (RFC 1123 2.1, and RFC 5890 for those in other scripts).
fn is_top(label: &str) -> bool {
    let is_word = label.len() >= 2 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_word || (label.starts_with("xn--") && label.len() > 4)
}

/// The top-level domain of a name.
pub fn top(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, top)| top)
}

/// A registry's zone as its commands name it: with a dot in front (`.com`, `.co.uk`).
///
/// # Errors
/// It can be none.
pub fn tld(field: &str, value: &str) -> Result<String, Reject> {
    let name = value.strip_prefix('.').unwrap_or(value);
    // A name of two labels is checked as a host is, and so is the zone it lies in.
    match host(field, &format!("x.{name}")) {
        Ok(inside) => Ok(inside[1..].to_owned()),
        Err(_) => Err(refuse(field, TOP, value)),
    }
}

/// Name servers: host names without addresses, all different.
///
/// # Errors
/// Too few, too many, one twice, or one is no host name.
pub fn hosts(params: &Params<'_>, name: &str, least: usize) -> Result<Vec<String>, Reject> {
    let values = params.list(name)?;
    let path = params.path(name);
    if !(least..=MOST_HOSTS).contains(&values.len()) {
        let rule = format!("must be {least} to {MOST_HOSTS} name servers, got {}", values.len());
        return Err(Reject::param(path, rule));
    }
    let each = |(at, value): (usize, &String)| {
        let field = format!("{path}[{at}]");
        if value.contains(char::is_whitespace) {
            let rule = "must be a host name alone; its addresses are told with host.create";
            return Err(refuse(field, rule, value));
        }
        host(&field, value)
    };
    let hosts = values.iter().enumerate().map(each).collect::<Result<Vec<_>, _>>()?;
    distinct(&path, &hosts)?;
    Ok(hosts)
}

/// As many as DNS has use for.
const MOST_HOSTS: usize = 13;

/// What is most likely wrong with a text that is no host name.
fn why_no_host(name: &str) -> &'static str {
    let labels = || name.split('.');
    if labels().any(str::is_empty) {
        "must be a name; one of its labels is empty"
    } else if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        "must be a name; no label begins or ends with a hyphen"
    } else if name.len() > 253 || labels().any(|label| label.len() > 63) {
        "must be a name of at most 253 characters, each label of at most 63"
    } else if labels().any(|label| label.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("xn--"))) {
        "must be a name; a label that begins with xn-- must be the ACE form of a name"
    } else {
        "must be a name; labels consist of letters, digits and hyphens"
    }
}
