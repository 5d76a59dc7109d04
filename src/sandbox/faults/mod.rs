//! Faults on purpose. Whether one strikes is decided by a stable hash of the seed, the fault's place in the list and its
//! count of matching requests, so a run can be repeated.

mod spec;

use std::time::Duration;

use sha2::{Digest, Sha256};

pub(super) use spec::{CONNECT, GREETING};
pub use spec::{FaultKind, FaultSpec, SYNTAX};

/// What befalls one request: delays add up, of everything else the first fault in the list counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// Additional working time.
    pub(crate) delay: Duration,
    /// What else goes wrong.
    pub(crate) fault: Option<FaultKind>,
}

impl Fate {
    /// For the ledger.
    pub(crate) fn describe(&self) -> Option<String> {
        let delay = (!self.delay.is_zero()).then(|| FaultKind::Delay(self.delay).to_string());
        let words: Vec<_> = delay.into_iter().chain(self.fault.as_ref().map(ToString::to_string)).collect();
        (!words.is_empty()).then(|| words.join("+"))
    }
}

/// The faults in force.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    spec: FaultSpec,
    seen: u64,
    fired: u64,
}

impl Faults {
    /// No faults yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, armed: Vec::new() }
    }

    /// Adds faults behind the others.
    pub(crate) fn add(&mut self, specs: Vec<FaultSpec>) {
        self.armed.extend(specs.into_iter().map(|spec| Armed { spec, seen: 0, fired: 0 }));
    }

    /// Forgets all faults and their counts.
    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    /// How many faults are in force.
    pub(crate) fn len(&self) -> usize {
        self.armed.len()
    }

    /// Decides what befalls the next request. Every matching fault counts it, also behind one that already decided.
    pub(crate) fn decide(&mut self, action: &str, object: Option<&str>) -> Fate {
        self.decide_of(action, object, action == "login")
    }

    /// The same for a registry where a request may have to prove who sends it without being a LOGIN.
    pub(crate) fn decide_of(&mut self, action: &str, object: Option<&str>, logs_in: bool) -> Fate {
        let mut fate = Fate::default();
        for (index, armed) in self.armed.iter_mut().enumerate() {
            if !armed.spec.matches(action, object, logs_in) {
                continue;
            }
            armed.seen += 1;
            if !armed.strikes(self.seed, index) {
                continue;
            }
            armed.fired += 1;
            match &armed.spec.kind {
                FaultKind::Delay(time) => fate.delay += *time,
                kind => fate.fault = fate.fault.or_else(|| Some(kind.clone())),
            }
        }
        fate
    }
}

impl Armed {
    fn strikes(&self, seed: u64, index: usize) -> bool {
        self.spec.times.is_none_or(|times| self.fired < times)
            && self.spec.nth.is_none_or(|n| self.seen == n)
            && self.spec.every.is_none_or(|n| self.seen.is_multiple_of(n))
            && self.spec.p.is_none_or(|p| chance(seed, index as u64, self.seen) < p)
    }
}

/// A number in [0, 1) that depends on nothing but its arguments.
fn chance(seed: u64, index: u64, nth: u64) -> f64 {
    let digest = Sha256::digest([seed.to_be_bytes(), index.to_be_bytes(), nth.to_be_bytes()].concat());
    let bits = digest.iter().take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// Whether a name fits a pattern with `*` (any text) and `?` (any character), ignoring case.
fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, taken)) = star {
            // The last star takes one character more.
            star = Some((at, taken + 1));
            (p, n) = (at + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_by_count_action_and_object() {
        let mut faults = Faults::new(1);
        faults
            .add(vec!["busy:nth=2,action=domain.*,object=b*.de".parse().unwrap(), "delay=5:every=2".parse().unwrap()]);
        let fates: Vec<_> = [
            ("contact.create", "B.de"),
            ("domain.create", "a.de"),
            ("domain.create", "b.de"),
            ("domain.info", "bb.de"),
        ]
        .into_iter()
        .map(|(action, object)| faults.decide(action, Some(object)).describe())
        .collect();
        assert_eq!(fates, [None, Some("delay=5".to_owned()), None, Some("delay=5+busy".to_owned())]);
        let mut once = Faults::new(1);
        once.add(vec!["stall:times=1".parse().unwrap(), "refuse_login".parse().unwrap()]);
        assert_eq!(once.decide("logout", None).fault, Some(FaultKind::Stall));
        assert_eq!(once.decide("logout", None).fault, None);
        assert_eq!(once.decide("login", None).fault, Some(FaultKind::RefuseLogin));
    }

    #[test]
    fn the_same_seed_decides_the_same() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults.add(vec!["busy:p=0.3".parse().unwrap()]);
            (0..1000).map(|_| faults.decide("x", None).fault.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let hits = run(7).into_iter().filter(|hit| *hit).count();
        assert!((240..360).contains(&hits), "{hits} of 1000 at p=0.3");
    }

    #[test]
    fn globs() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "x", true),
            ("?", "", false),
            ("domain.*", "DOMAIN.create", true),
            ("*.de", "example.de", true),
            ("a**b", "ab", true),
            ("", "a", false),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
    }
}
