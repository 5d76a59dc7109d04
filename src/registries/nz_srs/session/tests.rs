//! Sessions against a peer of the test's own that knows the registrar's public key and has the registry's secret one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::super::account::Account;
use super::super::settings::Settings;
use super::*;
use crate::model::deadline::DeadlineKind;
use crate::model::verdict::Doubt;
use crate::model::{Finding, ObjectKey, ObjectKind, Reject, Secret};
use crate::net::https::peers::{Peers, Script, header, hear_post, http, says, says_and_stays, script, with_length};
use crate::net::openpgp::{Key, LockedKey, verify_detached};
use crate::registries::{Checked, Registry, Step};

/// What the peer is asked: macrons, an entity, and both line ends.
const REQUEST: &str = "<NZSRSRequest>\r\n<Whois DomainName=\"māori.nz\"/>\n&amp;</NZSRSRequest>";
const DONE: &str = "<NZSRSResponse VerMajor=\"8\" VerMinor=\"0\"><Response Action=\"Whois\" FeId=\"1\" FeSeq=\"2\" \
                    OrigRegistrarId=\"500\"><FeTimeStamp/></Response></NZSRSResponse>";
const ERROR: &str = "<NZSRSResponse VerMajor=\"8\" VerMinor=\"0\"><Error ErrorId=\"SIG_INVALID\" \
                     Hint=\"INVALID_REQUEST_ERROR\" Severity=\"err\"><Description>no</Description></Error></NZSRSResponse>";

fn clock() -> Timestamp {
    "2026-07-01T00:00:00Z".parse().unwrap()
}

/// After the end of `good.asc`.
fn too_late() -> Timestamp {
    "2028-01-01T00:00:00Z".parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openpgp").join(name)
}

fn unlocked(name: &str) -> (LockedKey, Key) {
    let locked = LockedKey::read(&std::fs::read(fixture(name)).unwrap()).unwrap();
    let key = locked.unlock(Some(&Secret::new("correct horse")), clock()).unwrap();
    (locked, key)
}

/// A language in which an answer is its own text, and only an error is none that is done.
struct Words;

impl Dialect for Words {
    fn check(&self, _: Operation, _: &Map<String, Value>) -> Result<Checked, Reject> {
        Ok(ObjectKey::new(ObjectKind::Domain, "example.co.nz").into())
    }
    fn prepare(&self, _: Operation, _: &Map<String, Value>, _: &str) -> Result<Prepared, Reject> {
        Ok(request())
    }
    fn decode(&self, _: Operation, bytes: &[u8]) -> Result<Answer, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        Ok(Answer { result: text.into(), ..Answer::default() })
    }
    fn judge(&self, _: Operation, answer: &Answer) -> Judgement {
        Judgement::plain(match answer.result.contains("DOUBLE_CANCEL_ATTEMPT") || !answer.result.contains("<Error") {
            true => Verdict::Done,
            false => Verdict::Refused(String::new()),
        })
    }
    fn reconcile(&self, _: &Doubt<'_>, _: &[Answer]) -> Step {
        Step::Found(Finding::Unknown(String::new()))
    }
}

fn account(scripts: impl IntoIterator<Item = Script>, clock: fn() -> Timestamp) -> Account {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "correct horse").unwrap();
    let settings = json!({
        "url": "https://srs.example.co.nz/srs/registrar",
        "registrar_id": "500",
        "environment": "other",
        "keys": [{"file": fixture("good.asc"), "passphrase_file": file.path()}],
        "registry_keys": [{"file": fixture("never.asc")}],
    });
    let settings = Settings::read(&settings).unwrap();
    Account::speaking(settings, Arc::new(Peers::new(scripts)), clock, Arc::new(Words)).unwrap()
}

async fn against(scripts: impl IntoIterator<Item = Script>) -> Box<dyn Session> {
    account(scripts, clock).open().await.unwrap()
}

fn request() -> Prepared {
    let bytes = Zeroizing::new(REQUEST.as_bytes().to_vec());
    Prepared { bytes, operation: Operation::DomainInfo, transaction: None }
}

fn signature(document: &str, name: &str) -> String {
    sign_detached(document.as_bytes(), &unlocked(name).1, clock()).unwrap().armored
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    form::encode(&fields).to_vec()
}

fn reply(body: &[u8]) -> Vec<u8> {
    let headers = format!("Content-Type: {}\r\nContent-Length: {}\r\n", form::MEDIA_TYPE, body.len());
    http("200 OK", &headers, body)
}

/// A good answer.
fn signed(document: &str) -> Vec<u8> {
    reply(&form(&[("r", document), ("s", &signature(document, "never.asc"))]))
}

