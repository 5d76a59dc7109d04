use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::cli::fake::{Fake, detail, job};
use crate::cli::output::Colour;
use crate::model::request::RejectCode;
use crate::model::{JobId, Reject};

fn args(wait: bool) -> SubmitArgs {
    SubmitArgs { file: "-".into(), batch: Some("autumn".into()), wait, dry_run: false, via: Via::Store }
}

/// The jobs that a text is taken for.
fn jobs(text: &str) -> Result<Vec<Value>, Failure> {
    read::jobs(&args(false), text.as_bytes())
}

#[test]
fn one_job_many_lines_an_array_and_a_bulk_message_are_understood() {
    for (text, count) in [
        (r#"{"account":"A","operation":"domain.info"}"#, 1),
        ("{\"account\":\"A\"}\n{\"account\":\"B\"}\n", 2),
        (r#"[{"account":"A"},{"account":"B"},{"account":"C"}]"#, 3),
        (r#"{"jobs":[{"account":"A"},{"account":"B"}]}"#, 2),
        ("{\"account\":\"A\"}\n\n{\"account\":\"B\"}\n\n", 2),
        ("{\n  \"account\": \"A\",\n  \"operation\": \"domain.info\"\n}", 1),
    ] {
        let jobs = jobs(text).unwrap();
        assert_eq!(jobs.len(), count, "{text}");
        assert!(jobs.iter().all(|job| job["batch"] == "autumn" && job["id"].is_string()), "{jobs:?}");
    }
    assert_eq!(jobs(r#"{"batch":"own","jobs":[{}]}"#).unwrap()[0]["batch"], "own");
    assert_eq!(jobs(r#"{"batch":"own"}"#).unwrap()[0]["batch"], "own");
}

#[test]
fn what_is_no_job_is_a_usage_error_or_left_to_intake() {
    for text in ["", "not json", "{\"account\":", "[]"] {
        assert_eq!(jobs(text).unwrap_err().exit, Exit::Usage, "{text}");
    }
    assert_eq!(jobs("7").unwrap(), [json!(7)]);
    let missing = SubmitArgs { file: "/nowhere/jobs.json".into(), ..args(false) };
    assert!(read::jobs(&missing, std::io::empty()).unwrap_err().what.contains("/nowhere/jobs.json"));
}

#[test]
fn what_is_wrong_around_the_jobs_is_named_with_its_line() {
    for (text, parts) in [
        (r#"{"jobs":[{}],"bacth":"autumn"}"#, ["line 1 ", "bacth"]),
        (r#"{"jobs":[{}],"batch":7}"#, ["line 1 ", "integer `7`"]),
        ("[{},\n{\"jobs\":[],\"class\":\"bulk\"}]", ["line 1 ", "class"]),
        ("{\"a\":1}\n\n{\"a\":\n{\"a\":2}\n", ["line 3 ", "not JSON"]),
        ("{\"a\":1}\nhello\n{\"a\":2}\n", ["line 2 ", "not JSON"]),
    ] {
        let failure = jobs(text).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{text}");
        assert!(parts.iter().all(|part| failure.what.contains(part)), "{text}: {failure}");
    }
    assert_eq!(jobs(r#"{"batch":null,"jobs":[{}]}"#).unwrap()[0]["batch"], "autumn");
}

#[test]
fn ids_are_those_of_the_publisher_or_made_of_content_and_place() {
    let twins = r#"[{"account":"A"},{"account":"A"},{"account":"A","id":"x"}]"#;
    let (first, second) = (jobs(twins).unwrap(), jobs(twins).unwrap());
    assert_eq!(first, second, "submitting a file twice must do nothing");
    assert_ne!(first[0]["id"], first[1]["id"], "twins in one file are two jobs");
    assert_eq!(first[2]["id"], "x");
    assert!(first[0]["id"].as_str().unwrap().parse::<Uuid>().is_ok());
}

fn taken(id: JobId, outcome: Outcome) -> Submitted {
    Submitted { index: 0, id: Some(id), outcome, warnings: vec![], plan: vec![] }
}

/// Submits a text to a store where `answers` become of its jobs.
async fn submit(store: &Fake, args: &SubmitArgs, answers: Vec<Submitted>) -> (Vec<Value>, Result<(), Failure>) {
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Jsonl, Colour::Never, &mut data, &mut talk);
    let text = json!(vec![json!({ "account": "A" }); answers.len()]).to_string();
    let accept = async |items: &[Submission], _: bool| {
        assert_eq!(items.len(), answers.len());
        Ok(answers.clone())
    };
    let ended = run(args, store, text.as_bytes(), accept, &mut out).await;
    let lines = String::from_utf8(data).unwrap();
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), ended)
}

#[tokio::test]
async fn what_became_of_each_job_is_told_and_a_rejection_fails_the_command() {
    let id = JobId(Uuid::from_u128(1));
    let reject = Reject { field: Some("account".into()), ..Reject::new(RejectCode::UnknownAccount, "no such account") };
    let answers = vec![
        taken(id, Outcome::Accepted),
        taken(id, Outcome::Duplicate(State::Succeeded)),
        Submitted { index: 0, id: None, outcome: Outcome::Rejected(reject), warnings: vec![], plan: vec![] },
    ];
    let (lines, ended) = submit(&Fake::default(), &args(false), answers).await;
    let outcomes: Vec<_> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["accepted", "duplicate", "rejected"]);
    assert_eq!((&lines[1]["state"], &lines[2]["code"]), (&json!("succeeded"), &json!("unknown_account")));
    let failure = ended.unwrap_err();
    assert_eq!(failure.exit, Exit::JobFailed);
    assert!(failure.what.contains("1 were rejected"), "{failure}");

    let (_, ended) = submit(&Fake::default(), &args(false), vec![taken(id, Outcome::Accepted)]).await;
    assert_eq!(ended, Ok(()));
}

#[tokio::test]
async fn warnings_are_told_with_their_jobs_and_fail_nothing() {
    let warning =
        || Warning { rule: "sep_bit", field: "params.dnskey[0]".into(), reason: "flags should be 257".into() };
    let warned = || Submitted { warnings: vec![warning()], ..taken(JobId(Uuid::from_u128(1)), Outcome::Accepted) };
    for dry_run in [false, true] {
        let (lines, ended) = submit(&Fake::default(), &SubmitArgs { dry_run, ..args(false) }, vec![warned()]).await;
        assert_eq!(lines[0]["outcome"], "accepted");
        let told = json!([{ "rule": "sep_bit", "field": "params.dnskey[0]", "reason": "flags should be 257" }]);
        assert_eq!((&lines[0]["warnings"], ended), (&told, Ok(())));
    }
    // In a long table the jobs that were taken are left out, those with warnings are not.
    let mut report_of = vec![taken(JobId(Uuid::from_u128(2)), Outcome::Accepted); 30];
    report_of.push(warned());
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    report(&report_of, true, &mut Out::new(Format::Table, Colour::Never, &mut data, &mut talk)).unwrap();
    let (data, talk) = (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap());
    assert_eq!(data.matches("accepted").count(), 1, "{data}");
    assert!(data.contains("warning: params.dnskey[0]") && data.contains("(sep_bit)"), "{data}");
    assert!(talk.contains("31 of 31 job(s) would be accepted, 1 with warnings"), "{talk}");
}

proptest::proptest! {
    #[test]
    fn no_input_breaks_the_reader(text in proptest::prelude::any::<String>(), bytes: Vec<u8>) {
        let _ = jobs(&text);
        let _ = jobs(&format!("{{\"jobs\":[{text}]}}"));
        let _ = read::jobs(&args(false), bytes.as_slice());
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_the_last_job_and_tells_whether_all_succeeded() {
    for (last, exit) in [(State::Succeeded, None), (State::NeedsAttention, Some(Exit::JobFailed))] {
        let ids = [1, 2].map(|number| JobId(Uuid::from_u128(number)));
        let store = Fake::with([detail(job(1, State::Waiting), vec![]), detail(job(2, State::Running), vec![])]);
        // No event tells of these: the jobs themselves are looked at.
        *store.meanwhile.lock().unwrap() =
            vec![(ids[1], last), (ids[0], State::Succeeded), (ids[0], State::Running), (ids[1], State::InDoubt)];
        let answers = vec![
            taken(ids[0], Outcome::Accepted),
            taken(ids[1], Outcome::Duplicate(State::Running)),
            taken(JobId(Uuid::from_u128(3)), Outcome::Duplicate(State::Succeeded)),
        ];
        let (_, ended) = submit(&store, &args(true), answers).await;
        assert_eq!(ended.err().map(|failure| failure.exit), exit);
        assert!(store.meanwhile.lock().unwrap().is_empty(), "it ended before the last job");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_gone_does_not_count_as_done() {
    let answers = vec![taken(JobId(Uuid::from_u128(7)), Outcome::Accepted)];
    let (_, ended) = submit(&Fake::default(), &args(true), answers).await;
    assert_eq!(ended.unwrap_err().exit, Exit::JobFailed);
}
