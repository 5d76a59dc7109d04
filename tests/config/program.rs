//! The program itself: `check-config`, and a daemon that is to start with the same file.

use std::io::Write;

use serde_json::Value;

use crate::SHIPPED;

/// Runs the program itself; its exit code, data and remarks.
fn registrard(arguments: &[&str], config: &str) -> (i32, String, String) {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    file.write_all(config.as_bytes()).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_registrard"))
        .args(arguments)
        .arg("--config")
        .arg(file.path())
        .env_remove("REGISTRARD_CONFIG")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_program_checks_a_file_and_ends_with_the_documented_code() {
    let (exit, data, remarks) = registrard(&["check-config"], SHIPPED);
    assert_eq!((exit, remarks.as_str()), (0, ""), "{data}");
    assert!(data.contains("the configuration is usable"), "{data}");

    let (exit, data, remarks) = registrard(&["check-config", "--output", "json"], "[intake]\nbatch = 0");
    assert_eq!(exit, 78, "{data}{remarks}");
    let report: Value = serde_json::from_str(&data).unwrap();
    assert_eq!((&report["ok"], &report["findings"][0]["place"]), (&false.into(), &"intake.batch".into()));
    let failure: Value = serde_json::from_str(&remarks).unwrap();
    assert_eq!(failure["error"]["code"], "configuration");

    let (exit, data, remarks) = registrard(&["check-config"], "[stroe]\nurl = 'x'");
    assert_eq!((exit, data.as_str()), (78, ""));
    assert!(remarks.contains("stroe: there is no such setting"), "{remarks}");

    assert_eq!(registrard(&["jobs", "shwo"], "").0, 2);
}

/// Two accounts at DENIC, with their passwords beside them.
fn two_accounts(directory: &std::path::Path, users: [&str; 2], limits: &str) -> String {
    let password = directory.join("password");
    std::fs::write(&password, "horse battery").unwrap();
    let account = |name: &str, user: &str| {
        let file = password.display();
        format!("[accounts.{name}]\nregistry = 'denic-rri'\nuser = '{user}'\npassword_file = '{file}'\n")
    };
    format!("{}[accounts.one.limits]\n{limits}\n{}", account("one", users[0]), account("two", users[1]))
}

#[test]
fn the_program_shows_the_effective_limits_of_each_account() {
    let directory = tempfile::tempdir().unwrap();
    let users = ["DENIC-1000022-RRI", "DENIC-1000033-RRI"];
    let config = two_accounts(directory.path(), users, "requests = 100\nurgent_requests = 0.1");
    let (exit, data, remarks) = registrard(&["check-config"], &config);
    assert_eq!((exit, remarks.as_str()), (0, ""), "{data}");
    for line in [
        "account one: denic-rri",
        "  limits.requests = 100\n",
        "  limits.urgent_requests = 0.1\n",
        "account two: denic-rri",
        "  limits.requests = 2000\n",
        "  limits.quota = 50000\n",
        "  limits.zone = \"Europe/Berlin\"\n",
        "  limits.timetable = [{ from = \"01:00\", requests = 200, to = \"05:00\" }]\n",
    ] {
        assert!(data.contains(line), "{line} is missing in\n{data}");
    }
    let (_, data, _) = registrard(&["check-config", "--output", "json"], &config);
    let report: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(report["accounts"][0]["limits"]["timetable"][0]["requests"], 100, "{report:#}");
}

#[test]
fn neither_the_check_nor_the_daemon_takes_what_the_registry_would_not() {
    let directory = tempfile::tempdir().unwrap();
    let apart = ["DENIC-1000022-RRI", "DENIC-1000033-RRI"];
    let url = format!("[store]\nurl = 'sqlite://{}'\n", directory.path().join("x.db").display());
    for (users, limits, words) in [
        (
            ["DENIC-1000022-RRI", "denic-1000022-rri"],
            "",
            ".toml: accounts.two: has the same login at denic-rri as account `one`",
        ),
        (apart, "sessions = 8", ".toml: accounts.one.limits.sessions: 8 are more than the 7 the registry allows"),
        (apart, "requests = 0", ".toml: accounts.one.limits.requests: 0 is outside"),
    ] {
        let config = format!("{url}{}", two_accounts(directory.path(), users, limits));
        let (exit, data, _) = registrard(&["check-config"], &config);
        assert_eq!(exit, 78, "{data}");
        assert!(data.contains(words), "{words}\n{data}");
        let (exit, _, remarks) = registrard(&["serve"], &config);
        assert_eq!(exit, 78, "{remarks}");
        assert!(remarks.contains(words), "{words}\n{remarks}");
    }
}

#[test]
fn the_schema_needs_no_configuration() {
    for subject in ["job", "event", "config"] {
        let (exit, data, remarks) = registrard(&["schema", subject], "this is no configuration");
        assert_eq!((exit, remarks.as_str()), (0, ""));
        let schema: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{subject}");
    }
}
