//! What the contact commands share: the data of a contact, and how two contacts are compared.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::check::{self, Part, rules, verification};
use super::super::codec::tree::{Block, Item};
use super::super::codec::words::{Section, Word};
use super::super::params::{Params, refuse};
use super::{Rules, shown};
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The parameters of a contact's data; `verification` holds objects of [`verification::PARAMS`].
pub const DATA: &[&str] = &[
    "handle",
    "type",
    "name",
    "organisation",
    "address",
    "postal_code",
    "city",
    "country_code",
    "email",
    "phone",
    "uri_template",
    "verification",
];

const HOLDERS_ONLY: [&str; 9] =
    ["name", "organisation", "address", "postal_code", "city", "country_code", "email", "phone", "verification"];

/// Lines of address the registry is known to take.
const MOST_ADDRESS_LINES: usize = 5;

/// The parameter `handle`.
pub fn handle(params: &Params<'_>, rules: &Rules) -> Result<String, Reject> {
    check::handle(&params.path("handle"), &params.required("handle")?, &rules.reg_acc)
}

/// The key of a contact: its handle in upper case, as the registry stores it.
pub fn object(handle: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Contact, handle)
}

/// A contact as a request writes it.
pub struct Contact {
    /// In upper case.
    pub handle: String,
    kind: Kind,
}

enum Kind {
    /// PERSON or ORG: may hold domains.
    Holder { kind: &'static str, fields: Vec<(Word, String)>, verification: Vec<Vec<(Word, String)>> },
    /// REQUEST: an address for general requests or abuse reports.
    Request { uri_template: String },
}

impl Contact {
    /// Checks the data of a contact: which fields there must and may be depends on its type.
    pub fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject> {
        let handle = handle(params, rules)?;
        let kind = check::one_of("type", &params.required("type")?, &["PERSON", "ORG", "REQUEST"])?;
        let foreign: &[&str] = match kind {
            "REQUEST" => &HOLDERS_ONLY,
            "ORG" => &["organisation", "uri_template"],
            _ => &["uri_template"],
        };
        for name in foreign {
            if !params.is_absent(name) {
                return Err(refuse(name, "is not a field of this type of contact", kind));
            }
        }
        if kind == "REQUEST" {
            let uri_template = params.required("uri_template")?;
            check::uri_template("uri_template", &uri_template)?;
            return Ok(Self { handle, kind: Kind::Request { uri_template } });
        }
        let verification = verification::read(params)?.into_iter().map(verified).collect();
        Ok(Self { handle, kind: Kind::Holder { kind, fields: holder(params, kind)?, verification } })
    }

    /// Its fields in the order of the schema.
    pub fn items(self) -> Vec<Item> {
        let mut items = vec![Item::field(Word::Handle, self.handle)];
        match self.kind {
            Kind::Request { uri_template } => {
                items.push(Item::field(Word::Type, "REQUEST"));
                items.push(Item::field(Word::UriTemplate, uri_template));
            }
            Kind::Holder { kind, fields, verification } => {
                items.push(Item::field(Word::Type, kind));
                items.extend(fields.into_iter().map(|(word, value)| Item::field(word, value)));
                items.extend(verification.into_iter().map(|fields| Item::Block(Section::Verification, fields)));
            }
        }
        items
    }
}

/// The fields of a PERSON or ORG after its type.
fn holder(params: &Params<'_>, kind: &str) -> Result<Vec<(Word, String)>, Reject> {
    let mut fields = Vec::new();
    let mut put = |word, values: Vec<String>| fields.extend(values.into_iter().map(|value| (word, value)));
    let name_of = if kind == "ORG" { Part::OrganisationName } else { Part::PersonName };
    let address = params.required_list("address")?;
    put(Word::Name, vec![text(params, "name", params.required("name")?, 255, Some(name_of))?]);
    put(Word::Organisation, texts_of(params, "organisation", params.list("organisation")?, None)?);
    if address.len() > MOST_ADDRESS_LINES {
        let many = Reject::param("address", format!("has {} lines; five is the most", address.len()));
        params.judge(rules::ADDRESS_LINES, Err(many))?;
    }
    address_lines(params, &address)?;
    put(Word::Address, texts_of(params, "address", address, None)?);
    let country = check::country("country_code", &params.required("country_code")?)?;
    // A token has no runs of blanks.
    let postal_code = check::tidy(&params.required("postal_code")?);
    check::postal_code("postal_code", &postal_code, &country)?;
    params.judge(rules::POSTAL_CODE_ALPHABET, check::postal_code_alphabet("postal_code", &postal_code))?;
    put(Word::PostalCode, vec![postal_code]);
    put(Word::City, vec![text(params, "city", params.required("city")?, 80, Some(Part::City))?]);
    put(Word::CountryCode, vec![country]);
    let email = params.required_list("email")?;
    for (at, value) in email.iter().enumerate() {
        let field = format!("email[{at}]");
        check::email(&field, value)?;
        params.judge(rules::EMAIL_ALPHABET, check::email_alphabet(&field, value))?;
    }
    put(Word::Email, email);
    let phone = params.required("phone")?;
    check::phone("phone", &phone)?;
    params.judge(rules::DUMMY_PHONE, check::real_phone("phone", &phone))?;
    put(Word::Phone, vec![phone]);
    Ok(fields)
}

/// An address is complete if one of its lines is; the number of a house may stand in a line of its own.
fn address_lines(params: &Params<'_>, lines: &[String]) -> Result<(), Reject> {
    let each = lines.iter().enumerate();
    let found: Vec<_> =
        each.map(|(at, line)| check::complete(&format!("address[{at}]"), line, Part::Address)).collect();
    if found.iter().all(Result::is_err) {
        return found.into_iter().next().unwrap_or(Ok(()));
    }
    found.into_iter().try_for_each(|found| params.judge(rules::ADDRESS_LINE_COMPLETE, found))
}

/// One text of a field: not too long, complete if it is a part that must be, and of the listed characters.
fn text(params: &Params<'_>, field: &str, value: String, most: usize, part: Option<Part>) -> Result<String, Reject> {
    check::length(field, &value, 1, most)?;
    part.map_or(Ok(()), |part| check::complete(field, &value, part))?;
    params.judge(rules::TEXT_ALPHABET, check::text_alphabet(field, &value))?;
    Ok(value)
}

fn texts_of(params: &Params<'_>, name: &str, values: Vec<String>, part: Option<Part>) -> Result<Vec<String>, Reject> {
    let each = |(at, value)| text(params, &format!("{name}[{at}]"), value, 255, part);
    values.into_iter().enumerate().map(each).collect()
}

/// A verification block's fields in the order of the schema.
fn verified(block: verification::Block) -> Vec<(Word, String)> {
    let claims = block.claims.into_iter().map(|claim| (Word::VerifiedClaim, claim.to_owned()));
    let rest = [
        (Word::VerificationResult, block.result.to_owned()),
        (Word::VerificationReference, block.reference),
        (Word::VerificationTimestamp, block.timestamp),
        (Word::VerificationEvidence, block.evidence),
        (Word::VerificationMethod, block.method),
        (Word::TrustFramework, block.trust_framework),
    ];
    claims.chain(rest).collect()
}

/// The names of the fields in which a contact that INFO showed differs from the one ordered with `params`, compared as
/// the registry stores them: runs of blanks are one, types and countries are upper case, a dummy phone number is not
/// shown, e-mail addresses, organisations and verifications have no order. Names only: the values are personal data.
pub fn differences(params: &Map<String, Value>, shown: &Value) -> Vec<&'static str> {
    let differs = |name: &&&str| {
        let [mut ours, mut theirs] = [params.get(**name), shown.get(**name)].map(|value| match **name {
            "verification" => verifications(value),
            _ => texts(value),
        });
        match **name {
            "type" | "country_code" => ours.iter_mut().chain(&mut theirs).for_each(|text| *text = text.to_uppercase()),
            "email" | "organisation" | "verification" => {
                ours.sort();
                theirs.sort();
            }
            "phone" if theirs.is_empty() => ours.retain(|phone| !check::is_dummy_phone(phone)),
            _ => {}
        }
        ours != theirs
    };
    // Without the handle, by which it was asked for.
    DATA[1..].iter().filter(differs).copied().collect()
}

