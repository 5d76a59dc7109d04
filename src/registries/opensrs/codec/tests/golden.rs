//! Every sample of the reference: `tests/golden/opensrs/<section>-<number>-<request or reply>.xml`.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::super::answer;
use super::*;
use crate::model::{Level, Operation};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/opensrs")
}

/// The samples whose name ends so, with their names.
fn samples(suffix: &str) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut found: Vec<_> = files.filter(|path| name(path).ends_with(suffix)).collect();
    found.sort();
    found.into_iter().map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn every_sample_is_read_and_comes_back() {
    // Beside them lie the requests once more, as what jobs have to come to.
    let mut all = samples(".xml");
    all.retain(|(name, _)| !name.ends_with(".sample.xml"));
    assert_eq!(all.len(), 91);
    for (name, bytes) in all {
        let node = read(&bytes).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(read(&write(&node).unwrap()).unwrap(), node, "{name}");
        let message = reader::read(&bytes).unwrap();
        assert!(message.oddities.is_empty(), "{name}: {:?}", message.oddities);
        assert_eq!(node.get("protocol").and_then(Node::as_text), Some("XCP"), "{name}");
    }
}

#[test]
fn every_reply_is_an_answer_with_its_code() {
    for (name, bytes) in samples("-reply.xml") {
        let said = read(&bytes).unwrap();
        let answer = answer::of(Operation::DomainInfo, &said);
        if name == "2.3-1-reply.xml" {
            // The server's first word in the handshake, and no reply to anything.
            assert!(answer.is_err());
            continue;
        }
        let answer = answer.unwrap_or_else(|why| panic!("{name}: {why}"));
        let text = |key: &str| said.get(key).and_then(Node::as_text).unwrap_or_default();
        assert_eq!(answer.messages[0].code, text("response_code"), "{name}");
        assert_eq!(answer.messages[0].text, text("response_text"), "{name}");
        assert_eq!(answer.result, text("is_success"), "{name}");
        let says_yes = text("is_success") == "1" && text("response_code").starts_with('2');
        assert_eq!(answer.messages[0].level == Level::Info, says_yes, "{name}");
        assert!(!answer.data.to_string().contains("Ab1!code"), "{name}");
    }
}

/// xmllint is the second opinion; `./dev test` installs it (Debian: libxml2-utils).
fn xmllint(document: &[u8]) -> Result<(), String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document).unwrap();
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout", "--dtdvalid"]).arg(folder().join("ops.dtd")).arg(file.path());
    let output = command.output().expect("xmllint is not installed: `./dev test` installs it (Debian: libxml2-utils)");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn what_is_written_keeps_to_the_definition() {
    for (name, bytes) in samples("-request.xml") {
        let written = write(&read(&bytes).unwrap()).unwrap();
        xmllint(&written).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let node = Node::array([nodes().new_tree(&mut runner).unwrap().current()]);
        let written = write(&node).unwrap();
        let text = String::from_utf8_lossy(&written).into_owned();
        xmllint(&written).unwrap_or_else(|why| panic!("{why}: {text}"));
    }
    for bad in ["<item key='a'/>", "<dt_assoc><item>x</item></dt_assoc>", "<dt_hash/>", "<dt_array/><dt_array/>"] {
        assert!(xmllint(envelope(bad).as_bytes()).is_err(), "the definition lets {bad} pass");
    }
}
