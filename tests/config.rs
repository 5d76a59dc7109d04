//! The configuration: the shipped file against the types, unknown keys, variables, and the rules between settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail so")]

#[path = "config/mistakes.rs"]
mod mistakes;
#[path = "config/program.rs"]
mod program;

use std::io::Write;

use registrard::config::{Config, ConfigError, Severity};
use registrard::registries::denic_rri;
use serde_json::Value;

const SHIPPED: &str = include_str!("../config/registrard.toml");
const REGISTRIES: &[&str] = &["denic-rri", "example-registry"];

/// The shipped file with its commented settings and sections switched on. Prose starts with a capital letter or is no
/// assignment, so it stays a comment.
fn everything_switched_on() -> String {
    let setting = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let key = rest.split(" = ").next().filter(|key| rest.contains(" = ") && !key.contains(' '));
        (rest.starts_with('[') && rest.ends_with(']') || key.is_some()).then(|| rest.to_owned())
    };
    SHIPPED.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load_with(Some(file.path()), &variables)
}

/// The settings of a configuration by their full key, through `Debug`, which shows every field of every type.
fn shown(config: &Config) -> String {
    format!("{:#?}", Config { file: None, ..config.clone() })
}

/// All keys the schema allows, as `section.key`; tables with free names appear as `section.*`.
fn keys_of(root: &Value, schema: &Value, path: &str, keys: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        return keys_of(root, root.pointer(&reference[1..]).unwrap(), path, keys);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().for_each(|choice| keys_of(root, choice, path, keys));
    }
    let Some(properties) = schema["properties"].as_object() else {
        if schema["additionalProperties"]["$ref"].is_string() {
            keys_of(root, &schema["additionalProperties"], &format!("{path}.*"), keys);
        } else if schema["type"] != "null" {
            keys.push(path.trim_start_matches('.').to_owned());
        }
        return;
    };
    for (key, inner) in properties {
        keys_of(root, inner, &format!("{path}.{key}"), keys);
    }
}

#[test]
fn the_shipped_file_is_the_defaults() {
    let shipped = load(SHIPPED, &[]).unwrap();
    assert_eq!(shown(&shipped), shown(&Config::default()));
    assert_eq!(shown(&load("", &[]).unwrap()), shown(&Config::default()));
    assert_eq!(shown(&Config::load_with(None, &[]).unwrap()), shown(&Config::default()));
}

#[test]
fn the_shipped_file_shows_every_setting_and_no_other() {
    let schema = Value::from(schemars::schema_for!(Config));
    let mut wanted = Vec::new();
    keys_of(&schema, &schema, "", &mut wanted);
    wanted.sort();
    assert!(wanted.len() > 25, "the schema was not understood: {wanted:?}");

    let mut found = Vec::new();
    let mut section = String::new();
    for line in everything_switched_on().lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            if name.ends_with(".rules") {
                // An account's own settings; the next test compares them with the registry.
                section = String::new();
                continue;
            }
            // The second word of these is a name; what follows it is a section of theirs.
            let words: Vec<&str> = name.splitn(3, '.').collect();
            section = match words.as_slice() {
                [table @ ("publishers" | "accounts" | "pools"), _, rest @ ..] => {
                    [&[*table, "*"], rest].concat().join(".")
                }
                _ => name.to_owned(),
            };
        } else if !section.is_empty() {
            let (key, value) = line.split_once(" = ").unwrap();
            match value.strip_prefix('{') {
                // A table in one line.
                Some(inner) => found.extend(
                    inner.split(',').map(|pair| format!("{section}.{key}.{}", pair.split('=').next().unwrap().trim())),
                ),
                None => found.push(format!("{section}.{key}")),
            }
        }
    }
    found.sort();
    assert_eq!(found, wanted);
}