#[tokio::test]
async fn a_document_is_posted_as_it_was_signed() {
    let mut session = against([script(|mut peer| async move {
        let (head, body) = hear_post(&mut peer).await;
        assert!(head.starts_with("POST /srs/registrar HTTP/1.1\r\n"), "{head}");
        assert_eq!(header(&head, "host"), "srs.example.co.nz");
        assert_eq!(header(&head, "content-type"), "application/x-www-form-urlencoded");
        assert!(body.is_ascii(), "{body:?}");
        let names: Vec<_> = body.split(|byte| *byte == b'&').map(|field| char::from(field[0])).collect();
        assert_eq!(names, ['n', 'r', 's'], "exactly these, or the registry refuses it");
        let field = |name| form::field(&body, name).unwrap().unwrap().to_vec();
        assert_eq!((field("n"), field("r")), (b"500".to_vec(), REQUEST.as_bytes().to_vec()));
        let registrar = unlocked("good.asc").0;
        assert!(verify_detached(&field("r"), &field("s"), &registrar, clock()).is_ok());
        assert!(field("s").starts_with(b"-----BEGIN PGP SIGNATURE-----"));
        // Byte by byte.
        for byte in signed("<Tāne>\r\n\n + &amp;</Tāne>") {
            peer.write_all(&[byte]).await.unwrap();
        }
        let _ = peer.read(&mut [0]).await;
    })])
    .await;
    assert_eq!(session.exchange(&request()).await.unwrap().result, "<Tāne>\r\n\n + &amp;</Tāne>");
    assert!(session.keep_alive().await.is_ok());
    session.close().await;
}

#[tokio::test]
async fn a_connection_is_kept_and_replaced() {
    let closing = signed(DONE);
    let closing = String::from_utf8(closing).unwrap().replace("200 OK\r\n", "200 OK\r\nConnection: close\r\n");
    let mut session = against([says([signed(DONE), closing.into_bytes()]), says_and_stays([signed(DONE)])]).await;
    for _ in 0..3 {
        assert_eq!(session.exchange(&request()).await.unwrap().result, DONE);
    }
}

#[tokio::test]
async fn an_answer_counts_only_as_the_registry_signed_it() {
    async fn perhaps(part: &str, answer: Vec<u8>) {
        let mut session = against([says([answer.clone()])]).await;
        let lost = session.exchange(&request()).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(300)]);
        assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains(part)), "{part}: {shown}: {lost:?}");
        let broken = session.exchange(&request()).await;
        assert!(matches!(broken, Err(Lost::NotSent(_))), "a broken session sends nothing more");
        assert!(session.keep_alive().await.is_err());
    }
    let good = signature(DONE, "never.asc");
    let other = DONE.replace("\"500\"", "\"501\"");
    for (part, fields) in [
        ("not signed", vec![("r", DONE)]),
        ("not signed", vec![("r", DONE), ("s", "")]),
        ("not the registry's", vec![("r", DONE), ("s", "no signature")]),
        ("not the registry's", vec![("r", &other), ("s", &good)]),
        ("not the registry's", vec![("r", &format!("{DONE}\n")), ("s", &good)]),
        ("not the registry's", vec![("r", DONE), ("s", &signature(DONE, "good.asc"))]),
        ("not the registry's", vec![("r", ERROR), ("s", &good)]),
        ("no document", vec![("s", &good)]),
        ("no document", vec![]),
        ("more than one", vec![("r", DONE), ("r", DONE), ("s", &good)]),
        // A lone error that the table takes for done proves nothing without a signature.
        ("says that something was done", vec![("r", &ERROR.replace("SIG_INVALID", "DOUBLE_CANCEL_ATTEMPT"))]),
        ("not signed", vec![("r", "<NZSRSResponse><Response/><Error ErrorId=\"X\"/></NZSRSResponse>")]),
        ("not signed", vec![("r", "no XML")]),
    ] {
        perhaps(part, reply(&form(&fields))).await;
    }
    let body = form(&[("r", DONE), ("s", &good)]);
    perhaps("no form", with_length("200 OK", &body)).await;
    let page = http("200 OK", "Content-Type: text/html\r\nContent-Length: 7\r\n", b"<html/>");
    perhaps("text/html", page).await;
    for status in ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "301 Moved", "429 Slow"] {
        perhaps(&format!("HTTP {}", &status[..3]), with_length(status, &body)).await;
    }
    let whole = signed(DONE);
    for cut in [0, 1, 40, whole.len() / 2, whole.len() - 1] {
        perhaps("", whole[..cut].to_vec()).await;
    }
    perhaps("", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()).await;
}

#[tokio::test]
async fn an_unsigned_lone_error_is_an_answer() {
    let unsigned = reply(&form(&[("r", ERROR)]));
    let plain_text = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n";
    let body = form(&[("r", ERROR), ("s", ""), ("x", "1")]);
    let other = http("200 OK", &format!("{plain_text}Content-Length: {}\r\n", body.len()), &body);
    let mut session = against([says_and_stays([unsigned, other, signed(ERROR), signed(DONE)])]).await;
    for document in [ERROR, ERROR, ERROR, DONE] {
        assert_eq!(session.exchange(&request()).await.unwrap().result, document);
    }
}

