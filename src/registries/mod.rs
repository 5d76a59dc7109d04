//! The registries. Each is one folder of the same shape: `codec` (bytes ⇄ messages), `commands` (one file per command),
//! `outcome` (native codes → verdicts), `reconcile`, `limits`, `session`. A folder knows `model` and `net` only.

pub mod denic_rri;
mod explained;
mod mailbox;
pub mod nz_srs;
pub mod opensrs;
pub mod rrp;

pub use explained::Explained;
pub use mailbox::{Ending, Head, Mailbox, RegistryMessage, Removed};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::deadline::rules::{self, Heard};
use crate::model::deadline::{Deadline, DeadlineKind, Word};
use crate::model::request::{RejectCode, Warning};
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Finding, Limits, Lost, ObjectKey, Operation, Reject};
use crate::net::dial::Dial;
use crate::net::openpgp::policy::{self, Policy, Review};

/// One list of all plug-ins: the name in the configuration and how an account of it is made.
pub const PLUGINS: &[Plugin] = &[denic_rri::PLUGIN, opensrs::PLUGIN, nz_srs::PLUGIN, rrp::PLUGIN];

/// A registry as the rest of the house sees it before any account exists.
pub struct Plugin {
    /// The name in configuration and on the command line, for example `denic-rri`.
    pub name: &'static str,
    /// The operations it supports.
    pub operations: &'static [Operation],
    /// What it publishes as its limits, before any account exists.
    pub limits: fn() -> Limits,
    /// Its table of codes in words, first those that count before others.
    pub codes: fn() -> Vec<Explained>,
    /// The pure part, for `wire encode` and `wire decode`.
    pub dialect: MakeDialect,
    /// An account from its settings (the account's table in the configuration without `registry`). Refuses unknown keys
    /// by name; reads secrets; does not connect.
    pub account: MakeAccount,
    /// The same over connections that come about in another way, for simulations.
    pub account_over: MakeAccountOver,
}

/// Makes a registry's language; the error says which option it does not know.
pub type MakeDialect = fn(&WireOptions) -> Result<Arc<dyn Dialect>, String>;

/// Makes an account of a name and its settings; the error says what is wrong with them.
pub type MakeAccount = fn(&str, &Value) -> Result<Arc<dyn Registry>, String>;

/// As [`MakeAccount`], with how its connections come about.
pub type MakeAccountOver = fn(&str, &Value, Arc<dyn Dial>) -> Result<Arc<dyn Registry>, String>;

/// The registries whose every request is signed with OpenPGP: the name, the rules for keys, and what there is to say of the
/// keys in an account's settings.
const SIGNED: &[(&str, Policy, ReadKeys)] = &[(nz_srs::NAME, policy::NZ_SRS, nz_srs::account_keys)];

type ReadKeys = fn(&Value, Timestamp) -> Result<Vec<AccountKey>, String>;

/// A key that an account signs its requests with.
pub struct AccountKey {
    /// Where it is.
    pub file: PathBuf,
    /// What it is at an instant, and which of its registry's rules it breaks; or why it cannot be read.
    pub review: Result<Review, String>,
}

/// The keys that an account of this registry signs its requests with, by its settings, as they are at this instant; `None`
/// where requests are not signed with OpenPGP.
#[must_use]
pub fn account_keys(registry: &str, settings: &Value, at: Timestamp) -> Option<Result<Vec<AccountKey>, String>> {
    SIGNED.iter().find(|(name, ..)| *name == registry).map(|(.., read)| read(settings, at))
}

/// What a registry asks of keys that sign requests, where it wants them signed.
#[must_use]
pub fn key_policy(registry: &str) -> Option<Policy> {
    SIGNED.iter().find(|(name, ..)| *name == registry).map(|(_, policy, _)| *policy)
}

/// The plug-in of a name.
#[must_use]
pub fn plugin(name: &str) -> Option<&'static Plugin> {
    PLUGINS.iter().find(|plugin| plugin.name == name)
}

/// How requests are written. Empty options mean the registry's defaults.
#[derive(Clone, Debug, Default)]
pub struct WireOptions {
    /// The account for which it is written (prefix rules of handles); may be empty on the command line.
    pub account: String,
    /// `kv` or `xml` where a registry has both.
    pub format: Option<String>,
    /// Protocol version, for example `5.0`.
    pub protocol: Option<String>,
}

/// A request ready for the wire.
#[derive(Clone)]
pub struct Prepared {
    /// The payload without framing. Wiped on drop: it may hold secrets.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What it asks; decides how the answer is read.
    pub operation: Operation,
    /// The transaction id inside, if the request carries one; an answer that echoes another is somebody else's.
    pub transaction: Option<String>,
}

