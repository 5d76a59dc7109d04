//! Named places at which a test makes this process crash, hang or fail; and flaws a test plants to see that it finds them.
//!
//! Only with the feature `failpoints`, which nothing but tests switches on: without it [`failpoint!`] and [`flawed!`] are
//! nothing, not even a look at a variable. `FAILPOINTS` says what happens where, in the words of the crate `fail`, for
//! example `intent.written=2*off->1*return(crash)`; what is returned is `crash` (as by a power cut), `hang` (for good),
//! `hang=MILLISECONDS`, or any other text: the error the step then ends with, where it can fail.

/// A place, its name in `FAILPOINTS`, and what has been done when it is reached.
macro_rules! points {
    ($($point:ident $name:literal $done:literal,)*) => {
        /// A step of a job's life, of a registry's message or of a lease.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $(#[doc = $done] $point,)*
        }

        impl Point {
            /// All of them, in the order a job meets them.
            pub const ALL: &'static [Self] = &[$(Self::$point,)*];

            /// The name in `FAILPOINTS`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    IntakeReceived "intake.received" "Deliveries arrived; nothing of them is stored.",
    IntakeSorted "intake.sorted" "Their jobs are checked; the next step is their commit.",
    IntakeCommitted "intake.committed" "Their jobs are stored; none is acknowledged.",
    IntakeAcknowledged "intake.acknowledged" "They are acknowledged.",
    ClaimChosen "claim.chosen" "It was decided whose turn it is; nothing is written of it.",
    IntentWritten "intent.written" "Claim and intent are committed; nothing is sent.",
    RequestReady "request.ready" "The request lies at a session that may send it.",
    RequestSent "request.sent" "The request's last byte was written to the connection; its answer was not read.",
    AnswerHeard "answer.heard" "The answer was read; nothing of it is recorded.",
    OutcomeReady "outcome.ready" "A group of outcomes is about to be committed.",
    OutcomeWritten "outcome.written" "Outcomes and their events are committed; nobody was told.",
    DoubtFound "doubt.found" "A doubt's questions are answered; what was found is not recorded.",
    RescueFound "rescue.found" "Running jobs of an owner that is gone were found; they are not in doubt yet.",
    OutboxRead "outbox.read" "Events were read from the outbox; none is published.",
    OutboxPublished "outbox.published" "They are published and confirmed; none is marked as sent.",
    OutboxMarked "outbox.marked" "They are marked as sent.",
    PollRead "poll.read" "A registry's message was read; it is not stored.",
    PollStored "poll.stored" "It is stored with its event; nothing was done to remove it.",
    PollRemoving "poll.removing" "The intent to remove it is written; nothing is sent.",
    PollRemoved "poll.removed" "The registry removed it; that is not noted.",
    LeaseAcquired "lease.acquired" "An account's lease was acquired; nothing was done under it.",
    LeaseRenewed "lease.renewed" "An account's lease was renewed in the store; its holder does not know.",
    LeaseReleasing "lease.releasing" "The work under a lease has ended; it is about to be given back.",
}

/// Reaches a place. `failpoint!(Point)` can crash and hang there; `failpoint!(Point, |why| error)` can also return from
/// the function around it.
macro_rules! failpoint {
    ($point:ident) => {
        #[cfg(feature = "failpoints")]
        let _ = $crate::failpoint::reach($crate::failpoint::Point::$point).await;
    };
    ($point:ident, $error:expr) => {
        #[cfg(feature = "failpoints")]
        if let Some(why) = $crate::failpoint::reach($crate::failpoint::Point::$point).await {
            let error = $error;
            return error(why);
        }
    };
}

/// Whether a flaw was planted; `false` wherever the feature is off.
macro_rules! flawed {
    ($flaw:ident) => {
        cfg!(feature = "failpoints") && $crate::failpoint::planted($crate::failpoint::Flaw::$flaw)
    };
}

pub(crate) use {failpoint, flawed};

/// A mistake this house must not make, made on purpose: a referee that overlooks it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// After silence a request is sent again, and nobody asks the registry first (against law 3).
    ResendUnasked,
    /// Deliveries are acknowledged before their jobs are committed (against law 1).
    AckBeforeCommit,
}

impl Flaw {
    /// The name in `REGISTRARD_FLAW`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResendUnasked => "resend_unasked",
            Self::AckBeforeCommit => "ack_before_commit",
        }
    }
}

#[cfg(not(feature = "failpoints"))]
#[allow(unused_variables, reason = "of the same form as with the feature")]
pub(crate) const fn planted(flaw: Flaw) -> bool {
    false
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::time::Duration;

    use super::{Flaw, Point};

    /// Whether `REGISTRARD_FLAW` names it.
    pub(crate) fn planted(flaw: Flaw) -> bool {
        std::env::var("REGISTRARD_FLAW").is_ok_and(|name| name == flaw.name())
    }

    /// Reads `FAILPOINTS`; what it says holds until the guard is dropped.
    #[must_use]
    pub fn arm() -> impl Drop {
        fail::FailScenario::setup()
    }

    /// Does what `FAILPOINTS` says of this place; the text is the error it asks for.
    pub(crate) async fn reach(point: Point) -> Option<String> {
        let wish = fail::eval(point.name(), |wish| wish).flatten()?;
        match wish.split_once('=').unwrap_or((&wish, "")) {
            ("crash", _) => std::process::abort(),
            ("hang", "") => std::future::pending().await,
            ("hang", span) => {
                tokio::time::sleep(Duration::from_millis(span.parse().unwrap_or(1000))).await;
                None
            }
            _ => Some(wish),
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::arm;
#[cfg(feature = "failpoints")]
pub(crate) use armed::{planted, reach};
