//! `registrard orders mail` on a SQLite store.

use registrard::cli::exit::Exit;
use registrard::cli::output::Format;
use registrard::model::{Cause, Operation, State};
use serde_json::json;

use crate::database::{Database, Kind};
use crate::gnupg::parts;
use crate::stage::{LOCKED, config, delete, id, job, refused, registrard, tried};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_printed_or_written_and_says_what_comes_next() {
    let database = Database::migrated(Kind::Sqlite).await;
    let (store, id) = (&*database.store, id().to_string());
    refused(store, &delete(), Cause::ByHand).await;
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), "good.asc", "");

    let printed = registrard(&["orders", "mail", &id], &config, Some(store), Format::Table).await;
    assert_eq!(printed.how, Ok(()));
    let (signed, _) = parts(&printed.data);
    let order = "\r\nAction: DELETE\r\nDomain: example.de\r\nHolder: DENIC-1000022-MAX\r\n";
    for part in [order, LOCKED, "transaction rd-0192f0c17b7e7c3a9f000000000000aa-1", &id] {
        assert!(signed.replace("=\r\n", "").contains(part), "{part:?} is missing in {signed}");
    }
    assert!(!signed.contains("Version:") && !signed.contains("Ctid"), "{signed}");
    assert!(
        printed.data.contains("\r\nSubject: Order of DENIC-1000022: domain.delete example.de\r\n"),
        "{}",
        printed.data
    );
    assert!(printed.talk.contains("7 working days") && printed.talk.contains("--ask"), "{}", printed.talk);

    let file = directory.path().join("order.eml");
    let arguments = ["orders", "mail", &id, "--out", file.to_str().unwrap(), "--to", "legal@registry.example"];
    let written = registrard(&arguments, &config, Some(store), Format::Json).await;
    assert_eq!((&written.json()["done"], &written.json()["to"]), (&"written".into(), &"legal@registry.example".into()));
    let mail = std::fs::read_to_string(&file).unwrap();
    assert!(mail.contains("\r\nTo: legal@registry.example\r\n"), "{mail}");
    let again = registrard(&arguments, &config, Some(store), Format::Table).await;
    assert_eq!(again.failure().exit, Exit::Usage, "a file is never overwritten");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), mail);

    let asked = registrard(&["jobs", "retry", &id, "--ask"], &config, Some(store), Format::Jsonl).await;
    assert_eq!((&asked.json()["cause"], &asked.json()["to"]), (&"ask_again".into(), &"in_doubt".into()));
    let late = registrard(&["orders", "mail", &id], &config, Some(store), Format::Table).await;
    assert_eq!((late.failure().exit, late.data.as_str()), (Exit::Refused, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_go_in_writing_is_refused_with_a_reason() {
    let secret = json!({ "domain": "example.de", "auth_info": "hot air" });
    // The job, how its attempt ended, with --force, and a word of the reason; none: it is written.
    let cases = [
        (delete(), Cause::GaveUp, "", Some("another reason")),
        (delete(), Cause::GaveUp, "--force", None),
        (delete(), Cause::Refused, "", Some("life is over")),
        (delete(), Cause::Refused, "--force", None),
        (delete(), Cause::Lost, "--force", Some("may have happened")),
        (delete(), Cause::Deferred, "--force", Some("by itself")),
        (delete(), Cause::Done, "--force", Some("nothing is left")),
        (job(Operation::DomainTransfer, secret), Cause::ByHand, "", Some("secret")),
        (job(Operation::DomainTransit, json!({ "domain": "example.de" })), Cause::ByHand, "", None),
        (job(Operation::DomainCreate, json!({ "domain": "example.de" })), Cause::ByHand, "", Some("no lock")),
    ];
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), "no-passphrase.asc", "");
    for (job, cause, force, reason) in cases {
        let database = Database::migrated(Kind::Sqlite).await;
        let state = refused(&*database.store, &job, cause).await;
        let id = id().to_string();
        let arguments: Vec<&str> = ["orders", "mail", &id, force].into_iter().filter(|word| !word.is_empty()).collect();
        let ended = registrard(&arguments, &config, Some(&*database.store), Format::Table).await;
        let what = format!("{} {cause} {state} {force}", job.operation);
        match reason {
            None => assert_eq!(ended.how, Ok(()), "{what}"),
            Some(reason) => {
                assert_eq!(ended.failure().exit, Exit::Refused, "{what}");
                assert!(ended.failure().why.contains(reason), "{what}: {:?}", ended.failure());
                assert_eq!(ended.data, "", "{what}");
            }
        }
        assert!(!format!("{}{}{:?}", ended.data, ended.talk, ended.how).contains("hot air"), "law 11");
    }
}

