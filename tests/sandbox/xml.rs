//! XML requests: the reference's samples, the style of Net-DRI, and mistakes.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;

use crate::client::World;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";

/// A request as DENIC's samples write it.
pub fn sample(body: &str) -> String {
    format!(
        "{DECLARATION}\n\n<registry-request xmlns=\"http://registry.denic.de/global/5.0\"\n\
         \x20   xmlns:contact=\"http://registry.denic.de/contact/5.0\" xmlns:domain=\"http://registry.denic.de/domain/5.0\"\n\
         \x20   xmlns:dnsentry=\"http://registry.denic.de/dnsentry/5.0\" xmlns:msg=\"http://registry.denic.de/msg/5.0\"\n\
         \x20   xmlns:regacc=\"http://registry.denic.de/regacc/5.0\"\n\
         \x20   xmlns:verification=\"http://registry.denic.de/verification/5.0\"\n\
         \x20   xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n{body}\n</registry-request>"
    )
}

/// The text of all elements with this (prefixed) name, after checking that the answer is well-formed.
pub fn texts(answer: &str, name: &str) -> Vec<String> {
    let mut reader = Reader::from_str(answer);
    let mut found = Vec::new();
    let mut inside = false;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Start(start) => {
                inside = start.name().into_inner() == name;
                if inside {
                    found.push(String::new());
                }
            }
            Event::Text(text) if inside => found.last_mut().unwrap().push_str(&text.xml10_content()),
            Event::GeneralRef(r) if inside => {
                found.last_mut().unwrap().push_str(if &*r.xml10_content() == "quot" { "\"" } else { "?" })
            }
            Event::End(_) => inside = false,
            _ => {}
        }
    }
}

const CONTACT: &str = "<contact:create>
    <contact:handle>DENIC-1000001-EXAMPLE-XML-PERSON</contact:handle>
    <contact:type>PERSON</contact:type>
    <contact:name>John Doe</contact:name>
    <contact:organisation>Example &amp; Co</contact:organisation>
    <contact:postal>
      <contact:address>Beispielweg 1</contact:address>
      <contact:postalCode>60596</contact:postalCode>
      <contact:city>Frankfurt am Main</contact:city>
      <contact:countryCode>DE</contact:countryCode>
    </contact:postal>
    <contact:email>john.doe@example.de</contact:email>
    <contact:phone>+49.69272350</contact:phone>
    <verification:verificationInformation xsi:type=\"verification:verificationInformationType\">
      <verification:verifiedClaims>
        <verification:claim>name</verification:claim>
        <verification:claim>address</verification:claim>
      </verification:verifiedClaims>
      <verification:verificationResult>success</verification:verificationResult>
      <verification:verificationReference>ABC123/45GHT</verification:verificationReference>
      <verification:verificationTimestamp>2023-11-11T15:36:21+02:00</verification:verificationTimestamp>
      <verification:verificationEvidence>idcard</verification:verificationEvidence>
      <verification:verificationMethod>auth</verification:verificationMethod>
      <verification:trustFramework>de_denic</verification:trustFramework>
    </verification:verificationInformation>
  </contact:create>
  <ctid>xml-74ba5119</ctid>";

