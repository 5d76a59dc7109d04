//! A connection read message by message, within limits.

use std::io;

use futures_util::FutureExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::coop::unconstrained;

use super::super::codec::{LONGEST_LINE, LONGEST_MESSAGE, MOST_LINES, is_end};
use crate::net::dial::Stream;

/// Why no message could be read. After any of these the connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection ended before the message did.
    #[error("the connection was closed after {0} bytes of an answer")]
    Cut(usize),
    /// It goes on and on.
    #[error("the answer is longer than any: {0}")]
    TooLong(&'static str),
    /// The connection broke.
    #[error("{0}")]
    Broken(#[from] io::Error),
}

/// A connection.
pub struct Wire(BufReader<Box<dyn Stream>>);

impl Wire {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self(BufReader::new(stream))
    }

    /// Looks, without waiting, whether the registry closed the idle connection or said something unasked (520, or an answer
    /// that came twice). Either way nothing was sent yet, so the job need not fall into doubt.
    pub fn still_quiet(&mut self) -> Result<(), &'static str> {
        if !self.0.buffer().is_empty() {
            return Err("the registry sent something unasked");
        }
        // A task that has used up its share of the thread would be told "nothing there yet" whatever there is.
        match unconstrained(self.0.read(&mut [0])).now_or_never() {
            None => Ok(()),
            Some(Ok(0)) => Err("the registry closed the idle session"),
            Some(Ok(_)) => Err("the registry sent something unasked"),
            Some(Err(_)) => Err("the idle connection broke"),
        }
    }

    /// Writes a message in one piece.
    pub async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        self.0.write_all(message).await?;
        self.0.flush().await
    }

    /// Reads lines up to the one that is a dot alone. Not bounded in time: the session does that.
    pub async fn read(&mut self) -> Result<Vec<u8>, WireError> {
        let mut message = Vec::new();
        for _ in 0..MOST_LINES {
            let begin = message.len();
            let mut line = (&mut self.0).take(LONGEST_LINE as u64);
            line.read_until(b'\n', &mut message).await?;
            if message.last() != Some(&b'\n') {
                return Err(match message.len() - begin {
                    LONGEST_LINE => WireError::TooLong("a line"),
                    _ => WireError::Cut(message.len()),
                });
            }
            if is_end(&message[begin..]) {
                return Ok(message);
            }
            if message.len() > LONGEST_MESSAGE {
                return Err(WireError::TooLong("bytes"));
            }
        }
        Err(WireError::TooLong("lines"))
    }
}
