//! DENIC RRI: handles and domains, and the transaction id of each request in the ledger.

use rand::Rng;
use registrard::sandbox::{EffectRecord, RequestRecord};
use serde_json::{Value, json};

use super::{Deed, Faults, Place, Registry, View, Weighted, done, effect, job_of, message, with};
use crate::plan::{Draft, Fate};

/// Everything a registrar does with DENIC RRI.
const SCENES: &[Weighted] = &[
    (6, customers),
    (8, registration),
    (4, second_thoughts),
    (3, given_back),
    (5, transfer),
    (3, letter),
    (4, taken),
    (2, race),
    (3, twins),
    (2, assessed),
    (3, overtaken),
];

/// The registry.
#[derive(Debug)]
pub struct DenicRri;

impl DenicRri {
    /// A little of everything that one account does alone.
    pub const FEW: &[Weighted] = &[(1, customers), (1, second_thoughts)];
    /// Contacts only, in many small messages: what shows a message that was lost.
    pub const CONTACTS: &[Weighted] = &[(1, newcomer)];
}

/// What the daemon removes a message with.
const REMOVAL: &str = "queue.delete";

impl Registry for DenicRri {
    fn name(&self) -> &'static str {
        "denic-rri"
    }

    fn sandbox(&self, connections: usize) -> Vec<(&'static str, usize)> {
        vec![("--sessions", connections), ("--quota", 1_000_000_000), ("--assessment-ms", 1_500)]
    }

    fn place(&self, ready: &Value) -> Place {
        let part = &ready["denic_rri"];
        let accounts = super::accounts(part, ["account", "user", "password"]);
        Place { accounts, addresses: vec![part["address"].as_str().unwrap().to_owned()] }
    }

    fn settings(&self, place: &Place, number: usize, at: &[String], ca: &str, secret: &str) -> String {
        let (user, at) = (&place.accounts[number].user, &at[0]);
        format!(
            "address = '{at}'\nuser = '{user}'\npassword_file = '{secret}'\nca_file = '{ca}'\nkeep_alive_seconds = 20\n"
        )
    }

    fn limits(&self) -> &'static str {
        "timetable = []\nquiet = []\nquota = 0\n"
    }

    /// Whatever arrives late bears the transaction id of the request that took its place, and is refused.
    fn questions(&self) -> (f64, u32) {
        (0.5, 1000)
    }

    fn faults(&self) -> &'static [Faults] {
        &[&["cut_after:action=queue.*,p=0.3", "garbage:action=login,p=0.2"]]
    }

    fn scenes(&self) -> &'static [Weighted] {
        SCENES
    }

    fn changes(&self) -> (&'static [Weighted], Faults) {
        (&[(1, changes)], &["cut_after:action=contact.update,p=0.3"])
    }

    fn deed(&self, effect: &EffectRecord, _: &View<'_>) -> Deed {
        if effect.kind == REMOVAL {
            return Deed::Removal;
        }
        let job = effect.ctid.as_deref().and_then(job_of);
        // One without an id is nobody's: each write has one.
        let job = job.or(Some(uuid::Uuid::nil()));
        Deed::Of { kind: effect.kind.clone(), object: effect.object.clone(), job }
    }

    /// A repetition whose first request arrives after all goes out under the same transaction id so that exactly this
    /// happens, and one of the two is refused; and while the registry still works on a first request that nobody waited for
    /// any longer, the repetition finds its object held.
    fn is_excused(&self, rule: &str, earlier: &RequestRecord, later: &RequestRecord) -> bool {
        let is_write = earlier.ctid.is_some() && later.ctid.is_some() && earlier.account == later.account;
        let job = |request: &RequestRecord| request.ctid.as_deref().and_then(job_of);
        is_write
            && match rule {
                "ctid_used_twice" => later.ctid == earlier.ctid && later.digest == earlier.digest,
                "concurrent_write" => later.object == earlier.object && job(later) == job(earlier),
                _ => false,
            }
    }

    fn waiting(&self, account: &Value) -> u64 {
        account["messages"].as_u64().unwrap_or(0)
    }

    fn told(&self, effects: &[&EffectRecord]) -> Vec<(&'static str, usize)> {
        let caused = |cause: &str| effects.iter().filter(|effect| effect.kind == cause).count();
        vec![("transferred_away", caused("domain.chprov")), ("authinfo2_notify", caused("domain.create_authinfo2"))]
    }
}

/// A customer: handle, and the job that makes it known.
fn contact(draft: &mut Draft<'_>, account: &str) -> (String, Value) {
    let handle = format!("{account}-C{}", draft.fresh());
    let params = person(draft, &handle);
    let job = draft.order(account, "contact.create", params, done("contact.create", &handle), &[]);
    (handle, job)
}

