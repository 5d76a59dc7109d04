//! OpenSRS, over HTTPS and over TCP: domains, hosts and orders. Only orders that cost money bear a transaction id
//! (`affiliate_id`), and an order that is carried out later bears that of the job that placed it; every other effect belongs to
//! the job that was at work on its object.

mod orders;
mod scenes;

use registrard::sandbox::{EffectRecord, RequestRecord};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Deed, Faults, Place, Registry, View, Weighted, job_of};
use crate::plan::{Fate, Order};

/// The registry.
#[derive(Debug)]
pub struct Opensrs;

/// Actions whose request bears the transaction id of the job that sends it.
const MARKED: &[&str] = &["domain.create", "domain.transfer", "domain.renew"];

/// Where answers show the number of the order they are about.
const NUMBERS: &[&str] = &["/data/id", "/data/order_id", "/data/field_hash/id"];

impl Registry for Opensrs {
    fn name(&self) -> &'static str {
        "opensrs"
    }

    fn sandbox(&self, connections: usize) -> Vec<(&'static str, usize)> {
        vec![
            ("--connections", connections),
            ("--balance", 1_000_000_000),
            ("--waiting-ms", 1_500),
            ("--transfer-ms", 1_000),
        ]
    }

    fn place(&self, ready: &Value) -> Place {
        let part = &ready["opensrs"];
        let accounts = super::accounts(part, ["username", "username", "private_key"]);
        let https = part["https"].as_str().unwrap().trim_start_matches("https://").trim_end_matches('/').to_owned();
        Place { accounts, addresses: vec![https, part["tcp"].as_str().unwrap().to_owned()] }
    }

    /// Every other account speaks over TCP.
    fn settings(&self, place: &Place, number: usize, at: &[String], ca: &str, secret: &str) -> String {
        let (user, [https, tcp]) = (&place.accounts[number].user, at) else { panic!("two addresses: {at:?}") };
        let way = if number.is_multiple_of(2) {
            format!("transport = 'https'\naddress = '{https}'\nca_file = '{ca}'")
        } else {
            format!("transport = 'tcp'\naddress = '{tcp}'")
        };
        format!("{way}\nuser = '{user}'\nkey_file = '{secret}'\n")
    }

    fn limits(&self) -> &'static str {
        ""
    }

    /// Nothing at the registry tells a change that arrives late from a new one: not before the network has forgotten it (8 s)
    /// and the registry is done with it (4.5 s) does it count as not there.
    fn questions(&self) -> (f64, u32) {
        (15.0, 14)
    }

    fn faults(&self) -> &'static [Faults] {
        &[
            &["cut_after:action=message.*,p=0.3", "garbage:action=message.read,p=0.2"],
            &["lie=705:action=domain.renew,effect=yes,p=0.4", "lie=704:action=order.*,effect=yes,p=0.3"],
            &["lie=703:action=domain.renew,p=0.4", "lie=404:action=order.*,p=0.3", "lie=400:action=host.*,p=0.3"],
            &["lie=702:action=host.*,effect=yes,p=0.4", "cut_after:action=order.*,p=0.3"],
            &[
                "cut_after:action=domain.renew,p=0.5",
                "cut_before:action=order.*,p=0.3",
                "delay=4500:action=host.*,p=0.3",
            ],
        ]
    }

    /// An answer names nothing of its request.
    fn is_deceived_by(&self, faults: Faults) -> bool {
        faults.iter().any(|fault| fault.starts_with("previous_answer"))
    }

    fn is_suspended_by(&self, faults: Faults) -> bool {
        // A connection that is forgotten is answered as if the reseller were not known (410).
        faults.iter().any(|fault| fault.contains("not_logged_in"))
    }

    fn scenes(&self) -> &'static [Weighted] {
        scenes::ALL
    }

    fn changes(&self) -> (&'static [Weighted], Faults) {
        (&[(1, scenes::changes)], &["cut_after:action=domain.update,p=0.3"])
    }

    /// The number of the order that was answered.
    fn complete(&self, message: &mut Value, _: Uuid, answer: &Value) {
        let number = NUMBERS.iter().find_map(|place| answer.pointer(place)?.as_str());
        let number = number.unwrap_or_else(|| panic!("an answer without the order's number: {answer}"));
        let put = |job: &mut Value| {
            if let Some(order @ Value::Null) = job.pointer_mut("/params/order") {
                *order = json!(number);
            }
        };
        match message.get_mut("jobs").and_then(Value::as_array_mut) {
            Some(jobs) => jobs.iter_mut().for_each(put),
            None => put(message),
        }
    }

    /// What was not deleted, or not redeemed, is not ordered again by itself; an order that lies at the registry undone, of a
    /// name that is taken or for want of something else, is not ordered anew; and a letter goes out twice at most.
    fn is_for_a_human(&self, order: &Order) -> bool {
        match order.operation {
            "domain.delete" | "domain.restore" => true,
            "domain.create" | "domain.transfer" => matches!(order.fate, Fate::Refused | Fate::Race(_)),
            _ => matches!(order.fate, Fate::Letter(_)),
        }
    }

    fn deed(&self, effect: &EffectRecord, view: &View<'_>) -> Deed {
        let job = effect.ctid.as_deref().and_then(job_of);
        match effect.kind.as_str() {
            "message.delete" => Deed::Removal,
            "order.pending" => Deed::Left { job },
            kind => {
                let job = job.filter(|_| MARKED.contains(&view.action(effect)));
                Deed::Of { kind: kind.to_owned(), object: name(view, &effect.object), job }
            }
        }
    }

    fn is_excused(&self, rule: &str, earlier: &RequestRecord, later: &RequestRecord) -> bool {
        let job = |request: &RequestRecord| request.ctid.as_deref().and_then(job_of);
        let is_same = earlier.digest == later.digest || (job(earlier).is_some() && job(earlier) == job(later));
        // Two who race for a name meet there.
        let is_met = earlier.account != later.account || is_same;
        rule == "concurrent_write" && earlier.object.is_some() && earlier.object == later.object && is_met
    }

    fn waiting(&self, account: &Value) -> u64 {
        account["events"].as_u64().unwrap_or(0)
    }

    fn told(&self, effects: &[&EffectRecord]) -> Vec<(&'static str, usize)> {
        let count = |kind: &str| effects.iter().filter(|e| e.kind == kind && !e.object.contains("-norenew-")).count();
        vec![
            ("domain_deleted", count("domain.delete")),
            ("domain_renewed", count("domain.renew") + count("domain.restore")),
        ]
    }
}

/// The name that an order is about, where the ledger has its number.
fn name(view: &View<'_>, object: &str) -> String {
    if !object.bytes().all(|byte| byte.is_ascii_digit()) {
        return object.to_owned();
    }
    let mut orders = view.objects["opensrs"]["orders"].as_array().into_iter().flatten();
    let order = orders.find(|order| order["id"].as_u64().is_some_and(|id| object.parse() == Ok(id)));
    order.and_then(|order| order["domain"].as_str()).unwrap_or(object).to_owned()
}
