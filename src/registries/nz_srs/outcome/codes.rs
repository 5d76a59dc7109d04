//! The registry's errors and what each means for a job: one row per `ErrorId`, in the order of the reference (9.3). Where an
//! operation makes another thing of one, it has a row of its own in front.

use super::classes::Class::{self, Already, Ask, Backoff, Bug, Done, Refused, Soon, Suspend, Wait};
use crate::model::Operation::{
    self, ContactUpdate, DomainDelete, DomainRenew, DomainRestore, DomainTransfer, MessageDelete,
};
use crate::registries::Explained;

/// An error.
pub struct Row {
    /// The name, which never changes.
    pub id: &'static str,
    /// The operations the row is for; empty for all.
    pub of: &'static [Operation],
    /// What it means.
    pub class: Class,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

const fn row(id: &'static str, class: Class, remark: &'static str) -> Row {
    Row { id, of: &[], class, remark }
}

const fn of(of: &'static [Operation], id: &'static str, class: Class, remark: &'static str) -> Row {
    Row { id, of, class, remark }
}

/// The row of an error in the answer to an operation.
pub fn find(operation: Operation, id: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.id == id && (row.of.is_empty() || row.of.contains(&operation)))
}

/// Those that say that it cannot be told who asks.
pub const UNSIGNED: &[&str] = &["SIG_INVALID", "SIG_VERIFY_FAILED", "PUBLIC_KEY_INVALID", "UNKNOWN_REGISTRAR"];
/// The field that a domain of somebody else lacks in an update: `MISSING_MANDATORY_FIELD` with this detail.
pub const UDAI: &str = "UDAI";
/// See [`UDAI`].
pub const MISSING: &str = "MISSING_MANDATORY_FIELD";