const DOMAIN: &str = "<domain:create>
    <domain:handle>domain-example-nserver.de</domain:handle>
    <domain:contact role=\"holder\">DENIC-1000001-EXAMPLE-XML-PERSON</domain:contact>
    <dnsentry:dnsentry xsi:type=\"dnsentry:NS\">
      <dnsentry:owner>domain-example-nserver.de</dnsentry:owner>
      <dnsentry:rdata><dnsentry:nameserver>ns1.example.net</dnsentry:nameserver></dnsentry:rdata>
    </dnsentry:dnsentry>
    <dnsentry:dnsentry xsi:type=\"dnsentry:NS\">
      <dnsentry:owner>domain-example-nserver.de</dnsentry:owner>
      <dnsentry:rdata>
        <dnsentry:nameserver>ns1.domain-example-nserver.de</dnsentry:nameserver>
        <dnsentry:address>192.0.2.1</dnsentry:address>
        <dnsentry:addressV6>2001:db8::1</dnsentry:addressV6>
      </dnsentry:rdata>
    </dnsentry:dnsentry>
    <dnsentry:dnsentry xsi:type=\"dnsentry:DNSKEY\">
      <dnsentry:owner>domain-example-nserver.de.</dnsentry:owner>
      <dnsentry:rdata>
        <dnsentry:flags>257</dnsentry:flags><dnsentry:protocol>3</dnsentry:protocol>
        <dnsentry:algorithm>8</dnsentry:algorithm><dnsentry:publicKey>AwEAAajpN1rjU365</dnsentry:publicKey>
      </dnsentry:rdata>
    </dnsentry:dnsentry>
  </domain:create>
  <ctid>xml-74ba5155</ctid>";

