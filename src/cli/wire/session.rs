//! Answers to what opens and ends a session, which no job asks for: what becomes of the session and of its account.

use std::fmt;
use std::str::FromStr;

use crate::model::retry::{Pace, Policy};
use crate::model::verdict::Judgement;
use crate::model::{Answer, Later, Operation, Scope, Verdict};
use crate::registries::{Dialect, OpenError};

/// As which operation such an answer is read: one that shows nothing of an object.
const READ_AS: Operation = Operation::AccountInfo;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The request of a job.
    Job(Operation),
    /// LOGIN.
    Login,
    /// LOGOUT.
    Logout,
}

impl Asked {
    /// The operation whose tables its answer is read by.
    pub const fn read_as(self) -> Operation {
        match self {
            Self::Job(operation) => operation,
            Self::Login | Self::Logout => READ_AS,
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(operation) => operation.fmt(f),
            Self::Login => f.write_str("login"),
            Self::Logout => f.write_str("logout"),
        }
    }
}

impl FromStr for Asked {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "login" => Ok(Self::Login),
            "logout" => Ok(Self::Logout),
            job => job.parse().map(Self::Job),
        }
    }
}

/// What the answer to a LOGIN means, and what happens next.
///
/// # Errors
/// This registry has no LOGIN.
pub fn login(dialect: &dyn Dialect, answer: &Answer) -> Result<(Judgement, Vec<String>), String> {
    let opened = dialect.opened(answer).ok_or("this registry has no login")?;
    let (verdict, next) = match opened {
        Ok(()) => (Verdict::Done, "the session is open: jobs are sent over it".to_owned()),
        Err(OpenError::Unreachable(why)) => {
            let connect = Policy::default().connect;
            let [soonest, latest] = [0.0, 1.0].map(|random| connect.wait(0, random).as_secs_f64());
            let longest = connect.longest.as_secs();
            let next = format!(
                "another try after {soonest} to {latest} s of back-off, doubled up to {longest} s with each failure; jobs wait, at no cost"
            );
            (later(Pace::Backoff, Scope::Job, why), next)
        }
        Err(OpenError::NotNow(why, wait)) => {
            let next = format!(
                "no further session is tried for {} s; the open ones go on, and no job is charged for it",
                wait.as_secs()
            );
            (later(Pace::Exactly(wait), Scope::Job, why), next)
        }
        Err(OpenError::Blocked(why, wait)) => {
            let next = format!("silence of the account for {} s: its jobs wait, at no cost", wait.as_secs());
            (later(Pace::Exactly(wait), Scope::Account, why), next)
        }
        Err(OpenError::Refused(why)) => (
            Verdict::Suspend(why),
            "not tried again by itself: the account sends nothing more until an operator resumes it".to_owned(),
        ),
    };
    Ok((beside(dialect, answer, verdict), vec![next]))
}

/// What the answer to a LOGOUT means, and what happens next. Nothing depends on it.
///
/// # Errors
/// This registry has no LOGOUT.
pub fn logout(dialect: &dyn Dialect, answer: &Answer) -> Result<(Judgement, Vec<String>), String> {
    let opened = dialect.opened(answer).ok_or("this registry has no logout")?;
    let closed = "the connection is closed, whatever the answer says".to_owned();
    let (verdict, next) = match opened {
        Ok(()) => (Verdict::Done, vec![closed]),
        Err(
            OpenError::Unreachable(why)
            | OpenError::NotNow(why, _)
            | OpenError::Blocked(why, _)
            | OpenError::Refused(why),
        ) => {
            let lingers = "the registry may keep the session for a while, and count it among those allowed";
            (Verdict::Refused(why), vec![closed, lingers.to_owned()])
        }
    };
    Ok((beside(dialect, answer, verdict), next))
}

fn later(pace: Pace, scope: Scope, reason: String) -> Verdict {
    Verdict::Later(Later { pace, scope, reason })
}

/// The verdict with what else the answer tells.
fn beside(dialect: &dyn Dialect, answer: &Answer, verdict: Verdict) -> Judgement {
    Judgement { verdict, ..dialect.judge(READ_AS, answer) }
}
