//! Key/value requests as the reference and other people's clients write them.

use serde_json::json;

use crate::client::{World, about, create, field, person};

#[tokio::test]
async fn a_life_from_login_to_logout() {
    let world = World::new().await;
    let mut client = world.furnished().await;

    let answer = client.ask(&create("de-example.de", "cba-1")).await;
    assert!(answer.starts_with("RESULT: success\nSTID: "), "{answer}");
    assert_eq!(answer.lines().filter(|line| line.starts_with("STID: ")).count(), 1);
    assert_eq!(field(&answer, "CTID"), "cba-1");
    assert!(answer.contains("INFO: 53000080013 Domain \"Status\" is \"connect\""), "{answer}");

    let answer = client.ask(&about("CHECK", "de-example.de")).await;
    assert_eq!(field(&answer, "Domain"), "de-example.de");
    assert_eq!(field(&answer, "Domain-Ace"), "de-example.de");
    assert_eq!(field(&answer, "Status"), "connect");
    assert_eq!(field(&client.ask(&about("CHECK", "frei.de")).await, "Status"), "free");
    assert_eq!(field(&client.ask(&about("CHECK", "not a name")).await, "Status"), "invalid");

    let answer = client.ask(&about("INFO", "de-example.de")).await;
    assert_eq!(field(&answer, "Nserver"), "ns1.example.net.");
    assert_eq!(field(&answer, "Changed").len(), 25);
    assert!(answer.contains("\n[Holder]\nHandle: DENIC-1000001-MAX\n"), "{answer}");
    assert!(answer.contains("\n[RegAcc]\nRegAccId: DENIC-1000001\nName: "), "{answer}");
    assert!(!answer.contains("Mustermann"), "{answer}");
    let answer = client.ask(&(about("INFO", "de-example.de") + "\nRecursive: true")).await;
    assert!(answer.contains("Name: Max Mustermann") && answer.contains("[General Request]"), "{answer}");

    client.expect(&create("de-example.de", "cba-2"), "failed", "63310062004").await;
    client.expect(&(about("DELETE", "de-example.de") + "\nHolder: DENIC-1000001-OTHER"), "failed", "ERROR: ").await;
    client.expect(&(about("DELETE", "de-example.de") + "\nctid: cba-3"), "success", "CTID: cba-3").await;
    assert_eq!(field(&client.ask(&about("CHECK", "de-example.de")).await, "Status"), "redemptionPeriod");
    client.expect(&create("de-example.de", "cba-4"), "failed", "56310082011").await;
    client.expect(&about("DELETE", "de-example.de"), "failed", "ERROR: ").await;
    client
        .expect(&about("INFO", "gibtsnet.de"), "failed", "ERROR: 63300062009 Domain doesn't exist [gibtsnet.de]")
        .await;

    let answer = client.ask("Version: 5.0\nAction: LOGOUT").await;
    assert_eq!(field(&answer, "RESULT"), "success");
    assert_eq!(client.receive().await, None, "the server closes after LOGOUT");
    let kinds: Vec<_> = world.sandbox.ledger().effects.iter().map(|effect| effect.kind.clone()).collect();
    assert_eq!(kinds, ["contact.create", "contact.create", "domain.create", "domain.delete"]);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn order_and_case_of_keywords_are_free() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    // As the Go client writes it: lower case, no blank lines, unknown keywords ignored.
    let text = "version: 5.0\naction: create\ndomain: beispiel-fünf.de\ndomain-ace: xn--beispiel-fnf-mlb.de\n\
                holder: denic-1000001-max\ndeconnect: true\nnserver: NS1.example.net\r\nnserver:\tns2.beispiel-fünf.de 2001:db8::1";
    client.expect(text, "success", "53000080013").await;
    let answer = client.ask("Domain-Ace: xn--beispiel-fnf-mlb.de\nACTION: Info\nVERSION: 5.0").await;
    assert_eq!(field(&answer, "Domain"), "beispiel-fünf.de");
    assert!(answer.contains("Nserver: ns2.xn--beispiel-fnf-mlb.de. 2001:db8::1\n"), "{answer}");
    for (text, code) in [
        ("Version: 5.0\nAction : LOGOUT", "63000000006"),
        ("Version: 5.0\nAction:LOGOUT", "63000000006"),
        ("Version: 6.0\nAction: LOGOUT", "63000060402"),
        ("Version: 5.0\nAction: STEAL\nDomain: example.de", "63000040110"),
        ("Version: 5.0\nAction: CHPROVACK\nDomain: example.de", "63000040110"),
        ("Version: 5.0\nDomain: example.de", "63000040110"),
        ("Version: 5.0\nAction: CREATE", "53380042010"),
        ("Version: 5.0\nAction: CHECK\nDomain: example.de\nDomain-Ace: example.net", "53380062206"),
        ("Version: 5.0\nAction: CREATE\nType: PERSON", "63200040610"),
        ("Version: 5.0\nAction: CHECK\nHandle: DENIC-1000002-MAX", "63200020603"),
        ("Version: 5.0\nAction: INFO\nDomain: beispiel-fünf.de\nAuthInfo: secret", "63370088701"),
        ("Version: 5.0\nAction: QUEUE-READ\nMsgType: nonsense", "63600063502"),
        ("Version: 5.0\nAction: QUEUE-DELETE", "63650043610"),
        ("Version: 5.0\nAction: QUEUE-DELETE\nMsgId: x", "63650063609"),
    ] {
        client.expect(text, "failed", code).await;
    }
}

