//! The states of a client (reference 2) as types: what a state does not allow cannot be written down. Each step consumes the
//! state it leaves. DIS has no type: it is what is left when there is none of these.
//!
//! ```text
//! (connected) ──greeting──► Pre ──200──► LoggedIn ──send──► Executing ──answer──► LoggedIn
//!                            │ 530                                     └─220, 420, 520, 521─► (DIS)
//!                            └──────► Retry ──quit──► (DIS)
//! ```

use super::super::codec::{read_greeting, read_reply};
use super::super::commands::session::{QUIT, open};
use super::super::{answer, outcome};
use super::wire::Wire;
use crate::failpoint::failpoint;
use crate::model::{Answer, Lost, Secret};
use crate::net::dial::Stream;
use crate::registries::OpenError;

/// PRE: greeted, and not logged in.
pub struct Pre(Wire);

/// WFR: a login failed, and one more would be allowed. Nobody takes it: the same password fails again.
pub struct Retry(Wire);

/// WFC: logged in, nothing is being executed.
pub struct LoggedIn(Wire);

/// EXE: a command was sent, and its answer is awaited.
pub struct Executing(Wire);

impl Pre {
    /// Waits for the greeting; says which version of the protocol it names.
    ///
    /// # Errors
    /// There is none; or in its place the server says why it takes no connection now (521).
    pub async fn greeted(stream: Box<dyn Stream>) -> Result<(Self, String), OpenError> {
        let mut wire = Wire::new(stream);
        let message = wire.read().await.map_err(|error| OpenError::Unreachable(format!("no greeting: {error}")))?;
        match read_greeting(&message) {
            Ok(greeting) => Ok((Self(wire), greeting.version)),
            Err(reason) => match read_reply(&message).map(answer::of) {
                Ok(answer) => Err(outcome::opened(&answer).err().unwrap_or(OpenError::Unreachable(reason))),
                Err(_) => Err(OpenError::Unreachable(reason)),
            },
        }
    }

    /// SESSION.
    ///
    /// # Errors
    /// Why not, with the state in which that leaves the connection, if it is still there.
    pub async fn log_in(mut self, user: &str, password: &Secret) -> Result<LoggedIn, (Option<Retry>, OpenError)> {
        let answer = self.ask(user, password).await.map_err(|why| (None, why))?;
        match outcome::opened(&answer) {
            Ok(()) if outcome::is_last(&answer) => {
                Err((None, OpenError::Unreachable("let in, and shown out again (220)".into())))
            }
            Ok(()) => Ok(LoggedIn(self.0)),
            Err(why) if outcome::is_last(&answer) => Err((None, why)),
            Err(why) => Err((Some(Retry(self.0)), why)),
        }
    }

    async fn ask(&mut self, user: &str, password: &Secret) -> Result<Answer, OpenError> {
        let lost = |error: &dyn std::fmt::Display| OpenError::Unreachable(format!("no answer to SESSION: {error}"));
        let request = open(user, password).map_err(OpenError::Refused)?;
        self.0.still_quiet().map_err(|why| lost(&why))?;
        self.0.write(&request).await.map_err(|error| lost(&error))?;
        let message = self.0.read().await.map_err(|error| lost(&error))?;
        read_reply(&message).map(answer::of).map_err(|reason| lost(&reason))
    }
}

impl Retry {
    /// QUIT.
    pub async fn quit(self) {
        quit(self.0).await;
    }
}

impl LoggedIn {
    /// Sends a command.
    ///
    /// # Errors
    /// Whether anything may have reached the registry.
    pub async fn send(mut self, command: &[u8]) -> Result<Executing, Lost> {
        self.0.still_quiet().map_err(|why| Lost::NotSent(why.into()))?;
        self.0.write(command).await.map_err(|error| Lost::PerhapsSent(error.to_string()))?;
        failpoint!(RequestSent, |why| Err(Lost::PerhapsSent(why)));
        Ok(Executing(self.0))
    }

    /// QUIT.
    pub async fn quit(self) {
        quit(self.0).await;
    }
}

impl Executing {
    /// Waits for the answer; without a state behind it the server closes the connection.
    ///
    /// # Errors
    /// None came that could be read.
    pub async fn hear(
        mut self,
        decode: impl FnOnce(&[u8]) -> Result<Answer, String>,
    ) -> Result<(Answer, Option<LoggedIn>), Lost> {
        let message = self.0.read().await.map_err(|error| Lost::PerhapsSent(error.to_string()))?;
        let answer = decode(&message).map_err(Lost::PerhapsSent)?;
        let is_last = outcome::is_last(&answer);
        Ok((answer, (!is_last).then_some(LoggedIn(self.0))))
    }
}

/// The answer may be an end of file. Whatever it is, the session is over at the registry once it has read this, so the reset
/// that follows takes nothing away.
async fn quit(mut wire: Wire) {
    if wire.still_quiet().is_ok() && wire.write(QUIT).await.is_ok() {
        let _ = wire.read().await;
    }
}
