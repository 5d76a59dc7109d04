//! MODIFY DOMAIN.

use super::super::objects::Domain;
use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::wire::tree::Node;
use super::{Context, contacts};

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    let Some(data) = context.attributes().text("data").map(str::to_owned) else {
        return refuse_as(460, "Modify type not specified");
    };
    if data == "contact_info" {
        return contacts::run(context);
    }
    let domain = context.writable()?;
    let to_all = context.attributes().flag("affect_domains") == Some(true);
    if to_all && context.request.cookie.is_none() {
        return refuse_as(435, "Permission Denied: affect_domains needs a cookie");
    }
    let of_profile = |other: &&Domain| other.account == domain.account && other.profile == domain.profile;
    let others: Vec<Domain> = match to_all {
        true => context.state.domains.values().filter(of_profile).filter(|o| o.name != domain.name).cloned().collect(),
        false => Vec::new(),
    };
    for mut other in others {
        modify(&mut other, &data, context.attributes())?;
        context.change(other, "Modification successful.")?;
    }
    let mut domain = domain;
    modify(&mut domain, &data, context.attributes())?;
    context.change(domain, "Modification successful.")
}

fn modify(domain: &mut Domain, data: &str, attributes: &Node) -> Result<(), Box<Reply>> {
    let flag = |key: &str| attributes.flag(key);
    let needs = |key: &str| -> Result<bool, Box<Reply>> {
        flag(key).map_or_else(|| refuse_as(460, format!("Missing required field: {key}")), Ok)
    };
    match data {
        "expire_action" => {
            let (auto_renew, let_expire) = (flag("auto_renew"), flag("let_expire"));
            if auto_renew.is_none() && let_expire.is_none() {
                return refuse_as(460, "Missing required field: auto_renew");
            }
            if auto_renew == Some(true) && let_expire == Some(true) {
                return refuse_as(465, "Invalid data, error=auto_renew and let_expire");
            }
            domain.auto_renew = auto_renew.unwrap_or(false);
            domain.let_expire = let_expire.unwrap_or(false);
        }
        "status" => domain.is_locked = needs("lock_state")?,
        "whois_privacy_state" => domain.is_private = needs("state")?,
        "parkpage_state" => domain.is_parked = needs("state")?,
        "domain_auth_info" => {
            let Some(code) = attributes.text("domain_auth_info") else {
                return refuse_as(460, "Missing required field: domain_auth_info");
            };
            if !(6..=32).contains(&code.chars().count()) {
                return refuse_as(465, "Invalid data, error=domain_auth_info");
            }
            domain.auth_info = code.to_owned();
        }
        "rsp_whois_info" => {}
        "nexus_info" | "ced_info" | "trademark" | "uk_whois_opt" | "change_ips_tag" | "forwarding_email" => {
            return refuse_as(480, format!("{data} capability is not enabled for {}", domain.name));
        }
        other => return refuse_as(465, format!("Unknown Modify type: {other}")),
    }
    Ok(())
}
