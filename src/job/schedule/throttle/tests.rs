//! The window against a model of the registry: one that counts what arrives, with a clock of its own, and knows nothing of
//! slots.

use std::collections::VecDeque;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::civil::time;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tokio::time::sleep;

use super::*;
use crate::model::Limits;
use crate::model::limits::{Span, Timetable};
use crate::store::StoreError;

/// Keeps blocks as a store does, and fails when told to.
#[derive(Default)]
struct Kept {
    blocks: StdMutex<Vec<SendBlock>>,
    /// What befalls the next reservations.
    troubles: StdMutex<VecDeque<Trouble>>,
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Not reserved.
    Away,
    /// Reserved, and nobody hears of it.
    Unheard,
    /// Reserved after this many milliseconds.
    Slow(u64),
}

#[async_trait]
impl Sends for Kept {
    async fn reserve(&self, _lease: &Lease, block: &SendBlock) -> Result<()> {
        let trouble = self.troubles.lock().unwrap().pop_front();
        match trouble {
            Some(Trouble::Away) => return Err(StoreError::Unavailable("away".into())),
            Some(Trouble::Slow(millis)) => sleep(Duration::from_millis(millis)).await,
            Some(Trouble::Unheard) | None => {}
        }
        let mut blocks = self.blocks.lock().unwrap();
        blocks.retain(|known| known.number != block.number);
        blocks.push(block.clone());
        match trouble {
            Some(Trouble::Unheard) => Err(StoreError::Unavailable("the connection broke".into())),
            _ => Ok(()),
        }
    }
    async fn close_block(&self, _account: &str, number: i64, at: Timestamp) -> Result<()> {
        let mut blocks = self.blocks.lock().unwrap();
        blocks.iter_mut().filter(|block| block.number == number).for_each(|block| {
            block.closed_at = block.closed_at.max(Some(at));
        });
        Ok(())
    }
    async fn blocks(&self, _account: &str, since: Timestamp) -> Result<Vec<SendBlock>> {
        let mut blocks = self.blocks.lock().unwrap();
        blocks.retain(|block| block.closed_at.is_none_or(|at| at > since));
        Ok(blocks.clone())
    }
}

const WINDOW: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(10);
const BERLIN: &str = "Europe/Berlin";

fn lease(fence: i64) -> Lease {
    Lease { name: "DENIC-1000022".into(), owner: format!("daemon-{fence}"), fence }
}

/// What one step of the random script does. Spans are milliseconds.
#[derive(Clone, Debug)]
enum Act {
    /// Takes as many slots as are wanted and can be had. Each request is held back at a desk, then travels there, and its
    /// answer back; `back` `None`: it is given up after `patience` without one.
    Send { wanted: u32, held: u64, there: u64, back: Option<u64>, patience: u64 },
    /// The next reservation meets this.
    Trouble(Trouble),
    /// Lets time pass.
    Wait(u64),
    /// The worker's upkeep.
    Upkeep,
    /// The daemon is replaced by one whose wall clock is so many milliseconds ahead of true time; before that it may note
    /// what is used up, and afterwards, woken up, do its upkeep once more.
    Replace { noted: bool, late_word: bool, ahead: i64 },
    /// The daemon's wall clock is set by so many milliseconds, and it does its upkeep.
    SetClock(i64),
}

/// Clocks of daemons differ from true time, and so by at most [`SKEW`] from one another.
fn ahead() -> impl Strategy<Value = i64> {
    -2500i64..=2500
}

fn acts(clock_is_set: bool) -> impl Strategy<Value = Vec<Act>> {
    let send = (
        1u32..30,
        prop_oneof![4 => 0u64..300, 1 => 0u64..9000],
        0u64..5000,
        proptest::option::weighted(0.8, 0u64..9000),
        0u64..9000,
    );
    let trouble = prop_oneof![
        Just(Trouble::Away),
        Just(Trouble::Unheard),
        prop_oneof![0u64..500, 3000u64..20_000].prop_map(Trouble::Slow)
    ];
    let replace = (any::<bool>(), any::<bool>(), ahead());
    let act = prop_oneof![
        12 => send.prop_map(|(wanted, held, there, back, patience)| Act::Send { wanted, held, there, back, patience }),
        2 => trouble.prop_map(Act::Trouble),
        6 => (1u64..40_000).prop_map(Act::Wait),
        2 => Just(Act::Upkeep),
        2 => replace.prop_map(|(noted, late_word, ahead)| Act::Replace { noted, late_word, ahead }),
        i32::from(clock_is_set) as u32 * 2 => (-7_200_000i64..7_200_000).prop_map(Act::SetClock),
    ];
    proptest::collection::vec(act, 1..80)
}

