use serde_json::json;

use super::*;

fn dialect() -> Srs {
    Srs::new(&WireOptions { account: "500".into(), ..WireOptions::default() }).unwrap()
}

fn object(params: Value) -> Map<String, Value> {
    let Value::Object(map) = params else { unreachable!("an object") };
    map
}

#[test]
fn there_is_one_format_and_one_protocol() {
    for (format, protocol, good) in
        [(None, None, true), (Some("xml"), Some("8.0"), true), (Some("kv"), None, false), (None, Some("5.0"), false)]
    {
        let options = WireOptions {
            format: format.map(str::to_owned),
            protocol: protocol.map(str::to_owned),
            ..WireOptions::default()
        };
        assert_eq!(Srs::new(&options).is_ok(), good, "{format:?} {protocol:?}");
    }
}

#[test]
fn transaction_ids_are_short_and_visible() {
    let params = object(json!({"domain": "example.nz"}));
    for bad in ["", "a b", "ā", &"x".repeat(65)] {
        assert!(dialect().prepare(Operation::DomainDelete, &params, bad).is_err(), "{bad}");
    }
    assert!(dialect().prepare(Operation::DomainDelete, &params, &"x".repeat(64)).is_ok());
    assert!(dialect().prepare(Operation::DomainInfo, &params, "").is_ok(), "a question needs none");
}

#[test]
fn a_renewal_that_says_from_when_is_compared_first() {
    let dialect = dialect();
    let renew = |expires: Value| object(json!({"domain": "example.co.nz", "term": 12, "expires": expires}));
    assert!(dialect.reads_first(Operation::DomainRenew, &renew(Value::Null)).unwrap().is_none());
    assert!(dialect.reads_first(Operation::DomainDelete, &renew(json!("2019-12-04"))).unwrap().is_none());
    let question = dialect.reads_first(Operation::DomainRenew, &renew(json!("2019-12-04"))).unwrap().unwrap();
    assert_eq!(question.operation, Operation::DomainInfo);
    let shown = |until: Option<&str>| Answer {
        result: "Response".into(),
        data: until.map_or(json!({"Rows": "0"}), |until| json!({"Domain": {"BilledUntil": until}})),
        ..Answer::default()
    };
    let complete = |until| dialect.complete(Operation::DomainRenew, &renew(json!("2019-12-04")), &shown(until));
    assert_eq!(complete(Some("2019-12-04T14:32:35+13:00")), Ok(renew(json!("2019-12-04"))));
    for until in [Some("2020-12-04T14:32:35+13:00"), None] {
        let judgement = complete(until).unwrap_err();
        assert!(matches!(judgement.verdict, Verdict::Refused(_)), "{judgement:?}");
    }
}

#[test]
fn the_answer_to_something_else_is_none() {
    let answer = |action: &str| {
        let response = format!("<Response Action=\"{action}\" FeId=\"1\" FeSeq=\"2\" OrigRegistrarId=\"500\"/>");
        format!("<NZSRSResponse>{response}</NZSRSResponse>")
    };
    let dialect = dialect();
    for (operation, action, good) in [
        (Operation::DomainRenew, "DomainUpdate", true),
        (Operation::DomainRenew, "DomainCreate", false),
        (Operation::DomainInfo, "Whois", true),
        (Operation::DomainInfo, "DomainDetailsQry", true),
        (Operation::AccountInfo, "RegistrarAccountQry", true),
        (Operation::AccountInfo, "RegistrarUpdate", false),
        (Operation::Raw, "ResetMsgQ", true),
        (Operation::DomainUpdate, "UnknownTransaction", true),
    ] {
        let read = dialect.decode(operation, answer(action).as_bytes());
        assert_eq!(read.is_ok(), good, "{operation} {action}: {read:?}");
    }
    for bad in ["<NZSRSResponse/>", "<NZSRSRequest><Whois/></NZSRSRequest>", "<html/>", ""] {
        assert!(dialect.decode(Operation::DomainInfo, bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn odd_answers_are_read_all_the_same() {
    let dialect = dialect();
    // Rows missing, an offset without colon, Term 0, padded CDATA, something nobody knows.
    let text = "<SRSResponse VerMajor=\"9\"><Response Action=\"DomainDetailsQry\" FeId=\"1\" FeSeq=\"75162847605267296\" \
        OrigRegistrarId=\"500\" New=\"1\"><FeTimeStamp Day=\"8\" Hour=\"1\" Minute=\"2\" Month=\"3\" Year=\"2026\" \
        TimeZoneOffset=\"+1300\"/><Domain DomainName=\"example.nz\" Term=\"0\" Status=\"Conflicted\"><NameServers/>\
        <Linked3lds><Linked3ld domainname=\"a.example.nz\"/></Linked3lds><BilledUntil Day=\"x\" Month=\"1\" Year=\"2026\"/>\
        <AuditDetails><AuditText><![CDATA[\n  RenewDomains \n]]></AuditText></AuditDetails><More><Deep/></More></Domain>\
        </Response></SRSResponse>";
    let answer = dialect.decode(Operation::DomainInfo, text.as_bytes()).unwrap();
    assert_eq!(answer.server_transaction.as_deref(), Some("1-75162847605267296"));
    assert_eq!(answer.client_transaction, None);
    assert_eq!(
        answer.data,
        json!({
            "New": "1",
            "FeTimeStamp": "2026-03-08T01:02:00+13:00",
            "Domain": {
                "DomainName": "example.nz", "Term": "0", "Status": "Conflicted", "NameServers": [],
                "Linked3lds": [{"domainname": "a.example.nz"}],
                // A date that is none stays what it is.
                "BilledUntil": {"Day": "x", "Month": "1", "Year": "2026"},
                "AuditDetails": {"AuditText": "RenewDomains"}, "More": {"Deep": null},
            },
        })
    );
    assert_eq!(dialect.judge(Operation::DomainInfo, &answer).verdict, Verdict::Done);
}

#[test]
fn what_is_kept_of_an_action_is_shown_without_secrets() {
    let kept = |name: &str| {
        let document = "%3cNZSRSResponse%3e%3cResponse+TransId%3d%22c%22%3e%3cDomain+UDAI%3d%22x2B76rXd%22%2f%3e%3c%2fResponse%3e%3c%2fNZSRSResponse%3e";
        format!("<{name}><XML><![CDATA[{document}]]></XML><Signature><![CDATA[iQEcBAAB]]></Signature></{name}>")
    };
    let details = format!(
        "<Response Action=\"ActionDetailsQry\" FeId=\"1\" FeSeq=\"2\" OrigRegistrarId=\"500\">{}{}</Response>",
        kept("RawRequest"),
        kept("RawResponse")
    );
    let ordered = "<Response Action=\"DomainUpdate\" TransId=\"d\"><Domain UDAI=\"PqC9VFP8\"/></Response>";
    // In a request of one's own a question may go with the order for another one.
    for (operation, first) in [(Operation::AccountInfo, ""), (Operation::DomainAuthcodeCreate, ordered)] {
        let text = format!("<NZSRSResponse>{first}{details}</NZSRSResponse>");
        let shown = dialect().decode(operation, text.as_bytes()).unwrap().data.to_string();
        assert!(
            shown.contains("UDAI=\\\"***\\\"") && !shown.contains("x2B76rXd") && !shown.contains("iQEcBAAB"),
            "{shown}"
        );
        assert_eq!(shown.contains("PqC9VFP8"), !first.is_empty());
    }
}