#[test]
fn the_shipped_file_shows_every_rule_an_account_may_loosen_at_its_default() {
    let config = load(&everything_switched_on(), &[]).unwrap();
    let (_, account) = config.accounts.iter().next().unwrap();
    let mut shown: Vec<_> = account.settings["rules"].as_object().unwrap().iter().collect();
    let mut rules: Vec<_> =
        denic_rri::RULES.iter().map(|rule| (rule.name.to_owned(), Value::from(rule.level.word()))).collect();
    shown.sort_by_key(|(name, _)| name.as_str());
    rules.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(shown, rules.iter().map(|(name, level)| (name, level)).collect::<Vec<_>>());
    for rule in denic_rri::RULES {
        assert!(SHIPPED.contains(&format!("# {}\n# {} = ", rule.doc, rule.name)), "{} has another text", rule.name);
    }
}

#[test]
fn the_commented_examples_are_valid_and_show_their_defaults() {
    let text = everything_switched_on();
    let config = load(&text, &[]).unwrap();
    let errors: Vec<_> = config.check(REGISTRIES).into_iter().filter(|f| f.severity == Severity::Error).collect();
    // The example of a password for SQLite is the only contradiction: it is meant for PostgreSQL.
    assert_eq!(errors.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(), ["store.password_file"], "{errors:?}");

    let with_defaults = load(
        "[broker]\nurl = 'amqp://x@127.0.0.1'\n[publishers.p]\naccounts = ['a']\n[accounts.a]\nregistry = 'denic-rri'",
        &[],
    )
    .unwrap();
    let (shown, default) = (config.broker.unwrap(), with_defaults.broker.unwrap());
    assert_eq!(
        (shown.declare, shown.delivery_limit, shown.events_queue),
        (default.declare, default.delivery_limit, default.events_queue)
    );
    let (shown, default) = (&config.publishers["billing"], &with_defaults.publishers["p"]);
    assert_eq!((&shown.operations, shown.weight), (&default.operations, default.weight));
}

/// What an account of DENIC's may send as the registry publishes it.
fn published() -> registrard::model::Limits {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "horse battery").unwrap();
    let settings = serde_json::json!({ "user": "DENIC-1000022-RRI", "password_file": password.path() });
    let account = (registrard::registries::plugin("denic-rri").unwrap().account)("DENIC-1000022", &settings);
    account.unwrap().limits()
}

#[test]
fn the_limits_in_the_shipped_file_are_those_denic_publishes() {
    let config = load(&everything_switched_on(), &[]).unwrap();
    let (name, account) = config.accounts.iter().next().unwrap();
    let mut shown = account.limits.over(name, published()).unwrap();
    // These are not published; the file says so.
    (shown.logins, shown.errors) = (None, None);
    assert_eq!(shown, published());
}

/// Sections of the documents that say which limits an environment has, by their heading.
#[test]
fn the_limits_in_the_documents_are_accepted_and_do_what_is_said() {
    let text = include_str!("../docs/operations.md");
    let blocks: Vec<&str> =
        text.split("```").skip(1).step_by(2).filter_map(|b| b.strip_prefix("toml limits\n")).collect();
    let mut figures = Vec::new();
    for block in &blocks {
        let config = load(block, &[]).unwrap_or_else(|error| panic!("{error}\n{block}"));
        for (name, account) in &config.accounts {
            let limits = account.limits.over(name, published()).unwrap_or_else(|found| panic!("{found:?}\n{block}"));
            let at = |time: &str| limits.requests_at(format!("2026-01-15T{time}+01:00").parse().unwrap());
            figures.push((name.clone(), at("12:00:00"), at("03:00:00"), limits.quota));
        }
        let errors: Vec<_> = config.check(REGISTRIES).into_iter().filter(|f| f.severity == Severity::Error).collect();
        assert_eq!(errors, [], "{block}");
    }
    let expected = [
        ("DENIC-1000022", 2000, 200, Some(120_000)),
        ("DENIC-1000033", 2000, 2000, Some(50_000)),
        ("DENIC-1000044", 100, 100, Some(50_000)),
    ];
    assert_eq!(figures, expected.map(|(name, day, night, quota)| (name.to_owned(), day, night, quota)));
}

