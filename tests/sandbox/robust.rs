//! Whatever arrives, the server goes on.

use proptest::prelude::Strategy;
use std::collections::BTreeSet;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use registrard::sandbox::DenicOptions;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{World, about, create, field};

#[tokio::test]
async fn frames_of_impossible_length_are_answered_and_end_the_connection() {
    let world = World::new().await;
    for length in [0_u32, 65_536, 70_000, u32::MAX] {
        let mut client = world.login(0).await;
        client.stream.write_all(&length.to_be_bytes()).await.unwrap();
        client.stream.write_all(&[b'x'; 4096]).await.unwrap();
        client.stream.flush().await.unwrap();
        let answer = client.receive().await.unwrap();
        assert!(answer.contains("ERROR: 83000000000 Request message too long"), "{answer}");
        assert_eq!(client.receive().await, None);
    }
    assert_eq!(world.sandbox.ledger().violations_of("DENIC-1000001", "bad_frame_length"), 4);
    // The largest allowed is an ordinary request.
    let mut client = world.connect().await;
    let text = about("CHECK", "example.de") + "\nX: ";
    client.expect(&format!("{text}{}", "x".repeat(65_535 - text.len())), "failed", "83000000010").await;
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let world = World::new().await;
    let mut client = world.connect().await;
    let text = world.login_text(0);
    let length = u32::try_from(text.len()).unwrap();
    for byte in [&length.to_be_bytes()[..], text.as_bytes()].concat() {
        client.stream.write_all(&[byte]).await.unwrap();
        client.stream.flush().await.unwrap();
    }
    assert_eq!(field(&client.receive().await.unwrap(), "RESULT"), "success");
}

/// The root element of a well-formed document.
fn root(document: &str) -> String {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(document);
    let (mut root, mut depth) = (String::new(), 0);
    loop {
        match reader.read_event().expect(document) {
            Event::Start(start) if depth == 0 => {
                root = start.name().as_ref().to_owned();
                depth = 1;
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{document}");
    root
}

/// Every request sample, one byte at a time, on one connection: each is read whole and answered in its own format.
#[tokio::test]
async fn every_request_sample_may_come_byte_by_byte() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("answer.") && (name.ends_with(".kv") || name.ends_with(".xml")))
        .collect();
    // A LOGOUT ends the connection.
    names.sort_by_key(|name| (name.starts_with("logout."), name.clone()));
    assert!(names.len() >= 60, "{names:?}");
    let world = World::with(DenicOptions { requests_per_window: Some(2000), ..DenicOptions::default() }).await;
    let mut client = world.login(0).await;
    for name in names {
        let request = std::fs::read(folder.join(&name)).unwrap();
        if name.starts_with("logout.") {
            client = world.login(0).await;
        }
        for byte in [&u32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat() {
            client.stream.write_all(&[byte]).await.unwrap();
        }
        client.stream.flush().await.unwrap();
        let answer = client.receive().await.unwrap_or_else(|| panic!("{name}: no answer"));
        let result = if name.ends_with(".xml") {
            assert_eq!(root(&answer), "registry-response", "{name}: {answer}");
            let inside =
                |tag: &str| Some(answer.split_once(&format!("<tr:{tag}>"))?.1.split_once("</tr:")?.0.to_owned());
            assert!(inside("stid").is_some_and(|stid| !stid.is_empty()), "{name}: {answer}");
            inside("result").unwrap_or_default()
        } else {
            assert!(!field(&answer, "STID").is_empty(), "{name}: {answer}");
            field(&answer, "RESULT").to_owned()
        };
        assert!(["success", "failed"].contains(&result.as_str()), "{name}: {answer}");
    }
}

#[tokio::test]
async fn no_tls_is_no_conversation() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 64, "an alert at most");
    world.login(0).await;
}

