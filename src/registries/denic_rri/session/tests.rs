//! Sessions against a peer of the test's own: real TLS on the loopback, one script per connection.

use std::future::Future;
use std::io;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream as ServerStream;

use super::*;
use crate::model::Operation;
use crate::net::tls;
use crate::registries::denic_rri::account::Account;
use crate::registries::{OpenError, Registry};

#[path = "tests/liar.rs"]
mod liar;

type Peer = ServerStream<TcpStream>;

const WELCOME: &str = "RESULT: success\nSTID: 0b97f9b7";
const DONE: &str = "Result: success\nSTID: s\nCTID: rd-1";

/// A peer that lets one client in and then does what the script says, and an account that trusts it.
async fn against<F: Future<Output = ()> + Send + 'static>(script: impl FnOnce(Peer) -> F + Send + 'static) -> Account {
    tls::install_provider();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = json!({
        "address": listener.local_addr().unwrap().to_string(), "server_name": "localhost", "user": "DENIC-1000022-RRI",
        "password_file": write("password", "horse battery\n"), "ca_file": write("ca.pem", &certificate.pem()),
    });
    let account = Account::new("DENIC-1000022", &settings).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await {
            script(stream).await;
        }
    });
    account
}

async fn hear(peer: &mut Peer) -> String {
    String::from_utf8(frame::read(peer).await.unwrap()).unwrap()
}

async fn say(peer: &mut Peer, text: &str) {
    peer.write_all(&frame::encode(text.as_bytes()).unwrap()).await.unwrap();
    peer.flush().await.unwrap();
}

async fn welcome(peer: &mut Peer) {
    assert_eq!(hear(peer).await, "Version: 5.0\nAction: LOGIN\nUser: DENIC-1000022-RRI\nPassword: horse battery");
    say(peer, WELCOME).await;
}

fn create(account: &dyn Registry) -> Prepared {
    let params = json!({"domain": "example.de", "holder": "DENIC-1000022-MAX", "nserver": ["ns1.example.net", "ns2.example.net"]});
    let Value::Object(params) = params else { unreachable!("an object") };
    account.dialect().prepare(Operation::DomainCreate, &params, "rd-1").unwrap()
}

/// What a CREATE comes to after a welcome, when the peer then does this.
async fn outcome<F: Future<Output = ()> + Send + 'static>(
    script: impl FnOnce(Peer) -> F + Send + 'static,
) -> (Result<Answer, Lost>, Box<dyn Session>) {
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        script(peer).await;
    })
    .await;
    let mut session = account.open().await.unwrap();
    (session.exchange(&create(&account)).await, session)
}

#[tokio::test]
async fn an_answer_may_come_byte_by_byte() {
    let (answer, _session) = outcome(|mut peer| async move {
        assert!(hear(&mut peer).await.ends_with("\nCtid: rd-1"));
        for byte in frame::encode(DONE.as_bytes()).unwrap().iter() {
            peer.write_all(&[*byte]).await.unwrap();
            peer.flush().await.unwrap();
        }
        hear(&mut peer).await;
    })
    .await;
    assert_eq!(answer.unwrap().client_transaction.as_deref(), Some("rd-1"));
}

