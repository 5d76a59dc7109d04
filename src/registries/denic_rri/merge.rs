//! Jobs that state only what shall change. The registry's updates replace the whole object, so what the job leaves out is
//! filled in from an INFO; what it gives as null or as an empty list is deleted.

use serde_json::{Map, Value, json};

use super::codec;
use super::commands::{CONTACT, whole::MERGE};
use super::object;
use super::outcome;
use super::params::missing;
use crate::model::request::Warning;
use crate::model::verdict::Judgement;
use crate::model::{Answer, ObjectKey, ObjectKind, Operation, Reject, Verdict};

/// What an update of a domain replaces.
pub const DOMAIN: &[&str] = &["holder", "general_request", "abuse_contact", "nserver", "nsentry", "dnskey"];

/// What there is of every object, so that it can be changed and not deleted.
const KEPT: &[&str] =
    &["holder", "type", "name", "address", "postal_code", "city", "country_code", "email", "phone", "uri_template"];

/// Whether a job states only what shall change.
pub fn is_wanted(operation: Operation, params: &Map<String, Value>) -> bool {
    question(operation).is_some() && params.get(MERGE) == Some(&Value::Bool(true))
}

/// The question that shows all an update replaces.
fn question(operation: Operation) -> Option<Operation> {
    match operation {
        Operation::ContactUpdate => Some(Operation::ContactInfo),
        Operation::DomainUpdate | Operation::DomainChangeHolder => Some(Operation::DomainInfo),
        _ => None,
    }
}

/// The question and its parameters.
pub fn ask(operation: Operation, params: &Map<String, Value>) -> Option<(Operation, Map<String, Value>)> {
    let question = question(operation)?;
    let named = ["handle", "domain", "domain_ace"].into_iter();
    let mut asked: Map<String, Value> =
        named.filter_map(|name| Some((name.to_owned(), params.get(name)?.clone()))).collect();
    if question == Operation::DomainInfo {
        asked.insert("recursive".into(), false.into());
    }
    Some((question, asked))
}

/// Whole parameters to check a job with: what it states, and harmless values in the place of what it does not.
///
/// # Errors
/// It deletes what every object has, does not say what a holder change changes to, or cannot be merged at all.
pub fn stand_ins(
    operation: Operation,
    params: &Map<String, Value>,
    reg_acc: &str,
    protocol: &str,
) -> Result<Map<String, Value>, Reject> {
    if let Some(name) = KEPT.iter().find(|name| params.get(**name).is_some_and(is_nothing)) {
        return Err(Reject::param(name, "cannot be deleted; left out, it stays as it is"));
    }
    if operation == Operation::DomainChangeHolder && !params.contains_key("holder") {
        return Err(missing("holder"));
    }
    if operation == Operation::ContactUpdate && !codec::is_current(protocol) {
        let rule = format!("phone and verification cannot be read in protocol {protocol}, only in 5.0");
        return Err(Reject::param(MERGE, rule));
    }
    let mut whole = stated(params);
    let stand_ins = match operation {
        Operation::ContactUpdate => contact(params),
        _ => domain(params, reg_acc),
    };
    for (name, value) in stand_ins {
        whole.entry(name).or_insert(value);
    }
    Ok(whole)
}

fn contact(params: &Map<String, Value>) -> Vec<(&'static str, Value)> {
    let upper = |name: &str| params.get(name).and_then(Value::as_str).map(|text| text.trim().to_uppercase());
    let kind = upper("type").unwrap_or_default();
    if kind == "REQUEST" || (kind.is_empty() && params.contains_key("uri_template")) {
        return vec![("type", json!("REQUEST")), ("uri_template", json!("https://example.de/"))];
    }
    let postal_code = match upper("country_code").as_deref() {
        Some("DE") => "60329",
        _ => "1010",
    };
    vec![
        ("type", json!("PERSON")),
        ("name", json!("Erika Mustermann")),
        ("address", json!("Musterweg 1")),
        ("postal_code", json!(postal_code)),
        ("city", json!("Musterstadt")),
        // Of this country's postal codes nothing is checked, so it goes with whichever the job states.
        ("country_code", json!("GB")),
        ("email", json!("erika@example.de")),
        ("phone", json!("+49.6927235")),
    ]
}

fn domain(params: &Map<String, Value>, reg_acc: &str) -> Vec<(&'static str, Value)> {
    let reg_acc = if reg_acc.is_empty() { "DENIC-1000001" } else { reg_acc };
    let mut stand_ins = vec![("holder", json!(format!("{reg_acc}-ERIKA")))];
    if !["nserver", "nsentry"].iter().any(|name| params.get(*name).is_some_and(|value| !is_nothing(value))) {
        stand_ins.push(("nserver", json!(["ns1.example.net", "ns2.example.net"])));
    }
    stand_ins
}

