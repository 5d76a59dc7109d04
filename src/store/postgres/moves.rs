//! Moves: many jobs, their attempts, their links and their events; one transaction.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;
use sqlx::postgres::PgPool;
use uuid::Uuid;

use super::{Failure, Result, StoreError, calendar, inquiries, links, outbox};
use crate::model::deadline::Word;
use crate::model::{Event, JobId, Move, State};
use crate::store::rows::{count, json, micros, text_if};
use crate::store::rules::{self, Standing};

/// Carries out moves. See [`crate::store::Store::apply`].
pub(super) async fn apply(pool: &PgPool, moves: &[Move]) -> std::result::Result<Vec<bool>, Failure> {
    let mut transaction = pool.begin().await?;
    let made = carry_out(&mut transaction, moves).await?;
    let made_moves: Vec<&Move> = moves.iter().zip(&made).filter(|(_, made)| **made).map(|(step, _)| step).collect();
    finish(&mut transaction, &made_moves, None).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Moves the jobs that are where their move expects them; says which.
pub(super) async fn carry_out(
    transaction: &mut PgConnection,
    moves: &[Move],
) -> std::result::Result<Vec<bool>, Failure> {
    let mut made = vec![false; moves.len()];
    for round in rules::rounds(moves) {
        let standing = hold(&mut *transaction, &round).await?;
        let now_made: Vec<(usize, &Move)> = round
            .into_iter()
            .filter(|(_, step)| standing.get(&step.job()).is_some_and(|row| rules::may_move(step, row)))
            .collect();
        for (index, _) in &now_made {
            if let Some(made) = made.get_mut(*index) {
                *made = true;
            }
        }
        let now_made: Vec<&Move> = now_made.into_iter().map(|(_, step)| step).collect();
        update_jobs(&mut *transaction, &now_made).await?;
        update_attempts(&mut *transaction, &now_made).await?;
        inquiries::insert(&mut *transaction, &now_made).await?;
        let ended: Vec<&Move> = now_made.into_iter().filter(|step| step.to().is_final()).collect();
        links::release(&mut *transaction, &ended).await?;
    }
    Ok(made)
}

/// Counts what has ended, writes down what was heard for the calendar, and the events; of a message, its event before those of the moves, and its
/// words after theirs: what it ends comes before what it says is due.
pub(super) async fn finish(
    transaction: &mut PgConnection,
    made: &[&Move],
    first: Option<(&Event, &[Word])>,
) -> std::result::Result<(), Failure> {
    count_finished(&mut *transaction, made).await?;
    let (first, last) = first.unzip();
    let words = made.iter().flat_map(|step| &step.words).chain(last.unwrap_or_default());
    calendar::hear(&mut *transaction, &words.collect::<Vec<_>>()).await?;
    let events: Vec<&Event> = first.into_iter().chain(made.iter().filter_map(|step| step.event.as_ref())).collect();
    Ok(outbox::insert(transaction, &events).await?)
}

/// Locks the jobs in the order of their ids and reads what the moves are checked against.
async fn hold(transaction: &mut PgConnection, round: &[(usize, &Move)]) -> Result<HashMap<JobId, Standing>> {
    let rows: Vec<(Uuid, String, i64, i64, Option<i64>, bool)> = sqlx::query_as(
        "SELECT jobs.id, jobs.state, jobs.attempt, jobs.fence, leases.fence, jobs.blockers > 0
           FROM jobs LEFT JOIN leases ON leases.name = jobs.account
          WHERE jobs.id = ANY($1) ORDER BY jobs.id FOR NO KEY UPDATE OF jobs",
    )
    .bind(round.iter().map(|(_, step)| step.job().0).collect::<Vec<Uuid>>())
    .fetch_all(transaction)
    .await?;
    rows.into_iter()
        .map(|(id, state, attempt, fence, lease, blocked)| {
            let state = state.parse().map_err(|_| StoreError::Broken(format!("job {id}: its state cannot be read")))?;
            Ok((JobId(id), Standing { state, attempt: count(attempt), fence, lease, blocked }))
        })
        .collect()
}

/// Writes the new rows. The guard of law 9 stands here once more, although the rows are locked and were checked.
///
/// What is put back to wait for its turn had it, and goes to the front. A pool's job goes back to the pool, unless the
/// registry may still hear of a request that this account has sent: then it waits for this account from now on.
async fn update_jobs(transaction: &mut PgConnection, moves: &[&Move]) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let answers =
        moves.iter().map(|step| step.answer.as_ref().map(json).transpose()).collect::<Result<Vec<Option<String>>>>()?;
    let done = sqlx::query(
        "UPDATE jobs
            SET state = m.new_state, cause = m.cause, reason = m.reason, due_at = m.due_at, updated_at = m.at,
                waiting_for = CASE WHEN m.new_state = 'waiting' THEN m.waiting_for ELSE 'turn' END,
                turn = CASE WHEN m.new_state = 'waiting' AND m.waiting_for = 'turn' AND m.due_at <= m.at THEN 0 END,
                held_by = NULL,
                account = CASE WHEN m.new_state = 'waiting' AND NOT (
                                   m.keep_transaction OR (m.cause <> 'redriven' AND (jobs.lost OR m.lost)))
                               THEN jobs.queue ELSE jobs.account END,
                queue = CASE WHEN m.new_state = 'waiting' AND (
                                   m.keep_transaction OR (m.cause <> 'redriven' AND (jobs.lost OR m.lost)))
                             THEN jobs.account ELSE jobs.queue END,
                finished_at = CASE WHEN m.ends THEN m.at END,
                blockers = CASE WHEN m.ends THEN 0 ELSE jobs.blockers END,
                spent = CASE WHEN m.cause IN ('redriven', 'ask_again') THEN 0 ELSE jobs.spent + m.spend::int END,
                asked = CASE WHEN m.cause IN ('lost', 'ask_again', 'taken', 'found_taken') THEN 0
                             WHEN m.cause IN ('still_unknown', 'still_pending') THEN jobs.asked + 1 ELSE jobs.asked END,
                keep_transaction = m.keep_transaction,
                lost = m.cause <> 'redriven' AND (jobs.lost OR m.lost),
                intent_at = CASE WHEN m.cause <> 'redriven' THEN jobs.intent_at END,
                answer = COALESCE(m.answer::json, jobs.answer)
           FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                       $8::text[], $9::text[], $10::text[], $11::boolean[], $12::boolean[], $13::boolean[], $14::boolean[])
             AS m (id, attempt, old_state, cause, new_state, at, due_at, waiting_for, reason, answer, spend,
                   keep_transaction, ends, lost)
          WHERE jobs.id = m.id AND jobs.attempt = m.attempt AND jobs.state = m.old_state",
    )
    .bind(moves.iter().map(|step| step.job().0).collect::<Vec<Uuid>>())
    .bind(moves.iter().map(|step| i64::from(step.attempt())).collect::<Vec<i64>>())
    .bind(moves.iter().map(|step| step.from().word()).collect::<Vec<&str>>())
    .bind(moves.iter().map(|step| step.cause().word()).collect::<Vec<&str>>())
    .bind(moves.iter().map(|step| step.to().word()).collect::<Vec<&str>>())
    .bind(moves.iter().map(|step| micros(step.at)).collect::<Vec<i64>>())
    .bind(moves.iter().map(|step| micros(step.due_at)).collect::<Vec<i64>>())
    .bind(moves.iter().map(|step| step.waiting_for.word()).collect::<Vec<&str>>())
    .bind(moves.iter().map(|step| text_if(step.reason.as_deref())).collect::<Vec<_>>())
    .bind(answers)
    .bind(moves.iter().map(|step| step.spend).collect::<Vec<bool>>())
    .bind(moves.iter().map(|step| step.keep_transaction).collect::<Vec<bool>>())
    .bind(moves.iter().map(|step| step.to().is_final()).collect::<Vec<bool>>())
    .bind(moves.iter().map(|step| step.lost).collect::<Vec<bool>>())
    .execute(transaction)
    .await?;
    if done.rows_affected() == moves.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Broken("locked jobs changed under a move".into()))
    }
}