/// What an order leaves out is removed, so a job that states only what shall change is ordered as the whole that the
/// registry refused; an operator's own text goes as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_states_everything() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), "good.asc", "");
    let part = || {
        job(
            Operation::DomainUpdate,
            json!({ "domain": "example.de", "merge": true, "nserver": ["ns9.example.net", "ns8.example.net"] }),
        )
    };
    let raw = |text: &str| job(Operation::Raw, json!({ "request": text }));
    let whole = || {
        Some(json!({ "domain": "example.de", "holder": ["DENIC-1000022-MAX"], "abuse_contact": "DENIC-1000022-ABUSE",
            "nserver": ["ns9.example.net", "ns8.example.net"] }))
    };
    let text = "Action: UPDATE\r\nDomain: example.de\r\nHolder: DENIC-1000022-MAX\r\n\
        AbuseContact: DENIC-1000022-ABUSE\r\nNserver: ns9.example.net\r\nNserver: ns8.example.net\r\n";
    let own = "Version: 5.0\nAction: DELETE\nDomain: example.de";
    let xml = r#"<registry-request xmlns="http://registry.denic.de/global/5.0" xmlns:domain="http://registry.denic.de/domain/5.0"><domain:delete><domain:handle>example.de</domain:handle></domain:delete></registry-request>"#;
    // The job, what was read, how its attempt ended, with --force, what the e-mail says or why it is none.
    for (job, whole, cause, force, wanted) in [
        (part(), whole(), Cause::ByHand, "", Ok(text)),
        (part(), whole(), Cause::GaveUp, "--force", Err(("states only what shall change", "jobs retry"))),
        (part(), whole(), Cause::Refused, "--force", Err(("states only what shall change", "new job"))),
        (part(), None, Cause::ByHand, "", Err(("states only what shall change", "jobs retry"))),
        (raw(own), None, Cause::ByHand, "", Ok("\r\nAction: DELETE\r\nDomain: example.de\r\n")),
        (raw(xml), None, Cause::ByHand, "", Err(("XML", "jobs dismiss"))),
    ] {
        let database = Database::migrated(Kind::Sqlite).await;
        tried(&*database.store, &job, whole, cause).await;
        let id = id().to_string();
        let arguments: Vec<&str> = ["orders", "mail", &id, force].into_iter().filter(|word| !word.is_empty()).collect();
        let ended = registrard(&arguments, &config, Some(&*database.store), Format::Table).await;
        let what = format!("{} {cause}: {:?}", job.operation, ended.how);
        match wanted {
            Ok(text) => {
                let mail = ended.data.replace("=\r\n", "");
                assert!(ended.how.is_ok() && mail.contains(text), "{what} {mail}");
                assert!(!mail.to_lowercase().contains("merge") && !mail.contains("Version: 5"), "{mail}");
            }
            Err((why, next)) => {
                assert_eq!((ended.failure().exit, ended.data.as_str()), (Exit::Refused, ""), "{what}");
                assert!(ended.failure().why.contains(why) && ended.failure().next.contains(next), "{what}");
            }
        }
        if job.operation == Operation::DomainUpdate && cause == Cause::ByHand && force.is_empty() && wanted.is_ok() {
            let shown = registrard(&["jobs", "show", &id], &config, Some(&*database.store), Format::Json).await;
            assert_eq!(shown.json()["attempts"][0]["whole"]["abuse_contact"], "DENIC-1000022-ABUSE");
            assert_eq!(shown.json()["params"]["abuse_contact"], serde_json::Value::Null, "the job did not state it");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_key_receiver_or_server_nothing_is_written() {
    let database = Database::migrated(Kind::Sqlite).await;
    let (store, id) = (&*database.store, id().to_string());
    assert_eq!(refused(store, &delete(), Cause::ByHand).await, State::NeedsAttention);
    let directory = tempfile::tempdir().unwrap();
    let mail = ["orders", "mail", &id];
    let expired = config(directory.path(), "revoked.asc", "");
    let ended = registrard(&mail, &expired, Some(store), Format::Table).await;
    assert_eq!((ended.failure().code, ended.failure().exit), ("key_refused", Exit::Refused));
    assert!(ended.failure().why.contains("revoked"), "{:?}", ended.failure());

    let mut config = config(directory.path(), "good.asc", "");
    let ended = registrard(&["orders", "mail", &id, "--send"], &config, Some(store), Format::Table).await;
    assert_eq!((ended.failure().code, ended.failure().exit), ("no_mail", Exit::Configuration));
    let ended = registrard(&["orders", "mail", &id, "--to", "nobody"], &config, Some(store), Format::Table).await;
    assert_eq!((ended.failure().code, ended.failure().exit), ("address", Exit::Usage));
    let account = config.accounts.get_mut("DENIC-1000022").unwrap();
    account.mail.as_mut().unwrap().to = None;
    let ended = registrard(&mail, &config, Some(store), Format::Table).await;
    assert_eq!((ended.failure().code, ended.failure().exit), ("no_receiver", Exit::Configuration));
    config.accounts.get_mut("DENIC-1000022").unwrap().mail = None;
    let ended = registrard(&mail, &config, Some(store), Format::Table).await;
    assert_eq!((ended.failure().code, ended.failure().exit), ("no_mail", Exit::Configuration));
    let nobody = uuid::Uuid::nil().to_string();
    let unknown = registrard(&["orders", "mail", &nobody], &config, Some(store), Format::Table).await;
    assert_eq!(unknown.failure().exit, Exit::NotFound);
}
