//! Orders as a billing system would write them.

use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::super::{done, with};
use crate::plan::{Draft, Fate};

/// A name nobody else has, that begins with a word.
pub fn domain(draft: &mut Draft<'_>, word: &str) -> String {
    format!("{word}-{}.net", draft.fresh())
}

/// An address nobody else has.
pub fn address(draft: &mut Draft<'_>) -> String {
    format!("2001:db8::{:x}", draft.fresh())
}

/// A registration for so many years, without name servers: those below the name come later.
pub fn create_for(draft: &mut Draft<'_>, account: &str, name: &str, years: i16) -> Value {
    let params = json!({ "domain": name, "years": years });
    draft.order(account, "domain.create", params, done("domain.create", name), &[])
}

pub fn create(draft: &mut Draft<'_>, account: &str, name: &str) -> Value {
    create_for(draft, account, name, 1)
}

/// A name server below a name, under a label.
pub fn host(draft: &mut Draft<'_>, account: &str, label: &str, name: &str, after: &[&Value]) -> (String, Value) {
    let host = format!("{label}.{name}");
    let params = json!({ "host": host, "address": [address(draft)] });
    let job = draft.order(account, "host.create", params, done("host.create", &host), after);
    (host, job)
}

/// A domain with name servers below it: the name, theirs, and the jobs, in that order.
pub fn household<const N: usize>(
    draft: &mut Draft<'_>,
    account: &str,
    word: &str,
) -> (String, [String; N], Vec<Value>) {
    let name = domain(draft, word);
    let domain = create(draft, account, &name);
    let mut jobs = vec![domain.clone()];
    let hosts = std::array::from_fn(|number| {
        let (host, job) = host(draft, account, &format!("ns{}", number + 1), &name, &[&domain]);
        jobs.push(job);
        host
    });
    (name, hosts, jobs)
}

pub fn update(draft: &mut Draft<'_>, account: &str, name: &str, change: &Value, after: &[&Value]) -> Value {
    let params = with(json!({ "domain": name }), change);
    draft.order(account, "domain.update", params, done("domain.update", name), after)
}

pub fn host_update(draft: &mut Draft<'_>, account: &str, host: &str, change: &Value, after: &[&Value]) -> Value {
    let params = with(json!({ "host": host }), change);
    draft.order(account, "host.update", params, done("host.update", host), after)
}

/// An order about a domain that needs nothing but its name.
pub fn plain(draft: &mut Draft<'_>, account: &str, operation: &'static str, name: &str, after: &[&Value]) -> Value {
    draft.order(account, operation, json!({ "domain": name }), done(operation, name), after)
}

/// The same, with another end.
pub fn ends(
    draft: &mut Draft<'_>,
    account: &str,
    operation: &'static str,
    name: &str,
    fate: Fate,
    after: &[&Value],
) -> Value {
    draft.order(account, operation, json!({ "domain": name }), fate, after)
}

/// The year in which a domain expires that was registered today for so many years, where the registry is.
pub fn year(years: i16) -> i16 {
    let zone = TimeZone::get("America/New_York").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(-5)));
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
    let params = json!({ "domain": name, "expires": year(from), "years": years });
    draft.order(account, "domain.renew", params, fate, after)
}
