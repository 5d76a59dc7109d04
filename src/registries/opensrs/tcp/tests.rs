//! Sessions against a peer of the test's own, within the process: one script per connection.

use std::future::Future;
use std::io;
use std::sync::Mutex;

use serde_json::json;
use tokio::io::DuplexStream;

use super::*;
use crate::model::{Operation, Secret};
use crate::registries::opensrs::account::Account;
use crate::registries::opensrs::codec::{self, tree::Node};
use crate::registries::opensrs::crypt::{self, CipherName};
use crate::registries::{Registry, Session};

const KEY: &str =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677";

/// Hands out one stream, and then nothing more.
struct Once(Mutex<Option<DuplexStream>>);

#[async_trait]
impl Dial for Once {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let stream = self.0.lock().unwrap().take();
        stream.map(|stream| Box::new(stream) as Box<dyn Stream>).ok_or_else(|| io::Error::other("no more connections"))
    }
}

/// The registry's side.
struct Peer {
    stream: DuplexStream,
    cipher: Cipher,
}

impl Peer {
    async fn hear_clear(&mut self) -> Node {
        codec::read(&frame::read(&mut self.stream, Payload::Text).await.unwrap()).unwrap()
    }

    async fn say_clear(&mut self, bytes: &[u8]) {
        self.stream.write_all(&frame::encode(bytes)).await.unwrap();
    }

    async fn hear(&mut self) -> Node {
        let frame = frame::read(&mut self.stream, Payload::Raw).await.unwrap();
        codec::read(&self.cipher.decrypt(&frame).unwrap()).unwrap()
    }

    fn sealed(&self, node: &Node) -> Zeroizing<Vec<u8>> {
        frame::encode(&self.cipher.encrypt(&codec::write(node).unwrap()).unwrap())
    }

    async fn say(&mut self, node: &Node) {
        let frame = self.sealed(node);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Up to the challenge, which is answered.
    async fn challenge(&mut self) {
        self.say_clear(&codec::write(&greeting("OpenSRS SERVER", "XML:0.1")).unwrap()).await;
        let version = self.hear_clear().await;
        assert_eq!(version.get("object").and_then(Node::as_text), Some("version"));
        let login = self.hear_clear().await;
        let said = |key: &str| login.get("attributes").unwrap().get(key).unwrap().as_text().unwrap().to_owned();
        assert_eq!(
            [said("username"), said("password"), said("crypt_type")],
            ["myreseller", "myreseller", self.cipher.word()]
        );
        // Bytes that look like lines.
        let challenge = b"\r\n\r\n\0\xff<";
        self.say_clear(challenge).await;
        let proof = frame::read(&mut self.stream, Payload::Raw).await.unwrap();
        assert_eq!(*self.cipher.decrypt(&proof).unwrap(), crypt::digest(challenge));
    }

    async fn welcome(&mut self) {
        self.challenge().await;
        self.say(&reply("200", "Authentication Successful")).await;
    }
}

fn greeting(sender: &str, version: &str) -> Node {
    Node::assoc([("attributes", Node::assoc([("sender", Node::text(sender)), ("version", Node::text(version))]))])
}

fn reply(code: &str, text: &str) -> Node {
    let is_success = if code.starts_with('2') { "1" } else { "0" };
    Node::assoc([
        ("is_success", Node::text(is_success)),
        ("response_code", Node::text(code)),
        ("response_text", Node::text(text)),
    ])
}

fn lookup() -> Prepared {
    let bytes = codec::write(&Node::assoc([("action", Node::text("LOOKUP"))])).unwrap();
    Prepared { bytes, operation: Operation::DomainCheck, transaction: None }
}

/// An account whose one connection leads to this script.
fn against<F: Future<Output = ()> + Send + 'static>(
    name: CipherName,
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> Account {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let cipher = Cipher::new(name, &Secret::new(KEY)).unwrap();
    tokio::spawn(script(Peer { stream: far, cipher }));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KEY).unwrap();
    let settings = json!({"transport": "tcp", "user": "myreseller", "key_file": file.path(), "cipher": name.word()});
    Account::over("one", &settings, Arc::new(Once(Mutex::new(Some(near))))).unwrap()
}

async fn refused<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> OpenError {
    match against(CipherName::Blowfish, script).open().await {
        Err(why) => why,
        Ok(_) => panic!("it was let in"),
    }
}

