//! The service manager (`Type=notify`): ready, alive, what we are doing, please wait, going. Without one every call
//! does nothing.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use sd_notify::NotifyState;

/// The way to the service manager.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    socket: Option<OsString>,
    watchdog: Option<Duration>,
}

impl Notify {
    /// As the process's environment says (`$NOTIFY_SOCKET`, `$WATCHDOG_USEC`).
    #[must_use]
    pub fn from_env() -> Self {
        Self { socket: std::env::var_os("NOTIFY_SOCKET"), watchdog: sd_notify::watchdog_enabled() }
    }

    /// To this socket; `watchdog` is the time after which a silent daemon is killed.
    #[must_use]
    pub fn to(socket: impl Into<OsString>, watchdog: Option<Duration>) -> Self {
        Self { socket: Some(socket.into()), watchdog }
    }

    /// How often [`Notify::alive`] must be called: half the time after which the manager loses patience.
    #[must_use]
    pub fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Start-up is complete.
    pub fn ready(&self, status: &str) {
        self.send(&[NotifyState::Ready, NotifyState::Status(&line(status))]);
    }

    /// One line for `systemctl status`.
    pub fn status(&self, status: &str) {
        self.send(&[NotifyState::Status(&line(status))]);
    }

    /// Still alive. Call it only after a look at the store has ended, well or badly: a bare timer would keep a stuck daemon
    /// up.
    pub fn alive(&self) {
        self.send(&[NotifyState::Watchdog]);
    }

    /// Going; the manager must not kill for this long. That is more than `daemon.stop_seconds`, which only what is on the
    /// wire gets: sessions log out, outcomes are committed, events leave and leases are given back after it, so the caller
    /// adds 30 s.
    pub fn stopping(&self, patience: Duration) {
        let microseconds = u32::try_from(patience.as_micros()).unwrap_or(u32::MAX);
        self.send(&[
            NotifyState::Stopping,
            NotifyState::Status("stopping: waiting for answers from the registries"),
            NotifyState::ExtendTimeoutUsec(microseconds),
        ]);
    }

    /// Start-up or stop needs this much longer, counted from now (migrations, a long answer).
    pub fn extend(&self, by: Duration) {
        let microseconds = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
        self.send(&[NotifyState::ExtendTimeoutUsec(microseconds)]);
    }

    /// A manager that cannot be reached is no reason to stop working, so an error is only logged.
    fn send(&self, states: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let mut message = String::new();
        for state in states {
            let _ = writeln!(message, "{state}");
        }
        let sent =
            address(socket).and_then(|address| UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address));
        if let Err(error) = sent {
            tracing::warn!(%error, "the service manager cannot be told anything");
        }
    }
}

/// `@name` is an abstract socket, everything else a path.
fn address(socket: &OsString) -> std::io::Result<SocketAddr> {
    match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(socket),
    }
}

/// A line end would begin a new assignment.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
