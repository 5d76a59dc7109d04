//! What counts as sent. Whole conversations are held in the tests of the registries that have them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::*;
use crate::net::dial::Stream;

/// A stream that takes nothing.
struct Deaf;

impl AsyncRead for Deaf {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Deaf {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// No connection to anybody.
struct Nobody;

#[async_trait]
impl Dial for Nobody {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        Err(io::Error::other("nobody is there"))
    }
}

fn over(link: Link) -> Conversation {
    let second = Duration::from_secs(1);
    let client = Client { dial: Arc::new(Nobody), connect_within: second, answer_within: second, longest_answer: 1024 };
    Conversation { client: Arc::new(client), link: Some(link), is_broken: false }
}

fn post() -> Result<Post, String> {
    let bytes = Zeroizing::new(b"x".to_vec());
    Request::post("/").header(header::HOST, "example.com").body(body(bytes)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_write_that_failed_counts_as_begun_and_a_link_that_ended_before_does_not() {
    let mut conversation = over(Link::new(Box::new(Deaf)).await.unwrap());
    assert!(matches!(conversation.post(post(), |_| Ok(())).await, Err(Lost::PerhapsSent(_))));
    let (near, far) = tokio::io::duplex(64);
    let mut conversation = over(Link::new(Box::new(near)).await.unwrap());
    drop(far);
    let lost = conversation.post(post(), |_| Ok(())).await;
    assert!(matches!(&lost, Err(Lost::NotSent(why)) if why.contains("nobody")), "{lost:?}");
}

#[tokio::test]
async fn what_cannot_be_made_is_not_sent_and_ends_the_conversation() {
    let (near, _far) = tokio::io::duplex(64);
    let mut conversation = over(Link::new(Box::new(near)).await.unwrap());
    assert!(conversation.look().await.is_ok());
    let lost = conversation.post(Err("no key".into()), |_| Ok(())).await;
    assert_eq!(lost, Err(Lost::NotSent("no key".into())));
    let lost = conversation.post(post(), |_| Ok(())).await;
    assert!(matches!(&lost, Err(Lost::NotSent(why)) if why.contains("earlier")), "{lost:?}");
    assert!(conversation.look().await.is_err());
}
