//! A small house for one test: a registry, a store, sometimes a broker, a handful of orders, and daemons that are told where to
//! die. What is found after a death, and what the referee says in the end.

use std::collections::BTreeSet;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use registrard::failpoint::Point;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::books;
use crate::control;
use crate::database::Kind;
use crate::plain_amqp::{self, Collector, Heard};
use crate::plan::{Cast, Plan, Size};
use crate::process;
use crate::referee::{Books, Evidence, Verdict, judge};
use crate::registries::DenicRri;
use crate::world::{ACCOUNT, PATIENCE, Setup, World, play, until};

/// How orders come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Through the broker.
    Broker,
    /// As the command line stores them.
    Store,
}

/// Where and with what a story happens.
#[derive(Clone, Debug)]
pub struct Stage {
    pub kind: Kind,
    pub way: Way,
    /// What the registry does wrong.
    pub faults: Vec<&'static str>,
    /// Messages that wait at the registry.
    pub messages: usize,
    /// Whether the first daemon leaves them there.
    pub unread: bool,
}

/// What is seen after a death, from outside.
#[derive(Debug)]
pub struct Found {
    pub books: Books,
    /// Requests of jobs that arrived at the registry.
    pub requests: usize,
    /// Effects of jobs there.
    pub effects: usize,
    /// Messages removed there.
    pub removed: usize,
    /// Messages whose removal was begun.
    pub removals: i64,
    /// Leases of the account that nobody gave back.
    pub leases: i64,
}

impl Found {
    /// Jobs in that state.
    pub fn jobs(&self, state: &str) -> usize {
        self.books.jobs.values().filter(|job| job.state == state).count()
    }

    /// Jobs whose life is over.
    pub fn over(&self) -> usize {
        self.books.jobs.values().filter(|job| job.finished.is_some()).count()
    }
}

/// A story's house.
pub struct House {
    pub world: World,
    pub plan: Plan,
    stage: Stage,
    broker: Option<(String, String, Collector)>,
}

/// One broker, whose exchanges have one name: tests that use it come one after the other.
static BROKER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const SEED: u64 = 5;

/// Each look is a connection to the database.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Tells a story, and hears the referee.
pub async fn tell(stage: Stage, story: impl AsyncFnOnce(&House)) {
    let _alone = match stage.way {
        Way::Broker => Some(BROKER.lock().await),
        Way::Store => None,
    };
    let mut setup = Setup::new();
    for fault in &stage.faults {
        setup = setup.fault(fault);
    }
    play(stage.kind, setup, async |world: World| {
        let cast = Cast { registry: &DenicRri, accounts: vec![ACCOUNT.to_owned()], scenes: DenicRri::FEW };
        let plan = Plan::new(SEED, &[cast], Size { writes: 8, waves: 1 });
        let broker = match stage.way {
            Way::Broker => Some(broker().await),
            Way::Store => None,
        };
        let house = House { world, plan, stage, broker };
        house.order().await;
        story(&house).await;
        house.assert_in_order().await;
    })
    .await;
}

/// The broker, its user and who listens there.
async fn broker() -> (String, String, Collector) {
    let url = std::env::var("REGISTRARD_TEST_AMQP_URL")
        .expect("REGISTRARD_TEST_AMQP_URL is not set: run `./dev test --test failpoints`");
    let user = url.parse::<lapin::uri::AMQPUri>().unwrap().authority.userinfo.username;
    plain_amqp::prepare(&url).await.expect("RabbitMQ is there");
    let collector = Collector::start(&url);
    (url, user, collector)
}

impl House {
    /// Puts the messages into the registry's queue, and the orders into the store where no broker brings them.
    async fn order(&self) {
        let url = self.world.sandbox.ready()["control"].as_str().unwrap();
        for _ in 0..self.stage.messages {
            let message = json!({ "account": ACCOUNT, "type": "expireWarning", "domain": "example.de", "expire": "2030-12-24T12:00:00Z" });
            control::ordered(url, "POST", "/messages", &message).await;
        }
        if self.stage.way == Way::Store {
            self.world.submit(&self.jobs()).await;
        }
    }

    /// Publishes the orders, once a daemon takes some in.
    pub fn publish(&self) -> tokio::task::JoinHandle<()> {
        let (url, user, _) = self.broker.as_ref().unwrap();
        let (url, user, messages) = (url.clone(), user.clone(), self.plan.waves.concat());
        tokio::spawn(async move { plain_amqp::publish(&url, &user, &messages).await })
    }

    /// All jobs, each once.
    fn jobs(&self) -> Vec<Value> {
        let mut jobs: Vec<Value> = Vec::new();
        for message in self.plan.waves.iter().flatten() {
            let of_it = message["jobs"].as_array().cloned().unwrap_or_else(|| vec![message.clone()]);
            for job in of_it {
                if jobs.iter().all(|known| known["id"] != job["id"]) {
                    jobs.push(job);
                }
            }
        }
        jobs
    }

    /// Starts a daemon with `FAILPOINTS`.
    pub fn daemon(&self, name: &str, failpoints: &str) -> Daemon {
        let accounts = [ACCOUNT.to_owned()];
        let lease = Some(Duration::from_secs(3));
        let plan =
            process::Plan { accounts: &accounts, sessions: 1, limits: "requests = 100000\nquota = 0", lease, poll: 20 };
        let config = plan.write(&self.world, name);
        let mut text = std::fs::read_to_string(&config).unwrap();
        if self.stage.unread && name == "victim" {
            text = text.replace("registry = ", "read_messages = false\nregistry = ");
        }
        text.push_str("\n[poll]\nshortest = 0.02\nlongest = 0.1\n");
        if let Some((url, user, _)) = &self.broker {
            text.push_str(&format!("\n[broker]\nurl = '{url}'\n\n[publishers.'{user}']\naccounts = ['*']\n"));
        }
        std::fs::write(&config, text).unwrap();
        let log = self.world.directory().join(format!("{name}.log"));
        let file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_registrard"));
        command.arg("serve").arg("--config").arg(config).env("FAILPOINTS", failpoints);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Daemon { child: command.kill_on_drop(true).spawn().unwrap(), log }
    }

