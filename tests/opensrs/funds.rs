//! An account runs out of money: what costs some waits at no cost, everything else goes on, and a payment is noticed.

use registrard::model::{Event, State};
use registrard::store::PauseKind;
use serde_json::{Value, json};

use crate::office::{Office, open};
use crate::params::registration;
use crate::world::{Place, RESELLER, Setup, job, until};

/// One year of a name, and some more.
const BALANCE: i64 = 2000;

fn setup(place: Place) -> Setup {
    // With one session one order is refused, and no other is on its way meanwhile.
    let mut setup = Setup::at(place).limit("sessions", json!(1));
    setup.opensrs.balance = BALANCE;
    setup
}

impl Office {
    async fn registrations(&self, names: &[&str]) -> Vec<registrard::model::JobId> {
        let jobs: Vec<Value> = names.iter().map(|name| job(RESELLER, "domain.create", registration(name))).collect();
        self.world.submit(&jobs).await
    }

    /// Why what costs money waits, once it does.
    async fn out_of_funds(&self) -> String {
        let pauses = async || self.world.database.store.pauses().await.unwrap();
        let found = async || pauses().await.into_iter().find(|pause| pause.kind == PauseKind::Funds);
        let pause = until("the pause", found).await;
        assert_eq!(pause.name, RESELLER);
        pause.reason
    }

    async fn told(&self, kind: &str) -> usize {
        let events = self.world.database.store.events_after(0, 10_000).await.unwrap();
        events.iter().filter(|row| row.event.routing_key() == format!("{kind}.{RESELLER}")).count()
    }

    /// Jobs that wait although they were never sent, or sent at no cost. The account is held before the answer that says why
    /// is recorded.
    async fn waiting(&self, ids: &[registrard::model::JobId]) {
        for id in ids {
            let recorded = async || Some(self.world.job(*id).await.job).filter(|job| job.state != State::Running);
            let job = until("the answer to be recorded", recorded).await;
            assert_eq!((job.state, job.spent), (State::Waiting, 0), "{:?}", job.reason);
        }
    }
}

async fn a_payment_is_noticed(place: Place) {
    open(setup(place), async |office| {
        office.done(RESELLER, "domain.create", registration("first.com")).await;
        let ids = office.registrations(&["one.com", "two.com", "three.com", "four.com"]).await;
        let why = office.out_of_funds().await;
        assert!(why.contains("440") && why.contains("pay in") && why.contains("accounts resume"), "{why}");
        // What was refused lies at the registry as an order of its own; of the others nothing was sent.
        let kept = office.world.end_of(ids[0]).await.job;
        assert_eq!(kept.state, State::NeedsAttention);
        let order = kept.answer.unwrap().data["forced_pending"].as_str().unwrap().to_owned();
        let asked = async || (!office.world.requests_for(RESELLER, "account.info").is_empty()).then_some(());
        until("the question how much there is", asked).await;

        office.done(RESELLER, "domain.check", json!({ "domain": "five.com" })).await;
        office.done(RESELLER, "domain.update", json!({ "domain": "first.com", "lock": true })).await;
        office.waiting(&ids[1..]).await;
        assert_eq!(office.world.requests_for(RESELLER, "domain.create").len(), 2, "no further order was sent");
        assert_eq!((office.told("funds.paused").await, office.told("funds.resumed").await), (1, 0));

        office.control("POST", "/accounts", json!({ "account": RESELLER, "balance": 100_000 })).await;
        for id in &ids[1..] {
            assert_eq!(office.world.succeeded(*id).await.job.spent, 0);
        }
        office.done(RESELLER, "order.process", json!({ "order": order })).await;
        assert_eq!(office.told("funds.resumed").await, 1);
        assert!(office.world.database.store.pauses().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_noticed_over_https() {
    a_payment_is_noticed(Place::OpensrsByHttps).await;
}

#[tokio::test]
async fn a_payment_is_noticed_over_tcp() {
    a_payment_is_noticed(Place::OpensrsByTcp).await;
}

/// The registry says no and keeps nothing, and shows no more money than before: it is for an operator to have it tried.
#[tokio::test]
async fn an_operator_has_one_order_try() {
    open(setup(Place::OpensrsByHttps), async |office| {
        office.control("POST", "/accounts", json!({ "account": RESELLER, "balance": 100_000 })).await;
        let ids = office.registrations(&["once-440-1.com", "once-440-2.com", "plain.com"]).await;
        let mut refused = 0;
        loop {
            office.out_of_funds().await;
            refused += 1;
            let sent = office.world.requests_for(RESELLER, "domain.create").len();
            // Each try is one order; the last one finds that there is money, and the third name needs no try.
            if refused == 2 {
                assert!(sent <= 4, "{sent} orders were sent");
                break;
            }
            office.waiting(&ids).await;
            resume(office).await;
            let again = async || (office.told("funds.paused").await == 2).then_some(());
            until("the second refusal", again).await;
        }
        resume(office).await;
        for id in ids {
            let detail = office.world.succeeded(id).await;
            assert_eq!(detail.job.spent, 0, "waiting costs nothing");
        }
        assert_eq!(office.effects().len(), 3);
    })
    .await;
}

async fn resume(office: &Office) {
    let event = Event::of_pause("funds", RESELLER, "resumed", "by an operator", jiff::Timestamp::now());
    let ended = office.world.database.store.end_pause(PauseKind::Funds, RESELLER, &event).await.unwrap();
    assert!(ended.is_some());
}
