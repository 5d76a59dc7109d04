//! The registry's message codes and what each means for a job. One row per code, in the order of the reference (§8.2,
//! §8.3), with the rows of §8.6 for the verdict. The first digit is no guide: class 5 is called temporary and holds
//! codes that never heal, class 6 is called permanent and holds one that heals in an hour.

use crate::model::Operation::{
    self, DomainAuthcodeCreate, DomainAuthcodeRequest, DomainDelete, DomainRestore, DomainTransfer, MessageDelete,
    MessageRead,
};
use crate::registries::Explained;

/// What a code means where the request was refused. On success every code is only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// Says something and decides nothing.
    Note,
    /// Refused, because what was ordered is the case for good: as good as done.
    Moot,
    /// Passes in seconds.
    Soon,
    /// Passes with time.
    Backoff,
    /// No: a repetition would fare no better.
    Refused,
    /// No request can do it; a human can, by another way.
    ByHand,
    /// The sessions are all taken.
    Sessions,
    /// The account's quota of the day is used up.
    Quota,
    /// The account sent too much and is blocked for a while; what it sends meanwhile prolongs the block.
    Blocked,
    /// Not done, because it is so already. If an earlier request of the same job was never answered, that may be why.
    Already,
    /// Of a write nobody can tell whether it, or an earlier one under the same id, happened: ask. Of a read it is a no.
    Ask,
    /// A malfunction over there: a write may have happened, a read may be repeated.
    Malfunction,
    /// The credentials are wrong or the login is blocked: the account stops.
    Suspend,
}

impl Meaning {
    /// One word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Moot => "done already",
            Self::Soon => "again in seconds",
            Self::Backoff => "again later",
            Self::Refused => "refused",
            Self::ByHand => "by hand",
            Self::Sessions => "sessions taken",
            Self::Quota => "again tomorrow",
            Self::Blocked => "blocked",
            Self::Already => "refused, unless a lost request did it",
            Self::Ask => "ask",
            Self::Malfunction => "malfunction",
            Self::Suspend => "account suspended",
        }
    }
}

/// A row: the code, the one operation it is for (a row for all comes after it), its meaning, why.
pub struct Row {
    /// Eleven digits.
    pub code: &'static str,
    only: Option<Operation>,
    /// What it means.
    pub meaning: Meaning,
    /// What it says, and what to know about it.
    pub remark: &'static str,
}

/// The row of a code in the answer to an operation, or `None` for a code that stands in no table.
pub fn find(code: &str, operation: Operation) -> Option<&'static Row> {
    CODES.iter().find(|row| row.code == code && row.only.is_none_or(|only| only == operation))
}

const fn row(code: &'static str, meaning: Meaning, remark: &'static str) -> Row {
    Row { code, only: None, meaning, remark }
}

const fn on(only: Operation, code: &'static str, meaning: Meaning, remark: &'static str) -> Row {
    Row { code, only: Some(only), meaning, remark }
}

use Meaning::{
    Already, Ask, Backoff, Blocked, ByHand, Malfunction, Moot, Note, Quota, Refused, Sessions, Soon, Suspend,
};

/// The domain is delegated.
pub const CONNECT: &str = "53000080013";
/// The domain is registered and still assessed.
pub const PENDING_CREATE: &str = "53000080014";
/// The domain is in quarantine.
pub const SERVER_HOLD: &str = "53000080015";
/// The domain was deleted under a DISPUTE; there is no redemption period.
pub const CLAIMED: &str = "13350000001";
/// There is no such domain.
pub const NO_SUCH_DOMAIN: &str = "63300062009";
/// There is no such contact.
pub const NO_CONTACT: &str = "53000060009";
/// The account may not ask for this.
pub const NOT_ALLOWED: &str = "53000020002";
/// A Registry Lock.
pub const LOCKED: &str = "53000080009";
/// A DISPUTE entry.
pub const DISPUTED: &str = "53000080011";

