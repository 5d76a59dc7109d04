//! A client of its own for NZ SRS: XML pasted together, a form encoder, HTTP by hand, signatures by sequoia directly. It shares no
//! code with the sandbox's wire or ours. Every answer is held against the registry's DTD by xmllint.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use registrard::sandbox::{FaultSpec, LocalSandbox, NzOptions, Options, Sandbox};
use rustls::pki_types::ServerName;
use sequoia_openpgp as openpgp;
use sequoia_openpgp::parse::Parse;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::control;

/// The registry's own DTD.
const DTD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/nz_srs/nz-srs-protocol.dtd");

/// A sandbox that plays NZ SRS.
pub struct World {
    pub sandbox: Sandbox,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(free(), &[]).await
    }

    pub async fn with(nz_srs: NzOptions, faults: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            registries: vec!["nz-srs".into()],
            state_dir: directory.path().to_owned(),
            faults: faults.iter().map(|spec| spec.parse::<FaultSpec>().unwrap()).collect(),
            seed: 42,
            nz_srs,
            ..Options::default()
        })
        .await
        .unwrap();
        Self { sandbox, _directory: directory }
    }

    pub fn ready(&self) -> &Value {
        &self.sandbox.ready()["nz_srs"]
    }

    /// The secret key of a registrar.
    pub fn key(&self, id: &str) -> String {
        let accounts = self.ready()["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|account| account["registrar_id"] == id).unwrap();
        std::fs::read_to_string(account["secret_key"].as_str().unwrap()).unwrap()
    }

    pub fn registry_key(&self) -> String {
        std::fs::read_to_string(self.ready()["registry_key"].as_str().unwrap()).unwrap()
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = self.sandbox.ready()["control"].as_str().unwrap();
        control::ordered(url, method, path, body).await
    }

    pub async fn days(&self, days: i64) {
        self.control("POST", "/clock", &json!({ "advance_days": days })).await;
    }

    /// What control knows of a domain.
    pub async fn domain(&self, name: &str) -> Value {
        let objects = self.control("GET", "/objects", &Value::Null).await;
        let domains = objects["nz_srs"]["domains"].as_array().unwrap().clone();
        domains.into_iter().find(|domain| domain["domain"] == name).unwrap_or(Value::Null)
    }

    pub async fn https(&self) -> TlsStream<TcpStream> {
        let url = self.ready()["url"].as_str().unwrap();
        let address = url.strip_prefix("https://").unwrap().split('/').next().unwrap();
        let ca = self.sandbox.ready()["ca"].as_str().unwrap();
        let config = registrard::net::tls::client(Some(std::path::Path::new(ca))).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::clone(&config)).connect(name, stream).await.unwrap()
    }

    /// Actions of registrar 90 in one document, on a connection of their own; the answer has to come whole.
    pub async fn ask(&self, actions: &str) -> Answer {
        self.ask_as("90", actions).await
    }

    pub async fn ask_as(&self, id: &str, actions: &str) -> Answer {
        self.post(&form(id, &request(actions), &self.key(id))).await
    }

    /// Posts a form; the answer has to be signed by the registry and valid.
    pub async fn post(&self, form: &str) -> Answer {
        let mut stream = self.https().await;
        send(&mut stream, form).await;
        let answer = receive(&mut stream).await.expect("an answer");
        assert!(answer.is_signed_by(&self.registry_key()), "{}", answer.text);
        answer.valid()
    }

    /// An action that fails with this error.
    pub async fn refused(&self, id: &str, action: &str) -> Answer {
        let answer = self.ask(action).await;
        assert_eq!(answer.error(), id, "{}\nto\n{action}", answer.text);
        answer
    }

    /// An action that does not fail.
    pub async fn done(&self, action: &str) -> Answer {
        let answer = self.ask(action).await;
        assert!(!answer.text.contains("<Error "), "{}\nto\n{action}", answer.text);
        answer
    }

    /// Objects of effects of this kind, in their order.
    pub fn effects(&self, kind: &str) -> Vec<String> {
        let ledger = self.sandbox.ledger();
        ledger.effects.iter().filter(|e| e.kind == kind).map(|e| e.object.clone()).collect()
    }
}

/// Options without the lock of a second, for tests that are about other things.
pub fn free() -> NzOptions {
    NzOptions { lock: std::time::Duration::ZERO, ..NzOptions::default() }
}

/// A sandbox within the process, and its keys.
pub struct Local {
    pub sandbox: LocalSandbox,
}

impl Local {
    pub fn new(options: NzOptions, begin: &str) -> Self {
        Self { sandbox: Sandbox::local_nz_srs(options, 42, Vec::new(), begin.parse().unwrap()) }
    }

