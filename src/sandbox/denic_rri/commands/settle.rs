//! What becomes of a domain whose data were written: the name-server check runs within the request, the risk
//! assessment right after it.

use jiff::Timestamp;

use super::super::codes;
use super::super::lifecycle::{self, verification};
use super::super::notice::Notice;
use super::super::rules::assess::{self, Assessment};
use super::super::state::{Contact, Domain, Status};
use super::super::wire::Version;
use super::{Answer, Context, Refusal};
use crate::model::{Level, Message};

/// Puts a written domain in, or in the place of what it was: gives it its status and says what the answer tells of it.
///
/// A domain that is in the zone keeps its working name servers: others that fail the check are refused. One that is not
/// (new, `failed`, deleted) is written all the same, and is `failed` then.
pub(super) fn write(context: &mut Context<'_>, mut domain: Domain) -> Result<Answer, Refusal> {
    let ace = domain.name.ace.clone();
    let before = context.state.domains.get(&ace).map(|before| (before.status, before.deletion));
    let messages = settle(context, &mut domain, before.map(|(status, _)| status))?;
    domain.changed = context.now;
    let is_asked = domain.deletion.is_some() && before.is_none_or(|(_, deletion)| deletion != domain.deletion);
    context.state.put_domain(domain, context.now);
    if is_asked {
        verification::ask(context.state, &ace, context.now, context.clock);
    }
    Ok(Answer { messages, ..Answer::effect(ace) })
}

fn settle(context: &mut Context<'_>, domain: &mut Domain, before: Option<Status>) -> Result<Vec<Message>, Refusal> {
    let (now, clock) = (context.now, context.clock);
    let mut messages = Vec::new();
    if domain.dns.lacks_entry_point() {
        messages.push(codes::SEP_MISSING.message());
    }
    let check = domain.dns.check(&context.options.failing_label);
    let (error, warning) = check.map_or((None, None), |found| match found.level {
        Level::Error => (Some(found), None),
        _ => (None, Some(found)),
    });
    messages.extend(warning);
    if let Some(error) = error {
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
    domain.expire = None;
    let holders: Vec<&Contact> = domain.holders.iter().filter_map(|h| context.state.contacts.get(h)).collect();
    let assessment = assess::assess(&domain.name.unicode, &holders, now);
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

/// Deadlines that run already are not put off by another write.
fn apply(domain: &mut Domain, assessment: Assessment, before: Option<Status>) {
    let sooner = |new: Option<Timestamp>, old: Option<Timestamp>| new.map(|new| old.map_or(new, |old| old.min(new)));
    domain.dedelegation = sooner(assessment.dedelegation, domain.dedelegation);
    domain.deletion = sooner(assessment.deletion, domain.deletion);
    // Only what was not in the zone yet waits for its assessment.
    let is_in_zone = before == Some(Status::Connect) && assessment.status == Status::PendingCreate;
    domain.status = if is_in_zone { Status::Connect } else { assessment.status };
}
