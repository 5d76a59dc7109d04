//! Jobs as they arrive from the broker, through everything that is checked before one is stored.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use registrard::broker::{Delivery, RejectedMessage};
use registrard::config;
use registrard::job::intake::{Gate, sorted};
use registrard::model::request::{RejectCode, must_be_sealed};
use registrard::model::{Event, NewJob, Operation, Secret};
use registrard::net::seal::Keyring;
use registrard::registries::Registry as Account;
use registrard::registries::denic_rri::PLUGIN;
use serde_json::{Value, json};

use super::registry::{Nowhere, understands};
use super::{ACCOUNT, TRANSACTION, assert_fit_for_a_line};

/// The AMQP message id; the id of a job that has none.
const ID: &str = "0192f0c1-7b7e-7c3a-9f00-0000000000aa";

/// Stands in front of each secret; nothing else contains it.
const CANARY: &str = "kanarienvogel-4711";

struct Tools {
    gate: Gate,
    keys: Arc<Keyring>,
    accounts: BTreeMap<String, Arc<dyn Account>>,
    now: Timestamp,
}

/// Two accounts that write in the two formats, and a pool of both.
static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "correct horse battery").unwrap();
    let account = |name: &str, format: &str| {
        let settings = json!({ "user": format!("{name}-RRI"), "password_file": password.path(), "format": format });
        (name.to_owned(), (PLUGIN.account_over)(name, &settings, Arc::new(Nowhere)).unwrap())
    };
    let accounts = BTreeMap::from([account(ACCOUNT, "kv"), account("DENIC-1000002", "xml")]);
    let pools = BTreeMap::from([("both".to_owned(), config::Pool { accounts: accounts.keys().cloned().collect() })]);
    let everything = config::Publisher {
        accounts: vec!["*".into()],
        operations: ["*", "raw", "message.delete"].map(String::from).into(),
        weight: 1,
    };
    let limits = config::Intake { max_message_bytes: 1 << 20, max_bulk_jobs: 50, batch: 100, open: false };
    let gate = Gate::new(accounts.clone(), &pools, BTreeMap::from([("billing".to_owned(), everything)]), limits);
    let key: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let keys = Arc::new(Keyring::read(&Secret::new(key)).unwrap());
    Tools { gate: gate.with_keys(Arc::clone(&keys)), keys, accounts, now: "2026-11-02T12:00:00Z".parse().unwrap() }
});

fn arrive(body: Vec<u8>) -> (Vec<NewJob>, Vec<(Event, RejectedMessage)>) {
    let delivery = Delivery {
        tag: 1,
        generation: 1,
        body,
        user_id: Some("billing".into()),
        message_id: Some(ID.into()),
        reply_to: Some("replies".into()),
        correlation_id: Some("c-1".into()),
    };
    sorted(&TOOLS.gate, delivery, TOOLS.now)
}

/// A message of the broker. Every job of it is taken in or turned away with a reason; what is taken in can be written
/// for the wire and stored; and no secret is in what is said about it.
pub fn job(bytes: &[u8]) {
    let (jobs, turned_away) = arrive(bytes.to_vec());
    let said: Option<Value> = serde_json::from_slice(bytes).ok();
    let in_bulk = said.as_ref().and_then(|said| said.get("jobs")?.as_array().map(Vec::len));
    match in_bulk {
        Some(many) => assert!(jobs.len() + turned_away.len() == many || (jobs.is_empty() && turned_away.len() == 1)),
        None => assert_eq!(jobs.len() + turned_away.len(), 1),
    }
    turned_away.iter().for_each(|(event, message)| refused(event, message));
    jobs.iter().for_each(taken_in);
    if let Some(said) = said {
        kept_secret(said);
    }
}

fn refused(event: &Event, message: &RejectedMessage) {
    let reject = &message.reject;
    assert_fit_for_a_line(&reject.reason);
    // Only what cannot be taken apart has no field, and what the broker did not vouch for.
    let whole = matches!(reject.code, RejectCode::Malformed | RejectCode::TooLarge);
    assert!(whole || reject.field.is_some(), "{reject}");
    assert!(
        reject.field.as_ref().is_none_or(|field| field.len() <= 1000 && !field.chars().any(char::is_control)),
        "{reject}"
    );
    let said = event.body.to_string();
    assert!(serde_json::from_str::<Value>(&said).is_ok(), "an event that cannot be read back: {said}");
    assert!(!holds_nul(&event.body), "an event that PostgreSQL would not take: {said}");
}

/// PostgreSQL has no U+0000.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

fn taken_in(job: &NewJob) {
    let params = Value::Object(job.params.clone()).to_string();
    let stored: Value = serde_json::from_str(&params).expect("what is stored can be read back");
    let again = NewJob { params: stored.as_object().unwrap().clone(), ..job.clone() };
    assert_eq!(job.digest(), again.digest());
    let object = Value::from(job.object.as_str());
    for value in [&stored, &job.context, &object] {
        assert!(!holds_nul(value), "PostgreSQL would not take {value}");
    }
    assert!(job.warnings.iter().all(|warning| warning.field.starts_with("params")));
    job.warnings.iter().for_each(|warning| assert_fit_for_a_line(&warning.reason));
    let tools = &*TOOLS;
    assert!(!tools.gate.plan(job).is_empty());
    let mut params = job.params.clone();
    tools.keys.open(job.id, &mut params).expect("what was sealed a moment ago");
    let workers = tools.accounts.iter().filter(|(name, _)| job.account == "both" || job.account == **name);
    for (name, account) in workers {
        let dialect = account.dialect();
        let first = dialect.reads_first(job.operation, &params).expect("what was checked can be asked about");
        if let Some(question) = first {
            assert!(!question.operation.writes());
            continue;
        }
        let written =
            |_| dialect.prepare(job.operation, &params, TRANSACTION).expect("what was checked can be written");
        let [request, again] = [0, 1].map(written);
        assert_eq!(request.bytes, again.bytes, "{name}");
        assert!((1..=65_535).contains(&request.bytes.len()));
        assert!(request.transaction.is_none() || job.operation.writes());
        if job.operation != Operation::Raw {
            understands(&request, &NewJob { params: params.clone(), ..job.clone() });
        }
    }
}

/// With a canary in each of its secrets, nothing of what is said about a job shows one.
fn kept_secret(mut said: Value) {
    let mut planted = false;
    let mut plant = |job: &mut Value| {
        let params = job.get_mut("params").and_then(Value::as_object_mut);
        for (name, value) in params.into_iter().flatten() {
            // A registry's own text in which nothing looks like a secret is stored as it came.
            if let (true, Value::String(text)) = (must_be_sealed(name, value), value) {
                *text = format!("{CANARY}{text}");
                planted = true;
            }
        }
    };
    match said.get_mut("jobs").and_then(Value::as_array_mut) {
        Some(jobs) => jobs.iter_mut().for_each(&mut plant),
        None => plant(&mut said),
    }
    if !planted {
        return;
    }
    let (jobs, turned_away) = arrive(said.to_string().into_bytes());
    for (event, message) in turned_away {
        let said = format!("{} {} {:?} {:?}", event.body, message.reject, event, message);
        assert!(!said.contains(CANARY), "{said}");
    }
    for job in jobs {
        let said = format!("{:?} {:?} {} {}", job.params, job.warnings, job.object, job.context);
        assert!(!said.contains(CANARY), "{said}");
    }
}
