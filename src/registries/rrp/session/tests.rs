//! Sessions against a peer of the test's own, over a pipe within the process: one script per connection.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::super::account::Account;
use super::super::codec::{LONGEST_LINE, MOST_LINES};
use super::*;
use crate::model::Verdict;
use crate::net::dial::Dial;
use crate::registries::Registry;

const GREETING: &str = "NSI RRP Server version 2.0.0\r\nMon Jun 19 14:04:00 MSK 2000\r\n.\r\n";
const DONE: &str = "200 Command completed successfully\r\n.\r\n";
const LOGIN: &str = "session\r\n-Id:registrarA\r\n-Password:i-am-registrarA\r\n.\r\n";
const QUIT: &str = "quit\r\n.\r\n";
const CREATE: &str = "add\r\nEntityName:Domain\r\nDomainName:example.com\r\n-Period:2\r\n.\r\n";

/// Hands out the near ends of pipes.
struct Pipes(Mutex<VecDeque<DuplexStream>>);

#[async_trait]
impl Dial for Pipes {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let next = self.0.lock().unwrap().pop_front();
        next.map(|pipe| Box::new(pipe) as Box<dyn Stream>).ok_or_else(|| io::Error::other("nobody listens"))
    }
}

/// The peer's end.
struct Peer(DuplexStream);

impl Peer {
    async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// A whole command.
    async fn hear(&mut self) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n.\r\n") {
            heard.push(self.0.read_u8().await.unwrap());
        }
        String::from_utf8(heard).unwrap()
    }

    /// Whether the client is gone, with nothing more said.
    async fn is_left(&mut self) -> bool {
        self.0.read(&mut [0]).await.is_ok_and(|count| count == 0)
    }

    async fn welcome(&mut self) {
        self.say(GREETING).await;
        assert_eq!(self.hear().await, LOGIN);
        self.say(DONE).await;
    }
}

fn settings(more: Value) -> (Value, tempfile::NamedTempFile) {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "i-am-registrarA\n").unwrap();
    let mut settings = json!({"address": "rrp.example.net:648", "user": "registrarA", "password_file": password.path(), "answer_seconds": 5});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (settings, password)
}

/// An account whose one connection leads to a peer that does what the script says.
fn against<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (Account, tokio::task::JoinHandle<()>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (settings, _password) = settings(json!({}));
    let dial = Arc::new(Pipes(Mutex::new([near].into())));
    let account = Account::over("one", &settings, dial).unwrap();
    (account, tokio::spawn(script(Peer(far))))
}

fn create(account: &Account) -> Prepared {
    let params = json!({"domain": "example.com", "years": 2});
    account.dialect().prepare(Operation::DomainCreate, params.as_object().unwrap(), "rd-1").unwrap()
}

#[tokio::test]
async fn a_session_is_greeted_opened_used_kept_and_quit() {
    let (account, peer) = against(|mut peer| async move {
        peer.welcome().await;
        assert_eq!(peer.hear().await, CREATE);
        // Byte by byte.
        let answer = "200 Command completed successfully\nRegistrationExpirationDate:2028-12-01 08:00:00.000\nStatus:ACTIVE\n.\n";
        for byte in answer.bytes() {
            peer.0.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(peer.hear().await, "describe\r\n-Target:Protocol\r\n.\r\n");
        peer.say("200 Command completed successfully\r\nProtocol:RRP 2.0.0\r\n.\r\n").await;
        assert_eq!(peer.hear().await, QUIT);
        peer.say("220 Command completed successfully. Server closing connection\r\n.\r\n").await;
        assert!(peer.is_left().await);
    });
    let mut session = account.open().await.unwrap();
    let answer = session.exchange(&create(&account)).await.unwrap();
    assert_eq!(answer.data["registration expiration date"], "2028-12-01 08:00:00.000");
    let judgement = account.dialect().judge(Operation::DomainCreate, &answer);
    assert_eq!((judgement.verdict, judgement.deadlines.len()), (Verdict::Done, 1));
    assert_eq!(session.keep_alive().await.unwrap().verdict, Verdict::Done);
    session.close().await;
    peer.await.unwrap();
}

/// What opening comes to when the peer does this.
async fn refused<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> OpenError {
    let (account, peer) = against(script);
    let why = account.open().await.err().expect("it opened");
    drop(account);
    peer.await.unwrap();
    assert!(!why.to_string().contains("i-am"), "{why}");
    why
}

#[tokio::test]
async fn the_first_wrong_password_is_the_last_try() {
    let why = refused(|mut peer| async move {
        peer.say(GREETING).await;
        peer.hear().await;
        peer.say("530 Authentication failed\r\n.\r\n").await;
        // Nothing but a farewell: in this state another failure would close, and more may lock the account.
        assert_eq!(peer.hear().await, QUIT);
        peer.say("220 Bye\r\n.\r\n").await;
        assert!(peer.is_left().await);
    })
    .await;
    assert!(matches!(&why, OpenError::Refused(why) if why.contains("530")), "{why}");
}

#[tokio::test]
async fn a_server_that_has_no_room_is_left_alone_for_a_while() {
    let at_the_door = refused(|mut peer| async move {
        peer.say("521 Too many sessions open. Server closing connection\r\n.\r\n").await;
    })
    .await;
    let inside = refused(|mut peer| async move {
        peer.say(GREETING).await;
        peer.hear().await;
        peer.say("521 Too many sessions open. Server closing connection\r\n.\r\n").await;
        assert!(peer.is_left().await, "no QUIT to a server that closes");
    })
    .await;
    assert!(matches!(at_the_door, OpenError::NotNow(..)) && matches!(inside, OpenError::NotNow(..)));
    for (greeting, answer) in [
        ("SSH-2.0-OpenSSH\r\n.\r\n", ""),
        ("NSI RRP Server version 2.0.0\r\n", ""),
        ("200 Hello\r\n.\r\n", ""),
        (GREETING, ""),
        (GREETING, "200 yes"),
        (GREETING, "yes\r\n.\r\n"),
        (GREETING, "420 Command failed\r\n.\r\n"),
        (GREETING, "220 Done. Closing\r\n.\r\n"),
        ("NSI RRP Server version 2.0.0\r\n.\r\nunasked", ""),
    ] {
        let why = refused(move |mut peer| async move {
            peer.say(greeting).await;
            if !answer.is_empty() {
                peer.hear().await;
                peer.say(answer).await;
            }
        })
        .await;
        assert!(matches!(why, OpenError::Unreachable(_)), "{greeting} {answer}: {why}");
    }
}

/// What an ADD comes to when the peer then does this, and what is left of the session.
async fn outcome<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (Result<Answer, Lost>, Box<dyn Session>) {
    let (account, _peer) = against(|mut peer| async move {
        peer.welcome().await;
        script(peer).await;
    });
    let mut session = account.open().await.unwrap();
    (session.exchange(&create(&account)).await, session)
}

#[tokio::test]
async fn after_the_first_byte_everything_else_is_perhaps_sent() {
    let endless = format!("200 yes\r\n{}", "a:b\r\n".repeat(MOST_LINES));
    let long = format!("200 {}\r\n.\r\n", "x".repeat(LONGEST_LINE));
    for (answer, part) in [
        ("", "closed after 0 bytes"),
        ("200 Command comp", "closed after 16 bytes"),
        ("200 Command completed successfully\r\n.", "closed after"),
        (endless.as_str(), "lines"),
        (long.as_str(), "a line"),
        ("\u{0}\u{1}\r\n.\r\n", "three digits"),
        ("200 yes\r\n200 yes\r\n.\r\n", "line 2"),
    ] {
        let answer = answer.to_owned();
        let (lost, mut session) = outcome(|mut peer| async move {
            peer.hear().await;
            peer.say(&answer).await;
        })
        .await;
        let Err(Lost::PerhapsSent(why)) = lost else { panic!("{part}: {lost:?}") };
        assert!(why.contains(part), "{part}: {why}");
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))), "a broken session says nothing more");
        session.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_lost() {
    let (lost, mut session) = outcome(|mut peer| async move {
        peer.hear().await;
        peer.say("200 Command comp").await;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(lost, Err(Lost::PerhapsSent("no answer within 5 s".into())));
    assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))));
}

