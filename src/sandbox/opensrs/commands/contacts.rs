//! UPDATE_CONTACTS, which MODIFY with `contact_info` is as well.

use super::super::objects::registrant;
use super::super::reply::{Outcome, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, fields, register};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let mut domain = context.writable()?;
    let Some(Node::Assoc(given)) = context.attributes().get("contact_set").cloned() else {
        return refuse_as(460, "Missing required field: contact_set");
    };
    let mut types = context.attributes().texts("types");
    if types.is_empty() && context.request.action == "MODIFY" {
        types = given.iter().map(|(kind, _)| kind.clone()).collect();
    }
    if types.is_empty() {
        return refuse_as(460, "Missing required field: types");
    }
    let before = domain.registrant();
    for kind in types {
        if !["owner", "admin", "billing", "tech"].contains(&kind.as_str()) {
            return refuse_as(470, format!("Contact type {kind} is not supported"));
        }
        if kind == "billing" && domain.name.ends_with(".ca") {
            return refuse_as(470, "Contact type billing is not supported by the TLD");
        }
        let Some((_, contact)) = given.iter().rfind(|(name, _)| *name == kind) else {
            return refuse_as(460, format!("Missing required field: contact_set/{kind}"));
        };
        fields::contact(&kind, contact)?;
        domain.contacts.insert(kind, contact.clone());
    }
    let after = registrant(domain.contacts.get("owner"));
    let is_new = before != after;
    if is_new {
        domain.verification = Some(register::proof(context.state, context.account, &after, context.now));
    }
    let name = domain.name.clone();
    let text = "Contact information updated";
    let reply = context.change(domain, "Command completed successfully")?;
    if is_new && reply.code == Some(200) {
        register::tell_verification(context.state, &name, context.now);
    }
    let code = reply.code.unwrap_or(200);
    let detail =
        Node::none().with("is_success", true).with("response_code", u64::from(code)).with("response_text", text);
    let attributes = reply.attributes.clone().unwrap_or(Node::none());
    Ok(reply.with(attributes.with("details", Node::none().with(&name, detail))))
}