#[test]
fn every_setting_has_a_comment_above_it() {
    let lines: Vec<_> = SHIPPED.lines().collect();
    let is_setting = |line: &str| {
        line.trim_start_matches("# ").split(" = ").next().is_some_and(|key| line.contains(" = ") && !key.contains(' '))
    };
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| is_setting(line)) {
        let above = lines[number - 1];
        assert!(above.starts_with("# ") && !is_setting(above), "line {}: `{line}` has no comment", number + 1);
    }
}

#[test]
fn unknown_keys_are_refused_by_name_at_every_level_and_all_at_once() {
    let text = "
        stroe = 1
        [store]
        urll = 'x'
        [broker]
        url = 'amqp://x@127.0.0.1'
        prefetch = 3
        [http]
        port = 1
        [log]
        level = 'x'
        [intake]
        size = 1
        [daemon]
        lease = 1
        [retry]
        later = [1, 2]
        [publishers.billing]
        accounts = ['*']
        operation = ['*']
        [accounts.DENIC-1000022]
        registry = 'denic-rri'
        anything = 'is the business of the plug-in'
        [accounts.DENIC-1000022.mail]
        key_file = 'k'
        from = 'a@registrar.example'
        cc = 'b@registrar.example'
        [mail]
        host = 'x'
        starttls = true
    ";
    let ConfigError::Invalid(findings) = load(text, &[("REGISTRARD__LOG__COLOUR", "no")]).unwrap_err() else {
        panic!("another error")
    };
    let text: Vec<_> = findings.iter().map(ToString::to_string).collect();
    let text = text.join("\n");
    let unknown = [
        "stroe",
        "store.urll",
        "broker.prefetch",
        "http.port",
        "log.level",
        "intake.size",
        "daemon.lease",
        "retry.later",
        "publishers.billing.operation",
        "accounts.DENIC-1000022.mail.cc",
        "mail.starttls",
        "log.colour",
    ];
    for key in unknown {
        assert!(text.contains(&format!(": {key}: there is no such setting")), "{key} is not named in:\n{text}");
    }
    assert_eq!(findings.len(), unknown.len(), "{text}");
    assert!(text.contains(".toml: store.urll: there is no such setting"), "the file is not named:\n{text}");
    assert!(text.contains("REGISTRARD__LOG__COLOUR"), "the variable is not named:\n{text}");
    assert!(
        text.contains("known here: migrate, parameter_keys_file, password_file, url"),
        "what is known is not named:\n{text}"
    );
}

#[test]
fn variables_override_the_file() {
    let config = load(
        "[store]\nurl = 'sqlite:///a'\n[intake]\nbatch = 7",
        &[
            ("REGISTRARD__STORE__URL", "sqlite:///b"),
            ("REGISTRARD__INTAKE__OPEN", "true"),
            ("REGISTRARD__DAEMON__NAME", "007"),
            ("REGISTRARD__RETRY__SOON", "0.5, 3"),
            ("REGISTRARD__BROKER__URL", "amqp://u@127.0.0.1:5672"),
        ],
    )
    .unwrap();
    assert_eq!(config.store.url, "sqlite:///b");
    assert_eq!(config.intake.batch, 7);
    assert!(config.intake.open);
    assert_eq!(config.daemon.name, "007");
    assert_eq!(config.retry.soon, [0.5, 3.0]);
    assert_eq!(config.broker.unwrap().delivery_limit, 20);
}

