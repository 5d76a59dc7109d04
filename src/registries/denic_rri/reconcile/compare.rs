//! An order beside what INFO shows: the names of the fields that differ. Names only, the values may be personal data.

use serde_json::{Map, Value};

use super::super::check::{dns, dnskey, nsentry};
use super::super::params::Params;
use super::super::{commands, merge};
use super::Case;
use crate::model::Reject;

/// The fields of a contact that differ.
pub fn contact(case: &Case<'_>, shown: &Value) -> Vec<&'static str> {
    let mut differences = commands::differences(case.doubt.params, shown);
    // Earlier protocols take a phone number and do not show it.
    differences.retain(|name| case.rri.is_current() || !["phone", "verification"].contains(name));
    differences.retain(|name| is_stated(case, name));
    differences
}

/// The fields of a domain that differ, compared as sets: the registry keeps no order.
pub fn domain(case: &Case<'_>, shown: &Value) -> Vec<&'static str> {
    let ace = case.object.name();
    let differs = |name: &&&str| {
        let [ours, theirs] = [case.doubt.params.get(**name), shown.get(**name)].map(|value| set(name, value, ace));
        is_stated(case, name) && ours != theirs
    };
    merge::DOMAIN.iter().filter(differs).copied().collect()
}

/// Of a job that states only what shall change, the rest is not its doing.
fn is_stated(case: &Case<'_>, name: &str) -> bool {
    let params: &Map<String, Value> = case.doubt.params;
    params.contains_key(name) || !merge::is_wanted(case.doubt.operation, params)
}

/// A field as a sorted list of texts that are equal where they mean the same.
fn set(name: &str, value: Option<&Value>, ace: &str) -> Vec<String> {
    let texts: Vec<String> = match value {
        Some(Value::String(one)) => vec![one.trim().to_owned()],
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).map(|text| text.trim().to_owned()).collect()
        }
        _ => Vec::new(),
    };
    let read: fn(&Params<'_>, &[String], &str) -> Result<Vec<_>, Reject> = match name {
        "nserver" => dns::nservers,
        "nsentry" => nsentry::read,
        "dnskey" => dnskey::read,
        _ => return commands::holders(Some(&texts.into())),
    };
    let nothing_else = Map::new();
    let entries = Params::new(&nothing_else, &[]).and_then(|params| read(&params, &texts, ace));
    let mut set: Vec<String> = match entries {
        Ok(entries) => entries.iter().map(|entry| entry.kv().1).collect(),
        // What breaks today's rules was taken under older ones, or shown in a way nobody foresaw.
        Err(_) => texts.iter().map(|text| text.to_lowercase()).collect(),
    };
    set.sort();
    set
}
