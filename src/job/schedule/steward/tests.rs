//! Stewards on paused time, with a store between them that is a map.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use tokio::task::JoinHandle;

use super::super::spread;
use super::*;
use crate::store::StoreError;

/// As long as by default.
const TTL: Duration = Duration::from_secs(6);
const STEPS: Steps = Steps { first: Duration::from_secs(20), longest: Duration::from_secs(20) };
/// What is on the wire of an account that is given back takes so long.
const DRAIN: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Books {
    reports: BTreeMap<String, Instant>,
    leases: BTreeMap<String, (String, Instant)>,
    /// Who cannot work what.
    fails: BTreeSet<(String, String)>,
    /// Terms begun, by daemon and account.
    begun: BTreeMap<(String, String), u32>,
    /// Whether the store answers.
    away: bool,
    /// Whether it keeps everybody waiting.
    hangs: bool,
}

type Shared = Arc<Mutex<Books>>;

fn lock(books: &Shared) -> MutexGuard<'_, Books> {
    books.lock().unwrap()
}

struct Fake {
    me: String,
    books: Shared,
}

impl Fake {
    fn hold(&self, account: &str) {
        lock(&self.books).leases.insert(account.to_owned(), (self.me.clone(), Instant::now() + TTL));
    }
}

#[async_trait]
impl Office for Fake {
    async fn report(&self, ttl: Duration) -> Result<RollCall> {
        if lock(&self.books).hangs {
            std::future::pending::<()>().await;
        }
        let mut books = lock(&self.books);
        if books.away {
            return Err(StoreError::Unavailable("away".into()));
        }
        let now = Instant::now();
        books.reports.insert(self.me.clone(), now + ttl);
        Ok(RollCall {
            daemons: books.reports.iter().filter(|(_, until)| **until > now).map(|(name, _)| name.clone()).collect(),
            leases: books
                .leases
                .iter()
                .map(|(name, (owner, until))| (name.clone(), owner.clone(), *until > now))
                .collect(),
        })
    }

    async fn leave(&self) -> Result<()> {
        lock(&self.books).reports.remove(&self.me);
        Ok(())
    }

    async fn serve(self: Arc<Self>, account: String, stop: CancellationToken) -> Term {
        let key = (self.me.clone(), account.clone());
        {
            let mut books = lock(&self.books);
            *books.begun.entry(key.clone()).or_default() += 1;
            if books.fails.contains(&key) {
                return Term::Failed;
            }
            if books.leases.get(&account).is_some_and(|(_, until)| *until > Instant::now()) {
                return Term::NotOurs;
            }
        }
        self.hold(&account);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(TTL / 3) => self.hold(&account),
            }
        }
        tokio::time::sleep(DRAIN).await;
        lock(&self.books).leases.remove(&account);
        Term::Orderly
    }
}

struct Daemon {
    me: String,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

fn accounts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("DENIC-{}", 1_000_001 + number)).collect()
}

impl Daemon {
    fn start(books: &Shared, id: &str, accounts: &[String]) -> Self {
        let me = spread::name("registrard", id, accounts.iter());
        let office = Arc::new(Fake { me: me.clone(), books: Arc::clone(books) });
        let stop = CancellationToken::new();
        let steward = Steward::new(office, Spread::new(&me, accounts.to_vec()), TTL, STEPS, stop.clone());
        Self { me, stop, running: tokio::spawn(steward.run()) }
    }

    /// As a power cut ends it: its terms go with it.
    async fn kill(self) {
        self.running.abort();
        let _ = self.running.await;
    }

    fn load(&self, books: &Shared) -> usize {
        lock(books).leases.values().filter(|(owner, until)| *owner == self.me && *until > Instant::now()).count()
    }
}

async fn seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

fn loads(books: &Shared, daemons: &[&Daemon]) -> Vec<usize> {
    let mut loads: Vec<_> = daemons.iter().map(|daemon| daemon.load(books)).collect();
    loads.sort_unstable();
    loads
}

