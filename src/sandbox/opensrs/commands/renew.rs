//! RENEW.

use jiff::Timestamp;

use super::super::System;
use super::super::codes;
use super::super::dates;
use super::super::objects::{Kind, Order, Stage, Status};
use super::super::patterns;
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::state::State;
use super::super::wire::tree::Node;
use super::{Context, fields, register};

/// Registries that renew their names themselves.
const SELF_RENEWING: &[&str] = &["de", "dk", "za", "at", "fr"];

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let domain = context.domain()?;
    let year = context.required("currentexpirationyear")?;
    let period = fields::years(&context.required("period")?)?;
    if SELF_RENEWING.iter().any(|tld| domain.name.ends_with(&format!(".{tld}"))) {
        return refuse_as(480, "Renewals not supported for this TLD");
    }
    if context.state.waiting_for(&domain.name).is_some_and(|order| order.kind == Kind::Renewal) {
        return refuse_as(
            400,
            "Domain already renewed; another renewal cannot be applied until the first request completes at the registry",
        );
    }
    let domain = context.writable()?;
    let current = dates::year(domain.registry_expires());
    let Ok(year) = year.parse::<i16>() else { return refuse_as(465, "Invalid data, error=currentexpirationyear") };
    if year != current {
        if !domain.renewed_from.contains(&year) {
            return refuse(541);
        }
        return match context.options.system {
            System::Live => refuse(555),
            System::Horizon => refuse_as(465, "Domain Already Renewed"),
        };
    }
    if dates::years_later(domain.expires, period) > dates::years_later(context.now, 10) {
        return refuse_as(465, "Invalid data, error=the total may not exceed 10 years");
    }
    let id = register::place(context, &domain.name, Kind::Renewal, period, context.attributes().clone());
    if context.attributes().text("handle") == Some("save") {
        context.effect_as("order.save", &domain.name, Some(&id.to_string()));
        return Ok(Reply::ok("Command completed successfully").with(Node::none().with("id", id).with("order_id", id)));
    }
    execute(context, id)
}

/// Carries an order for a renewal out.
pub(super) fn execute(context: &mut Context<'_>, id: u64) -> Outcome {
    let Some(order) = context.state.orders.get(&id).cloned() else { return refuse(480) };
    let ids = Node::none().with("id", id).with("order_id", id);
    let Some(domain) = context.state.domains.get(&order.domain).cloned() else { return refuse(480) };
    // A renewal that was kept may have been done by another meanwhile.
    let year = order.fields.text("currentexpirationyear").and_then(|year| year.parse().ok());
    if year != Some(dates::year(domain.registry_expires())) {
        return refuse(if year.is_some_and(|year| domain.renewed_from.contains(&year)) { 555 } else { 541 });
    }
    if !context.state.affords(context.account, order.cost) {
        if context.request.action == "RENEW" {
            context.effect_as("order.pending", &order.domain, Some(&id.to_string()));
        }
        return Err(Reply::refused(440).with(ids.with("forced_pending", id)).boxed());
    }
    if patterns::begins(&order.domain, "async") {
        let queue = context.state.next_id();
        context.state.hold_back(context.account, order.cost);
        if let Some(order) = context.state.orders.get_mut(&id) {
            order.queue = Some(queue);
        }
        context.state.set_order(id, Status::Waiting, context.now);
        context.state.wait_for(id, !patterns::has(&order.domain, "norenew"), context.now);
        context.effect_as("domain.renew", &order.domain, Some("waiting"));
        return Ok(Reply::success(250, codes::ASYNC_TEXT).with(ids.with("queue_request_id", queue)));
    }
    context.effect_as("domain.renew", &order.domain, None);
    context.state.spend(context.account, order.cost);
    extend(context.state, &order, context.now);
    let Some(domain) = context.state.domains.get(&order.domain) else { return refuse(480) };
    let email = domain.contacts.get("admin").and_then(|admin| admin.text("email")).unwrap_or_default().to_owned();
    let attributes = ids
        .with("registration expiration date", dates::text(domain.expires))
        .with("auto_renew", domain.auto_renew)
        .with("admin_email", email);
    Ok(Reply::ok("Command completed successfully").with(attributes))
}

/// The domain of a paid order lives longer, and its account hears of it.
pub(in super::super) fn extend(state: &mut State, order: &Order, now: Timestamp) {
    let Some(mut domain) = state.domains.get(&order.domain).cloned() else { return };
    domain.renewed_from.insert(dates::year(domain.registry_expires()));
    domain.expires = dates::years_later(domain.expires, order.period);
    domain.updated = now;
    if domain.expires > now {
        domain.stage = Stage::Active;
    }
    if let Some(auto_renew) = order.fields.flag("auto_renew") {
        domain.auto_renew = auto_renew;
    }
    let (name, expires) = (domain.name.clone(), dates::event(domain.expires));
    state.put(domain);
    state.set_order(order.id, Status::Completed, now);
    state.tell_of_domain(&name, now, "RENEWED", Node::none().with("expiration_date", expires));
}
