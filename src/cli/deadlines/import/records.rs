//! From a file to records, one after the other: bounded in memory, and a record that cannot be read costs no other one.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use serde_json::{Map, Value};

use super::csv::{Split, split};
use super::{Bad, Shape};

/// Longest line in bytes.
const LONGEST: u64 = 64 * 1024;
/// Most lines of one record.
const MOST_LINES: usize = 50;

/// The columns, in the order in which they are told.
pub const COLUMNS: &[&str] = &["account", "object", "kind", "due", "note"];
/// The column that may be missing.
const OPTIONAL: &str = "note";

/// A record as it stands in the file.
#[derive(Debug, Default, PartialEq)]
pub struct Record {
    /// Its first line.
    pub line: u64,
    /// The columns, as in [`COLUMNS`].
    pub texts: [String; 5],
    /// What else is noted; of JSON only.
    pub note: Map<String, Value>,
}

/// Why a file is not read at all.
#[derive(Debug)]
pub enum Unfit {
    /// It cannot be.
    Unreadable(io::Error),
    /// Its headings are wrong; says why.
    Headings(String),
}

/// The records of a file.
pub struct Records<R> {
    lines: Lines<R>,
    /// Of CSV the separator, and which field is which column.
    headings: Option<(char, Vec<usize>)>,
}

impl<R: BufRead> Records<R> {
    /// Reads as far as the headings.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn new(reader: R, shape: Option<Shape>) -> Result<Self, Unfit> {
        let mut lines = Lines { reader, number: 0, bytes: 0, again: VecDeque::new() };
        let Some(first) = lines.next().map_err(Unfit::Unreadable)? else {
            return Ok(Self { lines, headings: None });
        };
        let is_json = first.text.as_deref().is_ok_and(|text| text.trim_start().starts_with('{'));
        if shape == Some(Shape::Jsonl) || (shape.is_none() && is_json) {
            lines.again.push_front(first);
            return Ok(Self { lines, headings: None });
        }
        let text = first.text.map_err(|why| Unfit::Headings(why.to_owned()))?;
        Ok(Self { lines, headings: Some(headings(&text).map_err(Unfit::Headings)?) })
    }

    /// How far it has been read.
    pub const fn bytes(&self) -> u64 {
        self.lines.bytes
    }

    /// The next record, or what is wrong with it; blank lines are none.
    ///
    /// # Errors
    /// The file cannot be read further.
    pub fn next(&mut self) -> io::Result<Option<Result<Record, Bad>>> {
        loop {
            let Some(line) = self.lines.next()? else { return Ok(None) };
            let text = match line.text {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => text,
                Err(why) => return Ok(Some(Err(whole(line.number, "unreadable", why)))),
            };
            return match &self.headings {
                None => Ok(Some(of_json(line.number, &text))),
                Some((separator, columns)) => {
                    Ok(Some(of_csv(&mut self.lines, line.number, text, *separator, columns)?))
                }
            };
        }
    }
}

/// What is wrong with a line as a whole.
fn whole(line: u64, rule: &'static str, reason: impl Into<String>) -> Bad {
    Bad { line, column: None, value: String::new(), rule, reason: reason.into() }
}

fn headings(text: &str) -> Result<(char, Vec<usize>), String> {
    // Spreadsheets write semicolons where the comma is part of numbers.
    let separator = if text.contains(';') && !text.contains(',') { ';' } else { ',' };
    let Split::Fields(names) = split(text, separator) else {
        return Err("the quotes in its first line do not fit together".into());
    };
    let known = |name: &String| {
        let name = name.trim().to_ascii_lowercase();
        COLUMNS
            .iter()
            .position(|column| *column == name)
            .ok_or_else(|| format!("there is no column `{}`; there are: {}", name.escape_default(), COLUMNS.join(", ")))
    };
    let columns = names.iter().map(known).collect::<Result<Vec<_>, _>>()?;
    for (place, name) in COLUMNS.iter().enumerate() {
        match columns.iter().filter(|column| **column == place).count() {
            0 if *name != OPTIONAL => return Err(format!("the column `{name}` is missing")),
            0 | 1 => {}
            _ => return Err(format!("the column `{name}` stands there twice")),
        }
    }
    Ok((separator, columns))
}

