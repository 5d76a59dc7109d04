//! ActionDetailsQry: what was sent under an ActionId, and what was answered.

use super::super::Quirk;
use super::super::reply::{Answer, Outcome, refuse};
use super::super::wire::form;
use super::super::wire::tree::Element;
use super::Context;

/// What stands for the signature of a stored answer.
const NOT_STORED: &str = "not stored";

/// An id that nobody knows is answered without a result.
pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let originator = action.attribute("OriginatingRegistrarId").unwrap_or(context.registrar);
    if originator != context.registrar {
        return refuse("PERMISSION_DENIED", &["QueryAllDomains"]);
    }
    let key = (originator.to_owned(), action.value("ActionId").to_owned());
    let done = context.state.actions.get(&key);
    let Some(document) = done.and_then(|done| context.state.documents.get(done.document)) else {
        return if context.options.has(Quirk::UnknownActionIsError) {
            refuse("INVALID_FIELD", &[action.value("ActionId"), "ActionId"])
        } else {
            Ok(Answer::default())
        };
    };
    let xml = |bytes: &[u8]| {
        let text = match context.options.has(Quirk::PlainRaw) {
            true => String::from_utf8_lossy(bytes).into_owned(),
            false => form::encoded(bytes),
        };
        Element::text("XML", text)
    };
    let signature = |text: &str| Element::text("Signature", text);
    Ok(Answer::of([
        Element::new("RawRequest").child(xml(&document.request)).child(signature(&document.signature)),
        Element::new("RawResponse").child(xml(document.response.as_bytes())).child(signature(NOT_STORED)),
    ]))
}