#[tokio::test]
async fn contacts_are_checked_and_shown() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    let max = person("DENIC-1000001", "MAX");
    let block = "[VerificationInformation]\nVerifiedClaim: name\nVerifiedClaim: address\nVerificationResult: success\n\
                 VerificationReference: ABC123/45GHT\nVerificationTimestamp: 2023-11-11T15:36:21+02:00\n\
                 VerificationEvidence: idcard\nVerificationMethod: auth\nTrustFramework: de_denic";
    let check = "Version: 5.0\nAction: CHECK\nHandle: denic-1000001-max";
    assert_eq!(field(&client.ask(check).await, "Status"), "free");
    for (text, code) in [
        (max.replace("Phone: +49.6927235x290", "Phone: 0692"), "63200062403"),
        (max.replace("\nPhone: +49.6927235x290", ""), "63200042402"),
        (max.replace("60596", "6059"), "63400000003"),
        (max.replace("Max Mustermann", "123456"), "63400000001"),
        (max.replace("Code: DE", "Code: XX"), "63200061302"),
        (max.replace("PERSON", "ORG"), "63200080900"),
        (max.replace("max@example.de", "example.de"), "63200061603"),
        (max.replace("1000001", "1000002"), "63200020603"),
        (format!("{max}\n\n{}", block.replace("idcard", "bank_account")), "63200041861"),
        (format!("{max}\n\n{}", block.replace("VerificationMethod: auth\n", "")), "63200062603"),
        (format!("{max}\nVerifiedClaim: name"), "63200041860"),
        (format!("{max}\n{}\n{block}", block.replace("success", "failed")), "63200041863"),
    ] {
        client.expect(&text, "failed", code).await;
    }
    let both = max.replace("60596", "6059").replace("Frankfurt am Main", "F");
    let answer = client.expect(&both, "63400000003", "63400000004").await;
    assert_eq!(answer.lines().filter(|line| line.starts_with("ERROR: ")).count(), 2);
    client.expect(&format!("{max}\nCTID: kv-7bf04fa8\n\n{block}"), "success", "CTID: kv-7bf04fa8").await;
    client.expect(&max, "failed", "63210060604").await;
    assert_eq!(field(&client.ask(check).await, "Status"), "exist");
    let answer = client.ask("Version: 5.0\nAction: INFO\nHandle: DENIC-1000001-MAX").await;
    assert_eq!(field(&answer, "Phone"), "+49.6927235x290");
    assert!(answer.ends_with(&format!("\n\n{block}\n")), "{answer}");
    client.expect("Version: 5.0\nAction: INFO\nHandle: DENIC-1000001-NOBODY", "failed", "63200060609").await;
}

#[tokio::test]
async fn foreign_domains_show_little() {
    let world = World::new().await;
    let mut owner = world.furnished().await;
    owner.expect(&create("example.de", "one"), "success", "connect").await;
    let mut other = world.login(1).await;
    let answer = other.ask(&about("INFO", "example.de")).await;
    assert!(answer.contains("\n[Holder]\n\n") && !answer.contains("Handle"), "{answer}");
    assert!(answer.contains("RegAccId: DENIC-1000001"), "{answer}");
    let answer = other.ask(&(about("INFO", "example.de") + "\nRecursive: true")).await;
    assert!(answer.contains("[Holder]\nType: PERSON\n\n") && !answer.contains("Mustermann"), "{answer}");
    assert!(answer.contains("[General Request]\nType: REQUEST\nURI-Template: mailto:"), "{answer}");
    other.expect(&about("DELETE", "example.de"), "failed", "ERROR: ").await;
    other.expect(&create("other.de", "two"), "failed", "63200020603").await;
    let effects = world.sandbox.ledger().effects;
    assert_eq!(effects.iter().filter(|effect| effect.account == "DENIC-1000002").count(), 0);
}

