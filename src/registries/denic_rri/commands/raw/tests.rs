use serde_json::json;

use super::super::super::dialect::Rri;
use super::super::{COMMANDS, operation_of};
use super::*;
use crate::registries::{Dialect, WireOptions};

fn params(request: &str) -> Map<String, Value> {
    Map::from_iter([("request".to_owned(), json!(request))])
}

fn rri() -> Rri {
    Rri::new(&WireOptions { account: "DENIC-1000022".into(), ..WireOptions::default() }).unwrap()
}

fn sent(request: &str) -> (String, Option<String>) {
    let prepared = rri().prepare(Operation::Raw, &params(request), "rd-1").unwrap();
    (String::from_utf8(prepared.bytes.to_vec()).unwrap(), prepared.transaction)
}

const XML: &str = r#"<?xml version="1.0"?>
<g:registry-request xmlns:g="http://registry.denic.de/global/4.0" xmlns:d="http://registry.denic.de/domain/4.0">
  <d:delete><d:handle>example.de</d:handle></d:delete>
</g:registry-request>
<!-- </g:registry-request> -->
"#;

#[test]
fn objects_are_named_as_other_commands_name_them() {
    for (request, object) in [
        ("Version: 3.0\naction: info\nDomain: D\u{c4}NIC.de", "domain:xn--dnic-loa.de"),
        ("Version: 5.0\nAction: CREATE\nDomain-Ace: xn--dnic-loa.de\nHandle: x", "domain:xn--dnic-loa.de"),
        ("Version: 5.0\nAction: Chholder\nDomain: example.at", "domain:example.at"),
        ("Version: 5.0\nAction: UPDATE\nHandle: denic-1-a", "contact:DENIC-1-A"),
        ("Version: 5.0\nAction: INFO\nRegacc: denic-99995", "account:DENIC-99995"),
        ("Version: 5.0\nAction: QUEUE-READ", "message:queue"),
        ("Version: 5.0\nAction: QUEUE-DELETE\nMsgid: 4711", "message:4711"),
        ("Version: 5.0\nAction: TRANSIT", "account:DENIC-1000022"),
        (XML, "domain:example.de"),
    ] {
        let checked = rri().check(Operation::Raw, &params(request)).unwrap();
        assert_eq!(checked.object.as_str(), object, "{request}");
    }
}

#[test]
fn it_goes_out_as_it_is_and_only_a_write_gets_a_transaction_id() {
    let read = "Version: 4.0\nFuture:\tx\naction: info\nDomain: example.de";
    assert_eq!(sent(read), (read.to_owned(), None));
    let write =
        "action: create\r\nVersion: 5.0\r\nHandle: DENIC-1-A\r\n\r\n[VerificationInformation]\r\nVerifiedClaim: name";
    let with = "action: create\r\nVersion: 5.0\r\nHandle: DENIC-1-A\r\n\r\nCtid: rd-1\n[VerificationInformation]\r\nVerifiedClaim: name";
    assert_eq!(sent(write), (with.to_owned(), Some("rd-1".to_owned())));
    let bare = "Version: 5.0\nAction: RESTORE\nDomain: example.de";
    assert_eq!(sent(bare).0, format!("{bare}\nCtid: rd-1"));

    let (xml, transaction) = sent(XML);
    let expected = XML.trim().replacen(
        "</g:registry-request>",
        "<ctid xmlns=\"http://registry.denic.de/global/4.0\">rd-1</ctid></g:registry-request>",
        1,
    );
    assert_eq!((xml.as_str(), transaction.as_deref()), (expected.as_str(), Some("rd-1")));
    assert_eq!(read_order(&xml).unwrap().transaction.as_deref(), Some("rd-1"));
}

#[test]
fn what_is_not_for_a_job_is_refused_and_not_repeated() {
    let long = format!("Version: 5.0\nAction: INFO\nDomain: {}", "hunter2".repeat(10_000));
    for (request, part) in [
        ("Version: 5.0\nAction: LOGIN\nUser: hunter2\nPassword: hunter2", "LOGIN"),
        ("Version: 5.0\nAction: LOGOUT", "LOGOUT"),
        ("Version: 5.0\nAction: DELETE\nDomain: example.de\nCTID: hunter2", "transaction id"),
        (&XML.replace("</g:registry-request>\n<", "<g:ctid>x</g:ctid></g:registry-request>\n<"), "transaction id"),
        ("Version: 5.0\nAction: hunter2\nDomain: example.de", "unknown Action"),
        ("Version: 5.0\nAction: INFO\nAction: DELETE\nDomain: hunter2", "line 3"),
        ("Version: 5.0\nAction: CHECK\nAuthInfo: hunter2", "no object"),
        ("Action: CHECK\nDomain: hunter2", "no Version"),
        ("Version: 5.0\nDomain: hunter2", "no Action"),
        ("Version: 5.0\nAction: INFO\nDomain: hunter2\rAction: DELETE", "control character"),
        ("hunter2", "line 1"),
        ("<hunter2", "byte 0"),
        ("<registry-request xmlns='http://registry.denic.de/global/5.0'/>", "0 elements"),
        ("<a/>", "not a registry-request"),
        (&XML.replace("d:delete", "d:destroy"), "unknown <destroy>"),
        (" ", "not empty"),
        (&long, "65535"),
    ] {
        let reject = rri().check(Operation::Raw, &params(request)).unwrap_err();
        assert!(reject.reason.contains(part), "{request}: {reject}");
        assert!(!reject.reason.contains("hunter2"), "{reject}");
    }
}

