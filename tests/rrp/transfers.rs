//! Transfers: asked for, approved, refused, withdrawn, and decided by the registry.

use std::time::Duration;

use registrard::model::State;
use serde_json::{Value, json};

use crate::database::Kind;
use crate::life::code;
use crate::office::Office;
use crate::world::{OTHER_REGISTRAR, Place, REGISTRAR, Setup, World, job, play, until};

/// A day at the office at which pending orders are asked about at once.
pub async fn open(setup: Setup, day: impl AsyncFnOnce(&Office)) {
    play(Kind::Postgres, setup, async |mut world: World| {
        world.config.retry.pending = [0.02, 0.1];
        let daemon = world.daemon();
        let office = Office { world };
        day(&office).await;
        daemon.stop().await;
    })
    .await;
}

impl Office {
    pub async fn domain_of(&self, account: &str, domain: &str) {
        self.done(account, "domain.create", json!({ "domain": domain, "years": 1 })).await;
    }

    /// Asks for a domain of [`REGISTRAR`]; the job is pending, and was asked about.
    pub async fn requested(&self, domain: &str) -> registrard::model::JobId {
        let ids = self.world.submit(&[job(OTHER_REGISTRAR, "domain.transfer", json!({ "domain": domain }))]).await;
        until("a transfer that is asked about", async || {
            let job = self.world.job(ids[0]).await.job;
            assert!(!job.state.is_final(), "{:?}", job.reason);
            (job.state == State::Pending && job.asked >= 2).then_some(())
        })
        .await;
        ids[0]
    }
}

#[tokio::test]
async fn a_transfer_is_pending_until_the_domain_is_there() {
    open(Setup::at(Place::Rrp), async |office| {
        let of = |domain: &str| json!({ "domain": domain });
        for domain in ["one.com", "two.com", "three.com", "four.com"] {
            office.domain_of(REGISTRAR, domain).await;
        }
        let one = office.requested("one.com").await;
        assert_eq!(office.refused(REGISTRAR, "domain.delete", of("one.com"), "failed").await, "553");
        office.done(REGISTRAR, "domain.transfer_approve", of("one.com")).await;
        let arrived = office.world.succeeded(one).await;
        assert_eq!(arrived.job.answer.unwrap().data["registrar"], OTHER_REGISTRAR);
        assert_eq!(office.refused(REGISTRAR, "domain.transfer_approve", of("one.com"), "failed").await, "531");

        // Refused: nobody says so, and until the time for decisions is over it may still come.
        let two = office.requested("two.com").await;
        office.done(REGISTRAR, "domain.transfer_reject", of("two.com")).await;
        assert_eq!(office.refused(REGISTRAR, "domain.transfer_reject", of("two.com"), "failed").await, "534");
        let asked = office.world.job(two).await.job.asked;
        let waiting = until("further questions", async || {
            let job = office.world.job(two).await.job;
            (job.asked > asked + 2).then_some(job)
        })
        .await;
        assert_eq!(waiting.state, State::Pending);
        assert!(waiting.reason.unwrap().contains("undecided or was refused"));

        // Taken back by whoever asked.
        office.requested("three.com").await;
        let cancel = json!({ "domain": "three.com", "transfer": true });
        office.done(OTHER_REGISTRAR, "order.cancel", cancel.clone()).await;
        assert_eq!(office.refused(OTHER_REGISTRAR, "order.cancel", cancel, "failed").await, "534");

        // Decided by the registry.
        let four = office.requested("four.com").await;
        office.days(6).await;
        office.world.succeeded(four).await;
        assert_eq!(office.refused(OTHER_REGISTRAR, "domain.transfer", of("four.com"), "failed").await, "531");
        assert_eq!(code(&office.done(OTHER_REGISTRAR, "domain.info", of("four.com")).await), "200");

        let effects: Vec<_> = office.effects().into_iter().filter(|(kind, _)| kind.contains("transfer")).collect();
        let expected = [
            ("domain.transfer", "one.com"),
            ("domain.transfer_approve", "one.com"),
            ("domain.transfer", "two.com"),
            ("domain.transfer_reject", "two.com"),
            ("domain.transfer", "three.com"),
            ("domain.transfer_cancel", "three.com"),
            ("domain.transfer", "four.com"),
        ];
        assert_eq!(effects, expected.map(|(kind, domain)| (kind.to_owned(), domain.to_owned())));
    })
    .await;
}

/// The answers to each kind of order about a transfer are lost, before the effect or after it.
#[tokio::test]
async fn lost_answers_about_transfers_do_not_lose_transfers() {
    for fault in ["cut_before", "cut_after", "garbage", "lie=421:effect=yes", "lie=549:effect=no"] {
        println!("{fault}");
        let (kind, more) =
            fault.split_once(':').map_or((fault, String::new()), |(kind, more)| (kind, format!(",{more}")));
        let mut setup = Setup::at(Place::Rrp).set("answer_seconds", json!(3));
        for action in ["domain.transfer", "domain.transfer_approve", "domain.transfer_reject"] {
            setup = setup.fault(&format!("{kind}:action={action},every=2{more}"));
        }
        open(setup, async |office| {
            let of = |domain: &str| json!({ "domain": domain });
            let mut expected = Vec::new();
            for n in 0..3 {
                let [taken, kept] = [format!("taken-{n}.com"), format!("kept-{n}.com")];
                office.domain_of(REGISTRAR, &taken).await;
                office.domain_of(REGISTRAR, &kept).await;
                let transfer = office.requested(&taken).await;
                office.done(REGISTRAR, "domain.transfer_approve", of(&taken)).await;
                office.world.succeeded(transfer).await;
                office.requested(&kept).await;
                office.done(REGISTRAR, "domain.transfer_reject", of(&kept)).await;
                for (kind, domain) in [
                    ("domain.transfer", &taken),
                    ("domain.transfer_approve", &taken),
                    ("domain.transfer", &kept),
                    ("domain.transfer_reject", &kept),
                ] {
                    expected.push((kind.to_owned(), domain.clone()));
                }
            }
            let effects: Vec<_> = office.effects().into_iter().filter(|(kind, _)| kind.contains("transfer")).collect();
            assert_eq!(effects, expected, "{fault}: each effect once");
        })
        .await;
    }
}

/// Limits of time are those of the account, not of patience: what is asked about is not given up.
#[tokio::test]
async fn a_pending_transfer_is_never_given_up_before_its_time() {
    open(Setup::at(Place::Rrp), async |office| {
        office.domain_of(REGISTRAR, "example.net").await;
        let id = office.requested("example.net").await;
        let job = until("more questions than of any other order", async || {
            let job = office.world.job(id).await.job;
            (job.asked > 45 || job.state != State::Pending).then_some(job)
        })
        .await;
        assert_eq!(job.state, State::Pending, "{:?}", job.reason);
        let body = json!({ "domain": "example.net", "approve": true });
        let decided: Value = office.control("POST", "/domains", body).await;
        assert_eq!(decided["registrar"], OTHER_REGISTRAR);
        let arrived = tokio::time::timeout(Duration::from_secs(30), office.world.succeeded(id)).await.unwrap();
        assert_eq!(arrived.job.state, State::Succeeded);
    })
    .await;
}