/// Verification blocks, each as one text that does not depend on case, order of claims or the offset of a time.
fn verifications(value: Option<&Value>) -> Vec<String> {
    let tidy = |block: &Value| {
        let parts = verification::PARAMS.iter().map(|name| {
            let mut parts: Vec<String> = texts(block.get(*name)).iter().map(|text| text.to_lowercase()).collect();
            parts.sort();
            let part = parts.join(",");
            part.parse::<Timestamp>().map_or(part, |instant| instant.to_string())
        });
        parts.collect::<Vec<_>>().join(";")
    };
    value.and_then(Value::as_array).into_iter().flatten().map(tidy).collect()
}

/// A text or a list of texts, runs of blanks made one.
fn texts(value: Option<&Value>) -> Vec<String> {
    let tidy = check::tidy;
    match value {
        Some(Value::String(text)) => vec![tidy(text)],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(tidy).collect(),
        _ => Vec::new(),
    }
}

/// A contact as INFO shows it.
pub fn data(answer: &Block) -> Value {
    Value::Object(shown::contact(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contacts_are_compared_as_the_registry_stores_them() {
        let ours = json!({"handle": "denic-1-max", "type": "person", "name": "Max  Mustermann", "address": "Weg 1", "email": ["b@example.de", "a@example.de"], "phone": "+49.0000"});
        let theirs = json!({"handle": "DENIC-1-MAX", "type": "PERSON", "name": "Max Mustermann", "address": ["Weg 1"], "email": ["a@example.de", "b@example.de"], "changed": "x"});
        let Value::Object(ours) = ours else { unreachable!() };
        assert_eq!(differences(&ours, &theirs), [""; 0]);
        let other = json!({"type": "ORG", "name": "Max Mustermann", "address": ["Weg 2"], "email": ["a@example.de", "b@example.de"], "phone": "+49.69272350"});
        assert_eq!(differences(&ours, &other), ["type", "address", "phone"]);
    }

    #[test]
    fn verifications_are_compared_by_what_they_say() {
        let block = |claims: Value, result: &str, timestamp: &str| json!({"verification": [{"claims": claims, "result": result, "reference": "R1", "timestamp": timestamp, "evidence": "idcard", "method": "auth", "trust_framework": "de_denic"}]});
        let ours = block(json!(["name", "address"]), "Success", "2023-11-11T15:36:21+02:00");
        let Value::Object(ours) = ours else { unreachable!() };
        let same = block(json!(["address", "name"]), "success", "2023-11-11T14:36:21+01:00");
        assert_eq!(differences(&ours, &same), [""; 0]);
        let other = block(json!(["address", "name"]), "failed", "2023-11-11T14:36:21+01:00");
        assert_eq!(differences(&ours, &other), ["verification"]);
        assert_eq!(differences(&ours, &json!({})), ["verification"]);
    }
}
