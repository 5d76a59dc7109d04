//! The end of a registration, its return, and the registrant's proof.

use jiff::SignedDuration;

use super::super::System;
use super::super::dates;
use super::super::objects::{Kind, Stage, Status};
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, prices, register};

/// Days within which a new registration is given back and paid back.
const ADD_GRACE_DAYS: i64 = 5;

pub(super) fn revoke(context: &mut Context<'_>) -> Outcome {
    let mut domain = context.writable()?;
    let name = domain.name.clone();
    let age = context.now.duration_since(domain.created);
    let is_young = age < SignedDuration::from_hours(24 * ADD_GRACE_DAYS);
    context.effect(&name);
    context.state.tell_of_domain(&name, context.now, "DELETED", Node::none());
    if is_young {
        let is_it =
            |order: &&super::super::objects::Order| order.status == Status::Completed && order.kind != Kind::Renewal;
        let cost = context.state.orders_for(context.account, &name).find(is_it).map_or(0, |order| order.cost);
        context.state.spend(context.account, -cost);
        context.state.domains.remove(&name);
    } else {
        (domain.stage, domain.deleted) = (Stage::Redemption, Some(context.now));
        context.state.put(domain);
    }
    let attributes = Node::none().with("charge", false).with("price", "undef");
    Ok(Reply::ok(&format!("Domain {name} revoked successfully.")).with(attributes))
}

pub(super) fn redeem(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    let domain = context.state.domains.get(&name).filter(|domain| domain.account == context.account);
    let domain = domain.filter(|domain| domain.stage == Stage::Redemption).cloned();
    let Some(mut domain) = domain.filter(|_| context.options.system == System::Live) else {
        return refuse_as(400, format!("Domain {name} cannot be redeemed"));
    };
    let cost = prices::REDEMPTION + prices::of(&name, 1);
    if !context.state.affords(context.account, cost) {
        return refuse(440);
    }
    let id = register::place(context, &name, Kind::Renewal, 1, Node::none());
    context.state.spend(context.account, cost);
    (domain.stage, domain.deleted) = (Stage::Active, None);
    domain.updated = context.now;
    while domain.expires <= context.now {
        domain.renewed_from.insert(dates::year(domain.expires));
        domain.expires = dates::years_later(domain.expires, 1);
    }
    let expires = dates::event(domain.expires);
    context.state.put(domain);
    context.effect(&name);
    context.state.set_order(id, Status::Completed, context.now);
    context.state.tell_of_domain(&name, context.now, "RENEWED", Node::none().with("expiration_date", expires));
    Ok(Reply::ok("Command completed successfully"))
}

/// The code goes to the admin contact by mail; the ledger has it.
pub(super) fn send_authcode(context: &mut Context<'_>) -> Outcome {
    let name = super::name(&context.required("domain_name")?);
    let domain = context.state.domains.get(&name).filter(|domain| domain.account == context.account);
    let Some(code) = domain.map(|domain| domain.auth_info.clone()) else {
        return refuse_as(480, format!("Domain {name} not owned by user"));
    };
    context.effect_as("domain.authcode_request", &name, Some(&code));
    Ok(Reply::ok("Command completed successfully"))
}

pub(super) fn verification(context: &mut Context<'_>) -> Outcome {
    let domain = context.domain()?;
    let Some(proof) = domain.verification else {
        let attributes = Node::none().with("registrant_verification_status", "unverified");
        return Ok(Reply::ok("Command completed successfully").with(attributes));
    };
    let mut attributes = Node::none().with("registrant_verification_status", proof.status);
    if proof.status != "verified" {
        // Begun days count as whole ones; once it is suspended they are negative.
        let seconds = proof.deadline.duration_since(context.now).as_secs();
        let days = if seconds > 0 { (seconds + 86_399) / 86_400 } else { -(seconds.abs() / 86_400).max(1) };
        attributes = attributes
            .with("verification_deadline", dates::day(proof.deadline))
            .with("days_to_suspend", days.to_string());
    }
    let attributes = attributes.with("email_bounced", proof.bounced);
    Ok(Reply::ok("Command completed successfully").with(attributes))
}

pub(super) fn send_email(context: &mut Context<'_>) -> Outcome {
    let domain = context.domain()?;
    if domain.verification.is_none_or(|proof| proof.status == "verified") {
        return refuse_as(465, "Registrant verification is not required");
    }
    context.effect(&domain.name);
    Ok(Reply::ok("Registrant verification email sent"))
}
