//! Two daemons at work: PostgreSQL, RabbitMQ and logs as text; SQLite, the command line and logs as JSON.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use lapin::options::{BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions};
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Connection, ConnectionProperties};
use registrard::model::{JobId, State};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::canary::Canary;
use crate::database::{self, Database, Kind};
use crate::stage::{Daemon, Sandbox, command, page, until, user_of, variable};
use crate::{Outputs, dump};

const GOOD: &str = "Canary2Bread9Ham";
const WRONG: &str = "Canary3WrangHat9";
const RAW: &str = "Canary4RawHat999";
const REJECTED: &str = "Canary4\"Rejected<Horse>";
const UNREADABLE: &str = "Canary5NoJsonHorse";
const LOGIN: &str = "Canary6LoginHorse";
const MAIL: &str = "Canary7MailHorse";
const PASSPHRASE: &str = "Canary8PassphraseHorse";
const PARAMETER_KEY: &str = "c2f1b3a4958677889900aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978";

/// Where all events go.
const EARS: &str = "secrets.ears";

struct House {
    sandbox: Sandbox,
    database: Arc<Database>,
    directory: tempfile::TempDir,
    listen: String,
    amqp: Option<String>,
}

impl House {
    async fn new(database: Arc<Database>, amqp: Option<String>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(&directory.path().join("sandbox")).await;
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { sandbox, database, directory, listen, amqp }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The third account has a wrong password.
    fn configuration(&self, format: &str) -> PathBuf {
        let file = |name: &str, text: &str| self.file(name, text).display().to_string();
        let broker = self.amqp.as_ref().map(|url| format!("[broker]\nurl = '{url}'\n")).unwrap_or_default();
        let mut text = format!(
            "[store]\nurl = '{url}'\nparameter_keys_file = '{keys}'\n\n{broker}\n[http]\nlisten = '{listen}'\n\n\
             [intake]\nopen = true\n\n[log]\nfilter = 'trace'\nformat = '{format}'\n\n\
             [daemon]\nlease_seconds = 3\npoll_millis = 20\nstop_seconds = 10\n\n\
             [retry]\nsoon = [0.02, 0.1]\nbackoff = [0.02, 0.1]\nquestion = [0.02, 0.1]\nquestions = 100\n\n\
             [poll]\nshortest = 0.05\nlongest = 0.2\n\n\
             [mail]\nhost = 'localhost'\nport = 1\nuser = 'desk'\npassword_file = '{mail}'\n",
            url = self.database.url,
            keys = file("parameter.keys", &format!("{PARAMETER_KEY}\n")),
            listen = self.listen,
            mail = file("mail", MAIL),
        );
        let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/openpgp/good.asc");
        for number in 0..3 {
            let [account, user, password] = self.sandbox.account(number);
            let password = if number == 2 { LOGIN.to_owned() } else { password };
            text.push_str(&format!(
                "\n[accounts.{account}]\nregistry = 'denic-rri'\naddress = {address}\nca_file = {ca}\nuser = '{user}'\n\
                 password_file = '{password}'\n[accounts.{account}.limits]\ntimetable = []\nquiet = []\nrequests = 100000\n\
                 [accounts.{account}.mail]\nkey_file = '{key}'\npassphrase_file = '{passphrase}'\n\
                 from = 'desk@registrar.example'\nto = 'orders@registry.example'\n",
                address = self.sandbox.ready["denic_rri"]["address"],
                ca = self.sandbox.ready["ca"],
                password = file(&format!("{account}.password"), &password),
                passphrase = file("passphrase", PASSPHRASE),
            ));
        }
        self.file("registrard.toml", &text)
    }

    fn canaries(&self) -> Vec<Canary> {
        let mut canaries: Vec<_> = [
            ("an AuthInfo", GOOD),
            ("a wrong AuthInfo", WRONG),
            ("an AuthInfo in a raw request", RAW),
            ("an AuthInfo that was rejected", REJECTED),
            ("an AuthInfo in a message nobody can read", UNREADABLE),
            ("a wrong login password", LOGIN),
            ("the password of the mail server", MAIL),
            ("the passphrase", PASSPHRASE),
            ("the key of parameters", PARAMETER_KEY),
        ]
        .map(|(name, value)| Canary::new(name, value))
        .into();
        let bytes = data_encoding::HEXLOWER.decode(PARAMETER_KEY.as_bytes()).unwrap();
        canaries.push(Canary::of_bytes("the bytes of the key of parameters", &bytes));
        for number in 0..2 {
            let [account, _, password] = self.sandbox.account(number);
            canaries.push(Canary::new(&format!("the login password of {account}"), &password));
        }
        for (name, url) in [("the broker's password", self.amqp.clone()), ("the database's password", self.server())] {
            canaries.extend(url.map(|url| Canary::new(name, &user_of(&url).1)));
        }
        canaries
    }

    fn server(&self) -> Option<String> {
        (self.database.kind == Kind::Postgres).then(|| self.database.url.clone())
    }

    /// Has it submitted, by AMQP where there is a broker.
    async fn submit(&self, outputs: &mut Outputs, config: &Path, body: &str) {
        if let Some(url) = &self.amqp {
            return publish(url, body).await;
        }
        let file = self.file("jobs.json", body).display().to_string();
        command(outputs, config, &["submit", &file], &[]).await;
        command(outputs, config, &["submit", &file, "--dry-run", "--output", "json"], &[]).await;
    }

    async fn end_of(&self, id: JobId, state: State) {
        until(&format!("{id} {state}"), async || {
            let job = self.database.store.job(id).await.unwrap()?.job;
            let ended = job.state.is_final() || job.state == State::NeedsAttention;
            assert!(!ended || job.state == state, "{id} {}: {:?} {:?}", job.operation, job.reason, job.answer);
            ended.then_some(())
        })
        .await;
    }
}

async fn publish(url: &str, body: &str) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let (user, options) = (user_of(url).0, BasicPublishOptions { mandatory: true, ..Default::default() });
    let properties = BasicProperties::default().with_delivery_mode(2).with_user_id(user.as_str().into());
    // Returned messages are confirmed, too: the daemon has not bound its queue yet.
    until("a confirm", async || {
        let (key, properties) = ("job.any".into(), properties.clone());
        let sent = channel.basic_publish("registrard.jobs".into(), key, options, body.as_bytes(), properties);
        matches!(sent.await.unwrap().await.unwrap(), lapin::Confirmation::Ack(None)).then_some(())
    })
    .await;
    connection.close(200, "OK".into()).await.unwrap();
}

