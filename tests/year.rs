//! A year of the calendar with moved clocks: domains at all four registries of the sandbox, the real daemon under libfaketime,
//! killed again and again, and a referee who judges from the events and the registries' books alone.
//!
//! `./dev year` plays it with 10,000 domains and a death a day; the ordinary test is a short one. What decides is printed: the
//! seed, and the figures at the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "year/books.rs"]
mod books;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "support/house.rs"]
mod house;
#[path = "year/places.rs"]
mod places;
#[path = "year/referee.rs"]
mod referee;
#[path = "year/referee_tests.rs"]
mod referee_tests;
#[path = "year/report.rs"]
mod report;
#[path = "year/run.rs"]
mod run;
#[path = "year/script.rs"]
mod script;
#[path = "year/stage.rs"]
mod stage;

use run::Setup;

/// The test whose length can be chosen: by default some minutes' worth of a year.
#[tokio::test]
async fn no_date_is_missed_that_could_be_met_and_each_reminder_is_said_once() {
    run::play(Setup::from_environment()).await;
}
