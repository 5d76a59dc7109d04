//! What an answer means. Its three digits decide, and which command they answer. The only place that reads codes.

mod classes;
mod codes;

pub use codes::explained;
use jiff::tz::TimeZone;

use self::classes::{CHECKLIST, Class, FEWER_FOR};
use super::answer::EXPIRY;
use super::dates;
use crate::model::deadline::{Deadline, DeadlineKind};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Operation};
use crate::registries::{Explanation, OpenError};

pub use self::classes::TRANSFERRED;
pub use self::codes::{FOREIGN, FREE, NOT_FOUND};

/// The part of an answer that decides.
struct Said<'a> {
    code: &'a str,
    text: &'a str,
}

impl<'a> Said<'a> {
    fn of(answer: &'a Answer) -> Self {
        let message = answer.messages.first();
        Self {
            code: message.map_or("", |message| message.code.trim()),
            text: message.map_or("", |message| message.text.trim()),
        }
    }

    /// The class and what is to be known about it. Of a code in no table the first digit decides.
    fn class(&self, operation: Operation) -> (Class, &'static str) {
        let of = |read, write| if operation.writes() { write } else { read };
        codes::meaning(operation, self.code).unwrap_or(match self.code.as_bytes().first() {
            Some(b'2') => (Class::Success, "no known code"),
            Some(b'4') => (of(Class::Backoff, Class::Ask), "no known code"),
            Some(b'5') => (Class::Refused, "no known code"),
            _ => (of(Class::Backoff, Class::Ask), "no known code"),
        })
    }

    fn reason(&self, remark: &str) -> String {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{} {text} ({remark})", self.code.escape_default())
    }
}

/// What the answer to an operation means for its job. `zone`: that of the registry's dates.
pub fn judge(operation: Operation, answer: &Answer, zone: &TimeZone) -> Judgement {
    let said = Said::of(answer);
    let (class, remark) = match said.class(operation) {
        // Done, and the connection closed before anything could be shown.
        (Class::Success, _) if shows_nothing(operation, answer) => {
            (Class::Soon, "closed without an answer to the question")
        }
        known => known,
    };
    let expiry = answer.data.get(EXPIRY).and_then(|date| dates::instant(date.as_str()?, zone));
    Judgement {
        unknown_codes: codes::find(said.code).is_none().then(|| said.code.to_owned()).into_iter().collect(),
        deadlines: expiry.map(|due| Deadline { kind: DeadlineKind::DomainExpiry, due }).into_iter().collect(),
        ..Judgement::plain(class.verdict(operation, said.reason(remark)))
    }
}

/// Whether a question was answered with nothing but 220.
fn shows_nothing(operation: Operation, answer: &Answer) -> bool {
    !operation.writes() && answer.data.is_null() && Said::of(answer).code == codes::CLOSING[0]
}

/// What a code means in the answer to an operation.
pub fn explain(operation: Operation, code: &str) -> Option<Explanation> {
    let (class, remark) = codes::meaning(operation, code)?;
    Some(Explanation { meaning: class.words(), remark })
}

/// Whether the server closes the connection after this answer.
pub fn is_last(answer: &Answer) -> bool {
    codes::CLOSING.contains(&Said::of(answer).code)
}

/// Whether the registry does not know the session any more.
pub fn knows_no_session(answer: &Answer) -> bool {
    Said::of(answer).code == codes::SEQUENCE
}

/// What a question about a doubt brought to light.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// What was asked about was shown, or is there.
    Shown,
    /// There is no such thing.
    Absent,
    /// It is another registrar's.
    Foreign,
    /// The question was not answered; the reason.
    Unanswered(String),
}

/// Reads the answer to STATUS or CHECK.
pub fn heard(operation: Operation, answer: &Answer) -> Heard {
    let said = Said::of(answer);
    let (class, remark) = said.class(operation);
    let is_check = matches!(operation, Operation::DomainCheck | Operation::HostCheck);
    match (class, said.code) {
        (Class::Success, code) if is_check && codes::FREE.contains(&code) => Heard::Absent,
        (Class::Success, code) if is_check && codes::TAKEN.contains(&code) => Heard::Shown,
        (Class::Success, _) if !is_check && !answer.data.is_null() => Heard::Shown,
        (_, codes::NOT_FOUND) => Heard::Absent,
        (_, codes::FOREIGN) => Heard::Foreign,
        _ => Heard::Unanswered(said.reason(remark)),
    }
}

/// The refusals that say something about what a lost request of the same job did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 536: a transfer is pending.
    Flagged,
    /// 534: none is.
    NotFlagged,
    /// 531: another registrar's.
    Foreign,
}

/// What the refusal of a repetition says, if anything.
pub fn refusal(answer: &Answer) -> Option<Refusal> {
    match Said::of(answer).code {
        codes::FLAGGED => Some(Refusal::Flagged),
        codes::NOT_FLAGGED => Some(Refusal::NotFlagged),
        codes::FOREIGN => Some(Refusal::Foreign),
        _ => None,
    }
}

/// Whether the answer to SESSION opened one.
///
/// # Errors
/// It did not; says what the caller does next. What is not known to pass counts as refused (law 10): a second failure
/// closes the connection, and more may lock the account.
pub fn opened(answer: &Answer) -> Result<(), OpenError> {
    let said = Said::of(answer);
    let (class, remark) = said.class(Operation::AccountInfo);
    match class {
        Class::Success if codes::find(said.code).is_some() => Ok(()),
        Class::Throttle => Err(OpenError::NotNow(said.reason(remark), FEWER_FOR)),
        Class::Backoff | Class::Soon => Err(OpenError::Unreachable(said.reason(remark))),
        _ => Err(OpenError::Refused(format!("{}; {CHECKLIST}", said.reason(remark)))),
    }
}

#[cfg(test)]
mod tests;
