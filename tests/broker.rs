//! RabbitMQ as the contract wants it, against a real one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // clippy knows tests only by their attribute

#[path = "support/rabbitmq.rs"]
mod rabbitmq;

use std::time::Duration;

use jiff::Timestamp;
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use rabbitmq::{Corner, Proxy, header};
use registrard::broker::rabbitmq::{JobMessage, Names, RabbitBroker, publish_jobs};
use registrard::broker::{Broker, BrokerError, Delivery, Published, RejectedMessage};
use registrard::config;
use registrard::model::request::RejectCode;
use registrard::model::{Event, EventId, Reject};

const PREFETCH: u16 = 20;

async fn broker(corner: &Corner) -> RabbitBroker {
    RabbitBroker::connect_as(&corner.config, PREFETCH, &corner.names).await.expect("connects")
}

/// Receives until there are `count`; every wait in these tests ends, with an error, after this long.
async fn receive(broker: &RabbitBroker, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    while all.len() < count {
        all.extend(within(broker.receive(count - all.len())).await.expect("a delivery"));
    }
    all
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it happens within 30 s")
}

fn event(number: u32) -> Event {
    let mut event = Event::of_account("DENIC-1000022", "resumed", "test", Timestamp::UNIX_EPOCH);
    event.id = EventId::of(&[&number.to_be_bytes()]);
    event.body["data"]["number"] = number.into();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_arrives_with_who_sent_it_and_leaves_with_its_ack() {
    let corner = Corner::new("arrives").await;
    let broker = broker(&corner).await;
    assert!(broker.connected());
    let user = rabbitmq::user();
    let properties = BasicProperties::default()
        .with_user_id(user.as_str().into())
        .with_message_id("m-1".into())
        .with_reply_to("billing.replies".into())
        .with_correlation_id("c-1".into());
    corner.publish(b"{}", properties).await;
    corner.publish(b"[]", BasicProperties::default()).await;
    let deliveries = receive(&broker, 2).await;
    let first = &deliveries[0];
    assert_eq!((first.body.as_slice(), first.generation), (b"{}".as_slice(), 1));
    assert_eq!(first.user_id.as_deref(), Some(user.as_str()));
    assert_eq!(first.message_id.as_deref(), Some("m-1"));
    assert_eq!(first.reply_to.as_deref(), Some("billing.replies"));
    assert_eq!(first.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(deliveries[1].user_id, None);
    broker.ack(&deliveries).await.unwrap();
    broker.close().await;
    // What was not acknowledged would be back now.
    assert_eq!(corner.depth(&corner.names.intake()).await, 0);
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_acknowledged_is_gone() {
    let corner = Corner::new("partial-ack").await;
    let broker = broker(&corner).await;
    for number in 0..6u8 {
        corner.publish(&[number], BasicProperties::default()).await;
    }
    let deliveries = receive(&broker, 6).await;
    let kept: Vec<_> = [0, 1, 4].map(|index: usize| deliveries[index].clone()).into();
    broker.ack(&kept).await.unwrap();
    broker.close().await;
    let left: Vec<_> = corner.take(&corner.names.intake(), 3).await.iter().map(|delivery| delivery.data[0]).collect();
    assert_eq!(left, [2, 3, 5]);
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_brings_deliveries_again_under_a_new_generation() {
    let mut corner = Corner::new("redelivery").await;
    let proxy = Proxy::start().await;
    corner.config.url = proxy.url.clone();
    let broker = broker(&corner).await;
    corner.publish(b"a", BasicProperties::default()).await;
    corner.publish(b"b", BasicProperties::default()).await;
    let old = receive(&broker, 2).await;
    assert_eq!(old[0].generation, 1);

    proxy.cut();
    let new = receive(&broker, 2).await;
    assert!(new.iter().all(|delivery| delivery.generation > 1));
    let bodies: Vec<_> = new.iter().map(|delivery| delivery.body.clone()).collect();
    assert_eq!(bodies, [b"a", b"b"]);

    // Old tags are the same numbers on the new channel: they must not acknowledge anything there.
    broker.ack(&old).await.unwrap();
    broker.ack(&new[..1]).await.unwrap();
    broker.close().await;
    assert_eq!(corner.take(&corner.names.intake(), 1).await[0].data, b"b");
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_resumes_after_a_cut() {
    let mut corner = Corner::new("republish").await;
    let proxy = Proxy::start().await;
    corner.config.url = proxy.url.clone();
    let broker = broker(&corner).await;
    assert_eq!(broker.publish(&[event(1)]).await.unwrap(), [Published::Confirmed]);
    proxy.cut();
    let published = within(async {
        loop {
            match broker.publish(&[event(2)]).await {
                Ok(published) => return published,
                // One round trip to the broker until the next look.
                Err(BrokerError::Unavailable(_)) => drop(corner.depth(&corner.names.events()).await),
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
    assert_eq!(published, [Published::Confirmed]);
    broker.close().await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_turned_away_lands_in_rejected_with_its_reason() {
    let corner = Corner::new("rejected").await;
    let broker = broker(&corner).await;
    let reject =
        Reject { field: Some("params.domain".into()), ..Reject::new(RejectCode::InvalidParameter, "too long") };
    let message = |body: &[u8]| RejectedMessage {
        body: body.to_vec(),
        reject: reject.clone(),
        message_id: Some("m-1".into()),
        correlation_id: Some("c-1".into()),
    };
    broker.reject(&[message(b"one"), message(b"two")]).await.unwrap();
    let taken = corner.take(&corner.names.rejected(), 2).await;
    assert_eq!(taken.iter().map(|delivery| delivery.data.as_slice()).collect::<Vec<_>>(), [b"one", b"two"]);
    assert_eq!(header(&taken[0], "x-reason").as_deref(), Some("too long"));
    assert_eq!(header(&taken[0], "x-code").as_deref(), Some("invalid_parameter"));
    assert_eq!(header(&taken[0], "x-field").as_deref(), Some("params.domain"));
    assert_eq!(taken[0].properties.correlation_id().as_ref().map(|id| id.as_str()), Some("c-1"));
    broker.close().await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_too_often_is_dead_lettered_to_the_same_queue() {
    let mut corner = Corner::new("poison").await;
    corner.config.delivery_limit = 1;
    let mut count = 0;
    let first = broker(&corner).await;
    corner.publish(b"poison", BasicProperties::default()).await;
    let mut broker_now = first;
    while corner.depth(&corner.names.rejected()).await == 0 {
        assert!(count < 5, "never dead-lettered");
        let delivery = tokio::select! {
            delivery = receive(&broker_now, 1) => Some(delivery),
            () = dead_lettered(&corner) => None,
        };
        broker_now.close().await;
        if delivery.is_none() {
            break;
        }
        count += 1;
        broker_now = broker(&corner).await;
    }
    assert_eq!(corner.take(&corner.names.rejected(), 1).await[0].data, b"poison");
    assert_eq!(count, 2, "one delivery and one redelivery");
    corner.clean().await;
}

async fn dead_lettered(corner: &Corner) {
    while corner.depth(&corner.names.rejected()).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_confirmed_in_order_and_carry_the_contract() {
    let corner = Corner::new("events").await;
    let broker = broker(&corner).await;
    let events: Vec<_> = (0..300).map(event).collect();
    let published = broker.publish(&events).await.unwrap();
    assert_eq!(published, vec![Published::Confirmed; events.len()]);
    let taken = corner.take(&corner.names.events(), events.len()).await;
    for (event, delivery) in events.iter().zip(&taken) {
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&delivery.data).unwrap(), event.body);
        assert_eq!(delivery.routing_key.as_str(), "account.resumed.DENIC-1000022");
        let properties = &delivery.properties;
        assert_eq!(properties.message_id().as_ref().unwrap().as_str(), event.id.0.to_string());
        assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/cloudevents+json");
        assert_eq!(properties.kind().as_ref().unwrap().as_str(), "account.resumed");
        assert_eq!(*properties.delivery_mode(), Some(2));
        assert_eq!(*properties.timestamp(), Some(0));
    }
    broker.close().await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unroutable_events_are_told_from_routed_ones_of_the_same_batch() {
    let mut corner = Corner::new("unroutable").await;
    corner.config.events_queue = String::new();
    let broker = broker(&corner).await;
    let queue = format!("{}.some", corner.names.events());
    let declared =
        corner.client.queue_declare(queue.as_str().into(), QueueDeclareOptions::durable(), FieldTable::default());
    declared.await.unwrap();
    let exchange = corner.names.events();
    let bound = corner.client.queue_bind(
        queue.as_str().into(),
        exchange.as_str().into(),
        "job.#".into(),
        Default::default(),
        FieldTable::default(),
    );
    bound.await.unwrap();
    // Routed and unroutable ones in turn: the confirms of a burst are coalesced by the broker.
    let events: Vec<_> = (0..200)
        .map(|number| {
            let mut event = event(number);
            if number % 3 == 0 {
                event.kind = "job.succeeded".into();
            }
            event
        })
        .collect();
    let published = broker.publish(&events).await.unwrap();
    for (event, published) in events.iter().zip(&published) {
        let routed = event.kind == "job.succeeded";
        assert_eq!(*published == Published::Confirmed, routed, "{}: {published:?}", event.kind);
    }
    broker.close().await;
    corner.client.queue_delete(queue.as_str().into(), Default::default()).await.unwrap();
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_event_is_replied_directly_and_a_vanished_queue_is_no_failure() {
    let corner = Corner::new("reply").await;
    let broker = broker(&corner).await;
    let queue = format!("{}.replies", corner.names.jobs());
    let declared =
        corner.client.queue_declare(queue.as_str().into(), QueueDeclareOptions::durable(), FieldTable::default());
    declared.await.unwrap();
    let reply_to = |queue: &str, number| Event {
        is_final: true,
        reply_to: Some(queue.into()),
        correlation_id: Some("c-7".into()),
        ..event(number)
    };
    let events = [
        reply_to(&queue, 1),
        reply_to("no.such.queue", 2),
        reply_to(&corner.names.intake(), 3),
        Event { is_final: false, ..reply_to(&queue, 4) },
        reply_to(&queue, 5),
    ];
    assert_eq!(broker.publish(&events).await.unwrap(), vec![Published::Confirmed; 5]);
    let replies = corner.take(&queue, 2).await;
    let ids: Vec<_> = replies.iter().map(|d| d.properties.message_id().as_ref().unwrap().to_string()).collect();
    assert_eq!(ids, [events[0].id.0.to_string(), events[4].id.0.to_string()]);
    assert_eq!(replies[0].properties.correlation_id().as_ref().unwrap().as_str(), "c-7");
    broker.close().await;
    assert_eq!(corner.depth(&corner.names.intake()).await, 0, "no reply may come back as a job");
    assert_eq!(corner.depth(&corner.names.events()).await, 5);
    corner.client.queue_delete(queue.as_str().into(), Default::default()).await.unwrap();
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_gives_back_what_was_prefetched_and_still_acknowledges_the_rest() {
    let corner = Corner::new("stop").await;
    let broker = broker(&corner).await;
    for number in 0..5u8 {
        corner.publish(&[number], BasicProperties::default()).await;
    }
    let taken = receive(&broker, 2).await;
    broker.stop_consuming().await;
    assert!(matches!(broker.receive(1).await, Err(BrokerError::Stopped)));
    broker.ack(&taken).await.unwrap();
    let left: Vec<_> = within(corner.take(&corner.names.intake(), 3)).await.iter().map(|d| d.data[0]).collect();
    assert_eq!(left, [2, 3, 4]);
    broker.close().await;
    assert!(!broker.connected());
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submitted_jobs_carry_the_connections_user() {
    let corner = Corner::new("submit").await;
    let broker = broker(&corner).await;
    let messages: Vec<_> =
        (0..3).map(|n| JobMessage { message_id: format!("m-{n}"), body: format!("{n}").into_bytes() }).collect();
    let published = publish_jobs(&corner.config, &corner.names, &messages).await.unwrap();
    assert_eq!(published, vec![Published::Confirmed; 3]);
    let deliveries = receive(&broker, 3).await;
    assert!(deliveries.iter().all(|delivery| delivery.user_id.is_some()));
    assert_eq!(deliveries[2].message_id.as_deref(), Some("m-2"));
    broker.close().await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn misconfiguration_is_told_at_start_and_absence_is_not() {
    let corner = Corner::new("wrong").await;
    let refused = |config: config::Broker, names: Names| async move {
        match RabbitBroker::connect_as(&config, PREFETCH, &names).await {
            Err(BrokerError::Misconfigured(text)) => text,
            Err(error) => panic!("not recognised: {error}"),
            Ok(_) => panic!("accepted"),
        }
    };
    let (_, rest) = corner.config.url.split_once('@').unwrap();
    let login = config::Broker { url: format!("amqp://nobody:hunter2@{rest}"), ..corner.config.clone() };
    let text = refused(login, corner.names.clone()).await;
    assert!(text.contains("ACCESS") && !text.contains("hunter2"), "{text}");

    let undeclared = config::Broker { declare: false, ..corner.config.clone() };
    let text = refused(undeclared.clone(), corner.names.clone()).await;
    assert!(text.contains(&corner.names.jobs()) && text.contains("declare"), "{text}");

    broker(&corner).await.close().await;
    RabbitBroker::connect_as(&undeclared, PREFETCH, &corner.names).await.expect("all is there now").close().await;
    let changed = config::Broker { delivery_limit: 3, ..corner.config.clone() };
    let text = refused(changed, corner.names.clone()).await;
    assert!(text.contains("x-delivery-limit"), "{text}");

    let away = config::Broker { url: "amqp://guest@127.0.0.1:1/".into(), ..corner.config.clone() };
    let broker = RabbitBroker::connect_as(&away, PREFETCH, &corner.names).await.expect("is tried again");
    assert!(!broker.connected());
    assert!(matches!(broker.publish(&[event(1)]).await, Err(BrokerError::Unavailable(_))));
    within(broker.close()).await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_queue_is_declared_again() {
    let corner = Corner::new("deleted").await;
    let broker = broker(&corner).await;
    corner.client.queue_delete(corner.names.intake().as_str().into(), Default::default()).await.unwrap();
    let publish = async {
        loop {
            let exchange = corner.names.jobs().as_str().into();
            let options = BasicPublishOptions { mandatory: true, ..Default::default() };
            let sent = corner.client.basic_publish(exchange, "x".into(), options, b"again", Default::default());
            if sent.await.unwrap().await.unwrap().take_message().is_none() {
                return;
            }
        }
    };
    let (deliveries, ()) = within(async { tokio::join!(receive(&broker, 1), publish) }).await;
    assert_eq!(deliveries[0].body, b"again");
    broker.close().await;
    corner.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_trusts_the_configured_ca_and_no_other() {
    let mut corner = Corner::new("tls").await;
    let (proxy, ca) = Proxy::start_tls().await;
    let (_, other_ca) = Proxy::start_tls().await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        std::fs::write(directory.path().join(name), pem).unwrap();
        Some(directory.path().join(name))
    };
    corner.config.url = proxy.url.clone();
    for ca_file in [file("other.pem", &other_ca), None] {
        corner.config.ca_file = ca_file;
        match RabbitBroker::connect_as(&corner.config, PREFETCH, &corner.names).await {
            Err(BrokerError::Misconfigured(text)) => assert!(text.contains("ca_file"), "{text}"),
            Err(error) => panic!("not recognised: {error}"),
            Ok(_) => panic!("trusts {:?}", corner.config.ca_file),
        }
    }
    corner.config.ca_file = file("ca.pem", &ca);
    let broker = broker(&corner).await;
    assert_eq!(broker.publish(&[event(1)]).await.unwrap(), [Published::Confirmed]);
    broker.close().await;
    corner.clean().await;
}
