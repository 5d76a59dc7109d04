//! A session: one connection, one exchange at a time. Either nothing was written, or the request may have arrived;
//! there is nothing in between.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::codec::{self, tree::Reply};
use super::commands::{logout, queue_read};
use super::dialect::{Rri, answer};
use super::frame;
use crate::failpoint::failpoint;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Lost, Operation, Verdict};
use crate::net::dial::Stream;
use crate::registries::{Dialect, Prepared, Session};

/// How long a LOGOUT may take.
const LOGOUT_WITHIN: Duration = Duration::from_secs(5);

/// A connection with one exchange at a time.
pub struct Connection {
    stream: Box<dyn Stream>,
    answer_within: Duration,
    /// Set while an exchange is under way and left set when one fails or is abandoned: an answer to it may still come,
    /// and the next exchange would take it for its own.
    broken: bool,
    /// The registry's id of the last answer: one that comes again is the last answer once more, not the next one.
    last_stid: Option<String>,
}

impl Connection {
    /// Takes over an open stream.
    #[must_use]
    pub fn new(stream: Box<dyn Stream>, answer_within: Duration) -> Self {
        Self { stream, answer_within, broken: false, last_stid: None }
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
        codec::read(&answer).map_err(|reason| self.give_up(reason))
    }

    /// The stream can no longer be trusted.
    fn give_up(&mut self, reason: String) -> Lost {
        self.broken = true;
        Lost::PerhapsSent(reason)
    }

    /// Looks, without waiting, whether the registry closed the idle connection or said something unasked. Either way
    /// nothing was sent yet, so the job need not fall into doubt.
    fn still_open(&mut self) -> Result<(), &'static str> {
        match self.stream.read(&mut [0]).now_or_never() {
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
    /// Each answer has a transaction id of its own: one that came before belongs to the request before.
    fn fresh(&mut self, stid: Option<&String>) -> Result<(), Lost> {
        if stid.is_some() && stid == self.connection.last_stid.as_ref() {
            return Err(self.connection.give_up("the answer to the previous request came again".into()));
        }
        self.connection.last_stid = stid.cloned();
        Ok(())
    }
}

#[async_trait]
impl Session for RriSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        let answer = self.connection.raw_exchange(&request.bytes).await?;
        let decoded = self.dialect.decode(request.operation, &answer);
        let answer = decoded.map_err(|reason| self.connection.give_up(reason))?;
        self.fresh(answer.server_transaction.as_ref())?;
        match &answer.client_transaction {
            // Whatever could be read is answered with its transaction id, and what succeeded was read.
            None if request.transaction.is_some() && answer.result.eq_ignore_ascii_case("success") => Err(self
                .connection
                .give_up("a success without the transaction id is the answer to something else".into())),
            // Somebody else's answer. If the registry could not read the request it echoes nothing, which is fine.
            Some(echoed) if Some(echoed) != request.transaction.as_ref() => {
                let reason = format!("the answer is to the transaction `{}`", echoed.escape_debug());
                Err(self.connection.give_up(reason))
            }
            _ => Ok(answer),
        }
    }

    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        let request = self.dialect.write(&queue_read::order()).map_err(Lost::NotSent)?;
        let bytes = self.connection.raw_exchange(&request).await?;
        // Whatever is at the head of the queue, a whole frame proves that the session lives.
        let Ok(reply) = codec::read(&bytes) else { return Ok(Judgement::plain(Verdict::Done)) };
        self.fresh(reply.server_transactions.first())?;
        Ok(self.dialect.judge(Operation::MessageRead, &answer(reply, Value::Null)))
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
