//! Deliveries sorted into jobs to be stored and submissions to be turned away.

use jiff::Timestamp;
use serde_json::Value;

use super::fields;
use super::gate::{DefaultId, Gate, Origin, Publisher};
use super::message::{self, Message};
use crate::broker::{Delivery, RejectedMessage};
use crate::model::event::RejectedItem;
use crate::model::request::scrubbed;
use crate::model::{Event, EventId, JobId, NewJob, Reject};

/// What one transaction will take in.
pub(super) struct Sorted {
    /// Acknowledged when everything below is durable.
    pub(super) deliveries: Vec<Delivery>,
    pub(super) jobs: Vec<NewJob>,
    /// Where each of `jobs` came from.
    places: Vec<Place>,
    pub(super) turned_away: Vec<TurnedAway>,
}

struct Place {
    delivery: usize,
    index: u64,
    /// The item of a bulk message; `None` where the message is the job.
    item: Option<Value>,
}

/// A submission that is not taken in.
pub(super) struct TurnedAway {
    pub(super) event: Event,
    pub(super) message: RejectedMessage,
}

/// Sorts deliveries, in order, until there are `most` jobs for one transaction; the iterator keeps the rest. One message
/// is never divided, however many jobs it holds.
pub(super) fn sort(
    gate: &Gate,
    deliveries: &mut impl Iterator<Item = Delivery>,
    most: usize,
    now: Timestamp,
) -> Sorted {
    let mut sorted = Sorted { deliveries: vec![], jobs: vec![], places: vec![], turned_away: vec![] };
    while sorted.jobs.len() + sorted.turned_away.len() < most
        && let Some(delivery) = deliveries.next()
    {
        sorted.add(gate, delivery, now);
    }
    sorted
}

impl Sorted {
    fn add(&mut self, gate: &Gate, delivery: Delivery, now: Timestamp) {
        let number = self.deliveries.len();
        let origin = Origin {
            publisher: Publisher::Broker(delivery.user_id.as_deref()),
            id: DefaultId::MessageId(delivery.message_id.as_deref()),
            batch: None,
            reply_to: delivery.reply_to.as_deref(),
            correlation_id: delivery.correlation_id.as_deref(),
        };
        let mut decide = |origin: Origin<'_>, index: u64, raw: Value, bulk: bool| match gate.admit(&origin, &raw) {
            Ok(job) => {
                self.jobs.push(job);
                self.places.push(Place { delivery: number, index, item: bulk.then_some(raw) });
            }
            Err(reject) => {
                self.turned_away.push(turned_away(gate, &delivery, index, Some(&raw), bulk, reject, now));
            }
        };
        match message::read(&delivery.body, gate.limits()) {
            Ok(Message::One(raw)) => decide(origin, 0, raw, false),
            Ok(Message::Many { batch, jobs }) => {
                let origin = Origin { id: DefaultId::InBulk, batch: batch.as_deref(), ..origin };
                (0..).zip(jobs).for_each(|(index, raw)| decide(origin, index, raw, true));
            }
            Err(reject) => self.turned_away.push(turned_away(gate, &delivery, 0, None, false, reject, now)),
        }
        self.deliveries.push(delivery);
    }

    /// Turns away job number `job` after all, because the store will not have it.
    pub(super) fn turn_away(&self, gate: &Gate, job: usize, reject: Reject, now: Timestamp) -> Option<TurnedAway> {
        let place = self.places.get(job)?;
        let delivery = self.deliveries.get(place.delivery)?;
        let whole: Option<Value> = match place.item {
            Some(_) => None,
            None => serde_json::from_slice(&delivery.body).ok(),
        };
        let raw = place.item.as_ref().or(whole.as_ref());
        Some(turned_away(gate, delivery, place.index, raw, place.item.is_some(), reject, now))
    }
}

fn turned_away(
    gate: &Gate,
    delivery: &Delivery,
    index: u64,
    raw: Option<&Value>,
    bulk: bool,
    mut reject: Reject,
    now: Timestamp,
) -> TurnedAway {
    if bulk {
        reject.field = Some(match reject.field {
            Some(field) => format!("jobs[{index}].{field}"),
            None => format!("jobs[{index}]"),
        });
    }
    // The same bytes sent twice are two submissions, each with its reply; a redelivery is the same one.
    let property = |value: &'_ Option<String>| value.clone().unwrap_or_default().into_bytes();
    let source = EventId::of(&[
        &delivery.body,
        &property(&delivery.user_id),
        &property(&delivery.message_id),
        &property(&delivery.correlation_id),
        &property(&delivery.reply_to),
    ]);
    // Nothing that was not checked may enter an event: it could not be stored, or not be read back.
    let field = |key: &str| raw.and_then(|raw| raw.get(key)).and_then(Value::as_str);
    let storable = |text: &'_ Option<String>| text.clone().filter(|text| !text.contains('\0'));
    let id = field("id").or(if bulk { None } else { delivery.message_id.as_deref() });
    let id = id.and_then(|id| id.parse::<JobId>().ok()).map(|id| id.to_string());
    let context = raw.and_then(|raw| raw.get("context")).filter(|context| fields::acceptable_context(context));
    let event = Event::of_reject(
        &reject,
        &RejectedItem {
            source: source.0.as_bytes(),
            index,
            publisher: Publisher::Broker(delivery.user_id.as_deref()).name(),
            account: field("account").filter(|account| gate.knows(account)),
            job: id.as_deref(),
            context: context.unwrap_or(&Value::Null),
            reply_to: storable(&delivery.reply_to).as_deref(),
            correlation_id: storable(&delivery.correlation_id).as_deref(),
        },
        now,
    );
    let body = match raw {
        Some(item) if bulk => item.to_string().into_bytes(),
        _ => delivery.body.clone(),
    };
    // It is kept for people to look at, who need no password for that. What cannot be read is kept as it came.
    let body = raw.and_then(scrubbed).map_or(body, |item| item.to_string().into_bytes());
    let message = RejectedMessage {
        body,
        reject,
        message_id: delivery.message_id.clone(),
        correlation_id: delivery.correlation_id.clone(),
    };
    TurnedAway { event, message }
}
