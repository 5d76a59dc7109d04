use super::*;
use crate::registries::WireOptions;

fn dialect() -> Srs {
    Srs::new(&WireOptions { account: "500".into(), ..WireOptions::default() }).unwrap()
}

/// The head of a queue whose messages are these.
fn head_of(messages: &str) -> Head {
    let rows = messages.matches("<Message").count();
    let document = format!(
        "<NZSRSResponse VerMajor=\"8\" VerMinor=\"0\"><Response Action=\"GetMessages\" FeId=\"8\" FeSeq=\"4769412\" \
         OrigRegistrarId=\"500\" Rows=\"{rows}\" TransId=\"gm-1\"><FeTimeStamp Day=\"5\" Hour=\"15\" Minute=\"19\" \
         Month=\"7\" Year=\"2019\"/>{messages}</Response></NZSRSResponse>"
    );
    let dialect = dialect();
    dialect.head(&dialect.decode(Operation::MessageRead, document.as_bytes()).unwrap())
}

/// A message of an action, with its ids and what is in it.
fn message_of(action: &str, orig: &str, id: Option<&str>, inside: &str) -> String {
    let id = id.map(|id| format!(" TransId=\"{id}\"")).unwrap_or_default();
    format!(
        "<Message Remaining=\"3\"><Response Action=\"{action}\" FeId=\"8\" FeSeq=\"17\" OrigRegistrarId=\"{orig}\" \
         RecipientRegistrarId=\"500\"{id}><FeTimeStamp Day=\"9\" Hour=\"12\" Minute=\"30\" Month=\"6\" Second=\"21\" \
         TimeZoneOffset=\"+12:00\" Year=\"2019\"/>{inside}</Response></Message>"
    )
}

