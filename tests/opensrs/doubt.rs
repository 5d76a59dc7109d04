//! Answers that are lost: each write of the table of commands, five ways, over both transports. What was perhaps sent is
//! asked about before anything is sent again, has its effect once, and billing is told the truth.

use registrard::model::{JobId, State};
use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::Office;
use crate::orders::taken;
use crate::params::{registration, transfer, with};
use crate::table::{row, rows};
use crate::world::{Place, RESELLER, Setup, World, job, play, until};
use crate::writes::{Before, Ends, Scene, WRITES, Write, saved};

/// What befalls the answer, and whether the write had its effect by then.
const FAULTS: &[(&str, bool)] =
    &[("cut_before", false), ("cut_after", true), ("half_frame", true), ("garbage", true), ("stall", false)];

/// Waits until jobs are over, or with their registry.
async fn settled(office: &Office, ids: &[JobId]) {
    for id in ids {
        let is_settled = |state: State| state.is_final() || [State::Pending, State::NeedsAttention].contains(&state);
        let what = office.world.job(*id).await.job;
        let what = format!("what becomes of {} {}", what.operation, what.object);
        until(&what, async || is_settled(office.world.job(*id).await.job.state).then_some(())).await;
    }
}

/// Brings about what the writes need.
async fn prepared(office: &Office) -> Vec<Scene> {
    let of = |write: &'static Write| Scene {
        write,
        domain: format!("{}.com", write.label),
        order: String::new(),
        expires: String::new(),
    };
    let mut scenes: Vec<Scene> = WRITES.iter().map(of).collect();
    let needs_domain = |scene: &&Scene| [Before::Domain, Before::Host, Before::Deleted].contains(&scene.write.before);
    let create = |scene: &Scene| job(RESELLER, "domain.create", registration(&scene.domain));
    let creates: Vec<Value> = scenes.iter().filter(needs_domain).map(create).collect();
    let ids = office.world.submit(&creates).await;
    settled(office, &ids).await;
    // What is deleted after less than five days is gone for good.
    office.days(6).await;
    for id in ids {
        office.world.succeeded(id).await;
    }
    for scene in &mut scenes {
        let name = json!({ "domain": scene.domain });
        match scene.write.before {
            Before::Nothing | Before::KeptAlone => continue,
            Before::Domain => {
                let seen = office.shown("domain.info", with(name, json!({ "type": "all_info" }))).await;
                scene.expires = seen["registry_expiredate"].as_str().unwrap().to_owned();
                continue;
            }
            Before::Host => {
                office.done(RESELLER, "host.create", scene.host("192.0.2.53")).await;
                continue;
            }
            Before::Deleted => {
                office.done(RESELLER, "domain.delete", name).await;
                continue;
            }
            Before::Kept => {
                office.done(RESELLER, "domain.create", saved(registration(&scene.domain))).await;
            }
            Before::UnderWay => {
                taken(office, "domain.transfer", transfer(&scene.domain)).await;
            }
            Before::Cancelled => {
                let id = taken(office, "domain.transfer", transfer(&scene.domain)).await;
                office.done(RESELLER, "order.cancel", scene.with(json!({ "transfer": true }))).await;
                office.world.end_of(id).await;
            }
        }
        scene.order = number(office, &scene.domain, scene.write.before != Before::Kept).await;
    }
    scenes
}

/// The number of the only order for a name.
async fn number(office: &Office, domain: &str, is_transfer: bool) -> String {
    if is_transfer {
        // Questions about the name itself wait until it is over.
        let seen = office.shown("account.info", json!({ "question": "transfers_in" })).await;
        let transfers = seen["transfers"].as_array().unwrap();
        let ours = transfers.iter().find(|transfer| transfer["domain"] == domain).unwrap();
        return ours["order_id"].as_str().unwrap().to_owned();
    }
    let orders = office.shown("domain.info", json!({ "domain": domain, "question": "orders" })).await;
    orders["orders"][0]["id"].as_str().unwrap().to_owned()
}

