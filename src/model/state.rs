//! A job's states and the only table of moves between them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in the store, in events and on the command line.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.word()) }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|v| v.word() == word)
                    .ok_or_else(|| format!("unknown {} `{}`", stringify!($name), word.escape_default()))
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Where a job is in its life.
    State {
        /// Accepted and stored; not at work. [`WaitingFor`] says what for.
        Waiting "waiting",
        /// Claimed by the account's owner; its request is on the wire or about to be.
        Running "running",
        /// Perhaps done: the registry is asked before anything is sent again.
        InDoubt "in_doubt",
        /// The registry took the order and works on it; a message or a poll ends it.
        Pending "pending",
        /// Done.
        Succeeded "succeeded",
        /// Certainly not done, and never will be.
        Failed "failed",
        /// Withdrawn before it ran, by request or because a predecessor did not succeed.
        Cancelled "cancelled",
        /// `start_by` passed before it could run.
        Expired "expired",
        /// A human must look; kept until redriven or dismissed.
        NeedsAttention "needs_attention",
    }
}

impl State {
    /// Whether the job's life is over: nothing moves it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Expired)
    }
}

words! {
    /// Why a job moves.
    Cause {
        /// The owner took it to work.
        Claimed "claimed",
        /// The registry said it is done.
        Done "done",
        /// The registry took the order and will finish it later.
        Taken "taken",
        /// The registry, or the request itself, says no for good.
        Refused "refused",
        /// Certainly not done, worth another try later.
        Deferred "deferred",
        /// No answer, a cut connection or a crash after the intent was written.
        Lost "lost",
        /// The question found our effect.
        FoundApplied "found_applied",
        /// The question found the effect accepted but still being worked on.
        FoundTaken "found_taken",
        /// The question found no effect: it may be sent again.
        FoundNothing "found_nothing",
        /// The question found somebody else's effect in our place.
        FoundForeign "found_foreign",
        /// The question could not be answered yet.
        StillUnknown "still_unknown",
        /// The attempt budget, or the patience with an unknown outcome, is used up.
        GaveUp "gave_up",
        /// The registry takes this order from a human only.
        ByHand "by_hand",
        /// Asked about a pending order: the registry still works on it.
        StillPending "still_pending",
        /// The registry finished a pending order.
        Completed "completed",
        /// The registry turned a pending order down.
        TurnedDown "turned_down",
        /// A secret of it cannot be opened, most likely because its key is gone.
        Unopened "unopened",
        /// Somebody asked to withdraw it.
        Withdrawn "withdrawn",
        /// A job it depends on did not succeed.
        PredecessorFailed "predecessor_failed",
        /// `start_by` passed.
        TooLate "too_late",
        /// An operator sends it back to work; its last request is known not to have happened.
        Redriven "redriven",
        /// An operator has the registry asked once more.
        AskAgain "ask_again",
        /// An operator declares it over.
        Dismissed "dismissed",
    }
}

words! {
    /// What a waiting job waits for, as far as the store knows it.
    WaitingFor {
        /// Its turn: it is due and nothing but capacity holds it.
        Turn "turn",
        /// A time (`not_before`).
        Time "time",
        /// A job named in `after`.
        Dependency "dependency",
        /// An earlier job on the same object.
        Predecessor "predecessor",
        /// The end of a back-off after a transient refusal.
        Backoff "backoff",
        /// The end of a cool-down of its account.
        Cooldown "cooldown",
        /// A new quota day.
        Quota "quota",
        /// The registry's least time between two requests on one object.
        Spacing "spacing",
        /// An operator, or the brake, has paused its batch, publisher or operation.
        Paused "paused",
    }
}

/// Every move there is. Code decides from this table, a test walks it, SQL guards it a second time, and the picture in
/// the README is checked against it.
pub const MOVES: &[(State, Cause, State)] = &[
    (State::Waiting, Cause::Claimed, State::Running),
    (State::Waiting, Cause::Refused, State::Failed),
    (State::Waiting, Cause::Unopened, State::NeedsAttention),
    (State::Waiting, Cause::Withdrawn, State::Cancelled),
    (State::Waiting, Cause::PredecessorFailed, State::Cancelled),
    (State::Waiting, Cause::TooLate, State::Expired),
    (State::Running, Cause::Done, State::Succeeded),
    (State::Running, Cause::Taken, State::Pending),
    (State::Running, Cause::Refused, State::Failed),
    (State::Running, Cause::Deferred, State::Waiting),
    (State::Running, Cause::Lost, State::InDoubt),
    (State::Running, Cause::GaveUp, State::NeedsAttention),
    (State::Running, Cause::ByHand, State::NeedsAttention),
    (State::InDoubt, Cause::FoundApplied, State::Succeeded),
    (State::InDoubt, Cause::FoundTaken, State::Pending),
    (State::InDoubt, Cause::FoundNothing, State::Waiting),
    (State::InDoubt, Cause::FoundForeign, State::Failed),
    (State::InDoubt, Cause::StillUnknown, State::InDoubt),
    (State::InDoubt, Cause::GaveUp, State::NeedsAttention),
    (State::Pending, Cause::Completed, State::Succeeded),
    (State::Pending, Cause::TurnedDown, State::Failed),
    (State::Pending, Cause::StillPending, State::Pending),
    (State::Pending, Cause::GaveUp, State::NeedsAttention),
    (State::NeedsAttention, Cause::Redriven, State::Waiting),
    (State::NeedsAttention, Cause::AskAgain, State::InDoubt),
    (State::NeedsAttention, Cause::Dismissed, State::Failed),
];

/// Where `cause` leads from `state`, or `None` where no such move exists.
#[must_use]
pub fn next(state: State, cause: Cause) -> Option<State> {
    MOVES.iter().find(|(from, why, _)| *from == state && *why == cause).map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_taken_and_nothing_else_is_possible() {
        let rows: HashSet<_> = MOVES.iter().copied().collect();
        assert_eq!(rows.len(), MOVES.len(), "a row stands twice");
        for &from in State::ALL {
            for &cause in Cause::ALL {
                let to = next(from, cause);
                let listed: Vec<_> = MOVES.iter().filter(|(f, c, _)| *f == from && *c == cause).collect();
                assert!(listed.len() <= 1, "{from} --{cause}--> is ambiguous");
                assert_eq!(to, listed.first().map(|(_, _, to)| *to));
            }
        }
    }

    #[test]
    fn final_states_have_no_way_out_and_all_others_reach_one() {
        for &state in State::ALL {
            let ways_out = MOVES.iter().filter(|(from, _, _)| *from == state).count();
            assert_eq!(ways_out == 0, state.is_final(), "{state}");
            let mut reached = HashSet::from([state]);
            while let Some((_, _, to)) = MOVES.iter().find(|(f, _, t)| reached.contains(f) && !reached.contains(t)) {
                reached.insert(*to);
            }
            assert!(reached.iter().any(|s| s.is_final()), "{state} can never end");
        }
    }

    #[test]
    fn doubt_never_leads_back_without_an_answer() {
        for (from, cause, to) in MOVES {
            if *from == State::InDoubt && *to == State::Waiting {
                assert_eq!(*cause, Cause::FoundNothing, "law 3");
            }
            if *from == State::Running && *cause == Cause::Lost {
                assert_eq!(*to, State::InDoubt, "law 3");
            }
        }
    }

    #[test]
    fn words_are_unique_and_read_back() {
        for &state in State::ALL {
            assert_eq!(state.word().parse::<State>(), Ok(state));
        }
        for &cause in Cause::ALL {
            assert_eq!(cause.word().parse::<Cause>(), Ok(cause));
        }
    }
}
