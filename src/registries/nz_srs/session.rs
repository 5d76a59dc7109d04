//! A session: each document is signed, posted as a form, and its answer believed only if the registry signed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use hyper::{Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::codec;
use super::form;
use super::keys::Keys;
use super::settings::Endpoint;
use crate::model::verdict::{Judgement, Verdict};
use crate::model::{Answer, Level, Lost, Message, Operation};
use crate::net::https::{self, Client, Conversation, Post, Reply};
use crate::net::openpgp::sign_detached;
use crate::registries::{Dialect, OpenError, Prepared, Session};

/// Largest answer that is read, in bytes: a document of the registry's `Maximum Message Size` with each byte written as three,
/// and its signature.
pub const LONGEST_ANSWER: usize = 3 * 1_000_000 + 64 * 1024;
/// So many answers in a row with signatures that are not the registry's are no mishap: the key configured here is another
/// one, or somebody else answers.
const STRIKES: u32 = 5;

/// What is needed to speak to the registry.
pub struct Way {
    /// How its server is reached.
    pub client: Arc<Client>,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// The number the registry gave the registrar.
    pub registrar_id: String,
    /// Who signs.
    pub keys: Keys,
    /// How answers are read.
    pub dialect: Arc<dyn Dialect>,
    /// What time it is: keys end.
    pub clock: fn() -> Timestamp,
    /// Answers in a row whose signature was not the registry's.
    pub strikes: AtomicU32,
}

impl Way {
    /// A session: a connection, since nobody logs in.
    ///
    /// # Errors
    /// No connection can be had in time, or no key may sign any more, or the registry's signatures are not what they should
    /// be.
    pub async fn open(self: Arc<Self>) -> Result<SignedSession, OpenError> {
        // Once told, it may be tried again: an operator lets the account work.
        if self.strikes.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n >= STRIKES).then_some(0)).is_ok() {
            return Err(OpenError::Refused(format!(
                "{STRIKES} answers in a row had no good signature of the registry: see that registry_keys, environment and \
                 url belong together, and that nobody else answers"
            )));
        }
        self.keys.signing((self.clock)()).map_err(OpenError::Refused)?;
        let conversation = Arc::clone(&self.client).open().await.map_err(OpenError::Unreachable)?;
        Ok(SignedSession { way: self, conversation })
    }

    /// The request for exactly these bytes, signed as they are.
    async fn request(&self, document: &Zeroizing<Vec<u8>>) -> Result<Post, String> {
        let at = (self.clock)();
        let key = self.keys.signing(at)?;
        let bytes = document.clone();
        // Tens of milliseconds with a long key: others go on meanwhile.
        let signed = tokio::task::spawn_blocking(move || sign_detached(&bytes, &key, at)).await;
        let signature = signed.map_err(|error| format!("cannot sign: {error}"))??;
        let fields: [(&str, &[u8]); 3] =
            [("n", self.registrar_id.as_bytes()), ("r", document), ("s", signature.armored.as_bytes())];
        let form = form::encode(&fields);
        Request::post(&self.endpoint.path)
            .header(header::HOST, &self.endpoint.authority)
            .header(header::CONTENT_TYPE, form::MEDIA_TYPE)
            .header(header::CONTENT_LENGTH, form.len())
            .body(https::body(form))
            .map_err(|error| format!("the request cannot be written: {error}"))
    }

    /// What a reply says; the error if it proves nothing.
    fn read(&self, operation: Operation, reply: &Reply) -> Result<Answer, String> {
        let status = reply.status;
        if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&status) {
            return Ok(not_let_in(status));
        }
        if !status.is_success() {
            return Err(format!("HTTP {}", status.as_u16()));
        }
        if !form::is_form(reply.content_type.as_deref()) {
            let kind = reply.content_type.as_deref().unwrap_or("of no type");
            return Err(format!("the answer is no form, but {}", kind.escape_default()));
        }
        let document = form::field(&reply.body, "r")?.ok_or("the answer holds no document")?;
        let signature = form::field(&reply.body, "s")?.filter(|signature| !signature.is_empty());
        let Some(signature) = signature else { return self.unsigned(operation, &document) };
        if let Err(why) = self.keys.verify(&document, &signature, (self.clock)()) {
            self.strikes.fetch_add(1, Ordering::AcqRel);
            return Err(format!("the answer's signature is not the registry's: {why}"));
        }
        self.strikes.store(0, Ordering::Release);
        self.dialect.decode(operation, &document)
    }

    /// An unsigned document may say what went wrong before any action was looked at; it never proves that something was
    /// done (reference of the protocol, 1.3).
    fn unsigned(&self, operation: Operation, document: &[u8]) -> Result<Answer, String> {
        let is_lone_error = codec::read(document).is_ok_and(|document| document.is_lone_error());
        if !is_lone_error {
            return Err("the answer is not signed".into());
        }
        let answer = self.dialect.decode(operation, document)?;
        match self.dialect.judge(operation, &answer).verdict {
            Verdict::Done | Verdict::Pending(_) => {
                Err("the answer is not signed, and says that something was done".into())
            }
            _ => Ok(answer),
        }
    }
}

/// A session: one request at a time.
pub struct SignedSession {
    way: Arc<Way>,
    conversation: Conversation,
}

#[async_trait]
impl Session for SignedSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        let way = &self.way;
        let post = way.request(&request.bytes).await;
        let read = |reply: Reply| {
            let answer = way.read(request.operation, &reply)?;
            belongs(request, &answer).map(|()| answer)
        };
        self.conversation.post(post, read).await
    }

    /// Nobody is logged in, so no session is closed as idle; a connection that was, is replaced.
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        self.conversation.look().await?;
        Ok(Judgement::plain(Verdict::Done))
    }

    async fn close(self: Box<Self>) {}
}

/// Whether a response answers this request: it repeats the id of its action. An error at the top of a document repeats none;
/// neither does it say that anything was done. A signature alone proves that the registry said so once, not when.
///
/// # Errors
/// It repeats another one, or none.
fn belongs(request: &Prepared, answer: &Answer) -> Result<(), String> {
    match (request.transaction.as_deref(), answer.client_transaction.as_deref()) {
        (Some(ours), Some(theirs)) if ours == theirs => Ok(()),
        (_, Some(theirs)) => Err(format!("it is the answer to the action `{}`", theirs.escape_debug())),
        (Some(_), None) if answer.server_transaction.is_some() => Err("it repeats no id of an action".into()),
        (_, None) => Ok(()),
    }
}

/// The answer that a bare HTTP 401, 403 or 404 is, in the shape of one in XML: the server has no such service for us, so no
/// action was looked at.
fn not_let_in(status: StatusCode) -> Answer {
    let next = match status {
        StatusCode::NOT_FOUND => "nothing is at this url; correct url",
        _ => "the registry does not let this machine in; ask it to admit its address, and see that url is right",
    };
    let text = format!("HTTP {}: {next}", status.as_u16());
    let code = format!("HTTP_{}", status.as_u16());
    let message = Message { level: Level::Error, code, text, arguments: Vec::new() };
    Answer { result: "HTTP".into(), messages: vec![message], data: Value::Null, ..Answer::default() }
}

#[cfg(test)]
mod tests;
