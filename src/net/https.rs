//! Requests by POST, one at a time, over connections that are kept as long as the other side keeps them; the next request
//! opens another one where it did not. Either nothing of a request was written, or it may have arrived.

mod link;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode, header};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::dial::Dial;
use crate::failpoint::failpoint;
use crate::model::Lost;
use link::Link;

/// A request with all it says.
pub type Post = Request<Full<Bytes>>;

/// How a server is spoken to.
pub struct Client {
    /// How connections come about.
    pub dial: Arc<dyn Dial>,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long one answer may take, from the first byte of the request to its last one.
    pub answer_within: Duration,
    /// Largest answer that is read, in bytes.
    pub longest_answer: usize,
}

/// What came back.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// `Content-Type` as it was sent, if it was.
    pub content_type: Option<String>,
    /// What it says.
    pub body: Zeroizing<Vec<u8>>,
}

/// A body that is wiped when the request is dropped.
#[must_use]
pub fn body(bytes: Zeroizing<Vec<u8>>) -> Full<Bytes> {
    // The owner goes along.
    Full::new(Bytes::from_owner(bytes))
}

impl Client {
    /// A conversation, with a connection.
    ///
    /// # Errors
    /// It cannot be had in time, or the server is not who it should be.
    pub async fn open(self: Arc<Self>) -> Result<Conversation, String> {
        let link = self.connect().await?;
        Ok(Conversation { client: self, link: Some(link), is_broken: false })
    }

    async fn connect(&self) -> Result<Link, String> {
        let limit = self.connect_within;
        let connecting = async {
            let stream = self.dial.dial().await.map_err(|error| error.to_string())?;
            Link::new(stream).await
        };
        timeout(limit, connecting).await.map_err(|_| format!("no connection within {} s", limit.as_secs()))?
    }

    /// The whole of a response.
    async fn hear(&self, response: Response<Incoming>) -> Result<Reply, String> {
        failpoint!(RequestSent, |why| Err(why));
        let (head, mut body) = response.into_parts();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| link::causes(&error))?;
            let Some(more) = frame.data_ref() else { continue };
            if bytes.len() + more.len() > self.longest_answer {
                return Err(format!("the answer has more than {} bytes", self.longest_answer));
            }
            bytes.extend_from_slice(more);
        }
        let content_type = head.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok(Reply { status: head.status, content_type, body: bytes })
    }
}

/// One request at a time. After any error it is broken and says nothing more.
pub struct Conversation {
    client: Arc<Client>,
    /// The connection, unless the other side closed it.
    link: Option<Link>,
    /// Set while an exchange is under way and left set when one fails or is abandoned.
    is_broken: bool,
}

impl Conversation {
    /// A connection on which nothing is under way.
    async fn link(&mut self) -> Result<&mut Link, String> {
        let usable = match self.link.take() {
            Some(mut link) => link.is_usable().await.then_some(link),
            None => None,
        };
        let link = match usable {
            Some(link) => link,
            None => self.client.connect().await?,
        };
        Ok(self.link.insert(link))
    }

    /// Posts what `post` makes, and gives what `read` makes of the reply.
    ///
    /// # Errors
    /// Whether a byte may have left: that it cannot be made or posted, or that there is no reply, or none that can be read.
    pub async fn post<T>(
        &mut self,
        post: Result<Post, String>,
        read: impl FnOnce(Reply) -> Result<T, String>,
    ) -> Result<T, Lost> {
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(broken());
        }
        let post = post.map_err(Lost::NotSent)?;
        let client = Arc::clone(&self.client);
        let limit = client.answer_within;
        let link = self.link().await.map_err(Lost::NotSent)?;
        let said = timeout(limit, link.say(post, |response| client.hear(response))).await;
        let has_begun = link.has_begun();
        let lost = |why: String| if has_begun { Lost::PerhapsSent(why) } else { Lost::NotSent(why) };
        let reply = match said {
            Ok(said) => said.map_err(lost)?,
            Err(_) => return Err(lost(format!("no answer within {} s", limit.as_secs()))),
        };
        let made = read(reply).map_err(lost)?;
        self.is_broken = false;
        Ok(made)
    }

    /// Lets go of a connection that the other side has closed. Says nothing, and waits for nothing.
    ///
    /// # Errors
    /// It is broken.
    pub async fn look(&mut self) -> Result<(), Lost> {
        if self.is_broken {
            return Err(broken());
        }
        if let Some(mut link) = self.link.take() {
            self.link = link.is_usable().await.then_some(link);
        }
        Ok(())
    }
}

fn broken() -> Lost {
    Lost::NotSent("an earlier exchange of this session failed".into())
}

#[cfg(test)]
pub mod peers;
#[cfg(test)]
mod tests;
