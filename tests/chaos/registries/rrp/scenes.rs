//! What a registrar's customers do.

use rand::Rng;
use serde_json::{Value, json};

use super::super::{Weighted, done, effect, message};
use super::orders::{address, create, create_for, domain, ends, host, host_update, household, plain, renewal, update};
use crate::plan::{Draft, Fate};

/// Everything a registrar does with RRP.
pub const ALL: &[Weighted] = &[
    (6, registration),
    (5, deltas),
    (4, locks),
    (6, renewals),
    (6, hosts),
    (3, in_use),
    (5, given),
    (4, kept),
    (4, decided),
    (3, not_to_be_had),
    (3, newly_taken),
    (2, with_all_below),
    (3, taken),
    (2, race),
    (2, twins),
    (3, overtaken),
    (6, stumbles),
];

/// A domain whose name servers are stated anew each time: all of them go out as what differs.
fn registration(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1, ns2, ns3], jobs) = household(draft, &account, "example");
    let after: Vec<&Value> = jobs.iter().collect();
    let first = update(draft, &account, &name, &json!({ "nserver": [ns1, ns2] }), &after);
    let second = update(draft, &account, &name, &json!({ "nserver": [ns2, ns3] }), &[&first]);
    let none = update(draft, &account, &name, &json!({ "nserver": [] }), &[&second]);
    let last = update(draft, &account, &name, &json!({ "nserver": [ns3] }), &[&none]);
    let check = ends(draft, &account, "domain.check", &name, Fate::Read, &[]);
    let info = ends(draft, &account, "domain.info", &name, Fate::Read, &[&jobs[0]]);
    // Nothing differs, nothing goes out.
    let same =
        draft.order(&account, "domain.update", json!({ "domain": name, "nserver": [ns3] }), Fate::Read, &[&last]);
    let changes = message(draft, vec![first, second, none]);
    vec![message(draft, jobs), message(draft, vec![check, info]), changes, message(draft, vec![last, same])]
}

/// Some name servers come, some go; what is there already does not come, what is not there does not go.
fn deltas(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1, ns2, ns3], jobs) = household(draft, &account, "example");
    let after: Vec<&Value> = jobs.iter().collect();
    let first = update(draft, &account, &name, &json!({ "add_nserver": [ns1, ns2] }), &after);
    let second = json!({ "add_nserver": [ns3], "remove_nserver": [ns1] });
    let second = update(draft, &account, &name, &second, &[&first]);
    let third = update(draft, &account, &name, &json!({ "remove_nserver": [ns2] }), &[&second]);
    let change = json!({ "add_nserver": [ns2], "add_status": ["REGISTRAR-HOLD"] });
    let fourth = update(draft, &account, &name, &change, &[&third]);
    let mut opening = jobs.clone();
    opening.push(first);
    vec![message(draft, opening), message(draft, vec![second, third]), message(draft, vec![fourth])]
}

/// Locked, which lets nobody change it, and unlocked; its jobs are told apart by nothing but their order.
fn locks(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1], mut jobs) = household(draft, &account, "example");
    let made = jobs.clone();
    let after: Vec<&Value> = made.iter().collect();
    let status = ["REGISTRAR-LOCK", "REGISTRAR-HOLD"][draft.rng.random_range(0..2)];
    let lock = update(draft, &account, &name, &json!({ "add_status": [status] }), &after);
    let change = json!({ "domain": name, "nserver": [ns1] });
    let refused = draft.order(&account, "domain.update", change, Fate::Refused, &[&lock]);
    jobs.extend([lock, refused]);
    jobs.push(update(draft, &account, &name, &json!({ "remove_status": [status] }), &[]));
    jobs.push(update(draft, &account, &name, &json!({ "nserver": [ns1] }), &[]));
    jobs.push(update(draft, &account, &name, &json!({ "add_status": [status] }), &[]));
    vec![message(draft, jobs)]
}

