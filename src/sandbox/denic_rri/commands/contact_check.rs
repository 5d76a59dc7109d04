//! Contact CHECK: is a handle of the own range taken.

use super::super::codes;
use super::super::rules::names;
use super::super::shapes::check::ContactCheck;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, value};

pub(super) const COMMAND: Command = Command {
    name: "contact.check",
    action: "CHECK",
    object: Object::Contact,
    writes: false,
    is_free: false,
    xml: XmlForm {
        namespace: "contact",
        element: "check",
        attributes: &[],
        children: &[value("contact", "handle", 1, "handle")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let text = context.request.fields.once("handle").ok_or_else(|| codes::HANDLE_MISSING.message())?;
    let Some(handle) = names::handle(text) else {
        return Ok(Answer::data(ContactCheck { handle: text.to_owned(), status: "invalid" }));
    };
    if !names::is_own(&handle, context.account) {
        return Err(codes::FOREIGN_CONTACT.with([handle]).into());
    }
    let status = if context.state.contacts.contains_key(&handle) { "exist" } else { "free" };
    Ok(Answer::data(ContactCheck { handle, status }))
}