#[test]
fn answers_are_shown_as_those_of_the_operation_they_look_like() {
    for (operation, text) in [
        (
            Operation::DomainInfo,
            "Domain: example.de\nStatus: connect\nNserver: ns1.example.de 192.0.2.1\n[Holder]\nHandle: DENIC-1-A\n",
        ),
        (Operation::DomainCheck, "Domain: example.de\nStatus: free\n"),
        (Operation::ContactCheck, "Handle: DENIC-1-A\nStatus: exist\n"),
        (Operation::ContactInfo, "Handle: DENIC-1-A\nType: PERSON\nName: Max Mustermann\n"),
        (Operation::AccountInfo, "Regaccid: DENIC-99995\nName: DENIC eG\n[General Request]\nType: request\n"),
        (Operation::DomainAuthcodeCreate, "AuthInfoExpire: 2010-07-24T00:00:00+02:00\n"),
        (Operation::MessageRead, "Msgcnt: 0\n"),
        (Operation::DomainDelete, ""),
    ] {
        let [raw, plain] = [Operation::Raw, operation]
            .map(|operation| rri().decode(operation, format!("Result: success\n{text}").as_bytes()).unwrap());
        assert_eq!(raw, plain, "{operation}");
    }
}

#[test]
fn an_answer_is_judged_as_that_of_the_operation_a_request_is() {
    let absent = "Result: failed\nERROR: 63300062009 Domain doesn't exist [example.de]";
    let assessed = "Result: success\nINFO: 53000080014 Domain is in status pendingCreate";
    for (request, answer, expected) in [
        ("Action: INFO\nDomain: example.de", absent, "Refused("),
        ("Action: DELETE\nDomain: example.de", absent, "RefusedUnlessLost("),
        ("Action: UPDATE\nDomain: example.de", assessed, "Pending("),
        ("Action: DELETE\nDomain: example.de", assessed, "Done"),
        ("Action: CHECK\nDomain: example.de", "Result: exception", "Later("),
        ("Action: CREATE\nHandle: DENIC-1000022-A", "Result: exception", "Unsure("),
    ] {
        let prepared = rri().prepare(Operation::Raw, &params(&format!("Version: 5.0\n{request}")), "rd-1").unwrap();
        let answer = rri().decode(prepared.operation, answer.as_bytes()).unwrap();
        let verdict = format!("{:?}", rri().judge(prepared.operation, &answer).verdict);
        assert!(verdict.starts_with(expected), "{request}: {verdict}");
    }
}

#[test]
fn a_lost_question_may_be_asked_again_and_a_lost_write_may_not() {
    let found = |request: &str| {
        let params = params(request);
        lost(&Doubt {
            account: "DENIC-1000022",
            operation: Operation::Raw,
            params: &params,
            transaction: "rd-1",
            since: jiff::Timestamp::UNIX_EPOCH,
            so_already: None,
            taken: None,
        })
    };
    assert!(matches!(found("Version: 5.0\nAction: INFO\nDomain: example.de"), Finding::Nothing { .. }));
    assert!(
        matches!(found("Version: 5.0\nAction: RESTORE\nDomain: example.de"), Finding::Unknown(why) if why.contains("RESTORE"))
    );
}

#[test]
fn what_writes_is_the_same_for_jobs_and_for_requests() {
    let all = json!({
        "domain": "example.de", "handle": "DENIC-1000022-A", "id": "4711", "type": "PERSON", "holder": ["DENIC-1000022-A"],
        "nserver": ["ns1.example.net", "ns2.example.net"], "name": "Max", "address": "Weg 1", "postal_code": "60329",
        "city": "Frankfurt", "country_code": "DE", "email": "a@example.de", "phone": "+49.69272350",
    });
    let mut tried = 0;
    for command in COMMANDS.iter().filter(|command| command.operation != Operation::Raw) {
        // Parameters an operation does not have are named by their reject, so they are left out one by one.
        let Value::Object(mut params) = all.clone() else { unreachable!() };
        if command.operation == Operation::MessageRead {
            params.clear();
        }
        while let Err(reject) = (command.order)(&params, &Rules::default(), &Levels::default()) {
            let name =
                reject.field.as_deref().and_then(|field| field.strip_prefix("params.")).unwrap_or_default().to_owned();
            if !reject.reason.starts_with("unknown parameter") || params.remove(&name).is_none() {
                break;
            }
        }
        if let Ok((_, order)) = (command.order)(&params, &Rules::default(), &Levels::default()) {
            assert_eq!(order.action.writes(), command.operation.writes(), "{}", command.operation);
            // A test of an AuthInfo is an INFO with it.
            let same = command.operation == Operation::DomainAuthcodeCheck;
            assert!(same || operation_of(&order) == command.operation, "{}", command.operation);
            tried += 1;
        }
    }
    assert!(tried >= 9, "{tried}");
}