#[test]
fn errors_name_file_variable_and_key() {
    let wrong_type = load("[intake]\nbatch = 'many'", &[]).unwrap_err().to_string();
    assert!(wrong_type.contains(".toml") && wrong_type.contains("intake.batch"), "{wrong_type}");
    let syntax = load("[intake]\nbatch = ", &[]).unwrap_err().to_string();
    assert!(syntax.contains(".toml") && syntax.contains("line 2"), "{syntax}");
    let quoted = load("[store]\nurl = \"postgres://user:correct-horse@host/x", &[]).unwrap_err().to_string();
    assert!(quoted.contains("line 2") && !quoted.contains("correct-horse"), "law 11: {quoted}");
    let variable = load("", &[("REGISTRARD__INTAKE__BATCH", "many")]).unwrap_err().to_string();
    assert!(variable.contains("REGISTRARD__INTAKE__BATCH"), "{variable}");
    let account = load("", &[("REGISTRARD__ACCOUNTS__A__REGISTRY", "denic-rri")]).unwrap_err().to_string();
    assert!(account.contains("configuration file"), "{account}");
    let missing = Config::load_with(Some(std::path::Path::new("/nowhere/registrard.toml")), &[]).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/registrard.toml"), "{missing}");
    let missing_key = load("[accounts.A]\nuser = 'x'", &[]).unwrap_err().to_string();
    assert!(missing_key.contains(".toml: accounts.A.registry: is missing"), "{missing_key}");
    // A variable may still set what the file lacks.
    let elsewhere = load("[broker]\ndeclare = false", &[("REGISTRARD__BROKER__URL", "amqp://x@127.0.0.1")]);
    assert!(!elsewhere.unwrap().broker.unwrap().declare);
}

#[test]
fn names_keep_their_case() {
    let config = load("[accounts.DENIC-1000022]\nregistry = 'denic-rri'\nUser = 'X'\nlist = [1, 2]", &[]).unwrap();
    let account = &config.accounts["DENIC-1000022"];
    assert_eq!(Value::Object(account.settings.clone()), serde_json::json!({ "User": "X", "list": [1, 2] }));
}

/// One row per rule: the file, and the place the finding must name. Everything else in the file is right.
const RULES: &[(&str, &str, Severity)] = &[
    ("[store]\nurl = 'mysql://x'", "store.url", Severity::Error),
    ("[store]\nurl = 'postgres://u:secret@h/d'", "store.url", Severity::Warning),
    ("[store]\nurl = 'postgres://u:secret@h/d'\npassword_file = 'p'", "store.url", Severity::Error),
    ("[store]\npassword_file = 'p'", "store.password_file", Severity::Error),
    ("[broker]\nurl = 'http://x'\n[intake]\nopen = true", "broker.url", Severity::Error),
    ("[broker]\nurl = 'amqp://x'\nca_file = 'x'\n[intake]\nopen = true", "broker.ca_file", Severity::Error),
    ("[broker]\nurl = 'amqp://x'\ndelivery_limit = 0\n[intake]\nopen = true", "broker.delivery_limit", Severity::Error),
    ("[broker]\nurl = 'amqp://x'", "publishers", Severity::Error),
    ("[http]\nlisten = 'localhost'", "http.listen", Severity::Error),
    ("[http]\nlisten = '0.0.0.0:9464'", "http.listen", Severity::Warning),
    ("[log]\nformat = 'xml'", "log.format", Severity::Error),
    ("[log]\nfilter = 'registrard=loud'", "log.filter", Severity::Error),
    ("[intake]\nbatch = 0", "intake.batch", Severity::Error),
    ("[intake]\nbatch = 10001", "intake.batch", Severity::Error),
    ("[intake]\nmax_message_bytes = 10", "intake.max_message_bytes", Severity::Error),
    ("[intake]\nmax_bulk_jobs = 0", "intake.max_bulk_jobs", Severity::Error),
    ("[daemon]\nlease_seconds = 2", "daemon.lease_seconds", Severity::Error),
    ("[daemon]\npoll_millis = 0", "daemon.poll_millis", Severity::Error),
    ("[daemon]\nstop_seconds = 0", "daemon.stop_seconds", Severity::Error),
    ("[daemon]\nname = \"a\\nb\"", "daemon.name", Severity::Error),
    ("[retry]\nsoon = [10, 2]", "retry.soon", Severity::Error),
    ("[retry]\nbackoff = [-1, 2]", "retry.backoff", Severity::Error),
    ("[retry]\nconnect = [0, nan]", "retry.connect", Severity::Error),
    ("[retry]\nquestions = 0", "retry.questions", Severity::Error),
    ("[retry]\nfollow_ups = 0", "retry.follow_ups", Severity::Error),
    ("[retry]\npending = [9, 1]", "retry.pending", Severity::Error),
    ("[poll]\nshortest = 90", "poll", Severity::Error),
    ("[poll]\nshortest = 0", "poll", Severity::Error),
    ("[mail]\nhost = 'a b'", "mail.host", Severity::Error),
    ("[mail]\nhost = 'x'\nport = 0", "mail.port", Severity::Error),
    ("[mail]\nhost = 'x'\ntls = 'none'", "mail.tls", Severity::Error),
    ("[mail]\nhost = 'x'\nuser = 'u'", "mail.user", Severity::Error),
    ("[mail]\nhost = 'x'\ntimeout_seconds = 0", "mail.timeout_seconds", Severity::Error),
    (
        "[accounts.B]\nregistry = 'denic-rri'\nmail = { key_file = 'k', from = \"a@b\\nBcc: c\" }",
        "accounts.B.mail.from",
        Severity::Error,
    ),
    ("[intake]\nopen = true\n[publishers.p]\naccounts = ['A']", "intake.open", Severity::Warning),
    ("[publishers.p]\naccounts = ['A*B']", "publishers.p", Severity::Error),
    ("[publishers.p]\naccounts = ['B*']", "publishers.p", Severity::Warning),
    ("[publishers.p]\naccounts = []", "publishers.p", Severity::Warning),
    ("[accounts.'a.b']\nregistry = 'denic-rri'", "accounts.a.b", Severity::Error),
    ("[accounts.b]\nregistry = 'denic'", "accounts.b.registry", Severity::Error),
];

