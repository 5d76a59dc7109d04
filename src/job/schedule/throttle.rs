//! The sliding window of one account, provable without knowing the network.
//!
//! A send takes a slot. The slot comes back `window` after its *answer* was heard. Look at all requests that arrive at
//! the registry within one window, and at the one of them whose slot was taken last: at that moment the slots of all the
//! others were still out, since none of them was answered more than a window before. So there are never more of them
//! than the capacity of that moment, whatever delays and reorderings the network has; they can only make us slower.
//! A request given up without an answer may still be on its way, so its slot stays away for `grace` longer.
//!
//! Slots are reserved in the store in small blocks before any of them is used. After a crash or a take-over every block
//! that was open counts as sent at that moment: more than was really sent, never less (law 6).
//!
//! Within a process time is monotonic. Between processes it is the wall clock's, and those may differ by [`SKEW`]. One
//! that is set back while an account is worked changes nothing; one that is set forward is followed at the next
//! [`Throttle::take`] or [`Throttle::upkeep`], and what was noted by the old time is noted again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::{Lease, Result, SendBlock, Sends};

/// Blocks a full window is made of: a crash costs at most about this share of it, beside what is on the wire.
const BLOCKS_PER_WINDOW: u32 = 40;
/// Largest block, unless more is wanted at once.
const LARGEST_BLOCK: u32 = 500;
/// How far the wall clocks of two daemons that work an account one after the other may be apart.
pub const SKEW: Duration = Duration::from_secs(5);
/// How much a wall clock may be set forward until what was noted by it is noted again.
const UNFOLLOWED: Duration = Duration::from_secs(1);
/// No slot is stale earlier, however short the grace.
const SHORTEST_STALE: Duration = Duration::from_secs(1);
/// How often used-up blocks are removed from the store.
const FORGET: Duration = Duration::from_secs(60);

/// The window of one account in one daemon.
#[derive(Debug)]
pub struct Throttle {
    account: String,
    window: Duration,
    grace: Duration,
    inner: Mutex<Inner>,
    /// Told whenever a slot is given back unused.
    pub freed: Notify,
}

#[derive(Debug)]
struct Inner {
    /// Slots handed out whose answer is awaited.
    out: u32,
    /// When each answered slot comes back, ascending.
    returning: VecDeque<Instant>,
    /// Reserved in the store, not handed out yet.
    reserved: u32,
    /// Blocks not closed yet, by number.
    blocks: BTreeMap<i64, Block>,
    /// Blocks whose reservation nobody confirmed. The store may have them; they are reserved again, as they are, before
    /// any new one, so that they cannot pile up in the store as open blocks that nobody uses.
    unconfirmed: Vec<SendBlock>,
    /// Blocks whose last slot was answered then, waiting to be noted in the store.
    to_close: Vec<(i64, Instant)>,
    /// The same, noted: as long as they count after a restart.
    noted: VecDeque<(i64, Instant)>,
    next_number: i64,
    /// A pair of clocks: wall instants are counted from it monotonically.
    clocks: (Timestamp, Instant),
    /// How far the wall clock was followed forward since everything was last noted by it.
    followed: Duration,
    forget_at: Instant,
}

#[derive(Debug)]
struct Block {
    /// Slots not handed out yet.
    left: u32,
    /// Slots handed out and not answered yet.
    open: u32,
    last_answer: Instant,
}

/// The right to send one request. Dropped without a word it counts as given up.
#[derive(Debug)]
pub struct Slot {
    throttle: Arc<Throttle>,
    block: i64,
    taken: Instant,
    done: bool,
}

impl Slot {
    /// The answer was heard.
    pub fn answered(mut self) {
        self.finish(Duration::ZERO);
    }

    /// No byte was sent: the slot can be used at once by somebody else.
    pub fn unused(mut self) {
        self.done = true;
        let mut inner = self.throttle.lock();
        inner.out = inner.out.saturating_sub(1);
        inner.reserved += 1;
        if let Some(block) = inner.blocks.get_mut(&self.block) {
            block.open -= 1;
            block.left += 1;
        }
        drop(inner);
        self.throttle.freed.notify_one();
    }

    /// No answer came; the request may still arrive.
    pub fn given_up(self) {
        drop(self);
    }

    /// Whether it was taken too long ago to be used: by the time the request arrives the timetable may allow less than it
    /// did then. Capacities look ahead by `grace` ([`crate::model::Limits::requests_now`]); half of it is for the wait,
    /// half for the way.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.taken.elapsed() > (self.throttle.grace / 2).max(SHORTEST_STALE)
    }

    fn finish(&mut self, extra: Duration) {
        self.done = true;
        self.throttle.finish(self.block, extra);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.done {
            self.finish(self.throttle.grace);
        }
    }
}

