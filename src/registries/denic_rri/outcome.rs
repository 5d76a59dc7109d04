//! What an answer means. The result word decides first, then the codes; the level of a message is its keyword's or
//! attribute's, never its first digit's. The only place that reads codes.

mod codes;
mod quota;

pub use codes::explained;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use self::codes::Meaning;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::model::retry::Pace;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Later, Level, Message, Operation, Scope, Verdict};
use crate::registries::{Explanation, OpenError, Removed};

pub use self::codes::{CLAIMED, CONNECT, LOCKED, NO_CONTACT, NO_SUCH_DOMAIN, PENDING_CREATE, SERVER_HOLD};

/// How long an account is silent after it was blocked; sending meanwhile prolongs the block.
pub const BLOCKED_FOR: Duration = Duration::from_secs(120);
/// How long no further session is tried after all were taken.
pub const SESSIONS_TAKEN_FOR: Duration = Duration::from_secs(60);

/// The registry's word for the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResultWord {
    Success,
    Failed,
    /// `exception`, or a word nobody knows: the manual says nothing was done, and one look costs less than believing it.
    Exception,
}

impl ResultWord {
    fn of(answer: &Answer) -> Self {
        match answer.result.to_ascii_lowercase().as_str() {
            "success" => Self::Success,
            "failed" | "failure" => Self::Failed,
            _ => Self::Exception,
        }
    }
}

/// What the answer to an operation means for its job.
pub fn judge(operation: Operation, answer: &Answer) -> Judgement {
    let inner = inside(answer);
    let in_no_table = |message: &&Message| codes::find(&message.code, operation).is_none();
    let blocked = answer.messages.iter().any(|message| means(operation, message) == Meaning::Blocked);
    Judgement {
        verdict: match ResultWord::of(answer) {
            ResultWord::Success => success(operation, answer),
            ResultWord::Failed => refusal(operation, answer),
            ResultWord::Exception => malfunction(operation, &reason(operation, answer)),
        },
        unknown_codes: answer.messages.iter().chain(&inner).filter(in_no_table).map(|one| one.code.clone()).collect(),
        deadlines: deadlines(operation, answer),
        quota: quota::word(answer),
        account_cooldown: blocked.then(|| (BLOCKED_FOR, "access limit exceeded".to_owned())),
        unpaid: None,
    }
}

/// What a message of the queue says in messages of its own. They decide nothing about the request that read it.
fn inside(answer: &Answer) -> Vec<Message> {
    let inner = answer.data.get("messages").map(Vec::<Message>::deserialize);
    inner.and_then(Result::ok).unwrap_or_default()
}

/// The writes after which the registry may still be assessing the domain, and a request in its own words that is one.
pub const ASSESSED: &[Operation] = &[
    Operation::DomainCreate,
    Operation::DomainUpdate,
    Operation::DomainChangeHolder,
    Operation::DomainTransfer,
    Operation::DomainRestore,
    Operation::Raw,
];

/// What ends an assessment.
pub const ASSESSED_UNTIL: &str = "the registry's message domainStatusUpdate, or INFO with another status";

/// The verdict on `success`. With status pendingCreate the contract runs, but whether the domain will be delegated or
/// put on hold is still open. Everything else is done: a domain on hold, and one whose name server test failed, are
/// registered, and an ERROR line beside a success undoes nothing.
fn success(operation: Operation, answer: &Answer) -> Verdict {
    let assessing = answer.messages.iter().any(|message| message.code == PENDING_CREATE);
    if assessing && ASSESSED.contains(&operation) {
        return Verdict::Pending(ASSESSED_UNTIL.into());
    }
    Verdict::Done
}

/// What people have to do where the interface will never do it, by the code that says so.
fn by_hand(code: &str, operation: Operation) -> &'static str {
    match code {
        codes::LOCKED => locked(operation),
        codes::DISPUTED => disputed(operation),
        _ => "ask the registry's help desk what the account lacks; then `registrard jobs retry JOB`",
    }
}

/// What to do about a Registry Lock. Only the registrar of a domain can order by e-mail.
fn locked(operation: Operation) -> &'static str {
    match operation {
        Operation::DomainTransfer => "its holder must have the Registry Lock removed at the present registrar first",
        Operation::DomainTransit => "only the registry itself can do it, without disconnecting: write to its help desk",
        _ => "order it by e-mail signed with the account's master key: `registrard orders mail JOB`",
    }
}

/// What a DISPUTE entry leaves possible (§9.1 of the reference). It protects a claim to the domain, so the holder stays
/// who it is; only mistakes in its data are mended, by people who look at the evidence.
fn disputed(operation: Operation) -> &'static str {
    match operation {
        Operation::DomainChangeHolder => {
            "the domain cannot pass to another holder while the entry stands, and can be updated or deleted; to mend \
             the holder's data, send the registry evidence for the old and the new data (extract of a register, trade \
             report) with the order: `registrard orders mail JOB`"
        }
        Operation::ContactUpdate => {
            "a holder of the domain, or of any other one under DISPUTE, keeps type, name, organisation and address; its \
             other data and its verification can be changed alone; to mend the rest, send the registry evidence for the \
             old and the new data with the order: `registrard orders mail JOB`"
        }
        Operation::DomainTransfer => {
            "it can change its registrar only with a holder of the same name, organisation and address: submit a new \
             job with such a holder; mending the holder's data is for the present registrar to order, with evidence"
        }
        _ => {
            "general request, abuse contact and technical data can be changed, and the domain can be deleted; for \
             anything else send the registry evidence for the old and the new data with the order, if it takes it in \
             writing: `registrard orders mail JOB`"
        }
    }
}

