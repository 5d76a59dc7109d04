//! Both ways to the registry: signature and addresses over HTTPS, handshake and ciphers over TCP.

use std::time::Duration;

use registrard::sandbox::OpensrsOptions;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::*;

#[tokio::test]
async fn only_a_signature_over_the_very_bytes_counts() {
    let world = World::new().await;
    let (username, key) = world.account(0);
    assert_eq!(key.len(), 112);
    let text = domain("LOOKUP", "domain=example.com");
    let right = signature(text.as_bytes(), &key);
    let mut stream = world.https().await;
    for (user, signed, sent, code) in [
        (username.as_str(), right.clone(), text.clone(), "210"),
        (&username, right.to_uppercase(), text.clone(), "401"),
        (&username, right.clone(), format!("{text}\n"), "401"),
        ("nobody", right.clone(), text.clone(), "401"),
        (&username, String::new(), text.clone(), "401"),
        // The key is not decoded, and the connection goes on after a refusal.
        (&username, right.clone(), text.clone(), "210"),
    ] {
        post(&mut stream, user, &signed, sent.as_bytes()).await;
        let reply = Reply(body(&mut stream).await.unwrap());
        assert_eq!((reply.code().as_str(), reply.is_success()), (code, code == "210"), "{}", reply.0);
    }
    assert_eq!(world.sandbox.ledger().violations_of(&username, "wrong_signature"), 3);
    let requests = world.sandbox.ledger().requests;
    assert!(requests.iter().all(|request| request.session == requests[0].session), "one connection");
    assert_eq!((requests[0].action.as_str(), requests[0].object.as_deref()), ("domain.check", Some("example.com")));
}

#[tokio::test]
async fn an_address_that_is_not_listed_is_told_so() {
    let world = World::new().await;
    let (username, _) = world.account(0);
    let allow = |list: Value| json!({ "account": username, "allowed": list });
    world.control("POST", "/accounts", &allow(json!(["192.0.2.1"]))).await;
    let reply = world.ask(&domain("LOOKUP", "domain=example.com")).await;
    assert_eq!((reply.code().as_str(), reply.text().as_str()), ("400", "Access denied: invalid IP address"));
    world.control("POST", "/accounts", &allow(json!(["192.0.2.1", "127.0.0.1"]))).await;
    world.expect("210", &domain("LOOKUP", "domain=example.com")).await;
}

#[tokio::test]
async fn http_1_0_closes_and_other_paths_are_not_found() {
    let world = World::new().await;
    let (username, key) = world.account(0);
    let text = domain("LOOKUP", "domain=example.com");
    let mut stream = world.https().await;
    let head = format!(
        "POST / HTTP/1.0\r\nX-Username: {username}\r\nX-Signature: {}\r\nContent-Length: {}\r\n\r\n{text}",
        signature(text.as_bytes(), &key),
        text.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("Connection: close"), "{answer}");
    assert!(
        answer.contains(&format!("Content-Length: {}", answer.split_once("\r\n\r\n").unwrap().1.len())),
        "{answer}"
    );
    for (request, status) in [
        ("POST /other HTTP/1.0\r\n\r\n", "404"),
        ("GET / HTTP/1.0\r\n\r\n", "405"),
        ("nonsense\r\n\r\n", "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
    ] {
        let mut stream = world.https().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
    }
}

#[tokio::test]
async fn the_socket_speaks_both_ciphers() {
    let world = World::new().await;
    for cipher in ["blowfish", "des"] {
        let (mut socket, reply) = Socket::login(&world, 0, cipher).await.unwrap();
        assert_eq!((reply.code().as_str(), reply.text().as_str()), ("200", "Authentication Successful"));
        let name = format!("{cipher}.com");
        assert_eq!(socket.ask(&register(&name, "")).await.unwrap().code(), "200");
        assert_eq!(socket.ask(&domain("LOOKUP", &format!("domain={name}"))).await.unwrap().code(), "211");
        assert_eq!(socket.ask(&command("QUIT", "SESSION", "")).await.unwrap().code(), "200");
        assert!(socket.frame().await.is_none(), "the connection has ended");
    }
    assert_eq!(world.effects("domain.create"), ["blowfish.com", "des.com"]);
}

#[tokio::test]
async fn a_wrong_key_or_cipher_ends_the_handshake() {
    let world = World::new().await;
    let (username, key) = world.account(0);
    let wrong = key.replace('a', "b");
    assert!(Socket::login_as(&world, &username, &wrong, "blowfish").await.is_none());
    assert!(Socket::login_as(&world, "nobody", &key, "blowfish").await.is_none());
    assert_eq!(world.sandbox.ledger().violations_of(&username, "wrong_challenge"), 1);
    let mut socket = Socket::login(&world, 0, "des").await.unwrap().0;
    socket.stream.write_all(b"Content-Length: 16\r\n\r\nRandomIV12345678").await.unwrap();
    assert!(socket.frame().await.is_none(), "nothing that was not sealed is answered");
}

#[tokio::test]
async fn a_connection_over_the_socket_takes_a_hundred_commands() {
    let world = World::new().await;
    let (mut socket, _) = Socket::login(&world, 0, "blowfish").await.unwrap();
    let text = domain("LOOKUP", "domain=example.com");
    for n in 1..=100 {
        assert_eq!(socket.ask(&text).await.unwrap().code(), "210", "command {n}");
    }
    assert_eq!(socket.ask(&text).await.unwrap().code(), "350");
    assert!(socket.frame().await.is_none(), "closed after 350");
}

#[tokio::test]
async fn a_connection_over_the_socket_lives_for_a_minute() {
    let lives = |life| OpensrsOptions { life, ..OpensrsOptions::default() };
    let world = World::with(lives(Duration::from_secs(3)), &[]).await;
    let (mut socket, _) = Socket::login(&world, 0, "blowfish").await.unwrap();
    assert!(socket.frame().await.is_none(), "the server closes");
    let world = World::with(lives(Duration::from_millis(20)), &[]).await;
    let address = world.sandbox.ready()["opensrs"]["tcp"].as_str().unwrap().to_owned();
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut said = String::new();
    silent.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("Timeout reading client request") && !said.contains("response_code"), "{said}");
}

