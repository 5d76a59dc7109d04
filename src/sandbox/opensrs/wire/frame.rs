//! The frame of the TCP transport: a line with the length, an empty line, so many bytes.

use tokio::io::{AsyncRead, AsyncReadExt};

use super::LONGEST;

/// Longest header that is read, in bytes.
const LONGEST_HEADER: usize = 256;

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Frame {
    Payload(Vec<u8>),
    /// No length, or one that cannot be.
    Bad,
    /// The connection ended.
    End,
}

/// Reads a frame. Blank lines between header and payload do not count, unless the payload is encrypted: then one is the
/// separator, and whatever follows is ciphertext.
pub(in super::super) async fn read(stream: &mut (impl AsyncRead + Unpin), is_encrypted: bool) -> Frame {
    let Some(length) = header(stream).await else { return Frame::End };
    let Some(length) = length.filter(|length| *length <= LONGEST) else { return Frame::Bad };
    let mut payload = Vec::new();
    loop {
        let Ok(byte) = stream.read_u8().await else { return Frame::End };
        match byte {
            b'\r' if !is_encrypted || payload.is_empty() => {}
            b'\n' if is_encrypted => break,
            b'\n' => {}
            first if !is_encrypted => {
                payload.push(first);
                break;
            }
            _ => return Frame::Bad,
        }
    }
    let have = payload.len();
    if length < have {
        return Frame::Bad;
    }
    payload.resize(length, 0);
    let Some(rest) = payload.get_mut(have..) else { return Frame::Bad };
    match stream.read_exact(rest).await {
        Ok(_) => Frame::Payload(payload),
        Err(_) => Frame::End,
    }
}

/// The length in the header line, after blank lines; the outer none is the end of the connection.
async fn header(stream: &mut (impl AsyncRead + Unpin)) -> Option<Option<usize>> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await.ok()? {
            b'\n' if line.iter().all(u8::is_ascii_whitespace) => line.clear(),
            b'\n' => break,
            byte => line.push(byte),
        }
        if line.len() > LONGEST_HEADER {
            return Some(None);
        }
    }
    let line = String::from_utf8_lossy(&line).into_owned();
    let length = line.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"));
    Some(length.and_then(|(_, length)| length.trim().parse().ok()))
}

/// A payload in its frame.
pub(in super::super) fn wrap(payload: &[u8]) -> Vec<u8> {
    [format!("Content-Length: {}\r\n\r\n", payload.len()).as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_what_it_writes_and_what_others_write() {
        for (bytes, is_encrypted, frame) in [
            (wrap(b"<a/>").as_slice(), false, Frame::Payload(b"<a/>".to_vec())),
            (wrap(b"\nRandomIV").as_slice(), true, Frame::Payload(b"\nRandomIV".to_vec())),
            (b"\r\n content-length :  3\r\n\r\n\r\n<a>", false, Frame::Payload(b"<a>".to_vec())),
            (b"\0\x04<a/>\n", false, Frame::Bad),
            (b"Content-Length: 99999999999\r\n\r\n", false, Frame::Bad),
            (b"Content-Length: 5\r\n\r\n<a/>", false, Frame::End),
            (b"", false, Frame::End),
        ] {
            let mut stream = bytes;
            assert_eq!(read(&mut stream, is_encrypted).await, frame, "{bytes:?}");
        }
    }
}
