//! The registries' books: whether every domain is what its story says, and every date that was missed is one that nobody meant
//! to meet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::Value;

use crate::places::Registry;
use crate::referee::{End, Life, Segment};
use crate::script::{Domain, Story, holder};

/// Days before the end of its year on which a domain is renewed.
const RENEWED: i64 = 14;
/// By how much the registries' calendars may differ from the one here.
const SLACK: SignedDuration = SignedDuration::from_hours(36);
/// When at the latest a date that has passed is settled.
const SETTLED: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Judges by the ledger's effects and the registries' objects. `beyond`: missed dates that nobody could have met.
pub fn judge(
    domains: &[Domain],
    segments: &[Segment],
    beyond: &[&Segment],
    lives: &[Life],
    effects: &Value,
    objects: &Value,
) -> Vec<String> {
    let mut counts: HashMap<(&str, &str, &str), usize> = HashMap::new();
    let mut created: HashMap<&str, Timestamp> = HashMap::new();
    for effect in effects["effects"].as_array().unwrap() {
        let [registry, kind, object] = ["registry", "kind", "object"].map(|name| effect[name].as_str().unwrap());
        *counts.entry((registry, kind, object)).or_default() += 1;
        if kind == "domain.create" {
            created.insert(object, effect["time"].as_str().unwrap().parse().unwrap());
        }
    }
    let mut shown: HashMap<&str, &Value> = HashMap::new();
    for registry in Registry::ALL {
        for domain in objects[registry.name()]["domains"]
            .as_array()
            .or(objects[registry.shown().0]["domains"].as_array())
            .unwrap()
        {
            shown.insert(domain["domain"].as_str().unwrap(), domain);
        }
    }
    let lost = beyond.iter().map(|segment| segment.object.as_str()).collect();
    let books = Books { counts, created, shown, lives, lost };
    let mut faults: Vec<_> = domains.iter().flat_map(|domain| books.judge(domain)).collect();
    faults.extend(ends(domains, segments, beyond, lives));
    faults
}

struct Books<'a> {
    counts: HashMap<(&'a str, &'a str, &'a str), usize>,
    created: HashMap<&'a str, Timestamp>,
    shown: HashMap<&'a str, &'a Value>,
    lives: &'a [Life],
    /// Objects whose dates nobody could have met.
    lost: BTreeSet<&'a str>,
}

impl Books<'_> {
    fn count(&self, domain: &Domain, kind: &str, object: &str) -> usize {
        self.counts.get(&(domain.registry.name(), kind, object)).copied().unwrap_or(0)
    }

    fn judge(&self, domain: &Domain) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut expect = |kind: &str, object: &str, times: usize| {
            let count = self.count(domain, kind, object);
            if count != times {
                wrong.push(format!("{count} times {kind} of {object} and not {times}"));
            }
        };
        expect("domain.create", &domain.name, 1);
        let in_time = |object: String| usize::from(domain.covered && !self.lost.contains(object.as_str()));
        let is_given_up = matches!(domain.story, Story::Deleted | Story::Restored);
        expect("domain.delete", &domain.name, usize::from(is_given_up));
        expect("domain.restore", &domain.name, usize::from(domain.story == Story::Restored));
        match domain.story {
            Story::Verified => {
                expect("contact.update", &holder(domain), in_time(format!("contact:{}", holder(domain))));
            }
            Story::AuthInfo => {
                expect("domain.delete_authinfo1", &domain.name, in_time(format!("domain:{}", domain.name)));
            }
            _ => {}
        }
        let Some(created) = self.created.get(domain.name.as_str()).copied() else { return wrong };
        let is_kept = domain.story != Story::Deleted;
        let renewals = self.count(domain, "domain.renew", &domain.name);
        let renewed = self.is_renewed(domain, created);
        if renewed.is_some_and(|is_renewed| renewals != usize::from(is_renewed)) || renewals > 1 {
            wrong.push(format!("renewed {renewals} times, created {created}"));
        }
        if domain.covered && is_kept {
            wrong.extend(self.is_ours(domain, created, renewals));
        }
        if !is_kept && self.shown.get(domain.name.as_str()).is_some_and(|shown| is_alive(shown)) {
            wrong.push("it lives, though it was given up".into());
        }
        wrong.into_iter().map(|wrong| format!("{}: {wrong}: {domain:?}", domain.name)).collect()
    }

    /// Whether it must have been renewed; `None` where it is too near to the end of the year to tell.
    fn is_renewed(&self, domain: &Domain, created: Timestamp) -> Option<bool> {
        let is_kept = matches!(domain.story, Story::Kept | Story::Restored);
        if !domain.covered || !is_kept || domain.registry == Registry::Denic {
            return Some(false);
        }
        let act = years_later(created, 1) - SignedDuration::from_hours(24 * RENEWED);
        let last = self.lives.iter().rfind(|life| life.settled)?;
        if last.began >= act + SLACK {
            return Some(true);
        }
        (self.lives.last()?.ended < act - SLACK).then_some(false)
    }

    /// What is wrong with a domain that is to be kept.
    fn is_ours(&self, domain: &Domain, created: Timestamp, renewals: usize) -> Option<String> {
        let Some(shown) = self.shown.get(domain.name.as_str()) else { return Some("it is lost".into()) };
        let (_, account, end) = domain.registry.shown();
        if shown[account] != domain.account.as_str() || !is_alive(shown) {
            return Some(format!("it is not ours any more: {shown}"));
        }
        let open = ["dedelegation", "deletion", "authinfo1_expire"];
        if domain.registry == Registry::Denic {
            return open.iter().any(|date| !shown[*date].is_null()).then(|| format!("a date is left: {shown}"));
        }
        let end: Timestamp = shown[end].as_str()?.parse().ok()?;
        let expected = years_later(created, 1 + i64::try_from(renewals).ok()?);
        (end.duration_since(expected).abs() > SLACK).then(|| format!("it ends {end} and not {expected}"))
    }
}

