//! The rules for contacts, each with what breaks it.

use super::super::super::params::quoted;
use super::*;

/// Each row: a value, and words of the rule it breaks (none: it breaks none). The reject repeats the value.
fn table(check: impl Fn(&str) -> Result<(), Reject>, rows: &[(&str, &str)]) {
    for (value, rule) in rows {
        match (check(value), rule.is_empty()) {
            (Ok(()), true) => {}
            (Ok(()), false) => panic!("`{value}` is taken and should not be: {rule}"),
            (Err(reject), is_good) => {
                assert!(!is_good && reject.reason.contains(rule), "`{value}`: {reject}");
                assert_eq!(reject.field.as_deref(), Some("params.x"));
                assert!(reject.reason.contains(&quoted(value)), "the value is not named: {reject}");
            }
        }
    }
}

#[test]
fn phones() {
    let form = "must have the form";
    let rows = [
        ("+49.69272350", ""),
        ("+49.6927235x290", ""),
        ("+49.0000", ""),
        ("+1.1234", ""),
        ("+999.12345678901234", ""),
        ("+49.69123456x15 6a", ""),
        ("+49.000", form),
        ("49.69272350", form),
        ("+49 69 27235 0", form),
        ("+4969272350", form),
        ("+49.6927235x", form),
        ("+49.x290", form),
        ("+4912.69272350", form),
        ("+.69272350", form),
        ("+49.123456789012345", form),
        ("+49.6927.235", form),
        ("+49.69-27235", form),
        ("+٤٩.69272350", form),
        ("", form),
    ];
    table(|value| phone("x", value), &rows);
    assert!(is_dummy_phone("+49.0000") && is_dummy_phone("+43.000000"));
    assert!(!is_dummy_phone("+49.69272350") && !is_dummy_phone("+49.0000x1"));
    let rows = [("+49.69272350", ""), ("+49.0001", ""), ("+49.0000", "dummy"), ("+49.0000x12", "dummy")];
    table(|value| real_phone("x", value), &rows);
}

#[test]
fn handles_are_own_distinct_and_upper_case() {
    assert_eq!(handle("h", "denic-1000022-max", "DENIC-1000022").as_deref(), Ok("DENIC-1000022-MAX"));
    let own = "must begin with `DENIC-1000022-`";
    let rows = [
        ("DENIC-1000022-MAX", ""),
        ("DENIC-10000221-MAX", own),
        ("DENIC-1000022-", own),
        ("DENIC-1000022", own),
        ("DENIC-99-MAX", own),
        ("1000022-MAXIMUM", own),
        ("DENIC-1000022-M X", "must not hold blanks"),
        ("D-1-X", "9 to 32 characters, has 5"),
        ("DENIC-1000022-ABCDEFGHIJKLMNOPQRS", "has 33"),
    ];
    table(|value| handle("x", value, "DENIC-1000022").map(drop), &rows);
    let id = "a registrar's id and an own part";
    let rows = [
        ("DENIC-1000022-MAX", ""),
        ("DENIC-1-A-B", ""),
        ("DENIC-1000022", id),
        ("DENIC-100-", id),
        ("DENIC--MAX", id),
        ("OTHER-1-MAX", id),
    ];
    table(|value| handle("x", value, "").map(drop), &rows);
    let twice = ["DENIC-1-AAA".to_owned(), "denic-1-aaa".to_owned()];
    assert_eq!(handles("holder", &twice, 5, "").unwrap_err().field.as_deref(), Some("params.holder[1]"));
}

#[test]
fn mailboxes() {
    let (mailbox, host) = ("before the @", "behind the @");
    let long = format!("{}@example.de", "a".repeat(245));
    let rows = [
        ("max@example.de", ""),
        ("john.doe_x+y%z@example.net", ""),
        ("\"john@home\"@example.net", ""),
        ("jürgen@beispiel-fünf.de", ""),
        ("a@b", host),
        ("@example.net", mailbox),
        ("abc@", host),
        ("ab", "3 to 255"),
        (long.as_str(), "3 to 255"),
        ("john.example.de", "no @"),
        ("jo hn@example.net", "blank"),
        ("john@@example.net", mailbox),
        ("john@home@example.net", mailbox),
        (".john@example.net", mailbox),
        ("john.@example.net", mailbox),
        ("john..doe@example.net", mailbox),
        ("John<john@example.net", mailbox),
        ("a,b@example.net", mailbox),
        ("\"\"@example.net", mailbox),
        ("john@example..net", host),
        ("john@.example.net", host),
        ("john@example.net.", host),
        ("john@-example.net", host),
        ("john@exa_mple.net", host),
        ("john@[192.0.2.1]", host),
        ("john@example.net>", host),
    ];
    table(|value| email("x", value), &rows);
    let rows = [("john.doe-1@example.de", ""), ("john_doe@example.de", "holds `_`"), ("j+x@example.de", "holds `+`")];
    table(|value| email_alphabet("x", value), &rows);
}

#[test]
fn postal_codes_of_three_countries_have_their_digits() {
    for (country, rows) in [
        ("DE", &[("60596", ""), ("6059", "5 digits in DE"), ("605966", "5 digits"), ("6059A", "5 digits")][..]),
        ("AT", &[("1010", ""), ("10101", "4 digits in AT"), ("A-1010", "4 digits")]),
        ("CH", &[("8001", ""), ("80010", "4 digits in CH"), ("", "1 to 20")]),
        ("GB", &[("SW1A 1AA", ""), ("0", ""), ("123456789012345678901", "1 to 20 characters, has 21")]),
    ] {
        table(|value| postal_code("x", value, country), rows);
    }
    table(|value| postal_code_alphabet("x", value), &[("SW1A 1AA", ""), ("L-1234", ""), ("1234/5", "holds `/`")]);
}

#[test]
fn names_addresses_and_cities_are_complete() {
    let (short, digits, special) = ("too short", "digits only", "special characters only");
    let (one, run, three) = ("one character only", "five times in a row", "three characters");
    let everywhere = [
        ("123456", digits),
        ("12 34 56", digits),
        ("%%%%%%", special),
        ("-- & --", special),
        ("Мария", special),
        ("DDDD DDDD", one),
        ("aaa", one),
        ("A", short),
        ("Max  Mustermann", ""),
        ("Dddd", ""),
        ("Äöü ŵŷ", ""),
        ("xxxx1111", ""),
    ];
    let person = [("Li", short), ("1%2", three), ("A B", three), ("Bob", ""), ("xxxxxx111111", run), ("A%%%", "")];
    let organisation = [("3M", short), ("1%2", ""), ("xxxxxx111111", ""), ("C&A", "")];
    let address = [("A1", short), ("C 3", ""), ("1%2", ""), ("Weeeeeg 1", run), ("Weg 11111", run)];
    let city = [("Au", ""), ("Å", short), ("AA", one), ("Uuuuuulm", run), ("1%2", "")];
    for (part, own) in [
        (Part::PersonName, &person[..]),
        (Part::OrganisationName, &organisation),
        (Part::Address, &address),
        (Part::City, &city),
    ] {
        table(|value| complete("x", value, part), &[&everywhere, own].concat());
    }
    // Only what is left once blanks are tidied counts.
    assert!(complete("x", "a     b", Part::Address).is_ok());
    assert!(complete("x", " a  ", Part::City).is_err());
    let rows = [
        ("Müller & Söhne GmbH - Nr. 1", ""),
        ("O'Brien", "holds `'`"),
        ("Łódź", "holds `Ł`"),
        ("Weg 1/2", "holds `/`"),
    ];
    table(|value| text_alphabet("x", value), &rows);
}
