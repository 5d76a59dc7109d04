//! Writes answers in the registry's style.

use super::super::Format;
use super::super::tree::{Block, Reply};
use super::super::words::{InXml, Section, Space, Word};
use crate::model::{Level, Message};

pub fn write(reply: &Reply, format: Format, protocol: &str) -> String {
    match format {
        Format::Kv => kv(reply),
        Format::Xml => xml(reply, protocol),
    }
}

fn kv(reply: &Reply) -> String {
    let mut out = format!("RESULT: {}\n", reply.result);
    reply.server_transactions.iter().for_each(|stid| out.push_str(&format!("STID: {stid}\n")));
    for message in &reply.messages {
        let level = match message.level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        out.push_str(&format!("{level}: {}\n", message_line(message)));
    }
    reply.client_transaction.iter().for_each(|ctid| out.push_str(&format!("CTID: {ctid}\n")));
    out.push('\n');
    reply.data.messages.iter().for_each(|message| out.push_str(&format!("Message: {}\n", message_line(message))));
    kv_block(&reply.data, &mut out);
    out
}

fn message_line(message: &Message) -> String {
    let arguments = match message.arguments.as_slice() {
        [] => String::new(),
        several => format!(" [{}]", several.join(", ")),
    };
    format!("{} {}{arguments}", message.code, message.text)
}

fn kv_block(block: &Block, out: &mut String) {
    block.fields.iter().for_each(|(word, value)| out.push_str(&format!("{}: {value}\n", word.kv())));
    for inner in &block.blocks {
        out.push_str(&format!("\n[{}]\n", inner.section.heading()));
        kv_block(inner, out);
    }
}

