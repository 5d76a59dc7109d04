//! The requests of the reference's samples, one after the other, as one life: each is understood, and each answer is valid.

use std::time::Duration;

use super::client::*;

const DAY: Duration = Duration::from_secs(86_400);
const DIGEST: &str = "3A54F693DA1D3FC6073B3D065FEDFAC000610CE83C7D2A084DF883E0B308DCA6";

/// A sample, what its answers are to (an error or `ok`), and an element one of them has.
type Sample = (String, &'static str, &'static str);

fn first() -> Vec<Sample> {
    let create = format!(
        "<DomainCreate ActionId=\"c-2019-000123\" DomainName=\"example.co.nz\" Term=\"12\" Delegate=\"1\" RegistrantRef=\"RS1001\">
    <RegistrantContact Name=\"John Smith\" Email=\"j.smith@example.org\" Privacy=\"0\">
      {ADDRESS}
      <Phone CountryCode=\"64\" AreaCode=\"4\" LocalNumber=\"111234\"/>
      <Fax CountryCode=\"64\" AreaCode=\"4\" LocalNumber=\"111235\"/>
    </RegistrantContact>
    <AdminContact HandleId=\"isp-admin\"/>
    <NameServers><Server FQDN=\"ns1.example.co.nz\" IP4Addr=\"192.0.2.53\"/><Server FQDN=\"ns2.example.net\"/></NameServers>
    <DNSSEC><DS KeyTag=\"42454\" Algorithm=\"8\" DigestType=\"2\"><Digest>{DIGEST}</Digest></DS></DNSSEC>
    <AuditText>order 8974</AuditText>
  </DomainCreate>"
    );
    let handle = |id: &str, action: &str| {
        format!(
            "<HandleCreate ActionId=\"{action}\" HandleId=\"{id}\" Name=\"ISP Administrator\" Email=\"admin@example.net\"><PostalAddress Address1=\"1 Main Road\" City=\"Wellington\" CountryCode=\"NZ\" PostalCode=\"6011\"/><Phone CountryCode=\"64\" AreaCode=\"4\" LocalNumber=\"111123\"/><AuditText>hostmaster role</AuditText></HandleCreate>"
        )
    };
    let mut samples: Vec<Sample> = vec![
        ("<Whois QryId=\"w-1\" DomainName=\"example.co.nz\" FullResult=\"1\"/>".into(), "ok", "Domain"),
        (handle("isp-admin", "hc-1"), "ok", "Handle"),
        (handle("old-tech", "hc-2"), "ok", "CreatedDate"),
        (create, "ok", "BilledUntil"),
    ];
    for name in ["example.org.nz", "example.net.nz", "example.geek.nz", "old.co.nz"] {
        samples.push((create_with(name, "Term=\"12\"", ""), "ok", "Domain"));
    }
    samples
}

