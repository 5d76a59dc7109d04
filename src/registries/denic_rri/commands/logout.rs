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
    use super::super::tests::golden;
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        for (format, name) in [(Format::Kv, "logout.kv"), (Format::Xml, "logout.xml")] {
            let bytes = codec::write(&order(), format, "5.0").unwrap();
            assert_eq!(std::str::from_utf8(&bytes).unwrap(), golden(name), "{name}");
        }
    }
}
