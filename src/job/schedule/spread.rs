//! Which accounts a daemon takes and which it gives back, so that they are spread evenly over the daemons at work.
//!
//! Nobody commands. Every daemon applies the same rules to the same roll call, and the leases decide where two daemons
//! saw different ones. Only daemons that are configured for the same accounts share evenly: of another one nobody knows
//! what it could take. Among these *kin* nobody holds two accounts more than another, and it takes the fewest moves:
//!
//! * A free account is offered to the kin with the fewest accounts; which of several is decided by a hash of daemon and
//!   account. One that lets an offer pass for a look (it has just died, or cannot work the account) is passed over, and
//!   after a few looks anybody takes what is still free: an account without owner is worse than an uneven spread.
//! * An account is given back only if another daemon is short of one that it will not get from what is free, or soon will
//!   be; and not at the first sight of it. The accounts that are too many are the topmost of those piled up highest, so
//!   that all agree about whose they are while some of them are on their way.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::store::RollCall;

/// Looks at which an account is seen free before anybody takes it.
const ANYBODY: u32 = 3;
/// Looks in a row at which one has too many before one gives any back.
const CERTAIN: u32 = 2;
/// Looks for which nothing is given back for the sake of a daemon that let an offer pass.
const PASSED_OVER: u32 = 30;
/// Of so many accounts too many, one more is given back at a look.
const AT_ONCE: usize = 8;

/// The name of a daemon: what operators call it, an id that makes it unique, and what tells its kin: a digest of the
/// accounts it is configured for.
#[must_use]
pub fn name<'a>(called: &str, id: &str, accounts: impl Iterator<Item = &'a String>) -> String {
    let accounts: BTreeSet<&str> = accounts.map(String::as_str).collect();
    let digest = hash(accounts.into_iter());
    format!("{called}/{id}/{:08x}", digest >> 32)
}

fn kin(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a daemon is doing about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// It works it, or is about to.
    Working,
    /// It is giving it back.
    Leaving,
    /// It failed, and must not try again yet.
    Unfit,
}

/// What a daemon is to do after a look at the roll call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties {
    /// Free accounts to take.
    pub take: Vec<String>,
    /// Accounts to give back.
    pub give_back: Vec<String>,
}

/// An account that nobody owns.
#[derive(Clone, Debug, Default)]
struct Offer {
    /// Looks in a row at which it was seen free.
    looks: u32,
    /// Whose it is to take.
    to: Option<String>,
    /// Who let it pass.
    passed: BTreeSet<String>,
}

/// One daemon's view of the spread, from look to look.
#[derive(Debug)]
pub struct Spread {
    me: String,
    accounts: BTreeSet<String>,
    offers: BTreeMap<String, Offer>,
    /// Daemons that let an offer pass: how many looks that is still held against them, and how many accounts they had.
    passed_over: BTreeMap<String, (u32, usize)>,
    /// Looks in a row at which this daemon had too many.
    heavy: u32,
}

/// What the roll call says of this daemon's accounts.
struct Scene<'a> {
    /// Kin at work, this daemon among them, and how many of the accounts each owns.
    loads: BTreeMap<&'a str, usize>,
    /// Accounts nobody owns.
    free: Vec<&'a str>,
    /// How many are owned by a daemon that is not at work any more, and so will be free soon.
    soon: usize,
}

impl Spread {
    /// The view of the daemon of that name (see [`name`]) on the accounts it is configured for.
    #[must_use]
    pub fn new(me: &str, accounts: impl IntoIterator<Item = String>) -> Self {
        Self {
            me: me.to_owned(),
            accounts: accounts.into_iter().collect(),
            offers: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            heavy: 0,
        }
    }

    /// Decides what to do. `stances` says what this daemon is about already; accounts it is not about are not in it.
    pub fn look(&mut self, roll: &RollCall, stances: &BTreeMap<String, Stance>) -> Duties {
        let accounts = self.accounts.clone();
        let me = self.me.clone();
        let scene = Scene::of(&me, &accounts, roll, stances);
        self.judge_offers(&scene);
        let take = self.take(&scene, stances);
        let give_back = self.give_back(&scene, roll, stances);
        Duties { take, give_back }
    }

    /// Notes who let an offer of the last look pass, and forgets what was taken.
    fn judge_offers(&mut self, scene: &Scene<'_>) {
        self.passed_over.retain(|daemon, (looks, had)| {
            *looks -= 1;
            // One that has taken something since can take.
            *looks > 0 && scene.loads.get(daemon.as_str()).is_some_and(|load| load <= had)
        });
        self.offers.retain(|account, _| scene.free.contains(&account.as_str()));
        for account in &scene.free {
            let offer = self.offers.entry((*account).to_owned()).or_default();
            offer.looks += 1;
            if let Some(daemon) = offer.to.take_if(|daemon| *daemon != self.me) {
                let had = scene.loads.get(daemon.as_str()).copied().unwrap_or(0);
                self.passed_over.insert(daemon.clone(), (PASSED_OVER, had));
                offer.passed.insert(daemon);
            }
        }
    }

