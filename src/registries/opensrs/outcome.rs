//! What an answer means. The code decides, and where a code has many texts, the text; the flag beside it must agree. The
//! only place that reads codes.

mod classes;
mod codes;
mod dates;
mod questions;

pub use codes::explained;
use serde_json::Value;

use self::classes::{Class, pending_until};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Operation, Verdict};
use crate::registries::Explanation;

pub use self::classes::{CHANGED, CHECKLIST, FINISHED, TRANSFERRED};
pub use self::codes::{FREE, NOT_FOUND};
pub use self::dates::{deadlines, instant, slack, toronto_date};
pub use self::questions::{Heard, Name, heard, is_about_the_domain, is_session_spent, name, opened, removed, to_spend};

/// The part of an answer that decides.
struct Said<'a> {
    yes: bool,
    /// Whether it says neither yes nor no, as answers to the beginning of a connection do.
    is_mute: bool,
    code: &'a str,
    text: &'a str,
}

impl<'a> Said<'a> {
    /// What an answer says as a whole.
    fn whole(answer: &'a Answer) -> Self {
        let message = answer.messages.first();
        Self {
            yes: answer.result.trim() == "1",
            is_mute: answer.result.trim().is_empty(),
            code: message.map_or("", |message| message.code.trim()),
            text: message.map_or("", |message| message.text.trim()),
        }
    }

    /// What it says of one domain, where it names the results one by one.
    fn part(part: &'a Value) -> Self {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let (flag, code) = (text("is_success"), text("response_code"));
        Self { yes: flag == "1", is_mute: flag.is_empty(), code, text: text("response_text") }
    }

    /// Whether flag and code say the opposite of each other.
    fn contradicts_itself(&self) -> bool {
        match self.code.parse::<u16>() {
            // The one code of a part that says yes.
            Ok(0 | 200..=299) => !self.yes,
            Ok(400..) => self.yes,
            _ => false,
        }
    }

    /// The class and what is to be known about it. A code that is in no table is believed if both say yes.
    fn class(&self, operation: Operation) -> (Class, &'static str) {
        let of = |read, write| if operation.writes() { write } else { read };
        let known = codes::find_text(operation, self.code, self.text)
            .map(|row| (of(row.read, row.write), row.remark))
            .or_else(|| codes::find(self.code).map(|row| (of(row.read, row.write), row.remark)));
        match known {
            // Whatever else it says, who is not recognised must not go on.
            Some((Class::Suspend, remark)) => (Class::Suspend, remark),
            _ if self.contradicts_itself() => {
                (of(Class::Refused, Class::Ask), "code and is_success contradict each other")
            }
            Some(known) => known,
            None if self.yes && self.code.starts_with('2') && self.code.len() == 3 => (Class::Success, "no known code"),
            None => (of(Class::Refused, Class::Ask), "no known code"),
        }
    }

    /// Whether people must be told that this is in no table.
    fn is_unknown(&self, operation: Operation) -> bool {
        let known = codes::find(self.code).is_some_and(|row| row.code != codes::GRAB_BAG);
        let is_strange = !known && codes::find_text(operation, self.code, self.text).is_none();
        is_strange || (self.contradicts_itself() && !self.is_mute)
    }

    fn reason(&self, remark: &str, answer: &Answer) -> String {
        // 465 says what it does not like beside the text.
        let detail = text_of(answer, "error").filter(|detail| !self.text.contains(detail));
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{} {}{detail} ({remark})", self.code.escape_default(), collapsed(self.text))
    }
}

/// What the answer to an operation means for its job.
pub fn judge(operation: Operation, answer: &Answer) -> Judgement {
    let whole = Said::whole(answer);
    let inner =
        || answer.messages.iter().skip(1).filter(|one| !one.code.is_empty() && codes::find(&one.code).is_none());
    let (class, remark) = whole.class(operation);
    let unpaid = (class == Class::Funds).then(|| whole.reason(remark, answer));
    let unknown = whole.is_unknown(operation).then(|| whole.code.to_owned());
    Judgement {
        verdict: verdict(operation, answer, &whole),
        unknown_codes: unknown.into_iter().chain(inner().map(|one| one.code.clone())).collect(),
        deadlines: deadlines(&answer.data),
        unpaid,
        ..Judgement::plain(Verdict::Done)
    }
}

