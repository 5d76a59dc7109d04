//! Key/value answers: keywords in any case, transaction ids and messages in any order behind the result, a second server
//! transaction id, blanks and blank lines, tabs, CRLF, empty sections.

use std::collections::VecDeque;

use super::super::super::super::dice::Dice;

/// What the head of an answer consists of, besides its result: ids and messages keep their order among themselves.
const HEAD: [&[&str]; 3] = [&["STID"], &["CTID"], &["INFO", "WARNING", "ERROR"]];

/// Sections of an answer about a domain that may be there with nothing in them.
const CONTACTS: [&str; 2] = ["[General Request]", "[Abuse Contact]"];

/// Writes a plain answer in another way.
pub(in super::super) fn vary(plain: &str, dice: &mut Dice) -> String {
    let mut lines = plain.lines().map(str::to_owned).peekable();
    let result = lines.next().unwrap_or_default();
    let mut parts: [VecDeque<String>; 3] = Default::default();
    while let Some(at) = lines.peek().and_then(|line| part(line)) {
        parts[at].extend(lines.next());
    }
    repeat_id(&mut parts[0], dice);
    let mut answer = vec![result];
    answer.extend(merged(parts, dice));
    answer.extend(with_empty_sections(lines.collect(), dice));
    let end = dice.pick(&["\n", "\r\n"]);
    let mut text = String::new();
    for (number, line) in answer.iter().enumerate() {
        if line.is_empty() && dice.one_in(3) {
            continue;
        }
        if number > 0 && dice.one_in(6) {
            text.push_str(dice.pick(&["", " ", "\t"]));
            text.push_str(end);
        }
        written(line, &mut text, dice);
        text.push_str(end);
    }
    if dice.one_in(3) {
        text.truncate(text.trim_end().len());
    }
    text
}

/// Which part of the head a line is; none if it is data.
fn part(line: &str) -> Option<usize> {
    let (keyword, _) = line.split_once(':')?;
    HEAD.iter().position(|keywords| keywords.contains(&keyword))
}

/// Several samples have a second server transaction id: the same one, or another.
fn repeat_id(ids: &mut VecDeque<String>, dice: &mut Dice) {
    let second = match dice.below(3) {
        0 => ids.front().cloned(),
        1 => Some(format!("STID: {:08x}-0dd1-4000-8000-{:012x}", dice.below(1 << 32), dice.below(1 << 48))),
        _ => None,
    };
    ids.extend(second);
}

/// The parts in one, each in its own order.
fn merged(mut parts: [VecDeque<String>; 3], dice: &mut Dice) -> Vec<String> {
    let mut lines = Vec::new();
    while parts.iter().any(|part| !part.is_empty()) {
        let at = dice.below(parts.len());
        lines.extend(parts[at].pop_front());
    }
    lines
}

/// Sections without anything in them, where one with something in it could be.
fn with_empty_sections(mut data: Vec<String>, dice: &mut Dice) -> Vec<String> {
    let first = data.iter().position(|line| line.starts_with('['));
    let is_domain = data.iter().any(|line| line == "[Holder]");
    let is_contact = first.is_none() && data.iter().any(|line| line.starts_with("PostalCode:"));
    if let Some(first) = first.filter(|_| is_domain) {
        for section in CONTACTS {
            if !data.iter().any(|line| line == section) && dice.one_in(2) {
                data.insert(first, section.to_owned());
            }
        }
    } else if is_contact && dice.one_in(2) {
        data.push("[VerificationInformation]".to_owned());
    }
    data
}

/// One line: the keyword in some case, some blank behind the colon, perhaps some more at the end.
fn written(line: &str, text: &mut String, dice: &mut Dice) {
    match line.split_once(": ").filter(|_| !line.starts_with('[')) {
        Some((keyword, value)) => {
            text.push_str(&cased(keyword, dice));
            text.push(':');
            text.push_str(dice.pick(&[" ", " ", "\t", "  ", " \t"]));
            text.push_str(value);
        }
        None => text.push_str(line),
    }
    if dice.one_in(4) {
        text.push_str(dice.pick(&[" ", "   ", "\t"]));
    }
}

fn cased(keyword: &str, dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => keyword.to_ascii_lowercase(),
        1 => keyword.to_ascii_uppercase(),
        2 => {
            let (first, rest) = keyword.split_at_checked(1).unwrap_or((keyword, ""));
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
        _ => keyword.to_owned(),
    }
}
