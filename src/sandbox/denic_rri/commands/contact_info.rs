//! Contact INFO: the data of an own contact.

use super::super::codes;
use super::super::rules::names;
use super::super::shapes::contact::{ContactInfo, ContactView};
use super::{Answer, Command, Context, Object, Refusal, XmlForm, value};

pub(super) const COMMAND: Command = Command {
    name: "contact.info",
    action: "INFO",
    object: Object::Contact,
    writes: false,
    is_free: false,
    xml: XmlForm {
        namespace: "contact",
        element: "info",
        attributes: &[],
        children: &[value("contact", "handle", 1, "handle")],
    },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let text = context.request.fields.once("handle").ok_or_else(|| codes::HANDLE_MISSING.message())?;
    let handle = names::handle(text).ok_or_else(|| codes::HANDLE_VALUE.with([text]))?;
    if !names::is_own(&handle, context.account) {
        return Err(codes::FOREIGN_CONTACT.with([handle]).into());
    }
    let contact = context.state.contacts.get(&handle).ok_or_else(|| codes::HANDLE_UNKNOWN.with([handle]))?;
    let is_disputed = context.state.is_disputed(&contact.handle);
    Ok(Answer::data(ContactInfo(ContactView::own(contact, context.clock).disputed(is_disputed))))
}
