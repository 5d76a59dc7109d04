//! Each kind: how it starts, what moves it, what ends it, and what happens when nobody does anything.

use jiff::SignedDuration;

use super::*;
use crate::deadlines::plan::QUESTIONS;
use crate::model::ObjectKind;
use crate::model::deadline::{AtEnd, Ending};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Kinds by what is believed of one that has passed: questions that are asked, and how it ends if nobody answers.
fn silence(kind: DeadlineKind) -> (usize, Ending) {
    match kind.at_end() {
        AtEnd::AskMet | AtEnd::AskMissed => (QUESTIONS.len(), Ending::Missed),
        AtEnd::Missed => (0, Ending::Missed),
        AtEnd::Over => (0, Ending::Cleared),
    }
}

#[tokio::test]
async fn what_nobody_hears_of_again_is_asked_about_and_missed() {
    for kind in DeadlineKind::ALL {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        world.hear(due(*kind, world.now() + DAY * 40, world.now())).await;
        world.look().await;
        world.walk().await;
        let (asked, how) = silence(*kind);
        let entries = world.entries().await;
        let [entry] = &entries[..] else { panic!("{kind}: {entries:?}") };
        assert_eq!(entry.closed.as_ref().map(|closed| closed.how), Some(how), "{kind}");
        assert_eq!(entry.asked as usize, asked, "{kind}");
        let jobs = world.desk.jobs.lock().unwrap().clone();
        assert_eq!(jobs.len(), asked, "{kind}: each question is a job of its own");
        for job in jobs.values() {
            assert!(["domain.info", "contact.info"].contains(&job["operation"].as_str().unwrap()), "{kind}");
            assert_eq!((&job["class"], &job["account"]), (&"urgent".into(), &ACCOUNT.into()), "{kind}");
        }
        let ended = format!("deadline.{}", how.word());
        let told = world.told().await;
        let expected = [("deadline.scheduled", 1), ("deadline.approaching", 6), (&ended, 1)];
        let expected = expected.into_iter().filter(|(told, _)| !kind.is_watch() || *told != "deadline.scheduled");
        assert_eq!(told, expected.map(|(kind, count)| (kind.to_owned(), count)).collect(), "{kind}");
    }
}

