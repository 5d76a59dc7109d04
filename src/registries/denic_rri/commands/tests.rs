//! Every command that has no golden file beside the others: what it writes in both formats, and what it refuses.

use serde_json::json;

use super::super::dialect::Rri;
use super::*;
use crate::registries::{Dialect, WireOptions};

/// A golden file, for requests no job asks for.
pub fn golden(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/denic_rri");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn rri(format: &str, protocol: &str) -> Rri {
    let (account, format, protocol) = ("DENIC-1000022".into(), Some(format.into()), Some(protocol.into()));
    Rri::new(&WireOptions { account, format, protocol }).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!("an object") };
    map
}

fn write(format: &str, protocol: &str, operation: Operation, params: &Value) -> String {
    let prepared = rri(format, protocol).prepare(operation, &object(params.clone()), "rd-1").unwrap();
    String::from_utf8(prepared.bytes.to_vec()).unwrap()
}

/// A document without its head, its transaction id and all white space between elements.
fn body(xml: &str) -> String {
    let lines = xml.lines().map(str::trim).filter(|line| !line.contains("ctid>") && !line.contains("xmlns"));
    let lines = lines.filter(|line| !line.starts_with("<?xml") && !line.ends_with("registry-request>"));
    lines.collect()
}

const KEY: &str = "257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBY";
const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";

/// A registration with everything, its lines in K/V, and its elements before and after the keys.
fn registration() -> (Value, String, String, String) {
    let params = json!({
        "domain": "example.de", "holder": "DENIC-1000022-MAX", "general_request": "DENIC-1000022-GR",
        "abuse_contact": "DENIC-1000022-AB", "nserver": ["ns1.example.net", "ns2.example.de 192.0.2.1 2001:db8::1"],
        "dnskey": KEY,
    });
    let kv = "Domain: example.de\nHolder: DENIC-1000022-MAX\nAbuseContact: DENIC-1000022-AB\nGeneralRequest: DENIC-1000022-GR\nNserver: ns1.example.net\nNserver: ns2.example.de 192.0.2.1\nNserver: ns2.example.de 2001:db8::1\n".to_owned();
    let dns = |kind: &str, rdata: &str| {
        format!(
            "<dnsentry:dnsentry xsi:type=\"dnsentry:{kind}\"><dnsentry:owner>example.de</dnsentry:owner><dnsentry:rdata>{rdata}</dnsentry:rdata></dnsentry:dnsentry>"
        )
    };
    let ns =
        |host: &str, address: &str| dns("NS", &format!("<dnsentry:nameserver>{host}</dnsentry:nameserver>{address}"));
    let contacts = "<domain:handle>example.de</domain:handle><domain:contact role=\"holder\">DENIC-1000022-MAX</domain:contact><domain:contact role=\"abusecontact\">DENIC-1000022-AB</domain:contact><domain:contact role=\"generalrequest\">DENIC-1000022-GR</domain:contact>";
    let servers = [
        ns("ns1.example.net", ""),
        ns("ns2.example.de", "<dnsentry:address>192.0.2.1</dnsentry:address>"),
        ns("ns2.example.de", "<dnsentry:addressV6>2001:db8::1</dnsentry:addressV6>"),
    ];
    let key = dns(
        "DNSKEY",
        "<dnsentry:flags>257</dnsentry:flags><dnsentry:protocol>3</dnsentry:protocol><dnsentry:algorithm>8</dnsentry:algorithm><dnsentry:publicKey>AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBY</dnsentry:publicKey>",
    );
    (params, kv, contacts.to_owned() + &servers.concat(), key)
}

