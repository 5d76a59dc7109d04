//! The codes with their texts. The first text of a code is the one it is answered with unless a command has its own.

/// GDPR: a contact has not yet agreed that data may be shared.
pub(super) const GDPR_TEXT: &str =
    "The registration is pending the contact's agreement to share information in accordance with GDPR.";
/// What 250 says.
pub(super) const ASYNC_TEXT: &str = "Action submitted successfully for processing to asynchronous registry.";
/// What the connection's end says when its time ran out; it has no code.
pub(super) const TIMEOUT_TEXT: &str = "Registration attempt failed: Timeout reading client request";

/// Every code with what it may say.
const TEXTS: &[(u16, &[&str])] = &[
    (200, &["Command completed successfully"]),
    (210, &["Domain available"]),
    (211, &["Domain taken"]),
    (212, &["Nameserver exists"]),
    (221, &["Domain taken"]),
    (250, &[ASYNC_TEXT]),
    (300, &["Exceeded max command rate", GDPR_TEXT, "Request deferred"]),
    (310, &["Exceeded max simultaneous connections"]),
    (350, &["Exceeded the number of commands per connection"]),
    (
        400,
        &[
            "Internal server error",
            "Unable to complete registration. Please retry.",
            "Domain already renewed; another renewal cannot be applied until the first request completes at the registry",
            "Access denied: invalid IP address",
            "Invalid Command: xxx",
            "Invalid encryption method; try -des",
            "Unable to change nameserver hostname to ns1.example.net",
            "Fatal Server Error",
        ],
    ),
    (401, &["Authentication Error."]),
    (404, &["Internal Server Error"]),
    (
        405,
        &[
            "Registry error: nameservers not updated",
            "Registry error: could not add",
            "Registry error: deletion failed",
        ],
    ),
    (410, &["Reseller authentication error"]),
    (415, &["Invalid Password supplied.", "Invalid Cookie Supplied"]),
    (
        420,
        &["Failed to create new registrant contact: Parameter value range error;\r\nInvalid telephone number format"],
    ),
    (430, &["Invalid command"]),
    (
        435,
        &[
            "Permission denied, subuser permissions",
            "Permission Denied: not owner",
            "Request failed validation: Name server 'ns1.example.net' is not found at the registry. Please double check the nameserver and re-submit.",
        ],
    ),
    (436, &["RM does not understand the answer of the RA"]),
    (437, &["Another request is already waiting on this domain"]),
    (440, &["Registration Failed: over quota."]),
    (445, &["Nameserver quota exceeded"]),
    (447, &["Sub-user limit exceeded"]),
    (460, &["Missing required field", "No Domain Supplied", "Modify type not specified", "No Cookie Supplied"]),
    (
        465,
        &[
            "Registration Failed: Invalid data, error=",
            "Domain Already Renewed",
            "Invalid domain syntax",
            "Unknown Modify type: xxx",
        ],
    ),
    (470, &["Invalid format of owner contact"]),
    (
        480,
        &[
            "Domain not owned by user",
            "Renewals not supported for this TLD",
            "Unable to find domain in registry",
            "Cookie not found",
            "capability is not enabled for this domain",
            "nameserver not found",
        ],
    ),
    (485, &["Domain taken", "Nameserver already exists", "Nameserver in use."]),
    (486, &["Entity already exists in a processing state"]),
    (487, &["Domain not transferable"]),
    (541, &["Domain's current expiration year in registry doesn't match the year provided by user."]),
    (552, &["Domain is less than 60 days old", "Domain is locked at the losing registrar"]),
    (555, &["Domain Already Renewed"]),
    (557, &["Nameserver locked"]),
    (599, &["Failed to create contact for this TLD: Parameter value range error;\r\nInvalid telephone number format"]),
    (702, &["Communication error with registry/vendor"]),
    (703, &["Could not send command"]),
    (704, &["Read empty message on the socket"]),
    (705, &["Timed out, resubmit request"]),
];

/// What a code says.
pub(super) fn text(code: u16) -> &'static str {
    TEXTS
        .iter()
        .find(|(known, _)| *known == code)
        .and_then(|(_, texts)| texts.first().copied())
        .unwrap_or("Unknown error")
}

/// What a code says, with this word in it.
pub(super) fn text_with(code: u16, word: &str) -> Option<&'static str> {
    let (_, texts) = TEXTS.iter().find(|(known, _)| *known == code)?;
    texts.iter().copied().find(|text| text.to_lowercase().contains(word))
}

/// All codes there are.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = u16> {
    TEXTS.iter().map(|(code, _)| *code)
}