/// Whether a registry shows it as in use.
fn is_alive(shown: &Value) -> bool {
    let word = shown["stage"].as_str().or(shown["status"].as_str()).unwrap_or_default().to_lowercase();
    ["connect", "active", "registered"].contains(&word.as_str())
}

fn years_later(at: Timestamp, years: i64) -> Timestamp {
    at.to_zoned(TimeZone::UTC).checked_add(years.years()).unwrap().timestamp()
}

/// The kinds of dates that pass by in a story: nobody cares, or it was given up.
fn lapses(domain: &Domain) -> &'static [&'static str] {
    match (domain.registry, domain.story, domain.covered) {
        (_, Story::Restored, true) | (_, Story::Verified | Story::AuthInfo | Story::Kept, true) => &[],
        (Registry::Denic | Registry::Opensrs, Story::Deleted, _) => &["redemption_end"],
        (Registry::Rrp, Story::Deleted, _) => &["redemption_end", "pending_delete"],
        (Registry::NzSrs, Story::Deleted, _) => &["pending_delete"],
        (Registry::Denic, Story::Verified, false) => {
            &["verification_before_dedelegation", "verification_before_deletion", "contact_verification"]
        }
        (Registry::Denic, Story::AuthInfo, false) => &["auth_info1_expiry"],
        (Registry::Opensrs, _, false) => {
            &["domain_expiry", "renewal_grace_end", "redemption_end", "registrant_verification"]
        }
        (Registry::Rrp, _, false) => &["domain_expiry", "redemption_end", "pending_delete"],
        // NZ SRS renews by itself.
        _ => &[],
    }
}

/// How dates may end.
fn ends(domains: &[Domain], segments: &[Segment], beyond: &[&Segment], lives: &[Life]) -> Vec<String> {
    let mut may: BTreeMap<String, &'static [&'static str]> = BTreeMap::new();
    for domain in domains {
        may.insert(format!("domain:{}", domain.name), lapses(domain));
        if domain.story == Story::Verified {
            may.insert(format!("contact:{}", holder(domain)), lapses(domain));
        }
    }
    let Some(last) = lives.iter().rfind(|life| life.settled) else { return vec!["nobody lived".into()] };
    let mut faults = Vec::new();
    let mut unknown = BTreeSet::new();
    for segment in segments {
        let lapses = may.get(&segment.object).copied().unwrap_or_else(|| {
            unknown.insert(&segment.object);
            &[]
        });
        let is_lapse = lapses.contains(&segment.kind.as_str());
        match segment.end {
            Some((_, End::Missed)) if !is_lapse && !beyond.iter().any(|one| std::ptr::eq(*one, segment)) => {
                faults.push(format!("missed, though it could be met: {segment:?}"))
            }
            Some((at, End::Met | End::Cleared)) if is_lapse && at > segment.due => {
                faults.push(format!("it lapsed, and nobody says so: {segment:?}"));
            }
            None if segment.due + SETTLED < last.began => faults.push(format!("still open: {segment:?}")),
            _ => {}
        }
    }
    let strange = unknown.into_iter().filter(|object| object.starts_with("domain:"));
    faults.extend(strange.map(|object| format!("nobody ordered {object}")));
    faults
}
