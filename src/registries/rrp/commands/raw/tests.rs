use super::*;

fn of(request: &str) -> Result<Raw, Reject> {
    let params = Map::from_iter([("request".to_owned(), json!(request))]);
    read(&params, &Rules { user: "registrarA".into(), is_current: true })
}

#[test]
fn it_is_understood_as_the_job_it_could_be() {
    for (request, object, operation, params) in [
        (
            "MOD\nentityname:DOMAIN\ndomainname:Example.COM\nnameserver:ns3.example.net\nNameServer:ns1.example.net=\n\
             NameServer:ns4.example.net=ns5.example.net\nStatus:REGISTRAR-LOCK",
            "domain:example.com",
            Operation::DomainUpdate,
            json!({"domain": "Example.COM", "add_nserver": ["ns3.example.net", "ns5.example.net"],
                   "remove_nserver": ["ns1.example.net", "ns4.example.net"], "add_status": ["REGISTRAR-LOCK"]}),
        ),
        (
            "renew\nEntityName:Domain\nDomainName:example.com\n-Period:2\n-CurrentExpirationYear:2027\n.",
            "domain:example.com",
            Operation::DomainRenew,
            json!({"domain": "example.com", "years": 2, "expires": "2027"}),
        ),
        (
            "transfer\n-Approve:no\nEntityName:Domain\nDomainName:example.com",
            "domain:example.com",
            Operation::DomainTransferReject,
            json!({"domain": "example.com"}),
        ),
        (
            "mod\nEntityName:NameServer\nNameServer:ns1.example.com\nNewNameServer:ns2.example.com\nIPAddress:2001:db8::1=",
            "host:ns1.example.com",
            Operation::HostUpdate,
            json!({"host": "ns1.example.com", "new_name": "ns2.example.com", "remove_address": ["2001:db8::1"]}),
        ),
        ("restore\nEntityName:Domain\nDomainName:example.com", "domain:example.com", Operation::Raw, json!({})),
        ("add\nEntityName:Contact\nContactName:x", "account:registrarA", Operation::Raw, json!({})),
        ("Describe", "account:registrarA", Operation::AccountInfo, json!({})),
    ] {
        let raw = of(request).unwrap_or_else(|reject| panic!("{request}: {reject}"));
        assert_eq!((raw.object.as_str(), raw.operation), (object, operation), "{request}");
        assert_eq!(Value::Object(raw.params), params, "{request}");
    }
}

#[test]
fn it_is_one_command_and_opens_no_session() {
    for (request, part) in [
        ("", "not empty"),
        ("quit", "not for a job"),
        ("SESSION\n-Id:a\n-Password:b", "not for a job"),
        ("status\nEntityName:Domain\n.\nquit\n.", "one command only"),
        ("status\nb\u{fc}cher", "line 2"),
        ("status\nDomainName:b\u{fc}cher.com", "printable ASCII"),
        ("st atus", "name of a command"),
    ] {
        let reject = of(request).map(|_| ()).unwrap_err();
        assert_eq!(reject.field.as_deref(), Some("params.request"), "{request}");
        assert!(reject.reason.contains(part), "{request}: {reject}");
    }
}