/// Renewed twice, from one year and then from the next; never twice from the same one, nor from a wrong one.
fn renewals(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let years = draft.rng.random_range(1..3);
    let create = create_for(draft, &account, &name, years);
    let renewed = || done("domain.renew", &name);
    let first = renewal(draft, &account, &name, [years, 1], renewed(), &[]);
    let second = renewal(draft, &account, &name, [years + 1, 2], renewed(), &[]);
    let again = renewal(draft, &account, &name, [years, 1], Fate::Refused, &[&second]);
    let wrong = renewal(draft, &account, &name, [9, 1], Fate::Refused, &[&second]);
    let last = renewal(draft, &account, &name, [years + 3, 1], renewed(), &[&second]);
    let much = renewal(draft, &account, &name, [years + 4, 9], Fate::Refused, &[&last]);
    let opening = message(draft, vec![create, first, second]);
    vec![opening, message(draft, vec![again]), message(draft, vec![wrong]), message(draft, vec![last, much])]
}

/// A host from its beginning to its end, under another name or not, and a second one that comes too late.
fn hosts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let domain = create(draft, &account, &name);
    let (old, born) = host(draft, &account, "ns1", &name, &[&domain]);
    let new = format!("dns1.{name}");
    let [two, three, four] = [(); 3].map(|()| address(draft));
    let alike = match draft.rng.random_bool(0.5) {
        true => born["params"].clone(),
        false => json!({ "host": old, "address": [four] }),
    };
    let twin = draft.order(&account, "host.create", alike, Fate::Refused, &[&born]);
    let whole = host_update(draft, &account, &old, &json!({ "address": [two] }), &[&born]);
    let more = json!({ "add_address": [three], "remove_address": [two] });
    let more = host_update(draft, &account, &old, &more, &[&whole]);
    let check = draft.order(&account, "host.check", json!({ "host": old }), Fate::Read, &[&born]);
    let info = draft.order(&account, "host.info", json!({ "host": old }), Fate::Read, &[&born]);
    let mut opening = vec![domain, born, twin, check, info.clone(), whole, more.clone()];
    let mut last = more;
    let mut named = old.clone();
    if draft.rng.random_bool(0.5) {
        last = host_update(draft, &account, &old, &json!({ "new_name": new }), &[&last, &info]);
        opening.push(last.clone());
        named = new;
    }
    let death = json!({ "host": named });
    let death = draft.order(&account, "host.delete", death, done("host.delete", &named), &[&last, &info]);
    vec![message(draft, opening), message(draft, vec![death])]
}

/// A host that serves a domain: it cannot be deleted, and the domain keeps it under its new name.
fn in_use(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1, ns2], jobs) = household(draft, &account, "example");
    let after: Vec<&Value> = jobs.iter().collect();
    let used = update(draft, &account, &name, &json!({ "nserver": [ns1, ns2] }), &after);
    let death = json!({ "host": ns1 });
    let refused = draft.order(&account, "host.delete", death, Fate::Refused, &[&used]);
    let new = format!("dns1.{name}");
    let change = json!({ "new_name": new, "address": [address(draft)] });
    let renamed = host_update(draft, &account, &ns2, &change, &[&used]);
    let rest = update(draft, &account, &name, &json!({ "remove_nserver": [new] }), &[&renamed]);
    let mut opening = jobs.clone();
    opening.push(used);
    vec![message(draft, opening), message(draft, vec![refused]), message(draft, vec![renamed, rest])]
}

/// A domain goes to another registrar, its name servers with it: whoever has it agrees when it has been asked for.
fn given(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let (name, [ns1], jobs) = household(draft, &loser, "example");
    let after: Vec<&Value> = jobs.iter().collect();
    let comes = plain(draft, &winner, "domain.transfer", &name, &after);
    let goes = plain(draft, &loser, "domain.transfer_approve", &name, &[]);
    let twice = ends(draft, &loser, "domain.transfer_approve", &name, Fate::Refused, &[&goes]);
    draft.reply(&comes, "job.pending", json!({ "jobs": [goes, twice] }));
    let change = update(draft, &winner, &name, &json!({ "nserver": [ns1] }), &[]);
    let theft = draft.order(
        &loser,
        "domain.update",
        json!({ "domain": name, "add_status": ["REGISTRAR-LOCK"] }),
        Fate::Refused,
        &[],
    );
    draft.reply(&comes, "job.succeeded", change);
    draft.reply(&comes, "job.succeeded", theft);
    let opening = message(draft, jobs);
    vec![opening, message(draft, vec![comes])]
}

