//! What answers to questions bring to light: those about a doubt, those that open a session, and removals of messages.

use std::time::Duration;

use super::classes::{CHECKLIST, Class};
use super::{Said, codes, judge};
use crate::model::{Answer, Operation};
use crate::registries::{OpenError, Removed};

/// How long no further connection is tried after the registry wanted fewer of them.
const FEWER_FOR: Duration = Duration::from_secs(60);

/// What a question about a doubt brought to light.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// What was asked about was shown.
    Shown,
    /// The registry says that there is no such thing, or that it is not ours.
    Absent,
    /// The question was not answered; the reason.
    Unanswered(String),
}

/// Reads the answer to a question.
pub fn heard(operation: Operation, answer: &Answer) -> Heard {
    let said = Said::whole(answer);
    let (class, remark) = said.class(operation);
    let text = said.text.to_lowercase();
    let other = ["cookie", "not enabled", "not supported"].iter().any(|part| text.contains(part));
    // Of a name that is not with us some commands say 465.
    let elsewhere = said.code == "465" && text.contains("does not belong");
    match class {
        Class::Success => Heard::Shown,
        Class::Refused if elsewhere || (said.code == codes::NOT_FOUND && !other) => Heard::Absent,
        _ => Heard::Unanswered(said.reason(remark, answer)),
    }
}

/// Whether what is not there is a domain, where the question was about one of its name servers.
pub fn is_about_the_domain(answer: &Answer) -> bool {
    let text = Said::whole(answer).text.to_lowercase();
    text.contains("domain") && !text.contains("nameserver")
}

/// What GET_BALANCE says can be spent, in cents: what is there less what is held for orders under way.
pub fn to_spend(answer: &Answer) -> Option<i64> {
    if heard(Operation::AccountInfo, answer) != Heard::Shown {
        return None;
    }
    let cents = |field: &str| cents(super::text_of(answer, field)?);
    cents("balance")?.checked_sub(cents("hold_balance").unwrap_or(0))
}

/// An amount such as `8549.18`, in cents.
fn cents(text: &str) -> Option<i64> {
    let text = text.replace(',', "");
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)?.checked_mul(sign)
}

/// What LOOKUP says of a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Name {
    /// Nobody has it.
    Free,
    /// Somebody has it.
    Taken,
    /// An order for it is under way, at OpenSRS or at an asynchronous registry.
    OnItsWay,
    /// It does not say; the reason.
    Unanswered(String),
}

/// Reads the answer to LOOKUP. A name is free only if code and status say so.
pub fn name(answer: &Answer) -> Name {
    let said = Said::whole(answer);
    let status = answer.data.get("status").and_then(serde_json::Value::as_str).map(str::trim);
    match (said.code, status) {
        (codes::AWAITED | codes::IN_PROCESS, _) => Name::OnItsWay,
        (codes::FREE, Some("available")) if said.yes => Name::Free,
        (codes::REGISTERED, status) if said.yes && status != Some("available") => Name::Taken,
        _ => Name::Unanswered(said.reason("LOOKUP does not say whether it is free", answer)),
    }
}

/// What became of an event that was to be acknowledged. One that is not there was acknowledged before: its id came from
/// the registry itself.
pub fn removed(answer: &Answer) -> Removed {
    let operation = Operation::MessageDelete;
    let said = Said::whole(answer);
    let text = said.text.to_lowercase();
    let unknown = ["not found", "not exist", "unknown event", "no such event", "invalid event"];
    match said.class(operation).0 {
        Class::Success => Removed::Gone,
        Class::Refused if said.code == codes::NOT_FOUND || unknown.iter().any(|part| text.contains(part)) => {
            Removed::Gone
        }
        _ => Removed::Refused(judge(operation, answer)),
    }
}

/// Whether the answer to the authentication of a connection opened it.
///
/// # Errors
/// It did not; says what the caller does next. What is not known to pass counts as refused (law 10).
pub fn opened(answer: &Answer) -> Result<(), OpenError> {
    let said = Said::whole(answer);
    let reason = |remark: &str| said.reason(remark, answer);
    // Nothing is wrong with codes of the 200s, and replies at this stage need not have the flag.
    if said.code.len() == 3 && said.code.starts_with('2') {
        return Ok(());
    }
    // In the place of the greeting it says that this address may not connect.
    if said.code == codes::RENEWED {
        return Err(OpenError::Refused(format!("{}; {CHECKLIST}", reason("this address may not connect"))));
    }
    let (class, remark) = said.class(Operation::AccountInfo);
    match class {
        // The guide says here that 310 is the rate, its table that 300 is: either way fewer and slower.
        Class::Throttle | Class::Async => Err(OpenError::NotNow(reason(remark), FEWER_FOR)),
        Class::Backoff | Class::Soon | Class::Wait => Err(OpenError::Unreachable(reason(remark))),
        _ => Err(OpenError::Refused(format!("{}; {CHECKLIST}", reason(remark)))),
    }
}

/// Whether an answer says that its connection takes no more commands: the request was not carried out, and the
/// connection is closed.
pub fn is_session_spent(answer: &Answer) -> bool {
    Said::whole(answer).code == codes::SPENT
}
