//! Verification: what is asked of whom, by when, and what comes of it.

use std::time::Duration;

use jiff::Timestamp;

use super::super::super::clock::{Clock, later};
use super::super::notice::Notice;
use super::super::rules::assess::{self, Assessment};
use super::super::rules::verification;
use super::super::state::{Contact, Domain, State, Status};
use super::super::{DenicOptions, Environment, span};
use super::Fate;

/// Shortest time an assessment takes, if it takes any.
const SHORTEST_ASSESSMENT: Duration = Duration::from_millis(1);

/// Nobody verified the holders: the contract ends without a grace period, in the purge phase after the deadline.
pub(super) const DELETION: Fate = Fate {
    date: |domain, _| domain.purge.filter(|_| is_watched(domain)),
    happen: |state, ace, now, clock| {
        let reason = Some("no verification information provided".to_owned());
        state.tell_of(ace, Notice { reason, ..Notice::new("domainDelete") }, now, clock);
        state.remove_domain(ace, now);
    },
};

/// Nobody verified the holders in time: the domain leaves the zone.
pub(super) const DEDELEGATION: Fate = Fate {
    date: |domain, _| domain.dedelegation.filter(|_| domain.status == Status::Connect),
    happen: |state, ace, now, clock| {
        if let Some(domain) = state.domains.get_mut(ace) {
            domain.status = Status::ServerHold;
            domain.dedelegation = None;
            domain.changed = now;
        }
        tell_status(state, ace, now, clock);
    },
};

/// The assessment of a pending domain comes to its end.
pub(super) const OUTCOME: Fate = Fate {
    date: |domain, _| domain.assessed.filter(|_| domain.status == Status::PendingCreate),
    happen: |state, ace, now, clock| {
        let Some(domain) = state.domains.get(ace) else { return };
        let assessment = assess::outcome(&domain.name.unicode, &holders(state, domain), now);
        decide(state, ace, assessment, now, clock);
    },
};

/// Whether the deadlines of verification matter to a domain.
fn is_watched(domain: &Domain) -> bool {
    matches!(domain.status, Status::Connect | Status::ServerHold | Status::PendingCreate)
}

/// Sets the date on which a pending domain will have been assessed, if the assessment takes a time.
pub(super) fn expect_outcome(domain: &mut Domain, options: &DenicOptions) {
    domain.assessed = match (domain.status, options.assessment) {
        // What is due at once would be over before it is entered.
        (Status::PendingCreate, Some(time)) => {
            domain.assessed.or(Some(later(domain.changed, span(time.max(SHORTEST_ASSESSMENT)))))
        }
        _ => None,
    };
}

/// Lets a domain become what its assessment came to, and tells it. Deadlines that run already go on.
fn decide(state: &mut State, ace: &str, assessment: Assessment, now: Timestamp, clock: &Clock) {
    let Some(domain) = state.domains.get_mut(ace) else { return };
    let before = (domain.status, domain.dedelegation, domain.deletion);
    domain.status = assessment.status;
    domain.dedelegation = assessment.dedelegation.map(|date| before.1.unwrap_or(date));
    domain.deletion = assessment.deletion.map(|date| before.2.unwrap_or(date));
    let is_new = before != (domain.status, domain.dedelegation, domain.deletion);
    if is_new {
        domain.changed = now;
    }
    state.schedule(ace);
    // The test environment's mock-up says more than it need.
    if is_new || state.options.environment == Environment::Test {
        tell_status(state, ace, now, clock);
    }
    if is_new {
        ask(state, ace, now, clock);
    }
}

/// What a change of a contact does to the domains it holds.
pub(in super::super) fn contact_changed(state: &mut State, handle: &str, now: Timestamp, clock: &Clock) {
    let aces: Vec<String> = state
        .domains_of(handle)
        .filter(|domain| is_watched(domain) && domain.holders.iter().any(|holder| holder == handle))
        .map(|domain| domain.name.ace.clone())
        .collect();
    for ace in aces {
        let (Some(domain), Some(contact)) = (state.domains.get(&ace), state.contacts.get(handle)) else { continue };
        if let Some(assessment) = assess::after_contact_update(contact, &holders(state, domain), now) {
            decide(state, &ace, assessment, now, clock);
        }
    }
}

/// Asks for the verification of every holder a domain waits for. Each time one more domain waits, so that the number of
/// domains and the earliest deadlines told are the present ones.
pub(in super::super) fn ask(state: &mut State, ace: &str, now: Timestamp, clock: &Clock) {
    let Some(domain) = state.domains.get(ace).filter(|domain| is_watched(domain) && domain.deletion.is_some()) else {
        return;
    };
    let asked: Vec<_> = holders(state, domain).into_iter().filter_map(|holder| question(state, holder)).collect();
    for (account, notice) in asked {
        state.tell(&account, notice, now, clock);
    }
}

/// What a contact has to prove and by when, and the account to be told; none if it has proved everything.
fn question(state: &State, contact: &Contact) -> Option<(String, Notice)> {
    let claims = verification::missing(&contact.verification);
    if claims.is_empty() {
        return None;
    }
    let held = || state.domains_of(&contact.handle).filter(|domain| is_watched(domain));
    let first = |date: fn(&Domain) -> Option<Timestamp>| {
        held().filter_map(|domain| Some((date(domain)?, domain.name.ace.clone()))).min()
    };
    let (dedelegation, deletion) = (first(|domain| domain.dedelegation), first(|domain| domain.deletion));
    let (domain, deletion_domain) =
        (dedelegation.as_ref().map(|d| d.1.clone()), deletion.as_ref().map(|d| d.1.clone()));
    let notice = Notice {
        handles: vec![contact.handle.clone()],
        claims: claims.into_iter().map(str::to_owned).collect(),
        domains_total: u64::try_from(state.domains_of(&contact.handle).count()).ok(),
        dedelegation: dedelegation.map(|(date, _)| date),
        deletion: deletion.map(|(date, _)| date),
        domain,
        deletion_domain,
        ..Notice::new("contactVerificationRequired")
    };
    Some((contact.account.clone(), notice))
}

fn tell_status(state: &mut State, ace: &str, now: Timestamp, clock: &Clock) {
    if let Some(notice) = state.domains.get(ace).map(Notice::status_update) {
        state.tell_of(ace, notice, now, clock);
    }
}

fn holders<'a>(state: &'a State, domain: &Domain) -> Vec<&'a Contact> {
    domain.holders.iter().filter_map(|handle| state.contacts.get(handle)).collect()
}
