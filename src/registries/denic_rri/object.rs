//! The object of a job, and whether an answer is about it. An answer to another question must never settle this one.

use serde_json::{Map, Value};

use super::check::names;
use crate::model::{ObjectKey, ObjectKind, Operation};

/// The domain or contact a job names. Less strict than the check at intake: what was taken in once must stay askable.
pub fn of(operation: Operation, params: &Map<String, Value>) -> Option<ObjectKey> {
    let text = |name: &str| params.get(name)?.as_str().map(str::trim);
    match operation.object() {
        ObjectKind::Domain => Some(ObjectKey::new(ObjectKind::Domain, &ace(text("domain")?)?)),
        ObjectKind::Contact => Some(ObjectKey::new(ObjectKind::Contact, &text("handle")?.to_uppercase())),
        ObjectKind::Host | ObjectKind::Account | ObjectKind::Order | ObjectKind::Message => None,
    }
}

/// Whether the data of an answer is that of an object.
pub fn is_shown(object: &ObjectKey, data: &Value) -> bool {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let is_name = |shown: &str| ace(shown).as_deref() == Some(object.name());
    match object.as_str().split_once(':') {
        Some(("domain", _)) => [text("domain"), text("ace")].into_iter().flatten().any(is_name),
        Some(("contact", handle)) => text("handle").is_some_and(|shown| shown.eq_ignore_ascii_case(handle)),
        _ => false,
    }
}

fn ace(name: &str) -> Option<String> {
    names::domain("domain", name).ok().map(|name| name.ace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_known_in_every_spelling() {
        let key = |operation, params: Value| of(operation, params.as_object()?).map(|key| key.to_string());
        let domain = key(Operation::DomainUpdate, json!({"domain": " DÄNIC.de ", "nserver": 7}));
        assert_eq!(domain.as_deref(), Some("domain:xn--dnic-loa.de"));
        let contact = key(Operation::ContactUpdate, json!({"handle": " denic-1-max"}));
        assert_eq!(contact.as_deref(), Some("contact:DENIC-1-MAX"));
        assert_eq!(key(Operation::DomainUpdate, json!({"handle": "denic-1-max"})), None);
        assert_eq!(key(Operation::AccountInfo, json!({"reg_acc": "DENIC-1"})), None);

        let domain = ObjectKey::new(ObjectKind::Domain, "xn--dnic-loa.de");
        for (data, expected) in [
            (json!({"domain": "dänic.de"}), true),
            (json!({"domain": "xn--dnic-loa.de"}), true),
            (json!({"domain": "x", "ace": "xn--dnic-loa.de"}), true),
            (json!({"domain": "example.de"}), false),
            (json!({}), false),
            (Value::Null, false),
        ] {
            assert_eq!(is_shown(&domain, &data), expected, "{data}");
        }
        let contact = ObjectKey::new(ObjectKind::Contact, "DENIC-1-MAX");
        assert!(is_shown(&contact, &json!({"handle": "DENIC-1-MAX"})));
        assert!(!is_shown(&contact, &json!({"handle": "DENIC-1-ANN"})));
    }
}
