//! QUEUE-READ: the oldest message, of all or of one type. Reading removes nothing.

use super::super::codes;
use super::super::notice::TYPES;
use super::super::shapes::message::{EmptyQueue, MessageView, QueueHead};
use super::super::state::Account;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, optional};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "queue.read",
    action: "QUEUE-READ",
    object: Object::Queue,
    writes: false,
    is_free: true,
    xml: XmlForm {
        namespace: "msg",
        element: "queue-read",
        attributes: &[optional("msgType", "msgtype")],
        children: &[],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let (request, clock) = (context.request, context.clock);
    let account = context.own_account()?;
    let chosen = Chosen::of(account, request.fields.first("msgtype"))?;
    Ok(match chosen.oldest.and_then(|place| account.queue.get(place)) {
        Some(oldest) => Answer::data(QueueHead { count: chosen.count, head: MessageView::of(oldest, clock) }),
        None => Answer::data(EmptyQueue),
    })
}

/// The messages of a type, or all.
pub(super) struct Chosen {
    /// How many.
    count: usize,
    /// The place of the oldest in the queue.
    pub(super) oldest: Option<usize>,
}

impl Chosen {
    /// Without a type the whole queue is not looked at: clients read long queues one by one.
    pub(super) fn of(account: &Account, kind: Option<&str>) -> Result<Self, Message> {
        let queue = &account.queue;
        let Some(kind) = kind else {
            return Ok(Self { count: queue.len(), oldest: (!queue.is_empty()).then_some(0) });
        };
        let places: Vec<_> = (0..queue.len()).filter(|place| queue[*place].notice.is(kind)).collect();
        if places.is_empty() && !TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            return Err(codes::MESSAGE_TYPE_VALUE.message());
        }
        Ok(Self { count: places.len(), oldest: places.first().copied() })
    }
}
