//! registrard makes registrar jobs happen at their registry exactly once. This is the guided tour: the modules in the
//! order a job meets them.
//!
//! 1. A message comes from the [`broker`] (RabbitMQ, or none at all), or a file from the command line ([`cli`]).
//! 2. [`job::intake`] checks it against the rules of its publisher and its registry and commits it to the [`store`]; only
//!    then is the message acknowledged. What is turned away is told one by one.
//! 3. [`job::schedule`] owns each account through a lease, looks for what is due, allowed and free, and claims it. The
//!    claim and the intent of the attempt are one commit, before anything goes on the wire.
//! 4. [`job::execute`] sends it over a session of its registry ([`registries`], over [`net`]) and hears an answer, or
//!    none. Whatever was perhaps sent is asked about before it is sent again.
//! 5. [`job::outcome`] turns the verdict into the job's next state, after the one table of moves in [`model::state`], and
//!    [`job::commit`] writes it together with its event.
//! 6. [`job::event`] takes the event from the outbox to the broker until it is confirmed.
//!
//! Beside that, [`poll`] reads what the registries themselves have to say, for as long as this daemon owns the account.
//!
//! [`model`] holds the pure types and rules all of them share. [`daemon`] builds and connects everything from the
//! [`config`]uration; [`ops`] is what operators see of it. [`sandbox`] plays the registries' side, for the demo and for
//! tests, and keeps the ledger that proves that everything happened once.
//!
//! [`failpoint`] names the places at which tests make it crash; it is compiled in for them only.
//!
//! Why it is built this way is told in `docs/architecture.md`.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod broker;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod deadlines;
pub mod failpoint;
pub mod job;
pub mod model;
pub mod net;
pub mod ops;
pub mod poll;
pub mod registries;
pub mod sandbox;
pub mod store;
