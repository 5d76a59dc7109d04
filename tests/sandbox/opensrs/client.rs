//! A client of its own for OpenSRS: text pasted together, MD5 twice, HTTP by hand, Crypt::CBC for the socket. It shares no code
//! with the sandbox's wire or ours.

use std::sync::Arc;

use blowfish::Blowfish;
use blowfish::cipher::block_padding::Pkcs7;
use blowfish::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use des::Des;
use md5::{Digest, Md5};
use registrard::sandbox::{FaultSpec, OpensrsOptions, Options, Sandbox};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::control;

/// A sandbox that plays OpenSRS.
pub struct World {
    pub sandbox: Sandbox,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(OpensrsOptions::default(), &[]).await
    }

    pub async fn with(opensrs: OpensrsOptions, faults: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(Options {
            registries: vec!["opensrs".into()],
            state_dir: directory.path().to_owned(),
            port_base: None,
            faults: faults.iter().map(|spec| spec.parse::<FaultSpec>().unwrap()).collect(),
            seed: 42,
            opensrs,
            ..Options::default()
        })
        .await
        .unwrap();
        Self { sandbox, _directory: directory }
    }

    /// User name and private key, from the ready line.
    pub fn account(&self, n: usize) -> (String, String) {
        let account = &self.sandbox.ready()["opensrs"]["accounts"][n];
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        (text("username"), text("private_key"))
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
        let domains = objects["opensrs"]["domains"].as_array().unwrap().clone();
        domains.into_iter().find(|domain| domain["domain"] == name).unwrap_or(Value::Null)
    }

    pub async fn https(&self) -> TlsStream<TcpStream> {
        let url = self.sandbox.ready()["opensrs"]["https"].as_str().unwrap();
        let address = url.strip_prefix("https://").unwrap().trim_end_matches('/');
        let ca = self.sandbox.ready()["ca"].as_str().unwrap();
        let config = registrard::net::tls::client(Some(std::path::Path::new(ca))).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        TlsConnector::from(Arc::clone(&config)).connect(name, stream).await.unwrap()
    }

    /// A command on a connection of its own; the reply has to come whole.
    pub async fn ask(&self, text: &str) -> Reply {
        self.ask_as(0, text).await
    }

    pub async fn ask_as(&self, n: usize, text: &str) -> Reply {
        let (username, key) = self.account(n);
        let mut stream = self.https().await;
        post(&mut stream, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
        Reply(body(&mut stream).await.expect("a reply"))
    }

    /// A command whose reply has this code.
    pub async fn expect(&self, code: &str, text: &str) -> Reply {
        let reply = self.ask(text).await;
        assert_eq!(reply.code(), code, "{}\nto\n{text}", reply.0);
        reply
    }

    /// Objects of effects of this kind, in their order.
    pub fn effects(&self, kind: &str) -> Vec<String> {
        let ledger = self.sandbox.ledger();
        ledger.effects.iter().filter(|e| e.kind == kind).map(|e| e.object.clone()).collect()
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn signature(body: &[u8], key: &str) -> String {
    let inner = hex(&Md5::digest([body, key.as_bytes()].concat()));
    hex(&Md5::digest([inner.as_bytes(), key.as_bytes()].concat()))
}

pub async fn post(stream: &mut (impl AsyncWrite + Unpin), username: &str, signature: &str, body: &[u8]) {
    let head = format!(
        "POST / HTTP/1.1\r\nContent-Type: text/xml\r\nX-Username: {username}\r\nX-Signature: {signature}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    stream.flush().await.unwrap();
}

/// The body of the next answer; `None` if the connection ends before or within it, or what comes is no text.
pub async fn body(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    String::from_utf8(body).ok()
}

/// A reply as text, searched as text.
#[derive(Clone, Debug)]
pub struct Reply(pub String);

impl Reply {
    /// The first item of this key that holds text.
    pub fn item(&self, key: &str) -> String {
        let start = format!("<item key=\"{key}\">");
        let Some((_, rest)) = self.0.split_once(&start) else { return String::new() };
        rest.split('<').next().unwrap().trim().to_owned()
    }

    pub fn code(&self) -> String {
        self.item("response_code")
    }

    pub fn text(&self) -> String {
        self.item("response_text")
    }

    pub fn is_success(&self) -> bool {
        self.item("is_success") == "1"
    }

    /// All texts of items of this key.
    pub fn items(&self, key: &str) -> Vec<String> {
        let start = format!("<item key=\"{key}\">");
        self.0.split(&start).skip(1).map(|rest| rest.split('<').next().unwrap().trim().to_owned()).collect()
    }
}

/// A command with an object and attributes in XML.
pub fn command(action: &str, object: &str, attributes: &str) -> String {
    with_cookie(action, object, "", attributes)
}

pub fn with_cookie(action: &str, object: &str, cookie: &str, attributes: &str) -> String {
    let cookie = if cookie.is_empty() { String::new() } else { item("cookie", cookie) };
    format!(
        "<?xml version='1.0' encoding='UTF-8' standalone='no' ?>\n<!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'>\n\
         <OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc>\
         <item key=\"protocol\">XCP</item><item key=\"action\">{action}</item><item key=\"object\">{object}</item>{cookie}\
         <item key=\"attributes\"><dt_assoc>{attributes}</dt_assoc></item></dt_assoc></data_block></body></OPS_envelope>"
    )
}

pub fn item(key: &str, value: &str) -> String {
    format!("<item key=\"{key}\">{value}</item>")
}

/// Attributes from `key=value` words.
pub fn items(words: &str) -> String {
    words.split_whitespace().map(|word| word.split_once('=').unwrap()).map(|(key, value)| item(key, value)).collect()
}

/// A command about a domain.
pub fn domain(action: &str, words: &str) -> String {
    command(action, "DOMAIN", &items(words))
}

pub fn contact(first: &str, email: &str) -> String {
    let rest = items(
        "last_name=Owner address1=Oak_St_32 city=Toronto state=ON country=CA postal_code=M6K phone=+1.4165550123x19 org_name=Example",
    );
    format!("<dt_assoc>{}{}{rest}</dt_assoc>", item("first_name", first), item("email", email))
}

pub fn contacts() -> String {
    let of = |kind| item(kind, &contact("Owen", &format!("{kind}@example.org")));
    item("contact_set", &format!("<dt_assoc>{}</dt_assoc>", ["owner", "admin", "billing"].map(of).concat()))
}

/// SW_REGISTER for two years of a name; later words win.
pub fn register(name: &str, words: &str) -> String {
    let usual = items(&format!(
        "domain={name} reg_type=new period=2 handle=process reg_username=example01 reg_password=s3cretpw9 \
         custom_tech_contact=0 custom_nameservers=0 affiliate_id=job-{name}"
    ));
    command("SW_REGISTER", "DOMAIN", &format!("{usual}{}{}", items(words), contacts()))
}

pub fn renew(name: &str, year: &str) -> String {
    domain(
        "RENEW",
        &format!(
            "domain={name} currentexpirationyear={year} period=1 auto_renew=0 handle=process affiliate_id=again-{name}"
        ),
    )
}

/// The socket's side of it.
pub struct Socket {
    pub stream: TcpStream,
    cipher: &'static str,
    key: String,
}

impl Socket {
    /// Connects and introduces itself; the reply to the login is the second part. `None` if it was cut off before.
    pub async fn login(world: &World, n: usize, cipher: &'static str) -> Option<(Self, Reply)> {
        let (username, key) = world.account(n);
        Self::login_as(world, &username, &key, cipher).await
    }

    pub async fn login_as(world: &World, username: &str, key: &str, cipher: &'static str) -> Option<(Self, Reply)> {
        let stream = TcpStream::connect(world.sandbox.ready()["opensrs"]["tcp"].as_str().unwrap()).await.unwrap();
        let mut socket = Self { stream, cipher, key: key.to_owned() };
        let hello = String::from_utf8(socket.frame().await?).unwrap();
        assert!(hello.contains("OpenSRS SERVER") && hello.contains("XML:0.1"), "{hello}");
        let version =
            command("check", "version", &(item("sender", "OpenSRS CLIENT") + &items("version=XML:0.1 state=ready")));
        let user = items(&format!("crypt_type={cipher} username={username} password={username}"));
        socket.send(version.as_bytes()).await;
        socket.send(command("authenticate", "user", &user).as_bytes()).await;
        let challenge = socket.frame().await?;
        socket.seal_and_send(&Md5::digest(&challenge)).await;
        let reply = socket.opened().await?;
        Some((socket, Reply(reply)))
    }

    pub async fn ask(&mut self, text: &str) -> Option<Reply> {
        self.seal_and_send(text.as_bytes()).await;
        self.opened().await.map(Reply)
    }

    async fn send(&mut self, payload: &[u8]) {
        let head = format!("Content-Length: {}\r\n\r\n", payload.len());
        self.stream.write_all(&[head.as_bytes(), payload].concat()).await.unwrap();
    }

    pub async fn seal_and_send(&mut self, plain: &[u8]) {
        let iv = *b"12345678";
        let sealed = match self.cipher {
            "des" => cbc::Encryptor::<Des>::new_from_slices(&self.derived(8), &iv)
                .unwrap()
                .encrypt_padded_vec_mut::<Pkcs7>(plain),
            _ => cbc::Encryptor::<Blowfish>::new_from_slices(&self.derived(56), &iv)
                .unwrap()
                .encrypt_padded_vec_mut::<Pkcs7>(plain),
        };
        self.send(&[b"RandomIV".as_slice(), &iv, &sealed].concat()).await;
    }

    async fn opened(&mut self) -> Option<String> {
        let sealed = self.frame().await?;
        let (iv, text) = sealed.strip_prefix(b"RandomIV")?.split_at(8);
        let plain = match self.cipher {
            "des" => cbc::Decryptor::<Des>::new_from_slices(&self.derived(8), iv)
                .unwrap()
                .decrypt_padded_vec_mut::<Pkcs7>(text),
            _ => cbc::Decryptor::<Blowfish>::new_from_slices(&self.derived(56), iv)
                .unwrap()
                .decrypt_padded_vec_mut::<Pkcs7>(text),
        };
        String::from_utf8(plain.unwrap()).ok()
    }

    fn derived(&self, size: usize) -> Vec<u8> {
        let bytes = (0..self.key.len()).step_by(2).map(|at| u8::from_str_radix(&self.key[at..at + 2], 16).unwrap());
        let mut material = Md5::digest(bytes.collect::<Vec<_>>()).to_vec();
        while material.len() < size {
            material.extend(Md5::digest(material.clone()));
        }
        material.truncate(size);
        material
    }

    pub async fn frame(&mut self) -> Option<Vec<u8>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(payload)
    }
}
