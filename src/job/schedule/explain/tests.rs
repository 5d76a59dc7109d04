mod at_work;
mod cases;

use std::time::Duration;

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::limits::{Budget, Quiet, Share, Span, Timetable};
use crate::model::{Class, Operation};

/// A Tuesday, half an hour into the maintenance.
const NOW: &str = "2026-11-24T16:30:00+01:00";
const HOUR: Duration = Duration::from_secs(3600);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// Nothing is in the way of it.
fn free(now: Timestamp) -> Situation {
    let mut job = crate::cli::fake::job(1, State::Waiting);
    (job.due_at, job.batch) = (now, Some("autumn-sale".into()));
    let (ahead, posts) = (Ahead::default(), vec![post(0)]);
    Situation { now, job, needs: vec![], posts, pauses: vec![], last_on_object: None, ahead, turn: None }
}

fn post(number: usize) -> Post {
    let limits = Limits { zone: zone(), requests: Timetable::always(2000), quota: Some(50_000), ..Limits::none() };
    Post {
        account: format!("DENIC-100002{}", number + 2),
        registry: "denic-rri".into(),
        limits: Arc::new(limits),
        state: AccountState::default(),
        owner: Some("registrard/1".into()),
        daemons: 1,
        quota: QuotaUse::default(),
        quota_before: QuotaUse::default(),
        blocks: vec![],
        logins: vec![],
    }
}

fn limits(post: &mut Post) -> &mut Limits {
    Arc::make_mut(&mut post.limits)
}

fn kinds(situation: &Situation) -> Vec<Kind> {
    explain(situation).blockers.iter().map(|blocker| blocker.kind).filter(|kind| *kind != Kind::Ahead).collect()
}

/// Choices, one after the other; 0 is always the harmless one.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn of(&mut self, count: u8) -> u8 {
        self.0.next().map_or(0, |choice| choice % count)
    }

    /// One in eight.
    fn rarely(&mut self) -> bool {
        self.of(8) == 7
    }
}

/// Any situation of a job that waits.
fn any_situation(choices: &[u8]) -> Situation {
    let choose = &mut Choices(choices.iter());
    let now = at(["2026-11-24T16:30:00+01:00", "2026-11-25T00:00:30+01:00", "2026-10-25T02:30:00+01:00"]
        [usize::from(choose.of(3))]);
    let mut it = free(now);
    it.job.class = Class::ALL[usize::from(choose.of(3) + 1) % 3];
    it.job.waiting_for = WaitingFor::ALL[usize::from(choose.of(9))];
    it.job.operation = if choose.rarely() { Operation::DomainInfo } else { Operation::DomainCreate };
    if choose.rarely() {
        it.job.due_at = now + HOUR * u32::from(1 + choose.of(40));
    }
    if choose.rarely() {
        it.job.start_by = Some(now - HOUR);
        it.job.lost = choose.rarely();
    }
    if choose.rarely() {
        let states = [State::Succeeded, State::Waiting, State::Failed, State::NeedsAttention];
        for number in 0..=choose.of(3) {
            let state = states.get(usize::from(choose.of(5))).copied();
            let (job, must_succeed) = (JobId(Uuid::from_u128(number.into())), choose.of(2) == 0);
            // Nobody waits for what has succeeded.
            it.needs.push(Need { job, must_succeed, state: state.filter(|state| *state != State::Succeeded) });
        }
    }
    for &kind in PauseKind::ALL {
        let names = match kind {
            PauseKind::Account => ["other", "DENIC-1000022"],
            PauseKind::Registry => ["other", "denic-rri"],
            PauseKind::Publisher => ["other", "billing"],
            PauseKind::Operation => ["domain.delete", "domain.create"],
            PauseKind::Batch => ["other", "autumn-sale"],
            PauseKind::Funds => ["other", "DENIC-1000022"],
        };
        if choose.rarely() {
            let name = names[usize::from(choose.of(2))].to_owned();
            it.pauses.push(Pause { kind, name, reason: "on the phone".into(), since: now - HOUR });
        }
    }
    if choose.rarely() {
        it.last_on_object = Some(now - Duration::from_secs(u64::from(choose.of(90))));
    }
    it.ahead.same_publisher = u64::from(choose.of(3));
    it.posts = (0..[1, 1, 1, 0, 2, 3][usize::from(choose.of(6))]).map(|number| any_post(number, now, choose)).collect();
    if it.posts.len() > 1 {
        it.job.queue = "company".into();
    }
    it
}

