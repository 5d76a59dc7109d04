//! The registries that are played: one file each. Everything else knows them by [`Registry`] only, so another one is another
//! file and another line in [`ALL`].
#![allow(dead_code, reason = "each test binary uses its part of this")]

mod denic_rri;
mod nz_srs;
mod opensrs;
mod rrp;

use std::collections::BTreeMap;
use std::fmt;

use rand::Rng;
use registrard::sandbox::{EffectRecord, Ledger, RequestRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::plan::{Draft, Effect, Fate, Order};

pub use denic_rri::DenicRri;
pub use nz_srs::NzSrs;
pub use opensrs::Opensrs;
pub use rrp::Rrp;

/// All of them, in the order in which `--registry all` plays them.
pub const ALL: &[&dyn Registry] = &[&DenicRri, &Opensrs, &NzSrs, &Rrp];

/// What secrets of jobs are sealed with: 32 bytes in base64.
pub const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";

/// Writes the jobs of one story: messages, in their order. What depends on something names it in its `after`, or stands
/// behind it in the same message: on one object that is enough.
pub type Scene = fn(&mut Draft<'_>) -> Vec<Value>;
/// How often a story is told, against the others of its registry.
pub type Weighted = (u32, Scene);
/// Things that go wrong at the registry at the same time, as its sandbox is told.
pub type Faults = &'static [&'static str];

/// A registry as the harness has to know it.
pub trait Registry: fmt::Debug + Sync {
    /// Its name in the configuration, on the command line and in the ledger.
    fn name(&self) -> &'static str;

    // ── the house ───────────────────────────────────────────────────────────────────────────────────────────────

    /// Arguments its sandbox needs beside those of all. `connections` is what an account may have open at a time.
    fn sandbox(&self, connections: usize) -> Vec<(&'static str, usize)>;

    /// Its part of the sandbox's ready line: accounts by name, and where clients connect to (`host:port`).
    fn place(&self, ready: &Value) -> Place;

    /// What stands in the configuration of its account of that number, from 0, beside registry, limits and waits; `at` is
    /// where each of its addresses is reached, `ca` the file of the sandbox's root, `secret` that of the account's secret.
    fn settings(&self, place: &Place, number: usize, at: &[String], ca: &str, secret: &str) -> String;

    /// Limits of an account beside the requests of a minute.
    fn limits(&self) -> &'static str;

    /// The longest pause between two questions about a lost request, in seconds, and how many are asked before a human is.
    /// What has to settle before it is believed settles no longer than that, so the pause is longer than anything that lets
    /// a request arrive late, where the registry itself would take it for a new one.
    fn questions(&self) -> (f64, u32);

    /// What can go wrong at this registry only, beside [`crate::blows::FAULTS`].
    fn faults(&self) -> &'static [Faults];

    /// Whether faults make answers that nobody can tell from true ones at this registry. They befall no run that plays it.
    fn is_deceived_by(&self, _faults: Faults) -> bool {
        false
    }

    /// Whether faults look as if its accounts' secrets were wrong. Whoever is suspended for them works again when a human has
    /// looked.
    fn is_suspended_by(&self, _faults: Faults) -> bool {
        false
    }

    // ── the orders ──────────────────────────────────────────────────────────────────────────────────────────────

    /// Everything a registrar does with it.
    fn scenes(&self) -> &'static [Weighted];

    /// Many changes that would all succeed a second time: what shows a request that was sent twice. With them, the fault that
    /// loses their answers.
    fn changes(&self) -> (&'static [Weighted], Faults);

    /// Completes a message that goes out when billing has heard the answer to that job.
    fn complete(&self, _message: &mut Value, _to: Uuid, _answer: &Value) {}

    /// Whether an order may end with a human, on purpose, when its answer is lost; who then declares it over.
    fn is_for_a_human(&self, _order: &Order) -> bool {
        false
    }

    // ── the referee ─────────────────────────────────────────────────────────────────────────────────────────────

    /// What an effect in the ledger is.
    fn deed(&self, effect: &EffectRecord, view: &View<'_>) -> Deed;

    /// Whether a rule that the sandbox counted is one that a repetition, or a race, breaks although nothing was done wrong:
    /// the later request, while or after an earlier one was worked on.
    fn is_excused(&self, rule: &str, earlier: &RequestRecord, later: &RequestRecord) -> bool;

    /// Messages that wait for an account, as `GET /objects` shows it.
    fn waiting(&self, account: &Value) -> u64;

    /// Kinds of messages of which it is known how many there must have been, by all that was done at this registry.
    fn told(&self, effects: &[&EffectRecord]) -> Vec<(&'static str, usize)>;
}

/// The registry of that name.
pub fn of(name: &str) -> &'static dyn Registry {
    *ALL.iter().find(|registry| registry.name() == name).unwrap_or_else(|| panic!("no registry {name}"))
}

/// The registries of a name, where `all` are all.
pub fn chosen(name: &str) -> Vec<&'static dyn Registry> {
    if name == "all" { ALL.to_vec() } else { vec![of(name)] }
}

/// Where a registry is, and who has accounts there.
#[derive(Clone, Debug)]
pub struct Place {
    pub accounts: Vec<Account>,
    /// `host:port` of everything clients connect to.
    pub addresses: Vec<String>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub user: String,
    /// Password or key.
    pub secret: String,
}

/// Reads accounts from the ready line by the names of their fields.
fn accounts(part: &Value, [name, user, secret]: [&str; 3]) -> Vec<Account> {
    let text = |account: &Value, key: &str| account[key].as_str().unwrap_or_else(|| panic!("no {key}")).to_owned();
    let list = part["accounts"].as_array().expect("accounts in the ready line");
    let of = |one: &Value| Account { name: text(one, name), user: text(one, user), secret: text(one, secret) };
    list.iter().map(of).collect()
}

/// What an effect in the ledger is to the referee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// What jobs order. `job` is the one whose transaction id it bears, where the registry has one for it; else it is that of
    /// the job that was at work on the object.
    Of { kind: String, object: String, job: Option<Uuid> },
    /// The daemon removed a message, on its own account.
    Removal,
    /// What a refusal leaves behind, once for each job that is refused.
    Left { job: Option<Uuid> },
}

/// The job in a transaction id (`rd-<job>-<attempt>`).
pub fn job_of(transaction: &str) -> Option<Uuid> {
    let (job, attempt) = transaction.strip_prefix("rd-")?.split_once('-')?;
    attempt.parse::<u32>().ok()?;
    Uuid::try_parse(job).ok()
}

/// What is known of the registry when all is over.
pub struct View<'a> {
    /// `GET /objects`.
    pub objects: &'a Value,
    requests: BTreeMap<u64, &'a RequestRecord>,
}

impl<'a> View<'a> {
    pub fn new(ledger: &'a Ledger, objects: &'a Value) -> Self {
        Self { objects, requests: ledger.requests.iter().map(|request| (request.seq, request)).collect() }
    }

    /// The action that an effect came from.
    pub fn action(&self, effect: &EffectRecord) -> &str {
        self.requests.get(&effect.request).map_or("", |request| request.action.as_str())
    }
}

fn effect(kind: &'static str, object: &str) -> Effect {
    Effect { kind, object: object.to_owned() }
}

/// One effect.
fn done(kind: &'static str, object: &str) -> Fate {
    Fate::Done(vec![effect(kind, object)])
}

/// One message; a single job stands alone or in a list.
fn message(draft: &mut Draft<'_>, mut jobs: Vec<Value>) -> Value {
    if jobs.len() == 1 && draft.rng.random_bool(0.8) { jobs.remove(0) } else { json!({ "jobs": jobs }) }
}

/// An object with more in it, or with other values.
fn with(mut params: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    params
}
