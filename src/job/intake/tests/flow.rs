//! Order and outages: what is durable before what, and what happens when store or broker is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{ID, delivery, gate, job, numbered};
use crate::broker::{Broker, Delivery};
use crate::job::fakes::{FakeBroker, FakeStore, Journal};
use crate::job::intake::{Intake, Outcome, Submission, submit};
use crate::job::observer::Observer;
use crate::model::State;
use crate::model::request::RejectCode::{Conflict, InvalidJob, Malformed};
use crate::model::retry::Steps;
use crate::store::Store;

struct House {
    store: Arc<FakeStore>,
    broker: Arc<FakeBroker>,
    journal: Journal,
    hints: Arc<Mutex<Vec<String>>>,
    warned: Arc<Mutex<Vec<String>>>,
}

/// Notes warnings.
struct Listening(Arc<Mutex<Vec<String>>>);

impl Observer for Listening {
    fn warned(&self, account: &str, rule: &'static str) {
        self.0.lock().unwrap().push(format!("{account} {rule}"));
    }
}

impl House {
    fn new(batches: Vec<Vec<Delivery>>) -> Self {
        let journal = Journal::default();
        let store = Arc::new(FakeStore { journal: Arc::clone(&journal), ..Default::default() });
        let broker = Arc::new(FakeBroker {
            journal: Arc::clone(&journal),
            deliveries: Mutex::new(batches),
            ..Default::default()
        });
        Self { store, broker, journal, hints: Arc::default(), warned: Arc::default() }
    }

    fn start(&self) -> (tokio::task::JoinHandle<()>, CancellationToken) {
        let stop = CancellationToken::new();
        let hints = Arc::clone(&self.hints);
        let intake = Intake {
            gate: Arc::new(gate()),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            broker: Arc::clone(&self.broker) as Arc<dyn Broker>,
            hint: Arc::new(move |account: &str| hints.lock().unwrap().push(account.to_owned())),
            observer: Arc::new(Listening(Arc::clone(&self.warned))),
            retry: Steps { first: Duration::from_secs(1), longest: Duration::from_secs(60) },
        };
        (tokio::spawn(intake.run(stop.clone())), stop)
    }

