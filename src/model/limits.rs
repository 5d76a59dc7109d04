//! What an account may send. Every limit must admit a request; which ones there are, and how they count, stands here.
//! Registries publish their figures in these types, and the configuration overrides them.

use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::command::Operation;
use super::job::Class;

/// How far the registry's clock may be from ours: a timetable's change counts that much early and late.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// All limits of one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The registry's local time: timetables, quiet windows and quota days go by it.
    pub zone: TimeZone,
    /// Sessions open at once.
    pub sessions: usize,
    /// Sessions the registry would allow at most, whatever an operator wishes; `None` where it names no number.
    pub most_sessions: Option<usize>,
    /// Length of the throttle's sliding window.
    pub window: Duration,
    /// How much longer the slot of a request without an answer is kept: it may still arrive.
    pub grace: Duration,
    /// Requests per window by the time of day.
    pub requests: Timetable,
    /// Points per local day; `None` where the registry counts none.
    pub quota: Option<u64>,
    /// Operations that cost no point; every other costs one.
    pub free: &'static [Operation],
    /// Requests after which a connection is closed and another one opened.
    pub commands_per_connection: Option<u32>,
    /// Least time between the answer to a request and the next request on the same object.
    pub spacing: Duration,
    /// A bulk of more orders than this wants to be announced to the registry beforehand, and how.
    pub bulk_notice: Option<(u64, &'static str)>,
    /// Shortest silence after the registry has blocked the account; sending would prolong the block.
    pub cool_down: Duration,
    /// Logins that may be tried.
    pub logins: Option<Budget>,
    /// Refused requests that may happen before the account is silent for the rest of the span.
    pub errors: Option<Budget>,
    /// When less is sent: the registry's maintenance.
    pub quiet: Vec<Quiet>,
    /// Share of the window kept free for urgent jobs, in thousandths.
    pub urgent_requests: Share,
    /// Share of the quota kept for urgent jobs.
    pub urgent_quota: Share,
    /// Share of the quota kept for jobs that a deadline brought about; urgent ones may not use it.
    pub deadline_quota: Share,
    /// An idle session says something this often, or is closed where that is `None`.
    pub keep_alive: Option<Duration>,
    /// How long one exchange may take before it counts as perhaps sent.
    pub answer_within: Duration,
}

impl Limits {
    /// Hardly any limits, by UTC; registries and tests begin with them and set what they have.
    #[must_use]
    pub fn none() -> Self {
        Self {
            zone: TimeZone::UTC,
            sessions: 1,
            most_sessions: None,
            window: Duration::from_secs(60),
            grace: Duration::from_secs(60),
            requests: Timetable::always(1_000_000),
            quota: None,
            free: &[],
            commands_per_connection: None,
            spacing: Duration::ZERO,
            bulk_notice: None,
            cool_down: Duration::ZERO,
            logins: None,
            errors: None,
            quiet: Vec::new(),
            urgent_requests: Share::NONE,
            urgent_quota: Share::NONE,
            deadline_quota: Share::NONE,
            keep_alive: None,
            answer_within: Duration::from_secs(60),
        }
    }

    /// Requests allowed per window for one that is sent now: the least figure that may be in force when it arrives, by a
    /// clock that may differ from ours, after at most [`Self::grace`].
    #[must_use]
    pub fn requests_now(&self, now: Timestamp) -> u32 {
        let (mut at, end) = (before(now, CLOCKS_DIFFER), after(now, self.grace.saturating_add(CLOCKS_DIFFER)));
        let mut least = self.requests_at(at);
        while let Some(change) = self.requests.next_change(&self.zone, at).filter(|change| *change <= end) {
            least = least.min(self.requests_at(change));
            at = change;
        }
        least
    }

    /// The next instant at which [`Self::requests_now`] may become another figure; `None` if it never does. A change of the
    /// timetable is felt long before it where less is allowed from then on, and a little after it where more is.
    #[must_use]
    pub fn requests_change(&self, now: Timestamp) -> Option<Timestamp> {
        let ahead = self.grace.saturating_add(CLOCKS_DIFFER);
        let (mut at, mut next) = (before(now, CLOCKS_DIFFER), None);
        while let Some(change) = self.requests.next_change(&self.zone, at) {
            let (less, more) = (before(change, ahead), after(change, CLOCKS_DIFFER));
            if next.is_some_and(|next| less >= next) {
                break;
            }
            next = [Some(less), Some(more), next].into_iter().flatten().filter(|at| *at > now).min();
            at = change;
        }
        next
    }

    /// The timetable's figure at an instant.
    #[must_use]
    pub fn requests_at(&self, at: Timestamp) -> u32 {
        self.requests.at(at.to_zoned(self.zone.clone()).time())
    }

    /// When the quiet windows let this class send again; `None` if none holds it now, and the end of time if they never
    /// do.
    #[must_use]
    pub fn quiet_until(&self, class: Class, now: Timestamp) -> Option<Timestamp> {
        let holding: Vec<_> = self.quiet.iter().filter(|quiet| quiet.hold.contains(&class)).collect();
        let mut until: Option<Timestamp> = None;
        // One window may end within another.
        while let Some(end) = holding.iter().find_map(|quiet| quiet.end(&self.zone, until.unwrap_or(now))) {
            // Windows repeat by the week: a silence that outlasts one has no end.
            if end > after(now, LONGEST_SILENCE) {
                return Some(Timestamp::MAX);
            }
            until = Some(end);
        }
        until
    }

