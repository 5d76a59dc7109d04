//! What the registries did, and for which job.

use std::collections::BTreeMap;

use jiff::Timestamp;
use registrard::sandbox::EffectRecord;
use uuid::Uuid;

use super::{AttemptRow, Evidence};
use crate::plan::Effect;
use crate::registries::{self, Deed, View};

/// An effect, and whose it is.
pub struct Seen<'a> {
    pub effect: &'a EffectRecord,
    pub kind: String,
    pub object: String,
    pub job: Option<Uuid>,
}

/// What the registries did, and for whom.
pub struct Deeds<'a> {
    pub of_jobs: Vec<Seen<'a>>,
    pub removals: Vec<&'a EffectRecord>,
    pub left: Vec<(&'a EffectRecord, Option<Uuid>)>,
}

impl<'a> Deeds<'a> {
    pub fn of(evidence: &Evidence<'a>) -> Self {
        let view = View::new(evidence.ledger, evidence.objects);
        let at_work = AtWork::of(evidence);
        let mut deeds = Self { of_jobs: Vec::new(), removals: Vec::new(), left: Vec::new() };
        for effect in &evidence.ledger.effects {
            match registries::of(&effect.registry).deed(effect, &view) {
                Deed::Removal => deeds.removals.push(effect),
                Deed::Left { job } => deeds.left.push((effect, job)),
                Deed::Of { kind, object, job } => {
                    let job = job.or_else(|| at_work.on(&effect.account, &kind, &object, effect.time));
                    deeds.of_jobs.push(Seen { effect, kind, object, job });
                }
            }
        }
        deeds
    }
}

/// Which job was at work when: for registries that do not say for whom they did something.
pub struct AtWork<'a> {
    /// By account, kind and object of the effect that is wanted.
    attempts: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a AttemptRow>>,
}

impl<'a> AtWork<'a> {
    pub fn of(evidence: &Evidence<'a>) -> Self {
        let mut attempts: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for attempt in &evidence.books.attempts {
            let Some(order) = evidence.plan.orders.get(&attempt.job) else { continue };
            for Effect { kind, object } in order.fate.effects() {
                attempts.entry((&*order.account, *kind, &**object)).or_default().push(attempt);
            }
        }
        Self { attempts }
    }

    /// The attempt at work when something happened, of the jobs that were to bring it about. The instant an attempt began is
    /// that of its claim, which may then have waited for the database, and so for the end of the attempt before it on the same
    /// object: of two at a time it was the first. Where none was at work any more, the one that began last.
    pub fn attempt(&self, account: &str, kind: &str, object: &str, at: Timestamp) -> Option<&'a AttemptRow> {
        let attempts = self.attempts.get(&(account, kind, object))?.iter();
        let begun = || attempts.clone().filter(|attempt| attempt.started <= at).copied();
        let at_work = begun().filter(|attempt| attempt.ended.is_none_or(|end| end >= at));
        at_work.min_by_key(|attempt| attempt.started).or_else(|| begun().max_by_key(|attempt| attempt.started))
    }

    fn on(&self, account: &str, kind: &str, object: &str, at: Timestamp) -> Option<Uuid> {
        self.attempt(account, kind, object, at).map(|attempt| attempt.job)
    }
}
