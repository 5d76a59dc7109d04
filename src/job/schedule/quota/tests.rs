use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::limits::Share;
use crate::store::{self, Store};

const DAY_SECONDS: i64 = 86_400;
const TTL: std::time::Duration = std::time::Duration::from_secs(3600);

/// What one step of the random script does.
#[derive(Clone, Debug)]
enum Act {
    /// Sends as many as allowed; each is counted by the registry after so many seconds, or not sent at all.
    Send { tiers: Vec<Tier>, delay: i64, unused: bool },
    /// Lets seconds pass.
    Wait(i64),
    /// Dies, or stops in good order; another daemon goes on.
    Restart { orderly: bool },
    /// The registry tells the share it counts.
    Notice,
}

fn tier() -> impl Strategy<Value = Tier> {
    prop_oneof![Just(Tier::Ordinary), Just(Tier::Urgent), Just(Tier::Deadline)]
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (proptest::collection::vec(tier(), 1..40), 0i64..20, proptest::bool::weighted(0.1))
            .prop_map(|(tiers, delay, unused)| Act::Send { tiers, delay, unused }),
        2 => (1i64..300).prop_map(Act::Wait),
        2 => (3600i64..30_000).prop_map(Act::Wait),
        1 => any::<bool>().prop_map(|orderly| Act::Restart { orderly }),
        1 => Just(Act::Notice),
    ];
    proptest::collection::vec(act, 1..60)
}

fn limits(quota: u64) -> Arc<Limits> {
    Arc::new(Limits {
        zone: TimeZone::get("Europe/Berlin").unwrap(),
        quota: Some(quota),
        urgent_quota: Share::of_one(0.1).unwrap(),
        deadline_quota: Share::of_one(0.2).unwrap(),
        ..Limits::none()
    })
}

/// A daemon, a store, and a registry with a clock of its own that counts what it gets by its own days.
struct Play {
    store: Arc<dyn Store>,
    lease: Lease,
    limits: Arc<Limits>,
    quota: Arc<Quota>,
    now: Timestamp,
    skew: SignedDuration,
    counted: BTreeMap<Date, u64>,
    handed_out: BTreeMap<(Date, Tier), u64>,
}

