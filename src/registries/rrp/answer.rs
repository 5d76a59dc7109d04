//! An answer in the common shape. The registry's words stay what they are; of the two spellings of its attributes
//! (reference 6.1) the one with blanks counts.

use serde_json::{Map, Value};

use super::codec::Reply;
use crate::model::{Answer, Level, Message};

/// The end of a registration.
pub const EXPIRY: &str = "registration expiration date";
/// Addresses of a name server.
pub const ADDRESSES: &str = "ipAddress";
/// Name servers of a domain.
pub const HOSTS: &str = "nameserver";
/// Statuses of a domain.
pub const STATUS: &str = "status";
/// Who has it.
pub const REGISTRAR: &str = "registrar";
/// When it came to whom has it.
pub const TRANSFERRED: &str = "registrar transfer date";
/// First registration.
pub const CREATED: &str = "created date";
/// Who registered it.
pub const CREATED_BY: &str = "created by";
/// Last change.
pub const UPDATED: &str = "updated date";
/// Who made it.
pub const UPDATED_BY: &str = "updated by";
/// Statuses of a domain that was deleted and not dropped yet (reference 7).
pub const DELETED: &[&str] = &["REDEMPTIONPERIOD", PENDING_DELETE, "PENDINGRESTORE"];
/// The last of them: nothing brings it back any more.
pub const PENDING_DELETE: &str = "PENDINGDELETE";

/// The names answers are read by; lists are shown as lists, however many items they have.
const NAMES: &[(&str, bool)] = &[
    ("domain name", false),
    (HOSTS, true),
    (ADDRESSES, true),
    (EXPIRY, false),
    (REGISTRAR, false),
    (TRANSFERRED, false),
    (STATUS, true),
    (CREATED, false),
    (CREATED_BY, false),
    (UPDATED, false),
    (UPDATED_BY, false),
    ("Protocol", false),
];

/// Makes an answer of a reply. `result` is `success` for codes of the 200s, else `failed`. `data` has the attributes under the
/// names of RFC 2832's samples (`registration expiration date`), whichever of its spellings came, and unknown ones as they
/// came; name servers, addresses and statuses are lists, and so is any other that came more than once. Null without
/// attributes.
pub fn of(reply: Reply) -> Answer {
    let succeeded = reply.code.starts_with('2');
    let mut data = Map::new();
    for (name, value) in reply.attributes {
        let folded = fold(&name);
        let known = NAMES.iter().find(|(known, _)| fold(known) == folded);
        // Of unknown names, too, case and blanks mean nothing.
        let key = match known {
            Some((known, _)) => (*known).to_owned(),
            None => data.keys().find(|key| fold(key) == folded).cloned().unwrap_or(name),
        };
        let value = Value::String(value);
        match data.get_mut(&key) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None if known.is_some_and(|(_, is_list)| *is_list) => drop(data.insert(key, Value::Array(vec![value]))),
            None => drop(data.insert(key, value)),
        }
    }
    Answer {
        result: if succeeded { "success" } else { "failed" }.to_owned(),
        messages: vec![Message {
            level: if succeeded { Level::Info } else { Level::Error },
            code: reply.code,
            text: reply.text,
            arguments: Vec::new(),
        }],
        server_transaction: None,
        client_transaction: None,
        data: if data.is_empty() { Value::Null } else { Value::Object(data) },
    }
}

/// A name without case and blanks: `registration expiration date` and `RegistrationExpirationDate` are one.
fn fold(name: &str) -> String {
    name.chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// The text of a field, if it has one; of several the first.
pub fn text<'a>(data: &'a Value, field: &str) -> Option<&'a str> {
    let value = data.get(field)?;
    let text = value.as_str().or_else(|| value.as_array()?.first()?.as_str())?.trim();
    Some(text).filter(|text| !text.is_empty())
}

/// The texts of a field; none where it is missing.
pub fn texts<'a>(data: &'a Value, field: &str) -> Vec<&'a str> {
    match data.get(field) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::trim).collect(),
        Some(Value::String(text)) => vec![text.trim()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::codec::read_reply;
    use super::*;

    fn answer(message: &str) -> Answer {
        of(read_reply(message.as_bytes()).unwrap())
    }

    #[test]
    fn both_spellings_are_one_name() {
        let rfc = answer(
            "200 Command completed successfully\r\nnameserver:ns2.example.net\r\nregistration expiration date:2010-09-22 10:27:00.0\r\n\
             status:ACTIVE\r\ncreated by:registrarA\r\n.\r\n",
        );
        let draft = answer(
            "200 Command completed successfully\nNameServer:ns2.example.net\nRegistrationExpirationDate:2010-09-22 10:27:00.0\n\
             Status:ACTIVE\nCreatedBy:registrarA\n.\n",
        );
        assert_eq!(rfc, draft);
        assert_eq!(
            rfc.data,
            json!({"nameserver": ["ns2.example.net"], "registration expiration date": "2010-09-22 10:27:00.0",
                   "status": ["ACTIVE"], "created by": "registrarA"})
        );
    }

    #[test]
    fn unknown_names_stay_and_repeated_ones_are_lists() {
        let shown = answer(
            "213 Name server not available\r\nipAddress:2001:db8::1\r\nfoo bar:1\r\nFooBar:2\r\nregistrar:a\r\n.\r\n",
        );
        assert_eq!(shown.data, json!({"ipAddress": ["2001:db8::1"], "foo bar": ["1", "2"], "registrar": "a"}));
        assert_eq!((shown.result.as_str(), shown.leading_code()), ("success", Some("213")));
        let refused = answer("531 Authorization failed\r\n.\r\n");
        assert_eq!((refused.result.as_str(), &refused.data), ("failed", &Value::Null));
        assert_eq!(refused.messages[0].level, Level::Error);
        assert_eq!((text(&shown.data, "foo bar"), text(&shown.data, "x")), (Some("1"), None));
        assert_eq!(texts(&shown.data, "registrar"), ["a"]);
    }
}
