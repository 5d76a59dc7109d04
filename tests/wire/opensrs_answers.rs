//! Answers of OpenSRS through `registrard wire decode`: every answer in the reference, `tests/golden/opensrs/x-reply.xml`, with
//! all that is said of it in `x-reply.json`. `REGISTRARD_BLESS=1` writes those anew, for review; what each of them has to come
//! to is in the table here, which is the reference's (5.3 and 6.3) and is written by hand.

use serde_json::Value;

use super::opensrs::{dialect, folder, load};
use super::{expect_at, run};

/// Sample, operation, verdict, the code that decides.
const ANSWERS: &[(&str, &str, &str, &str)] = &[
    ("2.3-4", "login", "done", "200"),
    ("5.1-2", "domain.check", "done", "210"),
    ("5.1-3", "domain.check", "done", "211"),
    ("5.2-2", "domain.check", "done", "200"),
    // The outcome rule of 5.3: (5), (2), (1) of a refusal, (1) of what claims to be a success.
    ("5.3-2", "domain.create", "done", "200"),
    ("5.3-3", "domain.create", "pending", "250"),
    ("5.3-4", "domain.create", "by_hand", "435"),
    ("5.3-5", "domain.create", "by_hand", "200"),
    // Taken, perhaps by an earlier request of the same job.
    ("5.3-6", "domain.create", "refused_unless_lost", "485"),
    // A transfer was started (4); cannot be, perhaps because ours is under way.
    ("5.3-8", "domain.transfer", "pending", "200"),
    ("5.3-9", "domain.transfer", "refused_unless_lost", "487"),
    // Funds, and an order was left behind that can be run later: not a second one.
    ("5.3-11", "domain.create", "by_hand", "440"),
    ("5.4-2", "domain.renew", "done", "200"),
    // Whose renewal it was, and from which year, only reads can tell.
    ("5.4-3", "domain.renew", "unsure", "555"),
    ("5.4-4", "domain.renew", "unsure", "541"),
    ("5.5-3", "domain.update", "done", "200"),
    ("5.6-2", "domain.info", "done", "200"),
    ("5.6-4", "domain.info", "done", "200"),
    ("5.6-6", "domain.info", "done", "200"),
    ("5.6-9", "domain.info", "done", "200"),
    ("5.7-2", "domain.change_holder", "done", "200"),
    ("5.8-2", "domain.update", "done", "200"),
    ("5.8-3", "domain.update", "pending", "250"),
    ("5.9-2", "host.create", "done", "200"),
    ("5.9-4", "host.update", "done", "200"),
    ("5.9-6", "host.delete", "done", "200"),
    // In use: no earlier request of ours can be why.
    ("5.9-7", "host.delete", "refused", "485"),
    ("5.10-2", "domain.check", "done", "200"),
    // A new order for the transfer was made, which only begins.
    ("5.11-2", "order.process", "pending", "200"),
    ("5.12-2", "order.cancel", "done", "200"),
    ("5.13-2", "domain.info", "done", "200"),
    // A cookie is asked for as a question about the domain.
    ("5.14-2", "domain.info", "done", "200"),
    ("5.14-3", "domain.info", "refused", "415"),
    ("5.15-2", "order.info", "done", "200"),
    ("5.16-2", "domain.info", "done", "200"),
    ("5.17-2", "order.process", "done", "200"),
    ("5.17-4", "order.cancel", "done", "200"),
    ("5.18-2", "order.cancel", "done", "200"),
    ("5.19-2", "order.info", "done", "200"),
    ("5.20-2", "domain.delete", "done", "200"),
    ("5.21-2", "domain.restore", "done", "200"),
    ("5.22-2", "message.read", "done", "200"),
    ("5.22-4", "message.delete", "done", "200"),
    ("5.23-2", "account.info", "done", "200"),
    ("5.24-2", "account.info", "done", "200"),
    ("5.25-2", "domain.check", "done", "200"),
    ("5.26-2", "domain.authcode_request", "done", "200"),
    ("5.27-2", "domain.info", "done", "200"),
    ("5.27-4", "domain.update", "done", "200"),
];

/// The greeting of the TCP protocol is an answer to nothing.
const NO_ANSWER: &str = "2.3-1";

