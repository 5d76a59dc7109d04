//! The operations surface: metrics and the dashboard drawn from them, HTTP, the service manager, the unit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail so")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use registrard::cli::Cli;
use registrard::cli::exit::Exit;
use registrard::config::Config;
use registrard::model::{Cause, Operation, State};
use registrard::ops::http::{AccountReadiness, Check, Health, Readiness, Server};
use registrard::ops::metrics::{Login, Metrics, OpenDeadlines, Received};
use registrard::ops::notify::Notify;
use registrard::ops::stop::Stop;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DASHBOARD: &str = include_str!("../grafana/dashboards/registrard/overview.json");
const UNIT: &str = include_str!("../systemd/registrard.service");

/// Metrics after everything has happened once.
fn everything_happened() -> Arc<Metrics> {
    let metrics = Metrics::new().unwrap();
    let now = Timestamp::from_second(1000).unwrap();
    for what in [Received::Accepted, Received::Duplicate, Received::Rejected] {
        metrics.received(what, 2);
    }
    metrics.warned("A", "dummy_phone");
    metrics.finished("A", Operation::DomainCreate, State::Succeeded);
    metrics.deferred("A", "backoff");
    metrics.in_doubt("A");
    metrics.reconciled("A", Cause::FoundApplied);
    metrics.committed(17);
    metrics.answered("denic-rri", "A", Operation::DomainCreate, "done", Duration::from_millis(30));
    metrics.unknown_code("denic-rri", "53300009999");
    metrics.login("A", Login::Open);
    metrics.sessions("A", 1, 2, 4);
    metrics.throttle("A", 1999, 2000);
    metrics.suspended("A");
    metrics.owned("A", true);
    metrics.backlog(
        &[
            ("A".into(), State::Waiting, 5, Some(Timestamp::from_second(400).unwrap())),
            ("A".into(), State::Succeeded, 7, Some(Timestamp::from_second(1).unwrap())),
        ],
        now,
    );
    metrics.outbox(3, Some(Timestamp::from_second(990).unwrap()), now);
    metrics.published(3);
    metrics.message("A", "raw");
    metrics.queue_looked_at("A", Some(4), now);
    metrics.poll_failed("A", "lost");
    metrics.open_messages(&[("A".into(), 2)]);
    let open = OpenDeadlines { account: "A", kind: "domain_expiry", counts: [0, 1, 2, 3, 4], next: now };
    metrics.deadlines(&[open], now);
    metrics.deadlines_at_risk("A", 1);
    metrics.calendar_kept(now);
    metrics.broker(true);
    metrics.store(true);
    metrics
}

/// One family of a metrics page.
#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
    samples: Vec<(String, f64)>,
}

/// Reads the text format far enough to judge it.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families = BTreeMap::<String, Family>::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            families.entry(name.into()).or_default().help = help.into();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            families.entry(name.into()).or_default().kind = kind.into();
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let Some(family) = families.get_mut(family_of(name)) else { panic!("{name} has no HELP and TYPE") };
            let labels = sample.split_once('{').map_or("", |(_, labels)| labels.trim_end_matches('}'));
            let names = labels.split("\",").filter(|label| !label.is_empty());
            family.labels.extend(names.map(|label| label.split('=').next().unwrap().to_owned()));
            family.samples.push((sample.into(), value.parse().unwrap()));
        }
    }
    families
}

/// The family of a sample: histograms have three suffixes.
fn family_of(sample: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|suffix| sample.strip_suffix(suffix)).unwrap_or(sample)
}

#[test]
fn names_follow_the_conventions() {
    let families = families(&everything_happened().render().unwrap());
    assert!(families.keys().filter(|name| name.starts_with("registrard_")).count() >= 22);
    assert!(families.contains_key("process_cpu_seconds_total"));
    let bounded = [
        "account",
        "bucket",
        "cause",
        "code",
        "finding",
        "kind",
        "le",
        "operation",
        "outcome",
        "registry",
        "result",
        "rule",
    ];
    let bounded: BTreeSet<_> = bounded.into_iter().chain(["state", "verdict", "version"]).collect();
    for (name, family) in families.iter().filter(|(name, _)| name.starts_with("registrard_")) {
        assert!(family.help.ends_with('.'), "{name} has no help: `{}`", family.help);
        assert_eq!(family.kind == "counter", name.ends_with("_total"), "{name} is a {}", family.kind);
        assert!(!name.contains("_ms") && !name.contains("milli") && !name.contains("minute"), "{name}: base units");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}");
        assert!(!family.samples.is_empty(), "{name} is never told");
        for label in &family.labels {
            assert!(bounded.contains(label.as_str()), "{name} has label {label}");
        }
    }
}

