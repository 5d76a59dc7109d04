//! What a reseller's customers do.

use rand::Rng;
use serde_json::{Value, json};

use super::super::{Weighted, done, effect, message, with};
use super::orders::{create, domain, for_a_year, moved, person, plain, renewal, servers, transfer, update};
use crate::plan::{Draft, Fate};

/// Everything a reseller does with OpenSRS.
pub const ALL: &[Weighted] = &[
    (6, registration),
    (4, switches),
    (2, delta),
    (6, renewals),
    (5, hosts),
    (4, second_thoughts),
    (3, newly_taken),
    (4, asynchronous),
    (3, turned_down),
    (4, arrival),
    (4, handover),
    (2, called_back),
    (5, kept),
    (1, not_carried_out),
    (3, taken),
    (2, race),
    (2, twins),
    (3, overtaken),
    (2, letters),
    (5, stumbles),
    (2, by_the_registrant),
];

/// A domain with other name servers, contacts and another owner; its jobs are told apart by nothing but their order.
fn registration(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let mut jobs = vec![create(draft, &account, &name), moved(draft, &account, &name, &[])];
    let admin = person(draft, "Adam");
    jobs.push(update(draft, &account, &name, &json!({ "contacts": { "admin": admin } }), &[]));
    let heir = json!({ "domain": name, "contacts": { "owner": person(draft, "Olga") } });
    let change = draft.order(&account, "domain.change_holder", heir, done("domain.change_holder", &name), &[]);
    jobs.push(change.clone());
    let later = moved(draft, &account, &name, &[&change]);
    let check = draft.order(&account, "domain.check", json!({ "domain": name }), Fate::Read, &[]);
    let info = draft.order(&account, "domain.info", json!({ "domain": name }), Fate::Read, &[&jobs[0]]);
    vec![message(draft, jobs), message(draft, vec![check, info]), message(draft, vec![later])]
}

/// What is on or off.
fn switches(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let mut jobs = vec![create(draft, &account, &name)];
    let all = [
        json!({ "lock": true }),
        json!({ "privacy": true }),
        json!({ "let_expire": true }),
        json!({ "parked": true }),
        json!({ "lock": false }),
        json!({ "auto_renew": true }),
    ];
    for switch in all {
        jobs.push(update(draft, &account, &name, &switch, &[]));
    }
    let code = json!({ "domain": name, "auth_info": format!("Zk{}!code", draft.fresh()) });
    jobs.push(draft.order(&account, "domain.authcode_create", code, done("domain.authcode_create", &name), &[]));
    vec![message(draft, jobs)]
}

/// Some name servers come, some go.
fn delta(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let (old, new) = (servers(draft), servers(draft));
    let params = with(for_a_year(draft, &name), &json!({ "nserver": old }));
    let create = draft.order(&account, "domain.create", params, done("domain.create", &name), &[]);
    let some = json!({ "add_nserver": [new[0]], "remove_nserver": [old[0]] });
    let first = update(draft, &account, &name, &some, &[]);
    let rest = json!({ "add_nserver": [new[1]], "remove_nserver": [old[1]] });
    let second = update(draft, &account, &name, &rest, &[&first]);
    vec![message(draft, vec![create, first]), message(draft, vec![second])]
}

/// Renewed twice, from one year and then from the next; never twice from the same one, nor from a wrong one.
fn renewals(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let renewed = || done("domain.renew", &name);
    let first = renewal(draft, &account, &name, [1, 1], renewed(), &[]);
    let second = renewal(draft, &account, &name, [2, 2], renewed(), &[]);
    let again = renewal(draft, &account, &name, [1, 1], Fate::Refused, &[&second]);
    let wrong = renewal(draft, &account, &name, [7, 1], Fate::Refused, &[&second]);
    let last = renewal(draft, &account, &name, [4, 1], renewed(), &[&second]);
    let opening = message(draft, vec![create, first, second]);
    vec![opening, message(draft, vec![again]), message(draft, vec![wrong]), message(draft, vec![last])]
}