#[test]
fn a_registration_is_written_in_three_commands() {
    let (params, lines, servers, key) = registration();
    let auth_info = "<domain:authInfo>secret</domain:authInfo>";
    for (operation, kv, xml, more) in [
        (Operation::DomainUpdate, "UPDATE", "update", None),
        (Operation::DomainChangeHolder, "CHHOLDER", "chholder", None),
        (Operation::DomainTransfer, "CHPROV", "chprov", Some("secret")),
    ] {
        let mut params = params.clone();
        let (mut line, mut element) = (String::new(), "");
        if let Some(secret) = more {
            params["auth_info"] = json!(secret);
            (line, element) = (format!("AuthInfo: {secret}\n"), auth_info);
        }
        for (protocol, address) in [("5.0", "addressV6"), ("4.0", "address"), ("3.0", "address")] {
            let expected = format!("Version: {protocol}\nAction: {kv}\n{lines}{line}Dnskey: {KEY}\nCtid: rd-1");
            assert_eq!(write("kv", protocol, operation, &params), expected);
            let document = write("xml", protocol, operation, &params);
            assert!(document.contains(&format!("http://registry.denic.de/domain/{protocol}\"")), "{document}");
            assert!(document.contains("\n  <ctid>rd-1</ctid>\n"), "{document}");
            let servers = servers.replace("addressV6", address);
            assert_eq!(body(&document), format!("<domain:{xml}>{servers}{element}{key}</domain:{xml}>"));
        }
    }
}

#[test]
fn names_and_attributes() {
    use Operation::{
        DomainAuthcodeCheck, DomainAuthcodeCreate, DomainAuthcodeDelete, DomainAuthcodeRequest, DomainRestore,
        DomainTransit,
    };
    for (operation, more, kv, lines, xml, attributes, children) in [
        (DomainRestore, json!({}), "RESTORE", "", "restore", "", ""),
        (DomainAuthcodeDelete, json!({}), "DELETE-AUTHINFO1", "", "deleteAuthInfo1", "", ""),
        (DomainAuthcodeRequest, json!({}), "CREATE-AUTHINFO2", "", "createAuthInfo2", "", ""),
        (
            DomainTransit,
            json!({"disconnect": false}),
            "TRANSIT",
            "Disconnect: false\n",
            "transit",
            " disconnect=\"false\"",
            "",
        ),
        (
            DomainTransit,
            json!({"disconnect": true}),
            "TRANSIT",
            "Disconnect: true\n",
            "transit",
            " disconnect=\"true\"",
            "",
        ),
        (
            DomainAuthcodeCreate,
            json!({"auth_info": "SupermanistSuper"}),
            "CREATE-AUTHINFO1",
            &format!("AuthInfoHash: {HASH}\n"),
            "createAuthInfo1",
            &format!(" hash=\"{HASH}\""),
            "",
        ),
        (
            DomainAuthcodeCreate,
            json!({"auth_info": "SupermanistSuper", "expire": "2026-12-15"}),
            "CREATE-AUTHINFO1",
            &format!("AuthInfoHash: {HASH}\nAuthInfoExpire: 20261215\n"),
            "createAuthInfo1",
            &format!(" hash=\"{HASH}\" expire=\"20261215\""),
            "",
        ),
        (
            DomainAuthcodeCheck,
            json!({"auth_info": "a\"<b"}),
            "INFO",
            "AuthInfo: a\"<b\n",
            "info",
            "",
            "<domain:authInfo>a\"&lt;b</domain:authInfo>",
        ),
    ] {
        let mut params = object(more);
        params.insert("domain".into(), json!("dänic.de"));
        let params = Value::Object(params);
        let transaction = if operation.writes() { "Ctid: rd-1\n" } else { "" };
        for protocol in ["5.0", "4.0"] {
            let expected = format!(
                "Version: {protocol}\nAction: {kv}\nDomain: dänic.de\nDomain-Ace: xn--dnic-loa.de\n{lines}{transaction}"
            );
            assert_eq!(write("kv", protocol, operation, &params), expected.trim_end());
            let expected = format!(
                "<domain:{xml}{attributes}><domain:handle>dänic.de</domain:handle><domain:ace>xn--dnic-loa.de</domain:ace>{children}</domain:{xml}>"
            );
            assert_eq!(body(&write("xml", protocol, operation, &params)), expected);
        }
    }
}

