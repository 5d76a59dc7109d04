//! Answers that are lost: each write of the table of commands, five ways, over both transports. What was perhaps sent is
//! asked about before anything is sent again, has its effect once, and billing is told the truth.

use registrard::model::{JobId, State};
use serde_json::{Value, json};

use crate::database::Kind;
use crate::office::Office;
use crate::orders::taken;
use crate::params::{contact, registration, transfer, with};
use crate::table::{row, rows};
use crate::world::{Place, RESELLER, Setup, World, job, play, until};

/// What befalls the answer, and whether the write had its effect by then.
const FAULTS: &[(&str, bool)] =
    &[("cut_before", false), ("cut_after", true), ("half_frame", true), ("garbage", true), ("stall", false)];

/// What has to be there before an order makes sense.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Domain,
    /// A domain with a host below it.
    Host,
    /// A domain that was deleted.
    Deleted,
    /// An order that is kept.
    Kept,
    /// The same, of which no other order is kept at the time.
    KeptAlone,
    /// A transfer.
    UnderWay,
    /// One that was cancelled.
    Cancelled,
}

/// How a doubt ends, by `src/registries/opensrs/reconcile`.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// What is there tells; what is not goes out again.
    BySight,
    /// The same, and the registry still works on it.
    UnderWay,
    /// What is there is believed; what is not is never repeated by itself.
    ByPeople,
    /// It cannot be seen, and is ordered once more.
    OnceMore,
    /// It goes out again in any case: the second one finds nothing left to do.
    Harmless,
}

impl Ends {
    /// How the lost attempt ends.
    fn cause(self, happened: bool) -> &'static str {
        match (self, happened) {
            (Self::BySight | Self::ByPeople, true) => "found_applied",
            (Self::UnderWay, true) => "found_taken",
            (Self::ByPeople, false) => "gave_up",
            (Self::OnceMore | Self::Harmless, _) | (_, false) => "found_nothing",
        }
    }
}

/// A write.
struct Write {
    /// Its domain: the label says to the sandbox what there is to know about it.
    label: &'static str,
    operation: &'static str,
    before: Before,
    /// Its parameters beside the name of the domain or the number of the order.
    params: fn(&Scene) -> Value,
    /// What it is in the ledger, about its object, and about its domain.
    effects: &'static [&'static str],
    ends: Ends,
}

const fn write(
    label: &'static str,
    operation: &'static str,
    before: Before,
    params: fn(&Scene) -> Value,
    effects: &'static [&'static str],
    ends: Ends,
) -> Write {
    Write { label, operation, before, params, effects, ends }
}

