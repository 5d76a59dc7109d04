//! QUEUE-READ: the oldest message of the queue. Reading removes nothing and costs no quota, so it also serves to keep a
//! session alive; the protocol has no request for that.

use super::super::codec::tree::{Action, Order};
use super::super::codec::words::Space;

/// Writes a QUEUE-READ of any type of message.
pub fn order() -> Order {
    let action = Action { kv: "QUEUE-READ", space: Space::Msg, xml: "queue-read" };
    Order { action, items: Vec::new(), transaction: None }
}

#[cfg(test)]
mod tests {
    use super::super::super::codec::{self, Format};
    use super::*;

    #[test]
    fn is_written_in_both_formats() {
        assert_eq!(codec::write(&order(), Format::Kv, "5.0").unwrap().as_slice(), b"Version: 5.0\nAction: QUEUE-READ");
        let xml = codec::write(&order(), Format::Xml, "5.0").unwrap();
        let text = std::str::from_utf8(&xml).unwrap();
        assert!(text.contains("xmlns:msg=\"http://registry.denic.de/msg/5.0\">\n  <msg:queue-read/>\n"), "{text}");
    }
}
