//! Replies as bytes, in any of the ways servers write them.

use jiff::tz::TimeZone;

use super::super::super::dice::Dice;
use super::super::reply::{Attribute, Reply, Value};
use super::super::{RrpStyle, RrpVersion, codes, dates};

/// When the software was built, says the greeting.
const BUILT: &str = "Mon Jun 19 14:04:00 MSK 2000";
/// Attributes nobody has heard of.
const EXTRA: &[&str] = &["Registry-Note:a: b=c", "status reason:none", "x:y"];

/// How something is written.
pub(in super::super) struct Hand<'a> {
    pub(in super::super) styles: Vec<RrpStyle>,
    pub(in super::super) zone: &'a TimeZone,
    /// What else may vary, varies by this.
    pub(in super::super) dice: Option<Dice>,
}

impl<'a> Hand<'a> {
    /// Always the same.
    pub(in super::super) fn plain(styles: &[RrpStyle], zone: &'a TimeZone) -> Self {
        Self { styles: styles.to_vec(), zone, dice: None }
    }

    /// Another one for each answer.
    pub(in super::super) fn odd(zone: &'a TimeZone, mut dice: Dice) -> Self {
        let all = [RrpStyle::BareLf, RrpStyle::Millis, RrpStyle::Draft, RrpStyle::Upper, RrpStyle::Extra];
        let styles = all.into_iter().filter(|_| dice.one_in(3)).collect();
        Self { styles, zone, dice: Some(dice) }
    }

    fn is(&self, style: RrpStyle) -> bool {
        self.styles.contains(&style)
    }

    /// A reply.
    pub(in super::super) fn reply(mut self, reply: &Reply) -> Vec<u8> {
        let text = if self.is(RrpStyle::Draft) { codes::draft_text(reply.code) } else { codes::text(reply.code) };
        let why = reply.why.map(|why| format!("; {why}")).unwrap_or_default();
        let mut lines: Vec<String> = reply.attributes.iter().map(|(name, value)| self.line(*name, value)).collect();
        if self.is(RrpStyle::Extra) {
            lines.extend(EXTRA.iter().map(|line| (*line).to_owned()));
        }
        if let Some(dice) = &mut self.dice {
            dice.shuffle(&mut lines);
        }
        lines.insert(0, format!("{} {text}{why}", reply.code));
        self.message(&lines)
    }

    /// What the server says first; it has no code.
    pub(in super::super) fn greeting(&self, version: RrpVersion) -> Vec<u8> {
        self.message(&[format!("NSI RRP Server version {}", version.text()), BUILT.to_owned()])
    }

    fn line(&mut self, name: Attribute, value: &Value) -> String {
        let (in_rfc, in_draft) = name.names();
        let name_text = if self.is(RrpStyle::Draft) { in_draft } else { in_rfc };
        let value = match value {
            Value::Text(text) if name == Attribute::Status && self.dice.as_mut().is_some_and(|d| d.one_in(3)) => {
                text.to_ascii_lowercase()
            }
            Value::Text(text) => text.clone(),
            Value::Name(text) if self.is(RrpStyle::Upper) => text.to_ascii_uppercase(),
            Value::Name(text) => text.clone(),
            Value::Time(at) => dates::text(self.zone, *at, self.is(RrpStyle::Millis)),
        };
        if self.is(RrpStyle::Upper) {
            return format!("{}:{value}", name_text.to_ascii_uppercase());
        }
        format!("{name_text}:{value}")
    }

    fn message(&self, lines: &[String]) -> Vec<u8> {
        let end = if self.is(RrpStyle::BareLf) { "\n" } else { "\r\n" };
        lines.iter().map(String::as_str).chain(["."]).flat_map(|line| [line, end]).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply() -> Reply {
        let at = "2009-09-22T14:27:00Z".parse().unwrap();
        Reply::done().name(Attribute::NameServer, "ns1.example.com").time(Attribute::Expires, at)
    }

    #[test]
    fn one_reply_in_all_styles() {
        let zone = dates::zone("America/New_York");
        for (styles, text) in [
            (
                &[][..],
                "200 Command completed successfully\r\nnameserver:ns1.example.com\r\nregistration expiration date:2009-09-22 10:27:00.0\r\n.\r\n",
            ),
            (
                &[RrpStyle::BareLf, RrpStyle::Millis, RrpStyle::Draft],
                "200 Command completed successfully\nNameServer:ns1.example.com\nRegistrationExpirationDate:2009-09-22 10:27:00.000\n.\n",
            ),
            (
                &[RrpStyle::Upper, RrpStyle::Extra],
                "200 Command completed successfully\r\nNAMESERVER:NS1.EXAMPLE.COM\r\nREGISTRATION EXPIRATION DATE:2009-09-22 10:27:00.0\r\nRegistry-Note:a: b=c\r\nstatus reason:none\r\nx:y\r\n.\r\n",
            ),
        ] {
            assert_eq!(String::from_utf8(Hand::plain(styles, &zone).reply(&reply())).unwrap(), text);
        }
        let draft = Hand::plain(&[RrpStyle::Draft], &zone).reply(&Reply::plain(213));
        assert_eq!(draft, b"213 Nameserver name not available\r\n.\r\n");
        let late = Hand::plain(&[], &zone).reply(&Reply::closing("idle"));
        assert_eq!(late, b"520 Server closing connection. Client should try opening new connection; idle\r\n.\r\n");
    }

    #[test]
    fn odd_hands_differ() {
        let zone = dates::zone("America/New_York");
        let write = |n| Hand::odd(&zone, Dice::new(7, n)).reply(&reply());
        let ways: std::collections::BTreeSet<_> = (0..200).map(write).collect();
        assert!(ways.len() > 20, "{} ways", ways.len());
    }
}
