//! Moves: many jobs, their attempts, their links and their events; one transaction.

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;

use super::{Result, StoreError, begin, calendar, inquiries, key, keys, links, outbox};
use crate::model::deadline::Word;
use crate::model::{Cause, Event, JobId, Move, State};
use crate::store::rows::{count, json, micros, state, text_if};
use crate::store::rules::{self, Standing};

/// Carries out moves. See [`crate::store::Store::apply`].
pub(super) async fn apply(writer: &SqlitePool, moves: &[Move]) -> Result<Vec<bool>> {
    let mut transaction = begin(writer).await?;
    let made = carry_out(&mut transaction, moves).await?;
    let made_moves: Vec<&Move> = moves.iter().zip(&made).filter(|(_, made)| **made).map(|(step, _)| step).collect();
    finish(&mut transaction, &made_moves, None).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Moves the jobs that are where their move expects them; says which.
pub(super) async fn carry_out(transaction: &mut SqliteConnection, moves: &[Move]) -> Result<Vec<bool>> {
    let mut made = vec![false; moves.len()];
    for round in rules::rounds(moves) {
        let mut ended = Vec::new();
        for (index, step) in round {
            let standing = standing(&mut *transaction, step.job()).await?;
            if !standing.is_some_and(|row| rules::may_move(step, &row)) {
                continue;
            }
            update_job(&mut *transaction, step).await?;
            update_attempt(&mut *transaction, step).await?;
            inquiries::insert(&mut *transaction, step).await?;
            if step.to().is_final() {
                ended.push(step);
            }
            if let Some(made) = made.get_mut(index) {
                *made = true;
            }
        }
        links::release(&mut *transaction, &ended).await?;
    }
    Ok(made)
}

/// Counts what has ended, writes down what was heard for the calendar, and the events; of a message, its event before those of the moves, and its
/// words after theirs: what it ends comes before what it says is due.
pub(super) async fn finish(
    transaction: &mut SqliteConnection,
    made: &[&Move],
    first: Option<(&Event, &[Word])>,
) -> Result<()> {
    count_finished(&mut *transaction, made).await?;
    count_in_batches(&mut *transaction, made).await?;
    let (first, last) = first.unzip();
    let words = made.iter().flat_map(|step| &step.words).chain(last.unwrap_or_default());
    calendar::hear(&mut *transaction, &words.collect::<Vec<_>>()).await?;
    let events: Vec<&Event> = first.into_iter().chain(made.iter().filter_map(|step| step.event.as_ref())).collect();
    outbox::insert(transaction, &events).await
}

/// What a move is checked against.
async fn standing(transaction: &mut SqliteConnection, id: JobId) -> Result<Option<Standing>> {
    let row: Option<(String, i64, i64, Option<i64>, bool)> = sqlx::query_as(
        "SELECT jobs.state, jobs.attempt, jobs.fence, leases.fence, jobs.blockers > 0
           FROM jobs LEFT JOIN leases ON leases.name = jobs.account WHERE jobs.id = $1",
    )
    .bind(key(id))
    .fetch_optional(transaction)
    .await?;
    row.map(|(word, attempt, fence, lease, blocked)| {
        Ok(Standing { state: state(&word)?, attempt: count(attempt), fence, lease, blocked })
    })
    .transpose()
}

/// Writes the new row. The guard of law 9 stands here once more, although the row was checked.
///
/// What is put back to wait for its turn had it, and goes to the front. A pool's job goes back to the pool, unless the
/// registry may still hear of a request that this account has sent: then it waits for this account from now on.
async fn update_job(transaction: &mut SqliteConnection, step: &Move) -> Result<()> {
    let done = sqlx::query(
        "UPDATE jobs
            SET state = $5, cause = $4, reason = $9, due_at = $7, updated_at = $6,
                waiting_for = CASE WHEN $5 = 'waiting' THEN $8 ELSE 'turn' END,
                turn = CASE WHEN $5 = 'waiting' AND $8 = 'turn' AND $7 <= $6 THEN 0 END, held_by = NULL,
                account = CASE WHEN $5 = 'waiting' AND NOT $15 AND NOT (lost AND $4 <> 'redriven') THEN queue
                               ELSE account END,
                queue = CASE WHEN $5 = 'waiting' AND ($15 OR (lost AND $4 <> 'redriven')) THEN account ELSE queue END,
                finished_at = CASE WHEN $13 THEN $6 END,
                blockers = CASE WHEN $13 THEN 0 ELSE blockers END,
                spent = CASE WHEN $4 IN ('redriven', 'ask_again') THEN 0 ELSE spent + $11 END,
                asked = CASE WHEN $4 IN ('lost', 'ask_again', 'taken', 'found_taken') THEN 0
                             WHEN $4 IN ('still_unknown', 'still_pending') THEN asked + 1 ELSE asked END,
                keep_transaction = $12,
                lost = $4 <> 'redriven' AND (lost OR $14),
                intent_at = CASE WHEN $4 <> 'redriven' THEN intent_at END,
                answer = coalesce($10, answer)
          WHERE id = $1 AND attempt = $2 AND state = $3",
    )
    .bind(key(step.job()))
    .bind(i64::from(step.attempt()))
    .bind(step.from().word())
    .bind(step.cause().word())
    .bind(step.to().word())
    .bind(micros(step.at))
    .bind(micros(step.due_at))
    .bind(step.waiting_for.word())
    .bind(text_if(step.reason.as_deref()))
    .bind(step.answer.as_ref().map(json).transpose()?)
    .bind(i64::from(step.spend))
    .bind(step.keep_transaction)
    .bind(step.to().is_final())
    .bind(step.lost)
    .bind(step.keep_transaction || (step.lost && step.cause() != Cause::Redriven))
    .execute(transaction)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Broken("a job changed under a move".into())) }
}

