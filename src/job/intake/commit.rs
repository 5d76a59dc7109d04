//! From sorted deliveries to durable jobs. The order is law 1: the store commits, what was turned away is kept by the
//! broker, and only then the deliveries are acknowledged. A crash in between brings the deliveries again; the store
//! knows their jobs and events by their ids.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Intake;
use super::sort::{Sorted, TurnedAway};
use crate::broker::{BrokerError, RejectedMessage};
use crate::failpoint::{failpoint, flawed};
use crate::job::brake;
use crate::job::patience::{Trouble, persist};
use crate::model::request::RejectCode;
use crate::model::{Event, NewJob, Reject};
use crate::store::{Acceptance, StoreError};

/// Rejected submissions published at once, and about how many bytes of them.
const PART: usize = 500;
const PART_BYTES: usize = 1024 * 1024;

impl Intake {
    /// Commits and acknowledges. While the store or the broker is away it tries again with back-off until `stop`; then
    /// the deliveries stay unacknowledged and come again.
    pub(super) async fn commit(&self, mut sorted: Sorted, stop: &CancellationToken) {
        if flawed!(AckBeforeCommit) {
            let _ = self.broker.ack(&sorted.deliveries).await;
        }
        failpoint!(IntakeSorted);
        let Some(rejected) = self.store(&mut sorted, stop).await else { return };
        failpoint!(IntakeCommitted);
        for message in &rejected {
            self.observer.rejected(message.reject.code.word());
        }
        self.observer.received("rejected", rejected.len() as u64);
        for messages in parts(&rejected) {
            let keep = || self.broker.reject(messages);
            if persist("keep rejected submissions", self.retry, stop, keep).await.is_none() {
                return;
            }
        }
        match self.broker.ack(&sorted.deliveries).await {
            Ok(()) | Err(BrokerError::Stopped) => {}
            // Not tried again: they come again, and the store knows them.
            Err(error) => tracing::warn!(%error, "deliveries will come again"),
        }
        failpoint!(IntakeAcknowledged);
    }

    /// Stores jobs and the events of what the gate turned away; returns what was turned away, by the store first, all
    /// its events stored.
    async fn store(&self, sorted: &mut Sorted, stop: &CancellationToken) -> Option<Vec<RejectedMessage>> {
        let now = Timestamp::now();
        let (events, by_the_gate) = apart(std::mem::take(&mut sorted.turned_away));
        // In front of the jobs, or the first of them would start.
        let judge = || brake::before(self.gate.brake(), &*self.store, &sorted.jobs, now);
        persist("judge batches", self.retry, stop, judge).await?;
        let accept = || self.store.accept(&sorted.jobs, &events, now);
        let acceptances = persist("take in jobs", self.retry, stop, accept).await?;
        self.announce(&sorted.jobs, &acceptances);
        self.gate.notices(&sorted.jobs).iter().for_each(|notice| tracing::warn!("{notice}"));
        let refused: Vec<TurnedAway> = sorted
            .jobs
            .iter()
            .zip(&acceptances)
            .enumerate()
            .filter_map(|(number, (job, acceptance))| Some((number, refusal(job, acceptance)?)))
            .filter_map(|(number, reject)| sorted.turn_away(&self.gate, number, reject, now))
            .collect();
        let (events, mut rejected) = apart(refused);
        if !events.is_empty() {
            let record = || self.store.accept(&[], &events, now);
            persist("record rejected jobs", self.retry, stop, record).await?;
        }
        rejected.extend(by_the_gate);
        Some(rejected)
    }

    fn announce(&self, jobs: &[NewJob], acceptances: &[Acceptance]) {
        let is_new = |acceptance: &&Acceptance| matches!(acceptance, Acceptance::New);
        let accounts: BTreeSet<&str> = jobs
            .iter()
            .zip(acceptances)
            .filter(|(_, acceptance)| is_new(acceptance))
            .map(|(job, _)| job.account.as_str())
            .collect();
        for account in accounts {
            (self.hint)(account);
        }
        for (job, _) in jobs.iter().zip(acceptances).filter(|(_, acceptance)| is_new(acceptance)) {
            job.warnings.iter().for_each(|warning| self.observer.warned(&job.account, warning.rule));
        }
        let duplicates = acceptances.iter().filter(|acceptance| matches!(acceptance, Acceptance::Duplicate(_))).count();
        self.observer.received("accepted", acceptances.iter().filter(is_new).count() as u64);
        self.observer.received("duplicate", duplicates as u64);
    }
}

fn apart(turned_away: Vec<TurnedAway>) -> (Vec<Event>, Vec<RejectedMessage>) {
    turned_away.into_iter().map(|turned| (turned.event, turned.message)).unzip()
}

/// In parts that are published at once: a bulk message can be turned away in twenty thousand pieces.
fn parts(messages: &[RejectedMessage]) -> impl Iterator<Item = &[RejectedMessage]> {
    let (mut count, mut bytes) = (0, 0);
    messages.chunk_by(move |message, _| {
        count += 1;
        bytes += message.body.len();
        let goes_on = count < PART && bytes < PART_BYTES;
        if !goes_on {
            (count, bytes) = (0, 0);
        }
        goes_on
    })
}

/// Why the store will not have a job, if it will not.
pub(super) fn refusal(job: &NewJob, acceptance: &Acceptance) -> Option<Reject> {
    let (code, field, reason) = match acceptance {
        Acceptance::New | Acceptance::Duplicate(_) => return None,
        Acceptance::Conflict => (
            RejectCode::Conflict,
            "id",
            format!(
                "{} is known with different content; the first submission stands, a new job needs a new id",
                job.id
            ),
        ),
        Acceptance::Cycle => {
            (RejectCode::Cycle, "after", "over the jobs it names, the job would wait for itself".to_owned())
        }
    };
    Some(Reject { field: Some(field.into()), ..Reject::new(code, reason) })
}

impl Trouble for StoreError {
    fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Trouble for BrokerError {
    fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