#[tokio::test]
async fn a_keeper_that_was_away_over_the_date_asks_before_it_believes_anything() {
    for answer in [true, false] {
        let kind = DeadlineKind::DomainExpiry;
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        world.hear(due(kind, world.now() + DAY * 2, world.now())).await;
        world.look().await;
        world.look_at(world.now() + DAY * 10).await;
        let asked = world.entries().await.remove(0);
        assert_eq!((asked.asked, &asked.closed), (1, &None), "one question stands for all that were due");
        assert_eq!(asked.next_at, Some(world.now() + SignedDuration::from_hours(1)));
        if answer {
            world.hear(due(kind, world.now() + DAY * 300, world.now())).await;
        }
        world.look_at(world.now() + DAY / 24).await;
        let first = world.entries().await.into_iter().find(|entry| entry.id == asked.id).unwrap();
        let expected = if answer { Ending::Met } else { Ending::Missed };
        assert_eq!((first.closed.map(|closed| closed.how), first.asked), (Some(expected), 1));
        assert_eq!(world.desk.jobs.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_date_is_one_of_whole_seconds() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    let kind = DeadlineKind::DomainExpiry;
    world.hear(due(kind, at("2027-11-01T12:00:00.123456789Z"), world.now())).await;
    world.look().await;
    world.hear(due(kind, at("2027-11-01T12:00:00Z"), world.now())).await;
    world.look().await;
    let events = world.events().await;
    assert_eq!(
        events.iter().map(|(_, data)| data["due"].as_str().unwrap()).collect::<Vec<_>>(),
        ["2027-11-01T12:00:00Z"]
    );
}

#[tokio::test]
async fn a_later_word_moves_it_and_what_was_said_of_the_old_date_is_said_anew() {
    for kind in DeadlineKind::ALL {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        let (first, second) = (world.now() + DAY * 40, world.now() + DAY * 70);
        world.hear(due(*kind, first, world.now())).await;
        world.look().await;
        world.look_at(world.now() + DAY * 27).await;
        assert_eq!(world.told().await["deadline.approaching"], 2, "{kind}: 30 and 14 days");
        world.hear(due(*kind, second, world.now())).await;
        world.look().await;
        let entries = world.entries().await;
        let [entry] = &entries[..] else { panic!("{kind}: {entries:?}") };
        assert_eq!((entry.due, &entry.closed), (second, &None), "{kind}");
        let events = world.events().await;
        if !kind.is_watch() {
            assert_eq!(events.last().unwrap().1["moved_from"], first.to_string(), "{kind}");
        }
        world.look_at(second - SignedDuration::from_secs(1)).await;
        assert_eq!(world.told().await["deadline.approaching"], 2 + 6, "{kind}: all six of the new date");
    }
}

#[tokio::test]
async fn what_was_done_meets_it_and_what_no_longer_matters_clears_it() {
    for kind in DeadlineKind::ALL {
        for (says, how) in [
            (Says::Met { kind: *kind, why: "it was done".into() }, Ending::Met),
            (Says::Cleared { kind: *kind, why: "it no longer matters".into() }, Ending::Cleared),
            (Says::Missed { kind: *kind, why: "it happened".into() }, Ending::Missed),
            (Says::Gone { why: "it went to another registrar".into() }, Ending::Cleared),
        ] {
            let world = World::at("2026-11-01T12:00:00Z", plain).await;
            world.hear(due(*kind, world.now() + DAY * 40, world.now())).await;
            world.look_at(world.now() + DAY).await;
            world.hear(word(says.clone(), world.now())).await;
            world.look().await;
            world.walk().await;
            let entries = world.entries().await;
            assert_eq!(entries[0].closed.as_ref().unwrap().how, how, "{kind}: {says:?}");
            let ended = format!("deadline.{}", how.word());
            let mut told = world.told().await;
            assert_eq!(told.remove("deadline.scheduled"), (!kind.is_watch()).then_some(1), "{kind}: {says:?}");
            assert_eq!(told, [(ended, 1)].into(), "{kind}: {says:?}");
        }
    }
}

#[tokio::test]
async fn a_date_the_registry_shows_no_more_is_met_or_missed_by_its_kind() {
    for kind in DeadlineKind::ALL {
        for (days, passed) in [(1, false), (41, true)] {
            let world = World::at("2026-11-01T12:00:00Z", plain).await;
            world.hear(due(*kind, world.now() + DAY * 40, world.now())).await;
            world.look_at(world.now() + DAY).await;
            let asked_at = world.now() + DAY * (days - 1);
            world.hear(word(Says::Absent { kind: *kind }, asked_at)).await;
            world.look_at(asked_at).await;
            let expected = match (kind.at_end(), passed) {
                (AtEnd::AskMet, _) => Ending::Met,
                (AtEnd::AskMissed, true) => Ending::Missed,
                (AtEnd::AskMissed, false) | (AtEnd::Missed | AtEnd::Over, _) => Ending::Cleared,
            };
            let entries = world.entries().await;
            assert_eq!(entries[0].closed.as_ref().map(|closed| closed.how), Some(expected), "{kind}, passed: {passed}");
        }
    }
}

#[tokio::test]
async fn what_only_moves_opens_nothing_and_what_has_passed_by_its_date_is_missed() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    let (kind, first) = (DeadlineKind::RedemptionEnd, world.now() + DAY * 10);
    let second = world.now() + DAY * 30;
    let passed = || Says::Passed { kind, why: "it was released".into() };
    world.hear(word(Says::Moves { kind, due: first }, world.now())).await;
    world.look().await;
    assert!(world.entries().await.is_empty());
    for says in [Says::Due { kind, due: first }, Says::Moves { kind, due: second }, passed()] {
        world.hear(word(says, world.now())).await;
    }
    world.look().await;
    assert_eq!(
        world.entries().await.iter().map(|entry| (entry.due, &entry.closed)).collect::<Vec<_>>(),
        [(second, &None)]
    );
    world.hear(word(passed(), second)).await;
    world.look().await;
    assert_eq!(world.entries().await[0].closed.as_ref().map(|closed| closed.how), Some(Ending::Missed));
}

#[tokio::test]
async fn a_domain_that_leaves_drops_all_its_entries_and_no_other() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    for kind in DeadlineKind::ALL {
        world.hear(due(*kind, world.now() + DAY * 40, world.now())).await;
    }
    let other =
        Word { object: domain("example.org"), ..due(DeadlineKind::DomainExpiry, world.now() + DAY, world.now()) };
    world.hear(other).await;
    world.hear(word(Says::Gone { why: "it went to another registrar".into() }, world.now())).await;
    world.look().await;
    let open: Vec<_> = world.entries().await.into_iter().filter(|entry| entry.closed.is_none()).collect();
    assert_eq!(open.iter().map(|entry| entry.object.as_str()).collect::<Vec<_>>(), ["domain:example.org"]);
}