impl Prepared {
    /// SHA-256 of the payload, stored with the intent.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&*self.bytes).into()
    }
}

/// What to do next about a job in doubt.
#[derive(Clone)]
pub enum Step {
    /// Ask this; call again with the answer added.
    Ask(Prepared),
    /// This is what is true.
    Found(Finding),
}

/// How orders are followed that the registry took and that nothing it says will end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowUps {
    /// Least time between two questions about one; where the policy follows up faster than that, for tests and the demo, so
    /// do they.
    pub every: Duration,
    /// Within which time such an order is decided. That its effect is not there means so long that it is undecided, and
    /// then that it was turned down.
    pub decided_within: Duration,
}

/// What checking a job's parameters brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The object it works on.
    pub object: ObjectKey,
    /// Rules it breaks that do not stop it.
    pub warnings: Vec<Warning>,
}

impl From<ObjectKey> for Checked {
    fn from(object: ObjectKey) -> Self {
        Self { object, warnings: Vec::new() }
    }
}

/// What a native code means, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// One word for what it means where a request was refused.
    pub meaning: &'static str,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

/// The language of a registry: pure functions, no I/O. `params` are a job's parameters.
pub trait Dialect: Send + Sync + 'static {
    /// Checks a job's parameters and names the object it works on. The reject names field, rule and value.
    ///
    /// # Errors
    /// The operation is not one of this registry, or a parameter is missing, unknown or outside its rule.
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject>;

    /// The question whose answer completes these parameters, for a job that states only what shall change
    /// (`"merge": true`); `None` for a job that states everything. Read-only.
    ///
    /// # Errors
    /// As [`Dialect::check`].
    fn reads_first(&self, _operation: Operation, _params: &Map<String, Value>) -> Result<Option<Prepared>, Reject> {
        Ok(None)
    }

    /// The complete parameters: those of the job, and for the rest what `shown` says. What [`Dialect::prepare`] then
    /// writes replaces the whole object.
    ///
    /// # Errors
    /// The answer does not show the object completely; says why. Nothing may be sent then.
    fn complete(
        &self,
        _operation: Operation,
        params: &Map<String, Value>,
        _shown: &Answer,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        Ok(params.clone())
    }

    /// Writes the request. Deterministic: the same input gives the same bytes.
    ///
    /// # Errors
    /// As [`Dialect::check`].
    fn prepare(&self, operation: Operation, params: &Map<String, Value>, transaction: &str)
    -> Result<Prepared, Reject>;

    /// Reads the answer to `operation`.
    ///
    /// # Errors
    /// It is not an answer of this registry (garbage, wrong format, limits exceeded); says what and where.
    fn decode(&self, operation: Operation, bytes: &[u8]) -> Result<Answer, String>;

    /// What an answer means, from the registry's one table.
    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement;

    /// The conversation that settles a doubt: called with the answers heard so far, it asks the next question or says
    /// what is true. Asks read-only questions only.
    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step;

    /// As [`Dialect::reconcile`], about a doubt that an answer brought: the one to the repetition of a lost request, or one
    /// that does not tell whether its request was carried out. For registries that can be asked nothing that would say as
    /// much; by default the answer means nothing further.
    fn reconcile_after(&self, doubt: &Doubt<'_>, _said: &Answer, heard: &[Answer]) -> Step {
        self.reconcile(doubt, heard)
    }

    /// As [`Dialect::reconcile`], about an order the registry took and works on: `Applied` if it is finished, `Taken` if
    /// it still is not, `Foreign` if it came to nothing.
    fn follow_up(&self, _order: &Doubt<'_>, _heard: &[Answer]) -> Step {
        Step::Found(Finding::Unknown("this registry's pending orders are ended by its messages only".into()))
    }

    /// How often such an order is asked about, and for how long it may be undecided; by default as the policy says, and not
    /// at all.
    fn follow_ups(&self, _operation: Operation) -> FollowUps {
        FollowUps::default()
    }

    /// How long the effect of a request may take to show. That it is not there is believed only if it is found twice, at
    /// least this far apart; by default at once.
    fn settles(&self, _operation: Operation) -> Duration {
        Duration::ZERO
    }

    /// The question how much money an account has, where the registry keeps one and can be asked. Read-only.
    fn asks_for_funds(&self) -> Option<Prepared> {
        None
    }

    /// What the answer to it says can be spent, in the registry's smallest unit; `None` if it does not say.
    fn funds(&self, _answer: &Answer) -> Option<i64> {
        None
    }

    /// Whether the answer to a LOGIN opened a session, and if not, what the caller does next; `None` where a registry has
    /// no LOGIN.
    fn opened(&self, _answer: &Answer) -> Option<Result<(), OpenError>> {
        None
    }

    /// What a native code means in the answer to an operation; `None` for a code that stands in no table.
    fn explain(&self, _operation: Operation, _code: &str) -> Option<Explanation> {
        None
    }

    /// What was heard means this for the calendar of deadlines, from the registry's one table of rules; by default no more
    /// than the dates that were named.
    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        rules::words(&[], &TimeZone::UTC, heard)
    }

    /// What a question whether a date was met says besides the object, where it must say what is wanted.
    fn asks_about(&self, _kind: DeadlineKind) -> Map<String, Value> {
        Map::new()
    }

    /// The registry's message queue, if it has one.
    fn mailbox(&self) -> Option<&dyn Mailbox> {
        None
    }

    /// The order as text for a signed e-mail, where the registry takes it only so (a lock, a dispute). It holds no secret.
    ///
    /// # Errors
    /// The registry does not take this operation in writing, the parameters hold a secret, or as [`Dialect::check`].
    fn by_hand(&self, operation: Operation, _params: &Map<String, Value>) -> Result<String, Reject> {
        Err(Reject::new(RejectCode::UnknownOperation, format!("this registry does not take {operation} in writing")))
    }

    /// A payload as it goes over the connection, for people (`wire encode --frame`).
    ///
    /// # Errors
    /// The registry has no framing, or refuses this payload.
    fn frame(&self, _payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
        Err("this registry puts no frame around a request".into())
    }

    /// The payload of an answer that may still have its frame around it.
    ///
    /// # Errors
    /// The frame is cut or too long.
    fn unframe<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        Ok(bytes)
    }
}

