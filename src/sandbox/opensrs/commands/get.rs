//! GET DOMAIN: what is known of a domain, a part at a time or all of it.

use super::super::dates;
use super::super::objects::Domain;
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, account};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let Some(kind) = context.attributes().text("type").map(str::to_owned) else {
        return refuse_as(460, "Info type not specified");
    };
    let domain = context.domain()?;
    let contacts = |kinds: &[&str]| {
        let of = |kind: &&str| domain.contacts.get(*kind).map(|contact| ((*kind).to_owned(), contact.clone()));
        Node::Assoc(kinds.iter().filter_map(of).collect())
    };
    let attributes = match kind.as_str() {
        "all_info" => all(context, &domain, contacts(&["owner", "admin", "billing", "tech"])),
        "expire_action" => Node::none().with("auto_renew", domain.auto_renew).with("let_expire", domain.let_expire),
        "nameservers" => Node::none().with("nameserver_list", nameservers(context, &domain)),
        "status" => status(&domain),
        "domain_auth_info" => Node::none().with("domain_auth_info", &domain.auth_info),
        "whois_privacy_state" => Node::none().with("state", if domain.is_private { "enabled" } else { "disabled" }),
        "rsp_whois_info" => Node::none().with("flag", "Y"),
        "tld_data" => Node::none().with("tld_data", domain.tld_data.clone().unwrap_or(Node::none())),
        "owner" | "admin" | "billing" | "tech" => Node::none().with("contact_set", contacts(&[&kind])),
        "waiting_history" => {
            let later = domain.waiting.and_then(|id| context.state.later.get(&id).map(|later| (id, later)));
            let entries = later.into_iter().filter(|(_, later)| !later.is_done).map(|(id, later)| {
                Node::none().with("request_id", id).with("completion_date", dates::text(later.ends))
            });
            Node::none().with("waiting_history", entries.collect::<Vec<_>>())
        }
        "list" => list(context, &domain),
        _ => return refuse_as(465, "Unknown Info type"),
    };
    Ok(Reply::ok("Query Successful").with(attributes))
}

fn all(context: &Context<'_>, domain: &Domain, contacts: Node) -> Node {
    let mut node = Node::none()
        .with("auto_renew", domain.auto_renew)
        .with("let_expire", domain.let_expire)
        .with("sponsoring_rsp", true)
        .with("registry_createdate", dates::text(domain.created))
        .with("registry_updatedate", dates::text(domain.updated))
        .with("registry_expiredate", dates::text(domain.registry_expires()))
        .with("expiredate", dates::text(domain.expires));
    if let Some(transferred) = domain.transferred {
        node = node.with("registry_transferdate", dates::text(transferred));
    }
    if let Some(tld_data) = &domain.tld_data {
        node = node.with("tld_data", tld_data.clone());
    }
    node.with("affiliate_id", domain.affiliate_id.clone().unwrap_or_default())
        .with("nameserver_list", nameservers(context, domain))
        .with("contact_set", contacts)
        .with("dns_errors", "")
}

fn nameservers(context: &Context<'_>, domain: &Domain) -> Node {
    let entry = |(at, name): (usize, &String)| {
        let address = context.state.hosts.get(name).and_then(|host| host.ipv4.clone()).unwrap_or_default();
        Node::none().with("name", name).with("ipaddress", address).with("sortorder", at + 1)
    };
    domain.nameservers.iter().enumerate().map(entry).collect::<Vec<_>>().into()
}

fn status(domain: &Domain) -> Node {
    Node::none()
        .with("lock_state", domain.is_locked)
        .with("parkp_status", if domain.is_parked { "1" } else { "" })
        .with("can_modify", true)
        .with("domain_supports", true)
        .with("transfer_away_in_progress", domain.leaves.is_some())
        .with("auctionescrow", false)
}

/// The domains of the same profile, by days to the expiry.
fn list(context: &Context<'_>, domain: &Domain) -> Node {
    let days = |key: &str| context.attributes().text(key).and_then(|text| text.parse::<i64>().ok());
    let (least, most) = (days("min_to_expiry").unwrap_or(i64::MIN), days("max_to_expiry").unwrap_or(i64::MAX));
    let is_meant = |other: &&Domain| {
        let left = other.expires.duration_since(context.now).as_hours() / 24;
        other.account == domain.account && other.profile == domain.profile && (least..=most).contains(&left)
    };
    let found: Vec<&Domain> = context.state.domains.values().filter(is_meant).collect();
    account::expiry_page(context, &found)
}
