//! The codes with their texts (RFC 2832, 5.1; 510 and 557 from RFC 3632).

/// Done.
pub(super) const DONE: u16 = 200;
/// Done, and the connection ends.
pub(super) const BYE: u16 = 220;
/// A fault of the server that ends the connection.
pub(super) const FAULT_CLOSING: u16 = 420;
/// A fault of the server.
pub(super) const FAULT: u16 = 421;
/// The server ends the connection; a reason stands behind the text.
pub(super) const TIMEOUT: u16 = 520;
/// No place for another session.
pub(super) const TOO_MANY: u16 = 521;

/// Every code with its text.
const TEXTS: &[(u16, &str)] = &[
    (DONE, "Command completed successfully"),
    (210, "Domain name available"),
    (211, "Domain name not available"),
    (212, "Name server available"),
    (213, "Name server not available"),
    (BYE, "Command completed successfully. Server closing connection"),
    (FAULT_CLOSING, "Command failed due to server error. Server closing connection"),
    (FAULT, "Command failed due to server error. Client should try again"),
    (500, "Invalid command name"),
    (501, "Invalid command option"),
    (502, "Invalid entity value"),
    (503, "Invalid attribute name"),
    (504, "Missing required attribute"),
    (505, "Invalid attribute value syntax"),
    (506, "Invalid option value"),
    (507, "Invalid command format"),
    (508, "Missing required entity"),
    (509, "Missing command option"),
    (510, "Invalid encoding"),
    (TIMEOUT, "Server closing connection. Client should try opening new connection"),
    (TOO_MANY, "Too many sessions open. Server closing connection"),
    (530, "Authentication failed"),
    (531, "Authorization failed"),
    (532, "Domain names linked with name server"),
    (533, "Domain name has active name servers"),
    (534, "Domain name has not been flagged for transfer"),
    (535, "Restricted IP address"),
    (536, "Domain already flagged for transfer"),
    (540, "Attribute value is not unique"),
    (541, "Invalid attribute value"),
    (542, "Invalid old value for an attribute"),
    (543, "Final or implicit attribute cannot be updated"),
    (544, "Entity on hold"),
    (545, "Entity reference not found"),
    (546, "Credit limit exceeded"),
    (547, "Invalid command sequence"),
    (548, "Domain is not up for renewal"),
    (549, "Command failed"),
    (550, "Parent domain not registered"),
    (551, "Parent domain status does not allow for operation"),
    (552, "Domain status does not allow for operation"),
    (553, "Operation not allowed. Domain pending transfer"),
    (554, "Domain already registered"),
    (555, "Domain already renewed"),
    (556, "Maximum registration period exceeded"),
    (557, "Name server locked"),
];

/// What a code says.
pub(super) fn text(code: u16) -> &'static str {
    TEXTS.iter().find(|(known, _)| *known == code).map_or("Unknown", |(_, text)| text)
}

/// What the draft before RFC 2832 says instead.
pub(super) fn draft_text(code: u16) -> &'static str {
    match code {
        210 => "Domain available",
        211 => "Domain not available",
        212 => "Nameserver name available",
        213 => "Nameserver name not available",
        code => text(code),
    }
}

/// Whether the connection ends with it (RFC 2832, 3.2).
pub(super) const fn closes(code: u16) -> bool {
    matches!(code, BYE | FAULT_CLOSING | TIMEOUT | TOO_MANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_no_two_are_alike() {
        assert!(TEXTS.is_sorted_by(|(one, _), (other, _)| one < other));
        let texts: std::collections::BTreeSet<_> = TEXTS.iter().map(|(_, text)| text).collect();
        assert_eq!((texts.len(), TEXTS.len()), (46, 46));
        assert_eq!(TEXTS.iter().filter(|(code, _)| closes(*code)).count(), 4);
    }
}
