//! Fleets of daemons with a store between them, as a model: daemons begin, end, die and are cut off, see roll calls that are
//! out of date, and cannot work some of the accounts. When that is over, all accounts are worked, evenly, and stay where
//! they are.

use proptest::prelude::*;

use super::*;

/// Ticks between two looks of a daemon.
const LOOK: u64 = 6;
/// Length of a lease, and for how long a report counts, in ticks.
const LEASE: u64 = 6 * LOOK;
const REPORT: u64 = 3 * LOOK;
/// Longest time from giving an account back to its being free: what is on the wire ends first.
const LEAVING: u64 = LOOK / 2;

struct Daemon {
    name: String,
    spread: Spread,
    stances: BTreeMap<String, Stance>,
    /// When those that are being given back become free.
    leaving: BTreeMap<String, u64>,
    /// Accounts it fails at.
    unfit: BTreeSet<String>,
    /// Cut off from the store until then.
    cut_off: u64,
    /// Offset of its looks.
    phase: u64,
}

/// The fleet and its store.
#[derive(Default)]
struct Fleet {
    now: u64,
    daemons: Vec<Daemon>,
    /// Everybody who ever was there, so that no name is used twice.
    hired: usize,
    reports: BTreeMap<String, u64>,
    leases: BTreeMap<String, (String, u64)>,
    /// Accounts given back so far.
    given_back: usize,
    /// Since when nobody works these; only looked at once somebody asks for it.
    alone: Option<BTreeMap<String, u64>>,
}

fn accounts(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("DENIC-{}", 1_000_001 + number)).collect()
}

impl Fleet {
    fn with(daemons: usize, configured: &[String]) -> Self {
        let mut fleet = Self::default();
        (0..daemons).for_each(|_| fleet.hire(configured));
        fleet
    }

    fn hire(&mut self, configured: &[String]) {
        self.hired += 1;
        let name = name("registrard", &self.hired.to_string(), configured.iter());
        self.daemons.push(Daemon {
            spread: Spread::new(&name, configured.to_vec()),
            name,
            stances: BTreeMap::new(),
            leaving: BTreeMap::new(),
            unfit: BTreeSet::new(),
            cut_off: 0,
            phase: self.hired as u64 % LOOK,
        });
    }

    /// One ends without a word.
    fn kill(&mut self, index: usize) {
        self.daemons.remove(index);
    }

    /// One ends in good order.
    fn stop(&mut self, index: usize) {
        let daemon = self.daemons.remove(index);
        self.reports.remove(&daemon.name);
        self.leases.retain(|_, (owner, _)| *owner != daemon.name);
    }

    fn roll(&self) -> RollCall {
        let present = self.reports.iter().filter(|(_, until)| **until > self.now);
        RollCall {
            daemons: present.map(|(name, _)| name.clone()).collect(),
            leases: self
                .leases
                .iter()
                .map(|(name, (owner, until))| (name.clone(), owner.clone(), *until > self.now))
                .collect(),
        }
    }

    fn tick(&mut self) {
        self.now += 1;
        let now = self.now;
        for index in 0..self.daemons.len() {
            let daemon = &mut self.daemons[index];
            if now < daemon.cut_off {
                continue;
            }
            // Renewals, and what was lost meanwhile.
            for (account, stance) in daemon.stances.clone() {
                let ours = self.leases.get(&account).is_some_and(|(owner, _)| *owner == daemon.name);
                match stance {
                    Stance::Unfit => continue,
                    _ if !ours => drop(daemon.stances.remove(&account)),
                    Stance::Leaving if daemon.leaving.get(&account).is_some_and(|at| *at <= now) => {
                        daemon.stances.remove(&account);
                        self.leases.remove(&account);
                    }
                    Stance::Leaving | Stance::Working => {
                        self.leases.insert(account, (daemon.name.clone(), now + LEASE));
                    }
                }
            }
            if now % LOOK == daemon.phase {
                self.reports.insert(daemon.name.clone(), now + REPORT);
                self.look(index, &self.roll());
            }
        }
        self.watch();
    }

    /// Nobody leaves an account alone for long, not even while it changes hands.
    fn watch(&mut self) {
        let Some(alone) = &mut self.alone else { return };
        let known: BTreeSet<&String> = self.daemons.iter().flat_map(|daemon| &daemon.spread.accounts).collect();
        for account in known {
            if self.leases.get(account).is_some_and(|(_, until)| *until > self.now) {
                alone.remove(account);
                continue;
            }
            let since = *alone.entry(account.clone()).or_insert(self.now);
            assert!(self.now - since <= u64::from(ANYBODY + 1) * LOOK, "{account} is left alone");
        }
    }

