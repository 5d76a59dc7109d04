//! Metrics of the calendar.

use jiff::Timestamp;
use prometheus::{IntGauge, IntGaugeVec};

use super::{Making, Metrics};

/// By how far entries are away: past and unsettled, within a day, a week, 30 days, later.
const BUCKETS: [&str; 5] = ["overdue", "1d", "7d", "30d", "later"];

/// What is counted of deadlines.
pub(super) struct Deadlines {
    open: IntGaugeVec,
    next: IntGaugeVec,
    at_risk: IntGaugeVec,
    kept: IntGauge,
}

/// Open entries of one account and kind.
pub struct OpenDeadlines<'a> {
    /// The account.
    pub account: &'a str,
    /// The kind's word.
    pub kind: &'static str,
    /// By bucket: overdue, within a day, a week, 30 days, later.
    pub counts: [u64; 5],
    /// The earliest.
    pub next: Timestamp,
}

impl Deadlines {
    /// Registers them.
    pub(super) fn new(make: &Making) -> Result<Self, String> {
        Ok(Self {
            open: make.gauges(
                "deadlines",
                "Open deadlines by kind and by how far they are away: overdue, within 1d, 7d, 30d, or later; told by the daemon \
                 that keeps the calendar.",
                &["account", "kind", "bucket"],
            )?,
            next: make.gauges(
                "deadline_next_seconds",
                "Seconds to the next deadline of a kind; negative if it has passed and nobody knows yet what came of it.",
                &["account", "kind"],
            )?,
            at_risk: make.gauges(
                "deadlines_at_risk",
                "Deadlines whose prepared jobs cannot be done in time at the rate that limits and quota allow.",
                &["account"],
            )?,
            kept: make.gauge(
                "calendar_kept_timestamp_seconds",
                "When this daemon last brought the calendar up to date, in seconds since 1970; 0 if it never did.",
            )?,
        })
    }
}

impl Metrics {
    /// All open deadlines; replaces what was told before.
    pub fn deadlines(&self, all: &[OpenDeadlines<'_>], now: Timestamp) {
        let Deadlines { open, next, .. } = &self.deadlines;
        open.reset();
        next.reset();
        for one in all {
            for (bucket, count) in BUCKETS.iter().zip(one.counts) {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                open.with_label_values(&[one.account, one.kind, bucket]).set(count);
            }
            next.with_label_values(&[one.account, one.kind]).set(one.next.as_second() - now.as_second());
        }
    }

    /// Deadlines of an account that cannot be met.
    pub fn deadlines_at_risk(&self, account: &str, entries: u64) {
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        self.deadlines.at_risk.with_label_values(&[account]).set(entries);
    }

    /// The calendar was up to date.
    pub fn calendar_kept(&self, now: Timestamp) {
        self.deadlines.kept.set(now.as_second());
    }
}
