//! What can be set of RRP alone.

use std::time::Duration;

use clap::Args;

use crate::sandbox::{RrpDays, RrpOptions, RrpStyle, RrpVersion, TransferDecision};

/// Flags of RRP.
#[derive(Args, Clone, Debug)]
pub struct RrpArgs {
    /// Version of RRP: 2.0.0 adds IPv6 addresses, 510, 557 and the cancelling of transfers.
    #[arg(long, value_enum, default_value_t)]
    pub rrp_version: RrpVersion,

    /// Seconds of sandbox time that a session of RRP may be without a request.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..))]
    pub idle_seconds: u32,

    /// Seconds of sandbox time that a session of RRP may last; any time if not given.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub life_seconds: Option<u32>,

    /// A session of RRP whose time is up is closed without a 520.
    #[arg(long)]
    pub silent_timeout: bool,

    /// Another way of writing that RRP servers have, for every answer; may be given more than once.
    #[arg(long = "style", value_enum, value_name = "STYLE")]
    pub styles: Vec<RrpStyle>,

    /// What RRP's registry does about a transfer nobody has answered.
    #[arg(long, value_enum, default_value_t)]
    pub transfer_decision: TransferDecision,

    /// Days until it does.
    #[arg(long, value_name = "DAYS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub transfer_days: u32,

    /// Days that a name deleted after its add grace is kept by RRP's registry; 0: it is free at once.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=365))]
    pub redemption_days: u32,

    /// Days before the expiration in which RRP's registry takes a renewal; any time if not given.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3660))]
    pub renewal_window_days: Option<u32>,

    /// RRP's registry deletes what expires instead of renewing it.
    #[arg(long)]
    pub no_auto_renew: bool,

    /// STATUS of RRP shows PENDINGTRANSFER.
    #[arg(long)]
    pub shows_transfer: bool,
}

impl RrpArgs {
    /// The options these flags speak of; all others at their defaults.
    pub(super) fn options(self) -> RrpOptions {
        let defaults = RrpOptions::default();
        let days = RrpDays { transfer: self.transfer_days, redemption: self.redemption_days, ..defaults.days };
        RrpOptions {
            version: self.rrp_version,
            idle: Duration::from_secs(u64::from(self.idle_seconds)),
            life: self.life_seconds.map(|seconds| Duration::from_secs(u64::from(seconds))),
            says_timeout: !self.silent_timeout,
            styles: self.styles,
            decision: self.transfer_decision,
            days,
            renewal_window: self.renewal_window_days,
            auto_renew: !self.no_auto_renew,
            shows_transfer: self.shows_transfer,
            ..defaults
        }
    }
}
