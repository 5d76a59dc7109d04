//! SW_REGISTER: an order for a new name, a premium name or a transfer; carried out at once, or kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::codes;
use super::super::dates;
use super::super::objects::{
    Domain, Kind, Order, Registrant, Stage, Status, VERIFICATION_DAYS, Verification, registrant,
};
use super::super::patterns;
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::state::State;
use super::super::wire::tree::Node;
use super::{Context, fields, lookup, prices, transfer};
use crate::model::Secret;

/// What the registry says when a name is registered, or the order for it is only kept.
const REGISTERED: &str = "Domain registration successfully completed.";
/// How old a name is from its registration on that begins with `aged-`: it can be transferred, and redeemed.
const AGED_DAYS: i64 = 200;

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    if !fields::is_domain(&name) {
        return refuse_as(465, "Registration Failed: Invalid data, error=Invalid domain syntax");
    }
    let kind = match context.required("reg_type")?.as_str() {
        "new" | "sunrise" | "landrush" => Kind::New,
        "premium" => Kind::Premium,
        "transfer" => Kind::Transfer,
        _ => return refuse_as(465, "Invalid registration type"),
    };
    let fallback = if kind == Kind::Transfer { "1".to_owned() } else { context.required("period")? };
    let period = fields::years(context.attributes().text("period").unwrap_or(&fallback))?;
    check(context, kind)?;
    lookup::is_settled(context, &name)?;
    profile(context)?;
    if context.state.waiting_for(&name).is_some_and(|order| order.account == context.account) {
        return refuse(437);
    }
    let cancelled = context.state.cancel_saved(context.account, &name, context.now);
    let id = place(context, &name, kind, period, context.attributes().clone());
    let reply = if context.attributes().text("handle") == Some("save") {
        context.effect_as("order.save", &name, Some(&id.to_string()));
        Reply::ok(REGISTERED).with(common(200, REGISTERED, id))
    } else {
        execute(context, id)
    };
    let Some(attributes) = reply.attributes.clone().filter(|_| !cancelled.is_empty()) else { return Ok(reply) };
    let list: Vec<Node> = cancelled.into_iter().map(Node::from).collect();
    Ok(reply.with(attributes.with("cancelled_orders", list)))
}

/// What the fields have to be, before there is an order.
fn check(context: &Context<'_>, kind: Kind) -> Result<(), Box<Reply>> {
    let attributes = context.attributes();
    let Some(contacts) = attributes.get("contact_set") else {
        return refuse_as(460, "Missing required field: contact_set");
    };
    let has_tech = attributes.flag("custom_tech_contact") == Some(true);
    for role in ["owner", "admin", "billing", "tech"].into_iter().filter(|role| *role != "tech" || has_tech) {
        match contacts.get(role) {
            Some(contact) => fields::contact(role, contact)?,
            None => return refuse_as(460, format!("Missing required field: contact_set/{role}")),
        }
    }
    let listed = fields::nameservers(attributes.list("nameserver_list"))?;
    let wants = attributes.flag("custom_nameservers") == Some(true) && kind != Kind::Transfer;
    if wants && listed.len() < 2 {
        return refuse_as(465, "Registration Failed: Invalid data, error=at least two nameservers are needed");
    }
    if attributes.text("affiliate_id").is_some_and(|id| id.chars().count() > 256) {
        return refuse_as(465, "Registration Failed: Invalid data, error=affiliate_id");
    }
    if attributes.text("handle").is_some_and(|handle| !["process", "save"].contains(&handle)) {
        return refuse_as(465, "Registration Failed: Invalid data, error=handle");
    }
    Ok(())
}

/// The registrant's profile: made if it is new, else its password has to be right.
fn profile(context: &mut Context<'_>) -> Result<(), Box<Reply>> {
    let username = fields::credential("reg_username", context.attributes().text("reg_username"))?;
    let password = fields::credential("reg_password", context.attributes().text("reg_password"))?;
    let Some(account) = context.state.accounts.get_mut(context.account) else { return refuse(410) };
    let known = account.profiles.entry(username).or_insert_with(|| Secret::new(password.clone()));
    if known.expose() == password { Ok(()) } else { refuse_as(415, "Invalid Password supplied.") }
}

