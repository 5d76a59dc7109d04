//! The registry's message codes as far as the sandbox speaks them.
//!
//! Codes the manual does not let us read are *invented* here after the pattern of its numbers (component, keyword,
//! complaint) and stand at the end of the table: no client may build on them.

use crate::model::{Level, Message};

/// One row: number, level and text.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) number: &'static str,
    level: Level,
    text: &'static str,
}

impl Code {
    /// The message without arguments.
    pub(super) fn message(&self) -> Message {
        self.with::<&str>([])
    }

    /// The message with its arguments.
    pub(super) fn with<T: Into<String>>(&self, arguments: impl IntoIterator<Item = T>) -> Message {
        Message {
            level: self.level,
            code: self.number.to_owned(),
            text: self.text.to_owned(),
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }
}

/// A code of no table, for faults that lie.
pub(super) fn any(code: &str) -> Message {
    Message {
        level: Level::Error,
        code: code.to_owned(),
        text: "Injected by the sandbox".into(),
        arguments: Vec::new(),
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $number:literal $level:ident $text:literal),+ $(,)?) => {
        $($(#[$doc])* pub(super) const $name: Code = Code { number: $number, level: Level::$level, text: $text };)+
        #[cfg(test)]
        pub(super) const ALL: &[&Code] = &[$(&$name),+];
    };
}

codes! {
    TEST_ENVIRONMENT "13000000011" Info "Request was processed in test environment - not valid in real world",
    QUOTA_NOTICE "13000000022" Info "Used quota",
    QUOTA_WARNING "33000000022" Warning "Used quota",
    QUOTA_EXCEEDED "53000000008" Error "Daily quota exceeded",
    CONCURRENT_WRITE "53000000012" Error "Concurrent write access to the same business object is prohibited",
    ACL_EXCEEDED "55000000002" Error "access control limit exceeded",
    KV_FORMAT "63000000006" Error "The request has an invalid key/value pair format",
    SEMANTICS "63000000007" Error "Request shows semantics error",
    ACTION_UNKNOWN "63000040110" Error "Keyword \"Action\" cannot be recognized",
    TOO_LONG "63000060015" Error "The value is too long",
    VERSION_VALUE "63000060402" Error "Inadmissible value for keyword \"Version\"",
    /// Unusable, or used before by this account (the manual's word for the second case is not readable).
    CTID_VALUE "63000060508" Error "Inadmissible value for keyword \"Ctid\"",
    TOO_MANY_SESSIONS "73100000005" Error "The maximum number of permitted login is reached",
    UNAVAILABLE "76000000001" Error "Registry Service temporarily not available",
    REQUEST_TOO_LONG "83000000000" Error "Request message too long",
    XML_SCHEMA "83000000004" Error "Validation of XML request against Schema failed",
    URI_TEMPLATE "83000000005" Error "Validation of URI-Template failed",
    LOGIN_FAILED "83000000010" Error "Login failed",
    LOGIN_BLOCKED "63100020005" Error "Number of failed logins exceeds allowed maximum",
    USER_ONCE "63100040202" Error "Keyword \"User\" must appear once and just once",
    PASSWORD_ONCE "63100040302" Error "Keyword \"Password\" must appear once and just once",

    FOREIGN_CONTACT "63200020603" Error "This Contact is administered by another provider",
    HANDLE_MISSING "63200040610" Error "Keyword \"Handle\" cannot be recognized",
    TYPE_MISSING "63200040710" Error "Keyword \"Type\" cannot be recognized",
    NAME_MISSING "63200040810" Error "Keyword \"Name\" cannot be recognized",
    POSTAL_CODE_ONCE "63200041102" Error "Keyword \"PostalCode\" must appear once and just once",
    CITY_ONCE "63200041202" Error "Keyword \"City\" must appear once and just once",
    COUNTRY_ONCE "63200041302" Error "Keyword \"CountryCode\" must appear once and just once",
    EMAIL_MISSING "63200041610" Error "Keyword \"Email\" cannot be recognized",
    PHONE_ONCE "63200042402" Error "Keyword \"Phone\" must appear once and just once",
    TYPE_VALUE "63200060702" Error "Inadmissible value for keyword \"Type\"",
    COUNTRY_VALUE "63200061302" Error "The value for \"CountryCode\" is not a valid ISO code",
    EMAIL_FORMAT "63200061603" Error "The value for keyword \"Email\" has an invalid format",
    ORGANISATION_WITH_ORG "63200080900" Error "Keyword \"Organisation\" invalid with \"Type\" \"ORG\"",
    NAME_FORMAT "63400000001" Error "The value for keyword \"Name\" has an invalid format",
    ADDRESS_FORMAT "63400000002" Error "The value for keyword \"Address\" has an invalid format",
    POSTAL_CODE_FORMAT "63400000003" Error "The value for keyword \"PostalCode\" has an invalid format",
    CITY_FORMAT "63400000004" Error "The value for keyword \"City\" has an invalid format",
    VERIFICATION_HEADER "63200041860" Error "Incomplete verification information",
    VERIFICATION_VALUE "63200041861" Error "Inadmissible value in verification information",
    VERIFICATION_COUNT "63200041862" Error "Occurrences of verification information out of range",
    VERIFICATION_CONFLICT "63200041863" Error "Conflicting verification information",
    VERIFICATION_DUPLICATE_VALUE "63200041865" Error "Duplicate value in verification information",
    VERIFICATION_DUPLICATE_KEY "63200041866" Error "Duplicate key in verification information",
    VERIFICATION_INCOMPLETE "63200062603" Error "Incomplete verification information",
    VALUE_NOT_FOR_TYPE "63450064002" Error "One of the indicated values is not valid for this contact type",

    CANNOT_CHANGE_NAME "63220080801" Error "The value of \"Name\" cannot be changed with an UPDATE",

    /// What a DELETE under DISPUTE answers: no grace period, the one who disputes it has the domain now.
    DISPUTE_HOLDER_TAKES_OVER "13350000001" Info
        "Domain bears a DISPUTE entry and can therefore not be restored",
    /// In the odd manner only.
    DNS_ACCEPTED "16000063119" Info "DNS data was checked and accepted",
    AUTHINFO_REMOVED "16330088732" Info "An action determines the removal of the AuthInfo",
    DEDELEGATION_DEADLINE "16350000040" Info
        "Verification information must be provided for the holder(s) to avoid dedelegation by",
    DELETION_DEADLINE "16350000041" Info
        "Verification information must be provided for the holder(s) to avoid deletion by",
    DNS_NOT_ACCEPTABLE "33300102900" Warning
        "The provided DNS data are not acceptable. Domain \"Status\" is \"failed\".",
    NAMESERVER_WARNING "33300102912" Warning "Predelegation Check warning",
    SEP_MISSING "46000108827" Warning "Secure Entry Point flag should be set in DNSKEY",
    CONTACT_UNKNOWN "53000060009" Error "At least one Contact does not exist",
    LOCKED "53000080009" Error "Request rejected - this domain is locked!",
    DISPUTE "53000080011" Error "The request cannot be carried out because of an active DISPUTE",
    STATUS_FAILED "53000080012" Error "Domain \"Status\" is \"failed\"",
    STATUS_CONNECT "53000080013" Info "Domain \"Status\" is \"connect\"",
    STATUS_PENDING "53000080014" Info "Domain \"Status\" is \"pendingCreate\"",
    STATUS_HOLD "53000080015" Info "Domain \"Status\" is \"serverHold\"",
    CHECK_IMPOSSIBLE "53300100021" Error "Technical Predelegation Check Problem - please try later",
    GLUE_MISSING "53300102902" Error "Required glue record is missing",
    NAMESERVER_ERROR "53300102912" Error "Nameserver error",
    NSERVER_COUNT "53300102920" Error "Occurrences of keyword \"Nserver\" out of range",
    MX_PREFERENCE_MISSING "53300103022" Error "Missing mail exchange preference of DNS entry",
    CHPROV_DATA_MISSING "53370080005" Error "Required change provider request data is missing",
    DOMAIN_MISSING "53380042010" Error "Keyword \"Domain\" cannot be recognized",
    ACE_MISMATCH "53380062206" Error "Mismatch between values for \"Domain-ace\" and \"Domain\"",
    AUTHINFO2_MISSING "56000088709" Error "Specified AuthInfo2 does not exist",
    DNS_REFUSED "56300108812" Error "The provided DNS data are not acceptable",
    CREATE_IN_REDEMPTION "56310082011" Error "Domain \"Status\" is \"redemptionPeriod\"",
    CONTACT_INVALID "63000060003" Error "An indicated Contact is invalid",
    ACE_UNREADABLE "63300042100" Error "Keyword \"Domain-ace\" cannot be recognized",
    NSENTRY_COUNT "63300043003" Error "Occurrences of keyword \"Nsentry\" out of range",
    CONTACT_TWICE "63300060005" Error "Contact occurs more than once in same role",
    DOMAIN_UNKNOWN "63300062009" Error "Domain doesn't exist",
    NSERVER_TWICE "63300062905" Error "Duplicate value(s) for \"Nserver\"",
    NSENTRY_VALUE "63300063003" Error "Incorrect value(s) for \"Nsentry\"",
    /// The same complaint, in a CHPROV.
    NSENTRY_VALUE_CHPROV "63300063005" Error "Incorrect value(s) for \"Nsentry\"",
    NSENTRY_OWNER "63300063006" Error "\"Nsentry\" has invalid owner",
    MX_SAME_PREFERENCE "63300063016" Error "At least 2 MX entries have the identical preference",
    DNS_TYPE "63300063103" Error "Illegal type of DNS data",
    TOO_MANY_CONTACTS "63300080013" Error "Too many Contacts are indicated",
    CONTACT_TYPE "63300080700" Error "Contact with wrong value for \"Type\"",
    MX_HOST_UNKNOWN "63300083005" Error "Value for \"Nsentry\" contains unknown host",
    PHONE_MISSING "63300085940" Error "Missing phone for holder",
    NSERVER_VALUE "63300102913" Error "Incorrect value(s) for \"Nserver\"",
    MX_NULL_NOT_ALONE "63300103005" Error
        "No other MX resource record is allowed in combination with \"Null MX\"",
    DOMAIN_EXISTS "63310062004" Error "Domain already exists",
    DOMAIN_VALUE "63310062007" Error "Inadmissible value for keyword \"Domain\"",
    REGACC_VALUE "63310062008" Error "Inadmissible value for keyword \"RegAcc\"",
    DISCONNECT_VALUE "63360063402" Error "Inadmissible value for keyword \"Disconnect\"",
    AUTHINFO_MISSING "63370048700" Error "Keyword \"AuthInfo\" cannot be recognized",
    AUTHINFO_MISMATCH "63370088701" Error "AuthInfo does not match",
    OWN_DOMAIN "63380063209" Error "Illegal operation on own domain",
    AUTHINFO_HASH_ONCE "63391048502" Error "Keyword \"AuthInfoHash\" must appear once and just once",
    AUTHINFO_EXPIRE_ONCE "63391048602" Error "Keyword \"AuthInfoExpire\" can appear once and just once",
    AUTHINFO_HASH_FORMAT "63391068503" Error "The value for keyword \"AuthInfoHash\" has an invalid format",
    AUTHINFO_EXPIRE_FORMAT "63391068603" Error "The value for keyword \"AuthInfoExpire\" has an invalid format",
    AUTHINFO1_EXISTS "63391068704" Error "AuthInfo1 already exists",
    AUTHINFO2_EXISTS "63393068704" Error "AuthInfo2 already exists",
    RECURSIVE_ONCE "63450043902" Error "Keyword \"Recursive\" can appear once and just once",
    RECURSIVE_VALUE "63450063902" Error "Inadmissible value for keyword \"Recursive\"",
    HOLDER_ONCE "63900042502" Error "Keyword \"Holder\" must appear once and just once",
    DNS_DATA "66300048905" Error "Invalid DNS Data (Nsentry, Dnskey)",
    MX_HOST_MISSING "66300063003" Error "Missing mail exchange host",
    DNSKEY_FORMAT "66300068803" Error "The value for keyword \"Dnskey\" has an invalid format",
    NOT_IN_REDEMPTION "66310082014" Error "Domain is not in Redemption Grace Period",

    MESSAGE_TYPE_VALUE "63600063502" Error "Inadmissible value for keyword \"MsgType\"",
    MESSAGE_ID_MISSING "63650043610" Error "Keyword \"MsgId\" cannot be recognized",
    NOT_OLDEST "63650063607" Error "This message is not the oldest",
    MESSAGE_UNKNOWN "63650063609" Error "MsgId does not exist",

    /// Invented.
    ACTION_ONCE "63000040102" Error "Keyword \"Action\" must appear once and just once",
    /// Invented.
    VERSION_ONCE "63000040402" Error "Keyword \"Version\" must appear once and just once",
    /// Invented.
    CTID_ONCE "63000040502" Error "Keyword \"Ctid\" must appear once and just once",
    /// Invented.
    HANDLE_ONCE "63200040602" Error "Keyword \"Handle\" must appear once and just once",
    /// Invented.
    TYPE_ONCE "63200040702" Error "Keyword \"Type\" must appear once and just once",
    /// Invented.
    NAME_ONCE "63200040802" Error "Keyword \"Name\" must appear once and just once",
    /// Invented.
    ADDRESS_MISSING "63200041010" Error "Keyword \"Address\" cannot be recognized",
    /// Invented.
    URI_TEMPLATE_ONCE "63200043302" Error "Keyword \"Uri-Template\" must appear once and just once",
    /// Invented.
    PHONE_FORMAT "63200062403" Error "The value for keyword \"Phone\" has an invalid format",
    /// Invented.
    HANDLE_VALUE "63200060602" Error "Inadmissible value for keyword \"Handle\"",
    /// Invented: CREATE of a handle that is there already.
    HANDLE_EXISTS "63210060604" Error "Handle already exists",
    /// Invented: INFO of a handle that is not there.
    HANDLE_UNKNOWN "63200060609" Error "Handle doesn't exist",
    /// Invented.
    DOMAIN_ONCE "53380042002" Error "Keyword \"Domain\" must appear once and just once",
    /// Invented: a write on a domain of another account.
    FOREIGN_DOMAIN "63300022003" Error "This Domain is administered by another provider",
    /// Invented: the holders given are not the holders stored.
    HOLDER_DIFFERS "63300082513" Error "Values for \"Holder\" differ from the registered ones",
    /// Invented: DELETE of a domain that is deleted already.
    DELETE_IN_REDEMPTION "56350082011" Error "Domain \"Status\" is \"redemptionPeriod\"",
    /// Invented: the manual lists the request for other statuses only.
    STATUS_FORBIDS "63300082012" Error "Request not possible in this \"Status\"",
    /// Invented: DELETE-AUTHINFO1 without an AuthInfo1.
    AUTHINFO1_MISSING "63392068709" Error "AuthInfo1 does not exist",
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ALL;

    #[test]
    fn numbers_have_eleven_digits_and_are_unique() {
        let numbers: HashSet<_> = ALL.iter().map(|code| code.number).collect();
        assert_eq!(numbers.len(), ALL.len());
        assert!(numbers.iter().all(|number| number.len() == 11 && number.bytes().all(|b| b.is_ascii_digit())));
    }
}