    /// Runs until so many batches were acknowledged.
    async fn run_until_acked(&self, batches: u32) -> Vec<String> {
        let (task, stop) = self.start();
        let acks = self.broker.acks.acquire_many(batches);
        acks.await.unwrap().forget();
        stop.cancel();
        task.await.unwrap();
        self.journal.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn the_order_is_store_then_rejected_then_ack() {
    let bulk = json!({ "batch": "b", "jobs": [numbered(1), { "account": "x" }, numbered(2)] }).to_string();
    let house =
        House::new(vec![vec![delivery(1, bulk), delivery(2, "nonsense"), delivery(3, numbered(3).to_string())]]);
    // Three items of the bulk and one nonsense fill a transaction of four.
    let journal = house.run_until_acked(2).await;
    assert_eq!(journal, ["accept 2 jobs 2 events", "reject 2", "ack [1, 2]", "accept 1 jobs 0 events", "ack [3]"]);
    let rejected = house.broker.rejected.lock().unwrap();
    assert_eq!(rejected[0].body, br#"{"account":"x"}"#);
    assert_eq!(rejected[0].reject.field.as_deref(), Some("jobs[1].operation"));
    assert_eq!((rejected[1].body.as_slice(), rejected[1].reject.code), (b"nonsense".as_slice(), Malformed));
    let events = house.store.events.lock().unwrap();
    assert!(events.values().all(|event| event.is_final && event.reply_to.as_deref() == Some("replies")));
    assert_eq!(*house.hints.lock().unwrap(), ["DENIC-1000022", "DENIC-1000022"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_before_store_and_broker_have_it() {
    let house = House::new(vec![vec![delivery(1, numbered(1).to_string()), delivery(2, "nonsense")]]);
    *house.store.failures.lock().unwrap() = 7;
    *house.broker.failures.lock().unwrap() = 5;
    assert_eq!(house.run_until_acked(1).await, ["accept 1 jobs 1 events", "reject 1", "ack [1, 2]"]);
}

#[tokio::test(start_paused = true)]
async fn told_to_stop_while_the_store_is_away_it_leaves_deliveries_to_the_broker() {
    let house = House::new(vec![vec![delivery(1, numbered(1).to_string())]]);
    *house.store.failures.lock().unwrap() = u32::MAX;
    let (task, stop) = house.start();
    house.store.asked.notified().await;
    stop.cancel();
    task.await.unwrap();
    assert!(house.journal.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_recorded_and_rejected_and_a_redelivery_is_not() {
    let other = job(json!({ "id": ID, "context": "other" })).to_string();
    let first = job(json!({ "id": ID })).to_string();
    let house =
        House::new(vec![vec![delivery(1, first.clone())], vec![delivery(2, first), delivery(3, other.clone())]]);
    let journal = house.run_until_acked(2).await;
    let expected = [
        "accept 1 jobs 0 events",
        "ack [1]",
        "accept 2 jobs 0 events",
        "accept 0 jobs 1 events",
        "reject 1",
        "ack [2, 3]",
    ];
    assert_eq!(journal, expected);
    let rejected = house.broker.rejected.lock().unwrap();
    assert_eq!((rejected[0].reject.code, rejected[0].body.as_slice()), (Conflict, other.as_bytes()));
    let events = house.store.events.lock().unwrap();
    let event = events.values().next().unwrap();
    assert_eq!((&event.body["data"]["job"], &event.body["data"]["context"]), (&json!(ID), &json!("other")));
    assert_eq!(event.routing_key(), "job.rejected.DENIC-1000022");
}

#[tokio::test(start_paused = true)]
async fn batches_are_committed_in_the_order_they_came() {
    let batches = (1..=9).map(|n| vec![delivery(n, numbered(n as u8).to_string())]).collect();
    let journal = House::new(batches).run_until_acked(9).await;
    let acks: Vec<_> = journal.iter().filter(|line| line.starts_with("ack")).cloned().collect();
    assert_eq!(acks, (1..=9).map(|n| format!("ack [{n}]")).collect::<Vec<_>>());
}

fn item(job: Value) -> Submission {
    Submission { job, batch: None }
}

#[tokio::test]
async fn the_command_line_reports_each_item() {
    let store = FakeStore::default();
    let good = || item(job(json!({ "id": ID })));
    let expected = [Outcome::Accepted, Outcome::Duplicate(State::Waiting)];
    for outcome in expected {
        let report = submit(&gate(), &store, &[good()], false).await.unwrap();
        assert_eq!((&report[0].outcome, report[0].id.unwrap().to_string().as_str()), (&outcome, ID));
    }
    let other = job(json!({ "id": ID, "batch": "other" }));
    let items = [good(), item(json!({ "account": "x", "id": ID })), item(json!(7)), item(job(json!({}))), item(other)];
    let report = submit(&gate(), &store, &items, false).await.unwrap();
    let codes: Vec<_> = report
        .iter()
        .map(|item| match &item.outcome {
            Outcome::Rejected(reject) => Some(reject.code),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [None, Some(InvalidJob), Some(Malformed), Some(InvalidJob), Some(Conflict)]);
    assert_eq!(report[1].id.map(|id| id.to_string()).as_deref(), Some(ID), "a job that says its id is named by it");
    let in_batch = Submission { batch: Some("b".into()), ..item(numbered(7)) };
    assert_eq!(submit(&gate(), &store, &[in_batch], false).await.unwrap()[0].outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_dry_run_checks_and_stores_nothing() {
    let store = FakeStore::default();
    let odd = job(json!({ "id": ID, "params": { "domain": "odd.de" } }));
    let report = submit(&gate(), &store, &[item(odd)], true).await.unwrap();
    assert_eq!((&report[0].outcome, report[0].warnings[0].rule), (&Outcome::Accepted, "odd_name"));
    assert!(store.jobs.lock().unwrap().is_empty() && store.events.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_breaks_a_rule_is_taken_and_told_of_once() {
    let odd = job(json!({ "id": ID, "params": { "domain": "odd.de" }, "context": { "order": "A-1" } })).to_string();
    let house =
        House::new(vec![vec![delivery(1, odd.clone()), delivery(2, numbered(1).to_string())], vec![delivery(3, odd)]]);
    assert_eq!(house.run_until_acked(2).await[0], "accept 2 jobs 0 events");
    let events = house.store.events.lock().unwrap();
    let [event] = events.values().collect::<Vec<_>>()[..] else { panic!("{events:?}") };
    assert_eq!((event.routing_key().as_str(), event.is_final), ("job.warned.DENIC-1000022", false));
    let data = json!({
        "job": ID, "account": "DENIC-1000022", "operation": "domain.create", "object": "domain:odd.de",
        "warnings": [{ "rule": "odd_name", "field": "params.domain", "reason": "is odd" }], "context": { "order": "A-1" },
    });
    assert_eq!(event.body["data"], data);
    assert_eq!(*house.warned.lock().unwrap(), ["DENIC-1000022 odd_name"], "a duplicate is not told of again");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_in_a_bulk_names_its_place() {
    let first = numbered(1).to_string();
    let other = job(json!({ "id": numbered(1)["id"], "class": "bulk" }));
    let bulk = json!({ "jobs": [numbered(2), other] }).to_string();
    let house = House::new(vec![vec![delivery(1, first)], vec![delivery(2, bulk)]]);
    house.run_until_acked(2).await;
    let rejected = house.broker.rejected.lock().unwrap();
    assert_eq!((rejected[0].reject.code, rejected[0].reject.field.as_deref()), (Conflict, Some("jobs[1].id")));
    assert_eq!(rejected[0].body, other.to_string().into_bytes());
}
