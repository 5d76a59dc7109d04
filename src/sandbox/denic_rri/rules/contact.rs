//! Contacts: syntax, completeness, and what each type may carry.

use super::super::codes::{self, Code};
use super::super::state::{Contact, ContactKind};
use super::super::wire::Version;
use super::super::wire::request::{Fields, Request};
use super::verification;
use crate::model::Message;
use jiff::Timestamp;

/// ISO 3166-1 alpha-2.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ \
FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU \
RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Longest values in characters.
const LENGTHS: &[(&str, usize)] = &[
    ("name", 255),
    ("organisation", 255),
    ("address", 255),
    ("postalcode", 20),
    ("city", 80),
    ("email", 255),
    ("uri-template", 1024),
];

/// Reads the contact of a CREATE. All mistakes are found, not only the first.
pub(in super::super) fn read(request: &Request, account: &str, now: Timestamp) -> Result<Contact, Vec<Message>> {
    let fields = &request.fields;
    // Protocols before 5.0 know no verification, and what is not known is not looked at.
    let (no_fields, no_blocks) = (Fields::default(), Vec::new());
    let (head, blocks) =
        if request.version >= Version::V5 { (fields, &request.verification) } else { (&no_fields, &no_blocks) };
    let mut mistakes = Vec::new();
    let handle = handle_of(fields, account).map_err(|mistake| vec![mistake])?;
    let kind = kind_of(fields).map_err(|mistake| vec![mistake])?;
    for (keyword, longest) in LENGTHS {
        if fields.all(keyword).any(|value| value.chars().count() > *longest) && *keyword != "uri-template" {
            mistakes.push(codes::TOO_LONG.with([format!("{keyword}, max: {longest}")]));
        }
    }
    let list = |keyword: &str| fields.all(keyword).map(collapse).collect::<Vec<_>>();
    let one = |keyword: &str| fields.first(keyword).map(collapse).unwrap_or_default();
    let mut contact = Contact {
        handle,
        account: account.to_owned(),
        kind,
        name: one("name"),
        organisation: list("organisation"),
        address: list("address"),
        postal_code: one("postalcode"),
        city: one("city"),
        country: one("countrycode").to_ascii_uppercase(),
        email: list("email"),
        phone: fields.first("phone").map(collapse),
        uri_template: None,
        verification: Vec::new(),
        created: now,
        changed: now,
        unreferenced_since: Some(now),
        was_used: false,
    };
    if kind == ContactKind::Request {
        match fields.once("uri-template").ok_or(&codes::URI_TEMPLATE_ONCE) {
            Ok(template) => match uri_template(template) {
                Ok(()) => contact.uri_template = Some(template.to_owned()),
                Err(why) => mistakes.push(codes::URI_TEMPLATE.with([why])),
            },
            Err(code) => mistakes.push(code.message()),
        }
        if !blocks.is_empty() {
            mistakes.push(codes::VALUE_NOT_FOR_TYPE.with(["VerificationInformation"]));
        }
    } else {
        person_or_org(&contact, request, &mut mistakes);
        match verification::read(head, blocks) {
            Ok(blocks) => contact.verification = blocks,
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(contact) } else { Err(mistakes) }
}

fn handle_of(fields: &Fields, account: &str) -> Result<String, Message> {
    let text = fields.first("handle").ok_or_else(|| codes::HANDLE_MISSING.message())?;
    if fields.once("handle").is_none() {
        return Err(codes::HANDLE_ONCE.message());
    }
    let handle = super::names::handle(text).ok_or_else(|| codes::HANDLE_VALUE.with([text]))?;
    if super::names::is_own(&handle, account) { Ok(handle) } else { Err(codes::FOREIGN_CONTACT.with([handle])) }
}

fn kind_of(fields: &Fields) -> Result<ContactKind, Message> {
    let text = fields.first("type").ok_or_else(|| codes::TYPE_MISSING.message())?;
    if fields.once("type").is_none() {
        return Err(codes::TYPE_ONCE.message());
    }
    ContactKind::read(text).ok_or_else(|| codes::TYPE_VALUE.message())
}

fn person_or_org(contact: &Contact, request: &Request, mistakes: &mut Vec<Message>) {
    let fields = &request.fields;
    let mut wrong = |is_wrong: bool, code: &Code| {
        if is_wrong {
            mistakes.push(code.message());
        }
    };
    let missing = |keyword: &str| fields.first(keyword).is_none();
    let not_once = |keyword: &str| fields.once(keyword).is_none();

    wrong(missing("name"), &codes::NAME_MISSING);
    wrong(!missing("name") && not_once("name"), &codes::NAME_ONCE);
    wrong(missing("address"), &codes::ADDRESS_MISSING);
    wrong(not_once("postalcode"), &codes::POSTAL_CODE_ONCE);
    wrong(not_once("city"), &codes::CITY_ONCE);
    wrong(not_once("countrycode"), &codes::COUNTRY_ONCE);
    wrong(missing("email"), &codes::EMAIL_MISSING);
    // Protocols before 5.0 know no phone number.
    let may_lack_phone = request.version < Version::V5 && missing("phone");
    wrong(not_once("phone") && !may_lack_phone, &codes::PHONE_ONCE);
    wrong(contact.kind == ContactKind::Org && !contact.organisation.is_empty(), &codes::ORGANISATION_WITH_ORG);

    let country = contact.country.as_str();
    wrong(!country.is_empty() && !COUNTRIES.split(' ').any(|c| c == country), &codes::COUNTRY_VALUE);
    wrong(contact.email.iter().any(|email| !is_email(email)), &codes::EMAIL_FORMAT);
    wrong(contact.phone.as_ref().is_some_and(|phone| !is_phone(phone)), &codes::PHONE_FORMAT);

    let name = if contact.kind == ContactKind::Person { Part::PersonName } else { Part::OrganisationName };
    wrong(!contact.name.is_empty() && !is_plausible(&contact.name, name), &codes::NAME_FORMAT);
    wrong(contact.address.iter().any(|line| !is_plausible(line, Part::Address)), &codes::ADDRESS_FORMAT);
    wrong(!contact.city.is_empty() && !is_plausible(&contact.city, Part::City), &codes::CITY_FORMAT);
    wrong(
        !contact.postal_code.is_empty() && !is_postal_code(&contact.postal_code, country),
        &codes::POSTAL_CODE_FORMAT,
    );
}

/// Outer blanks cut, inner runs of blanks made one.
fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What must look like what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    PersonName,
    /// The only one in which a character may stand five times in a row.
    OrganisationName,
    Address,
    City,
}

