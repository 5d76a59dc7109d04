//! One in flight per object, in order of arrival (law 8); what has to succeed first; not too early and not too late.

use std::time::Duration;

use jiff::Timestamp;
use registrard::model::State;
use serde_json::json;

use crate::database::Kind;
use crate::world::{
    ACCOUNT, Setup, World, after, check, contact_create, domain_create, domain_delete, id_of, play, told, until,
};

#[tokio::test]
async fn jobs_on_one_domain_run_one_at_a_time_in_order_of_arrival() {
    let mut setup = Setup::new();
    setup.denic.processing = Duration::from_millis(30);
    play(Kind::Postgres, setup, async |world: World| {
        let holder = contact_create("MAX");
        let create = after(domain_create("example.de", "MAX"), &[&holder]);
        let delete = domain_delete("example.de");
        // The name is in its redemption period now, so the registry says no.
        let again = domain_create("example.de", "MAX");
        let dependant = after(check(ACCOUNT, "example-2.de"), &[&again]);
        let further = after(check(ACCOUNT, "example-3.de"), &[&dependant]);
        let jobs = [&holder, &create, &delete, &again, &dependant, &further].map(Clone::clone);
        world.submit(&jobs).await;
        let daemon = world.daemon();
        for job in [&holder, &create, &delete] {
            world.succeeded(id_of(job)).await;
        }
        assert_eq!(world.end_of(id_of(&again)).await.job.state, State::Failed);
        for (job, needed) in [(&dependant, &again), (&further, &dependant)] {
            let detail = world.end_of(id_of(job)).await;
            assert_eq!(detail.job.state, State::Cancelled);
            assert_eq!(told(&detail), ["job.cancelled"]);
            assert!(detail.job.reason.unwrap().contains(needed["id"].as_str().unwrap()));
        }
        daemon.stop().await;

        let requests: Vec<_> =
            world.requests(ACCOUNT).into_iter().filter(|r| r.object.as_deref() == Some("example.de")).collect();
        let actions: Vec<_> = requests.iter().map(|request| request.action.as_str()).collect();
        assert_eq!(actions, ["domain.create", "domain.delete", "domain.create"]);
        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.violations_of(ACCOUNT, "concurrent_write"), 0);
        assert!(world.requests_for(ACCOUNT, "domain.check").is_empty(), "a cancelled job was sent");
        // Each was answered before the next arrived.
        for (effect, next) in ledger.effects[1..].iter().zip(&requests[1..]) {
            assert!(effect.time <= next.arrived, "{} overlaps {}", effect.kind, next.action);
        }
    })
    .await;
}

#[tokio::test]
async fn a_job_starts_neither_before_its_time_nor_after_it() {
    play(Kind::Sqlite, Setup::new(), async |world: World| {
        let now = Timestamp::now();
        let (soon, later) = (now + Duration::from_millis(200), now + Duration::from_millis(2500));
        let mut late = check(ACCOUNT, "late.de");
        late["start_by"] = json!(soon);
        let mut early = check(ACCOUNT, "early.de");
        early["not_before"] = json!(later);
        world.submit(&[late.clone(), early.clone()]).await;
        until("the end of a job's time", async || (Timestamp::now() > soon).then_some(())).await;
        let daemon = world.daemon();
        let expired = world.end_of(id_of(&late)).await;
        assert_eq!((expired.job.state, expired.job.attempt), (State::Expired, 0));
        assert_eq!(told(&expired), ["job.expired"]);
        world.succeeded(id_of(&early)).await;
        daemon.stop().await;
        let sent = world.requests_for(ACCOUNT, "domain.check");
        let objects: Vec<_> = sent.iter().map(|request| request.object.as_deref().unwrap()).collect();
        assert_eq!(objects, ["early.de"]);
        assert!(sent[0].arrived >= later, "{} is before {later}", sent[0].arrived);
    })
    .await;
}
