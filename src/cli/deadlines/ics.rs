//! The calendar for calendar programs (RFC 5545). Each date is an event of a quarter of an hour with an alarm one day before.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::advice;
use super::when::local;
use crate::model::EventId;
use crate::model::deadline::Entry;

/// Octets of a line at most, its end not counted (RFC 5545, 3.1).
const LINE: usize = 75;

/// Writes lines with their ends, folded.
#[derive(Default)]
struct Writer(String);

impl Writer {
    /// A line as it is: its value is no text.
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(&folded(&format!("{name}:{value}")));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(name, &escaped(value));
    }

    fn instant(&mut self, name: &str, at: Timestamp) {
        self.line(name, &at.strftime("%Y%m%dT%H%M%SZ").to_string());
    }
}

/// The whole calendar; the zone of each entry is for what people read in it.
#[must_use]
pub fn calendar<'a>(entries: impl IntoIterator<Item = (&'a Entry, TimeZone)>, now: Timestamp) -> String {
    let mut to = Writer::default();
    to.line("BEGIN", "VCALENDAR");
    to.line("VERSION", "2.0");
    to.line("PRODID", "-//registrard//deadlines//EN");
    to.line("CALSCALE", "GREGORIAN");
    entries.into_iter().for_each(|(entry, zone)| event(entry, &zone, now, &mut to));
    to.line("END", "VCALENDAR");
    to.0
}

fn event(entry: &Entry, zone: &TimeZone, now: Timestamp, to: &mut Writer) {
    let name = entry.object.name();
    to.line("BEGIN", "VEVENT");
    to.line("UID", &uid(entry));
    to.instant("DTSTAMP", now);
    to.instant("LAST-MODIFIED", entry.heard_at);
    to.instant("DTSTART", entry.due);
    to.instant("DTEND", entry.due.saturating_add(jiff::SignedDuration::from_mins(15)).unwrap_or(Timestamp::MAX));
    to.text("SUMMARY", &format!("{}: {name}", entry.kind.title()));
    to.text("DESCRIPTION", &description(entry, zone));
    to.text("CATEGORIES", entry.kind.word());
    // Nobody is busy because of it.
    to.line("TRANSP", "TRANSPARENT");
    to.line("STATUS", if entry.closed.is_some() { "CANCELLED" } else { "CONFIRMED" });
    if entry.closed.is_none() {
        to.line("BEGIN", "VALARM");
        to.line("ACTION", "DISPLAY");
        to.line("TRIGGER", "-P1D");
        to.text("DESCRIPTION", &format!("tomorrow, {name}: {}", entry.kind.harm()));
        to.line("END", "VALARM");
    }
    to.line("END", "VEVENT");
}

/// The same for the same account, object and kind, whatever date it has: a calendar program moves what it knows already.
/// What is closed must not be taken for what is open now.
fn uid(entry: &Entry) -> String {
    let mut parts =
        vec![b"ics", entry.account.as_bytes(), entry.object.as_str().as_bytes(), entry.kind.word().as_bytes()];
    let opened = entry.opened_at.as_microsecond().to_be_bytes();
    if entry.closed.is_some() {
        parts.push(&opened);
    }
    format!("{}@registrard", EventId::of(&parts).0)
}

fn description(entry: &Entry, zone: &TimeZone) -> String {
    let mut text = format!(
        "If it passes: {}.\nTo do: {}.\nAccount: {}\nDue: {}\nKnown from: {} ({})",
        entry.kind.harm(),
        advice::of(entry.kind),
        entry.account,
        local(entry.due, zone),
        entry.evidence,
        entry.basis
    );
    if let Some(closed) = &entry.closed {
        text.push_str(&format!("\nOver: {}, {}", closed.how.word(), closed.why));
    }
    text
}

/// A text value (3.3.11). Control characters other than tab and line feed have no place in one.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut to, c| {
        match c {
            '\\' | ';' | ',' => to.extend(['\\', c]),
            '\n' => to.push_str("\\n"),
            c if c.is_control() && c != '\t' => {}
            c => to.push(c),
        }
        to
    })
}

/// A line with its end, broken before it is too long, never within a character. Each further line begins with a space.
fn folded(line: &str) -> String {
    let mut to = String::with_capacity(line.len() + line.len() / LINE * 3 + 2);
    let mut length = 0;
    for c in line.chars() {
        if length + c.len_utf8() > LINE {
            to.push_str("\r\n ");
            length = 1;
        }
        to.push(c);
        length += c.len_utf8();
    }
    to + "\r\n"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::deadlines::tests::entry;
    use crate::model::deadline::{Closed, Ending};

    fn unfolded(text: &str) -> Vec<String> {
        text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
    }

    fn unescaped(text: &str) -> String {
        let (mut to, mut chars) = (String::new(), text.chars());
        while let Some(c) = chars.next() {
            match c {
                '\\' => to.extend(chars.next().map(|c| if c == 'n' { '\n' } else { c })),
                c => to.push(c),
            }
        }
        to
    }

    proptest! {
        #[test]
        fn whatever_is_written_can_be_read(text in "[ -~\n\t\u{a0}-\u{2fff}\u{1f600}-\u{1f64f}]{0,400}") {
            let mut to = Writer::default();
            to.text("SUMMARY", &text);
            for line in to.0.split_terminator("\r\n") {
                prop_assert!(line.len() <= LINE, "{line}");
                prop_assert!(!line.contains(['\r', '\n']));
            }
            prop_assert!(to.0.ends_with("\r\n"));
            let lines = unfolded(&to.0);
            prop_assert_eq!(lines.len(), 1);
            prop_assert_eq!(unescaped(lines[0].strip_prefix("SUMMARY:").unwrap()), text);
        }
    }

    #[test]
    fn nothing_that_would_break_a_line_gets_through() {
        assert_eq!(escaped("a\r\nb\u{1b}c\u{85}"), "a\\nbc");
        assert_eq!(escaped(r"a,b;c\n"), r"a\,b\;c\\n");
    }

    #[test]
    fn a_date_is_an_event_with_an_alarm() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let text = calendar([(&entry(), TimeZone::get("Europe/Berlin").unwrap())], now);
        let lines = unfolded(&text);
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "DTSTAMP:20261122T120000Z",
            "DTSTART:20261201T083000Z",
            "DTEND:20261201T084500Z",
            "SUMMARY:end of the redemption period: example.de",
            "TRIGGER:-P1D",
            "END:VCALENDAR",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is missing in {text}");
        }
        let told = lines.iter().find(|line| line.starts_with("DESCRIPTION:If")).unwrap();
        assert!(told.contains("anybody may register it") && told.contains("domain.restore"), "{told}");
        assert!(told.contains("Due: 2026-12-01 09:30 CET"), "{told}");
        let begins = lines.iter().filter(|line| line.starts_with("BEGIN:")).count();
        assert_eq!(begins, lines.iter().filter(|line| line.starts_with("END:")).count());
    }

    #[test]
    fn an_event_stays_the_same_when_its_date_moves_and_is_another_once_it_is_over() {
        let known = entry();
        let moved =
            Entry { due: known.due.saturating_add(jiff::SignedDuration::from_hours(24)).unwrap(), ..known.clone() };
        assert_eq!(uid(&known), uid(&moved));
        let closed = Closed { how: Ending::Met, at: known.due, why: "done".into() };
        let over = Entry { closed: Some(closed), ..known.clone() };
        assert_ne!(uid(&known), uid(&over));
        let text = calendar([(&over, TimeZone::UTC)], known.due);
        assert!(text.contains("STATUS:CANCELLED") && !text.contains("VALARM"), "{text}");
    }
}
