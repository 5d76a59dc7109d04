//! Orders that the registry takes only by signed e-mail, because a Registry Lock or a DISPUTE entry closes its interface to
//! them. It reads free text and K/V, never XML; so this is K/V, without what only the interface needs.

use serde_json::{Map, Value};

use super::check::rules::Levels;
use super::codec::tree::{Action, Item, Order};
use super::codec::words::{Space, Word};
use super::codec::{self, kv};
use super::commands::{self, Rules, domain_name, name_items};
use super::params::Params;
use crate::model::request::{RejectCode, is_secret};
use crate::model::{Operation, Reject};

/// What is taken in writing.
const IN_WRITING: &[Operation] = &[
    Operation::DomainUpdate,
    Operation::DomainChangeHolder,
    Operation::DomainDelete,
    Operation::DomainTransit,
    Operation::ContactUpdate,
];

/// The same by the registry's words, for requests in its own text.
const ACTIONS: &[(Space, &str, Operation)] = &[
    (Space::Domain, "UPDATE", Operation::DomainUpdate),
    (Space::Domain, "CHHOLDER", Operation::DomainChangeHolder),
    (Space::Domain, "DELETE", Operation::DomainDelete),
    (Space::Domain, "TRANSIT", Operation::DomainTransit),
    (Space::Domain, "CHPROV", Operation::DomainTransfer),
    (Space::Contact, "UPDATE", Operation::ContactUpdate),
];

/// What the keywords of secrets have in their names.
const SECRET_WORDS: &[&str] = &["authinfo", "password"];

/// What an order of a TRANSIT must not say.
const CONNECTED: &str = "a locked domain keeps its name servers in a TRANSIT";

const TRANSIT: Action = Action { kv: "TRANSIT", space: Space::Domain, xml: "transit" };

/// The order as text.
///
/// # Errors
/// The registry does not take it in writing, it holds a secret or only half of what it means, or its parameters are wrong.
pub fn text(
    operation: Operation,
    params: &Map<String, Value>,
    rules: &Rules,
    levels: &Levels,
) -> Result<String, Reject> {
    if operation == Operation::Raw {
        return raw(params, rules);
    }
    if let Some(secret) = params.keys().find(|key| is_secret(key)) {
        let rule = "is a secret, and whoever carries or keeps an e-mail can read it: it cannot be ordered in writing";
        return Err(Reject::param(secret, rule));
    }
    is_taken(operation, operation.name())?;
    if params.get("merge") == Some(&Value::Bool(true)) {
        // Whoever reads it takes what is missing as to be removed, as the interface does.
        let rule = "the parameters state only what shall change, and an order in writing must state everything";
        return Err(Reject::param("merge", rule));
    }
    if operation == Operation::DomainTransit {
        return transit(params);
    }
    let command = commands::find(operation)
        .ok_or_else(|| Reject::new(RejectCode::UnknownOperation, format!("{} has no {operation}", super::NAME)))?;
    let (_, order) = (command.order)(params, rules, levels)?;
    Ok(kv::by_hand(&order))
}

/// Whether an operation, called so by who asks for it, is taken in writing.
fn is_taken(operation: Operation, name: &str) -> Result<(), Reject> {
    let rule = match operation {
        operation if IN_WRITING.contains(&operation) => return Ok(()),
        Operation::DomainTransfer => {
            "a locked domain changes its registrar only after the present one has had the lock removed".to_owned()
        }
        _ => format!("{} does not take {name} in writing: no lock stands in its way", super::NAME),
    };
    Err(Reject::new(RejectCode::UnknownOperation, rule))
}

/// A request in the registry's own text: that text, as far as it is an order.
fn raw(params: &Map<String, Value>, rules: &Rules) -> Result<String, Reject> {
    let refuse = |rule: &str| Reject::param("request", rule);
    let command = commands::find(Operation::Raw)
        .ok_or_else(|| Reject::new(RejectCode::UnknownOperation, format!("{} has no raw", super::NAME)))?;
    let (_, order) = (command.order)(params, rules, &Levels::default())?;
    let text = order.verbatim.as_ref().ok_or_else(|| refuse("holds no text"))?;
    if codec::is_xml(text) {
        return Err(refuse("is XML, which is not taken in writing: submit the order with parameters, or as K/V"));
    }
    let named = ACTIONS.iter().find(|(space, kv, _)| (*space, *kv) == (order.action.space, order.action.kv));
    is_taken(named.map_or(Operation::Raw, |(.., operation)| *operation), order.action.kv)?;
    let keyword = |line: &str| line.split_once(':').map(|(keyword, _)| keyword.trim().to_ascii_lowercase());
    if text.lines().filter_map(keyword).any(|word| SECRET_WORDS.iter().any(|secret| word.contains(secret))) {
        return Err(refuse("holds a secret, and whoever carries or keeps an e-mail can read it"));
    }
    let keeps =
        |item: &Item| !matches!(item, Item::Field(Word::Disconnect, value) if !value.eq_ignore_ascii_case("false"));
    if !order.items.iter().all(keeps) {
        return Err(refuse(CONNECTED));
    }
    // Of the interface only. A transaction id is none of a job's business, so there is none.
    let lines = text.lines().filter(|line| keyword(line).as_deref() != Some("version"));
    Ok(lines.map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned())
}

