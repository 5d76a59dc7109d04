//! What may look like something else.

use super::*;
use Operation::{
    DomainAuthcodeCreate, DomainAuthcodeRequest, DomainCreate, DomainDelete, DomainRenew, DomainTransfer, DomainUpdate,
};

fn domain() -> Value {
    json!({ "domain": "example.com" })
}

fn create(answers: &[Answer]) -> String {
    let (word, why) = found(DomainCreate, domain(), answers);
    format!("{word}: {why}")
}

#[test]
fn an_order_is_ours_by_its_mark_and_by_nothing_else() {
    let completed = || orders(&[["7", "new", "completed", NEW]]);
    // Of the first attempt of this job.
    assert!(create(&[completed(), info(json!("rd-0192f0c1-1"))]).starts_with("applied"));
    for mark in [json!("rd-0192f0c2-2"), json!("job-7"), json!("rd-0192f0c1"), json!(""), Value::Null] {
        let told = create(&[completed(), info(mark.clone()), belongs("0"), lookup("210", "available")]);
        assert!(told.starts_with("not_applied"), "{mark}: {told}");
    }
    // Other kinds of orders are not even looked at.
    let renewal = orders(&[["7", "renewal", "completed", NEW]]);
    assert!(create(&[renewal, belongs("0"), lookup("210", "available")]).starts_with("not_applied"));
    // Nor those that are older than the job.
    let old = orders(&[["7", "new", "completed", "2026-01-15 09:54:59"]]);
    assert!(create(&[old, belongs("0"), lookup("210", "available")]).starts_with("not_applied"));
    let about_another = ok(json!({ "field_hash": { "domain": "example.net", "affiliate_id": ID } }));
    assert!(create(&[completed(), about_another]).contains("another name"));
}

#[test]
fn an_order_that_hides_its_mark_is_known_by_its_date() {
    let bare = || ok(json!({ "field_hash": { "domain": "example.com" } }));
    let at = |date| create(&[orders(&[["7", "new", "completed", date]]), bare()]);
    assert!(at(NEW).starts_with("applied: order 7 is this job's (type and order_date"));
    assert!(at(EDGE).starts_with("unknown"), "clocks may differ");
    assert!(at("nonsense").starts_with("unknown"));
    let just_now: Timestamp = "2026-01-15T14:59:50Z".parse().unwrap();
    let answers = [orders(&[["7", "new", "completed", NEW]]), bare()];
    let finding = play(next, Some(just_now), ID, DomainCreate, domain(), &answers).1.unwrap();
    assert_eq!(finding.word(), "unknown", "perhaps that of the job before");
}

#[test]
fn a_refused_repetition_does_not_hide_what_an_earlier_attempt_did() {
    let list = orders(&[
        ["9", "new", "cancelled", NEW],
        ["8", "new", "declined", NEW],
        ["7", "new", "completed", NEW],
        ["6", "new", "pending", OLD],
    ]);
    assert!(create(&[list, info(json!("rd-0192f0c1-1"))]).starts_with("applied: order 7"));
    let numbers: Vec<String> = (1..=9).map(|number| number.to_string()).collect();
    let rows: Vec<[&str; 4]> = numbers.iter().map(|number| [number.as_str(), "new", "pending", NEW]).collect();
    let many = [vec![orders(&rows)], vec![theirs(); 8]].concat();
    assert!(create(&many).starts_with("unknown: more orders"));
    let cut = ok(
        json!({ "remainder": "1", "orders": [{ "id": "7", "type": "renewal", "status": "completed", "order_date": NEW }] }),
    );
    assert!(create(&[cut]).starts_with("unknown: more orders"));
}

#[test]
fn a_name_that_is_ours_without_an_order_is_nobodys_proof() {
    let shown = |created: &str, mark: Value| {
        let info = ok(json!({ "registry_createdate": created, "affiliate_id": mark }));
        create(&[orders(&[]), belongs("1"), info])
    };
    assert!(shown(OLD, json!("other")).starts_with("foreign: GET all_info: already ours before"));
    assert!(shown(NEW, json!("other")).starts_with("foreign: GET all_info: registered for us by another order"));
    assert!(shown(NEW, json!("rd-0192f0c1-1")).starts_with("applied"));
    assert!(shown(NEW, Value::Null).starts_with("unknown"));
    assert!(create(&[orders(&[]), belongs("1"), absent()]).starts_with("unknown"));
    assert!(create(&[orders(&[]), ok(json!({}))]).starts_with("unknown"), "BELONGS_TO_RSP says nothing");
}

/// The request arrives between the questions.
#[test]
fn a_name_that_was_taken_meanwhile_may_have_been_taken_by_us() {
    let late = orders(&[["7", "new", "pending", NEW]]);
    let told = create(&[orders(&[]), belongs("0"), lookup("211", "taken"), late]);
    assert!(told.starts_with("unknown: an order for the name has appeared"), "{told}");
    // A name that is said to be free and taken is neither.
    assert!(create(&[orders(&[]), belongs("0"), lookup("210", "taken")]).starts_with("unknown"));
}