    pub async fn ask(&self, actions: &str) -> Answer {
        let ready = &self.sandbox.ready()["nz_srs"];
        let key = ready["accounts"][0]["secret_key"].as_str().unwrap();
        let at = SystemTime::from(self.sandbox.now());
        let mut stream = self.sandbox.connect();
        send(&mut stream, &form_at("90", &request(actions), key, at)).await;
        let answer = receive(&mut stream).await.expect("an answer").valid();
        assert!(answer.is_signed_at(ready["registry_key"].as_str().unwrap(), at), "{}", answer.text);
        answer
    }
}

/// A document of version 8.
pub fn request(actions: &str) -> String {
    format!("<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\">{actions}</NZSRSRequest>")
}

/// A form with a document signed by a key.
pub fn form(id: &str, document: &str, key: &str) -> String {
    form_at(id, document, key, SystemTime::now())
}

fn form_at(id: &str, document: &str, key: &str, at: SystemTime) -> String {
    let signature = sign(document.as_bytes(), key, at);
    format!("n={id}&r={}&s={}", encoded(document.as_bytes()), encoded(signature.as_bytes()))
}

/// As most libraries encode it.
pub fn encoded(bytes: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => char::from(*byte).to_string(),
        b' ' => "+".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}

pub fn sign(bytes: &[u8], key: &str, at: SystemTime) -> String {
    use openpgp::serialize::stream::{Armorer, Message, Signer};
    let policy = openpgp::policy::StandardPolicy::new();
    let cert = openpgp::Cert::from_bytes(key.as_bytes()).unwrap();
    let keys = cert.keys().with_policy(&policy, at).secret().for_signing();
    let pair = { keys }.next().unwrap().key().clone().into_keypair().unwrap();
    let mut armored = Vec::new();
    let message = Armorer::new(Message::new(&mut armored)).kind(openpgp::armor::Kind::Signature).build().unwrap();
    let mut signer = Signer::new(message, pair).unwrap().creation_time(at).detached().build().unwrap();
    signer.write_all(bytes).unwrap();
    signer.finalize().unwrap();
    String::from_utf8(armored).unwrap()
}

pub async fn send(stream: &mut (impl AsyncWrite + Unpin), form: &str) {
    send_as(stream, "application/x-www-form-urlencoded", form).await;
}

pub async fn send_as(stream: &mut (impl AsyncWrite + Unpin), mime: &str, form: &str) {
    let head = format!(
        "POST /srs/registrar HTTP/1.1\r\nHost: srs.example\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(format!("{head}{form}").as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// The next answer; `None` if the connection ends before or within it, or what comes is no form.
pub async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Option<Answer> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: application/x-www-form-urlencoded\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    let field = |name: &str| {
        let found = body.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        found.map(|value| String::from_utf8(decoded(value)).unwrap())
    };
    let (text, signature) = (field("r")?, field("s"));
    Some(Answer { body: body.clone(), text, signature })
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                at += 3;
                continue;
            }
            b'+' => out.push(b' '),
            byte => out.push(byte),
        }
        at += 1;
    }
    out
}

/// An answer as text, searched as text.
#[derive(Clone, Debug)]
pub struct Answer {
    pub body: String,
    pub text: String,
    pub signature: Option<String>,
}

impl Answer {
    /// The answer, having been held against the DTD.
    pub fn valid(self) -> Self {
        let mut child = Command::new("xmllint")
            .args(["--noout", "--nonet", "--dtdvalid", DTD, "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xmllint (libxml2-utils) is needed");
        child.stdin.take().unwrap().write_all(self.text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), self.text);
        self
    }

    pub fn is_signed_by(&self, key: &str) -> bool {
        self.is_signed_at(key, SystemTime::now())
    }

    pub fn is_signed_at(&self, key: &str, at: SystemTime) -> bool {
        use openpgp::parse::stream::DetachedVerifierBuilder;
        let Some(signature) = &self.signature else { return false };
        let policy = openpgp::policy::StandardPolicy::new();
        let helper = Helper(openpgp::Cert::from_bytes(key.as_bytes()).unwrap());
        let verifier = DetachedVerifierBuilder::from_bytes(signature.as_bytes()).unwrap();
        let Ok(mut verifier) = verifier.with_policy(&policy, at, helper) else { return false };
        verifier.verify_bytes(self.text.as_bytes()).is_ok()
    }

