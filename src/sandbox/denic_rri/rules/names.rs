//! Domain names and handles in their canonical spelling.

use super::super::codes;
use super::super::wire::request::Fields;
use crate::model::Message;

/// A name that could be registered under .de.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Name {
    /// Lower-case ASCII form; the key of a domain.
    pub(in super::super) ace: String,
    /// Unicode form.
    pub(in super::super) unicode: String,
}

/// Labels that are never registered: DENIC's test name for that.
const NEVER: &[&str] = &["denic-invalid-example"];

/// The letters beyond ASCII that names under .de may have.
const LETTERS: &str = "áàăâåäãąāæćĉčċçďđéèĕêěëėęēğĝġģĥħíìĭîïĩįīıĵķĺľļłńňñņŋóòŏôöőõøōœĸŕřŗśŝšşťţŧúùŭûůüűũųūŵýŷÿźžżðþß";

/// Reads a name in either form: one label of letters, digits and inner hyphens, and `.de`.
pub(in super::super) fn read(text: &str) -> Option<Name> {
    let ace = idna::domain_to_ascii_strict(text).ok()?;
    let label = ace.strip_suffix(".de")?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = !label.is_empty() && label.len() <= 63 && label.chars().all(fits);
    if !is_label || label.starts_with('-') || label.ends_with('-') || NEVER.contains(&label) {
        return None;
    }
    let (unicode, valid) = idna::domain_to_unicode(&ace);
    let is_letter = |c: char| c.is_ascii() || LETTERS.contains(c);
    (valid.is_ok() && unicode.chars().all(is_letter)).then_some(Name { ace, unicode })
}

/// The domain a request is about, from `Domain`, `Domain-Ace` or both.
pub(in super::super) fn of_request(fields: &Fields) -> Result<Name, Message> {
    if fields.all("domain").count() > 1 || fields.all("domain-ace").count() > 1 {
        return Err(codes::DOMAIN_ONCE.message());
    }
    let read_one = |text: &str| read(text).ok_or_else(|| codes::DOMAIN_VALUE.with([text]));
    match (fields.first("domain"), fields.first("domain-ace")) {
        (None, None) => Err(codes::DOMAIN_MISSING.message()),
        (Some(text), None) | (None, Some(text)) => read_one(text),
        (Some(text), Some(ace)) => match (read_one(text)?, read(ace)) {
            // Not even the name of a host.
            (_, None) if host(ace).is_none() => Err(codes::ACE_UNREADABLE.message()),
            (name, Some(other)) if name == other => Ok(name),
            _ => Err(codes::ACE_MISMATCH.message()),
        },
    }
}

/// A handle in upper case: 9 to 32 visible ASCII characters, `DENIC-`, a number, a hyphen and an own part.
pub(in super::super) fn handle(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let (number, own) = upper.strip_prefix("DENIC-")?.split_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let is_visible = upper.bytes().all(|b| b.is_ascii_graphic());
    (is_number && !own.is_empty() && is_visible && (9..=32).contains(&upper.len())).then_some(upper)
}

/// Whether a handle lies in an account's own range.
pub(in super::super) fn is_own(handle: &str, account: &str) -> bool {
    handle.strip_prefix(account).is_some_and(|rest| rest.starts_with('-'))
}

/// A host name as stored: lower-case ASCII, without the trailing dot.
pub(in super::super) fn host(text: &str) -> Option<String> {
    let host = idna::domain_to_ascii_strict(text.strip_suffix('.').unwrap_or(text)).ok()?;
    (host.contains('.') && host.len() <= 253 && !host.ends_with('.')).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_both_forms() {
        for (text, ace) in [
            ("beispiel-fünf.de", "xn--beispiel-fnf-mlb.de"),
            ("DÄNIC.de", "xn--dnic-loa.de"),
            ("xn--dnic-5qa.de", "xn--dnic-5qa.de"),
            ("Example.DE", "example.de"),
        ] {
            assert_eq!(read(text).map(|name| name.ace).as_deref(), Some(ace), "{text}");
        }
        assert_eq!(read("xn--dnic-5qa.de").unwrap().unicode, "dönic.de");
        assert_eq!(LETTERS.chars().count(), 93);
        for wrong in [
            "",
            "de",
            ".de",
            "example.net",
            "a.b.de",
            "-a.de",
            "a-.de",
            "a_b.de",
            "example.de.",
            "пример.de",
            "denic-invalid-example.de",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_forms_have_to_be_of_one_name() {
        for (domain, ace, code) in [
            (Some("dänic.de"), Some("xn--dnic-loa.de"), None),
            (Some("dänic.de"), Some("xn--dnic-5qa.de"), Some("53380062206")),
            (Some("dänic.de"), Some("example.net"), Some("53380062206")),
            (Some("dänic.de"), Some("xn--"), Some("63300042100")),
            (Some("dänic"), Some("xn--dnic-loa.de"), Some("63310062007")),
            (None, Some("xn--"), Some("63310062007")),
            (None, None, Some("53380042010")),
        ] {
            let mut fields = Fields::default();
            domain.into_iter().for_each(|text| fields.push("domain", text));
            ace.into_iter().for_each(|text| fields.push("domain-ace", text));
            assert_eq!(of_request(&fields).err().map(|mistake| mistake.code).as_deref(), code, "{domain:?} {ace:?}");
        }
    }

    #[test]
    fn handles() {
        assert_eq!(handle("Denic-1000002-Max").as_deref(), Some("DENIC-1000002-MAX"));
        for wrong in
            ["DENIC-1000002", "DENIC-X-MAX", "DENIC-1000002-", "MAX", "DENIC-1000002-ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        {
            assert_eq!(handle(wrong), None, "{wrong}");
        }
        assert!(is_own("DENIC-1-A", "DENIC-1") && !is_own("DENIC-11-A", "DENIC-1"));
    }
}
