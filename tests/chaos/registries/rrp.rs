//! RRP: domains, hosts and transfers. Nothing bears a transaction id: every effect belongs to the job that was at work on its
//! object. There is no queue; a transfer is over when STATUS shows it.
//!
//! All names end in `.net`, so that what goes wrong here only can name them.

mod orders;
mod scenes;

use registrard::sandbox::{EffectRecord, RequestRecord};
use serde_json::Value;

use super::{Deed, Faults, Place, Registry, View, Weighted};
use crate::plan::{Fate, Order};

/// The registry.
#[derive(Debug)]
pub struct Rrp;

impl Registry for Rrp {
    fn name(&self) -> &'static str {
        "rrp"
    }

    /// Sessions end by themselves all the time.
    fn sandbox(&self, connections: usize) -> Vec<(&'static str, usize)> {
        vec![("--sessions", connections), ("--life-seconds", 15)]
    }

    fn place(&self, ready: &Value) -> Place {
        let part = &ready["rrp"];
        let accounts = super::accounts(part, ["id", "id", "password"]);
        Place { accounts, addresses: vec![part["address"].as_str().unwrap().to_owned()] }
    }

    fn settings(&self, place: &Place, number: usize, at: &[String], ca: &str, secret: &str) -> String {
        let (user, at) = (&place.accounts[number].user, &at[0]);
        format!(
            "address = '{at}'\nuser = '{user}'\npassword_file = '{secret}'\nca_file = '{ca}'\nkeep_alive_seconds = 20\n"
        )
    }

    fn limits(&self) -> &'static str {
        ""
    }

    /// Nothing at the registry tells an order that arrives late from a new one: not before the network has forgotten it (8 s)
    /// and the registry is done with it (4.5 s) does it count as not there.
    fn questions(&self) -> (f64, u32) {
        (15.0, 14)
    }

    fn faults(&self) -> &'static [Faults] {
        &[
            &["lie=421:object=*.net,p=0.2", "lie=421:object=*.net,effect=yes,p=0.2"],
            &["lie=549:object=*.net,p=0.2", "lie=549:object=*.net,effect=yes,p=0.2"],
            &["lie=520:object=*.net,p=0.1", "lie=420:object=*.net,effect=yes,p=0.1"],
            &["lie=547:object=*.net,p=0.1", "lie=547:object=*.net,effect=yes,p=0.1"],
            &["stall:action=greeting,p=0.4"],
            &["garbage:action=greeting,p=0.3", "half_frame:action=greeting,p=0.3"],
            &["unavailable:action=greeting,p=0.5", "cut_before:action=greeting,p=0.3"],
            &["slow_drip=1500:action=greeting,p=0.5", "delay=4500:action=greeting,p=0.3"],
            &["cut_after:action=domain.transfer*,p=0.5", "cut_before:action=domain.transfer*,p=0.3"],
            &["cut_after:action=host.*,p=0.3", "delay=4500:action=domain.*,object=*.net,p=0.2"],
        ]
    }

    /// An answer names nothing of its request.
    fn is_deceived_by(&self, faults: Faults) -> bool {
        faults.iter().any(|fault| fault.starts_with("previous_answer"))
    }

    fn scenes(&self) -> &'static [Weighted] {
        scenes::ALL
    }

    fn changes(&self) -> (&'static [Weighted], Faults) {
        (&[(1, scenes::changes)], &["cut_after:action=domain.update,p=0.3"])
    }

    /// What was registered a moment before its deletion and is still there may be a registration of somebody's since; and of
    /// a second refusal of a transfer nobody can say whether there was another one to refuse.
    fn is_for_a_human(&self, order: &Order) -> bool {
        match order.operation {
            "domain.delete" | "host.delete" => true,
            _ => order.operation == "domain.transfer_reject" && order.fate == Fate::Refused,
        }
    }

    fn deed(&self, effect: &EffectRecord, _: &View<'_>) -> Deed {
        Deed::Of { kind: effect.kind.clone(), object: effect.object.clone(), job: None }
    }

    /// The registry has writes on one object wait for each other, and no rule that a repetition could break.
    fn is_excused(&self, _: &str, _: &RequestRecord, _: &RequestRecord) -> bool {
        false
    }

    fn waiting(&self, _: &Value) -> u64 {
        0
    }

    fn told(&self, _: &[&EffectRecord]) -> Vec<(&'static str, usize)> {
        Vec::new()
    }
}
