//! Intent, send, record. The intent is written with the claim (`schedule`); here the request goes over a session and
//! what was heard becomes a move.
//!
//! An account's sessions are worked by *desks*: tasks that own one session each and take work from a common queue, so
//! that a session is never shared and one exchange is in flight on it at a time.

mod ask;
mod calendar;
mod desk;
mod errand;
pub mod funds;
mod open;
pub mod permits;
mod read_first;
mod staff;
pub mod standing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

pub use errand::Errand;
use funds::Funds;
pub use staff::Staff;
use standing::{Change, Standing};

use super::clock::Clock;
use super::commit::Committer;
use super::observer::Observer;
use super::outcome::{AccountEffect, Circumstances};
use super::schedule::budget::Budgets;
use super::schedule::permit::Permit;
use super::schedule::quota::Quota;
use super::schedule::throttle::Throttle;
use crate::model::request::hold_secrets;
use crate::model::retry::Policy;
use crate::model::{Answer, Class, Event, Job, JobId, Limits, State};
use crate::net::seal::{Keyring, Unopened};
use crate::registries::{Prepared, Registry};
use crate::store::{Lease, Pause, PauseKind, Result, Store};

/// Everything that belongs to working one account under one lease.
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its registry.
    pub registry: Arc<dyn Registry>,
    /// What it may send.
    pub limits: Arc<Limits>,
    /// The pool it belongs to.
    pub pool: Option<String>,
    /// Weights of publishers that have another than 1.
    pub weights: Arc<BTreeMap<String, u32>>,
    /// The wall clock.
    pub clock: Clock,
    /// The keys of secrets in stored jobs.
    pub keys: Arc<Keyring>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The lease it is worked under.
    pub lease: Lease,
    /// Until when the lease certainly holds, by the monotonic clock. Nothing is sent after it.
    pub valid_until: watch::Receiver<Instant>,
    /// The window.
    pub throttle: Arc<Throttle>,
    /// The points of the day.
    pub quota: Arc<Quota>,
    /// Logins and refusals.
    pub budgets: Budgets,
    /// When to try again.
    pub policy: Policy,
    /// Where outcomes go.
    pub committer: Committer,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// Told when something happened that may allow new work.
    pub hint: Arc<Notify>,
    /// Whether it may send at all.
    pub standing: Arc<Standing>,
    /// Whether its money lasts.
    pub funds: Funds,
}

/// How the work on a claimed job begins.
pub enum Opening {
    /// With its request.
    Request(Prepared),
    /// With a question whose answer completes the job's parameters; the request can only be written then.
    Question(Prepared),
}

impl Opening {
    /// What goes over the wire first.
    #[must_use]
    pub const fn first(&self) -> &Prepared {
        match self {
            Self::Request(first) | Self::Question(first) => first,
        }
    }
}

/// One piece of work for a desk.
pub enum Work {
    /// A claimed job whose intent is written, with its permit.
    Run(Box<Job>, Opening, Permit),
    /// A job in doubt, or an order the registry works on, to ask about.
    Ask(Box<Job>),
    /// Something that belongs to no job.
    Errand(Errand),
}

impl Work {
    /// The job asked about, if this is a question.
    fn asked(&self) -> Option<JobId> {
        match self {
            Self::Ask(job) => Some(job.id),
            Self::Run(..) | Self::Errand(_) => None,
        }
    }

    /// Billing waits for the truth about a doubt as it waits for an urgent job.
    fn is_urgent(&self) -> bool {
        match self {
            Self::Run(job, ..) => job.class == Class::Urgent,
            Self::Ask(job) => job.state == State::InDoubt,
            Self::Errand(_) => false,
        }
    }

    /// Whether it is an order that costs money.
    fn costs_money(&self) -> bool {
        matches!(self, Self::Run(job, ..) if job.operation.costs_money())
    }

    const fn is_errand(&self) -> bool {
        matches!(self, Self::Errand(_))
    }
}

impl Account {
    /// Whether the lease certainly still holds and nothing keeps the account silent.
    #[must_use]
    pub fn may_send(&self) -> bool {
        self.is_ours() && self.standing.may_send()
    }

