//! Errands: requests on behalf of an account that belong to no job. They go over the account's desks like everything
//! else, so they take a slot each and respect suspension, silence and stop.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::ask::{self, Said};
use super::desk::SLOT_PATIENCE;
use super::open::Open;
use super::permits::{Need, Part};
use super::staff::{Shared, enter};
use super::{Entrance, Work};
use crate::job::schedule::quota::Tier;
use crate::model::{Answer, Lost};
use crate::registries::{Line, Prepared};

/// How long an errand waits for a session; it is taken back after that.
const SESSION_PATIENCE: Duration = Duration::from_secs(120);

/// A request that waits for a desk. Whoever takes it out of its place decides alone what becomes of it, so that an errand
/// that is given up was certainly not sent.
type Place = Arc<Mutex<Option<Prepared>>>;

/// One errand, for a desk.
pub struct Errand {
    request: Place,
    reply: oneshot::Sender<Result<Answer, Lost>>,
}

impl Errand {
    /// It will not be sent now.
    pub(super) fn put_back(self, why: &str) {
        if take(&self.request).is_some() {
            // Nobody waiting any more is fine.
            let _ = self.reply.send(Err(Lost::NotSent(why.to_owned())));
        }
    }
}

fn take(place: &Place) -> Option<Prepared> {
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What it needs; `None` if it was taken back.
fn need(shared: &Shared, place: &Place) -> Option<Need> {
    let place = place.lock().unwrap_or_else(PoisonError::into_inner);
    let operation = place.as_ref()?.operation;
    Some(shared.account.need(Part::Urgent, Tier::Ordinary, operation))
}

/// Takes an errand back that nobody waits for any more, if no desk has it yet.
struct Recall(Place);

impl Drop for Recall {
    fn drop(&mut self) {
        drop(take(&self.0));
    }
}

/// Runs an errand; says whether the session may be used again.
pub(super) async fn run(shared: &Shared, session: &mut Open, errand: Errand, stop: &CancellationToken) -> bool {
    if errand.reply.is_closed() {
        return true;
    }
    let Some(need) = need(shared, &errand.request) else { return true };
    let permit = match ask::permit(shared, need, stop).await {
        Ok(permit) => permit,
        Err(why) => {
            errand.put_back(why);
            return true;
        }
    };
    // From here on it counts as on its way; before, it could be taken back.
    let Some(request) = take(&errand.request) else {
        permit.unused();
        return true;
    };
    let said = ask::say(shared, session, &request, permit, "errand").await;
    let usable = matches!(said, Said::Answer(_));
    let _ = errand.reply.send(match said {
        Said::Answer(said) => Ok(said.0),
        Said::Nothing(lost) => Err(lost),
    });
    usable
}

/// The way to ask on behalf of one account, as long as it is worked here.
pub(super) struct DeskLine {
    pub(super) shared: Arc<Shared>,
    pub(super) entrance: Entrance,
    /// Once it is cancelled no desk takes anything more.
    pub(super) stop: CancellationToken,
}

#[async_trait]
impl Line for DeskLine {
    async fn ask(&self, request: Prepared) -> Result<Answer, Lost> {
        let shared = &self.shared;
        if self.stop.is_cancelled() || !shared.account.may_send() {
            return Err(Lost::NotSent("the account may not send now".into()));
        }
        let request: Place = Arc::new(Mutex::new(Some(request)));
        let _recall = Recall(Arc::clone(&request));
        let (reply, mut replied) = oneshot::channel();
        let broken = |_| Err(Lost::PerhapsSent("the session's task broke".into()));
        let work = Work::Errand(Errand { request: Arc::clone(&request), reply });
        let waiting = async {
            enter(shared, &self.entrance, work).await;
            (&mut replied).await
        };
        let answer = tokio::select! {
            answer = waiting => Some(answer),
            () = self.stop.cancelled() => None,
            () = tokio::time::sleep(SESSION_PATIENCE) => None,
        };
        if let Some(answer) = answer {
            return answer.unwrap_or_else(broken);
        }
        if take(&request).is_some() {
            return Err(Lost::NotSent("no session was free for it".into()));
        }
        // A desk has it: its answer, or that there is none, comes within the time an exchange may take.
        let limit = shared.account.limits.answer_within + SLOT_PATIENCE;
        match tokio::time::timeout(limit, replied).await {
            Ok(answer) => answer.unwrap_or_else(broken),
            Err(_) => Err(Lost::PerhapsSent("its session does not come back".into())),
        }
    }
}
