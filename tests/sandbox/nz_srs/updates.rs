//! DomainCreate and DomainUpdate in all its uses, as the samples of the reference have them.

use super::client::*;

const SERVERS: &str = "<NameServers><Server FQDN=\"ns1.example.co.nz\" IP4Addr=\"192.0.2.53\"/><Server FQDN=\"ns2.example.net\"/></NameServers>";
const DIGEST: &str = "3A54F693DA1D3FC6073B3D065FEDFAC000610CE83C7D2A084DF883E0B308DCA6";

fn signer() -> String {
    format!(
        "<DNSSEC><DS KeyTag=\"42454\" Algorithm=\"8\" DigestType=\"2\"><Digest>{}</Digest></DS></DNSSEC>",
        DIGEST.to_lowercase()
    )
}

#[tokio::test(start_paused = true)]
async fn a_domain_is_created_as_in_the_sample() {
    let world = Local::new(free(), "2018-12-04T14:32:35+13:00");
    let handle =
        "<HandleCreate ActionId=\"h\" HandleId=\"isp-admin\" Name=\"ISP Administrator\" Email=\"admin@example.net\">";
    world.ask(&format!("{handle}{ADDRESS}</HandleCreate>")).await;
    let children =
        format!("<AdminContact HandleId=\"isp-admin\"/>{SERVERS}{}<AuditText>order 8974</AuditText>", signer());
    let asked = create_with("example.co.nz", "Term=\"12\" Delegate=\"1\" RegistrantRef=\"RS1001\"", &children);
    let answer = world.ask(&asked).await;
    assert!(answer.text.starts_with("<?xml version=\"1.0\"?>\n<!DOCTYPE NZSRSResponse SYSTEM \"protocol.dtd\">\n<NZSRSResponse VerMajor=\"8\" VerMinor=\"0\"><Response Action=\"DomainCreate\" FeId=\"8\" FeSeq=\""), "{}", answer.text);
    assert!(answer.text.contains("><FeTimeStamp Day=\"4\" Hour=\"14\" Minute=\"32\" Month=\"12\" Second=\"35\" TimeZoneOffset=\"+13:00\" Year=\"2018\"/><Domain "));
    let domain = |name: &str| answer.value("Domain", name);
    assert_eq!((domain("Status"), domain("Term"), domain("RegistrarId")), ("Active".into(), "1".into(), "90".into()));
    assert_eq!((domain("RegistrantRef"), domain("Delegate")), ("RS1001".into(), "1".into()));
    let udai = domain("UDAI");
    assert!(udai.len() == 8 && !udai.contains(['i', 'l', 'o', 'I', 'L', 'O', '0', '1']), "{udai}");
    assert_eq!(answer.values("Server", "FQDN"), ["ns1.example.co.nz", "ns2.example.net"]);
    assert_eq!(answer.values("Server", "IP4Addr"), ["192.0.2.53", ""]);
    assert!(
        answer
            .text
            .contains(&format!("<DS Algorithm=\"8\" DigestType=\"2\" KeyTag=\"42454\"><Digest>{DIGEST}</Digest></DS>"))
    );
    assert_eq!(
        (answer.value("AdminContact", "HandleId"), answer.value("AdminContact", "Name")),
        ("isp-admin".into(), "ISP Administrator".into())
    );
    assert_eq!(answer.value("TechnicalContact", "Name"), "Technician");
    assert_eq!(answer.date("BilledUntil"), "2019-12-04 14:32:35 +13:00");
    assert!(answer.text.contains("<RegisteredDate Day=\"04\""));
    assert_eq!(
        (answer.value("AuditDetails", "ActionId"), answer.cdata("AuditText")),
        ("create-example.co.nz".into(), "order 8974".into())
    );
    assert_eq!(
        (answer.value("Response", "TransId"), answer.value("Response", "Rows")),
        ("create-example.co.nz".into(), String::new())
    );
}

