//! What the clock brings: renewals, the registry's decision, redemption, money that comes back.

use registrard::sandbox::{RrpDays, RrpOptions, TransferDecision};

use super::client::*;

#[tokio::test]
async fn the_registry_renews_what_expires() {
    let world = World::new().await;
    let expires = year(&world.login(0).await.order("200", "add domain example.com -Period:1").await);
    world.days(367).await;
    let mut line = world.login(0).await;
    let status = line.order("200", "status domain example.com").await;
    assert_eq!((year(&status), values(&status, "updated by")), (expires + 1, vec!["registry".to_owned()]));
    line.order("555", &format!("renew domain example.com -Period:1 -CurrentExpirationYear:{expires}")).await;
    assert_eq!(world.balance("registrarA").await, 100_000_000 - 1200);
    // Within 45 days it is not too late to say no: the year is paid back, and the name kept for a while.
    world.days(40).await;
    let mut line = world.login(0).await;
    line.order(DONE, "del domain example.com").await;
    assert_eq!(world.balance("registrarA").await, 100_000_000 - 600);
    let status = line.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "status"), ["REDEMPTIONPERIOD"]);
    for words in [
        "del domain example.com",
        "mod domain example.com Status:REGISTRAR-LOCK",
        "renew domain example.com -Period:1 -CurrentExpirationYear:2030",
    ] {
        line.order("552", words).await;
    }
    let mut other = world.login(1).await;
    other.order("552", "transfer domain example.com").await;
    other.order("540", "add domain example.com -Period:1").await;
    assert_eq!(world.days(30).await["happened"], 1);
    let status = world.login(0).await.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "status"), ["PENDINGDELETE"]);
    assert_eq!(world.days(5).await["happened"], 1);
    world.login(1).await.order("200", "add domain example.com -Period:1").await;
}

#[tokio::test]
async fn many_small_moves_are_one_long_move() {
    let (one, many) = (World::new().await, World::new().await);
    for world in [&one, &many] {
        let mut line = world.login(0).await;
        line.order("200", "add domain example.com -Period:2").await;
        line.order("200", "add domain example.net -Period:1").await;
        world.login(1).await.order(DONE, "transfer domain example.net").await;
    }
    one.days(1200).await;
    for _ in 0..12 {
        many.days(100).await;
    }
    for name in ["example.com", "example.net"] {
        let (one, many) = (one.domain(name).await, many.domain(name).await);
        assert_eq!((&one["registrar"], &one["statuses"]), (&many["registrar"], &many["statuses"]));
        assert_eq!(one["fees"].as_array().unwrap().len(), many["fees"].as_array().unwrap().len());
        assert_eq!(one["expires"].as_str().unwrap()[..10], many["expires"].as_str().unwrap()[..10]);
    }
    assert_eq!(one.balance("registrarB").await, many.balance("registrarB").await);
}

#[tokio::test]
async fn the_registry_decides_after_five_days() {
    for (decision, registrar, years) in
        [(TransferDecision::Approve, "registrarB", 1), (TransferDecision::Reject, "registrarA", 0)]
    {
        let world = World::with(RrpOptions { decision, ..RrpOptions::default() }, &[]).await;
        let mut line = world.login(0).await;
        let expires = year(&line.order("200", "add domain example.com -Period:2").await);
        world.login(1).await.order(DONE, "transfer domain example.com").await;
        world.seconds(5 * 86_400 - 60).await;
        assert_eq!(world.domain("example.com").await["registrar"], "registrarA");
        world.seconds(61).await;
        assert_eq!(world.domain("example.com").await["registrar"], registrar);
        let owner = usize::from(decision == TransferDecision::Approve);
        let status = world.login(owner).await.order("200", "status domain example.com").await;
        assert_eq!(year(&status), expires + years);
        assert_eq!(values(&status, "registrar transfer date").len(), owner);
        assert_eq!(world.balance("registrarB").await, 100_000_000 - i64::from(years) * 600);
        world.login(owner).await.order("534", "transfer domain example.com -Approve:No").await;
        assert!(world.effects("domain.transfer_approve").is_empty(), "nobody ordered that");
    }
}

#[tokio::test]
async fn of_a_name_with_that_word_it_decides_at_once() {
    let world = World::new().await;
    world.login(0).await.order("200", "add domain decided-1.com -Period:1").await;
    let mut line = world.login(1).await;
    line.order(DONE, "transfer domain decided-1.com").await;
    let status = line.order("200", "status domain decided-1.com").await;
    assert_eq!(values(&status, "registrar"), ["registrarB"]);
}

#[tokio::test]
async fn a_transfer_never_passes_ten_years_and_is_paid_back_if_deleted() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    let expires = year(&line.order("200", "add domain example.com -Period:10").await);
    world.days(100).await;
    world.login(1).await.order(DONE, "transfer domain example.com").await;
    world.login(0).await.order(DONE, "transfer domain example.com -Approve:Yes").await;
    let mut line = world.login(1).await;
    let status = line.order("200", "status domain example.com").await;
    assert!((expires..=expires + 1).contains(&year(&status)), "{status}");
    line.order(DONE, "del domain example.com").await;
    assert_eq!(world.balance("registrarB").await, 100_000_000);
    assert_eq!(world.domain("example.com").await["stage"], "redemption");
}

#[tokio::test]
async fn deleting_before_and_after_the_add_grace() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.order("200", "add domain example.com -Period:1").await;
    line.order("200", "add domain example.net -Period:1").await;
    line.order(DONE, "del domain example.com").await;
    line.order("210", "check domain example.com").await;
    assert_eq!(world.balance("registrarA").await, 100_000_000 - 600);
    world.days(6).await;
    let mut line = world.login(0).await;
    line.order(DONE, "del domain example.net").await;
    line.order("211", "check domain example.net").await;
    assert_eq!(world.balance("registrarA").await, 100_000_000 - 600);
    // Before there was a redemption period, a name was free at once.
    let days = RrpDays { redemption: 0, ..RrpDays::default() };
    let world = World::with(RrpOptions { days, ..RrpOptions::default() }, &[]).await;
    world.login(0).await.order("200", "add domain example.net -Period:1").await;
    world.days(6).await;
    let mut line = world.login(0).await;
    line.order(DONE, "del domain example.net").await;
    line.order("210", "check domain example.net").await;
}

#[tokio::test]
async fn without_automatic_renewal_what_others_need_waits_for_them() {
    let world = World::with(RrpOptions { auto_renew: false, ..RrpOptions::default() }, &[]).await;
    let mut line = world.login(0).await;
    line.order("200", "add domain example.com -Period:1").await;
    line.order("200", "add domain example.org -Period:1").await;
    line.order(DONE, "add host ns1.example.com IPAddress:192.0.2.1").await;
    world.login(1).await.order("200", "add domain example.net -Period:9 NameServer:ns1.example.com").await;
    world.days(367).await;
    assert_eq!(world.domain("example.org").await["stage"], "redemption");
    let mut line = world.login(0).await;
    let status = line.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "status"), ["REGISTRY-DELETE-NOTIFY"]);
    let guard = year(&status);
    line.order("552", &format!("renew domain example.com -Period:1 -CurrentExpirationYear:{guard}")).await;
    line.order("552", "del domain example.com").await;
    world.login(1).await.order(DONE, "mod domain example.net NameServer:ns1.example.com=").await;
    let status = line.order("200", "status domain example.com").await;
    assert_eq!(values(&status, "status"), ["REDEMPTIONPERIOD"]);
    line.order("212", "check host ns1.example.com").await;
}