/// A daemon with a wall clock, working the account until it is replaced.
struct Daemon {
    throttle: Arc<Throttle>,
    lease: Lease,
    ahead: i64,
    /// Requests a dead daemon still holds are never sent.
    alive: Arc<StdMutex<bool>>,
}

/// The stage: true time, the registry's count, and the store.
struct World {
    limits: Arc<Limits>,
    begun: (Timestamp, Instant),
    kept: Kept,
    arrivals: Arc<StdMutex<Vec<Instant>>>,
}

impl World {
    fn new(limits: Limits, begin: Timestamp) -> Self {
        Self {
            limits: Arc::new(limits),
            begun: (begin, Instant::now()),
            kept: Kept::default(),
            arrivals: Arc::default(),
        }
    }

    fn at(&self, instant: Instant) -> Timestamp {
        later(self.begun.0, instant - self.begun.1)
    }

    fn shown(&self, ahead: i64) -> Timestamp {
        self.at(Instant::now()) + SignedDuration::from_millis(ahead)
    }

    async fn daemon(&self, fence: i64, ahead: i64) -> Daemon {
        let lease = lease(fence);
        let throttle = Throttle::rebuild(&self.kept, &lease, WINDOW, GRACE, self.shown(ahead)).await.unwrap();
        Daemon { throttle, lease, ahead, alive: Arc::new(StdMutex::new(true)) }
    }

    async fn send(&self, daemon: &Daemon, act: &Act) {
        let &Act::Send { wanted, held, there, back, patience } = act else { return };
        let now = self.shown(daemon.ahead);
        let capacity = self.limits.requests_now(now);
        let Ok(slots) = daemon.throttle.take(&self.kept, &daemon.lease, wanted, capacity, now).await else { return };
        for (nth, slot) in slots.into_iter().enumerate() {
            // Later ones overtake earlier ones.
            let there = Duration::from_millis(there * 7919 * (nth as u64 + 1) % 5000);
            let (alive, arrivals) = (Arc::clone(&daemon.alive), Arc::clone(&self.arrivals));
            tokio::spawn(async move {
                sleep(Duration::from_millis(held)).await;
                if slot.is_stale() || !*alive.lock().unwrap() {
                    slot.unused();
                    return;
                }
                let arrival = Instant::now() + there;
                arrivals.lock().unwrap().push(arrival);
                match back {
                    Some(back) => {
                        sleep(there + Duration::from_millis(back)).await;
                        slot.answered();
                    }
                    // Given up, perhaps before it has arrived.
                    None => {
                        sleep(Duration::from_millis(patience)).await;
                        slot.given_up();
                    }
                }
            });
        }
    }

    /// Plays the script.
    async fn play(&self, script: &[Act], ahead: i64) {
        let mut daemon = self.daemon(1, ahead).await;
        for act in script {
            match act {
                Act::Send { .. } => self.send(&daemon, act).await,
                Act::Trouble(trouble) => self.kept.troubles.lock().unwrap().push_back(*trouble),
                Act::Wait(millis) => sleep(Duration::from_millis(*millis)).await,
                Act::Upkeep => daemon.throttle.upkeep(&self.kept, self.shown(daemon.ahead)).await.unwrap(),
                Act::SetClock(by) => {
                    daemon.ahead += by;
                    daemon.throttle.upkeep(&self.kept, self.shown(daemon.ahead)).await.unwrap();
                }
                Act::Replace { noted, late_word, ahead } => {
                    if *noted {
                        daemon.throttle.note_closed(&self.kept).await.unwrap();
                    }
                    *daemon.alive.lock().unwrap() = false;
                    // Clocks that are set are those of the machine, which the next daemon shares.
                    let stays = script.iter().any(|act| matches!(act, Act::SetClock(_)));
                    let ahead = if stays { daemon.ahead } else { *ahead };
                    let next = self.daemon(daemon.lease.fence + 1, ahead).await;
                    let former = std::mem::replace(&mut daemon, next);
                    if *late_word {
                        former.throttle.upkeep(&self.kept, self.shown(former.ahead)).await.unwrap();
                    }
                }
            }
        }
        sleep(Duration::from_secs(60)).await;
    }

