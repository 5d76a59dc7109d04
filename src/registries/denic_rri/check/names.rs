//! Names: domains below .de in both spellings, and host names anywhere.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::super::params::{Params, quoted, refuse};
use super::{length, rules};
use crate::model::Reject;

/// The letters of .de besides a to z, in lower case.
const LETTERS: &str = "áàăâåäãąāæćĉčċçďđéèĕêěëėęēğĝġģĥħíìĭîïĩįīıĵķĺľļłńňñņŋóòŏôöőõøōœĸŕřŗśŝšşťţŧúùŭûůüűũųūŵýŷÿźžżðþß";

/// A domain in both spellings, lower case, without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainName {
    /// With umlauts, if it has any.
    pub unicode: String,
    /// As DNS has it.
    pub ace: String,
}

/// Whether a letter is one of the 93 of .de besides a to z, in either case.
pub fn is_letter_of_de(letter: char) -> bool {
    letter.to_lowercase().any(|lower| LETTERS.contains(lower))
}

/// A domain directly below .de. `ß` stays what it is.
///
/// # Errors
/// It is no host name, lies elsewhere, or its label breaks a rule of .de.
pub fn domain(field: &str, value: &str) -> Result<DomainName, Reject> {
    let ace = host(field, value)?;
    if ace.strip_suffix(".de").is_none_or(|label| label.contains('.')) {
        return Err(refuse(field, "must be a name directly below .de", value));
    }
    let (unicode, readable) = Uts46::new().to_unicode(ace.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    if readable.is_err() {
        return Err(refuse(field, "is not the ACE form of any name", value));
    }
    let unicode = unicode.into_owned();
    if unicode.chars().skip(2).take(2).eq(['-', '-']) {
        let rule = "must not have hyphens at the third and fourth place, where only the ACE form of a name has them";
        return Err(refuse(field, rule, value));
    }
    length(field, &unicode, 4, 66)?;
    Ok(DomainName { unicode, ace })
}

/// Whether a domain has only letters of .de.
///
/// # Errors
/// Names the first other one.
pub fn letters(field: &str, name: &DomainName) -> Result<(), Reject> {
    let label = name.unicode.strip_suffix(".de").unwrap_or(&name.unicode);
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || is_letter_of_de(c);
    match label.chars().find(|c| !known(*c)) {
        None => Ok(()),
        Some(letter) => {
            let rule = format!("must not hold `{}`, which is no letter of .de", quoted(&letter.to_string()));
            Err(refuse(field, &rule, &name.unicode))
        }
    }
}

/// The domain in the parameter `domain`, and `domain_ace`, which must be the same name.
///
/// # Errors
/// As [`domain`] and [`letters`]; the two are different names.
pub fn read(params: &Params<'_>) -> Result<DomainName, Reject> {
    let name = domain("domain", &params.required("domain")?)?;
    params.judge(rules::IDN_LETTERS, letters("domain", &name))?;
    let Some(ace) = params.optional("domain_ace")? else { return Ok(name) };
    // Whoever writes the other spelling into it has mistaken what it is for.
    if ace.is_ascii() && host("domain_ace", &ace)? == name.ace {
        return Ok(name);
    }
    Err(refuse("domain_ace", &format!("must be {}, the ACE form of `domain`", name.ace), &ace))
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
    } else if labels().any(|label| label.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("xn--"))) {
        "must be a host name; a label that begins with xn-- must be the ACE form of a name"
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
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_in_both_spellings() {
        for (unicode, ace) in [
            ("beispiel-fünf.de", "xn--beispiel-fnf-mlb.de"),
            ("dänic.de", "xn--dnic-loa.de"),
            ("dönic.de", "xn--dnic-5qa.de"),
            ("straße.de", "xn--strae-oqa.de"),
            ("example.de", "example.de"),
            ("a.de", "a.de"),
            ("ü.de", "xn--tda.de"),
            ("123.de", "123.de"),
            ("a-b--c.de", "a-b--c.de"),
        ] {
            let name = DomainName { unicode: unicode.into(), ace: ace.into() };
            for spelling in [
                unicode.to_owned(),
                ace.to_owned(),
                unicode.to_uppercase().replace("STRASSE", "straße"),
                format!("{ace}."),
            ] {
                assert_eq!(domain("domain", &spelling).as_ref(), Ok(&name), "{spelling}");
            }
        }
    }

    #[test]
    fn the_letters_of_de() {
        assert_eq!(LETTERS.chars().count(), 93);
        let distinct: std::collections::BTreeSet<char> = LETTERS.chars().collect();
        assert_eq!(distinct.len(), 93);
        for letter in LETTERS.chars() {
            // Every one of them is a letter that may stand in a name, and none becomes another.
            let name = domain("domain", &format!("a{letter}b.de")).unwrap();
            assert_eq!((letters("domain", &name), name.unicode), (Ok(()), format!("a{letter}b.de")));
            assert!(is_letter_of_de(letter));
        }
        assert!(is_letter_of_de('Ä') && is_letter_of_de('Œ') && !is_letter_of_de('α') && !is_letter_of_de('a'));
    }

    #[test]
    fn what_is_wrong_with_a_name_is_said() {
        let (label63, label64) = ("a".repeat(63), "a".repeat(64));
        for (params, field, rule) in [
            (json!({"domain": "example.de"}), "", ""),
            (json!({"domain": format!("{label63}.de")}), "", ""),
            (json!({"domain": "fünf.de", "domain_ace": "XN--FNF-HOA.de."}), "", ""),
            (json!({"domain": null}), "params.domain", "is missing"),
            (json!({"domain": 7}), "params.domain", "must be a text"),
            (json!({"domain": "exam\tple.de"}), "params.domain", "tabs"),
            (json!({"domain": "de"}), "params.domain", "two labels; got `de`"),
            (json!({"domain": ".de"}), "params.domain", "label"),
            (json!({"domain": "a..de"}), "params.domain", "empty; got `a..de`"),
            (json!({"domain": "example.net"}), "params.domain", "below .de; got `example.net`"),
            (json!({"domain": "www.example.de"}), "params.domain", "directly below .de"),
            (json!({"domain": "ex ample.de"}), "params.domain", "letters, digits and hyphens"),
            (json!({"domain": "a_b.de"}), "params.domain", "letters, digits and hyphens"),
            (json!({"domain": "a/b.de"}), "params.domain", "letters, digits and hyphens"),
            (json!({"domain": "-a.de"}), "params.domain", "hyphen; got `-a.de`"),
            (json!({"domain": "a-.de"}), "params.domain", "hyphen; got `a-.de`"),
            (json!({"domain": "ab--c.de"}), "params.domain", "third and fourth"),
            (json!({"domain": "ab--ü.de"}), "params.domain", "third and fourth"),
            (json!({"domain": "üä--a.de"}), "params.domain", "third and fourth"),
            (json!({"domain": format!("{label64}.de")}), "params.domain", "at most 63"),
            (json!({"domain": format!("{}.de", "ü".repeat(63))}), "params.domain", "host name"),
            (json!({"domain": "xn--.de"}), "params.domain", ""),
            (json!({"domain": "xn--a.de"}), "params.domain", "xn--"),
            (json!({"domain": "xn--example.de"}), "params.domain", "xn--"),
            (json!({"domain": "αβγ.de"}), "params.domain", "`α`, which is no letter of .de"),
            (json!({"domain": "xn--mxacd.de"}), "params.domain", "no letter of .de"),
            (json!({"domain": "пример.de"}), "params.domain", "`п`, which is no letter"),
            (json!({"domain": "fünf.de", "domain_ace": "xn--fnf-loa.de"}), "params.domain_ace", ""),
            (json!({"domain": "fünf.de", "domain_ace": "fünf.de"}), "params.domain_ace", "must be xn--fnf-hoa.de"),
            (
                json!({"domain": "straße.de", "domain_ace": "strasse.de"}),
                "params.domain_ace",
                "must be xn--strae-oqa.de",
            ),
        ] {
            let Value::Object(map) = &params else { unreachable!("an object") };
            let reject = read(&Params::new(map, &["domain", "domain_ace"]).unwrap()).err();
            assert_eq!(
                reject.as_ref().and_then(|r| r.field.as_deref()).unwrap_or_default(),
                field,
                "{params}: {reject:?}"
            );
            let reason = reject.map(|reject| reject.reason).unwrap_or_default();
            assert!(reason.contains(rule), "{params}: {reason}");
        }
    }

    #[test]
    fn hosts() {
        assert_eq!(host("h", "NS1.Example.NET.").as_deref(), Ok("ns1.example.net"));
        assert_eq!(host("h", "ns.fünf.example").as_deref(), Ok("ns.xn--fnf-hoa.example"));
        for (bad, rule) in [
            ("localhost", "two labels"),
            ("192.0.2.1", "not an address"),
            ("ns_1.example.net", "hyphens"),
            ("", "empty"),
        ] {
            let reject = host("h", bad).unwrap_err();
            assert!(reject.reason.contains(rule), "{reject}");
        }
        let long =
            format!("{}.example.net", ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(63)].join("."));
        assert!(host("h", &long).unwrap_err().reason.contains("253"));
        assert!(lies_in("example.de", "example.de") && lies_in("a.example.de", "example.de"));
        assert!(!lies_in("notexample.de", "example.de"));
    }
}