    fn take(&mut self, scene: &Scene<'_>, stances: &BTreeMap<String, Stance>) -> Vec<String> {
        let mut loads = scene.loads.clone();
        let mut take = Vec::new();
        for (account, offer) in &mut self.offers {
            let able = !stances.contains_key(account);
            let candidates = loads.keys().filter(|kin| {
                let passed = offer.passed.contains(**kin);
                if **kin == self.me { able } else { !passed }
            });
            let to =
                candidates.min_by_key(|kin| (loads.get(*kin), Reverse(hash([**kin, account].into_iter())))).copied();
            if let Some(to) = to {
                *loads.entry(to).or_default() += 1;
            }
            offer.to = to.map(str::to_owned);
            if able && (to == Some(&*self.me) || offer.looks >= ANYBODY) {
                take.push(account.clone());
            }
        }
        take
    }

    fn give_back(&mut self, scene: &Scene<'_>, roll: &RollCall, stances: &BTreeMap<String, Stance>) -> Vec<String> {
        let wanting = scene.wanting(|kin| self.passed_over.contains_key(kin));
        let too_many = scene.too_many(&self.me, wanting.iter().map(|(_, short)| short).sum());
        self.heavy = if too_many > 0 { self.heavy + 1 } else { 0 };
        let is_mine =
            |account: &str| roll.leases.iter().any(|(name, owner, held)| *held && name == account && *owner == self.me);
        let with = |stance| stances.iter().filter(move |(account, is)| **is == stance && is_mine(account));
        // Those on their way out are still in the roll call.
        let more = too_many.saturating_sub(with(Stance::Leaving).count());
        let Some((neediest, _)) = wanting.first().filter(|_| more > 0 && self.heavy >= CERTAIN) else {
            return Vec::new();
        };
        let mut mine: Vec<&String> = with(Stance::Working).map(|(account, _)| account).collect();
        mine.sort_by_key(|account| Reverse(hash([*neediest, account.as_str()].into_iter())));
        mine.into_iter().take(more.min(1 + too_many / AT_ONCE)).cloned().collect()
    }
}

impl<'a> Scene<'a> {
    fn of(me: &'a str, accounts: &'a BTreeSet<String>, roll: &'a RollCall, stances: &BTreeMap<String, Stance>) -> Self {
        let is_kin = |daemon: &&str| kin(daemon) == kin(me);
        let mut loads: BTreeMap<&str, usize> =
            roll.daemons.iter().map(String::as_str).filter(is_kin).chain([me]).map(|daemon| (daemon, 0)).collect();
        let owners: BTreeMap<&str, &str> = roll
            .leases
            .iter()
            .filter(|(_, _, held)| *held)
            .map(|(name, owner, _)| (name.as_str(), owner.as_str()))
            .collect();
        let (mut free, mut soon) = (Vec::new(), 0);
        for account in accounts {
            // One it has just begun to work is not in the roll call yet.
            let owner = owners.get(account.as_str()).copied();
            let owner = owner.or_else(|| (stances.get(account) == Some(&Stance::Working)).then_some(me));
            match owner {
                None => free.push(account.as_str()),
                Some(owner) => match loads.get_mut(owner) {
                    Some(load) => *load += 1,
                    // A daemon with other accounts keeps what it has.
                    None if roll.daemons.iter().any(|daemon| daemon == owner) => {}
                    None => soon += 1,
                },
            }
        }
        Self { loads, free, soon }
    }

    /// What everybody has at least when all is spread evenly, and how many have one more.
    fn even(&self) -> (usize, usize) {
        let all = self.loads.values().sum::<usize>() + self.free.len() + self.soon;
        (all / self.loads.len(), all % self.loads.len())
    }

    /// The kin in order of their load, highest first.
    fn by_load(&self) -> Vec<(&'a str, usize)> {
        let mut loads: Vec<_> = self.loads.iter().map(|(kin, load)| (*kin, *load)).collect();
        loads.sort_by_key(|(kin, load)| (Reverse(*load), *kin));
        loads
    }

    /// Who is short of how many, the neediest first; without those that let pass what they are offered.
    fn wanting(&self, passed_over: impl Fn(&str) -> bool) -> Vec<(&'a str, usize)> {
        let (least, more) = self.even();
        let shares = self.by_load().into_iter().enumerate();
        let short = shares.map(|(place, (kin, load))| (kin, (least + usize::from(place < more)).saturating_sub(load)));
        let mut wanting: Vec<_> = short.filter(|(kin, short)| *short > 0 && !passed_over(kin)).collect();
        wanting.sort_by_key(|(kin, short)| (Reverse(*short), *kin));
        wanting
    }

    /// How many of the accounts that are too many somewhere are this daemon's, if not more than `wanted` can be placed.
    fn too_many(&self, me: &str, wanted: usize) -> usize {
        let (least, more) = self.even();
        // Every account above the even level, as its height in its owner's pile.
        let mut above: Vec<(usize, &str)> = Vec::new();
        for (kin, load) in &self.loads {
            above.extend((least + 1..=*load).map(|height| (height, *kin)));
        }
        above.sort_by_key(|(height, kin)| (Reverse(*height), *kin));
        let lowest = above.iter().filter(|(height, _)| *height == least + 1).count();
        let needless = above.len() - lowest + lowest.saturating_sub(more);
        above.iter().take(needless.min(wanted)).filter(|(_, kin)| *kin == me).count()
    }
}

/// FNV-1a with a finish that lets every bit count; the same in every process and release.
fn hash<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for word in words {
        for byte in word.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
