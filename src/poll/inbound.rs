//! What a message becomes: a row, an event, and moves of the jobs it ends. Pure.

use jiff::Timestamp;
use serde_json::Map;

use crate::model::deadline::Word;
use crate::model::deadline::rules::{Heard, On};
use crate::model::event::Told;
use crate::model::{Cause, Event, Job, JobId, Move, ObjectKey, ObjectKind};
use crate::registries::{Ending, Mailbox, RegistryMessage};
use crate::store::{InboxMessage, Lease};

/// Longest reason that is kept, in characters.
const LONGEST_REASON: usize = 1000;

/// A message ready to be stored.
pub struct Inbound {
    pub message: InboxMessage,
    pub event: Event,
    pub moves: Vec<Move>,
}

impl Inbound {
    /// Of a message, with the jobs that are pending on its object.
    pub fn of(
        mailbox: &dyn Mailbox,
        message: &RegistryMessage,
        pending: &[Job],
        lease: &Lease,
        now: Timestamp,
    ) -> Self {
        let ends = message.ends.iter().flat_map(|ending| {
            let fits = |job: &&Job| ending.operations.contains(&job.operation) && is_meant(message, job);
            pending.iter().filter(fits).filter_map(|job| end(mailbox, job, ending, message, lease, now))
        });
        let moves: Vec<Move> = ends.collect();
        let ended: Vec<JobId> = moves.iter().map(Move::job).collect();
        let told = Told {
            account: &lease.name,
            id: &message.id,
            native_kind: &message.native_kind,
            kind: message.kind,
            object: message.object.as_ref(),
            written_at: message.written_at,
            count: message.count,
            said: &message.data,
            deadlines: &message.deadlines,
            ended: &ended,
        };
        Self {
            message: InboxMessage {
                id: message.id.clone(),
                native_kind: message.native_kind.clone(),
                kind: message.kind.to_owned(),
                object: message.object.as_ref().map(|object| object.as_str().to_owned()),
                written_at: message.written_at,
                received_at: now,
                body: told.data(),
                words: words(mailbox, message, lease, now),
            },
            event: Event::of_message(&told, now),
            moves,
        }
    }
}

/// A message that was written before the order was sent tells of something else: a queue that was not read for days may
/// hold the end of the last domain of that name. Registries write whole seconds. Where the clocks disagree the order
/// stays pending and is asked about.
fn is_meant(message: &RegistryMessage, job: &Job) -> bool {
    let sent = job.intent_at.unwrap_or(job.created_at);
    message.written_at.is_none_or(|written| written.as_second() >= sent.as_second())
}

/// What a message says for the calendar. One that names no object is about the account.
fn words(mailbox: &dyn Mailbox, message: &RegistryMessage, lease: &Lease, now: Timestamp) -> Vec<Word> {
    let account = ObjectKey::new(ObjectKind::Account, &lease.name);
    mailbox.calendar(&Heard {
        account: &lease.name,
        object: message.object.as_ref().unwrap_or(&account),
        what: On::Told(message.kind),
        params: &Map::new(),
        data: &message.data,
        code: None,
        named: &message.deadlines,
        at: message.written_at.unwrap_or(now),
        evidence: &format!("message {}", message.id),
    })
}

fn end(
    mailbox: &dyn Mailbox,
    job: &Job,
    ending: &Ending,
    message: &RegistryMessage,
    lease: &Lease,
    now: Timestamp,
) -> Option<Move> {
    let cause = if ending.succeeded { Cause::Completed } else { Cause::TurnedDown };
    let mut step = Move::new(job, cause, now)?;
    step.fence = Some(lease.fence);
    step.reason = Some(ending.reason.chars().take(LONGEST_REASON).collect());
    step.event = Some(Event::of_move(job, &step, &message.deadlines));
    let evidence = format!("job {}, message {}", job.id, message.id);
    let heard = |what| Heard {
        account: &lease.name,
        object: &job.object,
        what,
        params: &job.params,
        data: &message.data,
        code: None,
        // They are the message's own words.
        named: &[],
        at: message.written_at.unwrap_or(now),
        evidence: &evidence,
    };
    let ended = if ending.succeeded { On::Done(job.operation) } else { On::Refused(job.operation) };
    let settled = job.lost.then_some(On::Settled);
    step.words = [ended].into_iter().chain(settled).flat_map(|what| mailbox.calendar(&heard(what))).collect();
    Some(step)
}
