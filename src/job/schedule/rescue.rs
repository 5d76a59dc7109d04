//! Jobs whose owner died with them. A write whose intent was committed was perhaps sent: it goes into doubt, never
//! straight back (law 3). A read does no harm twice.

use super::super::execute::Account;
use crate::failpoint::failpoint;
use crate::model::Cause;
use crate::store::Result;
#[cfg(feature = "failpoints")]
use crate::store::StoreError;

/// Jobs rescued in one go.
const GROUP: u32 = 500;

/// Moves every job that an earlier owner left running. Returns how many.
///
/// # Errors
/// The store is away; call again later.
pub async fn rescue(account: &Account) -> Result<usize> {
    let mut rescued = 0;
    loop {
        let abandoned = account.store.abandoned(&account.lease, GROUP).await?;
        if abandoned.is_empty() {
            return Ok(rescued);
        }
        failpoint!(RescueFound, |why| Err(StoreError::Unavailable(why)));
        let circumstances = account.circumstances();
        let why = "the daemon that worked on it ended before the answer was recorded";
        let moves: Vec<_> = abandoned
            .iter()
            .filter_map(|job| {
                if job.operation.writes() {
                    circumstances.perhaps_sent(job, why).step
                } else {
                    circumstances.plain(job, Cause::Deferred, why)
                }
            })
            .collect();
        let effects = account.store.apply(&moves).await?;
        moves.iter().zip(&effects).filter(|(_, effect)| **effect).for_each(|(step, _)| account.observer.moved(step));
        let done = effects.iter().filter(|effect| **effect).count();
        rescued += done;
        if done == 0 {
            // Somebody else moved them in between; the next look finds none, or the next owner's.
            return Ok(rescued);
        }
    }
}
