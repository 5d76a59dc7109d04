//! Domains: from their verification to their end.

use super::*;

#[test]
fn verification() {
    let kind = VerificationBeforeDedelegation;
    let by_foreign = || Answer(DomainInfo, example(), FOREIGN);
    let update = |golden| Answer(DomainUpdate, example(), golden);
    hold(
        &rri("5.0"),
        vec![
            row(kind, Answer(DomainCreate, example(), "domain.create.verify"), &["due 2024-12-09T14:45:01Z answer"]),
            row(kind, Message("domain_status_update"), &["due 2024-06-06T13:51:08Z message"]),
            row(kind, Message("contact_verification_required"), &["domain:denic.de due 2024-06-06T13:51:08Z message"]),
            row(
                kind,
                Answer(DomainInfo, json!({"domain": "de-example.de"}), "domain.info.own"),
                &["due 2024-06-04T22:00:00Z answer"],
            ),
            row(kind, info("Status: connect"), &["absent"]),
            row(kind, info("Status: serverHold"), &["missed", "absent"]),
            row(kind, Message("domain_status_update_connect"), &["absent"]),
            row(kind, Message("domain_status_update_hold"), &["missed", "absent"]),
            row(kind, Answer(DomainChangeHolder, example(), "domain.change_holder.hold"), &["missed"]),
            row(kind, update("Result: success\nINFO: 53000080015 Domain \"Status\" is \"serverHold\"\n"), &["missed"]),
            row(kind, update("Result: success\n"), &[]),
            row(kind, Answer(DomainDelete, example(), "domain.delete"), &["cleared"]),
            row(kind, by_foreign(), &["passed", "cleared"]),
            row(
                kind,
                Answer(DomainAuthcodeCheck, json!({"domain": "example.de", "auth_info": "x"}), FOREIGN),
                &["passed", "cleared"],
            ),
            row(kind, Answer(DomainInfo, example(), UNKNOWN), &["passed", "cleared"]),
            row(kind, Answer(DomainInfo, example(), "Result: success\nDomain: example.de\nStatus: connect\n"), &[]),
            row(kind, Answer(Operation::MessageRead, json!({}), "message.read.domain_status_update"), &[]),
            row(
                VerificationBeforeDeletion,
                Answer(DomainChangeHolder, example(), "domain.change_holder.hold"),
                &["due 2024-12-16T14:45:01Z answer"],
            ),
            row(
                VerificationBeforeDeletion,
                Message("contact_verification_required"),
                &["domain:denic.de due 2024-06-13T13:51:08Z message"],
            ),
            row(VerificationBeforeDeletion, Message("domain_status_update_connect"), &["absent"]),
            row(VerificationBeforeDeletion, info("Status: connect"), &["absent"]),
            row(VerificationBeforeDeletion, Message("domain_delete"), &["missed", "gone"]),
            row(VerificationBeforeDeletion, Message("domain_delete_ticket"), &["gone"]),
            row(
                VerificationBeforeDeletion,
                Answer(DomainAuthcodeRequest, example(), "domain.authcode_request.hold"),
                &[],
            ),
        ],
    );
    // Protocols that have no words for a date do not deny it.
    hold(
        &rri("4.0"),
        vec![row(kind, info("Status: connect"), &[]), row(FailedDomainExpiry, info("Status: connect"), &["absent"])],
    );
}

#[test]
fn failed_domains() {
    let kind = FailedDomainExpiry;
    let update = |golden| Answer(DomainUpdate, example(), golden);
    hold(
        &rri("5.0"),
        vec![
            row(kind, Answer(DomainCreate, example(), "domain.create.failed"), &["due 2021-08-20T11:06:05Z answer"]),
            row(kind, Answer(DomainRestore, example(), "domain.create.failed"), &["due 2021-08-20T11:06:05Z answer"]),
            row(kind, info("Status: failed\nExpire: 2026-04-01T12:00:00+02:00"), &["due 2026-04-01T10:00:00Z answer"]),
            row(kind, Message("expire_warning"), &["due 2010-07-05T14:37:50Z message"]),
            row(kind, update("domain.create.failed"), &["due 2021-08-20T11:06:05Z answer"]),
            row(kind, update("Result: success\nSTID: 1\n"), &["absent"]),
            row(kind, update("domain.update.pending"), &["absent"]),
            row(kind, Answer(DomainChangeHolder, example(), "domain.change_holder.connect"), &["absent"]),
            row(kind, info("Status: connect"), &["absent"]),
            row(kind, Message("domain_status_update_connect"), &["absent"]),
            row(kind, Message("domainStatusUpdate\nDomain: example.de\nStatus: failed\n"), &[]),
            row(kind, done(DomainDelete), &["cleared"]),
            row(kind, Message("expire"), &["missed", "gone"]),
        ],
    );
}

