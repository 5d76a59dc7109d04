use super::super::dialect::Srs;
use super::*;
use crate::registries::WireOptions;

const ID: &str = "rd-0192f0c17b7e7c3a9f000000000000aa-2";
const EARLIER: &str = "rd-0192f0c17b7e7c3a9f000000000000aa-1";
const OTHER: &str = "rd-0192f0c17b7e7c3a9f000000000000bb-1";

fn dialect() -> Srs {
    Srs::new(&WireOptions { account: "500".into(), ..WireOptions::default() }).unwrap()
}

/// What is found, or the question that comes next, with what the registry answers to the questions so far.
fn step(operation: Operation, params: &Value, answers: &[(Operation, String)]) -> Step {
    let dialect = dialect();
    let params = params.as_object().unwrap();
    let since = "2026-11-22T00:00:00Z".parse().unwrap();
    let doubt = Doubt { account: "nz", operation, params, transaction: ID, since, so_already: None, taken: None };
    let heard: Vec<Answer> =
        answers.iter().map(|(asked, text)| dialect.decode(*asked, text.as_bytes()).unwrap()).collect();
    for (known, (asked, _)) in answers.iter().enumerate() {
        let Step::Ask(question) = dialect.reconcile(&doubt, &heard[..known]) else { panic!("asked too much") };
        assert_eq!(question.operation, *asked);
        assert!(!question.operation.writes());
    }
    dialect.reconcile(&doubt, &heard)
}

fn found(operation: Operation, params: Value, answers: &[(Operation, String)]) -> Finding {
    match step(operation, &params, answers) {
        Step::Found(finding) => finding,
        Step::Ask(question) => panic!("asks {}", String::from_utf8_lossy(&question.bytes)),
    }
}

fn response(action: &str, inside: &str) -> String {
    format!(
        "<NZSRSResponse VerMajor=\"8\" VerMinor=\"0\"><Response Action=\"{action}\" FeId=\"1\" FeSeq=\"2\" \
         OrigRegistrarId=\"500\" TransId=\"q\"><FeTimeStamp Day=\"4\" Hour=\"14\" Minute=\"33\" Month=\"12\" \
         Year=\"2026\"/>{inside}</Response></NZSRSResponse>"
    )
}

/// The answer to ActionDetailsQry with these documents, form-encoded or as they are.
fn kept(request: &str, response_: &str, encoded: bool) -> (Operation, String) {
    let text = |document: &str| match encoded {
        true => document
            .bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() || b"_-".contains(&byte) => char::from(byte).to_string(),
                byte => format!("%{byte:02x}"),
            })
            .collect(),
        false => document.replace('&', "&amp;").replace('<', "&lt;"),
    };
    let part = |name: &str, document: &str| {
        format!("<{name}><XML>{}</XML><Signature><![CDATA[not stored]]></Signature></{name}>", text(document))
    };
    let inside = format!("{}{}", part("RawRequest", request), part("RawResponse", response_));
    (Operation::OrderInfo, response("ActionDetailsQry", &inside))
}

fn unknown_action() -> (Operation, String) {
    (Operation::OrderInfo, response("ActionDetailsQry", ""))
}

fn error(id: &str, hint: &str) -> String {
    format!("<Error ErrorId=\"{id}\" Hint=\"{hint}\" Severity=\"err\"><Description>Text</Description></Error>")
}

/// The answer to DomainDetailsQry: changed last by this action, then.
fn domain(action: &str, from: &str, registered: &str) -> (Operation, String) {
    let date = |name: &str, text: &str| {
        let parts: Vec<&str> = text.split('-').collect();
        format!(
            "<{name} Year=\"{}\" Month=\"{}\" Day=\"{}\" Hour=\"12\" Minute=\"0\" TimeZoneOffset=\"+00:00\"/>",
            parts[0], parts[1], parts[2]
        )
    };
    let inside = format!(
        "<Domain DomainName=\"example.co.nz\" Status=\"Active\">{}<AuditDetails ActionId=\"{action}\" RegistrarId=\"500\">\
         <AuditTime>{}</AuditTime></AuditDetails></Domain>",
        date("RegisteredDate", registered),
        date("From", from)
    );
    (Operation::DomainInfo, response("DomainDetailsQry", &inside))
}

fn no_domain() -> (Operation, String) {
    (Operation::DomainInfo, response("DomainDetailsQry", "").replace("TransId", "Rows=\"0\" TransId"))
}

fn request_of(operation: Operation, params: &Value) -> String {
    let prepared = dialect().prepare(operation, params.as_object().unwrap(), ID).unwrap();
    String::from_utf8(prepared.bytes.to_vec()).unwrap()
}

