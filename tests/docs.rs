//! The documents say what is true: their links lead somewhere, their picture is the table of moves, their examples are
//! accepted and made by the code, their commands exist, and every dependency has its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "docs/commands.rs"]
mod commands;
#[path = "support/markdown.rs"]
mod markdown;
#[path = "support/picture.rs"]
mod picture;

use std::collections::BTreeSet;
use std::path::Path;

use markdown::{Block, Document, root};
use registrard::model::civil::Lead;
use registrard::model::deadline::{AtEnd, Basis, DeadlineKind, Entry, Reminder};
use registrard::model::state::MOVES;
use registrard::model::verdict::Doubt;
use registrard::model::{
    Answer, Cause, Class, Event, Job, JobId, Move, ObjectKey, ObjectKind, Operation, State, WaitingFor, request,
};
use registrard::registries::{PLUGINS, Plugin, Step, denic_rri, nz_srs, opensrs, rrp};
use serde_json::{Value, json};

#[test]
fn every_link_leads_somewhere() {
    for document in Document::all() {
        for (line, link) in document.links() {
            let place = format!("{}:{line}: {link}", document.path.display());
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let base = document.path.parent().unwrap_or(Path::new(""));
            let target = if file.is_empty() { document.path.clone() } else { base.join(file) };
            assert!(root().join(&target).exists(), "{place}: there is no such file");
            if !anchor.is_empty() {
                let anchors = Document::read(&target).anchors();
                assert!(anchors.iter().any(|known| known == anchor), "{place}: there is no such heading");
            }
        }
    }
}

#[test]
fn the_picture_in_the_readme_shows_the_moves() {
    let blocks = Document::read("README.md").blocks();
    let picture = blocks.iter().find(|block| block.is(&["text", "moves"])).expect("the README has the picture");
    let state = |name: &str| name.parse::<State>().ok();
    let drawn: BTreeSet<_> = picture::arrows(&picture.text)
        .iter()
        // `accepted` is where a job comes from, not a state.
        .filter(|(from, _)| from != "accepted")
        .map(|(from, to)| (state(from).expect("a state"), state(to).expect("a state")))
        .collect();
    // Staying where one is (asking once more) is no arrow.
    let moves: BTreeSet<_> =
        MOVES.iter().filter(|(from, _, to)| from != to).map(|(from, _, to)| (*from, *to)).collect();
    let (missing, wrong): (Vec<_>, Vec<_>) = (moves.difference(&drawn).collect(), drawn.difference(&moves).collect());
    assert!(missing.is_empty() && wrong.is_empty(), "not drawn: {missing:?}, drawn without a move: {wrong:?}");
}

#[test]
fn pictures_are_traced_along_their_lines() {
    let drawn = picture::arrows(" a ──► b ─┬─► c\n      │   └─► d\n      └─► e     not from b\n");
    let expected = [("a", "b"), ("b", "c"), ("b", "d")].map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(drawn, BTreeSet::from(expected));
}

#[test]
fn the_table_of_moves_is_complete() {
    let rows = Document::read("docs/architecture.md").table("moves");
    let documented: Vec<[String; 3]> = rows.iter().map(|row| [0, 1, 2].map(|column| row[column].clone())).collect();
    let moves: Vec<_> =
        MOVES.iter().map(|(from, cause, to)| [from.word(), cause.word(), to.word()].map(str::to_owned)).collect();
    assert_eq!(documented, moves);
}

#[test]
fn the_table_of_operations_is_what_the_registries_do() {
    let rows = Document::read("README.md").table("operations");
    let mut documented: Vec<(String, BTreeSet<String>)> =
        PLUGINS.iter().map(|p| (p.name.to_owned(), BTreeSet::new())).collect();
    for row in &rows {
        for (column, (_, operations)) in documented.iter_mut().enumerate() {
            if row[column + 1] == "yes" {
                operations.insert(row[0].clone());
            }
        }
    }
    let names =
        |plugin: &registrard::registries::Plugin| plugin.operations.iter().map(|op| op.name().to_owned()).collect();
    let real: Vec<_> = PLUGINS.iter().map(|plugin| (plugin.name.to_owned(), names(plugin))).collect();
    assert_eq!(documented, real);
}

