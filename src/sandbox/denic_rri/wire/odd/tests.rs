//! However odd an answer is, it says the same as the plain one.

use super::super::tree::{self, Element};
use super::super::{Dice, Format, KvBody, Outcome, Reply, Shape, Version, XSI_URI};
use crate::model::{Level, Message};
use crate::sandbox::denic_rri::wire::node::Node;

/// Different answers looked at.
const ROLLS: u64 = 500;

/// Data with everything that can be varied.
struct Sample;

impl Shape for Sample {
    fn kv(&self, body: &mut KvBody, _: Version) {
        body.blank();
        body.line("Domain", "dänic.de");
        body.line("Nserver", "ns1.example.net. 2001:db8::1");
        body.section("Holder");
        body.line("Handle", "DENIC-1000001-MAX");
        body.section("RegAcc");
        body.line("Name", "Example: Registrar & Sons");
    }

    fn xml(&self, version: Version) -> Option<Node> {
        let verification =
            Node::new("verification:claim").attribute("xmlns:verification", "urn:v").attribute("xmlns:xsi", XSI_URI);
        let entry = Node::new("dnsentry:dnsentry").attribute("xsi:type", "dnsentry:NS").attribute("level", "a\"'<b");
        Some(
            Node::new("domain:infoData")
                .attribute("xmlns:domain", &version.namespace("domain"))
                .attribute("xmlns:dnsentry", &version.namespace("dnsentry"))
                .child(Node::leaf("domain:handle", "\"dänic.de\" & <others> ]]>"))
                .child(Node::new("domain:disputeData"))
                .child(verification.child(entry.child(Node::leaf("dnsentry:owner", "dänic.de.")))),
        )
    }
}

fn encoded(format: Format, dice: Option<Dice>) -> String {
    let message = |level, code: &str, arguments: &[&str]| Message {
        level,
        code: code.to_owned(),
        text: "Something: \"is\" so".into(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    let messages = [message(Level::Info, "13000000011", &[]), message(Level::Error, "53300102912", &["a", "b"])];
    let reply = Reply {
        outcome: Outcome::Success,
        stid: "74ba5119-74d1-4ba6-935f-4feb07ddd14d",
        ctid: Some("cba-1"),
        messages: &messages,
        data: Some(&Sample),
    };
    match dice {
        Some(mut dice) => reply.encode_oddly(format, Version::V5, &mut dice),
        None => reply.encode(format, Version::V5),
    }
}

fn odd(format: Format, request: u64) -> String {
    encoded(format, Some(Dice::new(7, request)))
}

/// Each of these is seen in some answer, and some answer lacks it.
fn all_occur(format: Format, features: &[&str]) {
    let answers: Vec<_> = (0..ROLLS).map(|request| odd(format, request)).collect();
    for feature in features {
        let count = answers.iter().filter(|answer| answer.contains(feature)).count();
        assert!((1..answers.len()).contains(&count), "{feature:?} in {count} of {}", answers.len());
    }
    assert_eq!(odd(format, 3), answers[3], "the same request is answered alike");
}

/// What key/value text says: the head in any order, the data in its own.
fn said(text: &str) -> (Vec<String>, Vec<String>) {
    let lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| match line.split_once(':') {
            Some((keyword, value)) => format!("{}: {}", keyword.to_ascii_lowercase(), value.trim()),
            None => line.to_owned(),
        })
        .collect();
    assert!(lines[0].starts_with("result: "), "{text}");
    let at = lines.iter().position(|line| line.starts_with("domain: ")).unwrap();
    let (head, data) = lines.split_at(at);
    let data = data.iter().filter(|line| !["[General Request]", "[Abuse Contact]"].contains(&line.as_str()));
    (head.to_vec(), data.cloned().collect())
}

#[test]
fn key_value_text_says_the_same() {
    let (plain, plain_data) = said(&encoded(Format::Kv, None));
    let stid = &plain[1];
    for request in 0..ROLLS {
        let text = odd(Format::Kv, request);
        let (mut head, data) = said(&text);
        assert_eq!(data, plain_data, "{text}");
        let ids: Vec<_> = head.iter().filter(|line| line.starts_with("stid: ")).cloned().collect();
        assert!(ids[0] == *stid && ids.len() <= 2, "{text}");
        let messages: Vec<_> = head.iter().filter(|line| line.contains("Something")).cloned().collect();
        assert_eq!(messages, plain[3..], "messages keep their order: {text}");
        head.retain(|line| !line.starts_with("stid: "));
        head.push(stid.clone());
        head.sort_unstable();
        let mut plain = plain.clone();
        plain.sort_unstable();
        assert_eq!(head, plain, "{text}");
    }
}

#[test]
fn key_value_text_varies() {
    all_occur(
        Format::Kv,
        &[
            "\r\n",
            ":\t",
            "stid:",
            "Stid:",
            "HANDLE:",
            " \n",
            "\n\n",
            "0dd1",
            "[General Request]",
            "[Abuse Contact]",
            "success\nCTID",
        ],
    );
}

fn described(element: &Element) -> String {
    let mut attributes: Vec<String> = element
        .attributes
        .iter()
        .map(
            |(space, name, value)| if space.is_empty() { format!("{name}={value}") } else { format!("{space} {name}") },
        )
        .collect();
    attributes.sort_unstable();
    let inside: Vec<_> = element.children.iter().map(described).collect();
    let kind = element.schema_type();
    format!("{} {} {attributes:?} {kind:?} {:?} {inside:?}", element.namespace, element.name, element.text)
}

#[test]
fn documents_say_the_same() {
    let plain = described(&tree::parse(&encoded(Format::Xml, None)).unwrap());
    for request in 0..ROLLS {
        let text = odd(Format::Xml, request);
        assert_eq!(described(&tree::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"))), plain, "{text}");
        let (before, _) = text.split_once(":NS").unwrap();
        let prefix = before.rsplit(['"', '\'']).next().unwrap();
        assert!(text.contains(&format!("xmlns:{prefix}=")), "the type's prefix is declared: {text}");
    }
}

#[test]
fn documents_vary() {
    all_occur(
        Format::Xml,
        &[
            "<?xml",
            "standalone",
            "\r\n",
            "\t",
            "<!--",
            "<registry-response",
            "<ns0:registry-response",
            "<transaction",
            "<tr:transaction xmlns:tr=",
            "'dnsentry:NS'",
            "<infoData xmlns=",
            " />",
            "disputeData>",
            "&quot;is",
            "code=\"13000000011\" level",
        ],
    );
}