fn later() -> Vec<Sample> {
    let sample = |text: &str, answer: &'static str, element: &'static str| (text.to_owned(), answer, element);
    let signer = format!("<DS KeyTag=\"555\" Algorithm=\"8\" DigestType=\"2\"><Digest>{DIGEST}</Digest></DS>");
    let several = format!(
        "<DomainUpdate ActionId=\"d-1\" Delegate=\"0\"><DomainNameFilter>example.org.nz</DomainNameFilter></DomainUpdate>
  <DomainUpdate ActionId=\"k-1\"><DomainNameFilter>example.net.nz</DomainNameFilter><DNSSEC>{signer}</DNSSEC></DomainUpdate>
  <DomainUpdate ActionId=\"k-2\"><DomainNameFilter>example.geek.nz</DomainNameFilter><DNSSEC/></DomainUpdate>
  <DomainUpdate ActionId=\"f-1\" Release=\"1\"><DomainNameFilter>old.co.nz</DomainNameFilter></DomainUpdate>"
    );
    vec![
        sample(
            "<DomainUpdate ActionId=\"u-1\" FullResult=\"0\"><DomainNameFilter>example.co.nz</DomainNameFilter><RegistrantContact Email=\"new@example.org\"><Fax/></RegistrantContact><NameServers><Server FQDN=\"ns3.example.net\"/><Server FQDN=\"ns4.example.net\"/></NameServers><AuditText>ticket 4711</AuditText></DomainUpdate>",
            "ok",
            "AuditDetails",
        ),
        sample(
            "<DomainUpdate ActionId=\"r-1\" Renew=\"1\" Term=\"12\"><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>",
            "ok",
            "BilledUntil",
        ),
        sample(
            "<DomainUpdate ActionId=\"x-1\" Cancel=\"1\"><DomainNameFilter>example.co.nz</DomainNameFilter><AuditText>holder asked</AuditText></DomainUpdate>",
            "ok",
            "CancelledDate",
        ),
        sample(
            "<DomainUpdate ActionId=\"u-9\" Delegate=\"0\"><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>",
            "DOMAIN_INACTIVE",
            "Error",
        ),
        sample(
            "<DomainUpdate ActionId=\"x-2\" Cancel=\"0\"><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>",
            "ok",
            "Domain",
        ),
        sample(
            "<DomainUpdate ActionId=\"n-1\" NewUDAI=\"1\" FullResult=\"0\"><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>",
            "ok",
            "Domain",
        ),
        sample(
            "<DomainUpdate ActionId=\"clear-1\"><DomainNameFilter>example.co.nz</DomainNameFilter><RegistrantContact><PostalAddress Address1=\"14 Rural Street\" Address2=\"\" City=\"Wellington\" CountryCode=\"NZ\"/><Fax/></RegistrantContact></DomainUpdate>",
            "ok",
            "PostalAddress",
        ),
        sample(
            "<DomainUpdate ActionId=\"l-1\" Lock=\"1\"><DomainNameFilter>example.co.nz</DomainNameFilter></DomainUpdate>",
            "ok",
            "LockedDate",
        ),
        (several, "ok ok ok PERMISSION_DENIED", "Domain"),
        sample(
            "<Whois QryId=\"t-1w\" DomainName=\"example.co.nz\" FullResult=\"0\"/><DomainUpdate ActionId=\"t-1\" UDAI=\"Wkw83nqs\" ConvertContactsToHandles=\"0\"><DomainNameFilter>nobody.co.nz</DomainNameFilter><AuditText>transfer in, order 9001</AuditText></DomainUpdate>",
            "ok ok",
            "Domain",
        ),
        sample(
            "<DomainDetailsQry QryId=\"dq-1\" Status=\"Active\" MaxResults=\"100\" SkipResults=\"0\"><DomainNameFilter>*.co.nz</DomainNameFilter><BilledUntilDateRange><From Year=\"2019\" Month=\"7\" Day=\"1\" Hour=\"0\" Minute=\"0\" Second=\"0\" TimeZoneOffset=\"+12:00\"/><To Year=\"2029\" Month=\"7\" Day=\"31\" Hour=\"23\" Minute=\"59\" Second=\"59\" TimeZoneOffset=\"+1200\"/></BilledUntilDateRange><FieldList Status=\"1\" BilledUntil=\"1\" CancelledDate=\"1\" LockedDate=\"1\" Term=\"1\" NameServers=\"1\" LastActionId=\"1\" ChangedByRegistrarId=\"1\" EffectiveFrom=\"1\"/></DomainDetailsQry>",
            "ok",
            "BilledUntil",
        ),
        sample("<UDAIValidQry QryId=\"uv-1\" DomainName=\"example.co.nz\" UDAI=\"Wkw83nqs\"/>", "ok", "UDAIValid"),
        sample(
            "<HandleUpdate ActionId=\"hu-1\" HandleId=\"isp-admin\" Email=\"noc@example.net\"/><HandleUpdate ActionId=\"hu-2\" HandleId=\"old-tech\" Delete=\"1\"/>",
            "ok ok",
            "ChangedDomains",
        ),
        sample(
            "<HandleDetailsQry QryId=\"hq-1\" MaxResults=\"100\"><HandleIdFilter>isp-*</HandleIdFilter><ContactFilter Email=\"*@example.net\"><PostalAddressFilter City=\"Wellington\"/></ContactFilter></HandleDetailsQry>",
            "ok",
            "Handle",
        ),
        sample("<ActionDetailsQry QryId=\"aq-1\" ActionId=\"c-2019-000123\"/>", "ok", "RawRequest"),
        sample(
            "<GetMessages QryId=\"gm-1\" QueueMode=\"1\" MaxResults=\"1\"><TypeFilter Type=\"third-party\"/><TypeFilter Type=\"server-generated-data\"/></GetMessages>",
            "ok",
            "Message",
        ),
        sample(
            "<AckMessage ActionId=\"ack-78\" OriginatingRegistrarId=\"90\" TransId=\"12345aa\"/>",
            "INVALID_FIELDSET",
            "ErrorDetails",
        ),
        sample("<AckMessage ActionId=\"ack-77\" OriginatingRegistrarId=\"90\" TransId=\"n-1\"/>", "ok", "AckResponse"),
        sample("<ResetMsgQ ActionId=\"reset-1\"/>", "ok", "FeTimeStamp"),
        sample("<RegistrarDetailsQry QryId=\"rq-1\" RegistrarId=\"90\"/>", "ok", "Registrar"),
        sample(
            "<RegistrarUpdate ActionId=\"ru-1\" URL=\"www.example.net\"><RegistrarPublicContact Name=\"Customer Service\" Email=\"help@example.net\"/><AuditText>new public mail address</AuditText></RegistrarUpdate>",
            "ok",
            "Registrar",
        ),
        sample(
            "<RegistrarAccountQry QryId=\"ra-1\"><TransDateRange><From Year=\"2018\" Month=\"1\" Day=\"1\" Hour=\"0\" Minute=\"0\" Second=\"0\" TimeZoneOffset=\"+13:00\"/><To Year=\"2019\" Month=\"12\" Day=\"31\" Hour=\"23\" Minute=\"59\" Second=\"59\" TimeZoneOffset=\"+13:00\"/></TransDateRange></RegistrarAccountQry>",
            "ok",
            "BillingTrans",
        ),
    ]
}

async fn play(world: &Local, samples: Vec<Sample>) {
    for (text, answers, element) in samples {
        let answer = world.ask(&text).await;
        let ledger = world.sandbox.ledger();
        assert_eq!(ledger.requests.back().unwrap().answer.as_deref(), Some(answers), "{text}\n{}", answer.text);
        assert!(!answer.tags(element).is_empty(), "{element} in {}", answer.text);
    }
}

#[tokio::test(start_paused = true)]
async fn every_sample_is_understood() {
    let world = Local::new(free(), "2018-12-04T14:32:35+13:00");
    play(&world, first()).await;
    // Past every grace period.
    tokio::time::advance(10 * DAY).await;
    play(&world, later()).await;
}
