//! What becomes of a domain whose data were written: the name-server check runs within the request, the risk
//! assessment right after it.

use jiff::Timestamp;

use super::super::codes;
use super::super::lifecycle;
use super::super::notice::Notice;
use super::super::rules::assess::{self, Assessment};
use super::super::state::{Contact, Domain, State, Status};
use super::super::wire::Version;
use super::{Context, Refusal};
use crate::model::Message;

/// Gives a domain its status, and says what the answer tells of it. `before` is the status it had, none if it is new.
///
/// A domain that is in the zone keeps its working name servers: others that fail the check are refused. One that is not
/// (new, `failed`, deleted) is written all the same, and is `failed` then.
pub(super) fn settle(
    context: &mut Context<'_>,
    domain: &mut Domain,
    before: Option<Status>,
) -> Result<Vec<Message>, Refusal> {
    let (now, clock) = (context.now, context.clock);
    let mut messages = Vec::new();
    if domain.dns.lacks_entry_point() {
        messages.push(codes::SEP_MISSING.message());
    }
    if domain.dns.fails_check(&context.options.failing_label) {
        let error = codes::NAMESERVER_ERROR.with(["ERROR: 901 Unexpected RCODE (1)"]);
        if before == Some(Status::Connect) {
            return Err(Refusal(vec![error, codes::DNS_REFUSED.message()]));
        }
        let expire = domain.expire.unwrap_or_else(|| lifecycle::expiry(context.options.environment, now));
        domain.status = Status::Failed;
        domain.expire = Some(expire);
        (domain.dedelegation, domain.deletion) = (None, None);
        messages.push(error);
        messages.push(codes::DNS_NOT_ACCEPTABLE.with([clock.wire(expire)]));
        return Ok(messages);
    }
    (domain.expire, domain.is_warned) = (None, false);
    let assessment = assess::assess(&domain.name.unicode, &holders(context.state, domain), now);
    apply(domain, assessment, before);
    if assessment.is_told {
        context.state.tell(context.account, Notice::status_update(domain), now, clock);
    }
    // Protocols before 5.0 do not know these statuses.
    if context.request.version >= Version::V5 {
        messages.push(match domain.status {
            Status::PendingCreate => codes::STATUS_PENDING.message(),
            Status::ServerHold => codes::STATUS_HOLD.message(),
            _ => codes::STATUS_CONNECT.message(),
        });
        messages.extend(domain.dedelegation.map(|date| codes::DEDELEGATION_DEADLINE.with([clock.wire(date)])));
        messages.extend(domain.deletion.map(|date| codes::DELETION_DEADLINE.with([clock.wire(date)])));
    }
    Ok(messages)
}

/// Assesses every domain of a holder anew, after the holder's data were changed.
pub(super) fn reassess(context: &mut Context<'_>, handle: &str) {
    let (now, clock) = (context.now, context.clock);
    let assessed = |status| matches!(status, Status::Connect | Status::PendingCreate | Status::ServerHold);
    let domains: Vec<Domain> = context
        .state
        .domains_of(handle)
        .filter(|domain| assessed(domain.status) && domain.holders.iter().any(|holder| holder == handle))
        .cloned()
        .collect();
    let mut required: Vec<Domain> = Vec::new();
    for mut domain in domains {
        let holders = holders(context.state, &domain);
        let Some(assessment) = assess::by_holders(&holders, now) else { continue };
        let before = domain.status;
        apply(&mut domain, assessment, Some(before));
        domain.changed = now;
        if assessment.is_told {
            context.state.tell(&domain.account, Notice::status_update(&domain), now, clock);
        }
        if domain.deletion.is_some() {
            required.push(domain.clone());
        }
        context.state.put_domain(domain, now);
    }
    if let Some(notice) = verification_required(handle, &required) {
        context.state.tell(context.account, notice, now, clock);
    }
}

/// Deadlines that run already are not put off by another write.
fn apply(domain: &mut Domain, assessment: Assessment, before: Option<Status>) {
    let sooner = |new: Option<Timestamp>, old: Option<Timestamp>| new.map(|new| old.map_or(new, |old| old.min(new)));
    domain.dedelegation = sooner(assessment.dedelegation, domain.dedelegation);
    domain.deletion = sooner(assessment.deletion, domain.deletion);
    // Only what was not in the zone yet waits for its assessment.
    let is_in_zone = before == Some(Status::Connect) && assessment.status == Status::PendingCreate;
    domain.status = if is_in_zone { Status::Connect } else { assessment.status };
}

fn holders<'a>(state: &'a State, domain: &Domain) -> Vec<&'a Contact> {
    domain.holders.iter().filter_map(|handle| state.contacts.get(handle)).collect()
}

fn verification_required(handle: &str, domains: &[Domain]) -> Option<Notice> {
    let first = domains.iter().min_by_key(|domain| domain.deletion)?;
    Some(Notice {
        domain: Some(first.name.ace.clone()),
        handles: vec![handle.to_owned()],
        claims: ["address", "name"].map(str::to_owned).to_vec(),
        domains_total: u64::try_from(domains.len()).ok(),
        dedelegation: first.dedelegation,
        deletion: first.deletion,
        ..Notice::new("contactVerificationRequired")
    })
}
