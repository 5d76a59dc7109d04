//! How far many jobs are: a bar on a terminal, a line now and then elsewhere, a JSON line for each change for programs.
//! What is drawn is pure; only [`watch`] waits.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::time::Instant;

use super::exit::Failure;
use super::output::{Out, plain};
use crate::model::State;
use crate::store::{Progress, StoreError};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// Looks for which a store that is away is forgiven before the command gives up (the jobs go on without it).
const FORGIVEN: u32 = 120;
/// The rate is that of about the last so many seconds.
const MEMORY: f64 = 30.0;
/// Causes of failures that are told one by one.
const CAUSES: usize = 3;

/// How far many jobs are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them.
    pub total: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that ended otherwise, by cause (a native code, else our word), most frequent first.
    pub failures: Vec<(String, u64)>,
    /// Those that wait for a human.
    pub needs_attention: u64,
    /// Those nobody knows about for certain right now.
    pub in_doubt: u64,
    /// Those the registry works on.
    pub pending: u64,
    /// Why no further one starts, if that is so.
    pub stopped: Option<String>,
}

impl Tally {
    /// How far a batch is.
    #[must_use]
    pub fn of(progress: &Progress, stopped: Option<String>) -> Self {
        let open = |wanted| progress.open.iter().filter(|(state, _)| *state == wanted).map(|(_, jobs)| jobs).sum();
        let mut tally = Self {
            total: progress.total,
            needs_attention: open(State::NeedsAttention),
            in_doubt: open(State::InDoubt),
            pending: open(State::Pending),
            stopped,
            ..Self::default()
        };
        progress.ended.iter().for_each(|(state, code, jobs)| tally.ended(*state, code, *jobs));
        tally
    }

    /// Counts ended jobs. Those without a cause have their state for one.
    pub fn ended(&mut self, state: State, cause: &str, jobs: u64) {
        if state == State::Succeeded {
            self.succeeded = self.succeeded.saturating_add(jobs);
            return;
        }
        let cause = if cause.is_empty() { state.word() } else { cause };
        match self.failures.iter_mut().find(|(known, _)| known == cause) {
            Some((_, count)) => *count = count.saturating_add(jobs),
            None => self.failures.push((cause.to_owned(), jobs)),
        }
        self.failures.retain(|(_, jobs)| *jobs > 0);
        self.failures.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    }

    /// Those that ended without success.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|(_, jobs)| *jobs).fold(0, u64::saturating_add)
    }

    /// Those that did not succeed as far as one can tell without waiting on.
    #[must_use]
    pub fn unsuccessful(&self) -> u64 {
        self.failed().saturating_add(self.needs_attention)
    }

    /// Those with nothing more to wait for.
    #[must_use]
    pub fn over(&self) -> u64 {
        self.succeeded.saturating_add(self.unsuccessful())
    }

    /// Those to wait for.
    #[must_use]
    pub fn rest(&self) -> u64 {
        self.total.saturating_sub(self.over())
    }
}

/// How fast jobs end, smoothed: what happened [`MEMORY`] seconds ago counts a third of what happens now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    /// When it last looked, and how many were over.
    seen: Option<(Duration, u64)>,
    jobs: f64,
    seconds: f64,
}

impl Rate {
    /// Notes how many are over at an instant, counted from any beginning.
    pub fn saw(&mut self, at: Duration, over: u64) {
        if let Some((then, before)) = self.seen {
            let seconds = at.saturating_sub(then).as_secs_f64();
            if seconds <= 0.0 {
                return;
            }
            // Both fade alike, so that the quotient is right from the first look on.
            let faded = (-seconds / MEMORY).exp();
            // Jobs sent back to work by an operator make it fewer again; that is no negative speed.
            self.jobs = self.jobs * faded + over.saturating_sub(before) as f64;
            self.seconds = self.seconds * faded + seconds;
        }
        self.seen = Some((at, over));
    }

    /// Jobs a second; `None` before the second look.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.jobs / self.seconds)
    }

    /// How long so many more will take at this rate; `None` if nothing moves.
    #[must_use]
    pub fn takes(&self, rest: u64) -> Option<Duration> {
        /// Ten years: nobody believes a longer forecast.
        const LONGEST: f64 = 315_360_000.0;
        let rate = self.per_second().filter(|rate| *rate > 0.0)?;
        Some(rest as f64 / rate).filter(|seconds| *seconds < LONGEST).map(Duration::from_secs_f64)
    }
}

/// What is said beside the bar: rate, time to go, and what went wrong why.
#[must_use]
pub fn remark(tally: &Tally, rate: &Rate) -> String {
    let mut text = rate.per_second().map_or_else(|| "…".to_owned(), speed);
    if tally.rest() > 0
        && let Some(left) = rate.takes(tally.rest())
    {
        let _ = write!(text, ", {} to go", span(left));
    }
    for (count, word) in
        [(tally.in_doubt, "in doubt"), (tally.pending, "pending"), (tally.needs_attention, "need attention")]
    {
        if count > 0 {
            let _ = write!(text, ", {} {word}", grouped(count));
        }
    }
    if tally.failed() > 0 {
        let _ = write!(text, ", {} failed: {}", grouped(tally.failed()), causes(&tally.failures));
    }
    if tally.stopped.is_some() {
        text.push_str(", STOPPED");
    }
    text
}

