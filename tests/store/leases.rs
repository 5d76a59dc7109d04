use std::sync::Arc;
use std::time::Duration;

use crate::database::Database;
use crate::steps::*;

pub async fn one_owner_at_a_time_each_with_a_higher_fence(db: Arc<Database>) {
    let (store, other) = (&*db.store, db.another().await);
    let first = store.acquire(ACCOUNT, "one", HOUR).await.unwrap().unwrap();
    assert_eq!((first.name.as_str(), first.owner.as_str()), (ACCOUNT, "one"));
    assert_eq!(other.acquire(ACCOUNT, "two", HOUR).await.unwrap(), None);
    assert_eq!(store.acquire(ACCOUNT, "one", HOUR).await.unwrap(), None, "not even by its own name");
    assert!(other.acquire("outbox", "two", HOUR).await.unwrap().is_some(), "names are independent");
    assert!(store.renew(&first, HOUR).await.unwrap());
    let racers = (0..16).map(|number| {
        let store = db.store.clone();
        tokio::spawn(async move { store.acquire("contested", &format!("racer-{number}"), HOUR).await.unwrap() })
    });
    let mut winners = 0;
    for racer in racers.collect::<Vec<_>>() {
        winners += usize::from(racer.await.unwrap().is_some());
    }
    assert_eq!(winners, 1);
}

pub async fn a_lease_that_ran_out_is_taken_over(db: Arc<Database>) {
    let store = &*db.store;
    let first = store.acquire(ACCOUNT, "one", Duration::ZERO).await.unwrap().unwrap();
    assert!(store.renew(&first, Duration::ZERO).await.unwrap(), "nobody has taken it yet");
    assert!(store.start(&first, &[], at(0)).await.is_err(), "but it gives no right to start");
    let second = store.acquire(ACCOUNT, "two", HOUR).await.unwrap().unwrap();
    assert!(second.fence > first.fence);
    assert!(!store.renew(&first, HOUR).await.unwrap());
    store.release(&first).await.unwrap();
    assert_eq!(store.acquire(ACCOUNT, "three", HOUR).await.unwrap(), None, "a loser cannot give away what it lost");
    assert!(store.renew(&second, HOUR).await.unwrap());
}

pub async fn a_lease_given_back_is_gone(db: Arc<Database>) {
    let store = &*db.store;
    let first = lease(store).await;
    store.release(&first).await.unwrap();
    assert!(!store.renew(&first, HOUR).await.unwrap());
    assert!(store.start(&first, &[], at(0)).await.is_err());
    let second = lease(store).await;
    assert_eq!(second.fence, first.fence + 1);
}
