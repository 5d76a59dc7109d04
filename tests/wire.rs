//! The wire of DENIC RRI through `registrard wire`: requests byte by byte, answers value by value.
//!
//! `tests/golden/denic_rri` holds jobs (`x.json`) with the exact bytes of their requests (`x.kv`, `x.xml`), the manual's
//! own samples of the same requests (`x.sample.*`), which differ in nothing that means anything, and answers
//! (`answer.<operation>.*`) with what they mean. `REGISTRARD_BLESS=1` writes the expectations anew, for review.
#![allow(clippy::unwrap_used, clippy::panic)] // a test's own helpers may panic like the test

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Parser;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use registrard::cli::output::Format;
use registrard::cli::wire::{self, WireArgs};
use registrard::model::Operation;
use registrard::registries::{self, Dialect, WireOptions};
use serde_json::{Map, Value, json};

const TRANSACTION: &str = "kv-7bf04fa8";

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    wire: WireArgs,
    #[arg(long, global = true, value_enum)]
    output: Option<Format>,
}

fn run(args: &[&str], input: &[u8]) -> Result<Vec<u8>, String> {
    let cli = Cli::try_parse_from([&["wire"], args].concat()).map_err(|error| error.to_string())?;
    let mut output = Vec::new();
    wire::run(&cli.wire, cli.output, input, &mut output)?;
    Ok(output)
}

fn encode(job: &[u8], more: &[&str]) -> Result<Vec<u8>, String> {
    run(&[&["encode", "--registry", "denic-rri", "--transaction-id", TRANSACTION], more].concat(), job)
}

fn decode(operation: &str, answer: &[u8], more: &[&str]) -> Result<String, String> {
    let bytes = run(&[&["decode", "--registry", "denic-rri", "--operation", operation], more].concat(), answer)?;
    Ok(String::from_utf8(bytes).unwrap())
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri").join(name)
}

fn load(name: &str) -> Vec<u8> {
    std::fs::read(golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All golden files whose name begins and ends so, by the part between.
fn named(prefix: &str, suffix: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(golden(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_prefix(prefix)?.strip_suffix(suffix)?.to_owned()))
        .collect();
    names.sort();
    names
}

fn expect(name: &str, found: &[u8]) {
    if std::env::var_os("REGISTRARD_BLESS").is_some() {
        std::fs::write(golden(name), found).unwrap();
    }
    let (expected, found) = (load(name), String::from_utf8_lossy(found).into_owned());
    assert_eq!(String::from_utf8_lossy(&expected), found, "{name}");
}

fn jobs() -> Vec<String> {
    let jobs: Vec<_> = named("", ".json").into_iter().filter(|name| !name.starts_with("answer.")).collect();
    assert!(jobs.len() >= 11, "{jobs:?}");
    jobs
}

#[test]
fn every_request_is_written_to_the_byte() {
    for name in jobs() {
        let job = load(&format!("{name}.json"));
        for format in ["kv", "xml"] {
            let bytes = encode(&job, &["--format", format, "--protocol", "5.0"]).unwrap();
            assert_eq!(bytes, encode(&job, &["--format", format]).unwrap(), "deterministic, and 5.0 is the default");
            expect(&format!("{name}.{format}"), &bytes);
        }
    }
}

#[test]
fn every_request_means_what_the_manuals_sample_means() {
    let mut samples = 0;
    for name in jobs() {
        for (format, meaning) in [("kv", kv_meaning as fn(&str) -> Vec<String>), ("xml", xml_meaning)] {
            let sample = format!("{name}.sample.{format}");
            if golden(&sample).exists() {
                let ours = encode(&load(&format!("{name}.json")), &["--format", format]).unwrap();
                let [ours, theirs] = [ours, load(&sample)].map(|bytes| meaning(std::str::from_utf8(&bytes).unwrap()));
                assert_eq!(ours, theirs, "{sample}");
                samples += 1;
            }
        }
    }
    assert_eq!(samples, named("", ".sample.kv").len() + named("", ".sample.xml").len(), "a sample without a job");
}

/// A K/V request without what means nothing: case of keywords and actions, order of lines above the sections.
fn kv_meaning(text: &str) -> Vec<String> {
    let (head, sections) = text.split_once("\n[").unwrap_or((text, ""));
    let line = |line: &str| {
        let (keyword, value) = line.split_once(": ").unwrap_or((line, ""));
        format!("{}: {value}", keyword.to_lowercase())
    };
    let mut lines: Vec<String> = head.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    // Addresses and the like keep their order among themselves.
    lines.sort_by_key(|line| line.split(':').next().unwrap().to_owned());
    lines.extend(sections.lines().filter(|line| !line.trim().is_empty()).map(line));
    lines
}

/// An XML request without what means nothing: prefixes, blanks between elements, the declaration.
fn xml_meaning(text: &str) -> Vec<String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut events = Vec::new();
    loop {
        let (space, event) = reader.read_resolved_event().unwrap();
        let space = match space {
            ResolveResult::Bound(space) => space.0.to_owned(),
            _ => String::new(),
        };
        match event {
            Event::Start(start) => {
                let attributes: BTreeMap<_, _> = start
                    .attributes()
                    .map(Result::unwrap)
                    .filter(|attribute| attribute.key.as_namespace_binding().is_none())
                    .map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.to_string()))
                    .collect();
                events.push(format!("<{{{space}}}{} {attributes:?}", start.local_name().as_ref()));
            }
            Event::End(_) => events.push(">".into()),
            Event::Text(text) if !text.trim().is_empty() => events.push(text.trim().to_owned()),
            Event::GeneralRef(name) => events.push(format!("&{};", &*name)),
            Event::Eof => return events,
            _ => {}
        }
    }
}

