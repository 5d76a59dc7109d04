//! Trying until it works or nobody wants it any more.

use std::fmt::Display;

use tokio_util::sync::CancellationToken;

use crate::model::retry::Steps;

/// An error that says whether waiting helps.
pub(crate) trait Trouble: Display {
    /// It passes by itself. Otherwise a human must look; trying again slowly sees when that has happened.
    fn passes(&self) -> bool;
}

/// Tries until it succeeds, with back-off in between. After `stop` there is no further try; `None` then.
pub(crate) async fn persist<T, E: Trouble, F: Future<Output = Result<T, E>>>(
    doing: &str,
    steps: Steps,
    stop: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Option<T> {
    let mut tries = 0;
    loop {
        let error = match attempt().await {
            Ok(done) => return Some(done),
            Err(error) => error,
        };
        let wait = if error.passes() {
            tracing::warn!(%error, "cannot {doing} now, trying again");
            steps.wait(tries, rand::random())
        } else {
            tracing::error!(%error, "cannot {doing}: a human must look; trying again slowly");
            steps.longest
        };
        tries = tries.saturating_add(1);
        tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
