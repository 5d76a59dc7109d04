use serde_json::json;

use super::*;

fn object(params: Value) -> Map<String, Value> {
    let Value::Object(map) = params else { unreachable!("an object") };
    map
}

#[test]
fn operations_are_those_of_the_table_each_once() {
    for (at, operation) in OPERATIONS.iter().enumerate() {
        assert!(!OPERATIONS[..at].contains(operation), "{operation} stands twice");
        let rows: Vec<_> = COMMANDS.iter().filter(|command| command.operation == *operation).collect();
        assert_eq!(rows.is_empty(), *operation == Operation::Raw, "{operation}");
        // Without a question one action is meant.
        assert!(rows.iter().skip(1).all(|row| row.question.is_some()));
        assert!(rows.first().is_none_or(|row| row.question.is_none()));
    }
    for command in COMMANDS {
        assert!(OPERATIONS.contains(&command.operation));
    }
}

#[test]
fn a_question_without_a_transaction_has_an_id_of_its_own_making() {
    let rules = Rules::default();
    let ask = |name: &str, id: &str| {
        let params = object(json!({ "domain": name }));
        make(DomainCheck, &params, id, &rules).unwrap()
    };
    let (one, again, other) = (ask("example.nz", ""), ask("example.nz", ""), ask("example.co.nz", ""));
    assert!(one.id.starts_with("q-") && one.id.len() == 18);
    assert_eq!((&one.id, &one.root), (&again.id, &again.root));
    assert_ne!(one.id, other.id);
    assert_eq!(one.root.children[0].attribute("QryId"), Some(one.id.as_str()));
    assert_eq!(ask("example.nz", "rd-1").id, "rd-1");
}

#[test]
fn ids_of_messages_hold_blanks_and_colons() {
    let read = |id: &str| messages::MessageId::read(id).map(|id| (id.registrar, id.action));
    let id = read("50:RenewDomains-2018-12-19 23:30:00-example.co.nz ");
    assert_eq!(id, Some(("50".into(), "RenewDomains-2018-12-19 23:30:00-example.co.nz ".into())));
    for bad in ["", "50", "50:", ":x", "x:y", "fe:8-1"] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn an_expected_date_must_be_that_of_the_domain() {
    use crate::model::Answer;
    let shown = |until: Value| Answer { data: json!({"Domain": {"BilledUntil": until}}), ..Answer::default() };
    let fits = |expires: &str, until: Value| {
        domain_renew::compare(&object(json!({ "expires": expires })), &shown(until)).is_ok()
    };
    let until = "2019-12-04T00:32:35+13:00";
    assert!(fits("2019-12-04", json!(until)), "the day it is in New Zealand");
    assert!(fits(until, json!(until)) && fits("2019-12-03T11:32:35Z", json!(until)));
    for expires in ["2019-12-03", "2020-12-04", "2019-12-04T00:32:36+13:00", "soon"] {
        assert!(!fits(expires, json!(until)), "{expires}");
    }
    assert!(!fits("2019-12-04", Value::Null));
    assert!(domain_renew::reads_first(&object(json!({"expires": "2019-12-04"}))));
    assert!(!domain_renew::reads_first(&object(json!({"expires": null}))));
}
