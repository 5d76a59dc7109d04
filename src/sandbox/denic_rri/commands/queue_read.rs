//! QUEUE-READ: the oldest message, of all or of one type. Reading removes nothing.

use super::super::codes;
use super::super::notice::{Queued, TYPES};
use super::super::shapes::message::{EmptyQueue, MessageView, QueueHead};
use super::super::state::Account;
use super::{Answer, Command, Context, Object, Refusal, XmlForm};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "queue.read",
    action: "QUEUE-READ",
    object: Object::Queue,
    writes: false,
    is_free: true,
    xml: XmlForm { namespace: "msg", element: "queue-read", attributes: &[("msgType", "msgtype")], children: &[] },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let (request, clock) = (context.request, context.clock);
    let account = context.own_account()?;
    let messages = chosen(account, request.fields.first("msgtype"))?;
    Ok(match messages.first() {
        Some(oldest) => Answer::data(QueueHead { count: messages.len(), head: MessageView::of(oldest, clock) }),
        None => Answer::data(EmptyQueue),
    })
}

/// The messages of a type, or all, oldest first.
pub(super) fn chosen<'a>(account: &'a Account, kind: Option<&str>) -> Result<Vec<&'a Queued>, Message> {
    let Some(kind) = kind else { return Ok(account.queue.iter().collect()) };
    let messages: Vec<_> = account.queue.iter().filter(|queued| queued.notice.is(kind)).collect();
    if messages.is_empty() && !TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Err(codes::MESSAGE_TYPE_VALUE.message());
    }
    Ok(messages)
}