/// Each write of a job has its row, with the question that its doubt begins with.
fn hold_questions_against(plugin: &Plugin, account: &str, params: &dyn Fn(Operation) -> Value, table: &str) {
    let options = registrard::registries::WireOptions { account: account.into(), ..Default::default() };
    let dialect = (plugin.dialect)(&options).unwrap();
    let asks = |operation: Operation| {
        let since = "2026-12-01T09:30:00Z".parse().unwrap();
        let params = &params(operation).as_object().unwrap().clone();
        let doubt = Doubt { account, operation, params, transaction: "rd-1", since, so_already: None, taken: None };
        match dialect.reconcile(&doubt, &[]) {
            Step::Ask(question) => question.operation.name(),
            Step::Found(_) => "nothing",
        }
    };
    let mut asked: Vec<[String; 2]> = plugin
        .operations
        .iter()
        .filter(|operation| operation.writes())
        .map(|operation| [operation.name(), asks(*operation)].map(str::to_owned))
        .collect();
    let rows = Document::read("docs/reliability.md").table(table);
    assert!(rows.iter().all(|row| row.len() == 7), "a row has seven cells");
    let mut documented: Vec<_> = rows.iter().map(|row| [row[0].clone(), row[1].clone()]).collect();
    asked.sort();
    documented.sort();
    assert_eq!(documented, asked, "{}", plugin.name);
}

#[test]
fn the_table_of_questions_is_what_the_code_asks() {
    let plugin = PLUGINS.iter().find(|plugin| plugin.name == "denic-rri").unwrap();
    let params =
        json!({ "domain": "example.de", "handle": "DENIC-1000022-MAX", "id": "1", "request": "Action: DELETE" });
    hold_questions_against(plugin, "DENIC-1000022", &|_| params.clone(), "questions");
}

#[test]
fn the_table_of_questions_of_opensrs_is_what_the_code_asks() {
    let params = json!({
        "domain": "example.com", "contacts": { "owner": {} }, "host": "ns1.example.com", "order": "1", "id": "1",
        "auth_info": "Ab1!code", "request": "<OPS_envelope/>",
    });
    hold_questions_against(&opensrs::PLUGIN, "reseller", &|_| params.clone(), "opensrs-questions");
}

#[test]
fn the_table_of_questions_of_nz_srs_is_what_the_code_asks() {
    let jobs = Document::read("docs/nz-srs.md").blocks();
    let mut params: Vec<(Operation, Value)> = vec![(Operation::MessageDelete, json!({ "id": "1:x" }))];
    for block in jobs.iter().filter(|block| block.is(&["json", "job", "nz-srs"])) {
        params.extend(requests(block).into_iter().map(|job| (job.operation, Value::Object(job.params))));
    }
    let of = |operation| params.iter().find(|(known, _)| *known == operation).unwrap().1.clone();
    hold_questions_against(&nz_srs::PLUGIN, "500", &of, "nz-srs-questions");
}

#[test]
fn the_table_of_questions_of_rrp_is_what_the_code_asks() {
    let params = json!({
        "domain": "example.com", "host": "ns1.example.com", "years": 1, "expires": 2027, "request": "restore\nEntityName:Domain",
    });
    hold_questions_against(&rrp::PLUGIN, "registrarA", &|_| params.clone(), "rrp-questions");
}

#[test]
fn the_table_of_rules_is_that_of_the_code() {
    let rows = Document::read("docs/messages.md").table("rules");
    let documented: Vec<[String; 3]> = rows.iter().map(|row| [0, 1, 2].map(|column| row[column].clone())).collect();
    let rules: Vec<_> =
        denic_rri::RULES.iter().map(|rule| [rule.name, rule.level.word(), rule.doc].map(str::to_owned)).collect();
    assert_eq!(documented, rules);
}