#[tokio::test(start_paused = true)]
async fn one_daemon_works_everything_at_once_and_gives_it_back_when_told_to_stop() {
    let books = Shared::default();
    let daemon = Daemon::start(&books, "1", &accounts(10));
    seconds(0.001).await;
    assert_eq!(daemon.load(&books), 10);
    daemon.stop.cancel();
    seconds(0.001).await;
    assert!(lock(&books).reports.is_empty(), "the others hear of it before its accounts are free");
    daemon.running.await.unwrap();
    assert!(lock(&books).leases.is_empty());
}

#[tokio::test(start_paused = true)]
async fn those_that_come_get_their_share_one_account_after_the_other() {
    let books = Shared::default();
    let all = accounts(10);
    let first = Daemon::start(&books, "1", &all);
    seconds(3.3).await;
    let second = Daemon::start(&books, "2", &all);
    for _ in 0..10 {
        let before = first.load(&books);
        seconds(1.0).await;
        assert!(before - first.load(&books) <= 1);
    }
    assert_eq!(loads(&books, &[&first, &second]), [5, 5]);
    let third = Daemon::start(&books, "3", &all);
    seconds(10.0).await;
    assert_eq!(loads(&books, &[&first, &second, &third]), [3, 3, 4]);
    assert_eq!(lock(&books).begun.values().sum::<u32>(), 10 + 5 + 3, "each move was needed");
}

/// Whenever it dies: what is left of its leases, and one look.
#[tokio::test(start_paused = true)]
async fn accounts_of_a_dead_daemon_are_worked_again_within_a_lease_and_a_look() {
    for moment in 0..40 {
        let books = Shared::default();
        let all = accounts(10);
        let daemons = ["1", "2", "3"].map(|id| Daemon::start(&books, id, &all));
        seconds(20.0 + f64::from(moment) * 0.1).await;
        let [dead, one, other] = daemons;
        assert!(dead.load(&books) >= 3);
        dead.kill().await;
        let at = Instant::now();
        while loads(&books, &[&one, &other]) != [5, 5] {
            seconds(0.01).await;
            assert!(at.elapsed() <= TTL + LOOK + Duration::from_millis(50), "killed at {moment}");
        }
        // Nobody else's account was touched.
        seconds(20.0).await;
        assert_eq!(loads(&books, &[&one, &other]), [5, 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_of_one_that_stops_are_worked_again_within_a_look() {
    let books = Shared::default();
    let all = accounts(10);
    let [first, second] = ["1", "2"].map(|id| Daemon::start(&books, id, &all));
    seconds(15.4).await;
    assert_eq!(loads(&books, &[&first, &second]), [5, 5]);
    first.stop.cancel();
    first.running.await.unwrap();
    seconds(1.1).await;
    assert_eq!(second.load(&books), 10);
}

#[tokio::test(start_paused = true)]
async fn an_account_it_fails_at_is_left_alone_for_a_while_and_to_others() {
    let books = Shared::default();
    let all = accounts(2);
    let me = spread::name("registrard", "1", all.iter());
    let key = (me, all[0].clone());
    lock(&books).fails.insert(key.clone());
    let first = Daemon::start(&books, "1", &all);
    seconds(1.9).await;
    assert_eq!((first.load(&books), lock(&books).begun[&key]), (1, 1));
    let second = Daemon::start(&books, "2", &all);
    seconds(5.0).await;
    assert_eq!((first.load(&books), second.load(&books)), (1, 1));
    second.kill().await;
    lock(&books).fails.clear();
    seconds(40.0).await;
    assert_eq!(first.load(&books), 2, "tried again in the end");
}

#[tokio::test(start_paused = true)]
async fn without_the_store_it_keeps_what_it_has_and_still_stops() {
    let books = Shared::default();
    let daemon = Daemon::start(&books, "1", &accounts(3));
    seconds(2.5).await;
    lock(&books).away = true;
    seconds(30.0).await;
    assert_eq!((daemon.load(&books), lock(&books).begun.len()), (3, 3));
    lock(&books).away = false;
    lock(&books).hangs = true;
    seconds(5.0).await;
    daemon.stop.cancel();
    tokio::time::timeout(Duration::from_secs(1), daemon.running).await.expect("it does not stop").unwrap();
    assert!(lock(&books).leases.is_empty());
}
