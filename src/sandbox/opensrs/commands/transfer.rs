//! Transfers to us and away from us.

use jiff::{SignedDuration, Timestamp};

use super::super::dates;
use super::super::objects::{Domain, Kind, Order, Stage, Status, Transfer};
use super::super::patterns;
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::state::State;
use super::super::wire::tree::Node;
use super::{Context, account, lookup, orders, register};

/// Most transfers on one page.
const PAGE: usize = 40;
/// Days after registration or transfer in which a name stays where it is.
const YOUNG_DAYS: i64 = 60;

/// Why a name cannot be transferred to the account: the first of these that is so.
fn obstacle(context: &Context<'_>, name: &str) -> Option<(u16, &'static str)> {
    let here = context.state.domains.get(name);
    let is = |what: fn(&Domain) -> bool| here.is_some_and(what);
    let is_running = newest(context, name).is_some_and(|transfer| transfer.status.starts_with("pending"));
    let stays_until = here.map(|domain| dates::days_later(domain.transferred.unwrap_or(domain.created), YOUNG_DAYS));
    let is_young = patterns::begins(name, "young") || stays_until.is_some_and(|until| context.now < until);
    let obstacles = [
        (is_running, 487, "Transfer in progress"),
        (here.is_some_and(|domain| domain.account == context.account), 487, "Domain already exists in your account"),
        (is(|domain| domain.stage == Stage::Redemption), 552, "Domain is deleted"),
        (is(|domain| domain.is_locked), 552, "Domain is locked at the losing registrar"),
        (is_young, 552, "Domain is less than 60 days old"),
        (patterns::begins(name, "taken"), 487, "Domain not transferable"),
        (here.is_none() && !lookup::is_elsewhere(context, name), 487, "Domain not registered, or already deleted"),
    ];
    obstacles.into_iter().find(|(is_so, ..)| *is_so).map(|(_, code, reason)| (code, reason))
}

/// The last transfer of a name to the account.
fn newest<'a>(context: &'a Context<'_>, name: &str) -> Option<&'a Transfer> {
    context.state.transfers.values().rfind(|transfer| transfer.domain == name && transfer.account == context.account)
}

pub(super) fn check(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    let obstacle = obstacle(context, &name);
    let mut attributes = Node::none().with("transferrable", obstacle.is_none());
    if let Some((_, reason)) = obstacle {
        attributes = attributes.with("reason", reason);
    }
    let transfer = newest(context, &name).cloned();
    if context.attributes().flag("check_status") == Some(true) {
        attributes = attributes.with("status", transfer.as_ref().map_or("undef", |transfer| transfer.status));
        if let Some(transfer) = &transfer {
            attributes = attributes
                .with("unixtime", transfer.changed.as_second().unsigned_abs())
                .with("timestamp", dates::long(transfer.changed));
        }
    }
    if context.attributes().flag("get_request_address") == Some(true) {
        let address = transfer.map(|transfer| transfer.request_address).unwrap_or_default();
        attributes = attributes.with("request_address", address);
    }
    let kind = if context.state.domains.contains_key(&name) { "rsp2rsp" } else { "reg2reg" };
    Ok(Reply::ok("Query successful").with(attributes.with("type", kind).with("noservice", false)))
}

