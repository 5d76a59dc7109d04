//! What is asked: about domains with filters and pages, handles, bills, the account, actions.

use serde_json::json;

use super::client::*;

fn details(filters: &str, attributes: &str) -> String {
    format!("<DomainDetailsQry QryId=\"dq-1\" {attributes}>{filters}</DomainDetailsQry>")
}

#[tokio::test(start_paused = true)]
async fn whois_tells_what_is_public() {
    let world = Local::new(free(), "2018-01-11T11:31:49+13:00");
    let free = world.ask("<Whois QryId=\"w-1\" DomainName=\"example.co.nz\" FullResult=\"1\"/>").await;
    assert!(free.text.contains("<Domain DomainName=\"example.co.nz\" Status=\"Available\"/>"), "{}", free.text);
    assert_eq!((free.value("Response", "TransId"), free.value("Response", "Rows")), ("w-1".into(), String::new()));
    let servers = "<NameServers><Server FQDN=\"ns1.example.net\"/></NameServers>";
    world.ask(&create_with("example.co.nz", "Term=\"13\" RegistrantRef=\"RS1\"", servers)).await;
    let full = world.ask("<Whois DomainName=\"Example.co.nz.\"/>").await;
    let public = full.tags("RegistrarPublicContact");
    assert!(public.len() == 1 && attribute(public[0], "Name") == "Customer Service");
    for hidden in ["RegistrarId", "RegistrantRef", "Term", "ActionId", "UDAI"] {
        assert!(!full.text.contains(&format!(" {hidden}=")), "{hidden} in {}", full.text);
    }
    assert_eq!(
        (full.date("BilledUntil"), full.value("Response", "TransId")),
        ("2019-02-11 11:31:49 +13:00".into(), String::new())
    );
    assert!(full.text.contains("<AuditDetails><AuditTime><From Day=\"11\""), "{}", full.text);
    assert!(
        world
            .ask(&whois("example.co.nz"))
            .await
            .text
            .contains("<Domain DomainName=\"example.co.nz\" Status=\"Active\"/>")
    );
}