/// Every write, most of them in one way only.
const WRITES: &[Write] = &{
    use Before::{Cancelled, Deleted, Domain, Host, Kept, KeptAlone, Nothing, UnderWay};
    use Ends::{ByPeople, BySight, Harmless, OnceMore};
    const UPDATE: &[&str] = &["domain.update"];
    [
        write("example-create", "domain.create", Nothing, |s| registration(&s.domain), &["domain.create"], BySight),
        write("example-save", "domain.create", Nothing, |s| saved(registration(&s.domain)), &["order.save"], BySight),
        write(
            "async-create",
            "domain.create",
            Nothing,
            |s| registration(&s.domain),
            &["domain.create"],
            Ends::UnderWay,
        ),
        write("gdpr-create", "domain.create", Nothing, |s| registration(&s.domain), &["domain.create"], Ends::UnderWay),
        write(
            "foreign-come",
            "domain.transfer",
            Nothing,
            |s| transfer(&s.domain),
            &["domain.transfer"],
            Ends::UnderWay,
        ),
        write("foreign-save", "domain.transfer", Nothing, |s| saved(transfer(&s.domain)), &["order.save"], BySight),
        write("example-renew", "domain.renew", Domain, Scene::renewal, &["domain.renew"], BySight),
        write("example-later", "domain.renew", Domain, |s| saved(s.renewal()), &["order.save"], BySight),
        write("async-renew", "domain.renew", Domain, Scene::renewal, &["domain.renew"], Ends::UnderWay),
        write("example-admin", "domain.update", Domain, |s| s.contacts("admin", "Adam"), UPDATE, BySight),
        write("example-ns", "domain.update", Domain, |s| s.with(json!({ "nserver": SERVERS })), UPDATE, BySight),
        write("async-ns", "domain.update", Domain, |s| s.with(json!({ "nserver": SERVERS })), UPDATE, Ends::UnderWay),
        write(
            "async-owner",
            "domain.change_holder",
            Domain,
            |s| s.contacts("owner", "Olga"),
            &["domain.change_holder"],
            Ends::UnderWay,
        ),
        write(
            "async-code",
            "domain.authcode_create",
            Domain,
            |s| s.with(json!({ "auth_info": "Zk7!code" })),
            &["domain.authcode_create"],
            Ends::UnderWay,
        ),
        write("example-delta", "domain.update", Domain, Scene::delta, UPDATE, BySight),
        write("example-expire", "domain.update", Domain, |s| s.with(json!({ "let_expire": true })), UPDATE, BySight),
        write("example-auto", "domain.update", Domain, |s| s.with(json!({ "auto_renew": true })), UPDATE, BySight),
        write("example-lock", "domain.update", Domain, |s| s.with(json!({ "lock": true })), UPDATE, BySight),
        write("example-private", "domain.update", Domain, |s| s.with(json!({ "privacy": true })), UPDATE, BySight),
        write("example-parked", "domain.update", Domain, |s| s.with(json!({ "parked": true })), UPDATE, BySight),
        write(
            "example-verify",
            "domain.update",
            Domain,
            |s| s.with(json!({ "resend_verification": true })),
            UPDATE,
            OnceMore,
        ),
        write(
            "example-owner",
            "domain.change_holder",
            Domain,
            |s| s.contacts("owner", "Olga"),
            &["domain.change_holder"],
            BySight,
        ),
        write("example-delete", "domain.delete", Domain, |s| s.with(json!({})), &["domain.delete"], ByPeople),
        write("example-restore", "domain.restore", Deleted, |s| s.with(json!({})), &["domain.restore"], ByPeople),
        write(
            "example-code",
            "domain.authcode_create",
            Domain,
            |s| s.with(json!({ "auth_info": "Zk7!code" })),
            &["domain.authcode_create"],
            BySight,
        ),
        write(
            "example-mail",
            "domain.authcode_request",
            Domain,
            |s| s.with(json!({})),
            &["domain.authcode_request"],
            OnceMore,
        ),
        write("example-host", "host.create", Domain, |s| s.host("192.0.2.53"), &["host.create"], BySight),
        write("example-told", "host.create", Domain, Scene::foreign_host, &["host.create"], BySight),
        write("example-moved", "host.update", Host, |s| s.host("192.0.2.54"), &["host.update"], BySight),
        write("example-named", "host.update", Host, Scene::renamed, &["host.update"], BySight),
        write("example-gone", "host.delete", Host, |s| s.host("192.0.2.53"), &["host.delete"], BySight),
        write("example-run", "order.process", Kept, Scene::order, &["order.process", "domain.create"], BySight),
        write(
            "foreign-again",
            "order.process",
            Cancelled,
            |s| with(s.order(), json!({ "transfer": true })),
            &["order.process", "domain.transfer"],
            Ends::UnderWay,
        ),
        write("example-drop", "order.cancel", Kept, Scene::order, &["order.cancel"], BySight),
        write(
            "foreign-stop",
            "order.cancel",
            UnderWay,
            |s| s.with(json!({ "transfer": true })),
            &["order.cancel"],
            BySight,
        ),
        write(
            "foreign-halt",
            "order.cancel",
            UnderWay,
            |s| with(s.order(), json!({ "transfer": true })),
            &["order.cancel"],
            BySight,
        ),
        write(
            "example-all",
            "order.cancel",
            KeptAlone,
            |_| json!({ "all_until": "2040-01-01T00:00:00Z", "status": ["pending"] }),
            &["order.cancel"],
            Harmless,
        ),
    ]
};

/// Name servers that are not those of a new registration.
const SERVERS: [&str; 2] = ["ns3.example.net", "ns4.example.net"];

fn saved(params: Value) -> Value {
    with(params, json!({ "save": true }))
}

/// A write and what it is about.
struct Scene {
    write: &'static Write,
    domain: String,
    /// The number of the order that is kept or under way.
    order: String,
    /// When the domain expires, by its registry.
    expires: String,
}

impl Scene {
    fn with(&self, more: Value) -> Value {
        with(json!({ "domain": self.domain }), more)
    }

    fn contacts(&self, role: &str, name: &str) -> Value {
        self.with(json!({ "contacts": { role: contact(name) } }))
    }

    fn renewal(&self) -> Value {
        self.with(json!({ "expires": self.expires, "years": 1, "auto_renew": false }))
    }

    fn delta(&self) -> Value {
        self.with(json!({ "add_nserver": ["ns5.example.net"], "remove_nserver": ["ns1.example.net"] }))
    }

    fn host(&self, address: &str) -> Value {
        self.with(json!({ "host": format!("ns1.{}", self.domain), "address": address }))
    }

    fn renamed(&self) -> Value {
        with(self.host("192.0.2.54"), json!({ "new_name": format!("dns1.{}", self.domain) }))
    }

    fn foreign_host(&self) -> Value {
        json!({ "host": "ns7.example.net", "tld": ".org" })
    }

    fn order(&self) -> Value {
        json!({ "order": self.order })
    }

    /// What the request is about, in the ledger; nothing if it is about the account.
    fn object(&self) -> Option<String> {
        let params = (self.write.params)(self);
        let named = params.get("host").or(params.get("order")).or(params.get("domain"));
        named.map(|name| name.as_str().unwrap().to_owned())
    }

    /// The fault that makes its answer lost.
    fn fault(&self, fault: &str) -> String {
        let object = self.object().map(|object| format!(",object={object}")).unwrap_or_default();
        format!("{fault}:action={},nth=1{object}", self.write.operation)
    }

    /// What is to be found in the ledger.
    fn effects(&self, happened: bool) -> Vec<(String, String)> {
        let about = [self.object().unwrap_or(self.order.clone()), self.domain.clone()];
        let effects = self.write.effects.iter().map(|kind| (*kind).to_owned()).zip(about);
        // The one that cannot be seen.
        let times = if self.write.ends == Ends::OnceMore && happened { 2 } else { 1 };
        effects.flat_map(|effect| vec![effect; times]).collect()
    }
}

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
