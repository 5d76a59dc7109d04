//! A job that states all name servers of a domain, or all addresses of a host: the registry is asked what there is, and what
//! goes out is what differs. The registry refuses as a whole what is there already or not there to be removed (540, 542), so
//! after a lost answer, too, nothing else than the difference that remains would be carried out (reference 10.1).

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::answer::{self, ADDRESSES, HOSTS};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Operation, Verdict};

/// A list that a job may state as a whole.
pub struct List {
    /// The operation.
    pub of: Operation,
    /// The parameter that states it.
    pub whole: &'static str,
    /// The parameter with what comes.
    pub add: &'static str,
    /// The parameter with what goes.
    pub remove: &'static str,
    /// The question whose answer shows it.
    pub question: Operation,
    /// The parameter that names the object.
    pub object: &'static str,
    /// Where the answer shows it.
    pub shown: &'static str,
}

/// Both of them.
pub const LISTS: &[List] = &[
    List {
        of: Operation::DomainUpdate,
        whole: "nserver",
        add: "add_nserver",
        remove: "remove_nserver",
        question: Operation::DomainInfo,
        object: "domain",
        shown: HOSTS,
    },
    List {
        of: Operation::HostUpdate,
        whole: "address",
        add: "add_address",
        remove: "remove_address",
        question: Operation::HostInfo,
        object: "host",
        shown: ADDRESSES,
    },
];

/// The list that a job states as a whole, if it does.
pub fn stated(operation: Operation, params: &Map<String, Value>) -> Option<&'static List> {
    let is_stated = |list: &&List| params.get(list.whole).is_some_and(|value| !value.is_null());
    LISTS.iter().filter(|list| list.of == operation).find(is_stated)
}

impl List {
    /// The question's parameters.
    pub fn ask(&self, params: &Map<String, Value>) -> Map<String, Value> {
        params.get_key_value(self.object).map(|(name, value)| (name.clone(), value.clone())).into_iter().collect()
    }

    /// The job's parameters with what differs in the place of the whole list.
    ///
    /// # Errors
    /// Nothing differs and nothing else is to be changed: the job is done.
    pub fn complete(
        &self,
        params: &Map<String, Value>,
        shown: &Answer,
        judgement: Judgement,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        let there = answer::texts(&shown.data, self.shown);
        let wanted = values(params.get(self.whole));
        let missing: Vec<&str> = wanted.iter().copied().filter(|one| !has(&there, one)).collect();
        let spare: Vec<&str> = there.iter().copied().filter(|one| !has(&wanted, one)).collect();
        let mut whole: Map<String, Value> =
            params.iter().filter(|(name, value)| *name != self.whole && !value.is_null()).map(owned).collect();
        let is_renamed = whole.get("new_name").is_some();
        if missing.is_empty() && spare.is_empty() && !is_renamed {
            return Err(Box::new(Judgement { verdict: Verdict::Done, ..judgement }));
        }
        for (name, list) in [(self.add, missing), (self.remove, spare)] {
            if !list.is_empty() {
                whole.insert(name.to_owned(), json!(list));
            }
        }
        Ok(whole)
    }
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// The texts of a parameter: a text alone is a list of one.
pub fn values(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::trim).collect(),
        Some(Value::String(text)) => vec![text.trim()],
        _ => Vec::new(),
    }
}

/// Whether a value is in a list, in whatever way it is written.
pub fn has(list: &[&str], value: &str) -> bool {
    list.iter().any(|other| is_same(other, value))
}

/// Whether two values are the same address, name or status.
pub fn is_same(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => plain(one) == plain(other),
    }
}

/// A name in the one way to write it.
fn plain(name: &str) -> String {
    let name = name.trim().trim_end_matches('.').to_lowercase();
    idna::domain_to_ascii(&name).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(params: Value, shown: Value) -> Result<Value, Verdict> {
        let params = params.as_object().unwrap().clone();
        let operation = if params.contains_key("host") { Operation::HostUpdate } else { Operation::DomainUpdate };
        let list = stated(operation, &params).unwrap();
        let shown = Answer { data: shown, ..Answer::default() };
        let whole = list.complete(&params, &shown, Judgement::plain(Verdict::Done));
        whole.map(Value::Object).map_err(|judgement| judgement.verdict)
    }

    #[test]
    fn only_what_differs_goes_out() {
        let job = json!({"domain": "example.com", "nserver": ["NS1.Example.net.", "ns3.example.net"]});
        assert_eq!(
            complete(job.clone(), json!({"nserver": [], "nameserver": ["ns1.example.net", "NS2.EXAMPLE.NET"]})),
            Ok(
                json!({"domain": "example.com", "add_nserver": ["ns3.example.net"], "remove_nserver": ["NS2.EXAMPLE.NET"]})
            )
        );
        assert_eq!(
            complete(job.clone(), json!({"nameserver": ["ns3.example.net", "ns1.example.net"]})),
            Err(Verdict::Done),
            "nothing is left to do"
        );
        assert_eq!(
            complete(job, json!({"status": ["ACTIVE"]})),
            Ok(json!({"domain": "example.com", "add_nserver": ["NS1.Example.net.", "ns3.example.net"]}))
        );
        assert_eq!(
            complete(json!({"domain": "example.com", "nserver": []}), json!({"nameserver": ["ns1.example.net"]})),
            Ok(json!({"domain": "example.com", "remove_nserver": ["ns1.example.net"]}))
        );
    }

    #[test]
    fn addresses_are_the_same_however_written_and_a_new_name_is_a_change_by_itself() {
        let shown = json!({"ipAddress": ["192.0.2.1", "2001:DB8:0:0::1"]});
        let job = json!({"host": "ns1.example.com", "address": ["2001:db8::1", "192.0.2.1"]});
        assert_eq!(complete(job.clone(), shown.clone()), Err(Verdict::Done));
        let mut renamed = job;
        renamed["new_name"] = json!("ns2.example.com");
        assert_eq!(complete(renamed, shown), Ok(json!({"host": "ns1.example.com", "new_name": "ns2.example.com"})));
        assert!(stated(Operation::DomainUpdate, &Map::new()).is_none());
        assert!(!is_same("ns1.example.com", "192.0.2.1"));
    }
}
