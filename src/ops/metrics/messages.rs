//! Metrics of the registries' own messages.

use jiff::Timestamp;
use prometheus::{IntCounterVec, IntGaugeVec};

use super::{Making, Metrics};

/// What is counted of messages.
pub(super) struct Messages {
    stored: IntCounterVec,
    queue_length: IntGaugeVec,
    open: IntGaugeVec,
    polled: IntGaugeVec,
    failures: IntCounterVec,
}

impl Messages {
    /// Registers them.
    pub(super) fn new(make: &Making) -> Result<Self, String> {
        Ok(Self {
            stored: make.counters(
                "messages_total",
                "Messages of registries that were stored, by our word for their type; raw for a type nobody knows.",
                &["account", "kind"],
            )?,
            queue_length: make.gauges(
                "message_queue_length",
                "Messages in the registry's queue when it was last looked at, as far as the registry says.",
                &["account"],
            )?,
            open: make.gauges(
                "messages_open",
                "Messages that are stored and not yet known to be removed at the registry.",
                &["account"],
            )?,
            polled: make.gauges(
                "message_poll_success_timestamp_seconds",
                "When the registry's queue was last looked at with success, in seconds since 1970.",
                &["account"],
            )?,
            failures: make.counters(
                "message_poll_failures_total",
                "Looks at a registry's queue that failed: not_sent, lost (no answer), refused or store.",
                &["account", "why"],
            )?,
        })
    }

    /// What this daemon last knew of the account's queue is now somebody else's to tell.
    pub(super) fn forget(&self, account: &str) {
        let _ = self.queue_length.remove_label_values(&[account]);
        let _ = self.polled.remove_label_values(&[account]);
    }
}

impl Metrics {
    /// A message was stored that was not known. `kind` is one of few words.
    pub fn message(&self, account: &str, kind: &'static str) {
        self.messages.stored.with_label_values(&[account, kind]).inc();
    }

    /// A queue was looked at and holds so many messages, as far as the registry says.
    pub fn queue_looked_at(&self, account: &str, length: Option<u64>, now: Timestamp) {
        self.messages.polled.with_label_values(&[account]).set(now.as_second());
        if let Some(length) = length {
            self.messages.queue_length.with_label_values(&[account]).set(i64::try_from(length).unwrap_or(i64::MAX));
        }
    }

    /// A queue could not be looked at, or a message not be stored or removed. `why` is one of few words.
    pub fn poll_failed(&self, account: &str, why: &'static str) {
        self.messages.failures.with_label_values(&[account, why]).inc();
    }

    /// Stored messages that are not known to be removed, by account; replaces what was told before.
    pub fn open_messages(&self, counts: &[(String, u64)]) {
        self.messages.open.reset();
        for (account, count) in counts {
            self.messages.open.with_label_values(&[account]).set(i64::try_from(*count).unwrap_or(i64::MAX));
        }
    }
}
