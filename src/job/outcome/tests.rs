use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::*;
use crate::model::command::ObjectKind;
use crate::model::{Class, JobId, ObjectKey, Operation, State};
use crate::registries::FollowUps;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn job(operation: Operation, state: State) -> Job {
    Job {
        id: JobId(Uuid::from_u128(7)),
        seq: 1,
        publisher: "billing".into(),
        account: "DENIC-1000022".into(),
        queue: "DENIC-1000022".into(),
        operation,
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        params: Map::new(),
        class: Class::Normal,
        state,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: NOW,
        start_by: None,
        batch: None,
        max_attempts: 3,
        attempt: 1,
        spent: 0,
        asked: 0,
        transaction: Some("rd-7-1".into()),
        keep_transaction: false,
        lost: false,
        intent_at: Some(NOW),
        blockers: 0,
        answer: None,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        created_at: NOW,
        updated_at: NOW,
        finished_at: None,
        fence: 1,
    }
}

fn here() -> Circumstances {
    Circumstances {
        policy: Policy::default(),
        random: 0.5,
        now: NOW,
        next_quota_day: NOW + Duration::from_secs(3600),
        cool_down: Duration::ZERO,
        fence: 4,
    }
}

fn verdict(job: &Job, verdict: Verdict) -> Outcome {
    here().answered(job, Answer::default(), &Judgement::plain(verdict))
}

fn later(pace: Pace, scope: Scope) -> Verdict {
    Verdict::Later(Later { pace, scope, reason: "busy".into() })
}

#[test]
fn each_verdict_has_its_move() {
    let write = job(Operation::DomainCreate, State::Running);
    let read = job(Operation::DomainCheck, State::Running);
    let text = || "why".to_owned();
    let rows: &[(&Job, Verdict, Cause, bool)] = &[
        (&write, Verdict::Done, Cause::Done, true),
        (&write, Verdict::Pending(text()), Cause::Taken, true),
        (&write, Verdict::Refused(text()), Cause::Refused, true),
        (&write, Verdict::Unsure(text()), Cause::Lost, true),
        (&read, Verdict::Unsure(text()), Cause::Deferred, false),
        (&write, later(Pace::Soon, Scope::Job), Cause::Deferred, false),
        (&write, later(Pace::NextQuotaDay, Scope::Account), Cause::Deferred, false),
        (&write, Verdict::Suspend(text()), Cause::Deferred, false),
    ];
    for (job, given, cause, told) in rows {
        let step = verdict(job, given.clone()).step.expect("running jobs can move");
        assert_eq!(step.cause(), *cause, "{given:?}");
        assert_eq!(step.event.is_some(), *told, "{given:?}");
        assert_eq!(step.fence, Some(4));
    }
}

#[test]
fn only_a_refusal_of_this_job_costs_an_attempt() {
    let job = job(Operation::DomainCreate, State::Running);
    assert!(verdict(&job, later(Pace::Soon, Scope::Job)).step.unwrap().spend);
    assert!(!verdict(&job, later(Pace::NextQuotaDay, Scope::Account)).step.unwrap().spend);
    assert!(!here().not_sent(&job, "no session").step.unwrap().spend);
}

/// What a repetition is behind may be its own first request, which the registry is slow with.
#[test]
fn a_repetition_waits_longer_for_what_may_be_its_own() {
    let busy = |keep_transaction| {
        let mut job = job(Operation::DomainCreate, State::Running);
        (job.spent, job.max_attempts, job.keep_transaction) = (8, 10, keep_transaction);
        verdict(&job, later(Pace::Soon, Scope::Job)).step.unwrap()
    };
    assert!(busy(false).due_at <= NOW + here().policy.soon.longest);
    let step = busy(true);
    assert!(step.due_at > NOW + Duration::from_secs(200));
    assert!(step.keep_transaction && step.spend);
}

#[test]
fn the_budget_ends_in_a_human_hand() {
    let mut job = job(Operation::DomainCreate, State::Running);
    job.spent = 2;
    let step = verdict(&job, later(Pace::Backoff, Scope::Job)).step.unwrap();
    assert_eq!((step.cause(), step.to()), (Cause::GaveUp, State::NeedsAttention));
    assert!(step.event.is_some());
}

