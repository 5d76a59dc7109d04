//! The sliding window of one account, provable without knowing the network.
//!
//! A send takes a slot. The slot comes back `window` after its *answer* was heard, so at any instant a request arrives
//! at the registry, every slot that has come back belongs to a request that arrived more than `window` earlier. Delays
//! and reorderings can only make us slower, never too fast. A request given up without an answer may still be on its
//! way, so its slot stays away for `grace` longer.
//!
//! Slots are reserved in the store in small blocks before any of them is used. After a crash or a take-over every block
//! that was open counts as sent at that moment: more than was really sent, never less (law 6).

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::{Lease, Result, SendBlock, Sends};

/// Blocks a full window is made of: a crash costs at most about this share of it.
const BLOCKS_PER_WINDOW: u32 = 40;
/// Largest block.
const LARGEST_BLOCK: u32 = 500;

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

#[derive(Debug, Default)]
struct Inner {
    /// Slots handed out whose answer is awaited.
    out: u32,
    /// When each answered slot comes back, ascending.
    returning: VecDeque<Instant>,
    /// Reserved in the store, not handed out yet.
    reserved: u32,
    /// Blocks not closed yet, by number.
    blocks: BTreeMap<i64, Block>,
    /// Blocks whose last slot was answered, waiting to be noted in the store.
    to_close: Vec<(i64, Timestamp)>,
    next_number: i64,
    /// A pair of clocks: wall instants are counted from it monotonically, so that a wall clock set back cannot shorten
    /// the window. One set forward is followed, or what is noted now would look old after a restart.
    clocks: Option<(Timestamp, Instant)>,
}

#[derive(Debug)]
struct Block {
    /// Slots not handed out yet.
    left: u32,
    /// Slots handed out and not answered yet.
    open: u32,
    last_answer: Timestamp,
}

/// The right to send one request. Dropped without a word it counts as given up.
#[derive(Debug)]
pub struct Slot {
    throttle: Arc<Throttle>,
    block: i64,
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

impl Throttle {
    /// Rebuilds the window from the store: open blocks count as sent now, closed ones since they were closed. A block
    /// closed in the future (the clock was set back) counts as closed now.
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
        let reach = window + grace;
        let blocks = store.blocks(&lease.name, now - reach).await?;
        let mut inner = Inner::default();
        let here = Instant::now();
        let mut returning = Vec::new();
        for block in &blocks {
            inner.next_number = inner.next_number.max(block.number + 1);
            let left = match block.closed_at {
                None => reach,
                Some(closed) => {
                    let age = now.duration_since(closed);
                    match Duration::try_from(age) {
                        Ok(age) => window.saturating_sub(age),
                        // Closed with a grace that is not over, or the clock was set back.
                        Err(_) => reach.min(window + age.unsigned_abs()),
                    }
                }
            };
            returning.extend(std::iter::repeat_n(here + left, block.slots as usize));
            if block.closed_at.is_none() {
                inner.to_close.push((block.number, now + grace));
            }
        }
        // Numbers of an earlier owner must not come again: its late word would close a block of ours.
        inner.next_number = inner.next_number.max(lease.fence << 20);
        inner.clocks = Some((now, here));
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

    /// Takes up to `wanted` slots under a limit of `capacity` per window; may give fewer, or none. Reserves a new block
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
        let (number, slots) = {
            let mut inner = self.lock();
            inner.mature(Instant::now());
            if inner.wall().is_none_or(|counted| now > counted) {
                inner.clocks = Some((now, Instant::now()));
            }
            let free = capacity.saturating_sub(inner.used()).min(wanted);
            if free <= inner.reserved {
                return Ok(self.hand_out(&mut inner, free));
            }
            let size = (capacity / BLOCKS_PER_WINDOW).clamp(1, LARGEST_BLOCK).max(free - inner.reserved);
            let number = inner.next_number;
            inner.next_number += 1;
            (number, size)
        };
        let block = SendBlock { account: self.account.clone(), number, slots, reserved_at: now, closed_at: None };
        store.reserve(lease, &block).await?;
        let mut inner = self.lock();
        inner.blocks.insert(number, Block { left: slots, open: 0, last_answer: now });
        inner.reserved += slots;
        inner.mature(Instant::now());
        let free = capacity.saturating_sub(inner.used()).min(wanted);
        Ok(self.hand_out(&mut inner, free))
    }

