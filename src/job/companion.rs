//! Whatever else is done for an account by the daemon that owns it, for as long as it owns it: the poller of its
//! messages. The life of jobs knows no more of it than this.

use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::registries::Line;
use crate::store::Lease;

/// Accompanies the ownership of accounts.
#[async_trait]
pub trait Companion: Send + Sync + 'static {
    /// Works for the account over `line`, under `lease`, until told to stop; then it ends soon, since the lease is given
    /// back only when it has.
    async fn accompany(&self, account: &str, line: Arc<dyn Line>, lease: Lease, stop: CancellationToken);
}

/// Does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

#[async_trait]
impl Companion for Alone {
    async fn accompany(&self, _: &str, _: Arc<dyn Line>, _: Lease, stop: CancellationToken) {
        stop.cancelled().await;
    }
}