#[tokio::test]
async fn statuses_by_words_and_by_name_servers() {
    let world = World::new().await;
    let mut client = world.furnished().await;
    let pending = client.ask(&create("NISpendingCreate-example.de", "pending")).await;
    assert!(pending.contains("INFO: 53000080014 Domain \"Status\" is \"pendingCreate\""), "{pending}");
    let failed = client.ask(&create("broken.de", "failed").replace("ns1.example", "fail.example")).await;
    assert_eq!(field(&failed, "RESULT"), "success");
    assert!(failed.contains("ERROR: 53300102912 Nameserver error [ERROR: 901 Unexpected RCODE (1)]"), "{failed}");
    assert!(
        failed.contains(
            "WARNING: 33300102900 The provided DNS data are not acceptable. Domain \"Status\" is \"failed\". ["
        )
    );
    let info = client.ask(&about("INFO", "broken.de")).await;
    assert_eq!(field(&info, "Status"), "failed");
    assert!(failed.contains(&format!("[{}]", field(&info, "Expire"))), "{failed}\n{info}");
    let required = client.ask(&create("NISverificationRequired.de", "verify")).await;
    assert!(required.contains("INFO: 16350000040 ") && required.contains("INFO: 16350000041 "), "{required}");
    // A 4.0 client does not know the new statuses.
    let old = about("CHECK", "nispendingcreate-example.de").replace("5.0", "4.0");
    assert_eq!(field(&client.ask(&old).await, "Status"), "failed");

    // The registry decides: the message says it and the domain shows it.
    let message = json!({ "account": "DENIC-1000001", "type": "domainstatusupdate", "domain": "nispendingcreate-example.de", "status": "connect" });
    assert_eq!(world.control("POST", "/messages", &message).await.0, 200);
    let check = client.ask(&about("CHECK", "nispendingcreate-example.de")).await;
    assert_eq!(field(&check, "Status"), "connect");
}

#[tokio::test]
async fn the_queue_gives_the_oldest_and_takes_only_that() {
    let world = World::new().await;
    let mut client = world.login(0).await;
    assert_eq!(field(&client.ask("Version: 5.0\nAction: QUEUE-READ").await, "Msgcnt"), "0");
    for body in [
        json!({ "account": "DENIC-1000001", "type": "chprovAuthInfo", "domain": "dänic.de", "chprov_to": "DENIC-1000002", "chprov_from": "DENIC-1000001" }),
        json!({ "account": "DENIC-1000001", "type": "domainDelete", "domain": "example.de", "reason": "no verification information provided" }),
        json!({ "account": "DENIC-1000001", "type": "somethingNew" }),
    ] {
        assert_eq!(world.control("POST", "/messages", &body).await.0, 200);
    }
    let first = client.ask("Version: 5.0\nAction: QUEUE-READ").await;
    assert_eq!((field(&first, "Msgcnt"), field(&first, "Msgtype")), ("3", "chprovAuthInfo"));
    assert_eq!((field(&first, "Domain"), field(&first, "Domain-ace")), ("dänic.de", "xn--dnic-loa.de"));
    let second = client.ask("Version: 5.0\nAction: QUEUE-READ\nMsgtype: domaindelete").await;
    assert_eq!(field(&second, "Msgcnt"), "1");
    assert_eq!(field(&second, "Message"), "16350000031 Domain has been deleted [no verification information provided]");
    let delete = |id: &str, rest: &str| format!("Version: 5.0\nAction: QUEUE-DELETE\nMsgid: {id}{rest}");
    client.expect(&delete(field(&second, "Msgid"), ""), "failed", "63650063607").await;
    client.expect(&delete(field(&second, "Msgid"), "\nMsgtype: domainDelete\nCTID: q-1"), "success", "CTID: q-1").await;
    client.expect(&delete(field(&first, "Msgid"), ""), "success", "STID").await;
    client.expect(&delete(field(&first, "Msgid"), ""), "failed", "63650063609").await;
    assert_eq!(field(&client.ask("Version: 5.0\nAction: QUEUE-READ").await, "Msgtype"), "somethingNew");
    assert_eq!(world.sandbox.ledger().effects.len(), 2);
    assert_eq!(world.account_state(0).await["quota_used"], 0, "the queue is free");
    let refused = json!({ "account": "DENIC-1000009", "type": "expire" });
    assert_eq!(world.control("POST", "/messages", &refused).await.0, 400);
}
