use super::super::super::codec::{self, Format};
use super::*;

fn shown(text: &str) -> Value {
    QueueRead::data(&codec::read(text.as_bytes()).unwrap().data)
}

fn xml(content: &str) -> String {
    format!(
        "<r:registry-response xmlns:r=\"http://registry.denic.de/global/4.0\" xmlns:tr=\"http://registry.denic.de/transaction/4.0\"><tr:transaction><tr:result>success</tr:result><tr:data><msg:message xmlns:msg=\"http://registry.denic.de/msg/4.0\" msgid=\"8960348c\" msgcnt=\"2\" msgtime=\"2024-06-01T15:51:08+02:00\">{content}</msg:message></tr:data></tr:transaction></r:registry-response>"
    )
}

const HEAD: &str = "Result: success\nMsgcnt: 2\nMsgTime: 2024-06-01T15:51:08+02:00\nMSGID: 8960348c\n";

#[test]
fn is_written_in_both_formats() {
    assert_eq!(codec::write(&order(), Format::Kv, "5.0").unwrap().as_slice(), b"Version: 5.0\nAction: QUEUE-READ");
    let xml = codec::write(&order(), Format::Xml, "5.0").unwrap();
    let text = std::str::from_utf8(&xml).unwrap();
    assert!(text.contains("xmlns:msg=\"http://registry.denic.de/msg/5.0\">\n  <msg:queue-read/>\n"), "{text}");
}

#[test]
fn an_empty_queue_has_a_count() {
    let empty = "<registry-response xmlns='http://registry.denic.de/global/5.0'><transaction xmlns='http://registry.denic.de/transaction/5.0'><result>success</result></transaction></registry-response>";
    for text in ["Result: success\nMsgcnt: 0\n", empty] {
        assert_eq!(shown(text), json!({"count": 0}), "{text}");
    }
}

#[test]
fn both_formats_show_the_same() {
    let kv = format!(
        "{HEAD}msgtype: CONTACTVERIFICATIONREQUIRED\nHandle: denic-99995-x\nVerificationClaim: name\nVerificationClaim: address\nNumberOfReferencedDomainsTotal: 2753\nMessage: 16350000050 Verify [Date: 2024-06-06T15:51:08+02:00, VerificationClaims: address;name]\n\n[earliest domain for dedelegation]\nDomain: b\u{fc}cher.de\nDomain-ace: xn--bcher-kva.de\nVerificationDeadlineBeforeDedelegation: 2024-06-06T15:51:08+02:00\n\n[Earliest Domain For Deletion]\nDomain: example.de\nVerificationDeadlineBeforeDeletion: 2024-06-13T15:51:08+02:00\n"
    );
    let xml = xml(
        "<msg:contactVerificationRequired><msg:handle>DENIC-99995-X</msg:handle><msg:verificationClaims><msg:claim>name</msg:claim><msg:claim>address</msg:claim></msg:verificationClaims><msg:numberofreferenceddomainstotal>2753</msg:numberofreferenceddomainstotal><msg:earliestDomainForDedelegation><msg:domain><msg:handle>b\u{fc}cher.de</msg:handle><msg:ace>xn--bcher-kva.de</msg:ace></msg:domain><msg:verificationDeadline>2024-06-06T15:51:08+02:00</msg:verificationDeadline></msg:earliestDomainForDedelegation><msg:earliestDomainForDeletion><msg:domain><msg:handle>example.de</msg:handle></msg:domain><msg:verificationDeadline>2024-06-13T15:51:08+02:00</msg:verificationDeadline></msg:earliestDomainForDeletion><msg:message level='info' code='16350000050'><tr:text>Verify</tr:text><tr:argument>Date: 2024-06-06T15:51:08+02:00</tr:argument><tr:argument>VerificationClaims: address;name</tr:argument></msg:message></msg:contactVerificationRequired>",
    );
    let expected = json!({
        "count": 2, "id": "8960348c", "time": "2024-06-01T15:51:08+02:00", "type": "contactVerificationRequired",
        "handle": ["DENIC-99995-X"], "claims": ["name", "address"], "domains_total": 2753,
        "earliest_for_dedelegation": {"domain": "b\u{fc}cher.de", "ace": "xn--bcher-kva.de", "deadline": "2024-06-06T15:51:08+02:00"},
        "earliest_for_deletion": {"domain": "example.de", "deadline": "2024-06-13T15:51:08+02:00"},
        "messages": [{"level": "info", "code": "16350000050", "text": "Verify", "arguments": ["Date: 2024-06-06T15:51:08+02:00", "VerificationClaims: address;name"]}],
    });
    assert_eq!(shown(&kv), expected);
    assert_eq!(shown(&xml), expected);
}

#[test]
fn up_to_a_hundred_handles_and_the_expiry_wherever_it_stands() {
    let handles: String = (0..100).map(|n| format!("handle: DENIC-1-H{n}\n")).collect();
    assert_eq!(shown(&format!("{HEAD}MsgType: contactDelete\n{handles}"))["handle"].as_array().unwrap().len(), 100);
    let handles: String = (0..100).map(|n| format!("<msg:handle>DENIC-1-H{n}</msg:handle>")).collect();
    let data = shown(&xml(&format!("<msg:contactDelete>{handles}</msg:contactDelete>")));
    assert_eq!(data["handle"][99], "DENIC-1-H99");
    for content in [
        "<msg:domain><msg:handle>example.de</msg:handle><msg:expire>2010-07-05T16:37:50+02:00</msg:expire></msg:domain>",
        "<msg:domain><msg:handle>example.de</msg:handle></msg:domain><msg:expire>2010-07-05T16:37:50+02:00</msg:expire>",
    ] {
        let data = shown(&xml(&format!("<msg:expire>{content}</msg:expire>")));
        assert_eq!((&data["type"], &data["domain"]), (&json!("expire"), &json!("example.de")));
        assert_eq!(data["expire"], "2010-07-05T16:37:50+02:00");
    }
}

#[test]
fn an_unknown_type_keeps_what_is_understood_and_the_rest_as_it_came() {
    let data = shown(&format!("{HEAD}Msgtype: domainMoved\nDomain: example.de\nNewhome: the moon\n"));
    assert_eq!((&data["type"], &data["domain"]), (&json!("domainMoved"), &json!("example.de")));
    assert!(data["raw"].as_str().unwrap().contains("Newhome: the moon"));
    let data = shown(&xml(
        "<msg:domainMoved><msg:domain><msg:handle>example.de</msg:handle></msg:domain><msg:home>the moon</msg:home></msg:domainMoved>",
    ));
    assert_eq!(data["domain"], "example.de");
    let raw = data["raw"].as_str().unwrap();
    assert!(raw.starts_with("<msg:message ") && raw.ends_with("</msg:message>") && raw.contains("the moon"), "{raw}");
    let long = shown(&format!("{HEAD}Msgtype: long\nX: {}\n", "\u{fc}".repeat(30_000)));
    assert!(long["raw"].as_str().unwrap().chars().count() > 30_000, "nothing is lost when it is removed");
}
