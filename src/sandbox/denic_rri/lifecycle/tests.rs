//! Whole lives on a clock that nobody waits for, and the law that only the total of a clock's moves counts.

mod verification;

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::super::super::clock::Clock;
use super::super::rules::names;
use super::super::state::{AuthInfo, Contact, ContactKind, Domain, State, Status};
use super::super::{DenicOptions, Environment};
use super::{Subject, days_later, expiry, purge, release};

const ACCOUNT: &str = "DENIC-1000001";
const SEED: u64 = 7;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-08-01T20:00:00Z")
}

fn state(environment: Environment) -> State {
    let options = DenicOptions { environment, ..DenicOptions::default() };
    State::new(&options, SEED)
}

fn contact(own: &str, address: &str, now: Timestamp) -> Contact {
    Contact {
        handle: format!("{ACCOUNT}-{own}"),
        account: ACCOUNT.into(),
        kind: ContactKind::Person,
        name: "Max Mustermann".into(),
        organisation: Vec::new(),
        address: vec![address.into()],
        postal_code: "60596".into(),
        city: "Frankfurt am Main".into(),
        country: "DE".into(),
        email: vec!["max@example.de".into()],
        phone: None,
        uri_template: None,
        verification: Vec::new(),
        created: now,
        changed: now,
        unreferenced_since: Some(now),
        was_used: false,
    }
}

fn put_contact(state: &mut State, contact: Contact) {
    let handle = contact.handle.clone();
    state.contacts.insert(handle.clone(), contact);
    state.schedule_contact(&handle);
}

fn domain(name: &str, holder: &str, now: Timestamp) -> Domain {
    let name = names::read(name).unwrap();
    Domain { holders: vec![format!("{ACCOUNT}-{holder}")], ..Domain::new(name, ACCOUNT, now) }
}

fn authinfo(expire: Timestamp) -> Option<AuthInfo> {
    Some(AuthInfo { hash: AuthInfo::hash_of("secret"), expire })
}

/// One of everything that time does something to.
fn furnished(environment: Environment, now: Timestamp, clock: &Clock) -> State {
    let mut state = state(environment);
    state.options.assessment = Some(std::time::Duration::from_secs(3600));
    state.sweep(now, clock);
    put_contact(&mut state, contact("MAX", "Beispielweg 1", now));
    put_contact(&mut state, contact("GONE", "undeliverable", now));
    for n in 0..130 {
        put_contact(&mut state, contact(&format!("IDLE-{n:03}"), "Beispielweg 1", now));
    }
    let failed = domain("failed.de", "MAX", now);
    let expire = Some(expiry(environment, now));
    state.put_domain(Domain { status: Status::Failed, expire, ..failed }, now);
    let deleted = domain("deleted.de", "MAX", now);
    let release = Some(release(environment, SEED, "deleted.de", now, clock));
    state.put_domain(Domain { status: Status::RedemptionPeriod, release, ..deleted }, now);
    let watched = domain("watched.de", "MAX", now);
    let (dedelegation, deletion) = (Some(days_later(now, 14)), Some(days_later(now, 28)));
    state.put_domain(Domain { dedelegation, deletion, ..watched }, now);
    for (name, status) in [("nispendingcreate.de", Status::PendingCreate), ("plain.de", Status::Connect)] {
        let dates = (authinfo(days_later(now, 10)), authinfo(days_later(now, 30)));
        state.put_domain(Domain { status, authinfo1: dates.0, authinfo2: dates.1, ..domain(name, "GONE", now) }, now);
    }
    let pending = domain("nispendingcreate-nisverificationrequired.de", "MAX", now);
    state.put_domain(Domain { status: Status::PendingCreate, ..pending }, now);
    let (dispute, until) = (Some("DENIC-1000002-ONE".to_owned()), Some(days_later(now, 365)));
    state.put_domain(Domain { dispute, dispute_until: until, ..domain("disputed.de", "MAX", now) }, now);
    state
}

/// Everything there is to see, and every message with its time.
fn picture(state: &State) -> String {
    let queue = &state.accounts[ACCOUNT].queue;
    format!("{:#?}\n{:#?}\n{queue:#?}\n{:#?}", state.domains, state.contacts, state.calendar)
}

/// Types of all messages with their times.
fn told(state: &State) -> Vec<(String, String)> {
    let queue = &state.accounts[ACCOUNT].queue;
    queue.iter().map(|queued| (queued.time.clone(), queued.notice.kind.clone())).collect()
}