/// A host from its beginning to its end, under another name or not, and a second one that comes too late.
fn hosts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let domain = create(draft, &account, &name);
    let [old, new] = ["ns1", "dns1"].map(|label| format!("{label}.{name}"));
    let host = |host: &str, address: &str| json!({ "host": host, "domain": name, "address": address });
    let there = host(&old, "192.0.2.53");
    let alike = if draft.rng.random_bool(0.5) { there.clone() } else { host(&old, "192.0.2.99") };
    let born = draft.order(&account, "host.create", there, done("host.create", &old), &[&domain]);
    let twin = draft.order(&account, "host.create", alike, Fate::Refused, &[&born]);
    let change = draft.order(&account, "host.update", host(&old, "192.0.2.54"), done("host.update", &old), &[&born]);
    let check = draft.order(&account, "host.info", json!({ "host": old, "domain": name }), Fate::Read, &[&born]);
    let mut opening = vec![domain, born, twin, change.clone()];
    let mut rest = Vec::new();
    if draft.rng.random_bool(0.5) {
        let renamed = with(host(&old, "192.0.2.54"), &json!({ "new_name": new }));
        let renamed = draft.order(&account, "host.update", renamed, done("host.update", &old), &[&change]);
        let death = host(&new, "192.0.2.54");
        rest.push(draft.order(&account, "host.delete", death, done("host.delete", &new), &[&renamed]));
        opening.extend([check, renamed]);
    } else {
        let death = host(&old, "192.0.2.54");
        rest.push(draft.order(&account, "host.delete", death, done("host.delete", &old), &[&change, &check]));
        opening.push(check);
    }
    vec![message(draft, opening), message(draft, rest)]
}

/// Deleted, had back, and changed.
fn second_thoughts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "aged");
    let create = create(draft, &account, &name);
    let delete = plain(draft, &account, "domain.delete", &name, &[&create]);
    let restore = plain(draft, &account, "domain.restore", &name, &[&delete]);
    let change = moved(draft, &account, &name, &[&restore]);
    let opening = message(draft, vec![create, delete]);
    vec![opening, message(draft, vec![restore]), message(draft, vec![change])]
}

/// Deleted within its first days, which frees the name, and registered anew.
fn newly_taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let first = create(draft, &account, &name);
    let delete = plain(draft, &account, "domain.delete", &name, &[&first]);
    let params = for_a_year(draft, &name);
    let anew = draft.order(&account, "domain.create", params, done("domain.create", &name), &[&delete]);
    let change = moved(draft, &account, &name, &[&anew]);
    vec![message(draft, vec![first, delete]), message(draft, vec![anew, change])]
}

/// A registry that takes its time: for the registration, the renewal and the changes.
fn asynchronous(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let word = ["async", "gdpr", "claim"][draft.rng.random_range(0..3)];
    let name = domain(draft, word);
    let create = create(draft, &account, &name);
    let renew = renewal(draft, &account, &name, [1, 1], done("domain.renew", &name), &[&create]);
    let change = moved(draft, &account, &name, &[&renew]);
    let lock = update(draft, &account, &name, &json!({ "lock": true }), &[&change]);
    vec![message(draft, vec![create]), message(draft, vec![renew, change]), message(draft, vec![lock])]
}

/// What it takes and does not do.
fn turned_down(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let word = ["async-decline", "gdpr-decline", "claim-decline"][draft.rng.random_range(0..3)];
    let name = domain(draft, word);
    let params = for_a_year(draft, &name);
    let fate = Fate::TurnedDown(effect("domain.create", &name));
    let declined = draft.order(&account, "domain.create", params, fate, &[]);
    let next =
        draft.order(&account, "domain.update", json!({ "domain": name, "lock": true }), Fate::Cancelled, &[&declined]);
    let other = domain(draft, "async-norenew");
    let create = create(draft, &account, &other);
    let fate = Fate::TurnedDown(effect("domain.renew", &other));
    let renew = renewal(draft, &account, &other, [1, 1], fate, &[&create]);
    vec![message(draft, vec![declined]), message(draft, vec![next]), message(draft, vec![create, renew])]
}

