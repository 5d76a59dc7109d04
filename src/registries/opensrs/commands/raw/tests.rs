use serde_json::json;

use super::*;

fn envelope(inside: &str) -> String {
    format!(
        "<?xml version='1.0'?><OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc>{inside}</dt_assoc></data_block></body></OPS_envelope>"
    )
}

fn command(action: &str, object: &str, attributes: &[(&str, &str)]) -> String {
    let item = |(key, value): &(&str, &str)| format!("<item key='{key}'>{value}</item>");
    let attributes: String = attributes.iter().map(item).collect();
    envelope(&format!(
        "<item key='protocol'>XCP</item><item key='action'>{action}</item><item key='object'>{object}</item><item key='attributes'><dt_assoc>{attributes}</dt_assoc></item>"
    ))
}

fn of(request: &str) -> Result<Raw, Reject> {
    let params = Map::from_iter([("request".to_owned(), json!(request))]);
    read(&params, &Rules { reseller: "myreseller".into() })
}

#[test]
fn objects_and_operations_are_those_of_other_commands() {
    use Operation::*;
    for (action, object, attributes, key, operation) in [
        ("lookup", "domain", &[("domain", "B\u{fc}cher.COM")][..], "domain:xn--bcher-kva.com", DomainCheck),
        ("SEND_AUTHCODE", "DOMAIN", &[("domain_name", "example.com")], "domain:example.com", DomainAuthcodeRequest),
        (
            "SW_REGISTER",
            "DOMAIN",
            &[("domain", "example.com"), ("reg_type", "new")],
            "domain:example.com",
            DomainCreate,
        ),
        ("SW_REGISTER", "DOMAIN", &[("domain", "a.com"), ("reg_type", "transfer")], "domain:a.com", DomainTransfer),
        (
            "MODIFY",
            "DOMAIN",
            &[("domain", "a.com"), ("data", "domain_auth_info")],
            "domain:a.com",
            DomainAuthcodeCreate,
        ),
        ("MODIFY", "DOMAIN", &[("domain", "a.com"), ("data", "nexus_info")], "domain:a.com", DomainUpdate),
        ("MODIFY", "NAMESERVER", &[("domain", "a.com"), ("name", "ns1.a.com")], "host:ns1.a.com", HostUpdate),
        ("GET", "NAMESERVER", &[("domain", "a.com"), ("name", "all")], "domain:a.com", HostInfo),
        ("PROCESS_PENDING", "DOMAIN", &[("order_id", "12")], "order:12", OrderProcess),
        ("PROCESS_PENDING", "DOMAIN", &[("order_id", "12"), ("command", "cancel")], "order:12", OrderCancel),
        ("ACK", "EVENT", &[("event_id", "6887")], "message:6887", MessageDelete),
        ("POLL", "EVENT", &[], "message:queue", MessageRead),
        ("GET_BALANCE", "BALANCE", &[], "account:myreseller", AccountInfo),
        ("set", "cookie", &[("domain", "a.com")], "domain:a.com", DomainInfo),
        ("GET_NOTES", "DOMAIN", &[("domain", "a.com")], "domain:a.com", DomainInfo),
        ("GET", "USERINFO", &[], "account:myreseller", AccountInfo),
        ("TRADE_DOMAIN", "DOMAIN", &[("domain", "a.com")], "domain:a.com", Raw),
        ("CHANGE", "PASSWORD", &[], "account:myreseller", Raw),
    ] {
        let request = command(action, object, attributes);
        let raw = of(&format!("\n{request}\n")).unwrap();
        assert_eq!((raw.object.as_str(), raw.operation), (key, operation), "{action} {object}");
        assert_eq!(*raw.text, request, "it goes out as it is");
    }
}

#[test]
fn what_is_not_for_a_job_is_refused_and_not_repeated() {
    for (request, part) in [
        (command("authenticate", "user", &[("username", "hunter2"), ("password", "hunter2")]), "not for a job"),
        (command("Quit", "session", &[]), "not for a job"),
        (command("check", "version", &[]), "not for a job"),
        (envelope("<item key='protocol'>XCP</item><item key='action'>hunter2</item>"), "protocol, action and object"),
        (command("GET", "DOMAIN", &[("password", "hunter2")]).replace("XCP", "OPS"), "protocol XCP"),
        (command("GET", "DOMAIN", &[("domain", "hunter2")]).replace("</item>", ""), ""),
        ("hunter2".to_owned(), ""),
        (" ".to_owned(), "not empty"),
    ] {
        let Err(reject) = of(&request) else { panic!("{request}") };
        assert_eq!(reject.field.as_deref(), Some("params.request"));
        assert!(reject.reason.contains(part) && !reject.reason.contains("hunter2"), "{request}: {reject}");
    }
    for (name, value) in [("registrant_ip", "192.0.2.1"), ("domain", "example.com")] {
        let params = Map::from_iter([("request".to_owned(), json!("x")), (name.to_owned(), json!(value))]);
        let Err(reject) = read(&params, &Rules::default()) else { panic!("{name}") };
        assert_eq!(reject.field, Some(format!("params.{name}")));
    }
}