/// Whether the registry did what was asked.
pub fn is_success(answer: &Answer) -> bool {
    ResultWord::of(answer) == ResultWord::Success
}

/// What became of a message that was to be removed. One that is not there was removed before: its id came from the
/// registry itself.
pub fn removed(answer: &Answer) -> Removed {
    const UNKNOWN: &str = "63650063609";
    const NOT_THE_HEAD: &str = "63650063607";
    let says = |code: &str| answer.messages.iter().any(|message| message.code == code);
    match ResultWord::of(answer) {
        ResultWord::Success => Removed::Gone,
        ResultWord::Failed if says(UNKNOWN) => Removed::Gone,
        ResultWord::Failed if says(NOT_THE_HEAD) => Removed::NotTheHead(reason(Operation::MessageDelete, answer)),
        _ => Removed::Refused(judge(Operation::MessageDelete, answer)),
    }
}

/// The verdict on `failed`: of several errors the gravest counts.
fn refusal(operation: Operation, answer: &Answer) -> Verdict {
    let decides = gravest(operation, answer).filter(|message| message.level == Level::Error);
    let reason = reason(operation, answer);
    let later = |pace, scope| Verdict::Later(Later { pace, scope, reason: reason.clone() });
    match decides.map_or(Meaning::Refused, |message| means(operation, message)) {
        Meaning::Moot => Verdict::Done,
        Meaning::ByHand if operation.writes() => {
            let code = decides.map_or("", |message| message.code.as_str());
            Verdict::ByHand(format!("{reason}; {}", by_hand(code, operation)))
        }
        Meaning::Note | Meaning::Refused | Meaning::ByHand => Verdict::Refused(reason),
        Meaning::Soon => later(Pace::Soon, Scope::Job),
        Meaning::Backoff | Meaning::Sessions => later(Pace::Backoff, Scope::Job),
        Meaning::Quota => later(Pace::NextQuotaDay, Scope::Account),
        Meaning::Blocked => later(Pace::Exactly(BLOCKED_FOR), Scope::Account),
        Meaning::Already if operation.writes() => Verdict::RefusedUnlessLost(reason),
        Meaning::Ask if operation.writes() => Verdict::Unsure(reason),
        Meaning::Ask | Meaning::Already => Verdict::Refused(reason),
        Meaning::Malfunction => malfunction(operation, &reason),
        Meaning::Suspend => Verdict::Suspend(reason),
    }
}

fn malfunction(operation: Operation, reason: &str) -> Verdict {
    if operation.writes() {
        return Verdict::Unsure(format!("malfunction at the registry: {reason}"));
    }
    Verdict::Later(Later { pace: Pace::Backoff, scope: Scope::Job, reason: reason.to_owned() })
}

/// The meaning of a message of a refusal. A code that stands in no table is refused for good, class 5 too, of which too
/// many never heal; only class 7 (a technical error that passes) is tried again.
fn means(operation: Operation, message: &Message) -> Meaning {
    match codes::find(&message.code, operation) {
        Some(row) => row.meaning,
        None if message.code.starts_with('7') => Meaning::Backoff,
        None => Meaning::Refused,
    }
}

/// The message that decides: of those of the highest level the gravest, of equals the first.
fn gravest(operation: Operation, answer: &Answer) -> Option<&Message> {
    answer.messages.iter().rev().max_by_key(|message| (message.level, means(operation, message)))
}

/// Code and text of the message that decides, and what there is to know about it. Without arguments: they may repeat
/// what was sent.
fn reason(operation: Operation, answer: &Answer) -> String {
    let Some(message) = gravest(operation, answer) else { return format!("result {}", answer.result.escape_default()) };
    match codes::find(&message.code, operation) {
        Some(row) => format!("{} {} ({})", message.code, message.text, row.remark),
        None => format!("{} {}", message.code, message.text).trim().to_owned(),
    }
}

/// What a code means in the answer to an operation.
pub fn explain(operation: Operation, code: &str) -> Option<Explanation> {
    let row = codes::find(code, operation)?;
    Some(Explanation { meaning: row.meaning.word(), remark: row.remark })
}

