//! What belongs to the whole account: balance, lists of domains by expiry and by deletion.

use super::super::dates;
use super::super::objects::{Domain, Stage};
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, prices};

/// Entries on a page if nothing is said.
const PAGE: usize = 40;

pub(super) fn balance(context: &mut Context<'_>) -> Outcome {
    let (balance, hold) = context.state.accounts.get(context.account).map_or((0, 0), |a| (a.balance, a.hold));
    let attributes = Node::none().with("balance", prices::text(balance)).with("hold_balance", prices::text(hold));
    Ok(Reply::ok("Command successful").with(attributes))
}

/// The part of a list that was asked for, and whether there is more behind it. Pages are counted from 1; 0 is the first, too.
pub(super) fn page<T>(context: &Context<'_>, list: Vec<T>, most: usize) -> (usize, bool, Vec<T>) {
    let number = |key: &str| context.attributes().text(key).and_then(|text| text.parse::<usize>().ok());
    let page = number("page").unwrap_or(1).max(1);
    let limit = number("limit").unwrap_or(PAGE).clamp(1, most);
    let before = (page - 1).saturating_mul(limit);
    let has_more = list.len() > before.saturating_add(limit);
    (page, has_more, list.into_iter().skip(before).take(limit).collect())
}

fn yes(flag: bool) -> &'static str {
    if flag { "Y" } else { "N" }
}

/// A page of domains with their expiry.
pub(super) fn expiry_page(context: &Context<'_>, found: &[&Domain]) -> Node {
    let total = found.len();
    let (number, has_more, part) = page(context, found.to_vec(), 1_000_000);
    let entry = |domain: &Domain| {
        Node::none()
            .with("name", &domain.name)
            .with("expiredate", dates::text(domain.expires))
            .with("f_auto_renew", yes(domain.auto_renew))
            .with("f_let_expire", yes(domain.let_expire))
    };
    Node::none()
        .with("page", number)
        .with("total", total)
        .with("remainder", has_more)
        .with("exp_domains", part.into_iter().map(entry).collect::<Vec<_>>())
}

pub(super) fn expiring(context: &mut Context<'_>) -> Outcome {
    let (from, to) = (context.required("exp_from")?, context.required("exp_to")?);
    let (Some(from), Some(to)) = (dates::read_day(&from), dates::read_day(&to)) else {
        return refuse_as(465, "Invalid data, error=date");
    };
    let is_meant = |domain: &&Domain| {
        let is_ours = domain.account == context.account && domain.stage != Stage::Redemption;
        is_ours && (from..=to).contains(&dates::date(domain.expires))
    };
    let mut found: Vec<&Domain> = context.state.domains.values().filter(is_meant).collect();
    found.sort_by_key(|domain| (domain.expires, domain.name.clone()));
    Ok(Reply::ok("Command successful").with(expiry_page(context, &found)))
}

pub(super) fn deleted(context: &mut Context<'_>) -> Outcome {
    let day = |key: &str| context.attributes().text(key).and_then(dates::read_day);
    let within = |at, from: &str, to: &str| {
        let date = dates::date(at);
        day(from).is_none_or(|from| from <= date) && day(to).is_none_or(|to| date <= to)
    };
    let is_meant = |domain: &&Domain| {
        let deleted = domain.deleted.filter(|_| domain.account == context.account && domain.stage == Stage::Redemption);
        deleted.is_some_and(|at| within(at, "del_from", "del_to")) && within(domain.expires, "exp_from", "exp_to")
    };
    let found: Vec<&Domain> = context.state.domains.values().filter(is_meant).collect();
    let total = found.len();
    let (number, has_more, part) = page(context, found, 1_000_000);
    let entry = |domain: &Domain| {
        Node::none()
            .with("name", &domain.name)
            .with("expiredate", dates::text(domain.expires))
            .with("delete_date", dates::text(domain.deleted.unwrap_or(domain.expires)))
            .with("reason", "Expired")
    };
    let list: Vec<Node> = part.into_iter().map(entry).collect();
    let attributes =
        Node::none().with("page", number).with("total", total).with("remainder", has_more).with("del_domains", list);
    Ok(Reply::ok("Command successful").with(attributes))
}
