//! LOGIN: the first request of a session. It carries no transaction id and costs no quota.

use super::super::codec::tree::{Action, Item, Order};
use super::super::codec::words::{Space, Word};
use crate::model::Secret;

/// Writes a LOGIN.
pub fn order(user: &str, password: &Secret) -> Order {
    let action = Action { kv: "LOGIN", space: Space::Global, xml: "login" };
    Order::new(action, vec![Item::field(Word::User, user), Item::field(Word::Password, password.expose())])
}

#[cfg(test)]
mod tests {
    use super::super::super::codec::{self, Format};
    use super::super::tests::golden;
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        for (user, password, format, name) in [
            ("DENIC-1000011-RRI", "secret", Format::Kv, "login.kv"),
            ("DENIC-1234-Test", "1234", Format::Xml, "login.xml"),
        ] {
            let bytes = codec::write(&order(user, &Secret::new(password)), format, "5.0").unwrap();
            assert_eq!(std::str::from_utf8(&bytes).unwrap(), golden(name), "{name}");
        }
        let hostile = codec::write(&order("x", &Secret::new("se<ret")), Format::Xml, "5.0").unwrap();
        assert!(std::str::from_utf8(&hostile).unwrap().contains("<password>se&lt;ret</password>"));
    }
}
