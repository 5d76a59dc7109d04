//! What a registrar's customers do.

use rand::Rng;
use serde_json::{Value, json};

use super::super::{Weighted, done, message, with};
use super::orders::{
    contact, create, domain, done_to, ends, for_a_year, forgotten, handle, moved, person, plain, raced_for, renewal,
    servers, stored, update,
};
use crate::plan::{Draft, Fate};

/// Everything a registrar does with NZ SRS.
pub const ALL: &[Weighted] = &[
    (6, registration),
    (4, cleared),
    (5, contacts),
    (4, in_use),
    (3, namesakes),
    (4, locks),
    (6, renewals),
    (5, second_thoughts),
    (3, newly_taken),
    (6, given),
    (3, not_to_be_had),
    (3, taken),
    (2, race),
    (2, twins),
    (3, overtaken),
    (6, stumbles),
];

/// A domain with other name servers, keys, contacts and another holder; its jobs are told apart by nothing but their order.
fn registration(draft: &mut Draft<'_>) -> Vec<Value> {
    const DS: &str = "555 8 2 3A54F693DA1D3FC6073B3D065FEDFAC000610CE83C7D2A084DF883E0B308DCA6";
    let account = draft.account();
    let name = domain(draft, "example");
    let mut jobs = vec![create(draft, &account, &name), moved(draft, &account, &name, &[])];
    let inside = json!({ "nserver": [format!("ns1.{name} 192.0.2.53 2001:db8::53"), "ns2.example.net"], "ds": [DS] });
    jobs.push(update(draft, &account, &name, &inside, &[]));
    let admin = person(draft, "Ada");
    jobs.push(update(draft, &account, &name, &json!({ "admin": admin, "term": 6 }), &[]));
    let heir = json!({ "registrant": person(draft, "Mere") });
    let heir = ends(draft, &account, "domain.change_holder", &name, &heir, done_to("domain.update", &name), &[]);
    jobs.push(heir.clone());
    let later = moved(draft, &account, &name, &[&heir]);
    let check = ends(draft, &account, "domain.check", &name, &json!({}), Fate::Read, &[]);
    let info = ends(draft, &account, "domain.info", &name, &json!({}), Fate::Read, &[&jobs[0]]);
    let public = json!({ "question": "public" });
    let public = ends(draft, &account, "domain.info", &name, &public, Fate::Read, &[&jobs[0]]);
    vec![message(draft, jobs), message(draft, vec![check, info, public]), message(draft, vec![later])]
}

/// What is taken away again, and what of an address is left alone.
fn cleared(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let mut jobs = vec![create(draft, &account, &name)];
    jobs.push(update(draft, &account, &name, &json!({ "nserver": null, "reference": null, "delegate": false }), &[]));
    let moved_house =
        json!({ "address1": "2 Rātā Road", "address2": "Ōtāki Beach", "city": "Ōtāki", "country_code": "NZ" });
    jobs.push(update(draft, &account, &name, &json!({ "registrant": moved_house }), &[]));
    let tech = person(draft, "Tāmati");
    jobs.push(update(draft, &account, &name, &json!({ "tech": tech, "audit_text": "ka pai: ō tātou" }), &[]));
    let last = update(draft, &account, &name, &json!({ "tech": null, "reference": "Ē-2" }), &[&jobs[3]]);
    vec![message(draft, jobs), message(draft, vec![last])]
}

/// A stored contact from its beginning to its end, and a second one that comes too late.
fn contacts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let (id, born) = handle(draft, &account);
    let named = json!({ "handle": id });
    let twin = match draft.rng.random_bool(0.5) {
        true => draft.order(&account, "contact.create", born["params"].clone(), Fate::Refused, &[&born]),
        false => stored(draft, &account, &id, Fate::Refused, &[&born]),
    };
    let first = contact(draft, &account, &id, &json!({ "email": "kēhua@example.net", "fax": null }), &[&born]);
    let whole = person(draft, "Anahera");
    let second = contact(draft, &account, &id, &whole, &[&first]);
    let check = draft.order(&account, "contact.check", named.clone(), Fate::Read, &[]);
    let info = draft.order(&account, "contact.info", named, Fate::Read, &[&born]);
    let death = forgotten(draft, &account, &id, done("contact.delete", &id), &[&second, &info]);
    let late = json!({ "handle": id, "email": "late@example.net" });
    let late = draft.order(&account, "contact.update", late, Fate::Refused, &[&death]);
    let opening = message(draft, vec![born, twin, check, info, first, second]);
    vec![opening, message(draft, vec![death]), message(draft, vec![late])]
}