#[tokio::test]
async fn too_much_is_refused() {
    let options = OpensrsOptions { requests_per_window: Some(2), connections: 2, ..OpensrsOptions::default() };
    let world = World::with(options, &[]).await;
    let text = domain("LOOKUP", "domain=example.com");
    let (_first, _) = Socket::login(&world, 0, "des").await.unwrap();
    let (_second, _) = Socket::login(&world, 0, "des").await.unwrap();
    let (_, reply) = Socket::login(&world, 0, "des").await.unwrap();
    assert_eq!(reply.code(), "310");
    world.expect("310", &text).await;
    let (username, key) = world.account(1);
    let mut stream = world.https().await;
    for (code, said, seconds) in [
        ("210", "Domain available", 0),
        ("210", "Domain available", 0),
        ("300", "Exceeded max command rate", 61),
        ("210", "Domain available", 0),
    ] {
        post(&mut stream, &username, &signature(text.as_bytes(), &key), text.as_bytes()).await;
        let reply = Reply(body(&mut stream).await.unwrap());
        assert_eq!((reply.code().as_str(), reply.text().as_str()), (code, said));
        world.control("POST", "/clock", &json!({ "advance_seconds": seconds })).await;
    }
    assert_eq!(world.sandbox.ledger().violations_of("reseller2", "rate_exceeded"), 1);
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_harms_nobody() {
    let world = World::new().await;
    for text in [
        "",
        "<a/>",
        "not XML",
        "<OPS_envelope><body><data_block><dt_assoc><item key='a'><dt_array></dt_assoc></data_block></body></OPS_envelope>",
        &command("NO_SUCH", "DOMAIN", ""),
        &command("LOOKUP", "ZONE", ""),
        &"<dt_assoc>".repeat(100_000),
    ] {
        let reply = world.ask(text).await;
        assert_eq!(reply.code(), "400");
        assert!(reply.text().starts_with("Invalid Command"), "{}", reply.0);
    }
    world.expect("460", &domain("LOOKUP", "")).await;
    assert_eq!(world.sandbox.ledger().requests.iter().filter(|r| r.action == "unreadable").count(), 7);
}

#[tokio::test(start_paused = true)]
async fn within_the_process_time_goes_with_the_runtime() {
    let begin: jiff::Timestamp = "2027-01-01T03:00:00Z".parse().unwrap();
    let world = registrard::sandbox::Sandbox::local_opensrs(OpensrsOptions::default(), 42, Vec::new(), begin);
    let account = &world.ready()["opensrs"]["accounts"][0];
    let (username, key) = (account["username"].as_str().unwrap(), account["private_key"].as_str().unwrap());
    let mut stream = world.connect();
    let mut ask = async |text: &str| {
        post(&mut stream, username, &signature(text.as_bytes(), key), text.as_bytes()).await;
        Reply(body(&mut stream).await.unwrap())
    };
    assert_eq!(ask(&register("example.com", "period=1")).await.code(), "200");
    // In Toronto it is still the old year, and that is the year to renew with.
    assert_eq!(ask(&renew("example.com", "2028")).await.code(), "541");
    let done = ask(&renew("example.com", "2027")).await;
    assert_eq!(done.item("registration expiration date"), "2028-12-31 22:00:00");
    tokio::time::advance(Duration::from_secs(86_400)).await;
    assert_eq!(world.now(), begin.checked_add(jiff::SignedDuration::from_hours(24)).unwrap());
}
