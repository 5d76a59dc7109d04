//! Requests.

use serde_json::{Value, json};

use super::meaning::{kv_meaning, xml_meaning};
use super::{TRANSACTION, dialect, encode, expect, golden, load, named, run, run_with_notes};
use registrard::model::Operation;

fn jobs() -> Vec<String> {
    let jobs: Vec<_> = named("", ".json").into_iter().filter(|name| !name.starts_with("answer.")).collect();
    assert!(jobs.len() >= 16, "{jobs:?}");
    jobs
}

#[test]
fn requests_are_written_to_the_byte() {
    for name in jobs() {
        let job = load(&format!("{name}.json"));
        for format in ["kv", "xml"] {
            let bytes = encode(&job, &["--format", format, "--protocol", "5.0"]).unwrap();
            assert_eq!(bytes, encode(&job, &["--format", format]).unwrap(), "deterministic, and 5.0 is the default");
            if golden(&format!("{name}.{format}")).exists() {
                expect(&format!("{name}.{format}"), &bytes);
            }
        }
    }
}

#[test]
fn every_request_means_what_the_manuals_sample_means() {
    let mut samples = 0;
    for name in jobs() {
        for (format, meaning) in [("kv", kv_meaning as fn(&str) -> Vec<String>), ("xml", xml_meaning)] {
            let sample = format!("{name}.sample.{format}");
            if !golden(&sample).exists() {
                continue;
            }
            let theirs = String::from_utf8(load(&sample)).unwrap();
            let job = load(&format!("{name}.json"));
            let transaction = transaction(&theirs);
            let args = ["encode", "--registry", "denic-rri", "--format", format, "--transaction-id", &transaction];
            let ours = String::from_utf8(run(&args, &job).unwrap()).unwrap();
            assert_eq!(meaning(&ours), meaning(&theirs), "{sample}");
            // The sample as a job's own request names the same object.
            if !theirs.to_lowercase().contains("ctid") {
                let mut job: Value = serde_json::from_slice(&job).unwrap();
                let params = json!({ "request": theirs });
                let raw = dialect("kv").check(Operation::Raw, params.as_object().unwrap()).unwrap();
                let operation: Operation = serde_json::from_value(job["operation"].take()).unwrap();
                let plain = dialect("kv").check(operation, job["params"].as_object().unwrap()).unwrap();
                assert_eq!(raw.object, plain.object, "{sample}");
            }
            samples += 1;
        }
    }
    // No job asks for these; that they are written so, their own tests show.
    for name in ["login", "logout"] {
        for (format, meaning) in [("kv", kv_meaning as fn(&str) -> Vec<String>), ("xml", xml_meaning)] {
            let text = |name: String| String::from_utf8(load(&name)).unwrap();
            let (ours, theirs) = (text(format!("{name}.{format}")), text(format!("{name}.sample.{format}")));
            assert_eq!(meaning(&ours), meaning(&theirs), "{name}.{format}");
            samples += 1;
        }
    }
    assert_eq!(samples, named("", ".sample.kv").len() + named("", ".sample.xml").len(), "a sample without a job");
}

/// The transaction id a sample has.
fn transaction(sample: &str) -> String {
    let after =
        |mark: &str| sample.to_lowercase().find(mark).map(|at| sample[at + mark.len()..].trim_start().to_owned());
    let found = after("<ctid>").or_else(|| after("ctid:")).unwrap_or_else(|| TRANSACTION.to_owned());
    found.split(['<', '\n', '\r']).next().unwrap().to_owned()
}

#[test]
fn wrong_jobs_and_arguments_are_named() {
    let job = br#"{"account":"DENIC-1000022","operation":"domain.create","params":{"domain":"example.de","holder":["DENIC-1000022-A1","DENIC-9-FOREIGN"],"nserver":["ns1.example.net","ns2.example.net"]}}"#;
    let error = encode(job, &[]).unwrap_err();
    assert!(error.contains("params.holder[1]") && error.contains("DENIC-9-FOREIGN"), "{error}");
    assert!(encode(job, &["--account", "DENIC-9"]).unwrap_err().contains("params.holder[0]"), "--account wins");
    assert!(encode(b"{}", &[]).unwrap_err().contains("not a job"));
    assert!(encode(job, &["--format", "json"]).unwrap_err().contains("kv and xml"));
    assert!(encode(job, &["--protocol", "6.0"]).unwrap_err().contains("5.0"));
    let renew = br#"{"account":"A","operation":"domain.renew"}"#;
    assert!(encode(renew, &[]).unwrap_err().contains("unknown_operation"));
    let error = run(&["encode", "--registry", "nobody"], job).unwrap_err();
    assert!(error.contains("denic-rri"), "{error}");
}