/// A block on its way to the store; whatever ends the way before the store says yes leaves it unconfirmed.
struct Reserving<'a> {
    throttle: &'a Throttle,
    block: Option<SendBlock>,
}

impl Drop for Reserving<'_> {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            self.throttle.lock().unconfirmed.push(block);
        }
    }
}

impl Throttle {
    /// Rebuilds the window from the store: open blocks count as sent now, closed ones since they were closed, by a clock
    /// that may have been another one. A block closed in the future (the clock was set back) counts as given up now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn rebuild(
        store: &dyn Sends,
        lease: &Lease,
        window: Duration,
        grace: Duration,
        now: Timestamp,
    ) -> Result<Arc<Self>> {
        let here = Instant::now();
        let reach = window + grace;
        let margin = SKEW + UNFOLLOWED;
        let blocks = store.blocks(&lease.name, earlier(now, reach + margin)).await?;
        let mut inner = Inner::new(now, here);
        let mut returning = Vec::new();
        for block in &blocks {
            // Numbers of an earlier owner must not come again: its late word would close a block of ours.
            inner.next_number = inner.next_number.max(block.number + 1);
            // Closed in the future are those given up whose grace is not over, or the clock was set back.
            let left = match block.closed_at.map(|closed| now.duration_since(closed)) {
                Some(age) if age.is_negative() => (window + margin).saturating_add(age.unsigned_abs()).min(reach),
                Some(age) => (window + margin).saturating_sub(age.unsigned_abs()).min(reach),
                None => reach,
            };
            returning.extend(std::iter::repeat_n(here + left, block.slots as usize));
            match block.closed_at {
                None => inner.to_close.push((block.number, here + grace)),
                Some(_) => inner.noted.push_back((block.number, (here + left).checked_sub(window).unwrap_or(here))),
            }
        }
        inner.next_number = inner.next_number.max(lease.fence << 20);
        returning.sort_unstable();
        inner.returning = returning.into();
        Ok(Arc::new(Self {
            account: lease.name.clone(),
            window,
            grace,
            inner: Mutex::new(inner),
            freed: Notify::new(),
        }))
    }

    /// How long a closed block may count for whoever rebuilds the window.
    fn kept(&self) -> Duration {
        self.window + self.grace + SKEW + UNFOLLOWED
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every critical section leaves the numbers consistent at each step, so a poisoned lock is still a true window.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Slots in use (awaiting an answer, or not yet back).
    #[must_use]
    pub fn used(&self) -> u32 {
        let mut inner = self.lock();
        inner.mature(Instant::now());
        inner.used()
    }

    /// When the next slot comes back, if all are out.
    #[must_use]
    pub fn next_return(&self) -> Option<Instant> {
        self.lock().returning.front().copied()
    }

    /// Takes up to `wanted` slots under a limit of `capacity` per window; may give fewer, or none. Reserves a block
    /// first where needed.
    ///
    /// # Errors
    /// The store is away, or the lease is over: then nothing may be sent.
    pub async fn take(
        self: &Arc<Self>,
        store: &dyn Sends,
        lease: &Lease,
        wanted: u32,
        capacity: u32,
        now: Timestamp,
    ) -> Result<Vec<Slot>> {
        let asked = Instant::now();
        let block = {
            let mut inner = self.lock();
            inner.mature(asked);
            inner.follow(now);
            let free = capacity.saturating_sub(inner.used()).min(wanted);
            if free <= inner.reserved {
                return Ok(self.hand_out(&mut inner, free, asked));
            }
            let missing = free - inner.reserved;
            inner.unconfirmed.pop().unwrap_or_else(|| {
                let slots = (capacity / BLOCKS_PER_WINDOW).clamp(1, LARGEST_BLOCK).max(missing);
                let number = inner.next_number;
                inner.next_number += 1;
                SendBlock { account: self.account.clone(), number, slots, reserved_at: now, closed_at: None }
            })
        };
        let (number, slots) = (block.number, block.slots);
        let mut reserving = Reserving { throttle: self, block: Some(block) };
        if let Some(block) = &reserving.block {
            store.reserve(lease, block).await?;
        }
        reserving.block = None;
        let mut inner = self.lock();
        inner.blocks.insert(number, Block { left: slots, open: 0, last_answer: asked });
        inner.reserved += slots;
        inner.mature(Instant::now());
        let free = capacity.saturating_sub(inner.used()).min(wanted);
        // The capacity is that of the moment it was asked with, however long the store took.
        Ok(self.hand_out(&mut inner, free, asked))
    }

    fn hand_out(self: &Arc<Self>, inner: &mut Inner, count: u32, taken: Instant) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(count as usize);
        for (&number, block) in &mut inner.blocks {
            while block.left > 0 && slots.len() < count as usize {
                block.left -= 1;
                block.open += 1;
                slots.push(Slot { throttle: Arc::clone(self), block: number, taken, done: false });
            }
        }
        inner.reserved -= u32::try_from(slots.len()).unwrap_or(u32::MAX);
        inner.out += u32::try_from(slots.len()).unwrap_or(u32::MAX);
        slots
    }

    fn finish(&self, number: i64, extra: Duration) {
        let mut inner = self.lock();
        inner.out = inner.out.saturating_sub(1);
        let answered = Instant::now() + extra;
        let back = answered + self.window;
        let place = inner.returning.partition_point(|at| *at <= back);
        inner.returning.insert(place, back);
        let closed = inner.blocks.get_mut(&number).is_some_and(|block| {
            block.open -= 1;
            block.last_answer = block.last_answer.max(answered);
            block.open == 0 && block.left == 0
        });
        if closed && let Some(block) = inner.blocks.remove(&number) {
            inner.to_close.push((number, block.last_answer));
        }
    }

    /// Notes in the store which blocks are used up. If it is not called before a crash, they count as open: too much,
    /// never too little.
    ///
    /// # Errors
    /// The store is away; call again later.
    pub async fn note_closed(&self, store: &dyn Sends) -> Result<()> {
        let closed = {
            let (mut inner, here) = (self.lock(), Instant::now());
            inner.noted.retain(|(_, at)| *at + self.kept() > here);
            let closed = std::mem::take(&mut inner.to_close);
            closed.into_iter().map(|(number, at)| (number, at, inner.wall_of(at))).collect::<Vec<_>>()
        };
        for (done, (number, at, wall)) in closed.iter().enumerate() {
            if let Err(error) = store.close_block(&self.account, *number, *wall).await {
                self.lock().to_close.extend(closed[done..].iter().map(|(number, at, _)| (*number, *at)));
                return Err(error);
            }
            self.lock().noted.push_back((*number, *at));
        }
        Ok(())
    }

    /// To be called every few seconds: follows the wall clock, notes used-up blocks, and now and then removes from the
    /// store those that no longer count.
    ///
    /// # Errors
    /// The store is away; call again later.
    pub async fn upkeep(&self, store: &dyn Sends, now: Timestamp) -> Result<()> {
        let forget = {
            let mut inner = self.lock();
            inner.follow(now);
            let here = Instant::now();
            let due = inner.forget_at <= here;
            if due {
                inner.forget_at = here + FORGET;
            }
            // By the time this throttle notes by: blocks that count must not look old because the clock was set forward.
            due.then(|| earlier(inner.wall_of(here), self.kept()))
        };
        self.note_closed(store).await?;
        if let Some(since) = forget {
            store.blocks(&self.account, since).await?;
        }
        Ok(())
    }
}

