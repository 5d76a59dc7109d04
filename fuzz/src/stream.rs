//! Frames from a stream.

#[path = "../../src/registries/denic_rri/frame.rs"]
mod frame;
#[path = "../../src/registries/opensrs/tcp/frame.rs"]
mod ops;

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, ReadBuf};

/// A stream that gives a few bytes at a time and nothing at all every other time.
struct Pieces<'a> {
    rest: &'a [u8],
    most: usize,
    tired: bool,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        self.tired = !self.tired;
        if self.tired {
            return Poll::Pending;
        }
        let size = self.most.min(self.rest.len()).min(buffer.remaining());
        let (now, later) = self.rest.split_at(size);
        buffer.put_slice(now);
        self.rest = later;
        Poll::Ready(Ok(()))
    }
}

/// What a reader reads from a stream that gives so many bytes at a time.
fn read_from<T>(stream: &mut Pieces<'_>, read: impl AsyncFnOnce(&mut Pieces<'_>) -> T) -> T {
    let mut reading = pin!(read(stream));
    loop {
        if let Poll::Ready(read) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return read;
        }
    }
}

/// The payloads of a stream that gives so many bytes at a time, and how it ended.
fn payloads(bytes: &[u8], most: usize) -> (Vec<Vec<u8>>, String) {
    let mut stream = Pieces { rest: bytes, most, tired: false };
    let mut payloads = Vec::new();
    loop {
        match read_from(&mut stream, async |stream| frame::read(stream).await) {
            Ok(payload) => payloads.push(payload),
            Err(error) => return (payloads, error.to_string()),
        }
    }
}

/// The same of OpenSRS, with the bytes that were read for each.
fn ops_payloads(bytes: &[u8], most: usize, holds: ops::Payload) -> (Vec<(Vec<u8>, usize)>, String) {
    let mut stream = Pieces { rest: bytes, most, tired: false };
    let mut payloads = Vec::new();
    loop {
        let before = stream.rest.len();
        match read_from(&mut stream, async |stream| ops::read(stream, holds).await) {
            Ok(payload) => payloads.push((payload, before - stream.rest.len())),
            Err(error) => return (payloads, error.to_string()),
        }
    }
}

/// As [`rri_frame`], of the frames of OpenSRS, which hold text or any bytes. A frame written again is read as the same, and
/// none takes more from the stream than it says.
pub fn ops_frame(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    for holds in [ops::Payload::Text, ops::Payload::Raw] {
        let (whole, end) = ops_payloads(bytes, usize::MAX, holds);
        assert_eq!((whole.clone(), end.clone()), ops_payloads(bytes, 1 + usize::from(*size), holds));
        super::assert_fit_for_a_line(&end);
        let mut rest = bytes;
        for (payload, read) in whole {
            assert!((1..=ops::LONGEST).contains(&payload.len()));
            let (frame, after) = rest.split_at(read);
            assert!(frame.ends_with(&payload));
            // A line with the length and its end, blanks within a line's length, the payload.
            assert!(read <= payload.len() + 600, "{read} bytes for {}", payload.len());
            let again = ops::encode(&payload);
            assert_eq!(ops_payloads(&again, usize::MAX, holds).0, [(payload, again.len())]);
            rest = after;
        }
    }
}

/// A stream read in pieces gives the same frames and the same end as one read at once; a frame written again is the same
/// bytes; and what is taken for a frame as a whole is what a stream gives. The first byte says how large the pieces are.
pub fn rri_frame(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let (whole, end) = payloads(bytes, usize::MAX);
    assert_eq!(
        (&whole, &end),
        (&payloads(bytes, 1 + usize::from(*size)).0, &payloads(bytes, 1 + usize::from(*size)).1)
    );
    super::assert_fit_for_a_line(&end);
    let mut rest = bytes;
    for payload in &whole {
        assert!((1..=frame::LONGEST_ANSWER).contains(&payload.len()));
        assert!(payload.capacity() <= frame::LONGEST_ANSWER);
        let (frame, after) = rest.split_at(frame::HEADER + payload.len());
        assert_eq!(frame::payload(frame).unwrap(), payload);
        match frame::encode(payload) {
            Ok(again) => assert_eq!(*again, frame),
            Err(_) => assert!(payload.len() > frame::LONGEST_REQUEST),
        }
        rest = after;
    }
    // The last one is cut or has an absurd length, and says so in the same words.
    assert_eq!(frame::payload(rest).unwrap_err().to_string(), end);
    let dialect = super::dialect("kv");
    if let Ok(payload) = dialect.unframe(bytes) {
        assert!(bytes.ends_with(payload));
        assert!(bytes.len() == payload.len() || whole == [payload]);
    }
}