#[test]
fn account_wide_waiting_reaches_the_account() {
    let job = job(Operation::DomainCreate, State::Running);
    let block = verdict(&job, later(Pace::Exactly(Duration::from_secs(120)), Scope::Account));
    assert_eq!(block.account, Some(AccountEffect::CoolDown(NOW + Duration::from_secs(120), "busy".into())));
    assert_eq!(block.step.unwrap().due_at, NOW + Duration::from_secs(120));
    let quota = verdict(&job, later(Pace::NextQuotaDay, Scope::Account)).step.unwrap();
    assert_eq!((quota.waiting_for, quota.due_at), (WaitingFor::Quota, here().next_quota_day + MARGIN));
    let of_pool = Job { queue: "pool".into(), ..job.clone() };
    let free = verdict(&of_pool, later(Pace::NextQuotaDay, Scope::Account)).step.unwrap();
    assert_eq!((free.waiting_for, free.due_at), (WaitingFor::Turn, NOW), "another account of the pool may send");
    let lost = Job { lost: true, ..of_pool };
    let bound = verdict(&lost, later(Pace::NextQuotaDay, Scope::Account)).step.unwrap();
    assert_eq!(bound.waiting_for, WaitingFor::Quota, "only this account can tell what became of it");
    let early = Circumstances { next_quota_day: NOW + Duration::from_secs(86_000), ..here() };
    assert_eq!(early.end_of(Pace::NextQuotaDay), NOW + PROBE, "a wrong idea of midnight must not cost a day");
}

/// What costs money waits as a whole, and at no cost; what costs none was not meant, and tries again later.
#[test]
fn want_of_money_reaches_the_account() {
    let create = job(Operation::DomainCreate, State::Running);
    let short = AccountEffect::OutOfFunds("busy".into());
    let outcome = verdict(&create, later(Pace::Paid, Scope::Account));
    let step = outcome.step.unwrap();
    assert_eq!((outcome.account, step.cause(), step.spend), (Some(short.clone()), Cause::Deferred, false));
    assert_eq!((step.waiting_for, step.due_at), (WaitingFor::Turn, NOW));
    let outcome = verdict(&job(Operation::DomainChangeHolder, State::Running), later(Pace::Paid, Scope::Account));
    let step = outcome.step.unwrap();
    assert_eq!((outcome.account, step.spend), (Some(short.clone()), true));
    assert_eq!(step.due_at, NOW + Duration::from_secs(1800));
    // Whatever becomes of the job itself.
    let kept = Judgement { unpaid: Some("busy".into()), ..Judgement::plain(Verdict::ByHand("kept".into())) };
    let outcome = here().answered(&create, Answer::default(), &kept);
    assert_eq!((outcome.account, outcome.step.unwrap().cause()), (Some(short), Cause::ByHand));
}

#[test]
fn silence_keeps_the_transaction_and_an_answer_does_not() {
    let running = job(Operation::DomainCreate, State::Running);
    let silent = here().perhaps_sent(&running, "timeout").step.unwrap();
    assert_eq!((silent.cause(), silent.keep_transaction), (Cause::Lost, true));
    let answered = verdict(&running, Verdict::Unsure("exception".into())).step.unwrap();
    assert!(!answered.keep_transaction);
    let mut doubt = job(Operation::DomainCreate, State::InDoubt);
    let nothing = || Finding::Nothing { same_transaction: true, evidence: "does not exist".into() };
    assert!(!here().found(&doubt, nothing(), vec![], &[]).step.unwrap().keep_transaction);
    doubt.keep_transaction = true;
    let again = here().found(&doubt, nothing(), vec![], &[]).step.unwrap();
    assert!(again.keep_transaction);
    assert_eq!(doubt.next_transaction(), "rd-7-1", "the repetition goes out under the lost request's id");
    doubt.keep_transaction = false;
    assert_eq!(JobId::of_transaction(&doubt.next_transaction()), Some(doubt.id), "an id tells whose it is");
    assert_eq!(["rd-7-1", "rd--1", "RenewDomains-1"].map(JobId::of_transaction), [None; 3]);
}

#[test]
fn what_is_so_already_is_a_plain_refusal_unless_a_request_was_lost() {
    let mut running = job(Operation::DomainCreate, State::Running);
    let exists = || Verdict::RefusedUnlessLost("the domain exists".into());
    assert_eq!(verdict(&running, exists()).step.unwrap().to(), State::Failed);
    running.lost = true;
    let doubt = verdict(&running, exists()).step.unwrap();
    assert_eq!((doubt.to(), doubt.lost, doubt.keep_transaction), (State::InDoubt, false, false));
    assert!(here().perhaps_sent(&running, "timeout").step.unwrap().lost);
    assert!(verdict(&running, Verdict::Unsure("exception".into())).step.unwrap().lost);
}

