//! The private PostgreSQL and RabbitMQ of a run of `./dev`, and this stage's corner of each.

use std::net::SocketAddr;
use std::process::Stdio;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::process::Command;
use tokio::sync::Mutex;

use super::PATIENCE;
use crate::house::until;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this test with `./dev test`"))
}

/// A name for a corner that no other run has.
fn own_name() -> String {
    format!("chaos_{}", uuid::Uuid::now_v7().simple())
}

/// Tells `./dev` to do something to a server.
async fn order(control: &str, arguments: &[&str]) {
    let mut command = Command::new(control);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    // On a machine that has other things to do, a broker starts in minutes.
    let status = tokio::time::timeout(PATIENCE * 5, command.status()).await;
    let status = status.unwrap_or_else(|_| panic!("{arguments:?} takes too long")).unwrap();
    assert!(status.success(), "{control} {arguments:?}: {status}");
}

/// `host:port` in a URL.
fn authority(url: &str) -> &str {
    let (_, rest) = url.split_once('@').expect("a user in the URL");
    rest.split(['/', '?']).next().expect("a host in the URL")
}

/// A database of its own.
pub struct Database {
    /// Where it is, for whoever watches: its connections are told apart from the daemons'.
    pub url: String,
    server: String,
    name: String,
    control: String,
    /// One restart at a time.
    restart: Mutex<()>,
}

/// How the watchers' connections call themselves.
const WATCHER: &str = "watcher";

impl Database {
    pub(super) async fn create() -> Self {
        let server = variable("REGISTRARD_TEST_DATABASE_URL");
        let (name, control) = (own_name(), variable("REGISTRARD_TEST_DATABASE_CONTROL"));
        let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL is there");
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (base, _) = server.rsplit_once('/').expect("the URL names a database");
        let url = format!("{base}/{name}?application_name={WATCHER}");
        Self { url, server, name, control, restart: Mutex::default() }
    }

    pub(super) fn authority(&self) -> &str {
        authority(&self.server)
    }

    /// The same database at another address.
    pub(super) fn through(&self, proxy: SocketAddr) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("the URL names a database");
        format!("{}/{}", base.replace(self.authority(), &proxy.to_string()), self.name)
    }

    /// Restarts the server: `fast`, or `immediate`, which is a crash.
    pub async fn restart(&self, how: &str) {
        let _alone = self.restart.lock().await;
        order(&self.control, &["restart", how]).await;
    }

    /// Ends every connection of the daemons, wherever its transaction stands, as a fail-over to another server does.
    pub async fn fail_over(&self) {
        let _alone = self.restart.lock().await;
        let end =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name <> $2";
        let mut server = PgConnection::connect(&self.server).await.expect("PostgreSQL is there");
        sqlx::query(end).bind(&self.name).bind(WATCHER).execute(&mut server).await.unwrap();
    }

    /// Waits until it answers.
    pub(super) async fn wait(&self) {
        let _alone = self.restart.lock().await;
        until("PostgreSQL", PATIENCE, async || PgConnection::connect(&self.url).await.ok().map(|_| ())).await;
    }
}

/// A virtual host of its own.
pub struct Broker {
    /// Where it is.
    pub url: String,
    /// The user in the URL.
    pub user: String,
    control: String,
    restart: Mutex<()>,
}

impl Broker {
    pub(super) async fn create() -> Self {
        let server = variable("REGISTRARD_TEST_AMQP_URL");
        let (name, control) = (own_name(), variable("REGISTRARD_TEST_AMQP_CONTROL"));
        let user = server.parse::<lapin::uri::AMQPUri>().unwrap().authority.userinfo.username;
        order(&control, &["add-vhost", &name]).await;
        let (base, _) = server.rsplit_once('/').expect("the URL names a virtual host");
        Self { url: format!("{base}/{name}"), user, control, restart: Mutex::default() }
    }

    pub(super) fn authority(&self) -> &str {
        authority(&self.url)
    }

    /// The same virtual host at another address.
    pub(super) fn through(&self, proxy: SocketAddr) -> String {
        self.url.replace(self.authority(), &proxy.to_string())
    }

    /// Restarts the server.
    pub async fn restart(&self) {
        let _alone = self.restart.lock().await;
        order(&self.control, &["restart"]).await;
    }

    /// Waits until it answers.
    pub(super) async fn wait(&self) {
        let _alone = self.restart.lock().await;
        let answers = async || {
            let properties = lapin::ConnectionProperties::default();
            lapin::Connection::connect(&self.url, properties).await.ok().map(|_| ())
        };
        until("RabbitMQ", PATIENCE, answers).await;
    }
}
