//! The referee: holds what was ordered against what is seen from outside, at the registry, in the store and at the broker. It
//! knows nothing of how the house works.
#![allow(dead_code, reason = "each test binary uses its part of this")]

#[path = "deeds.rs"]
mod deeds;
#[path = "measure.rs"]
mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use registrard::sandbox::{Ledger, RequestRecord};
use serde_json::Value;
use uuid::Uuid;

use crate::plain_amqp::Heard;
use crate::plan::{Effect, Fate, Order, Plan};
use crate::registries;
use deeds::{Deeds, Seen};

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
    /// What the registries hold, as `GET /objects` shows it.
    pub objects: &'a Value,
    pub books: &'a Books,
    pub heard: &'a Heard,
    /// Messages left in the registry's queues.
    pub unread: u64,
    /// Messages in the queue of what was turned away.
    pub rejected: u64,
    /// Blows that may have hit what was on the wire.
    pub blows: &'a [Timestamp],
    /// Jobs that were declared over by the human they ended with, on purpose.
    pub by_hand: &'a BTreeSet<Uuid>,
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
    /// Jobs that ended with a human, as they have to when the answer to some orders is lost.
    pub by_hand: usize,
    /// Letters that went out twice, as they may when the first answer is lost.
    pub letters_twice: usize,
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

/// How often the sandbox may count a rule of an account although nothing was done wrong: each request may break it once, if an
/// earlier one excuses it.
fn excused(ledger: &Ledger, account: &str, rule: &str) -> usize {
    let is_of_account = |request: &&RequestRecord| request.account.as_deref() == Some(account);
    let is_excused = |later: &RequestRecord| {
        let registry = registries::of(&later.registry);
        let mut before = ledger.requests.iter().filter(|earlier| earlier.seq < later.seq);
        before.any(|earlier| earlier.registry == later.registry && registry.is_excused(rule, earlier, later))
    };
    ledger.requests.iter().filter(is_of_account).filter(|later| is_excused(later)).count()
}

/// Speaks.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let deeds = Deeds::of(evidence);
    let effects = judge_effects(evidence, &deeds, &mut verdict);
    for (id, order) in &evidence.plan.orders {
        judge_job(evidence, *id, order, effects.get(id).map_or(&[][..], Vec::as_slice), &mut verdict);
    }
    judge_strangers(evidence, &mut verdict);
    judge_sums(evidence, &deeds, &mut verdict);
    judge_messages(evidence, &deeds, &mut verdict);
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
    measure::measure(evidence, &mut verdict);
    verdict
}

/// Each effect belongs to a job that was to have it, each job has one of each, and each happened as often as it had to.
fn judge_effects<'a>(
    evidence: &Evidence<'_>,
    deeds: &'a Deeds<'_>,
    verdict: &mut Verdict,
) -> BTreeMap<Uuid, Vec<&'a Seen<'a>>> {
    let mut by_job: BTreeMap<Uuid, Vec<&Seen<'_>>> = BTreeMap::new();
    verdict.effects = deeds.of_jobs.len();
    for seen in &deeds.of_jobs {
        let Seen { effect, kind, object, job } = seen;
        let named = format!("{kind} of {object} under {:?}", effect.ctid);
        let Some((id, order)) = job.and_then(|id| Some((id, evidence.plan.orders.get(&id)?))) else {
            verdict.note(Wrong::Unintended, format!("{named} by {}: no such job", effect.account));
            continue;
        };
        let is_wanted = order.account == effect.account
            && order.fate.effects().iter().any(|wanted| (wanted.kind, &wanted.object) == (kind, object));
        if !is_wanted {
            verdict.note(Wrong::Unintended, format!("{named} by {}: job {id} was to be {order:?}", effect.account));
        }
        by_job.entry(id).or_default().push(seen);
    }
    for (id, effects) in &by_job {
        let mut times: BTreeMap<(&str, &str), Vec<_>> = BTreeMap::new();
        for Seen { effect, kind, object, .. } in effects {
            times.entry((kind, object)).or_default().push((effect.seq, &effect.ctid, effect.time));
        }
        let most = evidence.plan.orders.get(id).map_or(1, |order| order.fate.times());
        verdict.letters_twice += usize::from(most > 1 && effects.len() == most);
        for ((kind, object), seen) in times.iter().filter(|(_, seen)| seen.len() > most) {
            let tried = tries(evidence, *id);
            verdict.note(Wrong::Duplicate, format!("job {id}, {kind} of {object}: {seen:?}; {tried}"));
        }
    }
    judge_left(evidence, deeds, verdict);
    by_job
}

/// The attempts of a job, for whoever has to find out.
fn tries(evidence: &Evidence<'_>, id: Uuid) -> String {
    let attempts = evidence.books.attempts.iter().filter(|attempt| attempt.job == id);
    let told = |attempt: &AttemptRow| {
        let (end, cause) = (attempt.ended.map(|end| end.to_string()), attempt.cause.as_deref());
        format!(
            "{} from {} to {}: {}",
            attempt.transaction,
            attempt.started,
            end.unwrap_or_default(),
            cause.unwrap_or("open")
        )
    };
    attempts.map(told).collect::<Vec<_>>().join(", ")
}