#[tokio::test]
async fn garbage_is_answered_in_its_own_format() {
    // More requests than the purge phase allows.
    let world = World::with(DenicOptions { requests_per_window: Some(2000), ..DenicOptions::default() }).await;
    let mut client = world.login(0).await;
    // A fixed algorithm and seed: the same garbage in every run.
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let pieces = proptest::sample::select(vec![
        "Version: 5.0\n",
        "Action: ",
        "CREATE",
        "\n",
        "Domain: ",
        "[VerificationInformation]\n",
        ": ",
        "ü",
        "\0",
        "\r",
        "é.de",
        "<",
        "/>",
        "<registry-request xmlns='http://registry.denic.de/global/5.0'>",
        "<login>",
        "</login>",
        "]]>",
        "&#1;",
        "Holder: x\n",
    ]);
    let texts = proptest::collection::vec(pieces, 1..12).prop_map(|pieces| pieces.concat());
    let bytes = proptest::collection::vec(proptest::num::u8::ANY, 1..200);
    for _ in 0..400 {
        use proptest::strategy::ValueTree;
        let text = texts.new_tree(&mut runner).unwrap().current();
        let answer = client.ask(&text).await;
        assert_eq!(answer.starts_with('<'), text.trim_start().starts_with('<'), "{text:?}\n{answer}");
        assert!(!answer.contains("success"), "{text:?}\n{answer}");
        let payload = bytes.new_tree(&mut runner).unwrap().current();
        client.stream.write_u32(u32::try_from(payload.len()).unwrap()).await.unwrap();
        client.stream.write_all(&payload).await.unwrap();
        client.stream.flush().await.unwrap();
        assert!(client.receive().await.unwrap().contains("failed"));
    }
    assert_eq!(world.sandbox.ledger().effects.len(), 0);
    client.expect(&about("CHECK", "example.de"), "success", "free").await;
}

#[tokio::test]
async fn an_unknown_registry_is_named() {
    let options = registrard::sandbox::Options {
        registries: vec!["nowhere".into()],
        state_dir: std::env::temp_dir(),
        port_base: None,
        faults: Vec::new(),
        seed: 0,
        ..registrard::sandbox::Options::default()
    };
    let error = registrard::sandbox::Sandbox::start(options).await.err().unwrap();
    assert!(error.contains("nowhere"), "{error}");
}

/// What a client does that knows nothing but its own orders: send, and reconnect when the line is cut.
async fn order_many(world: &World, worker: usize, orders: usize) {
    let mut client = world.login(0).await;
    for n in 0..orders {
        let domain = format!("w{}-{n}.de", worker % 3);
        client.send(&create(&domain, &format!("ctid-{worker}-{n}"))).await;
        if client.receive_bytes().await.is_none() {
            client = world.login(0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledger_and_registry_agree_whatever_goes_wrong() {
    let options = DenicOptions { sessions: 1000, ..DenicOptions::default() };
    let faults = ["cut_after:p=0.1", "cut_before:p=0.1", "half_frame:p=0.05", "busy:p=0.1", "delay=1:p=0.2"];
    let faults = faults.map(|fault| format!("{fault},action=domain.create"));
    let world = World::faulty(options, &faults.each_ref().map(String::as_str)).await;
    world.furnished().await;
    tokio::join!(
        order_many(&world, 0, 40),
        order_many(&world, 1, 40),
        order_many(&world, 2, 40),
        order_many(&world, 3, 40)
    );

    let ledger = world.sandbox.ledger();
    let created: Vec<_> = ledger.effects.iter().filter(|effect| effect.kind == "domain.create").collect();
    let objects: BTreeSet<_> = created.iter().map(|effect| effect.object.clone()).collect();
    let ctids: BTreeSet<_> = created.iter().map(|effect| effect.ctid.clone()).collect();
    assert!(created.len() == objects.len() && created.len() == ctids.len(), "seed 42: an effect stands twice");
    let state = world.control("GET", "/objects", &Value::Null).await.1;
    let domains = state["denic_rri"]["domains"].as_array().unwrap();
    let domains: BTreeSet<_> = domains.iter().map(|domain| domain["domain"].as_str().unwrap().to_owned()).collect();
    assert_eq!(domains, objects, "seed 42");
    for request in ledger.requests.iter().filter(|request| request.action == "domain.create") {
        let succeeded = request.answer.as_deref().is_some_and(|answer| answer.starts_with("success"));
        assert_eq!(succeeded, created.iter().any(|effect| effect.request == request.seq), "{request:?}");
    }
    assert!(created.len() < 120 && ledger.requests.iter().any(|request| request.fault.is_some()));
}
