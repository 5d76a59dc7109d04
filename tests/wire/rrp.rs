//! RRP: `tests/golden/rrp` has jobs (`x.json`) beside the reference's sample of the same command (`x.sample.rrp`), its answers
//! (`answer.<operation>.<which>.rrp`) with what they mean (`.json`), and the greeting. `REGISTRARD_BLESS=1` writes the
//! meanings anew, for review.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use registrard::model::verdict::Judgement;
use registrard::model::{Answer, Operation, Request, Verdict};
use registrard::registries::{Dialect, WireOptions, rrp};
use serde_json::{Map, Value, json};

use super::run;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rrp")
}

fn load(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(name: &str) -> String {
    String::from_utf8(load(name)).unwrap()
}

/// What stands between these in the names of files.
fn named(prefix: &str, suffix: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> =
        files.filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned())).collect();
    found.sort();
    found
}

fn jobs() -> Vec<String> {
    named("", ".json").into_iter().filter(|name| !name.starts_with("answer.")).collect()
}

fn job(name: &str) -> Request {
    serde_json::from_slice(&load(&format!("{name}.json"))).unwrap()
}

fn dialect() -> Arc<dyn Dialect> {
    let options = WireOptions { account: "registrarA".into(), ..WireOptions::default() };
    (rrp::PLUGIN.dialect)(&options).unwrap()
}

#[test]
fn every_request_is_the_references_sample_to_the_byte() {
    for name in jobs() {
        let encoded = run(&["encode", "--registry", "rrp"], &load(&format!("{name}.json"))).unwrap();
        let (ours, theirs) = (String::from_utf8(encoded).unwrap(), text(&format!("{name}.sample.rrp")));
        // Names of hosts go out in small letters; in all else case is the sample's.
        let folded = theirs.replace("registrarA.com", "registrara.com");
        assert_eq!(ours, folded, "{name}: left ours, right the sample");
    }
}

#[test]
fn no_command_of_a_job_is_without_a_sample_and_no_sample_without_a_job() {
    let mut samples = named("", ".sample.rrp");
    // Sessions are not for jobs.
    samples.retain(|name| !name.starts_with("session") && name != "quit");
    assert_eq!(jobs(), samples);
    assert_eq!(named("", ".sample.rrp").len(), 25, "the reference has 24 commands, and one of them is two operations");
    assert_eq!(named("answer.", ".rrp").len(), 44, "and 44 answers");
    let asked: Vec<Operation> = jobs().iter().map(|name| job(name).operation).collect();
    assert!(rrp::PLUGIN.operations.iter().all(|operation| asked.contains(operation)), "each operation is among them");
}

#[test]
fn a_sample_as_a_request_of_ones_own_is_about_the_same_object_and_goes_out_as_it_is() {
    let dialect = dialect();
    for name in jobs() {
        let Request { operation, params, .. } = job(&name);
        let theirs = text(&format!("{name}.sample.rrp"));
        for written in [theirs.clone(), theirs.replace("\r\n", "\n"), theirs.trim_end_matches(".\r\n").to_owned()] {
            let request = Map::from_iter([("request".to_owned(), json!(written))]);
            let raw = dialect.check(Operation::Raw, &request).unwrap();
            // What takes a transfer back is written as what refuses one.
            let is_alike = operation != Operation::OrderCancel;
            assert_eq!(raw.object == dialect.check(operation, &params).unwrap().object, is_alike, "{name}");
            let prepared = dialect.prepare(Operation::Raw, &request, "rd-1").unwrap();
            assert_eq!(std::str::from_utf8(&prepared.bytes).unwrap(), theirs, "{name}");
            if operation != Operation::Raw && is_alike {
                assert_eq!(prepared.operation, operation, "{name}");
            }
        }
    }
    for name in ["session", "quit", "session_new_password"] {
        let request = Map::from_iter([("request".to_owned(), json!(text(&format!("{name}.sample.rrp"))))]);
        let reject = dialect.check(Operation::Raw, &request).unwrap_err();
        assert!(reject.reason.contains("not for a job") && !reject.to_string().contains("i-am"), "{reject}");
    }
}

/// The first two words of an answer's name, or the first for one that is no job's.
fn operation(name: &str) -> String {
    let words: Vec<&str> = name.split('.').collect();
    if ["login", "logout"].contains(&words[0]) { words[0].into() } else { words[..2].join(".") }
}

