//! LOGOUT: ends the session, which otherwise stays alive at the registry and takes one of seven places.

use super::super::codec::tree::{Action, Order};
use super::super::codec::words::Space;

/// Writes a LOGOUT.
pub fn order() -> Order {
    let action = Action { kv: "LOGOUT", space: Space::Global, xml: "logout" };
    Order::new(action, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::super::super::codec::{self, Format};
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        assert_eq!(codec::write(&order(), Format::Kv, "5.0").unwrap().as_slice(), b"Version: 5.0\nAction: LOGOUT");
        let xml = codec::write(&order(), Format::Xml, "5.0").unwrap();
        assert!(std::str::from_utf8(&xml).unwrap().contains("\n  <logout/>\n"));
    }
}
