//! Orders as a billing system would write them.

use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::super::{done, with};
use crate::plan::{Draft, Fate};

/// A name nobody else has, that begins with a word.
pub fn domain(draft: &mut Draft<'_>, word: &str) -> String {
    format!("{word}-{}.com", draft.fresh())
}

/// A contact, different each time.
pub fn person(draft: &mut Draft<'_>, first: &str) -> Value {
    let number = draft.fresh();
    json!({
        "first_name": first, "last_name": "Owner", "org_name": "Example Org", "address1": format!("{number} Oak St"),
        "city": "Toronto", "state": "ON", "country": "CA", "postal_code": "M6K 3M1", "phone": "+1.4165550123",
        "email": format!("owner{number}@example.org"),
    })
}

pub fn servers(draft: &mut Draft<'_>) -> Value {
    let number = draft.fresh();
    json!([format!("ns1.example{number}.net"), format!("ns2.example{number}.net")])
}

/// What a registration and a transfer have in common.
pub fn order(draft: &mut Draft<'_>, domain: &str) -> Value {
    let contacts = json!({
        "owner": person(draft, "Owen"), "admin": person(draft, "Ada"), "billing": person(draft, "Bill"),
    });
    json!({ "domain": domain, "username": "example01", "password": "s3cretpw9", "contacts": contacts })
}

pub fn for_a_year(draft: &mut Draft<'_>, domain: &str) -> Value {
    let servers = servers(draft);
    with(order(draft, domain), &json!({ "years": 1, "nserver": servers }))
}

pub fn create(draft: &mut Draft<'_>, account: &str, domain: &str) -> Value {
    let params = for_a_year(draft, domain);
    draft.order(account, "domain.create", params, done("domain.create", domain), &[])
}

pub fn update(draft: &mut Draft<'_>, account: &str, domain: &str, change: &Value, after: &[&Value]) -> Value {
    let params = with(json!({ "domain": domain }), change);
    draft.order(account, "domain.update", params, done("domain.update", domain), after)
}

/// Other name servers.
pub fn moved(draft: &mut Draft<'_>, account: &str, domain: &str, after: &[&Value]) -> Value {
    let servers = servers(draft);
    update(draft, account, domain, &json!({ "nserver": servers }), after)
}

/// An order about a domain that needs nothing but its name.
pub fn plain(draft: &mut Draft<'_>, account: &str, operation: &'static str, domain: &str, after: &[&Value]) -> Value {
    draft.order(account, operation, json!({ "domain": domain }), done(operation, domain), after)
}

/// The year in which a domain expires that was registered today for so many years, where the registry is.
pub fn year(years: i16) -> i16 {
    let zone = TimeZone::get("America/Toronto").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-5)));
    jiff::Timestamp::now().to_zoned(zone).year() + years
}

pub fn renewal(
    draft: &mut Draft<'_>,
    account: &str,
    name: &str,
    [from, years]: [i16; 2],
    fate: Fate,
    after: &[&Value],
) -> Value {
    let params = json!({ "domain": name, "expires": year(from), "years": years, "auto_renew": false });
    draft.order(account, "domain.renew", params, fate, after)
}

pub fn transfer(draft: &mut Draft<'_>, account: &str, name: &str, code: &str, fate: Fate, after: &[&Value]) -> Value {
    let params = with(order(draft, name), &json!({ "auth_info": code }));
    draft.order(account, "domain.transfer", params, fate, after)
}