#[test]
fn a_contact_update_is_a_contact_create_with_another_action() {
    let person = json!({
        "handle": "DENIC-1000022-MAX", "type": "PERSON", "name": "Max Mustermann", "organisation": ["Example GmbH"],
        "address": "Weg 1", "postal_code": "60596", "city": "Frankfurt", "country_code": "DE",
        "email": ["max@example.de", "m@example.de"], "phone": "+49.6927235",
    });
    let block = json!({"claims": "name", "result": "success", "reference": "R1", "timestamp": "2023-11-11T15:36:21+02:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic"});
    let mut verified = person.clone();
    verified["verification"] = json!([block]);
    let request = json!({"handle": "DENIC-1000022-GR", "type": "REQUEST", "uri_template": "mailto:a@example.de"});
    for params in [&person, &verified, &request] {
        for (format, actions) in [("kv", ["CREATE", "UPDATE"]), ("xml", ["contact:create", "contact:update"])] {
            let created = write(format, "5.0", Operation::ContactCreate, params);
            let updated = write(format, "5.0", Operation::ContactUpdate, params);
            assert_eq!(updated, created.replace(actions[0], actions[1]));
        }
    }
    for (protocol, operation) in
        [("4.0", Operation::ContactUpdate), ("3.0", Operation::ContactUpdate), ("4.0", Operation::ContactCreate)]
    {
        assert!(write("xml", protocol, operation, &person).contains(&format!("/contact/{protocol}\"")));
        let reject = rri("kv", protocol).check(operation, &object(verified.clone())).unwrap_err();
        assert_eq!(reject.field.as_deref(), Some("params.verification"));
        assert!(reject.reason.contains(protocol), "{reject}");
    }
}

#[test]
fn what_is_missing_unknown_or_wrong_is_named() {
    use Operation::*;
    let (whole, ..) = registration();
    for (operation, change, field) in [
        (DomainUpdate, json!({}), ""),
        (DomainUpdate, json!({"holder": null}), "holder"),
        (DomainUpdate, json!({"nserver": null}), "nserver"),
        (DomainUpdate, json!({"merge": "yes"}), "merge"),
        (DomainUpdate, json!({"merge": false}), ""),
        (DomainUpdate, json!({"auth_info": "x"}), "auth_info"),
        (DomainChangeHolder, json!({"holder": []}), "holder"),
        (DomainTransfer, json!({}), "auth_info"),
        (DomainTransfer, json!({"auth_info": 7}), "auth_info"),
        (DomainTransfer, json!({"auth_info": "x", "merge": true}), "merge"),
        (DomainTransfer, json!({"auth_info": "x", "holder": "DENIC-9-FOREIGN"}), "holder[0]"),
        (DomainCreate, json!({"merge": true}), "merge"),
    ] {
        let mut params = object(whole.clone());
        params.extend(object(change.clone()));
        let found = rri("kv", "5.0").check(operation, &params).err().and_then(|reject| reject.field);
        assert_eq!(found.unwrap_or_default().trim_start_matches("params."), field, "{operation} {change}");
    }
    for (operation, params, field) in [
        (DomainRestore, json!({"domain": "example.de", "holder": "x"}), "holder"),
        (DomainTransit, json!({"domain": "example.de"}), "disconnect"),
        (DomainTransit, json!({"domain": "example.de", "disconnect": "true"}), "disconnect"),
        (DomainAuthcodeCreate, json!({"domain": "example.de"}), "auth_info"),
        (DomainAuthcodeCreate, json!({"domain": "example.de", "auth_info": "short"}), "auth_info"),
        (DomainAuthcodeCreate, json!({"domain": "example.de", "auth_info": "abcdefgh", "expire": "soon"}), "expire"),
        (DomainAuthcodeDelete, json!({}), "domain"),
        (DomainAuthcodeRequest, json!({"domain": "example.de", "auth_info": "abcdefgh"}), "auth_info"),
        (DomainAuthcodeCheck, json!({"domain": "example.de"}), "auth_info"),
        (AccountInfo, json!({"reg_acc": "DENIC-1X"}), "reg_acc"),
        (AccountInfo, json!({"reg_acc": "DENIC"}), "reg_acc"),
    ] {
        let reject = rri("kv", "5.0").check(operation, &object(params.clone())).unwrap_err();
        assert_eq!(reject.field.unwrap_or_default(), format!("params.{field}"), "{operation} {params}");
    }
}

