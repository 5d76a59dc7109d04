//! A session: one connection, one command at a time. `states` has what may be said when (reference 2); here is what the
//! house sees of it. Either nothing was written, or the command may have arrived; there is nothing in between.

mod states;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::commands::describe;
use super::dialect::Rrp;
use super::outcome;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Lost, Operation, Secret};
use crate::net::dial::Stream;
use crate::registries::{Dialect, OpenError, Prepared, Session};
use states::{Executing, LoggedIn, Pre};

/// How long parting may take.
const QUIT_WITHIN: Duration = Duration::from_secs(5);

/// A logged-in session, or what is left of one: without a state it is disconnected (DIS).
pub struct RrpSession {
    state: Option<LoggedIn>,
    dialect: Arc<Rrp>,
    answer_within: Duration,
}

/// Hears the greeting of a server just connected to.
///
/// # Errors
/// See [`OpenError`]; the stream is of no more use.
pub async fn greeted(stream: Box<dyn Stream>, dialect: &Rrp) -> Result<Pre, OpenError> {
    let (pre, version) = Pre::greeted(stream).await?;
    if dialect.is_newer_than(&version) {
        let version = version.escape_default();
        tracing::warn!(%version, "the registry speaks an older protocol than the account is set to (`protocol`)");
    }
    Ok(pre)
}

impl RrpSession {
    /// Logs in, once: a second failure would close the connection, and more may lock the account (law 10).
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(
        pre: Pre,
        user: &str,
        password: &Secret,
        dialect: Arc<Rrp>,
        answer_within: Duration,
    ) -> Result<Self, OpenError> {
        let answered = timeout(answer_within, pre.log_in(user, password)).await;
        let seconds = answer_within.as_secs();
        match answered {
            Err(_) => Err(OpenError::Unreachable(format!("no answer to SESSION within {seconds} s"))),
            Ok(Ok(state)) => Ok(Self { state: Some(state), dialect, answer_within }),
            Ok(Err((retry, why))) => {
                if let Some(retry) = retry {
                    let _ = timeout(QUIT_WITHIN, retry.quit()).await;
                }
                Err(why)
            }
        }
    }

    /// Says a command and hears its answer. The state is taken away before the first byte and given back with the answer:
    /// whatever fails or is abandoned in between leaves the session disconnected, and its connection is reset.
    async fn say(&mut self, bytes: &[u8], operation: Operation) -> Result<Answer, Lost> {
        let Some(state) = self.state.take() else {
            return Err(Lost::NotSent("the session is over".into()));
        };
        let talking = async {
            let executing: Executing = state.send(bytes).await?;
            executing.hear(|message| self.dialect.decode(operation, message)).await
        };
        let (answer, state) = match timeout(self.answer_within, talking).await {
            Ok(heard) => heard?,
            Err(_) => return Err(Lost::PerhapsSent(format!("no answer within {} s", self.answer_within.as_secs()))),
        };
        if outcome::knows_no_session(&answer) {
            // Not the command's fault. That nothing was done is what such an answer should mean: its verdict has it asked.
            return Ok(answer);
        }
        self.state = state;
        Ok(answer)
    }
}

#[async_trait]
impl Session for RrpSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        self.say(&request.bytes, request.operation).await
    }

    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        let request = describe::written().map_err(Lost::NotSent)?;
        let answer = self.say(&request, Operation::AccountInfo).await?;
        Ok(self.dialect.judge(Operation::AccountInfo, &answer))
    }

    async fn close(mut self: Box<Self>) {
        if let Some(state) = self.state.take() {
            let _ = timeout(QUIT_WITHIN, state.quit()).await;
        }
    }
}

#[cfg(test)]
mod tests;
