//! What billing orders in one run, made from a seed: every operation that writes, reads between them, chains, orders on one
//! object without `after`, bulk messages, repeated messages, and orders that must fail. Each job says what must become of it.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scenes;

/// A change at the registry, as the sandbox's ledger names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// `domain.chholder`.
    pub kind: &'static str,
    /// A domain or a handle.
    pub object: String,
}

/// What must become of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It succeeds, and this happens once.
    Done(Effect),
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
    /// The effect it may have.
    pub fn effect(&self) -> Option<&Effect> {
        match self {
            Self::Done(effect) | Self::Race(effect) => Some(effect),
            Self::Read | Self::Refused | Self::Cancelled => None,
        }
    }

    /// The final events that may be true of it.
    pub fn ends(&self) -> &'static [&'static str] {
        match self {
            Self::Done(_) | Self::Read => &["job.succeeded"],
            Self::Refused => &["job.failed"],
            Self::Cancelled => &["job.cancelled"],
            Self::Race(_) => &["job.succeeded", "job.failed"],
        }
    }
}

/// A job and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Order {
    pub account: String,
    pub operation: &'static str,
    pub object: String,
    pub fate: Fate,
}

impl Order {
    /// Whether it is sent to change something, successfully or not.
    pub fn writes(&self) -> bool {
        !matches!(self.fate, Fate::Read)
    }
}

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Orders that write, at least.
    pub writes: usize,
    /// Portions they are published in.
    pub waves: usize,
    /// Scenes to choose from.
    pub scenes: &'static [scenes::Weighted],
}

/// All orders of a run.
pub struct Plan {
    /// Messages, in portions. Each portion is confirmed by the broker before the next is published.
    pub waves: Vec<Vec<Value>>,
    /// The jobs in them, by id.
    pub orders: BTreeMap<Uuid, Order>,
}

impl Plan {
    /// A plan over these accounts; the same for the same seed.
    pub fn new(seed: u64, accounts: &[String], size: Size) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        let mut draft = Draft { rng, accounts, orders: BTreeMap::new(), said: Vec::new(), number: 0, repeats: 0.1 };
        let total: u32 = size.scenes.iter().map(|(weight, _)| weight).sum();
        // One of each before chance decides, so that no run leaves an operation out.
        for (_, scene) in size.scenes {
            draft.play(*scene, size.waves);
        }
        while draft.writes() < size.writes {
            let mut lot = draft.rng.random_range(0..total);
            let chosen = size.scenes.iter().find(|(weight, _)| {
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
        Self { waves, orders: draft.orders }
    }

    /// How often each effect must happen.
    pub fn effects(&self) -> BTreeMap<&Effect, usize> {
        let mut effects = BTreeMap::new();
        for order in self.orders.values() {
            match &order.fate {
                Fate::Done(effect) => *effects.entry(effect).or_insert(0) += 1,
                Fate::Race(effect) => _ = effects.insert(effect, 1),
                _ => {}
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
    pub accounts: &'a [String],
    orders: BTreeMap<Uuid, Order>,
    /// Messages with the wave they go out in.
    said: Vec<(usize, Value)>,
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
        let (first, step) =
            (self.rng.random_range(0..self.accounts.len()), self.rng.random_range(1..self.accounts.len()));
        (self.accounts[first].clone(), self.accounts[(first + step) % self.accounts.len()].clone())
    }

    /// One account.
    pub fn account(&mut self) -> String {
        self.accounts[self.rng.random_range(0..self.accounts.len())].clone()
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
        let object = params["domain"].as_str().or(params["handle"].as_str()).unwrap_or_default().to_owned();
        self.orders.insert(id, Order { account: account.to_owned(), operation, object, fate });
        let after: Vec<&Value> = after.iter().map(|job| &job["id"]).collect();
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

    /// Orders one scene: its messages go out in their order, in waves of its own choice.
    fn play(&mut self, scene: scenes::Scene, waves: usize) {
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