#[test]
fn an_account_is_asked_for_and_shown() {
    let own = write("kv", "5.0", Operation::AccountInfo, &json!({}));
    assert_eq!(own, "Version: 5.0\nAction: INFO\nRegAcc: DENIC-1000022");
    let other = write("xml", "4.0", Operation::AccountInfo, &json!({"reg_acc": "denic-99995"}));
    assert!(other.contains("xmlns:regacc=\"http://registry.denic.de/regacc/4.0\">\n  <regacc:info>\n    <regacc:handle>DENIC-99995</regacc:handle>\n  </regacc:info>\n"), "{other}");
    let key = rri("kv", "5.0").check(Operation::AccountInfo, &Map::new()).unwrap().object;
    assert_eq!(key.as_str(), "account:DENIC-1000022");

    let kv = "Result: success\nSTID: s\nRegaccid: DENIC-99995\nName: DENIC eG - Business Services\nAddress: DENIC eG\nAddress: Weg 1\nPostalcode: 60596\nCity: Frankfurt\nCountrycode: DE\nPhone: +49 69 27235 0\nFax: +49 69 27235 238\nEmail: dbs@example.de\nUrl: http://www.example.de\nMemberaccid: DENIC-99995\nChanged: 2019-05-17T10:48:29+02:00\n\n[General Request]\nType: request\nUri-template: mailto:general@example.de?subject=domain:{Ulabel}\nChanged: 2019-01-01T01:00:00+01:00\n";
    let xml = r#"<registry-response xmlns="http://registry.denic.de/global/5.0" xmlns:tr="http://registry.denic.de/transaction/5.0"><tr:transaction><tr:stid>s</tr:stid><tr:result>success</tr:result><tr:data><regacc:infoData xmlns:regacc="http://registry.denic.de/regacc/5.0" xmlns:contact="http://registry.denic.de/contact/5.0"><regacc:handle>DENIC-99995</regacc:handle><regacc:name>DENIC eG - Business Services</regacc:name><regacc:postal><regacc:address>DENIC eG</regacc:address><regacc:address>Weg 1</regacc:address><regacc:postalCode>60596</regacc:postalCode><regacc:city>Frankfurt</regacc:city><regacc:countryCode>DE</regacc:countryCode></regacc:postal><regacc:phone>+49 69 27235 0</regacc:phone><regacc:fax>+49 69 27235 238</regacc:fax><regacc:email>dbs@example.de</regacc:email><regacc:url>http://www.example.de</regacc:url><regacc:memberacc>DENIC-99995</regacc:memberacc><regacc:contact role="generalrequest"><contact:type>REQUEST</contact:type><contact:uri-template>mailto:general@example.de?subject=domain:{Ulabel}</contact:uri-template><contact:changed>2019-01-01T01:00:00+01:00</contact:changed></regacc:contact><regacc:changed>2019-05-17T10:48:29+02:00</regacc:changed></regacc:infoData></tr:data></tr:transaction></registry-response>"#;
    for text in [kv, xml] {
        let answer = rri("kv", "5.0").decode(Operation::AccountInfo, text.as_bytes()).unwrap();
        let expected = json!({
            "id": "DENIC-99995", "name": "DENIC eG - Business Services", "address": ["DENIC eG", "Weg 1"],
            "postal_code": "60596", "city": "Frankfurt", "country_code": "DE", "phone": ["+49 69 27235 0"],
            "fax": ["+49 69 27235 238"], "email": "dbs@example.de", "url": "http://www.example.de",
            "member_id": "DENIC-99995", "changed": "2019-05-17T10:48:29+02:00",
            "general_request": {
                "type": "REQUEST", "uri_template": "mailto:general@example.de?subject=domain:{Ulabel}",
                "changed": "2019-01-01T01:00:00+01:00",
            },
        });
        assert_eq!(answer.data, expected);
    }
}

#[test]
fn an_auth_info_ends_when_the_registry_says() {
    let end = "2026-12-15T00:00:00+01:00";
    let kv = format!("Result: success\nCtid: rd-1\nAuthInfoExpire: {end}\n");
    for operation in [Operation::DomainAuthcodeCreate, Operation::DomainAuthcodeRequest] {
        let answer = rri("kv", "5.0").decode(operation, kv.as_bytes()).unwrap();
        assert_eq!(answer.data, json!({"auth_info_expire": end}));
        assert!(rri("kv", "5.0").decode(operation, b"Result: success\nCtid: rd-1").unwrap().data.is_null());
    }
}
