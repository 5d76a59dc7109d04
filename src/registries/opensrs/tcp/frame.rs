//! Framing of the TCP way: `Content-Length: <bytes>`, an empty line, the payload. The guide also tells of a length as two
//! bytes; the clients that were seen to work send this form only.

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

/// Longest payload that is read or written: a message of the largest size, encrypted.
pub const LONGEST: usize = 8 * 1024 * 1024 + 64;
/// Longest line with a length, the blanks before it included.
const LONGEST_HEAD: usize = 256;

/// Why bytes are not a frame. After any of these the stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended, and not one byte had come.
    #[error("the registry closed the connection")]
    Closed,
    /// The stream ended early.
    #[error("the frame is cut: {have} bytes, {want} were announced")]
    Cut {
        /// Bytes of the payload that are there.
        have: usize,
        /// Bytes of the payload that should be.
        want: usize,
    },
    /// It begins otherwise.
    #[error("not a frame: {0}")]
    Head(&'static str),
    /// The payload is empty or too long.
    #[error("a frame of {0} bytes")]
    Length(u64),
    /// The connection broke.
    #[error("{0}")]
    Broken(#[from] std::io::Error),
}

/// What a frame holds; it says where the payload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// XML: blank lines before it do not count.
    Text,
    /// Any bytes, so there is exactly one empty line before them.
    Raw,
}

/// A payload in its frame. Wiped on drop.
pub fn encode(payload: &[u8]) -> Zeroizing<Vec<u8>> {
    let head = format!("Content-Length: {}\r\n\r\n", payload.len());
    let mut frame = Zeroizing::new(Vec::with_capacity(head.len() + payload.len()));
    frame.extend_from_slice(head.as_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// Reads one frame and gives its payload. Not bounded in time: the session does that.
///
/// # Errors
/// The stream ends or breaks before the frame is whole, or it is no frame.
pub async fn read(stream: &mut (impl AsyncRead + Unpin), holds: Payload) -> Result<Vec<u8>, FrameError> {
    let length = length(stream).await?;
    let first = match holds {
        Payload::Raw => {
            if line(stream, LONGEST_HEAD).await?.as_deref() != Some(b"") {
                return Err(FrameError::Head("no empty line behind the length"));
            }
            None
        }
        Payload::Text => Some(first_of_text(stream).await?),
    };
    let mut payload = vec![0; length];
    let mut have = 0;
    if let Some(byte) = first {
        payload[0] = byte;
        have = 1;
    }
    while have < length {
        match stream.read(&mut payload[have..]).await? {
            0 => return Err(FrameError::Cut { have, want: length }),
            more => have += more,
        }
    }
    Ok(payload)
}

/// The length a frame begins with, whatever the case of its name.
async fn length(stream: &mut (impl AsyncRead + Unpin)) -> Result<usize, FrameError> {
    let head = line(stream, LONGEST_HEAD).await?.ok_or(FrameError::Closed)?;
    let head = String::from_utf8(head).map_err(|_| FrameError::Head("no text"))?;
    let (name, number) = head.split_once(':').ok_or(FrameError::Head("no Content-Length"))?;
    if !name.trim().eq_ignore_ascii_case("content-length") {
        return Err(FrameError::Head("no Content-Length"));
    }
    let number = number.trim();
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(FrameError::Head("Content-Length is no number"));
    }
    let length: u64 = number.parse().map_err(|_| FrameError::Length(u64::MAX))?;
    usize::try_from(length).ok().filter(|length| (1..=LONGEST).contains(length)).ok_or(FrameError::Length(length))
}

/// A line without its end; `None` if the stream ended before its first byte.
async fn line(stream: &mut (impl AsyncRead + Unpin), longest: usize) -> Result<Option<Vec<u8>>, FrameError> {
    let mut line = Vec::new();
    loop {
        match byte(stream).await? {
            None if line.is_empty() => return Ok(None),
            None => return Err(FrameError::Head("it ends within a line")),
            Some(b'\n') if line.last() == Some(&b'\r') => {
                line.pop();
                return Ok(Some(line));
            }
            Some(_) if line.len() == longest => return Err(FrameError::Head("no end of line")),
            Some(byte) => line.push(byte),
        }
    }
}

/// The first byte that is no blank.
async fn first_of_text(stream: &mut (impl AsyncRead + Unpin)) -> Result<u8, FrameError> {
    for _ in 0..LONGEST_HEAD {
        match byte(stream).await? {
            None => return Err(FrameError::Head("it ends before the payload")),
            Some(b' ' | b'\t' | b'\r' | b'\n') => {}
            Some(byte) => return Ok(byte),
        }
    }
    Err(FrameError::Head("nothing but blanks"))
}

async fn byte(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<u8>, FrameError> {
    let mut byte = [0];
    Ok((stream.read(&mut byte).await? == 1).then_some(byte[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(mut bytes: &[u8], holds: Payload) -> Result<Vec<u8>, FrameError> {
        read(&mut bytes, holds).await
    }

    #[tokio::test]
    async fn a_frame_is_a_length_an_empty_line_and_as_many_bytes() {
        let frame = encode("<é/>".as_bytes());
        assert_eq!(&frame[..], "Content-Length: 5\r\n\r\n<é/>".as_bytes());
        for (text, holds) in [
            ("Content-length: 4\r\n\r\n<a/>", Payload::Text),
            (" content-LENGTH :  4 \r\n\r\n<a/>more", Payload::Text),
            ("Content-Length:4\r\n\r\n\r\n \n<a/>", Payload::Text),
            ("Content-Length: 4\r\n\r\n<a/>", Payload::Raw),
        ] {
            assert_eq!(read_all(text.as_bytes(), holds).await.unwrap(), b"<a/>", "{text}");
        }
        let raw = b"Content-Length: 4\r\n\r\n\r\n\r\n";
        assert_eq!(read_all(raw, Payload::Raw).await.unwrap(), b"\r\n\r\n", "random bytes may look like lines");
    }

    #[tokio::test]
    async fn what_is_no_frame_says_so() {
        assert!(matches!(read_all(b"", Payload::Raw).await, Err(FrameError::Closed)));
        let whole = encode(b"RandomIV");
        for cut in 1..whole.len() {
            let error = read_all(&whole[..cut], Payload::Raw).await.unwrap_err();
            let is_cut = matches!(error, FrameError::Cut { want: 8, .. } | FrameError::Head(_));
            assert!(is_cut && !matches!(error, FrameError::Closed), "{cut}: {error}");
        }
        for (text, part) in [
            ("\0\u{1}<a/>", "ends within a line"),
            ("Content-Length: x\r\n\r\n", "no number"),
            ("Content-Length: -4\r\n\r\n", "no number"),
            ("Content-Length: 0\r\n\r\n", "0 bytes"),
            ("Content-Length: 99999999\r\n\r\n", "99999999 bytes"),
            ("Content-Length: 99999999999999999999999\r\n\r\n", "bytes"),
            ("Content-Length: 4\r\nX: y\r\n\r\n<a/>", "no empty line"),
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "no Content-Length"),
        ] {
            let error = read_all(text.as_bytes(), Payload::Raw).await.unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let endless = "C".repeat(10_000);
        assert!(read_all(endless.as_bytes(), Payload::Raw).await.unwrap_err().to_string().contains("no end of line"));
    }
}