/// TRANSIT of a locked domain goes by hand only, and its name servers stay whatever is wished.
fn transit(params: &Map<String, Value>) -> Result<String, Reject> {
    let params = Params::new(params, &["domain", "domain_ace", "disconnect"])?;
    if params.flag("disconnect")? == Some(true) {
        return Err(Reject::param("disconnect", CONNECTED));
    }
    let items = name_items(domain_name(&params)?);
    Ok(kv::by_hand(&Order::new(TRANSIT, items)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(operation: Operation, params: Value) -> Result<String, Reject> {
        let Value::Object(params) = params else { unreachable!() };
        text(operation, &params, &Rules { reg_acc: "DENIC-1000022".into() }, &Levels::default())
    }

    #[test]
    fn an_order_is_the_request_without_what_only_the_interface_needs() {
        let delete = written(Operation::DomainDelete, json!({"domain": "bücher.de", "holder": "DENIC-1000022-A"}));
        assert_eq!(
            delete.unwrap(),
            "Action: DELETE\nDomain: bücher.de\nDomain-Ace: xn--bcher-kva.de\nHolder: DENIC-1000022-A"
        );
        let transit = written(Operation::DomainTransit, json!({"domain": "example.de", "disconnect": false}));
        assert_eq!(transit.unwrap(), "Action: TRANSIT\nDomain: example.de");
    }

    #[test]
    fn a_request_in_the_registrys_own_text_is_that_text_without_what_only_the_interface_needs() {
        let text = "version: 4.0\r\nAction:  Update\r\nDomain: example.de\nHolder: DENIC-1000022-A \n\nNserver: ns1.example.net\n";
        assert_eq!(
            written(Operation::Raw, json!({ "request": text })).unwrap(),
            "Action:  Update\nDomain: example.de\nHolder: DENIC-1000022-A\n\nNserver: ns1.example.net"
        );
        let head = "Version: 5.0\nDomain: example.de\nAction: ";
        let xml = r#"<registry-request xmlns="http://registry.denic.de/global/5.0" xmlns:domain="http://registry.denic.de/domain/5.0"><domain:delete><domain:handle>example.de</domain:handle></domain:delete></registry-request>"#;
        for (text, part) in [
            (xml.to_owned(), "XML"),
            (format!("{head}CHPROV\nAuthInfo: hot air"), "lock removed"),
            (format!("{head}UPDATE\nauthinfohash : hot air"), "secret"),
            (format!("{head}CREATE"), "not take CREATE"),
            (format!("{head}TRANSIT\nDisconnect: true"), "name servers"),
            (format!("{head}DELETE\nCtid: x-1"), "transaction id"),
            ("nothing".to_owned(), "request"),
        ] {
            let reject = written(Operation::Raw, json!({ "request": text })).unwrap_err().to_string();
            assert!(reject.contains(part) && !reject.contains("hot air"), "{text}: {reject}");
        }
        for action in ["TRANSIT\nDisconnect: false", "delete", "CHHOLDER"] {
            assert!(written(Operation::Raw, json!({ "request": format!("{head}{action}") })).is_ok(), "{action}");
        }
    }

    #[test]
    fn what_cannot_go_in_writing_says_why() {
        let cases = [
            (Operation::DomainCreate, json!({"domain": "example.de"}), "no lock"),
            (Operation::DomainInfo, json!({"domain": "example.de"}), "no lock"),
            (Operation::DomainTransfer, json!({"domain": "example.de"}), "lock removed"),
            (Operation::DomainTransfer, json!({"domain": "example.de", "auth_info": "hot air"}), "secret"),
            (Operation::DomainUpdate, json!({"domain": "example.de", "merge": true}), "everything"),
            (Operation::DomainTransit, json!({"domain": "example.de", "disconnect": true}), "name servers"),
            (Operation::DomainTransit, json!({"domain": "example.de", "holder": "x"}), "unknown"),
            (Operation::DomainDelete, json!({"domain": ""}), ""),
            (Operation::DomainDelete, json!({}), "missing"),
        ];
        for (operation, params, part) in cases {
            let reject = written(operation, params).unwrap_err().to_string();
            assert!(reject.contains(part) && !reject.contains("hot air"), "{operation}: {reject}");
        }
    }
}
