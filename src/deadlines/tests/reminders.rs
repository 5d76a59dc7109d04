//! When reminders are said, what is submitted, the digest and the alarm.

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);
const KIND: DeadlineKind = DeadlineKind::DomainExpiry;

/// Leads and the instants at which they were to be said.
async fn reminders(account: &str, date: &str) -> Vec<(String, String)> {
    let world = World::at("2026-01-01T00:00:00Z", plain).await;
    let date = at(date);
    *world.now.lock().unwrap() = date - DAY * 60;
    world.hear(Word { account: account.into(), ..due(KIND, date, world.now()) }).await;
    world.look().await;
    world.look_at(date).await;
    let events = world.events().await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let approaching = events.iter().filter(|(kind, _)| kind == "deadline.approaching");
    approaching.map(|(_, data)| (text(&data["lead"]), text(&data["scheduled"]))).collect()
}

#[tokio::test]
async fn days_are_those_of_the_accounts_calendar() {
    // 2026: clocks change in Berlin on 29 March and 25 October, in Auckland on 5 April and 27 September.
    let cases = [
        (ACCOUNT, "2026-03-29T10:00:00+02:00[Europe/Berlin]", "1d", "2026-03-28T10:00:00+01:00[Europe/Berlin]"),
        (ACCOUNT, "2026-03-29T10:00:00+02:00[Europe/Berlin]", "6h", "2026-03-29T04:00:00+02:00[Europe/Berlin]"),
        (ACCOUNT, "2026-10-25T10:00:00+01:00[Europe/Berlin]", "1d", "2026-10-24T10:00:00+02:00[Europe/Berlin]"),
        (ACCOUNT, "2026-10-25T04:00:00+01:00[Europe/Berlin]", "6h", "2026-10-24T23:00:00+02:00[Europe/Berlin]"),
        (ACCOUNT, "2028-03-01T00:00:00+01:00[Europe/Berlin]", "1d", "2028-02-29T00:00:00+01:00[Europe/Berlin]"),
        (ACCOUNT, "2027-01-01T00:00:00+01:00[Europe/Berlin]", "30d", "2026-12-02T00:00:00+01:00[Europe/Berlin]"),
        ("NZ-90", "2026-04-05T12:00:00+12:00[Pacific/Auckland]", "1d", "2026-04-04T12:00:00+13:00[Pacific/Auckland]"),
        ("NZ-90", "2026-09-27T12:00:00+13:00[Pacific/Auckland]", "1d", "2026-09-26T12:00:00+12:00[Pacific/Auckland]"),
        ("NZ-90", "2028-02-29T12:00:00+13:00[Pacific/Auckland]", "30d", "2028-01-30T12:00:00+13:00[Pacific/Auckland]"),
    ];
    for (account, date, lead, expected) in cases {
        let instant = |text: &str| text.parse::<jiff::Zoned>().unwrap().timestamp().to_string();
        let said = reminders(account, &instant(date)).await;
        assert_eq!(said.len(), 6, "{date}");
        let scheduled = said.iter().find(|(said, _)| said == lead).map(|(_, at)| at.clone());
        assert_eq!(scheduled, Some(instant(expected)), "{lead} before {date}");
    }
}

#[tokio::test]
async fn reminders_are_labelled_by_how_near_it_is_and_those_that_were_past_when_it_was_heard_of_are_not_said() {
    let world = World::at("2026-11-01T12:00:00Z", plain).await;
    world.hear(due(KIND, world.now() + DAY * 10, world.now())).await;
    world.look().await;
    world.look_at(world.now() + DAY * 10).await;
    let events = world.events().await;
    let labels: Vec<_> =
        events.iter().filter_map(|(_, data)| Some((data["lead"].as_str()?, data["escalation"].as_str()?))).collect();
    assert_eq!(labels, [("7d", "warning"), ("3d", "warning"), ("1d", "critical"), ("6h", "critical")]);
}

fn renewing() -> Plans {
    configured(
        r#"digest_at = ""
           kinds.domain_expiry.leads = ["2w"]
           [[acts]]
           kind = "domain_expiry"
           accounts = ["DENIC-*"]
           before = "10d"
           operation = "domain.renew"
           params = { domain = "{object}", expires = "{date}", year = "{year}", list = ["{object}!"] }"#,
    )
}