/// What refusals left behind, once for each job that was to be refused.
fn judge_left(evidence: &Evidence<'_>, deeds: &Deeds<'_>, verdict: &mut Verdict) {
    let mut seen = BTreeSet::new();
    for (effect, job) in &deeds.left {
        let named = format!("{} of {} under {:?}", effect.kind, effect.object, effect.ctid);
        let fate = job.and_then(|id| evidence.plan.orders.get(&id)).map(|order| &order.fate);
        if !matches!(fate, Some(Fate::Refused | Fate::Race(_))) {
            verdict.note(Wrong::Unintended, format!("{named} by {}: left by {job:?}, {fate:?}", effect.account));
        } else if !seen.insert(*job) {
            verdict.note(Wrong::Duplicate, format!("{named}, left by {job:?} again"));
        }
    }
}

/// Whatever transaction ids say: each change happened as often as it was ordered. What is short because of a job that was
/// found fault with already is not noted again.
fn judge_sums(evidence: &Evidence<'_>, deeds: &Deeds<'_>, verdict: &mut Verdict) {
    let is_clean = verdict.is_clean();
    let mut found: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for Seen { kind, object, .. } in &deeds.of_jobs {
        *found.entry((kind, object)).or_default() += 1;
    }
    for (Effect { kind, object }, (least, most)) in evidence.plan.effects(evidence.by_hand) {
        let times = found.get(&(kind, object.as_str())).copied().unwrap_or(0);
        let what = format!("{kind} of {object}: {times} times, ordered {least} to {most} times");
        if times > most {
            verdict.note(Wrong::Duplicate, what);
        } else if times < least && is_clean {
            verdict.note(Wrong::Lost, what);
        }
    }
}

/// A job has one end, which is told, true, and what had to become of it.
fn judge_job(evidence: &Evidence<'_>, id: Uuid, order: &Order, effects: &[&Seen<'_>], verdict: &mut Verdict) {
    let name = format!("job {id}, {} of {} by {}", order.operation, order.object, order.account);
    let Some(row) = evidence.books.jobs.get(&id) else {
        return verdict.note(Wrong::Lost, format!("{name}: not in the store"));
    };
    let count = effects.len();
    if row.finished.is_none() {
        return verdict.note(Wrong::Stuck, format!("{name}: {} ({}), {count} effects", row.state, row.why));
    }
    let (kinds, ids) = (evidence.heard.kinds.get(&id.to_string()), evidence.heard.finals.get(&id.to_string()));
    let (Some(kinds), Some(ids)) = (kinds, ids) else {
        return verdict.note(Wrong::Lost, format!("{name}: {}, and nobody was told", row.state));
    };
    if kinds.len() != 1 || ids.len() != 1 {
        verdict.note(Wrong::Duplicate, format!("{name}: told as {kinds:?} in the events {ids:?}"));
    }
    let fate = evidence.plan.fate(id, evidence.by_hand);
    let is_by_hand = evidence.by_hand.contains(&id);
    verdict.by_hand += usize::from(is_by_hand);
    let wanted = fate.effects();
    let are_all = wanted
        .iter()
        .all(|wanted| effects.iter().any(|seen| (wanted.kind, &wanted.object) == (seen.kind.as_str(), &seen.object)));
    for kind in kinds {
        let says_done = kind == "job.succeeded";
        let is_true = match &fate {
            // Nobody can see whether it went out.
            Fate::Letter(_) if is_by_hand => true,
            Fate::TurnedDown(_) => !says_done && are_all,
            Fate::Done(_) | Fate::Race(_) | Fate::Letter(_) if says_done => are_all,
            _ => effects.is_empty(),
        };
        let ends = if is_by_hand { &["job.failed"] } else { fate.ends() };
        if !is_true {
            let (why, tried) = (&row.why, tries(evidence, id));
            verdict.note(Wrong::False, format!("{name}: told {kind} ({why}), with {count} effects; {tried}"));
        } else if *kind != format!("job.{}", row.state) {
            verdict.note(Wrong::False, format!("{name}: told {kind}, stored {}", row.state));
        } else if !ends.contains(&kind.as_str()) {
            verdict.note(Wrong::False, format!("{name}: told {kind} ({}), to be {fate:?}", row.why));
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
fn judge_messages(evidence: &Evidence<'_>, deeds: &Deeds<'_>, verdict: &mut Verdict) {
    let removed = &deeds.removals;
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
    for cast in &evidence.plan.cast {
        let accounts: BTreeSet<&str> = cast.accounts.iter().map(String::as_str).collect();
        let of_registry = evidence.books.inbox.iter().filter(|row| accounts.contains(row.account.as_str()));
        let ids: BTreeSet<&str> = of_registry.map(|row| row.id.as_str()).collect();
        let effects = evidence.ledger.effects.iter().filter(|effect| effect.registry == cast.registry.name());
        for (kind, caused) in cast.registry.told(&effects.collect::<Vec<_>>()) {
            let told = heard.iter().filter(|(id, (told, _))| told == kind && ids.contains(id.as_str())).count();
            if caused != told {
                verdict.note(Wrong::Message, format!("message.{kind} was told {told} times, caused {caused} times"));
            }
        }
    }
}
