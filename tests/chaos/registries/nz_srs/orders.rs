//! Orders as a billing system would write them.

use rand::Rng;
use serde_json::{Value, json};

use super::super::{done, with};
use crate::plan::{Draft, Effect, Fate};

/// A name nobody else has, that begins with a word, as jobs write it: some have macrons.
pub fn domain(draft: &mut Draft<'_>, word: &str) -> String {
    const BELOW: &[&str] = &["co.nz", "nz", "net.nz", "māori.nz"];
    let word = if word == "example" && draft.rng.random_bool(0.3) { "tāne-ō" } else { word };
    let below = BELOW[draft.rng.random_range(0..BELOW.len())];
    format!("{word}-{}.{below}", draft.fresh())
}

/// A name as the registry writes it.
fn ace(name: &str) -> String {
    idna::domain_to_ascii(name).expect("a name")
}

/// One effect on a domain.
pub fn done_to(kind: &'static str, name: &str) -> Fate {
    done(kind, &ace(name))
}

/// The effect that several run for.
pub fn raced_for(kind: &'static str, name: &str) -> Fate {
    Fate::Race(Effect { kind, object: ace(name) })
}

/// Somebody, different each time.
pub fn person(draft: &mut Draft<'_>, first: &str) -> Value {
    let number = draft.fresh();
    json!({
        "name": format!("{first} Tāne & Söhne <{number}>"), "email": format!("owner{number}@example.net"),
        "phone": "+64.4.1234567", "address1": format!("{number} Rātā Road"), "city": "Whāngārei",
        "country_code": "NZ", "postal_code": "0110",
    })
}

/// Name servers nobody else has.
pub fn servers(draft: &mut Draft<'_>) -> Value {
    let number = draft.fresh();
    json!([format!("ns1.example{number}.net"), format!("ns2.example{number}.net")])
}

/// A stored contact: its handle, and the job that stores it.
pub fn handle(draft: &mut Draft<'_>, account: &str) -> (String, Value) {
    let handle = format!("owner-{}", draft.fresh());
    let job = stored(draft, account, &handle, done("contact.create", &handle), &[]);
    (handle, job)
}

/// A contact that is stored under this handle, if it can be.
pub fn stored(draft: &mut Draft<'_>, account: &str, handle: &str, fate: Fate, after: &[&Value]) -> Value {
    let params = with(person(draft, "Owen"), &json!({ "handle": handle }));
    draft.order(account, "contact.create", params, fate, after)
}

/// A change of a stored contact.
pub fn contact(draft: &mut Draft<'_>, account: &str, handle: &str, change: &Value, after: &[&Value]) -> Value {
    let params = with(json!({ "handle": handle }), change);
    draft.order(account, "contact.update", params, done("contact.update", handle), after)
}

/// A stored contact is deleted, if it can be.
pub fn forgotten(draft: &mut Draft<'_>, account: &str, handle: &str, fate: Fate, after: &[&Value]) -> Value {
    draft.order(account, "contact.update", json!({ "handle": handle, "delete": true }), fate, after)
}

/// The parameters of a registration for a year.
pub fn for_a_year(draft: &mut Draft<'_>, name: &str) -> Value {
    let (registrant, servers) = (person(draft, "Owen"), servers(draft));
    json!({ "domain": name, "term": 12, "registrant": registrant, "nserver": servers, "reference": "Ā-1001" })
}

/// A registration.
pub fn create(draft: &mut Draft<'_>, account: &str, name: &str) -> Value {
    let params = for_a_year(draft, name);
    draft.order(account, "domain.create", params, done_to("domain.create", name), &[])
}

/// A change of a domain.
pub fn update(draft: &mut Draft<'_>, account: &str, name: &str, change: &Value, after: &[&Value]) -> Value {
    ends(draft, account, "domain.update", name, change, done_to("domain.update", name), after)
}

/// Other name servers.
pub fn moved(draft: &mut Draft<'_>, account: &str, name: &str, after: &[&Value]) -> Value {
    let servers = servers(draft);
    update(draft, account, name, &json!({ "nserver": servers }), after)
}

/// An order about a domain that needs nothing but its name.
pub fn plain(draft: &mut Draft<'_>, account: &str, operation: &'static str, name: &str, after: &[&Value]) -> Value {
    ends(draft, account, operation, name, &json!({}), done_to(operation, name), after)
}

/// A renewal for so many months, whenever the domain is paid for.
pub fn renewal(draft: &mut Draft<'_>, account: &str, name: &str, months: u32, after: &[&Value]) -> Value {
    let more = json!({ "term": months });
    ends(draft, account, "domain.renew", name, &more, done_to("domain.renew", name), after)
}

/// An order about a domain with parameters and an end of its own.
pub fn ends(
    draft: &mut Draft<'_>,
    account: &str,
    operation: &'static str,
    name: &str,
    more: &Value,
    fate: Fate,
    after: &[&Value],
) -> Value {
    draft.order(account, operation, with(json!({ "domain": name }), more), fate, after)
}
