//! An answer in the common shape: the registry's words and attributes stay what they are.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Map, Value};

use super::codec::tree::Node;
use crate::model::{Answer, Level, Message, Operation};

/// What a registrant could take a domain away with, or act in another's place.
const SECRET: &[&str] = &["domain_auth_info", "cookie", "auth_info", "reg_password", "password"];
/// How many of them, from the first on, our own questions need: about a doubt, and for a profile's cookie.
const NEEDED: usize = 2;
/// What stands beside the attributes and has a place of its own in an answer, or says nothing new.
const FRAME: &[&str] =
    &["protocol", "action", "object", "is_success", "response_code", "response_text", "attributes", "transaction_id"];

/// Makes an answer of a reply's data.
///
/// `result` is `is_success` (`1`, `0`, or empty where it is missing). The first message has `response_code` (empty where
/// the registry gives none: its word for a connection that lived too long has no number) and `response_text` (blanks
/// collapsed); it is of level info if both the flag and the code say yes, else error. Further ones tell the results of
/// parts: one for each name in `details`, with the name as its argument, `whois_privacy`, and the text of `error`. A part
/// that says no where the whole says yes is an error in `details`, and a warning elsewhere. `data` has the attributes under
/// their native names: hashes as objects, arrays as dense lists in the sequence of their numbers, text as strings (blanks
/// at the ends taken off), empty items as null; what else stands beside the attributes (a cookie, `rwi_attributes`) is
/// added to them. Where a job asks, what a registrant could take a domain away with (`domain_auth_info`, `cookie`) is `***`;
/// only the question `DomainAuthcodeCheck`, which no job but we ourselves ask, keeps it.
///
/// # Errors
/// It is no reply: its root is no hash, or it has neither code nor text.
pub fn of(operation: Operation, data: &Node) -> Result<Answer, String> {
    let Node::Assoc(items) = data else { return Err("the answer is no hash".into()) };
    let whole = Outcome::of(data);
    if whole.code.is_empty() && whole.text.is_empty() {
        return Err("the answer has no response_code".into());
    }
    let attributes = data.get("attributes").unwrap_or(&Node::Empty);
    let mut messages = vec![whole.message(Level::Error, &[])];
    parts(&whole, attributes, &mut messages);
    let mut shown = json(attributes);
    let beside = items.iter().filter(|item| !FRAME.contains(&item.key.as_str()));
    for item in beside {
        if shown.is_null() {
            shown = Value::Object(Map::new());
        }
        if let Value::Object(fields) = &mut shown {
            fields.entry(item.key.clone()).or_insert_with(|| json(&item.value));
        }
    }
    hide(&mut shown, operation == Operation::DomainAuthcodeCheck);
    Ok(Answer {
        result: whole.flag.clone(),
        messages,
        server_transaction: Some(text(data, "transaction_id")).filter(|id| !id.is_empty()),
        client_transaction: None,
        data: shown,
    })
}

/// What was heard last on a session, to know it when it comes again: in the place of the next answer it would be taken for
/// that, since no answer repeats anything of its request.
#[derive(Debug, Default)]
pub struct LastHeard(Option<u64>);

impl LastHeard {
    /// Takes note of an answer, and whether it is another one than the last. One without the registry's own transaction id may
    /// well be written like the one before.
    pub fn is_new(&mut self, answer: &Answer, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let hash = answer.server_transaction.as_ref().map(|_| hasher.finish());
        let is_new = hash.is_none() || hash != self.0;
        self.0 = hash;
        is_new
    }
}

/// Flag, code and text, of the whole or of a part.
struct Outcome {
    flag: String,
    code: String,
    text: String,
}

impl Outcome {
    fn of(node: &Node) -> Self {
        let words = text(node, "response_text");
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { flag: self::text(node, "is_success"), code: self::text(node, "response_code"), text }
    }

    /// Both must say yes: a flag alone comes with refusals, a code alone with failures (OpenSRS guide, response codes).
    fn says_yes(&self) -> bool {
        self.flag == "1" && self.code.len() == 3 && self.code.starts_with('2')
    }

