//! The registries' server side, for demo and tests: real TLS, real limits, real state, faults on purpose, and a ledger
//! that tells what really happened.
//!
//! One folder per registry; beside them what they share: clock, limits, ledger, faults, TLS and control.

mod clock;
mod control;
mod denic_rri;
mod dice;
mod faults;
mod holds;
mod http;
mod ledger;
mod limits;
mod link;
mod nz_srs;
mod opensrs;
mod rrp;
mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use denic_rri::{DenicOptions, Environment, Manner};
pub use faults::{FaultKind, FaultSpec, SYNTAX as FAULT_SYNTAX};
pub use ledger::{EffectRecord, Ledger, RequestRecord};
pub use nz_srs::{NzOptions, Quirk};
pub use opensrs::{OpensrsOptions, System};
pub use rrp::{RrpDays, RrpOptions, RrpStyle, RrpVersion, TransferDecision};

use clock::Clock;
use faults::Faults;

/// Registries that can be served.
pub const REGISTRIES: &[&str] = &["denic-rri", "opensrs", "nz-srs", "rrp"];

/// Places of the ports behind the first. They do not depend on which registries are served.
mod port {
    pub(super) const CONTROL: u16 = 0;
    pub(super) const DENIC_RRI: u16 = 1;
    pub(super) const OPENSRS_HTTPS: u16 = 2;
    pub(super) const OPENSRS_TCP: u16 = 3;
    pub(super) const NZ_SRS: u16 = 4;
    pub(super) const RRP: u16 = 5;
}

/// Longest wait for connections to end when the sandbox stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What to serve and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names from [`REGISTRIES`]; `all` means every one.
    pub registries: Vec<String>,
    /// Where `ca.pem` and the like are written.
    pub state_dir: PathBuf,
    /// First of the ports: control, then DENIC RRI, OpenSRS over HTTPS and over TCP, NZ SRS, RRP. Free ports if none.
    pub port_base: Option<u16>,
    /// Faults from the start.
    pub faults: Vec<FaultSpec>,
    /// Decides what chance decides: passwords, ids, faults.
    pub seed: u64,
    /// How DENIC RRI is set up.
    pub denic: DenicOptions,
    /// How OpenSRS is set up.
    pub opensrs: OpensrsOptions,
    /// How NZ SRS is set up.
    pub nz_srs: NzOptions,
    /// How RRP is set up.
    pub rrp: RrpOptions,
}

/// A running sandbox. Dropping it stops it too, without waiting.
pub struct Sandbox {
    shared: Arc<Shared>,
    ready: Value,
    _stop: DropGuard,
}