/// Removes what earlier tests left; the ears are made once the daemon has declared its exchanges.
async fn prepare(url: &str) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for queue in ["registrard.intake", "registrard.rejected", "registrard.events", EARS] {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    }
    connection.close(200, "OK".into()).await.unwrap();
}

async fn listen(url: &str) {
    until("the daemon's exchanges", async || {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let (durable, none) = (QueueDeclareOptions::durable(), FieldTable::default());
        channel.queue_declare(EARS.into(), durable, none.clone()).await.unwrap();
        let bind =
            channel.queue_bind(EARS.into(), "registrard.events".into(), "#".into(), QueueBindOptions::default(), none);
        bind.await.ok()
    })
    .await;
}

/// Everything in a queue, with its properties.
async fn drained(url: &str, queue: &str) -> Vec<Vec<u8>> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let mut all = Vec::new();
    while let Some(got) = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true }).await.unwrap() {
        all.push([format!("{:?}\n", got.delivery.properties).into_bytes(), got.delivery.data].concat());
    }
    connection.close(200, "OK".into()).await.unwrap();
    all
}

fn job(account: &str, operation: &str, params: Value) -> (JobId, Value) {
    let id = Uuid::now_v7();
    (JobId(id), json!({ "id": id, "account": account, "operation": operation, "params": params }))
}

fn contact(account: &str) -> (JobId, Value) {
    let params = json!({
        "handle": format!("{account}-MAX"), "type": "PERSON", "name": "Max Mustermann", "address": ["Musterweg 1"],
        "postal_code": "60329", "city": "Frankfurt am Main", "country_code": "DE", "email": ["max@example.de"],
        "phone": "+49.6927235",
    });
    job(account, "contact.create", params)
}