#[test]
fn the_redemption_period() {
    let kind = RedemptionEnd;
    let delete = || done(DomainDelete);
    let checked = |status: &'static str| Answer(Operation::DomainCheck, example(), status);
    hold(
        &rri("5.0"),
        vec![
            at("2026-08-01T10:00:00Z", row(kind, delete(), &["due 2026-08-31T10:00:00Z rule"])),
            // Both changes of the clocks, the hour that does not exist, the one that comes twice, and the end of a year.
            at("2026-03-01T01:30:00Z", row(kind, delete(), &["due 2026-03-31T00:30:00Z rule"])),
            at("2026-10-01T10:00:00Z", row(kind, delete(), &["due 2026-10-31T11:00:00Z rule"])),
            at("2026-02-27T01:30:00Z", row(kind, delete(), &["due 2026-03-29T01:30:00Z rule"])),
            at("2026-09-25T00:30:00Z", row(kind, delete(), &["due 2026-10-25T00:30:00Z rule"])),
            at("2026-12-15T10:00:00Z", row(kind, delete(), &["due 2027-01-14T10:00:00Z rule"])),
            at("2028-01-30T10:00:00Z", row(kind, delete(), &["due 2028-02-29T10:00:00Z rule"])),
            at(
                "2026-08-01T10:00:00Z",
                row(kind, Answer(DomainDelete, example(), "domain.delete"), &["due 2026-08-31T10:00:00Z rule"]),
            ),
            row(kind, Answer(DomainDelete, example(), "Result: success\nINFO: 13350000001 Deleted\n"), &["gone"]),
            at("2026-08-20T10:00:00Z", row(kind, done(DomainAuthcodeRequest), &["moves 2026-09-19T10:00:00Z rule"])),
            row(kind, Answer(DomainAuthcodeRequest, example(), "domain.authcode_request.hold"), &[]),
            row(kind, Message("authInfo2Notify\nDomain: example.de\n"), &["moves 2026-04-09T09:00:00Z rule"]),
            row(kind, done(DomainRestore), &["met"]),
            row(kind, Answer(DomainRestore, example(), "domain.update.pending"), &["met"]),
            row(kind, Answer(DomainTransfer, example(), "domain.transfer.connect"), &["met"]),
            row(kind, info("Status: connect"), &["met"]),
            row(kind, info("Status: redemptionPeriod"), &[]),
            row(kind, Answer(DomainInfo, example(), UNKNOWN), &["passed"]),
            row(kind, Answer(DomainInfo, example(), FOREIGN), &["passed", "cleared"]),
            row(kind, Answer(DomainCreate, example(), "domain.create.verify"), &["absent"]),
            row(kind, checked("Result: success\nDomain: example.de\nStatus: redemptionPeriod\n"), &[]),
            row(kind, checked("Result: success\nDomain: example.de\nStatus: free\n"), &[]),
        ],
    );
}

#[test]
fn a_deleted_domain_is_free_on_the_day_after_its_redemption_period() {
    let (rri, object) = (rri("5.0"), ObjectKey::new(ObjectKind::Domain, "example.de"));
    // 02:00 does not exist on the day after the first, and the second ends a year.
    for (at, from, until) in [
        ("2026-02-26T10:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"),
        ("2026-12-01T10:00:00Z", "2027-01-01T01:00:00Z", "2027-01-01T03:00:00Z"),
        ("2026-08-01T22:30:00Z", "2026-09-02T00:00:00Z", "2026-09-02T02:00:00Z"),
    ] {
        let words = calendar(
            &rri,
            &Heard {
                account: ACCOUNT,
                object: &object,
                what: Done(DomainDelete),
                params: &Map::new(),
                data: &Value::Null,
                code: None,
                named: &[],
                at: at.parse().unwrap(),
                evidence: "test",
            },
        );
        let due = words.iter().find(|word| matches!(word.says, Says::Due { kind: RedemptionEnd, .. })).unwrap();
        assert_eq!(due.note["released_from"], from);
        assert_eq!(due.note["released_until"], until);
        assert_eq!(due.note["rule"], "DENIC-29 6.5");
    }
}