/// The completeness check of names, addresses and cities.
fn is_plausible(text: &str, part: Part) -> bool {
    let shortest = if part == Part::City { 2 } else { 3 };
    let characters: Vec<char> = text.chars().collect();
    let solid: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let only = |test: fn(&char) -> bool| solid.iter().all(test);
    let one_letter_only = solid.first().is_some_and(|first| solid.iter().all(|c| c == first));
    let long_run = part != Part::OrganisationName && characters.chunk_by(|a, b| a == b).any(|run| run.len() >= 5);
    let odd_triple =
        part == Part::PersonName && characters.len() == 3 && characters.iter().any(|c| !c.is_alphanumeric());
    characters.len() >= shortest
        && !only(char::is_ascii_digit)
        && !only(|c| !c.is_alphanumeric())
        && !one_letter_only
        && !long_run
        && !odd_triple
}

fn is_postal_code(text: &str, country: &str) -> bool {
    let digits = |count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    match country {
        "DE" => digits(5),
        "AT" | "CH" => digits(4),
        _ => true,
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let visible = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control());
    visible(local) && visible(domain) && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
}

/// `+CC.NUMBER` with an optional `xEXTENSION`.
fn is_phone(text: &str) -> bool {
    let number = text.split_once('x').map_or(Some(text), |(number, rest)| (!rest.is_empty()).then_some(number));
    let Some((country, local)) = number.and_then(|n| n.strip_prefix('+')).and_then(|n| n.split_once('.')) else {
        return false;
    };
    let digits = |part: &str, range: std::ops::RangeInclusive<usize>| {
        range.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    digits(country, 1..=3) && digits(local, 4..=14)
}

/// A number of zeros in place of a real one: accepted, never shown.
pub(in super::super) fn is_dummy_phone(text: &str) -> bool {
    is_phone(text) && text.split_once('.').is_some_and(|(_, local)| local.bytes().all(|b| b == b'0'))
}

/// RFC 6570 level 1 with the two variables that exist.
fn uri_template(text: &str) -> Result<(), &'static str> {
    if text.chars().count() > 1024 {
        return Err("too long: max 1024");
    }
    let plain = text.replace("{Alabel}", "").replace("{Ulabel}", "");
    if plain.contains(['{', '}']) {
        return Err("invalid variable(s)");
    }
    let has_scheme = ["http://", "https://", "mailto:"].iter().any(|scheme| text.starts_with(scheme));
    if text.chars().count() < 8 || !has_scheme || text.contains(char::is_whitespace) {
        return Err("invalid syntax");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completeness() {
        for bad in ["123456", "%%%%%%", "ab", "DDDD DDDD", "xxxxxx111111"] {
            assert!(!is_plausible(bad, Part::Address), "{bad}");
        }
        assert!(!is_plausible("1%2", Part::PersonName) && is_plausible("1%2", Part::OrganisationName));
        assert!(is_plausible("Max Mustermann", Part::PersonName) && is_plausible("Au", Part::City));
        let run = "zzzzz Example";
        for (part, fits) in [(Part::PersonName, false), (Part::OrganisationName, true), (Part::Address, false)] {
            assert_eq!(is_plausible(run, part), fits);
        }
        assert!(is_postal_code("60596", "DE") && !is_postal_code("1010", "DE") && is_postal_code("1010", "AT"));
    }

    #[test]
    fn phones_mails_and_templates() {
        assert!(is_phone("+49.69272350") && is_phone("+49.6927235x290") && is_phone("+49.0000"));
        assert!(is_dummy_phone("+49.0000") && !is_dummy_phone("+49.00001"));
        for bad in ["+49.000", "49.69272350", "+4969272350", "+49.69x", ""] {
            assert!(!is_phone(bad), "{bad}");
        }
        assert!(is_email("a@example.de") && !is_email("a@b") && !is_email("example.de"));
        assert!(uri_template("mailto:info@example.de?subject=domain:{Ulabel}").is_ok());
        assert!(
            uri_template("https://example.de/{?Alabel,Ulabel}").is_err() && uri_template("ftp://example.de").is_err()
        );
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }
}