fn any_post(number: usize, now: Timestamp, choose: &mut Choices<'_>) -> Post {
    let mut post = post(number);
    let tuesday = Span { from: time(16, 0, 0, 0), to: time(20, 0, 0, 0) };
    if choose.rarely() {
        let hold = Class::ALL[usize::from(choose.of(3))..].to_vec();
        limits(&mut post).quiet = vec![Quiet { days: vec![Weekday::Tuesday], span: tuesday, hold }];
    }
    if choose.rarely() {
        limits(&mut post).spacing = Duration::from_secs(60);
    }
    if choose.rarely() {
        limits(&mut post).urgent_quota = Share::of_one(0.1).unwrap();
        limits(&mut post).deadline_quota = Share::of_one(0.05).unwrap();
        limits(&mut post).urgent_requests = Share::of_one(0.2).unwrap();
    }
    if choose.rarely() {
        let night = Span { from: time(17, 0, 0, 0), to: time(3, 0, 0, 0) };
        limits(&mut post).requests.spans = vec![(night, [0, 200, 4000][usize::from(choose.of(3))])];
    }
    if choose.rarely() {
        post.owner = None;
    }
    if choose.rarely() {
        post.state.suspended = Some("login refused".into());
    }
    if choose.rarely() {
        post.state.trouble = Some("no route to host".into());
        limits(&mut post).logins = Some(Budget { count: 3, within: HOUR });
        post.logins = vec![(now - HOUR / 2, u32::from(choose.of(5)))];
    }
    if choose.rarely() {
        post.state.cooldown_until = Some(now + Duration::from_secs(60) - HOUR * u32::from(choose.of(2)));
    }
    post.quota.used = [0, 42_500, 45_000, 47_500, 50_000, 60_000][usize::from(choose.of(6))];
    if choose.rarely() {
        post.quota.exhausted_until = Some(now + HOUR);
    }
    post.quota_before.used = [0, 50_000][usize::from(choose.of(2))];
    for _ in 0..choose.of(4) {
        let closed_at = [Some(now - HOUR), Some(now - HOUR / 90), Some(now), None][usize::from(choose.of(4))];
        let (account, reserved_at) = (post.account.clone(), now - HOUR);
        let slots = 500 + u32::from(choose.of(3)) * 750;
        post.blocks.push(SendBlock { account, number: 0, slots, reserved_at, closed_at });
    }
    post
}

/// Does away with a blocker, as time, an operator or the registry would.
fn relieve(situation: &mut Situation, kind: Kind) {
    let now = situation.now;
    let job = &mut situation.job;
    match kind {
        Kind::Over | Kind::NeedsAttention | Kind::Running | Kind::InDoubt | Kind::Pending => job.state = State::Waiting,
        Kind::TooLate => job.start_by = None,
        Kind::Doomed => situation.needs.retain(|need| !need.must_succeed || !need.state.is_some_and(State::is_final)),
        Kind::Dependency => {
            situation.needs.retain(|need| !need.must_succeed || need.state.is_some_and(State::is_final))
        }
        Kind::Predecessor => situation.needs.retain(|need| need.must_succeed),
        Kind::NotBefore | Kind::Backoff | Kind::AfterCooldown | Kind::AfterQuota | Kind::AfterSpacing => {
            job.due_at = now
        }
        Kind::Batch => end_pauses(situation, PauseKind::Batch),
        Kind::Publisher => end_pauses(situation, PauseKind::Publisher),
        Kind::Operation => end_pauses(situation, PauseKind::Operation),
        Kind::Funds => pay_in(situation),
        Kind::Held => job.waiting_for = WaitingFor::Turn,
        Kind::Ahead => {}
        // Of another registry, so that nothing keeps it still; want of money is told of accounts that are configured.
        Kind::NotConfigured => {
            situation.posts = vec![Post { registry: "new".into(), ..post(7) }];
            pay_in(situation);
        }
        Kind::Pool => {
            let members = explain(situation).members;
            members[0].blockers.iter().for_each(|blocker| relieve(situation, blocker.kind));
        }
        Kind::Account => situation.pauses.retain(|pause| pause.kind != PauseKind::Account),
        Kind::Registry => situation.pauses.retain(|pause| pause.kind != PauseKind::Registry),
        Kind::Spacing => situation.last_on_object = None,
        _ => relieve_post(&mut situation.posts[0], kind),
    }
}

/// Of a pool's jobs none was held for want of money, so none is let go.
fn pay_in(situation: &mut Situation) {
    let held = situation.pauses.iter().any(|pause| pause.kind == PauseKind::Funds && pause.holds(&situation.job));
    match held {
        true => end_pauses(situation, PauseKind::Funds),
        false => situation.pauses.retain(|pause| pause.kind != PauseKind::Funds),
    }
}

/// Ends pauses; a daemon then puts back what nothing else holds.
fn end_pauses(situation: &mut Situation, kind: PauseKind) {
    situation.pauses.retain(|pause| pause.kind != kind);
    let job = &mut situation.job;
    if job.waiting_for == WaitingFor::Paused && !situation.pauses.iter().any(|pause| pause.holds(job)) {
        job.waiting_for = WaitingFor::Turn;
    }
}