/// Stored contacts that a domain has: one cannot be deleted, and another one can when the domain has it no longer.
fn in_use(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let ((held, first), (freed, second)) = (handle(draft, &account), handle(draft, &account));
    let by_handle = with(for_a_year(draft, &name), &json!({ "registrant": held, "admin": { "handle": freed } }));
    let fate = done_to("domain.create", &name);
    let create = draft.order(&account, "domain.create", by_handle, fate, &[&first, &second]);
    let kept = forgotten(draft, &account, &held, Fate::Refused, &[&create]);
    let change = contact(draft, &account, &held, &json!({ "name": "Hōne Heke" }), &[&create]);
    let mere = person(draft, "Mere");
    let free = update(draft, &account, &name, &json!({ "admin": mere }), &[&create]);
    let death = forgotten(draft, &account, &freed, done("contact.delete", &freed), &[&free]);
    let opening = message(draft, vec![first, second, create]);
    vec![opening, message(draft, vec![kept, change]), message(draft, vec![free, death])]
}

/// Two registrars who store somebody under the same handle have nothing to do with each other.
fn namesakes(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let (id, born) = handle(draft, &first);
    let other = stored(draft, &second, &id, done("contact.create", &id), &[]);
    let change =
        contact(draft, &second, &id, &json!({ "city": "Ōtaki", "address1": "1 Ō", "country_code": "NZ" }), &[&other]);
    vec![message(draft, vec![born]), message(draft, vec![other, change])]
}

/// Locked, which lets nobody change it, and unlocked.
fn locks(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let lock = update(draft, &account, &name, &json!({ "lock": true }), &[&create]);
    let servers = servers(draft);
    let change = json!({ "nserver": servers });
    let refused = ends(draft, &account, "domain.update", &name, &change, Fate::Refused, &[&lock]);
    let kept = ends(draft, &account, "domain.delete", &name, &json!({}), Fate::Refused, &[&lock]);
    let mut jobs = vec![create, lock.clone(), refused, kept];
    jobs.push(update(draft, &account, &name, &json!({ "lock": false }), &[]));
    jobs.push(update(draft, &account, &name, &change, &[]));
    vec![message(draft, jobs)]
}

/// Renewed from a date that billing has heard of, and from the next; never twice from the same one, nor too far ahead. Then
/// from whatever date it is, twice.
fn renewals(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "example");
    let create = create(draft, &account, &name);
    let from = |months: u32| json!({ "term": months, "expires": null });
    let renewed = || done_to("domain.renew", &name);
    let first = ends(draft, &account, "domain.renew", &name, &from(12), renewed(), &[]);
    let again = ends(draft, &account, "domain.renew", &name, &from(12), Fate::Refused, &[&first]);
    draft.reply(&create, "job.succeeded", json!({ "jobs": [first, again] }));
    let second = ends(draft, &account, "domain.renew", &name, &from(24), renewed(), &[]);
    let third = renewal(draft, &account, &name, 1, &[&second]);
    let fourth = renewal(draft, &account, &name, 1, &[&third]);
    let much = json!({ "term": 119 });
    let much = ends(draft, &account, "domain.renew", &name, &much, Fate::Refused, &[&second]);
    draft.reply(&first, "job.succeeded", json!({ "jobs": [second, third, fourth, much] }));
    vec![message(draft, vec![create])]
}

