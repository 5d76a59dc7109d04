//! A TCP proxy on loopback that breaks the network between two processes: connections reset, bytes held back, one way dead.
//!
//! What it holds back is bounded: one buffer for each way of each connection, and what the kernel keeps before it stops
//! the sender.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Bytes taken from one side before the other side has them.
const BUFFER: usize = 16 * 1024;

/// A way through the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

/// What becomes of connections and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All is well.
    Forward,
    /// Every connection is reset, also each new one.
    Cut,
    /// Connections stay open and new ones are accepted; nothing gets through until the mode changes. Then all of it does,
    /// unless the connections are cut first: then what was held is lost.
    Stall,
    /// Only what goes this way gets through; the other way is stalled, so that requests arrive and answers do not, or the
    /// other way round.
    OneWay(Way),
}

impl Mode {
    fn lets_through(self, way: Way) -> bool {
        match self {
            Self::Forward => true,
            Self::Cut | Self::Stall => false,
            Self::OneWay(open) => open == way,
        }
    }
}

/// The mode, and how often all connections were cut: a connection that sees the number change is one of those.
#[derive(Clone, Copy, Debug)]
struct State {
    mode: Mode,
    cuts: u64,
}

/// A running proxy; dropping it resets everything that goes through it.
pub struct Proxy {
    /// Where clients connect to.
    pub address: SocketAddr,
    state: watch::Sender<State>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target` (`host:port`), which need not be there yet.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().unwrap();
        let state = watch::Sender::new(State { mode: Mode::Forward, cuts: 0 });
        let listener = tokio::spawn(listen(listener, target.to_owned(), state.clone()));
        Self { address, state, listener }
    }

    /// From now on.
    pub fn set(&self, mode: Mode) {
        // A cut counts even if the next mode is there before a connection has looked.
        let cuts = u64::from(mode == Mode::Cut);
        self.state.send_modify(|state| *state = State { mode, cuts: state.cuts + cuts });
    }

    /// Resets all connections there are now, with what is held of them. The mode stays.
    pub fn cut_all(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(listener: TcpListener, target: String, state: watch::Sender<State>) {
    // Dropped with this task, and all of them with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An error is the client's, gone before it was accepted, or a lack of descriptors that passes.
                let Ok((client, _)) = accepted else {
                    tokio::task::yield_now().await;
                    continue;
                };
                connections.spawn(carry(client, target.clone(), state.subscribe()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection until it ends. If it was cut or broke on one side, both sides are reset.
async fn carry(mut client: TcpStream, target: String, state: watch::Receiver<State>) {
    let begun = state.borrow().cuts;
    let mut cut = state.clone();
    let mut server = None;
    let whole = tokio::select! {
        carried = pass(&mut client, &mut server, &target, state) => carried.is_ok(),
        _ = cut.wait_for(|now| now.mode == Mode::Cut || now.cuts != begun) => false,
    };
    if !whole {
        for side in [Some(client), server].into_iter().flatten() {
            // Closed with what is still on its way thrown away, which the other end sees as a reset.
            side.set_zero_linger().ok();
        }
    }
}

async fn pass(
    client: &mut TcpStream,
    server: &mut Option<TcpStream>,
    target: &str,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    // Whoever is not let through has connected all the same: the kernel answered for this side.
    opened(&mut state, Way::ToServer).await;
    let server = server.insert(TcpStream::connect(target).await?);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let there = pump(from_client, to_server, Way::ToServer, state.clone());
    let back = pump(from_server, to_client, Way::ToClient, state);
    tokio::try_join!(there, back).map(|_| ())
}

/// Hands on what comes, and at last that nothing comes any more.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    way: Way,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await;
        // Also the end and the reset of a connection are told only to whom something gets through.
        opened(&mut state, way).await;
        match read? {
            0 => return to.shutdown().await,
            length => to.write_all(&buffer[..length]).await?,
        }
    }
}

/// Waits until a way is open. A proxy that is gone ends its connections itself.
async fn opened(state: &mut watch::Receiver<State>, way: Way) {
    state.wait_for(|now| now.mode.lets_through(way)).await.ok();
}
