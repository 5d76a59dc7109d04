//! Work that one daemon does at a time: it holds a lease for as long as it does it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Lease, Result, Store, StoreError};
use crate::model::retry::Steps;

/// The wish to hold a lease.
pub struct Tenure {
    /// Where leases are.
    pub store: Arc<dyn Store>,
    /// Of what.
    pub name: &'static str,
    /// This daemon's name.
    pub owner: String,
    /// How long the lease holds without being renewed.
    pub ttl: Duration,
    /// Back-off while the store is away.
    pub retry: Steps,
}

impl Tenure {
    /// Does `work` under a lease that was [begun](Self::begin), and gives it back when the work has ended. If the lease is lost
    /// the work is dropped.
    pub async fn during(&self, lease: Lease, work: impl Future<Output = ()>) {
        tracing::info!(fence = lease.fence, "holding the lease `{}`", self.name);
        tokio::select! {
            () = self.keep(&lease) => tracing::warn!("lost the lease `{}` to another daemon", self.name),
            () = work => if let Err(error) = self.store.release(&lease).await {
                tracing::warn!(%error, "the lease `{}` ends by itself", self.name);
            },
        }
    }

    /// Waits for the lease; `None` after `stop`.
    pub async fn begin(&self, stop: &CancellationToken) -> Option<Lease> {
        let mut tries = 0;
        while !stop.is_cancelled() {
            let wait = match self.store.acquire(self.name, &self.owner, self.ttl).await {
                Ok(Some(lease)) => return Some(lease),
                Ok(None) => self.ttl / 3,
                Err(error) => self.after(&error, &mut tries),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(wait) => {}
            }
        }
        None
    }

    fn after(&self, error: &StoreError, tries: &mut u32) -> Duration {
        tracing::warn!(%error, "cannot acquire the lease `{}` now, trying again", self.name);
        *tries = tries.saturating_add(1);
        self.retry.wait(*tries - 1, rand::random())
    }

    /// Renews the lease; returns when it is lost, or may be.
    async fn keep(&self, lease: &Lease) {
        let mut held_until = Instant::now() + self.ttl;
        while Instant::now() < held_until {
            sleep(self.ttl / 3).await;
            let asked = Instant::now();
            let renewed: std::result::Result<Result<bool>, _> =
                timeout_at(held_until, self.store.renew(lease, self.ttl)).await;
            match renewed {
                Ok(Ok(true)) => held_until = asked + self.ttl,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => tracing::warn!(%error, "cannot renew the lease `{}`", self.name),
            }
        }
    }
}
