//! The checks of the registry's own test tool, each with its code, on requests as they arrive.

use registrard::sandbox::{RrpOptions, RrpVersion};

use super::client::*;

/// Lines between the command's word and the dot, after a login, and the code.
const CHECKS: &[(&str, &str)] = &[
    // Words of commands.
    ("nonsense", "500"),
    ("", "500"),
    (" quit", "500"),
    ("sessions", "500"),
    // A second login.
    ("session|-Id:registrarA|-Password:12345678", "547"),
    // Options.
    ("add|EntityName:Domain|DomainName:example.com|-Years:1", "501"),
    ("add|EntityName:NameServer|NameServer:ns1.example.com|-Period:1", "501"),
    ("describe|-Aim:Protocol", "501"),
    ("transfer|-Yes:Yes|EntityName:Domain|DomainName:example.com", "501"),
    ("check|EntityName:Domain|DomainName:example.com|-Period:1", "507"),
    ("mod|EntityName:Domain|DomainName:example.com|-Status:REGISTRAR-LOCK", "507"),
    ("quit|-Now:Yes", "507"),
    // Entities.
    ("check|DomainName:example.com", "508"),
    ("check", "508"),
    ("check|EntityName:Contact|DomainName:example.com", "502"),
    ("renew|EntityName:NameServer|NameServer:ns1.example.com", "502"),
    ("transfer|EntityName:NameServer|NameServer:ns1.example.com", "502"),
    // Attributes.
    ("check|EntityName:Domain|Domain:example.com", "503"),
    ("check|EntityName:Domain|DomainName:example.com|NameServer:ns1.example.com", "503"),
    ("del|EntityName:NameServer|DomainName:example.com|NameServer:ns1.example.com", "503"),
    ("add|EntityName:Domain|DomainName:example.com|IPAddress:198.41.1.11", "503"),
    ("add|EntityName:Domain|DomainName:example.com|Status:REGISTRAR-LOCK", "503"),
    ("mod|EntityName:NameServer|NameServer:ns1.example.com|Status:REGISTRAR-LOCK", "503"),
    ("add|EntityName:Domain|DomainName:example.com|Registrar:registrarA", "503"),
    ("add|EntityName:NameServer|NameServer:ns1.example.de|IPAddress:198.41.1.11", "503"),
    ("check|EntityName:Domain", "504"),
    ("check|EntityName:NameServer|DomainName:example.com", "504"),
    ("add|EntityName:NameServer|NameServer:ns1.example.com", "504"),
    // The shape.
    ("check|EntityName:Domain|DomainName:example.com|nothing", "507"),
    ("check|EntityName:Domain|DomainName:", "507"),
    ("check|EntityName:Domain|DomainName:example.com|DomainName:example.com", "507"),
    ("check|EntityName:NameServer|NameServer:ns1.example.com|NameServer:ns2.example.com", "507"),
    ("renew|EntityName:Domain|DomainName:example.com|-Period:1|-Period:1", "507"),
    ("describe|EntityName:Domain", "507"),
    ("check|EntityName:Domain|DomainName:exämple.com", "507"),
    ("check||EntityName:Domain|DomainName:example.com", "507"),
    // Names.
    ("check|EntityName:Domain|DomainName:example.de", "541"),
    ("check|EntityName:Domain|DomainName:www.example.com", "505"),
    ("check|EntityName:Domain|DomainName:example", "505"),
    ("check|EntityName:Domain|DomainName:-example.com", "505"),
    ("check|EntityName:Domain|DomainName:example-.com", "505"),
    ("check|EntityName:Domain|DomainName:ex_ample.com", "505"),
    ("check|EntityName:Domain|DomainName: example.com", "505"),
    ("check|EntityName:NameServer|NameServer:com", "505"),
    ("add|EntityName:Domain|DomainName:xn--abc-.com", "505"),
    ("add|EntityName:Domain|DomainName:xn--99999999.com", "510"),
    ("add|EntityName:NameServer|NameServer:ns1.xn--99999999.com|IPAddress:198.41.1.11", "510"),
    ("mod|EntityName:NameServer|NameServer:ns1.a.com|NewNameServer:xn--99999999.a.com", "510"),
    // Addresses.
    ("add|EntityName:NameServer|NameServer:ns1.example.com|IPAddress:198.41.1", "505"),
    ("add|EntityName:NameServer|NameServer:ns1.example.com|IPAddress:198.41.1.300", "541"),
    ("add|EntityName:NameServer|NameServer:ns1.example.com|IPAddress:192.168.1.1", "535"),
    // Values of options.
    ("add|EntityName:Domain|DomainName:example.com|-Period:0", "541"),
    ("add|EntityName:Domain|DomainName:example.com|-Period:11", "541"),
    ("add|EntityName:Domain|DomainName:example.com|-Period:one", "541"),
    ("renew|EntityName:Domain|DomainName:example.com|-Period:1|-CurrentExpirationYear:1800", "506"),
    ("renew|EntityName:Domain|DomainName:example.com|-Period:1|-CurrentExpirationYear:20", "506"),
    ("describe|-Target:Weather", "506"),
    ("transfer|-Approve:Perhaps|EntityName:Domain|DomainName:example.com", "506"),
    ("renew|EntityName:Domain|DomainName:example.com|-Period:1", "509"),
    ("renew|EntityName:Domain|DomainName:example.com|-CurrentExpirationYear:2030", "509"),
    // Objects.
    ("status|EntityName:Domain|DomainName:example.com", "545"),
    ("status|EntityName:NameServer|NameServer:ns1.example.com", "545"),
    ("del|EntityName:Domain|DomainName:example.com", "545"),
    ("mod|EntityName:Domain|DomainName:example.com", "545"),
    ("renew|EntityName:Domain|DomainName:example.com", "545"),
    ("transfer|EntityName:Domain|DomainName:example.com", "545"),
    ("add|EntityName:NameServer|NameServer:ns1.example.com|IPAddress:198.41.1.11", "550"),
    // Letters of any case, options before the entity, hosts of other top-level domains.
    ("CHECK|ENTITYNAME:DOMAIN|domainname:EXAMPLE.COM", "210"),
    ("Check|entityname:nameserver|NAMESERVER:NS1.Example.Com", "212"),
    ("dEsCrIbE|-TARGET:PROTOCOL", "200"),
    ("add|EntityName:NameServer|NameServer:ns1.example.de", "200"),
];

