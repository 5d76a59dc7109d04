//! Answers about the queue of messages: what the poller does with them. It reads the queue by itself, so this comes
//! before what happens to a job that asked.

use crate::config::Config;
use crate::model::deadline::Deadline;
use crate::model::retry::Policy;
use crate::model::{Answer, Operation};
use crate::registries::{Ending, Head, Mailbox, RegistryMessage, Removed};

/// What an answer about the queue leads to.
#[derive(Default)]
pub struct Seen {
    /// Sentence by sentence.
    pub next: Vec<String>,
    /// The dates a message names.
    pub deadlines: Vec<Deadline>,
    /// Whether anything can still be done by those dates.
    pub too_late: bool,
}

/// What the poller does after this answer; `None` if it is about something else.
pub fn seen(mailbox: Option<&dyn Mailbox>, operation: Operation, answer: &Answer) -> Option<Seen> {
    let mailbox = mailbox?;
    match operation {
        Operation::MessageRead => Some(read(mailbox.head(answer))),
        Operation::MessageDelete => Some(Seen { next: removed(mailbox.removed(answer)), ..Seen::default() }),
        _ => None,
    }
}

fn read(head: Head) -> Seen {
    match head {
        Head::Empty => {
            let steps = Config::default().poll_steps();
            let (first, longest) = (steps.first.as_secs(), steps.longest.as_secs());
            let next =
                format!("the queue is empty: looked at again after {first} s, each time doubled, up to {longest} s");
            Seen { next: vec![next], ..Seen::default() }
        }
        Head::Message(message) => Seen {
            next: told(&message),
            too_late: message.ends.as_ref().is_some_and(|ending| !ending.succeeded),
            deadlines: message.deadlines,
        },
        Head::Refused(_) => Seen { next: vec![again("the queue could not be read")], ..Seen::default() },
    }
}

/// The way of a message.
fn told(message: &RegistryMessage) -> Vec<String> {
    let published = format!("stored, and published as message.{}", message.kind);
    let stored = if message.kind == "raw" {
        format!("{published}: nobody knows the type `{}`, so it is kept as it came", message.native_kind.escape_debug())
    } else {
        published
    };
    let rest = match message.count {
        Some(0 | 1) => "then removed by message.delete; it is the last one".to_owned(),
        Some(count) => format!("then removed by message.delete, and the next one read at once; {} more", count - 1),
        None => "then removed by message.delete, and the next one read at once".to_owned(),
    };
    vec![stored, ended(message), rest]
}

/// What it ends.
fn ended(message: &RegistryMessage) -> String {
    let (Some(object), Some(Ending { operations, succeeded, reason })) = (&message.object, &message.ends) else {
        return "ends no pending job".to_owned();
    };
    let operations: Vec<_> = operations.iter().map(|operation| operation.name()).collect();
    let sent = message.written_at.map(|at| format!(", sent by {at}")).unwrap_or_default();
    let state = if *succeeded { "succeeded" } else { "failed" };
    format!("pending jobs on {object} ({}){sent} end as {state}: {}", operations.join(", "), reason.escape_debug())
}

/// What became of a message that was to be removed.
fn removed(removed: Removed) -> Vec<String> {
    match removed {
        Removed::Gone => vec!["the message is gone: noted as removed, and the queue is read again at once".to_owned()],
        Removed::NotTheHead(_) => {
            vec![
                "another message is older: the head of the queue is read again at once, stored and removed first"
                    .into(),
            ]
        }
        Removed::Refused(_) => {
            vec![
                "the message stays, stored with this reason, and is removed at a later look".into(),
                again("not removed"),
            ]
        }
    }
}

/// After a look that failed.
fn again(what: &str) -> String {
    let trouble = Policy::default().connect;
    let [soonest, latest] = [0.0, 1.0].map(|random| trouble.wait(0, random).as_secs_f64());
    format!(
        "{what}: the queue is looked at again after {soonest} to {latest} s of back-off, doubled up to {} s with each failure",
        trouble.longest.as_secs()
    )
}
