//! The samples of RFC 2832 and RFC 3632, byte by byte, with the dates they have: a sandbox whose clock begins in 1998.

use std::time::Duration;

use registrard::sandbox::{LocalSandbox, RrpOptions, RrpVersion};

use super::client::*;

/// Half past ten in New York, within summer time as all days of the samples.
const BEGIN: &str = "1998-09-22T14:27:00Z";

fn old() -> RrpOptions {
    RrpOptions { version: RrpVersion::V110, ..RrpOptions::default() }
}

/// Moves time to the instant; sessions do not survive that.
async fn until(sandbox: &LocalSandbox, instant: &str) {
    let left = instant.parse::<jiff::Timestamp>().unwrap().duration_since(sandbox.now());
    tokio::time::advance(Duration::try_from(left).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn greeting_describe_and_quit() {
    let sandbox = local(old(), BEGIN);
    let mut line = Line(sandbox.connect());
    assert_eq!(line.read().await.unwrap(), "NSI RRP Server version 1.1.0\r\nMon Jun 19 14:04:00 MSK 2000\r\n.\r\n");
    let mut line = within(&sandbox, 0).await;
    let version = "200 Command completed successfully\r\nProtocol:RRP 1.1.0\r\n.\r\n";
    line.expect(version, "describe\r\n-Target:Protocol\r\n.\r\n").await;
    line.expect(version, "describe\r\n.\r\n").await;
    line.expect(BYE, "quit\r\n.\r\n").await;
    assert!(line.is_over().await);
}

#[tokio::test(start_paused = true)]
async fn session() {
    let sandbox = local(old(), BEGIN);
    let id = sandbox.ready()["rrp"]["accounts"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, "registrarA");
    let mut line = Line(sandbox.connect());
    line.read().await.unwrap();
    line.expect("530 Authentication failed\r\n.\r\n", "session\r\n-Id:registrarA\r\n-Password:wrong\r\n.\r\n").await;
    let password = sandbox.ready()["rrp"]["accounts"][0]["password"].as_str().unwrap();
    let change = format!("session\r\n-Id:registrarA\r\n-Password:{password}\r\n-NewPassword:i-am-registrarA\r\n.\r\n");
    line.expect(DONE, &change).await;
    let mut line = Line(sandbox.connect());
    line.read().await.unwrap();
    line.expect(DONE, "session\r\n-Id:registrarA\r\n-Password:i-am-registrarA\r\n.\r\n").await;
    let mut line = Line(sandbox.connect());
    line.read().await.unwrap();
    line.expect(DONE, "session\r\n-Id:registrarA\r\n-Password:i-am-registrarA\r\n-NewPassword:next-secret-1\r\n.\r\n")
        .await;
    assert_eq!(sandbox.ledger().effects.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn registrations() {
    let sandbox = local(old(), "1999-09-22T14:27:00Z");
    let (mut line, mut other) = (within(&sandbox, 0).await, within(&sandbox, 1).await);
    let registered = "200 Command completed successfully\r\nregistration expiration date:2009-09-22 10:27:00.0\r\nstatus:ACTIVE\r\n.\r\n";
    let add = "add\r\nEntityName:Domain\r\nDomainName:example.com\r\n-Period:10\r\n.\r\n";
    let check = "check\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n";
    let check_host = "check\r\nEntityName:NameServer\r\nNameServer:ns1.example.com\r\n.\r\n";
    let add_host = "add\r\nEntityName:NameServer\r\nNameServer:ns1.example.com\r\nIPAddress:198.41.1.11\r\n.\r\n";
    line.expect("550 Parent domain not registered\r\n.\r\n", add_host).await;
    line.expect("210 Domain name available\r\n.\r\n", check).await;
    line.expect(registered, add).await;
    line.expect("211 Domain name not available\r\n.\r\n", check).await;
    other.expect("540 Attribute value is not unique\r\n.\r\n", add).await;
    line.expect("554 Domain already registered\r\n.\r\n", add).await;
    let with_hosts = "add\r\nEntityName:Domain\r\nDomainName:example2.com\r\n-Period:10\r\nNameServer:ns1.example.com\r\nNameServer:ns2.example.com\r\n.\r\n";
    line.expect("545 Entity reference not found\r\n.\r\n", with_hosts).await;
    line.expect("212 Name server available\r\n.\r\n", check_host).await;
    line.expect(DONE, add_host).await;
    line.order(DONE, "add host ns2.example.com IPAddress:192.10.10.10").await;
    line.expect(
        "213 Name server not available\r\nipAddress:192.10.10.10\r\n.\r\n",
        "check\r\nEntityName:NameServer\r\nNameServer:ns2.example.com\r\n.\r\n",
    )
    .await;
    line.expect(registered, with_hosts).await;
    line.expect(
        "535 Restricted IP address\r\n.\r\n",
        "add\r\nEntityName:NameServer\r\nNameServer:ns3.example.com\r\nIPAddress:10.0.0.1\r\n.\r\n",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_newer_version_knows_longer_addresses() {
    let sandbox = local(RrpOptions::default(), BEGIN);
    let mut line = within(&sandbox, 0).await;
    line.order("200", "add domain example.com -Period:1").await;
    let add = "add\r\nEntityName:NameServer\r\nNameServer:ns1.example.com\r\nIPAddress:198.41.1.11\r\nIPAddress:10AA:0:0:00:8:800:200C:417A\r\n.\r\n";
    line.expect(DONE, add).await;
    line.order(
        "213 Name server not available\r\nipAddress:198.41.1.11\r\nipAddress:10AA:0:0:00:8:800:200C:417A\r\n.\r\n",
        "check host ns1.example.com",
    )
    .await;
    let sandbox = local(old(), BEGIN);
    let mut line = within(&sandbox, 0).await;
    line.order("200", "add domain example.com -Period:1").await;
    line.expect("505", add).await;
}

#[tokio::test(start_paused = true)]
async fn changes_and_deletions() {
    let sandbox = local(old(), BEGIN);
    let mut line = within(&sandbox, 0).await;
    line.order("200", "add domain registrarA.com -Period:1").await;
    line.order("200", "add domain example.com -Period:1").await;
    line.order(DONE, "add host ns1.registrarA.com IPAddress:198.41.1.11").await;
    line.order(DONE, "add host ns3.registrarA.com IPAddress:198.41.1.13").await;
    line.order(DONE, "mod domain example.com NameServer:ns1.registrarA.com").await;
    let change = "mod\r\nEntityName:Domain\r\nDomainName:example.com\r\nNameServer:ns3.registrarA.com\r\nNameServer:ns1.registrarA.com=\r\n.\r\n";
    line.expect(DONE, change).await;
    line.expect("540 Attribute value is not unique\r\n.\r\n", change).await;
    line.order(
        "542 Invalid old value for an attribute\r\n.\r\n",
        "mod domain example.com NameServer:ns1.registrarA.com=",
    )
    .await;
    line.order(
        "543 Final or implicit attribute cannot be updated\r\n.\r\n",
        "mod domain example.com Registrar:registrarB",
    )
    .await;
    line.expect(DONE, "mod\r\nEntityName:Domain\r\nDomainName:example.com\r\nStatus:REGISTRAR-LOCK\r\n.\r\n").await;
    line.expect(DONE, "mod\r\nEntityName:Domain\r\nDomainName:example.com\r\nStatus:REGISTRAR-LOCK=\r\n.\r\n").await;
    let rename = "mod\r\nEntityName:NameServer\r\nNameServer:ns1.registrarA.com\r\nNewNameServer:ns2.registrarA.com\r\nIPAddress:198.42.1.11\r\nIPAddress:198.41.1.11=\r\n.\r\n";
    line.order(DONE, "mod domain registrarA.com Status:REGISTRAR-LOCK").await;
    line.expect("551 Parent domain status does not allow for operation\r\n.\r\n", rename).await;
    line.order(DONE, "mod domain registrarA.com Status:REGISTRAR-LOCK=").await;
    line.expect(DONE, rename).await;
    line.order(DONE, "mod domain example.com NameServer:ns2.registrarA.com").await;
    let delete = "del\r\nEntityName:Domain\r\nDomainName:registrarA.com\r\n.\r\n";
    line.expect("533 Domain name has active name servers\r\n.\r\n", delete).await;
    line.order("532 Domain names linked with name server\r\n.\r\n", "del host ns2.registrarA.com").await;
    line.expect(DONE, "del\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n").await;
    line.order(DONE, "mod host ns2.registrarA.com NewNameServer:ns1.registrarA.com").await;
    line.expect(DONE, "del\r\nEntityName:NameServer\r\nNameServer:ns1.registrarA.com\r\n.\r\n").await;
    line.expect(DONE, delete).await;
    line.expect("545 Entity reference not found\r\n.\r\n", delete).await;
}

#[tokio::test(start_paused = true)]
async fn renewals_and_what_status_says() {
    let sandbox = local(RrpOptions { transfer_years: 0, ..old() }, BEGIN);
    let (mut line, mut other) = (within(&sandbox, 0).await, within(&sandbox, 1).await);
    line.order("200", "add domain registrarA.com -Period:5").await;
    line.order("200", "add domain example.com -Period:3").await;
    line.order(DONE, "add host ns1.registrarA.com IPAddress:198.41.1.11").await;
    let (ask, yes) = ("transfer domain registrarA.com", "transfer domain registrarA.com -Approve:Yes");
    other.order(DONE, ask).await;
    line.order(DONE, yes).await;
    line.order(DONE, ask).await;
    other.order(DONE, yes).await;
    for server in ["ns2", "ns3"] {
        line.order(DONE, &format!("add host {server}.registrarA.com IPAddress:198.41.1.1{}", &server[2..])).await;
    }

    until(&sandbox, "1999-09-22T14:27:00Z").await;
    let (mut line, mut other) = (within(&sandbox, 0).await, within(&sandbox, 1).await);
    let (ask, yes) = ("transfer domain example.com", "transfer domain example.com -Approve:Yes");
    other.order(DONE, ask).await;
    line.order(DONE, yes).await;
    line.order(DONE, ask).await;
    other.order(DONE, yes).await;

    until(&sandbox, "2000-09-22T14:27:00Z").await;
    let mut line = within(&sandbox, 0).await;
    let renew =
        "renew\r\nEntityName:Domain\r\nDomainName:example.com\r\n-Period:9\r\n-CurrentExpirationYear:2001\r\n.\r\n";
    line.expect(
        "200 Command completed successfully\r\nregistration expiration date:2010-09-22 10:27:00.0\r\n.\r\n",
        renew,
    )
    .await;
    line.expect("555 Domain already renewed\r\n.\r\n", renew).await;
    line.order("509 Missing command option\r\n.\r\n", "renew domain example.com -Period:9").await;

    until(&sandbox, "2002-09-22T14:27:00Z").await;
    let mut line = within(&sandbox, 0).await;
    line.order(DONE, "mod domain example.com NameServer:ns2.registrarA.com NameServer:ns3.registrarA.com").await;
    line.order(DONE, "mod host ns1.registrarA.com IPAddress:198.42.1.11 IPAddress:198.41.1.11=").await;
    // Names of hosts are in small letters here, whatever they were registered with.
    line.expect(
        "200 Command completed successfully\r\nnameserver:ns2.registrara.com\r\nnameserver:ns3.registrara.com\r\nregistration expiration date:2010-09-22 10:27:00.0\r\nregistrar:registrarA\r\nregistrar transfer date:1999-09-22 10:27:00.0\r\nstatus:ACTIVE\r\ncreated date:1998-09-22 10:27:00.0\r\ncreated by:registrarA\r\nupdated date:2002-09-22 10:27:00.0\r\nupdated by:registrarA\r\n.\r\n",
        "status\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n",
    )
    .await;
    line.expect(
        "200 Command completed successfully\r\nipAddress:198.42.1.11\r\nregistrar:registrarA\r\nregistrar transfer date:1998-09-22 10:27:00.0\r\ncreated date:1998-09-22 10:27:00.0\r\ncreated by:registrarA\r\nupdated date:2002-09-22 10:27:00.0\r\nupdated by:registrarA\r\n.\r\n",
        "status\r\nEntityName:NameServer\r\nNameServer:ns1.registrarA.com\r\n.\r\n",
    )
    .await;
    line.order("545 Entity reference not found\r\n.\r\n", "status domain example.net").await;
    let mut other = within(&sandbox, 1).await;
    other.order("531 Authorization failed\r\n.\r\n", "status domain example.com").await;
}

#[tokio::test(start_paused = true)]
async fn transfers() {
    let sandbox = local(old(), BEGIN);
    let (mut line, mut other) = (within(&sandbox, 0).await, within(&sandbox, 1).await);
    let request = "transfer\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n";
    let approve = "transfer\r\n-Approve:Yes\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n";
    let reject = "transfer\r\n-Approve:No\r\nEntityName:Domain\r\nDomainName:example.com\r\n.\r\n";
    line.order("200", "add domain example.com -Period:1").await;
    other.expect(DONE, request).await;
    other.expect("536 Domain already flagged for transfer\r\n.\r\n", request).await;
    line.expect(DONE, reject).await;
    line.expect("534 Domain name has not been flagged for transfer\r\n.\r\n", reject).await;
    other.expect(DONE, request).await;
    line.expect(DONE, approve).await;
    other.order("200", "status domain example.com").await;
}
