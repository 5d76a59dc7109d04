//! `registrard deadlines list`.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::ics;
use super::objects::Tongues;
use super::when::{Zones, left, local};
use crate::cli::exit::Failure;
use crate::cli::output::{Format, Out, Row};
use crate::config::Config;
use crate::model::civil::Lead;
use crate::model::deadline::{DeadlineKind, Entry};
use crate::store::{DeadlineFilter, Store};

/// Entries read from the store at once.
const PAGE: u32 = 1000;

/// Which deadlines to list.
#[derive(Args, Debug)]
pub struct Filter {
    /// Only those due within this time, and those that are overdue: 6h, 7d, 2w.
    #[arg(long, short, value_name = "TIME")]
    pub within: Option<Lead>,
    /// Only of this kind, for example domain_expiry; may be repeated.
    #[arg(long = "kind", short, value_name = "KIND")]
    pub kinds: Vec<DeadlineKind>,
    /// Only of this account.
    #[arg(long, short)]
    pub account: Option<String>,
    /// Only of this object; a name without kind is a domain.
    #[arg(long)]
    pub object: Option<String>,
    /// Also those that are over: met, missed or cleared.
    #[arg(long)]
    pub all: bool,
    /// At most this many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
}

/// A deadline in a listing.
#[derive(Debug, Serialize)]
pub struct Line {
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
    title: &'static str,
    harm: &'static str,
    /// The date in the account's zone.
    pub due_local: String,
    /// `null` once it is over.
    seconds_left: Option<i64>,
    overdue: bool,
    /// How far away it is, or how it ended; for people.
    #[serde(skip)]
    pub left: String,
}

impl Line {
    /// How an entry is shown.
    #[must_use]
    pub fn of(entry: Entry, zone: &TimeZone, now: Timestamp) -> Self {
        let open = entry.closed.is_none();
        Self {
            title: entry.kind.title(),
            harm: entry.kind.harm(),
            due_local: local(entry.due, zone),
            seconds_left: open.then(|| entry.due.as_second() - now.as_second()),
            overdue: open && entry.due < now,
            left: match &entry.closed {
                Some(closed) => format!("{} {}", closed.how.word(), closed.at.to_zoned(zone.clone()).date()),
                None => left(entry.due, now),
            },
            entry,
        }
    }
}

impl Row for Line {
    const HEADINGS: &'static [&'static str] = &["ID", "DUE", "LEFT", "ACCOUNT", "OBJECT", "KIND", "FROM"];
    fn cells(&self) -> Vec<String> {
        vec![
            self.entry.id.to_string(),
            self.due_local.clone(),
            self.left.clone(),
            self.entry.account.clone(),
            self.entry.object.to_string(),
            self.entry.kind.to_string(),
            self.entry.basis.to_string(),
        ]
    }
}

/// Lists deadlines.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    filter: &Filter,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let zones = Zones::of(config);
    // Days are those of the account that is asked about.
    let zone = filter.account.as_deref().map_or(TimeZone::UTC, |account| zones.zone(account));
    let object = filter.object.as_ref().map(|text| Tongues::new(config).meant(filter.account.as_deref(), text));
    let mut entries = read(
        store,
        DeadlineFilter {
            account: filter.account.clone(),
            object: object.map(|object| object.to_string()),
            kinds: filter.kinds.clone(),
            before: filter.within.map(|within| within.after(now, &zone)),
            closed: filter.all,
            limit: filter.limit,
            ..DeadlineFilter::default()
        },
    )
    .await?;
    if entries.len() == filter.limit as usize {
        out.say("there may be more: name a higher --limit, or choose by --within, --account, --kind");
    }
    // What is over is no reason to overlook what is overdue.
    entries.sort_by_key(|entry| entry.closed.is_some() || entry.due >= now);
    if out.format == Format::Ics {
        let with_zones = entries.iter().map(|entry| (entry, zones.zone(&entry.account)));
        return out.data(&ics::calendar(with_zones, now));
    }
    let lines: Vec<_> = entries.into_iter().map(|entry| (zones.zone(&entry.account), entry)).collect();
    out.rows(&lines.into_iter().map(|(zone, entry)| Line::of(entry, &zone, now)).collect::<Vec<_>>())
}

/// Entries of the store, up to the filter's limit, page by page.
///
/// # Errors
/// The store failed.
pub async fn read(store: &dyn Store, mut filter: DeadlineFilter) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    let most = filter.limit;
    while filter.limit > 0 {
        filter.limit = filter.limit.min(PAGE);
        let page = store.deadlines(&filter).await?;
        let is_last = page.len() < filter.limit as usize;
        filter.after = page.last().map(|entry| (entry.due, entry.id));
        entries.extend(page);
        filter.limit = if is_last { 0 } else { most.saturating_sub(u32::try_from(entries.len()).unwrap_or(most)) };
    }
    Ok(entries)
}