    /// The quota day of an instant.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The next local midnight; days have 23, 24 or 25 hours.
    #[must_use]
    pub fn next_day(&self, at: Timestamp) -> Timestamp {
        let tomorrow = self.day(at).tomorrow().ok();
        // Two of them where clocks go back over midnight, as Newfoundland's did.
        let midnights = tomorrow.into_iter().flat_map(|day| instants(&self.zone, day, Time::midnight()));
        // None only at the end of representable time.
        midnights.filter(|midnight| *midnight > at).min().unwrap_or_else(|| after(at, Duration::from_secs(86_400)))
    }

    /// Points a request costs.
    #[must_use]
    pub fn cost(&self, operation: Operation) -> u64 {
        u64::from(self.quota.is_some() && !self.free.contains(&operation))
    }
}

/// A week and the longest of days.
const LONGEST_SILENCE: Duration = Duration::from_secs((7 * 24 + 1) * 3600);

/// `at` plus a span, held at the end of time instead of failing.
fn after(at: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| at.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

/// `at` less a span, held at the beginning of time.
fn before(at: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| at.checked_sub(span).ok()).unwrap_or(Timestamp::MIN)
}

/// A share in thousandths, at most all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// A share of one, `0.0..=1.0`; `None` for anything else.
    #[must_use]
    pub fn of_one(share: f64) -> Option<Self> {
        // In range, so the conversion is exact to the thousandth.
        (0.0..=1.0).contains(&share).then(|| Self((share * 1000.0).round() as u16))
    }

    /// So much of a whole, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        u64::try_from(u128::from(whole) * u128::from(self.0) / 1000).unwrap_or(whole)
    }
}

/// A figure by the time of day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// Where no span says otherwise.
    pub base: u32,
    /// Spans of the day that do not overlap, with their figure.
    pub spans: Vec<(Span, u32)>,
}

impl Timetable {
    /// The same all day.
    #[must_use]
    pub const fn always(figure: u32) -> Self {
        Self { base: figure, spans: Vec::new() }
    }

    /// The figure at a local time.
    #[must_use]
    pub fn at(&self, time: Time) -> u32 {
        self.spans.iter().find(|(span, _)| span.contains(time)).map_or(self.base, |(_, figure)| *figure)
    }

    /// The next instant at which the figure becomes another one; `None` if it never does. Where clocks are changed, that
    /// change may be it: it may skip the edge of a span, or lead back into one.
    #[must_use]
    pub fn next_change(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let edges: Vec<Time> = self.spans.iter().flat_map(|(span, _)| [span.from, span.to]).collect();
        let today = now.to_zoned(zone.clone()).date();
        // A span that a change of clocks skips on one day is there on the next.
        let days = (0..3).filter_map(|ahead: i64| today.checked_add(jiff::Span::new().days(ahead)).ok());
        let at_edges = days.flat_map(|day| edges.iter().flat_map(move |edge| instants(zone, day, *edge)));
        let clocks = (!edges.is_empty()).then(|| zone.following(now).next()).flatten().map(|change| change.timestamp());
        let figure = |at: Timestamp| self.at(at.to_zoned(zone.clone()).time());
        // Figures are the same between two candidates, so the first that differs from now is the change.
        let here = figure(now);
        at_edges.chain(clocks).filter(|at| *at > now && figure(*at) != here).min()
    }
}

/// The instants at which clocks show this: two when an hour comes twice, and the change itself when it is left out.
#[must_use]
pub fn instants(zone: &TimeZone, day: Date, time: Time) -> Vec<Timestamp> {
    let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let both = [local.earlier(), local.later()].into_iter().flatten();
    match local.offset() {
        AmbiguousOffset::Unambiguous { .. } => both.take(1).collect(),
        AmbiguousOffset::Fold { .. } => both.collect(),
        // What the offsets before and after it make of a time that does not exist lies on both sides of the change.
        AmbiguousOffset::Gap { .. } => {
            let change = |at: Timestamp| zone.following(at).next().map_or(at, |change| change.timestamp());
            both.take(1).map(change).collect()
        }
    }
}

/// A span of the local day; one that ends before it begins runs over midnight, and one that ends when it begins is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Time,
    /// First moment after it.
    pub to: Time,
}

impl Span {
    /// Whether it holds a time of day.
    #[must_use]
    pub fn contains(self, time: Time) -> bool {
        if self.from <= self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to }
    }

    /// Whether some time of day is in both; neither may be empty.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.from) || other.contains(self.from)
    }
}

/// A window on certain days in which some classes are held back. One that ends when it begins lasts until the next day;
/// an hour that comes twice belongs to it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The days it begins on.
    pub days: Vec<Weekday>,
    /// The time of day.
    pub span: Span,
    /// Who is held.
    pub hold: Vec<Class>,
}

impl Quiet {
    /// When the window that holds this instant ends; `None` if none does.
    #[must_use]
    pub fn end(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(zone.clone()).date();
        let over_midnight = self.span.to <= self.span.from;
        let begun = [today.yesterday().ok().filter(|_| over_midnight), Some(today)];
        begun.into_iter().flatten().filter(|day| self.days.contains(&day.weekday())).find_map(|day| {
            let end_day = if over_midnight { day.tomorrow().ok()? } else { day };
            let begin = instants(zone, day, self.span.from).into_iter().min()?;
            let end = instants(zone, end_day, self.span.to).into_iter().max()?;
            (begin <= now && now < end).then_some(end)
        })
    }
}

/// So many of something within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many.
    pub count: u32,
    /// Within which time.
    pub within: Duration,
}

#[cfg(test)]
mod tests;