/// A domain does not go to another registrar: refused, and then deleted, which is how who asked for it learns. A deletion
/// that ends with a human is ordered anew.
fn kept(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let name = domain(draft, "example");
    let create = create(draft, &loser, &name);
    let fate = Fate::TurnedDown(effect("domain.transfer", &name));
    let wanted = ends(draft, &winner, "domain.transfer", &name, fate, &[&create]);
    let no = plain(draft, &loser, "domain.transfer_reject", &name, &[]);
    let twice = ends(draft, &loser, "domain.transfer_reject", &name, Fate::Refused, &[&no]);
    let mut reply = vec![no.clone(), twice];
    for _ in 0..2 {
        let fate = Fate::Race(effect("domain.delete", &name));
        reply.push(ends(draft, &loser, "domain.delete", &name, fate, &[&no]));
    }
    draft.reply(&wanted, "job.pending", json!({ "jobs": reply }));
    vec![message(draft, vec![create]), message(draft, vec![wanted])]
}

/// The registry decides, for nobody else does.
fn decided(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let (name, [ns1], jobs) = household(draft, &loser, "decided");
    let after: Vec<&Value> = jobs.iter().collect();
    let comes = plain(draft, &winner, "domain.transfer", &name, &after);
    let change = update(draft, &winner, &name, &json!({ "nserver": [ns1] }), &[&comes]);
    // A year came with it.
    let renew = renewal(draft, &winner, &name, [2, 1], done("domain.renew", &name), &[&change]);
    let opening = message(draft, jobs);
    vec![opening, message(draft, vec![comes, change]), message(draft, vec![renew])]
}

/// Domains that cannot be had: one's own, a locked one, none.
fn not_to_be_had(draft: &mut Draft<'_>) -> Vec<Value> {
    let (owner, other) = draft.two_accounts();
    let (name, none) = (domain(draft, "example"), domain(draft, "example"));
    let create = create(draft, &owner, &name);
    let own = ends(draft, &owner, "domain.transfer", &name, Fate::Refused, &[&create]);
    let lock = update(draft, &owner, &name, &json!({ "add_status": ["REGISTRAR-LOCK"] }), &[&create]);
    let locked = ends(draft, &other, "domain.transfer", &name, Fate::Refused, &[&lock]);
    let none = ends(draft, &other, "domain.transfer", &none, Fate::Refused, &[]);
    let approve = ends(draft, &owner, "domain.transfer_approve", &name, Fate::Refused, &[&lock]);
    let opening = message(draft, vec![create, own, lock]);
    vec![opening, message(draft, vec![locked, none]), message(draft, vec![approve])]
}

/// Deleted within its first days, which frees the name, and registered anew, by whom it was or by another.
fn newly_taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, other) = draft.two_accounts();
    let second = if draft.rng.random_bool(0.5) { first.clone() } else { other };
    let name = domain(draft, "example");
    let create = create(draft, &first, &name);
    let delete = plain(draft, &first, "domain.delete", &name, &[&create]);
    let params = json!({ "domain": name, "years": 2 });
    let anew = draft.order(&second, "domain.create", params, done("domain.create", &name), &[&delete]);
    let lock = update(draft, &second, &name, &json!({ "add_status": ["REGISTRAR-LOCK"] }), &[&anew]);
    vec![message(draft, vec![create, delete]), message(draft, vec![anew, lock])]
}

/// Deleted with the name servers below it.
fn with_all_below(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1, ns2], jobs) = household(draft, &account, "example");
    let after: Vec<&Value> = jobs.iter().collect();
    let used = update(draft, &account, &name, &json!({ "nserver": [ns1, ns2] }), &after);
    let delete = plain(draft, &account, "domain.delete", &name, &[&used]);
    let change = json!({ "host": ns1, "address": [address(draft)] });
    let late = draft.order(&account, "host.update", change, Fate::Refused, &[&delete]);
    let mut opening = jobs.clone();
    opening.push(used);
    vec![message(draft, opening), message(draft, vec![delete]), message(draft, vec![late])]
}