/// Starts the transfer an order asks for.
pub(super) fn start(context: &mut Context<'_>, order: &Order) -> Outcome {
    let name = order.domain.as_str();
    if let Some((code, reason)) = obstacle(context, name) {
        return refuse_as(code, reason);
    }
    if !context.state.affords(context.account, order.cost) {
        return refuse(440);
    }
    let code = order.fields.text("auth_info");
    let here = context.state.domains.get(name);
    // A name that is here has its code; of those elsewhere only a code that says so is wrong.
    let fails = match (code, here) {
        (Some(code), Some(domain)) => code != domain.auth_info,
        (Some(code), None) => code.contains("wrong"),
        (None, _) => false,
    };
    let losing = here.map_or("Example Registrar", |domain| domain.account.as_str()).to_owned();
    let owner = order.fields.get("contact_set").and_then(|set| set.get("owner"));
    let address = owner.and_then(|owner| owner.text("email")).unwrap_or_default().to_owned();
    // The first transfer of a slow name takes its time, whatever the others do.
    let is_slow = patterns::has(name, "slow") && newest(context, name).is_none();
    let pace = context.options.transferring.filter(|_| !is_slow);
    let pace = pace.map(|pace| SignedDuration::try_from(pace).unwrap_or(SignedDuration::MAX));
    let id = context.state.next_id();
    let transfer = Transfer {
        id,
        order: order.id,
        account: context.account.to_owned(),
        domain: name.to_owned(),
        status: "",
        request_address: address,
        losing,
        requested: context.now,
        changed: context.now,
        fails,
        pace,
    };
    context.state.transfers.insert(id, transfer);
    context.state.hold_back(context.account, order.cost);
    context.effect_as("domain.transfer", name, Some(&id.to_string()));
    context.state.set_order(order.id, Status::Processed, context.now);
    let is_agreed = code.is_some() && order.fields.flag("f_bypass_confirm") == Some(true);
    let status = if is_agreed { "pending_registry" } else { "pending_owner" };
    context.state.set_transfer(id, status, context.now);
    Ok(Reply::ok("Transfer request has been successfully sent").with(Node::none().with("transfer_id", id)))
}

/// A transfer ends at the registry: the name comes, or it does not.
pub(in super::super) fn arrive(state: &mut State, id: u64, now: Timestamp) {
    let Some(transfer) = state.transfers.get(&id).cloned() else { return };
    let Some(order) = state.orders.get(&transfer.order).cloned() else { return };
    state.hold_back(&transfer.account, -order.cost);
    if transfer.fails {
        state.set_transfer(id, "cancelled", now);
        state.set_order(order.id, Status::Declined, now);
        return;
    }
    state.spend(&transfer.account, order.cost);
    let former = state.domains.remove(&transfer.domain);
    let expires = former.as_ref().map_or_else(|| dates::years_later(now, 1), |former| former.expires);
    let mut domain: Domain = register::made(state, &order, now, dates::years_later(expires, order.period));
    domain.transferred = Some(now);
    domain.created = former.as_ref().map_or_else(|| dates::days_later(now, -400), |former| former.created);
    let is_custom = order.fields.flag("custom_transfer_nameservers") == Some(true);
    if let Some(former) = former.as_ref().filter(|_| !is_custom) {
        domain.nameservers.clone_from(&former.nameservers);
    }
    let (name, text) = (domain.name.clone(), dates::event(domain.expires));
    state.elsewhere.remove(&name);
    if let Some(former) = former {
        state.left.push((name.clone(), former.account, now));
    }
    state.put(domain);
    state.set_transfer(id, "completed", now);
    state.set_order(order.id, Status::Completed, now);
    state.tell_of_domain(&name, now, "CREATED", Node::none().with("expiration_date", text));
    register::tell_verification(state, &name, now);
}

pub(super) fn process(context: &mut Context<'_>) -> Outcome {
    let order = orders::named(context, "order_id")?;
    let is_over = |transfer: &&Transfer| transfer.order == order.id && transfer.status == "cancelled";
    if order.kind != Kind::Transfer || !context.state.transfers.values().any(|transfer| is_over(&transfer)) {
        return refuse_as(465, format!("The transfer of order {} is not cancelled", order.id));
    }
    context.transaction.clone_from(&order.affiliate_id);
    let id = register::place(context, &order.domain, Kind::Transfer, order.period, order.fields.clone());
    context.effect(&order.id.to_string());
    let reply = register::execute(context, id);
    let attributes = reply.attributes.clone().unwrap_or(Node::none()).with("order_id", id);
    Ok(reply.with(attributes))
}

