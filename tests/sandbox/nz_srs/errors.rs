//! What is refused, by whom it is refused, and what the details say.

use std::time::Duration;

use registrard::sandbox::NzOptions;
use serde_json::json;

use super::client::*;

/// A domain to be created, and what the registry has against it.
fn creations() -> Vec<(String, &'static str, &'static str)> {
    let with = create_with;
    let servers = |list: &str| format!("<NameServers>{list}</NameServers>");
    let server = |name: &str| format!("<Server FQDN=\"{name}\"/>");
    let eleven: String = (0..11).map(|n| server(&format!("ns{n}.example.net"))).collect();
    let signer = |name: &str, digest: &str| {
        create_with(
            name,
            "Term=\"1\"",
            &format!(
                "<DNSSEC><DS KeyTag=\"1\" Algorithm=\"8\" DigestType=\"2\"><Digest>{digest}</Digest></DS></DNSSEC>"
            ),
        )
    };
    vec![
        (with("example.com", "Term=\"1\"", ""), "INVALID_CCTLD", "example.com"),
        (with("co.nz", "Term=\"1\"", ""), "DOMAIN_BLOCKED", "co.nz"),
        (with("a.govt.nz", "Term=\"1\"", ""), "MODERATED_DOMAIN_VIOLATION", "DomainCreate|a.govt.nz"),
        (with("a.co.nz", "Term=\"121\"", ""), "TERM_EXCEEDS_MAX", "120"),
        (with("a.co.nz", "Term=\"0\"", ""), "INVALID_FIELD", "0|Term"),
        (with("a.co.nz", "Term=\"x\"", ""), "INVALID_FIELD", "x|Term"),
        (
            with("xn--tne-1oa.co.nz", "Term=\"1\" DomainNameUnicode=\"tane.co.nz\"", ""),
            "IDN_DOMAINNAME_MISMATCH",
            "xn--tne-1oa.co.nz|tane.co.nz|tane.co.nz",
        ),
        (with("a.co.nz", "Term=\"1\"", &servers(&eleven)), "NAMESERVERS_EXCEEDED_MAX", "10"),
        (
            with("a.co.nz", "Term=\"1\"", &servers(&server("ns1.example.net").repeat(2))),
            "NAME_SERVER_DUPLICATION",
            "ns1.example.net|a.co.nz",
        ),
        (
            with("a.co.nz", "Term=\"1\"", &servers("<Server FQDN=\"ns.example.net\" IP4Addr=\"192.0.2.1\"/>")),
            "IP4ADDR_NOT_ALLOWED",
            "192.0.2.1|ns.example.net|a.co.nz",
        ),
        (
            with("a.co.nz", "Term=\"1\"", &servers("<Server FQDN=\"ns.example.net\" IP6Addr=\"2001:db8::1\"/>")),
            "IP6ADDR_NOT_ALLOWED",
            "2001:db8::1|ns.example.net|a.co.nz",
        ),
        (
            with("a.co.nz", "Term=\"1\"", &servers(&server("ns.a.co.nz"))),
            "SELF_SERVING_DNS_VIOLATION",
            "a.co.nz|ns.a.co.nz",
        ),
        (signer("a.gen.nz", "00"), "DNSSEC_2LD_NOT_ALLOWED", ""),
        (signer("a.co.nz", "xy"), "INVALID_FIELD", "XY|Digest"),
        (with("a.co.nz", "Term=\"1\"", "<AdminContact HandleId=\"nobody\"/>"), "HANDLE_DOES_NOT_EXIST", ""),
        (
            with("a.co.nz", "Term=\"1\"", "<AdminContact HandleId=\"nobody\" Name=\"a\"/>"),
            "HANDLE_ID_WITH_CONTACT_FIELDS",
            "",
        ),
        (with("a.co.nz", "Term=\"1\"", "<AdminContact Name=\"a\"/>"), "MISSING_MANDATORY_FIELD", "Email|AdminContact"),
        (
            with("a.co.nz", "Term=\"1\"", "").replace(" Email=\"owen@example.org\"", " Email=\"\""),
            "UNDEFINED_VALUE",
            "Email",
        ),
        (with("a.co.nz", "Term=\"1\"", "").replace("owen@example.org", "owen"), "INVALID_FIELD", "owen|Email"),
        (
            with("a.co.nz", "Term=\"1\"", "").replace(" City=\"Wellington\"", ""),
            "MISSING_MANDATORY_FIELD",
            "City|PostalAddress",
        ),
        (with("a.co.nz", "Term=\"1\"", "").replace("=\"NZ\"", "=\"NZL\""), "INVALID_FIELD", "NZL|CountryCode"),
        (with("taken.co.nz", "Term=\"1\"", ""), "DOMAIN_ALREADY_EXISTS", "taken.co.nz"),
    ]
}

