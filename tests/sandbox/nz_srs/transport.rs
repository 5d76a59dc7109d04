//! The form, the signature, the document: what is wrong with the whole of a request is one error for all of it.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::*;

#[tokio::test]
async fn a_form_has_three_fields_and_no_other() {
    let world = World::new().await;
    let whole = form("90", &request(&whois("a.co.nz")), &world.key("90"));
    let [n, r, s] = whole.split('&').collect::<Vec<_>>().try_into().unwrap();
    for (body, id, details) in [
        (format!("{n}&{r}"), "MISSING_POST_PARAMETERS", "s"),
        (String::new(), "MISSING_POST_PARAMETERS", "n|r|s"),
        (format!("{whole}&x=1"), "EXTRA_POST_PARAMETERS", "x"),
        (format!("{whole}&{n}"), "EXTRA_POST_PARAMETERS", "n"),
        (format!("n=999&{r}&{s}"), "UNKNOWN_REGISTRAR", "999"),
        (format!("n=91&{r}&{s}"), "SIG_INVALID", ""),
        (format!("{n}&{r}+&{s}"), "SIG_INVALID", ""),
        (format!("{n}&{r}&s=nonsense"), "SIG_INVALID", ""),
    ] {
        let answer = world.post(&body).await;
        assert_eq!((answer.error().as_str(), answer.is_top()), (id, true), "{}", answer.text);
        assert_eq!(answer.cdatas("ErrorDetails").join("|"), details, "{id}");
    }
    // Order does not matter.
    assert_eq!(world.post(&format!("{s}&{n}&{r}")).await.error(), "");
    let mut stream = world.https().await;
    send_as(&mut stream, "text/xml", &whole).await;
    let answer = receive(&mut stream).await.unwrap().valid();
    assert_eq!(
        (answer.error(), answer.cdatas("ErrorDetails").join("|")),
        ("WRONG_MIME_TYPE".into(), "application/x-www-form-urlencoded|text/xml".into())
    );
    send_as(&mut stream, "application/x-www-form-urlencoded; charset=utf-8", &whole).await;
    assert_eq!(receive(&mut stream).await.unwrap().error(), "");
    let long = format!("{}{}", request(&whois("a.co.nz")), " ".repeat(1_000_000));
    let answer = world.post(&form("90", &long, &world.key("90"))).await;
    assert_eq!(
        (answer.error(), answer.cdatas("ErrorDetails")),
        ("REQUEST_TOO_LONG".into(), vec![long.len().to_string(), "1000000".into()])
    );
}