#[tokio::test]
async fn a_prepared_job_is_submitted_once_for_each_date() {
    let world = World::at("2026-11-01T12:00:00Z", renewing).await;
    world.hear(due(KIND, at("2026-12-31T23:30:00Z"), world.now())).await;
    world.hear(Word { account: "NZ-90".into(), ..due(KIND, at("2026-12-31T23:30:00Z"), world.now()) }).await;
    world.look().await;
    world.look_at(at("2026-12-21T23:00:00Z")).await;
    assert!(world.desk.jobs.lock().unwrap().is_empty(), "not yet");
    world.look_at(at("2026-12-22T01:00:00Z")).await;
    world.look().await;
    let jobs: Vec<_> = world.desk.jobs.lock().unwrap().values().cloned().collect();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((&job["operation"], &job["class"]), (&"domain.renew".into(), &"urgent".into()));
    let params =
        serde_json::json!({ "domain": "example.de", "expires": "2027-01-01", "year": 2027, "list": ["example.de!"] });
    assert_eq!(job["params"], params);
    let told = world.told().await;
    assert_eq!((told["deadline.approaching"], told["deadline.acting"]), (2, 1));
    // What was too near when it became known is done at once.
    world.hear(due(KIND, at("2026-12-28T23:30:00Z"), world.now())).await;
    world.look().await;
    world.look_at(world.now() + SignedDuration::from_secs(1)).await;
    assert_eq!(world.desk.jobs.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_prepared_job_that_breaks_a_rule_is_told_once_and_reminders_go_on() {
    let world = World::at("2026-11-01T12:00:00Z", renewing).await;
    *world.desk.refuses.lock().unwrap() = Some("`year` is no parameter".into());
    world.hear(due(KIND, world.now() + DAY * 20, world.now())).await;
    world.look().await;
    for day in 1..20 {
        world.look_at(at("2026-11-01T12:00:00Z") + DAY * day).await;
    }
    let told = world.told().await;
    assert_eq!((told.get("deadline.act_refused"), told.get("deadline.acting")), (Some(&1), None));
    assert_eq!(told["deadline.approaching"], 1);
}

#[tokio::test]
async fn dates_whose_jobs_cannot_be_done_in_time_are_an_alarm_a_day_long_before() {
    let world = World::at("2026-11-01T12:00:00Z", renewing).await;
    for number in 0..100 {
        let object = domain(&format!("example-{number}.de"));
        world.hear(Word { object, ..due(KIND, world.now() + DAY * 5, world.now()) }).await;
    }
    *world.desk.pace.lock().unwrap() = Some(SignedDuration::from_hours(1));
    world.look().await;
    assert!(!world.told().await.contains_key("deadline.at_risk"), "a hundred hours are less than five days");
    *world.desk.pace.lock().unwrap() = Some(SignedDuration::from_hours(2));
    for hours in 1..=3 {
        world.look_at(at("2026-11-01T12:00:00Z") + SignedDuration::from_hours(hours)).await;
    }
    let events = world.events().await;
    let alarms: Vec<_> = events.iter().filter(|(kind, _)| kind == "deadline.at_risk").map(|(_, data)| data).collect();
    let [alarm] = &alarms[..] else { panic!("{alarms:?}") };
    assert!(alarm["seconds_left"].as_i64().unwrap() > 4 * 86_400);
}

#[tokio::test]
async fn each_accounts_day_is_summed_up_once_at_its_local_hour() {
    fn daily() -> Plans {
        Plans { deadlines: Deadlines::default(), ..plain() }
    }
    let world = World::at("2026-11-01T00:00:00Z", daily).await;
    world.hear(due(KIND, world.now() + DAY * 3, world.now())).await;
    for minutes in (0..72 * 60).step_by(20) {
        world.look_at(at("2026-11-01T00:00:00Z") + SignedDuration::from_mins(minutes)).await;
    }
    let rows = world.store.events_after(0, 1000).await.unwrap();
    let digests: Vec<_> = rows.iter().filter(|row| row.event.kind == "deadline.digest").collect();
    let of = |account: &str| digests.iter().filter(|row| row.event.account == account).count();
    // It was one in the afternoon in Auckland when the first day began.
    assert_eq!((of(ACCOUNT), of("NZ-90")), (3, 4));
    let first = digests.iter().find(|row| row.event.account == ACCOUNT).unwrap();
    assert_eq!(first.event.time, at("2026-11-01T06:00:00Z"), "seven in Berlin");
    assert_eq!(first.event.body["data"]["kinds"]["domain_expiry"]["within_7d"], 1);
}

#[tokio::test]
async fn another_plan_counts_for_what_is_in_the_calendar_already() {
    let mut world = World::at("2026-11-01T12:00:00Z", plain).await;
    world.hear(due(KIND, world.now() + DAY * 100, world.now())).await;
    world.look().await;
    fn early() -> Plans {
        configured("digest_at = \"\"\nleads = [\"90d\", \"1d\"]")
    }
    world.plans = early;
    world.look().await;
    world.look_at(world.now() + DAY * 11).await;
    let leads: Vec<_> =
        world.events().await.into_iter().filter_map(|(_, data)| data["lead"].as_str().map(str::to_owned)).collect();
    assert_eq!(leads, ["90d"]);
}