#[test]
fn a_credential_is_good_up_to_a_day() {
    let text =
        "[accounts.A]\nregistry = 'denic-rri'\ncredential_expires = '2028-02-29'\n[accounts.B]\nregistry = 'denic-rri'";
    let config = load(text, &[]).unwrap();
    assert!(config.check(REGISTRIES).iter().all(|finding| finding.severity == Severity::Warning));
    assert_eq!(config.accounts["A"].credential_day().unwrap().to_string(), "2028-02-29");
    assert_eq!(config.accounts["B"].credential_day(), None);
    assert!(!config.accounts["A"].settings.contains_key("credential_expires"), "it is no setting of the registry's");
}

#[test]
fn every_rule_finds_what_breaks_it() {
    for (text, place, severity) in RULES {
        let config = load(&format!("{text}\n[accounts.A]\nregistry = 'denic-rri'"), &[]).unwrap();
        let findings = config.check(REGISTRIES);
        let hit = findings.iter().any(|f| f.place == *place && f.severity == *severity);
        assert!(hit, "{text}\n→ {findings:?}");
        let text = format!("{findings:?}");
        assert!(!text.contains("secret"), "a password is shown: {text}");
    }
}

#[test]
fn all_findings_come_at_once_and_a_good_file_has_none() {
    let config = load("[intake]\nbatch = 0\n[daemon]\nlease_seconds = 1\n[accounts.b]\nregistry = 'x'", &[]).unwrap();
    let findings = config.check(REGISTRIES);
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert!(findings[2].next.contains("denic-rri, example-registry"), "{findings:?}");

    let good = load("[accounts.DENIC-1]\nregistry = 'denic-rri'", &[]).unwrap();
    assert_eq!(good.check(REGISTRIES), []);
}

#[test]
fn the_retry_policy_is_that_of_the_model() {
    assert_eq!(Config::default().retry_policy(), registrard::model::retry::Policy::default());
}