#[tokio::test]
async fn after_the_first_byte_everything_else_is_perhaps_sent() {
    async fn perhaps<F: Future<Output = ()> + Send + 'static>(
        part: &str,
        script: impl FnOnce(Peer) -> F + Send + 'static,
    ) {
        let (answer, mut session) = outcome(script).await;
        let Err(Lost::PerhapsSent(reason)) = answer else { panic!("{part}: {answer:?}") };
        assert!(reason.contains(part), "{reason}");
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))), "a broken session sends nothing more");
    }
    perhaps("cut", |mut peer| async move {
        hear(&mut peer).await;
        peer.shutdown().await.unwrap();
    })
    .await;
    perhaps("cut: 9 of", |mut peer| async move {
        hear(&mut peer).await;
        peer.write_all(&frame::encode(DONE.as_bytes()).unwrap()[..9]).await.unwrap();
        peer.shutdown().await.unwrap();
    })
    .await;
    perhaps("somebody-else", |mut peer| async move {
        hear(&mut peer).await;
        say(&mut peer, "Result: success\nCTID: somebody-else").await;
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    perhaps("neither", |mut peer| async move {
        hear(&mut peer).await;
        say(&mut peer, "certainly").await;
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    perhaps("65537 bytes", |mut peer| async move {
        hear(&mut peer).await;
        peer.write_all(&[0, 1, 0, 1]).await.unwrap();
        let _ = peer.read(&mut [0]).await;
    })
    .await;
}

#[tokio::test]
async fn silence_ends_in_time_and_with_a_reset() {
    let (heard, hears) = oneshot::channel();
    let (ended, ends) = oneshot::channel();
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        hear(&mut peer).await;
        heard.send(()).unwrap();
        let end = peer.read(&mut [0]).await;
        ended.send(end.map_err(|error| error.kind())).unwrap();
    })
    .await;
    let mut session = account.open().await.unwrap();
    let request = create(&account);
    {
        let waiting = session.exchange(&request);
        tokio::pin!(waiting);
        tokio::select! {
            answer = &mut waiting => panic!("{answer:?}"),
            done = hears => done.unwrap(),
        }
        // Only now, with the request at the peer: a paused clock would let the handshake time out.
        tokio::time::pause();
        assert_eq!(waiting.await.unwrap_err(), Lost::PerhapsSent("no answer within 60 s".into()));
        tokio::time::resume();
    }
    drop(session);
    assert_eq!(ends.await.unwrap(), Err(io::ErrorKind::ConnectionReset), "what is in flight dies with it");
}

#[tokio::test]
async fn a_session_closed_while_idle_sends_nothing() {
    let account = against(|mut peer| async move {
        hear(&mut peer).await;
        say(&mut peer, WELCOME).await;
        peer.shutdown().await.unwrap();
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    let mut connection = account.connect().await.unwrap();
    connection.exchange(b"Action: LOGIN").await.unwrap();
    // Until the end has come through the kernel.
    while connection.still_open().is_ok() {
        tokio::task::yield_now().await;
    }
    let lost = connection.raw_exchange(b"Action: CREATE").await.unwrap_err();
    assert_eq!(lost, Lost::NotSent("the registry closed the idle session".into()));
}

#[tokio::test]
async fn an_abandoned_exchange_leaves_the_session_unusable() {
    let (heard, hears) = oneshot::channel();
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        hear(&mut peer).await;
        heard.send(()).unwrap();
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    let mut session = account.open().await.unwrap();
    let request = create(&account);
    tokio::select! {
        answer = session.exchange(&request) => panic!("{answer:?}"),
        done = hears => done.unwrap(),
    }
    assert!(matches!(session.exchange(&request).await, Err(Lost::NotSent(_))), "its answer could come to the next one");
}

#[tokio::test]
async fn keeping_alive_and_logging_out() {
    let (told, tells) = oneshot::channel();
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        let alive = hear(&mut peer).await;
        say(&mut peer, "Result: failed\nERROR: 55000000002 limit").await;
        let bye = hear(&mut peer).await;
        peer.shutdown().await.unwrap();
        told.send((alive, bye)).unwrap();
    })
    .await;
    let mut session = account.open().await.unwrap();
    session.keep_alive().await.unwrap();
    session.close().await;
    let expected = ("Version: 5.0\nAction: QUEUE-READ".to_owned(), "Version: 5.0\nAction: LOGOUT".to_owned());
    assert_eq!(tells.await.unwrap(), expected);
}

#[tokio::test]
async fn a_login_has_four_endings() {
    async fn login(answer: &'static str) -> OpenError {
        let account = against(move |mut peer| async move {
            hear(&mut peer).await;
            if !answer.is_empty() {
                say(&mut peer, answer).await;
                let _ = peer.read(&mut [0]).await;
            }
        })
        .await;
        account.open().await.err().unwrap()
    }
    let refused = login("Result: failed\nERROR: 83000000010 Login failed").await;
    assert!(matches!(&refused, OpenError::Refused(reason) if reason.contains("83000000010")));
    assert!(!format!("{refused:?} {refused}").contains("horse"));
    assert!(matches!(login("Result: failed\nERROR: 73100000005 x").await, OpenError::NotNow(..)));
    for passes in [
        "Result: failed\nERROR: 76000000001 x",
        "Result: failed\nERROR: 53000000012 x",
        "Result: failed\nERROR: 53000000008 x",
    ] {
        assert!(matches!(login(passes).await, OpenError::Unreachable(_)), "{passes}");
    }
    // What is not known may be about the credentials: nobody tries again by himself.
    assert!(matches!(login("Result: failed\nERROR: 99999999999 x").await, OpenError::Refused(_)));
    assert!(matches!(login("").await, OpenError::Unreachable(reason) if reason.contains("allow-list")));
    assert!(matches!(login("garbage").await, OpenError::Unreachable(_)));
}

#[tokio::test]
async fn a_server_nobody_vouches_for_gets_no_password() {
    let (heard, hears) = oneshot::channel();
    let trusted = against(|_| async {}).await;
    let limits = trusted.limits();
    assert_eq!((limits.sessions, limits.answer_within), (5, Duration::from_secs(60)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        tcp.write_all(b"HTTP/1.1 400 no\r\n\r\n").await.unwrap();
        let _ = tcp.read_to_end(&mut bytes).await;
        heard.send(bytes).unwrap();
    });
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "horse battery").unwrap();
    let ca = tempfile::NamedTempFile::new().unwrap();
    let key = KeyPair::generate().unwrap();
    std::fs::write(ca.path(), CertificateParams::new(["other".to_owned()]).unwrap().self_signed(&key).unwrap().pem())
        .unwrap();
    let settings = json!({"address": address.to_string(), "user": "DENIC-1000022-RRI", "password_file": password.path(), "ca_file": ca.path()});
    let account = Account::new("DENIC-1000022", &settings).unwrap();
    assert!(matches!(account.open().await.err().unwrap(), OpenError::Unreachable(_)));
    let bytes = hears.await.unwrap();
    assert!(!bytes.windows(5).any(|part| part == b"horse"));
}