/// A name that another one holds already; and what would have come after it.
fn taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let create = create(draft, &first, &name);
    let params = json!({ "domain": name, "years": 1 });
    let refused = draft.order(&second, "domain.create", params, Fate::Refused, &[&create]);
    let lock = json!({ "domain": name, "add_status": ["REGISTRAR-LOCK"] });
    let next = draft.order(&second, "domain.update", lock.clone(), Fate::Cancelled, &[&refused]);
    // It is not theirs to change, either.
    let theft = draft.order(&second, "domain.update", lock, Fate::Refused, &[&create]);
    let below = json!({ "host": format!("ns1.{name}"), "address": [address(draft)] });
    let below = draft.order(&second, "host.create", below, Fate::Refused, &[&create]);
    vec![message(draft, vec![create]), message(draft, vec![refused, next]), message(draft, vec![theft, below])]
}

/// Two want the same name at the same time.
fn race(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let mut messages = Vec::new();
    for account in [first, second] {
        let params = json!({ "domain": name, "years": 1 });
        let create = draft.order(&account, "domain.create", params, Fate::Race(effect("domain.create", &name)), &[]);
        messages.push(message(draft, vec![create]));
    }
    messages
}

/// The same name ordered twice, under two ids: the second is refused, however alike they are.
fn twins(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let first = create(draft, &account, &name);
    let years = draft.rng.random_range(1..3);
    let alike = json!({ "domain": name, "years": years });
    let second = draft.order(&account, "domain.create", alike, Fate::Refused, &[&first]);
    let lock = update(draft, &account, &name, &json!({ "add_status": ["REGISTRAR-LOCK"] }), &[&first]);
    vec![message(draft, vec![first]), message(draft, vec![second]), message(draft, vec![lock])]
}

/// What comes last is heard first.
fn overtaken(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let renew = renewal(draft, &account, &name, [1, 2], done("domain.renew", &name), &[&create]);
    let delete = plain(draft, &account, "domain.delete", &name, &[&renew]);
    vec![message(draft, vec![delete]), message(draft, vec![renew]), message(draft, vec![create])]
}

/// The first write is answered with trouble, having been carried out or not; connections that end behind each answer; and
/// what is refused for good.
fn stumbles(draft: &mut Draft<'_>) -> Vec<Value> {
    const NOT_DONE: &[&str] = &["420", "421", "520", "547", "549"];
    const DONE: &[&str] = &["220", "220", "420", "421", "520", "547", "549"];
    const THEN: &[&str] = &["220", "420", "520", "none"];
    const REFUSED: &[&str] =
        &["500", "505", "507", "510", "535", "541", "543", "544", "548", "550", "552", "553", "556"];
    let account = draft.account();
    let mut one_of = |codes: &[&'static str]| codes[draft.rng.random_range(0..codes.len())];
    let (once, after, then, never) = (one_of(NOT_DONE), one_of(DONE), one_of(THEN), one_of(REFUSED));
    let mut messages = Vec::new();
    for word in [format!("once-{once}"), format!("done-{after}"), format!("then-{then}")] {
        let (name, [ns1], mut jobs) = household(draft, &account, &word);
        let made = jobs.clone();
        jobs.push(update(draft, &account, &name, &json!({ "add_nserver": [ns1] }), &made.iter().collect::<Vec<_>>()));
        jobs.push(renewal(draft, &account, &name, [1, 1], done("domain.renew", &name), &[]));
        messages.push(message(draft, jobs));
    }
    let name = domain(draft, &format!("code-{never}"));
    let params = json!({ "domain": name, "years": 1 });
    let refused = draft.order(&account, "domain.create", params, Fate::Refused, &[]);
    let name = domain(draft, &format!("update-{never}"));
    let create = create(draft, &account, &name);
    let lock = json!({ "domain": name, "add_status": ["REGISTRAR-LOCK"] });
    let lock = draft.order(&account, "domain.update", lock, Fate::Refused, &[&create]);
    let renew = renewal(draft, &account, &name, [1, 1], done("domain.renew", &name), &[&create]);
    messages.extend([message(draft, vec![refused]), message(draft, vec![create, lock, renew])]);
    messages
}

/// A domain and many changes of it.
pub fn changes(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, [ns1, ns2], mut jobs) = household(draft, &account, "example");
    let made = jobs.clone();
    let after: Vec<&Value> = made.iter().collect();
    for number in 0..4 {
        let servers = if number % 2 == 0 { json!([ns1]) } else { json!([ns2]) };
        jobs.push(update(draft, &account, &name, &json!({ "nserver": servers }), &after));
    }
    vec![message(draft, jobs)]
}
