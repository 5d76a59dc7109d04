//! Which names there can be: below .nz or one of its second levels, in both forms where they have other letters.

use super::reply::{Refusal, refuse};

/// Second levels anybody registers in; `nz` stands for names at the second level themselves.
pub(super) const OPEN: &[&str] = &[
    "nz",
    "ac.nz",
    "co.nz",
    "geek.nz",
    "gen.nz",
    "kiwi.nz",
    "maori.nz",
    "net.nz",
    "org.nz",
    "school.nz",
    "xn--mori-qsa.nz",
];
/// Second levels with another way in.
const MODERATED: &[&str] = &["cri.nz", "govt.nz", "health.nz", "iwi.nz", "mil.nz", "parliament.nz"];
/// Second levels without DNSSEC: the sandbox's own choice.
const WITHOUT_DNSSEC: &[&str] = &["gen.nz"];
/// Letters of the repertoire beside a to z, digits and hyphens.
const MACRONS: &str = "āēīōū";

/// A name as the registry keeps it.
pub(super) fn canonical(name: &str) -> String {
    name.trim().trim_end_matches('.').to_lowercase()
}

/// What a name stands below.
pub(super) fn parent(name: &str) -> &str {
    name.split_once('.').map_or("", |(_, parent)| parent)
}

/// Whether a name may have DS records.
pub(super) fn has_dnssec(name: &str) -> bool {
    !WITHOUT_DNSSEC.contains(&parent(name))
}

/// Whether this can be a host's name.
pub(super) fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_part)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label)
}

/// Looks at a name that shall be registered.
///
/// # Errors
/// What the registry has against it.
pub(super) fn check(name: &str) -> Result<(), Box<Refusal>> {
    if OPEN.contains(&name) || MODERATED.contains(&name) {
        return refuse("DOMAIN_BLOCKED", &[name]);
    }
    if MODERATED.contains(&parent(name)) {
        return refuse("MODERATED_DOMAIN_VIOLATION", &["DomainCreate", name]);
    }
    if !OPEN.contains(&parent(name)) {
        return refuse("INVALID_CCTLD", &[name]);
    }
    if !is_host(name) {
        return refuse("INVALID_FIELD", &[name, "DomainName"]);
    }
    Ok(())
}

/// The Unicode form of a name; none if it has no other letters.
///
/// # Errors
/// The two forms do not fit, or have letters that are not in the repertoire.
pub(super) fn unicode(name: &str, given: Option<&str>, language: Option<&str>) -> Result<Option<String>, Box<Refusal>> {
    let shown = given.unwrap_or_default();
    if let Some(language) = language.filter(|language| !language.is_empty() && *language != ".NZ LATIN") {
        return refuse("INVALID_FIELD", &[language, "DomainNameLanguage"]);
    }
    let is_encoded = name.split('.').any(|label| label.starts_with("xn--"));
    if !is_encoded {
        let is_same = given.is_none_or(|given| given.is_empty() || canonical(given) == name);
        return if is_same { Ok(None) } else { refuse("IDN_DOMAINNAME_MISMATCH", &[name, shown, name]) };
    }
    let (decoded, result) = idna::domain_to_unicode(name);
    let label = decoded.split('.').next().unwrap_or_default();
    if result.is_err() || label.starts_with("xn--") {
        return refuse("IDN_MALFORMED_DOMAINNAME", &[name, shown]);
    }
    if let Some(given) = given.filter(|given| !given.is_empty()) {
        let again = idna::domain_to_ascii(given).unwrap_or_default();
        if again != name {
            return refuse("IDN_DOMAINNAME_MISMATCH", &[name, given, &again]);
        }
        if given != decoded {
            return refuse("IDN_UNICODE_MISMATCH", &[name, given, &decoded]);
        }
    }
    let is_ours = |c: char| c.is_ascii_alphanumeric() || c == '-' || MACRONS.contains(c);
    if label.chars().all(is_ours) { Ok(Some(decoded)) } else { refuse("IDN_INVALID_CHARACTER", &[name, &decoded]) }
}