    /// Whether the lease certainly still holds. After it nothing may be sent, not even a LOGOUT.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        Instant::now() < *self.valid_until.borrow()
    }

    /// The queues its jobs wait in: its own, and its pool's.
    #[must_use]
    pub fn queues(&self) -> Vec<&str> {
        [Some(self.name.as_str()), self.pool.as_deref()].into_iter().flatten().collect()
    }

    /// Opens the secrets of a job, to write a request of it or to ask about one. What was opened must not be stored.
    ///
    /// # Errors
    /// One of them cannot be opened, and the job is as it was: nothing can be sent.
    pub fn open(&self, job: &mut Job) -> std::result::Result<(), Unopened> {
        let opened = self.keys.open(job.id, &mut job.params);
        opened.inspect_err(|why| tracing::error!(account = self.name, job = %job.id, "{why}"))
    }

    /// What is kept and told of an answer: the secrets in it are sealed, for whoever ordered them.
    #[must_use]
    pub fn kept(&self, job: &Job, mut answer: Answer) -> Answer {
        if !self.keys.seal_within(job.id, &mut answer.data) {
            let next = "name keys in store.parameter_keys_file, and order it once more";
            tracing::warn!(account = self.name, job = %job.id, "a secret in the answer is lost, there is no key to seal it: {next}");
        }
        answer
    }

    /// What is stored of a request's bytes: their SHA-256, under a key where they state a secret of the job.
    #[must_use]
    pub fn digest(&self, job: &Job, request: &Prepared) -> [u8; 32] {
        let digest = request.digest();
        if hold_secrets(&job.params) { self.keys.digest(job.id, digest) } else { digest }
    }

    /// What decisions need to know right now.
    #[must_use]
    pub fn circumstances(&self) -> Circumstances {
        let now = self.clock.now();
        Circumstances {
            policy: self.policy,
            random: rand::random(),
            now,
            next_quota_day: self.limits.next_day(now),
            cool_down: self.limits.cool_down,
            fence: self.lease.fence,
        }
    }

    /// Carries out what an answer means for the whole account: in memory at once, then in the store.
    pub async fn affect(&self, effect: AccountEffect) {
        match &effect {
            AccountEffect::Suspend(why) => {
                tracing::error!(
                    account = self.name,
                    "account suspended: {why}; put it right, then `registrard accounts resume {}`",
                    self.name
                );
                let now = self.clock.now();
                self.standing.suspend(why, now);
                self.observer.suspended(&self.name, Some(why));
                self.write_suspension(why, now).await;
            }
            AccountEffect::CoolDown(until, why) => {
                tracing::warn!(account = self.name, "account is silent until {until}: {why}");
                let wait = until.duration_since(self.clock.now());
                self.standing.be_quiet(Duration::try_from(wait).unwrap_or_default());
                self.standing.owe(*until, why);
                self.write_silence().await;
            }
            AccountEffect::OutOfQuota(until, why) => {
                tracing::warn!(account = self.name, "nothing that costs quota is sent until {until}: {why}");
                let now = self.clock.now();
                if let Err(error) = self.quota.exhausted(&*self.store, &self.lease, *until, now).await {
                    tracing::error!(account = self.name, "the end of the quota could not be noted: {error}");
                }
            }
            AccountEffect::OutOfFunds(why) => self.run_out_of_funds(why).await,
        }
        self.hint.notify_one();
    }

    /// Stands still while an operator has paused the account or its registry: nothing is sent then, not even a question.
    pub fn obey(&self, pauses: &[Pause]) -> bool {
        let paused = pauses.iter().any(|pause| match pause.kind {
            PauseKind::Account => pause.name == self.name,
            PauseKind::Registry => pause.name == self.registry.kind(),
            PauseKind::Publisher | PauseKind::Operation | PauseKind::Batch | PauseKind::Funds => false,
        });
        if self.standing.pause(paused) {
            tracing::info!(account = self.name, paused, "the pause of the account has changed");
            self.observer.paused(&self.name, paused);
        }
        paused
    }

    /// Takes in whether what costs money is to wait, read in this `generation` of [`Self::funds`].
    pub fn learn_of_funds(&self, pauses: &[Pause], generation: u64) {
        let is_paused = pauses.iter().any(|pause| pause.kind == PauseKind::Funds && pause.name == self.name);
        self.observer.out_of_funds(&self.name, self.funds.learn(is_paused, generation));
    }

    /// Takes in what the store says about the account.
    ///
    /// # Errors
    /// The store is away; the account stands as it stood.
    pub async fn look_up_standing(&self) -> Result<()> {
        self.write_silence().await;
        let (now, generation) = (self.clock.now(), self.standing.generation());
        let state = self.store.account(&self.name).await?;
        match self.standing.learn(&state, now, generation) {
            Change::None => {}
            Change::Resumed => tracing::info!(account = self.name, "account resumed"),
            Change::Tell(why, at) => self.write_suspension(&why, at).await,
        }
        if !self.standing.is_suspended() {
            self.observer.suspended(&self.name, None);
        } else if let Some(why) = &state.suspended {
            self.observer.suspended(&self.name, Some(why));
        }
        Ok(())
    }

    /// Tells the store of a silence that it does not know of yet: the next owner must keep it, too (law 6).
    async fn write_silence(&self) {
        let Some((until, why)) = self.standing.owed() else { return };
        match self.store.cool_down(&self.name, until, &why).await {
            Ok(()) => self.standing.paid(until),
            Err(error) => tracing::error!(account = self.name, "the silence could not be noted yet: {error}"),
        }
    }

    /// `at` is when it happened, however often it is tried: the event's id is made of it.
    async fn write_suspension(&self, why: &str, at: Timestamp) {
        let event = Event::of_account(&self.name, "suspended", why, at);
        match self.store.suspend(&self.name, Some(why), &event).await {
            Ok(()) => self.standing.written(),
            Err(error) => tracing::error!(account = self.name, "the suspension could not be noted yet: {error}"),
        }
    }
}

/// What all desks of an account take from: urgent work before everything else.
struct Queue {
    urgent: mpsc::Receiver<Work>,
    ordinary: mpsc::Receiver<Work>,
}

impl Queue {
    async fn next(&mut self) -> Option<Work> {
        tokio::select! {
            biased;
            Some(work) = self.urgent.recv() => Some(work),
            work = self.ordinary.recv() => work,
        }
    }

    fn try_next(&mut self) -> Option<Work> {
        self.urgent.try_recv().or_else(|_| self.ordinary.try_recv()).ok()
    }
}

/// The ways into it.
#[derive(Clone)]
struct Entrance {
    urgent: mpsc::Sender<Work>,
    ordinary: mpsc::Sender<Work>,
}