/// Wrong user or password; to anything but a LOGIN, that nobody is logged in.
pub const LOGIN_FAILED: &str = "83000000010";
/// The daily quota is used up.
pub const EXHAUSTED: &str = "53000000008";
/// A share of the daily quota is used.
pub const USED_QUOTA: [&str; 2] = ["13000000022", "33000000022"];

/// All codes of the reference.
pub const CODES: &[Row] = &[
    // general
    row("11300077725", Note, "AuthInfo deleted (message authInfo2Delete)"),
    row("11300077726", Note, "AuthInfo letter could not be delivered"),
    row("11300088725", Note, "AuthInfo deleted"),
    row("13000000011", Note, "processed in the test environment"),
    row(USED_QUOTA[0], Note, "used quota: slow down optional traffic"),
    row(USED_QUOTA[1], Note, "used quota, a higher threshold: stop optional traffic"),
    row(EXHAUSTED, Quota, "daily quota exceeded; queue requests are still free"),
    row("53000000012", Soon, "somebody else writes to the same object; nothing was done"),
    row(NOT_ALLOWED, ByHand, "request not allowed for this account; class 5, yet only the help desk heals it"),
    row("53000020019", Refused, "signature correct but too old; mail interface"),
    row("55000000002", Blocked, "access limit exceeded; the second digit says whois and RRI sends it all the same"),
    row("56000000013", Malfunction, "technical error"),
    row("58000000027", Refused, "mail header incomplete; mail interface"),
    row("60009500901", Refused, "PGP key against the rules"),
    row("63000000006", Refused, "not K/V; ours to mend"),
    row("63000000007", Refused, "semantics, for example a transaction id on a read; ours to mend"),
    row("63000040110", Refused, "no Action; ours to mend"),
    row("63000060003", Refused, "a contact is invalid"),
    row("63000060015", Refused, "a value is too long"),
    row("63000060402", Refused, "no such Version; ours to mend"),
    row("63000060508", Ask, "transaction id inadmissible, perhaps because an earlier request under it has arrived"),
    row("73100000005", Sessions, "all sessions taken; those of a crash live on for an unstated time"),
    row("76000000001", Backoff, "registry service not available"),
    row("83000000000", Refused, "request longer than 64 KB"),
    row("83000000004", Refused, "XML against the schema; ours to mend"),
    row("83000000005", Refused, "URI template too long or with an unknown variable"),
    row(LOGIN_FAILED, Suspend, "login failed: counts towards the ten that lock the login"),
    row("63100020005", Suspend, "login blocked; class 6, yet it heals after an hour without logins"),
    row("63100040202", Suspend, "User not exactly once"),
    row("63100040302", Suspend, "Password not exactly once"),
    // contacts
    row("53000080002", Refused, "this value cannot be deleted; class 5, never heals"),
    row("63200020603", Refused, "a contact of another registrar"),
    row("63200040610", Refused, "no Handle"),
    row("63200040710", Refused, "no Type"),
    row("63200040810", Refused, "no Name"),
    row("63200041102", Refused, "PostalCode not exactly once"),
    row("63200041202", Refused, "City not exactly once"),
    row("63200041302", Refused, "CountryCode not exactly once"),
    row("63200041610", Refused, "no Email"),
    row("63200042402", Refused, "Phone not exactly once"),
    row("63200060702", Refused, "no such Type"),
    row("63200061302", Refused, "no such country"),
    row("63200061603", Refused, "form of Email"),
    row("63200061802", Refused, "Disclose, a keyword of old"),
    row("63200080900", Refused, "Organisation with an ORG"),
    row("63220080801", Refused, "Name cannot be changed"),
    row("63400000001", Refused, "form of Name"),
    row("63400000002", Refused, "form of Address"),
    row("63400000003", Refused, "form of PostalCode"),
    row("63400000004", Refused, "form of City"),
    row("63200041860", Refused, "verification block without its header"),
    row("63200041861", Refused, "inadmissible value in a verification block"),
    row("63200041862", Refused, "more than five verification blocks"),
    row("63200041863", Refused, "verification blocks that contradict each other"),
    row("63200041865", Refused, "a value twice in a verification block"),
    row("63200041866", Refused, "a key twice in a verification block"),
    row("63200062603", Refused, "a keyword missing in a verification block"),
    row("63450064002", Refused, "verification block on a contact of type REQUEST"),
    // domains
    row("13350000001", Note, "deleted under a DISPUTE: the claimant holds it now, no redemption period"),
    row("16000063119", Note, "DNS data checked and accepted"),
    row("16330088732", Note, "an AuthInfo was deleted with it"),
    row("16350000031", Note, "the registry deleted a domain"),
    row("16350000040", Note, "deadline: verification before dedelegation"),
    on(
        MessageRead,
        "16350000041",
        Note,
        "deadline: verification before deletion; in a contactUpdate: a contact changed",
    ),
    row("16350000041", Note, "deadline: verification before deletion"),
    row("16350000042", Note, "second line of the message contactUpdate"),
    row("16350000050", Note, "a handle must be verified"),
    row("16350000051", Note, "how to verify it"),
    row("16350000052", Note, "claims to verify; mail form"),
    row("16350000053", Note, "number of domains concerned; mail form"),
    row("16350000054", Note, "earliest domain for dedelegation; mail form"),
    row("16350000055", Note, "earliest domain for deletion; mail form"),
    row("33300102900", Note, "registered, and failed: repair it before the date in the argument"),
    row("33300102912", Note, "warning of the name server test"),
    row("46000108827", Note, "a key without the SEP flag"),
    row("53000060009", Refused, "a contact does not exist; class 5, never heals"),
    row(LOCKED, ByHand, "Registry Lock; class 5, never succeeds on this interface"),
    row(DISPUTED, ByHand, "DISPUTE; class 5, never heals while the entry stands"),
    row("53000080012", Refused, "the domain is failed: repair its DNS first; beside a success it is told only"),
    row("53000080013", Note, "status connect; class 5, level info"),
    row("53000080014", Note, "status pendingCreate; class 5, level info"),
    row("53000080015", Note, "status serverHold: quarantine, start verification; class 5, level info"),
    row("53300081600", Refused, "a contact lacks an e-mail address; class 5, never heals"),
    row("53300100021", Backoff, "the name server test could not run"),
    row("53300102902", Refused, "glue missing; heals only when the DNS data changes"),
    row(
        "53300102912",
        Refused,
        "name server error; heals only when the DNS is repaired; beside a success it is told only",
    ),
    row("53300102920", Refused, "too few or too many name servers"),
    row("53300103022", Refused, "MX without preference"),
    row("53370080005", Refused, "data missing for a change of provider"),
    row("53380042010", Refused, "no Domain; class 5, never heals"),
    row("53380062206", Refused, "Domain and Domain-Ace differ; class 5, never heals"),
    row("56000088709", Refused, "no such AuthInfo2; class 5, never heals"),
    row("56300108812", Refused, "DNS data not acceptable"),
    on(DomainDelete, "56310082011", Already, "already in the redemption period: perhaps by us"),
    row("56310082011", Refused, "the name is in the redemption period"),
    row("63300042100", Refused, "no Domain-Ace"),
    row("63300043003", Refused, "more than five records"),
    row("63300060005", Refused, "a contact twice in one role"),
    row("63300062009", Already, "no such domain: of a read the answer, of a deletion perhaps its success"),
    row("63300062905", Refused, "a name server twice"),
    row("63300063003", Refused, "inadmissible record"),
    row("63300063005", Refused, "inadmissible record, on a change of provider"),
    row("63300063006", Refused, "record with a foreign owner"),
    row("66300063006", Refused, "record with a foreign owner"),
    row("63300063016", Refused, "two MX of one preference"),
    row("63300063103", Refused, "DNS data of the wrong kind"),
    row("63300080013", Refused, "too many contacts"),
    row("63300080700", Refused, "contact of the wrong type for its role"),
    row("63300083005", Refused, "record names an unknown host"),
    row("63300085940", Refused, "a holder lacks a phone number"),
    row("63300102913", Refused, "inadmissible name server"),
    row("63300103005", Refused, "Null MX beside another MX"),
    row("63310062004", Already, "the domain exists: perhaps by an earlier request of ours"),
    row("63310062007", Refused, "no admissible domain name"),
    row("63310062008", Refused, "no such registrar account"),
    row("63360063402", Refused, "inadmissible Disconnect"),
    row("63370048700", Refused, "no AuthInfo"),
    row("63370088701", Refused, "wrong AuthInfo; do not loop"),
    on(DomainTransfer, "63380063209", Already, "the domain is ours already: perhaps by this transfer"),
    row("63380063209", Refused, "not on an own domain"),
    row("63391048502", Refused, "AuthInfoHash not exactly once"),
    row("63391048602", Refused, "AuthInfoExpire more than once"),
    row("63391068503", Refused, "form of AuthInfoHash"),
    row("63391068603", Refused, "form of AuthInfoExpire"),
    on(DomainAuthcodeCreate, "63391068704", Already, "an AuthInfo1 exists: perhaps ours"),
    row("63391068704", Refused, "an AuthInfo1 exists"),
    row("63391082031", Refused, "AuthInfo1 not possible for this domain (rest of the text unknown)"),
    on(DomainAuthcodeRequest, "63393068704", Already, "an AuthInfo2 exists: perhaps ordered by us"),
    row("63393068704", Refused, "an AuthInfo2 exists"),
    row("63450043902", Refused, "Recursive more than once"),
    row("63450063902", Refused, "inadmissible Recursive"),
    row("63900042502", Refused, "Holder not exactly once"),
    row("66300048905", Refused, "inadmissible records or keys"),
    row("66300063003", Refused, "MX without host"),
    row("66300068803", Refused, "form of Dnskey"),
    on(DomainRestore, "66310082014", Already, "not in the redemption period: perhaps restored by us"),
    row("66310082014", Refused, "not in the redemption period"),
    // queue
    row("63600063502", Refused, "no such MsgType"),
    row("63650043610", Refused, "no MsgId"),
    row("63650063607", Refused, "another message is older: read the queue again"),
    on(MessageDelete, "63650063609", Moot, "the message is gone already"),
    row("63650063609", Refused, "no such message"),
];

