//! The HTTPS way: each command is one signed POST. A connection is kept as long as the registry keeps it; the next command
//! opens another one where it did not. Either nothing of a request was written, or it may have arrived.

mod link;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use serde_json::Value;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::answer::LastHeard;
use super::crypt;
use super::outcome::CHECKLIST;
use super::settings::Settings;
use crate::failpoint::failpoint;
use crate::model::verdict::{Judgement, Verdict};
use crate::model::{Answer, Level, Lost, Message, Secret};
use crate::net::dial::Dial;
use crate::registries::{Dialect, OpenError, Prepared, Session};
use link::Link;

/// Largest answer that is read, in bytes; as large as a message may be.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// What is needed to speak to the registry.
pub struct Way {
    /// How connections come about.
    pub dial: Arc<dyn Dial>,
    /// How answers are read.
    pub dialect: Arc<dyn Dialect>,
    /// Whom to ask, for the header `Host`.
    pub host: String,
    /// The reseller's user name.
    pub user: String,
    /// The private key.
    pub key: Secret,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long one answer may take.
    pub answer_within: Duration,
}

impl Way {
    /// The way by an account's settings.
    pub fn new(settings: &Settings, key: Secret, dial: Arc<dyn Dial>, dialect: Arc<dyn Dialect>) -> Self {
        Self {
            dial,
            dialect,
            host: settings.address().to_owned(),
            user: settings.user.clone(),
            key,
            connect_within: settings.connect_within(),
            answer_within: settings.answer_within(),
        }
    }

    /// A session: a connection, since nobody logs in.
    ///
    /// # Errors
    /// It cannot be had in time, or the server is not who it should be.
    pub async fn open(self: Arc<Self>) -> Result<PostSession, OpenError> {
        let link = self.connect().await.map_err(OpenError::Unreachable)?;
        Ok(PostSession { way: self, link: Some(link), last: LastHeard::default(), is_broken: false })
    }

    async fn connect(&self) -> Result<Link, String> {
        let limit = self.connect_within;
        let connecting = async {
            let stream = self.dial.dial().await.map_err(|error| error.to_string())?;
            Link::new(stream).await
        };
        timeout(limit, connecting).await.map_err(|_| format!("no connection within {} s", limit.as_secs()))?
    }

    /// The request for exactly these bytes.
    fn request(&self, body: &[u8]) -> Result<Request<Full<Bytes>>, String> {
        // The owner goes along, so that it is wiped when the request is.
        let bytes = Bytes::from_owner(Zeroizing::new(body.to_vec()));
        Request::builder()
            .method(Method::POST)
            .uri("/")
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "text/xml")
            .header("X-Username", &self.user)
            .header("X-Signature", crypt::signature(body, &self.key))
            .header(header::CONTENT_LENGTH, body.len())
            .body(Full::new(bytes))
            .map_err(|error| format!("the request cannot be written: {error}"))
    }
}

/// A session: one request at a time.
pub struct PostSession {
    way: Arc<Way>,
    /// The connection, unless the registry closed it.
    link: Option<Link>,
    last: LastHeard,
    /// Set while an exchange is under way and left set when one fails or is abandoned.
    is_broken: bool,
}

impl PostSession {
    /// A connection on which nothing is under way.
    async fn link(&mut self) -> Result<&mut Link, String> {
        let usable = match self.link.take() {
            Some(mut link) => link.is_usable().await.then_some(link),
            None => None,
        };
        let link = match usable {
            Some(link) => link,
            None => self.way.connect().await?,
        };
        Ok(self.link.insert(link))
    }
}

#[async_trait]
impl Session for PostSession {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(Lost::NotSent("an earlier exchange of this session failed".into()));
        }
        let post = self.way.request(&request.bytes).map_err(Lost::NotSent)?;
        let limit = self.way.answer_within;
        let link = self.link().await.map_err(Lost::NotSent)?;
        let said = timeout(limit, link.say(post, hear)).await;
        let has_begun = link.has_begun();
        let lost = |why: String| if has_begun { Lost::PerhapsSent(why) } else { Lost::NotSent(why) };
        let (status, body) = match said {
            Ok(said) => said.map_err(lost)?,
            Err(_) => return Err(lost(format!("no answer within {} s", limit.as_secs()))),
        };
        let answer = match status {
            StatusCode::UNAUTHORIZED => not_let_in(),
            status if !status.is_success() => return Err(lost(format!("HTTP {}", status.as_u16()))),
            _ => {
                let answer = self.way.dialect.decode(request.operation, &body).map_err(Lost::PerhapsSent)?;
                if !self.last.is_new(&answer, &body) {
                    return Err(Lost::PerhapsSent("the answer is that to the request before".into()));
                }
                answer
            }
        };
        self.is_broken = false;
        Ok(answer)
    }

    /// Nobody is logged in, so no session is closed as idle; a connection that was, is replaced.
    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        if self.is_broken {
            return Err(Lost::NotSent("an earlier exchange of this session failed".into()));
        }
        if let Some(mut link) = self.link.take() {
            self.link = link.is_usable().await.then_some(link);
        }
        Ok(Judgement::plain(Verdict::Done))
    }

    async fn close(self: Box<Self>) {}
}

/// The status of a response and what it says.
async fn hear(response: Response<Incoming>) -> Result<(StatusCode, Zeroizing<Vec<u8>>), String> {
    failpoint!(RequestSent, |why| Err(why));
    let (head, mut body) = response.into_parts();
    let mut bytes = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| link::causes(&error))?;
        let Some(more) = frame.data_ref() else { continue };
        if bytes.len() + more.len() > LONGEST_ANSWER {
            return Err(format!("the answer has more than {LONGEST_ANSWER} bytes"));
        }
        bytes.extend_from_slice(more);
    }
    Ok((head.status, bytes))
}

/// The answer that a bare HTTP 401 is, in the words of one in XML.
fn not_let_in() -> Answer {
    let text = format!("HTTP 401: the registry does not let this account in; {CHECKLIST}");
    let message = Message { level: Level::Error, code: "401".into(), text, arguments: Vec::new() };
    Answer { result: "0".into(), messages: vec![message], data: Value::Null, ..Answer::default() }
}

#[cfg(test)]
mod tests;
