//! What commands print: data on standard output (a table for people, JSON or JSON lines for programs), everything else
//! on standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use super::exit::Failure;
use crate::model::request::is_secret;

/// The shape of data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// A calendar that calendar programs open (iCalendar); of `deadlines list` only.
    Ics,
}

/// Whether to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    fn on(self, is_terminal: bool) -> bool {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && !no_color && !dumb,
        }
    }
}

/// Something that can be a row.
pub trait Row: Serialize {
    /// Headings of the table.
    const HEADINGS: &'static [&'static str];
    /// The cells, as many as headings.
    fn cells(&self) -> Vec<String>;
}

/// Where output goes and how it looks.
pub struct Out<'a> {
    /// The shape.
    pub format: Format,
    data: &'a mut dyn Write,
    talk: &'a mut dyn Write,
    colour: bool,
    colour_talk: bool,
}

impl<'a> Out<'a> {
    /// Data to `data`, everything else to `talk`. Colour where `colour` says and the process's streams are terminals.
    pub fn new(format: Format, colour: Colour, data: &'a mut dyn Write, talk: &'a mut dyn Write) -> Self {
        let (colour, colour_talk) = (colour.on(io::stdout().is_terminal()), colour.on(io::stderr().is_terminal()));
        Self { format, data, talk, colour, colour_talk }
    }

    /// A listing.
    ///
    /// # Errors
    /// Writing failed.
    pub fn rows<R: Row>(&mut self, rows: &[R]) -> Result<(), Failure> {
        let text = match self.format {
            Format::Table | Format::Ics => table(rows),
            Format::Json => json(&rows)? + "\n",
            Format::Jsonl => rows.iter().map(|row| Ok(line(row)? + "\n")).collect::<Result<_, Failure>>()?,
        };
        self.data(&text)
    }

    /// One thing: as JSON, or as the text `people` makes of it.
    ///
    /// # Errors
    /// Writing failed.
    pub fn one<T: Serialize>(&mut self, thing: &T, people: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text = match self.format {
            Format::Table | Format::Ics => people(thing),
            Format::Json => json(thing)? + "\n",
            Format::Jsonl => line(thing)? + "\n",
        };
        self.data(&text)
    }

    /// Data as it is.
    ///
    /// # Errors
    /// Writing failed. A reader who has seen enough (`| head`) is no failure.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.data.write_all(text.as_bytes()).and_then(|()| self.data.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::closed_pipe()),
            other => Ok(other?),
        }
    }

    /// A remark for whoever watches.
    pub fn say(&mut self, text: &str) {
        let _ = writeln!(self.talk, "{text}");
    }

    /// Why the command failed: one JSON line for programs, a few lines for people.
    pub fn failure(&mut self, failure: &Failure) {
        let _ = match self.format {
            Format::Table | Format::Ics if self.colour_talk => writeln!(self.talk, "\x1b[1;31merror:\x1b[0m {failure}"),
            Format::Table | Format::Ics => writeln!(self.talk, "error: {failure}"),
            Format::Json | Format::Jsonl => writeln!(self.talk, "{}", failure.json()),
        };
    }

    /// A heading, bold where that is wanted.
    #[must_use]
    pub fn strong(&self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Failure {
    /// Standard output was closed by its reader: nothing to complain about.
    fn closed_pipe() -> Self {
        Self::new(super::exit::Exit::Ok, "closed_pipe", "")
    }
}

fn table<R: Row>(rows: &[R]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(R::HEADINGS.iter().copied());
    for row in rows {
        table.add_row(row.cells().iter().map(|cell| plain(cell)));
    }
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{}", line.trim());
        text
    })
}

fn json<T: Serialize>(thing: &T) -> Result<String, Failure> {
    serde_json::to_string_pretty(thing).map_err(|error| Failure::from(io::Error::other(error)))
}

fn line<T: Serialize>(thing: &T) -> Result<String, Failure> {
    serde_json::to_string(thing).map_err(|error| Failure::from(io::Error::other(error)))
}

/// A text from outside (a registry's reason, a publisher's batch name) made harmless for a terminal: control characters
/// could move the cursor and rewrite what was printed before.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().fold(String::new(), |mut plain, c| {
        // Bidirectional overrides reorder what stands around them, so that a name could read as another one.
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
        plain
    })
}

/// Takes the values of secret keys out of JSON, at every depth (law 11).
pub fn hide(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if is_secret(key) && !inner.is_null() {
                    *inner = Value::String("***".into());
                } else {
                    hide(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Fruit {
        name: &'static str,
    }
    impl Row for Fruit {
        const HEADINGS: &'static [&'static str] = &["NAME"];
        fn cells(&self) -> Vec<String> {
            vec![self.name.into()]
        }
    }

    fn printed(format: Format, rows: &[Fruit]) -> String {
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        Out::new(format, Colour::Never, &mut data, &mut talk).rows(rows).unwrap();
        assert!(talk.is_empty());
        String::from_utf8(data).unwrap()
    }

    #[test]
    fn every_format_has_its_shape() {
        let rows = [Fruit { name: "apple" }, Fruit { name: "pear" }];
        assert_eq!(printed(Format::Table, &rows), "NAME\napple\npear\n");
        assert_eq!(printed(Format::Jsonl, &rows), "{\"name\":\"apple\"}\n{\"name\":\"pear\"}\n");
        assert_eq!(serde_json::from_str::<Value>(&printed(Format::Json, &rows)).unwrap().as_array().unwrap().len(), 2);
        assert_eq!(printed(Format::Json, &[]), "[]\n");
    }

    #[test]
    fn terminals_are_safe_from_what_others_wrote() {
        assert_eq!(plain("a\u{1b}[2Jb\nc\u{202e}d é"), "a\\u{1b}[2Jb\\nc\\u{202e}d é");
    }

    #[test]
    fn secrets_are_hidden_at_every_depth() {
        let mut value = json!({ "data": [{ "auth_info": "x", "domain": "example.de" }], "password": 7, "udai": null });
        hide(&mut value);
        assert_eq!(
            value,
            json!({ "data": [{ "auth_info": "***", "domain": "example.de" }], "password": "***", "udai": null })
        );
    }
}
