//! The address of a web form or mailbox, in which the registry's web whois puts the domain a visitor asked for.

use super::super::params::{quoted, refuse};
use super::length;
use crate::model::Reject;

/// The variables there are, spelt exactly so: the domain in ACE form and in Unicode.
const VARIABLES: [&str; 2] = ["Alabel", "Ulabel"];

/// What begins a template, and what must follow it.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// A template of RFC 6570, level 1: literal text and the two variables, each as often as wanted.
///
/// # Errors
/// Too short, too long, of another scheme, with another expression, or no address once the domain is in it.
pub fn uri_template(field: &str, value: &str) -> Result<(), Reject> {
    length(field, value, 8, 1024)?;
    let begins = |scheme: &&&str| value.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    let Some(scheme) = SCHEMES.iter().find(begins) else {
        return Err(refuse(field, "must begin with http://, https:// or mailto:", value));
    };
    // The braces are gone after this: what is left is tested as the address it will be.
    let address = filled_in(field, value)?;
    if let Some(character) = address.chars().find(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`|".contains(*c)) {
        return Err(refuse(field, &format!("must not hold `{}`", quoted(&character.to_string())), value));
    }
    if !percent_signs_are_codes(&address) {
        return Err(refuse(field, "a percent sign must be followed by two hexadecimal digits", value));
    }
    let target = address.get(scheme.len()..).unwrap_or_default();
    if target.is_empty() || target.starts_with(['/', '?', '#']) {
        return Err(refuse(field, "must name a host or mailbox", value));
    }
    Ok(())
}

/// The template with a sample in place of each variable.
fn filled_in(field: &str, value: &str) -> Result<String, Reject> {
    let mut address = String::new();
    let mut rest = value;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, from) = rest.split_at(at);
        address.push_str(text);
        let Some(inner) = from.strip_prefix('{') else {
            return Err(refuse(field, "has a `}` without its `{`", value));
        };
        let Some((expression, after)) = inner.split_once('}') else {
            return Err(refuse(field, "has a `{` without its `}`", value));
        };
        if !VARIABLES.contains(&expression) {
            let rule = "has an expression other than the variables {Alabel} and {Ulabel}";
            return Err(refuse(field, &format!("{rule}: `{{{}}}`", quoted(expression)), value));
        }
        address.push_str("example.de");
        rest = after;
    }
    address.push_str(rest);
    Ok(address)
}

fn percent_signs_are_codes(address: &str) -> bool {
    address.split('%').skip(1).all(|after| {
        let code = after.as_bytes().get(..2);
        code.is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for good in [
            "mailto:info@example.de?subject=domain:{Ulabel}",
            "https://example.de/contact/form?value1={Alabel}&value2={Ulabel}&again={Alabel}",
            "HTTPS://example.de",
            "http://{Alabel}/",
            "https://example.de/%7Ea/",
            "mailto:a@example.de",
        ] {
            assert_eq!(uri_template("uri_template", good), Ok(()), "{good}");
        }
        for (bad, rule) in [
            ("http://", "8 to 1024"),
            (&format!("https://example.de/{}", "a".repeat(1006)), "8 to 1024"),
            ("ftp://example.de/{Alabel}", "begin with"),
            ("example.de/abuse", "begin with"),
            ("https:/example.de", "begin with"),
            ("https:///abuse", "host or mailbox"),
            ("mailto:?subject=x", "host or mailbox"),
            ("https://example.de/{alabel}", "`{alabel}`"),
            ("https://example.de/{ULABEL}", "`{ULABEL}`"),
            ("https://example.de/{domain}", "`{domain}`"),
            ("https://example.de/{?Alabel,Ulabel}", "`{?Alabel,Ulabel}`"),
            ("https://example.de/{+Alabel}", "`{+Alabel}`"),
            ("https://example.de/{#Alabel}", "`{#Alabel}`"),
            ("https://example.de/{Alabel:3}", "`{Alabel:3}`"),
            ("https://example.de/{Alabel*}", "`{Alabel*}`"),
            ("https://example.de/{Alabel,Ulabel}", "`{Alabel,Ulabel}`"),
            ("https://example.de/{ Alabel }", "`{ Alabel }`"),
            ("https://example.de/{}", "`{}`"),
            ("https://example.de/{{Alabel}}", "`{{Alabel}`"),
            ("https://example.de/{Alabel", "without its `}`"),
            ("https://example.de/Alabel}", "without its `{`"),
            ("https://example.de/}{", "without its `{`"),
            ("https://example.de/a b", "must not hold ` `"),
            ("https://example.de/<a>", "must not hold `<`"),
            ("https://example.de/100%", "hexadecimal"),
            ("https://example.de/%ä0", "hexadecimal"),
        ] {
            let reject = uri_template("uri_template", bad).unwrap_err();
            assert_eq!(reject.field.as_deref(), Some("params.uri_template"));
            assert!(reject.reason.contains(rule), "{bad}: {reject}");
        }
    }
}
