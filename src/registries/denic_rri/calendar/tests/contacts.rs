//! Contacts, locked domains, and orders that were lost.

use super::*;

#[test]
fn verification_of_a_contact() {
    let kind = ContactVerification;
    let handle = || json!({"handle": "denic-22123-ann"});
    let update = |result: &str| {
        let params = json!({"handle": "DENIC-22123-ANN", "verification": [{"result": result, "claims": ["name"]}]});
        Answer(ContactUpdate, params, "Result: success\nSTID: 1\n")
    };
    let shown = "Result: success\nHandle: DENIC-22123-ANN\n[VerificationInformation]\nVerifiedClaim: name\nVerificationResult: success\n";
    hold(
        &rri("5.0"),
        vec![
            row(kind, Message("contact_verification_required"), &["due 2024-06-06T13:51:08Z message"]),
            row(kind, update("Success"), &["met"]),
            row(kind, update("failed"), &[]),
            row(kind, Answer(ContactUpdate, handle(), "Result: success\nSTID: 1\n"), &[]),
            row(kind, Answer(ContactInfo, handle(), "contact.info"), &["met"]),
            row(kind, Answer(ContactInfo, handle(), shown), &[]),
            row(
                kind,
                Message("contact_delete"),
                &["contact:DENIC-1000002-HOLDER gone", "contact:DENIC-1000002-HOLDER2 gone"],
            ),
        ],
    );
    let rri = rri("5.0");
    let answer = rri.decode(Operation::MessageRead, text("message.read.contact_verification_required").as_bytes());
    let Head::Message(message) = rri.head(&answer.unwrap()) else { panic!("a message") };
    let empty = Map::new();
    let words = calendar(
        &rri,
        &Heard {
            account: ACCOUNT,
            object: message.object.as_ref().unwrap(),
            what: Told(message.kind),
            params: &empty,
            data: &message.data,
            code: None,
            named: &message.deadlines,
            at: message.written_at.unwrap(),
            evidence: "test",
        },
    );
    assert_eq!(
        Value::Object(words[0].note.clone()),
        json!({"claims": ["name", "address"], "domains_total": 2753, "earliest_domain": "denic.de"})
    );
}

#[test]
fn contacts_are_kept() {
    let kind = ContactRetention;
    let used = || json!({"domain": "example.de", "holder": "denic-22123-ann", "general_request": "DENIC-22123-GR"});
    let both: &[&str] = &["contact:DENIC-22123-ANN cleared", "contact:DENIC-22123-GR cleared"];
    let create = || Answer(ContactCreate, json!({"handle": "DENIC-22123-ANN"}), "Result: success\nSTID: 1\n");
    let delete =
        || Answer(DomainDelete, json!({"domain": "example.de", "holder": ["DENIC-22123-ANN"]}), "domain.delete");
    let asked = |text| Answer(ContactInfo, json!({"handle": "DENIC-22123-ANN"}), text);
    hold(
        &rri("5.0"),
        vec![
            at("2026-08-31T10:00:00Z", row(kind, create(), &["due 2027-02-28T11:00:00Z rule"])),
            at("2023-10-02T10:00:00Z", row(kind, create(), &["due 2024-04-02T10:00:00Z rule"])),
            row(kind, Answer(DomainCreate, used(), "domain.create.verify"), both),
            row(kind, Answer(DomainTransfer, used(), "domain.transfer.connect"), both),
            row(kind, Answer(DomainUpdate, used(), "Result: success\nSTID: 1\n"), both),
            row(kind, Answer(DomainChangeHolder, used(), "Result: success\nSTID: 1\n"), both),
            row(kind, info("Status: connect"), &["contact:DENIC-22123-ANN cleared"]),
            row(kind, info("Status: redemptionPeriod"), &[]),
            // Free in October, six full years, and free in January after the end of the year.
            at("2023-09-15T10:00:00Z", row(kind, delete(), &["contact:DENIC-22123-ANN due 2029-12-31T23:00:00Z rule"])),
            at("2026-12-15T10:00:00Z", row(kind, delete(), &["contact:DENIC-22123-ANN due 2033-12-31T23:00:00Z rule"])),
            row(kind, done(DomainDelete), &[]),
            row(
                kind,
                Message("contact_delete"),
                &[
                    "contact:DENIC-1000002-HOLDER missed",
                    "contact:DENIC-1000002-HOLDER gone",
                    "contact:DENIC-1000002-HOLDER2 missed",
                    "contact:DENIC-1000002-HOLDER2 gone",
                ],
            ),
            row(kind, asked("Result: failed\nERROR: 53000060009 Contact does not exist\n"), &["gone"]),
            row(kind, asked("contact.info"), &[]),
        ],
    );
}

#[test]
fn a_locked_domain_and_a_lost_order() {
    let kind = RegistryLockConfirmation;
    let locked = |operation| Answer(operation, example(), LOCK);
    let contact = || json!({"handle": "DENIC-22123-ANN"});
    hold(
        &rri("5.0"),
        vec![
            // Without weekends, 24 to 26 and 31 December, and New Year.
            at("2026-12-21T10:00:00Z", row(kind, locked(DomainUpdate), &["due 2027-01-05T23:00:00Z rule"])),
            row(kind, locked(DomainChangeHolder), &["due 2026-03-19T23:00:00Z rule"]),
            row(kind, locked(DomainDelete), &["due 2026-03-19T23:00:00Z rule"]),
            row(kind, Answer(ContactUpdate, contact(), LOCK), &["due 2026-03-19T23:00:00Z rule"]),
            row(
                kind,
                Answer(Operation::Raw, json!({"request": "Version: 5.0\nAction: UPDATE\nDomain: example.de\n"}), LOCK),
                &["due 2026-03-19T23:00:00Z rule"],
            ),
            row(kind, locked(DomainTransfer), &[]),
            row(kind, locked(DomainTransit), &[]),
            row(kind, Answer(DomainUpdate, example(), "Result: failed\nERROR: 53000080011 DISPUTE\n"), &[]),
            row(kind, done(DomainUpdate), &["met"]),
            row(kind, done(DomainChangeHolder), &["met"]),
            row(kind, done(DomainDelete), &["met"]),
            row(kind, done(DomainTransit), &["met", "gone"]),
            row(kind, Answer(ContactUpdate, contact(), "Result: success\nSTID: 1\n"), &["met"]),
            row(kind, info("Status: connect\nRegistryLock: true"), &[]),
            row(kind, info("Status: connect"), &["cleared"]),
            row(TransactionIdReuse, Move(GaveUp), &["due 2028-03-10T10:00:00Z rule"]),
            row(TransactionIdReuse, Move(Settled), &["cleared"]),
            row(TransactionIdReuse, done(DomainUpdate), &[]),
        ],
    );
}
