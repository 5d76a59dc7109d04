//! A client of its own: raw TLS, four bytes of length, text. It shares no code with the sandbox's codec or ours.

use std::path::Path;
use std::sync::Arc;

use registrard::sandbox::{DenicOptions, FaultSpec, Options, Sandbox};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::control;

/// A sandbox and the directory it lives in.
pub struct World {
    pub sandbox: Sandbox,
    directory: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(DenicOptions::default()).await
    }

    pub async fn with(denic: DenicOptions) -> Self {
        Self::faulty(denic, &[]).await
    }

    pub async fn faulty(denic: DenicOptions, faults: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            registries: vec!["all".into()],
            state_dir: directory.path().to_owned(),
            port_base: None,
            faults: faults.iter().map(|spec| spec.parse::<FaultSpec>().unwrap()).collect(),
            seed: 42,
            denic,
            ..Options::default()
        })
        .await
        .unwrap();
        Self { sandbox, directory }
    }

    /// What clients need to know of an account, from the ready line.
    pub fn account(&self, n: usize) -> (String, String, String) {
        let account = &self.sandbox.ready()["denic_rri"]["accounts"][n];
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        (text("account"), text("user"), text("password"))
    }

    pub fn address(&self) -> String {
        self.sandbox.ready()["denic_rri"]["address"].as_str().unwrap().to_owned()
    }

    /// A connection before LOGIN.
    pub async fn connect(&self) -> Client {
        let ca = self.sandbox.ready()["ca"].as_str().unwrap();
        assert!(Path::new(ca).starts_with(self.directory.path()));
        let config = registrard::net::tls::client(Some(Path::new(ca))).unwrap();
        Client::connect(&self.address(), config, "127.0.0.1").await
    }

    pub fn login_text(&self, n: usize) -> String {
        let (_, user, password) = self.account(n);
        format!("version: 5.0\naction: LOGIN\nuser: {user}\npassword: {password}")
    }

    /// A session of an account.
    pub async fn login(&self, n: usize) -> Client {
        let mut client = self.connect().await;
        let answer = client.ask(&self.login_text(n)).await;
        assert_eq!(field(&answer, "RESULT"), "success", "{answer}");
        client
    }

    /// A session of the first account, with a person, a request contact, and nothing else.
    pub async fn furnished(&self) -> Client {
        let mut client = self.login(0).await;
        let (account, ..) = self.account(0);
        for (n, text) in [person(&account, "MAX"), request(&account, "GR")].into_iter().enumerate() {
            let answer = client.ask(&format!("{text}\nCTID: furnish-{n}")).await;
            assert_eq!(field(&answer, "RESULT"), "success", "{answer}");
        }
        client
    }

    /// A request to the control interface: status and body.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        control::request(self.sandbox.ready()["control"].as_str().unwrap(), method, path, body).await
    }

    /// Moves the sandbox's clock.
    pub async fn advance(&self, seconds: i64) {
        let (status, body) = self.control("POST", "/clock", &serde_json::json!({ "advance_seconds": seconds })).await;
        assert_eq!(status, 200, "{body}");
    }

    /// What the sandbox knows of the account with that index.
    pub async fn account_state(&self, n: usize) -> Value {
        self.control("GET", "/objects", &Value::Null).await.1["denic_rri"]["accounts"][n].clone()
    }
}

/// One connection.
pub struct Client {
    pub stream: TlsStream<TcpStream>,
}

impl Client {
    pub async fn connect(address: &str, config: Arc<rustls::ClientConfig>, name: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        Self { stream: TlsConnector::from(config).connect(name, stream).await.unwrap() }
    }

    pub async fn send(&mut self, text: &str) {
        let length = u32::try_from(text.len()).unwrap();
        self.stream.write_all(&length.to_be_bytes()).await.unwrap();
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next answer; `None` if the connection ends before or within it.
    pub async fn receive_bytes(&mut self) -> Option<Vec<u8>> {
        let length = self.stream.read_u32().await.ok()?;
        assert!((1..=65_536).contains(&length), "no client takes a frame of {length} bytes");
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(payload)
    }

    pub async fn receive(&mut self) -> Option<String> {
        Some(String::from_utf8(self.receive_bytes().await?).unwrap())
    }

    pub async fn ask(&mut self, text: &str) -> String {
        self.send(text).await;
        self.receive().await.expect("an answer")
    }

    /// Asks, and expects this result and this code among the messages.
    pub async fn expect(&mut self, text: &str, result: &str, code: &str) -> String {
        let answer = self.ask(text).await;
        assert!(answer.contains(result) && answer.contains(code), "wanted {result} {code}, got\n{answer}\nto\n{text}");
        answer
    }
}

/// The value of the first line with this keyword.
pub fn field<'a>(answer: &'a str, keyword: &str) -> &'a str {
    let values = answer.lines().filter_map(|line| line.split_once(": "));
    values.filter(|(key, _)| key.eq_ignore_ascii_case(keyword)).map(|(_, value)| value).next().unwrap_or_default()
}

pub fn person(account: &str, own: &str) -> String {
    format!(
        "Version: 5.0\nAction: CREATE\nHandle: {account}-{own}\nType: PERSON\nName: Max Mustermann\n\
         Organisation: Example GmbH\nAddress: Beispielweg 1\nPostalCode: 60596\nCity: Frankfurt am Main\n\
         CountryCode: DE\neMail: max@example.de\nPhone: +49.6927235x290"
    )
}

pub fn request(account: &str, own: &str) -> String {
    format!(
        "Version: 5.0\nAction: CREATE\nType: REQUEST\nHandle: {account}-{own}\n\
         Uri-template: mailto:info@example.de?subject=domain:{{Ulabel}}"
    )
}

pub fn create(domain: &str, ctid: &str) -> String {
    format!(
        "Version: 5.0\nAction: CREATE\nDomain: {domain}\nHolder: DENIC-1000001-MAX\nGeneralrequest: DENIC-1000001-GR\n\
         Nserver: ns1.example.net\nNserver: ns2.example.net\nCTID: {ctid}"
    )
}

pub fn about(action: &str, domain: &str) -> String {
    format!("Version: 5.0\nAction: {action}\nDomain: {domain}")
}

/// Waits until it is so; there is nothing to be notified by, because the other side is a network away.
pub async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.is_ok(), "never: {what}");
}
