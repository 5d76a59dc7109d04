//! Being told to stop: first softly (take no new work, let what is on the wire finish), then hard.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Two signals in order. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Stop {
    /// Not told to stop yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Take no new work, finish what is on the wire.
    pub fn soft(&self) {
        self.soft.cancel();
    }

    /// Drop everything now. What is on the wire becomes in doubt.
    pub fn hard(&self) {
        // In this order: nobody may see the second signal without the first.
        self.soft.cancel();
        self.hard.cancel();
    }

    /// Whether no new work is to be taken.
    #[must_use]
    pub fn is_soft(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Whether everything is to be dropped.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.hard.is_cancelled()
    }

    /// Waits until no new work is to be taken.
    pub async fn softly(&self) {
        self.soft.cancelled().await;
    }

    /// Waits until everything is to be dropped.
    pub async fn finally(&self) {
        self.hard.cancelled().await;
    }

    /// Listens for SIGTERM and SIGINT from now on: the first stops softly; a second one, or `patience` after the first,
    /// stops hard. `on_first` runs at the first signal (to tell the service manager).
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn on_signals(&self, patience: Duration, on_first: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut signals = Signals { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? };
        let stop = self.clone();
        tokio::spawn(async move {
            // Also followed when somebody else asked to stop: the patience is the same.
            tokio::select! {
                () = signals.next() => {}
                () = stop.softly() => {}
            }
            on_first();
            stop.escalate(patience, signals.next()).await;
        });
        Ok(())
    }

    /// Softly now, hard at `second` or after `patience`.
    async fn escalate(&self, patience: Duration, second: impl Future<Output = ()>) {
        tracing::info!(seconds = patience.as_secs(), "stopping: what is on the wire may finish");
        self.soft();
        tokio::select! {
            () = second => tracing::warn!("told to stop a second time: dropping what is on the wire"),
            () = tokio::time::sleep(patience) => tracing::warn!("stopping took too long: dropping what is on the wire"),
        }
        self.hard();
    }
}

struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn patience_ends_hard() {
        let stop = Stop::new();
        let told = tokio::spawn({
            let stop = stop.clone();
            async move { stop.escalate(Duration::from_secs(30), std::future::pending()).await }
        });
        stop.softly().await;
        assert!(!stop.is_hard());
        let began = tokio::time::Instant::now();
        stop.finally().await;
        assert!(began.elapsed() >= Duration::from_secs(29), "{:?}", began.elapsed());
        told.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_hard_at_once() {
        let stop = Stop::new();
        let began = tokio::time::Instant::now();
        stop.escalate(Duration::from_secs(3600), std::future::ready(())).await;
        assert!(stop.is_soft() && stop.is_hard());
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[test]
    fn hard_implies_soft() {
        let stop = Stop::new();
        stop.hard();
        assert!(stop.is_soft());
    }
}
