//! What an account knows of certificates once it has spoken to its registry.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use registrard::model::deadline::{DeadlineKind, own};
use registrard::registries::{Registry, plugin};
use registrard::sandbox::{Options, Sandbox};
use serde_json::{Value, json};

/// The sandbox's certificates end with the first day of the third year from this one.
fn end() -> Timestamp {
    let year = Timestamp::now().to_zoned(TimeZone::UTC).year() + 3;
    jiff::civil::date(year, 1, 1).in_tz("UTC").unwrap().timestamp()
}

fn secret(directory: &Path, name: &str, text: &Value) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text.as_str().unwrap()).unwrap();
    path
}

#[tokio::test]
async fn each_registrys_certificate_is_a_deadline_of_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let started = Sandbox::start(Options {
        registries: vec!["all".into()],
        state_dir: directory.path().to_owned(),
        seed: 42,
        ..Options::default()
    });
    let sandbox = started.await.unwrap();
    let ready = sandbox.ready();
    let (denic, opensrs) = (&ready["denic_rri"], &ready["opensrs"]);
    let (nz, rrp) = (&ready["nz_srs"], &ready["rrp"]);
    let of = |settings: Value| {
        let mut settings = settings;
        settings["ca_file"] = ready["ca"].clone();
        settings
    };
    let file = |name: &str, text: &Value| json!(secret(directory.path(), name, text));
    let account = |name: &str, registry: &str, settings: Value| -> Arc<dyn Registry> {
        (plugin(registry).unwrap().account)(name, &of(settings)).unwrap()
    };
    let first = |of: &Value| of["accounts"][0].clone();
    let user = first(denic);
    let accounts = [
        account(
            user["account"].as_str().unwrap(),
            "denic-rri",
            json!({
                "user": user["user"], "password_file": file("denic", &user["password"]), "address": denic["address"],
            }),
        ),
        account(
            "opensrs",
            "opensrs",
            json!({
                "user": first(opensrs)["username"], "key_file": file("opensrs", &first(opensrs)["private_key"]),
                "address": opensrs["https"].as_str().unwrap().trim_start_matches("https://").trim_end_matches('/'),
            }),
        ),
        account(
            "nz",
            "nz-srs",
            json!({
                "registrar_id": first(nz)["registrar_id"], "url": nz["url"], "keys": [{ "file": first(nz)["secret_key"] }],
                "registry_keys": [{ "file": nz["registry_key"] }], "environment": "other",
            }),
        ),
        account(
            "rrp",
            "rrp",
            json!({
                "user": first(rrp)["id"], "password_file": file("rrp", &first(rrp)["password"]), "address": rrp["address"],
            }),
        ),
    ];
    for account in accounts {
        let kind = account.kind();
        let certificate = || {
            let found = account.deadlines().into_iter().filter(|date| date.kind == DeadlineKind::CertificateExpiry);
            found.map(|date| date.due).collect::<Vec<_>>()
        };
        assert_eq!(certificate(), [], "{kind}: nobody was spoken to yet");
        drop(account.open().await.unwrap_or_else(|error| panic!("{kind}: {error:?}")));
        assert_eq!(certificate(), [end()], "{kind}");
        let words = own::words(kind, &account.deadlines(), Timestamp::now());
        assert!(words.iter().all(|word| word.object.as_str() == format!("account:{kind}")), "{words:?}");
    }
    sandbox.stop().await;
}