fn relieve_post(post: &mut Post, kind: Kind) {
    match kind {
        Kind::Suspended => post.state.suspended = None,
        Kind::NoDaemon => post.owner = Some("registrard/2".into()),
        Kind::NoSession => post.state.trouble = None,
        Kind::Cooldown => post.state.cooldown_until = None,
        Kind::Quiet => limits(post).quiet.clear(),
        Kind::Quota => (post.quota, post.quota_before) = (QuotaUse::default(), QuotaUse::default()),
        Kind::Window => {
            post.blocks.clear();
            limits(post).requests.spans.clear();
        }
        _ => unreachable!("{kind} does not belong to an account"),
    }
}

/// What is said of each account, but for some of it.
fn held_by_accounts(situation: &Situation, but_for: &[Kind]) -> Vec<Vec<Kind>> {
    let of_account = |kind: &Kind| (Kind::Account..Kind::Pool).contains(kind) && !but_for.contains(kind);
    let told = explain(situation);
    let all: Vec<Vec<Blocker>> = match told.members.is_empty() {
        true => vec![told.blockers],
        false => told.members.into_iter().map(|member| member.blockers).collect(),
    };
    let kinds = |blockers: Vec<Blocker>| blockers.iter().map(|blocker| blocker.kind).filter(of_account).collect();
    all.into_iter().map(kinds).collect()
}

/// The same at another time, if nothing is done meanwhile.
fn later(situation: &Situation, now: Timestamp) -> Situation {
    let mut later = Situation { now, ..situation.clone() };
    for post in &mut later.posts {
        if post.limits.day(now) != post.limits.day(situation.now) {
            post.quota_before = std::mem::take(&mut post.quota);
            post.quota.exhausted_until = post.quota_before.exhausted_until;
        }
    }
    later
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    /// Whoever does away with everything that is named can have the job started, and nobody else can: what is named is all
    /// there is, and nothing of it is named in vain.
    #[test]
    fn what_is_named_is_what_holds_it(choices in proptest::collection::vec(any::<u8>(), 90)) {
        let situation = any_situation(&choices);
        let told = explain(&situation);
        let named = kinds(&situation);
        prop_assert_eq!(told.eligible, is_eligible(&situation), "{:?}", named);
        prop_assert_eq!(told.eligible, named.is_empty());
        let mut sorted = named.clone();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(&named, &sorted, "each once, and in order");
        let mut freed = situation.clone();
        named.iter().for_each(|kind| relieve(&mut freed, *kind));
        prop_assert!(is_eligible(&freed), "{:?} was named, and {:?} is left", named, kinds(&freed));
        for kept in &named {
            let mut freed = situation.clone();
            named.iter().filter(|kind| *kind != kept).for_each(|kind| relieve(&mut freed, *kind));
            prop_assert!(!is_eligible(&freed), "{kept} of {:?} is no blocker", named);
            prop_assert_eq!(kinds(&freed), [*kept]);
        }
    }

    /// What is said to end at an instant is there until then, and gone from then on.
    #[test]
    fn it_ends_when_it_is_said_to_end(choices in proptest::collection::vec(any::<u8>(), 90)) {
        let situation = any_situation(&choices);
        for blocker in explain(&situation).blockers {
            let Some(until) = blocker.until.filter(|_| blocker.kind != Kind::NoSession) else { continue };
            prop_assert!(until > situation.now, "{blocker:?}");
            let before = kinds(&later(&situation, until - Duration::from_millis(1)));
            prop_assert!(before.contains(&blocker.kind), "{blocker:?} ends earlier: {before:?}");
            let after = later(&situation, until);
            // Another reason of the same kind may have come up meanwhile, but none that was there before.
            let still = explain(&after).blockers.into_iter().find(|after| after.kind == blocker.kind);
            prop_assert!(still.is_none_or(|still| still.until != blocker.until), "{blocker:?} does not end");
        }
    }

    /// A job that has started, or is over, is explained by that alone and by what keeps the registry from being asked: a
    /// question needs an account at work, a slot and a point, as a request does.
    #[test]
    fn a_job_that_does_not_wait_is_where_it_is(
        choices in proptest::collection::vec(any::<u8>(), 90),
        state in proptest::sample::select(&State::ALL[1..]),
    ) {
        let mut situation = any_situation(&choices);
        situation.job.state = state;
        let told = explain(&situation);
        prop_assert!(!told.eligible && !is_eligible(&situation));
        prop_assert_eq!(told.earliest, None);
        let first = told.blockers[0].kind;
        prop_assert!(first <= Kind::Pending, "{first}");
        if matches!(state, State::InDoubt | State::Pending) {
            // Held by what holds an urgent, or an ordinary, request, but for what is said of requests that change something.
            let mut request = situation.clone();
            request.job.state = State::Waiting;
            request.job.class = if state == State::InDoubt { Class::Urgent } else { Class::Normal };
            prop_assert_eq!(held_by_accounts(&situation, &[]), held_by_accounts(&request, &[Kind::Quiet, Kind::Spacing, Kind::Funds]));
        } else {
            prop_assert!(kinds(&situation).iter().all(|kind| [first, Kind::NotConfigured].contains(kind)));
            prop_assert!(held_by_accounts(&situation, &[]).concat().is_empty());
        }
    }
}