fn shown(messages: &str) -> RegistryMessage {
    match head_of(messages) {
        Head::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

const BILLED: &str = "<BilledUntil Day=\"19\" Hour=\"19\" Minute=\"45\" Month=\"7\" Second=\"02\" TimeZoneOffset=\"+12:00\" Year=\"2019\"/>";

#[test]
fn an_empty_queue_is_empty_and_one_that_is_refused_is_not() {
    assert_eq!(head_of(""), Head::Empty);
    let dialect = dialect();
    let down = "<NZSRSResponse><Error ErrorId=\"SYSTEM_OFFLINE\" Hint=\"TEMPORARY_SERVER_ERROR\" Severity=\"crit\">\
                <Description>x</Description></Error></NZSRSResponse>";
    let answer = dialect.decode(Operation::MessageRead, down.as_bytes()).unwrap();
    assert!(matches!(dialect.head(&answer), Head::Refused(_)));
    assert!(matches!(head_of("<Message Remaining=\"1\"/>"), Head::Refused(_)));
}

#[test]
fn every_kind_has_its_word() {
    let domain = |more: &str, inside: &str| format!("<Domain DomainName=\"Example.co.nz\"{more}>{inside}</Domain>");
    let transfer = "<DomainTransfer Day=\"9\" Hour=\"12\" Minute=\"30\" Month=\"6\" Year=\"2019\" RegistrarName=\"Other\">\
                    <TransferredDomain><![CDATA[\n example.co.nz ]]></TransferredDomain></DomainTransfer>";
    let audit = "<AuditDetails><AuditText>RenewDomains</AuditText></AuditDetails>";
    for (action, orig, id, inside, kind) in [
        ("DomainTransfer", "1", "srsrps-1_376", transfer.to_owned(), "transferred_away"),
        ("DomainUpdate", "50", "RenewDomains-2018-12-19 23:30:00-x", domain("", BILLED), "domain_renewed"),
        ("DomainUpdate", "50", "x", domain("", audit), "domain_renewed"),
        ("DomainUpdate", "50", "x", domain(" UDAI=\"x2B76rXd\"", ""), "udai_created"),
        ("DomainUpdate", "50", "x", domain(" Status=\"PendingRelease\"", ""), "domain_cancelled"),
        ("DomainUpdate", "50", "x", domain(" Status=\"Available\"", ""), "domain_released"),
        ("DomainUpdate", "50", "x", domain(" Status=\"Active\"", ""), "domain_updated"),
        ("DomainCreate", "50", "x", domain("", ""), "domain_created"),
        ("RegistrarUpdate", "50", "x", "<Registrar RegistrarId=\"500\"/>".into(), "account_updated"),
        ("HandleUpdate", "50", "x", "<Handle HandleId=\"ISP-1\"/>".into(), "contact_updated"),
        ("DomainUpdate", "50", "x", "<Error ErrorId=\"A\" Hint=\"B\"/>".into(), "failed_action"),
        ("BuildDnsZoneFiles", "50", "x", String::new(), "raw"),
    ] {
        let message = shown(&message_of(action, orig, Some(id), &inside));
        assert_eq!(message.kind, kind, "{action} {inside}");
        assert_eq!((message.id, message.native_kind), (format!("{orig}:{id}"), action.to_owned()));
        assert_eq!(message.written_at, "2019-06-09T00:30:21Z".parse().ok());
        assert_eq!((message.count, message.ends), (Some(3), None));
        let object = match action {
            _ if kind == "failed_action" || kind == "account_updated" || kind == "raw" => None,
            "HandleUpdate" => Some(ObjectKey::new(ObjectKind::Contact, "isp-1")),
            _ => Some(ObjectKey::new(ObjectKind::Domain, "example.co.nz")),
        };
        assert_eq!(message.object, object, "{action}");
        assert_eq!(message.deadlines.len(), usize::from(inside.contains("BilledUntil")), "{action}");
        assert!(!message.data.to_string().contains("x2B76rXd"), "a UDAI is told to nobody here");
    }
}

#[test]
fn a_message_may_be_about_many_domains() {
    let domains: String = (0..11)
        .map(|n| format!("<Domain DomainName=\"example{n}.co.nz\" Status=\"Active\">{BILLED}</Domain>"))
        .collect();
    let message = shown(&message_of("DomainUpdate", "50", Some("RenewDomains-1"), &domains));
    assert_eq!((message.object, message.kind), (None, "domain_renewed"));
    assert_eq!(message.data["Domain"].as_array().map(Vec::len), Some(11));
    assert_eq!(message.data["Domain"][10]["BilledUntil"], "2019-07-19T19:45:02+12:00");
    assert!(message.deadlines.is_empty(), "a message has one object, and these have eleven dates");
}

#[test]
fn what_cannot_be_acknowledged_stands_in_nobodys_way_and_is_kept() {
    let (stuck, good) =
        (message_of("DomainTransfer", "1", None, ""), message_of("DomainUpdate", "50", Some(" a:b&amp;c "), ""));
    // The next one is taken first.
    assert_eq!(shown(&format!("{stuck}{good}")).id, "50: a:b&c ");
    let alone = shown(&stuck);
    assert_eq!((&*alone.id, alone.kind), ("fe:8-17", "transferred_away"));
    let two = shown(&format!("{stuck}{}", stuck.replace("\"17\"", "\"18\"")));
    assert_eq!((&*two.id, two.kind, two.count), ("fe:8-17,8-18", "raw", Some(2)));
    assert_eq!(two.data["Message"].as_array().map(Vec::len), Some(2));
    let dialect = dialect();
    // It is never thrown away with the rest of the queue.
    let request = dialect.remove(&two.id, "rd-q-1-1").unwrap();
    let text = std::str::from_utf8(&request.bytes).unwrap();
    assert!(text.contains("<GetMessages ") && !text.contains("ResetMsgQ"), "{text}");
    let request = dialect.remove("50: a:b&c ", "rd-q-1-1").unwrap();
    let text = std::str::from_utf8(&request.bytes).unwrap();
    let expected = "<AckMessage ActionId=\"rd-q-1-1\" OriginatingRegistrarId=\"50\" TransId=\" a:b&amp;c \"/>";
    assert!(text.contains(expected), "{text}");
    assert_eq!(request.operation, Operation::MessageDelete);
}

#[test]
fn the_queue_is_asked_with_the_same_bytes_every_time() {
    let (one, again) = (dialect().read().unwrap(), dialect().read().unwrap());
    assert_eq!(one.digest(), again.digest());
    let text = std::str::from_utf8(&one.bytes).unwrap();
    assert!(text.contains("QueueMode=\"1\" MaxResults=\"20\""), "{text}");
    assert_eq!(text.matches("<TypeFilter ").count(), 2);
}