#[test]
fn a_list_may_be_missing_where_there_is_nothing() {
    for list in [ok(json!({ "page_size": "40" })), ok(json!({ "orders": null })), absent()] {
        assert!(create(&[list, belongs("0"), lookup("210", "available")]).starts_with("not_applied"));
    }
    for list in [ok(json!({ "orders": "7" })), ok(json!({ "orders": [{ "status": "pending" }] }))] {
        assert!(create(&[list]).starts_with("unknown"));
    }
}

#[test]
fn a_transfer_of_another_order_is_not_ours() {
    let told = |answers: &[Answer]| {
        let (word, why) = found(DomainTransfer, domain(), answers);
        format!("{word}: {why}")
    };
    let transfers = |order: Value| {
        ok(json!({ "transfers": [{ "domain": "example.com", "status": "pending_owner", "order_id": order }] }))
    };
    let start = || vec![orders(&[]), transfer("pending_owner")];
    let with = |more: Vec<Answer>| [start(), more].concat();
    assert!(told(&with(vec![transfers(json!("3")), theirs()])).starts_with("foreign"));
    assert!(told(&with(vec![transfers(json!("3")), ours()])).starts_with("taken"), "it may not be listed yet");
    assert!(told(&with(vec![transfers(Value::Null)])).starts_with("unknown"));
    assert!(told(&with(vec![ok(json!({}))])).starts_with("unknown"));
    let seen = vec![
        orders(&[["3", "transfer", "processed", NEW]]),
        theirs(),
        transfer("pending_owner"),
        transfers(json!("3")),
    ];
    assert!(told(&seen).starts_with("foreign"));
    let done = |at: i64| told(&[orders(&[]), ok(json!({ "status": "completed", "unixtime": at.to_string() }))]);
    let since = SINCE.parse::<Timestamp>().unwrap().as_second();
    assert!(done(since - 86_400).starts_with("foreign"));
    assert!(done(since - 10).starts_with("unknown") && done(since + 1).starts_with("unknown"));
}

/// The year of the order stays what it is, whatever the registry says.
#[test]
fn a_renewal_is_settled_by_the_registrys_year_as_it_is_written() {
    let renew = |years: Value, expires: &str, answers: &[Answer]| {
        let params = json!({ "domain": "example.com", "expires": expires, "years": years, "auto_renew": false });
        found(DomainRenew, params, answers).0
    };
    let at = |date: &str| ok(json!({ "registry_expiredate": date }));
    let none = || orders(&[]);
    // In UTC this is 2028 already.
    assert_eq!(renew(json!(1), "2027", &[none(), at("2027-12-31 23:30:00")]), "not_applied");
    assert_eq!(renew(json!("2"), "2027-12-12 21:27:25", &[none(), at("2029-12-12 21:27:25")]), "unknown");
    assert_eq!(renew(json!(2), "2027", &[none(), at("2028-12-12 21:27:25")]), "foreign");
    assert_eq!(renew(json!(1), "2027", &[none(), ok(json!({ "expiredate": "2027-12-12 21:27:25" }))]), "not_applied");
    assert_eq!(renew(json!(1), "2027", &[none(), ok(json!({}))]), "unknown");
    assert_eq!(renew(json!(1), "2027", &[none(), absent()]), "unknown");
    // Another one's is under way: as long as the year is that of the order, only one of the two will count.
    let waiting = || vec![orders(&[["7", "renewal", "waiting", NEW]]), theirs()];
    assert_eq!(renew(json!(1), "2027", &[waiting(), vec![at("2027-12-12 21:27:25")]].concat()), "not_applied");
}

#[test]
fn an_auth_code_is_asked_for_and_not_kept() {
    let params = json!({ "domain": "example.com", "auth_info": "Ab1!code" });
    let Value::Object(map) = &params else { unreachable!() };
    let since = SINCE.parse().unwrap();
    let doubt = Doubt {
        account: "reseller",
        operation: DomainAuthcodeCreate,
        params: map,
        transaction: ID,
        since,
        so_already: None,
        taken: None,
    };
    let Step::Ask(question) = next(&Words, &doubt, &[]) else { panic!("it is asked for") };
    assert_eq!(question.operation, Operation::DomainAuthcodeCheck, "read as the one question that shows it");
    let answer = ok(json!({ "domain_auth_info": "Ab1!code" }));
    let Some(Finding::Applied { shown, .. }) = converse(DomainAuthcodeCreate, params, &[answer]).1 else {
        panic!("it is set")
    };
    assert!(!shown.data.to_string().contains("Ab1"), "{}", shown.data);
}

