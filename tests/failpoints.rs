//! A daemon dies, hangs or fails at each named step (`registrard::failpoint::Point`), and everything still happens exactly
//! once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "chaos/books.rs"]
mod books;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "support/plain_amqp.rs"]
mod plain_amqp;
#[path = "chaos/plan.rs"]
mod plan;
#[path = "support/process.rs"]
mod process;
#[path = "chaos/referee.rs"]
mod referee;
#[path = "chaos/registries/mod.rs"]
mod registries;
#[path = "failpoints/scene.rs"]
mod scene;
#[path = "engine/world.rs"]
mod world;

use database::Kind;
use registrard::failpoint::Point;
use scene::{Found, House, Stage, Way, tell, wish};

/// A step, and what is there when a daemon died at it.
struct Case {
    point: Point,
    stage: Stage,
    /// How often the step is passed before.
    skip: usize,
    /// A step at which an earlier daemon died.
    before: Option<Point>,
    /// Whether it is told to stop first.
    stopping: bool,
    found: fn(&Found) -> bool,
}

impl Case {
    fn new(point: Point, kind: Kind, way: Way, found: fn(&Found) -> bool) -> Self {
        let stage = Stage { kind, way, faults: Vec::new(), messages: 0, unread: false };
        Self { point, stage, skip: 0, before: None, stopping: false, found }
    }

    fn skip(mut self, times: usize) -> Self {
        self.skip = times;
        self
    }

    fn fault(mut self, fault: &'static str) -> Self {
        self.stage.faults.push(fault);
        self
    }

    fn messages(mut self) -> Self {
        self.stage.messages = 3;
        self
    }

    /// So that the requests before that of a job can be counted.
    fn reading_nothing(mut self) -> Self {
        self.stage.unread = true;
        self
    }

    fn after(mut self, point: Point) -> Self {
        self.before = Some(point);
        self
    }

    fn stopping(mut self) -> Self {
        self.stopping = true;
        self
    }

    async fn play(self) {
        let Self { point, stage, skip, before, stopping, found } = self;
        let way = stage.way;
        tell(stage, async |house: &House| {
            if let Some(before) = before {
                house.daemon("earlier", &wish(before, 0, "crash")).dies().await;
                house.forget_leases().await;
            }
            let victim = house.daemon("victim", &wish(point, skip, "crash"));
            let publisher = (way == Way::Broker).then(|| house.publish());
            if stopping {
                house.over().await;
                victim.told_to_stop().await;
            }
            victim.dies().await;
            let seen = house.found().await;
            assert!(found(&seen), "{}: {seen:#?}", point.name());
            house.forget_leases().await;
            let heir = house.daemon("heir", "");
            if let Some(publisher) = publisher {
                publisher.await.unwrap();
            }
            house.over().await;
            heir.stops().await;
        })
        .await;
    }
}

macro_rules! cases {
    ($($name:ident $point:ident on $kind:ident by $way:ident $(, $with:ident($($arg:expr)?))*: $found:expr;)+) => {
        /// The steps that have a test.
        const TESTED: &[Point] = &[$(Point::$point,)+];

        mod dies_at {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Case::new(Point::$point, Kind::$kind, Way::$way, $found)$(.$with($($arg)?))*.play().await;
            })+
        }
    };
}