/// Notes how the attempts ended. A question that stayed open ends nothing.
async fn update_attempts(transaction: &mut PgConnection, moves: &[&Move]) -> Result<()> {
    let moves: Vec<&&Move> =
        moves.iter().filter(|step| matches!(step.from(), State::Running | State::InDoubt)).collect();
    if moves.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE attempts
            SET ended_at = CASE WHEN m.cause = 'still_unknown' THEN ended_at ELSE m.at END,
                cause = CASE WHEN m.cause = 'still_unknown' THEN attempts.cause ELSE m.cause END,
                code = COALESCE(m.code, attempts.code),
                reason = m.reason
           FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
             AS m (id, attempt, at, cause, code, reason)
          WHERE attempts.job_id = m.id AND attempts.attempt = m.attempt",
    )
    .bind(moves.iter().map(|step| step.job().0).collect::<Vec<Uuid>>())
    .bind(moves.iter().map(|step| i64::from(step.attempt())).collect::<Vec<i64>>())
    .bind(moves.iter().map(|step| micros(step.at)).collect::<Vec<i64>>())
    .bind(moves.iter().map(|step| step.cause().word()).collect::<Vec<&str>>())
    .bind(moves.iter().map(|step| text_if(step.answer.as_ref().and_then(|a| a.leading_code()))).collect::<Vec<_>>())
    .bind(moves.iter().map(|step| text_if(step.reason.as_deref())).collect::<Vec<_>>())
    .execute(transaction)
    .await?;
    Ok(())
}

/// Adds to the counters of finished jobs. Rows that every transaction wants come last, so that whoever holds them waits
/// for no job.
async fn count_finished(transaction: &mut PgConnection, moves: &[&Move]) -> Result<()> {
    let ended: BTreeMap<Uuid, (&str, Cow<'_, str>)> = moves
        .iter()
        .filter(|step| step.to().is_final())
        .map(|step| (step.job().0, (step.to().word(), rules::decided_by(step))))
        .collect();
    if ended.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = ended.keys().copied().collect();
    sqlx::query(
        "INSERT INTO finished (account, state, jobs)
         SELECT account, state, count(*) FROM jobs WHERE id = ANY($1) GROUP BY account, state ORDER BY account, state
         ON CONFLICT (account, state) DO UPDATE SET jobs = finished.jobs + excluded.jobs",
    )
    .bind(&ids)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO batch_ends (batch, state, code, jobs)
         SELECT jobs.batch, ended.state, ended.code, count(*)
           FROM UNNEST($1::uuid[], $2::text[], $3::text[]) AS ended (id, state, code) JOIN jobs ON jobs.id = ended.id
          WHERE jobs.batch IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
         ON CONFLICT (batch, state, code) DO UPDATE SET jobs = batch_ends.jobs + excluded.jobs",
    )
    .bind(&ids)
    .bind(ended.values().map(|(state, _)| *state).collect::<Vec<&str>>())
    .bind(ended.values().map(|(_, code)| code.as_ref()).collect::<Vec<&str>>())
    .execute(transaction)
    .await?;
    Ok(())
}