    fn message(&self, no: Level, arguments: &[&str]) -> Message {
        Message {
            level: if self.says_yes() { Level::Info } else { no },
            code: self.code.clone(),
            text: self.text.clone(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }
}

/// What an answer says of its parts.
fn parts(whole: &Outcome, attributes: &Node, messages: &mut Vec<Message>) {
    if let Some(Node::Assoc(details)) = attributes.get("details") {
        let of_one = |name: &str, part: &Node| Outcome::of(part).message(Level::Error, &[name]);
        messages
            .extend(details.iter().filter(|part| is_result(&part.value)).map(|part| of_one(&part.key, &part.value)));
    }
    let aside = if whole.says_yes() { Level::Warning } else { Level::Error };
    if let Some(part) = attributes.get("whois_privacy").filter(|part| is_result(part)) {
        messages.push(Outcome::of(part).message(aside, &["whois_privacy"]));
    }
    let error = text(attributes, "error").split_whitespace().collect::<Vec<_>>().join(" ");
    if !error.is_empty() {
        messages.push(Message { level: aside, code: whole.code.clone(), text: error, arguments: vec!["error".into()] });
    }
}

fn is_result(node: &Node) -> bool {
    node.get("is_success").is_some() || node.get("response_code").is_some()
}

/// The text of a key without the blanks around it; nothing where there is none.
fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::as_text).unwrap_or_default().trim().to_owned()
}

/// A value as JSON; its depth is bounded by the codec.
fn json(node: &Node) -> Value {
    match node {
        Node::Assoc(items) => items.iter().map(|item| (item.key.clone(), json(&item.value))).collect(),
        Node::Array(_) => node.values().into_iter().map(json).collect(),
        Node::Scalar(text) => Value::String(text.trim().to_owned()),
        Node::ScalarRef(inner) => json(inner),
        Node::Empty => Value::Null,
    }
}

