//! What the registry knows. Guarded by one mutex that is never held across an await.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::super::clock::{self, Clock};
use super::super::holds::Holds;
use super::super::limits::{LoginGuard, Quota, Sessions, Throttle};
use super::DenicOptions;
use super::lifecycle::Subject;
use super::notice::{Notice, Queued};
pub(super) use super::objects::{AuthInfo, Contact, ContactKind, Domain, Status};
use crate::model::Secret;

/// Most messages in one queue; what the registry would say beyond that is lost.
pub(super) const LONGEST_QUEUE: usize = 100_000;
/// How long a client transaction id stays used: 24 months.
const CTID_MEMORY: SignedDuration = SignedDuration::from_hours(24 * 731);

/// A registration account with everything counted for it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) password: Secret,
    pub(super) name: String,
    pub(super) guard: LoginGuard,
    pub(super) sessions: Sessions,
    pub(super) throttle: Throttle,
    pub(super) quota: Quota,
    pub(super) queue: VecDeque<Queued>,
    ctids: HashMap<String, Timestamp>,
}

impl Account {
    /// Uses up a client transaction id; false if it was used in the last 24 months.
    pub(super) fn spend_ctid(&mut self, ctid: &str, now: Timestamp) -> bool {
        let is_fresh = self.ctids.get(ctid).is_none_or(|used| now.duration_since(*used) >= CTID_MEMORY);
        if is_fresh {
            self.ctids.insert(ctid.to_owned(), now);
        }
        is_fresh
    }
}

/// The whole registry.
#[derive(Debug)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) contacts: BTreeMap<String, Contact>,
    /// By ACE form. Put in and taken out only by `put_domain` and `remove_domain`, which keep count of the contacts.
    pub(super) domains: BTreeMap<String, Domain>,
    /// The domains a contact is used in, by handle.
    pub(super) uses: HashMap<String, BTreeSet<String>>,
    /// When something is due for what; may hold dates that no longer matter.
    pub(super) calendar: BTreeSet<(Timestamp, Subject)>,
    /// Until when everything that was due has happened.
    pub(super) swept: Timestamp,
    /// How the registry is set up.
    pub(super) options: DenicOptions,
    /// Where the registry's days begin.
    pub(super) zone: TimeZone,
    /// Objects being worked on.
    pub(super) held: Holds,
    /// Decides what chance decides.
    pub(super) seed: u64,
    serial: u64,
}

impl State {
    /// A registry with accounts and nothing else.
    pub(super) fn new(options: &DenicOptions, seed: u64) -> Self {
        let accounts = (1..=options.accounts).map(|n| account(n, options, seed)).map(|a| (a.id.clone(), a)).collect();
        Self {
            accounts,
            contacts: BTreeMap::new(),
            domains: BTreeMap::new(),
            uses: HashMap::new(),
            calendar: BTreeSet::new(),
            swept: Timestamp::MIN,
            options: options.clone(),
            zone: clock::zone(),
            held: Holds::default(),
            seed,
            serial: 0,
        }
    }

    /// The account an RRI login belongs to.
    pub(super) fn account_of_user(&self, user: &str) -> Option<String> {
        self.accounts.values().find(|account| account.user.eq_ignore_ascii_case(user)).map(|account| account.id.clone())
    }

    /// A fresh transaction or message id: a UUID that is the same in every run with the same seed and order.
    pub(super) fn next_id(&mut self) -> String {
        let digest = self.next_digest();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest.iter()).for_each(|(byte, from)| *byte = *from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }

    /// Fresh bytes: the same in every run with the same seed and order.
    pub(super) fn next_digest(&mut self) -> [u8; 32] {
        self.serial += 1;
        Sha256::digest([self.seed.to_be_bytes(), self.serial.to_be_bytes()].concat()).into()
    }

    /// Puts a message at the end of an account's queue and returns its id; none if the queue is full.
    pub(super) fn tell(&mut self, account: &str, notice: Notice, now: Timestamp, clock: &Clock) -> Option<String> {
        let id = self.next_id();
        let queue = &mut self.accounts.get_mut(account)?.queue;
        if queue.len() >= LONGEST_QUEUE {
            return None;
        }
        queue.push_back(Queued { id: id.clone(), time: clock.wire(now), notice });
        Some(id)
    }
}

fn account(n: usize, options: &DenicOptions, seed: u64) -> Account {
    let id = format!("DENIC-{}", 1_000_000 + n);
    let digest = Sha256::digest(format!("{seed} {id}"));
    let secret: String = digest.iter().take(9).map(|byte| format!("{byte:02x}")).collect();
    Account {
        user: format!("{id}-RRI"),
        password: Secret::new(format!("sandbox-{secret}")),
        name: format!("Example Registrar {n}"),
        id,
        guard: LoginGuard::default(),
        sessions: Sessions::default(),
        throttle: Throttle::new(super::span(options.window), super::span(options.block)),
        quota: Quota::default(),
        queue: VecDeque::new(),
        ctids: HashMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_id_is_fresh_again_after_24_months() {
        let mut state = State::new(&DenicOptions::default(), 0);
        let account = state.accounts.values_mut().next().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        assert!(account.spend_ctid("x", now) && !account.spend_ctid("x", now));
        assert!(account.spend_ctid("x", now + CTID_MEMORY));
    }
}