/// A request was lost, nothing of it was found, and the repetition could not even be written: the lost one may still
/// arrive, so its id must not be given up.
#[test]
fn a_refusal_to_be_read_keeps_the_lost_requests_transaction() {
    let mut running = job(Operation::DomainUpdate, State::Running);
    let unread = |job: &Job| {
        let judgement = Judgement::plain(Verdict::Refused("not shown".into()));
        here().unread(job, Answer::default(), &judgement).step.unwrap()
    };
    assert_eq!(unread(&running).to(), State::Failed);
    (running.lost, running.keep_transaction) = (true, true);
    let doubt = unread(&running);
    assert_eq!((doubt.to(), doubt.lost, doubt.keep_transaction), (State::InDoubt, false, true));
    running.keep_transaction = false;
    assert!(!unread(&running).keep_transaction);
}

#[test]
fn an_operator_who_repeats_a_lost_request_repeats_its_transaction() {
    let mut doubt = job(Operation::DomainCreate, State::InDoubt);
    (doubt.spent, doubt.keep_transaction) = (2, true);
    let nothing = Finding::Nothing { same_transaction: true, evidence: "does not exist".into() };
    let step = here().found(&doubt, nothing, vec![], &[]).step.unwrap();
    assert_eq!((step.to(), step.keep_transaction), (State::NeedsAttention, true));
}

#[test]
fn repetitions_after_a_doubt_cost_attempts_and_end() {
    let mut doubt = job(Operation::DomainCreate, State::InDoubt);
    let nothing = || Finding::Nothing { same_transaction: true, evidence: "does not exist".into() };
    doubt.keep_transaction = true;
    let first = here().found(&doubt, nothing(), vec![], &[]).step.unwrap();
    assert_eq!((first.due_at, first.spend), (NOW, true), "after the first silence at once");
    doubt.spent = 1;
    assert!(here().found(&doubt, nothing(), vec![], &[]).step.unwrap().due_at > NOW);
    doubt.spent = 2;
    assert_eq!(here().found(&doubt, nothing(), vec![], &[]).step.unwrap().to(), State::NeedsAttention);
}

#[test]
fn a_lost_read_is_asked_again_and_a_lost_write_is_in_doubt() {
    let read = here().perhaps_sent(&job(Operation::DomainInfo, State::Running), "timeout").step.unwrap();
    assert_eq!(read.to(), State::Waiting);
    let write = here().perhaps_sent(&job(Operation::DomainDelete, State::Running), "timeout").step.unwrap();
    assert_eq!(write.to(), State::InDoubt);
}

#[test]
fn questions_without_answer_end_with_a_human() {
    let mut doubt = job(Operation::DomainCreate, State::InDoubt);
    let unknown = || Finding::Unknown("registry away".into());
    assert_eq!(here().found(&doubt, unknown(), vec![], &[]).step.unwrap().to(), State::InDoubt);
    doubt.asked = here().policy.questions;
    assert_eq!(here().found(&doubt, unknown(), vec![], &[]).step.unwrap().to(), State::NeedsAttention);
}

