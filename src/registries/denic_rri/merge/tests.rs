//! What may be left out, what is filled in, and what must not be written back.

use serde_json::{Map, Value, json};

use super::super::dialect::Rri;
use crate::model::verdict::Judgement;
use crate::model::{Answer, Operation, Verdict};
use crate::registries::{Dialect, WireOptions};

fn rri(protocol: &str) -> Rri {
    let (account, protocol) = ("DENIC-1000022".into(), Some(protocol.into()));
    Rri::new(&WireOptions { account, format: None, protocol }).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { unreachable!("an object") };
    map
}

const DOMAIN: &str = "Result: success\nDomain: example.de\nDomain-Ace: example.de\nStatus: connect\nNserver: ns1.example.net.\nNserver: ns2.example.de. 192.0.2.1\nNserver: ns2.example.de. 2001:db8:0:0:0:0:0:1\nDnskey: 257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBY\nChanged: 2020-01-01T00:00:00+01:00\n[Holder]\nHandle: DENIC-1000022-ANN\n[Holder]\nHandle: DENIC-1000022-MAX\n[General Request]\nHandle: DENIC-1000022-GR\n[RegAcc]\nRegAccId: DENIC-1000022\n";
const CONTACT: &str = "Result: success\nHandle: DENIC-1000022-MAX\nType: PERSON\nName: Max Mustermann\nOrganisation: Example GmbH\nAddress: Weg 1\nPostalCode: 60596\nCity: Frankfurt\nCountryCode: DE\nEmail: max@example.de\nPhone: +49.6927235\nChanged: 2020-01-01T00:00:00+01:00\n\n[VerificationInformation]\nVerifiedClaim: name\nVerifiedClaim: address\nVerificationResult: success\nVerificationReference: R1\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\nVerificationEvidence: idcard\nVerificationMethod: auth\nTrustFramework: de_denic\n";

/// The request a job comes to, after the question it begins with; or the verdict.
fn merged(operation: Operation, params: Value, shown: &str) -> Result<String, Box<Judgement>> {
    let (rri, params) = (rri("5.0"), object(params));
    let question = rri.reads_first(operation, &params).unwrap().unwrap();
    assert!(!question.operation.writes() && question.transaction.is_none());
    let answer: Answer = rri.decode(question.operation, shown.as_bytes()).unwrap();
    let whole = rri.complete(operation, &params, &answer).map_err(|judgement| *judgement)?;
    let request = rri.prepare(operation, &whole, "rd-1").unwrap();
    Ok(String::from_utf8(request.bytes.to_vec()).unwrap())
}

fn refused(operation: Operation, params: Value, shown: &str) -> String {
    match merged(operation, params, shown).map_err(|judgement| judgement.verdict) {
        Err(Verdict::Refused(reason)) => reason,
        other => panic!("a refusal, not {other:?}"),
    }
}

#[test]
fn what_a_domain_job_leaves_out_is_kept() {
    let ns = "Nserver: ns1.example.net\nNserver: ns2.example.de 192.0.2.1\nNserver: ns2.example.de 2001:db8::1\n";
    let holders = "Holder: DENIC-1000022-ANN\nHolder: DENIC-1000022-MAX\n";
    let (general, key) =
        ("GeneralRequest: DENIC-1000022-GR\n", "Dnskey: 257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZx5+/QtqFjVcyTEdv7YBY\n");
    let new = "Nserver: ns3.example.net\nNserver: ns4.example.net\n";
    let record = "Nsentry: example.de. IN A 192.0.2.7\n";
    let cases = [
        (json!({}), [holders, "", general, ns, key]),
        (json!({"abuse_contact": "DENIC-1000022-AB"}), [holders, "AbuseContact: DENIC-1000022-AB\n", general, ns, key]),
        (json!({"nserver": ["ns3.example.net", "ns4.example.net"]}), [holders, "", general, new, key]),
        (json!({"nserver": ["ns3.example.net", "ns4.example.net"], "dnskey": null}), [holders, "", general, new, ""]),
        (json!({"general_request": null, "dnskey": []}), [holders, "", "", ns, ""]),
        (json!({"nsentry": "example.de. IN A 192.0.2.7", "dnskey": []}), [holders, "", general, record, ""]),
        (json!({"holder": "DENIC-1000022-EVE"}), ["Holder: DENIC-1000022-EVE\n", "", general, ns, key]),
    ];
    for (operation, action) in [(Operation::DomainUpdate, "UPDATE"), (Operation::DomainChangeHolder, "CHHOLDER")] {
        for (change, expected) in &cases {
            if operation == Operation::DomainChangeHolder && change.get("holder").is_none() {
                continue;
            }
            let mut params = object(change.clone());
            params.extend(object(json!({"domain": "Example.de", "merge": true})));
            let expected =
                format!("Version: 5.0\nAction: {action}\nDomain: example.de\n{}Ctid: rd-1", expected.concat());
            assert_eq!(merged(operation, Value::Object(params), DOMAIN).unwrap(), expected, "{change}");
        }
    }
    let records = DOMAIN.replace("Nserver: ns1.example.net.", "Nsentry: example.de. IN MX 0 .");
    let records: String = records
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("Nserver") && !line.starts_with("Dnskey"))
        .collect();
    let request = merged(Operation::DomainUpdate, json!({"domain": "example.de", "merge": true}), &records).unwrap();
    assert!(request.contains("\nNsentry: example.de. IN MX 0 .\n"), "{request}");
    let moved = json!({"domain": "example.de", "merge": true, "nserver": ["ns3.example.net", "ns4.example.net"]});
    let request = merged(Operation::DomainUpdate, moved, &records).unwrap();
    assert!(request.contains(new) && !request.contains("Nsentry"), "{request}");
}