#[tokio::test]
async fn fields_are_changed_cleared_and_left_alone() {
    let world = World::new().await;
    world.done(&create_with("example.co.nz", "Term=\"12\" RegistrantRef=\"RS1001\"", SERVERS)).await;
    let change = "<RegistrantContact Email=\"new@example.org\"><Fax/></RegistrantContact><NameServers><Server FQDN=\"ns3.example.net\"/><Server FQDN=\"ns4.example.net\"/></NameServers><AuditText>ticket 4711</AuditText>";
    let answer = world.done(&update("u-1", "example.co.nz", "FullResult=\"0\"", change)).await;
    assert_eq!((answer.value("Response", "Rows"), answer.value("Domain", "Status")), ("1".into(), String::new()));
    assert_eq!(
        (answer.value("RegistrantContact", "Email"), answer.value("RegistrantContact", "Name")),
        ("new@example.org".into(), "Owen Owner".into())
    );
    assert!(answer.tags("Fax").is_empty() && answer.tags("Phone").len() == 1 && answer.tags("BilledUntil").is_empty());
    assert_eq!(
        (answer.values("Server", "FQDN"), answer.cdata("AuditText")),
        (vec!["ns3.example.net".to_owned(), "ns4.example.net".into()], "ticket 4711".into())
    );
    let clear = "<RegistrantContact><PostalAddress Address1=\"14 Rural Street\" Address2=\"\" City=\"Wellington\" CountryCode=\"NZ\"/></RegistrantContact><NameServers/>";
    let answer = world.done(&update("u-2", "example.co.nz", "RegistrantRef=\"\" Delegate=\"0\"", clear)).await;
    let address = answer.tags("PostalAddress")[0];
    assert!(!address.contains("Address2") && address.contains("PostalCode=\"6135\""), "{address}");
    assert!(answer.tags("NameServers").is_empty() && answer.value("Domain", "RegistrantRef").is_empty());
    assert_eq!((answer.value("Domain", "Delegate"), answer.text.contains("<AuditText/>")), ("0".into(), true));
    // A contact that is set, and back to what it is by default.
    world.done(&update("u-3", "example.co.nz", "", "<AdminContact Name=\"Ann Admin\"/>")).await;
    let list = "<DomainDetailsQry><DomainNameFilter>example.co.nz</DomainNameFilter><FieldList AdminContact=\"1\" DefaultContacts=\"1\" NameServers=\"1\" DNSSEC=\"1\"/></DomainDetailsQry>";
    let shown = world.done(list).await;
    assert_eq!(
        (shown.value("AdminContact", "Name"), shown.tags("DefaultContacts")[0]),
        ("Ann Admin".into(), "<DefaultContacts AdminContact=\"0\" TechnicalContact=\"1\"/>")
    );
    assert!(shown.text.contains("<NameServers/><DNSSEC/>"), "{}", shown.text);
    world.done(&update("u-4", "example.co.nz", "", "<AdminContact/>")).await;
    assert_eq!(world.done(list).await.value("AdminContact", "Name"), "Owen Owner");
}

