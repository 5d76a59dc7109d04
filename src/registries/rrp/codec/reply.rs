//! Answers, and the greeting, which is none: it has no code.

use super::lines;

/// What every greeting's first line has in it.
const GREETS: &str = " RRP Server version";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits; all that decides.
    pub code: String,
    /// Its text, for people.
    pub text: String,
    /// The attributes under their names as they came, in the order they came.
    pub attributes: Vec<(String, String)>,
}

/// The server's first words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The version of the protocol it names, for example `1.1.0`; empty if none.
    pub version: String,
}

/// Reads a whole answer.
///
/// # Errors
/// It is cut, too long, has no code, or has a line that is no attribute: then it may be two answers in one.
pub fn read_reply(message: &[u8]) -> Result<Reply, String> {
    let lines = lines::of(message)?;
    let Some((first, rest)) = lines.split_first() else { return Err("the answer is empty".into()) };
    let (code, text) = status(&lines::text(first)).ok_or("the answer does not begin with a code of three digits")?;
    let mut attributes = Vec::with_capacity(rest.len());
    for (at, line) in rest.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let line = lines::text(line);
        match lines::attribute(&line) {
            Some((name, value)) => attributes.push((name.to_owned(), value.to_owned())),
            None => return Err(format!("line {} of the answer is no attribute", at + 2)),
        }
    }
    Ok(Reply { code, text, attributes })
}

/// Code and text of a first line.
fn status(line: &str) -> Option<(String, String)> {
    let (code, rest) = (line.get(..3)?, line.get(3..)?);
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (ends && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| (code.to_owned(), rest.trim().to_owned()))
}

/// Reads a whole greeting.
///
/// # Errors
/// It is no greeting of this protocol.
pub fn read_greeting(message: &[u8]) -> Result<Greeting, String> {
    let lines = lines::of(message)?;
    let first = lines.first().map(|line| lines::text(line)).unwrap_or_default();
    match first.to_ascii_lowercase().find(&GREETS.to_ascii_lowercase()) {
        Some(at) => Ok(Greeting { version: first[at + GREETS.len()..].trim().to_owned() }),
        None => Err("the server does not greet as an RRP server does".into()),
    }
}

impl Reply {
    /// The answer as a server writes it; the inverse of [`read_reply`].
    #[cfg(test)]
    pub fn write(&self) -> Vec<u8> {
        let mut message = format!("{} {}\r\n", self.code, self.text);
        for (name, value) in &self.attributes {
            message.push_str(&format!("{name}:{value}\r\n"));
        }
        message.push_str(".\r\n");
        message.into_bytes()
    }
}
