//! Sessions against a peer of the test's own, within the process: one script per connection.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;
use crate::model::Operation;
use crate::net::https::peers::{Peers, Script, header, hear_post, http, says, says_and_stays, script, with_length};
use crate::registries::Registry;
use crate::registries::opensrs::account::Account;
use crate::registries::opensrs::codec::{self, tree::Node};

const KEY: &str = "abcdef0123456789";

async fn against(scripts: impl IntoIterator<Item = Script>) -> Box<dyn Session> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), KEY).unwrap();
    let settings = json!({"user": "myreseller", "key_file": file.path(), "address": "opensrs.example:55443"});
    Account::over("one", &settings, Arc::new(Peers::new(scripts))).unwrap().open().await.unwrap()
}

fn reply(code: &str) -> Vec<u8> {
    let node = Node::assoc([
        ("is_success", Node::text("1")),
        ("response_code", Node::text(code)),
        ("response_text", Node::text("Verfügbar")),
    ]);
    codec::write(&node).unwrap().to_vec()
}

fn lookup() -> Prepared {
    let bytes = codec::write(&Node::assoc([("domain", Node::text("fünf.example"))])).unwrap();
    Prepared { bytes, operation: Operation::DomainCheck, transaction: None }
}

fn code(answer: Result<Answer, Lost>) -> String {
    answer.unwrap().messages[0].code.clone()
}

#[tokio::test]
async fn a_command_is_a_signed_post() {
    let mut session = against([script(|mut peer| async move {
        let (head, body) = hear_post(&mut peer).await;
        assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
        assert_eq!(header(&head, "host"), "opensrs.example:55443");
        assert_eq!(header(&head, "content-type"), "text/xml");
        assert_eq!(header(&head, "x-username"), "myreseller");
        assert_eq!(header(&head, "x-signature"), crypt::signature(&body, &Secret::new(KEY)));
        assert_eq!(body, *lookup().bytes);
        // Byte by byte.
        for byte in with_length("200 OK", &reply("210")) {
            peer.write_all(&[byte]).await.unwrap();
        }
        let _ = peer.read(&mut [0]).await;
    })])
    .await;
    assert_eq!(code(session.exchange(&lookup()).await), "210");
    assert!(session.keep_alive().await.is_ok());
    session.close().await;
}

#[tokio::test]
async fn a_connection_is_kept_as_long_as_the_registry_keeps_it() {
    let good = with_length("200 OK", &reply("210"));
    let closing =
        http("200 OK", &format!("Connection: close\r\nContent-Length: {}\r\n", reply("211").len()), &reply("211"));
    let to_the_end = http("200 OK", "", &reply("212"));
    let chunk = |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    let body = reply("221");
    let chunks = [chunk(&body[..50]), chunk(&body[50..]), b"0\r\n\r\n".to_vec()].concat();
    let chunked = http("200 OK", "Transfer-Encoding: chunked\r\n", &chunks);
    let old = String::from_utf8(good.clone()).unwrap().replace("HTTP/1.1", "HTTP/1.0").into_bytes();
    let unasked = [good.clone(), b"HTTP/1.1 408 Request Timeout\r\n\r\n".to_vec()].concat();
    let mut session = against([
        says([good.clone(), good.clone(), closing]),
        says([to_the_end]),
        says_and_stays([chunked, old]),
        says_and_stays([unasked]),
        says([good]),
    ])
    .await;
    for expected in ["210", "210", "211", "212", "221", "210", "210", "210"] {
        assert_eq!(code(session.exchange(&lookup()).await), expected);
    }
    // The last one closed its connection, and there is no other: nothing was sent.
    let lost = session.exchange(&lookup()).await;
    assert!(matches!(&lost, Err(Lost::NotSent(why)) if why.contains("no more connections")), "{lost:?}");
    assert!(matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(_))), "a broken session sends nothing more");
}

#[tokio::test]
async fn after_the_first_byte_everything_else_is_perhaps_sent() {
    async fn perhaps(part: &str, answer: Vec<u8>) {
        let mut session = against([says([answer.clone()])]).await;
        let lost = session.exchange(&lookup()).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(200)]);
        assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains(part)), "{shown}: {lost:?}");
        assert!(
            matches!(session.exchange(&lookup()).await, Err(Lost::NotSent(_))),
            "a broken session sends nothing more"
        );
        assert!(matches!(session.keep_alive().await, Err(Lost::NotSent(_))));
    }
    let whole = with_length("200 OK", &reply("210"));
    for cut in [0, 1, 12, 40, whole.len() / 2, whole.len() - 1] {
        perhaps("", whole[..cut].to_vec()).await;
    }
    let body = reply("210");
    perhaps("", http("200 OK", "", &body[..body.len() / 2])).await;
    perhaps("", http("200 OK", &format!("Content-Length: {}\r\n", body.len() + 1), &body)).await;
    perhaps("", http("200 OK", "Content-Length: 60\r\n", &body)).await;
    perhaps("", http("200 OK", "Transfer-Encoding: chunked\r\n", b"zz\r\n")).await;
    perhaps("no OPS envelope", with_length("200 OK", b"")).await;
    perhaps("", with_length("200 OK", b"<html/>")).await;
    perhaps("", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()).await;
    for status in
        ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "403 Forbidden", "301 Moved"]
    {
        perhaps(&format!("HTTP {}", &status[..3]), with_length(status, &body)).await;
    }
    let far_too_much = vec![b' '; LONGEST_ANSWER + 1];
    let mut session = against([script(|mut peer| async move {
        hear_post(&mut peer).await;
        let _ = peer.write_all(&with_length("200 OK", &far_too_much)).await;
    })])
    .await;
    let lost = session.exchange(&lookup()).await;
    assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains("more than")), "{lost:?}");
}

#[tokio::test]
async fn a_bare_401_is_an_answer_with_a_list_of_causes() {
    let mut session =
        against([says_and_stays([with_length("401 Unauthorized", b"no"), with_length("200 OK", &reply("210"))])]).await;
    let answer = session.exchange(&lookup()).await.unwrap();
    assert_eq!((answer.result.as_str(), answer.leading_code()), ("0", Some("401")));
    let message = &answer.messages[0];
    assert!(message.level == Level::Error && message.text.starts_with("HTTP 401: "), "{message:?}");
    for cause in ["private key", "user name", "address", "lower case"] {
        assert!(message.text.contains(cause), "{}", message.text);
    }
    assert_eq!(code(session.exchange(&lookup()).await), "210");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_waited_for_so_long_and_no_longer() {
    let mut session = against([script(|mut peer| async move {
        hear_post(&mut peer).await;
        for byte in with_length("200 OK", &reply("210")) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if peer.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    })])
    .await;
    let begun = Instant::now();
    let lost = session.exchange(&lookup()).await;
    assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains("120 s")), "{lost:?}");
    assert_eq!(begun.elapsed().as_secs(), 120);
}
