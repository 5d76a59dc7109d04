//! ADVANCED_UPDATE_NAMESERVERS.

use super::super::reply::{Outcome, Reply, refuse_as};
use super::super::state::State;
use super::{Context, fields};

/// Most name servers of a domain.
const MOST: usize = 13;

/// Whether a registry knows all these name servers. One below a domain that is registered here has to be made first; of others
/// only those with the failing label are unknown.
pub(super) fn known(state: &State, hosts: &[String]) -> Result<(), Box<Reply>> {
    let failing = state.options.failing_label.as_str();
    let is_unknown = |host: &&String| {
        let is_below = |name: &str| state.domains.contains_key(name);
        let parents = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        let is_ours = parents.into_iter().any(is_below);
        host.split('.').any(|label| label == failing) || (is_ours && !state.hosts.contains_key(*host))
    };
    match hosts.iter().find(is_unknown) {
        None => Ok(()),
        Some(host) => refuse_as(
            435,
            format!(
                "Request failed validation: Name server '{host}' is not found at the registry. Please double check the \
                 nameserver and re-submit."
            ),
        ),
    }
}

pub(super) fn run(context: &mut Context<'_>) -> Outcome {
    if context.request.cookie.is_some() && context.attributes().text("domain").is_some() {
        return refuse_as(465, "Invalid data, error=cookie and domain");
    }
    let mut domain = context.writable()?;
    let names =
        |key: &str| -> Vec<String> { context.attributes().texts(key).iter().map(|text| super::name(text)).collect() };
    let (assigned, added, removed) = (names("assign_ns"), names("add_ns"), names("remove_ns"));
    if [&assigned, &added, &removed].into_iter().flatten().any(|host| !fields::is_host(host)) {
        return refuse_as(465, "Invalid data, error=nameserver syntax");
    }
    let wanted = match context.required("op_type")?.as_str() {
        "assign" if !assigned.is_empty() => assigned,
        "add_remove" if !added.is_empty() || !removed.is_empty() => {
            if let Some(there) = added.iter().find(|host| domain.nameservers.contains(host)) {
                return refuse_as(485, format!("Nameserver {there} already mapped to domain"));
            }
            if let Some(missing) = removed.iter().find(|host| !domain.nameservers.contains(host)) {
                return refuse_as(480, format!("Nameserver {missing} not mapped to domain"));
            }
            let kept = domain.nameservers.iter().filter(|host| !removed.contains(host)).cloned();
            kept.chain(added).collect()
        }
        "assign" | "add_remove" => return refuse_as(460, "Missing required field: assign_ns, add_ns or remove_ns"),
        _ => return refuse_as(465, "Invalid data, error=op_type"),
    };
    let has_twice = wanted.iter().enumerate().any(|(at, host)| wanted.iter().take(at).any(|other| other == host));
    if has_twice || wanted.len() > MOST {
        return refuse_as(465, "Invalid data, error=duplicate nameserver");
    }
    known(context.state, &wanted)?;
    domain.nameservers = wanted;
    let name = domain.name.clone();
    let reply = context.change(domain, "Nameserver Update Successful.")?;
    if reply.code == Some(200) {
        context.state.tell_of_domain(&name, context.now, "NAMESERVER_UPDATE", super::Node::none());
    }
    Ok(reply)
}