#[tokio::test]
async fn a_later_date_heard_after_the_first_has_passed_meets_that_one() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    let kind = DeadlineKind::DomainExpiry;
    world.hear(due(kind, world.now() + DAY, world.now())).await;
    world.look_at(world.now() + DAY * 2).await;
    world.hear(due(kind, world.now() + DAY * 364, world.now())).await;
    world.look().await;
    let how: Vec<_> =
        world.entries().await.iter().map(|entry| entry.closed.as_ref().map(|closed| closed.how)).collect();
    assert_eq!(how, [Some(Ending::Met), None]);
}

#[tokio::test]
async fn what_was_written_long_before_the_last_word_moves_nothing() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    let (kind, date) = (DeadlineKind::VerificationBeforeDeletion, world.now() + DAY * 40);
    world.hear(due(kind, date, world.now())).await;
    world.look().await;
    let old = Word { basis: Basis::Message, ..due(kind, world.now() + DAY, world.now() - DAY) };
    let list = Word { basis: Basis::Import, ..due(kind, world.now() + DAY * 2, world.now()) };
    let by_the_day = due(kind, date + SignedDuration::from_hours(11), world.now());
    for word in [old, list, by_the_day, word(Says::Absent { kind }, world.now() - DAY)] {
        world.hear(word).await;
    }
    world.look().await;
    let entries = world.entries().await;
    assert_eq!((entries.len(), entries[0].due, &entries[0].closed), (1, date, &None));
    assert_eq!(world.told().await, [("deadline.scheduled".to_owned(), 1)].into());
}

#[tokio::test]
async fn entries_of_one_object_share_a_question() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    for kind in [DeadlineKind::VerificationBeforeDedelegation, DeadlineKind::VerificationBeforeDeletion] {
        world.hear(due(kind, world.now() + DAY, world.now())).await;
    }
    world.look().await;
    world.look_at(world.now() + DAY + QUESTIONS[0]).await;
    assert_eq!(world.desk.jobs.lock().unwrap().len(), 1);
    assert!(world.entries().await.iter().all(|entry| entry.asked == 1));
}

#[tokio::test]
async fn entries_of_one_object_that_ask_for_different_things_have_questions_of_their_own() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    for kind in [DeadlineKind::DomainExpiry, DeadlineKind::RegistrantVerification] {
        world.hear(due(kind, world.now() + DAY, world.now())).await;
    }
    world.look().await;
    world.look_at(world.now() + DAY + QUESTIONS[0]).await;
    let jobs = world.desk.jobs.lock().unwrap().clone();
    let asked: Vec<_> = jobs.values().map(|job| job["params"].get("question").is_some()).collect();
    assert_eq!((asked.len(), asked.iter().filter(|more| **more).count()), (2, 1));
}

