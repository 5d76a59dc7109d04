//! Situations in which what is said was once wrong, and what is said of questions.

use super::*;

#[test]
fn a_pause_of_a_registry_does_not_hold_an_account_that_is_not_configured() {
    let mut situation = free(at(NOW));
    situation.posts.clear();
    situation.job.start_by = Some(situation.now - HOUR);
    let (name, reason, since) = ("denic-rri".into(), "on the phone".into(), situation.now);
    situation.pauses.push(Pause { kind: PauseKind::Registry, name, reason, since });
    // Which registry it would be of nobody knows.
    assert_eq!(kinds(&situation), [Kind::TooLate, Kind::NotConfigured]);
    situation.job.start_by = None;
    situation.posts = vec![Post { registry: "another".into(), ..post(0) }];
    assert!(is_eligible(&situation) && kinds(&situation).is_empty());
    situation.posts = vec![post(0)];
    assert!(!is_eligible(&situation));
    assert_eq!(kinds(&situation), [Kind::Registry]);
}

/// Until 03:00 in the hour that comes twice nothing may be sent, and 5 s longer for clocks that differ.
#[test]
fn a_timetable_lets_an_account_of_a_pool_go_before_its_day_of_points_ends() {
    let mut situation = free(at("2026-10-25T02:30:00+01:00"));
    let now = situation.now;
    situation.posts = vec![post(0), post(1)];
    let night = Span { from: time(17, 0, 0, 0), to: time(3, 0, 0, 0) };
    limits(&mut situation.posts[0]).requests.spans = vec![(night, 0)];
    situation.posts[1].quota.exhausted_until = Some(now + HOUR);
    let told = explain(&situation);
    let until = at("2026-10-25T03:00:05+01:00");
    assert_eq!((told.blockers[0].kind, told.blockers[0].until), (Kind::Pool, Some(until)));
    assert_eq!(told.members[0].blockers[0].until, Some(until));
    assert_eq!(kinds(&later(&situation, until - Duration::from_millis(1))), [Kind::Pool]);
    assert!(is_eligible(&later(&situation, until)));
}

/// Blocks that stay open fill the small figure of the night and a part of the day's.
#[test]
fn room_may_come_with_the_third_change_of_the_timetable() {
    let mut situation = free(at("2026-11-25T00:00:30+01:00"));
    let spans = [(0, 4, 200), (4, 8, 0), (8, 12, 4000)];
    let span = |(from, to, figure)| (Span { from: time(from, 0, 0, 0), to: time(to, 0, 0, 0) }, figure);
    limits(&mut situation.posts[0]).requests = Timetable { base: 300, spans: spans.map(span).to_vec() };
    let (account, reserved_at) = (situation.posts[0].account.clone(), situation.now);
    situation.posts[0].blocks.push(SendBlock { account, number: 0, slots: 500, reserved_at, closed_at: None });
    assert_eq!(explain(&situation).blockers[0].until, Some(at("2026-11-25T08:00:05+01:00")));
}

#[test]
fn questions_wait_for_points_and_slots_as_requests_do() {
    let mut situation = free(at(NOW));
    limits(&mut situation.posts[0]).urgent_quota = Share::of_one(0.05).unwrap();
    limits(&mut situation.posts[0]).urgent_requests = Share::of_one(0.1).unwrap();
    situation.posts[0].quota.used = 47_500;
    let (account, reserved_at) = (situation.posts[0].account.clone(), situation.now);
    situation.posts[0].blocks.push(SendBlock { account, number: 0, slots: 1800, reserved_at, closed_at: None });
    // A doubt may use what is kept for urgent jobs, whatever its own class is.
    situation.job.class = Class::Bulk;
    situation.job.state = State::InDoubt;
    assert_eq!(kinds(&situation), [Kind::InDoubt]);
    situation.job.state = State::Pending;
    assert_eq!(kinds(&situation), [Kind::Pending, Kind::Quota, Kind::Window]);
    let told = explain(&situation);
    assert!(told.blockers[1].what.contains("points that questions about it may use"), "{told:?}");
    situation.job.state = State::InDoubt;
    (situation.posts[0].quota.used, situation.posts[0].blocks[0].slots) = (50_000, 2000);
    assert_eq!(kinds(&situation), [Kind::InDoubt, Kind::Quota, Kind::Window]);
}