    /// How the registry counts: at each arrival, those of the last window, against the figure in force at that moment.
    fn check(&self) -> std::result::Result<(), TestCaseError> {
        let mut arrivals = self.arrivals.lock().unwrap().clone();
        arrivals.sort_unstable();
        for (index, last) in arrivals.iter().enumerate() {
            let within = arrivals[..=index].iter().rev().take_while(|at| *last - **at < WINDOW).count();
            let limit = self.limits.requests_at(self.at(*last));
            prop_assert!(within <= limit as usize, "{within} requests in a window of {limit} at {}", self.at(*last));
        }
        Ok(())
    }
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// Few requests in two spans of the night, also where the clocks are changed.
fn nightly(base: u32, night: u32) -> Limits {
    let spans = vec![
        (Span { from: time(2, 0, 0, 0), to: time(4, 0, 0, 0) }, night),
        (Span { from: time(4, 3, 0, 0), to: time(4, 5, 0, 0) }, 1),
    ];
    Limits {
        zone: TimeZone::get(BERLIN).unwrap(),
        window: WINDOW,
        grace: GRACE,
        requests: Timetable { base, spans },
        ..Limits::none()
    }
}

/// Shortly before figures change: on plain days, in the night of 23 hours and in that of 25.
const EVES: &[&str] = &[
    "2026-12-01T02:00+01:00[Europe/Berlin]",
    "2026-12-01T04:00+01:00[Europe/Berlin]",
    "2027-03-28T03:00+02:00[Europe/Berlin]",
    "2027-03-28T04:00+02:00[Europe/Berlin]",
    "2026-10-25T02:00+02:00[Europe/Berlin]",
    "2026-10-25T02:00+01:00[Europe/Berlin]",
    "2026-10-25T04:00+01:00[Europe/Berlin]",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Delays, reordering, lost answers, restarts, take-overs, a store in trouble, clocks that differ, and a timetable.
    #[test]
    fn no_window_ever_holds_more_than_the_limit_in_force(
        script in acts(false),
        ahead in ahead(),
        base in 1u32..60,
        night in 1u32..60,
        eve in proptest::sample::select(EVES),
        before in 0u64..900,
    ) {
        let change: jiff::Zoned = eve.parse().unwrap();
        let begin = earlier(change.timestamp(), Duration::from_secs(before));
        paused(async {
            let world = World::new(nightly(base, night), begin);
            world.play(&script, ahead).await;
            world.check()
        })?;
    }

    /// The same with wall clocks that are set back and forth by hours, under a limit that is always the same.
    #[test]
    fn a_wall_clock_that_is_set_changes_nothing(script in acts(true), capacity in 1u32..60) {
        paused(async {
            let limits = Limits { window: WINDOW, grace: GRACE, requests: Timetable::always(capacity), ..Limits::none() };
            let world = World::new(limits, Timestamp::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
            world.play(&script, 0).await;
            world.check()
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// While work waits and answers take at most 100 ms, at least 99.5 % of what the limit allows is used. Counted over
    /// 400 windows from the first request on, without restarts; a slot is out for a window and an answer, so that it is
    /// used 60 / 60.1 times a window at worst.
    #[test]
    fn what_is_allowed_is_used(capacity in 1u32..50, round_trips in proptest::collection::vec(0u64..=100, 1..50)) {
        const WINDOWS: u32 = 400;
        let sent = paused(async {
            let kept = Arc::new(Kept::default());
            let now = Timestamp::UNIX_EPOCH;
            let throttle = Throttle::rebuild(&*kept, &lease(1), WINDOW, GRACE, now).await.unwrap();
            let (sent, begun) = (AtomicUsize::new(0), Instant::now());
            while begun.elapsed() < WINDOW * WINDOWS {
                for slot in throttle.take(&*kept, &lease(1), 14, capacity, now).await.unwrap() {
                    let nth = sent.fetch_add(1, Ordering::Relaxed);
                    let round_trip = Duration::from_millis(round_trips[nth % round_trips.len()]);
                    tokio::spawn(async move {
                        sleep(round_trip).await;
                        slot.answered();
                    });
                }
                throttle.upkeep(&*kept, now).await.unwrap();
                // Nothing can be sent before a slot comes back; while all are out, not before an answer.
                let next = throttle.next_return().unwrap_or_else(|| Instant::now() + Duration::from_millis(1));
                if throttle.used() >= capacity {
                    tokio::time::sleep_until(next).await;
                }
            }
            sent.into_inner()
        });
        let allowed = capacity * WINDOWS;
        prop_assert!(sent as f64 >= 0.995 * f64::from(allowed), "{sent} of {allowed}");
    }
}

#[test]
fn a_full_window_is_used_to_the_last_slot_and_comes_back() {
    paused(async {
        let kept = Kept::default();
        let now = Timestamp::UNIX_EPOCH;
        let throttle = Throttle::rebuild(&kept, &lease(1), WINDOW, GRACE, now).await.unwrap();
        let slots = throttle.take(&kept, &lease(1), 500, 100, now).await.unwrap();
        assert_eq!(slots.len(), 100);
        assert!(throttle.take(&kept, &lease(1), 1, 100, now).await.unwrap().is_empty());
        slots.into_iter().for_each(Slot::answered);
        sleep(WINDOW - Duration::from_millis(1)).await;
        assert_eq!(throttle.used(), 100);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(throttle.take(&kept, &lease(1), 500, 100, now).await.unwrap().len(), 100);
    });
}

#[test]
fn an_unused_slot_is_free_at_once() {
    paused(async {
        let kept = Kept::default();
        let now = Timestamp::UNIX_EPOCH;
        let throttle = Throttle::rebuild(&kept, &lease(1), WINDOW, GRACE, now).await.unwrap();
        let slot = throttle.take(&kept, &lease(1), 1, 1, now).await.unwrap().pop().unwrap();
        slot.unused();
        assert_eq!(throttle.take(&kept, &lease(1), 1, 1, now).await.unwrap().len(), 1);
    });
}

/// Beside what is on the wire, a crash costs one block.
#[test]
fn a_crash_costs_little() {
    paused(async {
        let (kept, begun) = (Kept::default(), Instant::now());
        let now = || Timestamp::UNIX_EPOCH + begun.elapsed();
        let throttle = Throttle::rebuild(&kept, &lease(1), WINDOW, GRACE, now()).await.unwrap();
        for _ in 0..103 {
            let slots = throttle.take(&kept, &lease(1), 10, 2000, now()).await.unwrap();
            sleep(Duration::from_millis(50)).await;
            slots.into_iter().for_each(Slot::answered);
            throttle.upkeep(&kept, now()).await.unwrap();
        }
        let on_the_wire = throttle.take(&kept, &lease(1), 10, 2000, now()).await.unwrap();
        let next = Throttle::rebuild(&kept, &lease(2), WINDOW, GRACE, now()).await.unwrap();
        let block = 2000 / BLOCKS_PER_WINDOW;
        assert_eq!(throttle.used(), 1040);
        assert!((1040..=1040 + block).contains(&next.used()), "{}", next.used());
        drop(on_the_wire);
    });
}

/// Reservations that nobody confirmed are not left behind as blocks that count for ever.
#[test]
fn unconfirmed_blocks_do_not_pile_up() {
    paused(async {
        let kept = Kept::default();
        let now = Timestamp::UNIX_EPOCH;
        let throttle = Throttle::rebuild(&kept, &lease(1), WINDOW, GRACE, now).await.unwrap();
        kept.troubles.lock().unwrap().extend([Trouble::Unheard; 20]);
        for _ in 0..20 {
            assert!(throttle.take(&kept, &lease(1), 5, 100, now).await.is_err());
        }
        let slots = throttle.take(&kept, &lease(1), 5, 100, now).await.unwrap();
        assert_eq!((slots.len(), kept.blocks.lock().unwrap().len()), (5, 1));
        slots.into_iter().for_each(Slot::answered);
        throttle.note_closed(&kept).await.unwrap();
        assert!(kept.blocks.lock().unwrap().iter().all(|block| block.closed_at.is_some()));
    });
}
