//! Every kind of this registry: what is heard, and what that means for it.

use std::collections::BTreeSet;

use serde_json::{Map, json};

use super::*;
use crate::model::Verdict;
use crate::registries::{Dialect, WireOptions};

struct Row {
    kind: DeadlineKind,
    at: &'static str,
    what: On,
    answer: String,
    says: &'static [&'static str],
}

/// What is heard, and the words about a kind. The answer is a golden file, or its text.
fn row(kind: DeadlineKind, at: &'static str, what: On, answer: &str, says: &'static [&'static str]) -> Row {
    Row { kind, at, what, answer: answer.into(), says }
}

fn rrp() -> Rrp {
    Rrp::new(&WireOptions { account: "registrarA".into(), ..WireOptions::default() }).unwrap()
}

fn text(golden: &str) -> String {
    if golden.contains('\n') {
        return golden.to_owned();
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rrp");
    std::fs::read_to_string(folder.join(format!("answer.domain.{golden}.rrp"))).unwrap()
}

/// STATUS of a domain of ours.
fn status(lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("200 Command completed successfully\r\nregistrar:registrarA\r\n{lines}.\r\n")
}

fn heard(rrp: &Rrp, row: &Row) -> Vec<String> {
    let (Done(operation) | Taken(operation) | Refused(operation)) = row.what else { panic!("{:?}", row.what) };
    let answer = rrp.decode(operation, text(&row.answer).as_bytes()).unwrap();
    let judgement = rrp.judge(operation, &answer);
    // A transfer that was taken is done later, by what STATUS shows then, and another may have been taken back.
    let judged = match judgement.verdict {
        Verdict::Done => Done(operation),
        Verdict::Pending(_) => Taken(operation),
        Verdict::Refused(_) | Verdict::RefusedUnlessLost(_) => Refused(operation),
        // The answer to a question about a lost order, which that order would never get.
        Verdict::Unsure(_) => row.what,
        other => panic!("{other:?}"),
    };
    assert!(judged == row.what || operation == DomainTransfer, "{judged:?}, not {:?}", row.what);
    let kind = if operation == OrderCancel { ObjectKind::Order } else { ObjectKind::Domain };
    let (object, params) = (ObjectKey::new(kind, "example.com"), json!({"domain": "example.com"}));
    let params = match operation {
        Operation::Raw => json!({"request": "del\nEntityName:Domain\nDomainName:example.com\n."}),
        _ => params,
    };
    let words = rrp.calendar(&Heard {
        account: "example",
        object: &object,
        what: row.what,
        params: params.as_object().unwrap_or(&Map::new()),
        data: &answer.data,
        code: answer.leading_code(),
        named: &judgement.deadlines,
        at: row.at.parse().unwrap(),
        evidence: "test",
    });
    told(row.kind, &object, &words)
}

fn told(wanted: DeadlineKind, object: &ObjectKey, words: &[Word]) -> Vec<String> {
    let told = words.iter().filter_map(|word| {
        let (kind, says) = match &word.says {
            Says::Due { kind, due } => (*kind, format!("due {due} {}", word.basis)),
            Says::Met { kind, .. } => (*kind, "met".into()),
            Says::Missed { kind, .. } => (*kind, "missed".into()),
            Says::Passed { kind, .. } => (*kind, "passed".into()),
            Says::Cleared { kind, .. } => (*kind, "cleared".into()),
            Says::Absent { kind } => (*kind, "absent".into()),
            Says::Gone { .. } => (wanted, "gone".into()),
            other => panic!("{other:?}"),
        };
        let about = if word.object == *object { String::new() } else { format!("{} ", word.object) };
        (kind == wanted).then(|| format!("{about}{says}"))
    });
    told.collect()
}

fn hold(rrp: &Rrp, rows: &[Row]) {
    let wrong: Vec<_> = rows
        .iter()
        .enumerate()
        .filter_map(|(number, row)| {
            let heard = heard(rrp, row);
            (heard != row.says).then(|| format!("row {number}, {}: {heard:?}, not {:?}", row.kind, row.says))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const AT: &str = "2026-03-06T12:00:00Z";
const OK: &str = "200 Command completed successfully\r\n.\r\n";
const ACTIVE: &str = "status:ACTIVE";

#[test]
fn the_end_of_a_registration() {
    let kind = DomainExpiry;
    let expiry = "registration expiration date:2027-11-07 01:30:00.0";
    hold(
        &rrp(),
        &[
            row(kind, AT, Done(DomainCreate), "create", &["due 2009-09-22T14:27:00Z answer"]),
            row(kind, AT, Done(DomainInfo), "info", &["due 2010-09-22T14:27:00Z answer"]),
            // In the hour that comes twice: the first.
            row(kind, AT, Done(DomainInfo), &status(&[ACTIVE, expiry]), &["due 2027-11-07T05:30:00Z answer"]),
            row(kind, AT, Done(DomainInfo), &status(&[ACTIVE]), &["absent"]),
            row(kind, AT, Done(DomainRenew), "renew", &["met", "due 2010-09-22T14:27:00Z answer"]),
            row(kind, AT, Done(DomainRenew), OK, &[]),
            row(kind, AT, Done(DomainInfo), &status(&["status:REDEMPTIONPERIOD", expiry]), &["passed", "cleared"]),
            row(kind, AT, Done(DomainDelete), "delete", &["cleared"]),
            row(kind, AT, Done(DomainDelete), "check.free", &["gone"]),
            row(kind, AT, Done(Operation::Raw), OK, &["cleared"]),
            row(kind, AT, Refused(DomainInfo), "info.none", &["gone"]),
            row(kind, AT, Refused(DomainInfo), "info.foreign", &["gone"]),
            row(kind, AT, Done(Operation::DomainCheck), "check.free", &[]),
            row(kind, AT, Done(DomainTransferApprove), "transfer_approve", &["gone"]),
        ],
    );
}

#[test]
fn grace_periods() {
    let created = |date: &str| status(&[ACTIVE, &format!("created date:{date}")]);
    let came = |date: &str| status(&[ACTIVE, &format!("registrar transfer date:{date}")]);
    let renewed = |expiry: &str, updated: &str, by: &str| {
        let (expiry, updated) = (format!("registration expiration date:{expiry}"), format!("updated date:{updated}"));
        status(&[ACTIVE, &expiry, &updated, &format!("updated by:{by}")])
    };
    let leap = renewed("2029-02-28 10:00:00.0", "2028-02-28 10:00:04.0", "REGISTRY");
    let ours = renewed("2029-02-28 10:00:00.0", "2028-02-28 10:00:04.0", "REGISTRARA");
    let before = renewed("2029-02-28 10:00:00.0", "2028-02-20 10:00:04.0", "REGISTRY");
    let later = "2028-03-10T12:00:00Z";
    hold(
        &rrp(),
        &[
            // The clocks go forward on 8 March, and back on 1 November.
            row(AddGraceEnd, AT, Done(DomainCreate), "create", &["due 2026-03-11T11:00:00Z rule"]),
            row(
                AddGraceEnd,
                AT,
                Done(DomainInfo),
                &created("2026-03-05 10:00:00.0"),
                &["due 2026-03-10T14:00:00Z rule"],
            ),
            row(
                AddGraceEnd,
                AT,
                Done(DomainCreate),
                &created("2026-03-05 10:00:00.0"),
                &["due 2026-03-10T14:00:00Z rule"],
            ),
            row(AddGraceEnd, AT, Done(DomainInfo), "info", &[]),
            row(AddGraceEnd, AT, Done(DomainInfo), &status(&[ACTIVE]), &[]),
            row(AddGraceEnd, AT, Done(DomainDelete), "delete", &["cleared"]),
            row(RenewGraceEnd, "2026-10-30T12:00:00Z", Done(DomainRenew), "renew", &["due 2026-11-04T13:00:00Z rule"]),
            row(RenewGraceEnd, "2026-12-30T12:00:00Z", Done(DomainRenew), OK, &["due 2027-01-04T12:00:00Z rule"]),
            row(RenewGraceEnd, AT, Done(DomainDelete), "delete", &["cleared"]),
            row(
                TransferGraceEnd,
                AT,
                Done(DomainTransfer),
                &came("2026-03-05 10:00:00.0"),
                &["due 2026-03-10T14:00:00Z rule"],
            ),
            row(TransferGraceEnd, AT, Done(DomainTransfer), OK, &["due 2026-03-11T11:00:00Z rule"]),
            row(
                TransferGraceEnd,
                "2026-12-30T12:00:00Z",
                Done(DomainInfo),
                &came("2026-12-29 10:00:00.0"),
                &["due 2027-01-03T15:00:00Z rule"],
            ),
            row(TransferGraceEnd, AT, Done(DomainInfo), "info", &[]),
            row(TransferGraceEnd, AT, Done(DomainDelete), "delete", &["cleared"]),
            row(AutoRenewGraceEnd, later, Done(DomainInfo), &leap, &["due 2028-04-13T14:00:00Z rule"]),
            row(AutoRenewGraceEnd, later, Done(DomainInfo), &ours, &[]),
            row(AutoRenewGraceEnd, later, Done(DomainInfo), &before, &[]),
            row(AutoRenewGraceEnd, "2028-04-14T12:00:00Z", Done(DomainInfo), &leap, &[]),
            row(AutoRenewGraceEnd, later, Done(DomainDelete), "delete", &["cleared"]),
            row(AutoRenewGraceEnd, later, Refused(DomainInfo), "info.none", &["gone"]),
        ],
    );
}

#[test]
fn transfers() {
    let kind = TransferDecision;
    hold(
        &rrp(),
        &[
            row(kind, AT, Taken(DomainTransfer), "transfer", &["due 2026-03-11T11:00:00Z rule"]),
            row(kind, "2026-12-29T12:00:00Z", Taken(DomainTransfer), "transfer", &["due 2027-01-03T12:00:00Z rule"]),
            row(kind, AT, Done(DomainTransfer), "info", &["met"]),
            row(kind, AT, Refused(DomainTransfer), "transfer.flagged", &["cleared"]),
            row(kind, AT, Done(OrderCancel), "transfer_reject", &["domain:example.com cleared"]),
            row(kind, AT, Done(DomainTransferApprove), "transfer_approve", &["met", "gone"]),
            row(kind, AT, Done(DomainTransferReject), "transfer_reject", &["met"]),
            row(kind, AT, Refused(DomainTransferReject), "transfer_reject.none", &[]),
            // Not ours by then: Gone is missed where the date has passed.
            row(kind, AT, Refused(DomainInfo), "info.foreign", &["gone"]),
        ],
    );
    let patient = rrp().with(super::super::limits::zone(), 7);
    hold(&patient, &[row(kind, AT, Taken(DomainTransfer), "transfer", &["due 2026-03-13T11:00:00Z rule"])]);
}

#[test]
fn deletions() {
    let with = |word: &str| status(&[&format!("status:{word}")]);
    hold(
        &rrp(),
        &[
            row(RedemptionEnd, AT, Done(DomainDelete), "delete", &["due 2026-04-05T11:00:00Z rule"]),
            row(RedemptionEnd, "2026-12-15T12:00:00Z", Done(DomainDelete), OK, &["due 2027-01-14T12:00:00Z rule"]),
            row(RedemptionEnd, AT, Done(Operation::Raw), OK, &["due 2026-04-05T11:00:00Z rule"]),
            row(RedemptionEnd, AT, Done(DomainDelete), "check.free", &["gone"]),
            row(RedemptionEnd, AT, Done(DomainInfo), &with("REDEMPTIONPERIOD"), &[]),
            row(RedemptionEnd, AT, Done(DomainInfo), &with("pendingdelete"), &["missed"]),
            row(RedemptionEnd, AT, Done(DomainInfo), &with("ACTIVE"), &["met"]),
            row(RedemptionEnd, AT, Done(DomainCreate), "create", &["absent"]),
            row(RedemptionEnd, AT, Refused(DomainInfo), "info.none", &["gone"]),
            row(PendingDelete, AT, Done(DomainDelete), "delete", &["due 2026-04-10T11:00:00Z rule"]),
            row(PendingDelete, AT, Done(DomainInfo), &with("PENDINGDELETE"), &[]),
            row(PendingDelete, AT, Done(DomainInfo), &with("ACTIVE"), &["met"]),
            row(PendingDelete, AT, Done(DomainCreate), "create", &["absent"]),
            row(PendingDelete, AT, Done(DomainDelete), "check.free", &["gone"]),
        ],
    );
}

#[test]
fn the_documented_kinds_are_those_of_the_table() {
    let ruled: BTreeSet<_> = RULES.iter().flat_map(|rule| rule.then.kinds()).map(DeadlineKind::word).collect();
    let page = include_str!("../../../../docs/rrp.md");
    let table = page.split_once("## Deadlines").map_or("", |(_, table)| table);
    let table = table.split_once("\n## ").map_or(table, |(table, _)| table);
    let documented: BTreeSet<_> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(documented, ruled);
    assert!(RULES.iter().all(|rule| rule.source.starts_with("RRP ")));
}