#[tokio::test]
async fn the_samples_of_the_reference() {
    let world = World::new().await;
    let (_, user, password) = world.account(0);
    let mut client = world.connect().await;
    let answer =
        client.ask(&sample(&format!("<login><user>{user}</user><password>{password}</password></login>"))).await;
    assert!(answer.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<registry-response xmlns=\"http://registry.denic.de/global/5.0\" xmlns:tr=\"http://registry.denic.de/transaction/5.0\"><tr:transaction><tr:stid>"), "{answer}");
    assert_eq!(texts(&answer, "tr:result"), ["success"]);
    assert!(texts(&answer, "tr:ctid").is_empty());

    let answer = client.ask(&sample(CONTACT)).await;
    assert_eq!(
        (texts(&answer, "tr:result"), texts(&answer, "tr:ctid")),
        (vec!["success".into()], vec!["xml-74ba5119".into()])
    );
    let answer = client.ask(&sample(DOMAIN)).await;
    assert_eq!(texts(&answer, "tr:result"), ["success"], "{answer}");
    assert!(answer.contains("<tr:message level=\"info\" code=\"53000080013\">"), "{answer}");
    assert_eq!(texts(&answer, "tr:text"), ["Domain \"Status\" is \"connect\""]);

    let info = |recursive: &str| {
        sample(&format!(
            "<domain:info recursive=\"{recursive}\"><domain:handle>domain-example-nserver.de</domain:handle></domain:info>"
        ))
    };
    let answer = client.ask(&info("false")).await;
    assert_eq!(texts(&answer, "domain:status"), ["connect"]);
    assert!(answer.contains("<domain:contact role=\"holder\"><contact:handle>DENIC-1000001-EXAMPLE-XML-PERSON</contact:handle></domain:contact>"), "{answer}");
    assert!(answer.contains("<dnsentry:nameserver>ns1.domain-example-nserver.de.</dnsentry:nameserver><dnsentry:addressV6>2001:db8::1</dnsentry:addressV6>"), "{answer}");
    assert!(answer.contains("<domain:regAcc><domain:regAccId>DENIC-1000001</domain:regAccId>"), "{answer}");
    let answer = client.ask(&info("true")).await;
    assert!(answer.contains("xsi:type=\"verification:domainVerificationInformationType\""), "{answer}");
    assert!(answer.contains("<contact:organisation>Example &amp; Co</contact:organisation>"), "{answer}");
    assert_eq!(texts(&answer, "contact:phone"), ["+49.69272350"]);

    let check = "<domain:check><domain:handle>domain-example-nserver.de</domain:handle></domain:check>";
    assert_eq!(texts(&client.ask(&sample(check)).await, "domain:status"), ["connect"]);
    let contact = "<contact:info><contact:handle>DENIC-1000001-EXAMPLE-XML-PERSON</contact:handle></contact:info>";
    assert_eq!(texts(&client.ask(&sample(contact)).await, "verification:claim"), ["name", "address"]);
    let contact = contact.replace("info", "check");
    assert_eq!(texts(&client.ask(&sample(&contact)).await, "contact:status"), ["exist"]);
    // Each request chooses its own format.
    assert!(client.ask("Version: 5.0\nAction: CHECK\nDomain: frei.de").await.starts_with("RESULT: success\n"));
    let delete = "<domain:delete><domain:handle>domain-example-nserver.de</domain:handle><domain:contact role=\"holder\">DENIC-1000001-EXAMPLE-XML-PERSON</domain:contact></domain:delete><ctid>xml-del</ctid>";
    assert_eq!(texts(&client.ask(&sample(delete)).await, "tr:result"), ["success"]);
    assert_eq!(texts(&client.ask(&sample("<logout/>")).await, "tr:result"), ["success"]);
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn net_dri_speaks_protocol_4() {
    let world = World::new().await;
    let (_, user, password) = world.account(0);
    let mut client = world.connect().await;
    let request = |namespaces: &str, body: &str| {
        format!(
            "{DECLARATION}<registry-request xmlns=\"http://registry.denic.de/global/4.0\"{namespaces}>{body}</registry-request>"
        )
    };
    let contact_ns = " xmlns:contact=\"http://registry.denic.de/contact/4.0\"";
    let domain_ns = " xmlns:dnsentry=\"http://registry.denic.de/dnsentry/4.0\" xmlns:domain=\"http://registry.denic.de/domain/4.0\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let answer =
        client.ask(&request("", &format!("<login><user>{user}</user><password>{password}</password></login>"))).await;
    assert!(
        answer.contains(
            "xmlns=\"http://registry.denic.de/global/4.0\" xmlns:tr=\"http://registry.denic.de/transaction/4.0\""
        ),
        "{answer}"
    );
    let contact = "<contact:create><contact:handle>DENIC-1000001-BSP</contact:handle><contact:type>ORG</contact:type><contact:name>Example eG</contact:name><contact:postal><contact:address>Weg 5</contact:address><contact:postalCode>60329</contact:postalCode><contact:city>Frankfurt</contact:city><contact:countryCode>DE</contact:countryCode></contact:postal><contact:email>dbs@example.de</contact:email></contact:create><ctid>NetDRI-1</ctid>";
    let answer = client.ask(&request(contact_ns, contact)).await;
    assert_eq!(texts(&answer, "tr:result"), ["success"], "no phone in 4.0: {answer}");
    let ns = |host: &str, addresses: &str| {
        format!(
            "<dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--dnic-loa.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>{host}.</dnsentry:nameserver>{addresses}</dnsentry:rdata></dnsentry:dnsentry>"
        )
    };
    let addresses = "<dnsentry:address>192.0.2.1</dnsentry:address><dnsentry:address>2001:db8::1</dnsentry:address>";
    let create = format!(
        "<domain:create><domain:handle>dänic.de</domain:handle><domain:ace>xn--dnic-loa.de</domain:ace><domain:contact role=\"holder\">DENIC-1000001-BSP</domain:contact>{}{}</domain:create><ctid>NetDRI-2</ctid>",
        ns("ns1.example.net", ""),
        ns("ns.xn--dnic-loa.de", addresses)
    );
    let answer = client.ask(&request(domain_ns, &create)).await;
    assert_eq!(texts(&answer, "tr:result"), ["success"], "{answer}");
    assert!(texts(&answer, "tr:message").is_empty(), "the statuses are of 5.0: {answer}");
    let info = "<domain:info recursive=\"false\"><domain:handle>dänic.de</domain:handle><domain:ace>xn--dnic-loa.de</domain:ace></domain:info>";
    let answer = client.ask(&request(" xmlns:domain=\"http://registry.denic.de/domain/4.0\"", info)).await;
    assert_eq!(texts(&answer, "domain:regAccId"), ["DENIC-1000001"]);
    assert!(texts(&answer, "domain:registrationDate").is_empty());
    assert_eq!(texts(&answer, "dnsentry:address"), ["192.0.2.1", "2001:db8::1"]);
    assert!(answer.contains("xmlns:domain=\"http://registry.denic.de/domain/4.0\""));
    let noop = client.ask(&request(" xmlns:msg=\"http://registry.denic.de/msg/4.0\"", "<msg:queue-read/>")).await;
    assert_eq!(texts(&noop, "msg:handle"), ["dänic.de", "DENIC-1000001-BSP"], "{noop}");
}

