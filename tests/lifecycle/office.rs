//! A registrar's office: one daemon at work for two accounts, and what is done there all day.
#![allow(dead_code, reason = "each test binary uses its part of this")]

use clap::Parser;
use jiff::Timestamp;
use registrard::cli::output::{Colour, Out};
use registrard::cli::{Cli, Command, deadlines, jobs, orders};
use registrard::config::Config;
use registrard::store::JobDetail;
use serde_json::{Value, json};

use crate::control;
use crate::database::Kind;
use crate::world::{ACCOUNT, Setup, World, contact_create, handle, job, play, until};

/// A world with a daemon at work in it.
pub struct Office {
    pub world: World,
}

/// Plays a day at the office, on PostgreSQL.
pub async fn open(setup: Setup, day: impl AsyncFnOnce(&Office)) {
    play(Kind::Postgres, setup.reading_messages(), async |world: World| {
        let daemon = world.daemon();
        let office = Office { world };
        day(&office).await;
        daemon.stop().await;
    })
    .await;
}

impl Office {
    /// Has a job done and returns what became of it; it has to succeed.
    pub async fn done(&self, account: &str, operation: &str, params: Value) -> JobDetail {
        let ids = self.world.submit(&[job(account, operation, params)]).await;
        self.world.succeeded(ids[0]).await
    }

    /// Has a job tried; it has to end in this state, and the code that decided is returned.
    pub async fn refused(&self, account: &str, operation: &str, params: Value, state: &str) -> String {
        let ids = self.world.submit(&[job(account, operation, params)]).await;
        let detail = self.world.end_of(ids[0]).await;
        assert_eq!(detail.job.state.word(), state, "{operation}: {:?}", detail.job.reason);
        detail.job.answer.unwrap().leading_code().unwrap_or_default().to_owned()
    }

    /// What a domain.info of the account shows.
    pub async fn info(&self, account: &str, domain: &str) -> Value {
        self.done(account, "domain.info", json!({ "domain": domain })).await.job.answer.unwrap().data
    }

    /// The status a CHECK shows.
    pub async fn status(&self, domain: &str) -> String {
        let seen = self.done(ACCOUNT, "domain.check", json!({ "domain": domain })).await;
        seen.job.answer.unwrap().data["status"].as_str().unwrap().to_owned()
    }

    /// A contact of [`ACCOUNT`].
    pub async fn contact(&self, name: &str, change: Value) -> JobDetail {
        let mut params = contact_create(name)["params"].clone();
        params.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.done(ACCOUNT, "contact.create", params).await
    }

    /// A domain of [`ACCOUNT`] with the holder MAX.
    pub async fn domain(&self, domain: &str, nserver: &[&str]) -> JobDetail {
        let params = json!({ "domain": domain, "holder": [handle("MAX")], "nserver": nserver });
        self.done(ACCOUNT, "domain.create", params).await
    }

    /// Waits for the event of a registry message about an object.
    pub async fn message(&self, account: &str, kind: &str, object: &str) -> Value {
        until(&format!("message.{kind} about {object}"), async || {
            let sent = self.world.database.store.events_after(0, 10_000).await.unwrap();
            let fits = |data: &Value| data["account"] == account && data["object"] == object;
            let events = sent.into_iter().map(|row| row.event);
            events
                .filter(|event| event.kind == format!("message.{kind}"))
                .map(|event| event.body["data"].clone())
                .find(fits)
        })
        .await
    }

    /// What a command of the operator prints; it has to succeed. `now` is what the keys for e-mail are looked at with.
    pub async fn operator(&self, config: &Config, now: Timestamp, line: &[&str]) -> String {
        let Cli { global, command, .. } = Cli::try_parse_from(["registrard"].iter().chain(line)).unwrap();
        let (mut data, mut talk) = (Vec::new(), Vec::new());
        let mut out = Out::new(global.output.unwrap_or_default(), Colour::Never, &mut data, &mut talk);
        let store = &*self.world.database.store;
        let how = match &command {
            Command::Orders(command) => orders::run(command, config, store, now, &mut out).await,
            Command::Jobs(command) => jobs::run(command, config, store, Timestamp::now(), &mut out).await,
            Command::Deadlines(command) => deadlines::run(command, config, store, now, &mut out).await,
            other => panic!("no case for {other:?}"),
        };
        assert_eq!(how, Ok(()), "{line:?}");
        String::from_utf8(data).unwrap()
    }

    /// Asks the sandbox's control interface.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        control::ordered(self.control_url(), method, path, &body).await
    }

    pub fn control_url(&self) -> &str {
        self.world.sandbox.ready()["control"].as_str().unwrap()
    }

    /// Moves the registry's clock.
    pub async fn days(&self, days: i64) {
        control::days(self.control_url(), days).await;
    }
}

/// Name servers that are in order.
pub const NSERVER: [&str; 2] = ["ns1.example.net", "ns2.example.net"];