#[tokio::test]
async fn before_the_first_byte_nothing_was_sent() {
    for unasked in ["", "520 Server closing connection. Client should try opening new connection; idle\r\n.\r\n", DONE]
    {
        let (account, peer) = against(move |mut peer| async move {
            peer.welcome().await;
            peer.say(unasked).await;
        });
        let mut session = account.open().await.unwrap();
        peer.await.unwrap();
        let lost = session.exchange(&create(&account)).await;
        assert!(matches!(lost, Err(Lost::NotSent(_))), "{unasked}: {lost:?}");
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))));
    }
}

#[tokio::test]
async fn an_answer_that_closes_counts_and_ends_the_session() {
    for (code, verdict) in [("220", "Done"), ("420", "Unsure"), ("520", "Unsure"), ("521", "Later"), ("547", "Unsure")]
    {
        let (answer, mut session) = outcome(move |mut peer| async move {
            peer.hear().await;
            peer.say(&format!("{code} text\r\n.\r\n")).await;
            assert!(peer.is_left().await, "no QUIT: the server closes");
        })
        .await;
        let dialect = Rrp::new(&crate::registries::WireOptions::default()).unwrap();
        let judged = dialect.judge(Operation::DomainCreate, &answer.unwrap()).verdict;
        assert!(format!("{judged:?}").starts_with(verdict), "{code}: {judged:?}");
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))), "{code}");
        session.close().await;
    }
}

#[tokio::test]
async fn a_session_left_in_the_middle_says_nothing_more() {
    let (account, peer) = against(|mut peer| async move {
        peer.welcome().await;
        assert_eq!(peer.hear().await, CREATE);
        assert!(peer.is_left().await, "no QUIT: what is still in flight shall die with the connection");
    });
    let mut session = account.open().await.unwrap();
    let request = create(&account);
    let abandoned = timeout(Duration::from_millis(50), session.exchange(&request)).await;
    assert!(abandoned.is_err());
    assert!(matches!(session.exchange(&request).await, Err(Lost::NotSent(_))));
    session.close().await;
    peer.await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_a_wrong_account_is_told() {
    let (settings, _password) = settings(json!({"protocol": "1.1.0", "time_zone": "America/Los_Angeles"}));
    let account = Account::over("one", &settings, Arc::new(Pipes(Mutex::default()))).unwrap();
    assert!(matches!(account.open().await.err(), Some(OpenError::Unreachable(_))));
    assert_eq!(account.identity(), "registrara at rrp.example.net:648");
    assert_eq!(account.limits().zone.iana_name(), Some("America/Los_Angeles"));
    for (change, part) in [
        (json!({"protocol": "0.9"}), "0.9"),
        (json!({"password_file": "/nowhere"}), "/nowhere"),
        (json!({"ca_file": "/nowhere.pem"}), "/nowhere.pem"),
        (json!({"server_name": "a b"}), "a b"),
    ] {
        let (settings, _password) = super::tests::settings(change);
        let error = Account::new("one", &settings).err().unwrap();
        assert!(error.contains(part), "{error}");
    }
}
