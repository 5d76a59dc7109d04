use proptest::prelude::*;

use super::*;
use crate::store;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn limits(count: u32, within: u64) -> Limits {
    let budget = Some(Budget { count, within: Duration::from_secs(within) });
    Limits { logins: budget, errors: budget, ..Limits::none() }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// In no span of the budget's length are there more logins than it has, whoever dies meanwhile; and whoever is told to
    /// wait may go on at that time.
    #[test]
    fn no_span_holds_more_logins(steps in proptest::collection::vec((0i64..200, proptest::bool::weighted(0.1)), 1..80), count in 1u32..8, within in 30u64..600) {
        block_on(async {
            let store = store::open("sqlite::memory:").await.unwrap();
            store.migrate().await.unwrap();
            let lease = store.acquire("A", "test", Duration::from_secs(3600)).await.unwrap().unwrap();
            let limits = limits(count, within);
            let mut budgets = Budgets::rebuild(&*store, "A", &limits, NOW).await.unwrap();
            let (mut now, mut logins) = (NOW, Vec::new());
            for (wait, restart) in steps {
                now += SignedDuration::from_secs(wait);
                if restart {
                    budgets = Budgets::rebuild(&*store, "A", &limits, now).await.unwrap();
                }
                match budgets.log_in(&*store, &lease, now).await.unwrap() {
                    Ok(()) => logins.push(now),
                    Err(until) => {
                        prop_assert!(until > now && until <= now + SignedDuration::from_secs(within as i64) + MINUTE);
                        now = until;
                        prop_assert!(budgets.log_in(&*store, &lease, now).await.unwrap().is_ok());
                        logins.push(now);
                    }
                }
            }
            for (index, first) in logins.iter().enumerate() {
                let span = SignedDuration::from_secs(within as i64);
                let within = logins[index..].iter().take_while(|at| at.duration_since(*first) < span).count();
                prop_assert!(within <= count as usize, "{within} of {count}");
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[test]
fn the_last_refusal_allowed_tells_when_to_go_on() {
    block_on(async {
        let store = store::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let lease = store.acquire("A", "test", Duration::from_secs(3600)).await.unwrap().unwrap();
        let budgets = Budgets::rebuild(&*store, "A", &limits(2, 100), NOW).await.unwrap();
        let at = |second| NOW + SignedDuration::from_secs(second);
        assert_eq!(budgets.refused(&*store, &lease, at(0)).await.unwrap(), None);
        assert_eq!(budgets.refused(&*store, &lease, at(40)).await.unwrap(), Some(at(100)));
        let next = Budgets::rebuild(&*store, "A", &limits(2, 100), at(50)).await.unwrap();
        assert_eq!(next.refused(&*store, &lease, at(50)).await.unwrap(), Some(at(160)), "minutes count to their end");
        let none = Budgets::rebuild(&*store, "A", &Limits::none(), at(50)).await.unwrap();
        assert_eq!(none.refused(&*store, &lease, at(50)).await.unwrap(), None);
    });
}
