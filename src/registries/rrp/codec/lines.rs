//! Lines and their limits. The protocol names none; these are far above what any answer needs and far below what hurts.

/// Bytes of a line, its end included.
pub const LONGEST_LINE: usize = 1024;
/// Lines of a message, the dot included.
pub const MOST_LINES: usize = 1000;
/// Bytes of a message.
pub const LONGEST_MESSAGE: usize = 256 * 1024;

/// Whether a line, with or without its end, ends a message.
pub fn is_end(line: &[u8]) -> bool {
    line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line)) == b"."
}

/// The lines of one whole message without their ends and without the dot.
///
/// # Errors
/// It is cut, something follows it, or it is longer than any.
pub fn of(message: &[u8]) -> Result<Vec<&[u8]>, String> {
    if message.len() > LONGEST_MESSAGE {
        return Err(format!("{} bytes are too many for a message", message.len()));
    }
    let mut lines = Vec::new();
    let mut rest = message;
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err("the message is cut: no line with a dot alone ends it".into());
        };
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        if end >= LONGEST_LINE {
            return Err(format!("line {} has more than {LONGEST_LINE} bytes", lines.len() + 1));
        }
        // A bare LF ends a line, too: some servers send nothing else.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if is_end(line) {
            return match after.is_empty() {
                true => Ok(lines),
                false => Err(format!("{} bytes follow the message", after.len())),
            };
        }
        if lines.len() + 1 >= MOST_LINES {
            return Err(format!("the message has more than {MOST_LINES} lines"));
        }
        lines.push(line);
        rest = after;
    }
}

/// A line as text: a tab is a blank, and what else is no visible ASCII is shown as a mark, since the protocol has nothing
/// else.
pub fn text(line: &[u8]) -> String {
    let visible = |byte: &u8| match byte {
        b'\t' => ' ',
        b' '..=b'~' => char::from(*byte),
        _ => char::REPLACEMENT_CHARACTER,
    };
    line.iter().map(visible).collect()
}

/// Name and value of an attribute line, split at the first colon: an IPv6 address has more of them.
pub fn attribute(line: &str) -> Option<(&str, &str)> {
    line.split_once(':').filter(|(name, _)| !name.trim().is_empty())
}
