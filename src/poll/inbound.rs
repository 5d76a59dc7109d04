//! What a message becomes: a row, an event, and moves of the jobs it ends. Pure.

use jiff::Timestamp;

use crate::model::event::Told;
use crate::model::{Cause, Event, Job, JobId, Move};
use crate::registries::{Ending, RegistryMessage};
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
    pub fn of(message: &RegistryMessage, pending: &[Job], lease: &Lease, now: Timestamp) -> Self {
        let ends = message.ends.iter().flat_map(|ending| {
            let fits = |job: &&Job| ending.operations.contains(&job.operation) && is_meant(message, job);
            pending.iter().filter(fits).filter_map(|job| end(job, ending, message, lease, now))
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

fn end(job: &Job, ending: &Ending, message: &RegistryMessage, lease: &Lease, now: Timestamp) -> Option<Move> {
    let cause = if ending.succeeded { Cause::Completed } else { Cause::TurnedDown };
    let mut step = Move::new(job, cause, now)?;
    step.fence = Some(lease.fence);
    step.reason = Some(ending.reason.chars().take(LONGEST_REASON).collect());
    step.event = Some(Event::of_move(job, &step, &message.deadlines));
    Some(step)
}