/// What the registries and the control interface have in common.
struct Shared {
    clock: Clock,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
    seed: u64,
    sessions: AtomicU64,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Shared {
    fn new(clock: Clock, seed: u64, specs: Vec<FaultSpec>) -> Self {
        let mut faults = Faults::new(seed);
        faults.add(specs);
        Self {
            clock,
            ledger: Mutex::default(),
            faults: Mutex::new(faults),
            seed,
            sessions: AtomicU64::new(0),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// A number for a connection.
    fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What control needs of a registry.
trait Registry: Send + Sync {
    /// Its key in the ready line, and what clients need to know.
    fn ready(&self) -> (&'static str, Value);
    /// Its accounts and objects.
    fn objects(&self) -> Value;
    /// Lets everything happen that is due by now, and says how much that was.
    fn catch_up(&self) -> usize;
    /// Marks a domain as only the registry can; `None` if it has no such domain.
    fn mark_domain(&self, order: &Value) -> Option<Result<Value, String>>;
    /// Changes what only the registry's own staff can change of an account; `None` if it is not one of its accounts.
    fn mark_account(&self, _order: &Value) -> Option<Result<Value, String>> {
        None
    }
    /// Puts a message into an account's queue; `None` if it is not one of its accounts.
    fn put_message(&self, account: &str, message: &Value) -> Option<Result<Value, String>>;
}

impl Sandbox {
    /// Starts to serve; connections are accepted when it returns.
    ///
    /// # Errors
    /// Says which registry is unknown, or what could not be opened or written.
    pub async fn start(options: Options) -> Result<Self, String> {
        let wanted = |name: &str| options.registries.iter().any(|asked| asked == name || asked == "all");
        if let Some(unknown) = options.registries.iter().find(|r| *r != "all" && !REGISTRIES.contains(&r.as_str())) {
            return Err(format!("the sandbox has no registry `{}`", unknown.escape_default()));
        }
        let authority = tls::Authority::create(&options.state_dir)?;
        let acceptor = TlsAcceptor::from(Arc::clone(&authority.server));
        let shared = Arc::new(Shared::new(Clock::new(), options.seed, options.faults));
        let stop = shared.stop.clone().drop_guard();

        let control = bind(options.port_base, port::CONTROL).await?;
        let mut ready = json!({
            "ready": true,
            "ca": authority.ca_file,
            "control": format!("http://{}", address(&control)?),
        });
        let mut registries: Vec<Arc<dyn Registry>> = Vec::new();
        if wanted(denic_rri::NAME) {
            let listener = bind(options.port_base, port::DENIC_RRI).await?;
            let server = denic_rri::Server::new(options.denic, Arc::clone(&shared), address(&listener)?);
            let server = Arc::new(server);
            shared.tasks.spawn(denic_rri::listen(Arc::clone(&server), listener, acceptor.clone()));
            registries.push(server);
        }
        if wanted(opensrs::NAME) {
            let https = bind(options.port_base, port::OPENSRS_HTTPS).await?;
            let tcp = bind(options.port_base, port::OPENSRS_TCP).await?;
            let (at, tcp_at) = (address(&https)?, address(&tcp)?);
            let server = Arc::new(opensrs::Server::new(options.opensrs, Arc::clone(&shared), at, tcp_at));
            shared.tasks.spawn(opensrs::listen_https(Arc::clone(&server), https, acceptor.clone()));
            shared.tasks.spawn(opensrs::listen_tcp(Arc::clone(&server), tcp));
            registries.push(server);
        }
        if wanted(nz_srs::NAME) {
            let listener = bind(options.port_base, port::NZ_SRS).await?;
            let directory = authority.ca_file.with_file_name(nz_srs::NAME);
            let set = NzOptions { directory: Some(directory), ..options.nz_srs };
            let server = Arc::new(nz_srs::Server::new(set, Arc::clone(&shared), address(&listener)?));
            server.write_keys()?;
            shared.tasks.spawn(nz_srs::listen(Arc::clone(&server), listener, acceptor.clone()));
            registries.push(server);
        }
        if wanted(rrp::NAME) {
            let listener = bind(options.port_base, port::RRP).await?;
            let server = Arc::new(rrp::Server::new(options.rrp, Arc::clone(&shared), address(&listener)?));
            shared.tasks.spawn(rrp::listen(Arc::clone(&server), listener, acceptor.clone()));
            registries.push(server);
        }
        for registry in &registries {
            let (key, value) = registry.ready();
            ready[key] = value;
        }
        shared.tasks.spawn(control::serve(control, Arc::clone(&shared), registries));
        Ok(Self { shared, ready, _stop: stop })
    }

    /// DENIC RRI within this process: no listener, no TLS, no control, and a clock that shows `begin` now and goes with the
    /// runtime's time, paused or not.
    #[must_use]
    pub fn local(options: DenicOptions, seed: u64, faults: Vec<FaultSpec>, begin: Timestamp) -> LocalSandbox {
        let shared = Arc::new(Shared::new(Clock::starting(begin), seed, faults));
        let server = Arc::new(denic_rri::Server::new(options, Arc::clone(&shared), NOWHERE));
        let ready = server.ready();
        LocalSandbox::new(shared, ready, move || denic_rri::connect(&server))
    }

    /// The same for OpenSRS: its HTTP without TLS.
    #[must_use]
    pub fn local_opensrs(options: OpensrsOptions, seed: u64, faults: Vec<FaultSpec>, begin: Timestamp) -> LocalSandbox {
        let shared = Arc::new(Shared::new(Clock::starting(begin), seed, faults));
        let server = Arc::new(opensrs::Server::new(options, Arc::clone(&shared), NOWHERE, NOWHERE));
        let ready = server.ready();
        LocalSandbox::new(shared, ready, move || opensrs::connect(&server))
    }

    /// The same for NZ SRS: its HTTP without TLS, its keys in the ready line.
    #[must_use]
    pub fn local_nz_srs(options: NzOptions, seed: u64, faults: Vec<FaultSpec>, begin: Timestamp) -> LocalSandbox {
        let shared = Arc::new(Shared::new(Clock::starting(begin), seed, faults));
        let server = Arc::new(nz_srs::Server::new(options, Arc::clone(&shared), NOWHERE));
        let ready = server.ready();
        LocalSandbox::new(shared, ready, move || nz_srs::connect(&server))
    }

    /// The same for RRP, without TLS.
    #[must_use]
    pub fn local_rrp(options: RrpOptions, seed: u64, faults: Vec<FaultSpec>, begin: Timestamp) -> LocalSandbox {
        let shared = Arc::new(Shared::new(Clock::starting(begin), seed, faults));
        let server = Arc::new(rrp::Server::new(options, Arc::clone(&shared), NOWHERE));
        let ready = server.ready();
        LocalSandbox::new(shared, ready, move || rrp::connect(&server))
    }

    /// The ready line: where everything is, and the accounts.
    #[must_use]
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// What happened so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        lock(&self.shared.ledger).clone()
    }

    /// Ends all connections and waits until they have ended.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        let _ = tokio::time::timeout(STOP_PATIENCE, self.shared.tasks.wait()).await;
    }
}

/// A sandbox within the process.
pub struct LocalSandbox {
    sandbox: Sandbox,
    connect: Box<dyn Fn() -> DuplexStream + Send + Sync>,
}

/// The address of what does not listen.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl LocalSandbox {
    fn new(
        shared: Arc<Shared>,
        (key, value): (&'static str, Value),
        connect: impl Fn() -> DuplexStream + Send + Sync + 'static,
    ) -> Self {
        let stop = shared.stop.clone().drop_guard();
        let ready = json!({ "ready": true, key: value });
        Self { sandbox: Sandbox { shared, ready, _stop: stop }, connect: Box::new(connect) }
    }

    /// A new connection to the registry.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        (self.connect)()
    }

    /// The sandbox's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.sandbox.shared.clock.now()
    }
}

impl std::ops::Deref for LocalSandbox {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

async fn bind(base: Option<u16>, offset: u16) -> Result<TcpListener, String> {
    let port = match base {
        Some(base) => base.checked_add(offset).ok_or("the ports would pass 65535")?,
        None => 0,
    };
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("cannot listen on port {port}: {error}"))
}

fn address(listener: &TcpListener) -> Result<SocketAddr, String> {
    listener.local_addr().map_err(|error| format!("a listener has no address: {error}"))
}

/// Locks; a panic elsewhere does not stop the sandbox.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