cases! {
    intake_received IntakeReceived on Sqlite by Broker: |found| found.books.jobs.is_empty();
    intake_sorted IntakeSorted on Sqlite by Broker: |found| found.books.jobs.is_empty();
    intake_committed IntakeCommitted on Postgres by Broker: |found| !found.books.jobs.is_empty();
    intake_acknowledged IntakeAcknowledged on Sqlite by Broker: |found| !found.books.jobs.is_empty();
    claim_chosen ClaimChosen on Sqlite by Store: |found| found.jobs("running") == 0 && found.requests == 0;
    intent_written IntentWritten on Postgres by Store: |found| found.jobs("running") > 0 && found.requests == 0;
    request_ready RequestReady on Sqlite by Store: |found| found.jobs("running") > 0 && found.requests == 0;
    request_sent RequestSent on Sqlite by Store, reading_nothing(), skip(1): |found| found.jobs("running") > 0;
    answer_heard AnswerHeard on Sqlite by Store, skip(1): |found| found.jobs("running") > 0 && found.effects == 2;
    outcome_ready OutcomeReady on Sqlite by Store: |found| found.jobs("running") > 0 && found.over() == 0 && found.effects > 0;
    outcome_written OutcomeWritten on Sqlite by Store: |found| found.over() > 0;
    doubt_found DoubtFound on Postgres by Store, fault("cut_after:action=contact.*,nth=1"): |found| found.jobs("in_doubt") == 1;
    rescue_found RescueFound on Sqlite by Store, after(Point::AnswerHeard): |found| found.jobs("running") > 0 && found.jobs("in_doubt") == 0;
    outbox_read OutboxRead on Postgres by Broker: |found| found.books.unsent > 0;
    outbox_published OutboxPublished on Sqlite by Broker: |found| found.books.unsent > 0;
    outbox_marked OutboxMarked on Sqlite by Broker: |found| found.over() > 0;
    poll_read PollRead on Sqlite by Store, messages(): |found| found.books.inbox.is_empty();
    poll_stored PollStored on Sqlite by Store, messages(): |found| found.books.inbox.len() == 1 && found.removals == 0;
    poll_removing PollRemoving on Postgres by Store, messages(): |found| found.removals == 1 && found.removed == 0;
    poll_removed PollRemoved on Sqlite by Store, messages(), skip(1): |found| {
        found.removed == 2 && found.books.inbox.iter().filter(|row| row.is_removed).count() == 1
    };
    lease_acquired LeaseAcquired on Sqlite by Store: |found| found.leases == 1 && found.requests == 0;
    lease_renewed LeaseRenewed on Sqlite by Store: |found| found.leases == 1;
    lease_releasing LeaseReleasing on Sqlite by Store, stopping(): |found| found.leases == 1 && found.over() == found.books.jobs.len();
}

#[test]
fn every_step_has_a_test() {
    let untested: Vec<_> = Point::ALL.iter().filter(|point| !TESTED.contains(point)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

/// The table in the documents has these steps, in this order.
#[test]
fn every_step_is_documented() {
    let document = include_str!("../docs/reliability.md");
    let table = document.split("<!-- failpoints -->").nth(1).unwrap().split("<!-- /failpoints -->").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let named: Vec<_> = Point::ALL.iter().map(|point| point.name()).collect();
    assert_eq!(rows.collect::<Vec<_>>(), named);
}

/// All steps at once, so often.
fn everywhere(points: &[Point], what: &str) -> String {
    let wishes: Vec<_> = points.iter().map(|point| wish(*point, 1, what)).collect();
    wishes.join(";")
}

fn on_the_broker(kind: Kind) -> Stage {
    Stage { kind, way: Way::Broker, faults: vec!["cut_after:action=contact.*,nth=2"], messages: 3, unread: false }
}

/// Nothing depends on a step being quick.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_is_late_once() {
    tell(on_the_broker(Kind::Postgres), async |house: &House| {
        let daemon = house.daemon("late", &everywhere(Point::ALL, "hang=600"));
        house.publish().await.unwrap();
        house.over().await;
        daemon.stops().await;
    })
    .await;
}

/// Steps that can fail in another way than by death.
const FALLIBLE: &[Point] = &[
    Point::ClaimChosen,
    Point::RequestSent,
    Point::RescueFound,
    Point::OutboxRead,
    Point::OutboxPublished,
    Point::PollRead,
    Point::PollStored,
    Point::PollRemoving,
    Point::PollRemoved,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_that_can_fail_fails_twice() {
    tell(on_the_broker(Kind::Sqlite), async |house: &House| {
        let daemon = house.daemon("unlucky", &everywhere(FALLIBLE, "no luck").replace("1*return", "2*return"));
        house.publish().await.unwrap();
        house.over().await;
        daemon.stops().await;
    })
    .await;
}

/// A daemon that hangs while it renews its lease stops working when the lease has run out, and another one goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_at_its_lease_is_replaced() {
    let stage = Stage {
        kind: Kind::Postgres,
        way: Way::Store,
        faults: vec!["delay=400:action=contact.*"],
        messages: 0,
        unread: false,
    };
    tell(stage, async |house: &House| {
        let hanging = house.daemon("hanging", &wish(Point::LeaseRenewed, 0, "hang"));
        let fence = world::until("an owner", async || {
            let fence = house.world.fence(world::ACCOUNT).await;
            (fence > 0).then_some(fence)
        })
        .await;
        let other = house.daemon("other", "");
        house.world.taken_over(world::ACCOUNT, fence).await;
        house.over().await;
        other.stops().await;
        hanging.stops().await;
    })
    .await;
}
