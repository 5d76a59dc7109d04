//! Names of domains below .nz, and of hosts anywhere.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::super::params::{Params, refuse};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The repertoire of names that are not ASCII, as the registry calls it (reference 4.7).
pub const LANGUAGE: &str = ".NZ LATIN";
/// Its letters besides a to z: vowels with a macron.
const LETTERS: &str = "āēīōū";

/// A domain, lower case, without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As DNS has it.
    pub ace: String,
    /// With its macrons, if it has any.
    pub unicode: Option<String>,
}

impl Name {
    /// The key of the domain.
    pub fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Domain, &self.ace)
    }
}

/// The parameter `domain`.
///
/// # Errors
/// It is missing, or as [`domain`].
pub fn read(params: &Params<'_>) -> Result<Name, Reject> {
    domain(&params.path("domain"), &params.required("domain")?)
}

/// A domain that can be registered: directly below .nz, or below a second level (`example.co.nz`).
///
/// # Errors
/// It is no name, holds a wildcard, lies elsewhere, or has a letter that .nz has not.
pub fn domain(field: &str, value: &str) -> Result<Name, Reject> {
    if value.contains(['*', '?']) {
        return Err(refuse(field, "must be one name; the registry would take a wildcard for many", value));
    }
    let ace = host(field, value)?;
    if ace.strip_suffix(".nz").is_none_or(|rest| rest.split('.').count() > 2) {
        return Err(refuse(field, "must be a name below .nz, or below a second level as in example.co.nz", value));
    }
    let (unicode, readable) = Uts46::new().to_unicode(ace.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    if readable.is_err() {
        return Err(refuse(field, "is not the ACE form of any name", value));
    }
    let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c) || LETTERS.contains(c);
    if let Some(letter) = unicode.chars().find(|letter| !is_known(*letter)) {
        let rule = format!("must not hold `{letter}`, which is no letter of .nz");
        return Err(refuse(field, &rule, value));
    }
    let unicode = Some(unicode.into_owned()).filter(|unicode| *unicode != ace);
    Ok(Name { ace, unicode })
}

/// A host name in ACE form, lower case, without a dot at the end.
///
/// # Errors
/// It is none.
pub fn host(field: &str, value: &str) -> Result<String, Reject> {
    let name = value.strip_suffix('.').unwrap_or(value);
    let ace = Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    let ace = ace.map_err(|_| refuse(field, why_no_host(name), value))?;
    match ace.rsplit_once('.') {
        Some((_, top)) if top.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(refuse(field, "must be a host name, not an address", value))
        }
        Some(_) => Ok(ace.into_owned()),
        None => Err(refuse(field, "must be a host name of at least two labels", value)),
    }
}

/// What is most likely wrong with a text that is no host name.
fn why_no_host(name: &str) -> &'static str {
    let labels = || name.split('.');
    if labels().any(str::is_empty) {
        "must be a host name; one of its labels is empty"
    } else if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        "must be a host name; no label begins or ends with a hyphen"
    } else if name.len() > 253 || labels().any(|label| label.len() > 63) {
        "must be a host name of at most 253 characters, each label of at most 63"
    } else {
        "must be a host name; labels consist of letters, digits and hyphens"
    }
}

/// Whether a host lies in a domain (both in ACE form, lower case).
pub fn lies_in(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_macrons() {
        for (value, ace, unicode) in [
            ("example.co.nz", "example.co.nz", None),
            ("Example.NZ.", "example.nz", None),
            ("tāne.nz", "xn--tne-1oa.nz", Some("tāne.nz")),
            ("TĀNE.MĀORI.nz", "xn--tne-1oa.xn--mori-qsa.nz", Some("tāne.māori.nz")),
            ("ta\u{304}ne.nz", "xn--tne-1oa.nz", Some("tāne.nz")),
            ("xn--tne-1oa.nz", "xn--tne-1oa.nz", Some("tāne.nz")),
        ] {
            let expected = Name { ace: ace.into(), unicode: unicode.map(str::to_owned) };
            assert_eq!(domain("domain", value), Ok(expected), "{value}");
        }
    }

    #[test]
    fn what_the_registry_would_not_take_or_would_take_for_more() {
        for (value, part) in [
            ("*.co.nz", "wildcard"),
            ("exampl?.nz", "wildcard"),
            ("example.com", "below .nz"),
            ("nz", "two labels"),
            ("a.b.co.nz", "below .nz"),
            ("münchen.nz", "`ü`"),
            ("exa_mple.nz", "letters, digits"),
            ("example..nz", "empty"),
            ("-example.nz", "hyphen"),
            ("192.0.2.1", "not an address"),
        ] {
            let reject = domain("domain", value).unwrap_err();
            assert!(reject.reason.contains(part), "{value}: {reject}");
        }
    }
}
