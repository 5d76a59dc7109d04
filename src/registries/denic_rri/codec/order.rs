//! Reads requests, and puts a transaction id into one that somebody else wrote. What is not understood is left out of
//! what is read, and stays in what is sent. No error repeats a value: it may be a secret.

mod kv;
mod xml;

use super::Format;
use super::tree::{Action, Order};
use super::words::Space;

/// The requests there are, with those no command of ours makes.
const ACTIONS: &[Action] = &[
    action("LOGIN", Space::Global, "login"),
    action("LOGOUT", Space::Global, "logout"),
    action("CHECK", Space::Contact, "check"),
    action("INFO", Space::Contact, "info"),
    action("CREATE", Space::Contact, "create"),
    action("UPDATE", Space::Contact, "update"),
    action("CHECK", Space::Domain, "check"),
    action("INFO", Space::Domain, "info"),
    action("CREATE", Space::Domain, "create"),
    action("UPDATE", Space::Domain, "update"),
    action("CHHOLDER", Space::Domain, "chholder"),
    action("DELETE", Space::Domain, "delete"),
    action("RESTORE", Space::Domain, "restore"),
    action("TRANSIT", Space::Domain, "transit"),
    action("CREATE-AUTHINFO1", Space::Domain, "createAuthInfo1"),
    action("DELETE-AUTHINFO1", Space::Domain, "deleteAuthInfo1"),
    action("CREATE-AUTHINFO2", Space::Domain, "createAuthInfo2"),
    action("CHPROV", Space::Domain, "chprov"),
    action("INFO", Space::Regacc, "info"),
    action("QUEUE-READ", Space::Msg, "queue-read"),
    action("QUEUE-DELETE", Space::Msg, "delete"),
];

const fn action(kv: &'static str, space: Space, xml: &'static str) -> Action {
    Action { kv, space, xml }
}

/// Reads a request in whichever format and version it is.
///
/// # Errors
/// It is not a request; says what and where.
pub fn read_order(text: &str) -> Result<Order, String> {
    let order = match Format::of(text) {
        Format::Kv => kv::read(text),
        Format::Xml => xml::read(text),
    };
    order.map_err(super::brief)
}

/// Writes a request that somebody else wrote, with our transaction id: in K/V above the first section, since every line
/// after a heading belongs to it, in XML as the last element.
///
/// # Errors
/// It is not a request any more.
pub fn with_transaction(text: &str, transaction: Option<&str>, out: &mut String) -> Result<(), String> {
    let Some(transaction) = transaction else {
        out.push_str(text);
        return Ok(());
    };
    match Format::of(text) {
        Format::Kv => kv::with_transaction(text, transaction, out),
        Format::Xml => xml::with_transaction(text, transaction, out)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
