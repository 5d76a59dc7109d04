//! Pure types and rules: no I/O, no clock, no async. Every other module may use this one; it uses none.

pub mod answer;
pub mod civil;
pub mod command;
pub mod country;
pub mod deadline;
pub mod event;
pub mod inquiry;
pub mod job;
pub mod limits;
pub mod once;
pub mod params;
pub mod request;
pub mod retry;
pub mod secret;
pub mod state;
pub mod verdict;

pub use answer::{Answer, Level, Message};
pub use command::{ObjectKey, ObjectKind, Operation};
pub use event::{Event, EventId};
pub use inquiry::{Inquiry, Question};
pub use job::{Class, Job, JobId, Move};
pub use limits::Limits;
pub use request::{NewJob, Reject, Request};
pub use secret::Secret;
pub use state::{Cause, State, WaitingFor};
pub use verdict::{Finding, Later, Lost, Scope, Verdict};
