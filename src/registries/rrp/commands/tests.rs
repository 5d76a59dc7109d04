//! What holds for all commands; each one's bytes stand in `tests/golden/rrp`.

use serde_json::json;

use super::super::codec;
use super::*;

#[test]
fn operations_are_those_of_the_table_each_once() {
    assert_eq!(OPERATIONS.len(), COMMANDS.len() + 1);
    assert_eq!(OPERATIONS.last(), Some(&Operation::Raw));
    for (at, operation) in OPERATIONS.iter().enumerate() {
        assert!(!OPERATIONS[..at].contains(operation), "{operation} stands twice");
    }
}

#[test]
fn an_operation_of_others_is_refused_by_name() {
    let reject = make(Operation::DomainRestore, &Map::new(), &Rules::default()).unwrap_err();
    assert_eq!((reject.field.as_deref(), reject.reason.as_str()), (Some("operation"), "rrp has no domain.restore"));
}

#[test]
fn the_longest_of_all_commands_can_be_written() {
    let hosts: Vec<_> = (0..13).map(|n| format!("{}{n}.example.com", "a".repeat(40))).collect();
    let params = json!({"domain": "example.com", "years": 10, "nserver": hosts});
    let (checked, request) = make(Operation::DomainCreate, params.as_object().unwrap(), &Rules::default()).unwrap();
    assert_eq!(checked.object.as_str(), "domain:example.com");
    assert_eq!(codec::write(&request).unwrap().iter().filter(|byte| **byte == b'\n').count(), 18);
}

#[test]
fn sessions_are_opened_and_closed_in_the_registrys_words() {
    let password = crate::model::Secret::new("i-am-registrarA");
    let golden = |name: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rrp");
        std::fs::read(folder.join(name)).unwrap()
    };
    assert_eq!(session::open("registrarA", &password).unwrap().to_vec(), golden("session.sample.rrp"));
    assert_eq!(session::QUIT, golden("quit.sample.rrp"));
    assert_eq!(describe::written().unwrap().to_vec(), golden("account_info.sample.rrp"));
    assert!(session::open("registrarA", &crate::model::Secret::new("a\r\n-x:y")).is_err());
}
