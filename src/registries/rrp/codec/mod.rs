//! Bytes of the protocol: lines that end in CRLF, and a dot alone on the last one. `request` is what goes out, `reply` what
//! comes back, `lines` what both are made of.

mod lines;
mod reply;
mod request;

pub use lines::{LONGEST_LINE, LONGEST_MESSAGE, MOST_LINES, is_end};
pub use reply::{Reply, read_greeting, read_reply};
pub use request::{Line, Request, read_request, write};

#[cfg(test)]
mod tests;