impl Play {
    async fn new(quota: u64, begin: i64, skew: i64) -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let lease = store.acquire("A", "first", TTL).await.unwrap().unwrap();
        let limits = limits(quota);
        // The night in which an hour is left out lies a little ahead.
        let now = Timestamp::from_second("2027-03-26T00:00:00+01:00".parse::<Timestamp>().unwrap().as_second() + begin);
        Self {
            store,
            lease,
            quota: Quota::new(Arc::clone(&limits)),
            limits,
            now: now.unwrap(),
            skew: SignedDuration::from_secs(skew),
            counted: BTreeMap::new(),
            handed_out: BTreeMap::new(),
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Send { tiers, delay, unused } => self.send(&tiers, delay, unused).await,
            Act::Wait(seconds) => self.now += SignedDuration::from_secs(seconds),
            Act::Restart { orderly } => {
                if orderly {
                    self.quota.give_back(&*self.store, &self.lease).await.unwrap();
                }
                self.store.release(&self.lease).await.unwrap();
                self.lease = self.store.acquire("A", "next", TTL).await.unwrap().unwrap();
                self.quota = Quota::new(Arc::clone(&self.limits));
            }
            Act::Notice => {
                let day = self.limits.day(self.now + self.skew);
                let all = self.limits.quota.unwrap();
                let percent = self.counted.get(&day).map_or(0, |count| count * 100 / all);
                // A notice of another day says nothing of ours.
                if day == self.limits.day(self.now) && percent > 0 {
                    let percent = u8::try_from(percent.min(100)).unwrap();
                    self.quota.heard(&*self.store, &self.lease, percent, self.now).await.unwrap();
                }
            }
        }
    }

    async fn send(&mut self, tiers: &[Tier], delay: i64, unused: bool) {
        let charges = self.quota.take(&*self.store, &self.lease, tiers, self.now).await.unwrap();
        let today = self.limits.day(self.now);
        for (tier, charge) in tiers.iter().zip(charges) {
            let Some(charge) = charge else { continue };
            if unused {
                charge.unused();
                continue;
            }
            let arrived = self.limits.day(self.now + SignedDuration::from_secs(delay) + self.skew);
            *self.counted.entry(arrived).or_default() += 1;
            *self.handed_out.entry((today, *tier)).or_default() += 1;
        }
    }

    async fn check(&self) -> std::result::Result<(), TestCaseError> {
        let today = self.limits.day(self.now);
        let stored = self.store.quota("A", today).await.unwrap().used;
        let counted = self.counted.get(&today).copied().unwrap_or_default();
        prop_assert!(stored >= counted, "{stored} are charged for {today}, the registry counts {counted}");
        for (day, tier) in self.handed_out.keys() {
            // What a tier may use, those below it may have used before.
            let up_to = [Tier::Ordinary, Tier::Urgent, Tier::Deadline].into_iter().filter(|below| below <= tier);
            let handed: u64 = up_to.filter_map(|tier| self.handed_out.get(&(*day, tier))).sum();
            prop_assert!(handed <= tier.limit(&self.limits), "{handed} up to {tier:?} on {day}");
        }
        Ok(())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// Whatever dies and whichever clock is ahead by up to a minute: what is charged for the day is never below what the
    /// registry counts, and no tier gets more than its part.
    #[test]
    fn never_below_the_true_count(script in acts(), quota in 20u64..5000, begin in 0i64..DAY_SECONDS, skew in -60i64..60) {
        block_on(async {
            let mut play = Play::new(quota, begin, skew).await;
            for act in script {
                play.act(act).await;
                play.check().await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }

    /// Without a crash every point of a day is used, by whoever may use it, and a new day brings them all again.
    #[test]
    fn every_point_is_used(quota in 20u64..3000, group in 1usize..60) {
        block_on(async {
            let mut play = Play::new(quota, 7200, 0).await;
            for day in 0..3 {
                for tier in [Tier::Ordinary, Tier::Urgent, Tier::Deadline] {
                    let mut before = u64::MAX;
                    while before != play.counted.values().sum::<u64>() {
                        before = play.counted.values().sum();
                        play.send(&vec![tier; group], 0, false).await;
                    }
                    let today = play.limits.day(play.now);
                    prop_assert_eq!(play.counted[&today], tier.limit(&play.limits), "{:?} of day {}", tier, day);
                    let midnight = play.limits.next_day(play.now);
                    prop_assert_eq!(play.quota.blocked_until(tier, play.now), Some(midnight));
                }
                play.now = play.limits.next_day(play.now) + MARGIN;
                prop_assert_eq!(play.quota.blocked_until(Tier::Ordinary, play.now), None);
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[test]
fn a_day_after_one_that_was_used_up_begins_late() {
    block_on(async {
        let mut play = Play::new(100, 7200, 0).await;
        play.send(&[Tier::Deadline; 200], 0, false).await;
        play.now = play.limits.next_day(play.now);
        play.send(&[Tier::Ordinary; 5], 0, false).await;
        assert_eq!(play.counted.values().sum::<u64>(), 100, "the registry's day may not have begun");
        assert_eq!(play.quota.blocked_until(Tier::Ordinary, play.now), Some(play.now + MARGIN));
        play.now += MARGIN;
        play.send(&[Tier::Ordinary; 5], 0, false).await;
        assert_eq!(play.counted.values().sum::<u64>(), 105);
    });
}

#[test]
fn the_registrys_words_raise_the_count_and_silence_what_costs() {
    block_on(async {
        let mut play = Play::new(1000, 7200, 0).await;
        play.send(&[Tier::Ordinary; 10], 0, false).await;
        play.quota.heard(&*play.store, &play.lease, 60, play.now).await.unwrap();
        let standing = play.quota.standing().unwrap();
        assert_eq!(
            (standing.used, standing.limit, standing.drift),
            (600, 1000, Some(-590)),
            "it counts more than we do"
        );
        play.quota.heard(&*play.store, &play.lease, 10, play.now).await.unwrap();
        let standing = play.quota.standing().unwrap();
        assert_eq!((standing.used, standing.drift), (600, Some(500)), "nothing lowers it");
        let until = play.now + SignedDuration::from_secs(1800);
        play.quota.exhausted(&*play.store, &play.lease, until, play.now).await.unwrap();
        let next = Quota::new(Arc::clone(&play.limits));
        for quota in [&play.quota, &next] {
            let none = quota.take(&*play.store, &play.lease, &[Tier::Deadline], play.now).await.unwrap();
            assert!(none[0].is_none(), "known after a restart, too");
            assert_eq!(quota.blocked_until(Tier::Deadline, play.now), Some(until));
        }
        assert!(next.take(&*play.store, &play.lease, &[Tier::Deadline], until).await.unwrap()[0].is_some());
    });
}