#[tokio::test]
async fn a_domain_that_cannot_be_created() {
    let world = World::new().await;
    world.ask_as("91", &create("taken.co.nz")).await;
    for (n, (action, id, details)) in creations().into_iter().enumerate() {
        let head = action.split_once(" DomainName").unwrap().0.to_owned();
        let action = action.replace(&head, &format!("<DomainCreate ActionId=\"e-{n}\""));
        let answer = world.refused(id, &action).await;
        assert_eq!(answer.cdatas("ErrorDetails").join("|"), details, "{action}");
        assert_eq!((answer.value("Error", "Severity"), answer.is_top()), ("err".into(), false));
        // Refused for good: the same again is the same answer.
        assert_eq!(world.ask(&action).await.text, answer.text);
    }
    assert_eq!(world.effects("domain.create"), ["taken.co.nz"]);
    world.control("POST", "/accounts", &json!({ "account": "90", "allowed_2lds": ["net.nz"] })).await;
    let answer = world.refused("ALLOWED_2LD_FOR_REGISTRAR", &create("mine.co.nz")).await;
    assert_eq!(answer.cdata("ErrorDetails"), "90");
}

#[tokio::test]
async fn a_domain_that_cannot_be_changed() {
    let world = World::new().await;
    let udai = world.done(&create("a.co.nz")).await.value("Domain", "UDAI");
    world.done(&create("b.co.nz")).await;
    world.days(6).await;
    let cases = [
        ("Renew=\"1\"", "", "RENEW_REQUIRES_TERM", "a.co.nz"),
        ("Renew=\"1\" Term=\"0\"", "", "ZERO_TERM_RENEW", "a.co.nz"),
        ("Renew=\"1\" Term=\"12\" Cancel=\"1\"", "", "DOMAIN_CANCEL_AND_RENEW", ""),
        ("Term=\"0\"", "", "INVALID_FIELD", "0|Term"),
        ("Release=\"1\"", "", "PERMISSION_DENIED", "ReleaseDomain"),
        ("NoAutoRenew=\"1\"", "", "PERMISSION_DENIED", "Registry"),
        ("DisclosureMask=\"1\"", "", "PERMISSION_DENIED", "UpdateAnyDomainDisclosure"),
        ("ConvertContactsToHandles=\"1\"", "", "CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER", ""),
        ("Delegate=\"1\"", "", "MISSING_MANDATORY_FIELD", "NameServers|DomainUpdate"),
        ("", "<RegistrantContact Name=\"\"/>", "UNDEFINED_VALUE", "Name"),
        (
            "",
            "<RegistrantContact><PostalAddress City=\"Napier\"/></RegistrantContact>",
            "MISSING_MANDATORY_FIELD",
            "Address1|PostalAddress",
        ),
    ];
    for (n, (attributes, children, id, details)) in cases.into_iter().enumerate() {
        let answer = world.refused(id, &update(&format!("c-{n}"), "a.co.nz", attributes, children)).await;
        assert_eq!(answer.cdatas("ErrorDetails").join("|"), details, "{id}");
    }
    let far = world.refused("RENEWAL_EXCEEDS_MAX", &update("far", "a.co.nz", "Renew=\"1\" Term=\"119\"", "")).await;
    assert_eq!((far.cdatas("ErrorDetails").len(), far.cdatas("ErrorDetails")[1].as_str()), (3, "120"));
    let two = |ids: &str| format!("<DomainUpdate ActionId=\"two\" UDAI=\"{udai}\">{ids}</DomainUpdate>");
    for (filters, id) in [
        (
            "<DomainNameFilter>a.co.nz</DomainNameFilter><DomainNameFilter>b.co.nz</DomainNameFilter>",
            "MULTIPLE_DOMAIN_TRANSFER",
        ),
        ("<DomainNameFilter>*.co.nz</DomainNameFilter>", "INVALID_WILDCARD_IN_DOMAINNAMEFILTER"),
    ] {
        let answer = world.ask_as("91", &two(filters).replace("two", id)).await;
        assert_eq!(answer.error(), id);
    }
    // The registry's lock is for the registry to lift, one's own is not.
    world.done(&update("lock", "b.co.nz", "Lock=\"1\"", "")).await;
    world.refused("DOMAIN_LOCKED", &update("locked", "b.co.nz", "RegistrantRef=\"x\"", "")).await;
    assert!(world.done(&update("free", "b.co.nz", "Lock=\"0\"", "")).await.tags("LockedDate").is_empty());
    world.control("POST", "/domains", &json!({ "domain": "a.co.nz", "is_locked": true })).await;
    world.refused("LOCK_ATTEMPT", &update("their", "a.co.nz", "Lock=\"0\"", "")).await;
    assert_eq!(
        world.ask_as("91", &update("t", "a.co.nz", &format!("UDAI=\"{udai}\""), "")).await.error(),
        "DOMAIN_LOCKED"
    );
}