/// The parameters of a customer, different each time.
fn person(draft: &mut Draft<'_>, handle: &str) -> Value {
    let number = draft.fresh();
    json!({
        "handle": handle, "type": "PERSON", "name": "Max Mustermann", "address": [format!("Musterweg {number}")],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE",
        "email": [format!("max{number}@example.de")], "phone": "+49.6927235",
    })
}

/// The parameters of a registration, with name servers nobody else has.
fn delegation(draft: &mut Draft<'_>, domain: &str, holder: &str) -> Value {
    let number = draft.fresh();
    json!({
        "domain": domain, "holder": [holder],
        "nserver": [format!("ns1.example{number}.net"), format!("ns2.example{number}.net")],
    })
}

/// A customer with a domain: handle, domain, and the two jobs.
fn household(draft: &mut Draft<'_>, account: &str) -> (String, String, Vec<Value>) {
    let domain = format!("example-{}.de", draft.fresh());
    let (handle, customer) = contact(draft, account);
    let params = delegation(draft, &domain, &handle);
    let create = draft.order(account, "domain.create", params, done("domain.create", &domain), &[&customer]);
    (handle, domain, vec![customer, create])
}

/// An AuthInfo of the letters the registry allows.
fn password(draft: &mut Draft<'_>) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789+-/*";
    (0..12).map(|_| char::from(LETTERS[draft.rng.random_range(0..LETTERS.len())])).collect()
}

/// Until when an AuthInfo holds. An order that leaves that open cannot be told from another one's once its answer is lost.
fn last_day() -> String {
    let day = jiff::Zoned::now().date().checked_add(jiff::ToSpan::days(20)).unwrap();
    day.strftime("%Y%m%d").to_string()
}

/// A customer who moves, twice at once and once more later.
fn customers(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, create) = contact(draft, &account);
    let (first, number) = (person(draft, &handle), draft.fresh());
    let second = json!({ "handle": handle, "merge": true, "city": format!("Musterstadt {number}") });
    let third = person(draft, &handle);
    let mut update =
        |params| draft.order(&account, "contact.update", params, done("contact.update", &handle), &[&create]);
    let (first, second, third) = (update(first), update(second), update(third));
    let info = draft.order(&account, "contact.info", json!({ "handle": handle }), Fate::Read, &[&create]);
    let opening = message(draft, vec![create, first, second]);
    vec![opening, message(draft, vec![third]), message(draft, vec![info])]
}

/// A domain that gets other name servers and another holder; its jobs are told apart by nothing but their order.
fn registration(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, domain, mut jobs) = household(draft, &account);
    let create = jobs[1].clone();
    let (heir, birth) = contact(draft, &account);
    let moved = delegation(draft, &domain, &handle);
    let update = draft.order(&account, "domain.update", moved, done("domain.update", &domain), &[]);
    let inherited = delegation(draft, &domain, &heir);
    let change = draft.order(&account, "domain.change_holder", inherited, done("domain.chholder", &domain), &[&birth]);
    jobs.extend([birth, update, change.clone()]);
    let number = draft.fresh();
    let part = json!({ "domain": domain, "merge": true, "nserver": [format!("ns1.example{number}.net"), format!("ns3.example{number}.net")] });
    let later = draft.order(&account, "domain.update", part, done("domain.update", &domain), &[&change]);
    let check = draft.order(&account, "domain.check", json!({ "domain": domain }), Fate::Read, &[]);
    let info = draft.order(&account, "domain.info", json!({ "domain": domain }), Fate::Read, &[&create]);
    let reads = message(draft, vec![check, info]);
    vec![message(draft, jobs), reads, message(draft, vec![later])]
}

/// Deleted, brought back, and sometimes deleted for good.
fn second_thoughts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (_, domain, mut jobs) = household(draft, &account);
    let name = json!({ "domain": domain });
    jobs.push(draft.order(&account, "domain.delete", name.clone(), done("domain.delete", &domain), &[]));
    jobs.push(draft.order(&account, "domain.restore", name.clone(), done("domain.restore", &domain), &[]));
    if draft.rng.random_bool(0.5) {
        jobs.push(draft.order(&account, "domain.delete", name, done("domain.delete", &domain), &[]));
    }
    vec![message(draft, jobs)]
}

/// Given back to the registry.
fn given_back(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (_, domain, jobs) = household(draft, &account);
    let params = json!({ "domain": domain, "disconnect": draft.rng.random_bool(0.5) });
    let transit = draft.order(&account, "domain.transit", params, done("domain.transit", &domain), &[&jobs[1]]);
    vec![message(draft, jobs), message(draft, vec![transit])]
}

