//! Admission: what is refused and in which words, what enters, and that nothing panics.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ID, delivery, gate, job, origin};
use crate::broker::Delivery;
use crate::config;
use crate::job::fakes::FakeRegistry;
use crate::job::intake::message::{self, Message};
use crate::job::intake::sort::{MOST_BYTES, sort};
use crate::job::intake::{Gate, Origin, Publisher};
use crate::model::request::RejectCode::{self, *};
use crate::model::{NewJob, Reject};
use crate::registries::Registry;

/// One message through reading and gate, as `billing`; the first thing wrong with it.
fn verdict(body: &[u8]) -> Result<Vec<NewJob>, Reject> {
    let mut sorted = sort(
        &gate(),
        &mut [Delivery { message_id: Some(ID.into()), ..delivery(1, body) }].into_iter(),
        9,
        Timestamp::now(),
    );
    match sorted.turned_away.is_empty() {
        true => Ok(sorted.jobs),
        false => Err(sorted.turned_away.remove(0).message.reject),
    }
}

#[test]
fn what_is_wrong_is_named_with_code_field_and_words() {
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let deepest = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let with = |changes: Value| job(changes).to_string();
    let text = |key: &str, raw: &str| with(json!({ key: "@" })).replace("\"@\"", raw);
    let bulk = |jobs: Value| json!({ "jobs": jobs }).to_string();
    let table: Vec<(Vec<u8>, RejectCode, Option<&str>, &str)> = vec![
        (b"{\"account\": ".to_vec(), Malformed, None, "not JSON"),
        (b"".to_vec(), Malformed, None, "not JSON"),
        (b"{\"a\":\"\xff\"}".to_vec(), Malformed, None, "not UTF-8: the byte at offset 6"),
        (b"[1]".to_vec(), Malformed, None, "this is an array"),
        (b"\"x\"".to_vec(), Malformed, None, "this is a string"),
        (vec![b' '; 10_001], TooLarge, None, "max_message_bytes"),
        (deepest.into_bytes(), Malformed, None, "recursion limit"),
        (text("context", &deep).into_bytes(), InvalidJob, Some("context"), "nested deeper"),
        (text("params", &format!("{{\"x\":{deep}}}")).into_bytes(), InvalidParameter, Some("params.x"), "nested"),
        (text("max_attempts", "1e400").into_bytes(), Malformed, None, "number out of range"),
        (text("max_attempts", "99999999999999999999").into_bytes(), InvalidJob, Some("max_attempts"), "expected u32"),
        (with(json!({ "max_attempts": 0 })).into(), InvalidJob, Some("max_attempts"), "1 to 100, this is 0"),
        (with(json!({ "max_attempts": 101 })).into(), InvalidJob, Some("max_attempts"), "this is 101"),
        (with(json!({ "max_attempts": -1 })).into(), InvalidJob, Some("max_attempts"), "expected u32"),
        (br#"{"operation":"domain.create"}"#.to_vec(), InvalidJob, Some("account"), "is missing"),
        (br#"{"account":"DENIC-1000022"}"#.to_vec(), InvalidJob, Some("operation"), "is missing"),
        (with(json!({ "parms": {} })).into(), InvalidJob, Some("parms"), "did you mean `params`?"),
        (with(json!({ "account": 7 })).into(), InvalidJob, Some("account"), "expected a string"),
        (
            with(json!({ "operation": "domain.steal" })).into(),
            UnknownOperation,
            Some("operation"),
            "no operation `domain.steal`",
        ),
        (
            with(json!({ "operation": "domain.crate" })).into(),
            UnknownOperation,
            Some("operation"),
            "did you mean `domain.create`?",
        ),
        (with(json!({ "operation": "host.create" })).into(), UnknownOperation, None, "no host.create"),
        (
            with(json!({ "account": "DENIC-100022" })).into(),
            UnknownAccount,
            Some("account"),
            "did you mean `DENIC-1000022`?",
        ),
        (with(json!({ "account": "secret-acount" })).into(), UnknownAccount, Some("account"), "[accounts]"),
        (with(json!({ "account": "secret-account" })).into(), NotAllowed, Some("account"), "[publishers.billing]"),
        (with(json!({ "params": "hunter2" })).into(), InvalidJob, Some("params"), "an object, this is a string"),
        (with(json!({ "params": {} })).into(), InvalidParameter, Some("params.domain"), "is missing"),
        (
            with(json!({ "params": { "domain": 5 } })).into(),
            InvalidParameter,
            Some("params.domain"),
            "must be a string",
        ),
        (
            with(json!({ "params": { "domain": "d", "years": 1e300 } })).into(),
            InvalidParameter,
            Some("params.years"),
            "1 to 10",
        ),
        (with(json!({ "params": { "domain": "a\0b" } })).into(), InvalidParameter, Some("params.domain"), "U+0000"),
        (with(json!({ "context": { "a": ["b\0"] } })).into(), InvalidJob, Some("context.a[0]"), "U+0000"),
        (with(json!({ "id": "order-1" })).into(), InvalidJob, Some("id"), "UUID"),
        (with(json!({ "id": uuid::Uuid::nil() })).into(), InvalidJob, Some("id"), "nil"),
        (with(json!({ "class": "now" })).into(), InvalidJob, Some("class"), "unknown variant `now`"),
        (with(json!({ "not_before": "tomorrow" })).into(), InvalidJob, Some("not_before"), "2026-12-01T00:00:00+01:00"),
        (
            with(json!({ "not_before": "2026-12-02T00:00:00Z", "start_by": "2026-12-01T00:00:00Z" })).into(),
            InvalidJob,
            Some("start_by"),
            "before not_before",
        ),
        (with(json!({ "after": [ID] })).into(), Cycle, Some("after"), "names itself"),
        (
            with(json!({ "after": vec![uuid::Uuid::max(); 101] })).into(),
            InvalidJob,
            Some("after"),
            "101 jobs, at most 100",
        ),
        (with(json!({ "batch": "" })).into(), InvalidJob, Some("batch"), "0 characters"),
        (with(json!({ "batch": "b".repeat(101) })).into(), InvalidJob, Some("batch"), "101 characters"),
        (with(json!({ "batch": "a b" })).into(), InvalidJob, Some("batch"), "this is `a b`"),
        (bulk(json!([])).into(), InvalidJob, Some("jobs"), "holds no job"),
        (bulk(json!({})).into(), InvalidJob, Some("jobs"), "this is an object"),
        (bulk(json!([1, 2, 3, 4, 5, 6])).into(), TooLarge, Some("jobs"), "6 jobs, at most 5"),
        (json!({ "jobs": [1], "batch": "a b" }).to_string().into(), InvalidJob, Some("batch"), "a b"),
        (json!({ "jobs": [1], "bach": "x" }).to_string().into(), InvalidJob, Some("bach"), "unknown key"),
        (bulk(json!([7])).into(), Malformed, Some("jobs[0]"), "this is a number"),
        (bulk(json!([job(json!({}))])).into(), InvalidJob, Some("jobs[0].id"), "its own `id`"),
    ];
    for (body, code, field, words) in table {
        let shown = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
        let reject = verdict(&body).expect_err(&shown);
        assert_eq!((reject.code, reject.field.as_deref()), (code, field), "{shown}: {reject}");
        assert!(reject.reason.contains(words), "{shown}: {reject}");
        assert!(!reject.reason.contains("hunter2") && reject.reason.len() < 1000, "{reject}");
    }
}

#[test]
fn a_good_job_enters_with_everything_it_said() {
    let raw = job(json!({
        "class": "urgent", "not_before": "2026-12-01T00:00:00+01:00", "start_by": "2026-12-02T00:00:00+01:00", "batch": "autumn",
        "after": [uuid::Uuid::max(), ID.replace("aa", "ab"), uuid::Uuid::max()], "max_attempts": 3, "context": { "order": "A-1" },
    }));
    let admitted = gate().admit(&Origin { reply_to: Some("r"), ..origin("billing") }, &raw).unwrap();
    assert_eq!(admitted.id.to_string(), ID, "the AMQP message id");
    assert_eq!((admitted.publisher.as_str(), admitted.object.as_str()), ("billing", "domain:example.de"));
    assert_eq!((admitted.after.len(), admitted.max_attempts), (2, 3));
    assert!(admitted.after.is_sorted());
    assert_eq!((admitted.batch.as_deref(), admitted.reply_to.as_deref()), (Some("autumn"), Some("r")));
    assert_eq!(admitted.context, json!({ "order": "A-1" }));
}

#[test]
fn publishers_may_do_what_their_rule_says() {
    let gate = gate();
    let admit = |publisher, account: &str, operation: &str| {
        let raw = job(json!({ "account": account, "operation": operation }));
        gate.admit(&Origin { publisher, ..origin("") }, &raw)
            .map_err(|reject| (reject.code, reject.field.unwrap_or_default()))
    };
    let user = |name| Publisher::Broker(Some(name));
    let (a, create) = ("DENIC-1000022", "domain.create");
    assert!(admit(user("billing"), a, create).is_ok());
    assert!(admit(Publisher::Local, "secret-account", create).is_ok());
    for publisher in [Publisher::Broker(None), user(""), user("stranger")] {
        assert_eq!(admit(publisher, a, create), Err((NotAllowed, String::new())), "{publisher:?}");
    }
    assert_eq!(admit(user("viewer"), a, create), Err((NotAllowed, "operation".into())));
    assert_eq!(admit(user("viewer"), "DENIC-1000033", "domain.info"), Err((NotAllowed, "account".into())));
    // Allowed, and then refused by the registry, which has no such operation.
    assert_eq!(admit(user("viewer"), a, "contact.create"), Err((UnknownOperation, String::new())));
    // What does most harm must be named: no `*` covers it.
    for operation in ["raw", "message.delete"] {
        for name in ["billing", "wide"] {
            assert_eq!(admit(user(name), a, operation), Err((NotAllowed, "operation".into())), "{name} {operation}");
        }
        for publisher in [user("operator"), Publisher::Local] {
            assert_eq!(admit(publisher, a, operation), Err((UnknownOperation, String::new())), "{operation}");
        }
    }
    assert_eq!(admit(user("wide"), a, "message.read"), Err((UnknownOperation, String::new())));
    let reject = gate.admit(&Origin { publisher: Publisher::Broker(None), ..origin("") }, &job(json!({}))).unwrap_err();
    assert!(reject.reason.contains("set the AMQP user_id property"), "{reject}");
}

#[test]
fn an_open_intake_knows_no_rules_but_wants_a_user() {
    let accounts = BTreeMap::from([("DENIC-1000022".to_owned(), Arc::new(FakeRegistry) as Arc<dyn Registry>)]);
    let open = |open| {
        Gate::new(accounts.clone(), &BTreeMap::new(), BTreeMap::new(), config::Intake { open, ..Default::default() })
    };
    assert!(open(true).admit(&origin("anybody"), &job(json!({}))).is_ok());
    let raw = open(true).admit(&origin("anybody"), &job(json!({ "operation": "raw" }))).unwrap_err();
    assert!(raw.code == NotAllowed && raw.reason.contains("no `*` covers it"), "{raw}");
    assert_eq!(open(false).admit(&origin("anybody"), &job(json!({}))).unwrap_err().code, NotAllowed);
    let unknown = Origin { publisher: Publisher::Broker(None), ..origin("") };
    assert_eq!(open(true).admit(&unknown, &job(json!({}))).unwrap_err().code, NotAllowed);
}

#[test]
fn the_same_bytes_are_rejected_under_the_same_event_and_other_submissions_under_others() {
    let reject = |delivery: Delivery| {
        let mut sorted = sort(&gate(), &mut [delivery].into_iter(), 9, Timestamp::now());
        sorted.turned_away.remove(0).event.id
    };
    assert_eq!(reject(delivery(1, "{}")), reject(Delivery { tag: 9, generation: 2, ..delivery(1, "{}") }));
    assert_ne!(reject(delivery(1, "{}")), reject(delivery(2, "{}")), "another correlation id waits for its own answer");
}

#[test]
fn a_transaction_is_bounded_by_its_bytes_too() {
    let padded = |tag| delivery(tag, format!("{}{}", job(json!({})), " ".repeat(9000)));
    let mut deliveries = (1..=1000).map(padded);
    let mut taken = Vec::new();
    while let sorted = sort(&gate(), &mut deliveries, 700, Timestamp::now())
        && !sorted.deliveries.is_empty()
    {
        let sizes: Vec<usize> = sorted.deliveries.iter().map(|delivery| delivery.body.len()).collect();
        assert!(sizes[1..].iter().sum::<usize>() < MOST_BYTES, "it ends with the one that fills it");
        taken.push(sizes.len());
    }
    assert_eq!(taken.iter().sum::<usize>(), 1000, "the rest comes next: {taken:?}");
    assert!(taken[0] < 700 && taken.len() == 3, "bytes ended it, not jobs: {taken:?}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("\0")),
        Just(json!(ID)),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,6}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_arbitrary_panics(raw in any_json()) {
        let _ = gate().admit(&origin("billing"), &raw);
        let _ = verdict(raw.to_string().as_bytes());
    }

    #[test]
    fn no_key_with_anything_in_it_panics_and_what_enters_can_be_stored(
        key in proptest::sample::select(vec!["id", "account", "operation", "params", "class", "not_before", "start_by",
            "after", "batch", "max_attempts", "context", "jobs", "x"]),
        value in any_json(),
    ) {
        match verdict(job(json!({ key: value })).to_string().as_bytes()) {
            Ok(jobs) => for job in jobs {
                let stored = json!([job.params, job.context]).to_string();
                prop_assert!(!stored.contains("\\u0000"), "{stored}");
                prop_assert!(serde_json::from_str::<Value>(&stored).is_ok());
            },
            Err(reject) => prop_assert!(!reject.reason.contains('\0')),
        }
    }

    #[test]
    fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = verdict(&body);
        let _ = message::read(&body, gate().limits()).map(|message| matches!(message, Message::One(_)));
    }
}