/// Puts an order in that nothing has been done about yet.
pub(super) fn place(context: &mut Context<'_>, name: &str, kind: Kind, period: u8, mut fields: Node) -> u64 {
    let id = context.state.next_id();
    if let Node::Assoc(items) = &mut fields {
        // Orders tell no secrets, and the profile has its password already.
        items.retain(|(key, _)| key != "reg_password");
    }
    context.state.place(Order {
        id,
        account: context.account.to_owned(),
        domain: name.to_owned(),
        kind,
        status: Status::Pending,
        placed: context.now,
        changed: context.now,
        period,
        cost: prices::of(name, period),
        affiliate_id: fields.text("affiliate_id").map(str::to_owned),
        fields,
        queue: None,
        ends: None,
    })
}

/// What every reply about an order has.
fn common(code: u16, text: &str, id: u64) -> Node {
    Node::none().with("registration_code", u64::from(code)).with("registration_text", text).with("id", id)
}

/// Carries an order for a name out, or keeps it and says why.
pub(super) fn execute(context: &mut Context<'_>, id: u64) -> Reply {
    let Some(order) = context.state.orders.get(&id).cloned() else { return Reply::refused(480) };
    let reply = match attempt(context, &order) {
        Ok(reply) => reply,
        Err(refused) if order.kind == Kind::Transfer && refused.code != Some(440) && !refused.is_success => {
            context.state.set_order(id, Status::Declined, context.now);
            let attributes = Node::none().with("registration_code", u64::from(refused.code.unwrap_or_default()));
            return refused.with(attributes.with("id", id));
        }
        Err(refused) => {
            if context.request.action == "SW_REGISTER" {
                context.effect_as("order.pending", &order.domain, Some(&id.to_string()));
            }
            let attributes = common(refused.code.unwrap_or_default(), &refused.text, id);
            return refused.with(attributes.with("forced_pending", id));
        }
    };
    let mut attributes = common(reply.code.unwrap_or_default(), &reply.text, id);
    if let Some(Node::Assoc(more)) = reply.attributes.clone() {
        attributes = more.into_iter().fold(attributes, |attributes, (key, value)| attributes.with(&key, value));
    }
    let email = order.fields.get("contact_set").and_then(|set| set.get("admin")).and_then(|admin| admin.text("email"));
    if let Some(email) = email {
        attributes = attributes.with("admin_email", email);
    }
    reply.with(attributes)
}

fn attempt(context: &mut Context<'_>, order: &Order) -> Outcome {
    let name = order.domain.as_str();
    if patterns::begins(name, "forced") && context.request.action == "SW_REGISTER" {
        // What was kept can be processed; the first attempt cannot.
        return Err(match patterns::code_in(name) {
            Some(code) => Reply::refused(code).boxed(),
            None => Reply::ok("Registration successful").boxed(),
        });
    }
    if order.kind == Kind::Transfer {
        return transfer::start(context, order);
    }
    if lookup::is_taken(context, name) || context.state.waiting_for(name).is_some() {
        return refuse(485);
    }
    let wanted = fields::nameservers(order.fields.list("nameserver_list"))?;
    super::nameservers::known(context.state, &wanted)?;
    let agreed = order.fields.text("premium_price_to_verify").map(prices::read);
    if agreed.is_some_and(|agreed| agreed != Some(prices::of(name, order.period))) {
        return refuse_as(465, "Registration Failed: Invalid data, error=premium price does not match");
    }
    if !context.state.affords(context.account, order.cost) {
        return refuse(440);
    }
    let waits = ["async", "gdpr", "claim"].into_iter().find(|word| patterns::begins(name, word));
    if let Some(word) = waits {
        return Ok(wait(context, order, word));
    }
    context.effect_as("domain.create", name, None);
    context.state.spend(context.account, order.cost);
    finish(context.state, order.id, context.now);
    let locked = if order.fields.flag("f_lock_domain") == Some(true) { " Domain successfully locked." } else { "" };
    Ok(Reply::ok(&format!("{REGISTERED}{locked}")))
}

