//! What `wire decode` says about an answer, beside the answer itself.

use serde_json::Value;

use super::{decode, load};

fn meaning(operation: &str, answer: &str, more: &[&str]) -> Value {
    serde_json::from_str(&decode(operation, answer.as_bytes(), more).unwrap()).unwrap()
}

#[test]
fn what_happens_next_is_what_the_daemon_would_do() {
    let failed = |code: &str| format!("Result: failed\nSTID: x\nERROR: {code} words\n");
    let ninth: &[&str] = &["--attempt", "9"];
    for (operation, answer, more, expected) in [
        ("domain.delete", "Result: success\n".to_owned(), &[][..], vec!["ends as succeeded"]),
        ("domain.info", failed("63300062009"), &[], vec!["ends as failed"]),
        (
            "domain.create",
            failed("53000000012"),
            &[],
            vec!["again after 0.2 to 2 s of back-off (attempt 2 of 10); other objects go on"],
        ),
        (
            "domain.create",
            failed("76000000001"),
            ninth,
            vec!["again after 180 to 1800 s of back-off (attempt 10 of 10); other objects go on"],
        ),
        (
            "domain.create",
            failed("76000000001"),
            &["--attempt", "10"],
            vec!["needs_attention: 10 attempts are used up: 76000000001 words (registry service not available)"],
        ),
        (
            "domain.create",
            failed("55000000002"),
            &[],
            vec![
                "again after 120 s, at no cost",
                "silence of the account for 120 s: its other jobs wait too, at no cost",
            ],
        ),
        (
            "domain.info",
            failed("53000000008"),
            &[],
            vec![
                "again on the next quota day, at no cost",
                "nothing of the account that costs quota until 90 s into the next quota day, or for 30 min where the day has just begun",
            ],
        ),
        (
            "domain.create",
            "Result: exception\n".to_owned(),
            &[],
            vec![
                "in doubt: asks the registry (domain.info) whether it happened, first after 0.2 to 2 s, at most 12 times",
            ],
        ),
        (
            "domain.info",
            "Result: exception\n".to_owned(),
            &[],
            vec!["again after 6 to 60 s of back-off (attempt 2 of 10); other objects go on"],
        ),
        (
            "domain.info",
            failed("83000000010"),
            &[],
            vec!["waits, at no cost", "the account sends nothing more until an operator resumes it"],
        ),
    ] {
        assert_eq!(meaning(operation, &answer, more)["next"], serde_json::json!(expected), "{operation} {answer}");
    }
    for wrong in ["0", "11"] {
        assert!(decode("domain.info", b"Result: success", &["--attempt", wrong]).is_err());
    }
}

/// The sentences about a golden answer.
fn next(name: &str) -> Vec<String> {
    let answer = String::from_utf8(load(&format!("answer.{name}.kv"))).unwrap();
    serde_json::from_value(meaning(&super::operation(name), &answer, &[])["next"].clone()).unwrap()
}

#[test]
fn messages_of_the_queue_go_the_way_of_the_poller() {
    const PENDING: &str = "domain.create, domain.update, domain.change_holder, domain.transfer, domain.restore, raw";
    let connect = next("message.read.domain_status_update_connect");
    assert_eq!(
        connect,
        [
            "stored, and published as message.domain_status_update",
            &format!(
                "pending jobs on domain:de-example.de ({PENDING}), sent by 2024-06-01T13:51:08Z end as succeeded: the registry has assessed the order: the domain is delegated"
            ),
            "then removed by message.delete; it is the last one",
            "a job that asked for it: ends as succeeded",
        ]
    );
    let expired = next("message.read.expire");
    assert!(expired[1].contains("end as failed: the registry has deleted the domain"), "{expired:?}");
    assert_eq!(expired[2], "then removed by message.delete, and the next one read at once; 8 more");
    assert!(!expired.iter().any(|step| step.starts_with("by ")), "too late: {expired:?}");
    let warned = next("message.read.expire_warning");
    assert!(warned.contains(&"ends no pending job".to_owned()), "{warned:?}");
    assert!(warned.last().unwrap().contains("repair the name servers and send domain.update"), "{warned:?}");
    let verify = next("message.read.contact_verification_required");
    assert_eq!(verify.iter().filter(|step| step.contains("verify the holders")).count(), 2, "{verify:?}");
    assert_eq!(
        next("message.read.empty")[0],
        "the queue is empty: looked at again after 5 s, each time doubled, up to 60 s"
    );
    assert!(next("message.delete")[0].starts_with("the message is gone"));
    assert!(next("message.delete.not_oldest")[0].starts_with("another message is older"));

    let steps = |operation: &str, answer: &str| meaning(operation, answer, &[])["next"].to_string();
    let unknown = "Result: success\nMsgCnt: 1\nMsgId: 8960348c-6879-cb92-2b6f-cbc9abf91616\nMsgType: newThing\n";
    let unknown = steps("message.read", unknown);
    assert!(unknown.contains("message.raw: nobody knows the type `newThing`"), "{unknown}");
    let busy = "Result: failed\nERROR: 76000000001 x\n";
    let refused = steps("message.read", busy);
    assert!(
        refused.contains("the queue could not be read: the queue is looked at again after 0.1 to 1 s"),
        "{refused}"
    );
    assert!(steps("message.delete", busy).contains("the message stays"));
    // One that is gone already.
    assert!(steps("message.delete", "Result: failed\nERROR: 63650063609 x\n").contains("noted as removed"));
}