    /// The tags of this name, from `<` to `>`.
    pub fn tags(&self, name: &str) -> Vec<&str> {
        let start = format!("<{name}");
        let found = self.text.match_indices(&start).map(|(at, _)| &self.text[at..]);
        let is_it = |rest: &&str| rest[start.len()..].starts_with([' ', '/', '>']);
        found.filter(is_it).map(|rest| rest.split_inclusive('>').next().unwrap()).collect()
    }

    /// An attribute of the first tag of this name; empty if there is none.
    pub fn value(&self, tag: &str, attribute: &str) -> String {
        self.tags(tag).first().map(|tag| attribute_of(tag, attribute)).unwrap_or_default()
    }

    /// An attribute of all tags of this name.
    pub fn values(&self, tag: &str, attribute: &str) -> Vec<String> {
        self.tags(tag).iter().map(|tag| attribute_of(tag, attribute)).collect()
    }

    /// The first text in CDATA in an element of this name.
    pub fn cdata(&self, name: &str) -> String {
        self.cdatas(name).into_iter().next().unwrap_or_default()
    }

    pub fn cdatas(&self, name: &str) -> Vec<String> {
        let start = format!("<{name}>");
        let inner = |part: &str| part.split_once("<![CDATA[").unwrap().1.split("]]>").next().unwrap().trim().to_owned();
        self.text.split(&start).skip(1).map(inner).collect()
    }

    /// The id of the first error; empty if there is none.
    pub fn error(&self) -> String {
        self.value("Error", "ErrorId")
    }

    /// Whether the error stands for the whole document.
    pub fn is_top(&self) -> bool {
        self.text.contains("VerMinor=\"0\"><Error ")
    }

    /// What an element says of a date: `2019-12-04 14:32:35 +13:00`.
    pub fn date(&self, name: &str) -> String {
        let value = |attribute: &str| self.value(name, attribute);
        let two = |attribute: &str| format!("{:0>2}", value(attribute));
        format!(
            "{}-{}-{} {}:{}:{} {}",
            value("Year"),
            two("Month"),
            two("Day"),
            two("Hour"),
            two("Minute"),
            two("Second"),
            value("TimeZoneOffset")
        )
    }
}

fn attribute_of(tag: &str, attribute: &str) -> String {
    let Some((_, rest)) = tag.split_once(&format!(" {attribute}=\"")) else { return String::new() };
    rest.split('"').next().unwrap().to_owned()
}

struct Helper(openpgp::Cert);

impl openpgp::parse::stream::VerificationHelper for Helper {
    fn get_certs(&mut self, _: &[openpgp::KeyHandle]) -> openpgp::Result<Vec<openpgp::Cert>> {
        Ok(vec![self.0.clone()])
    }

    fn check(&mut self, structure: openpgp::parse::stream::MessageStructure<'_>) -> openpgp::Result<()> {
        for layer in structure {
            if let openpgp::parse::stream::MessageLayer::SignatureGroup { results } = layer {
                for result in results {
                    result.map_err(|error| std::io::Error::other(error.to_string()))?;
                }
            }
        }
        Ok(())
    }
}

pub const ADDRESS: &str = "<PostalAddress Address1=\"14 Rural Street\" Address2=\"Suburbia\" City=\"Wellington\" CountryCode=\"NZ\" PostalCode=\"6135\"/>";

/// A contact in full.
pub fn contact(name: &str) -> String {
    format!(
        "<{name} Name=\"Owen Owner\" Email=\"owen@example.org\">{ADDRESS}<Phone CountryCode=\"64\" AreaCode=\"4\" LocalNumber=\"111234\"/>\
         <Fax CountryCode=\"64\" AreaCode=\"4\" LocalNumber=\"111235\"/></{name}>"
    )
}

/// DomainCreate with more attributes and more children.
pub fn create_with(name: &str, attributes: &str, children: &str) -> String {
    format!(
        "<DomainCreate ActionId=\"create-{name}\" DomainName=\"{name}\" {attributes}>{}{children}</DomainCreate>",
        contact("RegistrantContact")
    )
}

/// DomainCreate for a year.
pub fn create(name: &str) -> String {
    create_with(name, "Term=\"12\"", "")
}

/// DomainUpdate.
pub fn update(id: &str, name: &str, attributes: &str, children: &str) -> String {
    format!(
        "<DomainUpdate ActionId=\"{id}\" {attributes}><DomainNameFilter>{name}</DomainNameFilter>{children}</DomainUpdate>"
    )
}

pub fn whois(name: &str) -> String {
    format!("<Whois QryId=\"w\" DomainName=\"{name}\" FullResult=\"0\"/>")
}

/// What is in the queue.
pub const POLL: &str = "<GetMessages QryId=\"gm-1\" QueueMode=\"1\"/>";