#[test]
fn every_answer_means_the_same_in_both_formats() {
    let (kv, xml) = (named("answer.", ".kv"), named("answer.", ".xml"));
    assert!(kv.iter().filter(|name| xml.contains(name)).count() >= 9, "{kv:?} {xml:?}");
    for (names, format) in [(kv, "kv"), (xml, "xml")] {
        for name in names {
            let operation = name.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
            let answer = load(&format!("answer.{name}.{format}"));
            let meaning = decode(&operation, &answer, &[]).unwrap();
            let mut value: Value = serde_json::from_str(&meaning).unwrap();
            // The case of the result word is the sample's own.
            value["answer"]["result"] = json!(value["answer"]["result"].as_str().unwrap().to_lowercase());
            let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
            expect(&format!("answer.{name}.json"), text.as_bytes());
        }
    }
}

#[test]
fn frames_are_shown_and_read() {
    let job = load("domain_check.json");
    let (payload, frame) = (encode(&job, &[]).unwrap(), encode(&job, &["--frame"]).unwrap());
    assert_eq!(frame[..4], u32::try_from(payload.len()).unwrap().to_be_bytes());
    assert_eq!(frame[4..], payload);

    let answer = load("answer.domain.check.kv");
    let framed = [&u32::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat();
    let plain = decode("domain.check", &answer, &[]).unwrap();
    assert_eq!(decode("domain.check", &framed, &[]).unwrap(), plain);
    for cut in 1..framed.len() {
        let error = decode("domain.check", &framed[..cut], &[]).unwrap_err();
        assert!(error.contains(&format!("cut: {cut} of")), "{error}");
    }
    for (bytes, part) in [
        (&[0, 1, 0, 1][..], "65537 bytes; 1 to 65536"),
        (&[0, 0, 0, 0], "0 bytes"),
        (&[&framed[..], b"x"].concat(), "1 bytes follow"),
        (b"", "empty"),
    ] {
        let error = decode("domain.check", bytes, &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_no_answer_says_why() {
    let head = "<registry-response xmlns=\"http://registry.denic.de/global/5.0\">";
    for (bytes, part) in [
        (b"Result: success\xff".to_vec(), "not UTF-8 (byte 15 of 16)"),
        (vec![b' '; 65_537], "65537 bytes"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "line 1"),
        (b"<html/>".to_vec(), "not a registry-response"),
        (format!("{head}<tr:transaction").into_bytes(), "byte"),
        (format!("{head}</registry-response>").into_bytes(), "no transaction"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>".to_vec(), "document type"),
        ("<a>".repeat(20_000).into_bytes(), "32 levels"),
    ] {
        let error = decode("domain.info", &bytes, &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert!(decode("domain.steal", b"x", &[]).unwrap_err().contains("domain.steal"));
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
}

#[test]
fn later_versions_of_the_namespaces_read_alike() {
    let answer = String::from_utf8(load("answer.domain.info.foreign.xml")).unwrap();
    let meaning = |text: &str| decode("domain.info", text.as_bytes(), &[]).unwrap();
    for version in ["3.0", "4.0"] {
        assert_eq!(meaning(&answer.replace("/5.0\"", &format!("/{version}\""))), meaning(&answer));
    }
}

fn dialect(format: &str) -> std::sync::Arc<dyn Dialect> {
    let options = WireOptions { format: Some(format.into()), ..WireOptions::default() };
    (registries::plugin("denic-rri").unwrap().dialect)(&options).unwrap()
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

/// Text with everything that could end a line, open a section or a tag.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\u{85}".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\nAction: DELETE".to_owned()),
        Just("[Holder]".to_owned()),
        Just("<a>&amp;]]>\"'".to_owned()),
        Just(" ".to_owned()),
        "[a-z]{0,12}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

/// The golden person with some texts replaced.
fn contact(name: &str, organisation: &str, address: &[String], city: &str, reference: &str) -> Map<String, Value> {
    let Value::Object(mut params) =
        serde_json::from_slice::<Value>(&load("contact_create.json")).unwrap()["params"].clone()
    else {
        unreachable!("an object")
    };
    params["name"] = json!(name);
    params["organisation"] = json!(organisation);
    params["address"] = json!(address);
    params["city"] = json!(city);
    params["verification"][0]["reference"] = json!(reference);
    params
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_value_becomes_a_line_of_its_own(
        name in nasty(), organisation in nasty(), address in proptest::collection::vec(nasty(), 1..4), city in nasty(),
        reference in nasty(),
    ) {
        let params = contact(&name, &organisation, &address, &city, &reference);
        let values = [&name, &organisation, &city, &reference].into_iter().chain(&address);
        let harmless = values.clone().all(|value| {
            !value.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}') && !value.trim().is_empty()
        });
        let request = dialect("kv").prepare(Operation::ContactCreate, &params, TRANSACTION);
        prop_assert_eq!(request.is_ok(), harmless, "{:?}", request.err());
        let Ok(request) = request else { return Ok(()) };
        let text = std::str::from_utf8(&request.bytes).unwrap();
        let keywords: Vec<&str> = text.split('\n').map(|line| line.split_once(": ").map_or(line, |(k, _)| k)).collect();
        let golden = String::from_utf8(load("contact_create.kv")).unwrap();
        let mut expected: Vec<&str> = golden.split('\n').map(|line| line.split_once(": ").map_or(line, |(k, _)| k)).collect();
        let first = expected.iter().position(|keyword| *keyword == "Address").unwrap();
        expected.splice(first..first + 2, address.iter().map(|_| "Address"));
        prop_assert_eq!(keywords, expected);
        for value in values {
            prop_assert!(text.split('\n').any(|line| line.split_once(": ").is_some_and(|(_, v)| v == value.trim())));
        }
    }

    #[test]
    fn what_is_written_as_xml_reads_back(name in "\\PC{1,60}", city in "[<>&\"'\\]a-z ]{1,30}") {
        let params = contact(&name, "Example", &["Weg 1".to_owned()], &city, "R");
        let Ok(request) = dialect("xml").prepare(Operation::ContactCreate, &params, TRANSACTION) else { return Ok(()) };
        let text = std::str::from_utf8(&request.bytes).unwrap();
        // Our own reader reads answers, so the request is dressed as one.
        let element = |name: &str| {
            let (open, close) = (format!("<contact:{name}>"), format!("</contact:{name}>"));
            text.split_once(&open).unwrap().1.split_once(&close).unwrap().0.to_owned()
        };
        let dressed = format!(
            "<registry-response xmlns=\"http://registry.denic.de/global/5.0\"><t:transaction xmlns:t=\"http://registry.denic.de/transaction/5.0\"><t:result>success</t:result><t:data><c:infoData xmlns:c=\"http://registry.denic.de/contact/5.0\"><c:name>{}</c:name><c:postal><c:city>{}</c:city></c:postal></c:infoData></t:data></t:transaction></registry-response>",
            element("name"), element("city"),
        );
        let answer = dialect("xml").decode(Operation::ContactInfo, dressed.as_bytes()).unwrap();
        prop_assert_eq!(answer.data["name"].as_str(), Some(name.trim()));
        prop_assert_eq!(answer.data["city"].as_str(), Some(city.trim()));
    }

    #[test]
    fn arbitrary_bytes_are_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..7) {
        let operation = registries::plugin("denic-rri").unwrap().operations[at];
        if let Ok(answer) = dialect("kv").decode(operation, &bytes) {
            dialect("kv").judge(operation, &answer);
        }
    }

    #[test]
    fn mutated_samples_are_an_answer_or_an_error(
        pick in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12), at in 0usize..7,
    ) {
        let samples: Vec<String> = ["kv", "xml"].iter().flat_map(|f| named("answer.", &format!(".{f}")).into_iter().map(move |n| format!("answer.{n}.{f}"))).collect();
        let mut bytes = load(pick.get(samples.as_slice()).as_str());
        for (place, byte, what) in edits {
            let place = place.index(bytes.len());
            match what {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => { bytes.truncate(place.max(1)); }
            }
        }
        let operation = registries::plugin("denic-rri").unwrap().operations[at];
        if let Ok(answer) = dialect("xml").decode(operation, &bytes) {
            dialect("xml").judge(operation, &answer);
        }
    }
}
