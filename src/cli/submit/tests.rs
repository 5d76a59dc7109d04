use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::cli::fake::{Fake, detail, job};
use crate::cli::output::Colour;
use crate::job::intake::About;
use crate::model::request::RejectCode;
use crate::model::{Class, JobId, ObjectKey, ObjectKind, Reject};

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
    Submitted { index: 0, id: Some(id), outcome, warnings: vec![], plan: vec![], about: None, braked: None }
}

/// The published limits of two accounts and a pool of them.
fn config() -> Config {
    let account = || crate::config::Account {
        registry: "denic-rri".into(),
        read_messages: true,
        credential_expires: None,
        mail: None,
        limits: Default::default(),
        settings: serde_json::Map::new(),
    };
    let accounts = ["DENIC-1000001", "DENIC-1000002"].map(|name| (name.to_owned(), account()));
    let pool = crate::config::Pool { accounts: accounts.iter().map(|(name, _)| name.clone()).collect() };
    Config { accounts: accounts.into(), pools: [("both".to_owned(), pool)].into(), ..Config::default() }
}

fn terms(config: &Config) -> Terms<'_> {
    Terms { config, limits: crate::cli::outlook::limits(config).0, now: jiff::Timestamp::UNIX_EPOCH }
}

/// Submits a text to a store where `answers` become of its jobs.
async fn submit(store: &Fake, args: &SubmitArgs, answers: Vec<Submitted>) -> (Vec<Value>, Result<(), Failure>) {
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Jsonl, Colour::Never, &mut data, &mut talk);
    let text = json!(vec![json!({ "account": "A" }); answers.len()]).to_string();
    let accept = async |items: &[Submission], _: bool, told: Told<'_>| {
        assert_eq!(items.len(), answers.len());
        told(items.len());
        Ok(answers.clone())
    };
    let config = config();
    let ended = run(args, store, text.as_bytes(), accept, &terms(&config), &mut out).await;
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
        Submitted { id: None, ..taken(id, Outcome::Rejected(reject)) },
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
    let config = config();
    let plan = Plan::of(&report_of, &terms(&config));
    report(&report_of, Some(&plan), &mut Out::new(Format::Table, Colour::Never, &mut data, &mut talk)).unwrap();
    let (data, talk) = (String::from_utf8(data).unwrap(), String::from_utf8(talk).unwrap());
    assert_eq!(data.matches("accepted").count(), 1, "{data}");
    assert!(data.contains("warning: params.dnskey[0]") && data.contains("(sep_bit)"), "{data}");
    assert!(talk.contains("31 of 31 job(s) would be accepted, 1 with warnings"), "{talk}");
}

/// A new job that would do this, first reading what `plan` says.
fn planned(number: u128, queue: &str, plan: &[Operation], batch: Option<&str>) -> Submitted {
    let about = About {
        queue: queue.into(),
        operation: *plan.last().unwrap(),
        object: ObjectKey::new(ObjectKind::Domain, &format!("example-{number}.de")),
        class: Class::Bulk,
        not_before: None,
        batch: batch.map(str::to_owned),
    };
    let id = JobId(Uuid::from_u128(number));
    Submitted { about: Some(about), plan: plan.to_vec(), ..taken(id, Outcome::Accepted) }
}