#[test]
fn the_quota_is_told_with_its_numbers() {
    let mut situation = free(at("2026-11-21T11:00:00+01:00"));
    situation.posts[0].quota.used = 50_000;
    situation.job.class = Class::Bulk;
    (situation.ahead.same_publisher, situation.ahead.other_publishers) = (1000, 204);
    let told = explain(&situation);
    assert_eq!(told.blockers[0].what, "quota of DENIC-1000022: 50,000 of 50,000 used, resets 2026-11-22T00:00+01:00");
    assert_eq!(told.blockers[0].until, Some(at("2026-11-22T00:01:30+01:00")));
    assert!(told.blockers[1].what.starts_with("1,204 jobs ahead in class bulk"), "{told:?}");
    assert_eq!((told.eligible, told.earliest), (false, None), "nobody knows how long the others take");
    situation.turn = Some(at("2026-11-22T00:02:00+01:00"));
    assert_eq!(explain(&situation).earliest, situation.turn);
}

#[test]
fn reserves_are_for_those_they_are_kept_for() {
    let mut situation = free(at("2026-11-21T11:00:00+01:00"));
    limits(&mut situation.posts[0]).urgent_quota = Share::of_one(0.05).unwrap();
    limits(&mut situation.posts[0]).deadline_quota = Share::of_one(0.01).unwrap();
    situation.posts[0].quota.used = 47_000;
    let told = explain(&situation);
    let what = &told.blockers[0].what;
    for number in
        ["47,000 used of the 47,000 points that normal jobs", "2,500 are kept for urgent", "500 are kept for deadlines"]
    {
        assert!(what.contains(number), "{what}");
    }
    situation.job.class = Class::Urgent;
    assert!(is_eligible(&situation) && kinds(&situation).is_empty());
    situation.posts[0].quota.used = 49_500;
    assert_eq!(kinds(&situation), [Kind::Quota]);
    situation.job.publisher = crate::model::job::DEADLINES.into();
    assert!(is_eligible(&situation));
    // An inventory of the calendar's has no deadline.
    situation.job.class = Class::Bulk;
    assert!(!is_eligible(&situation));
}

#[test]
fn a_job_of_a_pool_waits_for_the_first_account_that_is_free() {
    let mut situation = free(at(NOW));
    situation.posts = vec![post(0), post(1)];
    situation.posts[0].state.suspended = Some("login refused".into());
    let told = explain(&situation);
    assert!(told.eligible && told.blockers.is_empty());
    assert_eq!(told.members[0].blockers[0].kind, Kind::Suspended);
    let until = situation.now + Duration::from_secs(120);
    situation.posts[1].state.cooldown_until = Some(until);
    let told = explain(&situation);
    assert_eq!(told.blockers.iter().map(|blocker| blocker.kind).collect::<Vec<_>>(), [Kind::Pool]);
    assert_eq!((told.eligible, told.earliest), (false, Some(until)));
}

#[test]
fn logins_that_were_tried_say_when_the_next_one_is_due() {
    let mut situation = free(at(NOW));
    let now = situation.now;
    let post = &mut situation.posts[0];
    limits(post).logins = Some(Budget { count: 3, within: HOUR });
    post.state.trouble = Some("the budget of logins is used up (limits.logins)".into());
    post.logins = vec![(now - HOUR / 2, 2), (now - HOUR / 4, 1)];
    let told = explain(&situation);
    // The minute of the first two, an hour after its end.
    assert_eq!(told.blockers[0].until, Some(now + HOUR / 2 + Duration::from_secs(60)));
    assert!(told.blockers[0].what.contains("3 of 3 logins"), "{told:?}");
}

#[test]
fn every_kind_has_one_rule_and_they_stand_in_order() {
    let mut rules: Vec<Kind> = job::RULES.iter().map(|(kind, _)| *kind).collect();
    rules.extend(accounts::RULES.iter().map(|rule| rule.kind));
    rules.extend([Kind::Pool, Kind::Ahead]);
    assert_eq!(rules, Kind::ALL);
}

#[test]
fn numbers_are_grouped() {
    for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (50_000, "50,000"), (1_234_567, "1,234,567")] {
        assert_eq!(grouped(number as u64), text);
    }
}
