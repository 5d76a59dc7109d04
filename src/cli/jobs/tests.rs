use clap::Parser;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::cli::exit::Exit;
use crate::cli::fake::{Fake, attempt, detail, job};
use crate::cli::output::{Colour, Format};
use crate::cli::{Cli, Command};
use crate::model::{Cause, Event, Job, Move, Operation};
use crate::store::JobDetail;

/// Runs `registrard jobs …` on a store; its data, its remarks, its end.
async fn jobs(store: &Fake, format: Format, arguments: &str) -> (String, String, Result<(), Failure>) {
    let words = ["registrard", "jobs"].into_iter().chain(arguments.split(' '));
    let Command::Jobs(command) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(format, Colour::Never, &mut data, &mut talk);
    let ended = run(&command, &Config::default(), store, Timestamp::UNIX_EPOCH, &mut out).await;
    (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap(), ended)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The event a daemon wrote when attempt 2 moved into `state`.
fn told(mut detail: JobDetail, from: State, cause: Cause) -> JobDetail {
    let mut before = detail.job.clone();
    before.state = from;
    let step = Move::new(&before, cause, Timestamp::UNIX_EPOCH).unwrap();
    let event = Event::of_move(&before, &step, &[]);
    detail.events.push(crate::store::OutboxRow { seq: 1, event, sent_at: None, tries: 0 });
    detail
}

#[tokio::test]
async fn retry_asks_first_unless_it_is_proven_that_nothing_happened() {
    let attention = || job(1, State::NeedsAttention);
    let refused = || detail(attention(), vec![attempt("gave_up", Some("53300000001"))]);
    let with = |change: fn(&mut JobDetail)| {
        let mut detail = refused();
        change(&mut detail);
        detail
    };
    // What is known, and what retry must make of it.
    let cases: Vec<(&str, JobDetail, State)> = vec![
        ("answered with a code", refused(), State::Waiting),
        ("a question only", with(|d| (d.job.operation, d.attempts) = (Operation::DomainInfo, vec![])), State::Waiting),
        ("never started", with(|d| (d.job.attempt, d.attempts) = (0, vec![])), State::Waiting),
        ("no attempt known", with(|d| d.attempts.clear()), State::InDoubt),
        ("another attempt answered", with(|d| d.attempts[0].attempt = 1), State::InDoubt),
        ("no answer", with(|d| d.attempts[0].code = None), State::InDoubt),
        ("lost", with(|d| d.attempts[0].cause = Some("lost".into())), State::InDoubt),
        ("taken by the registry", with(|d| d.attempts[0].cause = Some("taken".into())), State::InDoubt),
        ("no outcome written", with(|d| d.attempts[0].ended_at = None), State::InDoubt),
        ("an earlier doubt", with(|d| d.job.lost = true), State::InDoubt),
    ];
    for (name, detail, to) in cases {
        let store = Fake::with([detail]);
        let (data, _, ended) = jobs(&store, Format::Jsonl, &format!("retry {}", id(1))).await;
        assert_eq!(ended, Ok(()), "{name}");
        assert_eq!(store.state(1), to, "{name}");
        let cause = if to == State::Waiting { "redriven" } else { "ask_again" };
        assert_eq!(serde_json::from_str::<Value>(&data).unwrap()["cause"], cause, "{name}");
        assert_eq!(store.events.lock().unwrap().len(), 1, "{name}: law 4");
    }
}

#[tokio::test]
async fn retry_asks_in_any_case_if_told_to_but_never_about_a_question() {
    let attention = || job(1, State::NeedsAttention);
    let question = Job { operation: Operation::DomainInfo, ..attention() };
    let unsent = Job { attempt: 0, ..attention() };
    for (name, job, to) in [
        ("done by hand", attention(), State::InDoubt),
        ("a question", question, State::Waiting),
        ("never sent", unsent, State::Waiting),
    ] {
        let store = Fake::with([detail(job, vec![attempt("by_hand", Some("53000080009"))])]);
        let (_, _, ended) = jobs(&store, Format::Jsonl, &format!("retry {} --ask", id(1))).await;
        assert_eq!((ended, store.state(1)), (Ok(()), to), "{name}");
    }
    let store = Fake::with([detail(attention(), vec![attempt("by_hand", Some("53000080009"))])]);
    let (text, _, _) = jobs(&store, Format::Table, &format!("show {}", id(1))).await;
    assert!(text.contains("registrard orders mail"), "{text}");
}

#[tokio::test]
async fn what_the_table_does_not_allow_is_refused_with_a_reason_and_changes_nothing() {
    let allowed = [("cancel", State::Waiting), ("dismiss", State::NeedsAttention), ("retry", State::NeedsAttention)];
    for &state in State::ALL {
        for verb in ["retry", "cancel", "dismiss"] {
            let store = Fake::with([detail(job(1, state), vec![attempt("gave_up", Some("1"))])]);
            let (_, _, ended) = jobs(&store, Format::Table, &format!("{verb} {} --because testing", id(1))).await;
            if allowed.contains(&(verb, state)) {
                assert_eq!(ended, Ok(()), "{verb} {state}");
                let event = store.events.lock().unwrap()[0].event.body["data"]["reason"].clone();
                assert_eq!(event, "by an operator: testing");
            } else {
                let failure = ended.unwrap_err();
                assert_eq!(failure.exit, Exit::Refused, "{verb} {state}");
                assert!(!failure.why.is_empty() && !failure.next.is_empty(), "{failure:?}");
                assert_eq!(store.state(1), state);
                assert!(store.events.lock().unwrap().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_job_that_repeats_an_unanswered_request_cannot_be_withdrawn_yet() {
    let mut lost = job(1, State::Waiting);
    lost.lost = true;
    let store = Fake::with([detail(lost, vec![attempt("found_nothing", None)])]);
    let (_, _, ended) = jobs(&store, Format::Table, &format!("cancel {}", id(1))).await;
    let failure = ended.unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Temporary, "unsettled"));
    assert!(failure.why.contains("never answered") && failure.next.starts_with("wait"), "{failure:?}");
    assert_eq!(store.state(1), State::Waiting);
    assert!(store.events.lock().unwrap().is_empty());
    let (text, _, _) = jobs(&store, Format::Table, &format!("show {}", id(1))).await;
    assert!(!text.contains("jobs cancel") && text.contains("never answered"), "{text}");
}

#[tokio::test]
async fn many_are_moved_although_some_cannot_be() {
    let store = Fake::with([detail(job(1, State::Waiting), vec![]), detail(job(2, State::Running), vec![])]);
    let arguments = format!("cancel {} {} {}", id(3), id(2), id(1));
    let (data, talk, ended) = jobs(&store, Format::Table, &arguments).await;
    assert!(data.contains(&id(1).to_string()) && data.contains("cancelled"), "{data}");
    assert!(talk.contains(&format!("there is no job {}", id(3))), "{talk}");
    assert_eq!(ended.unwrap_err().exit, Exit::Refused);
    assert_eq!((store.state(1), store.state(2)), (State::Cancelled, State::Running));
}

#[tokio::test]
async fn show_says_what_to_do_and_no_secret() {
    for &state in State::ALL {
        let mut job = job(1, state);
        job.answer = Some(crate::model::Answer {
            result: "failed".into(),
            data: json!({ "authinfo": "correct horse", "text": "\u{1b}[31m" }),
            ..Default::default()
        });
        let mut detail = detail(job, vec![attempt("lost", None)]);
        detail.waits_for.push((JobId(id(9)), "after".into()));
        let store = Fake::with([told(detail, State::Running, Cause::Lost)]);
        for format in [Format::Table, Format::Json, Format::Jsonl] {
            let (data, _, ended) = jobs(&store, format, &format!("show {}", id(1))).await;
            assert_eq!(ended, Ok(()));
            assert!(!data.contains("correct horse"), "law 11: {data}");
            assert!(!data.contains('\u{1b}'), "{data}");
            for part in ["example.de", state.word(), "because", "rd-1-2", "lost", &id(9).to_string()] {
                assert!(data.contains(part), "{part} is missing in {data}");
            }
        }
        let (text, _, _) = jobs(&store, Format::Table, &format!("show {}", id(1))).await;
        let advice = text.split("you can\n").nth(1).unwrap();
        let verb = match state {
            State::Waiting => "registrard jobs cancel",
            State::NeedsAttention => "registrard jobs retry",
            _ => "nothing: ",
        };
        assert!(advice.contains(verb), "{state}: {advice}");
    }
}

#[tokio::test]
async fn show_says_what_was_asked_and_what_proves_the_decision() {
    let doubt = job(1, State::Succeeded);
    let refused = crate::model::Answer { result: "failed".into(), ..Default::default() };
    let question = crate::model::Question {
        code: Some("63300062009".into()),
        ..crate::model::Question::answered(Operation::DomainInfo, &doubt.object, Timestamp::UNIX_EPOCH, &refused)
    };
    let mut detail = detail(doubt, vec![attempt("found_applied", None)]);
    detail.inquiries.push(crate::store::InquiryView {
        number: 7,
        attempt: 2,
        about: State::InDoubt,
        asked_at: Timestamp::UNIX_EPOCH,
        questions: vec![question],
        finding: "applied".into(),
        evidence: "INFO: no such domain; CHECK: \u{1b}redemptionPeriod".into(),
        cause: "found_applied".into(),
    });
    let store = Fake::with([detail]);
    let (text, _, _) = jobs(&store, Format::Table, &format!("show {}", id(1))).await;
    let asked = text.split("asked\n").nth(1).unwrap();
    for part in [
        "7. 1970",
        "doubt of attempt 2, found applied: found_applied",
        "domain.info domain:example.de  failed  63300062009",
    ] {
        assert!(asked.contains(part), "{part} is missing in {asked}");
    }
    assert!(asked.contains("redemptionPeriod") && !asked.contains('\u{1b}'), "{asked}");
    let (data, _, _) = jobs(&store, Format::Jsonl, &format!("show {}", id(1))).await;
    let shown = &serde_json::from_str::<Value>(&data).unwrap()["inquiries"][0];
    assert_eq!((&shown["finding"], &shown["about"]), (&json!("applied"), &json!("in_doubt")));
    assert_eq!(shown["questions"][0]["asked"], "domain.info");
}

#[tokio::test]
async fn raw_text_is_not_shown_at_all() {
    let mut raw = job(1, State::Failed);
    raw.operation = Operation::Raw;
    let Value::Object(params) = json!({ "text": "password: correct horse" }) else { unreachable!() };
    raw.params = params;
    let store = Fake::with([detail(raw, vec![])]);
    let (data, _, _) = jobs(&store, Format::Json, &format!("show {}", id(1))).await;
    assert!(!data.contains("correct horse"), "{data}");
}

#[tokio::test]
async fn a_suspended_account_is_named_as_the_reason() {
    let store = Fake::with([detail(job(1, State::Waiting), vec![])]);
    let suspended = Some("login refused".to_owned());
    let state = crate::store::AccountState { suspended, ..Default::default() };
    store.accounts.lock().unwrap().insert("DENIC-1000022".into(), state);
    let (data, _, _) = jobs(&store, Format::Table, &format!("show {}", id(1))).await;
    assert!(data.contains("suspended: login refused"), "{data}");
}

#[tokio::test]
async fn listings_page_and_filter() {
    let store = Fake::with((1..=3).map(|n| detail(job(n, State::Waiting), vec![])));
    let (data, talk, _) = jobs(&store, Format::Table, "list --state waiting --limit 2").await;
    assert_eq!(data.lines().count(), 3, "{data}");
    assert!(talk.contains("--before 2"), "{talk}");
    assert!(!data.contains("correct horse"));
    let (data, talk, _) = jobs(&store, Format::Jsonl, "list --state failed").await;
    assert_eq!((data.as_str(), talk.as_str()), ("", ""));
    let Command::Jobs(Jobs::List(filter)) =
        Cli::try_parse_from(["registrard", "jobs", "list", "--object", "example.de"]).unwrap().command
    else {
        unreachable!()
    };
    assert_eq!(JobFilter::from(&filter).object.as_deref(), Some("domain:example.de"));
}
