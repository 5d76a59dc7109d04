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
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        let order = order("DENIC-1000011-RRI", &Secret::new("se<ret"));
        let kv = codec::write(&order, Format::Kv, "5.0").unwrap();
        assert_eq!(kv.as_slice(), b"Version: 5.0\nAction: LOGIN\nUser: DENIC-1000011-RRI\nPassword: se<ret");
        let xml = codec::write(&order, Format::Xml, "5.0").unwrap();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<registry-request xmlns=\"http://registry.denic.de/global/5.0\">\n  <login>\n    <user>DENIC-1000011-RRI</user>\n    <password>se&lt;ret</password>\n  </login>\n</registry-request>\n";
        assert_eq!(std::str::from_utf8(&xml).unwrap(), expected);
    }
}
