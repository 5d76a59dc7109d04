//! The K/V format: `Keyword: value` lines, sections with a `[Heading]`.

use super::tree::{Block, Item, Order, Reply};
use super::words::{Section, Word};
use crate::model::{Level, Message};

/// Writes a request: version and action, the fields, the transaction id, and sections last, because every line after a
/// heading belongs to it. No line end after the last line.
pub fn write(order: &Order, protocol: &str, out: &mut String) {
    line(out, &["Version: ", protocol]);
    say(order, out);
}

/// Writes what a request asks as text for people: nothing of it belongs to the interface only.
pub fn by_hand(order: &Order) -> String {
    let mut text = String::new();
    say(order, &mut text);
    text
}

fn say(order: &Order, out: &mut String) {
    line(out, &["Action: ", order.action.kv]);
    for item in &order.items {
        match item {
            Item::Field(word, value) => line(out, &[word.kv(), ": ", value]),
            Item::Dns(entry) => {
                let (word, value) = entry.kv();
                line(out, &[word.kv(), ": ", &value]);
            }
            Item::Block(..) => {}
        }
    }
    if let Some(transaction) = &order.transaction {
        line(out, &["Ctid: ", transaction]);
    }
    for item in &order.items {
        if let Item::Block(section, fields) = item {
            line(out, &[]);
            line(out, &["[", section.heading(), "]"]);
            for (word, value) in fields {
                line(out, &[word.kv(), ": ", value]);
            }
        }
    }
}

fn line(out: &mut String, parts: &[&str]) {
    if !out.is_empty() {
        out.push('\n');
    }
    for part in parts {
        out.push_str(part);
    }
}

/// Reads an answer: keywords in any case and order, blank lines anywhere, transaction ids more than once, sections empty
/// or repeated, keywords nobody knows.
///
/// # Errors
/// A line is neither field nor heading, or there is not exactly one result.
pub fn read(text: &str) -> Result<Reply, String> {
    let mut reply = Reply::new();
    let mut sections: Vec<Block> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(Block::new(Section::of_heading(heading.trim())));
            continue;
        }
        let Some((keyword, value)) = line.split_once(':') else {
            return Err(format!("line {} of the answer is neither `keyword: value` nor a heading", number + 1));
        };
        let (keyword, value) = (keyword.trim_end(), value.trim());
        if !head(&mut reply, keyword, value)? {
            field(sections.last_mut().unwrap_or(&mut reply.data), keyword, value);
        }
    }
    if reply.result.is_empty() {
        return Err("the answer has no result".into());
    }
    nest(sections, &mut reply.data);
    if reply.data.get(Word::MsgType).is_some() {
        reply.data.source = text.trim().to_owned();
    }
    Ok(reply)
}

/// A line that belongs to the whole answer, wherever it stands: no section has keywords like these.
fn head(reply: &mut Reply, keyword: &str, value: &str) -> Result<bool, String> {
    match keyword.to_ascii_lowercase().as_str() {
        "result" if reply.result.is_empty() => reply.result = value.to_owned(),
        "result" if reply.result.eq_ignore_ascii_case(value) => {}
        "result" => return Err("the answer has two different results".into()),
        "stid" => reply.server_transactions.push(value.to_owned()),
        "ctid" if reply.client_transaction.as_deref().is_none_or(|known| known == value) => {
            reply.client_transaction = Some(value.to_owned());
        }
        "ctid" => return Err("the answer has two different client transaction ids".into()),
        "info" => reply.messages.push(message(Level::Info, value)),
        "warning" => reply.messages.push(message(Level::Warning, value)),
        "error" => reply.messages.push(message(Level::Error, value)),
        // Of a message of the queue; it has no level.
        "message" => reply.data.messages.push(message(Level::Info, value)),
        _ => return Ok(false),
    }
    Ok(true)
}

fn field(block: &mut Block, keyword: &str, value: &str) {
    if let Some(word) = Word::of_keyword(keyword) {
        block.fields.push((word, value.to_owned()));
    }
}

