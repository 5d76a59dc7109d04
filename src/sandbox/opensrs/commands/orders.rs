//! Orders: read, carried out after all, cancelled.

use jiff::Timestamp;

use super::super::dates;
use super::super::objects::{Kind, Order, Status};
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, account, prices, register, renew};

pub(super) fn of_domain(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    let attributes = context.attributes();
    let day = |key: &str| attributes.text(key).and_then(dates::read_day);
    let is_meant = |order: &&Order| {
        let date = dates::date(order.placed);
        attributes.text("type").is_none_or(|kind| kind == order.kind.word())
            && attributes.text("status").is_none_or(|status| status == order.status.word())
            && day("order_from").is_none_or(|from| from <= date)
            && day("order_to").is_none_or(|to| date <= to)
    };
    let found: Vec<&Order> = context.state.orders_for(context.account, &name).filter(is_meant).collect();
    let (_, has_more, part) = account::page(context, found, 1000);
    let entry = |order: &Order| {
        Node::none()
            .with("id", order.id)
            .with("order_date", dates::text(order.placed))
            .with("status", order.status.word())
            .with("type", order.kind.word())
    };
    let size = part.len();
    let list: Vec<Node> = part.into_iter().map(entry).collect();
    let attributes = Node::none().with("page_size", size).with("remainder", has_more).with("orders", list);
    Ok(Reply::ok("Query successful").with(attributes))
}

/// The order of the account that an attribute names.
pub(super) fn named(context: &Context<'_>, key: &str) -> Result<Order, Box<Reply>> {
    let id = context.required(key)?;
    let order = id.parse().ok().and_then(|id: u64| context.state.orders.get(&id));
    match order.filter(|order| order.account == context.account) {
        Some(order) => Ok(order.clone()),
        None => refuse_as(480, format!("Order {id} not found")),
    }
}

pub(super) fn info(context: &mut Context<'_>) -> Outcome {
    let order = named(context, "order_id")?;
    let fields = &order.fields;
    let yes = |key: &str| if fields.flag(key) == Some(true) { "Y" } else { "N" };
    let mut hash = Node::none()
        .with("domain", &order.domain)
        .with("reg_type", order.kind.word())
        .with("affiliate_id", order.affiliate_id.clone().unwrap_or_default())
        .with("cost", prices::text(order.cost))
        .with("encoding type", fields.text("encoding_type").unwrap_or_default())
        .with("f_auto_renew", yes("auto_renew"))
        .with("f_lock_domain", fields.flag("f_lock_domain") == Some(true))
        .with("flag_saved_ns_fields", fields.flag("custom_nameservers") == Some(true))
        .with("flag_saved_tech_fields", fields.flag("custom_tech_contact") == Some(true))
        .with("id", order.id)
        .with("status", order.status.word())
        .with("order_date", dates::text(order.placed))
        .with("period", u64::from(order.period));
    if matches!(order.status, Status::Completed | Status::Declined | Status::Cancelled) {
        hash = hash.with("completed_date", dates::text(order.changed));
    }
    if let Some(contacts) = fields.get("contact_set") {
        hash = hash.with("contact_set", contacts.clone());
    }
    Ok(Reply::ok("Query successful").with(Node::none().with("field_hash", hash)))
}

pub(super) fn queued(context: &mut Context<'_>) -> Outcome {
    let id = context.required("request_id")?;
    let number: Option<u64> = id.parse().ok();
    let is_ours = |order: &&Order| order.account == context.account && order.queue.is_some() && order.queue == number;
    let order = context.state.orders.values().find(is_ours).map(|order| (order.status.word(), Some(order.id)));
    let later = number.and_then(|number| context.state.later.get(&number));
    let later = later.filter(|later| later.account == context.account);
    let later = later.map(|later| (if later.is_done { "completed" } else { "waiting" }, None));
    let Some((status, order)) = order.or(later) else {
        return refuse_as(480, format!("Request {id} not found"));
    };
    let attributes = Node::none().with("request_id", id).with("status", status);
    let attributes = match order {
        Some(order) => attributes.with("order_id", order),
        None => attributes,
    };
    Ok(Reply::ok("Query successful").with(attributes))
}

pub(super) fn process(context: &mut Context<'_>) -> Outcome {
    let order = named(context, "order_id")?;
    let number = order.id.to_string();
    if context.attributes().text("command") == Some("cancel") {
        if !matches!(order.status, Status::Pending | Status::Declined) {
            return refuse_as(465, format!("Order {number} is {}", order.status.word()));
        }
        context.state.set_order(order.id, Status::Cancelled, context.now);
        context.effect(&number);
        return Ok(Reply::ok("Command completed successfully"));
    }
    let again = matches!(order.status, Status::Declined | Status::Cancelled) && order.kind != Kind::Renewal;
    if order.status != Status::Pending && !again {
        return refuse_as(465, format!("Order {number} is {}", order.status.word()));
    }
    context.transaction.clone_from(&order.affiliate_id);
    let mut cancelled = 0_u64;
    let id = if again {
        // What was declined or cancelled is not taken up again: a new order has its data.
        if order.status == Status::Declined {
            context.state.set_order(order.id, Status::Cancelled, context.now);
            cancelled = 1;
        }
        register::place(context, &order.domain, order.kind, order.period, order.fields.clone())
    } else {
        if let Some(kept) = context.state.orders.get_mut(&order.id) {
            // As if it were given now, except that it was kept before.
            kept.changed = context.now;
        }
        order.id
    };
    let reply = match order.kind {
        Kind::Renewal => renew::execute(context, id).unwrap_or_else(|refused| *refused),
        Kind::New | Kind::Premium | Kind::Transfer => register::execute(context, id),
    };
    // Of what cannot be carried out nothing has changed, unless a new order was made for it.
    if reply.is_success || again {
        context.effect(&number);
    }
    let beside = Node::none().with("order_id", id).with("number_of_canceled_orders", cancelled);
    Ok(Reply { beside: vec![("rwi_attributes".to_owned(), beside)], ..reply })
}

pub(super) fn cancel_all(context: &mut Context<'_>) -> Outcome {
    let until = context.required("to_date")?;
    let until = until.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let Some(until) = until else { return refuse_as(465, "Invalid data, error=to_date") };
    let asked = context.attributes().texts("status");
    let is_asked = |status: Status| match status {
        Status::Pending => asked.is_empty() || asked.iter().any(|word| word == "pending"),
        Status::Declined => asked.iter().any(|word| word == "declined"),
        _ => false,
    };
    let is_meant =
        |order: &&Order| order.account == context.account && order.changed <= until && is_asked(order.status);
    let found: Vec<Order> = context.state.orders.values().filter(is_meant).cloned().collect();
    for order in &found {
        context.state.set_order(order.id, Status::Cancelled, context.now);
        context.effect(&order.id.to_string());
    }
    let entry = |order: &Order| {
        Node::none().with("id", order.id).with("domain", &order.domain).with("reg_type", order.kind.word())
    };
    let list: Vec<Node> = found.iter().map(entry).collect();
    let attributes = Node::none().with("total", list.len()).with("cancelled", list);
    Ok(Reply::ok("Command completed successfully").with(attributes))
}
