//! LOOKUP, GET_PRICE, BELONGS_TO_RSP.

use jiff::SignedDuration;

use super::super::super::clock::later;
use super::super::codes;
use super::super::dates;
use super::super::objects::Stage;
use super::super::patterns;
use super::super::reply::{Outcome, Reply, refuse, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, fields, prices};

/// How long a name that begins with `wait-` is being worked on by somebody.
const WAIT: SignedDuration = SignedDuration::from_secs(30);

/// Whether somebody has the name: here, waiting to have it, or at another registrar.
pub(super) fn is_taken(context: &Context<'_>, name: &str) -> bool {
    context.state.domains.contains_key(name) || is_elsewhere(context, name)
}

/// Whether the name is at another registrar: by its first word, unless it was transferred to us and is gone again.
pub(super) fn is_elsewhere(context: &Context<'_>, name: &str) -> bool {
    let is_meant = ["foreign", "taken", "young"].iter().any(|word| patterns::begins(name, word));
    (is_meant || context.state.elsewhere.contains(name)) && !context.state.domains.contains_key(name)
}

/// Refuses a name that is being worked on by somebody.
pub(super) fn is_settled(context: &mut Context<'_>, name: &str) -> Result<(), Box<Reply>> {
    if !patterns::begins(name, "wait") {
        return Ok(());
    }
    let first = *context.state.met.entry(format!("wait {name}")).or_insert(context.now);
    if context.now < later(first, WAIT) { refuse(486) } else { Ok(()) }
}

pub(super) fn lookup(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    if !fields::is_domain(&name) {
        return refuse_as(465, "Invalid domain syntax");
    }
    is_settled(context, &name)?;
    let code = if is_taken(context, &name) {
        211
    } else if context.state.waiting_for(&name).is_some() {
        221
    } else {
        210
    };
    let status = if code == 210 { "available" } else { "taken" };
    let mut attributes = Node::none().with("status", status);
    if prices::is_premium(&name) {
        attributes = attributes.with("reason", "Premium Name");
    }
    if patterns::begins(&name, "claim") {
        attributes = attributes.with("has_claim", true);
    }
    Ok(Reply::success(code, codes::text(code)).with(attributes))
}

pub(super) fn price(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    let years = fields::years(context.attributes().text("period").unwrap_or("1"))?;
    let kind = context.attributes().text("reg_type").unwrap_or("new");
    if !["new", "renewal", "transfer", "trade"].contains(&kind) {
        return refuse_as(465, "Invalid registration type");
    }
    let mut attributes = Node::none().with("price", prices::text(prices::of(&name, years)));
    if prices::is_premium(&name) {
        attributes = attributes.with("is_registry_premium", true).with("registry_premium_group", "A");
    }
    if context.attributes().flag("all_periods") == Some(true) {
        let every = (1..=10).map(|years: u8| (years.to_string(), prices::text(prices::of(&name, years)).into()));
        attributes = attributes.with("prices", Node::Assoc(every.collect()));
    }
    Ok(Reply::ok("Command completed successfully").with(attributes))
}

pub(super) fn belongs(context: &mut Context<'_>) -> Outcome {
    let name = context.name()?;
    let domain = context.state.domains.get(&name).filter(|domain| domain.account == context.account);
    let domain = domain.filter(|domain| domain.stage != Stage::Redemption);
    let attributes = match domain {
        Some(domain) => Node::none().with("belongs_to_rsp", true).with("domain_expdate", dates::text(domain.expires)),
        None => Node::none().with("belongs_to_rsp", false),
    };
    Ok(Reply::ok("Query successful").with(attributes))
}
