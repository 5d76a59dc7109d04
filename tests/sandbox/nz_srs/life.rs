//! What the registry's clock brings: automatic renewals, grace periods, releases, UDAIs that end, both changes of New Zealand's
//! clocks.

use std::time::Duration;

use super::client::*;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(start_paused = true)]
async fn a_domain_renews_itself_until_it_is_cancelled() {
    let world = Local::new(free(), "2018-11-20T03:28:10+13:00");
    world.ask(&create_with("example.co.nz", "Term=\"1\"", "")).await;
    world.ask("<ResetMsgQ ActionId=\"r\"/>").await;
    tokio::time::advance(30 * DAY + Duration::from_secs(60)).await;
    let queue = world.ask(POLL).await;
    assert_eq!(queue.value("Response", "Rows"), "1");
    assert_eq!(
        (queue.values("Response", "OrigRegistrarId")[1].as_str(), queue.values("Response", "TransId")[1].as_str()),
        ("50", "RenewDomains-2018-12-20 03:28:10-example.co.nz")
    );
    assert_eq!(
        (queue.date("BilledUntil"), queue.cdata("AuditText")),
        ("2019-01-20 03:28:10 +13:00".into(), "RenewDomains".into())
    );
    let ack = "<AckMessage ActionId=\"ack\" OriginatingRegistrarId=\"50\" TransId=\"RenewDomains-2018-12-20 03:28:10-example.co.nz\"/>";
    assert_eq!(world.ask(ack).await.tags("AckResponse").len(), 1);
    let bills = async || world.ask("<RegistrarAccountQry/>").await.values("BillingTrans", "Type");
    assert_eq!(bills().await, ["Create"], "the renewal is billed when its grace is over");
    // Within that grace a cancellation takes it back.
    tokio::time::advance(4 * DAY).await;
    let cancelled = world.ask(&update("x", "example.co.nz", "Cancel=\"1\"", "")).await;
    assert_eq!(
        (cancelled.date("BilledUntil"), cancelled.value("Domain", "Status")),
        ("2018-12-20 03:28:10 +13:00".into(), "PendingRelease".into())
    );
    let wish = |id: &str, more: &str| update(id, "example.co.nz", &format!("Cancel=\"0\" {more}"), "");
    assert_eq!(world.ask(&wish("b-1", "")).await.error(), "INSUFFICIENT_TERM_FOR_RENEW");
    tokio::time::advance(4 * DAY).await;
    assert_eq!(bills().await, ["Create"]);
    let back = world.ask(&wish("b-2", "Renew=\"1\" Term=\"2\"")).await;
    assert_eq!(
        (back.value("Domain", "Status"), back.date("BilledUntil")),
        ("Active".into(), "2019-02-20 03:28:10 +13:00".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_domain_is_free_after_90_days() {
    let world = Local::new(free(), "2019-01-01T12:00:00+13:00");
    world.ask(&create("example.co.nz")).await;
    tokio::time::advance(10 * DAY).await;
    world.ask(&update("x", "example.co.nz", "Cancel=\"1\"", "")).await;
    world.ask("<ResetMsgQ ActionId=\"r\"/>").await;
    tokio::time::advance(90 * DAY - Duration::from_secs(1)).await;
    assert_eq!(world.ask(&whois("example.co.nz")).await.value("Domain", "Status"), "PendingRelease");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(world.ask(&whois("example.co.nz")).await.value("Domain", "Status"), "Available");
    let told = world.ask(POLL).await;
    assert_eq!(
        (told.value("Domain", "Status"), told.cdata("AuditText")),
        ("Available".into(), "ReleaseDomains".into())
    );
    assert!(told.values("Response", "TransId")[1].starts_with("ReleaseDomains-2019-04-11 "), "{}", told.text);
    assert_eq!(world.ask(&create("example.co.nz").replace("create-", "again-")).await.error(), "");
}

#[tokio::test(start_paused = true)]
async fn an_explicit_renewal_has_five_days_of_grace() {
    let world = Local::new(free(), "2019-01-01T12:00:00+13:00");
    for (name, days, until, bills) in [("a.co.nz", 4, "2020-01-01", 1), ("b.co.nz", 5, "2021-01-01", 2)] {
        let begun = world.sandbox.now();
        let until = if name == "a.co.nz" { until.to_owned() } else { until.replace("01-01", "01-11") };
        world.ask(&create(name)).await;
        tokio::time::advance(6 * DAY).await;
        world.ask(&update(&format!("r-{name}"), name, "Renew=\"1\" Term=\"12\"", "")).await;
        tokio::time::advance(days * DAY).await;
        let cancelled = world.ask(&update(&format!("x-{name}"), name, "Cancel=\"1\"", "")).await;
        assert!(cancelled.date("BilledUntil").starts_with(&until), "{name} of {begun}: {}", cancelled.text);
        let filter = format!("<RegistrarAccountQry DomainName=\"{name}\"/>");
        assert_eq!(world.ask(&filter).await.tags("BillingTrans").len(), bills, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_udai_lives_for_30_days() {
    let world = Local::new(free(), "2019-01-01T12:00:00+13:00");
    let udai = world.ask(&create("example.co.nz")).await.value("Domain", "UDAI");
    let query = format!("<UDAIValidQry QryId=\"uv-1\" DomainName=\"example.co.nz\" UDAI=\"{udai}\"/>");
    for (days, valid) in [(29, "1"), (1, "0")] {
        tokio::time::advance(days * DAY).await;
        assert_eq!(world.ask(&query).await.value("UDAIValid", "Valid"), valid);
    }
    assert_eq!(world.ask(&query.replace("example.co", "nobody.co")).await.value("UDAIValid", "Valid"), "0");
}

#[tokio::test(start_paused = true)]
async fn offsets_change_with_the_clocks() {
    // An hour before daylight saving time ends.
    let world = Local::new(free(), "2019-04-07T02:30:00+13:00");
    let answer = world.ask(&create_with("example.co.nz", "Term=\"1\"", "")).await;
    assert_eq!(
        (answer.date("RegisteredDate"), answer.date("BilledUntil")),
        ("2019-04-07 02:30:00 +13:00".into(), "2019-05-07 02:30:00 +12:00".into())
    );
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(world.ask(&whois("example.co.nz")).await.date("FeTimeStamp"), "2019-04-07 02:30:00 +12:00");
}

#[tokio::test]
async fn many_small_moves_are_one_long_move() {
    let mut seen = Vec::new();
    for steps in [1, 30] {
        let world = World::new().await;
        world.done(&create_with("a.co.nz", "Term=\"1\"", "")).await;
        world.done(&create_with("b.co.nz", "Term=\"1\"", "")).await;
        world.days(6).await;
        world.done(&update("x", "b.co.nz", "Cancel=\"1\"", "")).await;
        for _ in 0..steps {
            world.days(300 / steps).await;
        }
        let queue = world.done(POLL).await;
        let kinds: Vec<String> = queue.values("Response", "TransId")[1..]
            .iter()
            .map(|id| id.split('-').next().unwrap().to_owned())
            .collect();
        seen.push((kinds, queue.value("Response", "Rows")));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].0.iter().filter(|kind| *kind == "RenewDomains").count() >= 9, "{seen:?}");
}
