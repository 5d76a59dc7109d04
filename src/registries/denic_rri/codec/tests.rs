//! Reading answers: whatever an answer says is what is read, and every sample arrives through the frame reader byte by byte.

mod answer;
mod writer;

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use proptest::prelude::*;
use tokio::io::{AsyncRead, ReadBuf};

use super::{Format, frame, read};

/// A connection that never gives more than one byte.
struct Drip<'a>(&'a [u8]);

impl AsyncRead for Drip<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        if let Some((byte, rest)) = self.0.split_first() {
            into.put_slice(&[*byte]);
            self.0 = rest;
        }
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn every_sample_arrives_byte_by_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri");
    let mut samples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !(name.starts_with("answer.") && (name.ends_with(".kv") || name.ends_with(".xml"))) {
            continue;
        }
        let answer = std::fs::read(&path).unwrap();
        let framed = frame::encode(&answer).unwrap();
        let mut stream = Drip(&framed);
        let payload = frame::read(&mut stream).await.unwrap();
        assert_eq!(read(&payload), read(&answer), "{name}");
        assert!(read(&payload).is_ok() && stream.0.is_empty(), "{name}");
        samples += 1;
    }
    assert!(samples >= 60, "{samples}");
}

proptest! {
    #[test]
    fn what_an_answer_says_is_what_is_read(reply in answer::reply(), kv in any::<bool>(), version in 3..=5) {
        let format = if kv { Format::Kv } else { Format::Xml };
        let text = writer::write(&reply, format, &format!("{version}.0"));
        let mut found = read(text.as_bytes()).map_err(TestCaseError::fail)?;
        found.data.source.clear();
        prop_assert_eq!(found, reply, "{}", text);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
