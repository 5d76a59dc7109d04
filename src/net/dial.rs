//! How connections to a registry come about: TLS over TCP, or, in simulations, within the process.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::tls::Certificates;

/// An open connection. Dropped in whatever state, nothing of it that is still in flight arrives later.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections to one server. The caller bounds the time.
#[async_trait]
pub trait Dial: Send + Sync + 'static {
    /// A new connection.
    ///
    /// # Errors
    /// It cannot be had, or the server is not who it should be.
    async fn dial(&self) -> io::Result<Box<dyn Stream>>;

    /// When the first of the certificates ends that its connections depend on, as far as is known by now.
    fn valid_until(&self) -> Option<Timestamp> {
        None
    }
}

/// TLS over TCP. Such a connection dies by reset.
pub struct TlsDial {
    /// `host:port`.
    pub address: String,
    /// The name its certificate must have.
    pub server_name: ServerName<'static>,
    /// Whom to trust.
    pub config: Arc<ClientConfig>,
    /// The certificates its connections depend on.
    pub certificates: Certificates,
}

#[async_trait]
impl Dial for TlsDial {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::clone(&self.config)).connect(self.server_name.clone(), tcp).await?;
        let (tcp, tls) = stream.get_ref();
        tcp.set_zero_linger()?;
        self.certificates.see(tls.peer_certificates().unwrap_or_default());
        Ok(Box::new(stream))
    }

    fn valid_until(&self) -> Option<Timestamp> {
        self.certificates.until()
    }
}

/// TCP as it is, for protocols that bring a cipher of their own. Such a connection dies by reset.
pub struct TcpDial {
    /// `host:port`.
    pub address: String,
}

#[async_trait]
impl Dial for TcpDial {
    async fn dial(&self) -> io::Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect(&self.address).await?;
        tcp.set_nodelay(true)?;
        tcp.set_zero_linger()?;
        Ok(Box::new(tcp))
    }
}
