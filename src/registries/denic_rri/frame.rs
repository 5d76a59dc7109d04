//! Framing: a length as four bytes, big-endian, then as many bytes of UTF-8. The same in both directions.

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

/// Longest request the registry takes (its limit is 64 KB).
pub const LONGEST_REQUEST: usize = 65_535;
/// Longest answer that is read. One byte more than a request: sources differ on whether 64 KB itself is allowed.
pub const LONGEST_ANSWER: usize = 65_536;
/// Bytes of the length.
pub const HEADER: usize = 4;

/// Why bytes are not a frame. After any of these the stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The payload is empty or too long; the length says which.
    #[error("a frame of {0} bytes; 1 to {1} are allowed")]
    Length(u64, usize),
    /// The stream or the input ended early.
    #[error("the frame is cut: {have} of {want} bytes")]
    Cut {
        /// Bytes that are there, the length included.
        have: usize,
        /// Bytes that should be, the length included.
        want: usize,
    },
    /// Something follows the frame.
    #[error("{0} bytes follow the frame")]
    Trailing(usize),
    /// The connection broke.
    #[error("{0}")]
    Broken(#[from] std::io::Error),
}

/// A request with its length in front. Wiped on drop.
///
/// # Errors
/// The payload is empty or longer than the registry takes.
pub fn encode(payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let length = u32::try_from(payload.len()).ok().filter(|_| (1..=LONGEST_REQUEST).contains(&payload.len()));
    let length = length.ok_or(FrameError::Length(payload.len() as u64, LONGEST_REQUEST))?;
    let mut frame = Zeroizing::new(Vec::with_capacity(HEADER + payload.len()));
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    Ok(frame)
}

/// The payload's length from the first four bytes.
///
/// # Errors
/// It is empty or longer than any answer.
pub fn length(header: [u8; HEADER]) -> Result<usize, FrameError> {
    let length = u32::from_be_bytes(header);
    let usable = usize::try_from(length).ok().filter(|length| (1..=LONGEST_ANSWER).contains(length));
    usable.ok_or(FrameError::Length(length.into(), LONGEST_ANSWER))
}

/// The payload of a frame that is there as a whole.
///
/// # Errors
/// It is cut, too long, or not alone.
pub fn payload(frame: &[u8]) -> Result<&[u8], FrameError> {
    let Some((header, rest)) = frame.split_first_chunk::<HEADER>() else {
        return Err(FrameError::Cut { have: frame.len(), want: HEADER });
    };
    let length = length(*header)?;
    match rest.len() {
        have if have < length => Err(FrameError::Cut { have: frame.len(), want: HEADER + length }),
        have if have > length => Err(FrameError::Trailing(have - length)),
        _ => Ok(rest),
    }
}

/// Reads one frame and gives its payload. Not bounded in time: the session does that.
///
/// # Errors
/// The stream ends or breaks before the frame is whole, or its length is absurd.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, FrameError> {
    let mut header = [0; HEADER];
    fill(stream, &mut header, 0, HEADER).await?;
    let length = length(header)?;
    let mut payload = vec![0; length];
    fill(stream, &mut payload, HEADER, HEADER + length).await?;
    Ok(payload)
}

async fn fill(
    stream: &mut (impl AsyncRead + Unpin),
    into: &mut [u8],
    before: usize,
    want: usize,
) -> Result<(), FrameError> {
    let mut filled = 0;
    while filled < into.len() {
        match stream.read(&mut into[filled..]).await? {
            0 => return Err(FrameError::Cut { have: before + filled, want }),
            more => filled += more,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn lengths_count_bytes() {
        for (text, length) in [
            ("RESULT: success", 0x0f),
            ("version: 5.0\naction: LOGOUT", 0x1b),
            ("version: 5.0\naction: check\ndomain: beispiel-fünf.de", 0x34),
            ("version: 5.0\naction: INFO\ndomain: denic.de\ndomain-ace: denic.de", 0x3f),
            ("version: 5.0\naction: LOGIN\nuser: DENIC-1000011-RRI\npassword: secret", 0x43),
        ] {
            let frame = encode(text.as_bytes()).unwrap();
            assert_eq!(frame[..4], [0, 0, 0, length], "{text}");
            assert_eq!(payload(&frame).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn absurd_lengths_are_refused_both_ways() {
        assert!(encode(&[]).is_err());
        assert!(encode(&vec![b'x'; LONGEST_REQUEST]).is_ok());
        assert!(encode(&vec![b'x'; LONGEST_REQUEST + 1]).is_err());
        assert!(length([0; 4]).is_err());
        assert_eq!(length([0, 1, 0, 0]).unwrap(), LONGEST_ANSWER);
        assert!(length([0, 1, 0, 1]).is_err());
        assert!(length([255; 4]).is_err());
    }

    #[test]
    fn a_frame_that_is_not_whole_says_so() {
        let frame = encode(b"RESULT: success").unwrap();
        for cut in 0..frame.len() {
            assert!(matches!(payload(&frame[..cut]), Err(FrameError::Cut { have, .. }) if have == cut));
        }
        let longer = [&frame[..], b"x"].concat();
        assert!(matches!(payload(&longer), Err(FrameError::Trailing(1))));
    }

    #[tokio::test]
    async fn frames_arrive_a_byte_at_a_time() {
        let (mut near, mut far) = tokio::io::duplex(1);
        let frame = encode("Result: success\nStid: ä".as_bytes()).unwrap();
        let sent = frame.clone();
        let writer = tokio::spawn(async move { far.write_all(&[&sent[..], &sent[..7]].concat()).await.unwrap() });
        assert_eq!(read(&mut near).await.unwrap(), frame[4..]);
        assert!(matches!(read(&mut near).await, Err(FrameError::Cut { have: 7, want: 28 })));
        writer.await.unwrap();
    }
}
