//! What can be set of NZ SRS alone.

use std::time::Duration;

use clap::Args;

use crate::sandbox::{NzOptions, Quirk};

/// Flags of NZ SRS.
#[derive(Args, Clone, Debug)]
pub struct NzArgs {
    /// Milliseconds of sandbox time in which a domain of NZ SRS takes one write; another one is LOCK_ERROR.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub nz_lock_ms: u32,

    /// A way of NZ SRS's that a client has to bear with; may be given more than once.
    #[arg(long = "nz-quirk", value_enum, value_name = "NAME")]
    pub nz_quirks: Vec<Quirk>,

    /// Put two more keys beside those of NZ SRS's registrars: one that has expired, and one of another environment.
    #[arg(long)]
    pub nz_bad_keys: bool,
}

impl NzArgs {
    /// What they set; the rest is as always.
    pub(super) fn options(&self) -> NzOptions {
        NzOptions {
            lock: Duration::from_millis(u64::from(self.nz_lock_ms)),
            quirks: self.nz_quirks.iter().copied().collect(),
            bad_keys: self.nz_bad_keys,
            ..NzOptions::default()
        }
    }
}