#[test]
fn every_answer_means_what_stands_beside_it() {
    for name in named("answer.", ".rrp") {
        let answer = load(&format!("answer.{name}.rrp"));
        let found = run(&["decode", "--registry", "rrp", "--operation", &operation(&name)], &answer).unwrap();
        let file = format!("answer.{name}.json");
        if std::env::var_os("REGISTRARD_BLESS").is_some() {
            std::fs::write(folder().join(&file), &found).unwrap();
        }
        assert_eq!(text(&file), String::from_utf8(found).unwrap(), "{name}");
    }
}

/// Bare line ends, the older names of attributes, more digits, other texts: what servers do differently means nothing.
#[test]
fn answers_read_alike_however_they_are_set() {
    let dialect = dialect();
    for name in named("answer.", ".rrp") {
        let operation: Operation = operation(&name).parse().unwrap_or(Operation::AccountInfo);
        let theirs = text(&format!("answer.{name}.rrp"));
        let plain = dialect.decode(operation, theirs.as_bytes()).unwrap();
        let older = |line: &str| -> String {
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.contains("200")) else {
                return format!("{line}\r\n");
            };
            let word = |word: &str| word[..1].to_uppercase() + &word[1..];
            let name: String = name.split(' ').map(word).collect();
            format!("{name}:{value}\r\n")
        };
        for (how, set) in [
            ("bare LF", theirs.replace("\r\n", "\n")),
            ("older names", theirs.lines().map(older).collect()),
            ("upper case", theirs.lines().map(|line| upper(line) + "\r\n").collect()),
        ] {
            let read = dialect.decode(operation, set.as_bytes()).unwrap_or_else(|why| panic!("{name} {how}: {why}"));
            assert_eq!((&read.data, &read.result), (&plain.data, &plain.result), "{name}: {how}");
            assert_eq!(read.messages[0].code, plain.messages[0].code, "{name}: {how}");
        }
        for cut in 0..theirs.len() {
            assert!(dialect.decode(operation, &theirs.as_bytes()[..cut]).is_err(), "{name}: cut at {cut}");
        }
        assert!(dialect.decode(operation, format!("{theirs}x").as_bytes()).is_err());
    }
}

fn upper(line: &str) -> String {
    line.split_once(':').map_or(line.to_owned(), |(name, value)| format!("{}:{value}", name.to_uppercase()))
}

/// Each row: a job that is in order, where in its parameters a value is changed (null: left out), the field at fault and the
/// rule.
#[test]
fn bad_input_is_named_before_the_wire() {
    let dialect = dialect();
    for (name, field, value, at, rule) in [
        ("domain_create", "domain", json!("www.example.com"), "domain", "exactly two labels"),
        ("domain_create", "domain", json!("example"), "domain", "exactly two labels"),
        ("domain_create", "domain", json!("-example.com"), "domain", "hyphen"),
        ("domain_create", "domain", json!(null), "domain", "missing"),
        ("domain_create", "years", json!(null), "years", "missing"),
        ("domain_create", "years", json!(0), "years", "from 1 to 10"),
        ("domain_create", "years", json!(11), "years", "from 1 to 10"),
        ("domain_create", "holder", json!("Owen Owner"), "holder", "unknown"),
        ("domain_create_nserver", "nserver", json!(["ns1.example.com", "NS1.example.com."]), "nserver[1]", "twice"),
        ("domain_create_nserver", "nserver", json!(vec!["a.example.com"; 14]), "nserver", "at most 13 items, got 14"),
        ("domain_renew", "expires", json!(null), "expires", "missing"),
        ("domain_renew", "expires", json!("27"), "expires", "as the registry writes it"),
        ("domain_renew", "years", json!(null), "years", "missing"),
        ("domain_update_lock", "add_status", json!(["ACTIVE"]), "add_status[0]", "REGISTRAR-LOCK, REGISTRAR-HOLD"),
        ("domain_update_lock", "add_status", json!(null), "", "states no change"),
        ("domain_update_lock", "nserver", json!(["ns1.example.com"]), "add_status", "goes with no `nserver`"),
        ("domain_update_unlock", "add_nserver", json!("ns1.example.com"), "remove_status", "a job of its own"),
        (
            "domain_update_nserver",
            "remove_nserver",
            json!("NS3.registrara.com"),
            "remove_nserver[0]",
            "to be added, too",
        ),
        ("host_create", "address", json!("192.168.1.1"), "address[0]", "public"),
        ("host_create", "address", json!(["192.0.2.1", "fe80::1"]), "address[1]", "public"),
        ("host_create", "address", json!("::192.0.2.1"), "address[0]", "hexadecimal"),
        ("host_create", "address", json!("192.0.2"), "address[0]", "IPv4 or IPv6"),
        ("host_create", "host", json!("ns1"), "host", "two labels"),
        ("host_create", "host", json!(format!("{}example.com", "a.".repeat(40))), "host", "80 characters"),
        ("host_update", "address", json!("192.0.2.1"), "add_address", "goes with no `address`"),
        ("order_cancel", "transfer", json!(null), "transfer", "missing"),
        ("order_cancel", "transfer", json!(false), "transfer", "must be true"),
        ("order_cancel", "domain", json!(null), "domain", "missing"),
        ("account_info", "domain", json!("example.com"), "domain", "unknown"),
        ("raw_describe", "request", json!("describe\n.\ndescribe\n."), "request", "one command only"),
        ("raw_describe", "request", json!("describe\nTarget Protocol"), "request", "line 2"),
        ("raw_describe", "request", json!("<xml/>"), "request", "name of a command"),
    ] {
        let Request { operation, params, .. } = job(name);
        dialect.check(operation, &params).unwrap();
        let mut params = params;
        if value.is_null() {
            drop(params.remove(field))
        } else {
            drop(params.insert(field.into(), value.clone()))
        }
        let Err(reject) = dialect.check(operation, &params) else { panic!("{name} {field} {value}") };
        let expected = if at.is_empty() { "params".to_owned() } else { format!("params.{at}") };
        assert_eq!(reject.field, Some(expected), "{name} {field} {value}: {reject}");
        assert!(reject.reason.contains(rule), "{name} {field} {value}: {reject}");
    }
}

