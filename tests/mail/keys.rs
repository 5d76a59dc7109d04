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

/// A configuration whose account signs its requests with these keys, by a passphrase of the test keys.
fn signing(directory: &std::path::Path, keys: &[&str]) -> Config {
    use std::io::Write as _;

    let passphrase = directory.join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    let key = |name: &&str| {
        format!("{{ file = '{}', passphrase_file = '{}' }}", fixture(name).display(), passphrase.display())
    };
    let keys: Vec<_> = keys.iter().map(key).collect();
    let text = format!(
        "[accounts.nz]\nregistry = 'nz-srs'\nurl = 'https://srs.example.co.nz/srs'\nenvironment = 'other'\n\
         registrar_id = 500\nkeys = [{}]\nregistry_keys = [{{ file = '{}' }}]\n",
        keys.join(", "),
        fixture("never.asc").display()
    );
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Config::load_with(Some(file.path()), &[]).unwrap()
}

#[tokio::test]
async fn keys_that_sign_every_request_are_held_against_their_registrys_rules() {
    let directory = tempfile::tempdir().unwrap();
    let cases: &[(&[&str], Option<Exit>, &str)] = &[
        (&["rsa4096.asc"], None, "rsa4096.asc: can be used"),
        (&["never.asc"], Some(Exit::JobFailed), "warning: advised-length"),
        (&["rsa4096.asc", "rsa1024.asc"], Some(Exit::Refused), "error: length"),
        (&["public.asc"], Some(Exit::Refused), "error: secret-part"),
        (&["no-signing.asc"], Some(Exit::Refused), "error: signing"),
        (&["nowhere.asc"], Some(Exit::Refused), "cannot read"),
    ];
    for (keys, exit, part) in cases {
        let config = signing(directory.path(), keys);
        for arguments in [&["keys", "check"][..], &["keys", "check", "--account", "nz"]] {
            let ended = registrard(arguments, &config, None, Format::Table).await;
            assert_eq!(ended.how.as_ref().err().map(|failure| failure.exit), *exit, "{keys:?}: {}", ended.data);
            assert!(ended.data.contains(part) && !ended.data.contains("correct horse"), "{keys:?}: {}", ended.data);
        }
    }
    let mut unreadable = signing(directory.path(), &["rsa4096.asc"]);
    unreadable.accounts.get_mut("nz").unwrap().settings.remove("url");
    let ended = registrard(&["keys", "check"], &unreadable, None, Format::Table).await;
    assert!(ended.failure().exit == Exit::Refused && ended.data.contains("url"), "{}", ended.data);

    let (passphrase, key) = (directory.path().join("passphrase"), fixture("rsa4096.asc"));
    let files =
        ["keys", "check", "--passphrase-file", passphrase.to_str().unwrap(), key.to_str().unwrap(), "--registry"];
    for (registry, exit) in [("nz-srs", None), ("denic-rri", Some(Exit::Refused)), ("opensrs", Some(Exit::Usage))] {
        let ended = registrard(&[&files[..], &[registry]].concat(), &Config::default(), None, Format::Table).await;
        assert_eq!(ended.how.err().map(|failure| failure.exit), exit, "{registry}");
    }
}

#[test]
fn what_is_to_be_done_about_signing_keys_is_a_finding() {
    let directory = tempfile::tempdir().unwrap();
    let found = |keys: &[&str]| {
        let found = findings(&signing(directory.path(), keys), now());
        assert!(found.iter().all(|f| f.severity == Severity::Warning && f.place == "accounts.nz.keys"), "{found:?}");
        found.into_iter().map(|finding| finding.what).collect::<Vec<_>>()
    };
    assert_eq!(found(&["rsa4096.asc"]), Vec::<String>::new());
    let [short] = found(&["never.asc"]).try_into().unwrap();
    assert!(short.contains("never.asc: key ") && short.contains("4096 are advised"), "{short}");
    // One that has ended beside one that can sign, and the same alone: that is an error of the account, told there.
    assert!(found(&["rsa4096.asc", "revoked.asc"]).iter().any(|what| what.contains("revoked")));
    assert!(!found(&["revoked.asc"]).iter().any(|what| what.contains("has been revoked")));
}

#[test]
fn a_key_that_cannot_sign_is_refused_where_an_account_is_made() {
    let directory = tempfile::tempdir().unwrap();
    for (key, parts) in [
        ("revoked.asc", ["it has been revoked", "make a new key"]),
        ("public.asc", ["public part", "--export-secret-keys"]),
        ("no-signing.asc", ["may sign", "make a key that may sign"]),
        ("rsa1024.asc", ["1024 bits", "make a key of 4096 bits"]),
    ] {
        let wrong = registrard::daemon::accounts(&signing(directory.path(), &[key])).err().unwrap().to_string();
        let id =
            registrard::net::openpgp::LockedKey::read(&std::fs::read(fixture(key)).unwrap()).unwrap().fingerprint();
        for part in parts.into_iter().chain(["accounts.nz", key, &id]) {
            assert!(wrong.contains(part), "{key}: {part} is missing in {wrong}");
        }
    }
    assert!(registrard::daemon::accounts(&signing(directory.path(), &["rsa4096.asc"])).is_ok());
}
