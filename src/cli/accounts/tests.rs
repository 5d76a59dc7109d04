use clap::Parser;
use serde_json::{Value, json};

use super::*;
use crate::cli::exit::Exit;
use crate::cli::fake::Fake;
use crate::cli::output::{Colour, Format};
use crate::cli::{Cli, Command};
use crate::config::{self, Account, Pool, Publisher};
use crate::store::BatchView;

fn config() -> Config {
    let account = || Account {
        registry: "denic-rri".into(),
        read_messages: true,
        credential_expires: None,
        mail: None,
        limits: Default::default(),
        settings: serde_json::Map::new(),
    };
    let publisher = Publisher { accounts: vec![], operations: vec![], weight: 1 };
    Config {
        accounts: [("A".to_owned(), account()), ("DENIC-1000022".to_owned(), account())].into(),
        pools: [("both".to_owned(), Pool { accounts: vec!["A".into(), "DENIC-1000022".into()] })].into(),
        publishers: [("billing".to_owned(), publisher)].into(),
        ..Config::default()
    }
}

/// Runs `registrard accounts …`; its data as lines, its remarks, its end.
async fn accounts(store: &Fake, config: &Config, arguments: &str) -> (Vec<Value>, String, Result<(), Failure>) {
    let words = ["registrard", "accounts"].into_iter().chain(arguments.split(' '));
    let Command::Accounts(command) = Cli::try_parse_from(words).unwrap().command else { unreachable!() };
    let (mut data, mut talk) = (Vec::new(), Vec::new());
    let mut out = Out::new(Format::Jsonl, Colour::Never, &mut data, &mut talk);
    let ended = run(&command, config, store, Timestamp::UNIX_EPOCH, &mut out).await;
    let data = String::from_utf8(data).unwrap();
    (data.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), String::from_utf8(talk).unwrap(), ended)
}

fn kinds(store: &Fake) -> Vec<String> {
    store.events.lock().unwrap().iter().map(|row| row.event.routing_key()).collect()
}

fn state(account: &str) -> AccountState {
    AccountState { account: account.into(), ..Default::default() }
}

fn store(states: &[AccountState]) -> Fake {
    let store = Fake::default();
    *store.accounts.lock().unwrap() = states.iter().map(|state| (state.account.clone(), state.clone())).collect();
    let batch = BatchView {
        name: "autumn-sale".into(),
        publisher: "billing".into(),
        created_at: Timestamp::UNIX_EPOCH,
        total: 1,
        by_state: vec![],
    };
    store.batches.lock().unwrap().push(batch);
    store
}

