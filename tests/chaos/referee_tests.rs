//! The referee himself is tried: a run without fault, and then one with each fault he is there for.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use registrard::sandbox::{EffectRecord, Ledger, RequestRecord};
use serde_json::json;
use uuid::Uuid;

use crate::plain_amqp::Heard;
use crate::plan::{Cast, Fate, Plan, Size};
use crate::referee::{AttemptRow, Books, Evidence, InboxRow, JobRow, Verdict, Wrong, judge};
use crate::registries::{DenicRri, Opensrs, Registry, job_of};

/// Everything as it should be.
struct Case {
    plan: Plan,
    ledger: Ledger,
    books: Books,
    heard: Heard,
    by_hand: BTreeSet<Uuid>,
    unread: u64,
    rejected: u64,
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn ctid(id: Uuid, attempt: u32) -> String {
    format!("rd-{}-{attempt}", id.simple())
}

const DENIC: &str = "denic-rri";
const OPENSRS: &str = "opensrs";

/// A registry with two accounts of its own.
fn cast(registry: &'static dyn Registry, accounts: [&str; 2]) -> Cast {
    Cast { registry, accounts: accounts.map(String::from).to_vec(), scenes: registry.scenes() }
}

fn effect(registry: &str, account: &str, kind: &str, object: &str, ctid: Option<String>) -> EffectRecord {
    EffectRecord {
        seq: 0,
        time: at(1),
        registry: registry.into(),
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
        let both = [cast(&DenicRri, ["DENIC-1000001", "DENIC-1000002"]), cast(&Opensrs, ["reseller1", "reseller2"])];
        let plan = Plan::new(7, &both, Size { writes: 200, waves: 3 });
        let (books, heard) = (Books::default(), Heard::default());
        let mut case =
            Self { plan, ledger: Ledger::default(), books, heard, by_hand: BTreeSet::new(), unread: 0, rejected: 0 };
        let orders = case.plan.orders.clone();
        let mut winners = BTreeSet::new();
        for (id, order) in &orders {
            let is_loser = matches!(&order.fate, Fate::Race(effect) if !winners.insert(effect.clone()));
            let state = match &order.fate {
                _ if is_loser => "failed",
                Fate::Done(_) | Fate::Letter(_) | Fate::Race(_) | Fate::Read => "succeeded",
                Fate::Refused | Fate::TurnedDown(_) => "failed",
                Fate::Cancelled => "cancelled",
            };
            for wanted in order.fate.effects().iter().filter(|_| !is_loser) {
                // One registry names the transaction in every effect, the other one where an order is placed.
                let (registry, account) = (order.registry.name(), &order.account);
                let is_placed = ["domain.create", "domain.transfer", "domain.renew"].contains(&order.operation);
                let named = (registry == DENIC || is_placed).then(|| ctid(*id, 1));
                let request = case.arrive(order, named.clone());
                let effect = effect(registry, account, wanted.kind, &wanted.object, named);
                case.ledger.effects.push(EffectRecord { request, ..effect });
                case.tell(registry, account, *id, wanted.kind);
            }
            let attempt = AttemptRow {
                job: *id,
                transaction: ctid(*id, 1),
                started: at(0),
                ended: Some(at(2)),
                cause: Some("done".into()),
            };
            case.books.attempts.push(attempt);
            case.books.jobs.insert(*id, JobRow { state: state.into(), why: String::new(), finished: Some(at(3)) });
            case.told(*id, &format!("job.{state}"));
            case.heard.finals.entry(id.to_string()).or_default().insert(*id);
        }
        // Jobs on one object come one after the other.
        case.one_by_one();
        case
    }

    /// Puts the request of a job into the ledger.
    fn arrive(&mut self, order: &crate::plan::Order, ctid: Option<String>) -> u64 {
        let seq = self.ledger.requests.len() as u64 + 1;
        self.ledger.requests.push_back(RequestRecord {
            seq,
            arrived: at(1),
            registry: order.registry.name().into(),
            account: Some(order.account.clone()),
            session: 1,
            action: order.operation.into(),
            object: None,
            ctid,
            digest: None,
            bytes: 0,
            answer: None,
            fault: None,
        });
        seq
    }

    /// The registry's message about an effect, if there is one.
    fn tell(&mut self, registry: &str, account: &str, id: Uuid, cause: &str) {
        const CAUSES: &[(&str, &str, &str)] = &[
            (DENIC, "domain.chprov", "transferred_away"),
            (DENIC, "domain.create_authinfo2", "authinfo2_notify"),
            (OPENSRS, "domain.delete", "domain_deleted"),
            (OPENSRS, "domain.renew", "domain_renewed"),
            (OPENSRS, "domain.restore", "domain_renewed"),
        ];
        let Some((_, _, kind)) = CAUSES.iter().find(|row| (row.0, row.1) == (registry, cause)) else { return };
        let is_turned_down = matches!(self.plan.orders[&id].fate, Fate::TurnedDown(_));
        if is_turned_down {
            return;
        }
        let message = format!("message-{id}");
        let removal = if registry == DENIC { "queue.delete" } else { "message.delete" };
        self.ledger.effects.push(effect(registry, account, removal, &message, None));
        self.books.inbox.push(InboxRow { account: account.into(), id: message.clone(), is_removed: true });
        self.heard.messages.entry(message).or_default().clone_from(&((*kind).to_owned(), [id].into()));
    }

    /// Gives each effect that names no transaction, and the attempt it came from, an instant of its own.
    fn one_by_one(&mut self) {
        // An effect that names its job is nobody else's.
        let named = |effect: &EffectRecord| effect.ctid.as_deref().and_then(job_of);
        let mut begun: BTreeSet<Uuid> = self.ledger.effects.iter().filter_map(named).collect();
        for (second, seen) in (10..).zip(self.ledger.effects.iter_mut().filter(|effect| effect.ctid.is_none())) {
            let wants = |id: &Uuid| {
                let fate = &self.plan.orders[id].fate;
                fate.effects().iter().any(|wanted| wanted.kind == seen.kind && wanted.object == seen.object)
            };
            let waiting = self.books.attempts.iter_mut().find(|row| wants(&row.job) && !begun.contains(&row.job));
            seen.time = at(2 * second);
            if let Some(row) = waiting {
                row.ended = Some(at(2 * second + 1));
                // One job may have several effects, and is at work until the last.
                if self.plan.orders[&row.job].fate.effects().len() == 1 {
                    begun.insert(row.job);
                    row.started = at(2 * second - 1);
                }
            }
        }
    }

    fn judged(&self) -> Verdict {
        let Self { plan, ledger, books, heard, by_hand, unread, rejected } = self;
        let (unread, rejected, objects) = (*unread, *rejected, &json!(null));
        judge(&Evidence { plan, ledger, objects, books, heard, unread, rejected, by_hand, blows: &[] })
    }

    /// A job of OpenSRS with this operation that had an effect, and that another job needs.
    fn of_opensrs(&self, operation: &str) -> Uuid {
        let is_needed = |id: &Uuid| self.plan.orders.values().any(|other| other.after.contains(id));
        let is_it = |id: &Uuid, order: &crate::plan::Order| {
            let is_done = order.registry.name() == OPENSRS && matches!(order.fate, Fate::Done(_));
            is_done && order.operation == operation && is_needed(id)
        };
        *self.plan.orders.iter().find(|(id, order)| is_it(id, order)).unwrap().0
    }

    /// A job that had an effect.
    fn done(&self) -> Uuid {
        let mut orders = self.plan.orders.iter();
        *orders
            .find(|(_, order)| matches!(&order.fate, Fate::Done(effects) if effects[0].kind == "contact.update"))
            .unwrap()
            .0
    }

    fn of(&mut self, id: Uuid) -> &mut JobRow {
        self.books.jobs.get_mut(&id).unwrap()
    }

    fn told(&mut self, id: Uuid, kind: &str) {
        self.heard.kinds.insert(id.to_string(), [kind.to_owned()].into());
    }

    /// Takes the effects of a job without a transaction id away.
    fn forget(&mut self, id: Uuid) {
        let object = self.plan.orders[&id].object.clone();
        let kind = self.plan.orders[&id].operation;
        self.ledger.effects.retain(|effect| effect.object != object || effect.kind != kind);
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
        case.ledger.effects.push(effect(DENIC, "DENIC-1000001", "domain.delete", "example.de", None));
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
    // A change of which nobody says whose it is, and nobody ordered; and one that happened twice.
    (Wrong::Unintended, |case| {
        case.ledger.effects.push(effect(OPENSRS, "reseller1", "domain.update", "example.com", None));
    }),
    (Wrong::Duplicate, |case| {
        let object = case.plan.orders[&case.of_opensrs("domain.update")].object.clone();
        let again = case.ledger.effects.iter().find(|effect| effect.object == object && effect.kind == "domain.update");
        let again = again.unwrap().clone();
        case.ledger.effects.push(again);
    }),
    (Wrong::Unintended, |case| {
        let id = case.of_opensrs("domain.create");
        // That is for refused ones.
        case.ledger.effects.push(effect(OPENSRS, "reseller1", "order.pending", "example.com", Some(ctid(id, 1))));
    }),
    // A human declared it over, and it had happened.
    (Wrong::False, |case| {
        let id = case.of_opensrs("domain.delete");
        case.by_hand.insert(id);
        case.of(id).state = "failed".into();
        case.told(id, "job.failed");
    }),
    // A human declared it over, and what needed it was done all the same.
    (Wrong::False, |case| {
        let id = case.of_opensrs("domain.delete");
        case.by_hand.insert(id);
        case.forget(id);
        case.of(id).state = "failed".into();
        case.told(id, "job.failed");
    }),
    (Wrong::Stuck, |case| {
        let id = case.of_opensrs("domain.delete");
        case.forget(id);
        *case.of(id) = JobRow { state: "needs_attention".into(), why: String::new(), finished: None };
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
        seq: 0,
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