/// What is done all day, and what became of it.
fn day(one: &str, two: &str) -> Vec<((JobId, Value), State)> {
    let nserver = ["ns1.example.net", "ns2.example.net"];
    let domain =
        |account: &str| json!({ "domain": "example.de", "holder": [format!("{account}-MAX")], "nserver": nserver });
    let takeover = |password: &str| {
        let mut params = domain(two);
        params["auth_info"] = json!(password);
        job(two, "domain.transfer", params)
    };
    let with = |password: &str| json!({ "domain": "example.de", "auth_info": password });
    vec![
        (contact(one), State::Succeeded),
        (contact(two), State::Succeeded),
        (job(one, "domain.create", domain(one)), State::Succeeded),
        (job(one, "domain.authcode_create", with(GOOD)), State::Succeeded),
        (job(two, "domain.authcode_check", with(WRONG)), State::Failed),
        (job(two, "domain.authcode_check", with(GOOD)), State::Succeeded),
        (takeover(WRONG), State::Failed),
        // Its answer is lost, and the registry asked.
        (takeover(GOOD), State::Succeeded),
    ]
}

/// What is turned away, each with a secret in it.
fn rejects(account: &str) -> Vec<String> {
    let one = |params: Value| job(account, "domain.transfer", params).1;
    let mut outside = one(json!({ "domain": "example.de" }));
    outside["AuthInfo"] = json!(REJECTED);
    let mut with_context = one(json!({ "domain": "example.de", "auth_info": { "password": REJECTED } }));
    with_context["context"] = json!({ "order": "A-1001" });
    let bad = [
        outside,
        with_context,
        one(json!({ "domain": "example.de", "auth_info": [REJECTED] })),
        one(json!({ "domain": "example.de", "auth-info": REJECTED })),
        one(json!({ "domain": "", "auth_info": REJECTED, "authinfo": REJECTED })),
        one(json!({ "auth_info": REJECTED.repeat(20) })),
        job("nobody", "domain.transfer", json!({ "auth_info": REJECTED })).1,
        job(account, "domain.steal", json!({ "auth_info": REJECTED })).1,
        job(account, "domain.authcode_create", json!({ "domain": "example.de", "auth_info": REJECTED })).1,
    ];
    bad.iter().map(Value::to_string).chain([json!({ "batch": "bad", "jobs": bad }).to_string()]).collect()
}

