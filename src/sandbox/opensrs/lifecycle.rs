//! What happens by itself, in its order and each at its own instant: expiry, grace, redemption, the registrant's deadline,
//! transfers, orders and changes that wait.

use jiff::Timestamp;

use super::commands::{arrive, extend, finish};
use super::dates;
use super::objects::{Domain, GRACE_DAYS, Kind, REDEMPTION_DAYS, Stage, Status};
use super::state::{State, Subject};
use super::wire::tree::Node;

impl State {
    /// Lets everything happen that is due by now, and says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp) -> usize {
        let mut happened = 0;
        while let Some((due, subject)) = self.calendar.first().filter(|(due, _)| *due <= now).cloned() {
            self.calendar.remove(&(due, subject.clone()));
            let did = match subject {
                Subject::Domain(name) => self.step_domain(&name, due),
                Subject::Order(id) => self.step_order(id, due),
                Subject::Transfer(id) => self.step_transfer(id, due),
                Subject::Later(id) => self.step_later(id, due),
            };
            happened += usize::from(did);
        }
        happened
    }

    /// One step in a domain's life; false if the date in the calendar was an old one.
    fn step_domain(&mut self, name: &str, at: Timestamp) -> bool {
        let Some(domain) = self.domains.get(name).filter(|domain| domain.due().is_some_and(|due| due <= at)).cloned()
        else {
            return false;
        };
        if domain.leaves.is_some_and(|leaves| leaves <= at) {
            self.tell_of_domain(name, at, "DELETED", Node::none());
            self.domains.remove(name);
            self.elsewhere.insert(name.to_owned());
            self.left.push((name.to_owned(), domain.account, at));
            return true;
        }
        let is_late = |domain: &Domain| {
            let proof = domain.verification.as_ref().filter(|proof| proof.status == "verifying");
            proof.is_some_and(|proof| proof.deadline <= at)
        };
        if is_late(&domain) {
            let mut domain = domain;
            if let Some(proof) = &mut domain.verification {
                proof.status = "suspended";
            }
            self.put(domain);
            super::commands::tell_verification(self, name, at);
            return true;
        }
        self.age(domain, at);
        true
    }

    /// Expiry, the end of the grace period, the end of the redemption period.
    fn age(&mut self, mut domain: Domain, at: Timestamp) {
        let name = domain.name.clone();
        let is_renewed = domain.stage == Stage::Active && domain.auto_renew && self.renews(&mut domain, at);
        match domain.stage {
            Stage::Active if is_renewed => {
                self.put(domain);
                self.tell_of_domain(&name, at, "RENEWED", Node::none());
            }
            Stage::Active => {
                domain.stage = Stage::Grace;
                self.put(domain);
                self.tell_of_domain(&name, at, "EXPIRED", Node::none());
            }
            Stage::Grace => {
                (domain.stage, domain.deleted) =
                    (Stage::Redemption, Some(dates::days_later(domain.expires, GRACE_DAYS)));
                self.put(domain);
                self.tell_of_domain(&name, at, "DELETED", Node::none());
            }
            Stage::Redemption => {
                self.domains.remove(&name);
                self.hosts.retain(|host, _| !host.ends_with(&format!(".{name}")));
            }
        }
    }

    /// Renews by itself what is meant to be, if there is money for it.
    fn renews(&mut self, domain: &mut Domain, at: Timestamp) -> bool {
        let cost = super::commands::price(&domain.name);
        if !self.affords(&domain.account, cost) {
            return false;
        }
        self.spend(&domain.account, cost);
        domain.renewed_from.insert(dates::year(domain.expires));
        domain.expires = dates::years_later(domain.expires, 1);
        domain.updated = at;
        true
    }

    /// An order's waiting ends.
    fn step_order(&mut self, id: u64, at: Timestamp) -> bool {
        let is_due = |order: &&super::objects::Order| {
            order.status == Status::Waiting && order.ends.is_some_and(|(ends, _)| ends <= at)
        };
        let Some(order) = self.orders.get(&id).filter(is_due).cloned() else { return false };
        self.hold_back(&order.account, -order.cost);
        if order.ends.is_some_and(|(_, is_well)| is_well) {
            self.spend(&order.account, order.cost);
            match order.kind {
                Kind::Renewal => extend(self, &order, at),
                Kind::New | Kind::Premium | Kind::Transfer => finish(self, id, at),
            }
        } else {
            self.set_order(id, Status::Declined, at);
        }
        true
    }

    /// The owner agrees, or the losing registrar's time is over.
    fn step_transfer(&mut self, id: u64, at: Timestamp) -> bool {
        let Some(transfer) = self.transfers.get(&id).filter(|transfer| transfer.due().is_some_and(|due| due <= at))
        else {
            return false;
        };
        match transfer.status {
            "pending_owner" => self.set_transfer(id, "pending_registry", at),
            _ => arrive(self, id, at),
        }
        true
    }

    /// An asynchronous registry has changed a domain.
    fn step_later(&mut self, id: u64, at: Timestamp) -> bool {
        let Some(later) = self.later.get_mut(&id).filter(|later| !later.is_done) else { return false };
        later.is_done = true;
        let mut domain = (*later.domain).clone();
        let Some(now) = self.domains.get(&domain.name).filter(|now| now.waiting == Some(id)) else { return false };
        // What happened meanwhile by itself has happened.
        (domain.stage, domain.expires, domain.deleted) = (now.stage, now.expires, now.deleted);
        (domain.waiting, domain.updated) = (None, at);
        self.put(domain);
        true
    }
}

const _: () = assert!(GRACE_DAYS + REDEMPTION_DAYS == 70, "gone on the 70th day");
