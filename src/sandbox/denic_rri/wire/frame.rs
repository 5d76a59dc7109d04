//! Frames: four bytes of length, most significant first, then so many bytes.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest payload that is read.
pub(in super::super) const LONGEST: usize = 65_535;

/// How reading a frame can end.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Frame {
    /// A payload.
    Payload(Vec<u8>),
    /// The length is zero or too large; the stream cannot be read any further.
    BadLength(u32),
    /// The connection ended, before or within a frame.
    End,
}

/// Reads one frame, however many pieces it comes in.
pub(in super::super) async fn read<R: AsyncRead + Unpin>(stream: &mut R) -> Frame {
    let Ok(length) = stream.read_u32().await else { return Frame::End };
    let size = match usize::try_from(length) {
        Ok(size @ 1..=LONGEST) => size,
        _ => return Frame::BadLength(length),
    };
    let mut payload = vec![0; size];
    match stream.read_exact(&mut payload).await {
        Ok(_) => Frame::Payload(payload),
        Err(_) => Frame::End,
    }
}

/// The bytes of a frame around a payload.
pub(in super::super) fn wrap(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_what_wrap_wrote_and_refuses_bad_lengths() {
        let frame = wrap("version: 5.0\naction: check\ndomain: beispiel-fünf.de".as_bytes());
        assert_eq!(frame[..4], [0, 0, 0, 0x34]);
        assert_eq!(read(&mut &frame[..]).await, Frame::Payload(frame[4..].to_vec()));
        assert_eq!(read(&mut &frame[..20]).await, Frame::End);
        assert_eq!(read(&mut &[0_u8, 0, 0, 0][..]).await, Frame::BadLength(0));
        assert_eq!(read(&mut &[0_u8, 1, 0, 0][..]).await, Frame::BadLength(65_536));
    }
}
