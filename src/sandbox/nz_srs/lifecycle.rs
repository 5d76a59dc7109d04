//! The registry's own jobs, each at its own instant and in order: RenewDomains when a domain's paid time is over, ReleaseDomains 90
//! days after a cancellation.

use jiff::Timestamp;

use super::objects::{Audit, Bill, Domain, GRACE_DAYS, Message, REGISTRY_ID, Renewal};
use super::state::State;
use super::wire::tree::Element;
use super::{FRONT_END, commands, dates};

impl State {
    /// Lets everything happen that is due by now, and says how much that was.
    pub(super) fn sweep(&mut self, now: Timestamp) -> usize {
        let mut happened = 0;
        while let Some((due, name)) = self.calendar.first().filter(|(due, _)| *due <= now).cloned() {
            self.calendar.remove(&(due, name.clone()));
            // Otherwise the date in the calendar was an old one.
            let Some(domain) = self.domains.get(&name).filter(|domain| domain.due() == due).cloned() else { continue };
            if domain.is_cancelled {
                self.release_domain(domain, due);
            } else {
                self.renew(domain, due);
            }
            happened += 1;
        }
        happened
    }

    /// Renews a domain for its term. It is billed when the grace period of that is over.
    fn renew(&mut self, mut domain: Domain, at: Timestamp) {
        let until = dates::months_later(at, domain.term.max(1));
        let bill = self.next_bill();
        let billed = Bill {
            registrar: domain.registrar.clone(),
            kind: "Renew",
            domain: domain.name.clone(),
            reference: domain.reference.clone(),
            months: domain.term.max(1),
            at: dates::days_later(at, GRACE_DAYS),
            from: at,
            to: until,
        };
        self.bills.insert(bill, billed);
        domain.renewal = Some(Renewal { at, from: at, bill });
        domain.billed_until = until;
        domain.audit = job("RenewDomains", &domain.name, at);
        let result = commands::full(self, &domain);
        self.tell_as_registry(&domain.registrar, &domain.audit.action, "RenewDomains", at, "DomainUpdate", result);
        self.put(domain);
    }

    fn release_domain(&mut self, domain: Domain, at: Timestamp) {
        let audit = job("ReleaseDomains", &domain.name, at);
        let result = Element::new("Domain").with("DomainName", &domain.name).with("Status", "Available");
        let result = result.child(audit.element());
        self.release(&domain.name);
        self.tell_as_registry(&domain.registrar, &audit.action, "ReleaseDomains", at, "DomainUpdate", result);
    }

    /// Puts something into a registrar's queue that the registry did.
    pub(super) fn tell_as_registry(
        &mut self,
        recipient: &str,
        transaction: &str,
        audit_text: &str,
        at: Timestamp,
        action: &str,
        content: Element,
    ) {
        self.front_end += 1;
        let response = Element::new("Response")
            .with("Action", action)
            .with("FeId", FRONT_END)
            .with("FeSeq", self.front_end)
            .with("OrigRegistrarId", REGISTRY_ID)
            .with("RecipientRegistrarId", recipient)
            .with("TransId", transaction)
            .child(dates::front_end(at))
            .child(content);
        self.messages.push(Message {
            at,
            originator: REGISTRY_ID.into(),
            recipient: recipient.to_owned(),
            transaction: transaction.to_owned(),
            audit_text: audit_text.to_owned(),
            response,
            is_third_party: true,
            is_generated: true,
            was_queued: true,
            is_waiting: true,
        });
    }
}

/// What a job leaves behind: its name, its time and the domain are its id.
fn job(name: &str, domain: &str, at: Timestamp) -> Audit {
    Audit {
        registrar: REGISTRY_ID.into(),
        action: format!("{name}-{}-{domain}", dates::text(at)),
        from: at,
        text: name.into(),
    }
}