#[tokio::test]
async fn a_document_is_held_against_the_dtd() {
    let world = World::new().await;
    let whole = |document: &str| form("90", document, &world.key("90"));
    for (document, id) in [
        ("", "XML_PARSE_ERROR"),
        ("not XML", "XML_PARSE_ERROR"),
        ("<a/>", "XML_PARSE_ERROR"),
        ("<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\"/>", "XML_PARSE_ERROR"),
        ("<NZSRSRequest VerMinor=\"0\"><ResetMsgQ ActionId=\"1\"/></NZSRSRequest>", "XML_PARSE_ERROR"),
        ("<NZSRSRequest VerMajor=\"9\" VerMinor=\"0\"><ResetMsgQ ActionId=\"1\"/></NZSRSRequest>", "VERMAJOR_TOO_HIGH"),
        (
            "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\" RegistrarId=\"91\"><ResetMsgQ ActionId=\"1\"/></NZSRSRequest>",
            "INCORRECT_EFFECTIVE_REGISTRAR",
        ),
        (
            "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\" RegistrarId=\"7\"><ResetMsgQ ActionId=\"1\"/></NZSRSRequest>",
            "EFFECTIVE_REGISTRAR_DOES_NOT_EXIST",
        ),
        (
            &request("<DomainUpdate ActionId=\"1\"><AuditText/><DomainNameFilter>a</DomainNameFilter></DomainUpdate>"),
            "XML_PARSE_ERROR",
        ),
        (&request("<ResetMsgQ ActionId=\"1\"/><Unheard/>"), "XML_PARSE_ERROR"),
    ] {
        let answer = world.post(&whole(document)).await;
        assert_eq!((answer.error().as_str(), answer.is_top()), (id, true), "{document}: {}", answer.text);
    }
    assert!(world.effects("message.reset").is_empty(), "nothing of it was done");
    let old = "<?xml version='1.0'?>\n<!DOCTYPE SRSRequest SYSTEM 'protocol.dtd'>\n<SRSRequest VerMajor='5' VerMinor='40' RegistrarId='90'>\n  <ResetMsgQ ActionId='1'/>\n</SRSRequest>\n";
    let answer = world.post(&whole(old)).await;
    assert!(
        answer.text.contains("<SRSResponse VerMajor=\"8\" VerMinor=\"0\">") && answer.error().is_empty(),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn actions_are_done_one_after_the_other() {
    let world = World::new().await;
    let actions =
        [create("a.co.nz"), create("a.com"), whois("a.co.nz"), update("u", "a.co.nz", "RegistrantRef=\"x\"", "")]
            .concat();
    let answer = world.ask(&actions).await;
    assert_eq!(answer.values("Response", "TransId"), ["create-a.co.nz", "create-a.com", "w", "u"]);
    assert_eq!((answer.values("Error", "ErrorId"), answer.is_top()), (vec!["INVALID_CCTLD".to_owned()], false));
    assert_eq!(world.sandbox.ledger().requests[0].answer.as_deref(), Some("ok INVALID_CCTLD ok ok"));
    let kinds: Vec<_> = world.sandbox.ledger().effects.iter().map(|effect| effect.kind.clone()).collect();
    assert_eq!(kinds, ["domain.create", "domain.update"]);
}

#[tokio::test]
async fn over_plain_http_there_is_only_whois() {
    let world = World::new().await;
    let url = world.ready()["url"].as_str().unwrap().to_owned();
    let address = url.strip_prefix("https://").unwrap().split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    for (actions, id) in [
        (whois("a.co.nz"), ""),
        (create("a.co.nz"), "INSECURE_UPDATE"),
        ("<DomainDetailsQry/>".into(), "INSECURE_UPDATE"),
    ] {
        send(&mut stream, &form("90", &request(&actions), &world.key("90"))).await;
        let answer = receive(&mut stream).await.unwrap().valid();
        assert_eq!((answer.error().as_str(), answer.is_top()), (id, false), "{}", answer.text);
    }
    assert!(world.effects("domain.create").is_empty());
}

#[tokio::test]
async fn what_is_no_post_to_the_registrar_is_not_answered_as_one() {
    let world = World::new().await;
    for (head, status) in [
        ("POST /other HTTP/1.0\r\n\r\n", "404"),
        ("GET /srs/registrar HTTP/1.0\r\n\r\n", "405"),
        ("nonsense\r\n\r\n", "400"),
        ("POST /srs/registrar HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
    ] {
        let mut stream = world.https().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
    }
}

#[tokio::test]
async fn keys_of_others_and_keys_that_cannot_be_used() {
    let world = World::with(registrard::sandbox::NzOptions { bad_keys: true, ..free() }, &[]).await;
    let file = |name: &str| std::fs::read_to_string(world.ready()[name].as_str().unwrap()).unwrap();
    let document = request(&whois("a.co.nz"));
    let other = world.post(&form("90", &document, &file("other_environment_key"))).await;
    assert_eq!(other.error(), "SIG_INVALID");
    // The expired key signs as of a time at which it could; nobody registered it.
    let expired = file("expired_key");
    let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_430_000_000);
    let signature = sign(document.as_bytes(), &expired, at);
    let body = format!("n=90&r={}&s={}", encoded(document.as_bytes()), encoded(signature.as_bytes()));
    assert_eq!(world.post(&body).await.error(), "SIG_INVALID");
    world.control("POST", "/accounts", &json!({ "account": "90", "has_good_keys": false })).await;
    assert_eq!(world.ask(&whois("a.co.nz")).await.error(), "PUBLIC_KEY_INVALID");
    assert_eq!(world.ask_as("91", &whois("a.co.nz")).await.error(), "");
    let unsigned = super::messages::NzOptionsWith::quirk(registrard::sandbox::Quirk::UnsignedErrors).await;
    let mut stream = unsigned.https().await;
    send(&mut stream, &form("91", &document, &unsigned.key("90"))).await;
    let answer = receive(&mut stream).await.unwrap().valid();
    assert_eq!((answer.error().as_str(), answer.signature), ("SIG_INVALID", None));
}

#[tokio::test]
async fn gnupg_signs_for_the_registry_and_verifies_what_it_signs() {
    let world = World::new().await;
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str]| {
        let output = Command::new("gpg")
            .env("GNUPGHOME", home.path())
            .args(["--batch", "--quiet", "--no-tty"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    gpg(&["--import", world.ready()["registry_key"].as_str().unwrap()]);
    gpg(&[
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        "--import",
        world.ready()["accounts"][0]["secret_key"].as_str().unwrap(),
    ]);
    let document = request(&create("a.co.nz").replace("Owen", "Tāne"));
    std::fs::write(path("request"), &document).unwrap();
    gpg(&[
        "--armor",
        "--detach-sign",
        "--local-user",
        "registrar-1@registrar.example",
        "--output",
        &path("request.asc"),
        &path("request"),
    ]);
    let signature = std::fs::read_to_string(path("request.asc")).unwrap();
    let body = format!("n=90&r={}&s={}", encoded(document.as_bytes()), encoded(signature.as_bytes()));
    let answer = world.post(&body).await;
    assert_eq!(answer.value("RegistrantContact", "Name"), "T&#x101;ne Owner");
    std::fs::write(path("answer"), &answer.text).unwrap();
    std::fs::write(path("answer.asc"), answer.signature.unwrap()).unwrap();
    gpg(&["--verify", &path("answer.asc"), &path("answer")]);
    // As the registry's own encoder writes it: small digits, and even a dot is escaped.
    assert!(
        answer.body.starts_with(
            "r=%3c%3fxml+version%3d%221%2e0%22%3f%3e%0a%3c%21DOCTYPE+NZSRSResponse+SYSTEM+%22protocol%2edtd%22%3e"
        ),
        "{}",
        answer.body
    );
    let _ = Command::new("gpgconf").env("GNUPGHOME", home.path()).args(["--kill", "all"]).output();
    assert!(Path::new(&path("answer")).exists());
}