#[test]
fn what_a_contact_job_leaves_out_is_kept() {
    let with = |change: Value| {
        let mut params = object(change);
        params.extend(object(json!({"handle": "denic-1000022-max", "merge": true})));
        Value::Object(params)
    };
    let head = "Version: 5.0\nAction: UPDATE\nHandle: DENIC-1000022-MAX\nType: PERSON\nName: Max Mustermann\n";
    let rest =
        "PostalCode: 60596\nCity: Frankfurt\nCountryCode: DE\nEmail: max@example.de\nPhone: +49.6927235\nCtid: rd-1";
    let block = &CONTACT[CONTACT.find("\n\n[").unwrap()..].trim_end();
    let update = |change| merged(Operation::ContactUpdate, with(change), CONTACT).unwrap();
    assert_eq!(update(json!({})), format!("{head}Organisation: Example GmbH\nAddress: Weg 1\n{rest}{block}"));
    assert_eq!(
        update(json!({"address": ["Weg 2", "Haus 3"], "organisation": [], "verification": null})),
        format!("{head}Address: Weg 2\nAddress: Haus 3\n{rest}")
    );
    for (field, value) in [
        ("name", "Erika Mustermann"),
        ("address", "Weg 2"),
        ("postal_code", "60597"),
        ("city", "Ulm"),
        ("country_code", "GB"),
    ] {
        let reason = refused(Operation::ContactUpdate, with(json!({ field: value })), CONTACT);
        assert!(reason.contains(field) && reason.contains("state `verification`"), "{reason}");
    }
    assert!(update(json!({"email": "erika@example.de"})).contains("VerifiedClaim"), "nothing was claimed of it");
    let by_mail = CONTACT.replace("VerifiedClaim: address", "VerifiedClaim: EMAIL");
    let by_mail = by_mail.replace(": idcard", ": digital_attestation").replace(": auth", ": electronic_document");
    let moved = |change| merged(Operation::ContactUpdate, with(change), &by_mail);
    assert!(moved(json!({"email": "erika@example.de"})).is_err());
    assert!(moved(json!({"city": "Ulm"})).is_ok());

    let request = "Result: success\nHandle: DENIC-1000022-MAX\nType: REQUEST\nUri-Template: mailto:a@example.de\n";
    let updated =
        merged(Operation::ContactUpdate, with(json!({"uri_template": "mailto:b@example.de"})), request).unwrap();
    assert!(updated.ends_with("Type: REQUEST\nUri-Template: mailto:b@example.de\nCtid: rd-1"), "{updated}");

    let dummy = CONTACT.replace("\nPhone: +49.6927235", "");
    assert!(refused(Operation::ContactUpdate, with(json!({})), &dummy).contains("state `phone`"));
    let stated = merged(Operation::ContactUpdate, with(json!({"phone": "+49.0000"})), &dummy).unwrap();
    assert!(stated.contains("\nPhone: +49.0000\n"), "{stated}");
}