/// One line that says all.
#[must_use]
pub fn line(tally: &Tally, rate: &Rate) -> String {
    let share = if tally.total == 0 { 100 } else { u128::from(tally.over()) * 100 / u128::from(tally.total) };
    let (over, total) = (grouped(tally.over()), grouped(tally.total));
    format!("{over} of {total} over ({share} %), {}", remark(tally, rate))
}

fn causes(failures: &[(String, u64)]) -> String {
    let mut parts: Vec<_> =
        failures.iter().take(CAUSES).map(|(cause, jobs)| format!("{} {}", grouped(*jobs), plain(cause))).collect();
    let others: u64 = failures.iter().skip(CAUSES).map(|(_, jobs)| *jobs).fold(0, u64::saturating_add);
    if others > 0 {
        parts.push(format!("{} others", grouped(others)));
    }
    parts.join(", ")
}

/// `12.3/s`, or by the minute or hour where that is less than one.
fn speed(per_second: f64) -> String {
    let [minute, hour] = [60.0, 3600.0].map(|unit| per_second * unit);
    match () {
        () if per_second >= 1.0 => format!("{per_second:.1}/s"),
        () if minute >= 1.0 => format!("{minute:.1}/min"),
        () => format!("{hour:.1}/h"),
    }
}

/// `45 s`, `12 min`, `2 h 05 min`, `3 d 4 h`.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs_f64().ceil() as u64;
    let (minutes, hours) = (seconds.div_ceil(60), seconds.div_ceil(60) / 60);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3540 => format!("{minutes} min"),
        3541..=86_399 => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A bar that counts up to `length`, on standard error; invisible where that is no terminal.
#[must_use]
pub fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// What was drawn so far.
pub struct Drawing {
    bar: ProgressBar,
    /// Whether each change is a JSON line of data.
    as_data: bool,
    terminal: bool,
    begun: Instant,
    next_line: Instant,
    rate: Rate,
    last: Option<Tally>,
}

/// A change, for programs.
#[derive(Serialize)]
struct Change<'a> {
    #[serde(flatten)]
    tally: &'a Tally,
    over: u64,
    /// Jobs a second.
    rate: Option<f64>,
    /// Seconds to go.
    eta: Option<u64>,
}

impl Drawing {
    /// Nothing is drawn yet. `as_data`: for programs, a JSON line for each change.
    #[must_use]
    pub fn new(as_data: bool) -> Self {
        let now = Instant::now();
        Self {
            bar: bar(0, "{bar:30} {pos}/{len}, {msg}, {elapsed}"),
            as_data,
            terminal: std::io::stderr().is_terminal(),
            begun: now,
            next_line: now + LINE_EVERY,
            rate: Rate::default(),
            last: None,
        }
    }

    /// Draws.
    ///
    /// # Errors
    /// The data could not be written.
    pub fn draw(&mut self, tally: &Tally, out: &mut Out<'_>) -> Result<(), Failure> {
        let now = Instant::now();
        self.rate.saw(now.duration_since(self.begun), tally.over());
        let changed = self.last.as_ref() != Some(tally);
        if self.as_data && changed {
            let change = Change {
                tally,
                over: tally.over(),
                rate: self.rate.per_second(),
                eta: self.rate.takes(tally.rest()).map(|left| left.as_secs()),
            };
            let text = serde_json::to_string(&change).map_err(std::io::Error::other)?;
            out.data(&format!("{text}\n"))?;
        }
        let newly_stopped =
            tally.stopped.as_ref().filter(|_| self.last.as_ref().is_none_or(|last| last.stopped.is_none()));
        if let Some(why) = newly_stopped.filter(|_| !self.as_data) {
            self.bar.suspend(|| out.say(&format!("stopped: {}", plain(why))));
        }
        self.bar.set_length(tally.total);
        self.bar.set_position(tally.over());
        self.bar.set_message(remark(tally, &self.rate));
        if !self.as_data && !self.terminal && now >= self.next_line {
            self.next_line = now + LINE_EVERY;
            out.say(&line(tally, &self.rate));
        }
        self.last = Some(tally.clone());
        Ok(())
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Looks and draws until there is nothing more to wait for; returns how it ended, or `None` once `look` finds nothing there.
///
/// # Errors
/// What `look` says, if it is not that the store is away for a while; or the data could not be written.
pub async fn watch(
    drawing: &mut Drawing,
    out: &mut Out<'_>,
    mut look: impl AsyncFnMut() -> Result<Option<Tally>, StoreError>,
) -> Result<Option<Tally>, Failure> {
    let mut away = 0;
    loop {
        match look().await {
            Ok(None) => return Ok(None),
            Ok(Some(tally)) => {
                away = 0;
                drawing.draw(&tally, out)?;
                if tally.rest() == 0 {
                    drawing.end();
                    out.say(&ended(&tally));
                    return Ok(Some(tally));
                }
            }
            Err(StoreError::Unavailable(_)) if away < FORGIVEN => away += 1,
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// How it ended, for people.
fn ended(tally: &Tally) -> String {
    let mut text = format!("all over: {} succeeded", grouped(tally.succeeded));
    if tally.failed() > 0 {
        let _ = write!(text, ", {} failed ({})", grouped(tally.failed()), causes(&tally.failures));
    }
    if tally.needs_attention > 0 {
        let _ = write!(text, ", {} need attention", grouped(tally.needs_attention));
    }
    text
}