    /// Nobody waits for the lease of a dead daemon to run out.
    pub async fn forget_leases(&self) {
        self.world.database.execute("UPDATE leases SET expires_at = 0").await;
    }

    /// What is there now.
    pub async fn found(&self) -> Found {
        let ledger = self.world.sandbox.ledger();
        let of_jobs = |action: &str| action.starts_with("contact.") || action.starts_with("domain.");
        let leases = format!("SELECT count(*) FROM leases WHERE name = '{ACCOUNT}' AND expires_at > 0");
        let effects = |is: bool| ledger.effects.iter().filter(|effect| of_jobs(&effect.kind) == is).count();
        Found {
            books: books::read(&self.world.database.url).await.unwrap(),
            requests: ledger.requests.iter().filter(|request| of_jobs(&request.action)).count(),
            effects: effects(true),
            removed: effects(false),
            removals: self.world.database.number("SELECT count(*) FROM inbox WHERE tries > 0").await,
            leases: self.world.database.number(&leases).await,
        }
    }

    /// Waits until everything is done and told.
    pub async fn over(&self) {
        let jobs = self.plan.orders.len();
        let mut left = String::new();
        let mut ended = async || {
            loop {
                let books = books::read(&self.world.database.url).await.unwrap();
                let open = books.jobs.iter().filter(|(_, job)| job.finished.is_none());
                let open: Vec<_> = open.map(|(id, job)| (id, &job.state, &job.why)).collect();
                // The orders bring about messages, too.
                let kept = self.unread().await + books.inbox.iter().filter(|row| !row.is_removed).count();
                let told = self.broker.as_ref().map_or(jobs, |(_, _, collector)| collector.finished());
                let (known, unsent) = (books.jobs.len(), books.unsent);
                if (open.len(), kept, unsent, told, known) == (0, 0, 0, jobs, jobs) {
                    return;
                }
                left = format!("{known} of {jobs} known, {told} told, {unsent} unsent, {kept} messages left; {open:?}");
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        };
        let ended = tokio::time::timeout(PATIENCE, ended()).await;
        assert!(ended.is_ok(), "not over: {left}");
    }

    /// Messages that wait at the registry.
    async fn unread(&self) -> usize {
        let url = self.world.sandbox.ready()["control"].as_str().unwrap();
        let objects = control::ordered(url, "GET", "/objects", &Value::Null).await;
        let registries = objects.as_object().unwrap().values();
        let accounts = registries.filter_map(|registry| registry["accounts"].as_array()).flatten();
        let waiting: u64 = accounts.filter_map(|account| account["messages"].as_u64()).sum();
        usize::try_from(waiting).unwrap()
    }

    /// The referee's word on all of it.
    async fn assert_in_order(&self) {
        let books = books::read(&self.world.database.url).await.unwrap();
        let ledger = self.world.sandbox.ledger();
        let (plan, blows, by_hand) = (&self.plan, &[], &BTreeSet::new());
        let of = |heard: &Heard| -> Verdict {
            let (ledger, objects, books) = (&ledger, &Value::Null, &books);
            judge(&Evidence { plan, ledger, objects, books, heard, unread: 0, rejected: 0, blows, by_hand })
        };
        let verdict = match &self.broker {
            Some((_, _, collector)) => of(&collector.heard.lock().unwrap()),
            None => {
                // Without a broker the outbox is what whoever follows the events reads.
                let mut heard = Heard::default();
                for row in self.world.database.store.events_after(0, 10_000).await.unwrap() {
                    heard.note(row.event.body.to_string().as_bytes());
                }
                of(&heard)
            }
        };
        assert!(verdict.is_clean(), "{verdict}");
        assert!(verdict.messages >= self.stage.messages);
    }
}

/// A daemon that was told where to fail.
pub struct Daemon {
    child: Child,
    log: std::path::PathBuf,
}

/// What a process ends with that aborts.
const SIGABRT: i32 = 6;

impl Daemon {
    /// Waits until it dies, by its own hand.
    pub async fn dies(mut self) {
        let status = self.ended().await;
        assert_eq!(signal_of(status), Some(SIGABRT), "{status}\n{}", self.log_tail());
    }

    async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("still alive:\n{}", self.log_tail())).unwrap()
    }

    /// Tells it to stop, once it listens to signals; how it ends is the caller's to see.
    pub async fn told_to_stop(&self) {
        let is_at_work = async || {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            said.contains("the store is available").then_some(())
        };
        until("a daemon at work", is_at_work).await;
        let id = self.child.id().unwrap_or_else(|| panic!("has ended:\n{}", self.log_tail()));
        let kill = Command::new("sh").arg("-c").arg(format!("kill -TERM {id}")).status().await.unwrap();
        assert!(kill.success());
    }

    /// Stops it, in good order.
    pub async fn stops(mut self) {
        self.told_to_stop().await;
        let status = self.ended().await;
        assert!(status.success(), "{status}\n{}", self.log_tail());
    }

    fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    status.signal()
}

/// `FAILPOINTS` for one wish, after so many times of nothing.
pub fn wish(point: Point, skip: usize, what: &str) -> String {
    if skip == 0 {
        format!("{}=1*return({what})", point.name())
    } else {
        format!("{}={skip}*off->1*return({what})", point.name())
    }
}
