//! GetMessages, AckMessage, ResetMsgQ: what others did, and what the registry made.

use super::super::names;
use super::super::objects::Message;
use super::super::reply::{Answer, Outcome, refuse};
use super::super::wire::tree::Element;
use super::Context;
use super::filters::{self, Range};

/// Filters one of which has to be there to search what is stored.
const NARROWING: &[&str] = &["ActionId", "OriginatingRegistrarId", "MaxResults", "SkipResults"];

pub(super) fn get(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    if action.attribute("RecipientRegistrarId").is_some_and(|id| id != context.registrar) {
        return refuse("INVALID_EXPLICIT_REGISTRAR_ID", &[action.value("RecipientRegistrarId")]);
    }
    let range = Range::read(action, "TransDateRange", context.now)?;
    let is_wanted = |message: &&Message| {
        message.recipient == context.registrar
            && range.is_none_or(|range| range.has(message.at))
            && fits(context, message)
    };
    if action.flag("QueueMode") == Some(true) {
        let found: Vec<_> = context.state.messages.iter().filter(|m| m.is_waiting).filter(is_wanted).collect();
        let total = found.len();
        let wrap = |(at, message): (usize, &&Message)| {
            Element::new("Message").with("Remaining", total - at - 1).child(message.response.clone())
        };
        let found = found.iter().enumerate().map(wrap).collect();
        return filters::page(action, context.options, found);
    }
    let is_narrowed = NARROWING.iter().any(|name| action.attribute(name).is_some()) || !action.children.is_empty();
    if !is_narrowed && action.flag("CountResults") != Some(true) {
        return refuse("NO_MESSAGE_FILTER_VALUES", &[]);
    }
    let found = context.state.messages.iter().filter(is_wanted).map(|message| message.response.clone()).collect();
    filters::page(action, context.options, found)
}

/// Whether a message fits every filter but that of dates.
fn fits(context: &Context<'_>, message: &Message) -> bool {
    let action = context.action;
    let by = action.attribute("OriginatingRegistrarId").is_none_or(|id| match id {
        "OTHERS" => message.originator != context.registrar,
        id => message.originator == id,
    });
    let kinds: Vec<&str> = action.each("TypeFilter").map(|filter| filter.value("Type")).collect();
    let kind = |kind: &&str| match *kind {
        "third-party" => message.is_third_party,
        _ => message.is_generated,
    };
    let text =
        action.find("AuditTextFilter").is_none_or(|filter| names::fits_text(filter.text.trim(), &message.audit_text));
    by && text
        && action.attribute("ActionId").is_none_or(|id| message.transaction == id)
        && (kinds.is_empty() || kinds.iter().any(kind))
}

pub(super) fn acknowledge(context: &mut Context<'_>) -> Outcome {
    let action = context.action;
    let (originator, transaction) = (action.value("OriginatingRegistrarId"), action.value("TransId"));
    let registrar = context.registrar;
    let is_it = |message: &&mut Message| {
        message.recipient == registrar
            && message.was_queued
            && message.originator == originator
            && message.transaction == transaction
    };
    let mut found: Vec<&mut Message> = context.state.messages.iter_mut().filter(is_it).collect();
    if found.is_empty() {
        let details = [format!("OriginatingRegistrarId {originator}"), format!("TransId {transaction}")];
        return refuse("INVALID_FIELDSET", &[&details[0], &details[1]]);
    }
    // An id may stand for several messages: the oldest that still waits is meant.
    let Some(message) = found.iter_mut().find(|message| message.is_waiting) else {
        return refuse("ALREADY_ACKED_MESSAGE", &[originator, transaction]);
    };
    message.is_waiting = false;
    // Two registrars may use the same id.
    context.effect(&format!("{originator}:{transaction}"));
    let answer = Element::new("AckResponse").with("OriginatingRegistrarId", originator).with("TransId", transaction);
    Ok(Answer::of([answer]))
}

pub(super) fn reset(context: &mut Context<'_>) -> Outcome {
    let registrar = context.registrar;
    for message in context.state.messages.iter_mut().filter(|message| message.recipient == registrar) {
        message.is_waiting = false;
    }
    context.effect(registrar);
    Ok(Answer::rows(Vec::new()))
}
