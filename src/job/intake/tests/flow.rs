//! Order and outages: what is durable before what, and what happens when store or broker is away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{ID, delivery, gate, job, numbered};
use crate::broker::{Broker, Delivery};
use crate::job::fakes::{FakeBroker, FakeStore, Journal};
use crate::job::intake::{Intake, Outcome, read_submission, submit};
use crate::job::observer::Unobserved;
use crate::model::State;
use crate::model::request::RejectCode::{Conflict, InvalidJob, Malformed};
use crate::model::retry::Steps;
use crate::store::Store;

struct House {
    store: Arc<FakeStore>,
    broker: Arc<FakeBroker>,
    journal: Journal,
    hints: Arc<Mutex<Vec<String>>>,
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
        Self { store, broker, journal, hints: Arc::default() }
    }

    fn start(&self) -> (tokio::task::JoinHandle<()>, CancellationToken) {
        let stop = CancellationToken::new();
        let hints = Arc::clone(&self.hints);
        let intake = Intake {
            gate: Arc::new(gate()),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            broker: Arc::clone(&self.broker) as Arc<dyn Broker>,
            hint: Arc::new(move |account: &str| hints.lock().unwrap().push(account.to_owned())),
            observer: Arc::new(Unobserved),
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

#[tokio::test]
async fn the_command_line_takes_every_form_and_reports_each_item() {
    let store = FakeStore::default();
    let (good, bad) = (job(json!({ "id": ID })), json!({ "account": "x" }));
    let forms = [
        good.to_string(),
        json!([good]).to_string(),
        json!({ "jobs": [good] }).to_string(),
        format!("{good}\n\n{good}\n"),
        serde_json::to_string_pretty(&good).unwrap(),
    ];
    for (form, text) in forms.iter().enumerate() {
        let items = read_submission(text.as_bytes(), None).unwrap();
        let report = submit(&gate(), &store, &items, false).await.unwrap();
        let expected = if form == 0 { Outcome::Accepted } else { Outcome::Duplicate(State::Waiting) };
        assert_eq!(report[0].outcome, expected, "{text}");
        assert_eq!(report[0].id.unwrap().to_string(), ID);
    }
    let text = format!("{}\n{bad}\nnonsense\n{}\n", job(json!({})), job(json!({ "id": ID, "batch": "other" })));
    let report = submit(&gate(), &store, &read_submission(text.as_bytes(), Some("b")).unwrap(), false).await.unwrap();
    let codes: Vec<_> = report
        .iter()
        .map(|item| match &item.outcome {
            Outcome::Rejected(reject) => Some(reject.code),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [None, Some(InvalidJob), Some(Malformed), Some(Conflict)]);
    assert!(report[0].id.is_some(), "an id was made");
    assert!(read_submission(b"nonsense", None).is_err());
    assert!(read_submission(b"{}", Some("a b")).is_err());
}

#[tokio::test]
async fn a_dry_run_checks_and_stores_nothing() {
    let store = FakeStore::default();
    let items = read_submission(job(json!({})).to_string().as_bytes(), None).unwrap();
    assert_eq!(submit(&gate(), &store, &items, true).await.unwrap()[0].outcome, Outcome::Accepted);
    assert!(store.jobs.lock().unwrap().is_empty());
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
