//! QUEUE-DELETE: removes the oldest message, and only that.

use super::super::codes;
use super::queue_read::chosen;
use super::{Answer, Command, Context, Object, Refusal, XmlForm};

pub(super) const COMMAND: Command = Command {
    name: "queue.delete",
    action: "QUEUE-DELETE",
    object: Object::Queue,
    writes: true,
    is_free: true,
    xml: XmlForm {
        namespace: "msg",
        element: "delete",
        attributes: &[("msgid", "msgid"), ("msgType", "msgtype")],
        children: &[],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    let id = fields.once("msgid").ok_or_else(|| codes::MESSAGE_ID_MISSING.message())?;
    let account = context.own_account()?;
    let messages = chosen(account, fields.first("msgtype"))?;
    match messages.iter().position(|queued| queued.id.eq_ignore_ascii_case(id)) {
        None => Err(codes::MESSAGE_UNKNOWN.message().into()),
        Some(0) => {
            account.queue.retain(|queued| !queued.id.eq_ignore_ascii_case(id));
            Ok(Answer::effect(id.to_owned()))
        }
        Some(_) => Err(codes::NOT_OLDEST.message().into()),
    }
}
