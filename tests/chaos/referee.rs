//! The referee: holds what was ordered against what is seen from outside, at the registry, in the store and at the broker. It
//! knows nothing of how the house works.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use registrard::sandbox::{EffectRecord, Ledger, RequestRecord};
use uuid::Uuid;

use crate::plain_amqp::Heard;
use crate::plan::{Effect, Order, Plan};

/// A job as the store has it in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRow {
    pub state: String,
    /// Cause and reason of its state, for people.
    pub why: String,
    pub finished: Option<Timestamp>,
}

/// An attempt as the store has it in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptRow {
    pub job: Uuid,
    pub transaction: String,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub cause: Option<String>,
}

/// A registry's message as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxRow {
    pub account: String,
    pub id: String,
    pub is_removed: bool,
}

/// What the store holds when all is over.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub jobs: BTreeMap<Uuid, JobRow>,
    pub attempts: Vec<AttemptRow>,
    pub inbox: Vec<InboxRow>,
    /// Events that were not sent.
    pub unsent: i64,
}

/// Everything the referee looks at.
pub struct Evidence<'a> {
    pub plan: &'a Plan,
    pub ledger: &'a Ledger,
    pub books: &'a Books,
    pub heard: &'a Heard,
    /// Messages left in the registry's queues.
    pub unread: u64,
    /// Messages in the queue of what was turned away.
    pub rejected: u64,
    /// Blows that may have hit what was on the wire.
    pub blows: &'a [Timestamp],
}

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// An order that was published and that nobody knows, or whose end is told to nobody.
    Lost,
    /// An effect that happened more than once, or the end of a job told as two different events.
    Duplicate,
    /// An effect nobody ordered.
    Unintended,
    /// What is told is not what happened, or not what had to become of it.
    False,
    /// Neither done nor given up when everything works again.
    Stuck,
    /// A registry's message that was stored, told or removed other than once.
    Message,
    /// A limit of the registry that was broken.
    Violation,
    /// An order that was turned away.
    Rejected,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Wrong {
    pub const ALL: [Self; 8] = [
        Self::Lost,
        Self::Duplicate,
        Self::Unintended,
        Self::False,
        Self::Stuck,
        Self::Message,
        Self::Violation,
        Self::Rejected,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Duplicate => "duplicate",
            Self::Unintended => "unintended",
            Self::False => "false",
            Self::Stuck => "stuck",
            Self::Message => "message",
            Self::Violation => "violations",
            Self::Rejected => "rejected",
        }
    }
}

/// What came of a run, and what it is made of.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub wrong: Vec<(Wrong, String)>,
    /// Changes at the registry that jobs ordered.
    pub effects: usize,
    /// Requests that a fault befell, by fault.
    pub faults: BTreeMap<String, usize>,
    /// Attempts whose outcome had to be asked for.
    pub doubts: usize,
    /// Registry's messages that became events.
    pub messages: usize,
    /// From each fault to the moment the fate of its request was known.
    pub settled: Vec<Duration>,
    /// From each fault to the end of its job.
    pub finished: Vec<Duration>,
}

impl Verdict {
    pub fn count(&self, what: Wrong) -> usize {
        self.wrong.iter().filter(|(wrong, _)| *wrong == what).count()
    }

    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }

    fn note(&mut self, wrong: Wrong, what: impl Into<String>) {
        self.wrong.push((wrong, what.into()));
    }
}

impl fmt::Display for Verdict {
    /// All counts, then some examples of each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const EXAMPLES: usize = 8;
        for wrong in Wrong::ALL {
            write!(f, "{} {} ", wrong.word(), self.count(wrong))?;
        }
        for wrong in Wrong::ALL {
            for (_, what) in self.wrong.iter().filter(|(kind, _)| *kind == wrong).take(EXAMPLES) {
                write!(f, "\n  {}: {what}", wrong.word())?;
            }
        }
        Ok(())
    }
}

/// The job in a transaction id (`rd-<job>-<attempt>`).
fn job_of(ctid: &str) -> Option<Uuid> {
    let (job, attempt) = ctid.strip_prefix("rd-")?.split_once('-')?;
    attempt.parse::<u32>().ok()?;
    Uuid::try_parse(job).ok()
}

/// Effects that jobs had: the daemon removes the registry's messages on its own account.
fn of_jobs(ledger: &Ledger) -> impl Iterator<Item = &EffectRecord> {
    ledger.effects.iter().filter(|effect| effect.kind != "queue.delete")
}