#[tokio::test]
async fn an_answer_larger_than_any_is_cut_off() {
    let mut session = against([script(|mut peer| async move {
        hear_post(&mut peer).await;
        let _ = peer.write_all(&reply(&vec![b'x'; LONGEST_ANSWER + 1])).await;
    })])
    .await;
    let lost = session.exchange(&request()).await;
    assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains("more than")), "{lost:?}");
}

#[tokio::test]
async fn a_server_that_does_not_let_us_in_says_so_and_why() {
    for (status, part) in [
        ("401 Unauthorized", "admit its address"),
        ("403 Forbidden", "admit its address"),
        ("404 Not Found", "correct url"),
    ] {
        let mut session = against([says_and_stays([with_length(status, b"no"), signed(DONE)])]).await;
        let answer = session.exchange(&request()).await.unwrap();
        let message = &answer.messages[0];
        assert_eq!((message.level, message.code.as_str()), (Level::Error, format!("HTTP_{}", &status[..3]).as_str()));
        assert!(message.text.contains(part) && message.text.contains(&status[..3]), "{message:?}");
        assert_eq!(session.exchange(&request()).await.unwrap().result, DONE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_waited_for_so_long_and_no_longer() {
    let mut session = against([script(|mut peer| async move {
        hear_post(&mut peer).await;
        for byte in signed(DONE) {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if peer.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    })])
    .await;
    let begun = Instant::now();
    let lost = session.exchange(&request()).await;
    assert!(matches!(&lost, Err(Lost::PerhapsSent(why)) if why.contains("150 s")), "{lost:?}");
    assert_eq!(begun.elapsed().as_secs(), 150, "longer than the registry waits for itself");
}

#[tokio::test]
async fn signatures_that_are_never_the_registrys_end_in_silence_until_somebody_looks() {
    let bad = || says([reply(&form(&[("r", DONE), ("s", &signature(DONE, "good.asc"))]))]);
    let good = says([signed(DONE)]);
    let all = (1..STRIKES).map(|_| bad()).chain([good]).chain((0..STRIKES).map(|_| bad())).chain([says([])]);
    let account = account(all.collect::<Vec<_>>(), clock);
    let ask = async || account.open().await.unwrap().exchange(&request()).await.is_ok();
    for _ in 1..STRIKES {
        assert!(!ask().await);
    }
    assert!(ask().await, "one good one, and it counts from the beginning");
    for _ in 0..STRIKES {
        assert!(!ask().await);
    }
    let refused = account.open().await.err();
    assert!(matches!(&refused, Some(OpenError::Refused(why)) if why.contains("registry_keys")), "{refused:?}");
    assert!(account.open().await.is_ok(), "an operator lets it work again");
}

#[tokio::test]
async fn a_key_that_has_come_to_its_end_opens_no_session() {
    static NOW: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let clock: fn() -> Timestamp = || if NOW.load(Ordering::Acquire) { too_late() } else { clock() };
    let account = account([says_and_stays([signed(DONE)])], clock);
    assert_eq!(
        account.deadlines().iter().map(|d| (d.kind, d.due)).collect::<Vec<_>>(),
        [(DeadlineKind::SigningKeyExpiry, too_late())]
    );
    let mut session = account.open().await.unwrap();
    assert!(session.exchange(&request()).await.is_ok());
    NOW.store(true, Ordering::Release);
    let lost = session.exchange(&request()).await;
    assert!(matches!(&lost, Err(Lost::NotSent(why)) if why.contains("name a new one")), "{lost:?}");
    let refused = account.open().await.err();
    assert!(matches!(&refused, Some(OpenError::Refused(why)) if why.contains("name a new one")), "{refused:?}");
}

#[test]
fn an_account_is_a_registrar_at_a_system() {
    let account = account([], clock);
    assert_eq!(account.identity(), "registrar 500 at srs.example.co.nz");
    assert_eq!(account.limits().answer_within, Duration::from_secs(160));
    assert_eq!(account.kind(), "nz-srs");
}

#[test]
fn an_answer_repeats_the_id_of_what_was_asked() {
    let request = |id: Option<&str>| Prepared { transaction: id.map(str::to_owned), ..request() };
    let answer = |place: Option<&str>, id: Option<&str>| Answer {
        server_transaction: place.map(str::to_owned),
        client_transaction: id.map(str::to_owned),
        ..Answer::default()
    };
    for (ours, place, theirs, good) in [
        (Some("rd-1"), Some("8-1"), Some("rd-1"), true),
        (Some("rd-1"), Some("8-1"), Some("RD-1"), false),
        (Some("rd-1"), Some("8-1"), Some("rd-2"), false),
        (Some("rd-1"), Some("8-1"), None, false),
        // An error at the top of the document.
        (Some("rd-1"), None, None, true),
        (None, Some("8-1"), None, true),
        (None, Some("8-1"), Some("rd-1"), false),
    ] {
        assert_eq!(belongs(&request(ours), &answer(place, theirs)).is_ok(), good, "{ours:?} {place:?} {theirs:?}");
    }
}