pub(super) fn cancel(context: &mut Context<'_>) -> Outcome {
    let by_order = context.attributes().text("order_id").and_then(|id| id.parse::<u64>().ok());
    let name = if by_order.is_some() { String::new() } else { context.name()? };
    let is_meant = |transfer: &&Transfer| {
        transfer.account == context.account
            && transfer.status.starts_with("pending")
            && by_order.map_or(transfer.domain == name, |order| transfer.order == order)
    };
    let Some(transfer) = context.state.transfers.values().rfind(is_meant).cloned() else {
        return refuse_as(480, "No transfer to cancel");
    };
    let cost = context.state.orders.get(&transfer.order).map_or(0, |order| order.cost);
    context.state.hold_back(context.account, -cost);
    context.state.set_transfer(transfer.id, "cancelled", context.now);
    context.state.set_order(transfer.order, Status::Cancelled, context.now);
    context.effect(&by_order.map_or(name, |order| order.to_string()));
    Ok(Reply::ok(&format!("Transfer with order id: {} has been canceled.", transfer.order)))
}

pub(super) fn coming(context: &mut Context<'_>) -> Outcome {
    let attributes = context.attributes();
    let fits = |key: &str, value: &str| attributes.text(key).is_none_or(|asked| asked.eq_ignore_ascii_case(value));
    let day = |key: &str| attributes.text(key).and_then(dates::read_day);
    let is_meant = |transfer: &&Transfer| {
        let date = dates::date(transfer.requested);
        transfer.account == context.account
            && fits("domain", &transfer.domain)
            && fits("status", transfer.status)
            && fits("order_id", &transfer.order.to_string())
            && fits("transfer_id", &transfer.id.to_string())
            && ["order_from", "req_from"].iter().all(|key| day(key).is_none_or(|from| from <= date))
            && ["order_to", "req_to"].iter().all(|key| day(key).is_none_or(|to| date <= to))
    };
    let found: Vec<&Transfer> = context.state.transfers.values().rev().filter(is_meant).collect();
    let total = found.len();
    let (_, _, part) = account::page(context, found, PAGE);
    let entry = |transfer: &Transfer| {
        let node = Node::none()
            .with("domain", &transfer.domain)
            .with("status", transfer.status)
            .with("order_id", transfer.order)
            .with("transfer_id", transfer.id)
            .with("request_address", &transfer.request_address)
            .with("losing_registrar", &transfer.losing)
            .with("order_date", dates::text(transfer.requested));
        if transfer.status == "completed" { node.with("completed_date", dates::text(transfer.changed)) } else { node }
    };
    let list: Vec<Node> = part.into_iter().map(entry).collect();
    Ok(listed(total, list))
}

pub(super) fn leaving(context: &mut Context<'_>) -> Outcome {
    let asked = context.attributes().text("domain").map(super::name);
    let is_meant = |name: &str| asked.as_deref().is_none_or(|asked| asked == name);
    let entry = |name: &str, status: &str| Node::none().with("domain", name).with("status", status);
    let ours = |account: &str| account == context.account;
    let going = context.state.domains.values().filter(|d| d.leaves.is_some() && ours(&d.account) && is_meant(&d.name));
    let going = going.map(|domain| entry(&domain.name, "pending_registry"));
    let gone = context.state.left.iter().filter(|(name, account, _)| ours(account) && is_meant(name));
    let gone = gone.map(|(name, _, at)| entry(name, "completed").with("completed_date", dates::text(*at)));
    let all: Vec<Node> = going.chain(gone).collect();
    let total = all.len();
    let (_, _, part) = account::page(context, all, PAGE);
    Ok(listed(total, part))
}

fn listed(total: usize, list: Vec<Node>) -> Reply {
    let attributes = Node::none().with("total", total);
    // An empty list is left out, as the registry does.
    let attributes = if list.is_empty() { attributes } else { attributes.with("transfers", list) };
    Reply::ok("Query successful").with(attributes)
}
