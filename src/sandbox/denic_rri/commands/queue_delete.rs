//! QUEUE-DELETE: removes the oldest message, and only that.

use super::super::codes;
use super::super::notice::Queued;
use super::queue_read::Chosen;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, optional, required};

pub(super) const COMMAND: Command = Command {
    name: "queue.delete",
    action: "QUEUE-DELETE",
    object: Object::Queue,
    writes: true,
    is_free: true,
    xml: XmlForm {
        namespace: "msg",
        element: "delete",
        attributes: &[required("msgid", "msgid"), optional("msgType", "msgtype")],
        children: &[],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let fields = &context.request.fields;
    let id = fields.once("msgid").ok_or_else(|| codes::MESSAGE_ID_MISSING.message())?;
    let account = context.own_account()?;
    let chosen = Chosen::of(account, fields.first("msgtype"))?;
    let is_it = |queued: &Queued| queued.id.eq_ignore_ascii_case(id);
    match chosen.oldest.filter(|place| account.queue.get(*place).is_some_and(is_it)) {
        Some(place) => {
            account.queue.remove(place);
            Ok(Answer::effect(id.to_owned()))
        }
        None if account.queue.iter().any(is_it) => Err(codes::NOT_OLDEST.message().into()),
        None => Err(codes::MESSAGE_UNKNOWN.message().into()),
    }
}