#[tokio::test]
async fn a_role_that_is_missing_is_named() {
    let world = World::new().await;
    world.done(&create("a.co.nz")).await;
    world
        .control("POST", "/accounts", &json!({ "account": "90", "roles": ["Registrar", "Whois", "UpdateDomain"] }))
        .await;
    for (action, role) in [
        (create("b.co.nz"), "CreateDomain"),
        (update("1", "a.co.nz", "Cancel=\"1\"", ""), "CancelDomain"),
        ("<DomainDetailsQry/>".into(), "Query"),
        ("<RegistrarUpdate ActionId=\"2\"/>".into(), "UpdateRegistrar"),
        ("<SysParamsQry/>".into(), "Registry"),
        ("<ScheduleQry/>".into(), "Registry"),
        ("<BillingAmountQry QryId=\"b\"/>".into(), "Registry"),
    ] {
        let answer = world.refused("PERMISSION_DENIED", &action).await;
        assert_eq!(answer.cdata("ErrorDetails"), role, "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_writes_within_a_second_do_not_go() {
    let world = Local::new(NzOptions::default(), "2019-01-01T12:00:00+13:00");
    let done = async |action: &str| assert_eq!(world.ask(action).await.error(), "", "{action}");
    let reference = |id: &str, name: &str, value: &str| update(id, name, &format!("RegistrantRef=\"{value}\""), "");
    done(&create("a.co.nz")).await;
    let answer = world.ask(&reference("u-1", "a.co.nz", "x")).await;
    let said = (answer.error(), answer.value("Error", "Hint"), answer.cdata("ErrorDetails"));
    assert_eq!(said, ("LOCK_ERROR".into(), "UNKNOWN_ERROR_HINT".into(), "a.co.nz".into()));
    // Another domain is not held up, nor is the same action again.
    done(&create("b.co.nz")).await;
    done(&create("a.co.nz")).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    // It was never looked at, so its id is still free.
    done(&reference("u-1", "a.co.nz", "x")).await;
    assert_eq!(world.sandbox.ledger().violations_of("90", "concurrent_write"), 1);
    let both = [reference("u-2", "b.co.nz", "x"), reference("u-3", "b.co.nz", "y")].concat();
    assert_eq!(world.ask(&both).await.error(), "LOCK_ERROR");
    let last = world.ask("<DomainDetailsQry><FieldList RegistrantRef=\"1\"/></DomainDetailsQry>").await;
    assert_eq!(last.values("Domain", "RegistrantRef"), ["x", "x"]);
}

#[tokio::test(start_paused = true)]
async fn two_at_once_on_one_domain() {
    let options = NzOptions { processing: Duration::from_millis(300), ..free() };
    let world = Local::new(options, "2019-01-01T12:00:00+13:00");
    let (one, other) = (create("a.co.nz"), create("a.co.nz").replace("create-", "other-"));
    let (one, other) = tokio::join!(world.ask(&one), world.ask(&other));
    let mut errors = [one.error(), other.error()];
    errors.sort();
    assert_eq!(errors, ["", "LOCK_ERROR"]);
}

#[tokio::test]
async fn handles_that_cannot_be() {
    let world = World::new().await;
    let handle = |id: &str, name: &str| {
        format!(
            "<HandleCreate ActionId=\"{id}\" HandleId=\"{name}\" Name=\"Ann\" Email=\"ann@example.net\">{ADDRESS}</HandleCreate>"
        )
    };
    world.done(&handle("1", "ann")).await;
    world.refused("HANDLE_ALREADY_EXISTS", &handle("2", "ANN")).await;
    for (n, name) in ["an", "seventeen letters", "a  b", " ann", "a/b"].iter().enumerate() {
        world.refused("INVALID_FIELD", &handle(&format!("n{n}"), name)).await;
    }
    world.done(&create_with("a.co.nz", "Term=\"1\"", "<TechnicalContact HandleId=\"ann\"/>")).await;
    world.refused("HANDLE_IN_USE", "<HandleUpdate ActionId=\"3\" HandleId=\"ann\" Delete=\"1\"/>").await;
    world
        .refused(
            "DELETE_FLAG_WITH_OTHER_FIELDS",
            "<HandleUpdate ActionId=\"4\" HandleId=\"ann\" Delete=\"1\" Name=\"b\"/>",
        )
        .await;
    world.refused("HANDLE_DOES_NOT_EXIST", "<HandleUpdate ActionId=\"5\" HandleId=\"bob\" Name=\"b\"/>").await;
    assert_eq!(world.ask_as("91", "<HandleDetailsQry/>").await.value("Response", "Rows"), "0");
}
