//! Messages of the registries: stored with their event and what they end, and removed at the registry only then (law 5).

use jiff::Timestamp;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Sqlite};

use super::{InboxMessage, InboxRow, Lease, MessageFilter, Receipt, Result, begin, calendar, lease, moves};
use crate::model::deadline::Word;
use crate::model::{Event, Move};
use crate::store::rows::{self, MessageRow, json, micros, text, text_if};

/// Stores a message. See [`crate::store::Inbox::receive`].
pub(super) async fn receive(
    writer: &SqlitePool,
    owner: &Lease,
    message: &InboxMessage,
    event: &Event,
    steps: &[Move],
) -> Result<Receipt> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let inserted = sqlx::query(
        "INSERT INTO inbox (account, message_id, native_kind, kind, object, written_at, received_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, message_id) DO NOTHING",
    )
    .bind(text(&owner.name))
    .bind(text(&message.id))
    .bind(text(&message.native_kind))
    .bind(text(&message.kind))
    .bind(text_if(message.object.as_deref()))
    .bind(message.written_at.map(micros))
    .bind(micros(message.received_at))
    .bind(json(&message.body)?)
    .execute(&mut *transaction)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Receipt::Known);
    }
    let made = moves::carry_out(&mut transaction, steps).await?;
    if made.contains(&false) {
        // Dropped, the transaction is rolled back: the event must not name a job that something else has ended.
        return Ok(Receipt::Overtaken);
    }
    moves::finish(&mut transaction, &steps.iter().collect::<Vec<_>>(), Some((event, &message.words))).await?;
    transaction.commit().await?;
    Ok(Receipt::New)
}

/// Counts one more removal; the number makes its transaction id.
pub(super) async fn begin_removal(writer: &SqlitePool, owner: &Lease, id: &str) -> Result<Option<i64>> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let tries =
        sqlx::query_scalar("UPDATE inbox SET tries = tries + 1 WHERE account = $1 AND message_id = $2 RETURNING tries")
            .bind(text(&owner.name))
            .bind(text(id))
            .fetch_optional(&mut *transaction)
            .await?;
    transaction.commit().await?;
    Ok(tries)
}

/// Notes that the registry has removed it. The first time counts.
pub(super) async fn removed(writer: &SqlitePool, account: &str, id: &str, at: Timestamp) -> Result<()> {
    sqlx::query(
        "UPDATE inbox SET removed_at = coalesce(removed_at, $3), why = NULL WHERE account = $1 AND message_id = $2",
    )
    .bind(text(account))
    .bind(text(id))
    .bind(micros(at))
    .execute(writer)
    .await?;
    Ok(())
}

/// Notes why it could not be removed.
pub(super) async fn not_removed(writer: &SqlitePool, account: &str, id: &str, why: &str) -> Result<()> {
    sqlx::query("UPDATE inbox SET why = $3 WHERE account = $1 AND message_id = $2 AND removed_at IS NULL")
        .bind(text(account))
        .bind(text(id))
        .bind(text(why))
        .execute(writer)
        .await?;
    Ok(())
}

/// Nothing is in the queue any more, so everything of it that was stored is removed.
pub(super) async fn found_empty(writer: &SqlitePool, owner: &Lease, at: Timestamp, words: &[Word]) -> Result<u64> {
    let mut transaction = begin(writer).await?;
    lease::hold(&mut transaction, owner).await?;
    let done = sqlx::query("UPDATE inbox SET removed_at = $2, why = NULL WHERE account = $1 AND removed_at IS NULL")
        .bind(text(&owner.name))
        .bind(micros(at))
        .execute(&mut *transaction)
        .await?;
    calendar::hear(&mut transaction, &words.iter().collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(done.rows_affected())
}

/// Messages by filter, newest first.
pub(super) async fn messages(readers: &SqlitePool, filter: &MessageFilter) -> Result<Vec<InboxRow>> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
        "SELECT seq, account, message_id, native_kind, kind, object, written_at, received_at, body, tries, removed_at,
                why
           FROM inbox WHERE true",
    );
    if let Some(account) = &filter.account {
        query.push(" AND account = ").push_bind(text(account));
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND kind = ").push_bind(text(kind));
    }
    if filter.only_open {
        query.push(" AND removed_at IS NULL");
    }
    if let Some(seq) = filter.before_seq {
        query.push(" AND seq < ").push_bind(seq);
    }
    query.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows: Vec<MessageRow> = query.build_query_as().fetch_all(readers).await?;
    rows.into_iter().map(MessageRow::read).collect()
}

/// How many are stored and not removed, by account.
pub(super) async fn open(readers: &SqlitePool) -> Result<Vec<(String, u64)>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT account, count(*) FROM inbox WHERE removed_at IS NULL GROUP BY account ORDER BY account",
    )
    .fetch_all(readers)
    .await?;
    Ok(rows.into_iter().map(rows::counted).collect())
}
