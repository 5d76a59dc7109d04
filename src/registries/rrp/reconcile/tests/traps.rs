//! What arrives late, requests in the registry's own words, the hour that comes twice, an id nobody knows.

use super::*;

/// An order that arrives late would count once more where the next order has made things as they were.
#[test]
fn that_a_write_is_not_there_is_believed_at_the_second_look() {
    for operation in super::super::super::PLUGIN.operations {
        let minute = operation.writes() && *operation != DomainRenew;
        assert_eq!(settles(*operation).as_secs(), if minute { 60 } else { 0 }, "{operation}");
    }
}

#[test]
fn a_request_of_ones_own_is_settled_as_the_order_it_is() {
    let renew = json!({ "request": "renew\nEntityName:Domain\nDomainName:example.com\n-Period:1\n-CurrentExpirationYear:2027" });
    let shown = ours(OLD, NEW, &["registration expiration date:2028-09-22 10:27:00.0"]);
    assert_eq!(found(None, Raw, &renew, &[shown]).0, "applied");
    let modify = json!({ "request": "mod\nEntityName:Domain\nDomainName:example.com\nNameServer:ns1.example.net=" });
    assert_eq!(found(None, Raw, &modify, &[ours(OLD, NEW, &[])]).0, "applied");
    // Without both options a renewal may count again and again.
    let blind = json!({ "request": "renew\nEntityName:Domain\nDomainName:example.com" });
    assert_eq!(found(None, Raw, &blind, &[]).0, "unknown");
    let strange = json!({ "request": "restore\nEntityName:Domain\nDomainName:example.com" });
    assert_eq!(found(None, Raw, &strange, &[]).0, "unknown");
    let asks = json!({ "request": "describe" });
    let finding = play(false, None, None, (Raw, &asks), &[]).1.unwrap();
    assert!(matches!(finding, Finding::Nothing { same_transaction: false, .. }));
}

#[test]
fn the_hour_that_comes_twice_and_an_id_nobody_knows_decide_nothing() {
    // 01:30 in the hour that comes twice: 05:30 or 06:30 UTC.
    let params = json!({ "domain": "example.com", "years": 1 });
    let params = params.as_object().unwrap();
    let shown = ours("2026-11-01 01:30:00.0", NEW, &[]);
    let find = |rrp: &Rrp, since: &str| {
        let since = since.parse().unwrap();
        let doubt = Doubt {
            account: "one",
            operation: DomainCreate,
            params,
            transaction: "rd-1-1",
            since,
            so_already: None,
            taken: None,
        };
        match next(rrp, &doubt, None, std::slice::from_ref(&shown)) {
            Step::Found(finding) => finding.word(),
            Step::Ask(_) => panic!("it asks on"),
        }
    };
    assert_eq!(find(&rrp(), "2026-11-01T05:00:00Z"), "applied");
    assert_eq!(find(&rrp(), "2026-11-01T06:00:00Z"), "unknown");
    assert_eq!(find(&rrp(), "2026-11-01T06:40:00Z"), "foreign");
    let nobody = Rrp::new(&WireOptions::default()).unwrap();
    assert_eq!(find(&nobody, "2026-11-01T05:00:00Z"), "unknown");
}
