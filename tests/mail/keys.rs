//! `registrard keys check` and what `check-config` says of keys.

use registrard::cli::exit::Exit;
use registrard::cli::keys::findings;
use registrard::cli::output::Format;
use registrard::config::{Config, Severity};

use crate::stage::{config, fixture, now, registrard};

#[tokio::test]
async fn the_end_says_whether_a_key_can_be_used() {
    let directory = tempfile::tempdir().unwrap();
    let cases: &[(&str, Option<Exit>, &str)] = &[
        ("good.asc", None, "can be used"),
        ("dsa.asc", None, "can be used"),
        ("no-passphrase.asc", Some(Exit::JobFailed), "warning: protection"),
        ("ed25519.asc", Some(Exit::Refused), "error: type"),
        ("never.asc", Some(Exit::Refused), "error: expiry"),
        ("public.asc", Some(Exit::Refused), "error: secret-part"),
        ("two.asc", Some(Exit::Refused), "2 keys"),
        ("README.md", Some(Exit::Refused), "no OpenPGP key"),
        ("nowhere.asc", Some(Exit::Refused), "cannot read"),
    ];
    for (key, exit, part) in cases {
        let config = config(directory.path(), key, "");
        let ended = registrard(&["keys", "check"], &config, None, Format::Table).await;
        assert_eq!(ended.how.as_ref().err().map(|failure| failure.exit), *exit, "{key}: {}", ended.data);
        assert!(ended.data.contains(part), "{key}: {}", ended.data);
        assert!(!ended.data.contains("correct horse"), "law 11");
        let ended = registrard(&["keys", "check", "--account", "DENIC-1000022"], &config, None, Format::Json).await;
        assert_eq!(ended.json()[0]["usable"], (*exit != Some(Exit::Refused)), "{key}");
    }
}

#[tokio::test]
async fn keys_in_files_need_no_configuration() {
    let directory = tempfile::tempdir().unwrap();
    config(directory.path(), "good.asc", "");
    let (passphrase, good) = (directory.path().join("passphrase"), fixture("good.pgp"));
    let arguments = ["keys", "check", "--passphrase-file", passphrase.to_str().unwrap(), good.to_str().unwrap()];
    let ended = registrard(&arguments, &Config::default(), None, Format::Json).await;
    assert_eq!((ended.how.clone(), &ended.json()[0]["key"]["days_left"]), (Ok(()), &670.into()));
    let ended = registrard(&["keys", "check", good.to_str().unwrap()], &Config::default(), None, Format::Table).await;
    assert_eq!(ended.failure().exit, Exit::Refused);
    assert!(ended.data.contains("no passphrase is given"), "{}", ended.data);
    let ended = registrard(&["keys", "check"], &Config::default(), None, Format::Table).await;
    assert_eq!(ended.failure().exit, Exit::NotFound);
    let ended = registrard(&["keys", "check", "--account", "A"], &Config::default(), None, Format::Table).await;
    assert_eq!(ended.failure().exit, Exit::NotFound);
}

#[test]
fn check_config_looks_at_keys_and_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let places = |config: &Config| {
        let found = findings(config, now());
        // The daemon can work without any of it.
        assert!(found.iter().all(|finding| finding.severity == Severity::Warning), "{found:?}");
        found.into_iter().map(|finding| finding.place).collect::<Vec<_>>()
    };
    assert_eq!(places(&config(directory.path(), "good.asc", "")), Vec::<String>::new());
    assert_eq!(places(&config(directory.path(), "rsa1024.asc", "")), ["accounts.DENIC-1000022.mail.key_file"]);
    let mut wrong = config(directory.path(), "nowhere.asc", "[mail]\nhost = 'localhost'\nca_file = '/nowhere.pem'\n");
    wrong.accounts.get_mut("DENIC-1000022").unwrap().mail.as_mut().unwrap().from = "nobody".into();
    let expected = ["mail", "accounts.DENIC-1000022.mail.from", "accounts.DENIC-1000022.mail.key_file"];
    assert_eq!(places(&wrong), expected);
}
