//! Metrics of quota and pauses.

use prometheus::IntGaugeVec;

use super::{Making, Metrics, whole};

/// What is counted of them.
pub(super) struct Traffic {
    quota: IntGaugeVec,
    drift: IntGaugeVec,
    paused: IntGaugeVec,
    out_of_funds: IntGaugeVec,
}

impl Traffic {
    /// Registers them.
    pub(super) fn new(make: &Making) -> Result<Self, String> {
        Ok(Self {
            quota: make.gauges(
                "quota_points",
                "Points of the daily quota: used today as charged here, and limit for how many there are.",
                &["account", "state"],
            )?,
            drift: make.gauges(
                "quota_drift_points",
                "By how many points our count was above the registry's last word of the day; negative: it counts more than we do.",
                &["account"],
            )?,
            paused: make.gauges(
                "account_paused",
                "1 while an operator keeps an account from sending; told by the daemon that works it.",
                &["account"],
            )?,
            out_of_funds: make.gauges(
                "account_out_of_funds",
                "1 while orders of an account that cost money wait because it has none; told by the daemon that works it.",
                &["account"],
            )?,
        })
    }

    /// This daemon no longer works an account.
    pub(super) fn forget(&self, account: &str) {
        for state in ["used", "limit"] {
            let _ = self.quota.remove_label_values(&[account, state]);
        }
        let _ = self.drift.remove_label_values(&[account]);
        let _ = self.paused.remove_label_values(&[account]);
        let _ = self.out_of_funds.remove_label_values(&[account]);
    }
}

impl Metrics {
    /// So many points are used, so many there are, and ours was so far above the registry's last word.
    pub fn quota(&self, account: &str, used: u64, limit: u64, drift: Option<i64>) {
        let number = |points: u64| whole(usize::try_from(points).unwrap_or(usize::MAX));
        self.traffic.quota.with_label_values(&[account, "used"]).set(number(used));
        self.traffic.quota.with_label_values(&[account, "limit"]).set(number(limit));
        match drift {
            Some(drift) => self.traffic.drift.with_label_values(&[account]).set(drift),
            None => drop(self.traffic.drift.remove_label_values(&[account])),
        }
    }

    /// An operator paused an account, or ended that.
    pub fn paused(&self, account: &str, paused: bool) {
        self.traffic.paused.with_label_values(&[account]).set(i64::from(paused));
    }

    /// Orders that cost money wait on an account, or that is over.
    pub fn out_of_funds(&self, account: &str, short: bool) {
        self.traffic.out_of_funds.with_label_values(&[account]).set(i64::from(short));
    }
}
