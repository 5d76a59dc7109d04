//! What lapin's errors mean to us.

use std::io;

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::{Error, ErrorKind};

use crate::broker::BrokerError;

/// Sorts an error by what can be done about it. `doing` says what was tried; neither it nor lapin's texts hold the URI.
pub(super) fn classify(doing: &str, error: &Error) -> BrokerError {
    let text = format!("{doing}: {error}");
    match advice(error) {
        Some(advice) => BrokerError::Misconfigured(format!("{text}; {advice}")),
        None => BrokerError::Unavailable(text),
    }
}

/// What a human must do, for errors that no reconnect heals.
fn advice(error: &Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => match error.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => {
                Some("check user, password and the user's rights in the virtual host")
            }
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => {
                Some("create it, or set `broker.declare = true` to have it declared")
            }
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Some(
                "it exists with other settings: delete it once it is empty, or make the configuration agree with it, or \
                 set `broker.declare = false`",
            ),
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                Some("check that the virtual host exists and the user may use it")
            }
            _ => None,
        },
        // rustls reports a certificate it does not accept as invalid data.
        ErrorKind::IOError(error) if error.kind() == io::ErrorKind::InvalidData => {
            Some("check that the port speaks TLS and that `broker.ca_file` holds the CA of its certificate")
        }
        _ => None,
    }
}