async fn a_day(house: &House, format: &str) -> Outputs {
    let mut outputs = Outputs::default();
    let config = house.configuration(format);
    let daemon = Daemon::start(&config);
    if let Some(url) = &house.amqp {
        listen(url).await;
    }
    let [one, two, three] = [0, 1, 2].map(|number| house.sandbox.account(number)[0].clone());
    let day = day(&one, &two);
    for ((id, job), state) in &day {
        house.submit(&mut outputs, &config, &job.to_string()).await;
        house.end_of(*id, *state).await;
    }
    for body in rejects(&one) {
        house.submit(&mut outputs, &config, &body).await;
    }
    house.submit(&mut outputs, &config, &format!("{{\"account\": \"{one}\", \"auth_info\": \"{UNREADABLE}")).await;
    // A login that is refused, and a request in the registry's own words; it comes from the command line only.
    let (waits, refused) = job(&three, "domain.check", json!({ "domain": "example.de" }));
    house.submit(&mut outputs, &config, &refused.to_string()).await;
    let text = format!("Version: 5.0\nAction: CHPROV\nDomain: example.de\nHolder: {one}-MAX\nAuthInfo: {RAW}");
    for broken in
        ["AuthInfo: {}\nAction: STEAL", "Version: 5.0\nAction: INFO\nAuthInfo {}", "{}", "<a authInfo='{}'", "<{}"]
    {
        let raw = json!({ "request": broken.replace("{}", REJECTED) });
        let file = house.file("broken.json", &job(&one, "raw", raw).1.to_string()).display().to_string();
        assert!(!command(&mut outputs, &config, &["submit", &file], &[]).await, "{broken} is taken in");
    }
    let (own_words, raw) = job(&one, "raw", json!({ "request": text }));
    let file = house.file("raw.json", &raw.to_string()).display().to_string();
    assert!(command(&mut outputs, &config, &["submit", &file], &[]).await, "raw is taken in");
    house.end_of(own_words, State::Failed).await;
    let store = &house.database.store;
    until("the refused login", async || store.account(&three).await.unwrap().suspended).await;

    outputs.add("metrics", page(&house.listen, "/metrics").await);
    outputs.add("readiness", page(&house.listen, "/healthz").await);
    outputs.add("database", dump::everything(&house.database.url).await);
    let ids: Vec<String> =
        day.iter().map(|((id, _), _)| id.to_string()).chain([waits, own_words].map(|id| id.to_string())).collect();
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["check-config"],
        vec!["jobs", "list"],
        vec!["events", "tail"],
        vec!["messages", "list"],
        vec!["accounts", "list"],
        vec!["quota"],
        vec!["batches", "list"],
        vec!["keys", "check"],
        vec!["orders", "mail", &ids[7]],
        vec!["jobs", "explain", &ids[8]],
    ];
    commands.extend(ids.iter().map(|id| vec!["jobs", "show", id.as_str()]));
    for arguments in commands {
        command(&mut outputs, &config, &[&arguments[..], &["--output", "json"]].concat(), &[]).await;
        // The way for people, of those that have most to say.
        if arguments[0] != "jobs" || arguments[1] != "show" || arguments[2] == ids[7] || arguments[2] == ids[9] {
            command(&mut outputs, &config, &arguments, &[]).await;
        }
    }
    let seen = async || store.events_after(0, 10_000).await.unwrap();
    let expected = if house.amqp.is_some() { rejects(&one).len() } else { 0 };
    until("the rejects", async || {
        let told = seen().await.iter().filter(|row| row.event.kind == "job.rejected").count();
        (told >= expected).then_some(())
    })
    .await;
    outputs.add(
        "events in the store",
        serde_json::to_vec(&seen().await.iter().map(|row| row.event.body.clone()).collect::<Vec<_>>()).unwrap(),
    );
    let mut printed = format!("{:?}", seen().await);
    for id in day.iter().map(|((id, _), _)| *id).chain([own_words]) {
        printed.push_str(&format!("{:#?}", store.job(id).await.unwrap()));
    }
    outputs.add("what Debug prints", printed);
    outputs.add("log", daemon.stop().await);
    outputs.add("database, at the end", dump::everything(&house.database.url).await);
    if let Some(url) = &house.amqp {
        let (events, rejected) = (drained(url, EARS).await, drained(url, "registrard.rejected").await);
        assert!(events.len() > day.len(), "{} events", events.len());
        outputs.add("events at the broker", events.concat());
        // What nobody can read is kept as it came.
        let unreadable = Canary::new("", UNREADABLE);
        let (kept, readable): (Vec<_>, Vec<_>) = rejected.into_iter().partition(|one| unreadable.is_in(one));
        assert_eq!(kept.len(), 1);
        outputs.add("rejected messages at the broker", readable.concat());
    }
    // The right things were looked at.
    for (place, word) in [("log", "TRACE"), ("log", &*ids[7]), ("database", "sealed"), ("events in", "job.in_doubt")] {
        let text = String::from_utf8_lossy(&outputs.of(place)).into_owned();
        assert!(text.contains(word), "{place} says nothing of {word}");
    }
    outputs
}

#[tokio::test]
async fn nothing_comes_out_with_postgres_rabbitmq_and_logs_as_text() {
    let amqp = variable("REGISTRARD_TEST_AMQP_URL");
    prepare(&amqp).await;
    let database = Database::migrated(Kind::Postgres).await;
    database::with(database, |database| async move {
        let house = House::new(database, Some(amqp)).await;
        a_day(&house, "text").await.assert_clean(&house.canaries());
    })
    .await;
}

#[tokio::test]
async fn nothing_comes_out_with_sqlite_and_logs_as_json() {
    let database = Database::migrated(Kind::Sqlite).await;
    database::with(database, |database| async move {
        let house = House::new(database, None).await;
        a_day(&house, "json").await.assert_clean(&house.canaries());
    })
    .await;
}
