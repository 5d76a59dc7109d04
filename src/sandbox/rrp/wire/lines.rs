//! Messages as lines: each ends with CR LF, and a line of one dot ends the message (RFC 2832, 4).

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message that is read. Thirteen name servers of 80 characters are not two KiB.
const LONGEST: usize = 16 * 1024;

/// A message without its last line.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Message {
    /// All its bytes, for size and digest.
    pub(in super::super) bytes: Vec<u8>,
    /// Its lines; what is not ASCII is replaced, and `is_clean` says so.
    pub(in super::super) lines: Vec<String>,
    /// Whether every line ended with CR LF and was printable ASCII.
    pub(in super::super) is_clean: bool,
    /// Whether something had come behind it before it was answered.
    pub(in super::super) has_successor: bool,
}

/// How reading can end.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Heard {
    Message(Message),
    /// What comes is too long to be a request; nothing behind it can be read.
    TooLong,
    /// The connection ended, before or within a message.
    End,
}

/// What has arrived and was not read yet.
#[derive(Debug, Default)]
pub(in super::super) struct Reader(Vec<u8>);

impl Reader {
    /// The next message, however many pieces it comes in. May be dropped at any time: what has arrived is kept.
    pub(in super::super) async fn next(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Heard {
        loop {
            if let Some(length) = ending(&self.0) {
                let rest = self.0.split_off(length);
                let bytes = std::mem::replace(&mut self.0, rest);
                return Heard::Message(message(bytes, !self.0.is_empty()));
            }
            if self.0.len() > LONGEST {
                return Heard::TooLong;
            }
            match stream.read_buf(&mut self.0).await {
                Ok(0) | Err(_) => return Heard::End,
                Ok(_) => {}
            }
        }
    }
}

/// The length of the first message, if it is complete. A dot alone ends it however its line ends, so that whoever ends
/// lines wrongly is told so.
fn ending(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        if matches!(line, b".\r\n" | b".\n") {
            return Some(length);
        }
    }
    None
}

fn message(bytes: Vec<u8>, has_successor: bool) -> Message {
    let mut is_clean = true;
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\r\n").unwrap_or_else(|| line.strip_suffix(b"\n").unwrap_or(line));
        is_clean &= line.ends_with(b"\r\n") && text.iter().all(|byte| (b' '..=b'~').contains(byte));
        lines.push(String::from_utf8_lossy(text).into_owned());
    }
    lines.pop();
    Message { bytes, lines, is_clean, has_successor }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Vec<Heard> {
        let (mut stream, mut reader, mut heard) = (bytes, Reader::default(), Vec::new());
        loop {
            heard.push(reader.next(&mut stream).await);
            if !matches!(heard.last(), Some(Heard::Message(_))) {
                return heard;
            }
        }
    }

    #[tokio::test]
    async fn a_dot_alone_ends_a_message() {
        let heard = read(b"quit\r\n.\r\n.\r\ncheck\r\n..\r\n. \r\n").await;
        let Heard::Message(first) = &heard[0] else { panic!("{heard:?}") };
        assert_eq!(
            (first.lines.as_slice(), first.is_clean, first.has_successor),
            (&["quit".to_owned()][..], true, true)
        );
        let Heard::Message(second) = &heard[1] else { panic!("{heard:?}") };
        assert!(second.lines.is_empty());
        assert_eq!(heard[2..], [Heard::End]);
    }

    #[tokio::test]
    async fn what_is_no_clean_line_is_noticed() {
        for bytes in
            [&b"quit\n.\r\n"[..], b"quit\r\n.\n", b"qu\xc3\xbct\r\n.\r\n", b"qu\tit\r\n.\r\n", b"quit\r\r\n.\r\n"]
        {
            let heard = read(bytes).await;
            let Heard::Message(message) = &heard[0] else { panic!("{heard:?}") };
            assert!(!message.is_clean && message.lines.len() == 1, "{message:?}");
        }
        assert_eq!(read(&[b'a'; LONGEST + 1]).await, [Heard::TooLong]);
    }
}
