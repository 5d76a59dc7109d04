//! How long it took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::deeds::AtWork;
use super::{AttemptRow, Evidence, Verdict};
use crate::registries::job_of;

/// How long faults went unsettled: those that befell a request of a job, and blows that left one in doubt.
pub fn measure(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let mut by_transaction: BTreeMap<&str, Vec<&AttemptRow>> = BTreeMap::new();
    for attempt in &evidence.books.attempts {
        by_transaction.entry(&attempt.transaction).or_default().push(attempt);
    }
    let is_doubt = |attempt: &AttemptRow| attempt.cause.as_deref().is_some_and(|cause| cause.starts_with("found_"));
    verdict.doubts = evidence.books.attempts.iter().filter(|attempt| is_doubt(attempt)).count();
    let mut since = |at: Timestamp, attempt: &AttemptRow| {
        let passed = |end: Timestamp| Duration::try_from(end.duration_since(at)).unwrap_or_default();
        verdict.settled.extend(attempt.ended.map(passed));
        let end = evidence.books.jobs.get(&attempt.job).and_then(|job| job.finished);
        verdict.finished.extend(end.map(passed));
    };
    let at_work = AtWork::of(evidence);
    let mut befallen = BTreeSet::new();
    for request in &evidence.ledger.requests {
        let Some(fault) = &request.fault else { continue };
        let marked = request.ctid.as_deref().filter(|ctid| job_of(ctid).is_some());
        let hit = match (marked, &request.account, &request.object) {
            // A repetition may go out under the same transaction id.
            (Some(ctid), ..) => {
                let attempts = by_transaction.get(ctid).into_iter().flatten();
                attempts.filter(|one| one.started <= request.arrived).max_by_key(|hit| hit.started).copied()
            }
            (None, Some(account), Some(object)) => at_work.attempt(account, &request.action, object, request.arrived),
            _ => None,
        };
        if let Some(hit) = hit {
            befallen.insert(hit.transaction.clone());
            since(request.arrived, hit);
        }
        let word = fault.split(['=', ':']).next().unwrap_or_default().to_owned();
        *verdict.faults.entry(word).or_default() += 1;
    }
    for hit in
        evidence.books.attempts.iter().filter(|attempt| is_doubt(attempt) && !befallen.contains(&attempt.transaction))
    {
        // The first blow while it was open; one that fell before goes on.
        let until = hit.ended.unwrap_or(hit.started);
        let blow = evidence.blows.iter().filter(|at| (hit.started..until).contains(*at)).min();
        since(blow.copied().unwrap_or(hit.started), hit);
    }
}
