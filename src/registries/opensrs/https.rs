//! The HTTPS way: each command is one signed POST.

use std::sync::Arc;

use async_trait::async_trait;
use hyper::{Method, Request, StatusCode, header};
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::LastHeard;
use super::crypt;
use super::outcome::CHECKLIST;
use super::settings::Settings;
use crate::model::verdict::{Judgement, Verdict};
use crate::model::{Answer, Level, Lost, Message, Secret};
use crate::net::dial::Dial;
use crate::net::https::{self, Client, Conversation, Post};
use crate::registries::{Dialect, OpenError, Prepared, Session};

/// Largest answer that is read, in bytes; as large as a message may be.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// What is needed to speak to the registry.
pub struct Way {
    client: Arc<Client>,
    /// How answers are read.
    dialect: Arc<dyn Dialect>,
    /// Whom to ask, for the header `Host`.
    host: String,
    /// The reseller's user name.
    user: String,
    /// The private key.
    key: Secret,
}

impl Way {
    /// The way by an account's settings.
    pub fn new(settings: &Settings, key: Secret, dial: Arc<dyn Dial>, dialect: Arc<dyn Dialect>) -> Self {
        let client = Client {
            dial,
            connect_within: settings.connect_within(),
            answer_within: settings.answer_within(),
            longest_answer: LONGEST_ANSWER,
        };
        let (host, user) = (settings.address().to_owned(), settings.user.clone());
        Self { client: Arc::new(client), dialect, host, user, key }
    }

    /// A session: a connection, since nobody logs in.
    ///
    /// # Errors
    /// It cannot be had in time, or the server is not who it should be.
    pub async fn open(self: Arc<Self>) -> Result<PostSession, OpenError> {
        let conversation = Arc::clone(&self.client).open().await.map_err(OpenError::Unreachable)?;
        Ok(PostSession { way: self, conversation, last: LastHeard::default() })
    }

    /// The request for exactly these bytes.
    fn request(&self, body: &[u8]) -> Result<Post, String> {
        Request::builder()
            .method(Method::POST)
            .uri("/")
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "text/xml")
            .header("X-Username", &self.user)
            .header("X-Signature", crypt::signature(body, &self.key))
            .header(header::CONTENT_LENGTH, body.len())
            .body(https::body(Zeroizing::new(body.to_vec())))
            .map_err(|error| format!("the request cannot be written: {error}"))
    }
}

/// A session: one request at a time.
pub struct PostSession {
    way: Arc<Way>,
    conversation: Conversation,
    last: LastHeard,
}

#[async_trait]
impl Session for PostSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        let (way, last) = (&self.way, &mut self.last);
        let read = |reply: https::Reply| match reply.status {
            StatusCode::UNAUTHORIZED => Ok(not_let_in()),
            status if !status.is_success() => Err(format!("HTTP {}", status.as_u16())),
            _ => {
                let answer = way.dialect.decode(request.operation, &reply.body)?;
                let is_new = last.is_new(&answer, &reply.body);
                is_new.then_some(answer).ok_or_else(|| "the answer is that to the request before".to_owned())
            }
        };
        self.conversation.post(way.request(&request.bytes), read).await
    }

    /// Nobody is logged in, so no session is closed as idle; a connection that was, is replaced.
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        self.conversation.look().await?;
        Ok(Judgement::plain(Verdict::Done))
    }

    async fn close(self: Box<Self>) {}
}

/// The answer that a bare HTTP 401 is, in the words of one in XML.
fn not_let_in() -> Answer {
    let text = format!("HTTP 401: the registry does not let this account in; {CHECKLIST}");
    let message = Message { level: Level::Error, code: "401".into(), text, arguments: Vec::new() };
    Answer { result: "0".into(), messages: vec![message], data: Value::Null, ..Answer::default() }
}

#[cfg(test)]
mod tests;
