use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;

const SUMMER: &str = "2026-07-01T00:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openpgp").join(name)
}

/// A key with the passphrase of the test keys.
fn key(directory: &tempfile::TempDir, name: &str) -> Value {
    let passphrase = directory.path().join("passphrase");
    std::fs::write(&passphrase, "correct horse\n").unwrap();
    json!({"file": fixture(name), "passphrase_file": passphrase})
}

fn settings(keys: &[Value], change: Value) -> Settings {
    let mut settings = json!({
        "url": "https://srs.example.co.nz/srs",
        "registrar_id": "500",
        "environment": "other",
        "keys": keys,
        "registry_keys": [{"file": fixture("never.asc")}],
    });
    settings.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    Settings::read(&settings).unwrap()
}

fn refused(settings: &Settings, at: &str) -> String {
    Keys::read(settings, instant(at)).err().expect("it was not refused")
}

#[test]
fn a_key_that_cannot_sign_is_refused_by_file_and_id_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    for (name, at, parts) in [
        ("good.asc", "2028-01-01T00:00:00Z", &["expired", "make a new key"][..]),
        ("revoked.asc", SUMMER, &["revoked", "make a new key"]),
        ("public.asc", SUMMER, &["public part", "--export-secret-keys"]),
        ("no-signing.asc", SUMMER, &["may sign"]),
        ("rsa1024.asc", SUMMER, &["1024 bits", "4096"]),
        ("dsa.asc", SUMMER, &["not RSA", "RSA and RSA"]),
        ("good.asc", "2025-12-31T00:00:00Z", &["valid from", "clock"]),
    ] {
        let why = refused(&settings(&[key(&directory, name)], json!({})), at);
        let id = LockedKey::read(&std::fs::read(fixture(name)).unwrap()).unwrap().fingerprint();
        for part in parts.iter().copied().chain([name, &id]) {
            assert!(why.contains(part), "{name}: {part} is missing in {why}");
        }
        // It is no better beside one that can, unless it has come to its end.
        let beside = settings(&[key(&directory, "never.asc"), key(&directory, name)], json!({}));
        match name {
            "revoked.asc" => assert!(Keys::read(&beside, instant(at)).is_ok()),
            "good.asc" if at > SUMMER => assert!(Keys::read(&beside, instant(at)).is_ok()),
            _ => assert!(refused(&beside, at).contains(name)),
        }
    }
}

#[test]
fn a_passphrase_that_is_missing_or_wrong_is_told_without_showing_it() {
    let directory = tempfile::tempdir().unwrap();
    let wrong = directory.path().join("wrong");
    std::fs::write(&wrong, "battery staple").unwrap();
    let with = |more: Value| {
        let mut key = json!({"file": fixture("good.asc")});
        key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refused(&settings(&[key], json!({})), SUMMER)
    };
    for (more, part) in [
        (json!({}), "no passphrase is given; name the right one beside the key's file"),
        (json!({"passphrase_file": wrong}), "wrong passphrase; name the right one"),
        (json!({"passphrase_file": "/nowhere"}), "/nowhere"),
        (json!({"passphrase_env": "NO_SUCH_VARIABLE_HERE"}), "NO_SUCH_VARIABLE_HERE"),
        (json!({"passphrase_file": "a", "passphrase_env": "b"}), "exclude"),
    ] {
        let why = with(more);
        assert!(why.contains(part) && !why.contains("staple"), "{why}");
    }
    for (file, part) in [("two.asc", "2 keys"), ("README.md", "no OpenPGP key"), ("nowhere.asc", "cannot read")] {
        let why = refused(&settings(&[key(&directory, file)], json!({})), SUMMER);
        assert!(why.contains(part) && why.contains(file), "{why}");
    }
}