impl Inner {
    fn new(now: Timestamp, here: Instant) -> Self {
        Self {
            out: 0,
            returning: VecDeque::new(),
            reserved: 0,
            blocks: BTreeMap::new(),
            unconfirmed: Vec::new(),
            to_close: Vec::new(),
            noted: VecDeque::new(),
            next_number: 0,
            clocks: (now, here),
            followed: Duration::ZERO,
            forget_at: here + FORGET,
        }
    }

    /// What the wall clock shows at an instant, counted monotonically.
    fn wall_of(&self, at: Instant) -> Timestamp {
        let (wall, here) = self.clocks;
        match at.checked_duration_since(here) {
            Some(span) => later(wall, span),
            None => earlier(wall, here - at),
        }
    }

    /// A wall clock set forward is followed, or what is noted now would look old after a restart; what was noted before
    /// is noted again. One set back is not: until it has caught up, what is noted lies in its future, which counts.
    fn follow(&mut self, now: Timestamp) {
        let here = Instant::now();
        let Ok(step) = Duration::try_from(now.duration_since(self.wall_of(here))) else { return };
        if step.is_zero() {
            return;
        }
        self.clocks = (now, here);
        self.followed += step;
        if self.followed > UNFOLLOWED {
            self.followed = Duration::ZERO;
            self.to_close.extend(self.noted.drain(..));
        }
    }

    fn used(&self) -> u32 {
        self.out.saturating_add(u32::try_from(self.returning.len()).unwrap_or(u32::MAX))
    }

    fn mature(&mut self, now: Instant) {
        while self.returning.front().is_some_and(|at| *at <= now) {
            self.returning.pop_front();
        }
    }
}

/// `at` plus a span, held at the end of time instead of failing.
fn later(at: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| at.checked_add(span).ok()).unwrap_or(Timestamp::MAX)
}

/// `at` less a span, held at the beginning of time.
fn earlier(at: Timestamp, span: Duration) -> Timestamp {
    SignedDuration::try_from(span).ok().and_then(|span| at.checked_sub(span).ok()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
#[path = "throttle/tests.rs"]
mod tests;