#[test]
fn a_name_deleted_on_the_first_of_august_is_free_on_the_first_of_september() {
    let clock = Clock::new();
    for (environment, deleted, day, hours) in [
        (Environment::Live, "2026-08-01T20:00:00Z", "2026-09-01", 2..4),
        (Environment::Test, "2026-08-01T20:00:00Z", "2026-08-03", 10..12),
        // Half an hour past midnight in Germany, though not in Greenwich.
        (Environment::Test, "2026-08-01T22:30:00Z", "2026-08-04", 10..12),
        // The release falls on the days on which summer time begins and ends.
        (Environment::Live, "2026-02-26T12:00:00Z", "2026-03-29", 3..4),
        (Environment::Live, "2026-09-24T12:00:00Z", "2026-10-25", 2..4),
    ] {
        for n in 0..50 {
            let free = clock.local(release(environment, n, "example.de", at(deleted), &clock));
            assert_eq!(free.date().to_string(), day);
            assert!(hours.contains(&i64::from(free.hour())), "{free}");
        }
    }
    let moment = |seed, name| release(Environment::Live, seed, name, start(), &clock);
    assert_eq!(moment(1, "example.de"), moment(1, "example.de"));
    assert_ne!(moment(1, "example.de"), moment(2, "example.de"));
    assert_ne!(moment(1, "example.de"), moment(1, "other.de"));
}

#[test]
fn a_purge_comes_after_its_deadline() {
    let clock = Clock::new();
    for (environment, hours) in [(Environment::Live, 2..4), (Environment::Test, 10..12)] {
        for hour in 0..24 * 7 {
            let deadline = start() + hour.hours();
            let purged = purge::after(environment, SEED, "example.de", deadline, clock.zone());
            assert!(purged > deadline && purged < deadline + 26.hours(), "{deadline} {purged}");
            assert!(hours.contains(&i64::from(clock.local(purged).hour())), "{purged}");
        }
    }
}

#[test]
fn everything_happens_at_its_own_instant_and_in_order() {
    let clock = Clock::new();
    let mut state = furnished(Environment::Live, start(), &clock);
    state.sweep(start() + 366.hours() * 24, &clock);
    let told = told(&state);
    // Both deadlines lie in one evening: the purge phase of the next morning decides.
    let day = "2026-08-30".parse().unwrap();
    let purge = |ace| purge::moment(Environment::Live, SEED, ace, day, clock.zone());
    let mut purges = ["watched.de", "nispendingcreate-nisverificationrequired.de"].map(|ace| clock.wire(purge(ace)));
    purges.sort_unstable();
    let expected = [
        ("2026-08-01T23:00:00+02:00", "domainStatusUpdate"),
        ("2026-08-01T23:00:00+02:00", "contactVerificationRequired"),
        ("2026-08-01T23:00:00+02:00", "domainStatusUpdate"),
        ("2026-08-08T22:00:00+02:00", "authInfo2Delete"),
        ("2026-08-08T22:00:00+02:00", "authInfo2Delete"),
        ("2026-08-11T22:00:00+02:00", "authInfoExpire"),
        ("2026-08-11T22:00:00+02:00", "authInfoExpire"),
        ("2026-08-15T22:00:00+02:00", "domainStatusUpdate"),
        ("2026-08-15T23:00:00+02:00", "domainStatusUpdate"),
        ("2026-08-24T22:00:00+02:00", "expireWarning"),
        (purges[0].as_str(), "domainDelete"),
        (purges[1].as_str(), "domainDelete"),
        ("2026-08-31T22:00:00+02:00", "expire"),
        ("2027-02-02T04:00:00+01:00", "contactDelete"),
        ("2027-02-02T04:00:00+01:00", "contactDelete"),
    ];
    let expected: Vec<_> = expected.map(|(time, kind)| (time.to_owned(), kind.to_owned())).into();
    assert_eq!(told, expected);
    let left: Vec<_> = state.domains.keys().map(String::as_str).collect();
    assert_eq!(left, ["disputed.de", "nispendingcreate.de", "plain.de"]);
    assert!(state.domains["disputed.de"].dispute.is_none());
    let handles: Vec<_> = state.accounts[ACCOUNT].queue.iter().map(|queued| queued.notice.handles.len()).collect();
    assert_eq!(handles[13..], [100, 30]);
}

#[test]
fn the_day_of_a_failed_domain_of_the_test_environment_has_room_for_its_warning() {
    let clock = Clock::new();
    let mut state = furnished(Environment::Test, start(), &clock);
    state.sweep(days_later(start(), 1), &clock);
    let mut about = told(&state);
    about.retain(|(_, kind)| kind.starts_with("expire"));
    let expected = [("2026-08-02T16:00:00+02:00", "expireWarning"), ("2026-08-02T22:00:00+02:00", "expire")];
    assert_eq!(about, expected.map(|(time, kind)| (time.to_owned(), kind.to_owned())));
}