fn answered(action: &str, id: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE NZSRSResponse SYSTEM \"protocol.dtd\">\n<NZSRSResponse VerMajor=\"!VerMajor!\" \
         VerMinor=\"!VerMinor!\"><Response Action=\"{action}\" FeId=\"8\" FeSeq=\"9\" OrigRegistrarId=\"500\" Rows=\"1\" \
         TransId=\"{id}\"><FeTimeStamp Day=\"4\" Hour=\"14\" Minute=\"32\" Month=\"12\" Year=\"2026\"/>{inside}</Response>\
         </NZSRSResponse>"
    )
}

fn renewal() -> Value {
    json!({"domain": "example.co.nz", "term": 12})
}

#[test]
fn the_first_question_is_about_the_action() {
    let Step::Ask(question) = step(Operation::DomainRenew, &renewal(), &[]) else { panic!("no question") };
    let text = String::from_utf8(question.bytes.to_vec()).unwrap();
    assert!(text.contains("<ActionDetailsQry QryId=\"q-") && text.contains(&format!("ActionId=\"{ID}\"")), "{text}");
    assert_eq!(question.operation, Operation::OrderInfo);
    assert!(question.transaction.is_some_and(|id| text.contains(&id)));
}

#[test]
fn what_was_kept_counts_as_if_it_had_just_arrived() {
    let params = json!({"domain": "example.co.nz"});
    let operation = Operation::DomainAuthcodeCreate;
    let request = request_of(operation, &params);
    let said = answered("DomainUpdate", ID, "<Domain DomainName=\"example.co.nz\" UDAI=\"PqC9VFP8\"/>");
    for encoded in [true, false] {
        let Finding::Applied { shown, evidence } = found(operation, params.clone(), &[kept(&request, &said, encoded)])
        else {
            panic!("not found")
        };
        assert_eq!(shown.data.pointer("/Domain/UDAI"), Some(&json!("PqC9VFP8")), "the UDAI is there alone");
        assert_eq!((shown.client_transaction.as_deref(), shown.server_transaction.as_deref()), (Some(ID), Some("8-9")));
        assert!(!evidence.contains("PqC9VFP8"));
    }
    // Nobody else is shown it.
    let created = answered("DomainCreate", ID, "<Domain DomainName=\"example.co.nz\" UDAI=\"PqC9VFP8\"/>");
    let params = json!({"domain": "example.co.nz", "term": 1, "registrant": "owen-owner"});
    let answers = [kept(&request_of(Operation::DomainCreate, &params), &created, true)];
    let Finding::Applied { shown, .. } = found(Operation::DomainCreate, params, &answers) else { panic!("not found") };
    assert_eq!(shown.data.pointer("/Domain/UDAI"), Some(&json!("***")));
}

#[test]
fn a_kept_refusal_is_definite() {
    let operation = Operation::DomainRenew;
    let request = request_of(operation, &renewal());
    let find =
        |inside: &str| found(operation, renewal(), &[kept(&request, &answered("DomainUpdate", ID, inside), true)]);
    assert!(
        matches!(find(&error("DOMAIN_LOCKED", "INVALID_REQUEST_ERROR")), Finding::Refused(why) if why.contains("DOMAIN_LOCKED"))
    );
    // Worth another attempt, under another id.
    let again = find(&error("LOCK_ERROR", "UNKNOWN_ERROR_HINT"));
    assert!(matches!(again, Finding::Nothing { same_transaction: false, .. }), "{again:?}");
    // An error at the top of the whole document stands for all.
    let top = format!("<NZSRSResponse>{}</NZSRSResponse>", error("XML_PARSE_ERROR", "MALFORMED_REQUEST_ERROR"));
    assert!(matches!(found(operation, renewal(), &[kept(&request, &top, false)]), Finding::Refused(_)));
}

#[test]
fn in_a_document_with_two_actions_ours_counts() {
    let params = json!({"domain": "example.co.nz", "auth_info": "Wkw83nqs"});
    let request = request_of(Operation::DomainTransfer, &params);
    let whois = "<Response Action=\"Whois\" FeId=\"8\" FeSeq=\"9\" OrigRegistrarId=\"500\" TransId=\"w\"><FeTimeStamp \
                 Day=\"4\" Hour=\"1\" Minute=\"2\" Month=\"12\" Year=\"2026\"/><Domain DomainName=\"example.co.nz\" \
                 Status=\"Available\"/></Response>";
    let nobodys = answered("DomainUpdate", ID, "").replacen("<Response", &format!("{whois}<Response"), 1);
    let finding = found(Operation::DomainTransfer, params.clone(), &[kept(&request, &nobodys, true)]);
    assert!(matches!(&finding, Finding::Refused(why) if why.contains("nobody has the domain")), "{finding:?}");
    // A response without the action proves nothing, and neither does a domain that is not ours then.
    let other = answered("DomainUpdate", "x", "<Domain DomainName=\"example.co.nz\"/>");
    let answers = [kept(&request, &other, true), no_domain()];
    assert!(matches!(found(Operation::DomainTransfer, params, &answers), Finding::Unknown(_)));
}