/// How often the sandbox may count a rule of an account although nothing was done wrong. A repetition whose first request
/// arrives after all goes out under the same transaction id so that exactly this happens, and one of the two is refused; and
/// while the registry still works on a first request that nobody waited for any longer, the repetition finds its object held.
/// So each request may break these rules once, if an earlier one of the same job, and for the id the very same one, came before.
fn excused(ledger: &Ledger, account: &str, rule: &str) -> usize {
    let of_account = || ledger.requests.iter().filter(|request| request.account.as_deref() == Some(account));
    let is_repetition = |later: &RequestRecord, earlier: &RequestRecord| match rule {
        "ctid_used_twice" => later.ctid == earlier.ctid && later.digest == earlier.digest,
        "concurrent_write" => {
            let job = |request: &RequestRecord| request.ctid.as_deref().and_then(job_of);
            later.object == earlier.object && job(later) == job(earlier)
        }
        _ => false,
    };
    let written = || of_account().filter(|request| request.ctid.is_some());
    written().filter(|later| written().any(|earlier| earlier.seq < later.seq && is_repetition(later, earlier))).count()
}

/// Speaks.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let effects = judge_effects(evidence, &mut verdict);
    for (id, order) in &evidence.plan.orders {
        judge_job(evidence, *id, order, effects.get(id).map_or(0, Vec::len), &mut verdict);
    }
    judge_strangers(evidence, &mut verdict);
    judge_sums(evidence, &mut verdict);
    judge_messages(evidence, &mut verdict);
    for (account, rules) in &evidence.ledger.violations {
        let counted = rules.iter().map(|(rule, count)| (rule, usize::try_from(*count).unwrap_or(usize::MAX)));
        for (rule, count) in counted.filter(|(rule, count)| *count > excused(evidence.ledger, account, rule)) {
            verdict.note(Wrong::Violation, format!("{account}: {rule}, {count} times"));
        }
    }
    if evidence.books.unsent > 0 {
        verdict.note(Wrong::Lost, format!("{} events were never sent", evidence.books.unsent));
    }
    for reason in &evidence.heard.rejected {
        verdict.note(Wrong::Rejected, reason);
    }
    if evidence.rejected > 0 {
        verdict.note(Wrong::Rejected, format!("{} messages in the queue of what is rejected", evidence.rejected));
    }
    measure(evidence, &mut verdict);
    verdict
}

/// Each effect belongs to a job that was to have it, each job has one, and each happened as often as it had to.
fn judge_effects<'a>(evidence: &Evidence<'a>, verdict: &mut Verdict) -> BTreeMap<Uuid, Vec<&'a EffectRecord>> {
    let mut by_job: BTreeMap<Uuid, Vec<&EffectRecord>> = BTreeMap::new();
    for effect in of_jobs(evidence.ledger) {
        verdict.effects += 1;
        let named = format!("{} of {} under {:?}", effect.kind, effect.object, effect.ctid);
        let job = effect.ctid.as_deref().and_then(job_of);
        let Some((id, order)) = job.and_then(|id| Some((id, evidence.plan.orders.get(&id)?))) else {
            verdict.note(Wrong::Unintended, format!("{named}: no such job"));
            continue;
        };
        let is_wanted = order.fate.effect().is_some_and(|Effect { kind, object }| {
            (*kind, object.as_str(), order.account.as_str()) == (&*effect.kind, &*effect.object, &*effect.account)
        });
        if !is_wanted {
            verdict.note(Wrong::Unintended, format!("{named} by {}: job {id} was to be {order:?}", effect.account));
        }
        by_job.entry(id).or_default().push(effect);
    }
    for (id, effects) in by_job.iter().filter(|(_, effects)| effects.len() > 1) {
        let seen: Vec<_> = effects.iter().map(|effect| (effect.seq, &effect.ctid, effect.time)).collect();
        verdict.note(Wrong::Duplicate, format!("job {id}, {} of {}: {seen:?}", effects[0].kind, effects[0].object));
    }
    by_job
}

/// Whatever transaction ids say: each change happened as often as it was ordered. What is short because of a job that was
/// found fault with already is not noted again.
fn judge_sums(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let is_clean = verdict.is_clean();
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for effect in of_jobs(evidence.ledger) {
        *found.entry((&effect.kind, &effect.object)).or_default() += 1;
    }
    for (Effect { kind, object }, wanted) in evidence.plan.effects() {
        let times = found.get(&(*kind, object.as_str())).copied().unwrap_or(0);
        let what = format!("{kind} of {object}: {times} times, ordered {wanted} times");
        if times > wanted {
            verdict.note(Wrong::Duplicate, what);
        } else if times < wanted && is_clean {
            verdict.note(Wrong::Lost, what);
        }
    }
}

