//! Orders that the registry takes only by signed e-mail, because a Registry Lock or a DISPUTE entry closes its interface to
//! them. It reads free text and K/V, never XML; so this is K/V, without what only the interface needs.

use serde_json::{Map, Value};

use super::check::rules::Levels;
use super::codec::kv;
use super::codec::tree::{Action, Order};
use super::codec::words::Space;
use super::commands::{self, Rules, domain_name, name_items};
use super::params::Params;
use crate::model::request::{RejectCode, SECRET_PARAMS};
use crate::model::{Operation, Reject};

/// What is taken in writing.
const IN_WRITING: &[Operation] = &[
    Operation::DomainUpdate,
    Operation::DomainChangeHolder,
    Operation::DomainDelete,
    Operation::DomainTransit,
    Operation::ContactUpdate,
];

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
    if let Some(secret) = params.keys().find(|key| SECRET_PARAMS.contains(&key.as_str())) {
        let rule = "is a secret, and whoever carries or keeps an e-mail can read it: it cannot be ordered in writing";
        return Err(Reject::param(secret, rule));
    }
    if operation == Operation::DomainTransfer {
        let rule = "a locked domain changes its registrar only after the present one has had the lock removed";
        return Err(Reject::new(RejectCode::UnknownOperation, rule));
    }
    if !IN_WRITING.contains(&operation) {
        let rule = format!("{} does not take {operation} in writing: no lock stands in its way", super::NAME);
        return Err(Reject::new(RejectCode::UnknownOperation, rule));
    }
    if params.get("merge") == Some(&Value::Bool(true)) {
        // Whoever reads it takes what is missing as to be removed, as the interface does.
        let rule = "the job states only what shall change, and an order in writing must state everything";
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

/// TRANSIT of a locked domain goes by hand only, and its name servers stay whatever is wished.
fn transit(params: &Map<String, Value>) -> Result<String, Reject> {
    let params = Params::new(params, &["domain", "domain_ace", "disconnect"])?;
    if params.flag("disconnect")? == Some(true) {
        return Err(Reject::param("disconnect", "a locked domain keeps its name servers in a TRANSIT"));
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