#[test]
fn values_are_what_happened() {
    let metrics = everything_happened();
    let value = |sample: &str| {
        let families = families(&metrics.render().unwrap());
        let found = families.values().flat_map(|family| &family.samples).find(|(name, _)| name == sample);
        found.map(|(_, value)| *value)
    };
    assert_eq!(value(r#"registrard_jobs_received_total{outcome="accepted"}"#), Some(2.0));
    assert_eq!(value(r#"registrard_oldest_job_age_seconds{account="A",state="waiting"}"#), Some(600.0));
    assert_eq!(value(r#"registrard_oldest_job_age_seconds{account="A",state="succeeded"}"#), None);
    assert_eq!(value("registrard_outbox_oldest_age_seconds"), Some(10.0));
    assert_eq!(value(r#"registrard_throttle_slots{account="A",state="used"}"#), Some(1999.0));
    assert_eq!(
        value(
            r#"registrard_registry_command_duration_seconds_bucket{operation="domain.create",registry="denic-rri",le="0.05"}"#
        ),
        Some(1.0)
    );

    metrics.resumed("A");
    assert_eq!(value(r#"registrard_account_suspended{account="A"}"#), Some(0.0));
    metrics.suspended("A");
    metrics.owned("A", false);
    assert_eq!(value(r#"registrard_throttle_slots{account="A",state="used"}"#), None, "it is another daemon's to tell");
    assert_eq!(value(r#"registrard_account_suspended{account="A"}"#), None, "so is this, and an alert on it must end");
    let later = Timestamp::from_second(2000).unwrap();
    metrics.backlog(&[("A".into(), State::Waiting, 1, Some(later))], Timestamp::from_second(1000).unwrap());
    assert_eq!(value(r#"registrard_oldest_job_age_seconds{account="A",state="waiting"}"#), Some(0.0), "it is not late");
    metrics.backlog(&[], Timestamp::UNIX_EPOCH);
    assert_eq!(value(r#"registrard_jobs{account="A",state="waiting"}"#), None, "a state that is empty now");
}

#[test]
fn codes_a_registry_invents_do_not_grow_without_bound() {
    let metrics = Metrics::new().unwrap();
    for code in 0..1000 {
        metrics.unknown_code("denic-rri", &code.to_string());
    }
    metrics.unknown_code("denic-rri", &"9".repeat(10_000));
    let families = families(&metrics.render().unwrap());
    let samples = &families["registrard_registry_unknown_codes_total"].samples;
    assert!(samples.len() <= 201, "{}", samples.len());
    let total: f64 = samples.iter().map(|(_, value)| value).sum();
    assert_eq!(total, 1001.0);
}

// ── the dashboard ───────────────────────────────────────────────────────────────────────────────────────────────────

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}

/// All expressions with where they stand.
fn expressions() -> Vec<(String, String)> {
    let mut expressions = Vec::new();
    for panel in panels() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            expressions.push((panel["title"].as_str().unwrap().into(), target["expr"].as_str().unwrap().into()));
        }
    }
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        expressions.push(("annotation".into(), annotation["expr"].as_str().unwrap().into()));
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["definition"].as_str() {
            expressions.push((variable["name"].as_str().unwrap().into(), query.into()));
        }
    }
    expressions
}

/// Metrics in an expression, each with what stands in its braces.
fn selectors(expression: &str) -> Vec<(String, String)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = ["registrard_", "process_"].into_iter().flat_map(|prefix| expression.match_indices(prefix));
    starts
        .map(|(start, _)| {
            let rest = &expression[start..];
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let braces = rest[end..].strip_prefix('{').and_then(|rest| rest.split('}').next()).unwrap_or_default();
            (rest[..end].to_owned(), braces.to_owned())
        })
        .collect()
}

#[test]
fn the_dashboard_uses_only_metrics_and_labels_that_exist() {
    let families = families(&everything_happened().render().unwrap());
    let mut used = BTreeSet::new();
    for (place, expression) in expressions() {
        let selectors = selectors(&expression);
        assert!(!selectors.is_empty(), "{place}: `{expression}` selects nothing of ours");
        for (name, braces) in selectors {
            let family = families.get(family_of(&name)).unwrap_or_else(|| panic!("{place}: there is no metric {name}"));
            assert_eq!(family_of(&name) != name, family.kind == "histogram", "{place}: {name} is a {}", family.kind);
            for label in braces.split(", ").filter(|label| !label.is_empty()) {
                let label = label.split(['=', '!']).next().unwrap();
                let known = ["job", "instance"].contains(&label) || family.labels.contains(label);
                assert!(known, "{place}: {name} has no label {label}");
            }
            used.insert(family_of(&name).to_owned());
        }
    }
    let shown = families.keys().filter(|name| name.starts_with("registrard_"));
    let missing: Vec<_> = shown.filter(|name| !used.contains(*name)).collect();
    assert!(missing.is_empty(), "shown nowhere: {missing:?}");
}

#[test]
fn states_and_words_in_the_dashboard_exist() {
    let words: BTreeSet<_> = State::ALL.iter().map(|state| state.word()).chain(["used", "limit"]).collect();
    let mut seen = 0;
    for (place, expression) in expressions() {
        for (_, braces) in selectors(&expression) {
            for label in braces.split(", ").filter(|label| label.starts_with("state")) {
                for word in label.split('"').nth(1).unwrap().split('|') {
                    assert!(words.contains(word), "{place}: there is no state {word}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 8, "only {seen} states were seen");
}

#[test]
fn every_panel_explains_itself_and_has_its_place() {
    let panels = panels();
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in &panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "{title}: its id stands twice");
        let at = |key: &str| panel["gridPos"][key].as_i64().unwrap();
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(x < 24 && cells.insert((x, y)), "{title} overlaps another panel at {x}, {y}");
            }
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().unwrap().len() > 20, "{title} is not described");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        assert_eq!(panel["datasource"]["uid"], "${DS_PROMETHEUS}", "{title}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let chosen = r#"job=~"$job", instance=~"$instance""#;
            assert!(expression.contains(chosen), "{title} does not follow the choice of daemon");
            if expression.contains("rate(") {
                assert!(expression.contains("[$__rate_interval]"), "{title}: a rate over a fixed time");
            }
        }
    }
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert_eq!(dashboard["uid"], "registrard-overview");
    let rows = panels.iter().filter(|panel| panel["type"] == "row").count();
    assert_eq!(rows, 7);
}

// ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Told(Mutex<Readiness>);

impl Health for Told {
    fn report(&self) -> Readiness {
        self.0.lock().unwrap().clone()
    }
}

/// A server on a free port, what it tells, and how to stop it.
async fn server(lifetime: Duration) -> (std::net::SocketAddr, Arc<Told>, Stop, tokio::task::JoinHandle<()>) {
    let told = Arc::new(Told(Mutex::new(Readiness::default())));
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), everything_happened(), told.clone()).await.unwrap();
    let server = server.with_lifetime(lifetime);
    let (address, stop) = (server.address(), Stop::new());
    let task = tokio::spawn({
        let stop = stop.clone();
        async move { server.serve(&stop).await.unwrap() }
    });
    (address, told, stop, task)
}

/// Status line and headers, and the body of an answer, after which the server must close the connection by itself.
async fn get(address: std::net::SocketAddr, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut answer));
    read.await.expect("no answer in time").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn metrics_and_health_are_served_until_the_hard_stop() {
    let (address, _, stop, task) = server(Duration::from_secs(30)).await;
    let (head, body) = get(address, "/metrics").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    let own = families(&everything_happened().render().unwrap());
    assert!(families(&body).keys().eq(own.keys()), "{body}");
    assert_eq!(get(address, "/healthz").await.1, "ok\n");
    assert!(get(address, "/nothing").await.0.starts_with("HTTP/1.1 404"));

    stop.soft();
    assert_eq!(get(address, "/healthz").await.1, "ok\n", "a draining daemon is alive");
    stop.hard();
    task.await.unwrap();
}

#[tokio::test]
async fn ready_means_store_and_broker() {
    let (address, told, stop, task) = server(Duration::from_secs(30)).await;
    let account = AccountReadiness {
        account: "DENIC-1000022".into(),
        owned_here: false,
        suspended: Some("login refused".into()),
        sessions: 0,
    };
    for (store, broker, ready) in [
        (Check::up(), None, true),
        (Check::up(), Some(Check::up()), true),
        (Check::down("gone"), Some(Check::up()), false),
        (Check::up(), Some(Check::down("gone")), false),
    ] {
        *told.0.lock().unwrap() = Readiness { store, broker, accounts: vec![account.clone()] };
        let (head, body) = get(address, "/readyz").await;
        assert_eq!(head.starts_with("HTTP/1.1 200"), ready, "{head}");
        assert_eq!(head.starts_with("HTTP/1.1 503"), !ready, "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["ready"], ready);
        assert_eq!(body["accounts"][0]["suspended"], "login refused");
        assert_eq!(body.to_string().contains("gone"), !ready);
    }
    stop.hard();
    task.await.unwrap();
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let (address, _, stop, task) = server(Duration::from_millis(20)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost").await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    let closed = read.await.expect("a half request keeps its connection");
    assert!(closed.is_err() || answer.is_empty(), "{answer:?}");
    stop.hard();
    task.await.unwrap();
}

// ── the service manager ─────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_service_manager_is_told_in_its_own_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let heard = || {
        let mut buffer = [0; 512];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let notify = Notify::to(&path, Some(Duration::from_secs(30)));
    assert_eq!(notify.watchdog_interval(), Some(Duration::from_secs(15)));
    notify.ready("3 accounts");
    assert_eq!(heard(), "READY=1\nSTATUS=3 accounts\n");
    notify.status("a\nREADY=1");
    assert_eq!(heard(), "STATUS=a READY=1\n");
    notify.alive();
    assert_eq!(heard(), "WATCHDOG=1\n");
    notify.extend(Duration::from_secs(5));
    assert_eq!(heard(), "EXTEND_TIMEOUT_USEC=5000000\n");
    notify.stopping(Duration::from_secs(30));
    let text = heard();
    assert!(text.starts_with("STOPPING=1\n") && text.ends_with("EXTEND_TIMEOUT_USEC=30000000\n"), "{text}");
}

#[test]
fn without_a_service_manager_nothing_happens() {
    let directory = tempfile::tempdir().unwrap();
    Notify::to(directory.path().join("nobody"), None).ready("x");
    Notify::default().ready("x");
    assert_eq!(Notify::default().watchdog_interval(), None);
}

#[test]
fn the_unit_fits_the_program() {
    let setting = |key: &str| {
        let line = UNIT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("the unit has no {key}"))
    };
    assert_eq!(setting("Type"), "notify");
    assert_eq!(setting("RestartPreventExitStatus"), (Exit::Configuration as u8).to_string());
    // Only the main process's exit status prevents a restart, and nothing else may: an account waits for its daemon.
    assert!(!UNIT.contains("\nExecStartPre="));
    assert_eq!(setting("StartLimitIntervalSec"), "0");
    assert!(UNIT.find("StartLimitIntervalSec") < UNIT.find("[Service]"), "systemd reads it in [Unit] only");
    let stop_seconds = Config::default().daemon.stop_seconds;
    assert!(setting("TimeoutStopSec").parse::<u32>().unwrap() > stop_seconds + 30);
    Cli::try_parse_from(setting("ExecStart").split(' ')).unwrap();
    let database = Config::default().store.url;
    assert!(database.contains(&format!("/var/lib/{}/", setting("StateDirectory"))), "{database}");
    assert!(setting("ExecStart").starts_with("/usr/bin/registrard serve "));
    // What an example in the configuration calls a secret must be what the unit provides.
    let (id, directory) = setting("LoadCredential").split_once(':').unwrap();
    let example = include_str!("../config/registrard.toml");
    assert!(example.contains(&format!("password_file = \"{id}_broker\"")) && example.contains(directory));
}