/// The order waits at a registry, or for somebody's agreement.
fn wait(context: &mut Context<'_>, order: &Order, word: &str) -> Reply {
    let queue = context.state.next_id();
    context.state.hold_back(context.account, order.cost);
    if let Some(order) = context.state.orders.get_mut(&order.id) {
        order.queue = Some(queue);
    }
    context.state.set_order(order.id, Status::Waiting, context.now);
    context.state.wait_for(order.id, !patterns::has(&order.domain, "decline"), context.now);
    context.effect_as("domain.create", &order.domain, Some("waiting"));
    match word {
        "gdpr" => Reply::plain(300, codes::GDPR_TEXT),
        _ => {
            let reason = if word == "claim" { "has_claim" } else { "general" };
            let attributes = Node::none().with("queue_request_id", queue).with("async_reason", reason);
            Reply::success(250, codes::ASYNC_TEXT).with(attributes)
        }
    }
}

/// The domain of a paid order comes to be, and its account hears of it.
pub(in super::super) fn finish(state: &mut State, id: u64, now: Timestamp) {
    let Some(order) = state.orders.get(&id).cloned() else { return };
    let domain = made(state, &order, now, dates::years_later(now, order.period));
    let name = domain.name.clone();
    state.put(domain);
    state.set_order(id, Status::Completed, now);
    let expires = state.domains.get(&name).map(|domain| dates::event(domain.expires)).unwrap_or_default();
    state.tell_of_domain(&name, now, "CREATED", Node::none().with("expiration_date", expires));
    state.tell_of_domain(&name, now, "REGISTERED", Node::none());
    tell_verification(state, &name, now);
}

/// The domain an order asks for.
pub(super) fn made(state: &mut State, order: &Order, now: Timestamp, expires: Timestamp) -> Domain {
    let fields = &order.fields;
    let roles = ["owner", "admin", "billing", "tech"];
    let contact = |role: &str| fields.get("contact_set").and_then(|set| set.get(role)).cloned();
    let contacts: BTreeMap<_, _> = roles.into_iter().filter_map(|r| contact(r).map(|c| (r.to_owned(), c))).collect();
    let is_custom =
        ["custom_nameservers", "custom_transfer_nameservers"].iter().any(|key| fields.flag(key) == Some(true));
    let listed = fields::nameservers(fields.list("nameserver_list")).unwrap_or_default();
    let default = || vec!["ns1.systemdns.com".to_owned(), "ns2.systemdns.com".to_owned()];
    let id = state.next_id();
    let auth_info = format!("{}!A", state.next_hex(10));
    let verification = proof(state, &order.account, &registrant(contacts.get("owner")), now);
    let created = if patterns::begins(&order.domain, "aged") { dates::days_later(now, -AGED_DAYS) } else { now };
    Domain {
        id,
        name: order.domain.clone(),
        account: order.account.clone(),
        profile: fields.text("reg_username").unwrap_or_default().to_owned(),
        created,
        updated: now,
        transferred: None,
        expires,
        renewed_from: BTreeSet::new(),
        contacts,
        nameservers: if is_custom && !listed.is_empty() { listed } else { default() },
        is_locked: fields.flag("f_lock_domain") == Some(true),
        is_private: fields.flag("f_whois_privacy") == Some(true),
        is_parked: fields.flag("f_parkp") == Some(true),
        auth_info,
        auto_renew: fields.flag("auto_renew") == Some(true),
        let_expire: false,
        affiliate_id: order.affiliate_id.clone(),
        tld_data: fields.get("tld_data").cloned(),
        stage: Stage::Active,
        deleted: None,
        verification: Some(verification),
        leaves: None,
        waiting: None,
    }
}

/// Where the proof of a registrant stands: done if this one was proved before.
pub(super) fn proof(state: &State, account: &str, who: &Registrant, now: Timestamp) -> Verification {
    let is_proved = state.accounts.get(account).is_some_and(|account| account.verified.contains(who));
    let status = if is_proved { "verified" } else { "verifying" };
    let bounced = who.2.contains("bounce");
    Verification { status, deadline: dates::days_later(now, VERIFICATION_DAYS), bounced }
}

/// Says where the proof of a domain's registrant stands.
pub(in super::super) fn tell_verification(state: &mut State, name: &str, now: Timestamp) {
    let status = state.domains.get(name).and_then(|domain| domain.verification.as_ref()).map(|proof| proof.status);
    if let Some(status) = status {
        let more = Node::none().with("verification_status", status);
        state.tell_of_domain(name, now, "REGISTRANT_VERIFICATION_STATUS_CHANGE", more);
    }
}
