//! The referee himself is tried: a run without fault, and then one with each fault he is there for.

use jiff::{SignedDuration, Timestamp};
use registrard::sandbox::{EffectRecord, Ledger, RequestRecord};
use uuid::Uuid;

use crate::plain_amqp::Heard;
use crate::plan::{Fate, Plan, Size};
use crate::referee::{AttemptRow, Books, Evidence, InboxRow, JobRow, Verdict, Wrong, judge};
use crate::scenes;

/// Everything as it should be.
struct Case {
    plan: Plan,
    ledger: Ledger,
    books: Books,
    heard: Heard,
    unread: u64,
    rejected: u64,
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn ctid(id: Uuid, attempt: u32) -> String {
    format!("rd-{}-{attempt}", id.simple())
}

fn effect(account: &str, kind: &str, object: &str, ctid: Option<String>) -> EffectRecord {
    EffectRecord {
        seq: 0,
        time: at(1),
        registry: "denic-rri".into(),
        account: account.into(),
        kind: kind.into(),
        object: object.into(),
        ctid,
        request: 0,
        detail: None,
    }
}

impl Case {
    fn clean() -> Self {
        let accounts = ["DENIC-1000001", "DENIC-1000002"].map(String::from);
        let plan = Plan::new(7, &accounts, Size { writes: 30, waves: 3, scenes: scenes::ALL });
        let (mut ledger, mut books, mut heard) = (Ledger::default(), Books::default(), Heard::default());
        let mut winners = std::collections::BTreeSet::new();
        for (id, order) in &plan.orders {
            let is_loser = matches!(&order.fate, Fate::Race(effect) if !winners.insert(effect.clone()));
            let state = match &order.fate {
                _ if is_loser => "failed",
                Fate::Done(_) | Fate::Race(_) | Fate::Read => "succeeded",
                Fate::Refused => "failed",
                Fate::Cancelled => "cancelled",
            };
            if let Some(wanted) = order.fate.effect().filter(|_| !is_loser) {
                ledger.effects.push(effect(&order.account, wanted.kind, &wanted.object, Some(ctid(*id, 1))));
                for (cause, kind) in
                    [("domain.chprov", "transferred_away"), ("domain.create_authinfo2", "authinfo2_notify")]
                {
                    if wanted.kind == cause {
                        let message = format!("message-{id}");
                        ledger.effects.push(effect(&order.account, "queue.delete", &message, None));
                        books.inbox.push(InboxRow {
                            account: order.account.clone(),
                            id: message.clone(),
                            is_removed: true,
                        });
                        heard.messages.entry(message).or_default().clone_from(&(kind.to_owned(), [*id].into()));
                    }
                }
            }
            let attempt = AttemptRow {
                job: *id,
                transaction: ctid(*id, 1),
                started: at(0),
                ended: Some(at(2)),
                cause: Some("done".into()),
            };
            books.attempts.push(attempt);
            books.jobs.insert(*id, JobRow { state: state.into(), why: String::new(), finished: Some(at(3)) });
            heard.finals.entry(id.to_string()).or_default().insert(*id);
            heard.kinds.entry(id.to_string()).or_default().insert(format!("job.{state}"));
        }
        Self { plan, ledger, books, heard, unread: 0, rejected: 0 }
    }

    fn judged(&self) -> Verdict {
        let Self { plan, ledger, books, heard, unread, rejected } = self;
        judge(&Evidence { plan, ledger, books, heard, unread: *unread, rejected: *rejected, blows: &[] })
    }

    /// A job that had an effect.
    fn done(&self) -> Uuid {
        let mut orders = self.plan.orders.iter();
        *orders
            .find(|(_, order)| matches!(&order.fate, Fate::Done(effect) if effect.kind == "contact.update"))
            .unwrap()
            .0
    }

    fn of(&mut self, id: Uuid) -> &mut JobRow {
        self.books.jobs.get_mut(&id).unwrap()
    }

    fn told(&mut self, id: Uuid, kind: &str) {
        self.heard.kinds.insert(id.to_string(), [kind.to_owned()].into());
    }