/// A session whose peer, after the welcome, does this.
async fn opened<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> Box<dyn Session> {
    let account = against(CipherName::Blowfish, |mut peer| async move {
        peer.welcome().await;
        script(peer).await;
    });
    account.open().await.unwrap()
}

#[tokio::test]
async fn a_command_is_answered_with_either_cipher() {
    for name in [CipherName::Blowfish, CipherName::Des] {
        let account = against(name, |mut peer| async move {
            peer.welcome().await;
            for code in ["210", "211"] {
                assert_eq!(peer.hear().await.get("action").and_then(Node::as_text), Some("LOOKUP"));
                // Byte by byte.
                for byte in peer.sealed(&reply(code, "Domain")).iter() {
                    peer.stream.write_all(&[*byte]).await.unwrap();
                }
            }
            assert_eq!(peer.hear().await.get("action").and_then(Node::as_text), Some("quit"));
            peer.say(&reply("200", "Closing connection")).await;
        });
        let mut session = account.open().await.unwrap();
        for code in ["210", "211"] {
            assert_eq!(session.exchange(&lookup()).await.unwrap().messages[0].code, code);
        }
        assert!(session.keep_alive().await.is_ok());
        session.close().await;
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_what_to_do() {
    let first = |node: Node| {
        move |mut peer: Peer| async move {
            peer.say_clear(&codec::write(&node).unwrap()).await;
            let _ = peer.stream.read(&mut [0]).await;
        }
    };
    assert!(matches!(refused(first(reply("555", "IP not allowed"))).await, OpenError::Refused(_)));
    assert!(matches!(refused(first(reply("310", "Exceeded max"))).await, OpenError::NotNow(..)));
    assert!(matches!(refused(first(greeting("Postfix", "XML:0.1"))).await, OpenError::Unreachable(_)));
    assert!(matches!(refused(first(greeting("OpenSRS SERVER", "PERL:1"))).await, OpenError::Unreachable(_)));
    assert!(matches!(refused(|_| async {}).await, OpenError::Unreachable(why) if why.contains("list")));
    let noise = |mut peer: Peer| async move { peer.stream.write_all(b"220 mail.example.net ESMTP\r\n").await.unwrap() };
    assert!(matches!(refused(noise).await, OpenError::Unreachable(_)));
    // Instead of the challenge, in clear.
    let busy = |mut peer: Peer| async move {
        peer.say_clear(&codec::write(&greeting("OpenSRS SERVER", "XML:0.1")).unwrap()).await;
        peer.say_clear(&codec::write(&reply("310", "Exceeded max simultaneous connections")).unwrap()).await;
        let _ = peer.stream.read_to_end(&mut Vec::new()).await;
    };
    assert!(matches!(refused(busy).await, OpenError::NotNow(..)));
    // After the answer to it, once: perhaps the network.
    assert!(matches!(refused(|mut peer| async move { peer.challenge().await }).await, OpenError::Unreachable(_)));
    let later = |code: &'static str| {
        move |mut peer: Peer| async move {
            peer.challenge().await;
            peer.say(&reply(code, "")).await;
        }
    };
    assert!(matches!(refused(later("310")).await, OpenError::NotNow(..)));
    assert!(matches!(refused(later("410")).await, OpenError::Refused(_)));
}

/// A wrong key, and a network that breaks just then, are told apart by their number.
#[tokio::test]
async fn a_connection_closed_on_the_answer_to_its_challenge_is_a_wrong_key_the_third_time() {
    let closings = handshake::Closings::default();
    let cipher = || Cipher::new(CipherName::Blowfish, &Secret::new(KEY)).unwrap();
    let open = async |is_let_in: bool| {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let mut peer = Peer { stream: far, cipher: cipher() };
        let peer = tokio::spawn(async move { if is_let_in { peer.welcome().await } else { peer.challenge().await } });
        let opened = handshake::shake(&mut near, "myreseller", &cipher(), &closings).await;
        peer.await.unwrap();
        opened
    };
    for _ in 0..2 {
        for _ in 0..2 {
            assert!(matches!(open(false).await, Err(OpenError::Unreachable(_))));
        }
        assert_eq!(open(true).await, Ok(()));
    }
    for _ in 0..2 {
        assert!(matches!(open(false).await, Err(OpenError::Unreachable(_))));
    }
    assert!(matches!(open(false).await, Err(OpenError::Refused(why)) if why.contains("private key")));
}

#[tokio::test]
async fn after_the_first_byte_everything_else_is_perhaps_sent() {
    async fn perhaps<F: Future<Output = ()> + Send + 'static>(script: impl FnOnce(Peer) -> F + Send + 'static) {
        let mut session = opened(|mut peer| async move {
            peer.hear().await;
            script(peer).await;
        })
        .await;
        let lost = session.exchange(&lookup()).await;
        assert!(matches!(lost, Err(Lost::PerhapsSent(_))), "{lost:?}");
        assert!(
            matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(_))),
            "a broken session sends nothing more"
        );
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))));
    }
    perhaps(|_| async {}).await;
    let whole = opened_frame().len();
    for cut in [1, 10, whole / 2, whole - 1] {
        perhaps(move |mut peer: Peer| async move {
            let frame = peer.sealed(&reply("200", "Done"));
            peer.stream.write_all(&frame[..cut]).await.unwrap();
        })
        .await;
    }
    // A length that is wrong, in both directions; a message of another key; XML in clear; no reply.
    for wrong in [
        "Content-Length: 8\r\n\r\nRandomIV",
        "Content-Length: 0\r\n\r\n",
        "Content-Length: 9999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
    ] {
        perhaps(move |mut peer: Peer| async move { peer.stream.write_all(wrong.as_bytes()).await.unwrap() }).await;
    }
    perhaps(|mut peer: Peer| async move {
        let other = Cipher::new(CipherName::Blowfish, &Secret::new("0f".repeat(56))).unwrap();
        let text = other.encrypt(&codec::write(&reply("200", "Done")).unwrap()).unwrap();
        peer.say_clear(&text).await;
    })
    .await;
    perhaps(|mut peer: Peer| async move { peer.say_clear(&codec::write(&reply("200", "Done")).unwrap()).await }).await;
    perhaps(|mut peer: Peer| async move { peer.say(&Node::array([])).await }).await;
}