/// The dates an answer names: in its messages after a write, in its data after an INFO or an order of an AuthInfo.
fn deadlines(operation: Operation, answer: &Answer) -> Vec<Deadline> {
    const MESSAGES: &[(&str, DeadlineKind)] = &[
        ("16350000040", DeadlineKind::VerificationBeforeDedelegation),
        ("16350000041", DeadlineKind::VerificationBeforeDeletion),
        ("33300102900", DeadlineKind::FailedDomainExpiry),
    ];
    const FIELDS: &[(&str, DeadlineKind)] = &[
        ("verification_deadline_before_dedelegation", DeadlineKind::VerificationBeforeDedelegation),
        ("verification_deadline_before_deletion", DeadlineKind::VerificationBeforeDeletion),
        ("expire", DeadlineKind::FailedDomainExpiry),
        ("auth_info1", DeadlineKind::AuthInfo1Expiry),
        ("auth_info2", DeadlineKind::AuthInfo2Expiry),
    ];
    let ordered = match operation {
        Operation::DomainAuthcodeCreate => Some(("auth_info_expire", DeadlineKind::AuthInfo1Expiry)),
        Operation::DomainAuthcodeRequest => Some(("auth_info_expire", DeadlineKind::AuthInfo2Expiry)),
        _ => None,
    };
    let said = MESSAGES.iter().filter_map(|&(code, kind)| {
        let message = answer.messages.iter().find(|message| message.code == code)?;
        // `2024-12-09T15:45:01+01:00`, in newer messages `Date: 2024-…`.
        let date = |argument: &String| argument.trim_start_matches("Date:").trim().parse::<Timestamp>().ok();
        message.arguments.iter().find_map(date).map(|due| Deadline { kind, due })
    });
    let shown = FIELDS.iter().copied().chain(ordered).filter_map(|(field, kind)| {
        let due = answer.data.get(field)?.as_str()?.parse().ok()?;
        Some(Deadline { kind, due })
    });
    said.chain(shown).collect()
}

/// What a question about a doubt brought to light.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// The object was shown.
    Shown,
    /// The registry says there is no such domain.
    NoSuchDomain,
    /// The AuthInfo that was sent along is not the domain's.
    WrongAuthInfo,
    /// The question was not answered; the reason.
    Unanswered(String),
}

/// Reads the answer to a question.
pub fn heard(operation: Operation, answer: &Answer) -> Heard {
    let says = |code: &str| answer.messages.iter().any(|message| message.level == Level::Error && message.code == code);
    match ResultWord::of(answer) {
        ResultWord::Success => Heard::Shown,
        ResultWord::Failed if says(NO_SUCH_DOMAIN) => Heard::NoSuchDomain,
        ResultWord::Failed if says("63370088701") => Heard::WrongAuthInfo,
        ResultWord::Failed | ResultWord::Exception => Heard::Unanswered(reason(operation, answer)),
    }
}

/// What the answer to a LOGIN means.
#[derive(Debug, PartialEq, Eq)]
pub enum Login {
    /// Logged in.
    Open,
    /// Not now; after this long.
    NotNow(String, Duration),
    /// Blocked for having sent too much; silence for this long.
    Blocked(String, Duration),
    /// Trouble over there; try again with back-off.
    Trouble(String),
    /// Refused: nobody tries again by itself, ten wrong logins lock the account.
    Refused(String),
}

impl Login {
    /// Whether a session is open, and if not, what to do next.
    ///
    /// # Errors
    /// There is none.
    pub fn opened(self) -> Result<(), OpenError> {
        match self {
            Self::Open => Ok(()),
            Self::NotNow(reason, time) => Err(OpenError::NotNow(reason, time)),
            Self::Blocked(reason, time) => Err(OpenError::Blocked(reason, time)),
            Self::Trouble(reason) => Err(OpenError::Unreachable(reason)),
            Self::Refused(reason) => Err(OpenError::Refused(reason)),
        }
    }
}

/// Whether an answer to anything but a LOGIN says that nobody is logged in. It is the code of a wrong password, which was
/// not sent here: the registry has forgotten the session.
pub fn knows_no_session(answer: &Answer) -> bool {
    answer.messages.iter().any(|message| message.level == Level::Error && message.code == codes::LOGIN_FAILED)
}

/// Reads the answer to a LOGIN. What is not known to pass counts as refused (law 10).
pub fn login(answer: &Answer) -> Login {
    // A login is no operation of a job; codes with a row for one operation do not come up in it.
    let operation = Operation::AccountInfo;
    let errors = answer.messages.iter().filter(|message| message.level == Level::Error);
    let gravest = errors.map(|message| means(operation, message)).max();
    match (ResultWord::of(answer), gravest) {
        (ResultWord::Success, _) => Login::Open,
        (_, Some(Meaning::Blocked)) => Login::Blocked(reason(operation, answer), BLOCKED_FOR),
        (_, Some(Meaning::Sessions)) => Login::NotNow(reason(operation, answer), SESSIONS_TAKEN_FOR),
        // What passes says nothing of the credentials.
        (ResultWord::Exception, None)
        | (_, Some(Meaning::Soon | Meaning::Backoff | Meaning::Quota | Meaning::Malfunction)) => {
            Login::Trouble(reason(operation, answer))
        }
        _ => Login::Refused(reason(operation, answer)),
    }
}

#[cfg(test)]
#[path = "outcome/tests.rs"]
mod tests;
