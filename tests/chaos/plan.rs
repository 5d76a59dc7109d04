//! What billing orders in one run, made from a seed: every operation that writes, reads between them, chains, orders on one
//! object without `after`, bulk messages, repeated messages, and orders that must fail. Each job says what must become of it.
//! What is ordered of a registry stands in its file (`registries`); some orders answer to what billing has heard of others.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::registries::{Registry, Scene, Weighted};

/// A change at the registry, as the sandbox's ledger names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// `domain.chholder`.
    pub kind: &'static str,
    /// A domain, a handle or a host.
    pub object: String,
}

/// What must become of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It succeeds, and each of these happens once.
    Done(Vec<Effect>),
    /// It succeeds, and a letter goes out that nobody can see afterwards: once, and once more if its answer was lost.
    Letter(Effect),
    /// The registry takes it, which is the effect, and turns it down later.
    TurnedDown(Effect),
    /// It succeeds and changes nothing.
    Read,
    /// The registry says no.
    Refused,
    /// It is not tried: a job before it does not succeed.
    Cancelled,
    /// Of all jobs that run for this effect one gets it, whichever; the others are refused.
    Race(Effect),
}

impl Fate {
    /// The effects it may have.
    pub fn effects(&self) -> &[Effect] {
        match self {
            Self::Done(effects) => effects,
            Self::Letter(effect) | Self::TurnedDown(effect) | Self::Race(effect) => std::slice::from_ref(effect),
            Self::Read | Self::Refused | Self::Cancelled => &[],
        }
    }

    /// The final events that may be true of it.
    pub fn ends(&self) -> &'static [&'static str] {
        match self {
            Self::Done(_) | Self::Letter(_) | Self::Read => &["job.succeeded"],
            Self::Refused | Self::TurnedDown(_) => &["job.failed"],
            Self::Cancelled => &["job.cancelled"],
            Self::Race(_) => &["job.succeeded", "job.failed"],
        }
    }

    /// How often each of its effects may happen.
    pub fn times(&self) -> usize {
        if matches!(self, Self::Letter(_)) { 2 } else { 1 }
    }
}

/// A job and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Order {
    pub registry: &'static dyn Registry,
    pub account: String,
    pub operation: &'static str,
    pub object: String,
    pub fate: Fate,
    /// Jobs it needs.
    pub after: Vec<Uuid>,
}

impl Order {
    /// Whether it is sent to change something, successfully or not.
    pub fn writes(&self) -> bool {
        !matches!(self.fate, Fate::Read)
    }
}

/// A message that billing sends when it has heard of another job, whose answer completes it.
#[derive(Clone, Debug)]
pub struct Reply {
    pub registry: &'static dyn Registry,
    pub to: Uuid,
    /// The event that is waited for.
    pub event: &'static str,
    pub message: Value,
}

/// A registry with some of its accounts, and what is played there.
#[derive(Clone, Debug)]
pub struct Cast {
    pub registry: &'static dyn Registry,
    pub accounts: Vec<String>,
    pub scenes: &'static [Weighted],
}

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Orders that write, at least.
    pub writes: usize,
    /// Portions they are published in.
    pub waves: usize,
}

/// All orders of a run.
pub struct Plan {
    pub cast: Vec<Cast>,
    /// Messages, in portions. Each portion is confirmed by the broker before the next is published.
    pub waves: Vec<Vec<Value>>,
    /// Messages that go out when others are answered.
    pub replies: Vec<Reply>,
    /// The jobs in them, by id.
    pub orders: BTreeMap<Uuid, Order>,
}

impl Plan {
    /// A plan over these registries; the same for the same seed.
    pub fn new(seed: u64, cast: &[Cast], size: Size) -> Self {
        let mut draft = Draft {
            rng: StdRng::seed_from_u64(seed),
            cast: &cast[0],
            orders: BTreeMap::new(),
            said: Vec::new(),
            replies: Vec::new(),
            number: 0,
            repeats: 0.1,
        };
        // One of each before chance decides, so that no run leaves an operation out.
        for cast in cast {
            draft.cast = cast;
            for (_, scene) in cast.scenes {
                draft.play(*scene, size.waves);
            }
        }
        while draft.writes() < size.writes {
            draft.cast = &cast[if cast.len() == 1 { 0 } else { draft.rng.random_range(0..cast.len()) }];
            let scenes = draft.cast.scenes;
            let mut lot = draft.rng.random_range(0..scenes.iter().map(|(weight, _)| weight).sum());
            let chosen = scenes.iter().find(|(weight, _)| {
                let is_it = lot < *weight;
                lot = lot.saturating_sub(*weight);
                is_it
            });
            draft.play(chosen.unwrap().1, size.waves);
        }
        let mut waves = vec![Vec::new(); size.waves];
        draft.said.shuffle(&mut draft.rng);
        draft.said.sort_by_key(|(wave, _)| *wave);
        for (wave, message) in draft.said {
            waves[wave].push(message);
        }
        Self { cast: cast.to_vec(), waves, replies: draft.replies, orders: draft.orders }
    }

