//! What contacts prove, and what comes of it for their domains.

use super::super::super::rules::verification::Block;
use super::super::verification::contact_changed;
use super::*;

/// A block that says something about claims.
fn block(claims: &[&str], success: bool) -> Block {
    Block {
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        success,
        reference: "example".into(),
        timestamp: "2026-08-01T20:00:00+02:00".into(),
        evidence: "idcard".into(),
        method: "auth".into(),
        framework: "de_denic".into(),
    }
}

/// A suspicious domain, a domain on hold, a pending one and a plain one, all of the holders ONE and TWO.
fn watched(environment: Environment) -> State {
    let mut state = state(environment);
    for own in ["ONE", "TWO"] {
        put_contact(&mut state, contact(own, "Beispielweg 1", start()));
    }
    let (dedelegation, deletion) = (Some(days_later(start(), 14)), Some(days_later(start(), 28)));
    for (name, status, dedelegation, deletion) in [
        ("yellow.de", Status::Connect, dedelegation, deletion),
        ("red.de", Status::ServerHold, None, deletion),
        ("grey.de", Status::PendingCreate, None, None),
        ("green.de", Status::Connect, None, None),
        ("broken.de", Status::Failed, None, None),
    ] {
        let holders = ["ONE", "TWO"].map(|own| format!("{ACCOUNT}-{own}")).into();
        let new = Domain { status, dedelegation, deletion, holders, ..domain(name, "ONE", start()) };
        state.put_domain(new, start());
    }
    state
}

fn update(state: &mut State, own: &str, now: Timestamp, change: impl Fn(&mut Contact)) -> Vec<String> {
    let handle = format!("{ACCOUNT}-{own}");
    change(state.contacts.get_mut(&handle).unwrap());
    let before = told(state).len();
    contact_changed(state, &handle, now, &Clock::new());
    told(state).split_off(before).into_iter().map(|(_, kind)| kind).collect()
}

fn colours(state: &State) -> String {
    let one = |domain: &Domain| {
        let deadlines = (domain.dedelegation.is_some(), domain.deletion.is_some());
        match (domain.status, deadlines) {
            (Status::Connect, (false, false)) => 'g',
            (Status::Connect, (true, true)) => 'y',
            (Status::ServerHold, (false, true)) => 'r',
            (Status::PendingCreate, (false, false)) => 'p',
            (Status::Failed, (false, false)) => 'f',
            _ => '?',
        }
    };
    state.domains.values().map(one).collect()
}

#[test]
fn success_for_all_claims_of_all_holders_lifts_everything() {
    let mut state = watched(Environment::Live);
    assert_eq!(colours(&state), "fgpry", "broken, green, grey, red, yellow");
    let now = days_later(start(), 5);
    let prove = |claims: &'static [&'static str]| move |c: &mut Contact| c.verification = vec![block(claims, true)];
    assert!(update(&mut state, "ONE", now, prove(&["name", "address"])).is_empty(), "TWO has proved nothing");
    assert!(update(&mut state, "TWO", now, prove(&["name"])).is_empty(), "the address of TWO is not proved");
    assert_eq!(colours(&state), "fgpry");
    let told = update(&mut state, "TWO", now, prove(&["address", "name"]));
    assert_eq!(told, ["domainStatusUpdate"; 3]);
    assert_eq!(colours(&state), "fgggg");
    assert!(update(&mut state, "TWO", now, prove(&["address", "name"])).is_empty(), "nothing is left to tell");
    state.sweep(days_later(start(), 400), &Clock::new());
    assert_eq!(colours(&state), "fgggg");
}

#[test]
fn one_failed_result_takes_every_domain_out_of_the_zone() {
    let mut state = watched(Environment::Live);
    let now = days_later(start(), 5);
    let told = update(&mut state, "TWO", now, |c| c.verification = vec![block(&["name"], false)]);
    assert_eq!(told.iter().filter(|kind| *kind == "domainStatusUpdate").count(), 3);
    assert_eq!(colours(&state), "frrrr");
    // A deadline that ran goes on; a new one begins.
    assert_eq!(state.domains["yellow.de"].deletion, Some(days_later(start(), 28)));
    assert_eq!(state.domains["green.de"].deletion, Some(days_later(now, 28)));
    state.sweep(days_later(start(), 28), &Clock::new());
    assert_eq!(colours(&state), "frrrr", "nothing is purged before the night");
    state.sweep(days_later(start(), 29), &Clock::new());
    assert_eq!(colours(&state), "frr");
    // Proof in the other contact does not help as long as this one failed.
    assert!(update(&mut state, "ONE", now, |c| c.verification = vec![block(&["name", "address"], true)]).is_empty());
    assert_eq!(colours(&state), "frr");
    state.sweep(days_later(now, 29), &Clock::new());
    assert_eq!(colours(&state), "f");
}

#[test]
fn words_in_the_address_of_an_updated_contact() {
    for (environment, word, colours_then, messages) in [
        (Environment::Live, "NISconnect 1", "fgggg", 3),
        // The mock-up tells what did not change as well.
        (Environment::Test, "NISconnect 1", "fgggg", 4),
        (Environment::Live, "NISverificationRequired", "fyyyy", 3),
        (Environment::Live, "NISserverHold", "frrrr", 3),
        (Environment::Live, "NISpendingCreate", "fgpry", 0),
        (Environment::Test, "Beispielweg 2", "fgpry", 0),
    ] {
        let mut state = watched(environment);
        let told = update(&mut state, "ONE", days_later(start(), 1), |c| c.address = vec![word.into()]);
        assert_eq!(colours(&state), colours_then, "{word}");
        assert_eq!(told.iter().filter(|kind| *kind == "domainStatusUpdate").count(), messages, "{word}");
    }
}

#[test]
fn a_result_counts_more_than_a_word() {
    let mut state = watched(Environment::Live);
    let change = |address: &'static str, success: bool| {
        move |c: &mut Contact| {
            c.address = vec![address.into()];
            c.verification = vec![block(&["name", "address"], success)];
        }
    };
    update(&mut state, "ONE", start(), change("NISconnect", false));
    assert_eq!(colours(&state), "frrrr");
    update(&mut state, "ONE", start(), change("NISserverHold", true));
    update(&mut state, "TWO", start(), change("NISverificationRequired", true));
    assert_eq!(colours(&state), "fgggg");
}

#[test]
fn the_question_names_claims_number_and_earliest_domains() {
    let mut state = watched(Environment::Live);
    let proved = |c: &mut Contact| c.verification = vec![block(&["address", "email"], true)];
    update(&mut state, "ONE", start(), proved);
    let (dedelegation, deletion) = (Some(days_later(start(), 10)), Some(days_later(start(), 50)));
    let new = Domain { dedelegation, deletion, ..domain("new.de", "ONE", start()) };
    state.put_domain(new, start());
    super::super::verification::ask(&mut state, "new.de", start(), &Clock::new());
    let queued = state.accounts[ACCOUNT].queue.back().unwrap();
    let notice = &queued.notice;
    assert_eq!((notice.kind.as_str(), &notice.claims), ("contactVerificationRequired", &vec!["name".to_owned()]));
    assert_eq!((notice.domains_total, notice.handles.as_slice()), (Some(6), [format!("{ACCOUNT}-ONE")].as_slice()));
    assert_eq!((notice.domain.as_deref(), notice.dedelegation), (Some("new.de"), dedelegation));
    assert_eq!(notice.deletion_domain.as_deref(), Some("red.de"));
    assert_eq!(notice.deletion, Some(days_later(start(), 28)));
}