#[test]
fn exactly_one_thing_is_paused() {
    let parse =
        |arguments: &str| Cli::try_parse_from(["registrard", "accounts"].into_iter().chain(arguments.split(' ')));
    for right in ["pause A", "pause --registry denic-rri", "resume --publisher billing", "pause A --reason holidays"] {
        assert!(parse(right).is_ok(), "{right}");
    }
    for wrong in ["pause", "resume", "pause A --batch x", "pause --operation raw --batch x", "pause A B"] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_suspended_account_is_resumed_once_and_a_pause_ends_before_it() {
    let suspended = AccountState { suspended: Some("login refused".into()), ..state("A") };
    let (store, config) = (store(&[suspended]), config());
    assert_eq!(accounts(&store, &config, "pause A --reason moving").await.2, Ok(()));
    let failure = accounts(&store, &config, "pause A").await.2.unwrap_err();
    assert_eq!(failure.exit, Exit::Refused);
    assert!(failure.why.contains("by an operator: moving") && failure.next.contains("accounts resume A"), "{failure}");

    let (_, talk, ended) = accounts(&store, &config, "resume A").await;
    assert_eq!(ended, Ok(()));
    assert!(talk.contains("it was paused") && talk.contains("suspended as well: login refused"), "{talk}");
    let (_, talk, ended) = accounts(&store, &config, "resume A").await;
    assert_eq!(ended, Ok(()));
    assert!(talk.contains("it was suspended because: login refused"), "{talk}");
    assert_eq!(accounts(&store, &config, "resume A").await.2.unwrap_err().exit, Exit::Refused);
    assert_eq!(kinds(&store), ["account.paused.A", "account.resumed.A", "account.resumed.A"]);
}

#[tokio::test]
async fn an_account_without_money_is_shown_and_one_order_may_try() {
    let (store, config) = (store(&[]), config());
    let pause = |kind| Pause { kind, name: "A".into(), reason: "pay in".into(), since: Timestamp::UNIX_EPOCH };
    store.pauses.lock().unwrap().extend([pause(PauseKind::Account), pause(PauseKind::Funds)]);
    let pauses = store.pauses.lock().unwrap().clone();
    let rows: Vec<_> = list(&config, vec![], pauses, Timestamp::UNIX_EPOCH).iter().map(Row::cells).collect();
    assert_eq!((rows.len(), &*rows[0][2]), (2, "paused; out of funds"));
    let (_, talk, ended) = accounts(&store, &config, "resume A").await;
    assert!(ended.is_ok() && talk.contains("works again"), "{talk}");
    let (_, talk, ended) = accounts(&store, &config, "resume A").await;
    assert!(ended.is_ok() && talk.contains("one order of account A tries") && talk.contains("pay in"), "{talk}");
    assert_eq!(kinds(&store), ["account.resumed.A", "funds.resumed.A"]);
    assert_eq!(accounts(&store, &config, "resume A").await.2.unwrap_err().exit, Exit::Refused);
}

#[tokio::test]
async fn everything_that_can_be_paused_can_be_resumed_and_tells_so() {
    let (store, config) = (store(&[]), config());
    for (which, event) in [
        ("A", "account.*.A"),
        ("--registry denic-rri", "registry.*.denic-rri"),
        ("--publisher billing", "publisher.*.billing"),
        ("--publisher local", "publisher.*.local"),
        ("--operation domain.delete", "operation.*.domain.delete"),
        ("--batch autumn-sale", "batch.*.autumn-sale"),
    ] {
        store.events.lock().unwrap().clear();
        for verb in ["pause", "resume"] {
            let (_, talk, ended) = accounts(&store, &config, &format!("{verb} {which}")).await;
            assert_eq!(ended, Ok(()), "{verb} {which}");
            assert!(!talk.is_empty());
        }
        let begin = if event.starts_with("batch") { "stopped" } else { "paused" };
        assert_eq!(kinds(&store), [begin, "resumed"].map(|happening| event.replace('*', happening)));
        assert_eq!(accounts(&store, &config, &format!("resume {which}")).await.2.unwrap_err().exit, Exit::Refused);
    }
    assert!(store.pauses.lock().unwrap().is_empty());
}

#[tokio::test]
async fn names_nobody_knows_are_errors_with_what_may_have_been_meant() {
    let (store, config) = (store(&[]), config());
    for (which, meant) in [
        ("DENIC-100022", "`DENIC-1000022`"),
        ("--registry denic", "`registrard accounts list`"),
        ("--registry denic-rrl", "`denic-rri`"),
        ("--publisher biling", "`billing`"),
        ("--operation domain.delet", "`domain.delete`"),
        ("--batch autumn-sail", "`autumn-sale`"),
        ("both", "pause its accounts"),
    ] {
        for verb in ["pause", "resume"] {
            let failure = accounts(&store, &config, &format!("{verb} {which}")).await.2.unwrap_err();
            assert_eq!(failure.exit, Exit::NotFound, "{failure}");
            assert!(failure.next.contains(meant), "{which}: {failure}");
        }
    }
    assert!(kinds(&store).is_empty());
    // Where every user of the broker may publish, any of them may be meant; a pause of what is gone can be ended.
    let open = config::Intake { open: true, ..Default::default() };
    let anybody = Config { intake: open, publishers: Default::default(), ..config.clone() };
    assert_eq!(accounts(&store, &anybody, "pause --publisher whoever").await.2, Ok(()));
    assert_eq!(accounts(&store, &config, "resume --publisher whoever").await.2, Ok(()));
}

#[tokio::test]
async fn the_list_shows_every_reason_and_the_other_pauses_below() {
    let second = |second| Some(Timestamp::from_second(second).unwrap());
    let many = AccountState {
        suspended: Some("refused".into()),
        suspended_at: second(3),
        cooldown_until: second(5),
        cooldown_reason: Some("blocked".into()),
        trouble: Some("no route".into()),
        trouble_since: second(4),
        ..state("A")
    };
    let over = AccountState { cooldown_until: second(-5), ..state("gone") };
    let (store, config) = (store(&[many, over]), config());
    for which in ["A", "--registry denic-rri", "--batch autumn-sale"] {
        accounts(&store, &config, &format!("pause {which}")).await.2.unwrap();
    }
    let (lines, ..) = accounts(&store, &config, "list").await;
    let names: Vec<_> = lines.iter().map(|line| line.get("account").or(line.get("name")).unwrap()).collect();
    assert_eq!(names, ["A", "DENIC-1000022", "gone", "denic-rri", "autumn-sale"]);
    assert_eq!((&lines[0]["suspended"], &lines[2]["registry"]), (&json!("refused"), &Value::Null));
    assert_eq!((&lines[0]["pauses"][0]["kind"], &lines[2]["cooldown_until"]), (&json!("account"), &Value::Null));

    let pauses = store.pauses.lock().unwrap().clone();
    let states = store.accounts.lock().unwrap().values().cloned().collect();
    let list = list(&config, states, pauses, Timestamp::UNIX_EPOCH);
    let cells: Vec<_> = list.iter().map(Row::cells).collect();
    assert_eq!(cells[0][2], "suspended; paused; registry paused; cooling down; no session");
    assert_eq!((&*cells[1][2], &*cells[2][2]), ("registry paused", "active"));
    assert_eq!((&*cells[4][0], &*cells[4][2]), ("(batch autumn-sale)", "paused"));
}