#[test]
fn what_is_not_shown_is_not_written_back() {
    let params = json!({"domain": "example.de", "merge": true, "dnskey": null});
    let no = |shown: &str| refused(Operation::DomainUpdate, params.clone(), shown);
    for (shown, part) in [
        (DOMAIN.replace("RegAccId: DENIC-1000022", "RegAccId: DENIC-99"), "the domain is at DENIC-99"),
        (DOMAIN.replace("RegAccId: DENIC-1000022", ""), "the registrar is not shown"),
        (
            DOMAIN.replace("Handle: DENIC-1000022-ANN", "").replace("Handle: DENIC-1000022-MAX", ""),
            "holders are not shown",
        ),
        (DOMAIN.replace("Handle: DENIC-1000022-ANN", "Type: ORG"), "holder is shown without its handle"),
        (DOMAIN.replace("Handle: DENIC-1000022-GR", "Type: REQUEST"), "general_request is shown without its handle"),
        (DOMAIN.replace("example.de", "other.de"), "another object"),
        ("Result: success".to_owned(), "another object"),
        ("Result: failed\nERROR: 63300062009 Domain doesn't exist [example.de]".to_owned(), "63300062009"),
    ] {
        let reason = no(&shown);
        assert!(reason.contains(part), "{reason}");
        assert!(!reason.contains("ANN"), "no values: {reason}");
    }
    let records = json!({"domain": "example.de", "merge": true, "nsentry": "example.de. IN A 192.0.2.7"});
    assert!(refused(Operation::DomainUpdate, records, DOMAIN).contains("state `dnskey`"));
    let busy = merged(Operation::DomainUpdate, params.clone(), "Result: failed\nERROR: 76000000001 x").unwrap_err();
    assert!(matches!(busy.verdict, Verdict::Later(_)), "the INFO's own verdict");
    let locked = DOMAIN.replace("Status: connect", "Status: connect\nRegistryLock: true");
    assert!(merged(Operation::DomainUpdate, params.clone(), &locked).is_ok(), "the registry refuses it, and says so");
}

#[test]
fn what_is_stated_is_checked_and_the_rest_is_not() {
    use Operation::{ContactCreate, ContactUpdate, DomainChangeHolder, DomainUpdate};
    for (operation, change, field) in [
        (DomainUpdate, json!({}), ""),
        (DomainUpdate, json!({"nserver": ["ns1.example.net"]}), "nserver"),
        (DomainUpdate, json!({"nserver": ["ns1.example.net", "ns2.example.de"]}), "nserver[1]"),
        (DomainUpdate, json!({"nserver": null, "nsentry": "example.de. IN A 192.0.2.1"}), ""),
        (
            DomainUpdate,
            json!({"nserver": ["ns1.example.net", "ns2.example.net"], "nsentry": "example.de. IN A 192.0.2.1"}),
            "nsentry",
        ),
        (DomainUpdate, json!({"holder": []}), "holder"),
        (DomainUpdate, json!({"holder": "DENIC-9-FOREIGN"}), "holder[0]"),
        (DomainUpdate, json!({"name": "Max"}), "name"),
        (DomainUpdate, json!({"domain": null}), "domain"),
        (DomainChangeHolder, json!({}), "holder"),
        (DomainChangeHolder, json!({"holder": "DENIC-1000022-EVE"}), ""),
        (ContactUpdate, json!({}), ""),
        (ContactUpdate, json!({"postal_code": "1"}), ""),
        (ContactUpdate, json!({"postal_code": "1", "country_code": "DE"}), "postal_code"),
        (ContactUpdate, json!({"country_code": "DE"}), ""),
        (ContactUpdate, json!({"country_code": "AT"}), ""),
        (ContactUpdate, json!({"email": "nobody"}), "email[0]"),
        (ContactUpdate, json!({"name": null}), "name"),
        (ContactUpdate, json!({"email": []}), "email"),
        (ContactUpdate, json!({"uri_template": "mailto:a@example.de"}), ""),
        (ContactUpdate, json!({"uri_template": "ftp://example.de"}), "uri_template"),
        (ContactUpdate, json!({"uri_template": "mailto:a@example.de", "city": "Ulm"}), "city"),
        (ContactUpdate, json!({"type": "ORG", "organisation": "Example GmbH"}), "organisation"),
        (ContactUpdate, json!({"type": "REQUEST"}), ""),
        (ContactUpdate, json!({"verification": [{"claims": "name"}]}), "verification[0].result"),
        (ContactUpdate, json!({"handle": null}), "handle"),
        (ContactCreate, json!({}), "merge"),
    ] {
        let contact = operation.name().starts_with("contact");
        let mut params =
            object(if contact { json!({"handle": "DENIC-1000022-MAX"}) } else { json!({"domain": "example.de"}) });
        params.insert("merge".into(), true.into());
        params.extend(object(change.clone()));
        let found = rri("5.0").check(operation, &params).err().and_then(|reject| reject.field);
        assert_eq!(found.unwrap_or_default().trim_start_matches("params."), field, "{operation} {change}");
        assert!(rri("5.0").prepare(operation, &params, "rd-1").is_err(), "not before the rest is known");
    }
    let Value::Object(params) = json!({"handle": "DENIC-1000022-MAX", "merge": true}) else { unreachable!() };
    assert!(rri("4.0").check(Operation::ContactUpdate, &params).unwrap_err().reason.contains("5.0"));
    let Value::Object(whole) = json!({"domain": "example.de", "merge": false}) else { unreachable!() };
    assert!(rri("5.0").reads_first(Operation::DomainUpdate, &whole).unwrap().is_none());
}