#[test]
fn an_id_that_somebody_else_used_is_not_ours() {
    let request = request_of(Operation::DomainRenew, &renewal());
    let said = answered("DomainUpdate", ID, "<Domain DomainName=\"example.co.nz\"/>");
    for theirs in [request.replace("example.co.nz", "other.co.nz"), request.replace("DomainUpdate", "DomainCreate")] {
        let finding = found(Operation::DomainRenew, renewal(), &[kept(&theirs, &said, true)]);
        assert!(matches!(&finding, Finding::Nothing { same_transaction: false, .. }), "{finding:?}");
    }
    // A request that cannot be read is no other one.
    assert!(matches!(found(Operation::DomainRenew, renewal(), &[kept("?", &said, true)]), Finding::Applied { .. }));
}

#[test]
fn where_the_action_is_unknown_the_domain_is_looked_at() {
    let renew = |answers: &[(Operation, String)]| found(Operation::DomainRenew, renewal(), answers);
    let none = |finding: Finding| matches!(finding, Finding::Nothing { same_transaction: true, .. });
    let refused =
        (Operation::OrderInfo, response("ActionDetailsQry", &error("INVALID_FIELD", "INVALID_REQUEST_ERROR")));
    for unknown in [unknown_action(), refused] {
        assert!(none(renew(&[unknown.clone(), no_domain()])), "not ours");
        assert!(
            none(renew(&[unknown.clone(), domain("RenewDomains-x", "2026-11-21", "2020-01-01")])),
            "unchanged since"
        );
        // Another job of ours was done before this one began, however near it is.
        assert!(none(renew(&[unknown.clone(), domain(OTHER, "2026-11-22", "2020-01-01")])));
        for ours in [ID, EARLIER] {
            let finding = renew(&[unknown.clone(), domain(ours, "2026-11-22", "2020-01-01")]);
            assert!(matches!(finding, Finding::Applied { .. }), "{ours}: {finding:?}");
        }
        // Changed since by another action, and a renewal bills: nobody can tell.
        let changed = domain("RenewDomains-x", "2026-11-22", "2020-01-01");
        assert!(matches!(renew(&[unknown.clone(), changed.clone()]), Finding::Unknown(_)));
        // What only says how things shall be may be said again.
        let params = json!({"domain": "example.co.nz", "lock": true});
        assert!(none(found(Operation::DomainUpdate, params, &[unknown, changed])));
    }
}

/// The domain is read before each repetition, which finds the same.
#[test]
fn a_renewal_that_was_not_made_is_over_when_its_date_is() {
    let order = json!({"domain": "example.co.nz", "term": 12, "expires": "2027-11-23"});
    let renew = |shown| found(Operation::DomainRenew, order.clone(), &[unknown_action(), shown]);
    let until = |action: &str, year: u16| {
        let (asked, text) = domain(action, "2026-11-22", "2020-01-01");
        let date =
            format!("<BilledUntil Year=\"{year}\" Month=\"11\" Day=\"23\" Hour=\"1\" TimeZoneOffset=\"+13:00\"/>");
        (asked, text.replace("<AuditDetails", &format!("{date}<AuditDetails")))
    };
    let (same, other) = (renew(until(OTHER, 2027)), renew(until(OTHER, 2028)));
    assert!(matches!(same, Finding::Nothing { same_transaction: true, .. }), "{same:?}");
    assert!(matches!(&other, Finding::Foreign(why) if why.contains("BilledUntil")), "{other:?}");
    let gone = renew(no_domain());
    assert!(matches!(&gone, Finding::Foreign(why) if why.contains("not ours")), "{gone:?}");
    let ours = renew(until(ID, 2028));
    assert!(matches!(ours, Finding::Applied { .. }), "{ours:?}");
}

#[test]
fn a_lost_code_is_ordered_anew() {
    let params = json!({"domain": "example.co.nz"});
    let answers = [unknown_action(), domain(ID, "2026-11-22", "2020-01-01")];
    let finding = found(Operation::DomainAuthcodeCreate, params, &answers);
    assert!(matches!(&finding, Finding::Nothing { same_transaction: false, .. }), "{finding:?}");
}

