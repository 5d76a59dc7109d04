use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::*;
use crate::model::{JobId, ObjectKey, ObjectKind, Operation, State, WaitingFor};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn job(publisher: &str, class: Class, number: u128) -> Job {
    Job {
        id: JobId(Uuid::from_u128(number)),
        seq: i64::try_from(number).unwrap(),
        publisher: publisher.into(),
        account: "A".into(),
        queue: "A".into(),
        operation: Operation::DomainCheck,
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        params: Map::new(),
        class,
        state: State::Waiting,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: NOW,
        start_by: None,
        batch: None,
        max_attempts: 1,
        attempt: 0,
        spent: 0,
        asked: 0,
        transaction: None,
        keep_transaction: false,
        lost: false,
        intent_at: None,
        blockers: 0,
        answer: None,
        context: Value::Null,
        reply_to: None,
        correlation_id: None,
        created_at: NOW,
        updated_at: NOW,
        finished_at: None,
        fence: 0,
    }
}

/// Publishers with so many jobs each, served a few at a time as a worker does.
struct Office {
    fair: Fair,
    left: BTreeMap<(Class, String), VecDeque<Job>>,
    now: Timestamp,
}

impl Office {
    fn new(weights: &[(&str, u32)]) -> Self {
        let weights = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        Self { fair: Fair::new(Arc::new(weights)), left: BTreeMap::new(), now: NOW }
    }

    fn publish(&mut self, publisher: &str, class: Class, count: u128) {
        let jobs = (0..count).map(|number| Job { due_at: self.now, ..job(publisher, class, number) });
        self.left.entry((class, publisher.into())).or_default().extend(jobs);
    }

    /// Starts up to `some` jobs, of which only the first `slots` get a slot.
    fn serve(&mut self, some: usize, slots: usize) -> Vec<(Class, String)> {
        let heads = self.left.values().flat_map(|line| line.iter().take(some).cloned()).collect();
        let mut order = self.fair.order(heads, self.now, some);
        order.truncate(slots);
        self.fair.started(&order);
        for job in &order {
            let line = self.left.get_mut(&(job.class, job.publisher.clone())).unwrap();
            assert_eq!(line.pop_front().unwrap().id, job.id, "a publisher's own order stays");
        }
        self.left.retain(|_, line| !line.is_empty());
        order.into_iter().map(|job| (job.class, job.publisher)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whoever comes late to a queue of millions waits at most for twice its share, whatever the group sizes are and
    /// however often only some of a group get a slot.
    #[test]
    fn ten_jobs_wait_at_most_twice_their_fair_share(
        others in 1usize..5,
        weight in 1u32..6,
        before in 0usize..400,
        some in 1usize..20,
        slots in 1usize..20,
    ) {
        let names: Vec<String> = (0..others).map(|n| format!("big-{n}")).collect();
        let mut office = Office::new(&[("late", weight)]);
        names.iter().for_each(|name| office.publish(name, Class::Bulk, 1000));
        let mut served = 0;
        while served < before {
            served += office.serve(some, slots).len();
        }
        office.publish("late", Class::Bulk, 10);
        let mut until_done = 0;
        while office.left.contains_key(&(Class::Bulk, "late".into())) {
            until_done += office.serve(some, slots).len();
        }
        // Its share is weight : others; ten jobs would be done after 10 + 10 * others / weight.
        let fair = 10 + (10 * others).div_ceil(weight as usize);
        prop_assert!(until_done <= 2 * fair + slots, "{until_done} started until ten were, {fair} would be fair");
    }

    /// Over a long time everybody gets what the weights say, to a job per publisher.
    #[test]
    fn shares_follow_the_weights(weights in proptest::collection::vec(1u32..20, 2..6), some in 1usize..30) {
        let named: Vec<(String, u32)> = weights.iter().enumerate().map(|(n, w)| (format!("p{n}"), *w)).collect();
        let borrowed: Vec<(&str, u32)> = named.iter().map(|(name, weight)| (name.as_str(), *weight)).collect();
        let mut office = Office::new(&borrowed);
        named.iter().for_each(|(name, _)| office.publish(name, Class::Normal, 5000));
        let mut got: BTreeMap<String, f64> = BTreeMap::new();
        let mut total = 0.0;
        while total < 1000.0 {
            for (_, publisher) in office.serve(some, some) {
                *got.entry(publisher).or_default() += 1.0;
                total += 1.0;
            }
        }
        let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        for (name, weight) in &named {
            let fair = total * f64::from(*weight) / sum;
            let difference = (got.get(name).copied().unwrap_or_default() - fair).abs();
            prop_assert!(difference <= 2.0 * weights.len() as f64, "{name}: {got:?}, fair is {fair}");
        }
    }
}

#[test]
fn who_was_idle_has_saved_nothing_up() {
    let mut office = Office::new(&[]);
    office.publish("a", Class::Normal, 1000);
    office.publish("b", Class::Normal, 1);
    (0..50).for_each(|_| drop(office.serve(5, 5)));
    office.publish("b", Class::Normal, 100);
    let of_b = office.serve(20, 20).iter().filter(|(_, publisher)| publisher == "b").count();
    assert_eq!(of_b, 10, "half of the turns, not all of them");
}

#[test]
fn more_urgent_classes_go_first_and_starving_ones_get_a_tenth() {
    let mut office = Office::new(&[]);
    office.publish("a", Class::Bulk, 100);
    office.publish("b", Class::Normal, 1000);
    office.publish("c", Class::Urgent, 3);
    let first: Vec<Class> = office.serve(5, 5).into_iter().map(|(class, _)| class).collect();
    assert_eq!(first, [Class::Urgent, Class::Urgent, Class::Urgent, Class::Normal, Class::Normal]);
    let bulk = |served: &[(Class, String)]| served.iter().filter(|(class, _)| *class == Class::Bulk).count();
    assert_eq!(bulk(&office.serve(100, 100)), 0, "bulk has not waited long yet");
    office.now = NOW + SignedDuration::try_from(PATIENCE).unwrap();
    let served: usize = (0..50).map(|_| bulk(&office.serve(2, 2))).sum();
    assert_eq!(served, 10, "one in ten, although two are started at a time");
    office.publish("c", Class::Urgent, 1000);
    let mut of_class = BTreeMap::new();
    for (class, _) in (0..100).flat_map(|_| office.serve(3, 3)).collect::<Vec<_>>() {
        *of_class.entry(class).or_insert(0) += 1;
    }
    assert!(of_class[&Class::Normal] >= 29 && of_class[&Class::Bulk] >= 29, "each that starves: {of_class:?}");
}

#[test]
fn the_queues_of_a_publisher_take_turns() {
    let of_queue = |queue: &str, number| Job { queue: queue.into(), ..job("a", Class::Normal, number) };
    let heads = vec![of_queue("A", 1), of_queue("A", 2), of_queue("P", 11), of_queue("P", 12)];
    let order = Fair::new(Arc::default()).order(heads, NOW, 9);
    assert_eq!(order.iter().map(|job| job.seq).collect::<Vec<_>>(), [1, 11, 2, 12]);
}
