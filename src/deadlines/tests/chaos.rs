//! Any words, any looks, keepers that die anywhere: each reminder once, and at most one open entry.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::deadlines::plan::Step;
use crate::model::deadline::Ending;

/// What happens next.
#[derive(Clone, Debug)]
enum Happening {
    /// Time passes, and a keeper looks.
    Look(u32),
    /// Time passes, and a keeper looks that dies before it has written its page.
    Die(u32),
    /// A word about one of two domains.
    Hear(u8, Kind, Word_),
}

/// Few kinds, so that they meet.
#[derive(Clone, Copy, Debug)]
struct Kind(DeadlineKind);

#[derive(Clone, Debug)]
enum Word_ {
    Due(u32),
    End(Ending),
    Absent,
    Gone,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let hours = || prop_oneof![1u32..12, 12u32..400];
    let kind = prop::sample::select(vec![
        Kind(DeadlineKind::DomainExpiry),
        Kind(DeadlineKind::VerificationBeforeDeletion),
        Kind(DeadlineKind::UdaiExpiry),
    ]);
    let says = prop_oneof![
        4 => (0u32..1500).prop_map(Word_::Due),
        1 => prop::sample::select(Ending::ALL.to_vec()).prop_map(Word_::End),
        1 => Just(Word_::Absent),
        1 => Just(Word_::Gone),
    ];
    let happening = prop_oneof![
        4 => hours().prop_map(Happening::Look),
        2 => hours().prop_map(Happening::Die),
        3 => (0u8..2, kind, says).prop_map(|(object, kind, says)| Happening::Hear(object, kind, says)),
    ];
    prop::collection::vec(happening, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn each_reminder_is_said_once_and_only_at_its_time(happenings in happenings()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(happenings))?;
    }
}

async fn play(happenings: Vec<Happening>) -> Result<(), TestCaseError> {
    let world = World::at("2026-10-20T09:00:00Z", plain).await;
    for happening in happenings {
        match happening {
            Happening::Look(hours) => world.look_at(world.now() + SignedDuration::from_hours(hours.into())).await,
            Happening::Die(hours) => {
                let later = world.now() + SignedDuration::from_hours(hours.into());
                *world.now.lock().unwrap() = later;
                // Its lease was taken from it: whatever it has done, it cannot write.
                let old = world.store.acquire(LEASE, "old", Duration::from_secs(60)).await.unwrap().unwrap();
                world.store.release(&old).await.unwrap();
                let keeper = world.keeper();
                let _ = Round::new(&keeper, &old).carry_out(&CancellationToken::new()).await;
            }
            Happening::Hear(object, Kind(kind), says) => {
                let now = world.now();
                let says = match says {
                    Word_::Due(hours) => Says::Due { kind, due: now + SignedDuration::from_hours(hours.into()) },
                    Word_::End(Ending::Met) => Says::Met { kind, why: "done".into() },
                    Word_::End(Ending::Missed) => Says::Missed { kind, why: "happened".into() },
                    Word_::End(Ending::Cleared) => Says::Cleared { kind, why: "over".into() },
                    Word_::Absent => Says::Absent { kind },
                    Word_::Gone => Says::Gone { why: "gone".into() },
                };
                world.hear(Word { object: domain(&format!("example-{object}.de")), ..word(says, now) }).await;
            }
        }
        check(&world).await?;
    }
    Ok(())
}

async fn check(world: &World) -> Result<(), TestCaseError> {
    let entries = world.entries().await;
    let open: Vec<_> = entries.iter().filter(|entry| entry.closed.is_none()).collect();
    let keys: BTreeSet<_> = open.iter().map(|entry| (&entry.object, entry.kind)).collect();
    prop_assert_eq!(keys.len(), open.len(), "one open entry of an object and a kind");
    let events = world.events().await;
    let said: Vec<_> = events
        .iter()
        .filter(|(kind, _)| kind == "deadline.approaching")
        .map(|(_, data)| {
            format!("{} {} {} {} {}", data["object"], data["kind"], data["due"], data["lead"], data["scheduled"])
        })
        .collect();
    // What is open: each reminder whose time came since its date was heard has been said, and none before its time.
    let plans = (world.plans)();
    for entry in open {
        for (at, step) in plans.steps(entry) {
            let Step::Remind(lead) = step else { continue };
            let text = format!("\"{}\" \"{}\" \"{}\" \"{lead}\" \"{at}\"", entry.object, entry.kind, entry.due);
            let count = said.iter().filter(|said| **said == text).count();
            if at > entry.heard_at {
                prop_assert_eq!(count, usize::from(at <= entry.seen_until), "{}", text);
            }
        }
    }
    Ok(())
}
