//! The configuration: text to settings, settings to everything that is made of them before anything is connected.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use registrard::config::{Config, ConfigError, Finding, Limits, Severity};
use registrard::registries::{PLUGINS, plugin};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::registry::Nowhere;

/// The files a configuration names stand for this one: whatever the input is, no other one is opened.
struct Files {
    text: Mutex<NamedTempFile>,
    password: NamedTempFile,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let password = NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "correct horse battery").unwrap();
    // Written for each input: in memory where there is such a place, or the disk would be what is tried.
    let memory = Path::new("/dev/shm");
    let text = if memory.is_dir() { NamedTempFile::new_in(memory) } else { NamedTempFile::new() };
    Files { text: Mutex::new(text.unwrap()), password }
});

/// Text of the file, and behind a NUL lines `NAME=value` of variables. It is refused with words that name a place, or
/// what it says can be checked and used: a configuration in which nothing is wrong makes accounts with limits.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (text, variables) = text.split_once('\0').unwrap_or((text, ""));
    let variables: Vec<(String, String)> = variables
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("REGISTRARD__{name}"), value.to_owned()))
        .take(8)
        .collect();
    let mut file = FILES.text.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    file.as_file_mut().set_len(0).unwrap();
    file.as_file_mut().seek(SeekFrom::Start(0)).unwrap();
    file.as_file_mut().write_all(text.as_bytes()).unwrap();
    let config = match Config::load_with(Some(file.path()), &variables) {
        Ok(config) => config,
        Err(ConfigError::Invalid(findings)) => {
            assert!(!findings.is_empty());
            findings.iter().for_each(fit_to_show);
            return;
        }
        Err(ConfigError::Malformed(why)) => {
            assert!(!why.is_empty() && why.chars().count() <= 2000, "{} characters", why.chars().count());
            return;
        }
        Err(ConfigError::Unreadable { why, .. }) => panic!("a file that is there: {why}"),
    };
    let names: Vec<&str> = PLUGINS.iter().map(|plugin| plugin.name).collect();
    let findings = config.check(&names);
    assert_eq!(findings, config.check(&names));
    findings.iter().for_each(fit_to_show);
    let _ = (config.retry_policy(), config.poll_steps());
    let sound = findings.iter().all(|finding| finding.severity != Severity::Error);
    for (name, account) in &config.accounts {
        let Some(plugin) = plugin(&account.registry) else {
            assert!(!sound);
            continue;
        };
        let published = (plugin.limits)();
        match account.limits.over(name, published.clone()) {
            Ok(limits) => {
                account.limits.doubts(name, &published, &limits).iter().for_each(fit_to_show);
                let again = serde_json::to_value(Limits::of(&limits)).unwrap();
                assert!(again.is_object());
            }
            Err(wrong) => {
                assert!(!sound, "limits that cannot be used, and nothing is wrong: {wrong:?}");
                wrong.iter().for_each(fit_to_show);
            }
        }
        let mut settings = account.settings.clone();
        settings.retain(|name, _| !["password_env", "password_file", "ca_file"].contains(&name.as_str()));
        settings.insert("password_file".into(), json!(FILES.password.path()));
        if let Err(why) = (plugin.account_over)(name, &Value::Object(settings), Arc::new(Nowhere)) {
            assert!(!why.is_empty() && !why.contains("correct horse battery"));
        }
    }
}

fn fit_to_show(finding: &Finding) {
    assert!(!finding.place.is_empty() && !finding.what.is_empty() && !finding.next.is_empty(), "{finding:?}");
}
