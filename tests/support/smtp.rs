//! A mail server in the test's own process that speaks just enough SMTP, with a certificate of its own authority. It does
//! one thing wrong if it is told to, and keeps what it took.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Fine,
    /// Accepts connections and says nothing, ever.
    Silent,
    /// Has no STARTTLS.
    Plain,
    /// Does not know the user.
    RefusesLogin,
    /// Does not know the receiver.
    RefusesReceiver,
    /// Has no room left just now.
    Full,
    /// Takes the whole e-mail and hangs up without a word.
    HangsUp,
}

/// What it took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Every command, in order; what a login says is left out.
    pub commands: Vec<String>,
    /// What came after DATA, with the doubled dots undone.
    pub mails: Vec<String>,
    /// What came with AUTH PLAIN, in base64.
    pub login: Option<String>,
}

/// The running server; it ends with the test's runtime.
pub struct Smtp {
    pub address: SocketAddr,
    pub ca_file: PathBuf,
    pub taken: Arc<Mutex<Taken>>,
}

impl Smtp {
    /// Listens on loopback. `implicit`: TLS from the first byte.
    pub async fn start(directory: &Path, implicit: bool, mood: Mood) -> Self {
        let (ca_file, config) = authority(directory);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Taken::default()));
        let (tls, kept) = (TlsAcceptor::from(config), taken.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, tls.clone(), implicit, mood, kept.clone()));
            }
        });
        Self { address, ca_file, taken }
    }

    pub fn taken(&self) -> Taken {
        self.taken.lock().unwrap().clone()
    }
}

fn authority(directory: &Path) -> (PathBuf, Arc<ServerConfig>) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&params, &ca_key)).unwrap();
    let ca_file = directory.join("mail-ca.pem");
    std::fs::write(&ca_file, ca.pem()).unwrap();
    registrard::net::tls::install_provider();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf.der().clone()], private);
    (ca_file, Arc::new(config.unwrap()))
}

/// One connection. Whatever breaks ends it.
async fn converse(stream: TcpStream, tls: TlsAcceptor, implicit: bool, mood: Mood, taken: Arc<Mutex<Taken>>) {
    if mood == Mood::Silent {
        // Kept open until the client has had enough.
        let _ = BufReader::new(stream).read_line(&mut String::new()).await;
        return;
    }
    let mut server = Conversation { mood, encrypted: implicit, taken };
    if implicit {
        let Ok(stream) = tls.accept(stream).await else { return };
        server.serve(stream, true).await;
    } else if let Some(stream) = server.serve(stream, true).await {
        let Ok(stream) = tls.accept(stream).await else { return };
        server.encrypted = true;
        server.serve(stream, false).await;
    }
}

struct Conversation {
    mood: Mood,
    encrypted: bool,
    taken: Arc<Mutex<Taken>>,
}

impl Conversation {
    /// Answers until the end, or until TLS is to begin, and then gives the stream back.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: S, greet: bool) -> Option<S> {
        let mut stream = BufReader::new(stream);
        if greet {
            stream.write_all(b"220 mail.example.net\r\n").await.ok()?;
        }
        loop {
            let line = line(&mut stream).await?;
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            let shown = if verb == "AUTH" { "AUTH".to_owned() } else { line.clone() };
            self.taken.lock().unwrap().commands.push(shown);
            let answer = match verb.as_str() {
                "EHLO" => self.features(),
                "STARTTLS" => "220 go ahead\r\n".into(),
                "AUTH" if self.mood == Mood::RefusesLogin => "535 who are you?\r\n".into(),
                "AUTH" => {
                    self.taken.lock().unwrap().login = line.split(' ').nth(2).map(str::to_owned);
                    "235 welcome\r\n".into()
                }
                "RCPT" if self.mood == Mood::RefusesReceiver => "550 no such user here\r\n".into(),
                "RCPT" if self.mood == Mood::Full => "452 no room left\r\n".into(),
                "DATA" => "354 go ahead\r\n".into(),
                "QUIT" => "221 bye\r\n".into(),
                _ => "250 fine\r\n".into(),
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
            stream.flush().await.ok()?;
            match verb.as_str() {
                "STARTTLS" => return Some(stream.into_inner()),
                "QUIT" => return None,
                "DATA" => {
                    let mail = self.mail(&mut stream).await?;
                    self.taken.lock().unwrap().mails.push(mail);
                    if self.mood == Mood::HangsUp {
                        return None;
                    }
                    stream.write_all(b"250 queued as 4711\r\n").await.ok()?;
                    stream.flush().await.ok()?;
                }
                _ => {}
            }
        }
    }

    fn features(&self) -> String {
        let starttls = !self.encrypted && self.mood != Mood::Plain;
        let more = if starttls { "250-STARTTLS\r\n" } else { "250-AUTH PLAIN LOGIN\r\n" };
        format!("250-mail.example.net\r\n{more}250 SIZE 1000000\r\n")
    }

    async fn mail<S: AsyncRead + Unpin>(&self, stream: &mut BufReader<S>) -> Option<String> {
        let mut mail = String::new();
        loop {
            let line = line(stream).await?;
            if line == "." {
                return Some(mail);
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push_str("\r\n");
        }
    }
}

/// A line without its end; nothing at the end of the stream.
async fn line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