#[test]
fn protocol_1_1_0_has_no_addresses_of_version_6_and_there_are_no_formats() {
    let make = |format: Option<&str>, protocol: Option<&str>| {
        let options = WireOptions {
            format: format.map(str::to_owned),
            protocol: protocol.map(str::to_owned),
            ..WireOptions::default()
        };
        (rrp::PLUGIN.dialect)(&options)
    };
    let Request { operation, params, .. } = job("host_create_v6");
    assert!(make(None, Some("2.0.0")).unwrap().check(operation, &params).is_ok());
    let reject = make(None, Some("1.1.0")).unwrap().check(operation, &params).unwrap_err();
    assert_eq!((reject.field.as_deref(), reject.reason.contains("1.1.0")), (Some("params.address[1]"), true));
    let Request { operation, params, .. } = job("order_cancel");
    let reject = make(None, Some("1.1.0")).unwrap().check(operation, &params).unwrap_err();
    assert_eq!(reject.field.as_deref(), Some("params.transfer"));
    assert!(make(Some("kv"), None).is_err_and(|why| why.contains("kv")));
    assert!(make(None, Some("3.0.0")).is_err_and(|why| why.contains("2.0.0, 1.1.0")));
}

fn shown(data: Value) -> Answer {
    let dialect = dialect();
    let mut answer = dialect.decode(Operation::DomainInfo, b"200 OK\r\n.\r\n").unwrap();
    answer.data = data;
    answer
}

#[test]
fn a_job_that_states_all_name_servers_asks_first_and_sends_what_differs() {
    let dialect = dialect();
    let params = json!({"domain": "example.com", "nserver": ["ns1.example.net", "ns3.example.net"]});
    let params = params.as_object().unwrap();
    let (update, info) = (Operation::DomainUpdate, text("domain_info.sample.rrp"));
    let question = dialect.reads_first(update, params).unwrap().unwrap();
    assert_eq!((question.operation, std::str::from_utf8(&question.bytes).unwrap()), (Operation::DomainInfo, &*info));
    assert!(dialect.prepare(update, params, "rd-1").is_err(), "what differs is not known yet");
    let there = shown(json!({"nameserver": ["NS1.EXAMPLE.NET", "ns2.example.net"]}));
    let whole = dialect.complete(update, params, &there).unwrap();
    let request = dialect.prepare(update, &whole, "rd-1").unwrap();
    assert_eq!(
        std::str::from_utf8(&request.bytes).unwrap(),
        "mod\r\nEntityName:Domain\r\nDomainName:example.com\r\nNameServer:ns3.example.net\r\nNameServer:ns2.example.net=\r\n.\r\n"
    );
    let done = dialect.complete(update, params, &shown(json!({"nameserver": ["ns3.example.net", "ns1.example.net"]})));
    assert!(
        matches!(*done.unwrap_err(), Judgement { verdict: Verdict::Done, .. }),
        "nothing is sent, and the job is done"
    );
    let nobody = dialect.decode(Operation::DomainInfo, b"545 x\r\n.\r\n").unwrap();
    let refused = dialect.complete(update, params, &nobody).unwrap_err();
    assert!(matches!(refused.verdict, Verdict::Refused(_)));
}