/// Cancelled, which changes nothing any more, brought back, and sometimes cancelled for good.
fn second_thoughts(draft: &mut Draft<'_>) -> Vec<Value> {
    let account = draft.account();
    let name = domain(draft, "settled");
    let create = create(draft, &account, &name);
    let gone = plain(draft, &account, "domain.delete", &name, &[&create]);
    let idle = json!({ "delegate": true });
    let idle = ends(draft, &account, "domain.update", &name, &idle, Fate::Refused, &[&gone]);
    let twice = ends(draft, &account, "domain.delete", &name, &json!({}), Fate::Refused, &[&gone]);
    let back = plain(draft, &account, "domain.restore", &name, &[&gone]);
    let mut opening = vec![create, gone, idle, twice, back.clone()];
    let mut rest = vec![moved(draft, &account, &name, &[&back])];
    if draft.rng.random_bool(0.5) {
        let last = rest[0].clone();
        rest.push(plain(draft, &account, "domain.delete", &name, &[&last]));
    } else {
        opening.push(ends(draft, &account, "domain.restore", &name, &json!({}), Fate::Refused, &[&back]));
    }
    vec![message(draft, opening), message(draft, rest)]
}

/// Cancelled within its first days, which frees the name, and registered anew, by whom it was or by another.
fn newly_taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, other) = draft.two_accounts();
    let second = if draft.rng.random_bool(0.5) { first.clone() } else { other };
    let name = domain(draft, "example");
    let create = create(draft, &first, &name);
    let delete = plain(draft, &first, "domain.delete", &name, &[&create]);
    let again = for_a_year(draft, &name);
    let anew = draft.order(&second, "domain.create", again, done_to("domain.create", &name), &[&delete]);
    let change = moved(draft, &second, &name, &[&anew]);
    vec![message(draft, vec![create, delete]), message(draft, vec![anew, change])]
}

/// A domain goes to another registrar with the code that the loser ordered, which then is void; a wrong one takes it
/// nowhere.
fn given(draft: &mut Draft<'_>) -> Vec<Value> {
    let (loser, winner) = draft.two_accounts();
    let name = domain(draft, "settled");
    let mut opening = vec![create(draft, &loser, &name)];
    let void = plain(draft, &loser, "domain.authcode_create", &name, &[&opening[0]]);
    let code = plain(draft, &loser, "domain.authcode_create", &name, &[&void]);
    opening.extend([void, code.clone()]);
    let (right, wrong) = (json!({ "auth_info": null }), json!({ "auth_info": "x2B76rXd" }));
    let valid = ends(draft, &winner, "domain.authcode_check", &name, &right, Fate::Read, &[&code]);
    let refused = ends(draft, &winner, "domain.transfer", &name, &wrong, Fate::Refused, &[&code]);
    let servers = servers(draft);
    let change = with(right.clone(), &json!({ "nserver": servers, "term": 1 }));
    let how = if draft.rng.random_bool(0.5) { change } else { right.clone() };
    let comes = done_to("domain.transfer", &name);
    let comes = ends(draft, &winner, "domain.transfer", &name, &how, comes, &[&valid]);
    let home = ends(draft, &loser, "domain.transfer", &name, &right, Fate::Refused, &[&comes]);
    let theft = json!({ "delegate": false });
    let theft = ends(draft, &loser, "domain.update", &name, &theft, Fate::Refused, &[&comes]);
    let change = moved(draft, &winner, &name, &[&comes]);
    let renew = renewal(draft, &winner, &name, 12, &[&change]);
    draft.reply(&code, "job.succeeded", json!({ "jobs": [valid, refused, comes] }));
    draft.reply(&code, "job.succeeded", json!({ "jobs": [home, theft] }));
    draft.reply(&comes, "job.succeeded", json!({ "jobs": [change, renew] }));
    vec![message(draft, opening)]
}

/// Domains that cannot be had: one that is too young, a locked one, none.
fn not_to_be_had(draft: &mut Draft<'_>) -> Vec<Value> {
    let (owner, other) = draft.two_accounts();
    let mut messages = Vec::new();
    let wanted = json!({ "auth_info": null });
    for word in ["example", "settled"] {
        let name = domain(draft, word);
        let create = create(draft, &owner, &name);
        let code = plain(draft, &owner, "domain.authcode_create", &name, &[&create]);
        let last = match word {
            "example" => code.clone(),
            _ => update(draft, &owner, &name, &json!({ "lock": true }), &[&code]),
        };
        let refused = ends(draft, &other, "domain.transfer", &name, &wanted, Fate::Refused, &[&last]);
        draft.reply(&code, "job.succeeded", refused);
        let mut jobs = vec![create, code];
        jobs.extend((word == "settled").then_some(last));
        messages.push(message(draft, jobs));
    }
    let none = domain(draft, "example");
    let nobodys = json!({ "auth_info": "x2B76rXd" });
    let nobodys = ends(draft, &other, "domain.transfer", &none, &nobodys, Fate::Refused, &[]);
    messages.push(message(draft, vec![nobodys]));
    messages
}

