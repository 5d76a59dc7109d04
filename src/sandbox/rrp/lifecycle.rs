//! What happens by itself, in its order and each at its own instant: expiry, the registry's decision about transfers, the end
//! of redemption and of pending delete.

use jiff::Timestamp;

use super::TransferDecision;
use super::dates;
use super::objects::{Domain, Fee, Stage};
use super::state::State;

/// Whoever `updated by` is if nobody else was it.
const REGISTRY: &str = "registry";

/// Most years a domain may be registered ahead.
pub(super) const MOST_YEARS: u8 = 10;

impl State {
    /// Lets everything happen that is due by now, and says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp) -> usize {
        let mut happened = 0;
        while let Some((due, name)) = self.calendar.first().filter(|(due, _)| *due <= now).cloned() {
            self.calendar.remove(&(due, name.clone()));
            let domain = self.domains.get(&name).filter(|domain| domain.due() <= due).cloned();
            if let Some(domain) = domain {
                self.step(domain, due);
                happened += 1;
            }
        }
        happened
    }

    fn step(&mut self, mut domain: Domain, at: Timestamp) {
        match domain.stage {
            Stage::PendingDelete { .. } => {
                self.domains.remove(&domain.name);
            }
            Stage::Redemption { .. } => match self.options.days.pending_delete {
                0 => {
                    self.domains.remove(&domain.name);
                }
                days => {
                    domain.stage = Stage::PendingDelete { until: dates::days_later(at, days) };
                    self.put(domain);
                }
            },
            Stage::Registered if domain.transfer.as_ref().is_some_and(|transfer| transfer.until <= at) => {
                let is_approved = self.options.decision == TransferDecision::Approve;
                self.decide(domain, is_approved, REGISTRY, at);
            }
            Stage::Registered if self.options.auto_renew => self.renew(domain, at),
            Stage::Registered => self.expire(domain, at),
        }
    }

    /// The registry renews what expires, whether there is money for it or not.
    fn renew(&mut self, mut domain: Domain, at: Timestamp) {
        domain.expires = dates::years_later(&self.options.zone, domain.expires, 1);
        domain.touch(REGISTRY, at);
        let until = dates::days_later(at, self.options.days.auto_renew_grace);
        domain.fees.retain(|fee| at < fee.until);
        domain.fees.push(Fee { kind: "auto_renew", until, cents: self.options.price });
        self.spend(&domain.registrar, self.options.price);
        self.put(domain);
    }

    /// The registry deletes what expires, unless others need it.
    fn expire(&mut self, mut domain: Domain, at: Timestamp) {
        if !self.serves_others(&domain) {
            self.delete(domain, at);
        } else if domain.statuses.insert("REGISTRY-DELETE-NOTIFY".into()) {
            domain.touch(REGISTRY, at);
            // Without a date: it is looked at again when its hosts are freed.
            self.domains.insert(domain.name.clone(), domain);
        }
    }

    /// A domain is deleted: paid back, and gone or kept for a while.
    pub(super) fn delete(&mut self, mut domain: Domain, at: Timestamp) -> i64 {
        let is_young = domain.fees.iter().any(|fee| fee.kind == "add" && at < fee.until);
        let cents = self.pay_back(&mut domain, at);
        self.detach(&mut domain);
        domain.transfer = None;
        match self.options.days.redemption {
            days if days > 0 && !is_young => {
                domain.stage = Stage::Redemption { until: dates::days_later(at, days) };
                domain.statuses.clear();
                self.put(domain);
            }
            _ => {
                self.domains.remove(&domain.name);
            }
        }
        cents
    }

    /// A transfer is decided; what a refused one has cost is paid back.
    pub(super) fn decide(&mut self, mut domain: Domain, is_approved: bool, by: &str, at: Timestamp) {
        let Some(transfer) = domain.transfer.take() else { return };
        let cents = self.options.price * i64::from(self.options.transfer_years);
        if !is_approved {
            self.spend(&transfer.by, -cents);
            self.put(domain);
            return;
        }
        let zone = &self.options.zone;
        let longest = dates::years_later(zone, at, MOST_YEARS);
        let longer = dates::years_later(zone, domain.expires, self.options.transfer_years);
        domain.expires = longer.min(longest.max(domain.expires));
        let until = dates::days_later(at, self.options.days.transfer_grace);
        domain.fees = vec![Fee { kind: "transfer", until, cents }];
        domain.registrar.clone_from(&transfer.by);
        domain.transferred = Some(at);
        domain.touch(by, at);
        for name in &domain.children {
            if let Some(host) = self.hosts.get_mut(name) {
                host.registrar.clone_from(&transfer.by);
                host.transferred = Some(at);
                host.touch(by, at);
            }
        }
        self.put(domain);
    }
}