/// The table in words.
pub fn explained() -> Vec<Explained> {
    let explain = |row: &Row| Explained {
        operations: row.only.into_iter().collect(),
        ..Explained::of(row.code, row.meaning.word(), row.meaning.word(), row.remark)
    };
    CODES.iter().map(explain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_reached() {
        for (at, row) in CODES.iter().enumerate() {
            assert!(row.code.len() == 11 && row.code.bytes().all(|byte| byte.is_ascii_digit()), "{}", row.code);
            let before = &CODES[..at];
            let hidden = before.iter().any(|b| b.code == row.code && (b.only.is_none() || b.only == row.only));
            assert!(!hidden, "{} stands behind a row that takes its place", row.code);
            assert!(
                row.only.is_none() || CODES[at..].iter().any(|b| b.code == row.code && b.only.is_none()),
                "{}",
                row.code
            );
            assert!(!row.remark.is_empty());
        }
    }

    #[test]
    fn no_code_of_class_5_is_temporary_by_its_digit_alone() {
        let temporary: Vec<_> = CODES
            .iter()
            .filter(|r| r.code.starts_with('5') && r.meaning < Refused && r.meaning != Note)
            .map(|r| r.code)
            .collect();
        assert_eq!(temporary, ["53000000012", "53300100021"]);
    }
}
