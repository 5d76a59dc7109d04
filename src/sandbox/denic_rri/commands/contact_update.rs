//! Contact UPDATE: all data of an own contact are replaced, and its domains are assessed anew.

use super::super::codes;
use super::super::lifecycle::verification;
use super::super::rules::contact;
use super::super::state::{Contact, ContactKind};
use super::super::wire::Version;
use super::contact_create::CONTACT;
use super::{Answer, Command, Context, Object, Refusal, XmlForm, target};
use crate::model::Message;

pub(super) const COMMAND: Command = Command {
    name: "contact.update",
    action: "UPDATE",
    object: Object::Contact,
    writes: true,
    is_free: false,
    xml: XmlForm { namespace: "contact", element: "update", attributes: &[], children: CONTACT },
    run,
};

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let mut contact = contact::read(context.request, context.account, context.now)?;
    let handle = contact.handle.clone();
    let before = context.state.contacts.get(&handle).ok_or_else(|| codes::HANDLE_UNKNOWN.with([handle.as_str()]))?;
    may_become(before, &contact)?;
    context.state.domains_of(&handle).try_for_each(target::unlocked)?;
    if context.state.is_disputed(&handle) && before.holder_data() != contact.holder_data() {
        return Err(codes::DISPUTE.message().into());
    }
    if context.request.version < Version::V5 {
        // What a protocol cannot say is not deleted by being left out.
        contact.phone = contact.phone.or_else(|| before.phone.clone());
        contact.verification.clone_from(&before.verification);
    }
    contact.created = before.created;
    contact.unreferenced_since = before.unreferenced_since;
    contact.was_used = before.was_used;
    context.state.contacts.insert(handle.clone(), contact);
    verification::contact_changed(context.state, &handle, context.now, context.clock);
    Ok(Answer::effect(handle))
}

/// The name stays, and a request contact stays one.
fn may_become(before: &Contact, after: &Contact) -> Result<(), Message> {
    if (before.kind == ContactKind::Request) != (after.kind == ContactKind::Request) {
        return Err(codes::TYPE_VALUE.message());
    }
    if before.name != after.name {
        return Err(codes::CANNOT_CHANGE_NAME.message());
    }
    Ok(())
}
