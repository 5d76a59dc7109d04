//! Requests: those in a registry's own words that a job brings, and those that reach a sandbox.

use registrard::model::Operation;
use registrard::sandbox::Manner;
use serde_json::{Map, Value};

use super::registry::Registry;
use super::{TRANSACTION, assert_fit_for_a_line, dialect};

/// Longest request.
const LONGEST: usize = 65_535;

/// A job's own request. What we let through is understood by the registry as we understood it: the same object, a
/// change only where we took it for one (or it would be repeated without asking), never a LOGIN, and under our
/// transaction id.
pub fn raw_request(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let params = Map::from_iter([("request".to_owned(), Value::from(text))]);
    let dialect = dialect("kv");
    let checked = match dialect.check(Operation::Raw, &params) {
        Ok(checked) => checked,
        Err(reject) => {
            assert_fit_for_a_line(&reject.reason);
            assert!(reject.field.is_some(), "{reject}");
            return;
        }
    };
    let request = dialect.prepare(Operation::Raw, &params, TRANSACTION).expect("what was checked can be written");
    assert!((1..=LONGEST).contains(&request.bytes.len()));
    let again = dialect.prepare(Operation::Raw, &params, TRANSACTION).unwrap();
    assert_eq!(request.bytes, again.bytes);
    let mut registry = Registry::new(Manner::Plain);
    registry.furnish();
    let before = registry.ledger();
    registry.ask(&request.bytes).expect("the registry answers");
    let after = registry.ledger();
    let record = after.requests.back().unwrap();
    assert_eq!(after.requests.len(), before.requests.len() + 1);
    if record.action == "unreadable" {
        return;
    }
    assert!(!["login", "logout"].contains(&record.action.as_str()), "{record:?}");
    assert_eq!(record.ctid, request.transaction, "{record:?}");
    for effect in &after.effects[before.effects.len()..] {
        assert!(request.operation.writes(), "{effect:?}");
        // Effects are one for each object; ours is among them.
        assert_eq!(effect.ctid.as_deref(), Some(TRANSACTION), "{effect:?}");
        assert_eq!(effect.object, checked.object.name(), "{effect:?}");
    }
}

/// Requests that reach the sandbox, one after the other in one session, divided by a NUL. Each has an answer that our
/// client can read. The first byte decides how answers are written, and whether there is something to work on.
pub fn sandbox_request(bytes: &[u8]) {
    let Some((manner, bytes)) = bytes.split_first() else { return };
    let manner = if manner & 1 == 0 { Manner::Plain } else { Manner::Odd };
    let dialect = dialect("kv");
    let mut registry = Registry::new(manner);
    registry.furnish();
    for request in bytes.split(|byte| *byte == 0).filter(|request| !request.is_empty()).take(8) {
        if request.len() > LONGEST {
            continue;
        }
        let before = registry.ledger().requests.len();
        let Some(answer) = registry.ask(request) else { return };
        let ledger = registry.ledger();
        assert_eq!(ledger.requests.len(), before + 1);
        let record = ledger.requests.back().unwrap();
        let operation = if record.action == "queue.read" { Operation::MessageRead } else { Operation::Raw };
        let read = dialect.decode(operation, &answer);
        let read = read.unwrap_or_else(|why| panic!("{why}: {:?}", String::from_utf8_lossy(&answer)));
        assert!(["success", "failed", "exception"].contains(&read.result.to_lowercase().as_str()), "{read:?}");
        assert!(read.server_transaction.is_some());
        assert!(read.messages.iter().all(|message| message.code.len() == 11), "{read:?}");
        if record.action != "unreadable" {
            assert_eq!(is_xml(&answer), is_xml(request), "{:?}", String::from_utf8_lossy(&answer));
        }
        if read.result.eq_ignore_ascii_case("success") && record.action == "logout" {
            return;
        }
    }
}

fn is_xml(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).starts_with(b"<")
}
