//! Points, budgets, and who is at work.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, date};
use registrard::store::{BudgetKind, QuotaUse, RollCall, StoreError};

use crate::database::Database;
use crate::steps::*;

const DAY: Date = date(2026, 11, 22);

fn used(used: u64, heard: Option<u64>) -> QuotaUse {
    QuotaUse { used, heard, exhausted_until: None }
}

pub async fn points_are_charged_and_given_back(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    assert_eq!(store.quota(ACCOUNT, DAY).await.unwrap(), QuotaUse::default());
    assert_eq!(store.charge(&lease, DAY, 10).await.unwrap(), used(10, None));
    assert_eq!(store.charge(&lease, DAY, 10).await.unwrap(), used(20, None));
    assert_eq!(store.charge(&lease, DAY, -4).await.unwrap(), used(16, None));
    assert_eq!(store.charge(&lease, DAY, -99).await.unwrap(), used(0, None), "never below nothing");
    assert_eq!(store.charge(&lease, date(2026, 11, 23), -5).await.unwrap(), used(0, None));
    assert_eq!(store.charge(&lease, date(2026, 11, 23), 7).await.unwrap(), used(7, None), "each day for itself");
    assert_eq!(store.quota("DENIC-1000099", DAY).await.unwrap(), QuotaUse::default());
}

pub async fn what_the_registry_says_only_raises(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    store.charge(&lease, DAY, 50).await.unwrap();
    let heard = |at_least, until| store.quota_heard(&lease, DAY, at_least, until);
    assert_eq!(heard(Some(40), None).await.unwrap(), used(50, Some(40)));
    assert_eq!(heard(Some(80), None).await.unwrap(), used(80, Some(80)));
    assert_eq!(heard(Some(60), None).await.unwrap(), used(80, Some(80)), "an earlier word, heard later");
    assert_eq!(store.charge(&lease, DAY, 5).await.unwrap(), used(85, Some(80)));
    assert_eq!(store.charge(&lease, DAY, -30).await.unwrap(), used(80, Some(80)), "not below what the registry counts");
    let dry = QuotaUse { exhausted_until: Some(at(60)), ..used(80, Some(80)) };
    assert_eq!(heard(None, Some(at(60))).await.unwrap(), dry);
    assert_eq!(heard(None, Some(at(30))).await.unwrap(), dry, "never sooner");
    assert_eq!(heard(None, None).await.unwrap(), dry);
    assert_eq!(store.quota(ACCOUNT, DAY).await.unwrap(), dry);
    let tomorrow = date(2026, 11, 23);
    assert_eq!(
        store.quota_heard(&lease, tomorrow, Some(3), None).await.unwrap(),
        used(3, Some(3)),
        "the first of a day"
    );
}

pub async fn a_replaced_owner_charges_nothing(db: Arc<Database>) {
    let store = &*db.store;
    let old = lease(store).await;
    store.charge(&old, DAY, 10).await.unwrap();
    store.release(&old).await.unwrap();
    lease(store).await;
    assert!(matches!(store.charge(&old, DAY, 10).await, Err(StoreError::Fenced(name)) if name == ACCOUNT));
    assert!(matches!(store.quota_heard(&old, DAY, Some(99), None).await, Err(StoreError::Fenced(_))));
    assert!(matches!(store.note(&old, BudgetKind::Errors, at(0), 1).await, Err(StoreError::Fenced(_))));
    assert_eq!(store.quota(ACCOUNT, DAY).await.unwrap(), used(10, None));
}