fn decode(operation: &str, answer: &str) -> Result<Value, String> {
    let bytes = run(&["decode", "--registry", "opensrs", "--operation", operation], answer.as_bytes())?;
    Ok(serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn every_answer_of_the_reference_means_what_the_reference_says() {
    for (name, operation, verdict, code) in ANSWERS {
        let meaning = decode(operation, &load(&format!("{name}-reply.xml"))).unwrap();
        assert_eq!(meaning["verdict"], *verdict, "{name}: {meaning}");
        assert_eq!(meaning["answer"]["messages"][0]["code"], *code, "{name}: {meaning}");
        assert_eq!(meaning["unknown_codes"], Value::Null, "{name}");
        let text = serde_json::to_string_pretty(&meaning).unwrap() + "\n";
        expect_at(&folder().join(format!("{name}-reply.json")), text.as_bytes());
    }
    let error = decode("login", &load(&format!("{NO_ANSWER}-reply.xml"))).unwrap_err();
    assert!(error.contains("no response_code"), "{error}");
}

#[test]
fn no_answer_is_without_its_meaning_and_no_meaning_without_its_answer() {
    let named = |suffix: &str| {
        let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = files.filter_map(|file| file.strip_suffix(suffix).map(str::to_owned)).collect();
        names.sort();
        names
    };
    let mut known: Vec<String> = ANSWERS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(named("-reply.json"), known);
    known.push(NO_ANSWER.to_owned());
    known.sort();
    assert_eq!(named("-reply.xml"), known);
}

/// Every text in an answer's attributes stands in what is said of it, under its own name, and nothing else does: read with
/// another reader than ours.
#[test]
fn nothing_that_was_answered_is_lost_or_made_up() {
    for (name, operation, ..) in ANSWERS {
        let xml = load(&format!("{name}-reply.xml"));
        let shown = decode(operation, &xml).unwrap()["answer"]["data"].clone();
        let mut theirs = texts_of_attributes(&xml);
        let mut ours = Vec::new();
        if !shown.is_null() {
            leaves(&shown, "", &mut ours);
        }
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{name}");
    }
}

/// The innermost key and the text of every value; of an element of an array the key of the array.
fn leaves(value: &Value, key: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, name, into)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, key, into)),
        Value::Null => into.push(format!("{key} is empty")),
        Value::String(text) => into.push(format!("{key} = {text}")),
        other => panic!("{other} is no text"),
    }
}

fn texts_of_attributes(xml: &str) -> Vec<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    // Of each open element its name, its key, whether anything stood in it, and the text so far.
    let mut open: Vec<(String, Option<String>, bool, String)> = Vec::new();
    let mut found = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.iter_mut().for_each(|(_, _, has_child, _)| *has_child = true);
                let key = start.attributes().map(Result::unwrap).find(|a| a.key.local_name().as_ref() == "key");
                let name = start.local_name().as_ref().to_owned();
                open.push((name, key.map(|key| key.value.to_string()), false, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, _, _, so_far)) = open.last_mut() {
                    so_far.push_str(&text);
                }
            }
            Event::End(_) => {
                let (name, key, has_child, text) = open.pop().unwrap();
                let beside = ["attributes", "rwi_attributes"];
                let inside = open.iter().any(|(_, key, ..)| key.as_deref().is_some_and(|key| beside.contains(&key)));
                if name != "item" || !inside || has_child {
                    continue;
                }
                // Within an array the key is a number.
                let in_array = open.last().is_some_and(|(name, ..)| name == "dt_array");
                let key = if in_array { open.iter().rev().find_map(|(.., key, _, _)| key.clone()) } else { key };
                let key = key.unwrap();
                let is_secret = ["domain_auth_info", "cookie"].contains(&key.as_str());
                let text = if is_secret { "***" } else { text.trim() };
                found.push(if text.is_empty() { format!("{key} is empty") } else { format!("{key} = {text}") });
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn an_answer_that_is_cut_is_an_error() {
    for (name, operation, ..) in ANSWERS.iter().filter(|(_, operation, ..)| *operation != "login") {
        let xml = load(&format!("{name}-reply.xml"));
        let whole = xml.trim_end().len();
        for cut in 0..whole {
            let read = dialect().decode(operation.parse().unwrap(), &xml.as_bytes()[..cut]);
            assert!(read.is_err(), "{name}: cut after {cut} of {whole} bytes it is an answer");
        }
    }
}
