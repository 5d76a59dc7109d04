use std::sync::Arc;

use registrard::model::Event;
use registrard::store::{AccountState, SendBlock, StoreError};

use crate::database::Database;
use crate::steps::*;

fn block(number: i64, slots: u32, reserved: i64) -> SendBlock {
    SendBlock { account: ACCOUNT.into(), number, slots, reserved_at: at(reserved), closed_at: None }
}

pub async fn send_blocks_are_kept_until_they_no_longer_count(db: Arc<Database>) {
    let store = &*db.store;
    let lease = lease(store).await;
    for (number, reserved) in [(1, 0), (2, 10), (3, 20)] {
        store.reserve(&lease, &block(number, 50, reserved)).await.unwrap();
    }
    store.reserve(&lease, &block(3, 60, 21)).await.unwrap();
    store.close_block(ACCOUNT, 1, at(5)).await.unwrap();
    store.close_block(ACCOUNT, 2, at(15)).await.unwrap();
    store.close_block(ACCOUNT, 2, at(12)).await.unwrap();
    let closed = |block: SendBlock, seconds| SendBlock { closed_at: Some(at(seconds)), ..block };
    let kept = store.blocks(ACCOUNT, at(4)).await.unwrap();
    assert_eq!(kept, [closed(block(1, 50, 0), 5), closed(block(2, 50, 10), 15), block(3, 60, 21)]);
    assert_eq!(store.blocks(ACCOUNT, at(5)).await.unwrap().len(), 2);
    assert_eq!(store.blocks(ACCOUNT, at(900)).await.unwrap(), [block(3, 60, 21)], "an open block always counts");
    assert_eq!(store.blocks(ACCOUNT, at(0)).await.unwrap(), [block(3, 60, 21)], "what was removed is gone");
    assert_eq!(store.blocks("DENIC-1000099", at(0)).await.unwrap(), []);
}

pub async fn a_replaced_owner_reserves_nothing(db: Arc<Database>) {
    let store = &*db.store;
    let old = lease(store).await;
    store.release(&old).await.unwrap();
    lease(store).await;
    assert!(matches!(store.reserve(&old, &block(1, 50, 0)).await, Err(StoreError::Fenced(_))));
    assert_eq!(store.blocks(ACCOUNT, at(0)).await.unwrap(), []);
}

pub async fn a_suspension_lasts_until_it_is_lifted(db: Arc<Database>) {
    let store = &*db.store;
    let none = AccountState { account: ACCOUNT.into(), ..AccountState::default() };
    assert_eq!(store.account(ACCOUNT).await.unwrap(), none);
    let event = |what, seconds| Event::of_account(ACCOUNT, what, "login refused", at(seconds));
    store.suspend(ACCOUNT, Some("login refused"), &event("suspended", 1)).await.unwrap();
    store.suspend(ACCOUNT, Some("login blocked"), &event("suspended", 2)).await.unwrap();
    let state = store.account(ACCOUNT).await.unwrap();
    assert_eq!((state.suspended.as_deref(), state.suspended_at), (Some("login blocked"), Some(at(1))));
    assert_eq!(store.accounts().await.unwrap(), [state]);
    store.suspend(ACCOUNT, None, &event("resumed", 3)).await.unwrap();
    assert_eq!(store.account(ACCOUNT).await.unwrap(), none);
    let kinds: Vec<String> = store.unsent(at(9), 9).await.unwrap().into_iter().map(|row| row.event.kind).collect();
    assert_eq!(kinds, ["account.suspended", "account.suspended", "account.resumed"]);
}

pub async fn a_cool_down_is_never_shortened(db: Arc<Database>) {
    let store = &*db.store;
    store.cool_down(ACCOUNT, at(120), "blocked").await.unwrap();
    store.cool_down(ACCOUNT, at(60), "busy").await.unwrap();
    let state = store.account(ACCOUNT).await.unwrap();
    assert_eq!((state.cooldown_until, state.cooldown_reason.as_deref()), (Some(at(120)), Some("blocked")));
    store.cool_down(ACCOUNT, at(180), "blocked again").await.unwrap();
    store.suspend(ACCOUNT, Some("x"), &Event::of_account(ACCOUNT, "suspended", "x", at(0))).await.unwrap();
    let state = store.account(ACCOUNT).await.unwrap();
    assert_eq!((state.cooldown_until, state.cooldown_reason.as_deref()), (Some(at(180)), Some("blocked again")));
    assert_eq!(state.suspended.as_deref(), Some("x"), "both at once");
}
