//! What holds for every input.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use registrard::model::Operation;
use registrard::registries;
use serde_json::{Map, Value, json};

use super::{TRANSACTION, dialect, load, named};

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
    fn arbitrary_bytes_are_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        let operation = *at.get(registries::plugin("denic-rri").unwrap().operations);
        if let Ok(answer) = dialect("kv").decode(operation, &bytes) {
            dialect("kv").judge(operation, &answer);
        }
    }

    #[test]
    fn mutated_samples_are_an_answer_or_an_error(
        pick in any::<prop::sample::Index>(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..12), at in any::<prop::sample::Index>(),
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
        let operation = *at.get(registries::plugin("denic-rri").unwrap().operations);
        if let Ok(answer) = dialect("xml").decode(operation, &bytes) {
            dialect("xml").judge(operation, &answer);
        }
    }
}