    /// A daemon acts on a roll call that may be out of date.
    fn look(&mut self, index: usize, roll: &RollCall) {
        let daemon = &mut self.daemons[index];
        let duties = daemon.spread.look(roll, &daemon.stances);
        for account in duties.give_back {
            assert_eq!(daemon.stances.insert(account.clone(), Stance::Leaving), Some(Stance::Working));
            daemon.leaving.insert(account, self.now + self.now % (LEAVING + 1));
            self.given_back += 1;
        }
        for account in duties.take {
            assert!(!daemon.stances.contains_key(&account));
            let is_free = self.leases.get(&account).is_none_or(|(_, until)| *until <= self.now);
            if daemon.unfit.contains(&account) {
                daemon.stances.insert(account, Stance::Unfit);
            } else if is_free {
                self.leases.insert(account.clone(), (daemon.name.clone(), self.now + LEASE));
                daemon.stances.insert(account, Stance::Working);
            }
        }
    }

    fn run(&mut self, looks: u64) {
        (0..looks * LOOK).for_each(|_| self.tick());
    }

    /// How many accounts each daemon of the fleet works.
    fn loads(&self) -> Vec<usize> {
        let works =
            |name: &str| self.leases.values().filter(|(owner, until)| owner == name && *until > self.now).count();
        self.daemons.iter().map(|daemon| works(&daemon.name)).collect()
    }

    fn sorted_loads(&self) -> Vec<usize> {
        let mut loads = self.loads();
        loads.sort_unstable();
        loads
    }

    /// Every account that somebody is configured for is worked, by one who is; and nobody has two more than its kin.
    fn assert_even(&self) {
        for daemon in &self.daemons {
            for account in &daemon.spread.accounts {
                let (owner, until) = self.leases.get(account).unwrap_or_else(|| panic!("{account} has no owner"));
                assert!(*until > self.now, "{account} was left by {owner}");
                let owner = self.daemons.iter().find(|daemon| daemon.name == *owner);
                let owner = owner.unwrap_or_else(|| panic!("{account} is worked by one that is not there"));
                assert!(owner.spread.accounts.contains(account) && owner.stances[account] == Stance::Working);
            }
        }
        let loads = self.loads();
        for (one, load) in self.daemons.iter().zip(&loads) {
            for (other, more) in self.daemons.iter().zip(&loads) {
                assert!(kin(&one.name) != kin(&other.name) || more.abs_diff(*load) <= 1, "{loads:?}");
            }
        }
    }
}

#[test]
fn daemons_that_come_are_given_their_share_and_not_an_account_more() {
    let all = accounts(0..10);
    let mut fleet = Fleet::with(1, &all);
    fleet.run(2);
    assert_eq!(fleet.loads(), [10]);
    fleet.hire(&all);
    fleet.run(12);
    assert_eq!((fleet.sorted_loads(), fleet.given_back), (vec![5, 5], 5));
    fleet.hire(&all);
    fleet.run(12);
    assert_eq!((fleet.sorted_loads(), fleet.given_back), (vec![3, 3, 4], 8));
    fleet.run(50);
    assert_eq!(fleet.given_back, 8);
}

#[test]
fn accounts_of_one_that_stops_are_taken_at_the_next_look() {
    let all = accounts(0..9);
    let mut fleet = Fleet::with(3, &all);
    fleet.run(20);
    let moved = fleet.given_back;
    assert_eq!(fleet.loads(), [3, 3, 3]);
    fleet.stop(1);
    fleet.run(1);
    assert_eq!((fleet.sorted_loads(), fleet.given_back), (vec![4, 5], moved));
}

#[test]
fn accounts_of_one_that_died_are_taken_at_the_look_after_its_leases() {
    let all = accounts(0..9);
    let mut fleet = Fleet::with(3, &all);
    fleet.run(20);
    let moved = fleet.given_back;
    fleet.kill(0);
    fleet.run(LEASE / LOOK + 1);
    assert_eq!((fleet.sorted_loads(), fleet.given_back), (vec![4, 5], moved));
}

#[test]
fn nobody_waits_for_one_that_is_there_but_takes_nothing() {
    let all = accounts(0..6);
    let mut fleet = Fleet::with(2, &all);
    fleet.daemons[1].unfit = all.iter().cloned().collect();
    fleet.alone = Some(BTreeMap::new());
    fleet.run(u64::from(PASSED_OVER));
    assert_eq!(fleet.loads(), [6, 0]);
    // Nor does anybody give up account after account for it: those of a try, until it is seen that it failed.
    assert!(fleet.given_back <= 3, "{}", fleet.given_back);
}

#[test]
fn daemons_with_other_accounts_take_what_they_can() {
    let mut fleet = Fleet::with(1, &accounts(0..4));
    fleet.hire(&accounts(2..8));
    fleet.run(3);
    fleet.assert_even();
    let before = fleet.loads();
    fleet.run(50);
    assert_eq!((fleet.loads(), fleet.given_back), (before, 0));
}

