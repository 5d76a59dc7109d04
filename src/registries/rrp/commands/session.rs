//! SESSION and QUIT: the business of sessions, not of jobs. A new password (`-NewPassword`) is an operator's: an answer lost
//! in the middle would leave nobody who knows which one counts.

use zeroize::Zeroizing;

use super::super::codec::{self, Line, Request};
use crate::model::Secret;

/// The commands of sessions.
pub const OF_SESSIONS: &[&str] = &["session", "quit"];

/// Opens a session.
///
/// # Errors
/// Id or password have characters that no request can have.
pub fn open(user: &str, password: &Secret) -> Result<Zeroizing<Vec<u8>>, String> {
    let lines = vec![Line::option("Id", user), Line::option("Password", password.expose())];
    codec::write(&Request { verb: OF_SESSIONS[0].to_owned(), lines })
}

/// Ends one.
pub const QUIT: &[u8] = b"quit\r\n.\r\n";
