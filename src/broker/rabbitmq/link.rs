//! Keeps one connection alive: opens it, waits for its end, opens the next one with a back-off.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::connection::Wire;
use crate::broker::BrokerError;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What one connection is for.
#[async_trait]
pub(super) trait Role: Send + Sync + 'static {
    type Session: Session;
    /// For logs.
    const NAME: &'static str;
    /// A fresh connection with everything on it.
    async fn open(&self, generation: u64) -> Result<Self::Session, BrokerError>;
}

/// A connection with its channels; useless as a whole once any part of it failed.
pub(super) trait Session: Send + Sync + 'static {
    fn wire(&self) -> &Wire;
}

/// A connection that is replaced whenever it breaks.
pub(super) struct Link<S> {
    current: watch::Receiver<Option<Arc<S>>>,
    keeper: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl<S: Session> Link<S> {
    /// Opens the first connection, then keeps it alive until `closing`; once `last` fires it is not replaced any more.
    ///
    /// # Errors
    /// [`BrokerError::Misconfigured`] if the first attempt shows that a human must look. A broker that is merely away
    /// is no error: it is tried again in the background.
    pub(super) async fn start<R: Role<Session = S>>(
        role: R,
        last: CancellationToken,
        closing: CancellationToken,
    ) -> Result<Self, BrokerError> {
        let first = match role.open(1).await {
            Ok(session) => Some(Arc::new(session)),
            Err(error @ BrokerError::Misconfigured(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(role = R::NAME, %error, "no connection to the broker yet, trying again");
                None
            }
        };
        let (sender, current) = watch::channel(first);
        let keeper = tokio::spawn(keep(role, sender, last, closing));
        Ok(Self { current, keeper: std::sync::Mutex::new(Some(keeper)) })
    }

    /// The connection there is now.
    pub(super) fn now(&self) -> Option<Arc<S>> {
        self.current.borrow().clone().filter(|session| !session.wire().broken().is_cancelled())
    }

    /// The connection there is now, or else the next one. `None` when there will be no more.
    pub(super) async fn wait(&self) -> Option<Arc<S>> {
        let mut current = self.current.clone();
        let usable = |session: &Option<Arc<S>>| session.as_ref().is_some_and(|s| !s.wire().broken().is_cancelled());
        current.wait_for(usable).await.ok().and_then(|session| session.clone())
    }

    /// Waits until the connection has been closed (after `closing` was fired).
    pub(super) async fn closed(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(keeper) = keeper {
            let _ = keeper.await;
        }
    }
}

async fn keep<R: Role>(
    role: R,
    sender: watch::Sender<Option<Arc<R::Session>>>,
    last: CancellationToken,
    closing: CancellationToken,
) {
    let waits = ExponentialBuilder::default()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .without_max_times()
        .with_jitter();
    let mut backoff = waits.build();
    let mut generation = 1;
    loop {
        let session = sender.borrow().clone();
        if let Some(session) = session {
            let since = Instant::now();
            tokio::select! {
                () = session.wire().broken().cancelled() => {}
                () = closing.cancelled() => {
                    sender.send_replace(None);
                    return session.wire().close().await;
                }
            }
            sender.send_replace(None);
            if last.is_cancelled() {
                return;
            }
            tracing::info!(role = R::NAME, "connecting to the broker again");
            // A connection that broke at once does not count as a recovery.
            if since.elapsed() >= LONGEST_WAIT {
                backoff = waits.build();
            }
        }
        let mut wait = backoff.next().unwrap_or(LONGEST_WAIT);
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = closing.cancelled() => return,
                () = last.cancelled() => return,
            }
            generation += 1;
            match role.open(generation).await {
                Ok(session) => {
                    tracing::info!(role = R::NAME, generation, "connected to the broker");
                    sender.send_replace(Some(Arc::new(session)));
                    break;
                }
                // Nobody is helped by a refused login every second.
                Err(error @ BrokerError::Misconfigured(_)) => {
                    tracing::error!(role = R::NAME, %error, "cannot use the broker, trying again slowly");
                    wait = LONGEST_WAIT;
                }
                Err(error) => {
                    tracing::warn!(role = R::NAME, %error, "no connection to the broker yet");
                    wait = backoff.next().unwrap_or(LONGEST_WAIT);
                }
            }
        }
    }
}
