//! Requests in the styles of other people's clients: DENIC's own in Go and Net-DRI in Perl. Names are ours.

use crate::client::{World, field};
use crate::xml::texts;

const HASH: &str = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";

/// As the Go client writes them: keywords in lower case, both forms of the name, no blank line, no last line break,
/// and a line for an organisation that is not there.
const GO: &[(usize, &str)] = &[
    (
        0,
        "version: 4.0\naction: CREATE\nhandle: DENIC-1000001-ORG\ntype: ORG\nname: Example GmbH\norganisation: \naddress: Beispielweg 1\naddress: Hinterhaus\npostalcode: 60596\ncity: Frankfurt am Main\ncountrycode: DE\nemail: info@example.de",
    ),
    (0, "version: 4.0\naction: CHECK\nhandle: DENIC-1000001-ORG"),
    (
        0,
        "version: 4.0\naction: CREATE\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de\nholder: DENIC-1000001-ORG\nnserver: ns1.example.net\nnserver: ns2.example.net",
    ),
    (
        0,
        "version: 4.0\naction: UPDATE\ndomain-ace: xn--dnic-5qa.de\ndomain: dönic.de\nholder: DENIC-1000001-ORG\nnserver: ns1.example.net\nnserver: ns3.example.net",
    ),
    (0, "version: 4.0\naction: INFO\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de"),
    (
        0,
        "version: 4.0\naction: CREATE-AUTHINFO1\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de\nauthinfohash: HASH\nauthinfoexpire: 20300620",
    ),
    (1, "version: 4.0\naction: CREATE-AUTHINFO2\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de"),
    (0, "version: 4.0\naction: DELETE\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de"),
    (0, "version: 4.0\naction: RESTORE\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de"),
    (0, "version: 4.0\naction: TRANSIT\ndomain: dönic.de\ndomain-ace: xn--dnic-5qa.de\ndisconnect: true"),
    (0, "version: 4.0\naction: QUEUE-READ\nmsgtype: authinfo2notify"),
    // As its examples are written by hand.
    (
        1,
        "Version: 5.0\nAction: CREATE\nHandle: DENIC-1000002-MAX\nType: PERSON\nName: John Doe\nOrganisation: Example eG\nAddress: Beispielweg 1\nPostalCode: 60596\nCity: Frankfurt am Main\nCountryCode: DE\nEMail: john.doe@example.de\nPhone: +49.69272350\nctid: kv-1\n\n[VerificationInformation]\nVerifiedClaim: name\nVerifiedClaim: address\nVerificationResult: success\nVerificationReference: ABC123/45GHT\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\nVerificationEvidence: idcard\nVerificationMethod: auth\nTrustFramework: de_denic",
    ),
    (
        0,
        "Version: 5.0\nAction: create\nctid: cba-1\nDomain: de-example.de\nHolder: DENIC-1000001-ORG\nNserver: ns1.xn--de-xample-x2a.de\nNserver: ns2.de-example.de 192.0.2.1\nNserver: ns2.de-example.de 2001:db8:6:6:0:0:0:11\n",
    ),
    (
        0,
        "Version: 5.0\nAction: create-authinfo1\nCtid: cba-2\nDomain: de-example.de\nAuthinfohash: HASH\nAuthinfoexpire: 20300620\r\n",
    ),
    (
        1,
        "Version: 5.0\nAction: chprov\nctid: cba-3\nDomain: de-example.de\nHolder: DENIC-1000002-MAX\nNserver: ns1.beispiel-eins.de\nNserver: ns2.beispiel-eins.de\nDnskey: 257 3 8 AwEAAajpN1rjU365IDVSd\nauthinfo: SupermanistSuper",
    ),
    (1, "Action: info\nRegacc: DENIC-1000001\nVersion: 5.0"),
];

