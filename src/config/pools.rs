//! How accounts hang together: pools, and accounts a registry takes for one.

use std::collections::BTreeMap;

use super::check::may_be_named;
use super::{Config, Finding};

/// An account as its registry knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// Its name in the configuration.
    pub account: &'a str,
    /// The plug-in.
    pub registry: &'a str,
    /// Who the registry takes it for; upper and lower case are the same.
    pub identity: String,
}

/// Accounts that their registry takes for one: each would believe that it has the limits for itself.
#[must_use]
pub fn shared_logins(logins: &[Login<'_>]) -> Vec<Finding> {
    let mut known: BTreeMap<(&str, String), &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for Login { account, registry, identity } in logins {
        match known.get(&(*registry, identity.to_lowercase())) {
            None => drop(known.insert((registry, identity.to_lowercase()), account)),
            Some(other) => findings.push(Finding::error(
                format!("accounts.{}", account.escape_default()),
                format!("has the same login at {registry} as account `{other}` ({})", identity.escape_default()),
                "remove one of them: the registry counts them as one, and together they would exceed its limits",
            )),
        }
    }
    findings
}

impl Config {
    /// The pool an account belongs to.
    #[must_use]
    pub fn pool_of(&self, account: &str) -> Option<&str> {
        let belongs = |accounts: &[String]| accounts.iter().any(|member| member == account);
        self.pools.iter().find(|(_, pool)| belongs(&pool.accounts)).map(|(name, _)| name.as_str())
    }

    /// The rules for pools.
    pub(super) fn check_pools(&self, findings: &mut Vec<Finding>) {
        let mut pool_of: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, pool) in &self.pools {
            let place = format!("pools.{}", name.escape_default());
            let members = format!("{place}.accounts");
            if !may_be_named(name) {
                findings.push(Finding::error(
                    place.clone(),
                    "a pool's name ends the routing key of its jobs' events and must not change their shape",
                    "use up to 64 letters, digits, - and _",
                ));
            }
            if self.accounts.contains_key(name) {
                findings.push(Finding::error(
                    place,
                    "an account has the same name",
                    "choose another name for the pool",
                ));
            }
            if pool.accounts.is_empty() {
                findings.push(Finding::error(members.clone(), "is empty", "list the accounts of the pool"));
            }
            let mut registry: Option<(&str, &str)> = None;
            for member in &pool.accounts {
                let shown = member.escape_default();
                let Some(account) = self.accounts.get(member) else {
                    let what = format!("there is no account `{shown}`");
                    findings.push(Finding::error(members.clone(), what, "correct it, or add the account"));
                    continue;
                };
                if let Some(other) = pool_of.insert(member, name) {
                    let what = match other == name {
                        true => format!("names account `{shown}` twice"),
                        false => format!("account `{shown}` is in pool `{}`, too", other.escape_default()),
                    };
                    findings.push(Finding::error(members.clone(), what, "leave each account in one pool, once"));
                }
                match registry {
                    None => registry = Some((member, &account.registry)),
                    Some((first, of_first)) if of_first != account.registry => findings.push(Finding::error(
                        members.clone(),
                        format!(
                            "account `{shown}` is at {}, and `{}` at {}",
                            account.registry.escape_default(),
                            first.escape_default(),
                            of_first.escape_default()
                        ),
                        "make a pool for each registry",
                    )),
                    Some(_) => {}
                }
            }
        }
    }

    /// When a batch is stopped by itself.
    pub(super) fn check_brake(&self, findings: &mut Vec<Finding>) {
        let brake = &self.brake;
        if !(0.0..=1.0).contains(&brake.destructive_share) {
            findings.push(Finding::error(
                "brake.destructive_share",
                format!("{} is no share", brake.destructive_share),
                "choose 0.0 to 1.0; 1.0 stops no batch",
            ));
        }
        for (place, value) in
            [("brake.alike", u64::from(brake.alike)), ("brake.destructive_from", brake.destructive_from)]
        {
            if value > 1_000_000 {
                let what = format!("{value} is outside of what makes sense");
                findings.push(Finding::error(place, what, "choose 0 to 1000000"));
            }
        }
    }
}