#[test]
fn each_system_of_the_registry_has_keys_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let mut of_test = key(&directory, "good.asc");
    of_test.as_object_mut().unwrap().insert("environment".into(), "test".into());
    let why = refused(&settings(std::slice::from_ref(&of_test), json!({})), SUMMER);
    assert!(why.contains("registered for `test`") && why.contains("`other`"), "{why}");
    let why = refused(&settings(std::slice::from_ref(&of_test), json!({"environment": "production"})), SUMMER);
    assert!(why.contains("registered for `test`") && why.contains("`production`"), "{why}");
    // A real system's answers are signed by its one known key, unless the settings know better.
    let good = [key(&directory, "good.asc")];
    let why = refused(&settings(&good, json!({"environment": "production"})), SUMMER);
    assert!(why.contains("is not 160A75A455FDE8CB33B9C34DCBB0C5C46386401F") && why.contains("never.asc"), "{why}");
    let id = LockedKey::read(&std::fs::read(fixture("never.asc")).unwrap()).unwrap().fingerprint();
    let spaced =
        id.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).to_lowercase()).collect::<Vec<_>>().join(" ");
    let pinned = json!([{"file": fixture("never.asc"), "fingerprint": spaced}]);
    let production = settings(&good, json!({"environment": "production", "registry_keys": pinned}));
    assert!(Keys::read(&production, instant(SUMMER)).is_ok());
    let other = json!([{"file": fixture("never.asc"), "fingerprint": "0".repeat(40)}]);
    let why = refused(&settings(&good, json!({"registry_keys": other})), SUMMER);
    assert!(why.contains(&id) && why.contains("correct the file or the fingerprint"), "{why}");
}

#[test]
fn a_registry_key_has_to_verify() {
    let directory = tempfile::tempdir().unwrap();
    let good = [key(&directory, "never.asc")];
    let with = |files: &[&str]| {
        let keys: Vec<_> = files.iter().map(|file| json!({"file": fixture(file)})).collect();
        settings(&good, json!({ "registry_keys": keys }))
    };
    for (files, at) in
        [(&["no-signing.asc"][..], SUMMER), (&["revoked.asc"], SUMMER), (&["good.asc"], "2028-01-01T00:00:00Z")]
    {
        assert!(refused(&with(files), at).contains("no answer can be verified"), "{files:?}");
    }
    assert!(Keys::read(&with(&["good.asc", "never.asc"]), instant("2028-01-01T00:00:00Z")).is_ok());
    assert!(refused(&with(&["nowhere.asc"]), SUMMER).contains("registry_keys: cannot read"));
}

#[test]
fn the_first_key_that_may_sign_signs() {
    let directory = tempfile::tempdir().unwrap();
    let named = ["subkey.asc", "good.asc", "rsa4096.asc"].map(|name| key(&directory, name));
    let keys = Keys::read(&settings(&named, json!({})), instant("2026-03-01T00:00:00Z")).unwrap();
    let id = |at: &str| format!("{:?}", keys.signing(instant(at)).unwrap());
    let of = |name: &str| {
        let locked = LockedKey::read(&std::fs::read(fixture(name)).unwrap()).unwrap();
        format!("{:?}", locked.unlock(Some(&Secret::new("correct horse")), instant("2026-03-01T00:00:00Z")).unwrap())
    };
    assert_eq!(id("2026-03-01T00:00:00Z"), of("subkey.asc"));
    assert_eq!(id("2026-07-20T00:00:00Z"), of("good.asc"));
    assert_eq!(id("2028-01-01T00:00:00Z"), of("rsa4096.asc"));
    assert_eq!(keys.end(instant(SUMMER)), None, "one of them never ends");
    assert!(keys.warnings.iter().any(|warning| warning.contains("good.asc") && warning.contains("4096 are advised")));

    let keys = Keys::read(&settings(&named[..2], json!({})), instant("2026-03-01T00:00:00Z")).unwrap();
    assert_eq!(keys.end(instant("2026-03-01T00:00:00Z")), Some(instant("2028-01-01T00:00:00Z")));
    assert!(keys.signing(instant("2028-01-01T00:00:00Z")).unwrap_err().contains("name a new one"));
}

#[test]
fn every_key_is_shown_for_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let keys = json!([key(&directory, "rsa4096.asc"), key(&directory, "rsa1024.asc"), {"file": "/nowhere"}]);
    let settings = json!({
        "url": "https://srs.example.co.nz/", "registrar_id": 1, "environment": "other", "keys": keys,
        "registry_keys": [{"file": "never read"}],
    });
    let keys = account_keys(&settings, instant(SUMMER)).unwrap();
    let refused: Vec<_> = keys.iter().map(|key| key.review.as_ref().ok().map(Review::refused)).collect();
    assert_eq!(refused, [Some(false), Some(true), None]);
    assert!(account_keys(&json!({}), instant(SUMMER)).is_err());
}