/// A way to ask the registry on behalf of an account, within its limits: each request takes a slot and uses a session.
#[async_trait]
pub trait Line: Send + Sync {
    /// Sends and waits for the answer, bounded in time. What the answer means for the whole account (a block, a refused
    /// login) has been taken care of when this returns.
    ///
    /// # Errors
    /// Whether anything may have reached the registry.
    async fn ask(&self, request: Prepared) -> Result<Answer, Lost>;
}

/// One account at one registry: its language, its limits and its sessions.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// The name of the plug-in.
    fn kind(&self) -> &'static str;
    /// The pure part.
    fn dialect(&self) -> &dyn Dialect;
    /// What may be open and sent, as the registry publishes it. The configuration stands above it.
    fn limits(&self) -> Limits;
    /// Who the registry takes it for, for example a login: two accounts of one identity would share limits that each
    /// believes to be its own.
    fn identity(&self) -> String;
    /// Opens a session and logs in; takes one throttle slot. Bounded in time.
    ///
    /// # Errors
    /// See [`OpenError`]: each says what the caller does next.
    async fn open(&self) -> Result<Box<dyn Session>, OpenError>;
    /// Dates of the account itself, known without asking anybody: when it cannot sign any more.
    fn deadlines(&self) -> Vec<Deadline> {
        Vec::new()
    }
}

/// Why no session could be opened, by what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// No connection, TLS refused, closed before login: try again with back-off.
    #[error("cannot reach the registry: {0}")]
    Unreachable(String),
    /// Too many sessions, or asked to wait: use those that are open, try again after this long.
    #[error("the registry wants fewer sessions or less traffic: {0}")]
    NotNow(String, Duration),
    /// The account sent too much and is blocked: everything of it must be silent for this long.
    #[error("the registry blocks the account for a while: {0}")]
    Blocked(String, Duration),
    /// Credentials refused or login blocked: suspend the account (law 10).
    #[error("login refused: {0}")]
    Refused(String),
}

/// One logged-in session. Not to be shared: one exchange at a time.
#[async_trait]
pub trait Session: Send {
    /// Sends and waits for the answer, bounded by [`Limits::answer_within`]. After any error the session is broken and
    /// must be dropped: its connection is reset, not closed gently, so that what is still in flight dies with it.
    ///
    /// # Errors
    /// Whether anything may have reached the registry.
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost>;

    /// Says something harmless so that the session is not closed as idle; takes one throttle slot. Returns what the answer
    /// means, since it may be the one that tells of a block.
    ///
    /// # Errors
    /// The session is gone.
    async fn keep_alive(&mut self) -> Result<Judgement, Lost>;

    /// Logs out and closes; takes one throttle slot. Bounded in time, errors are of no consequence.
    async fn close(self: Box<Self>);
}