#[test]
fn a_plan_counts_what_is_new_its_requests_and_points() {
    let config = config();
    let jobs = [
        planned(1, "DENIC-1000001", &[Operation::DomainInfo, Operation::DomainUpdate], None),
        planned(2, "DENIC-1000001", &[Operation::DomainDelete], Some("sweep")),
        planned(3, "DENIC-1000001", &[Operation::MessageDelete], None),
        Submitted {
            outcome: Outcome::Duplicate(State::Failed),
            ..planned(4, "both", &[Operation::DomainDelete], None)
        },
        planned(5, "both", &[Operation::DomainCreate], None),
        Submitted {
            braked: Some("brake: why".into()),
            ..planned(6, "both", &[Operation::DomainTransit], Some("away"))
        },
    ];
    let plan = Plan::of(&jobs, &terms(&config));
    let costs: Vec<_> = plan.costs.iter().map(|c| (&*c.account, c.jobs, c.requests, c.points, c.quota)).collect();
    let quota = Some(50_000);
    assert_eq!(costs, [("DENIC-1000001", 3, 4, Some(3), quota), ("both", 2, 2, Some(2), quota)]);
    let destroyed: Vec<_> = plan.destroyed.iter().map(|one| &*one.object).collect();
    assert_eq!((plan.new, plan.duplicates, plan.destroys), (5, 1, 2));
    assert_eq!(destroyed, ["domain:example-2.de", "domain:example-6.de"]);
    assert_eq!(plan.warnings(), ["warning: batch away is stopped: brake: why"]);
    let text = plan.text();
    for part in ["5 new, 1 known already", "4 requests, 3 points of 50,000 a day", "domain.transit", "would be stopped"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_large_bulk_is_to_be_announced_and_its_deletions_are_listed_up_to_a_bound() {
    let config = config();
    let bulk = |jobs| -> Vec<_> {
        (0..jobs).map(|number| planned(number, "DENIC-1000001", &[Operation::DomainDelete], None)).collect()
    };
    assert_eq!(Plan::of(&bulk(5000), &terms(&config)).notices, Vec::<String>::new());
    let plan = Plan::of(&bulk(5001), &terms(&config));
    assert_eq!(plan.notices.len(), 1);
    assert!(plan.notices[0].contains("5,001 orders for DENIC-1000001") && plan.notices[0].contains("DENIC wants"));
    assert!(plan.text().contains("and 4,981 more"), "{}", plan.text());
}

#[tokio::test]
async fn a_dry_run_ends_with_the_plan_and_a_real_one_warns_before_it_stores_anything() {
    let braked =
        || Submitted { braked: Some("brake: too many".into()), ..taken(JobId(Uuid::from_u128(1)), Outcome::Accepted) };
    let about = planned(1, "DENIC-1000009", &[Operation::DomainDelete], Some("sweep")).about;
    let jobs = || vec![Submitted { about: about.clone(), plan: vec![Operation::DomainDelete], ..braked() }];
    let (lines, ended) = submit(&Fake::default(), &SubmitArgs { dry_run: true, ..args(false) }, jobs()).await;
    assert_eq!((lines.len(), ended), (2, Ok(())));
    let plan = &lines[1]["plan"];
    assert_eq!((&plan["new"], &plan["destroys"]), (&json!(1), &json!(1)));
    assert_eq!(plan["braked"]["sweep"], "brake: too many");
    assert_eq!(plan["costs"][0]["end"], Value::Null, "an account nobody knows has no outlook");

    let (mut data, mut talk, config) = (Vec::new(), Vec::new(), config());
    let mut out = Out::new(Format::Jsonl, Colour::Never, &mut data, &mut talk);
    let dry = std::sync::Mutex::new(Vec::new());
    let accept = async |_: &[Submission], dry_run: bool, _: Told<'_>| {
        dry.lock().unwrap().push(dry_run);
        Ok(jobs())
    };
    run(&args(false), &Fake::default(), r#"{"account":"A"}"#.as_bytes(), accept, &terms(&config), &mut out)
        .await
        .unwrap();
    assert_eq!(*dry.lock().unwrap(), [true, false]);
    assert_eq!(String::from_utf8(data).unwrap().lines().count(), 1, "one line a job, nothing else");
    assert!(String::from_utf8(talk).unwrap().starts_with("warning: batch sweep is stopped: brake: too many\n"));
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

#[tokio::test(start_paused = true)]
async fn while_waiting_it_is_told_what_failed_and_why() {
    let mut failed = detail(job(1, State::Failed), vec![crate::cli::fake::attempt("refused", Some("53300000001"))]);
    failed.job.answer = serde_json::from_value(
        json!({"result": "failed", "messages": [{"level": "error", "code": "53300000001", "text": "no"}]}),
    )
    .unwrap();
    let store = Fake::with([failed, detail(job(2, State::NeedsAttention), vec![])]);
    let submitted = [1, 2].map(|number| taken(JobId(Uuid::from_u128(number)), Outcome::Accepted));
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Table, Colour::Never, &mut data, &mut talk);
    assert_eq!(wait::until_over(&submitted, &store, &mut out).await, Ok(2));
    let talk = String::from_utf8(talk).unwrap();
    assert_eq!(talk, "all over: 0 succeeded, 1 failed (1 53300000001), 1 need attention\n");
}
