//! The calendar: words, entries, and the keeper's pages.

use jiff::Timestamp;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{Failure, Lease, Result, lease, outbox};
use crate::model::ObjectKey;
use crate::model::deadline::{Entry, Word};
use crate::store::rows::calendar::{self as rows, CountRow, EntryRow, KeptRow, entry_columns};
use crate::store::rows::{STATEMENT, json, micros, text};
use crate::store::{DeadlineCount, DeadlineFilter, KeptAccount, Page};

/// Writes down what was heard.
pub(super) async fn hear(connection: &mut PgConnection, words: &[&Word]) -> Result<()> {
    for words in words.chunks(STATEMENT) {
        sqlx::query(
            "INSERT INTO calendar_words (body)
             SELECT body::json FROM UNNEST($1::text[]) WITH ORDINALITY AS w (body, place) ORDER BY place",
        )
        .bind(words.iter().map(json).collect::<Result<Vec<_>>>()?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// What was heard, oldest first.
pub(super) async fn words(pool: &PgPool, limit: u32) -> Result<Vec<(i64, Word)>> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT seq, body::text FROM calendar_words ORDER BY seq LIMIT $1")
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(rows::word).collect()
}

/// The open entries of objects.
pub(super) async fn open(pool: &PgPool, objects: &[(String, ObjectKey)]) -> Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = sqlx::query_as(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM deadlines
          WHERE closed_at IS NULL AND (account, object) IN (SELECT * FROM UNNEST($1::text[], $2::text[])) ORDER BY id"
    ))
    .bind(objects.iter().map(|(account, _)| text(account)).collect::<Vec<_>>())
    .bind(objects.iter().map(|(_, object)| text(object.as_str())).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// Open entries of which something is to be said or done.
pub(super) async fn ripe(pool: &PgPool, now: Timestamp, limit: u32) -> Result<Vec<Entry>> {
    let rows: Vec<EntryRow> = sqlx::query_as(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM deadlines WHERE closed_at IS NULL AND next_at <= $1 ORDER BY next_at, id LIMIT $2"
    ))
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// Writes a page.
pub(super) async fn keep(pool: &PgPool, owner: &Lease, page: &Page) -> std::result::Result<(), Failure> {
    let mut transaction = pool.begin().await?;
    lease::hold(&mut transaction, owner).await?;
    let (changed, new): (Vec<&Entry>, Vec<&Entry>) = page.entries.iter().partition(|entry| entry.id != 0);
    // What is closed first: a new entry may take the place of one that ends with it.
    for entries in changed.chunks(STATEMENT) {
        update(&mut transaction, entries).await?;
    }
    for entries in new.chunks(STATEMENT) {
        insert(&mut transaction, entries).await?;
    }
    sqlx::query("DELETE FROM calendar_words WHERE seq = ANY($1)").bind(&page.heard).execute(&mut *transaction).await?;
    for account in &page.kept {
        remember(&mut transaction, account).await?;
    }
    outbox::insert(&mut transaction, &page.events.iter().collect::<Vec<_>>()).await?;
    transaction.commit().await?;
    Ok(())
}

async fn insert(transaction: &mut PgConnection, entries: &[&Entry]) -> Result<()> {
    sqlx::query(
        "INSERT INTO deadlines (account, object, kind, due_at, basis, evidence, note, opened_at, heard_at, seen_until,
                                next_at, asked, job_id, ending, closed_at, why)
         SELECT account, object, kind, due_at, basis, evidence, note::json, opened_at, heard_at, seen_until, next_at,
                asked, job_id, ending, closed_at, why
           FROM json_to_recordset($1::json)
             AS e (account text, object text, kind text, due_at bigint, basis text, evidence text, note text,
                   opened_at bigint, heard_at bigint, seen_until bigint, next_at bigint, asked bigint, job_id uuid,
                   ending text, closed_at bigint, why text)",
    )
    .bind(rows::records(entries.iter().copied())?)
    .execute(transaction)
    .await?;
    Ok(())
}

async fn update(transaction: &mut PgConnection, entries: &[&Entry]) -> Result<()> {
    sqlx::query(
        "UPDATE deadlines
            SET due_at = e.due_at, basis = e.basis, evidence = e.evidence, note = e.note::json, heard_at = e.heard_at,
                seen_until = e.seen_until, next_at = e.next_at, asked = e.asked, job_id = e.job_id, ending = e.ending,
                closed_at = e.closed_at, why = e.why
           FROM json_to_recordset($1::json)
             AS e (id bigint, due_at bigint, basis text, evidence text, note text, heard_at bigint, seen_until bigint,
                   next_at bigint, asked bigint, job_id uuid, ending text, closed_at bigint, why text)
          WHERE deadlines.id = e.id AND deadlines.closed_at IS NULL",
    )
    .bind(rows::records(entries.iter().copied())?)
    .execute(transaction)
    .await?;
    Ok(())
}

async fn remember(transaction: &mut PgConnection, kept: &KeptAccount) -> Result<()> {
    sqlx::query(rows::REMEMBER)
        .bind(text(&kept.account))
        .bind(text(&kept.plan))
        .bind(kept.digest_day.map(|day| day.to_string()))
        .bind(kept.risk_day.map(|day| day.to_string()))
        .execute(transaction)
        .await?;
    Ok(())
}

/// Entries by date.
pub(super) async fn list(pool: &PgPool, filter: &DeadlineFilter) -> Result<Vec<Entry>> {
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new(concat!("SELECT ", entry_columns!(), " FROM deadlines WHERE true"));
    if !filter.closed {
        query.push(" AND closed_at IS NULL");
    }
    if let Some(id) = filter.id {
        query.push(" AND id = ").push_bind(id);
    }
    if let Some(account) = &filter.account {
        query.push(" AND account = ").push_bind(text(account));
    }
    if let Some(object) = &filter.object {
        query.push(" AND object = ").push_bind(text(object));
    }
    if !filter.kinds.is_empty() {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.word()).collect();
        query.push(" AND kind = ANY(").push_bind(kinds).push(")");
    }
    if let Some(before) = filter.before {
        query.push(" AND due_at < ").push_bind(micros(before));
    }
    if let Some((due, id)) = filter.after {
        query.push(" AND (due_at, id) > (").push_bind(micros(due)).push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY due_at, id LIMIT ").push_bind(i64::from(filter.limit));
    let rows: Vec<EntryRow> = query.build_query_as().fetch_all(pool).await?;
    rows.into_iter().map(EntryRow::read).collect()
}

/// Open entries by account and kind.
pub(super) async fn counts(pool: &PgPool, now: Timestamp) -> Result<Vec<DeadlineCount>> {
    let [day, week, month] = rows::spans(now);
    let rows: Vec<CountRow> =
        sqlx::query_as(rows::COUNTS).bind(micros(now)).bind(day).bind(week).bind(month).fetch_all(pool).await?;
    rows.into_iter().map(rows::counted).collect()
}

/// How far accounts are kept.
pub(super) async fn kept(pool: &PgPool) -> Result<Vec<KeptAccount>> {
    let rows: Vec<KeptRow> = sqlx::query_as(rows::KEPT).fetch_all(pool).await?;
    Ok(rows.into_iter().map(rows::kept).collect())
}

/// Names of domains that an account has.
pub(super) async fn domains(pool: &PgPool, account: &str, after: &str, limit: u32) -> Result<Vec<String>> {
    let objects: Vec<String> = sqlx::query_scalar(rows::known_domains!("COLLATE \"C\""))
        .bind(text(account))
        .bind(format!("domain:{after}"))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    Ok(objects.iter().map(|object| ObjectKey::stored(object.clone()).name().to_owned()).collect())
}