/// As Net-DRI writes them: one line, version 3.0 or 4.0, both forms of the name, contacts in the order of their roles'
/// names, dots behind hosts, IPv6 in `address`, attributes in any order.
const PERL: &[(usize, &str)] = &[
    (
        0,
        "<contact:create><contact:handle>DENIC-1000001-MAX</contact:handle><contact:type>PERSON</contact:type><contact:name>Max Mustermann</contact:name><contact:organisation>Example eG</contact:organisation><contact:postal><contact:address>Beispielweg 1</contact:address><contact:postalCode>60329</contact:postalCode><contact:city>Frankfurt am Main</contact:city><contact:countryCode>DE</contact:countryCode></contact:postal><contact:email>email@example.de</contact:email></contact:create><ctid>ABC-1</ctid>",
    ),
    (
        0,
        "<contact:create><contact:handle>DENIC-1000001-GENERAL</contact:handle><contact:type>REQUEST</contact:type><contact:uri-template>https://example.de/contact/form?name={Alabel}</contact:uri-template></contact:create><ctid>ABC-2</ctid>",
    ),
    (
        0,
        "<contact:update><contact:handle>DENIC-1000001-GENERAL</contact:handle><contact:type>REQUEST</contact:type><contact:uri-template>https://example.de/contact/form?name={Ulabel}</contact:uri-template></contact:update><ctid>ABC-3</ctid>",
    ),
    (0, "<contact:info><contact:handle>DENIC-1000001-GENERAL</contact:handle></contact:info>"),
    (
        0,
        "<domain:check><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:check>",
    ),
    (
        0,
        "<domain:create><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace><domain:contact role=\"abusecontact\">DENIC-1000001-GENERAL</domain:contact><domain:contact role=\"generalrequest\">DENIC-1000001-GENERAL</domain:contact><domain:contact role=\"holder\">DENIC-1000001-MAX</domain:contact><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>dns1.example.net.</dnsentry:nameserver><dnsentry:address>192.0.2.46</dnsentry:address></dnsentry:rdata></dnsentry:dnsentry><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>dns2.xn--rriberdomain-flb.de.</dnsentry:nameserver><dnsentry:address>192.0.2.47</dnsentry:address><dnsentry:address>2001:db8::47</dnsentry:address></dnsentry:rdata></dnsentry:dnsentry><dnsentry:dnsentry xsi:type=\"dnsentry:DNSKEY\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:flags>257</dnsentry:flags><dnsentry:protocol>3</dnsentry:protocol><dnsentry:algorithm>5</dnsentry:algorithm><dnsentry:publicKey>AwEAAdDECajHaTjf SoNTY58WcBah1BxP</dnsentry:publicKey></dnsentry:rdata></dnsentry:dnsentry></domain:create><ctid>ABC-4</ctid>",
    ),
    (
        0,
        "<domain:info recursive=\"true\"><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:info>",
    ),
    (
        0,
        "<domain:update><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace><domain:contact role=\"holder\">DENIC-1000001-MAX</domain:contact><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns1.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns2.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry></domain:update><ctid>ABC-5</ctid>",
    ),
    (
        0,
        "<domain:chholder><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace><domain:contact role=\"generalrequest\">DENIC-1000001-GENERAL</domain:contact><domain:contact role=\"holder\">DENIC-1000001-MAX</domain:contact><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns1.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns2.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry></domain:chholder><ctid>ABC-6</ctid>",
    ),
    (
        0,
        "<domain:createAuthInfo1 expire=\"20300620\" hash=\"HASH\"><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:createAuthInfo1><ctid>ABC-7</ctid>",
    ),
    (
        0,
        "<domain:deleteAuthInfo1><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:deleteAuthInfo1><ctid>ABC-8</ctid>",
    ),
    (
        0,
        "<domain:createAuthInfo1 expire=\"20300620\" hash=\"HASH\"><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:createAuthInfo1><ctid>ABC-9</ctid>",
    ),
    (
        1,
        "<domain:createAuthInfo2><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:createAuthInfo2><ctid>ABC-10</ctid>",
    ),
    (
        1,
        "<domain:chprov><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace><domain:contact role=\"abusecontact\">DENIC-1000002-GR</domain:contact><domain:contact role=\"generalrequest\">DENIC-1000002-GR</domain:contact><domain:contact role=\"holder\">DENIC-1000002-MIA</domain:contact><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns1.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry><dnsentry:dnsentry xsi:type=\"dnsentry:NS\"><dnsentry:owner>xn--rriberdomain-flb.de.</dnsentry:owner><dnsentry:rdata><dnsentry:nameserver>ns2.example.net.</dnsentry:nameserver></dnsentry:rdata></dnsentry:dnsentry><domain:authInfo>SupermanistSuper</domain:authInfo></domain:chprov><ctid>ABC-11</ctid>",
    ),
    (0, "<msg:queue-read/>"),
    (
        1,
        "<domain:delete><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace><domain:contact role=\"holder\">DENIC-1000002-MIA</domain:contact></domain:delete><ctid>ABC-12</ctid>",
    ),
    (
        1,
        "<domain:restore><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:restore><ctid>ABC-13</ctid>",
    ),
    (
        1,
        "<domain:transit disconnect=\"true\"><domain:handle>rriüberdomain.de</domain:handle><domain:ace>xn--rriberdomain-flb.de</domain:ace></domain:transit><ctid>ABC-14</ctid>",
    ),
    (1, "<regacc:info><regacc:handle>DENIC-1000001</regacc:handle></regacc:info>"),
];

