//! NZ SRS, the server's side.
//!
//! A request goes `https` → `admission` (form, registrar, signature, DTD, version) → `server` (one action after the other: replay,
//! permission, what a name asks for) → `commands` (a file for each group, over `state`) → `reply` → `wire` again, signed. `lifecycle`
//! lets happen what is due by the clock. What the reference leaves open is decided in the file concerned and said in
//! docs/testing.md.

mod admission;
mod codes;
mod commands;
mod control;
mod dates;
mod dtd;
mod https;
mod keys;
mod lifecycle;
mod names;
mod objects;
mod patterns;
mod ready;
mod reply;
mod run;
mod server;
mod state;
mod wire;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

pub(super) use https::{connect, listen};
pub(super) use server::{NAME, Server};

/// The front end that takes requests.
const FRONT_END: &str = "8";

/// A way of the registry's that a client has to bear with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Quirk {
    /// An error that stands for a whole document has no signature.
    UnsignedErrors,
    /// Offsets are `+1300`.
    ShortOffsets,
    /// Free text has blanks and line ends around it.
    PaddedText,
    /// `Rows` and `MoreRowsAvailable` are missing.
    NoRows,
    /// `Term` is 0 in every result.
    ZeroTerm,
    /// Messages of transfers have no `TransId`.
    NoTransId,
    /// ActionDetailsQry shows documents as they are, not form-encoded.
    PlainRaw,
    /// A change of somebody else's domain is `MISSING_MANDATORY_FIELD` with `UDAI`, not an empty result.
    ForeignIsError,
    /// Registrars may not lock.
    NoLock,
    /// ActionDetailsQry of an id that nobody knows is an error, not an empty result.
    UnknownActionIsError,
    /// New UDAIs are not put into the queue of who asked for them.
    QuietUdai,
}

/// How the registry is set up.
#[derive(Clone, Debug)]
pub struct NzOptions {
    /// How many registrars there are: 90 and so on.
    pub accounts: usize,
    /// Time in which a domain takes one write, in sandbox time.
    pub lock: Duration,
    /// Rows in an answer if a query does not say how many.
    pub page: usize,
    /// Longest document, in bytes.
    pub longest: usize,
    /// How long a write is worked on, in real time; its domains are held meanwhile.
    pub processing: Duration,
    /// How long a connection may be silent, in real time.
    pub idle: Duration,
    /// What is odd about it.
    pub quirks: BTreeSet<Quirk>,
    /// How answers are written.
    pub manner: super::Manner,
    /// Whether keys that are not accepted are put beside the others: an expired one and one of another environment.
    pub bad_keys: bool,
    /// Where keys are written to; if nowhere, the ready line has them.
    pub directory: Option<PathBuf>,
}

impl Default for NzOptions {
    fn default() -> Self {
        Self {
            accounts: 2,
            lock: Duration::from_secs(1),
            page: 500,
            longest: 1_000_000,
            processing: Duration::ZERO,
            idle: Duration::from_secs(120),
            quirks: BTreeSet::new(),
            manner: super::Manner::Plain,
            bad_keys: false,
            directory: None,
        }
    }
}

impl NzOptions {
    /// Whether the registry is odd in this way.
    fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}
