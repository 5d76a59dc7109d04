//! Key/value text: one `Keyword: value` a line, sections in square brackets.

use super::request::Fields;
use super::{Reply, Version};
use crate::model::{Level, Message};

/// Keyword lines of a request, and its verification blocks.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Lines {
    pub(super) fields: Fields,
    pub(super) verification: Vec<Fields>,
}

/// Where the lines that follow belong.
enum Place {
    Head,
    Verification,
    Unknown,
}

/// Splits a request into its lines, or says which line is not one. Unknown keywords and sections are let through here
/// and never looked at, as the registry does.
pub(super) fn parse(text: &str) -> Result<Lines, String> {
    let mut lines = Lines::default();
    let mut place = Place::Head;
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim().is_empty() {
            continue;
        }
        if let Some(section) = line.trim_end().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if section.eq_ignore_ascii_case("VerificationInformation") {
                lines.verification.push(Fields::default());
                place = Place::Verification;
            } else {
                place = Place::Unknown;
            }
            continue;
        }
        let (keyword, value) = pair(line).ok_or_else(|| format!("line {}", number + 1))?;
        // DENIC's own client writes a line for an organisation that is not there.
        if value.is_empty() {
            continue;
        }
        match (&place, lines.verification.last_mut()) {
            (Place::Head, _) => lines.fields.push(keyword, value),
            (Place::Verification, Some(block)) => block.push(keyword, value),
            _ => {}
        }
    }
    Ok(lines)
}

/// A keyword at the beginning of the line, a colon, at least one blank or tab, and a value, which may be empty.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (keyword, rest) = line.split_once(':')?;
    let is_keyword = !keyword.is_empty() && keyword.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let value = rest.trim();
    (is_keyword && rest.starts_with([' ', '\t'])).then_some((keyword, value))
}

/// The data part of an answer.
#[derive(Default)]
pub(in super::super) struct KvBody(String);

impl KvBody {
    /// `Keyword: value`. A line break in the value would be a new line: it becomes a blank.
    pub(in super::super) fn line(&mut self, keyword: &str, value: &str) {
        self.0.push_str(keyword);
        self.0.push_str(": ");
        self.0.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
        self.0.push('\n');
    }

    /// A line for each value.
    pub(in super::super) fn lines<'a>(&mut self, keyword: &str, values: impl IntoIterator<Item = &'a String>) {
        values.into_iter().for_each(|value| self.line(keyword, value));
    }

    /// `[Name]` after a blank line.
    pub(in super::super) fn section(&mut self, name: &str) {
        self.blank();
        self.0.push_str(&format!("[{name}]\n"));
    }

    /// A blank line.
    pub(in super::super) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// `Keyword: code text [arguments]`.
    pub(in super::super) fn message(&mut self, keyword: &str, message: &Message) {
        let mut value = format!("{} {}", message.code, message.text);
        if !message.arguments.is_empty() {
            value.push_str(&format!(" [{}]", message.arguments.join(", ")));
        }
        self.line(keyword, &value);
    }
}

/// The text of an answer.
pub(super) fn encode(reply: &Reply<'_>, version: Version) -> String {
    let mut body = KvBody::default();
    body.line("RESULT", reply.outcome.word());
    body.line("STID", reply.stid);
    if let Some(ctid) = reply.ctid {
        body.line("CTID", ctid);
    }
    for message in reply.messages {
        let keyword = match message.level {
            Level::Info => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        };
        body.message(keyword, message);
    }
    if let Some(data) = reply.data {
        data.kv(&mut body, version);
    }
    body.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_sections_and_their_mistakes() {
        let lines =
            parse("version: 5.0\r\nACTION:\tCREATE\nOrganisation: \n\n[verificationinformation]\nVerifiedClaim: name\n[Other]\nx: y")
                .unwrap();
        assert_eq!(lines.fields.first("Action"), Some("CREATE"));
        assert_eq!(lines.fields.first("x"), None);
        assert_eq!(lines.fields.first("organisation"), None);
        assert_eq!(lines.verification.len(), 1);
        assert_eq!(lines.verification[0].first("verifiedclaim"), Some("name"));
        for wrong in ["Action : LOGIN", " Action: LOGIN", "Action:LOGIN", "Action", "Action:", ": x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