pub async fn budgets_are_counted_by_the_minute(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    // The beginning lies 20 seconds into its minute.
    let minute = |minutes: i64| at(60 * minutes - 20);
    let noted = |kind, since| store.noted(ACCOUNT, kind, since);
    for (seconds, count) in [(0, 1), (39, 2), (40, 4), (3600, 8)] {
        store.note(&lease, BudgetKind::Errors, at(seconds), count).await.unwrap();
    }
    store.note(&lease, BudgetKind::Logins, at(0), 1).await.unwrap();
    let all = [(minute(0), 3), (minute(1), 4), (minute(60), 8)];
    assert_eq!(noted(BudgetKind::Errors, at(0)).await.unwrap(), all, "the first minute whole");
    assert_eq!(noted(BudgetKind::Errors, at(40)).await.unwrap(), all[1..]);
    assert_eq!(noted(BudgetKind::Logins, at(-900)).await.unwrap(), [(minute(0), 1)]);
    assert_eq!(store.noted("DENIC-1000099", BudgetKind::Errors, at(0)).await.unwrap(), []);
    store.note(&lease, BudgetKind::Errors, at(8 * 24 * 3600 + 60), 1).await.unwrap();
    assert_eq!(
        noted(BudgetKind::Errors, at(0)).await.unwrap(),
        [all[1], all[2], (minute(8 * 24 * 60 + 1), 1)],
        "eight days old; the longest budget is a week"
    );
    assert_eq!(noted(BudgetKind::Logins, at(0)).await.unwrap(), [(minute(0), 1)], "each for itself");
}

pub async fn everybody_sees_who_is_at_work(db: Arc<Database>) {
    let (store, other) = (&*db.store, db.another().await);
    assert_eq!(store.roll_call().await.unwrap(), RollCall::default());
    let lease = lease(store).await;
    store.acquire("outbox", "daemon-2", Duration::ZERO).await.unwrap().unwrap();
    let leases = vec![(ACCOUNT.to_owned(), "daemon-1".to_owned(), true), ("outbox".into(), "daemon-2".into(), false)];
    let call = |names: &[&str]| RollCall {
        daemons: names.iter().map(|name| (*name).to_owned()).collect(),
        leases: leases.clone(),
    };
    assert_eq!(store.report("daemon-2", HOUR).await.unwrap(), call(&["daemon-2"]));
    assert_eq!(other.report("Daemon-1", HOUR).await.unwrap(), call(&["Daemon-1", "daemon-2"]), "in the order of bytes");
    assert_eq!(
        store.report("daemon-1", Duration::ZERO).await.unwrap(),
        call(&["Daemon-1", "daemon-2"]),
        "over at once"
    );
    assert_eq!(store.report("daemon-1", HOUR).await.unwrap(), call(&["Daemon-1", "daemon-1", "daemon-2"]));
    store.report("daemon-2", Duration::ZERO).await.unwrap();
    other.leave("Daemon-1").await.unwrap();
    other.leave("nobody").await.unwrap();
    assert_eq!(store.roll_call().await.unwrap(), call(&["daemon-1"]));
    store.release(&lease).await.unwrap();
    let given_back = store.roll_call().await.unwrap().leases;
    assert_eq!(given_back[0], (ACCOUNT.to_owned(), "daemon-1".to_owned(), false));
}

pub async fn trouble_has_a_beginning_and_a_latest_reason(db: Arc<Database>) {
    let store = &*db.store;
    let trouble = || async {
        let account = store.account(ACCOUNT).await.unwrap();
        (account.trouble, account.trouble_since)
    };
    store.trouble(ACCOUNT, None, at(1)).await.unwrap();
    assert_eq!(trouble().await, (None, None));
    store.trouble(ACCOUNT, Some("no route"), at(2)).await.unwrap();
    store.trouble(ACCOUNT, Some("certificate has expired"), at(3)).await.unwrap();
    assert_eq!(trouble().await, (Some("certificate has expired".into()), Some(at(2))));
    store.cool_down(ACCOUNT, at(9), "blocked").await.unwrap();
    assert_eq!(store.account(ACCOUNT).await.unwrap().cooldown_until, Some(at(9)));
    assert_eq!(trouble().await.1, Some(at(2)));
    store.trouble(ACCOUNT, None, at(4)).await.unwrap();
    assert_eq!(trouble().await, (None, None));
    store.trouble(ACCOUNT, Some("no route"), at(5)).await.unwrap();
    assert_eq!(trouble().await.1, Some(at(5)));
}