/// Domains come from other registrars, or do not.
fn arrival(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (name, other) = (domain(draft, "foreign"), domain(draft, "foreign"));
    let comes = transfer(draft, &account, &name, "Ab1!code", done("domain.transfer", &name), &[]);
    let change = moved(draft, &account, &name, &[&comes]);
    let fate = Fate::TurnedDown(effect("domain.transfer", &other));
    let wrong = transfer(draft, &account, &other, "Ab1!wrong", fate, &[]);
    let word = ["young", "taken"][draft.rng.random_range(0..2)];
    let stays = domain(draft, word);
    let stays = transfer(draft, &account, &stays, "Ab1!code", Fate::Refused, &[]);
    vec![message(draft, vec![comes, wrong]), message(draft, vec![stays]), message(draft, vec![change])]
}

/// A domain goes from one reseller to another.
fn handover(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let name = domain(draft, "aged");
    let create = create(draft, &loser, &name);
    let code = format!("Zk{}!code", draft.fresh());
    let given = json!({ "domain": name, "auth_info": code });
    let given = draft.order(&loser, "domain.authcode_create", given, done("domain.authcode_create", &name), &[]);
    let taken = transfer(draft, &winner, &name, &code, done("domain.transfer", &name), &[&given]);
    let change = moved(draft, &winner, &name, &[&taken]);
    let opening = message(draft, vec![create, given]);
    vec![opening, message(draft, vec![taken]), message(draft, vec![change])]
}

/// A transfer is called back, and then wanted after all.
fn called_back(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "foreign-slow");
    let fate = Fate::TurnedDown(effect("domain.transfer", &name));
    let slow = transfer(draft, &account, &name, "Ab1!code", fate, &[]);
    let params = json!({ "domain": name, "transfer": true });
    let back = draft.order(&account, "order.cancel", params, done("order.cancel", &name), &[]);
    let params = json!({ "order": null, "transfer": true });
    let fate = Fate::Done(vec![effect("order.process", &name), effect("domain.transfer", &name)]);
    let again = draft.order(&account, "order.process", params, fate, &[&back]);
    let change = moved(draft, &account, &name, &[&again]);
    draft.reply(&slow, "job.pending", json!({ "jobs": [back, again, change] }));
    vec![message(draft, vec![slow])]
}

/// An order that is kept at first, and then carried out, withdrawn, or replaced by another one.
fn kept(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let params = with(for_a_year(draft, &name), &json!({ "save": true }));
    let save = draft.order(&account, "domain.create", params, done("order.save", &name), &[]);
    let order = json!({ "order": null });
    let mut messages = vec![message(draft, vec![save.clone()])];
    match draft.rng.random_range(0..3) {
        0 => {
            let fate = Fate::Done(vec![effect("order.process", &name), effect("domain.create", &name)]);
            let process = draft.order(&account, "order.process", order, fate, &[]);
            let change = moved(draft, &account, &name, &[&process]);
            draft.reply(&save, "job.succeeded", json!({ "jobs": [process, change] }));
        }
        1 => {
            let cancel = draft.order(&account, "order.cancel", order, done("order.cancel", &name), &[]);
            draft.reply(&save, "job.succeeded", cancel);
        }
        _ => {
            let params = for_a_year(draft, &name);
            let create = draft.order(&account, "domain.create", params, done("domain.create", &name), &[&save]);
            messages.push(message(draft, vec![create]));
        }
    }
    messages
}

/// An order that the registry keeps because it cannot carry it out: a human looks at it.
fn not_carried_out(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let word = ["forced", "forced-435", "forced-440"][draft.rng.random_range(0..3)];
    let name = domain(draft, word);
    let params = for_a_year(draft, &name);
    let create = draft.order(&account, "domain.create", params, Fate::Refused, &[]);
    vec![message(draft, vec![create])]
}

