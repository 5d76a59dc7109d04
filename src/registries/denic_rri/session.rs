//! A session: one connection, one exchange at a time. Either nothing was written, or the request may have arrived;
//! there is nothing in between. What is heard is the answer to what was said, or the session is over.

mod belonging;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::coop::unconstrained;
use tokio::time::timeout;

use super::codec::{self, tree::Reply};
use super::commands::{logout, queue_read};
use super::dialect::Rri;
use super::{frame, outcome};
use crate::failpoint::failpoint;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Lost, Operation};
use crate::net::dial::Stream;
use crate::registries::{Dialect, Prepared, Session};
use belonging::Heard;

/// How long a LOGOUT may take.
const LOGOUT_WITHIN: Duration = Duration::from_secs(5);

/// A connection with one exchange at a time.
pub struct Connection {
    stream: Box<dyn Stream>,
    answer_within: Duration,
    /// Set while an exchange is under way and left set when one fails or is abandoned: an answer to it may still come,
    /// and the next exchange would take it for its own.
    broken: bool,
    /// The answers so far: one that comes again is not the next one. The first is that to LOGIN.
    heard: Heard,
}

impl Connection {
    /// Takes over an open stream.
    #[must_use]
    pub fn new(stream: Box<dyn Stream>, answer_within: Duration) -> Self {
        Self { stream, answer_within, broken: false, heard: Heard::default() }
    }

    /// Sends a request and gives its answer as it came in.
    ///
    /// # Errors
    /// Whether anything may have reached the registry.
    pub async fn raw_exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Lost> {
        if self.broken {
            return Err(Lost::NotSent("an earlier exchange of this session failed".into()));
        }
        let frame = frame::encode(request).map_err(|error| Lost::NotSent(error.to_string()))?;
        self.broken = true;
        self.still_open().map_err(|reason| Lost::NotSent(reason.into()))?;
        let stream = &mut self.stream;
        let talking = async {
            stream.write_all(&frame).await?;
            stream.flush().await?;
            failpoint!(RequestSent, |why| Err(std::io::Error::other(why).into()));
            frame::read(stream).await
        };
        let answer = match timeout(self.answer_within, talking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(Lost::PerhapsSent(error.to_string())),
            Err(_) => return Err(Lost::PerhapsSent(format!("no answer within {} s", self.answer_within.as_secs()))),
        };
        self.broken = false;
        Ok(answer)
    }

    /// As [`Self::raw_exchange`], for requests whose answer shows nothing.
    ///
    /// # Errors
    /// As there; also for an answer that cannot be read.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Reply, Lost> {
        let answer = self.raw_exchange(request).await?;
        let reply = codec::read(&answer).map_err(|reason| self.give_up(reason))?;
        self.fresh(reply.server_transactions.first(), &answer)?;
        Ok(reply)
    }

    /// Each answer comes once.
    fn fresh(&mut self, stid: Option<&String>, answer: &[u8]) -> Result<(), Lost> {
        match self.heard.is_new(stid.map(String::as_str), answer) {
            true => Ok(()),
            false => Err(self.give_up("the answer to an earlier request came again".into())),
        }
    }

    /// The stream can no longer be trusted.
    fn give_up(&mut self, reason: String) -> Lost {
        self.broken = true;
        Lost::PerhapsSent(reason)
    }

    /// Looks, without waiting, whether the registry closed the idle connection or said something unasked. Either way
    /// nothing was sent yet, so the job need not fall into doubt.
    fn still_open(&mut self) -> Result<(), &'static str> {
        // A task that has used up its share of the thread would be told "nothing there yet" whatever there is.
        match unconstrained(self.stream.read(&mut [0])).now_or_never() {
            None => Ok(()),
            Some(Ok(0)) => Err("the registry closed the idle session"),
            Some(Ok(_)) => Err("the registry sent something unasked"),
            Some(Err(_)) => Err("the idle connection broke"),
        }
    }
}

/// A logged-in session.
pub struct RriSession {
    connection: Connection,
    dialect: Arc<Rri>,
}

impl RriSession {
    /// A session on a connection that is logged in.
    pub fn new(connection: Connection, dialect: Arc<Rri>) -> Self {
        Self { connection, dialect }
    }
}

impl RriSession {
    /// Sends a request and hears its answer: nobody else's, and nothing that was heard before.
    async fn hear(&mut self, bytes: &[u8], operation: Operation, transaction: Option<&str>) -> Result<Answer, Lost> {
        let heard = self.connection.raw_exchange(bytes).await?;
        let decoded = self.dialect.decode(operation, &heard);
        let answer = decoded.map_err(|reason| self.connection.give_up(reason))?;
        self.connection.fresh(answer.server_transaction.as_ref(), &heard)?;
        belonging::check(bytes, operation, transaction, &answer).map_err(|reason| self.connection.give_up(reason))?;
        if outcome::knows_no_session(&answer) {
            // Not the password's fault: the LOGIN of the next session will tell if it is. That nothing was done is only
            // what such an answer should mean, so the registry is asked.
            return Err(self.connection.give_up("the registry does not know the session any more".into()));
        }
        Ok(answer)
    }
}

#[async_trait]
impl Session for RriSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        self.hear(&request.bytes, request.operation, request.transaction.as_deref()).await
    }

    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        let request = self.dialect.write(&queue_read::order()).map_err(Lost::NotSent)?;
        let answer = self.hear(&request, Operation::MessageRead, None).await?;
        Ok(self.dialect.judge(Operation::MessageRead, &answer))
    }

    async fn close(mut self: Box<Self>) {
        let Ok(request) = self.dialect.write(&logout::order()) else { return };
        // The answer may be an end of file. Whatever it is, the session is over at the registry once it has read this,
        // so the reset that follows takes nothing away.
        let _ = timeout(LOGOUT_WITHIN, self.connection.exchange(&request)).await;
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