fn of_csv<R: BufRead>(
    lines: &mut Lines<R>,
    number: u64,
    mut text: String,
    separator: char,
    columns: &[usize],
) -> io::Result<Result<Record, Bad>> {
    let mut more = Vec::new();
    loop {
        let fields = match split(&text, separator) {
            Split::Fields(fields) => fields,
            Split::Stray(field) => {
                let column = columns.get(field).and_then(|column| COLUMNS.get(*column)).copied();
                let reason = "something stands behind the closing quote; a quote within quotes is doubled".into();
                return Ok(Err(Bad { line: number, column, value: String::new(), rule: "quotes", reason }));
            }
            Split::Open => match lines.next()? {
                Some(next) if more.len() < MOST_LINES && next.text.is_ok() => {
                    text.push('\n');
                    text.push_str(next.text.as_deref().unwrap_or_default());
                    more.push(next);
                    continue;
                }
                next => {
                    // Whoever forgot a quote did not mean to lose all that follows.
                    lines.again.extend(next);
                    more.into_iter().rev().for_each(|line| lines.again.push_front(line));
                    return Ok(Err(whole(number, "quotes", "a quote is opened and not closed")));
                }
            },
        };
        if fields.len() != columns.len() {
            let reason = format!("{} fields, and {} headings", fields.len(), columns.len());
            return Ok(Err(whole(number, "fields", reason)));
        }
        let mut record = Record { line: number, ..Record::default() };
        for (column, field) in columns.iter().zip(fields) {
            if let Some(place) = record.texts.get_mut(*column) {
                *place = field.trim().to_owned();
            }
        }
        return Ok(Ok(record));
    }
}

fn of_json(number: u64, text: &str) -> Result<Record, Bad> {
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(whole(number, "no_object", "a line is one JSON object")),
        Err(error) => return Err(whole(number, "no_json", format!("is not JSON: {error}"))),
    };
    let mut record = Record { line: number, ..Record::default() };
    for (name, value) in fields {
        let Some(place) = COLUMNS.iter().position(|column| *column == name) else {
            let reason = format!("there is no key `{}`; there are: {}", name.escape_default(), COLUMNS.join(", "));
            return Err(whole(number, "unknown_key", reason));
        };
        match (value, record.texts.get_mut(place)) {
            (Value::String(text), Some(to)) => *to = text.trim().to_owned(),
            (Value::Object(note), _) if name == OPTIONAL => record.note = note,
            (Value::Null, _) => {}
            (other, _) => {
                let (column, value) = (COLUMNS.get(place).copied(), other.to_string());
                return Err(Bad { line: number, column, value, rule: "no_text", reason: "must be a text".into() });
            }
        }
    }
    Ok(record)
}

/// A line without its end, or why it cannot be read.
struct Line {
    number: u64,
    text: Result<String, &'static str>,
}

struct Lines<R> {
    reader: R,
    number: u64,
    bytes: u64,
    /// Lines that were read and are to be read again.
    again: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes)? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.bytes += read;
        let number = self.number;
        if read > LONGEST && bytes.last() != Some(&b'\n') {
            self.pass_over()?;
            return Ok(Some(Line { number, text: Err("is longer than 64 KiB") }));
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8");
        // Some programs begin a file with a byte order mark.
        let text = text.map(|text| if number == 1 { text.trim_start_matches('\u{feff}').to_owned() } else { text });
        Ok(Some(Line { number, text }))
    }

    /// Reads to the end of the line, and keeps nothing.
    fn pass_over(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let (taken, done) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.reader.consume(taken);
            self.bytes += taken as u64;
            if done {
                return Ok(());
            }
        }
    }
}
