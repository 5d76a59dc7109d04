//! What the registry knows. Guarded by one mutex that is never held across an await.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::super::limits::Throttle;
use super::RrpOptions;
use super::objects::{Domain, Fee, Host};
use super::rules;
use crate::model::Secret;

/// A registrar with everything counted for it.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: String,
    pub(super) password: Secret,
    /// In cents.
    pub(super) balance: i64,
    pub(super) throttle: Throttle,
    /// Numbers of its sessions.
    pub(super) sessions: BTreeSet<u64>,
}

/// The whole registry.
#[derive(Debug)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) domains: BTreeMap<String, Domain>,
    pub(super) hosts: BTreeMap<String, Host>,
    /// When something is due for which domain; may hold dates that no longer matter.
    pub(super) calendar: BTreeSet<(Timestamp, String)>,
    /// Names whose first write was treated as they ask for.
    pub(super) met: BTreeSet<String>,
    pub(super) options: RrpOptions,
}

impl State {
    /// A registry with registrars and nothing else.
    pub(super) fn new(options: &RrpOptions, seed: u64) -> Self {
        let accounts = (0..options.accounts).map(|n| account(n, options, seed)).map(|a| (a.id.clone(), a));
        Self {
            accounts: accounts.collect(),
            domains: BTreeMap::new(),
            hosts: BTreeMap::new(),
            calendar: BTreeSet::new(),
            met: BTreeSet::new(),
            options: options.clone(),
        }
    }

    /// Puts a domain in as it is now, and notes when something happens to it next.
    pub(super) fn put(&mut self, domain: Domain) {
        self.calendar.insert((domain.due(), domain.name.clone()));
        self.domains.insert(domain.name.clone(), domain);
    }

    /// Takes a host into service for a domain.
    pub(super) fn link(&mut self, host: &str, domain: &str) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.serves.insert(domain.to_owned());
        }
    }

    /// And out of it. A domain that waits for that to be deleted is looked at again.
    pub(super) fn unlink(&mut self, host: &str, domain: &str) {
        let Some(host) = self.hosts.get_mut(host) else { return };
        host.serves.remove(domain);
        let parent = self.domains.get(&rules::parent(&host.name)).filter(|parent| parent.is_notified());
        if let Some(parent) = parent {
            self.calendar.insert((parent.expires, parent.name.clone()));
        }
    }

    /// Whether a host below the domain serves another one.
    pub(super) fn serves_others(&self, domain: &Domain) -> bool {
        let hosts = domain.children.iter().filter_map(|host| self.hosts.get(host));
        hosts.flat_map(|host| &host.serves).any(|served| *served != domain.name)
    }

    /// Removes the hosts below a domain, and the domain from the hosts that serve it.
    pub(super) fn detach(&mut self, domain: &mut Domain) {
        for server in std::mem::take(&mut domain.servers) {
            self.unlink(&server, &domain.name);
        }
        for host in std::mem::take(&mut domain.children) {
            self.hosts.remove(&host);
        }
    }

    /// Whether an account can spend so much.
    pub(super) fn affords(&self, account: &str, cents: i64) -> bool {
        self.accounts.get(account).is_some_and(|account| account.balance >= cents)
    }

    /// Spends; a negative sum is given back.
    pub(super) fn spend(&mut self, account: &str, cents: i64) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.balance = account.balance.saturating_sub(cents);
        }
    }

    /// Pays back what was paid a short while ago for a domain that is deleted now.
    pub(super) fn pay_back(&mut self, domain: &mut Domain, now: Timestamp) -> i64 {
        let is_young = |fee: &Fee| now < fee.until;
        let cents: i64 = domain.fees.iter().filter(|fee| is_young(fee)).map(|fee| fee.cents).sum();
        domain.fees.clear();
        self.spend(&domain.registrar, -cents);
        cents
    }
}

/// `registrarA`, …, `registrarZ`, `registrarAA` and so on.
fn id(n: usize) -> String {
    let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or_default());
    match n.checked_sub(26) {
        None => format!("registrar{}", letter(n)),
        Some(rest) => format!("registrar{}{}", letter(rest / 26), letter(rest)),
    }
}

fn account(n: usize, options: &RrpOptions, seed: u64) -> Account {
    let id = id(n);
    let digest = Sha256::digest(format!("{seed} {id}"));
    let password: String = data_encoding::BASE64URL_NOPAD.encode(&digest).chars().take(16).collect();
    Account {
        id,
        password: Secret::new(password),
        balance: options.balance,
        throttle: Throttle::new(SignedDuration::from_secs(60), SignedDuration::ZERO),
        sessions: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_registrars_have_names_and_passwords_of_their_own() {
        let options = RrpOptions { accounts: 100, ..RrpOptions::default() };
        let state = State::new(&options, 1);
        assert_eq!(state.accounts.len(), 100);
        let passwords: BTreeSet<_> = state.accounts.values().map(|a| a.password.expose().to_owned()).collect();
        assert_eq!((passwords.len(), passwords.iter().all(|p| p.len() == 16)), (100, true));
        assert!(
            ["registrarA", "registrarZ", "registrarAA", "registrarCV"]
                .iter()
                .all(|id| state.accounts.contains_key(*id))
        );
    }
}