fn xml(reply: &Reply, protocol: &str) -> String {
    let uri = |space: Space| space.uri(protocol);
    let mut out = format!("<registry-response xmlns=\"{}\"", uri(Space::Global));
    for (prefix, space) in [
        ("tr", Space::Transaction),
        ("contact", Space::Contact),
        ("domain", Space::Domain),
        ("dnsentry", Space::Dnsentry),
        ("verification", Space::Verification),
        ("msg", Space::Msg),
    ] {
        out.push_str(&format!(" xmlns:{prefix}=\"{}\"", uri(space)));
    }
    out.push_str(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><tr:transaction>");
    reply.server_transactions.iter().for_each(|stid| leaf("tr:stid", stid, &mut out));
    reply.client_transaction.iter().for_each(|ctid| leaf("tr:ctid", ctid, &mut out));
    leaf("tr:result", &reply.result, &mut out);
    reply.messages.iter().for_each(|message| xml_message("tr:message", message, &mut out));
    out.push_str("<tr:data>");
    if reply.data.get(Word::MsgType).is_some() {
        queue(&reply.data, &mut out);
    } else {
        let space = if reply.data.get(Word::Domain).is_some() { Space::Domain } else { Space::Contact };
        wrapped(&format!("{}:infoData", space.name()), "", &reply.data, space, &mut out);
    }
    out.push_str("</tr:data></tr:transaction></registry-response>");
    out
}

fn leaf(name: &str, value: &str, out: &mut String) {
    out.push_str(&format!("<{name}>{}</{name}>", quick_xml::escape::escape(value)));
}

fn xml_message(name: &str, message: &Message, out: &mut String) {
    let level = format!("{:?}", message.level).to_lowercase();
    out.push_str(&format!("<{name} level=\"{level}\" code=\"{}\">", message.code));
    leaf("tr:text", &message.text, out);
    message.arguments.iter().for_each(|argument| leaf("tr:argument", argument, out));
    out.push_str(&format!("</{name}>"));
}

fn wrapped(name: &str, attributes: &str, block: &Block, space: Space, out: &mut String) {
    out.push_str(&format!("<{name}{attributes}>"));
    for (word, value) in &block.fields {
        field(*word, value, space, out);
    }
    for inner in &block.blocks {
        let role = |role: &str| format!(" role=\"{role}\"");
        match inner.section {
            Section::Holder => wrapped("domain:contact", &role("holder"), inner, Space::Contact, out),
            Section::GeneralRequest => wrapped("domain:contact", &role("generalrequest"), inner, Space::Contact, out),
            Section::AbuseContact => wrapped("domain:contact", &role("abusecontact"), inner, Space::Contact, out),
            Section::RegAcc => wrapped("domain:regAcc", "", inner, Space::Domain, out),
            Section::Dispute => wrapped("domain:disputeData", "", inner, Space::Domain, out),
            Section::Verification => {
                let kind = " xsi:type=\"verification:verificationInformationType\"";
                wrapped("verification:verificationInformation", kind, inner, Space::Verification, out);
            }
            other => panic!("{other:?} is no section of an INFO"),
        }
    }
    out.push_str(&format!("</{name}>"));
}

fn field(word: Word, value: &str, space: Space, out: &mut String) {
    let name = |local: &str| format!("{}:{local}", space.name());
    match word.xml() {
        InXml::Element(at, local) if at == space => leaf(&name(local), value, out),
        InXml::Wrapped(at, wrapper, local) if at == space => {
            out.push_str(&format!("<{}>", name(wrapper)));
            leaf(&name(local), value, out);
            out.push_str(&format!("</{}>", name(wrapper)));
        }
        InXml::Dns => dns(word, value, out),
        // The same word in another object: its keyword, beginning in lower case.
        _ => leaf(&name(&word.kv().to_lowercase()), value, out),
    }
}

fn dns(word: Word, value: &str, out: &mut String) {
    let words: Vec<&str> = value.split(' ').collect();
    let (owner, kind, parts): (&str, &str, Vec<(&str, &str)>) = match (word, words.as_slice()) {
        (Word::Nserver, [host]) => ("example.de.", "NS", vec![("nameserver", host)]),
        (Word::Nserver, [host, address]) => ("example.de.", "NS", vec![("nameserver", host), ("addressV6", address)]),
        (Word::Nsentry, [owner, "IN", "MX", preference, exchange]) => {
            (owner, "MX", vec![("preference", preference), ("exchange", exchange)])
        }
        (Word::Nsentry, [owner, "IN", kind, address]) => (owner, kind, vec![("address", address)]),
        (Word::Dnskey, [flags, protocol, algorithm, key]) => (
            "example.de.",
            "DNSKEY",
            vec![("flags", flags), ("protocol", protocol), ("algorithm", algorithm), ("publicKey", key)],
        ),
        other => panic!("{other:?} is no DNS entry"),
    };
    out.push_str(&format!("<dnsentry:dnsentry xsi:type=\"dnsentry:{kind}\">"));
    leaf("dnsentry:owner", owner, out);
    out.push_str("<dnsentry:rdata>");
    parts.into_iter().for_each(|(name, value)| leaf(&format!("dnsentry:{name}"), value, out));
    out.push_str("</dnsentry:rdata></dnsentry:dnsentry>");
}

/// A message of the queue: the first four fields are those of its head.
fn queue(block: &Block, out: &mut String) {
    let head = |word: Word| quick_xml::escape::escape(block.get(word).unwrap()).into_owned();
    let kind = format!("msg:{}", block.get(Word::MsgType).unwrap());
    out.push_str(&format!(
        "<msg:message msgid=\"{}\" msgcnt=\"{}\" msgtime=\"{}\"><{kind}>",
        head(Word::MsgId),
        head(Word::MsgCnt),
        head(Word::MsgTime)
    ));
    for (word, value) in &block.fields[4..] {
        queue_field(*word, value, Section::Top, out);
    }
    block.messages.iter().for_each(|message| xml_message("msg:message", message, out));
    for inner in &block.blocks {
        let name = match inner.section {
            Section::EarliestDedelegation => "msg:earliestDomainForDedelegation",
            _ => "msg:earliestDomainForDeletion",
        };
        out.push_str(&format!("<{name}>"));
        inner.fields.iter().for_each(|(word, value)| queue_field(*word, value, inner.section, out));
        out.push_str(&format!("</{name}>"));
    }
    out.push_str(&format!("</{kind}></msg:message>"));
}

fn queue_field(word: Word, value: &str, section: Section, out: &mut String) {
    let (around, name) = match word {
        Word::Domain => (Some("msg:domain"), "msg:handle".to_owned()),
        Word::DomainAce => (Some("msg:domain"), "msg:ace".to_owned()),
        Word::Holder => (Some("msg:holders"), "msg:handle".to_owned()),
        Word::VerificationClaim => (Some("msg:verificationClaims"), "msg:claim".to_owned()),
        Word::DeadlineBeforeDedelegation | Word::DeadlineBeforeDeletion if section != Section::Top => {
            (None, "msg:verificationDeadline".to_owned())
        }
        _ => match word.xml() {
            InXml::Element(Space::Msg, local) => (None, format!("msg:{local}")),
            _ => (None, format!("msg:{}", word.kv())),
        },
    };
    around.iter().for_each(|around| out.push_str(&format!("<{around}>")));
    leaf(&name, value, out);
    around.iter().for_each(|around| out.push_str(&format!("</{around}>")));
}