    /// All accounts.
    pub fn accounts(&self) -> Vec<String> {
        self.cast.iter().flat_map(|cast| cast.accounts.clone()).collect()
    }

    /// What must become of a job if a human has declared some others over.
    pub fn fate(&self, id: Uuid, by_hand: &BTreeSet<Uuid>) -> Fate {
        let is_in_vain = |job: &Uuid| by_hand.contains(job) || self.is_in_vain(*job, by_hand);
        let order = &self.orders[&id];
        if order.after.iter().any(is_in_vain) { Fate::Cancelled } else { order.fate.clone() }
    }

    fn is_in_vain(&self, id: Uuid, by_hand: &BTreeSet<Uuid>) -> bool {
        let after = self.orders.get(&id).map(|order| order.after.as_slice()).unwrap_or_default();
        after.iter().any(|job| by_hand.contains(job) || self.is_in_vain(*job, by_hand))
    }

    /// How often each effect must happen at least, and may at most.
    pub fn effects(&self, by_hand: &BTreeSet<Uuid>) -> BTreeMap<Effect, (usize, usize)> {
        let mut effects = BTreeMap::new();
        for id in self.orders.keys() {
            let fate = self.fate(*id, by_hand);
            for effect in fate.effects() {
                let times: &mut (usize, usize) = effects.entry(effect.clone()).or_default();
                match &fate {
                    Fate::Race(_) => *times = (1, 1),
                    Fate::Letter(_) => (times.0, times.1) = (times.0 + usize::from(!by_hand.contains(id)), times.1 + 2),
                    _ if by_hand.contains(id) => {}
                    _ => (times.0, times.1) = (times.0 + 1, times.1 + 1),
                }
            }
        }
        effects
    }

    /// Orders that write.
    pub fn writes(&self) -> usize {
        self.orders.values().filter(|order| order.writes()).count()
    }
}

/// A plan that is being written.
pub struct Draft<'a> {
    pub rng: StdRng,
    cast: &'a Cast,
    orders: BTreeMap<Uuid, Order>,
    /// Messages with the wave they go out in.
    said: Vec<(usize, Value)>,
    replies: Vec<Reply>,
    number: usize,
    /// Share of messages that are published once more.
    repeats: f64,
}

impl Draft<'_> {
    fn writes(&self) -> usize {
        self.orders.values().filter(|order| order.writes()).count()
    }

    /// A number nothing else in this plan has.
    pub fn fresh(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    /// Two accounts that are not the same.
    pub fn two_accounts(&mut self) -> (String, String) {
        let accounts = &self.cast.accounts;
        let (first, step) = (self.rng.random_range(0..accounts.len()), self.rng.random_range(1..accounts.len()));
        (accounts[first].clone(), accounts[(first + step) % accounts.len()].clone())
    }

    /// One account.
    pub fn account(&mut self) -> String {
        self.cast.accounts[self.rng.random_range(0..self.cast.accounts.len())].clone()
    }

    /// A job, noted with what must become of it.
    pub fn order(
        &mut self,
        account: &str,
        operation: &'static str,
        params: Value,
        fate: Fate,
        after: &[&Value],
    ) -> Value {
        let id = uuid::Builder::from_random_bytes(self.rng.random()).into_uuid();
        let named = ["host", "domain", "handle"].iter().find_map(|name| params[*name].as_str());
        let object = named.or(fate.effects().first().map(|effect| &*effect.object)).unwrap_or_default().to_owned();
        let after: Vec<Uuid> = after.iter().map(|job| serde_json::from_value(job["id"].clone()).unwrap()).collect();
        let registry = self.cast.registry;
        let order = Order { registry, account: account.to_owned(), operation, object, fate, after: after.clone() };
        self.orders.insert(id, order);
        let mut job = json!({
            "id": id, "account": account, "operation": operation, "params": params, "after": after,
            // Enough for a run in which everything breaks all the time; by default a human is asked after ten.
            "max_attempts": 100,
        });
        if self.rng.random_bool(0.2) {
            job["class"] = json!(if self.rng.random_bool(0.5) { "urgent" } else { "bulk" });
        }
        job
    }

    /// A message that goes out when an event about a job is heard. Nothing that goes out before may depend on it: what waits
    /// on an object for an order that nobody has given yet keeps everything else there waiting, too.
    pub fn reply(&mut self, to: &Value, event: &'static str, message: Value) {
        let to = serde_json::from_value(to["id"].clone()).unwrap();
        self.replies.push(Reply { registry: self.cast.registry, to, event, message });
    }

    /// Orders one scene: its messages go out in their order, in waves of its own choice.
    fn play(&mut self, scene: Scene, waves: usize) {
        let messages = scene(self);
        let mut chosen: Vec<usize> = messages.iter().map(|_| self.rng.random_range(0..waves)).collect();
        chosen.sort_unstable();
        for (message, wave) in messages.into_iter().zip(chosen) {
            if self.rng.random_bool(self.repeats) {
                let again = self.rng.random_range(wave..waves);
                self.said.push((again, message.clone()));
            }
            self.said.push((wave, message));
        }
    }
}
