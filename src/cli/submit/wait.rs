//! `submit --wait`: until every job is over, or waits for a human.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::bar;
use crate::cli::exit::Failure;
use crate::cli::output::Out;
use crate::job::intake::{Outcome, Submitted};
use crate::model::{JobId, State};
use crate::store::{Store, StoreError};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Jobs looked at by id in one look. The rest has its turn in the next ones, so that forty thousand waiting jobs do not
/// keep the store busier than the daemon does.
const LOOKS: usize = 200;

/// Events read in one look.
const EVENTS: u32 = 1000;

/// How long a store that is away is forgiven before the command gives up (the jobs go on without it).
const FORGIVEN: u32 = 120;

/// Waits and returns how many jobs did not succeed.
pub async fn until_over(submitted: &[Submitted], store: &dyn Store, out: &mut Out<'_>) -> Result<usize, Failure> {
    let mut watch = Watch::new(submitted);
    let bar = bar(watch.open.len(), "over");
    let total = watch.open.len();
    let mut away = 0;
    while !watch.open.is_empty() {
        match watch.look(store).await {
            Ok(()) => away = 0,
            Err(StoreError::Unavailable(_)) if away < FORGIVEN => away += 1,
            Err(error) => return Err(error.into()),
        }
        bar.set_position((total - watch.open.len()) as u64);
        if !watch.open.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    bar.finish_and_clear();
    let counts: Vec<_> = watch.over.iter().map(|(state, jobs)| format!("{state} {jobs}")).collect();
    out.say(&format!("all over: {}", counts.join(", ")));
    Ok(watch.over.iter().filter(|(state, _)| **state != State::Succeeded).map(|(_, jobs)| jobs).sum())
}

struct Watch {
    /// Jobs not known to be over, in the order in which they are looked at.
    open: VecDeque<JobId>,
    over: BTreeMap<State, usize>,
    /// Where to go on reading events; `None` before the first look.
    seq: Option<i64>,
}

impl Watch {
    fn new(submitted: &[Submitted]) -> Self {
        let mut watch = Self { open: VecDeque::new(), over: BTreeMap::new(), seq: None };
        for one in submitted {
            match (&one.outcome, one.id) {
                (Outcome::Duplicate(state), _) if ends(*state) => watch.count(*state),
                (Outcome::Accepted | Outcome::Duplicate(_), Some(id)) => watch.open.push_back(id),
                _ => {}
            }
        }
        watch
    }

    fn count(&mut self, state: State) {
        *self.over.entry(state).or_default() += 1;
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
        let moved: Vec<_> = rows.iter().filter_map(|row| row.event.job).collect();
        if let Some(last) = rows.last() {
            self.seq = Some(last.seq);
        }
        let told: std::collections::HashSet<_> = moved.into_iter().collect();
        let (first, later): (Vec<_>, Vec<_>) = self.open.drain(..).partition(|id| told.contains(id));
        self.open = first.into_iter().chain(later).collect();
        for _ in 0..self.open.len().min(LOOKS.max(told.len())) {
            let Some(id) = self.open.front().copied() else { break };
            let state = store.job(id).await?.map(|detail| detail.job.state);
            self.open.pop_front();
            match state {
                Some(state) if ends(state) => self.count(state),
                // Not there: taken out of the store since; nobody can tell any more, so it does not count as done.
                None => self.count(State::Failed),
                Some(_) => self.open.push_back(id),
            }
        }
        Ok(())
    }
}

/// Whether there is nothing more to wait for.
fn ends(state: State) -> bool {
    state.is_final() || state == State::NeedsAttention
}