/// Nothing was asked before but the LOGIN, so its answer is what may come again.
#[tokio::test]
async fn the_answer_to_login_is_no_answer_to_a_question() {
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        hear(&mut peer).await;
        say(&mut peer, WELCOME).await;
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    let mut session = account.open().await.unwrap();
    let lost = session.keep_alive().await.unwrap_err();
    assert_eq!(lost, Lost::PerhapsSent("the answer to an earlier request came again".into()));
    assert!(matches!(session.exchange(&create(&account)).await, Err(Lost::NotSent(_))));
}

/// The code of a wrong password in the answer to a write is no verdict on the password: the session was forgotten.
#[tokio::test]
async fn a_session_the_registry_forgot_is_over() {
    let (answer, mut session) = outcome(|mut peer| async move {
        hear(&mut peer).await;
        say(&mut peer, "Result: failed\nSTID: s\nERROR: 83000000010 Login failed [Please login first]").await;
        let _ = peer.read(&mut [0]).await;
    })
    .await;
    assert_eq!(answer.unwrap_err(), Lost::PerhapsSent("the registry does not know the session any more".into()));
    assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))));
}

/// An answer of which a part is there when the time is up never becomes the next one's.
#[tokio::test]
async fn an_answer_split_over_the_end_of_the_time() {
    let (halved, is_halved) = oneshot::channel();
    let (timed_out, has_timed_out) = oneshot::channel::<()>();
    let account = against(|mut peer| async move {
        welcome(&mut peer).await;
        hear(&mut peer).await;
        let frame = frame::encode(DONE.as_bytes()).unwrap();
        let (first, rest) = frame.split_at(frame.len() / 2);
        peer.write_all(first).await.unwrap();
        peer.flush().await.unwrap();
        halved.send(()).unwrap();
        has_timed_out.await.unwrap();
        peer.write_all(rest).await.unwrap();
        let _ = peer.flush().await;
        assert_eq!(peer.read(&mut [0]).await.unwrap_or(0), 0, "nothing more was sent");
    })
    .await;
    let mut session = account.open().await.unwrap();
    let request = create(&account);
    {
        let waiting = session.exchange(&request);
        tokio::pin!(waiting);
        tokio::select! {
            answer = &mut waiting => panic!("{answer:?}"),
            done = is_halved => done.unwrap(),
        }
        tokio::time::pause();
        assert_eq!(waiting.await.unwrap_err(), Lost::PerhapsSent("no answer within 60 s".into()));
        tokio::time::resume();
    }
    timed_out.send(()).unwrap();
    assert!(matches!(session.exchange(&request).await, Err(Lost::NotSent(_))));
}
