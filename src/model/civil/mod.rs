//! Dates by the calendar of a place: how long a registry's rule lasts, and how long before a date something is to be said.
//! Days, months and years are those of a time zone's calendar, never 24 hours times something: a day has 23, 24 or 25 of
//! them. Nothing here fails: what would lie beyond the times that can be written ends at the last or first of these.
//!
//! Where a local time of day is kept and does not exist on its new day, it is the time as much later as the clocks were put
//! forward (02:30 becomes 03:30); where it comes twice, it is the first. Two instants of one local time therefore end at
//! one, and around a change of clocks of two beginnings the later may end first, by less than the change.

mod hesse;
mod lead;
mod span;

pub use hesse::{hesse_holiday, is_working_day};
pub use lead::{Lead, LeadError};
pub use span::Span;

#[cfg(test)]
mod tests;