#[test]
fn what_takes_time_to_show_is_looked_for_twice() {
    let minute = Duration::from_secs(60);
    let nothing = || Finding::Nothing { same_transaction: true, evidence: "no order".into() };
    let mut doubt = job(Operation::DomainCreate, State::InDoubt);
    let look = |doubt: &Job, settles| here().found_in_time(doubt, nothing(), settles, vec![], &[]).step.unwrap();
    assert_eq!(look(&doubt, Duration::ZERO).cause(), Cause::FoundNothing, "where it shows at once");
    let first = look(&doubt, minute);
    assert_eq!((first.cause(), first.to()), (Cause::StillUnknown, State::InDoubt));
    let settles = minute.min(here().policy.question.longest);
    assert!(first.due_at >= NOW + settles, "not before it can have shown");
    (doubt.asked, doubt.updated_at) = (1, NOW - settles / 2);
    assert_eq!(look(&doubt, minute).cause(), Cause::StillUnknown, "too soon after the first look");
    doubt.updated_at = NOW - settles;
    assert_eq!(look(&doubt, minute).cause(), Cause::FoundNothing);
    let there = Finding::Applied { shown: Answer::default(), evidence: "ours".into() };
    doubt.asked = 0;
    let found = here().found_in_time(&doubt, there, minute, vec![], &[]).step.unwrap();
    assert_eq!(found.cause(), Cause::FoundApplied, "what is there is there");
    // Told that it failed, it may not be done a little later: whoever made this one may take it away again.
    let look = |doubt: &Job, settles| {
        let another = Finding::Foreign("another one of this name".into());
        here().found_in_time(doubt, another, settles, vec![], &[]).step.unwrap()
    };
    assert_eq!(look(&doubt, Duration::ZERO).cause(), Cause::FoundForeign);
    assert_eq!(look(&doubt, minute).cause(), Cause::StillUnknown);
    doubt.asked = 1;
    let second = look(&doubt, minute);
    assert_eq!((second.cause(), second.to()), (Cause::FoundForeign, State::Failed));
    doubt.asked = 0;
    let refused = Finding::Refused("the kept answer".into());
    let refused = here().found_in_time(&doubt, refused, minute, vec![], &[]).step.unwrap();
    assert_eq!(refused.cause(), Cause::FoundForeign, "the registry has seen it, and will not see it again");
}

#[test]
fn a_pending_order_is_asked_about_until_it_ends() {
    let taken =
        verdict(&job(Operation::DomainCreate, State::Running), Verdict::Pending("assessment".into())).step.unwrap();
    assert_eq!(taken.due_at, NOW + here().policy.pending.wait(0, 0.5), "its first question");
    let doubt = job(Operation::DomainCreate, State::InDoubt);
    let found = Finding::Taken { shown: Answer::default(), until: "assessment".into(), evidence: "INFO: ours".into() };
    assert_eq!(here().found(&doubt, found, vec![], &[]).step.unwrap().due_at, taken.due_at);

    let mut order = job(Operation::DomainCreate, State::Pending);
    let heard = || Answer { result: "shown".into(), ..Answer::default() };
    let nothing = || Finding::Nothing { same_transaction: false, evidence: "gone".into() };
    let assessed =
        || Finding::Taken { shown: heard(), until: "assessment".into(), evidence: "INFO: pendingCreate".into() };
    let rows = [
        (Finding::Applied { shown: heard(), evidence: "INFO: ours".into() }, Cause::Completed, true, true),
        (assessed(), Cause::StillPending, true, false),
        (Finding::Foreign("another's".into()), Cause::TurnedDown, false, true),
        (nothing(), Cause::TurnedDown, false, true),
        (Finding::Unknown("silence".into()), Cause::StillPending, false, false),
    ];
    for (finding, cause, keeps_answer, told) in rows {
        let step = here().followed_up(&order, finding.clone(), vec![], &[]).step.unwrap();
        assert_eq!((step.cause(), step.answer.is_some()), (cause, keeps_answer), "{finding:?}");
        assert_eq!((step.event.is_some(), step.fence), (told, Some(4)), "{finding:?}");
        assert_eq!(step.due_at > NOW, cause == Cause::StillPending, "{finding:?}");
        let inquiry = step.inquiry.unwrap();
        assert_eq!((inquiry.finding, inquiry.evidence.as_str()), (finding.word(), finding.evidence()));
    }
    order.asked = here().policy.follow_ups - 1;
    let step = here().followed_up(&order, Finding::Unknown("silence".into()), vec![], &[]).step.unwrap();
    assert_eq!((step.cause(), step.to()), (Cause::GaveUp, State::NeedsAttention));
    assert!(step.event.is_some() && step.reason.unwrap().contains("asked 40 times"));
    // As long as the registry says that it works on it, nobody gives up.
    let step = here().followed_up(&order, assessed(), vec![], &[]).step.unwrap();
    assert_eq!(step.cause(), Cause::StillPending);
}