#[test]
fn an_e_mail_is_sent_once_more_and_not_again() {
    for (operation, params) in [
        (DomainAuthcodeRequest, domain()),
        (DomainUpdate, json!({ "domain": "example.com", "resend_verification": true })),
    ] {
        let told = |id: &str| play(next, None, id, operation, params.clone(), &[]).1.unwrap();
        assert!(matches!(told("rd-0192f0c1-1"), Finding::Nothing { same_transaction: false, .. }));
        for id in ["rd-0192f0c1-2", "rd-0192f0c1-11", "", "x"] {
            assert_eq!(told(id).word(), "unknown", "{id}");
        }
    }
}

#[test]
fn the_effect_of_an_earlier_job_is_not_taken_for_that_of_the_next() {
    let since: Timestamp = SINCE.parse().unwrap();
    let just_now = Some(since - SignedDuration::from_secs(2));
    let answers = [absent(), belongs("0")];
    assert_eq!(play(next, just_now, ID, DomainDelete, domain(), &answers).1.unwrap().word(), "foreign");
    let long_ago = Some(since - SignedDuration::from_hours(1));
    assert_eq!(play(next, long_ago, ID, DomainDelete, domain(), &answers).1.unwrap().word(), "applied");
    assert_eq!(found(DomainDelete, domain(), &[absent(), absent()]).0, "applied", "no word of it at all");
}

#[test]
fn requests_of_ones_own_are_asked_again_only_if_they_read() {
    let told = |request: &str| play(next, None, ID, Operation::Raw, json!({ "request": request }), &[]).1.unwrap();
    assert_eq!((told("reads").word(), told("writes").word()), ("not_applied", "unknown"));
    for (operation, params) in
        [(DomainUpdate, domain()), (DomainCreate, json!({})), (Operation::DomainTransit, domain())]
    {
        assert!(found(operation, params, &[]).1.starts_with("no question is known"));
    }
}

/// Such an order bears no mark of ours; of its kind there is one, or nobody can tell.
#[test]
fn an_order_of_ones_own_is_followed_up_by_its_kind() {
    let told = |action: &str, more: &str, answers: &[Answer]| {
        let request = format!(
            "<OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc>\
             <item key='protocol'>XCP</item><item key='action'>{action}</item><item key='object'>DOMAIN</item>\
             <item key='attributes'><dt_assoc><item key='domain'>example.com</item>{more}</dt_assoc></item>\
             </dt_assoc></data_block></body></OPS_envelope>"
        );
        let (asked, finding) = play(follow_up, None, ID, Operation::Raw, json!({ "request": request }), answers);
        let finding = finding.unwrap();
        (asked.join(", "), finding.word(), finding.evidence().to_owned())
    };
    let kind = "<item key='reg_type'>new</item>";
    for (status, word) in
        [("completed", "applied"), ("waiting", "taken"), ("declined", "foreign"), ("pending", "unknown")]
    {
        let listed =
            orders(&[["7", "new", status, NEW], ["6", "new", "completed", OLD], ["8", "renewal", "waiting", NEW]]);
        let (asked, found, why) = told("SW_REGISTER", kind, &[listed, theirs()]);
        assert_eq!((&*asked, found), ("GET_ORDERS_BY_DOMAIN, GET_ORDER_INFO", word), "{why}");
    }
    let two = orders(&[["7", "new", "waiting", NEW], ["8", "new", "completed", NEW]]);
    for (action, more, answers) in
        [("SW_REGISTER", kind, vec![two]), ("RENEW", "", vec![orders(&[])]), ("MODIFY", "", vec![])]
    {
        assert_eq!(told(action, more, &answers).1, "unknown", "{action}");
    }
}

/// A transfer that was called back and asked for again: the new order has the data of the old one, its mark too.
#[test]
fn an_order_of_a_known_number_is_not_mistaken_for_what_was_made_of_it() {
    let list = orders(&[["9", "transfer", "completed", NEW], ["7", "transfer", "cancelled", NEW]]);
    let follow = |taken: Option<&str>| {
        let params = taken.map_or(domain(), |number| json!({ "domain": "example.com", "taken": number }));
        let finding = play(follow_up, None, ID, DomainTransfer, params, &[list.clone(), ours()]).1.unwrap();
        format!("{}: {}", finding.word(), finding.evidence())
    };
    let told = follow(Some("7"));
    assert!(told.starts_with("foreign: order 7 is this job's (its number) and came to nothing"), "{told}");
    assert!(follow(Some("9")).starts_with("applied: order 9"));
    // One that is not listed any more, or none: by the mark.
    assert!(follow(Some("5")).starts_with("applied: order 9 is this job's (affiliate_id)"));
    assert!(follow(None).starts_with("applied: order 9 is this job's (affiliate_id)"));
}

#[test]
fn what_may_show_late_is_looked_for_twice() {
    for operation in [DomainCreate, DomainTransfer, DomainUpdate, Operation::OrderProcess, Operation::HostDelete] {
        assert_eq!(settles(operation).as_secs(), 60);
    }
    assert!(settles(DomainRenew).is_zero(), "its year makes a repetition safe");
}