/// Lines before a login.
const LOGINS: &[(&str, &str)] = &[
    ("session", "509"),
    ("session|-Id:registrarA", "509"),
    ("session|-Password:12345678", "509"),
    ("session|-Id:registrarA|-Password:123", "506"),
    ("session|-Id:registrarA|-Password:12345678901234567", "506"),
    ("session|-Id:_A|-Password:12345678", "506"),
    ("session|-Id:registrarA|-Password:12345678|-NewPassword:123", "506"),
    ("session|-Id:registrarA|-Id:registrarA|-Password:12345678", "507"),
    ("session|-Name:registrarA", "501"),
    ("session|EntityName:Domain", "507"),
    ("session|-Id:registrarZ|-Password:12345678", "530"),
];

fn message(lines: &str) -> String {
    if lines.is_empty() { ".\r\n".into() } else { format!("{}\r\n.\r\n", lines.replace('|', "\r\n")) }
}

#[tokio::test]
async fn every_check_has_its_code() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    for (lines, code) in CHECKS {
        line.expect(code, &message(lines)).await;
    }
    for (lines, code) in LOGINS {
        world.line().await.expect(code, &message(lines)).await;
    }
    assert_eq!(world.effects("host.create"), ["ns1.example.de"]);
    assert_eq!(world.sandbox.ledger().effects.len(), 1);
}

#[tokio::test]
async fn lengths_and_numbers_of_lines() {
    let world = World::new().await;
    let mut line = world.login(0).await;
    let label = "a".repeat(64);
    line.order("541", &format!("check domain {label}.com")).await;
    line.order("210", &format!("check domain {}.com", &label[1..])).await;
    line.order("541", &format!("check host {label}.example.com")).await;
    let long = format!("{0}.{0}.com", "a".repeat(39));
    line.order("506", &format!("check host {long}")).await;
    line.order("212", &format!("check host {}", &long[3..])).await;
    line.order("505", &format!("check domain {}.com", "a.".repeat(70))).await;
    line.order("506", &format!("renew domain example.com -Period:{}", "1".repeat(129))).await;
    let servers: String = (0..14).map(|n| format!(" NameServer:ns{n}.example.com")).collect();
    line.order("507", &format!("add domain example.com{servers}")).await;
    let addresses: String = (1..15).map(|n| format!(" IPAddress:198.41.1.{n}")).collect();
    line.order("507", &format!("add host ns1.example.com{addresses}")).await;
    line.order("200", "add domain example.com").await;
    line.order(DONE, &format!("add host ns1.example.com{}", addresses.replace(" IPAddress:198.41.1.14", ""))).await;
    line.order("541", "mod host ns1.example.com IPAddress:198.41.2.1").await;
}

#[tokio::test]
async fn the_older_version() {
    let world = World::with(RrpOptions { version: RrpVersion::V110, ..RrpOptions::default() }, &[]).await;
    let mut line = world.login(0).await;
    line.order("200", "add domain xn--99999999.com -Period:1").await;
    line.order("505", "add host ns1.xn--99999999.com IPAddress:2001:db8::1").await;
    line.order(DONE, "add host root.xn--99999999.com IPAddress:192.0.2.1").await;
    line.order(DONE, "mod host root.xn--99999999.com IPAddress:192.0.2.2").await;
    line.order(DONE, "del host root.xn--99999999.com").await;
    let world = World::new().await;
    let mut line = world.login(0).await;
    line.order("200", "add domain xn--dnic-5qa.com -Period:1").await;
    line.order(DONE, "add host root.xn--dnic-5qa.com IPAddress:2001:db8::1").await;
    for words in ["mod host root.xn--dnic-5qa.com IPAddress:192.0.2.2", "del host root.xn--dnic-5qa.com"] {
        line.order("557 Name server locked\r\n.\r\n", words).await;
    }
}