/// Whether a domain name fits a pattern: neither `*` nor `?` is a dot, except a `*` at the very beginning (reference, 4.5).
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (canonical(pattern), canonical(name));
    match pattern.strip_prefix('*') {
        Some(rest) => (0..=name.len()).filter_map(|at| name.get(at..)).any(|tail| glob(rest, tail, Some('.'))),
        None => glob(&pattern, &name, Some('.')),
    }
}

/// Whether a text fits a pattern, whatever its case.
pub(super) fn fits_text(pattern: &str, text: &str) -> bool {
    glob(&pattern.to_lowercase(), &text.to_lowercase(), None)
}

/// `?` is one character and `*` any number, but none of them is the wall.
fn glob(pattern: &str, text: &str, wall: Option<char>) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Which prefixes of the pattern fit what was read so far.
    let mut fits = vec![false; pattern.len() + 1];
    fits[0] = true;
    (1..=pattern.len()).take_while(|at| pattern[at - 1] == '*').for_each(|at| fits[at] = true);
    for c in text {
        let is_wall = Some(c) == wall;
        let mut next = vec![false; pattern.len() + 1];
        for (at, known) in pattern.iter().enumerate() {
            next[at + 1] = match known {
                '*' => next[at] || (fits[at + 1] && !is_wall),
                '?' => fits[at] && !is_wall,
                known => fits[at] && *known == c,
            };
        }
        fits = next;
    }
    fits.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_the_reference() {
        for (pattern, name, is_match) in [
            ("alpha.*.org", "alpha.example.org", true),
            ("alpha.*.org", "alpha.beta.example.org", false),
            ("*.example.org", "alpha.beta.example.org", true),
            ("*.example.org", "example.org", false),
            ("alpha.*", "alpha.co.example", false),
            ("*", "anything.co.nz", true),
            ("ex?mple.co.nz", "EXAMPLE.co.nz", true),
            ("example?co.nz", "example.co.nz", false),
            ("ex*.co.nz", "example.co.nz", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, name), is_match, "{pattern} {name}");
        }
        assert!(fits_text("*@EXAMPLE.net", "noc@example.net") && !fits_text("a?", "a"));
    }

    fn refused<T: std::fmt::Debug>(result: Result<T, Box<Refusal>>) -> String {
        result.unwrap_err().id
    }

    #[test]
    fn names_that_can_and_cannot_be() {
        for name in ["example.co.nz", "example.nz", "xn--mori-qsa.co.nz"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for (name, id) in [
            ("co.nz", "DOMAIN_BLOCKED"),
            ("a.govt.nz", "MODERATED_DOMAIN_VIOLATION"),
            ("example.com", "INVALID_CCTLD"),
            ("a.b.co.nz", "INVALID_CCTLD"),
            ("nz", "DOMAIN_BLOCKED"),
            ("-a.co.nz", "INVALID_FIELD"),
        ] {
            assert_eq!(refused(check(name)), id, "{name}");
        }
    }

    #[test]
    fn macrons_and_nothing_else() {
        assert_eq!(
            unicode("xn--tne-1oa.co.nz", Some("tāne.co.nz"), Some(".NZ LATIN")).unwrap().as_deref(),
            Some("tāne.co.nz")
        );
        assert_eq!(unicode("xn--tne-1oa.co.nz", None, None).unwrap().as_deref(), Some("tāne.co.nz"));
        assert_eq!(unicode("example.co.nz", Some("example.co.nz"), None).unwrap(), None);
        for (name, given, id) in [
            ("example.co.nz", Some("tāne.co.nz"), "IDN_DOMAINNAME_MISMATCH"),
            ("xn--tne-1oa.co.nz", Some("tane.co.nz"), "IDN_DOMAINNAME_MISMATCH"),
            ("xn--tne-1oa.co.nz", Some("TĀNE.co.nz"), "IDN_UNICODE_MISMATCH"),
            ("xn--mnchen-3ya.co.nz", None, "IDN_INVALID_CHARACTER"),
            ("xn--999999999.co.nz", None, "IDN_MALFORMED_DOMAINNAME"),
        ] {
            assert_eq!(refused(unicode(name, given, None)), id, "{name}");
        }
    }
}