/// A domain goes to another registrar; a wrong AuthInfo takes it nowhere.
fn transfer(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let (_, domain, mut jobs) = household(draft, &loser);
    let (right, wrong) = (password(draft), password(draft));
    let params = json!({ "domain": domain, "auth_info": right, "expire": last_day() });
    jobs.push(draft.order(&loser, "domain.authcode_create", params, done("domain.create_authinfo1", &domain), &[]));
    let (heir, birth) = contact(draft, &winner);
    let taken = delegation(draft, &domain, &heir);
    let given = &jobs[2];
    let refused = with(taken.clone(), &json!({ "auth_info": wrong }));
    let refused = draft.order(&winner, "domain.transfer", refused, Fate::Refused, &[given, &birth]);
    let taken = with(taken, &json!({ "auth_info": right }));
    let taken = draft.order(&winner, "domain.transfer", taken, done("domain.chprov", &domain), &[given, &birth]);
    let moved = delegation(draft, &domain, &heir);
    let moved = draft.order(&winner, "domain.update", moved, done("domain.update", &domain), &[&taken]);
    let opening = message(draft, jobs);
    vec![opening, message(draft, vec![birth, refused]), message(draft, vec![taken]), message(draft, vec![moved])]
}

/// A letter to the holder, and an AuthInfo that is taken back.
fn letter(draft: &mut Draft<'_>) -> Vec<Value> {
    let owner = draft.account();
    let (_, domain, mut jobs) = household(draft, &owner);
    let params = json!({ "domain": domain });
    let letter = done("domain.create_authinfo2", &domain);
    let letter = draft.order(&owner, "domain.authcode_request", params.clone(), letter, &[&jobs[1]]);
    let given = json!({ "domain": domain, "auth_info": password(draft), "expire": last_day() });
    jobs.push(draft.order(&owner, "domain.authcode_create", given, done("domain.create_authinfo1", &domain), &[]));
    jobs.push(draft.order(&owner, "domain.authcode_delete", params, done("domain.delete_authinfo1", &domain), &[]));
    vec![message(draft, jobs), message(draft, vec![letter])]
}

/// A name that another one holds already; and what would have come after it.
fn taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let (_, domain, jobs) = household(draft, &first);
    let (late, birth) = contact(draft, &second);
    let params = delegation(draft, &domain, &late);
    let refused = draft.order(&second, "domain.create", params, Fate::Refused, &[&jobs[1], &birth]);
    let next = delegation(draft, &domain, &late);
    let next = draft.order(&second, "domain.update", next, Fate::Cancelled, &[&refused]);
    let last = draft.order(&second, "domain.delete", json!({ "domain": domain }), Fate::Cancelled, &[&next]);
    vec![message(draft, jobs), message(draft, vec![birth, refused, next]), message(draft, vec![last])]
}

/// Two want the same name at the same time.
fn race(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let domain = format!("example-{}.de", draft.fresh());
    let mut messages = Vec::new();
    for account in [first, second] {
        let (handle, birth) = contact(draft, &account);
        let params = delegation(draft, &domain, &handle);
        let fate = Fate::Race(effect("domain.create", &domain));
        let create = draft.order(&account, "domain.create", params, fate, &[&birth]);
        messages.push(message(draft, vec![birth, create]));
    }
    messages
}

/// What comes last is heard first.
fn overtaken(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, domain, mut jobs) = household(draft, &account);
    let moved = delegation(draft, &domain, &handle);
    let update = draft.order(&account, "domain.update", moved, done("domain.update", &domain), &[&jobs[1]]);
    let delete = json!({ "domain": domain });
    let delete = draft.order(&account, "domain.delete", delete, done("domain.delete", &domain), &[&update]);
    let mut messages = vec![message(draft, vec![delete]), message(draft, vec![update])];
    while let Some(job) = jobs.pop() {
        messages.push(message(draft, vec![job]));
    }
    messages
}

/// The same contact ordered twice, under two ids: the second is refused, however alike they are.
fn twins(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, first) = contact(draft, &account);
    let alike = if draft.rng.random_bool(0.5) { first["params"].clone() } else { person(draft, &handle) };
    let second = draft.order(&account, "contact.create", alike, Fate::Refused, &[&first]);
    let third = person(draft, &handle);
    let third = draft.order(&account, "contact.update", third, done("contact.update", &handle), &[&first]);
    vec![message(draft, vec![first]), message(draft, vec![second]), message(draft, vec![third])]
}

/// A registration the registry takes and finishes later.
fn assessed(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, customer) = contact(draft, &account);
    let words = ["nispendingcreate", "nispendingcreate-nisserverhold"][draft.rng.random_range(0..2)];
    let domain = format!("{words}-{}.de", draft.fresh());
    let params = delegation(draft, &domain, &handle);
    let create = draft.order(&account, "domain.create", params, done("domain.create", &domain), &[&customer]);
    vec![message(draft, vec![customer]), message(draft, vec![create])]
}

/// A contact and many changes of it.
fn changes(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (handle, create) = contact(draft, &account);
    let mut jobs = vec![create];
    for _ in 0..4 {
        let params = person(draft, &handle);
        jobs.push(draft.order(&account, "contact.update", params, done("contact.update", &handle), &[]));
    }
    vec![message(draft, jobs)]
}

/// A contact.
fn newcomer(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (_, create) = contact(draft, &account);
    vec![message(draft, vec![create])]
}