/// A name that another one holds already; and what would have come after it.
fn taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let create = create(draft, &first, &name);
    let params = for_a_year(draft, &name);
    let refused = draft.order(&second, "domain.create", params, Fate::Refused, &[&create]);
    let next = json!({ "domain": name, "lock": true });
    let next = draft.order(&second, "domain.update", next, Fate::Cancelled, &[&refused]);
    // It is not theirs to change, either.
    let theft =
        draft.order(&second, "domain.update", json!({ "domain": name, "lock": true }), Fate::Refused, &[&create]);
    vec![message(draft, vec![create]), message(draft, vec![refused, next]), message(draft, vec![theft])]
}

/// Two want the same name at the same time.
fn race(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let mut messages = Vec::new();
    for account in [first, second] {
        let params = for_a_year(draft, &name);
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
    let alike = if draft.rng.random_bool(0.5) { first["params"].clone() } else { for_a_year(draft, &name) };
    let second = draft.order(&account, "domain.create", alike, Fate::Refused, &[&first]);
    let change = moved(draft, &account, &name, &[&first]);
    vec![message(draft, vec![first]), message(draft, vec![second]), message(draft, vec![change])]
}

/// What comes last is heard first.
fn overtaken(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let change = moved(draft, &account, &name, &[&create]);
    let delete = plain(draft, &account, "domain.delete", &name, &[&change]);
    vec![message(draft, vec![delete]), message(draft, vec![change]), message(draft, vec![create])]
}

/// What goes out by e-mail.
fn letters(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let letter = |kind| Fate::Letter(effect(kind, &name));
    let code = json!({ "domain": name });
    let code = draft.order(&account, "domain.authcode_request", code, letter("domain.authcode_request"), &[&create]);
    let proof = json!({ "domain": name, "resend_verification": true });
    let proof = draft.order(&account, "domain.update", proof, letter("domain.update"), &[&create]);
    vec![message(draft, vec![create]), message(draft, vec![code]), message(draft, vec![proof])]
}

/// The first write is answered with trouble, having been carried out or not; and what is refused for good.
fn stumbles(draft: &mut Draft<'_>) -> Vec<Value> {
    const NOT_DONE: &[&str] = &["310", "350", "437", "486", "400", "404", "436", "702", "703", "704", "705", "none"];
    const DONE: &[&str] = &["400", "404", "436", "702", "703", "704", "705", "none"];
    const REFUSED: &[&str] = &["415", "420", "430", "435", "445", "447", "460", "465", "470", "599"];
    let account = draft.account();
    let mut one_of = |codes: &[&'static str]| codes[draft.rng.random_range(0..codes.len())];
    let (once, after, never) = (one_of(NOT_DONE), one_of(DONE), one_of(REFUSED));
    let mut messages = Vec::new();
    for word in [format!("once-{once}"), format!("done-{after}")] {
        let name = domain(draft, &word);
        let create = create(draft, &account, &name);
        let change = moved(draft, &account, &name, &[]);
        messages.push(message(draft, vec![create, change]));
    }
    let name = domain(draft, &format!("code-{never}"));
    let params = for_a_year(draft, &name);
    let refused = draft.order(&account, "domain.create", params, Fate::Refused, &[]);
    let name = domain(draft, &format!("update-{never}"));
    let create = create(draft, &account, &name);
    let lock = json!({ "domain": name, "lock": true });
    let lock = draft.order(&account, "domain.update", lock, Fate::Refused, &[&create]);
    messages.extend([message(draft, vec![refused]), message(draft, vec![create, lock])]);
    messages
}

/// On the authority of the registrant's profile.
fn by_the_registrant(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let profile = json!({ "username": "example01", "password": "s3cretpw9" });
    let lock = update(draft, &account, &name, &with(profile.clone(), &json!({ "lock": true })), &[]);
    let servers = servers(draft);
    let change = update(draft, &account, &name, &with(profile, &json!({ "nserver": servers })), &[&lock]);
    vec![message(draft, vec![create, lock]), message(draft, vec![change])]
}

/// A domain and many changes of it.
pub fn changes(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let mut jobs = vec![create(draft, &account, &name)];
    for _ in 0..4 {
        jobs.push(moved(draft, &account, &name, &[]));
    }
    vec![message(draft, jobs)]
}
