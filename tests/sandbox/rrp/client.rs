//! A client of its own for RRP: texts pasted together, read up to the dot. It shares no code with the sandbox's wire or ours.

use std::time::Duration;

use jiff::Timestamp;
use registrard::sandbox::{FaultSpec, LocalSandbox, Options, RrpOptions, Sandbox};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::control;

pub const DONE: &str = "200 Command completed successfully\r\n.\r\n";
pub const BYE: &str = "220 Command completed successfully. Server closing connection\r\n.\r\n";
pub const GREETING: &str = "NSI RRP Server version 2.0.0\r\nMon Jun 19 14:04:00 MSK 2000\r\n.\r\n";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox that plays RRP.
pub struct World {
    pub sandbox: Sandbox,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(RrpOptions::default(), &[]).await
    }

    pub async fn with(rrp: RrpOptions, faults: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            registries: vec!["rrp".into()],
            state_dir: directory.path().to_owned(),
            faults: faults.iter().map(|spec| spec.parse::<FaultSpec>().unwrap()).collect(),
            seed: 42,
            rrp,
            ..Options::default()
        });
        Self { sandbox: sandbox.await.unwrap(), _directory: directory }
    }

    /// Id and password, from the ready line.
    pub fn account(&self, n: usize) -> (String, String) {
        account(&self.sandbox, n)
    }

    pub fn url(&self) -> &str {
        self.sandbox.ready()["control"].as_str().unwrap()
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        control::ordered(self.url(), method, path, body).await
    }

    pub async fn seconds(&self, seconds: i64) -> Value {
        self.control("POST", "/clock", &json!({ "advance_seconds": seconds })).await
    }

    pub async fn days(&self, days: i64) -> Value {
        self.control("POST", "/clock", &json!({ "advance_days": days })).await
    }

    /// What control knows of an object of this kind.
    pub async fn object(&self, list: &str, key: &str, name: &str) -> Value {
        let objects = self.control("GET", "/objects", &Value::Null).await;
        let found = objects["rrp"][list].as_array().unwrap().iter().find(|object| object[key] == name);
        found.cloned().unwrap_or(Value::Null)
    }

    pub async fn domain(&self, name: &str) -> Value {
        self.object("domains", "domain", name).await
    }

    /// What a registrar has to spend, in cents.
    pub async fn balance(&self, id: &str) -> i64 {
        self.object("accounts", "id", id).await["balance"].as_i64().unwrap()
    }

    /// A connection that nothing was said on.
    pub async fn raw(&self) -> TlsStream<TcpStream> {
        let address = self.sandbox.ready()["rrp"]["address"].as_str().unwrap();
        let ca = self.sandbox.ready()["ca"].as_str().unwrap();
        let config = registrard::net::tls::client(Some(std::path::Path::new(ca))).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        TlsConnector::from(config).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await.unwrap()
    }

    /// A connection whose greeting was read.
    pub async fn line(&self) -> Line<TlsStream<TcpStream>> {
        let mut line = Line(self.raw().await);
        assert!(line.read().await.expect("a greeting").contains(" RRP Server version "));
        line
    }

    /// A session of the registrar of this number.
    pub async fn login(&self, n: usize) -> Line<TlsStream<TcpStream>> {
        let mut line = self.line().await;
        line.expect(DONE, &session(&self.account(n))).await;
        line
    }

    /// Objects of effects of this kind, in their order.
    pub fn effects(&self, kind: &str) -> Vec<String> {
        let ledger = self.sandbox.ledger();
        ledger.effects.iter().filter(|e| e.kind == kind).map(|e| e.object.clone()).collect()
    }

    pub fn violations(&self, account: &str, rule: &str) -> u64 {
        self.sandbox.ledger().violations_of(account, rule)
    }
}

fn account(sandbox: &Sandbox, n: usize) -> (String, String) {
    let account = &sandbox.ready()["rrp"]["accounts"][n];
    let text = |key: &str| account[key].as_str().unwrap().to_owned();
    (text("id"), text("password"))
}

/// A sandbox within the process, whose time is the runtime's.
pub fn local(options: RrpOptions, begin: &str) -> LocalSandbox {
    Sandbox::local_rrp(options, 42, Vec::new(), begin.parse::<Timestamp>().unwrap())
}

/// A session within the process.
pub async fn within(sandbox: &LocalSandbox, n: usize) -> Line<DuplexStream> {
    let mut line = Line(sandbox.connect());
    line.read().await.expect("a greeting");
    line.expect(DONE, &session(&account(sandbox, n))).await;
    line
}

pub fn session((id, password): &(String, String)) -> String {
    format!("session\r\n-Id:{id}\r\n-Password:{password}\r\n.\r\n")
}

/// A connection.
pub struct Line<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Everything up to the dot; `None` if the connection ends before, or what comes is no text.
    pub async fn read(&mut self) -> Option<String> {
        self.read_within(PATIENCE).await
    }

    pub async fn read_within(&mut self, patience: Duration) -> Option<String> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\n.\r\n") && !bytes.ends_with(b"\n.\n") {
            bytes.push(timeout(patience, self.0.read_u8()).await.expect("an answer in time").ok()?);
        }
        String::from_utf8(bytes).ok()
    }

    /// Whether the connection has ended.
    pub async fn is_over(&mut self) -> bool {
        timeout(PATIENCE, self.0.read_u8()).await.expect("an end in time").is_err()
    }

    pub async fn ask(&mut self, text: &str) -> Option<String> {
        self.send(text).await;
        self.read().await
    }

    /// Asks, and gets exactly these bytes or, if they are three digits, an answer of that code.
    pub async fn expect(&mut self, answer: &str, text: &str) -> String {
        let got = self.ask(text).await.unwrap_or_default();
        let is_it = if answer.len() == 3 { got.starts_with(&format!("{answer} ")) } else { got == answer };
        assert!(is_it, "{got}\nand not {answer}\nto\n{text}");
        got
    }

    /// The same for words: `add domain example.com -Period:2`.
    pub async fn order(&mut self, answer: &str, words: &str) -> String {
        self.expect(answer, &command(words)).await
    }
}

/// A command from its words: its name, `domain` or `host` and an object, and then the other lines as they are.
pub fn command(words: &str) -> String {
    let mut words = words.split_whitespace();
    let verb = words.next().unwrap();
    let is_domain = words.next() == Some("domain");
    let entity = if is_domain { ("Domain", "DomainName") } else { ("NameServer", "NameServer") };
    let mut lines = vec![format!("EntityName:{}", entity.0), format!("{}:{}", entity.1, words.next().unwrap())];
    let (first, last): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with("-Approve"));
    lines.splice(0..0, first.into_iter().map(str::to_owned));
    lines.extend(last.into_iter().map(str::to_owned));
    format!("{verb}\r\n{}\r\n.\r\n", lines.join("\r\n"))
}

/// The values of an attribute in an answer.
pub fn values(answer: &str, name: &str) -> Vec<String> {
    let lines = answer.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).collect()
}

/// The year a domain expires in, as RENEW wants it.
pub fn year(answer: &str) -> i32 {
    values(answer, "registration expiration date")[0][..4].parse().unwrap()
}
