//! The errors there are, one row each: what they say, how much of the request they stand for, and what their details are.

/// How coarse a class an error is in.
pub(super) const HINTS: &[&str] = &[
    "INVALID_REQUEST_ERROR",
    "MALFORMED_REQUEST_ERROR",
    "APPLICATION_ERROR",
    "TEMPORARY_SERVER_ERROR",
    "UNKNOWN_RESULT",
    "UNKNOWN_ERROR_HINT",
];

/// An error.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) id: &'static str,
    pub(super) severity: &'static str,
    pub(super) hint: &'static str,
    pub(super) description: &'static str,
    /// Whether it stands for the whole document.
    pub(super) is_top: bool,
    /// Details as they come when nobody knows better; `NAME` is the object's name.
    pub(super) details: &'static [&'static str],
}

const fn row(
    id: &'static str,
    hint: &'static str,
    description: &'static str,
    details: &'static [&'static str],
) -> Code {
    Code { id, severity: "err", hint, description, is_top: false, details }
}

const fn invalid(id: &'static str, description: &'static str, details: &'static [&'static str]) -> Code {
    row(id, "INVALID_REQUEST_ERROR", description, details)
}

const fn malformed(id: &'static str, description: &'static str, details: &'static [&'static str]) -> Code {
    row(id, "MALFORMED_REQUEST_ERROR", description, details)
}

const fn refused(id: &'static str, description: &'static str, details: &'static [&'static str]) -> Code {
    row(id, "APPLICATION_ERROR", description, details)
}

const fn system(id: &'static str, description: &'static str) -> Code {
    Code { severity: "crit", is_top: true, ..row(id, "TEMPORARY_SERVER_ERROR", description, &[]) }
}

const fn top(code: Code) -> Code {
    Code { is_top: true, ..code }
}

