use std::collections::BTreeSet;
use std::time::Duration;

use super::fakes::{World, lock, message, pending};
use super::observer::Unobserved;
use super::queue::Trouble;
use super::*;

const STEPS: Steps = Steps { first: Duration::from_secs(5), longest: Duration::from_secs(60) };

fn poller(world: &Arc<World>) -> Poller {
    let store: Arc<dyn Inbox> = world.clone();
    Poller { store, steps: STEPS, trouble: STEPS, observer: Arc::new(Unobserved), changed: Arc::new(|_| {}) }
}

fn lease() -> Lease {
    Lease { name: "DENIC-1000022".into(), owner: "test".into(), fence: 7 }
}

/// A process that reads the queue until it is empty, or until it dies after so many steps; `None` if it died.
async fn live(world: &Arc<World>, steps: Option<usize>) -> Option<Result<u64, Trouble>> {
    world.fuse.set(steps);
    let poller = poller(world);
    let mut queue = Queue::new(&poller, &**world, world.clone(), lease());
    let stop = CancellationToken::new();
    tokio::select! {
        biased;
        () = world.fuse.burnt.notified() => None,
        read = queue.drain(&stop) => Some(read),
    }
}

/// Each message told exactly once, its job ended with it, and nothing left anywhere.
fn assert_settled(world: &World, messages: usize) {
    assert!(lock(&world.queue).is_empty());
    let kept = lock(&world.kept);
    assert_eq!(kept.messages.len(), messages);
    assert!(kept.messages.values().all(|(tries, gone)| *gone && *tries > 0));
    let told: Vec<_> = kept.events.iter().filter(|event| event.kind.starts_with("message.")).collect();
    let ids: BTreeSet<_> = told.iter().map(|event| event.id.0).collect();
    assert_eq!((told.len(), ids.len()), (messages, messages));
    assert_eq!((kept.pending.len(), kept.moved.len()), (0, messages.div_ceil(3)));
    let ended: usize = told.iter().map(|event| event.body["data"]["ended"].as_array().unwrap().len()).sum();
    assert_eq!(ended, kept.moved.len());
}

#[tokio::test]
async fn it_may_die_after_every_single_step() {
    const MESSAGES: usize = 6;
    let mut deaths = 0;
    for steps in 1.. {
        let world = World::with(MESSAGES);
        if live(&world, Some(steps)).await.is_some() {
            break;
        }
        deaths += 1;
        live(&world, None).await.unwrap().unwrap();
        assert_settled(&world, MESSAGES);
    }
    // Per message: reading, storing, the intent, removing and noting it, each before and after; less for the known ones.
    assert!(deaths > MESSAGES * 10, "only {deaths} places to die");
}

#[tokio::test]
async fn it_may_die_again_and_again() {
    const MESSAGES: usize = 2000;
    // A message takes about ten steps, so each life ends at another place of another message than the one before.
    for every in [10, 11, 13, 17] {
        let world = World::with(MESSAGES);
        let mut lives = 0;
        while live(&world, Some(every)).await.is_none() {
            lives += 1;
            assert!(lives < MESSAGES * 10, "no progress with {every} steps a life");
        }
        assert_settled(&world, MESSAGES);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_heard_costs_nothing() {
    // Of the first read, of the first removal, of the second read, and so on.
    for heard in 0..7 {
        let world = World::with(3);
        world.lie_after(heard, "lost");
        let first = live(&world, None).await.unwrap();
        assert!(matches!(first, Err(Trouble::Lost(_))), "{heard}: {first:?}");
        live(&world, None).await.unwrap().unwrap();
        assert_settled(&world, 3);
    }
}

#[tokio::test]
async fn what_the_registry_refuses_is_tried_again_and_what_is_not_the_head_is_read_again() {
    let world = World::with(3);
    world.lie_after(0, "refused");
    assert!(matches!(live(&world, None).await, Some(Err(Trouble::Refused(_)))));
    world.lie_after(1, "refused");
    assert!(matches!(live(&world, None).await, Some(Err(Trouble::Refused(_)))));
    world.lie_after(1, "not_the_head");
    assert_eq!(live(&world, None).await.unwrap().unwrap(), 3);
    assert_settled(&world, 3);
}

#[tokio::test]
async fn a_message_that_cannot_be_removed_is_not_hammered() {
    let world = World::with(1);
    let again = lock(&world.queue).front().cloned().unwrap();
    lock(&world.queue).extend((0..9).map(|_| again.clone()));
    assert!(matches!(live(&world, None).await, Some(Err(Trouble::Refused(_)))));
    assert!(lock(&world.queue).len() > 5);
}

#[tokio::test]
async fn only_the_order_that_is_meant_is_ended() {
    let world = World::with(0);
    let mut old = message(1, "domain_status_update");
    old.written_at = Some(fakes::THEN - Duration::from_secs(3600));
    lock(&world.queue).extend([old, message(2, "transferred_away"), message(3, "domain_status_update")]);
    lock(&world.kept).pending = vec![pending(1), pending(2), pending(3)];
    lock(&world.kept).overtaken = 2;
    assert_eq!(live(&world, None).await.unwrap().unwrap(), 3);
    let kept = lock(&world.kept);
    assert_eq!(kept.moved, [pending(3).id]);
    let told: Vec<_> = kept.events.iter().map(|event| event.routing_key()).collect();
    let of = |kind: &str| format!("{kind}.DENIC-1000022");
    assert_eq!(
        told,
        ["message.domain_status_update", "message.transferred_away", "message.domain_status_update", "job.succeeded"]
            .map(of)
    );
    let data = &kept.events[2].body["data"];
    assert_eq!((&data["type"], &data["object"]), (&"DOMAIN_STATUS_UPDATE".into(), &"domain:example-3.de".into()));
    assert_eq!(data["ended"], serde_json::json!([pending(3).id]));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_queue_is_looked_at_sooner_when_something_is_expected() {
    let world = World::with(0);
    let poller = poller(&world);
    let (hint, stop) = (Notify::new(), CancellationToken::new());
    let attending = poller.attend(&*world, world.clone(), lease(), &hint, stop.clone());
    let watching = async {
        // Looks at 0, 5, 15, 35, 75, 135, … seconds.
        tokio::time::sleep(Duration::from_secs(140)).await;
        lock(&world.queue).extend([message(1, "raw")]);
        hint.notify_one();
        tokio::time::sleep(Duration::from_secs(6)).await;
        let is_empty = lock(&world.queue).is_empty();
        stop.cancel();
        is_empty
    };
    let ((), found) = tokio::join!(attending, watching);
    assert!(found, "it would have been looked at after a minute");
}
