//! What the demo does at each registry. A registry is one file with a [`Part`], and one line in [`PARTS`]; its jobs are about
//! names that no other part has (a top-level domain of its own), so that its faults befall nobody else.

mod denic_rri;
mod nz_srs;
mod opensrs;
mod rrp;

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::model::{Job, State};
use crate::sandbox::{EffectRecord, Options};

/// All of them, in the order the report tells them.
pub const PARTS: &[Part] = &[denic_rri::PART, opensrs::PART, nz_srs::PART, rrp::PART];

/// What the demo does at one registry.
pub struct Part {
    /// The registry's name, as in the configuration and in the sandbox's ledger.
    pub registry: &'static str,
    /// How the sandbox plays it, where that is not by default: nothing may take longer than a demo does.
    pub set_up: fn(&mut Options),
    /// What goes wrong, and how often. Faults are the sandbox's as a whole, so these name objects no other part has.
    pub faults: &'static [&'static str],
    /// The accounts at work, from the sandbox's ready line.
    pub accounts: fn(ready: &Value) -> Result<Vec<Account>, Missing>,
    /// The jobs of these accounts, made with [`Pad`]: good and bad, always the same on one day.
    pub jobs: fn(today: Date) -> Vec<Value>,
    /// What a job that has ended has done at the registry, in the ledger's words.
    pub effect: fn(&Job) -> Option<Effect>,
    /// Whether an effect is one that jobs order, and not what the daemon does on the account's behalf.
    pub is_ordered: fn(&EffectRecord) -> bool,
}

/// The ready line lacks something.
pub struct Missing(pub String);

/// An account the daemon works.
#[derive(Clone)]
pub struct Account {
    /// Its name in the configuration and in jobs.
    pub name: &'static str,
    /// Who it is to the registry, as the ledger has it.
    pub known_as: String,
    /// Its settings beside `registry`; a table among them is one in the configuration, too (`limits`).
    pub settings: Map<String, Value>,
    /// Secrets that go into files: the setting that names the file, and what is in it.
    pub secrets: Vec<(&'static str, String)>,
}

/// What happened to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// The ledger's word for it, mostly the operation's name.
    pub kind: String,
    /// What it happened to, in lower case.
    pub object: String,
}

impl Effect {
    /// An effect; whether an object is written in capitals makes no difference.
    pub fn new(kind: &str, object: &str) -> Self {
        Self { kind: kind.to_owned(), object: object.to_ascii_lowercase() }
    }
}

/// The rule where a ledger names effects as jobs do: a job that changes something has done so if it succeeded, and else not.
fn as_named(job: &Job) -> Option<Effect> {
    let is_done = job.operation.writes() && job.state == State::Succeeded;
    is_done.then(|| Effect::new(job.operation.name(), job.object.name()))
}

/// Writes the jobs of one account. Ids are fixed, so that submitting twice changes nothing.
#[derive(Clone, Copy)]
struct Pad {
    account: &'static str,
    /// Tells the accounts of the demo apart.
    series: u8,
}

impl Pad {
    /// The id of a job: its kind and its number among those.
    fn id(self, kind: u8, n: u32) -> Uuid {
        let base = 0x0192_f0c1_7b7e_7c3a_9f00_0000_0000_0000;
        Uuid::from_u128(base | (u128::from(self.series) << 48) | (u128::from(kind) << 32) | u128::from(n))
    }

    fn job(self, kind: u8, n: u32, operation: &str, params: Value, after: &[Uuid]) -> Value {
        json!({
            "id": self.id(kind, n),
            "account": self.account,
            "operation": operation,
            "params": params,
            "after": after,
            "context": { "order": format!("{}-{kind}{n:04}", char::from(b'A' + self.series)) },
        })
    }
}

/// An account's row in the ready line: the one whose `key` says so.
fn row<'a>(ready: &'a Value, registry: &str, key: &str, is: &str) -> Result<&'a Value, Missing> {
    let rows = ready[registry]["accounts"].as_array().into_iter().flatten();
    let missing = || Missing(format!("the sandbox has no account {is} at {registry}"));
    rows.into_iter().find(|row| row[key] == is).ok_or_else(missing)
}

/// Settings, made of an object.
fn table(settings: Value) -> Map<String, Value> {
    match settings {
        Value::Object(table) => table,
        _ => Map::new(),
    }
}

/// A text of the ready line.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;
    use crate::registries;
    use crate::sandbox::{FaultSpec, REGISTRIES};

    const DAY: Date = jiff::civil::date(2026, 11, 22);

    #[test]
    fn every_registry_that_can_be_played_is() {
        let names: Vec<_> = PARTS.iter().map(|part| part.registry).collect();
        let known = registries::PLUGINS.iter().map(|plugin| plugin.name);
        assert_eq!(names, known.filter(|name| REGISTRIES.contains(name)).collect::<Vec<_>>());
    }

    #[test]
    fn jobs_are_always_the_same_and_no_two_parts_share_an_id() {
        let mut seen = HashSet::new();
        for part in PARTS {
            let jobs = (part.jobs)(DAY);
            assert!(jobs.len() >= 50, "{}: {}", part.registry, jobs.len());
            assert_eq!(jobs, (part.jobs)(DAY));
            let ids: HashSet<_> = jobs.iter().filter_map(|job| job["id"].as_str().map(str::to_owned)).collect();
            assert!(ids.len() + 1 >= jobs.len(), "{}: only a conflict repeats an id", part.registry);
            for id in ids {
                assert!(seen.insert(id.clone()), "{}: {id} is another part's, too", part.registry);
            }
        }
    }

    /// Faults name objects, or they would befall other registries' requests as well.
    #[test]
    fn faults_are_a_parts_own() {
        let mut objects: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for part in PARTS {
            for fault in part.faults {
                let spec: FaultSpec = fault.parse().unwrap();
                let object = spec.object.unwrap_or_else(|| panic!("{fault} names no object"));
                objects.entry(part.registry).or_default().push(object);
            }
        }
        for part in PARTS {
            for job in (part.jobs)(DAY) {
                let name = job["params"]["domain"].as_str().unwrap_or_default().to_owned();
                let ending = name.rsplit('.').next().unwrap_or_default();
                let strangers = objects.iter().filter(|(registry, _)| **registry != part.registry);
                for (registry, patterns) in strangers {
                    assert!(!patterns.contains(&format!("*.{ending}")), "{name} is hit by a fault of {registry}");
                }
            }
        }
    }
}
