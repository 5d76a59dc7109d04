//! Commands as they go out.

use std::fmt;

use zeroize::Zeroizing;

use super::lines;

/// Longest value (reference 4: attribute values have 1 to 128 printable characters).
const LONGEST_VALUE: usize = 128;

/// A line of a command.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    /// `name:value`
    Attribute(String, Zeroizing<String>),
    /// `-name:value`
    Option(String, Zeroizing<String>),
}

/// A command with its lines in the order in which they are sent. A server may insist on the order of the grammar.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The command's name.
    pub verb: String,
    /// What follows it, before the dot.
    pub lines: Vec<Line>,
}

/// Without values: one may be a password.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("verb", &self.verb).field("lines", &self.lines.len()).finish()
    }
}

impl Line {
    /// An attribute.
    pub fn attribute(name: &str, value: impl Into<String>) -> Self {
        Self::Attribute(name.to_owned(), Zeroizing::new(value.into()))
    }

    /// An option.
    pub fn option(name: &str, value: impl Into<String>) -> Self {
        Self::Option(name.to_owned(), Zeroizing::new(value.into()))
    }

    fn parts(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Attribute(name, value) => ("", name, value),
            Self::Option(name, value) => ("-", name, value),
        }
    }
}

impl Request {
    /// The value of the first attribute of this name, whatever its case.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Attribute(is, value) if is.eq_ignore_ascii_case(name) => Some(value.as_str()),
            _ => None,
        })
    }

    /// The values of all attributes of this name.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter_map(move |line| match line {
            Line::Attribute(is, value) if is.eq_ignore_ascii_case(name) => Some(value.as_str()),
            _ => None,
        })
    }

    /// The value of the option of this name, whatever its case.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Option(is, value) if is.eq_ignore_ascii_case(name) => Some(value.as_str()),
            _ => None,
        })
    }
}

/// The bytes of a command, wiped on drop.
///
/// # Errors
/// A value is empty, too long, or holds something else than printable ASCII: a line end in it would be a second line.
pub fn write(request: &Request) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    bytes.extend_from_slice(request.verb.as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for line in &request.lines {
        let (dash, name, value) = line.parts();
        if !(1..=LONGEST_VALUE).contains(&value.len()) || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(format!("the value of {dash}{name} must be 1 to {LONGEST_VALUE} printable ASCII characters"));
        }
        for part in [dash, name, ":", value, "\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    bytes.extend_from_slice(b".\r\n");
    Ok(bytes)
}

/// Reads a command that somebody wrote: its line ends may be bare, and the dot at its end may be missing.
///
/// # Errors
/// It is no command, or more than one. Repeats nothing of it: it may hold a secret.
pub fn read_request(text: &str) -> Result<Request, String> {
    let mut whole = Zeroizing::new(text.trim().to_owned());
    if whole.lines().next_back().map(str::trim_end) != Some(".") {
        whole.push_str("\r\n.");
    }
    whole.push_str("\r\n");
    let mut lines = lines::of(whole.as_bytes())
        .map_err(|reason| if reason.contains("follow") { "must be one command only".into() } else { reason })?
        .into_iter()
        .map(|line| Zeroizing::new(lines::text(line)));
    let verb = lines.next().map(|line| line.trim().to_owned()).unwrap_or_default();
    if verb.is_empty() || !verb.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err("must begin with the name of a command".into());
    }
    let mut request = Request { verb, lines: Vec::new() };
    for (at, line) in lines.enumerate() {
        let Some((name, value)) = lines::attribute(&line) else {
            return Err(format!("line {} must be `name:value` or `-name:value`", at + 2));
        };
        request.lines.push(match name.strip_prefix('-') {
            Some(name) => Line::option(name, value),
            None => Line::attribute(name, value),
        });
    }
    write(&request)?;
    Ok(request)
}
