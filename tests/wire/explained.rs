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
        ("domain.create", failed("53000000012"), &[], vec!["again after 0.2 to 2 s of back-off (attempt 2 of 10)"]),
        (
            "domain.create",
            failed("76000000001"),
            ninth,
            vec!["again after 180 to 1800 s of back-off (attempt 10 of 10)"],
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
            vec!["again after 120 s, at no cost", "silence of the account for 120 s"],
        ),
        (
            "domain.info",
            failed("53000000008"),
            &[],
            vec!["again on the next quota day, at no cost", "silence of the account until the next quota day"],
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
            vec!["again after 6 to 60 s of back-off (attempt 2 of 10)"],
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
    assert_eq!(words[..7], ["verdict", "next", "deadline", "deadline", "code", "code", "code"], "{table}");
    assert!(table.contains("2024-12-09T14:45:01Z  verification_before_dedelegation"), "{table}");
}