#[tokio::test]
async fn one_action_changes_all_that_match_and_nothing_else() {
    let world = World::new().await;
    for name in ["a1.co.nz", "a2.co.nz", "b1.co.nz", "a3.net.nz"] {
        world.done(&create(name)).await;
    }
    let answer = world.done(&update("many", "a*.co.nz", "RegistrantRef=\"x\" FullResult=\"0\"", "")).await;
    assert_eq!(
        (answer.value("Response", "Rows"), answer.values("Domain", "DomainName")),
        ("2".into(), vec!["a1.co.nz".into(), "a2.co.nz".to_owned()])
    );
    let none = world.done(&update("none", "c*.co.nz", "RegistrantRef=\"x\"", "")).await;
    assert_eq!((none.value("Response", "Rows"), none.tags("Domain").len()), ("0".into(), 0));
    // One that cannot be changed keeps the others from it.
    world.done(&update("l", "a2.co.nz", "Lock=\"1\"", "")).await;
    world.refused("DOMAIN_LOCKED", &update("all", "a?.co.nz", "RegistrantRef=\"y\"", "")).await;
    assert_eq!(world.domain("a1.co.nz").await["registrant_ref"], "x");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_billed_once_whatever_is_sent_again() {
    let world = Local::new(free(), "2018-12-04T14:32:35+13:00");
    world.ask(&create("example.co.nz")).await;
    let renew = update("r-1", "example.co.nz", "Renew=\"1\" Term=\"12\"", "");
    let first = world.ask(&renew).await;
    assert_eq!(
        (first.date("BilledUntil"), first.value("Domain", "Term")),
        ("2020-12-04 14:32:35 +13:00".into(), "1".into())
    );
    tokio::time::advance(std::time::Duration::from_secs(100)).await;
    // The same words, whatever their order: the same answer, with its old time and number.
    let again = world.ask(&renew).await;
    assert_eq!(again.text, first.text);
    let mixed = "<DomainUpdate Term='12' Renew='1' ActionId='r-1' FullResult='1'><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>";
    assert_eq!(world.ask(mixed).await.text, first.text);
    let other = world.ask(&update("r-1", "example.co.nz", "Renew=\"1\" Term=\"24\"", "")).await;
    assert_eq!((other.error(), other.cdata("ErrorDetails")), ("ACTION_ID_ALREADY_USED".into(), "r-1".into()));
    let bills = world.ask("<RegistrarAccountQry QryId=\"ra\"/>").await;
    assert_eq!(bills.values("BillingTrans", "Type"), ["Create", "Renew"]);
    assert_eq!(bills.values("BillingTrans", "Amount"), ["18.00", "18.00"]);
    let effects = world.sandbox.ledger().effects;
    let renewals: Vec<_> = effects.iter().filter(|effect| effect.kind == "domain.renew").collect();
    assert_eq!(
        (renewals.len(), renewals[0].ctid.as_deref(), renewals[0].object.as_str()),
        (1, Some("r-1"), "example.co.nz")
    );
}

#[tokio::test]
async fn a_domain_is_cancelled_brought_back_and_freed() {
    let world = World::new().await;
    world.done(&create("example.co.nz")).await;
    let freed = world.done(&update("x-0", "example.co.nz", "Cancel=\"1\"", "")).await;
    assert!(freed.text.contains("<Domain DomainName=\"example.co.nz\" Status=\"Available\"><AuditDetails><AuditText/></AuditDetails></Domain>"), "{}", freed.text);
    assert_eq!(world.done("<RegistrarAccountQry/>").await.tags("BillingTrans").len(), 0);
    world.done(&create("example.co.nz").replace("create-", "again-")).await;
    world.days(6).await;
    let cancelled =
        world.done(&update("x-1", "example.co.nz", "Cancel=\"1\"", "<AuditText>holder asked</AuditText>")).await;
    assert_eq!(
        (cancelled.value("Domain", "Status"), cancelled.tags("CancelledDate").len()),
        ("PendingRelease".into(), 1)
    );
    world.refused("DOMAIN_INACTIVE", &update("x-2", "example.co.nz", "RegistrantRef=\"a\"", "")).await;
    world.refused("DOUBLE_CANCEL_ATTEMPT", &update("x-3", "example.co.nz", "Cancel=\"1\"", "")).await;
    let back = world.done(&update("x-4", "example.co.nz", "Cancel=\"0\"", "")).await;
    assert_eq!(back.value("Domain", "Status"), "Active");
    world.refused("DOMAIN_IS_NOT_CANCELLED", &update("x-5", "example.co.nz", "Cancel=\"0\"", "")).await;
    assert_eq!(world.effects("domain.restore"), ["example.co.nz"]);
}

#[tokio::test]
async fn a_name_can_be_past_its_first_days_from_the_beginning() {
    let world = World::new().await;
    let udai = world.done(&create("settled-1.co.nz")).await.value("Domain", "UDAI");
    let of = |id: &str, more: &str| update(id, "settled-1.co.nz", more, "");
    let cancelled = world.done(&of("s-1", "Cancel=\"1\"")).await;
    assert_eq!(cancelled.value("Domain", "Status"), "PendingRelease");
    world.done(&of("s-2", "Cancel=\"0\"")).await;
    let taken = world.ask_as("91", &of("s-3", &format!("UDAI=\"{udai}\""))).await;
    assert_eq!((taken.error(), taken.value("Domain", "RegistrarId")), (String::new(), "91".into()), "{}", taken.text);
}

#[tokio::test]
async fn a_domain_changes_hands_with_its_udai() {
    let world = World::new().await;
    let created = world.done(&create("example.co.nz")).await;
    let udai = created.value("Domain", "UDAI");
    let take = |id: &str, udai: &str, more: &str| {
        update(
            id,
            "example.co.nz",
            &format!("UDAI=\"{udai}\" {more}"),
            "<AuditText>transfer in, order 9001</AuditText>",
        )
    };
    let valid = async |udai: &str| {
        world
            .ask_as("91", &format!("<UDAIValidQry DomainName=\"example.co.nz\" UDAI=\"{udai}\"/>"))
            .await
            .value("UDAIValid", "Valid")
    };
    assert_eq!((valid(&udai).await, valid("Wkw83nqs").await), ("1".into(), "0".into()));
    let early = world.ask_as("91", &take("t-0", &udai, "")).await;
    assert_eq!(early.error(), "TRANSFER_WITHIN_GRACE_PERIOD");
    world.days(6).await;
    let wrong = world.ask_as("91", &format!("{}{}", whois("example.co.nz"), take("t-1", "Wkw83nqs", ""))).await;
    assert_eq!(
        (wrong.value("Domain", "Status"), wrong.error(), wrong.cdata("ErrorDetails")),
        ("Active".into(), "UDAI_DOMAIN_MISMATCH".into(), "example.co.nz".into())
    );
    assert_eq!(
        wrong.values("Response", "FeSeq").windows(2).filter(|pair| pair[0] == pair[1]).count(),
        1,
        "one document, one number"
    );
    let fresh =
        world.done(&update("n-1", "example.co.nz", "NewUDAI=\"1\" FullResult=\"0\"", "")).await.value("Domain", "UDAI");
    assert_eq!((fresh.len(), valid(&udai).await, valid(&fresh).await), (8, "0".into(), "1".into()));
    let done = world.ask_as("91", &take("t-2", &fresh, "NewUDAI=\"1\"")).await;
    assert_eq!((done.value("Response", "Rows"), done.value("Domain", "RegistrarId")), ("1".into(), "91".into()));
    let newest = done.value("Domain", "UDAI");
    assert_eq!((valid(&fresh).await, valid(&newest).await), ("0".into(), "1".into()));
    // Who lost it is told, and has nothing more to say about it.
    let told = world.done("<GetMessages QueueMode=\"1\"><TypeFilter Type=\"third-party\"/></GetMessages>").await;
    assert_eq!(
        (told.value("DomainTransfer", "RegistrarName"), told.cdata("TransferredDomain")),
        ("Registrar 91 Ltd".into(), "example.co.nz".into())
    );
    assert_eq!(world.done(&update("n-2", "example.co.nz", "NewUDAI=\"1\"", "")).await.value("Response", "Rows"), "0");
    let again = world.ask_as("91", &take("t-3", &newest, "ConvertContactsToHandles=\"1\"")).await;
    assert_eq!(again.error(), "CONVERT_TO_HANDLES_ONLY_FOR_TRANSFER");
    assert_eq!(world.effects("domain.transfer"), ["example.co.nz"]);
}

#[tokio::test]
async fn a_cancelled_domain_is_transferred_alone_or_brought_back_by_it() {
    let world = World::new().await;
    let udais =
        [world.done(&create("a.co.nz")).await, world.done(&create("b.co.nz")).await].map(|a| a.value("Domain", "UDAI"));
    world.days(6).await;
    world.done(&update("x-a", "a.co.nz", "Cancel=\"1\"", "")).await;
    world.done(&update("x-b", "b.co.nz", "Cancel=\"1\"", "")).await;
    let take = |id: &str, name: &str, udai: &str, more: &str| update(id, name, &format!("UDAI=\"{udai}\" {more}"), "");
    let refused = world.ask_as("91", &take("1", "a.co.nz", &udais[0], "Delegate=\"0\"")).await;
    assert_eq!(refused.error(), "CANCELLED_TRANSFER_WITH_UPDATE");
    let alone = world.ask_as("91", &take("2", "a.co.nz", &udais[0], "ConvertContactsToHandles=\"1\"")).await;
    assert_eq!(
        (alone.value("Domain", "Status"), alone.value("RegistrantContact", "HandleId").is_empty()),
        ("PendingRelease".into(), false)
    );
    let back = world.ask_as("91", &take("3", "b.co.nz", &udais[1], "Renew=\"1\" Term=\"12\" Cancel=\"0\"")).await;
    assert_eq!((back.value("Domain", "Status"), back.value("Domain", "RegistrarId")), ("Active".into(), "91".into()));
    let bills = world.ask_as("91", "<RegistrarAccountQry/>").await;
    assert_eq!(bills.values("BillingTrans", "Type"), ["Renew"]);
    assert_eq!(world.ask_as("91", "<HandleDetailsQry/>").await.value("Response", "Rows"), "1");
}

#[tokio::test]
async fn names_with_macrons() {
    let world = World::new().await;
    let attributes = "Term=\"12\" DomainNameUnicode=\"t&#257;ne.co.nz\" DomainNameLanguage=\".NZ LATIN\"";
    let action = create_with("xn--tne-1oa.co.nz", attributes, "").replace("Owen Owner", "Tāne Māori");
    let answer = world.done(&action).await;
    assert_eq!(answer.value("Domain", "DomainNameUnicode"), "t&#x101;ne.co.nz");
    assert_eq!(answer.value("RegistrantContact", "Name"), "T&#x101;ne M&#x101;ori");
    let shown = world.done("<Whois DomainName=\"XN--TNE-1OA.co.nz\"/>").await;
    assert_eq!(shown.value("Domain", "DomainNameUnicode"), "t&#x101;ne.co.nz");
    let note = update("u", "xn--tne-1oa.co.nz", "", "<AuditText>kōrero ]]&gt; &amp; more</AuditText>");
    assert!(world.done(&note).await.text.contains("<![CDATA[kōrero ]]]]><![CDATA[> & more]]>"));
}