#[test]
fn an_order_nobody_announces_is_asked_about_seldom_and_ends_when_it_must_have_been_decided() {
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
    let follow_ups = FollowUps { every: hour * 4, decided_within: day * 5 };
    let order = job(Operation::DomainTransfer, State::Pending);
    let nothing = || Finding::Nothing { same_transaction: true, evidence: "STATUS: another registrar's".into() };
    let find = |policy: Policy, age: Duration, finding: Finding| {
        let circumstances = Circumstances { now: NOW + age, policy, ..here() };
        circumstances.followed_up_in_time(&order, finding, NOW, follow_ups, vec![], &[]).step.unwrap()
    };
    let step = find(Policy::default(), day, nothing());
    assert_eq!((step.cause(), step.due_at), (Cause::StillPending, NOW + day + hour * 4));
    assert!(step.reason.unwrap().starts_with("not yet: STATUS"));
    assert_eq!(step.inquiry.unwrap().finding, "not_applied");
    let late = find(Policy::default(), day * 5, nothing());
    assert_eq!((late.cause(), late.to()), (Cause::TurnedDown, State::Failed));
    let there = Finding::Applied { shown: Answer::default(), evidence: "STATUS: ours".into() };
    assert_eq!(find(Policy::default(), day, there).cause(), Cause::Completed);
    assert_eq!(find(Policy::default(), day, Finding::Foreign("gone".into())).cause(), Cause::TurnedDown);
    let unknown = find(Policy::default(), day, Finding::Unknown("silence".into()));
    assert_eq!((unknown.cause(), unknown.due_at), (Cause::StillPending, NOW + day + hour * 4));
    // A policy in a hurry, as tests have it.
    let mut hurried = Policy::default();
    hurried.pending.longest = Duration::from_secs(1);
    let soon = find(hurried, day, nothing());
    assert!(soon.due_at <= NOW + day + Duration::from_secs(1));
    // Where the registry asks for neither, it is as before.
    let plain = here().followed_up_in_time(&order, nothing(), NOW, FollowUps::default(), vec![], &[]).step.unwrap();
    assert_eq!(plain.cause(), Cause::TurnedDown);
}

#[test]
fn codes_nobody_knows_are_told_with_the_job() {
    let job = job(Operation::DomainUpdate, State::Running);
    let mut judgement = Judgement::plain(Verdict::Done);
    let event = |judgement: &Judgement| {
        let step = here().answered(&job, Answer::default(), judgement).step.unwrap();
        step.event.unwrap().body["data"]["unknown_codes"].clone()
    };
    assert_eq!(event(&judgement), Value::Null);
    judgement.unknown_codes = vec!["59999999999".into()];
    assert_eq!(event(&judgement), serde_json::json!(["59999999999"]));
}

#[test]
fn an_answer_that_repeats_a_secret_does_not_give_it_away() {
    let answer = || Answer {
        result: "failed".into(),
        messages: vec![crate::model::Message {
            level: crate::model::Level::Error,
            code: "1".into(),
            text: "SupermanistSuper does not match".into(),
            arguments: vec!["AuthInfo: SupermanistSuper".into()],
        }],
        data: serde_json::json!({"domain": "example.de", "said": ["SupermanistSuper"]}),
        ..Answer::default()
    };
    let mut order = job(Operation::DomainTransfer, State::Running);
    order.params.insert("auth_info".into(), "SupermanistSuper".into());
    let mut raw = job(Operation::Raw, State::Running);
    raw.params.insert("request".into(), "Version: 5.0\nAction: CHPROV\nAuthInfo: SupermanistSuper".into());
    for job in [order, raw] {
        let refused = Judgement::plain(Verdict::Refused("SupermanistSuper does not match".into()));
        let mut steps = vec![here().answered(&job, answer(), &refused).step.unwrap()];
        for (state, applied) in [(State::InDoubt, true), (State::Pending, false)] {
            let job = Job { state, ..job.clone() };
            let finding = Finding::Applied { shown: answer(), evidence: "INFO: ours".into() };
            let found = if applied {
                here().found(&job, finding, vec![], &[])
            } else {
                here().followed_up(&job, finding, vec![], &[])
            };
            steps.push(found.step.unwrap());
        }
        let asked = Finding::Unknown("INFO was refused: SupermanistSuper does not match".into());
        let doubt = Job { state: State::InDoubt, ..job.clone() };
        let inquiry = here().found(&doubt, asked, vec![], &[]).step.unwrap().inquiry.unwrap();
        assert_eq!(inquiry.evidence, "INFO was refused: *** does not match");
        for step in steps {
            let event = step.event.as_ref().unwrap().body.to_string();
            let stored = serde_json::to_string(&step.answer).unwrap();
            for text in [&event, &stored] {
                assert!(text.contains("AuthInfo: ***") && !text.contains("SupermanistSuper"), "{text}");
            }
            assert_eq!(step.answer.unwrap().data, serde_json::json!({"domain": "example.de", "said": ["***"]}));
        }
    }
}