/// Each operation has its parameters and an example.
fn hold_operations_against(plugin: &Plugin, document: &str, table: &str) {
    let document = Document::read(document);
    let mut documented: Vec<String> = document.table(table).iter().map(|row| row[0].clone()).collect();
    documented.dedup();
    let operations: Vec<_> = plugin.operations.iter().map(|operation| operation.name()).collect();
    assert_eq!(documented, operations);
    let examples = document.blocks().into_iter().filter(|block| block.is(&["json", "job", table]));
    let shown: BTreeSet<_> = examples.flat_map(|block| requests(&block)).map(|job| job.operation.name()).collect();
    let not_for_jobs = ["message.read", "message.delete"];
    let missing: Vec<_> =
        operations.into_iter().filter(|name| !shown.contains(name) && !not_for_jobs.contains(name)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

#[test]
fn the_operations_of_opensrs_are_those_of_the_code() {
    hold_operations_against(&opensrs::PLUGIN, "docs/opensrs.md", "opensrs");
}

#[test]
fn the_operations_of_nz_srs_are_those_of_the_code() {
    hold_operations_against(&nz_srs::PLUGIN, "docs/nz-srs.md", "nz-srs");
}

#[test]
fn the_operations_of_rrp_are_those_of_the_code() {
    hold_operations_against(&rrp::PLUGIN, "docs/rrp.md", "rrp");
}

fn parsed(block: &Block) -> Value {
    serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.place))
}

/// Every request in a job or a bulk message, read as intake reads it.
fn requests(block: &Block) -> Vec<request::Request> {
    let value = parsed(block);
    let items = match serde_json::from_value::<request::Bulk>(value.clone()) {
        Ok(bulk) => bulk.jobs,
        Err(_) => vec![value],
    };
    items
        .into_iter()
        .map(|item| serde_json::from_value(item).unwrap_or_else(|e| panic!("{}: {e}", block.place)))
        .collect()
}

#[test]
fn every_example_is_json_and_every_job_is_accepted() {
    let mut seen = 0;
    for block in Document::all().iter().flat_map(Document::blocks) {
        match block.info.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["json", "job", of @ ..] => {
                for request in requests(&block) {
                    // Without the name of a registry it is the first that does such a thing.
                    let is_of = |plugin: &&Plugin| of.first().is_none_or(|name| *name == plugin.name);
                    let mut plugins = PLUGINS.iter().filter(is_of);
                    let plugin = plugins.find(|plugin| plugin.operations.contains(&request.operation));
                    let plugin =
                        plugin.unwrap_or_else(|| panic!("{}: no registry does {}", block.place, request.operation));
                    let options =
                        registrard::registries::WireOptions { account: request.account, ..Default::default() };
                    let dialect = (plugin.dialect)(&options).unwrap();
                    let checked = dialect.check(request.operation, &request.params);
                    checked.unwrap_or_else(|reject| panic!("{}: {reject}", block.place));
                    seen += 1;
                }
            }
            ["json", ..] => drop(parsed(&block)),
            _ => {}
        }
    }
    assert!(seen >= 3, "only {seen} jobs were found in the documents");
}

/// The job of docs/messages.md, as it stands in the store after its first attempt was claimed.
fn stored(request: request::Request) -> Job {
    let at = "2026-12-01T09:30:00Z".parse().unwrap();
    Job {
        id: JobId(request.id.unwrap()),
        seq: 1,
        publisher: "billing".into(),
        queue: request.account.clone(),
        account: request.account,
        operation: request.operation,
        object: ObjectKey::new(Operation::DomainCreate.object(), "example.de"),
        params: request.params,
        class: Class::Normal,
        state: State::Running,
        waiting_for: WaitingFor::Turn,
        reason: None,
        due_at: at,
        start_by: None,
        batch: request.batch,
        max_attempts: 10,
        attempt: 1,
        spent: 0,
        asked: 0,
        transaction: None,
        keep_transaction: false,
        lost: false,
        intent_at: Some(at),
        blockers: 0,
        answer: None,
        context: request.context,
        reply_to: None,
        correlation_id: None,
        created_at: at,
        updated_at: at,
        finished_at: None,
        fence: 1,
    }
}