/// A queue that was not read for days tells of a deletion before the domain was registered again.
#[tokio::test]
async fn a_message_of_long_ago_ends_nothing_that_was_heard_of_since() {
    let kind = DeadlineKind::DomainExpiry;
    let endings = [
        Says::Met { kind, why: "it was renewed".into() },
        Says::Cleared { kind, why: "it was deleted".into() },
        Says::Missed { kind, why: "it was deleted".into() },
        Says::Gone { why: "it went to another registrar".into() },
    ];
    for (says, hours, basis, ends) in endings.iter().flat_map(|says| {
        [(says, 2, Basis::Answer, false), (says, 0, Basis::Answer, true), (says, 2, Basis::Import, true)]
    }) {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        world.hear(Word { basis, ..due(kind, world.now() + DAY * 40, world.now()) }).await;
        world.look().await;
        let written = world.now() - SignedDuration::from_hours(hours);
        world.hear(Word { basis: Basis::Message, ..word(says.clone(), written) }).await;
        world.look().await;
        assert_eq!(world.entries().await[0].closed.is_some(), ends, "{says:?}, {hours} h before, known by {basis}");
    }
}

#[tokio::test]
async fn a_date_named_a_moment_earlier_is_the_one_that_is_known() {
    let kind = DeadlineKind::DomainExpiry;
    for (seconds, expected) in [(59, 1), (60, 2), (61, 2)] {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        let by_rule = world.now() + DAY * 365;
        world.hear(Word { basis: Basis::Rule, ..due(kind, by_rule, world.now()) }).await;
        world.look().await;
        world.hear(due(kind, by_rule - SignedDuration::from_secs(seconds), world.now())).await;
        world.look().await;
        assert_eq!(world.told().await["deadline.scheduled"], expected, "{seconds} s earlier");
    }
}

/// A name that has expired may be deleted a day before its grace period is over: that is lost. One that was paid for is deleted
/// because somebody ordered it.
#[tokio::test]
async fn a_deletion_in_the_grace_period_is_missed_and_one_before_it_is_not() {
    let (expiry, grace) = (DeadlineKind::DomainExpiry, DeadlineKind::RenewalGraceEnd);
    for (days, expected) in [(29, Ending::Cleared), (31, Ending::Missed)] {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        world.hear(due(expiry, world.now() + DAY * 30, world.now())).await;
        world.hear(due(grace, world.now() + DAY * 70, world.now())).await;
        world.look().await;
        let deleted = world.now() + DAY * days;
        for kind in [expiry, grace] {
            world.hear(word(Says::Passed { kind, why: "it was deleted".into() }, deleted)).await;
        }
        for kind in [expiry, grace] {
            world.hear(word(Says::Cleared { kind, why: "it was deleted".into() }, deleted)).await;
        }
        world.look_at(deleted).await;
        let ends: Vec<_> = world.entries().await.iter().map(|entry| entry.closed.as_ref().unwrap().how).collect();
        assert_eq!(ends, [expected, expected], "deleted on day {days}");
    }
}

/// An order about a contact waits for the lock contact just as one about a domain does.
#[tokio::test]
async fn the_question_is_about_what_the_date_is_of() {
    for (object, operation, name) in [
        (domain("example.de"), "domain.info", "domain"),
        (ObjectKey::new(ObjectKind::Contact, "DENIC-1000022-MAX"), "contact.info", "handle"),
    ] {
        let world = World::at("2026-11-01T12:00:00Z", plain).await;
        let kind = DeadlineKind::RegistryLockConfirmation;
        world.hear(Word { object: object.clone(), ..due(kind, world.now() + DAY, world.now()) }).await;
        world.look().await;
        world.look_at(world.now() + DAY * 2).await;
        let jobs: Vec<_> = world.desk.jobs.lock().unwrap().values().cloned().collect();
        let [job] = &jobs[..] else { panic!("{jobs:?}") };
        assert_eq!(
            (&job["operation"], &job["params"]),
            (&operation.into(), &serde_json::json!({ name: object.name() }))
        );
    }
}
