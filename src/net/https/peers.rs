//! Servers of a test's own, within the process: one script per connection.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::net::dial::{Dial, Stream};

/// What happens on one connection.
pub type Script = Box<dyn FnOnce(DuplexStream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A script of a function.
pub fn script<F: Future<Output = ()> + Send + 'static>(run: impl FnOnce(DuplexStream) -> F + Send + 'static) -> Script {
    Box::new(|peer| Box::pin(run(peer)))
}

/// Each connection leads to the next script.
pub struct Peers(Mutex<VecDeque<Script>>);

impl Peers {
    /// These scripts, and then nobody.
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self(Mutex::new(scripts.into_iter().collect()))
    }
}

#[async_trait]
impl Dial for Peers {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let run = self.0.lock().unwrap().pop_front().ok_or_else(|| io::Error::other("no more connections"))?;
        let (near, far) = tokio::io::duplex(64 * 1024);
        tokio::spawn(run(far));
        Ok(Box::new(near))
    }
}

/// A request's head and body, as they came.
pub async fn hear_post(peer: &mut DuplexStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(peer.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = header(&head, "content-length").parse().unwrap();
    let mut body = vec![0; length];
    peer.read_exact(&mut body).await.unwrap();
    (head, body)
}

/// The value of a header that must be there once.
pub fn header(head: &str, name: &str) -> String {
    let all: Vec<_> = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect();
    assert_eq!(all.len(), 1, "{name} in {head}");
    all[0].clone()
}

/// A response with these headers, each of which ends with CRLF.
pub fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{headers}\r\n").as_bytes(), body].concat()
}

/// A response that says how long it is.
pub fn with_length(status: &str, body: &[u8]) -> Vec<u8> {
    http(status, &format!("Content-Length: {}\r\n", body.len()), body)
}

async fn say_each(peer: &mut DuplexStream, answers: Vec<Vec<u8>>) {
    for answer in answers {
        hear_post(peer).await;
        peer.write_all(&answer).await.unwrap();
    }
}

/// Says these bytes, one after the other, to a request each, and closes.
pub fn says(answers: impl Into<Vec<Vec<u8>>>) -> Script {
    let answers = answers.into();
    script(|mut peer| async move { say_each(&mut peer, answers).await })
}

/// As [`says`], and then leaves the connection open.
pub fn says_and_stays(answers: impl Into<Vec<Vec<u8>>>) -> Script {
    let answers = answers.into();
    script(|mut peer| async move {
        say_each(&mut peer, answers).await;
        let _ = peer.read(&mut [0]).await;
    })
}