#[test]
fn auth_infos() {
    let create = |params: Value, golden| Answer(DomainAuthcodeCreate, params, golden);
    let chosen = || json!({"domain": "example.de", "expire": "2026-03-30"});
    let named = "Result: success\nAuthInfoExpire: 2026-03-20T00:00:00+01:00\n";
    hold(
        &rri("5.0"),
        vec![
            row(
                AuthInfo1Expiry,
                create(example(), "domain.authcode_create.connect"),
                &["due 2026-04-09T09:00:00Z rule"],
            ),
            row(AuthInfo1Expiry, create(example(), named), &["due 2026-03-19T23:00:00Z answer"]),
            row(AuthInfo1Expiry, create(chosen(), named), &["due 2026-03-19T23:00:00Z answer"]),
            row(AuthInfo1Expiry, create(chosen(), "Result: success\nSTID: 1\n"), &["due 2026-03-29T22:00:00Z rule"]),
            row(
                AuthInfo1Expiry,
                info("Status: connect\nAuthInfo1: 2026-03-15T00:00:00+01:00"),
                &["due 2026-03-14T23:00:00Z answer"],
            ),
            row(AuthInfo1Expiry, info("Status: connect"), &["absent"]),
            row(AuthInfo1Expiry, done(DomainAuthcodeDelete), &["cleared"]),
            row(AuthInfo1Expiry, Answer(DomainChangeHolder, example(), "domain.change_holder.connect"), &["cleared"]),
            row(AuthInfo1Expiry, done(DomainDelete), &["cleared"]),
            row(AuthInfo1Expiry, Answer(DomainTransit, example(), "domain.transit.authinfo"), &["gone"]),
            row(AuthInfo1Expiry, Message("chprov_auth_info"), &["gone"]),
            row(AuthInfo1Expiry, Message("auth_info_expire"), &["passed"]),
            row(AuthInfo1Expiry, Message("auth_info2_delete"), &[]),
            row(AuthInfo2Expiry, done(DomainAuthcodeRequest), &["due 2026-04-09T09:00:00Z rule"]),
            row(AuthInfo2Expiry, Answer(DomainAuthcodeRequest, example(), named), &["due 2026-03-19T23:00:00Z answer"]),
            row(
                AuthInfo2Expiry,
                Answer(DomainAuthcodeRequest, example(), "domain.authcode_request.hold"),
                &["due 2026-04-09T09:00:00Z rule"],
            ),
            row(AuthInfo2Expiry, Message("auth_info2_notify"), &["due 2010-09-02T13:25:44Z rule"]),
            row(
                AuthInfo2Expiry,
                info("Status: connect\nAuthInfo2: 2026-03-15T00:00:00+01:00"),
                &["due 2026-03-14T23:00:00Z answer"],
            ),
            row(AuthInfo2Expiry, info("Status: connect"), &["absent"]),
            row(AuthInfo2Expiry, Answer(DomainTransfer, example(), "domain.transfer.connect"), &["met"]),
            row(AuthInfo2Expiry, done(DomainChangeHolder), &["cleared"]),
            row(AuthInfo2Expiry, done(DomainDelete), &["cleared"]),
            row(AuthInfo2Expiry, Answer(DomainInfo, example(), FOREIGN), &[]),
            row(AuthInfo2Expiry, Answer(DomainInfo, example(), UNKNOWN), &["passed"]),
            row(AuthInfo2Expiry, Message("auth_info2_delete"), &["cleared"]),
            row(AuthInfo2Expiry, Message("auth_info_expire"), &["passed"]),
        ],
    );
}