#[tokio::test]
async fn requests_of_the_go_client() {
    let world = World::today(registrard::sandbox::DenicOptions::default()).await;
    let mut clients = [world.login(0).await, world.login(1).await];
    for (n, text) in GO {
        let answer = clients[*n].ask(&text.replace("HASH", HASH)).await;
        assert_eq!(field(&answer, "RESULT"), "success", "{text}\n\n{answer}");
    }
    assert_eq!(world.sandbox.ledger().violations.len(), 0);
}

#[tokio::test]
async fn requests_of_net_dri() {
    for version in ["3.0", "4.0"] {
        let world = World::today(registrard::sandbox::DenicOptions::default()).await;
        let mut clients = [world.login(0).await, world.login(1).await];
        let mut own = crate::twin::Session::open(&world, 1, false).await;
        crate::twin::furnish(&mut own, 1).await;
        for (n, body) in PERL {
            let spaces: String = ["contact", "dnsentry", "domain", "msg", "regacc"]
                .iter()
                .map(|name| format!(" xmlns:{name}=\"http://registry.denic.de/{name}/{version}\""))
                .collect();
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><registry-request \
                 xmlns=\"http://registry.denic.de/global/{version}\"{spaces} \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{}</registry-request>",
                body.replace("HASH", HASH)
            );
            let answer = clients[*n].ask(&text).await;
            assert_eq!(texts(&answer, "tr:result"), ["success"], "{text}\n\n{answer}");
            assert!(answer.contains(&format!("global/{version}")), "{answer}");
        }
        assert_eq!(world.sandbox.ledger().violations.len(), 0);
    }
}

/// What a schema forbids, even if the keywords would be understood.
#[tokio::test]
async fn xml_out_of_order_is_refused() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    for body in [
        "<domain:createAuthInfo1 expire=\"20300620\"><domain:handle>example.de</domain:handle></domain:createAuthInfo1>",
        "<domain:createAuthInfo2><domain:ace>example.de</domain:ace><domain:handle>example.de</domain:handle></domain:createAuthInfo2>",
        "<domain:chprov><domain:handle>example.de</domain:handle><domain:contact role=\"holder\">DENIC-1000001-MAX</domain:contact></domain:chprov>",
        "<domain:chprov><domain:handle>example.de</domain:handle><domain:authInfo>x</domain:authInfo><domain:contact role=\"holder\">DENIC-1000001-MAX</domain:contact></domain:chprov>",
        "<domain:transit deconnect=\"true\"><domain:handle>example.de</domain:handle></domain:transit>",
        "<domain:chprovAck><domain:handle>example.de</domain:handle></domain:chprovAck>",
        "<domain:restore><domain:handle/></domain:restore>",
        "<msg:delete/>",
        "<regacc:info/>",
    ] {
        client.expect(&crate::xml::sample(body), "failed", "83000000004").await;
    }
}