    fn forget_effect(&mut self, id: Uuid) {
        self.ledger.effects.retain(|effect| effect.ctid != Some(ctid(id, 1)));
    }
}

#[test]
fn a_run_without_fault_is_clean() {
    let verdict = Case::clean().judged();
    assert!(verdict.is_clean(), "{verdict}");
    assert!(verdict.effects > 20 && verdict.messages > 0, "{verdict:?}");
}

/// What is wrong, and what the referee has to call it.
type Tampering = (Wrong, fn(&mut Case));

const TAMPERINGS: &[Tampering] = &[
    (Wrong::Lost, |case| _ = case.books.jobs.remove(&case.done())),
    (Wrong::Lost, |case| _ = case.heard.finals.remove(&case.done().to_string())),
    (Wrong::Lost, |case| case.books.unsent = 1),
    (Wrong::Duplicate, |case| {
        let again = effect_of(case).clone();
        case.ledger.effects.push(EffectRecord { ctid: Some(ctid(case.done(), 2)), ..again });
    }),
    (Wrong::Duplicate, |case| {
        let id = case.done();
        case.heard.finals.entry(id.to_string()).or_default().insert(Uuid::nil());
    }),
    (Wrong::Duplicate, |case| {
        let id = case.done();
        case.heard.kinds.entry(id.to_string()).or_default().insert("job.failed".into());
    }),
    (Wrong::Unintended, |case| {
        case.ledger.effects.push(effect("DENIC-1000001", "domain.delete", "example.de", None));
    }),
    (Wrong::Unintended, |case| {
        let again = effect_of(case).clone();
        case.ledger.effects.push(EffectRecord { kind: "contact.create".into(), ..again });
    }),
    (Wrong::Unintended, |case| {
        let row = JobRow { state: "failed".into(), why: String::new(), finished: Some(at(3)) };
        case.books.jobs.insert(Uuid::nil(), row);
    }),
    // Told that it is done, and it is not.
    (Wrong::False, |case| case.forget_effect(case.done())),
    // Told that it failed, and it did not.
    (Wrong::False, |case| {
        let id = case.done();
        case.of(id).state = "failed".into();
        case.told(id, "job.failed");
    }),
    // Failed indeed, but it had to succeed.
    (Wrong::False, |case| {
        let id = case.done();
        case.forget_effect(id);
        case.of(id).state = "failed".into();
        case.told(id, "job.failed");
    }),
    (Wrong::False, |case| {
        let id = case.done();
        case.of(id).state = "failed".into();
    }),
    (Wrong::Stuck, |case| {
        let id = case.done();
        *case.of(id) = JobRow { state: "in_doubt".into(), why: String::new(), finished: None };
    }),
    (Wrong::Stuck, |case| case.books.attempts[0].cause = None),
    (Wrong::Message, |case| case.books.inbox[0].is_removed = false),
    (Wrong::Message, |case| _ = case.books.inbox.remove(0)),
    (Wrong::Message, |case| _ = case.heard.messages.pop_first()),
    (Wrong::Message, |case| _ = case.heard.messages.first_entry().unwrap().get_mut().1.insert(Uuid::nil())),
    (Wrong::Message, |case| case.unread = 1),
    (Wrong::Violation, |case| {
        case.ledger.violations.entry("DENIC-1000001".into()).or_default().insert("too_many_requests".into(), 1);
    }),
    (Wrong::Violation, |case| {
        case.ledger.violations.entry("DENIC-1000001".into()).or_default().insert("concurrent_write".into(), 1);
    }),
    (Wrong::Rejected, |case| case.rejected = 1),
    (Wrong::Rejected, |case| case.heard.rejected.push("conflict".into())),
];

fn effect_of(case: &Case) -> &EffectRecord {
    let wanted = Some(ctid(case.done(), 1));
    case.ledger.effects.iter().find(|effect| effect.ctid == wanted).unwrap()
}

#[test]
fn each_fault_is_found_and_called_by_its_name() {
    for (number, (wrong, tamper)) in TAMPERINGS.iter().enumerate() {
        let mut case = Case::clean();
        tamper(&mut case);
        let verdict = case.judged();
        assert!(verdict.count(*wrong) > 0, "tampering {number}, {wrong}: {verdict}");
    }
}

/// The time from a fault to certainty is that of the attempt it befell.
#[test]
fn faults_are_measured() {
    let mut case = Case::clean();
    let id = case.done();
    case.books.attempts.iter_mut().find(|attempt| attempt.job == id).unwrap().cause = Some("found_applied".into());
    case.ledger.requests.push_back(RequestRecord {
        seq: 1,
        arrived: at(1),
        registry: "denic-rri".into(),
        account: None,
        session: 1,
        action: "contact.update".into(),
        object: None,
        ctid: Some(ctid(id, 1)),
        digest: None,
        bytes: 0,
        answer: None,
        fault: Some("delay=200".into()),
    });
    let verdict = case.judged();
    let seconds = |times: &[std::time::Duration]| times.iter().map(|time| time.as_secs()).collect::<Vec<_>>();
    assert_eq!((seconds(&verdict.settled), seconds(&verdict.finished)), (vec![1], vec![2]));
    assert_eq!((verdict.doubts, verdict.faults.get("delay")), (1, Some(&1)));
}
