use serde_json::json;

use super::*;
use crate::registries::WireOptions;

fn rri(format: &str) -> Rri {
    let options = WireOptions { account: "DENIC-1000001".into(), format: Some(format.into()), protocol: None };
    Rri::new(&options).unwrap()
}

fn heard(text: &str) -> Head {
    let rri = rri("kv");
    rri.head(&rri.decode(Operation::MessageRead, text.as_bytes()).unwrap())
}

/// Head lines, type and the rest of a message.
fn read(kind: &str, rest: &str) -> RegistryMessage {
    let text = format!(
        "RESULT: success\nSTID: 1\nMsgcnt: 2\nMsgtime: 2026-06-01T15:51:08+02:00\nMsgid: 8960348c-6879-cb92-2b6f-cbc9abf98080\nMsgtype: {kind}\n{rest}\n"
    );
    match heard(&text) {
        Head::Message(message) => *message,
        other => panic!("{kind}: {other:?}"),
    }
}

#[test]
fn every_type_has_its_kind_object_and_end() {
    const NAME: &str = "Domain: b\u{fc}cher.de\nDomain-ace: xn--bcher-kva.de";
    const DOMAIN: Option<&str> = Some("domain:xn--bcher-kva.de");
    const HANDLE: &str = "Handle: denic-1000001-x";
    const CONTACT: Option<&str> = Some("contact:DENIC-1000001-X");
    let rows = [
        ("authinfo2notify", NAME, "authinfo2_notify", DOMAIN, None),
        ("authInfo2Delete", NAME, "authinfo2_delete", DOMAIN, None),
        ("AUTHINFOEXPIRE", NAME, "authinfo_expire", DOMAIN, None),
        ("chprovauthinfo", NAME, "transferred_away", DOMAIN, None),
        ("contactDelete", HANDLE, "contact_delete", CONTACT, None),
        ("contactDelete", "Handle: DENIC-1000001-X\nHandle: DENIC-1000001-Y", "contact_delete", None, None),
        ("contactUpdate", HANDLE, "contact_update", CONTACT, None),
        ("contactverificationrequired", HANDLE, "contact_verification_required", CONTACT, None),
        ("domaindelete", NAME, "domain_delete", DOMAIN, Some(false)),
        ("expireWarning", NAME, "expire_warning", DOMAIN, None),
        ("expire", NAME, "expire", DOMAIN, Some(false)),
        ("domainMoved", NAME, "raw", DOMAIN, None),
        ("domaindelete", "Domain: B\u{fc}cher.de", "domain_delete", DOMAIN, Some(false)),
        ("domainMoved", "Somewhere: else", "raw", None, None),
    ];
    for (native, rest, kind, object, ends) in rows {
        let message = read(native, rest);
        assert_eq!((message.kind, message.object.as_ref().map(ObjectKey::as_str)), (kind, object), "{native}");
        assert_eq!(message.ends.map(|ending| ending.succeeded), ends, "{native}");
        assert_eq!((message.id.as_str(), message.count), ("8960348c-6879-cb92-2b6f-cbc9abf98080", Some(2)));
        assert_eq!(message.written_at, "2026-06-01T15:51:08+02:00".parse().ok());
        assert_eq!(message.data.get("id"), None, "told beside the data");
    }
}

#[test]
fn a_status_ends_what_it_settles_and_names_its_dates() {
    let update = |status: &str| {
        read(
            "domainStatusUpdate",
            &format!(
                "Domain: example.de\nDomain-ace: example.de\nHolder: DENIC-1000001-X\nStatus: {status}\nVerificationDeadlineBeforeDedelegation: 2026-06-06T15:51:08+02:00\nVerificationDeadlineBeforeDeletion: 2026-06-13T15:51:08+02:00\nMessage: 16350000041 Verify to avoid deletion by [Date: 2026-06-13T15:51:08+02:00]"
            ),
        )
    };
    for (status, words) in [
        ("connect", Some("is delegated")),
        ("serverHold", Some("quarantined")),
        ("failed", Some("not delegated")),
        ("pendingCreate", None),
    ] {
        let message = update(status);
        assert_eq!(message.ends.is_some(), words.is_some(), "{status}");
        if let (Some(ending), Some(words)) = (message.ends, words) {
            assert!(ending.succeeded && ending.operations.contains(&Operation::DomainCreate));
            assert!(ending.reason.contains(words) && ending.reason.contains("16350000041"), "{}", ending.reason);
        }
        let kinds: Vec<_> = message.deadlines.iter().map(|deadline| deadline.kind).collect();
        assert_eq!(kinds, [DeadlineKind::VerificationBeforeDedelegation, DeadlineKind::VerificationBeforeDeletion]);
    }
    let gone = read(
        "domainDelete",
        "Domain: example.de\nDomain-ace: example.de\nMessage: 16350000031 Domain has been deleted [no verification information provided]",
    );
    assert!(gone.ends.unwrap().reason.ends_with("deleted [no verification information provided]"));
}

#[test]
fn an_empty_queue_and_a_refusal() {
    assert_eq!(heard("RESULT: success\nSTID: 1\nMsgcnt: 0"), Head::Empty);
    let rri = rri("xml");
    let nothing = Answer { result: "success".into(), data: json!({ "count": 0 }), ..Answer::default() };
    assert_eq!(rri.head(&nothing), Head::Empty);
    assert!(matches!(heard("RESULT: success\nSTID: 1\nMsgcnt: 3"), Head::Refused(_)), "three messages, none shown");
    assert!(matches!(heard("RESULT: failed\nSTID: 1\nERROR: 55000000002 Too much"), Head::Refused(judgement)
        if judgement.account_cooldown.is_some()));
}

#[test]
fn a_removal_names_the_message_and_its_transaction() {
    let rri = rri("kv");
    let request = rri.remove("8960348c", "rd-q-0011223344556677-1").unwrap();
    let text = std::str::from_utf8(&request.bytes).unwrap();
    assert!(text.to_lowercase().contains("msgid: 8960348c") && text.contains("rd-q-0011223344556677-1"), "{text}");
    assert!(rri.remove("", "rd-q-0011223344556677-1").is_err());
    let answer = |text: &str| rri.removed(&rri.decode(Operation::MessageDelete, text.as_bytes()).unwrap());
    assert_eq!(answer("RESULT: success\nSTID: 1"), Removed::Gone);
    assert_eq!(answer("RESULT: failed\nSTID: 1\nERROR: 63650063609 Message does not exist"), Removed::Gone);
    assert!(matches!(answer("RESULT: failed\nSTID: 1\nERROR: 63650063607 Not the oldest"), Removed::NotTheHead(_)));
    assert!(matches!(answer("RESULT: failed\nSTID: 1\nERROR: 83000000011 x"), Removed::Refused(_)));
    assert!(matches!(answer("RESULT: exception\nSTID: 1"), Removed::Refused(_)));
}
