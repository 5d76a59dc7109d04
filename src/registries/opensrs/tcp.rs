//! The TCP way: a connection that is opened with a challenge, lives for a minute and takes a hundred commands, each in a
//! frame and encrypted. It is replaced before it is worn out. Either nothing of a command was written, or it may have
//! arrived.

mod frame;
mod handshake;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use super::answer::LastHeard;
use super::crypt::Cipher;
use super::limits;
use super::outcome;
use super::settings::Settings;
use crate::failpoint::failpoint;
use crate::model::verdict::{Judgement, Verdict};
use crate::model::{Answer, Lost};
use crate::net::dial::{Dial, Stream};
use crate::registries::{Dialect, OpenError, Prepared, Session};
use frame::{FrameError, Payload};

/// How long commands are begun on a connection. The registry ends it after 60 s, and whatever it has not read by then
/// (OpenSRS guide, sessions); the rest is for the way there.
const USABLE_FOR: Duration = Duration::from_secs(45);
/// How long parting may take.
const QUIT_WITHIN: Duration = Duration::from_secs(5);

/// What is needed to speak to the registry.
pub struct Way {
    /// How connections come about.
    pub dial: Arc<dyn Dial>,
    /// How answers are read.
    pub dialect: Arc<dyn Dialect>,
    /// The reseller's user name.
    pub user: String,
    /// The cipher with the account's key.
    pub cipher: Cipher,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long one answer may take.
    pub answer_within: Duration,
    /// Connections closed on the answer to the challenge.
    pub closings: handshake::Closings,
}

impl Way {
    /// The way by an account's settings.
    ///
    /// # Errors
    /// The key is of no use for the cipher.
    pub fn new(settings: &Settings, cipher: Cipher, dial: Arc<dyn Dial>, dialect: Arc<dyn Dialect>) -> Self {
        Self {
            dial,
            dialect,
            user: settings.user.clone(),
            cipher,
            connect_within: settings.connect_within(),
            answer_within: settings.answer_within(),
            closings: handshake::Closings::default(),
        }
    }

    /// Connects and answers the challenge.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(self: Arc<Self>) -> Result<FrameSession, OpenError> {
        let limit = self.connect_within;
        let stream = timeout(limit, self.dial.dial())
            .await
            .map_err(|_| OpenError::Unreachable(format!("no connection within {} s", limit.as_secs())))?
            .map_err(|error| OpenError::Unreachable(error.to_string()))?;
        let begun = Instant::now();
        let mut stream = BufReader::new(stream);
        let limit = self.answer_within.min(USABLE_FOR);
        timeout(limit, handshake::shake(&mut stream, &self.user, &self.cipher, &self.closings))
            .await
            .map_err(|_| OpenError::Unreachable(format!("not let in within {} s", limit.as_secs())))??;
        let usable_until = begun + USABLE_FOR;
        Ok(FrameSession { way: self, stream, usable_until, commands: 0, last: LastHeard::default(), is_broken: false })
    }
}

/// A session: one connection, one command at a time.
pub struct FrameSession {
    way: Arc<Way>,
    stream: BufReader<Box<dyn Stream>>,
    usable_until: Instant,
    commands: u32,
    last: LastHeard,
    /// Set while an exchange is under way and left set when one fails or is abandoned: an answer to it may still come,
    /// and the next exchange would take it for its own.
    is_broken: bool,
}

impl FrameSession {
    /// Why nothing more can be said on it, if so. Looks without waiting.
    fn worn_out(&mut self) -> Option<&'static str> {
        if self.is_broken {
            return Some("an earlier exchange of this session failed");
        }
        if self.commands >= limits::COMMANDS || Instant::now() >= self.usable_until {
            return Some("the connection is used up");
        }
        if !self.stream.buffer().is_empty() {
            return Some("the registry sent something unasked");
        }
        // A task that has used up its share of the thread would be told "nothing there yet" whatever there is.
        match unconstrained(self.stream.read(&mut [0])).now_or_never() {
            None => None,
            Some(Ok(0)) => Some("the registry closed the idle session"),
            Some(Ok(_)) => Some("the registry sent something unasked"),
            Some(Err(_)) => Some("the idle connection broke"),
        }
    }

    /// Says something and hears the answer as it came in.
    async fn talk(&mut self, message: &[u8], within: Duration) -> Result<Zeroizing<Vec<u8>>, Lost> {
        let frame = self.way.cipher.encrypt(message).map(|bytes| frame::encode(&bytes)).map_err(Lost::NotSent)?;
        if let Some(why) = self.worn_out() {
            self.is_broken = true;
            return Err(Lost::NotSent(why.into()));
        }
        self.is_broken = true;
        self.commands += 1;
        let stream = &mut self.stream;
        let talking = async {
            stream.write_all(&frame).await?;
            stream.flush().await?;
            failpoint!(RequestSent, |why| Err(std::io::Error::other(why).into()));
            frame::read(stream, Payload::Raw).await
        };
        let heard: Result<_, FrameError> = match timeout(within, talking).await {
            Ok(heard) => heard,
            Err(_) => return Err(Lost::PerhapsSent(format!("no answer within {} s", within.as_secs()))),
        };
        let heard = heard.map_err(|error| Lost::PerhapsSent(error.to_string()))?;
        let plain = self.way.cipher.decrypt(&heard).map_err(Lost::PerhapsSent)?;
        self.is_broken = false;
        Ok(plain)
    }
}

#[async_trait]
impl Session for FrameSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        let heard = self.talk(&request.bytes, self.way.answer_within).await?;
        let decoded = self.way.dialect.decode(request.operation, &heard);
        let answer = decoded.map_err(|reason| {
            self.is_broken = true;
            Lost::PerhapsSent(reason)
        })?;
        if !self.last.is_new(&answer, &heard) {
            self.is_broken = true;
            return Err(Lost::PerhapsSent("the answer is that to the request before".into()));
        }
        if outcome::is_session_spent(&answer) {
            // Refused before it was looked at: it goes out on the next connection as if it never had.
            self.is_broken = true;
            return Err(Lost::NotSent("the registry takes no more commands on this connection (350)".into()));
        }
        Ok(answer)
    }

    /// Nothing that is said makes a connection live longer; this only looks whether it still does.
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        match self.worn_out() {
            Some(why) => {
                self.is_broken = true;
                Err(Lost::NotSent(why.into()))
            }
            None => Ok(Judgement::plain(Verdict::Done)),
        }
    }

    async fn close(mut self: Box<Self>) {
        let Ok(quit) = handshake::quit() else { return };
        let _ = self.talk(&quit, QUIT_WITHIN).await;
    }
}

#[cfg(test)]
mod tests;
