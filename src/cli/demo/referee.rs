//! The proof: what a registry's ledger says happened, held against what the jobs say happened.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::parts::{Effect, Part};
use crate::model::Job;
use crate::sandbox::EffectRecord;

/// What the referee found. Everything is in order if there is no finding.
#[derive(Debug, Default)]
pub struct Ruling {
    /// Effects that are in the ledger once for each job that says so.
    pub once: usize,
    /// What is wrong, one line each.
    pub findings: Vec<String>,
}

/// Holds a ledger against the jobs at this registry: what they say was done happened exactly as often, and nothing else
/// happened. Effects that carry a transaction id must be those of its job, and each job has one; a registry without such
/// ids is judged by what happened to what, on which account.
#[must_use]
pub fn rule(part: &Part, jobs: &[Told<'_>], transactions: &HashMap<String, Uuid>, effects: &[EffectRecord]) -> Ruling {
    let mut ruling = Ruling::default();
    let mut expected: BTreeMap<(&str, Effect), Vec<Uuid>> = BTreeMap::new();
    let mut by_job: HashMap<Uuid, (&str, Effect)> = HashMap::new();
    for Told { job, known_as } in jobs {
        if !job.state.is_final() {
            ruling.findings.push(format!("job {} has not ended: {}", job.id, job.state));
        }
        if let Some(effect) = (part.effect)(job) {
            by_job.insert(job.id.0, (*known_as, effect.clone()));
            expected.entry((*known_as, effect)).or_default().push(job.id.0);
        }
    }
    let mut happened: BTreeMap<(&str, Effect), usize> = BTreeMap::new();
    let mut claimed = HashSet::new();
    for record in effects.iter().filter(|effect| effect.registry == part.registry && (part.is_ordered)(effect)) {
        let key = (record.account.as_str(), Effect::new(&record.kind, &record.object));
        if let Some(transaction) = &record.ctid {
            let what = format!("{} on {}", record.kind, record.object);
            match transactions.get(transaction) {
                None => ruling.findings.push(format!("{what} carries no job's transaction id")),
                Some(job) if by_job.get(job) != Some(&key) => {
                    ruling.findings.push(format!("{what} happened for job {job}, which says otherwise"));
                }
                Some(job) if !claimed.insert(job) => {
                    ruling.findings.push(format!("{what} happened once more for job {job}"));
                }
                Some(_) => {}
            }
        }
        *happened.entry(key).or_default() += 1;
    }
    for (key, jobs) in &expected {
        let times = happened.remove(key).unwrap_or(0);
        if times == jobs.len() {
            ruling.once += times;
        } else {
            let jobs: Vec<String> = jobs.iter().map(Uuid::to_string).collect();
            let ((account, effect), jobs) = (key, jobs.join(", "));
            let what = format!("{} on {} by {account}", effect.kind, effect.object);
            ruling.findings.push(format!("{what} happened {times} times, and so it was for the jobs {jobs}"));
        }
    }
    for ((account, effect), times) in happened {
        let what = format!("{} on {} by {account}", effect.kind, effect.object);
        ruling.findings.push(format!("{what} happened {times} times, and no job says so"));
    }
    ruling
}

/// A job, and who its account is to the registry.
pub struct Told<'a> {
    /// The job as the store has it.
    pub job: &'a Job,
    /// The account's name in the ledger.
    pub known_as: &'a str,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::parts::PARTS;
    use super::*;
    use crate::model::{ObjectKey, ObjectKind, Operation, State};

    const TRANSACTION: &str = "rd-1-1";

    fn job(n: u128, operation: Operation, object: &str, state: State) -> Job {
        Job {
            operation,
            object: ObjectKey::new(ObjectKind::Domain, object),
            ..super::super::super::fake::job(n, state)
        }
    }

    fn effect(account: &str, kind: &str, object: &str, ctid: Option<&str>) -> EffectRecord {
        EffectRecord {
            seq: 0,
            time: Timestamp::UNIX_EPOCH,
            registry: PARTS[0].registry.into(),
            account: account.into(),
            kind: kind.into(),
            object: object.into(),
            ctid: ctid.map(str::to_owned),
            request: 1,
            detail: None,
        }
    }

    fn ruled(jobs: &[Job], effects: &[EffectRecord]) -> (usize, Vec<String>) {
        let told: Vec<_> = jobs.iter().map(|job| Told { job, known_as: "us" }).collect();
        let transactions = jobs.iter().take(1).map(|job| (TRANSACTION.to_owned(), job.id.0)).collect();
        let ruling = rule(&PARTS[0], &told, &transactions, effects);
        (ruling.once, ruling.findings)
    }

    #[test]
    fn what_jobs_say_has_to_stand_in_the_ledger_once_and_nothing_else() {
        let jobs = [
            job(1, Operation::DomainCreate, "example.de", State::Succeeded),
            job(2, Operation::DomainDelete, "example.de", State::Failed),
            job(3, Operation::DomainInfo, "example.de", State::Succeeded),
        ];
        let created = |ctid| effect("us", "domain.create", "EXAMPLE.de", ctid);
        for good in [created(None), created(Some(TRANSACTION))] {
            let queue = effect("us", "queue.delete", "7", Some("another's"));
            assert_eq!(ruled(&jobs, &[good, queue]), (1, vec![]));
        }
        let deleted = effect("us", "domain.delete", "example.de", None);
        for (wrong, part) in [
            (vec![], "happened 0 times"),
            (vec![created(None), created(None)], "happened 2 times"),
            (vec![created(Some(TRANSACTION)), created(Some(TRANSACTION))], "once more"),
            (vec![created(None), deleted], "no job says so"),
            (vec![created(Some("rd-9-9"))], "no job's transaction id"),
            (vec![effect("us", "domain.update", "example.de", Some(TRANSACTION))], "says otherwise"),
            (vec![effect("them", "domain.create", "example.de", None)], "by them happened 1 times"),
        ] {
            let (_, findings) = ruled(&jobs, &wrong);
            assert!(findings.iter().any(|finding| finding.contains(part)), "{part}: {findings:?}");
        }
        let open = [job(1, Operation::DomainCreate, "example.de", State::InDoubt)];
        assert!(ruled(&open, &[]).1[0].contains("has not ended"));
    }
}
