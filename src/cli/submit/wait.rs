//! `submit --wait`: until every job is over, or waits for a human.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::cli::exit::Failure;
use crate::cli::output::Out;
use crate::cli::progress::{Drawing, Tally, watch};
use crate::job::intake::{Outcome, Submitted};
use crate::model::{JobId, State};
use crate::store::{JobDetail, PauseKind, Store, StoreError};

/// Jobs looked at by id in one look. The rest has its turn in the next ones, so that forty thousand waiting jobs do not
/// keep the store busier than the daemon does.
const LOOKS: usize = 200;

/// Events read in one look.
const EVENTS: u32 = 1000;

/// Waits and returns how many jobs did not succeed.
pub async fn until_over(submitted: &[Submitted], store: &dyn Store, out: &mut Out<'_>) -> Result<u64, Failure> {
    let mut waiting = Waiting::new(submitted);
    // The report has one line for each job; how far they are is for people only.
    let mut drawing = Drawing::new(false);
    let tally = watch(&mut drawing, out, async || {
        waiting.look(store).await?;
        Ok(Some(waiting.tally.clone()))
    })
    .await?;
    Ok(tally.unwrap_or_default().unsuccessful())
}

struct Waiting {
    /// Jobs not known to be over, in the order in which they are looked at.
    open: VecDeque<JobId>,
    /// What was last seen of those that are at work.
    at_work: BTreeMap<JobId, State>,
    tally: Tally,
    /// Batches that may be stopped while we wait.
    batches: HashSet<String>,
    /// Where to go on reading events; `None` before the first look.
    seq: Option<i64>,
}

impl Waiting {
    fn new(submitted: &[Submitted]) -> Self {
        let mut waiting = Self {
            open: VecDeque::new(),
            at_work: BTreeMap::new(),
            tally: Tally::default(),
            batches: HashSet::new(),
            seq: None,
        };
        for one in submitted {
            match (&one.outcome, one.id) {
                (Outcome::Duplicate(state), _) if state.is_final() => waiting.tally.ended(*state, "", 1),
                (Outcome::Accepted | Outcome::Duplicate(_), Some(id)) => {
                    waiting.open.push_back(id);
                    waiting.batches.extend(one.about.as_ref().and_then(|about| about.batch.clone()));
                }
                _ => continue,
            }
            waiting.tally.total += 1;
        }
        waiting
    }

    /// One look. Events only say which jobs to look at first: what counts is the job itself, so that an event that was
    /// passed over (a transaction with an earlier number may commit later) delays the end and cannot prevent it.
    async fn look(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let seq = match self.seq {
            Some(seq) => seq,
            None => store.last_event().await?,
        };
        self.seq = Some(seq);
        let rows = store.events_after(seq, EVENTS).await?;
        if let Some(last) = rows.last() {
            self.seq = Some(last.seq);
        }
        let told: HashSet<_> = rows.iter().filter_map(|row| row.event.job).collect();
        let (first, later): (Vec<_>, Vec<_>) = self.open.drain(..).partition(|id| told.contains(id));
        self.open = first.into_iter().chain(later).collect();
        for _ in 0..self.open.len().min(LOOKS.max(told.len())) {
            let Some(id) = self.open.front().copied() else { break };
            let detail = store.job(id).await?;
            self.open.pop_front();
            if !self.is_over(id, detail) {
                self.open.push_back(id);
            }
        }
        let at_work = |wanted| self.at_work.values().filter(|state| **state == wanted).count() as u64;
        (self.tally.in_doubt, self.tally.pending) = (at_work(State::InDoubt), at_work(State::Pending));
        self.tally.stopped = match self.batches.is_empty() {
            true => None,
            false => self.stopped(store).await?,
        };
        Ok(())
    }

    /// Counts a job that has nothing more to wait for.
    fn is_over(&mut self, id: JobId, detail: Option<JobDetail>) -> bool {
        // Not there: taken out of the store since; nobody can tell any more, so it does not count as done.
        let Some(detail) = detail else {
            self.at_work.remove(&id);
            self.tally.ended(State::Failed, "gone", 1);
            return true;
        };
        let state = detail.job.state;
        if !state.is_final() && state != State::NeedsAttention {
            self.at_work.insert(id, state);
            return false;
        }
        self.at_work.remove(&id);
        match state {
            State::NeedsAttention => self.tally.needs_attention += 1,
            ended => self.tally.ended(ended, &cause(&detail), 1),
        }
        true
    }

    async fn stopped(&self, store: &dyn Store) -> Result<Option<String>, StoreError> {
        let pauses = store.pauses().await?;
        let ours = pauses.into_iter().find(|p| p.kind == PauseKind::Batch && self.batches.contains(&p.name));
        Ok(ours.map(|pause| pause.reason))
    }
}

/// What decided: the registry's code, else the cause of its last attempt.
fn cause(detail: &JobDetail) -> String {
    let code = detail.job.answer.as_ref().and_then(|answer| answer.leading_code());
    let last = detail.attempts.last().and_then(|attempt| attempt.cause.as_deref());
    code.or(last).unwrap_or_default().to_owned()
}