/// The table.
pub const ROWS: &[Row] = &[
    // Credentials and channel.
    row("SIG_INVALID", Suspend, "the signature is refused"),
    row("SIG_VERIFY_FAILED", Suspend, "the signature could not be checked"),
    row("PUBLIC_KEY_INVALID", Suspend, "the key the registry has of us is unusable: have it replaced"),
    row("UNKNOWN_REGISTRAR", Suspend, "no such registrar id, or that of the other system"),
    row("PERMISSION_DENIED", Refused, "we lack a role: the registry gives it, or the action is its own"),
    row("INSECURE_UPDATE", Suspend, "sent without TLS: the configuration must name an https address"),
    row("INCORRECT_EFFECTIVE_REGISTRAR", Bug, "a request for another registrar"),
    row("INVALID_EFFECTIVE_REGISTRAR", Bug, "a request for another registrar"),
    row("EFFECTIVE_REGISTRAR_DOES_NOT_EXIST", Bug, "a request for a registrar nobody knows"),
    row("REGISTRY_MUST_BE_EFFECTIVE_REGISTRAR", Bug, "an action of the registry's own"),
    row("REGISTRY_MUST_NOT_BE_EFFECTIVE_REGISTRAR", Bug, "no action of the registry's own"),
    row("INVALID_EXPLICIT_REGISTRAR_ID", Bug, "the registrar id in the action is not ours"),
    row("NOT_PERMITTED_TO_FILTER_REGISTRAR_BY_NAME", Refused, "ask by our own id"),
    row("INVALID_PASSWORD", Refused, "the password for EPP is not acceptable"),
    // The document.
    row("XML_PARSE_ERROR", Bug, "not readable, or against the DTD"),
    row("VERMAJOR_TOO_HIGH", Bug, "the registry speaks an older version"),
    row("MISSING_POST_PARAMETERS", Bug, "a field of the form is missing"),
    row("EXTRA_POST_PARAMETERS", Bug, "a field of the form too many"),
    row("WRONG_MIME_TYPE", Bug, "not posted as a form"),
    row("NO_ACTION", Bug, "an empty request"),
    row("UNKNOWN_TRANSACTION_TYPE", Bug, "an action this version has not"),
    row("REQUEST_TOO_LONG", Bug, "larger than the registry takes"),
    row("MESSAGE_TOO_LARGE", Bug, "larger than the registry takes or gives: ask for fewer rows"),
    row("UNEXPECTED_FIELD", Bug, "a field that does not belong there"),
    row("INVALID_FIELD", Refused, "a value is not acceptable"),
    row("INVALID_FIELDSET", Bug, "these fields do not go together"),
    row(MISSING, Refused, "a field is missing"),
    row("UNDEFINED_VALUE", Refused, "a field is empty that may not be"),
    row("MULTIPLE_VALUE_IN_FIELD", Bug, "more than one value"),
    row("INVALID_DATE_RANGE", Bug, "dates that are none, or the wrong way round"),
    row("CONFLICTING_RESULTS_PARAMETERS", Bug, "counting and paging at once"),
    row("NUMBER_OF_FILTERS_EXCEEDS_MAX", Bug, "too many filters"),
    row("NO_MESSAGE_FILTER_VALUES", Bug, "messages must be asked for by action, period or queue"),
    row("INVALID_WILDCARD_IN_DOMAINNAMEFILTER", Bug, "a plain name is needed"),
    row("INVALID_ADDRESS", Bug, "no address"),
    row("INVALID_ADDRESS_FILTER", Bug, "no address"),
    row("INVALID_REGISTRAR_ID_FILTER", Bug, "no registrar id"),
    row("CONSENT_ERROR", Refused, "nobody knows what it means: ask the registry"),
    // Repetition. Whose the stored action is tells ActionDetailsQry.
    row("ACTION_ID_ALREADY_USED", Ask, "this id was used with other content"),
    // Domains: creation.
    row("DOMAIN_ALREADY_EXISTS", Already, "registered already"),
    row("DOMAIN_BLOCKED", Refused, "reserved, or two parties want it"),
    row("INVALID_CCTLD", Refused, "not below a domain the registry serves"),
    row("ALLOWED_2LD_FOR_REGISTRAR", Refused, "we may not register below this second level"),
    row("MODERATED_DOMAIN_VIOLATION", Refused, "a moderated second level: somebody else decides there"),
    row("OWNERSHIP_RESTRICTION", Refused, "not for this holder"),
    row("IDN_NOT_ALLOWED", Refused, "only ASCII there"),
    row("IDN_DOMAINNAME_MISMATCH", Bug, "the two spellings are different names"),
    row("IDN_UNICODE_MISMATCH", Bug, "the spelling is not normalised"),
    row("IDN_INVALID_CHARACTER", Refused, "a letter outside of .NZ LATIN"),
    row("IDN_INVALID_DOMAINNAME", Refused, "no name"),
    row("IDN_INVALID_UNICODE", Refused, "no name"),
    row("IDN_MALFORMED_DOMAINNAME", Refused, "no name"),
    row("IDN_UNDEFINED_UNICODE", Refused, "the spelling with macrons is missing"),
    row("TERM_EXCEEDS_MAX", Refused, "too many months"),
    // Domains: their state.
    row("LOCK_ERROR", Soon, "another action on the domain in the same second; if it recurs, look for a second program"),
    row("DOMAIN_LOCKED", Refused, "locked: the registry, or who may, has to unlock it"),
    row("DOMAIN_INACTIVE", Refused, "cancelled: restore it first"),
    of(&[DomainRestore], "DOMAIN_IS_NOT_CANCELLED", Already, "active already"),
    row("DOMAIN_IS_NOT_CANCELLED", Refused, "not cancelled"),
    of(&[DomainDelete], "DOUBLE_CANCEL_ATTEMPT", Already, "cancelled already"),
    row("DOUBLE_CANCEL_ATTEMPT", Refused, "cancelled already"),
    row("DOMAIN_CANCEL_AND_RENEW", Bug, "both at once"),
    row("DOMAIN_ASSIGNED_TO_NON_REGISTRAR", Refused, "not a registrar's domain"),
    row("DOMAIN_WITH_BILL_DAY", Refused, "billed in an old way; nobody knows more"),
    row("LOCK_ATTEMPT", Refused, "we may not lock or unlock"),
    // After a transfer that counted, its UDAI is void.
    of(
        &[DomainTransfer],
        "UDAI_DOMAIN_MISMATCH",
        Already,
        "not the UDAI of this domain: have the holder get a new one",
    ),
    row("UDAI_DOMAIN_MISMATCH", Refused, "not the UDAI of this domain"),
    row("TRANSFER_WITHIN_GRACE_PERIOD", Refused, "not within five days of its registration"),
    row("CANCELLED_TRANSFER_WITH_UPDATE", Refused, "cancelled: transfer it alone, then change it"),
    row("MULTIPLE_DOMAIN_TRANSFER", Bug, "one domain at a time"),
    of(&[DomainTransfer], "CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER", Already, "it is ours already"),
    row("CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER", Bug, "only in a transfer"),
    of(&[DomainRenew], "RENEW_NOT_REQUIRED", Already, "paid for already"),
    row("RENEW_NOT_REQUIRED", Refused, "paid for already"),
    row("RENEW_REQUIRES_TERM", Bug, "months are missing"),
    row("ZERO_TERM_RENEW", Bug, "no months"),
    row("INSUFFICIENT_TERM_FOR_RENEW", Refused, "too few months to reach today"),
    // It may be the second renewal that goes beyond.
    of(&[DomainRenew], "RENEWAL_EXCEEDS_MAX", Already, "more than 120 months ahead"),
    row("RENEWAL_EXCEEDS_MAX", Refused, "more than 120 months ahead"),
    // Name servers and keys.
    row("NAMESERVERS_EXCEEDED_MAX", Refused, "too many name servers"),
    row("NAME_SERVER_DUPLICATION", Refused, "a name server twice"),
    row("IP4ADDR_NOT_ALLOWED", Refused, "an address only for a host inside the domain"),
    row("IP6ADDR_NOT_ALLOWED", Refused, "an address only for a host inside the domain"),
    row("SELF_SERVING_DNS_VIOLATION", Refused, "a host inside the domain without address, or a set that cannot work"),
    row("DNSSEC_2LD_NOT_ALLOWED", Refused, "no keys below this second level"),
    // Contacts.
    row("HANDLE_ALREADY_EXISTS", Already, "there is a contact with this handle"),
    of(&[ContactUpdate], "HANDLE_DOES_NOT_EXIST", Already, "no such contact, or deleted already"),
    row("HANDLE_DOES_NOT_EXIST", Refused, "no such contact of ours"),
    row("HANDLE_IN_USE", Refused, "a domain uses it"),
    row("HANDLE_ID_WITH_CONTACT_FIELDS", Bug, "a handle or data, not both"),
    row("HANDLE_ID_ON_REGISTRAR_CREATE", Bug, "an action of the registry's own"),
    row("DELETE_FLAG_WITH_OTHER_FIELDS", Bug, "a deletion states nothing else"),
    // Messages.
    of(&[MessageDelete], "ALREADY_ACKED_MESSAGE", Done, "acknowledged before"),
    row("ALREADY_ACKED_MESSAGE", Refused, "acknowledged before"),
    row("MESSAGE_DOES_NOT_EXIST", Refused, "no such message: its ids are those of the response inside"),
    row("CONCURRENT_ACK", Soon, "acknowledged by somebody else at this moment; one program should read the queue"),
    // The registry as a whole.
    row("SYSTEM_MAINTENANCE", Wait, "maintenance; nothing was done"),
    row("SYSTEM_OFFLINE", Wait, "offline; nothing was done"),
    row("SYSTEM_MIGRATION", Wait, "moving; nothing was done"),
    row("SYSTEM_READONLY", Wait, "questions only for now; nothing was done"),
    row("SYSTEM_ERROR", Backoff, "trouble over there"),
    row("INTERNAL_ERROR", Ask, "trouble over there, and nobody knows how far it came"),
    row("UNDETERMINED_RESULT", Ask, "the registry does not know whether it was done"),
    // Actions that are not for registrars.
    row("BILLED_UNTIL_IN_PAST", Refused, "an action of the registry's own"),
    row("BILLED_UNTIL_TOO_FAR_IN_FUTURE", Refused, "an action of the registry's own"),
    row("FINAL_RUNTIME_BEFORE_FIRST_RUNTIME", Refused, "an action of the registry's own"),
    row("FIRST_RUNTIME_PAST", Refused, "an action of the registry's own"),
    row("FREQUENCY_TOO_SMALL", Refused, "an action of the registry's own"),
    row("PAST_EFFECTIVE_DATE", Refused, "an action of the registry's own"),
    row("RUNLOG_QRY_PARAM_WITHOUT_PROCESS", Refused, "an action of the registry's own"),
    row("INVALID_EFFECTIVE_REGISTRAR_ID_IN_CreateRegistrar", Refused, "an action of the registry's own"),
    row("JOB_ALREADY_EXISTS", Refused, "an action of the registry's own"),
    row("JOB_UNKNOWN", Refused, "an action of the registry's own"),
    row("LIST_ENTRY_ALREADY_EXISTS", Refused, "an action of the registry's own"),
    row("REMOVING_REGISTRAR_ROLE", Refused, "an action of the registry's own"),
    // Made by client libraries, so the registry does not say them; should it, then nothing was sent by the first three,
    // and of the others nobody knows.
    row("MISSING_REQUEST_OBJECT", Bug, "a client's own word"),
    row("REQUEST_COULD_NOT_BE_SIGNED", Bug, "a client's own word"),
    row("CLIENT_SYSTEM_ERROR", Bug, "a client's own word"),
    row("NO_RESPONSE_RECEIVED_FROM_SERVER", Ask, "a client's own word"),
    row("INVALID_RESPONSE_RECEIVED_FROM_SERVER", Ask, "a client's own word"),
    row("MISSING_SIGNATURE_RECEIVED_FROM_SERVER", Ask, "a client's own word"),
    row("INVALID_SIGNATURE_RECEIVED_FROM_SERVER", Ask, "a client's own word"),
    row("MALFORMED_TRANSACTION_RESPONSE", Ask, "a client's own word"),
    row("RESPONSE_TRANSACTION_NUMBER_MISMATCH", Ask, "a client's own word"),
    // Our own words, where the server in front of the registry has no service for us: no action was looked at.
    row("HTTP_401", Suspend, "the server does not let us in"),
    row("HTTP_403", Suspend, "the server does not let us in"),
    row("HTTP_404", Wait, "nothing is at the url"),
];

/// What a hint means for an error that stands in no row (9.1).
pub const HINTS: &[(&str, Class)] = &[
    ("INVALID_REQUEST_ERROR", Refused),
    ("MALFORMED_REQUEST_ERROR", Bug),
    ("APPLICATION_ERROR", Refused),
    ("TEMPORARY_SERVER_ERROR", Backoff),
    ("UNKNOWN_RESULT", Ask),
    ("UNKNOWN_ERROR_HINT", Refused),
    ("SRS::Error::UNKNOWN_ERROR", Refused),
];

/// The table in words.
pub fn explained() -> Vec<Explained> {
    let explain = |row: &Row| Explained {
        operations: row.of.to_vec(),
        ..Explained::of(row.id, row.class.words(), row.class.words(), row.remark)
    };
    ROWS.iter().map(explain).collect()
}