#[test]
fn the_event_in_the_documents_is_the_one_the_code_makes() {
    let blocks = Document::read("docs/messages.md").blocks();
    let only = |info: &[&str]| blocks.iter().find(|block| block.is(info)).unwrap_or_else(|| panic!("no {info:?}"));
    let job = stored(requests(only(&["json", "job"])).remove(0));
    let event = parsed(only(&["json", "event"]));
    let mut step = Move::new(&job, Cause::Done, "2026-12-01T09:30:00.412Z".parse().unwrap()).unwrap();
    let answer: Answer = serde_json::from_value(event["data"]["answer"].clone()).unwrap();
    step.answer = Some(answer);
    let made = Event::of_move(&job, &step, &[]);
    assert_eq!(event, made.body, "the code makes {:#}", made.body);
    let key = made.routing_key();
    assert!(Document::read("docs/messages.md").text.contains(&format!("`{key}`")), "{key}");
    assert_eq!(event["data"]["context"], json!({ "order": "A-1001" }), "what the job carried comes back");
}

#[test]
fn the_table_of_deadlines_is_that_of_the_code() {
    let rows = Document::read("docs/deadlines.md").table("kinds");
    let without_news = |kind: &DeadlineKind| match kind.at_end() {
        AtEnd::AskMet => "asks; gone means met",
        AtEnd::AskMissed => "asks; gone means missed",
        AtEnd::Missed => "missed",
        AtEnd::Over => "over",
    };
    let kinds: Vec<_> = DeadlineKind::ALL
        .iter()
        .map(|kind| [kind.word(), kind.title(), kind.harm(), without_news(kind)].map(str::to_owned))
        .collect();
    let documented: Vec<[String; 4]> = rows.iter().map(|row| [0, 1, 2, 3].map(|column| row[column].clone())).collect();
    assert_eq!(documented, kinds);
}

#[test]
fn the_reminder_in_the_documents_is_the_one_the_code_makes() {
    let blocks = Document::read("docs/deadlines.md").blocks();
    let event = parsed(blocks.iter().find(|block| block.is(&["json", "deadline"])).unwrap());
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let (due, zone) = (at("2026-12-01T08:30:00Z"), jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
    let heard = at("2026-11-01T08:30:00Z");
    let entry = Entry {
        id: 7,
        account: "DENIC-1000022".into(),
        object: ObjectKey::new(ObjectKind::Domain, "example.de"),
        kind: DeadlineKind::RedemptionEnd,
        due,
        basis: Basis::Answer,
        evidence: "job 0192f0c1-7b7e-7c3a-9f00-00020000009e".into(),
        note: serde_json::Map::new(),
        opened_at: heard,
        heard_at: heard,
        seen_until: heard,
        next_at: None,
        asked: 0,
        job: None,
        closed: None,
    };
    let lead = Lead::days(7);
    let reminder = Reminder { lead, escalation: "warning", scheduled: lead.before(due, &zone) };
    let made = entry.approaching(&reminder, &zone, at("2026-11-24T08:30:02Z"));
    assert_eq!(event, made.body, "the code makes {:#}", made.body);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = include_str!("../Cargo.toml");
    let mut section = "";
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| section.ends_with("dependencies]")) {
            names.insert(name.to_owned());
        }
    }
    let rows = Document::read("docs/dependencies.md").table("dependencies");
    assert!(rows.iter().all(|row| row[1].len() > 20), "a reason is a sentence");
    let documented: BTreeSet<String> = rows.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(documented, names, "left: docs/dependencies.md, right: Cargo.toml");
}