/// Every error of the reference that a registry makes.
#[rustfmt::skip]
const CODES: &[Code] = &[
    // Credentials and channel.
    top(invalid("SIG_INVALID", "Signature is invalid", &[])),
    top(invalid("SIG_VERIFY_FAILED", "Signature could not be verified", &[])),
    top(refused("PUBLIC_KEY_INVALID", "The registered public key cannot be used", &[])),
    top(invalid("UNKNOWN_REGISTRAR", "There is no such registrar", &["999"])),
    invalid("PERMISSION_DENIED", "Permission to perform this transaction is missing", &["ReleaseDomain"]),
    invalid("INSECURE_UPDATE", "Transaction requires a secure communication channel", &[]),
    top(invalid("INCORRECT_EFFECTIVE_REGISTRAR", "The effective registrar is not the one that signed", &[])),
    top(invalid("INVALID_EFFECTIVE_REGISTRAR", "The effective registrar is not valid here", &[])),
    top(invalid("EFFECTIVE_REGISTRAR_DOES_NOT_EXIST", "There is no such effective registrar", &["999"])),
    invalid("REGISTRY_MUST_BE_EFFECTIVE_REGISTRAR", "Only the registry may do this", &[]),
    invalid("REGISTRY_MUST_NOT_BE_EFFECTIVE_REGISTRAR", "The registry may not do this", &[]),
    invalid("INVALID_EXPLICIT_REGISTRAR_ID", "The registrar id in the transaction is not allowed", &["999"]),
    invalid("NOT_PERMITTED_TO_FILTER_REGISTRAR_BY_NAME", "Registrars may not be looked for by name", &[]),
    invalid("INVALID_PASSWORD", "The password is not acceptable", &["EPPAuth"]),
    // The document.
    top(malformed("XML_PARSE_ERROR", "XML parse error", &["Start tag expected, '<' not found"])),
    top(malformed("VERMAJOR_TOO_HIGH", "The major version is too high", &["9"])),
    top(malformed("MISSING_POST_PARAMETERS", "Parameters of the request are missing", &["s"])),
    top(malformed("EXTRA_POST_PARAMETERS", "The request has parameters that are not known", &["x"])),
    top(malformed("WRONG_MIME_TYPE", "The type of the request is wrong", &["application/x-www-form-urlencoded", "text/xml"])),
    top(malformed("NO_ACTION", "The request has no action", &[])),
    malformed("UNKNOWN_TRANSACTION_TYPE", "The transaction is not known", &["DomainDelete"]),
    top(malformed("REQUEST_TOO_LONG", "The request is too long", &["1000001", "1000000"])),
    top(malformed("MESSAGE_TOO_LARGE", "The message is too large", &["1000000", "1000001"])),
    malformed("UNEXPECTED_FIELD", "A field was not expected", &["Term"]),
    invalid("INVALID_FIELD", "A field has a value that is not allowed", &["x", "Term"]),
    invalid("INVALID_FIELDSET", "That combination of fields is not allowed.", &["Term x"]),
    invalid("MISSING_MANDATORY_FIELD", "Mandatory Field missing from Transaction", &["Email"]),
    invalid("UNDEFINED_VALUE", "A field has no value", &["Email"]),
    invalid("MULTIPLE_VALUE_IN_FIELD", "A field has more than one value", &["Email"]),
    invalid("INVALID_DATE_RANGE", "The range of dates is not valid", &["TransDateRange"]),
    invalid("CONFLICTING_RESULTS_PARAMETERS", "CountResults excludes MaxResults and SkipResults", &[]),
    invalid("NUMBER_OF_FILTERS_EXCEEDS_MAX", "There are too many filters", &["21", "DomainNameFilter", "20"]),
    invalid("NO_MESSAGE_FILTER_VALUES", "Nothing says which messages are meant", &[]),
    invalid("INVALID_WILDCARD_IN_DOMAINNAMEFILTER", "Wildcards are not allowed here", &[]),
    invalid("INVALID_ADDRESS", "The address is not valid", &["x"]),
    invalid("INVALID_ADDRESS_FILTER", "The filter for addresses is not valid", &["x"]),
    invalid("INVALID_REGISTRAR_ID_FILTER", "The filter for registrars is not valid", &["x"]),
    refused("CONSENT_ERROR", "Consent is missing", &["NAME"]),
    // Idempotency.
    invalid("ACTION_ID_ALREADY_USED", "The ActionId was used before with other details", &["x"]),
    // Domains, to be created.
    invalid("DOMAIN_ALREADY_EXISTS", "Create requested for a registered domain", &["NAME"]),
    refused("DOMAIN_BLOCKED", "The domain name is blocked", &["NAME"]),
    invalid("INVALID_CCTLD", "Domain Name CCTLD not permitted", &["NAME"]),
    refused("ALLOWED_2LD_FOR_REGISTRAR", "The registrar may not register in this second level domain", &["999"]),
    refused("MODERATED_DOMAIN_VIOLATION", "The second level domain is moderated", &["DomainCreate", "NAME"]),
    refused("OWNERSHIP_RESTRICTION", "Ownership is restricted", &["NAME"]),
    refused("IDN_NOT_ALLOWED", "Names with other letters are not allowed here", &["NAME"]),
    invalid("IDN_DOMAINNAME_MISMATCH", "The two forms of the name differ", &["NAME", "NAME", "NAME"]),
    invalid("IDN_UNICODE_MISMATCH", "The Unicode form is not the canonical one", &["NAME", "NAME", "NAME"]),
    invalid("IDN_INVALID_CHARACTER", "The name has a character that is not allowed", &["NAME", "NAME"]),
    invalid("IDN_INVALID_DOMAINNAME", "The name is not a valid one", &["NAME", "NAME"]),
    invalid("IDN_INVALID_UNICODE", "The Unicode form is not valid", &["NAME", "NAME"]),
    invalid("IDN_MALFORMED_DOMAINNAME", "The name cannot be decoded", &["NAME", "NAME"]),
    invalid("IDN_UNDEFINED_UNICODE", "The Unicode form is missing", &["NAME", "NAME"]),
    invalid("TERM_EXCEEDS_MAX", "The term is longer than allowed", &["120"]),
    // Domains, their state.
    row("LOCK_ERROR", "UNKNOWN_ERROR_HINT", "An error occured when attempting to gain a lock on the domain.", &["NAME"]),
    refused("DOMAIN_LOCKED", "The domain is locked", &["NAME"]),
    invalid("DOMAIN_INACTIVE", "An inactive domain may only be updated if uncancelled", &["NAME"]),
    invalid("DOMAIN_IS_NOT_CANCELLED", "The domain is not cancelled", &["NAME"]),
    invalid("DOUBLE_CANCEL_ATTEMPT", "The domain is cancelled already", &["NAME"]),
    invalid("DOMAIN_CANCEL_AND_RENEW", "A domain cannot be cancelled and renewed at once", &[]),
    refused("DOMAIN_ASSIGNED_TO_NON_REGISTRAR", "The domain is not with a registrar", &["999"]),
    refused("DOMAIN_WITH_BILL_DAY", "The domain has a bill day", &[]),
    refused("LOCK_ATTEMPT", "Permission to lock is missing", &[]),
    invalid("UDAI_DOMAIN_MISMATCH", "The given UDAI does not match the requested domain", &["NAME"]),
    invalid("TRANSFER_WITHIN_GRACE_PERIOD", "No transfer within the registration grace period", &["NAME"]),
    invalid("CANCELLED_TRANSFER_WITH_UPDATE", "A cancelled domain cannot be updated by its transfer", &["NAME"]),
    invalid("MULTIPLE_DOMAIN_TRANSFER", "Only one domain can be transferred at a time", &[]),
    invalid("CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER", "Contacts are only converted in a transfer", &[]),
    invalid("RENEW_NOT_REQUIRED", "The domain need not be renewed", &["NAME"]),
    invalid("RENEW_REQUIRES_TERM", "A renewal needs a term", &["NAME"]),
    invalid("ZERO_TERM_RENEW", "A renewal for no time", &["NAME"]),
    invalid("INSUFFICIENT_TERM_FOR_RENEW", "The term does not reach the present", &["NAME"]),
    invalid("RENEWAL_EXCEEDS_MAX", "The domain would be billed for longer than allowed", &["2039-01-01 00:00:00", "120", "NAME"]),
    // Name servers, DNSSEC.
    invalid("NAMESERVERS_EXCEEDED_MAX", "There are too many name servers", &["10"]),
    invalid("NAME_SERVER_DUPLICATION", "A name server is there twice", &["ns1.example.net", "NAME"]),
    invalid("IP4ADDR_NOT_ALLOWED", "An IPv4 address is not allowed here", &["192.0.2.1", "ns1.example.net", "NAME"]),
    invalid("IP6ADDR_NOT_ALLOWED", "An IPv6 address is not allowed here", &["2001:db8::1", "ns1.example.net", "NAME"]),
    invalid("SELF_SERVING_DNS_VIOLATION", "A name server within the domain needs an address", &["NAME", "ns1.NAME"]),
    refused("DNSSEC_2LD_NOT_ALLOWED", "The second level domain has no DNSSEC", &[]),
    // Handles.
    invalid("HANDLE_ALREADY_EXISTS", "There is a Handle with the given HandleId.", &[]),
    invalid("HANDLE_DOES_NOT_EXIST", "There is no Handle with the given HandleId.", &[]),
    invalid("HANDLE_IN_USE", "The Handle is in use.", &[]),
    invalid("HANDLE_ID_WITH_CONTACT_FIELDS", "A HandleId excludes other fields of the contact", &[]),
    invalid("HANDLE_ID_ON_REGISTRAR_CREATE", "A new registrar has no handles", &[]),
    invalid("DELETE_FLAG_WITH_OTHER_FIELDS", "Delete excludes other fields", &[]),
    // Messages.
    invalid("ALREADY_ACKED_MESSAGE", "The message is acknowledged already", &["91", "x"]),
    invalid("MESSAGE_DOES_NOT_EXIST", "There is no such message", &[]),
    row("CONCURRENT_ACK", "TEMPORARY_SERVER_ERROR", "The message is being acknowledged", &[]),
    // The system.
    system("SYSTEM_MAINTENANCE", "The system is being maintained"),
    system("SYSTEM_OFFLINE", "The system is offline"),
    system("SYSTEM_MIGRATION", "The system is being migrated"),
    row("SYSTEM_READONLY", "TEMPORARY_SERVER_ERROR", "The system takes no writes", &[]),
    row("SYSTEM_ERROR", "TEMPORARY_SERVER_ERROR", "An error of the system", &["database"]),
    Code { severity: "alert", ..row("INTERNAL_ERROR", "UNKNOWN_RESULT", "An internal error", &[]) },
    Code { severity: "crit", ..row("UNDETERMINED_RESULT", "UNKNOWN_RESULT", "The result is not known", &[]) },
    // Of the registry's own actions.
    invalid("BILLED_UNTIL_IN_PAST", "The date is over", &[]),
    invalid("BILLED_UNTIL_TOO_FAR_IN_FUTURE", "The date is too far ahead", &[]),
    invalid("FINAL_RUNTIME_BEFORE_FIRST_RUNTIME", "The last run is before the first", &[]),
    invalid("FIRST_RUNTIME_PAST", "The first run is over", &[]),
    invalid("FREQUENCY_TOO_SMALL", "The frequency is too small", &[]),
    invalid("PAST_EFFECTIVE_DATE", "The date is over", &[]),
    invalid("RUNLOG_QRY_PARAM_WITHOUT_PROCESS", "Parameters without a process", &[]),
    invalid("INVALID_EFFECTIVE_REGISTRAR_ID_IN_CreateRegistrar", "The registrar's id is not allowed", &[]),
    invalid("JOB_ALREADY_EXISTS", "There is such a job", &[]),
    invalid("JOB_UNKNOWN", "There is no such job", &[]),
    invalid("LIST_ENTRY_ALREADY_EXISTS", "There is such an entry", &[]),
    invalid("REMOVING_REGISTRAR_ROLE", "The role cannot be removed", &[]),
];

/// An error that no client has heard of, for any other id.
const UNHEARD_OF: Code = row("UNHEARD_OF", "UNKNOWN_ERROR_HINT", "Something else", &["NAME"]);

/// The row of an id.
pub(super) fn of(id: &str) -> &'static Code {
    const STRANGE: &Code = &UNHEARD_OF;
    find(id).unwrap_or(STRANGE)
}

/// The row of an id, if there is one.
pub(super) fn find(id: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.id.eq_ignore_ascii_case(id))
}

/// The error a label goes on with: its words with hyphens, in small or capital letters; the longest there is.
pub(super) fn in_label(label: &str) -> Option<&'static Code> {
    let label = label.to_ascii_uppercase().replace('-', "_");
    let begins = |code: &&Code| {
        let rest = label.strip_prefix(&code.id.to_ascii_uppercase());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    CODES.iter().filter(begins).max_by_key(|code| code.id.len())
}

/// All ids there are.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static Code> {
    CODES.iter()
}