/// A name that another one holds already; and what would have come after it.
fn taken(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let create = create(draft, &first, &name);
    let params = for_a_year(draft, &name);
    let refused = draft.order(&second, "domain.create", params, Fate::Refused, &[&create]);
    let change = json!({ "delegate": false });
    let next = ends(draft, &second, "domain.update", &name, &change, Fate::Cancelled, &[&refused]);
    let last = ends(draft, &second, "domain.delete", &name, &json!({}), Fate::Cancelled, &[&next]);
    // It is not theirs to change, either.
    let theft = ends(draft, &second, "domain.update", &name, &change, Fate::Refused, &[&create]);
    let code = ends(draft, &second, "domain.authcode_create", &name, &json!({}), Fate::Refused, &[&create]);
    let end = ends(draft, &second, "domain.delete", &name, &json!({}), Fate::Refused, &[&create]);
    let late = message(draft, vec![refused, next]);
    vec![message(draft, vec![create]), late, message(draft, vec![last]), message(draft, vec![theft, code, end])]
}

/// Two want the same name at the same time.
fn race(draft: &mut Draft<'_>) -> Vec<Value> {
    let (first, second) = draft.two_accounts();
    let name = domain(draft, "example");
    let mut messages = Vec::new();
    for account in [first, second] {
        let params = for_a_year(draft, &name);
        let create = draft.order(&account, "domain.create", params, raced_for("domain.create", &name), &[]);
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
    let renew = renewal(draft, &account, &name, 12, &[&create]);
    let delete = plain(draft, &account, "domain.delete", &name, &[&renew]);
    vec![message(draft, vec![delete]), message(draft, vec![renew]), message(draft, vec![create])]
}

/// The first write is answered with trouble, having been carried out or not; and what is refused for good.
fn stumbles(draft: &mut Draft<'_>) -> Vec<Value> {
    const NOT_DONE: &[&str] = &[
        "lock-error",
        "system-error",
        "system-maintenance",
        "system-offline",
        "system-readonly",
        "internal-error",
        "undetermined-result",
    ];
    const DONE: &[&str] = &["internal-error", "undetermined-result"];
    const REFUSED: &[&str] =
        &["domain-blocked", "ownership-restriction", "consent-error", "invalid-field", "no-action"];
    const NOT_RENEWED: &[&str] = &["renew-not-required", "domain-with-bill-day", "permission-denied"];
    let account = draft.account();
    let mut one_of = |codes: &[&'static str]| codes[draft.rng.random_range(0..codes.len())];
    let (once, after, never, unpaid) = (one_of(NOT_DONE), one_of(DONE), one_of(REFUSED), one_of(NOT_RENEWED));
    let mut messages = Vec::new();
    for word in [format!("once-{once}"), format!("done-{after}")] {
        let name = domain(draft, &word);
        let create = create(draft, &account, &name);
        let change = moved(draft, &account, &name, &[&create]);
        let renew = renewal(draft, &account, &name, 1, &[&change]);
        messages.push(message(draft, vec![create, change, renew]));
    }
    let name = domain(draft, &format!("code-{never}"));
    let params = for_a_year(draft, &name);
    let refused = draft.order(&account, "domain.create", params, Fate::Refused, &[]);
    messages.push(message(draft, vec![refused]));
    let name = domain(draft, &format!("renew-{unpaid}"));
    let create = create(draft, &account, &name);
    let renew = json!({ "term": 12 });
    let renew = ends(draft, &account, "domain.renew", &name, &renew, Fate::Refused, &[&create]);
    let change = moved(draft, &account, &name, &[&create]);
    messages.push(message(draft, vec![create, renew, change]));
    messages
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
