//! Events: the oldest first, and again until they are acknowledged.

use super::super::dates;
use super::super::objects::Event;
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::wire::tree::Node;
use super::Context;

/// Most events in one answer.
const MOST: usize = 100;

pub(super) fn poll(context: &mut Context<'_>) -> Outcome {
    let limit = context.attributes().text("limit").unwrap_or("1").parse::<usize>();
    let Ok(limit) = limit else { return refuse_as(465, "Invalid data, error=limit") };
    if !(1..=MOST).contains(&limit) {
        return refuse_as(465, "Invalid data, error=limit");
    }
    let Some(account) = context.state.accounts.get(context.account) else { return refuse(410) };
    let entry = |event: &Event| {
        Node::none()
            .with("object", &event.object)
            .with("event", &event.event)
            .with("event_id", &event.id)
            .with("event_date", dates::event(event.date))
            .with("object_data", event.data.clone())
    };
    let list: Vec<Node> = account.events.iter().take(limit).map(entry).collect();
    Ok(Reply::ok("Command successful").with(Node::none().with("events", list)))
}

pub(super) fn ack(context: &mut Context<'_>) -> Outcome {
    let id = context.required("event_id")?;
    let Some(account) = context.state.accounts.get_mut(context.account) else { return refuse(410) };
    let Some(at) = account.events.iter().position(|event| event.id == id) else {
        return refuse_as(480, format!("Event {id} not found"));
    };
    account.events.remove(at);
    let left = account.events.len();
    context.effect(&id);
    Ok(Reply::ok("Command successful").with(Node::none().with("total", left)))
}