/// A job has one end, which is told, true, and what had to become of it.
fn judge_job(evidence: &Evidence<'_>, id: Uuid, order: &Order, effects: usize, verdict: &mut Verdict) {
    let name = format!("job {id}, {} of {} by {}", order.operation, order.object, order.account);
    let Some(row) = evidence.books.jobs.get(&id) else {
        return verdict.note(Wrong::Lost, format!("{name}: not in the store"));
    };
    if row.finished.is_none() {
        return verdict.note(Wrong::Stuck, format!("{name}: {} ({}), {effects} effects", row.state, row.why));
    }
    let (kinds, ids) = (evidence.heard.kinds.get(&id.to_string()), evidence.heard.finals.get(&id.to_string()));
    let (Some(kinds), Some(ids)) = (kinds, ids) else {
        return verdict.note(Wrong::Lost, format!("{name}: {}, and nobody was told", row.state));
    };
    if kinds.len() != 1 || ids.len() != 1 {
        verdict.note(Wrong::Duplicate, format!("{name}: told as {kinds:?} in the events {ids:?}"));
    }
    for kind in kinds {
        let says_done = kind == "job.succeeded";
        let is_true = match order.fate.effect() {
            Some(_) => says_done == (effects > 0),
            None => effects == 0,
        };
        if !is_true {
            verdict.note(Wrong::False, format!("{name}: told {kind} ({}), with {effects} effects", row.why));
        } else if *kind != format!("job.{}", row.state) {
            verdict.note(Wrong::False, format!("{name}: told {kind}, stored {}", row.state));
        } else if !order.fate.ends().contains(&kind.as_str()) {
            verdict.note(Wrong::False, format!("{name}: told {kind} ({}), to be {:?}", row.why, order.fate));
        }
    }
}

/// Nobody is told of jobs that nobody ordered, and no attempt is left open.
fn judge_strangers(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let (plan, books) = (evidence.plan, evidence.books);
    for id in books.jobs.keys().filter(|id| !plan.orders.contains_key(id)) {
        verdict.note(Wrong::Unintended, format!("job {id} is in the store and was not ordered"));
    }
    let told =
        evidence.heard.finals.keys().filter(|id| !id.parse().is_ok_and(|id: Uuid| plan.orders.contains_key(&id)));
    for id in told {
        verdict.note(Wrong::Unintended, format!("the end of job {id} was told, which was not ordered"));
    }
    for open in books.attempts.iter().filter(|attempt| attempt.cause.is_none()) {
        verdict.note(Wrong::Stuck, format!("job {}: the attempt {} was left open", open.job, open.transaction));
    }
}

/// What the registry said by itself: each message stored, told and removed once, and none left.
fn judge_messages(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let removed: Vec<_> = evidence.ledger.effects.iter().filter(|effect| effect.kind == "queue.delete").collect();
    let ids: BTreeSet<&str> = removed.iter().map(|effect| effect.object.as_str()).collect();
    let heard = &evidence.heard.messages;
    verdict.messages = ids.len();
    if ids.len() != removed.len() {
        verdict.note(Wrong::Message, format!("{} messages were removed in {} removals", ids.len(), removed.len()));
    }
    let stored: BTreeSet<&str> = evidence.books.inbox.iter().map(|row| row.id.as_str()).collect();
    for id in ids.iter().filter(|id| !stored.contains(*id)) {
        verdict.note(Wrong::Message, format!("message {id} was removed and not stored"));
    }
    for row in evidence.books.inbox.iter().filter(|row| !row.is_removed || !ids.contains(row.id.as_str())) {
        verdict.note(Wrong::Message, format!("message {} of {} was stored and not removed", row.id, row.account));
    }
    for id in &stored {
        let told = heard.get(*id).map_or(0, |(_, events)| events.len());
        if told != 1 {
            verdict.note(Wrong::Message, format!("message {id}: {told} events"));
        }
    }
    if evidence.unread > 0 {
        verdict.note(Wrong::Message, format!("{} messages are left at the registry", evidence.unread));
    }
    // Those of which it is known what they come from.
    for (cause, kind) in [("domain.chprov", "transferred_away"), ("domain.create_authinfo2", "authinfo2_notify")] {
        let caused = of_jobs(evidence.ledger).filter(|effect| effect.kind == cause).count();
        let told = heard.values().filter(|(told, _)| told == kind).count();
        if caused != told {
            verdict.note(Wrong::Message, format!("{caused} times {cause}, {told} times message.{kind}"));
        }
    }
}

/// How long faults went unsettled: those that befell a request of a job, and blows that left one in doubt.
fn measure(evidence: &Evidence<'_>, verdict: &mut Verdict) {
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
    let mut befallen = BTreeSet::new();
    for request in &evidence.ledger.requests {
        let Some(fault) = &request.fault else { continue };
        // A repetition may go out under the same transaction id.
        let attempts = request.ctid.as_deref().and_then(|ctid| by_transaction.get(ctid)).into_iter().flatten();
        befallen.extend(request.ctid.clone());
        if let Some(hit) = attempts.filter(|attempt| attempt.started <= request.arrived).max_by_key(|hit| hit.started) {
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