#[test]
fn who_takes_what_is_free_is_spread_by_chance() {
    let all = accounts(0..300);
    let mut fleet = Fleet::with(3, &all);
    fleet.reports = fleet.daemons.iter().map(|daemon| (daemon.name.clone(), REPORT)).collect();
    let roll = fleet.roll();
    let mut taken = BTreeSet::new();
    for daemon in &mut fleet.daemons {
        let take = daemon.spread.look(&roll, &BTreeMap::new()).take;
        assert_eq!(take.len(), 100);
        taken.extend(take);
    }
    assert_eq!(taken.len(), 300, "all three saw the same, and none wants what another takes");
}

/// Something that happens to the fleet.
#[derive(Clone, Debug)]
enum Happening {
    Hire {
        few: bool,
    },
    Kill(usize),
    Stop(usize),
    CutOff(usize, u64),
    Unfit(usize, usize),
    /// It acts on what the roll call was some time ago.
    LooksLate(usize),
    Time(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        2 => any::<bool>().prop_map(|few| Happening::Hire { few }),
        1 => any::<usize>().prop_map(Happening::Kill),
        1 => any::<usize>().prop_map(Happening::Stop),
        1 => (any::<usize>(), 1..3 * LEASE).prop_map(|(who, long)| Happening::CutOff(who, long)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(who, what)| Happening::Unfit(who, what)),
        2 => any::<usize>().prop_map(Happening::LooksLate),
        4 => (1..4 * LOOK).prop_map(Happening::Time),
    ]
}

fn befall(fleet: &mut Fleet, all: &[String], happening: &Happening, late: &mut RollCall) {
    let count = fleet.daemons.len();
    match *happening {
        Happening::Hire { .. } if count >= 6 => {}
        Happening::Hire { few: false } => fleet.hire(all),
        Happening::Hire { few: true } => fleet.hire(&all[..all.len().div_ceil(2)]),
        Happening::Time(ticks) => (0..ticks).for_each(|_| fleet.tick()),
        _ if count == 0 => {}
        Happening::Kill(who) => fleet.kill(who % count),
        Happening::Stop(who) => fleet.stop(who % count),
        Happening::CutOff(who, long) => fleet.daemons[who % count].cut_off = fleet.now + long,
        Happening::Unfit(who, what) => drop(fleet.daemons[who % count].unfit.insert(all[what % all.len()].clone())),
        Happening::LooksLate(who) => {
            fleet.look(who % count, late);
            *late = fleet.roll();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happened_the_spread_becomes_even_and_stays(
        count in 1..25usize,
        happenings in prop::collection::vec(happening(), 0..40),
    ) {
        let all = accounts(0..count);
        let mut fleet = Fleet::with(1, &all);
        let mut late = RollCall::default();
        for happening in &happenings {
            befall(&mut fleet, &all, happening, &mut late);
        }
        if fleet.daemons.iter().all(|daemon| daemon.spread.accounts.len() < count) {
            fleet.hire(&all);
        }
        // All is well from now on.
        for daemon in &mut fleet.daemons {
            daemon.cut_off = 0;
            daemon.unfit.clear();
            daemon.stances.retain(|_, stance| *stance != Stance::Unfit);
        }
        fleet.alone = Some(BTreeMap::new());
        // Leases of the dead end; what was held against somebody is forgotten; one account after the other changes hands.
        fleet.run(LEASE / LOOK + u64::from(PASSED_OVER) + 3 * count as u64);
        fleet.assert_even();
        let moved = fleet.given_back;
        fleet.run(100);
        fleet.assert_even();
        prop_assert_eq!(fleet.given_back, moved, "it does not come to rest");
    }

    /// Of an even spread, as many come as you like: exactly what they are short of is given back.
    #[test]
    fn no_more_moves_than_needed(count in 0..30usize, there in 1..5usize, come in 0..5usize) {
        let all = accounts(0..count);
        let mut fleet = Fleet::with(there, &all);
        fleet.run(20 + 2 * count as u64);
        fleet.assert_even();
        let before = (fleet.given_back, fleet.loads());
        (0..come).for_each(|_| fleet.hire(&all));
        fleet.run(20 + 2 * count as u64);
        fleet.assert_even();
        let needed: usize = {
            let mut loads = before.1.clone();
            loads.sort_unstable_by_key(|load| Reverse(*load));
            let (least, more) = (count / (there + come), count % (there + come));
            loads.iter().enumerate().map(|(n, load)| load.saturating_sub(least + usize::from(n < more))).sum()
        };
        prop_assert_eq!(fleet.given_back - before.0, needed);
    }
}