    fn hand_out(self: &Arc<Self>, inner: &mut Inner, count: u32) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(count as usize);
        for (&number, block) in &mut inner.blocks {
            while block.left > 0 && slots.len() < count as usize {
                block.left -= 1;
                block.open += 1;
                slots.push(Slot { throttle: Arc::clone(self), block: number, done: false });
            }
        }
        inner.reserved -= u32::try_from(slots.len()).unwrap_or(u32::MAX);
        inner.out += u32::try_from(slots.len()).unwrap_or(u32::MAX);
        slots
    }

    fn finish(&self, number: i64, extra: Duration) {
        let mut inner = self.lock();
        inner.out = inner.out.saturating_sub(1);
        let back = Instant::now() + self.window + extra;
        let place = inner.returning.partition_point(|at| *at <= back);
        inner.returning.insert(place, back);
        let answered = inner.wall().unwrap_or(Timestamp::MAX) + extra;
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
        let closed = std::mem::take(&mut self.lock().to_close);
        for (done, (number, at)) in closed.iter().enumerate() {
            if let Err(error) = store.close_block(&self.account, *number, *at).await {
                self.lock().to_close.extend_from_slice(&closed[done..]);
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Inner {
    /// The wall clock, counted monotonically.
    fn wall(&self) -> Option<Timestamp> {
        self.clocks.map(|(wall, monotonic)| wall + monotonic.elapsed())
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use async_trait::async_trait;
    use proptest::prelude::*;

    use super::*;

    /// Keeps blocks as a store would.
    #[derive(Default)]
    struct Kept(StdMutex<Vec<SendBlock>>);

    #[async_trait]
    impl Sends for Kept {
        async fn reserve(&self, _lease: &Lease, block: &SendBlock) -> Result<()> {
            self.0.lock().unwrap().push(block.clone());
            Ok(())
        }
        async fn close_block(&self, _account: &str, number: i64, at: Timestamp) -> Result<()> {
            self.0.lock().unwrap().iter_mut().filter(|block| block.number == number).for_each(|block| {
                block.closed_at = Some(at);
            });
            Ok(())
        }
        async fn blocks(&self, _account: &str, since: Timestamp) -> Result<Vec<SendBlock>> {
            let mut blocks = self.0.lock().unwrap();
            blocks.retain(|block| block.closed_at.is_none_or(|at| at > since));
            Ok(blocks.clone())
        }
    }

    const WINDOW: Duration = Duration::from_secs(60);
    const GRACE: Duration = Duration::from_secs(10);

    fn lease() -> Lease {
        Lease { name: "DENIC-1000022".into(), owner: "test".into(), fence: 1 }
    }

    /// What one step of the random script does.
    #[derive(Clone, Debug)]
    enum Act {
        /// Sends as many as allowed, each arriving and answered after these delays (milliseconds); `None`: no answer,
        /// given up after the first delay.
        Send { wanted: u32, there: u64, back: Option<u64> },
        /// Lets time pass.
        Wait(u64),
        /// The daemon dies; a new one rebuilds the window, with used-up blocks noted or not.
        Restart { noted: bool },
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            6 => (1u32..30, 0u64..400, proptest::option::weighted(0.9, 0u64..9000))
                .prop_map(|(wanted, there, back)| Act::Send { wanted, there, back }),
            4 => (1u64..40_000).prop_map(Act::Wait),
            1 => any::<bool>().prop_map(|noted| Act::Restart { noted }),
        ];
        proptest::collection::vec(act, 1..60)
    }

    /// Plays the script on a paused clock and returns when requests arrived at the registry.
    async fn play(script: Vec<Act>, capacity: u32) -> Vec<Instant> {
        let kept = Kept::default();
        let (wall, begun) = (Timestamp::UNIX_EPOCH + Duration::from_secs(1_000_000), Instant::now());
        let clock = move || wall + begun.elapsed();
        let mut throttle = Throttle::rebuild(&kept, &lease(), WINDOW, GRACE, clock()).await.unwrap();
        let mut arrivals = Vec::new();
        for act in script {
            match act {
                Act::Send { wanted, there, back } => {
                    for slot in throttle.take(&kept, &lease(), wanted, capacity, clock()).await.unwrap() {
                        // Whatever is given up arrives within the grace, or its connection is gone.
                        arrivals.push(Instant::now() + Duration::from_millis(there));
                        let heard = Duration::from_millis(there + back.unwrap_or_default());
                        tokio::spawn(async move {
                            tokio::time::sleep(heard).await;
                            if back.is_some() { slot.answered() } else { slot.given_up() }
                        });
                    }
                }
                Act::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
                Act::Restart { noted } => {
                    if noted {
                        throttle.note_closed(&kept).await.unwrap();
                    }
                    throttle = Throttle::rebuild(&kept, &lease(), WINDOW, GRACE, clock()).await.unwrap();
                }
            }
        }
        arrivals
    }

    fn paused<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn no_window_ever_holds_more_than_the_limit(script in acts(), capacity in 1u32..60) {
            let mut arrivals = paused(play(script, capacity));
            arrivals.sort_unstable();
            for (index, first) in arrivals.iter().enumerate() {
                let within = arrivals[index..].iter().take_while(|at| **at - *first < WINDOW).count();
                prop_assert!(within <= capacity as usize, "{within} requests within one window of {capacity}");
            }
        }
    }

    #[test]
    fn a_full_window_is_used_to_the_last_slot_and_comes_back() {
        paused(async {
            let kept = Kept::default();
            let now = Timestamp::UNIX_EPOCH;
            let throttle = Throttle::rebuild(&kept, &lease(), WINDOW, GRACE, now).await.unwrap();
            let slots = throttle.take(&kept, &lease(), 500, 100, now).await.unwrap();
            assert_eq!(slots.len(), 100);
            assert!(throttle.take(&kept, &lease(), 1, 100, now).await.unwrap().is_empty());
            slots.into_iter().for_each(Slot::answered);
            tokio::time::sleep(WINDOW - Duration::from_millis(1)).await;
            assert_eq!(throttle.used(), 100);
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert_eq!(throttle.take(&kept, &lease(), 500, 100, now).await.unwrap().len(), 100);
        });
    }

    #[test]
    fn an_unused_slot_is_free_at_once() {
        paused(async {
            let kept = Kept::default();
            let throttle = Throttle::rebuild(&kept, &lease(), WINDOW, GRACE, Timestamp::UNIX_EPOCH).await.unwrap();
            let slot = throttle.take(&kept, &lease(), 1, 1, Timestamp::UNIX_EPOCH).await.unwrap().pop().unwrap();
            slot.unused();
            assert_eq!(throttle.take(&kept, &lease(), 1, 1, Timestamp::UNIX_EPOCH).await.unwrap().len(), 1);
        });
    }
}