/// Puts `***` in the place of what is secret, at any depth.
fn hide(value: &mut Value, is_ours: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, is_ours)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let is_hidden = SECRET.iter().skip(if is_ours { NEEDED } else { 0 }).any(|secret| secret == name);
                match is_hidden && !field.is_null() {
                    true => *field = "***".into(),
                    false => hide(field, is_ours),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(flag: &str, code: &str, text: &str, attributes: Node) -> Node {
        Node::assoc([
            ("protocol", Node::text("XCP")),
            ("is_success", Node::text(flag)),
            ("response_code", Node::text(code)),
            ("response_text", Node::text(text)),
            ("attributes", attributes),
        ])
    }

    fn levels(answer: &Answer) -> Vec<(Level, &str, &str)> {
        answer.messages.iter().map(|message| (message.level, message.code.as_str(), message.text.as_str())).collect()
    }

    #[test]
    fn an_answer_that_comes_again_is_known() {
        let answer = |transaction: Option<&str>| Answer {
            server_transaction: transaction.map(str::to_owned),
            ..Answer::default()
        };
        let mut last = LastHeard::default();
        assert!(last.is_new(&answer(Some("2014-05-29 11:14:02 23004 101")), b"one"));
        assert!(!last.is_new(&answer(Some("2014-05-29 11:14:02 23004 101")), b"one"));
        assert!(
            last.is_new(&answer(Some("2014-05-29 11:14:02 23004 101")), b"two"),
            "its second and its process are alike"
        );
        assert!(last.is_new(&answer(None), b"one") && last.is_new(&answer(None), b"one"), "perhaps written alike");
    }

    #[test]
    fn flag_and_code_must_both_say_yes() {
        for (flag, code, level) in [
            ("1", "200", Level::Info),
            (" 1\n", " 211 ", Level::Info),
            ("0", "200", Level::Error),
            ("1", "485", Level::Error),
            ("", "200", Level::Error),
            ("1", "2", Level::Error),
        ] {
            let answer = of(Operation::DomainCheck, &reply(flag, code, "Domain\r\n  taken \n", Node::Empty)).unwrap();
            assert_eq!(levels(&answer), [(level, code.trim(), "Domain taken")], "{flag} {code}");
            assert_eq!(answer.result, flag.trim());
            assert_eq!(answer.data, Value::Null);
        }
    }

    #[test]
    fn what_is_missing_is_no_reason_to_refuse_but_nothing_at_all_is() {
        let bare = Node::assoc([("response_text", Node::text("Timeout reading client request"))]);
        let answer = of(Operation::DomainCreate, &bare).unwrap();
        assert_eq!(answer.result, "");
        assert_eq!(levels(&answer), [(Level::Error, "", "Timeout reading client request")]);
        for no_reply in [Node::array([]), Node::text("200"), Node::assoc([("protocol", Node::text("XCP"))])] {
            assert!(of(Operation::DomainInfo, &no_reply).is_err());
        }
    }

    #[test]
    fn parts_tell_their_own_result() {
        let part = |flag, code| reply(flag, code, "text", Node::Empty);
        let attributes = |error: &str| {
            Node::assoc([
                ("details", Node::assoc([("example.com", part("1", "200")), ("example.net", part("0", "465"))])),
                ("whois_privacy", part("0", "300")),
                ("error", Node::text(error)),
            ])
        };
        let answer = of(Operation::DomainUpdate, &reply("1", "200", "Done", attributes(""))).unwrap();
        let found: Vec<_> =
            answer.messages.iter().map(|message| (message.level, message.arguments.join(" "))).collect();
        let expected = [
            (Level::Info, ""),
            (Level::Info, "example.com"),
            (Level::Error, "example.net"),
            (Level::Warning, "whois_privacy"),
        ];
        assert_eq!(found, expected.map(|(level, argument)| (level, argument.to_owned())));
        assert_eq!(answer.leading_code(), Some("465"));
        let refused = of(Operation::DomainCreate, &reply("0", "465", "No", attributes("bad\n phone"))).unwrap();
        assert_eq!(levels(&refused).last(), Some(&(Level::Error, "465", "bad phone")));
    }

    #[test]
    fn attributes_keep_their_names_and_what_stands_beside_them_joins_them() {
        let mut list = Node::array(["c", "a", "b"].map(Node::text));
        if let Node::Array(items) = &mut list {
            for (item, key) in items.iter_mut().zip(["10", "2", "9"]) {
                item.key = key.into();
            }
        }
        let mut whole =
            reply("1", "200", "", Node::assoc([("orders", list), ("registration expiration date", Node::Empty)]));
        if let Node::Assoc(items) = &mut whole {
            items.extend(["cookie", "transaction_id"].map(|key| super::super::codec::tree::Item {
                key: key.into(),
                class: None,
                value: Node::text(" 24128866:3210384\n"),
            }));
        }
        let answer = of(Operation::OrderInfo, &whole).unwrap();
        assert_eq!(answer.server_transaction.as_deref(), Some("24128866:3210384"));
        assert_eq!(
            answer.data,
            json!({"orders": ["a", "b", "c"], "registration expiration date": null, "cookie": "***"})
        );
    }

    #[test]
    fn what_gives_power_over_a_domain_is_shown_to_our_own_questions_only() {
        let attributes = Node::assoc([
            ("domain_auth_info", Node::text("Ab1!code")),
            ("cookie", Node::text("24128866:3210384")),
            (
                "deep",
                Node::array([Node::assoc([("reg_password", Node::text("s3cretpw9")), ("auth_info", Node::Empty)])]),
            ),
        ]);
        let shown = |operation| of(operation, &reply("1", "200", "", attributes.clone())).unwrap().data;
        let deep = json!([{"reg_password": "***", "auth_info": null}]);
        assert_eq!(shown(Operation::DomainInfo), json!({"domain_auth_info": "***", "cookie": "***", "deep": deep}));
        let ours = json!({"domain_auth_info": "Ab1!code", "cookie": "24128866:3210384", "deep": deep});
        assert_eq!(shown(Operation::DomainAuthcodeCheck), ours);
    }
}