/// Orders each of them, loses the answer, and looks at what became of it.
async fn lose(office: &Office, scenes: &[Scene], fault: &str, happened: bool) {
    let before = office.effects().len();
    let faults: Vec<String> = scenes.iter().map(|scene| scene.fault(fault)).collect();
    office.control("POST", "/faults?replace=1", json!(faults)).await;
    let order = |scene: &Scene| {
        let order = job(RESELLER, scene.write.operation, (scene.write.params)(scene));
        with(order, json!({ "max_attempts": 50 }))
    };
    let orders: Vec<Value> = scenes.iter().map(order).collect();
    let ids = office.world.submit(&orders).await;
    settled(office, &ids).await;
    office.days(20).await;
    let mut expected = Vec::new();
    for (scene, id) in scenes.iter().zip(ids) {
        let (label, ends) = (scene.write.label, scene.write.ends);
        let mut detail = office.world.end_of(id).await;
        // One that was certainly not sent does not count: a connection over TCP has its end after a minute.
        let causes = detail.attempts.iter().filter_map(|attempt| attempt.cause.clone());
        let causes: Vec<_> = causes.filter(|cause| cause != "deferred").collect();
        let told = format!("{fault} {label}: {causes:?} {:?}", detail.job.reason);
        if ends == Ends::OnceMore && causes.len() < detail.attempts.len() {
            // Mails are counted by attempts, so one that was not sent uses up the repetition, and a human is asked earlier.
            let mailed =
                office.effects().into_iter().skip(before).filter(|effect| scene.effects(false).contains(effect));
            let mailed: Vec<_> = mailed.collect();
            assert!(mailed.len() <= 2, "{told}");
            expected.extend(mailed);
            continue;
        }
        assert_eq!(causes.first().map(String::as_str), Some(ends.cause(happened)), "{told}");
        if ends == Ends::ByPeople && !happened {
            assert_eq!(detail.job.state, State::NeedsAttention, "{told}");
            assert_eq!(causes.len(), 1, "{told}");
            assert!(detail.job.reason.as_deref().unwrap().contains("jobs dismiss"), "{told}");
            // What it says is done.
            let line = ["jobs", "dismiss", &id.to_string(), "--because", "ordered anew"];
            office.operator(&office.world.config, jiff::Timestamp::now(), &line).await;
            detail = office.done(RESELLER, scene.write.operation, (scene.write.params)(scene)).await;
        }
        assert_eq!(detail.job.state, State::Succeeded, "{told}");
        assert_eq!(detail.events.iter().filter(|row| row.event.is_final).count(), 1, "{told}");
        expected.extend(scene.effects(happened));
    }
    let mut effects = office.effects().split_off(before);
    effects.sort();
    expected.sort();
    assert_eq!(effects, expected, "{fault}: each effect once");
}

async fn lost_answers(place: Place) {
    for (fault, happened) in FAULTS {
        println!("{fault}");
        // Silence lasts so long, and each request that meets it occupies a connection meanwhile.
        let setup = Setup::at(place).set("answer_seconds", json!(3)).limit("sessions", json!(24)).reading_messages();
        play(Kind::Postgres, setup, async |mut world: World| {
            // Enough for what is under way, and soon over where only people can tell.
            world.config.retry.questions = 20;
            world.config.retry.pending = [0.1, 0.5];
            let daemon = world.daemon();
            let office = Office { world };
            let mut scenes = prepared(&office).await;
            let alone = |scene: &Scene| scene.write.before == Before::KeptAlone;
            let together: Vec<Scene> = scenes.extract_if(.., |scene| !alone(scene)).collect();
            lose(&office, &together, fault, *happened).await;
            // Nothing else may be kept now.
            office.control("DELETE", "/faults", json!(null)).await;
            let all = json!({ "all_until": "2040-01-01T00:00:00Z", "status": ["pending"] });
            office.done(RESELLER, "order.cancel", all).await;
            for scene in &mut scenes {
                office.done(RESELLER, "domain.create", saved(registration(&scene.domain))).await;
                scene.order = number(&office, &scene.domain, false).await;
            }
            lose(&office, &scenes, fault, *happened).await;
            daemon.stop().await;
        })
        .await;
    }
}

#[tokio::test]
async fn each_effect_once_over_https() {
    lost_answers(Place::OpensrsByHttps).await;
}

#[tokio::test]
async fn each_effect_once_over_tcp() {
    lost_answers(Place::OpensrsByTcp).await;
}

#[test]
fn every_write_of_the_table_is_lost_here() {
    let scene = |write: &'static Write| Scene {
        write,
        domain: "example.com".into(),
        order: "1".into(),
        expires: "2027-01-01 00:00:00".into(),
    };
    let lost = |write: &'static Write| {
        let params = (write.params)(&scene(write));
        row(write.operation.parse().unwrap(), params.as_object().unwrap())
    };
    let lost = WRITES.iter().map(lost).collect();
    // An event is acknowledged again without any question.
    let mut missing: Vec<String> = rows(true).difference(&lost).cloned().collect();
    missing.retain(|row| !row.starts_with("message.delete"));
    assert!(missing.is_empty(), "the answers to these are never lost:\n{}", missing.join("\n"));
}