#[test]
fn contacts_are_kept_for_months_or_for_years() {
    let clock = Clock::new();
    // Created; used until; deleted.
    for (created, used, deleted) in [
        ("2023-10-09T10:00:00Z", None, "2024-04-10T04:00:00+02:00"),
        ("2023-08-31T10:00:00Z", None, "2024-03-01T04:00:00+01:00"),
        ("2023-09-28T22:30:00Z", None, "2024-03-30T04:00:00+01:00"),
        ("2023-10-09T10:00:00Z", Some("2023-10-20T10:00:00Z"), "2030-01-01T04:00:00+01:00"),
        ("2023-10-09T10:00:00Z", Some("2023-12-31T23:30:00Z"), "2031-01-01T04:00:00+01:00"),
    ] {
        let mut state = state(Environment::Live);
        put_contact(&mut state, contact("ONE", "Beispielweg 1", at(created)));
        if let Some(used) = used {
            state.put_domain(domain("example.de", "ONE", at(created)), at(created));
            state.sweep(at(used), &clock);
            state.remove_domain("example.de", at(used));
        }
        let deleted = deleted.parse::<Timestamp>().unwrap();
        state.sweep(deleted - 1.second(), &clock);
        assert_eq!(state.contacts.len(), 1, "{created}");
        state.sweep(deleted, &clock);
        assert_eq!(state.contacts.len(), 0, "{created}");
        assert_eq!(told(&state), [(clock.wire(deleted), "contactDelete".to_owned())]);
    }
}

#[test]
fn a_contact_in_use_is_never_deleted_and_its_time_begins_anew() {
    let clock = Clock::new();
    let mut state = state(Environment::Live);
    put_contact(&mut state, contact("ONE", "Beispielweg 1", start()));
    state.put_domain(domain("example.de", "ONE", start()), start());
    let later = at("2040-06-01T10:00:00Z");
    state.sweep(later, &clock);
    assert!(state.contacts.len() == 1 && told(&state).is_empty());
    state.remove_domain("example.de", later);
    assert_eq!(state.calendar.last().unwrap().1, Subject::Contact(format!("{ACCOUNT}-ONE")));
    state.sweep(at("2046-12-31T10:00:00Z"), &clock);
    assert_eq!(state.contacts.len(), 1);
    state.sweep(at("2047-01-02T10:00:00Z"), &clock);
    assert_eq!(state.contacts.len(), 0);
}

#[test]
fn dates_that_were_lifted_or_moved_do_nothing() {
    let clock = Clock::new();
    let mut state = furnished(Environment::Live, start(), &clock);
    let repaired = state.domains.get_mut("failed.de").unwrap();
    (repaired.status, repaired.expire) = (Status::Connect, None);
    state.schedule("failed.de");
    let restored = state.domains.get_mut("deleted.de").unwrap();
    (restored.status, restored.release) = (Status::Connect, None);
    let moved = state.domains.get_mut("watched.de").unwrap();
    moved.deletion = Some(days_later(start(), 60));
    state.schedule("watched.de");
    state.sweep(days_later(start(), 60), &clock);
    for name in ["failed.de", "deleted.de", "watched.de"] {
        assert!(state.domains.contains_key(name), "{name}");
    }
    assert!(!told(&state).iter().any(|(_, kind)| kind.starts_with("expire")));
    state.sweep(days_later(start(), 61), &clock);
    assert!(!state.domains.contains_key("watched.de"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_total_of_the_clocks_moves_counts(
        test in any::<bool>(),
        moves in prop::collection::vec(prop_oneof![0_i64..7_200, 0_i64..2_000_000, 0_i64..90_000_000], 1..40),
    ) {
        let environment = if test { Environment::Test } else { Environment::Live };
        let clock = Clock::new();
        let (mut steps, mut leap) = (furnished(environment, start(), &clock), furnished(environment, start(), &clock));
        let mut now = start();
        for seconds in moves {
            now += jiff::SignedDuration::from_secs(seconds);
            steps.sweep(now, &clock);
        }
        leap.sweep(now, &clock);
        prop_assert_eq!(picture(&steps), picture(&leap));
        let times: Vec<_> = steps.accounts[ACCOUNT].queue.iter().map(|q| q.time.parse::<Timestamp>().unwrap()).collect();
        prop_assert!(times.is_sorted() && times.iter().all(|time| *time <= now));
    }
}