#[test]
fn pending_orders_and_dates_say_when() {
    assert_eq!(
        next("domain.create.pending"),
        ["pending: ended by the registry's message domainStatusUpdate, or INFO with another status; asked about \
          (domain.info) first after 6 to 60 s, each time doubled up to 6 h, at most 40 times, then needs_attention"]
    );
    for (name, dates) in [
        (
            "domain.create.failed",
            &["by 2021-08-20T11:06:05Z: repair the name servers and send domain.update, or the domain is deleted"][..],
        ),
        (
            "domain.create.verify",
            &[
                "by 2024-12-09T14:45:01Z: verify the holders (contact.update with `verification`), or the domain leaves the zone",
                "by 2024-12-16T14:45:01Z: verify the holders (contact.update with `verification`), or the domain is deleted",
            ],
        ),
        (
            "domain.transfer.hold",
            &[
                "by 2024-12-16T14:45:01Z: verify the holders (contact.update with `verification`), or the domain is deleted",
            ],
        ),
    ] {
        assert_eq!(next(name)[1..], *dates, "{name}");
    }
    for (operation, whose) in
        [("domain.authcode_create", "its registrar set"), ("domain.authcode_request", "its holders were sent")]
    {
        let steps =
            meaning(operation, "Result: success\nAuthInfoExpire: 2026-12-01T00:00:00+01:00\n", &[])["next"].clone();
        let expected = format!(
            "until 2026-11-30T23:00:00Z the domain can be transferred with the password {whose}; then that is void"
        );
        assert_eq!(steps[1], expected);
    }
}

#[test]
fn logins_and_logouts_are_explained() {
    for (name, verdict, step) in [
        ("login", "done", "the session is open"),
        ("login.wrong", "suspend", "not tried again by itself"),
        ("login.blocked", "suspend", "the account sends nothing more until an operator resumes it"),
        ("login.sessions", "later", "no further session is tried for 60 s"),
        ("login.limit", "later", "silence of the account for 120 s"),
        ("logout", "done", "the connection is closed"),
        ("logout.failed", "refused", "the connection is closed, whatever the answer says"),
    ] {
        let answer = String::from_utf8(load(&format!("answer.{name}.kv"))).unwrap();
        let meaning = meaning(&super::operation(name), &answer, &[]);
        assert_eq!(meaning["verdict"], verdict, "{name}");
        assert!(next(name)[0].contains(step), "{name}: {meaning}");
    }
    let busy = meaning("login", "Result: failed\nERROR: 76000000001 x\n", &[]);
    assert_eq!(busy["wait"], serde_json::json!({ "who": "session", "how_long": "backoff" }));
    assert!(busy["next"][0].as_str().unwrap().starts_with("another try after 0.1 to 1 s of back-off"), "{busy}");
}

#[test]
fn codes_are_told_one_by_one() {
    let answer = "Result: failed\nERROR: 63999999999 What [a]\nERROR: 63999999999 What [b]\nINFO: 13000000011 Test\n";
    let codes = meaning("domain.create", answer, &[])["codes"].clone();
    assert_eq!(codes.as_array().unwrap().len(), 2, "each once: {codes}");
    assert_eq!((&codes[0]["level"], &codes[0]["meaning"]), (&"error".into(), &"unknown".into()));
    assert_eq!(codes[1]["code"], "13000000011");
    // The messages of a message are codes too.
    let update = String::from_utf8(load("answer.message.read.domain_status_update.kv")).unwrap();
    let update = meaning("message.read", &update, &[]);
    assert_eq!(update["codes"][0]["code"], "16350000040");
    assert_eq!(update["deadlines"].as_array().unwrap().len(), 2);
    let strange = String::from_utf8(load("answer.message.read.domain_status_update.kv")).unwrap();
    let strange = meaning("message.read", &strange.replace("16350000040", "16999999999"), &[]);
    assert_eq!(strange["unknown_codes"], serde_json::json!(["16999999999"]));
    assert_eq!(strange["codes"][0]["meaning"], "unknown");
}

#[test]
fn answers_in_three_forms() {
    let answer = load("answer.domain.check.kv");
    let table = decode("domain.check", &answer, &["--output", "table"]).unwrap();
    assert!(
        table.lines().any(|line| line.starts_with("answer.data.status ") && line.ends_with("  pendingCreate")),
        "{table}"
    );
    let line = decode("domain.check", &answer, &["--output", "jsonl"]).unwrap();
    let pretty = decode("domain.check", &answer, &["--output", "json"]).unwrap();
    assert_eq!(line.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), serde_json::from_str::<Value>(&pretty).unwrap());

    let verify = load("answer.domain.create.verify.kv");
    let table = decode("domain.create", &verify, &["--output", "table"]).unwrap();
    let words: Vec<&str> = table.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(
        words[..9],
        ["verdict", "next", "next", "next", "deadline", "deadline", "code", "code", "code"],
        "{table}"
    );
    assert!(table.contains("2024-12-09T14:45:01Z  verification_before_dedelegation"), "{table}");
}
