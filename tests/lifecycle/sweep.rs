//! An account that nobody asked about yet: a sweep finds out what it has, and goes on where it was interrupted.

use jiff::{SignedDuration, Timestamp};
use registrard::model::deadline::DeadlineKind;
use registrard::store::{DeadlineFilter, JobFilter};
use serde_json::{Value, json};

use crate::office::{Office, open};
use crate::world::{Setup, until};

/// As many as no page holds.
const DOMAINS: usize = 5;
const ON_A_PAGE: usize = 2;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How a sweep is told what to ask about.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each test binary uses its part of this")]
pub enum By {
    /// The registry lists it, page by page.
    Pages,
    /// The store knows it from jobs of the account.
    Jobs,
}

/// An account comes by its domains, loses its calendar, and gets it back by a sweep. `end` is the last label of the names.
pub async fn of_everything(setup: Setup, account: &str, end: &str, by: By, registration: fn(&str) -> Value) {
    open(setup, async |office| {
        let names: Vec<String> = (1..=DOMAINS).map(|number| format!("example-{number}.{end}")).collect();
        for name in &names {
            office.done(account, "domain.create", registration(name)).await;
        }
        let mut known = Vec::new();
        for name in &names {
            known.push(expiry(office, account, name).await);
        }
        office.world.database.execute("DELETE FROM deadlines").await;

        let day = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let size = ON_A_PAGE.to_string();
        let line =
            ["deadlines", "sweep", "--account", account, "--day", &day, "--per-day", "8640000", "--page-size", &size];
        let sweep = async |more: &[&str]| {
            let line = [&line[..], &["--output", "json"], more].concat();
            let printed = office.operator(&office.world.config, Timestamp::now(), &line).await;
            serde_json::from_str::<Value>(&printed).unwrap()
        };
        let questions = match by {
            By::Pages => DOMAINS.div_ceil(ON_A_PAGE),
            By::Jobs => DOMAINS,
        };
        let asked = async || {
            let filter =
                JobFilter { batch: Some(format!("sweep-{account}-{day}")), limit: 100, ..JobFilter::default() };
            office.world.database.store.jobs(&filter).await.unwrap().len()
        };
        let before = match by {
            // The first page is asked for, and whoever asked is gone.
            By::Pages => tokio::select! {
                swept = sweep(&[]) => panic!("not interrupted: {swept}"),
                () = until("a first question", async || (asked().await > 0).then_some(())) => asked().await,
            },
            By::Jobs => 0,
        };
        let swept = sweep(if by == By::Jobs { &["--wait"] } else { &[] }).await;
        let counts = json!([DOMAINS, questions - before, before, 0]);
        assert_eq!(json!([swept["domains"], swept["new"], swept["known"], swept["bad"]]), counts, "{swept}");
        for (name, due) in names.iter().zip(&known) {
            let apart = expiry(office, account, name).await.duration_since(*due).abs();
            assert!(apart < DAY, "{name}: {apart} apart; a list names the day");
        }
        let again = sweep(&[]).await;
        assert_eq!(json!([again["new"], again["known"]]), json!([0, questions]), "asked once a day: {again}");
        assert_eq!(asked().await, questions);
    })
    .await;
}

/// When a domain expires by the calendar; waits until it says so.
async fn expiry(office: &Office, account: &str, name: &str) -> Timestamp {
    let filter = DeadlineFilter {
        account: Some(account.to_owned()),
        kinds: vec![DeadlineKind::DomainExpiry],
        limit: 100,
        ..DeadlineFilter::default()
    };
    let object = format!("domain:{name}");
    until(&format!("the expiry of {name}"), async || {
        let entries = office.world.database.store.deadlines(&filter).await.unwrap();
        entries.into_iter().find(|entry| entry.object.as_str() == object).map(|entry| entry.due)
    })
    .await
}