#[tokio::test]
async fn the_schema_is_strict() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let check = "<domain:check><domain:handle>example.de</domain:handle></domain:check>";
    for wrong in [
        sample(check).replace("registry-request", "registry-reguest"),
        sample(check).replace("http://registry.denic.de/domain/5.0", "https://registry.denic.de/domain/5.0"),
        sample(check).replace("global/5.0", "global/6.0"),
        sample("<domain:steal><domain:handle>example.de</domain:handle></domain:steal>"),
        sample("<domain:check/>"),
        sample("<domain:check><domain:handle/></domain:check>"),
        sample(
            "<domain:check><domain:ace>example.de</domain:ace><domain:handle>example.de</domain:handle></domain:check>",
        ),
        sample("<domain:check recursive=\"true\"><domain:handle>example.de</domain:handle></domain:check>"),
        sample("<domain:check><domain:handle>example.de</domain:handle><domain:extra>x</domain:extra></domain:check>"),
        sample(&format!("{check}{check}")),
        sample(&CONTACT.replace("<contact:phone>", "<contact:fax>1</contact:fax><contact:phone>")),
        sample(&DOMAIN.replace("role=\"holder\"", "role=\"Holder\"")),
        sample(&DOMAIN.replace("dnsentry:DNSKEY", "dnsentry:TXT")),
        sample(""),
        "<".into(),
        "<a>".repeat(10_000),
        format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{}", sample(check)),
    ] {
        let answer = client.ask(&wrong).await;
        assert!(answer.contains("code=\"83000000004\""), "{wrong}\n{answer}");
        assert_eq!(texts(&answer, "tr:argument").len(), 1);
    }
    let ctid = client.ask(&sample(&format!("{check}<ctid>abc</ctid>"))).await;
    assert!(ctid.contains("code=\"63000000007\""), "{ctid}");
    assert!(world.sandbox.ledger().effects.is_empty());
}

#[tokio::test]
async fn messages_as_documents() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let empty = client.ask(&sample("<msg:queue-read/>")).await;
    assert!(!empty.contains("msg:message") && !empty.contains("tr:data"), "{empty}");
    let body = json!({
        "account": "DENIC-1000001", "type": "contactVerificationRequired", "handles": ["DENIC-1000001-MAX"],
        "claims": ["name", "address"], "domains_total": 2753, "domain": "example.de",
        "dedelegation": "2026-12-06T14:51:08Z", "deletion": "2026-12-13T14:51:08Z",
    });
    let (status, put) = world.control("POST", "/messages", &body).await;
    assert_eq!(status, 200, "{put}");
    let read = client.ask(&sample("<msg:queue-read msgType=\"contactVerificationRequired\"/>")).await;
    assert!(read.contains(&format!("msgid=\"{}\" msgcnt=\"1\"", put["id"].as_str().unwrap())), "{read}");
    assert_eq!(texts(&read, "msg:verificationDeadline"), ["2026-12-06T15:51:08+01:00", "2026-12-13T15:51:08+01:00"]);
    assert_eq!(texts(&read, "msg:claim"), ["name", "address"]);
    assert!(read.contains("<msg:message level=\"info\" code=\"16350000050\"><tr:text>"), "{read}");
    let delete = format!("<msg:delete msgid=\"{}\"/>", put["id"].as_str().unwrap());
    assert_eq!(texts(&client.ask(&sample(&delete)).await, "tr:result"), ["success"]);
}
