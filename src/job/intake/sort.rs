//! Deliveries sorted into jobs to be stored and submissions to be turned away.

use std::ops::Range;
use std::sync::OnceLock;

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
    /// What identifies each of them as a submission.
    sources: Vec<OnceLock<EventId>>,
    pub(super) jobs: Vec<NewJob>,
    /// Where each of `jobs` came from.
    places: Vec<Place>,
    pub(super) turned_away: Vec<TurnedAway>,
}

struct Place {
    delivery: usize,
    index: u64,
    /// Where it stands in a bulk message; `None` where the message is the job.
    item: Option<Range<usize>>,
}

/// A submission that is not taken in.
pub(super) struct TurnedAway {
    pub(super) event: Event,
    pub(super) message: RejectedMessage,
}

/// Bytes of messages that one transaction takes in, and the last of them: as jobs and as statements they take several times
/// as much.
pub(super) const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Sorts deliveries, in order, until there are `most` jobs or [`MOST_BYTES`] for one transaction; the iterator keeps the
/// rest. One message is never divided, however many jobs it holds.
pub(super) fn sort(
    gate: &Gate,
    deliveries: &mut impl Iterator<Item = Delivery>,
    most: usize,
    now: Timestamp,
) -> Sorted {
    let mut sorted = Sorted { deliveries: vec![], sources: vec![], jobs: vec![], places: vec![], turned_away: vec![] };
    let mut bytes = 0;
    while sorted.jobs.len() + sorted.turned_away.len() < most
        && bytes < MOST_BYTES
        && let Some(delivery) = deliveries.next()
    {
        bytes += delivery.body.len();
        sorted.add(gate, delivery, now);
    }
    sorted
}

impl Sorted {
    fn add(&mut self, gate: &Gate, mut delivery: Delivery, now: Timestamp) {
        let number = self.deliveries.len();
        let source = OnceLock::new();
        let read = message::read(&delivery.body, gate.limits());
        let origin = Origin {
            publisher: Publisher::Broker(delivery.user_id.as_deref()),
            id: DefaultId::MessageId(delivery.message_id.as_deref()),
            batch: None,
            reply_to: delivery.reply_to.as_deref(),
            correlation_id: delivery.correlation_id.as_deref(),
        };
        let whole = match read {
            Ok(Message::One(raw)) => match gate.admit(&origin, &raw) {
                Ok(job) => {
                    self.take(job, Place { delivery: number, index: 0, item: None });
                    None
                }
                Err(reject) => Some((Some(raw), reject)),
            },
            Ok(Message::Many { batch, jobs }) => {
                let origin = Origin { id: DefaultId::InBulk, batch: batch.as_deref(), ..origin };
                for (index, item) in (0..).zip(jobs) {
                    let (raw, admitted) = match message::job(text(&delivery, &item)) {
                        Ok(raw) => {
                            let admitted = gate.admit(&origin, &raw);
                            (Some(raw), admitted)
                        }
                        Err(reject) => (None, Err(reject)),
                    };
                    match admitted {
                        Ok(job) => self.take(job, Place { delivery: number, index, item: Some(item) }),
                        Err(reject) => {
                            let of = Of { delivery: &delivery, source: &source, index, item: Some(item) };
                            self.turned_away.push(turned_away(gate, of, raw.as_ref(), reject, now));
                        }
                    }
                }
                None
            }
            Err(reject) => Some((None, reject)),
        };
        if let Some((raw, reject)) = whole {
            let of = Of { delivery: &delivery, source: &source, index: 0, item: None };
            let mut turned = turned_away(gate, of, raw.as_ref(), reject, now);
            if turned.message.body.is_empty() {
                // It may be large, and nobody looks into it any more.
                turned.message.body = std::mem::take(&mut delivery.body);
            }
            self.turned_away.push(turned);
        }
        self.deliveries.push(delivery);
        self.sources.push(source);
    }

    fn take(&mut self, job: NewJob, place: Place) {
        self.jobs.push(NewJob { message: place.delivery, ..job });
        self.places.push(place);
    }

    /// Turns away job number `job` after all, because the store will not have it.
    pub(super) fn turn_away(&self, gate: &Gate, job: usize, reject: Reject, now: Timestamp) -> Option<TurnedAway> {
        let place = self.places.get(job)?;
        let (delivery, source) = (self.deliveries.get(place.delivery)?, self.sources.get(place.delivery)?);
        let of = Of { delivery, source, index: place.index, item: place.item.clone() };
        let whole = 0..delivery.body.len();
        let raw = message::job(text(delivery, place.item.as_ref().unwrap_or(&whole))).ok();
        let mut turned = turned_away(gate, of, raw.as_ref(), reject, now);
        if place.item.is_none() && turned.message.body.is_empty() {
            turned.message.body.clone_from(&delivery.body);
        }
        Some(turned)
    }
}

/// A part of a message that was found to be UTF-8.
fn text<'a>(delivery: &'a Delivery, item: &Range<usize>) -> &'a str {
    delivery.body.get(item.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
}

/// What is turned away, and of which submission it is part.
struct Of<'a> {
    delivery: &'a Delivery,
    /// Computed once a delivery: it covers the whole body, of which there may be thousands of parts.
    source: &'a OnceLock<EventId>,
    index: u64,
    item: Option<Range<usize>>,
}

/// With the item of a bulk message as its body, or what was scrubbed of secrets; the whole message, where it holds none, is
/// the caller's to put there.
fn turned_away(gate: &Gate, of: Of<'_>, raw: Option<&Value>, mut reject: Reject, now: Timestamp) -> TurnedAway {
    let Of { delivery, source, index, item } = of;
    let bulk = item.is_some();
    if bulk {
        reject.field = Some(match reject.field {
            Some(field) => format!("jobs[{index}].{field}"),
            None => format!("jobs[{index}]"),
        });
    }
    // The same bytes sent twice are two submissions, each with its reply; a redelivery is the same one.
    let property = |value: &'_ Option<String>| value.clone().unwrap_or_default().into_bytes();
    let source = source.get_or_init(|| {
        EventId::of(&[
            &delivery.body,
            &property(&delivery.user_id),
            &property(&delivery.message_id),
            &property(&delivery.correlation_id),
            &property(&delivery.reply_to),
        ])
    });
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
    // It is kept for people to look at, who need no password for that. What cannot be read is kept as it came.
    let body = match (raw.and_then(scrubbed), item) {
        (Some(scrubbed), _) => scrubbed.to_string().into_bytes(),
        (None, Some(item)) => text(delivery, &item).as_bytes().to_vec(),
        (None, None) => Vec::new(),
    };
    let message = RejectedMessage {
        body,
        reject,
        message_id: delivery.message_id.clone(),
        correlation_id: delivery.correlation_id.clone(),
    };
    TurnedAway { event, message }
}