#[test]
fn what_was_ours_before_is_not_our_effect() {
    let create = json!({"domain": "example.co.nz", "term": 1, "registrant": "owen-owner"});
    let find = |operation, params: &Value, last| found(operation, params.clone(), &[unknown_action(), last]);
    let old = domain(OTHER, "2026-11-01", "2020-01-01");
    assert!(matches!(find(Operation::DomainCreate, &create, old.clone()), Finding::Foreign(_)));
    let transfer = json!({"domain": "example.co.nz", "auth_info": "Wkw83nqs"});
    assert!(matches!(find(Operation::DomainTransfer, &transfer, old), Finding::Foreign(_)));
    assert!(matches!(find(Operation::DomainTransfer, &transfer, no_domain()), Finding::Nothing { .. }));
}

#[test]
fn a_question_without_an_answer_proves_nothing() {
    for (id, hint) in [
        ("SYSTEM_OFFLINE", "TEMPORARY_SERVER_ERROR"),
        ("PERMISSION_DENIED", "INVALID_REQUEST_ERROR"),
        ("SIG_INVALID", "INVALID_REQUEST_ERROR"),
        ("NEW", "NEW"),
    ] {
        let top = format!("<NZSRSResponse>{}</NZSRSResponse>", error(id, hint));
        let finding = found(Operation::DomainRenew, renewal(), &[(Operation::OrderInfo, top)]);
        assert!(matches!(&finding, Finding::Unknown(why) if why.contains(id)), "{finding:?}");
    }
    // Taken, and no response kept yet.
    let taken = response("ActionDetailsQry", "<RawRequest><XML>%3cNZSRSRequest/%3e</XML></RawRequest>");
    let answers = [(Operation::OrderInfo, taken), no_domain()];
    assert!(matches!(found(Operation::DomainRenew, renewal(), &answers), Finding::Unknown(_)));
    // So does a kept response by which the registry itself cannot tell.
    let request = request_of(Operation::DomainRenew, &renewal());
    let said = answered("DomainUpdate", ID, &error("UNDETERMINED_RESULT", "UNKNOWN_RESULT"));
    let answers = |last| [kept(&request, &said, true), last];
    assert!(matches!(found(Operation::DomainRenew, renewal(), &answers(no_domain())), Finding::Unknown(_)));
    let ours = domain(ID, "2026-11-22", "2020-01-01");
    assert!(matches!(found(Operation::DomainRenew, renewal(), &answers(ours)), Finding::Applied { .. }));
}

#[test]
fn contacts_messages_and_requests_of_ones_own() {
    let contact = json!({"handle": "isp-admin", "email": "noc@example.net"});
    let finding = found(Operation::ContactUpdate, contact, &[unknown_action()]);
    assert!(matches!(finding, Finding::Nothing { same_transaction: true, .. }), "{finding:?}");
    let finding = found(Operation::MessageDelete, json!({"id": "1:x"}), &[]);
    assert!(matches!(finding, Finding::Nothing { same_transaction: false, .. }), "{finding:?}");
    let raw = |action: &str| json!({"request": format!("<NZSRSRequest>{action}</NZSRSRequest>")});
    let finding = found(Operation::Raw, raw("<Whois DomainName=\"example.nz\"/>"), &[]);
    assert!(matches!(finding, Finding::Nothing { same_transaction: false, .. }), "{finding:?}");
    // The id the operator gave is the one that is asked about.
    let Step::Ask(question) = step(Operation::Raw, &raw("<ResetMsgQ ActionId=\"mine-1\"/>"), &[]) else {
        panic!("none")
    };
    assert!(String::from_utf8_lossy(&question.bytes).contains("ActionId=\"mine-1\""));
    let said = answered("ResetMsgQ", "mine-1", "");
    let request = "<NZSRSRequest><ResetMsgQ ActionId=\"mine-1\"/></NZSRSRequest>";
    let finding = found(Operation::Raw, raw("<ResetMsgQ ActionId=\"mine-1\"/>"), &[kept(request, &said, false)]);
    assert!(matches!(finding, Finding::Applied { .. }), "{finding:?}");
}

#[test]
fn what_is_not_there_is_believed_after_the_registrys_own_limit() {
    assert_eq!(settles(Operation::DomainRenew), Duration::from_secs(120));
    assert_eq!(settles(Operation::Raw), Duration::from_secs(120));
    assert_eq!((settles(Operation::MessageDelete), settles(Operation::DomainInfo)), (Duration::ZERO, Duration::ZERO));
}
