//! What time does to domains: expiry of failed ones, release of deleted ones, missed verification deadlines.

use jiff::{SignedDuration, Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use super::super::clock::{Clock, later};
use super::Environment;
use super::notice::Notice;
use super::state::{Domain, State, Status};

/// How long before the expiry of a failed domain it is announced.
const WARNED_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// When a domain that is failed from now on is deleted.
pub(super) fn expiry(environment: Environment, now: Timestamp) -> Timestamp {
    later(now, SignedDuration::from_hours(24 * environment.grace_days()))
}

/// When a name deleted now is free again: on the day after the grace period, at an unforeseeable moment of two hours.
pub(super) fn release(environment: Environment, ace: &str, now: Timestamp, clock: &Clock) -> Timestamp {
    let Ok(day) = clock.day(now).checked_add((environment.grace_days() + 1).days()) else { return Timestamp::MAX };
    let digest = Sha256::digest(format!("{ace} {now}"));
    let within = digest.iter().take(2).fold(0, |sum, byte| sum << 8 | i64::from(*byte)) % 7200;
    clock.on(day, environment.release_hour() * 3600 + within)
}

impl State {
    /// Enters all coming dates of a domain into the calendar.
    pub(super) fn schedule(&mut self, ace: &str) {
        let Some(domain) = self.domains.get(ace) else { return };
        let dates = [warning(domain), domain.expire, domain.release, domain.dedelegation, domain.deletion];
        self.calendar.extend(dates.into_iter().flatten().map(|date| (date, ace.to_owned())));
    }

    /// Lets everything happen that is due.
    pub(super) fn sweep(&mut self, now: Timestamp, clock: &Clock) {
        while let Some((date, ace)) = self.calendar.pop_first() {
            if date > now {
                self.calendar.insert((date, ace));
                return;
            }
            self.due(&ace, date, clock);
        }
    }

    fn due(&mut self, ace: &str, now: Timestamp, clock: &Clock) {
        let Some(domain) = self.domains.get_mut(ace) else { return };
        let is_due = |date: Option<Timestamp>| date.is_some_and(|date| date <= now);
        let account = domain.account.clone();
        let about = |kind: &str| Notice { domain: Some(ace.to_owned()), ..Notice::new(kind) };
        let notice = if domain.status == Status::RedemptionPeriod {
            if is_due(domain.release) {
                self.remove_domain(ace, now);
            }
            None
        } else if is_due(domain.deletion) {
            self.remove_domain(ace, now);
            Some(Notice { reason: Some("no verification information provided".into()), ..about("domainDelete") })
        } else if is_due(domain.expire) {
            let expire = domain.expire;
            self.remove_domain(ace, now);
            Some(Notice { expire, ..about("expire") })
        } else if is_due(domain.dedelegation) {
            domain.status = Status::ServerHold;
            domain.dedelegation = None;
            domain.changed = now;
            Some(Notice::status_update(domain))
        } else if is_due(warning(domain)) {
            domain.is_warned = true;
            Some(Notice { expire: domain.expire, ..about("expireWarning") })
        } else {
            None
        };
        if let Some(notice) = notice {
            self.tell(&account, notice, now, clock);
        }
    }
}

/// When the expiry is to be announced, if it still is and the domain lives long enough for it.
fn warning(domain: &Domain) -> Option<Timestamp> {
    let date = domain.expire?.checked_sub(WARNED_BEFORE).ok()?;
    (!domain.is_warned && date > domain.changed).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_deleted_on_the_first_of_august_is_free_on_the_first_of_september() {
        let clock = Clock::new();
        let now: Timestamp = "2026-08-01T20:00:00Z".parse().unwrap();
        let free = clock.local(release(Environment::Live, "example.de", now, &clock));
        assert_eq!(free.date().to_string(), "2026-09-01");
        assert!((2..4).contains(&free.hour()), "{free}");
        let free = clock.local(release(Environment::Test, "example.de", now, &clock));
        assert_eq!(free.date().to_string(), "2026-08-03");
        assert!((10..12).contains(&free.hour()), "{free}");
    }
}