/// Notes how the attempt ended. A question that stayed open ends nothing.
async fn update_attempt(transaction: &mut SqliteConnection, step: &Move) -> Result<()> {
    if !matches!(step.from(), State::Running | State::InDoubt) {
        return Ok(());
    }
    sqlx::query(
        "UPDATE attempts
            SET ended_at = CASE WHEN $4 = 'still_unknown' THEN ended_at ELSE $3 END,
                cause = CASE WHEN $4 = 'still_unknown' THEN cause ELSE $4 END,
                code = coalesce($5, code),
                reason = $6
          WHERE job_id = $1 AND attempt = $2",
    )
    .bind(key(step.job()))
    .bind(i64::from(step.attempt()))
    .bind(micros(step.at))
    .bind(step.cause().word())
    .bind(text_if(step.answer.as_ref().and_then(|answer| answer.leading_code())))
    .bind(text_if(step.reason.as_deref()))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Adds to the counters of finished jobs.
async fn count_finished(transaction: &mut SqliteConnection, moves: &[&Move]) -> Result<()> {
    let ended: Vec<JobId> = moves.iter().filter(|step| step.to().is_final()).map(|step| step.job()).collect();
    if ended.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO finished (account, state, jobs)
         SELECT account, state, count(*) FROM jobs WHERE id IN (SELECT value FROM json_each($1))
          GROUP BY account, state
         ON CONFLICT (account, state) DO UPDATE SET jobs = finished.jobs + excluded.jobs",
    )
    .bind(keys(ended))
    .execute(transaction)
    .await?;
    Ok(())
}

/// Adds to what their batches count of them.
async fn count_in_batches(transaction: &mut SqliteConnection, moves: &[&Move]) -> Result<()> {
    for step in moves.iter().filter(|step| step.to().is_final()) {
        sqlx::query(
            "INSERT INTO batch_ends (batch, state, code, jobs)
             SELECT batch, state, $2, 1 FROM jobs WHERE id = $1 AND batch IS NOT NULL
             ON CONFLICT (batch, state, code) DO UPDATE SET jobs = batch_ends.jobs + 1",
        )
        .bind(key(step.job()))
        .bind(rules::decided_by(step))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}