#[test]
fn the_transaction_id_is_that_of_the_first_attempt() {
    let job = br#"{"id":"0192f0c1-7b7e-7c3a-9f00-0000000000aa","account":"DENIC-1000002","operation":"domain.delete","params":{"domain":"example.de"}}"#;
    let text = String::from_utf8(run(&["encode", "--registry", "denic-rri"], job).unwrap()).unwrap();
    assert!(text.ends_with("\nCtid: rd-0192f0c17b7e7c3a9f000000000000aa-1"), "{text}");
    let read = load("domain_info.json");
    assert!(!String::from_utf8(encode(&read, &[]).unwrap()).unwrap().contains("tid:"), "reads carry none");
    let wrong = run(&["encode", "--registry", "denic-rri", "--transaction-id", "a b"], job).unwrap_err();
    assert!(wrong.contains("3 to 64 visible characters"), "{wrong}");
}

#[test]
fn a_request_that_is_too_long_is_refused_before_it_is_stored() {
    let address = vec!["Weg 1 ".repeat(42); 300];
    let Value::Object(mut params) =
        serde_json::from_slice::<Value>(&load("contact_create.json")).unwrap()["params"].clone()
    else {
        unreachable!("an object")
    };
    params.insert("address".into(), json!(address));
    let reject = dialect("kv").check(Operation::ContactCreate, &params).unwrap_err();
    assert!(reject.reason.contains("65535"), "{reject}");
}

#[test]
fn a_request_of_ones_own_goes_out_as_it_is() {
    let job = json!({"account": "DENIC-1000022", "operation": "raw", "params": {"request": "Version: 4.0\naction: delete\nDomain: example.de"}});
    let (bytes, notes) = run_with_notes(
        &["encode", "--registry", "denic-rri", "--format", "xml", "--transaction-id", TRANSACTION],
        job.to_string().as_bytes(),
    )
    .unwrap();
    assert_eq!(bytes, format!("Version: 4.0\naction: delete\nDomain: example.de\nCtid: {TRANSACTION}").as_bytes());
    assert_eq!(notes, "");
    let error = run(&["encode", "--registry", "denic-rri", "--answer", "/nowhere"], job.to_string().as_bytes());
    assert!(error.unwrap_err().contains("asks nothing first"));
}

#[test]
fn a_job_that_states_only_changes_shows_its_question_first() {
    let job = json!({"account": "DENIC-1000002", "operation": "domain.update", "params": {"domain": "example.de", "merge": true, "nserver": ["ns1.example.net", "ns2.example.net"]}});
    let job = job.to_string();
    let args = ["encode", "--registry", "denic-rri", "--transaction-id", TRANSACTION];
    let (question, notes) = run_with_notes(&args, job.as_bytes()).unwrap();
    assert!(String::from_utf8(question).unwrap().contains("Action: INFO\nDomain: example.de"));
    assert!(notes.contains("domain.info") && notes.contains("domain.update") && notes.contains("--answer"), "{notes}");

    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("example.de.info");
    let with = |answer: &str| {
        std::fs::write(&file, answer).unwrap();
        run_with_notes(&[&args[..], &["--answer", file.to_str().unwrap()]].concat(), job.as_bytes())
    };
    let shown = "Result: success\nSTID: x\nDomain: example.de\nDomain-Ace: example.de\nNserver: ns9.example.net\nNserver: ns8.example.net\nStatus: connect\nChanged: 2026-01-01T00:00:00+01:00\n[Holder]\nHandle: DENIC-1000002-MAX\n[RegAcc]\nRegAccId: DENIC-1000002\nName: Example\n";
    let (request, notes) = with(shown).unwrap();
    let request = String::from_utf8(request).unwrap();
    for line in ["Action: UPDATE", "Holder: DENIC-1000002-MAX", "Nserver: ns1.example.net", "Ctid: kv-7bf04fa8"] {
        assert!(request.lines().any(|found| found == line), "{line}: {request}");
    }
    assert!(!request.contains("ns9") && notes.is_empty(), "{request}{notes}");
    let error = with("Result: failed\nSTID: x\nERROR: 63300062009 Domain doesn't exist\n").unwrap_err();
    assert!(error.contains("refused"), "{error}");
    assert!(with("hello").unwrap_err().contains("line 1"));
}