/// `<11 digits> <text> [<argument>, <argument>…]`. A line without a code keeps its text and has an empty code, which no
/// table knows.
fn message(level: Level, value: &str) -> Message {
    let is_code = |word: &str| word.len() == 11 && word.bytes().all(|byte| byte.is_ascii_digit());
    let (code, rest) = match value.split_once(char::is_whitespace) {
        Some((code, rest)) if is_code(code) => (code, rest.trim()),
        None if is_code(value) => (value, ""),
        _ => ("", value),
    };
    let (text, arguments) = arguments(rest);
    Message { level, code: code.to_owned(), text: text.to_owned(), arguments }
}

/// Splits the bracket at the end off a message. Arguments may hold brackets of their own.
fn arguments(text: &str) -> (&str, Vec<String>) {
    let mut depth = 0usize;
    if !text.ends_with(']') {
        return (text, Vec::new());
    }
    for (at, byte) in text.bytes().enumerate().rev() {
        match byte {
            b']' => depth += 1,
            b'[' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            let inside = &text[at + 1..text.len() - 1];
            let list = inside.split(", ").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
            return (text[..at].trim_end(), list);
        }
    }
    (text, Vec::new())
}

/// A verification block belongs to the nearest holder above it, or to the contact the answer is about. One without a line
/// says nothing, and must not be taken for one that could be written back.
fn nest(sections: Vec<Block>, top: &mut Block) {
    let says_nothing = |block: &Block| block.section == Section::Verification && block.fields.is_empty();
    for section in sections.into_iter().filter(|section| !says_nothing(section)) {
        let holder = top.blocks.iter().rposition(|block| block.section == Section::Holder);
        match holder {
            Some(at) if section.section == Section::Verification => top.blocks[at].blocks.push(section),
            _ => top.blocks.push(section),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_line_is_taken_apart() {
        let sample = message(
            Level::Info,
            "16350000041 Provide it by [Date: 2024-06-13T15:51:08+02:00, VerificationClaims: address;name]",
        );
        assert_eq!(sample.code, "16350000041");
        assert_eq!(sample.text, "Provide it by");
        assert_eq!(sample.arguments, ["Date: 2024-06-13T15:51:08+02:00", "VerificationClaims: address;name"]);
        let nested = message(Level::Error, "53300102912 Nameserver error [ERROR: 901 at [2001:db8::1]]");
        assert_eq!(nested.arguments, ["ERROR: 901 at [2001:db8::1]"]);
        let empty = message(Level::Info, "16350000031 Domain has been deleted []");
        assert_eq!((empty.text.as_str(), empty.arguments.len()), ("Domain has been deleted", 0));
        let bare = message(Level::Error, "something odd]");
        assert_eq!((bare.code.as_str(), bare.text.as_str()), ("", "something odd]"));
    }

    #[test]
    fn any_case_any_order_two_stids_empty_and_unknown_parts() {
        let reply = read("STID: one\r\nfuture: x\nERROR: 63300062009 Domain doesn't exist [example.de]\nrEsUlT: failed\nStid: two\nCTID: c\n\n[Holder]\n[Holder]\nHANDLE: DENIC-1-A\n[VerificationInformation]\nverifiedclaim: name\n[Something New]\nhandle: y\n").unwrap();
        assert_eq!(reply.server_transactions, ["one", "two"]);
        assert_eq!(reply.client_transaction.as_deref(), Some("c"));
        assert_eq!(reply.messages[0].level, Level::Error);
        let holders: Vec<_> = reply.data.sections(Section::Holder).collect();
        assert_eq!(holders.len(), 2);
        assert_eq!(holders[0].fields, []);
        assert_eq!(holders[1].get(Word::Handle), Some("DENIC-1-A"));
        assert_eq!(holders[1].blocks[0].get(Word::VerifiedClaim), Some("name"));
        let contact = read("Result: success\nHandle: DENIC-1-A\n[VerificationInformation]\n").unwrap();
        assert_eq!(contact.data.blocks, [], "an empty verification is none");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (text, part) in [
            ("", "no result"),
            ("STID: x", "no result"),
            ("Result: success\nResult: failed", "two different"),
            ("Result: success\nhello", "line 2"),
        ] {
            assert!(read(text).unwrap_err().contains(part), "{text}");
        }
    }
}