fn opened_frame() -> Zeroizing<Vec<u8>> {
    let cipher = Cipher::new(CipherName::Blowfish, &Secret::new(KEY)).unwrap();
    frame::encode(&cipher.encrypt(&codec::write(&reply("200", "Done")).unwrap()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_waited_for_so_long_and_no_longer() {
    let mut session = opened(|mut peer| async move {
        peer.hear().await;
        for byte in b"Content-Length: 4000\r\n\r\n".iter().chain([b'R'; 400].iter()) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if peer.stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    })
    .await;
    let begun = Instant::now();
    let lost = session.exchange(&lookup()).await;
    assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains("120 s")), "{lost:?}");
    assert_eq!(begun.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_replaced_before_it_is_worn_out() {
    let answers = |mut peer: Peer| async move {
        loop {
            peer.hear().await;
            peer.say(&reply("210", "Domain available")).await;
        }
    };
    let mut session = opened(answers).await;
    for _ in 0..limits::COMMANDS {
        assert!(session.exchange(&lookup()).await.is_ok());
    }
    assert!(matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(why)) if why.contains("used up")));
    let mut session = opened(answers).await;
    assert!(session.exchange(&lookup()).await.is_ok());
    tokio::time::advance(USABLE_FOR).await;
    assert!(matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(why)) if why.contains("used up")));
}

#[tokio::test]
async fn one_command_too_many_was_not_carried_out() {
    let mut session = opened(|mut peer| async move {
        peer.hear().await;
        peer.say(&reply("350", "Number of commands per connection exceeded")).await;
    })
    .await;
    assert!(matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(why)) if why.contains("350")));
    assert!(matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(_))));
}

#[tokio::test]
async fn nothing_is_sent_on_a_connection_that_is_over_or_odd() {
    let (said, mut hears) = tokio::sync::mpsc::channel(1);
    let more = said.clone();
    let mut closed = opened(|peer| async move {
        drop(peer);
        said.send(()).await.unwrap();
    })
    .await;
    hears.recv().await.unwrap();
    assert!(matches!(closed.exchange(&lookup()).await, Err(Lost::NotSent(why)) if why.contains("closed")));
    let mut odd = opened(|mut peer| async move {
        peer.say(&reply("200", "unasked")).await;
        more.send(()).await.unwrap();
        let _ = peer.stream.read(&mut [0]).await;
    })
    .await;
    hears.recv().await.unwrap();
    assert!(matches!(odd.exchange(&lookup()).await, Err(Lost::NotSent(why)) if why.contains("unasked")));
}
