//! Contact CREATE: a handle of the own range with complete data.

use super::super::codes;
use super::super::rules::contact;
use super::{Answer, Command, Context, Map, Object, Refusal, Rule, XmlForm, value, values};

pub(super) const COMMAND: Command = Command {
    name: "contact.create",
    action: "CREATE",
    object: Object::Contact,
    writes: true,
    is_free: false,
    xml: XmlForm { namespace: "contact", element: "create", attributes: &[], children: CONTACT },
    run,
};

/// The order of the elements of a contact. What is mandatory depends on the type and is checked with the values.
pub(super) const CONTACT: &[Rule] = &[
    value("contact", "handle", 1, "handle"),
    value("contact", "type", 1, "type"),
    value("contact", "name", 0, "name"),
    values("contact", "organisation", "organisation"),
    value("contact", "uri-template", 0, "uri-template"),
    Rule { namespace: "contact", name: "postal", least: 0, most: 1, map: Map::Group(POSTAL) },
    values("contact", "email", "email"),
    value("contact", "phone", 0, "phone"),
    Rule {
        namespace: "verification",
        name: "verificationInformation",
        least: 0,
        most: usize::MAX,
        map: Map::Verification,
    },
];

const POSTAL: &[Rule] = &[
    values("contact", "address", "address"),
    value("contact", "postalCode", 0, "postalcode"),
    value("contact", "city", 1, "city"),
    value("contact", "countryCode", 1, "countrycode"),
];

fn run(context: &mut Context<'_>) -> Result<Answer, Refusal> {
    let contact = contact::read(context.request, context.account, context.now)?;
    let handle = contact.handle.clone();
    if context.state.contacts.contains_key(&handle) {
        return Err(codes::HANDLE_EXISTS.with([handle]).into());
    }
    context.state.contacts.insert(handle.clone(), contact);
    context.state.schedule_contact(&handle);
    Ok(Answer::effect(handle))
}