/// Warnings about what the job states, and none about stand-ins.
pub fn keep_stated(warnings: &mut Vec<Warning>, params: &Map<String, Value>) {
    warnings.retain(|warning| {
        let field = warning.field.strip_prefix("params.").unwrap_or(&warning.field);
        params.contains_key(field.split(['[', '.']).next().unwrap_or_default())
    });
}

/// The whole parameters: those of the job, and for the rest what the answer to the question shows.
///
/// # Errors
/// The question was refused, or the answer does not show all there is of the object: what is not shown would be deleted.
/// Reasons name fields and no values, which may be personal data.
pub fn complete(
    operation: Operation,
    params: &Map<String, Value>,
    shown: &Answer,
    object: &ObjectKey,
    reg_acc: &str,
) -> Result<Map<String, Value>, Box<Judgement>> {
    let Some(question) = question(operation) else { return Ok(params.clone()) };
    let judgement = outcome::judge(question, shown);
    if judgement.verdict != Verdict::Done {
        return Err(Box::new(judgement));
    }
    let fields = if operation.object() == ObjectKind::Domain { DOMAIN } else { CONTACT };
    let data = &shown.data;
    let whole = is_whole(params, data, object, reg_acc);
    whole.map_err(|why| Box::new(Judgement { verdict: Verdict::Refused(format!("INFO: {why}")), ..judgement }))?;
    let mut filled = stated(params);
    for &name in fields {
        if !params.contains_key(name)
            && !is_replaced(name, params)
            && let Some(value) = data.get(name)
        {
            filled.insert(name.to_owned(), value.clone());
        }
    }
    Ok(filled)
}

/// Whether the answer shows the object, ours, with all that the job leaves out; else what it lacks.
fn is_whole(params: &Map<String, Value>, data: &Value, object: &ObjectKey, reg_acc: &str) -> Result<(), String> {
    let has = |name: &str| data.get(name).is_some_and(|value| !is_nothing(value));
    let stated = |name: &str| params.contains_key(name);
    if !object::is_shown(object, data) {
        return Err("the answer is about another object".into());
    }
    if !object.as_str().starts_with("domain:") {
        if let Some(name) = verified(data).find(|name| stated(name)).filter(|_| !stated("verification")) {
            return Err(format!("{name} is verified as it was; state `verification` in the job"));
        }
        let is_request = data.get("type").is_some_and(|kind| kind == "REQUEST");
        if !is_request && !has("phone") && !stated("phone") {
            return Err("the phone number is not shown, as no dummy is; state `phone` in the job".into());
        }
        return Ok(());
    }
    let owner = data.get("reg_acc").and_then(|reg_acc| reg_acc.get("id")).and_then(Value::as_str);
    match owner {
        Some(owner) if reg_acc.is_empty() || owner.eq_ignore_ascii_case(reg_acc) => {}
        Some(owner) => return Err(format!("the domain is at {owner}")),
        None => return Err("the registrar is not shown".into()),
    }
    // A contact shown without its handle cannot be ordered again.
    let nameless = |name: &str| {
        let details = data.get(format!("{name}_details"));
        let mut each =
            details.into_iter().flat_map(|shown| shown.as_array().map_or(std::slice::from_ref(shown), |all| all));
        each.any(|contact| contact.get("handle").is_none())
    };
    if let Some(name) = DOMAIN[..3].iter().find(|name| !stated(name) && nameless(name)) {
        return Err(format!("{name} is shown without its handle"));
    }
    if !stated("holder") && !has("holder") {
        return Err("the holders are not shown".into());
    }
    if is_replaced("nserver", params) && has("nserver") && has("dnskey") && !stated("dnskey") {
        return Err("the domain has keys, which records in the zone cannot have; state `dnskey` in the job".into());
    }
    Ok(())
}

/// The fields that a claim of a verification is about.
const CLAIMED: &[(&str, &[&str])] =
    &[("name", &["name"]), ("address", &["address", "postal_code", "city", "country_code"]), ("email", &["email"])];

/// The fields about which the blocks that were read say something: other values have not been verified by them.
fn verified(data: &Value) -> impl Iterator<Item = &'static str> {
    let blocks = data.get("verification").and_then(Value::as_array).into_iter().flatten();
    let claims = blocks.filter_map(|block| block.get("claims")?.as_array()).flatten().filter_map(Value::as_str);
    let fields = |claim: &str| CLAIMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(claim.trim()));
    claims.filter_map(fields).flat_map(|(_, fields)| fields.iter().copied())
}

/// A domain has either name servers or records: who states the one replaces the other.
fn is_replaced(name: &str, params: &Map<String, Value>) -> bool {
    let by = match name {
        "nserver" => "nsentry",
        "nsentry" => "nserver",
        _ => return false,
    };
    params.get(by).is_some_and(|value| !is_nothing(value))
}

/// What a job states and does not delete.
fn stated(params: &Map<String, Value>) -> Map<String, Value> {
    let kept = params.iter().filter(|(name, value)| *name != MERGE && !is_nothing(value));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests;