fn verdict(operation: Operation, answer: &Answer, whole: &Said<'_>) -> Verdict {
    let (class, remark) = whole.class(operation);
    if class == Class::Success && operation.writes() {
        // Done as a whole, and perhaps not for the domain it is about.
        let parts: Vec<Said<'_>> = parts(answer).collect();
        let failed = parts.iter().find(|part| part.class(operation).0 != Class::Success);
        return match failed {
            None => accepted(operation, answer, whole, remark),
            Some(part) if parts.len() == 1 => {
                let (class, remark) = part.class(operation);
                class.verdict(operation, part.yes, part.reason(remark, answer))
            }
            Some(part) => Verdict::Unsure(format!("not done for all domains: {}", part.reason(remark, answer))),
        };
    }
    match stored(answer) {
        Some(order) if operation.writes() && class != Class::Suspend => left_pending(whole, remark, answer, order),
        _ => class.verdict(operation, whole.yes, whole.reason(remark, answer)),
    }
}

/// The outcome rule of §5.3 for an answer that says yes: stored instead of carried out, taken, or done. An order that was
/// to be stored (`handle=save`) has no `forced_pending` and is done with that.
fn accepted(operation: Operation, answer: &Answer, whole: &Said<'_>, remark: &str) -> Verdict {
    if let Some(order) = stored(answer) {
        return left_pending(whole, remark, answer, order);
    }
    if text_of(answer, "queue_request_id").is_some() {
        return Verdict::Pending(pending_until(operation).into());
    }
    if operation == Operation::OrderProcess && begins_transfer(answer) {
        return Verdict::Pending(TRANSFERRED.into());
    }
    Class::Success.verdict(operation, true, String::new())
}

/// Whether an order that was run is one for a transfer, which is begun with that and not done (§5.3, §5.11). The answer to
/// PROCESS_TRANSFER shows the new order's number and nothing else; that to PROCESS_PENDING has it in `rwi_attributes`.
/// Where it is something else after all, the next look at the order finds it completed.
fn begins_transfer(answer: &Answer) -> bool {
    let resubmitted = text_of(answer, "order_id").is_some() && answer.data.get("rwi_attributes").is_none();
    resubmitted || text_of(answer, "transfer_id").is_some()
}

/// The order that was not carried out and lies at the registry, where anybody can run it later.
fn stored(answer: &Answer) -> Option<&str> {
    text_of(answer, "forced_pending").filter(|order| *order != "0")
}

/// Not done, whatever the answer says; and what was left behind is for people to decide about. Of a name that is taken
/// it is of no use, so that job ends as it would without it.
fn left_pending(whole: &Said<'_>, remark: &str, answer: &Answer, order: &str) -> Verdict {
    let (reason, order) = (whole.reason(remark, answer), order.escape_default());
    if whole.code == codes::TAKEN {
        return Verdict::RefusedUnlessLost(format!(
            "{reason}; it left order {order} pending: withdraw that with order.cancel (`order`: {order})"
        ));
    }
    Verdict::ByHand(format!(
        "not done: {reason}; the registry keeps it as order {order}, pending, and does not run it by itself: remove what is \
         in the way (most often money is missing, see account.info), then run it with order.process, or withdraw it with \
         order.cancel (`order`: {order}); do not order it anew before"
    ))
}

/// The results of single domains, as changes of contacts have them.
fn parts(answer: &Answer) -> impl Iterator<Item = Said<'_>> {
    let details = answer.data.get("details").and_then(Value::as_object);
    details.into_iter().flat_map(|details| details.values()).filter(|part| part.is_object()).map(Said::part)
}

/// What a code means in the answer to an operation, its text aside.
pub fn explain(operation: Operation, code: &str) -> Option<Explanation> {
    let row = codes::find(code)?;
    let class = if operation.writes() { row.write } else { row.read };
    Some(Explanation { meaning: class.words(), remark: row.remark })
}

/// A text in the data of an answer; nothing where it is empty, or Perl's word for that.
fn text_of<'a>(answer: &'a Answer, field: &str) -> Option<&'a str> {
    let text = answer.data.get(field)?.as_str()?.trim();
    Some(text).filter(|text| !text.is_empty() && *text != "undef")
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "outcome/tests.rs"]
mod tests;
