//! The states of a session (RFC 2832, 3.3).

use jiff::{SignedDuration, Timestamp};

use super::super::clock::later;
use super::super::faults::FaultKind;
use super::RrpOptions;

/// Where a session stands. While a command is executed (EXE) nothing is read from its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// PRE: connected, nobody has logged in.
    Fresh,
    /// WFR: the first login failed.
    Retry,
    /// WFC: logged in to this account.
    Open(String),
    /// DIS: nothing is answered any more.
    Over,
}

/// What the server keeps about one connection.
pub(super) struct Session {
    pub(super) id: u64,
    pub(super) stage: Stage,
    /// When it began, and when it was last answered.
    begun: Timestamp,
    pub(super) answered: Timestamp,
    /// The fault that made the registry forget it, which befalls everything that still comes.
    pub(super) dropped: Option<FaultKind>,
    /// The bytes of the last answer.
    pub(super) last_answer: Vec<u8>,
}

/// Why time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    Idle,
    Life,
}

impl Late {
    /// Behind the text of 520.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Idle => "session inactive for too long",
            Self::Life => "session open for too long",
        }
    }
}

impl Session {
    /// A connection that begins now.
    pub(super) const fn new(id: u64, now: Timestamp) -> Self {
        Self { id, stage: Stage::Fresh, begun: now, answered: now, dropped: None, last_answer: Vec::new() }
    }

    /// The account it is logged in to.
    pub(super) fn account(&self) -> Option<&str> {
        match &self.stage {
            Stage::Open(account) => Some(account),
            Stage::Fresh | Stage::Retry | Stage::Over => None,
        }
    }

    /// When its time is up, and which time that is.
    pub(super) fn deadline(&self, options: &RrpOptions) -> (Timestamp, Late) {
        let after = |from, time| later(from, SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX));
        let idle = (after(self.answered, options.idle), Late::Idle);
        match options.life.map(|life| after(self.begun, life)).filter(|end| *end <= idle.0) {
            Some(end) => (end, Late::Life),
            None => idle,
        }
    }
}