fn attribute(tag: &str, name: &str) -> String {
    tag.split_once(&format!(" {name}=\"")).unwrap().1.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn domains_are_found_by_every_kind_of_filter() {
    let world = World::new().await;
    let one = "<NameServers><Server FQDN=\"ns1.example.net\"/></NameServers><DNSSEC><DS KeyTag=\"42\" Algorithm=\"8\" DigestType=\"2\"><Digest>AB</Digest></DS></DNSSEC><AuditText>order 1</AuditText>";
    world.done(&create_with("a.co.nz", "Term=\"1\" RegistrantRef=\"R1\"", one)).await;
    world.done(&create_with("b.co.nz", "Term=\"24\" Delegate=\"0\"", "<AuditText>order 2</AuditText>")).await;
    world.done(&create("c.net.nz").replace("Owen Owner", "Ann Other").replace("owen@", "ann@")).await;
    world.ask_as("91", &create("d.co.nz")).await;
    world.done(&update("x", "b.co.nz", "Lock=\"1\"", "")).await;
    let now = jiff::Timestamp::now();
    let date = |days: i64| {
        let at = now
            .checked_add(jiff::SignedDuration::from_hours(24 * days))
            .unwrap()
            .strftime("Year='%Y' Month='%m' Day='%d'")
            .to_string();
        format!("{at} Hour='0' Minute='0' TimeZoneOffset='+00:00'")
    };
    let range = |name: &str, from: i64, to: i64| format!("<{name}><From {}/><To {}/></{name}>", date(from), date(to));
    for (filters, attributes, names) in [
        ("", "", "a b c"),
        ("<DomainNameFilter>*.co.nz</DomainNameFilter>", "", "a b"),
        ("<DomainNameFilter>a.co.nz</DomainNameFilter><DomainNameFilter>?.net.nz</DomainNameFilter>", "", "a c"),
        ("<DomainNameFilter>d.co.nz</DomainNameFilter>", "", ""),
        ("<NameServerFilter><ServerFilter FQDN=\"ns1.*\"/></NameServerFilter>", "", "a"),
        ("<DNSSECFilter><DSFilter KeyTag=\"42\"><Digest>a?</Digest></DSFilter></DNSSECFilter>", "", "a"),
        (
            "<RegistrantContactFilter Email=\"ANN@*\"><PostalAddressFilter City=\"Well*\"/></RegistrantContactFilter>",
            "",
            "c",
        ),
        ("<AdminContactFilter Name=\"owen*\"/>", "", "a b"),
        ("<TechnicalContactFilter Name=\"nobody\"/>", "", ""),
        ("<AuditTextFilter>order 1</AuditTextFilter>", "", "a"),
        ("<ActionIdFilter>create-c*</ActionIdFilter>", "", "c"),
        ("", "Delegate=\"0\"", "b"),
        ("", "Status=\"PendingRelease\"", ""),
        ("", "RegistrantRef=\"r?\"", "a"),
        (range("BilledUntilDateRange", 20, 40).as_str(), "", "a"),
        (range("RegisteredDateRange", -2, 2).as_str(), "", "a b c"),
        (range("LockedDateRange", -2, 2).as_str(), "", "b"),
        (range("CancelledDateRange", -2, 2).as_str(), "", ""),
    ] {
        let answer = world.done(&details(filters, attributes)).await;
        let found: Vec<String> =
            answer.values("Domain", "DomainName").iter().map(|name| name[..1].to_owned()).collect();
        assert_eq!(found.join(" "), names, "{filters} {attributes}");
        assert_eq!(answer.value("Response", "Rows"), found.len().to_string());
    }
    let bare = world.done(&details("<DomainNameFilter>a.co.nz</DomainNameFilter>", "")).await;
    assert!(bare.text.contains("<Domain DomainName=\"a.co.nz\" Status=\"Active\"/>"), "{}", bare.text);
    let list = "<DomainNameFilter>a.co.nz</DomainNameFilter><FieldList Status=\"1\" BilledUntil=\"1\" Term=\"1\" RegistrarName=\"1\" LastActionId=\"1\" ChangedByRegistrarId=\"1\" EffectiveFrom=\"1\" AuditText=\"1\"/>";
    let listed = world.done(&details(list, "")).await;
    assert_eq!(
        (listed.value("AuditDetails", "ActionId"), listed.value("Domain", "RegistrarName")),
        ("create-a.co.nz".into(), "Registrar 90 Ltd".into())
    );
    assert!(listed.tags("RegistrantContact").is_empty() && listed.cdata("AuditText") == "order 1");
    let wrong = range("BilledUntilDateRange", 2, 1);
    assert_eq!(
        world.refused("INVALID_DATE_RANGE", &details(&wrong, "")).await.cdata("ErrorDetails"),
        "BilledUntilDateRange"
    );
    let many = "<DomainNameFilter>x</DomainNameFilter>".repeat(21);
    let answer = world.refused("NUMBER_OF_FILTERS_EXCEEDS_MAX", &details(&many, "")).await;
    assert_eq!(answer.cdatas("ErrorDetails"), ["21", "DomainNameFilter", "20"]);
}

#[tokio::test]
async fn pages_counts_and_history() {
    let world = World::new().await;
    for name in ["a.co.nz", "b.co.nz", "c.co.nz"] {
        world.done(&create(name)).await;
    }
    for (attributes, names, more) in [
        ("MaxResults=\"2\"", vec!["a.co.nz", "b.co.nz"], "1"),
        ("MaxResults=\"2\" SkipResults=\"2\"", vec!["c.co.nz"], "0"),
        ("SkipResults=\"9\"", vec![], "0"),
    ] {
        let page = world.done(&details("", attributes)).await;
        assert_eq!(
            (page.values("Domain", "DomainName"), page.value("Response", "MoreRowsAvailable").as_str()),
            (names.into_iter().map(str::to_owned).collect(), more)
        );
    }
    let count = world.done(&details("", "CountResults=\"1\"")).await;
    assert_eq!((count.value("Response", "Count"), count.tags("Domain").len()), ("3".into(), 0));
    world.refused("CONFLICTING_RESULTS_PARAMETERS", &details("", "CountResults=\"1\" MaxResults=\"1\"")).await;
    world.refused("INVALID_FIELD", &details("", "MaxResults=\"many\"")).await;
    world.done(&update("u", "a.co.nz", "RegistrantRef=\"new\"", "")).await;
    let list = "<DomainNameFilter>a.co.nz</DomainNameFilter><FieldList RegistrantRef=\"1\" LastActionId=\"1\" EffectiveFrom=\"1\"/>";
    let history = world.done(&details(list, "ShowHistory=\"1\"")).await;
    assert_eq!(history.values("AuditDetails", "ActionId"), ["u", "create-a.co.nz"]);
    assert_eq!(
        (history.values("Domain", "RegistrantRef"), history.tags("To").len()),
        (vec!["new".to_owned(), String::new()], 1)
    );
}

#[tokio::test]
async fn handles_and_the_domains_that_use_them() {
    let world = World::new().await;
    let handle = |action: &str, id: &str, more: &str, inner: &str| {
        format!("<{action} ActionId=\"{action}-{id}\" HandleId=\"{id}\" {more}>{inner}</{action}>")
    };
    let phone =
        "<Phone CountryCode=\"64\" AreaCode=\"\" LocalNumber=\"111123\"/><AuditText>hostmaster role</AuditText>";
    let created = world
        .done(&handle(
            "HandleCreate",
            "isp-admin",
            "Name=\"ISP Administrator\" Email=\"admin@example.net\"",
            &format!("{ADDRESS}{phone}"),
        ))
        .await;
    assert_eq!(
        (created.value("Response", "Rows"), created.value("Handle", "RegistrarId"), created.cdata("AuditText")),
        ("1".into(), "90".into(), "hostmaster role".into())
    );
    assert!(created.tags("Phone")[0].contains("AreaCode=\"\"") && created.tags("CreatedDate").len() == 1);
    world.done(&handle("HandleCreate", "tāne", "Name=\"Tāne\" Email=\"tane@example.net\"", ADDRESS)).await;
    world.done(&create_with("a.co.nz", "Term=\"1\"", "<AdminContact HandleId=\"ISP-Admin\"/>")).await;
    let changed = world.done(&handle("HandleUpdate", "isp-admin", "Email=\"noc@example.net\"", "")).await;
    assert_eq!(
        (changed.value("Handle", "Email"), changed.value("Domain", "DomainName")),
        ("noc@example.net".into(), "a.co.nz".into())
    );
    assert_eq!(world.done("<Whois DomainName=\"a.co.nz\"/>").await.value("AdminContact", "Email"), "noc@example.net");
    let query = |inner: &str| format!("<HandleDetailsQry QryId=\"hq\" MaxResults=\"100\">{inner}</HandleDetailsQry>");
    for (filters, rows) in [
        ("", "2"),
        ("<HandleIdFilter>isp-*</HandleIdFilter>", "1"),
        ("<HandleIdFilter>T?NE</HandleIdFilter><HandleIdFilter>isp*</HandleIdFilter>", "2"),
        ("<ContactFilter Email=\"*@example.net\"><PostalAddressFilter City=\"Wellington\"/></ContactFilter>", "2"),
        ("<ContactFilter Email=\"admin@*\"/>", "0"),
    ] {
        assert_eq!(world.done(&query(filters)).await.value("Response", "Rows"), rows, "{filters}");
    }
    let gone = world.done("<HandleUpdate ActionId=\"d\" HandleId=\"tāne\" Delete=\"1\"/>").await;
    assert_eq!((gone.value("Response", "Rows"), gone.tags("Handle").len()), ("0".into(), 0));
    assert_eq!(world.effects("contact.delete"), ["tāne"]);
}

#[tokio::test]
async fn the_account_says_what_it_is() {
    let world = World::new().await;
    let shown = world.done("<RegistrarDetailsQry QryId=\"rq-1\" RegistrarId=\"90\"/>").await;
    assert_eq!((shown.value("Response", "Rows"), shown.value("Registrar", "AccRef")), ("1".into(), "Reg90".into()));
    assert_eq!(shown.values("Role", "RoleName").len(), 10);
    assert!(
        shown.text.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----")
            && shown.values("SecondLD", "DomainName").contains(&"co.nz".into())
    );
    assert_eq!(
        world
            .refused("INVALID_EXPLICIT_REGISTRAR_ID", "<RegistrarDetailsQry RegistrarId=\"91\"/>")
            .await
            .cdata("ErrorDetails"),
        "91"
    );
    world.refused("NOT_PERMITTED_TO_FILTER_REGISTRAR_BY_NAME", "<RegistrarDetailsQry NameFilter=\"*\"/>").await;
    let change = "<RegistrarUpdate ActionId=\"ru-1\" URL=\"www.example.net\"><RegistrarPublicContact Email=\"new@example.net\"/><EPPAuth Password=\"secret-1\"/><AuditText>new</AuditText></RegistrarUpdate>";
    let changed = world.done(change).await;
    assert_eq!(
        (changed.value("Registrar", "URL"), changed.value("RegistrarPublicContact", "Email")),
        ("www.example.net".into(), "new@example.net".into())
    );
    assert!(changed.value("EPPAuth", "Password").starts_with("$5$") && !changed.text.contains("secret-1"));
    world
        .refused("INVALID_PASSWORD", "<RegistrarUpdate ActionId=\"ru-2\"><EPPAuth Password=\"x\"/></RegistrarUpdate>")
        .await;
    world.refused("PERMISSION_DENIED", "<RegistrarUpdate ActionId=\"ru-3\" Name=\"Other\"/>").await;
}

#[tokio::test]
async fn bills_are_confirmed_and_invoiced() {
    let world = World::new().await;
    world.done(&create_with("a.co.nz", "Term=\"2\" RegistrantRef=\"R1\"", "")).await;
    let bills = async |attributes: &str| world.done(&format!("<RegistrarAccountQry QryId=\"ra\" {attributes}/>")).await;
    let first = bills("TransStatus=\"PendingConfirmation\"").await;
    assert_eq!(
        (
            first.value("BillingTrans", "Amount"),
            first.value("BillingTrans", "BillingTerm"),
            first.value("BillingTrans", "Type")
        ),
        ("3.00".into(), "2".into(), "Create".into())
    );
    assert_eq!(bills("TransStatus=\"Confirmed\"").await.value("Response", "Rows"), "0");
    world.days(6).await;
    assert_eq!(
        bills("TransStatus=\"Confirmed\" DomainName=\"A.*\" RegistrantRef=\"r1\"").await.value("Response", "Rows"),
        "1"
    );
    world.days(40).await;
    let invoiced = bills("").await;
    let id = invoiced.value("BillingTrans", "InvoiceId");
    assert!(id.ends_with("-90") && invoiced.tags("InvoiceDate").len() == 1, "{}", invoiced.text);
    assert_eq!(bills(&format!("InvoiceId=\"{id}\"")).await.value("Response", "Rows"), "1");
    assert_eq!(bills("CountResults=\"1\"").await.value("Response", "Count"), "1");
}

#[tokio::test]
async fn an_action_can_be_looked_up() {
    let world = World::new().await;
    let answer = world.done(&create("a.co.nz")).await;
    let found = world.done("<ActionDetailsQry QryId=\"aq-1\" ActionId=\"create-a.co.nz\"/>").await;
    let [request, response] = found.cdatas("XML").try_into().unwrap();
    assert!(request.starts_with("%3cNZSRSRequest+VerMajor%3d%228%22") && request.contains("a%2eco%2enz"), "{request}");
    assert!(response.starts_with("%3c%3fxml+version%3d%221%2e0%22%3f%3e%0a%3c%21DOCTYPE"), "{response}");
    assert!(response.contains(&answer.value("Domain", "UDAI")), "the UDAI can be read again here");
    let signatures = found.cdatas("Signature");
    assert!(signatures[0].starts_with("-----BEGIN PGP SIGNATURE-----") && signatures[1] == "not stored");
    let none = world.done("<ActionDetailsQry ActionId=\"nothing\"/>").await;
    assert!(none.tags("RawRequest").is_empty());
    world
        .refused("PERMISSION_DENIED", "<ActionDetailsQry ActionId=\"create-a.co.nz\" OriginatingRegistrarId=\"91\"/>")
        .await;
    // What was refused is kept as well.
    world.refused("INVALID_CCTLD", &create("a.com")).await;
    let refused = world.done("<ActionDetailsQry ActionId=\"create-a.com\"/>").await;
    assert!(refused.cdatas("XML")[1].contains("INVALID_CCTLD"));
    let record =
        world.sandbox.ledger().requests.iter().find(|r| r.ctid.as_deref() == Some("create-a.co.nz")).cloned().unwrap();
    assert_eq!(
        (record.action.as_str(), record.object.as_deref(), record.answer.as_deref()),
        ("domain.create", Some("a.co.nz"), Some("ok"))
    );
    assert_eq!(json!(record.account), "90");
}
