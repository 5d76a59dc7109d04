//! What is wrong with a file is named with file, key and reason, and all of it at once.

use registrard::config::{ConfigError, Severity};

use crate::{REGISTRIES, load};

/// One row per mistake in a file: what is written, the key that is named, and the reason.
const MISTAKES: &[(&str, &str, &str)] = &[
    // Of the wrong kind.
    ("[intake]\nbatch = -1", "intake.batch", "-1 is negative; write a whole number, 0 or more"),
    ("[intake]\nbatch = 1.5", "intake.batch", "is 1.5; write a whole number"),
    ("[intake]\nopen = 'yes'", "intake.open", "is text; write true or false"),
    ("[broker]\nurl = 5", "broker.url", "is 5; write text in quotation marks"),
    ("[broker]\nurl = 'amqp://x'\ndelivery_limit = 5000000000", "broker.delivery_limit", "5000000000 is too large"),
    ("[retry]\nsoon = [1]", "retry.soon", "has 1 items; write a list of 2"),
    ("[retry]\nsoon = 2", "retry.soon", "is 2; write a list"),
    ("[retry]\nsoon = ['a', 1]", "retry.soon[0]", "is text; write a number"),
    ("log = 'info'", "log", "is text; write a table"),
    ("[mail]\nhost = 'x'\nport = 70000", "mail.port", "70000 is too large; write at most 65535"),
    ("[publishers.p]\naccounts = 'A'", "publishers.p.accounts", "is text; write a list"),
    ("[publishers.p]", "publishers.p.accounts", "is missing"),
    ("[publishers.p]\naccounts = ['A']\nweight = -1", "publishers.p.weight", "-1 is negative"),
    (
        "[pools.both]\naccount = ['A']",
        "pools.both.account",
        "no such setting; correct or remove it; known here: accounts",
    ),
    (
        "[accounts.D]\nregistry = 'denic-rri'\ncredential_expires = 5",
        "accounts.D.credential_expires",
        "is 5; write text",
    ),
    (
        "[accounts.D]\nregistry = 'denic-rri'\ncredential_expires = '31.01.2027'",
        "accounts.D.credential_expires",
        "is no date; write the last day on which the credential is good, for example \"2027-01-31\"",
    ),
    (
        "[accounts.D]\nregistry = 'denic-rri'\ncredential_expires = '2027-02-29'",
        "accounts.D.credential_expires",
        "is no date",
    ),
    (
        "[accounts.D]\nregistry = 'denic-rri'\ncredential_expires = '2027-01-31T10:00:00Z'",
        "accounts.D.credential_expires",
        "is no date",
    ),
    // Limits that are none.
    ("[accounts.A.limits]\nrequest = 5", "accounts.A.limits.request", "no such setting"),
    ("[accounts.A.limits]\nrequests = -5", "accounts.A.limits.requests", "-5 is negative"),
    (
        "[accounts.A.limits]\nrequests = 0",
        "accounts.A.limits.requests",
        "0 is outside of what makes sense; choose 1 to",
    ),
    ("[accounts.A.limits]\nrequests = 2.5", "accounts.A.limits.requests", "is 2.5; write a whole number"),
    ("[accounts.A.limits]\nrequests = '2000'", "accounts.A.limits.requests", "is text; write a whole number"),
    ("[accounts.A.limits]\nrequests = 9000000000", "accounts.A.limits.requests", "9000000000 is too large"),
    ("[accounts.A.limits]\nquota = -1", "accounts.A.limits.quota", "-1 is negative"),
    ("[accounts.A.limits]\nsessions = 0", "accounts.A.limits.sessions", "0 is outside"),
    ("[accounts.A.limits]\nwindow_seconds = -60", "accounts.A.limits.window_seconds", "-60 is negative"),
    ("[accounts.A.limits]\nspacing_seconds = -0.5", "accounts.A.limits.spacing_seconds", "-0.5 is outside"),
    ("[accounts.A.limits]\nspacing_seconds = nan", "accounts.A.limits.spacing_seconds", "NaN is outside"),
    ("[accounts.A.limits]\nlogins = 5", "accounts.A.limits.logins", "is 5; write a table"),
    ("[accounts.A.limits]\nlogins = { count = 5 }", "accounts.A.limits.logins.within_seconds", "is missing"),
    (
        "[accounts.A.limits]\nlogins = { count = 0, within_seconds = 5 }",
        "accounts.A.limits.logins.count",
        "0 is outside",
    ),
    ("[accounts.A.limits]\nzone = 'Europe/Berlni'", "accounts.A.limits.zone", "there is no time zone `Europe/Berlni`"),
    ("[accounts.A.limits]\nzone = 1", "accounts.A.limits.zone", "is 1; write text"),
    (
        "[accounts.A.limits]\ntimetable = [{ from = '01:00', to = '05:00' }]",
        "accounts.A.limits.timetable[0].requests",
        "is missing",
    ),
    (
        "[accounts.A.limits]\ntimetable = [{ from = '1 am', to = '05:00', requests = 1 }]",
        "accounts.A.limits.timetable[0].from",
        "`1 am` is no time of day",
    ),
    (
        "[accounts.A.limits]\ntimetable = [{ from = '01:00', to = '05:00', requests = 1 }, { from = '23:00', to = '01:01', requests = 2 }]",
        "accounts.A.limits.timetable[1]",
        "23:00 to 01:01 overlaps timetable[0]",
    ),
    (
        "[accounts.A.limits]\ntimetable = [{ from = '05:00', to = '05:00', requests = 1 }]",
        "accounts.A.limits.timetable[0]",
        "no time, or the whole day",
    ),
    (
        "[accounts.A.limits]\nquiet = [{ days = ['tusday'], from = '16:00', to = '20:00', hold = ['bulk'] }]",
        "accounts.A.limits.quiet[0].days[0]",
        "there is no `tusday`; choose monday, tuesday",
    ),
    (
        "[accounts.A.limits]\nquiet = [{ days = ['tuesday'], from = '16:00', to = '20:00', hold = ['huge'] }]",
        "accounts.A.limits.quiet[0].hold[0]",
        "there is no `huge`; choose urgent, normal, bulk",
    ),
    (
        "[accounts.A.limits]\nquiet = [{ days = ['tuesday'], from = '16:00', to = '16:00', hold = ['bulk'] }]",
        "accounts.A.limits.quiet[0]",
        "16:00 to 16:00 is no time",
    ),
    (
        "[accounts.A.limits]\nurgent_requests = 1.5",
        "accounts.A.limits.urgent_requests",
        "1.5 is no share; choose 0.0 to 1.0",
    ),
    ("[accounts.A.limits]\nurgent_quota = -0.1", "accounts.A.limits.urgent_quota", "-0.1 is no share"),
    (
        "[accounts.A.limits]\nurgent_quota = 0.6\ndeadline_quota = 0.4",
        "accounts.A.limits.urgent_quota",
        "together leave nothing",
    ),
    // Pools, weights and the brake.
    ("[pools.both]\naccounts = []", "pools.both.accounts", "is empty"),
    ("[pools.both]\naccounts = ['A', 'Z']", "pools.both.accounts", "there is no account `Z`"),
    ("[pools.both]\naccounts = ['A', 'A']", "pools.both.accounts", "names account `A` twice"),
    (
        "[pools.one]\naccounts = ['A']\n[pools.two]\naccounts = ['B', 'A']",
        "pools.two.accounts",
        "`A` is in pool `one`, too",
    ),
    ("[pools.both]\naccounts = ['A', 'C']", "pools.both.accounts", "`C` is at example-registry, and `A` at denic-rri"),
    ("[pools.B]\naccounts = ['A']", "pools.B", "an account has the same name"),
    ("[pools.'a b']\naccounts = ['A']", "pools.a b", "use up to 64 letters"),
    (
        "[publishers.p]\naccounts = ['A']\nweight = 0",
        "publishers.p.weight",
        "0 is outside of what makes sense; choose 1 to 1000",
    ),
    ("[publishers.p]\naccounts = ['A']\nweight = 1001", "publishers.p.weight", "1001 is outside"),
    ("[publishers.deadlines]\naccounts = ['A']", "publishers.deadlines", "a deadline brings about"),
    ("[brake]\ndestructive_share = 1.01", "brake.destructive_share", "1.01 is no share"),
    ("[brake]\ndestructive_share = nan", "brake.destructive_share", "NaN is no share"),
    ("[brake]\nalike = 2000000", "brake.alike", "2000000 is outside"),
];

/// Each account as the rows need it, unless a row has its own.
const ACCOUNTS: &str = "[accounts.A]\nregistry = 'denic-rri'\n[accounts.B]\nregistry = 'denic-rri'\n\
                        [accounts.C]\nregistry = 'example-registry'";

#[test]
fn every_mistake_is_refused_with_file_key_and_reason() {
    for (text, key, reason) in MISTAKES {
        let findings = match load(&format!("{text}\n{ACCOUNTS}"), &[]) {
            Ok(config) => config.check(REGISTRIES),
            Err(ConfigError::Invalid(findings)) => findings,
            Err(error) => panic!("{text}\n{error}"),
        };
        let errors: Vec<_> = findings.iter().filter(|f| f.severity == Severity::Error).collect();
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        let named = lines.iter().any(|line| line.contains(&format!(".toml: {key}: ")) && line.contains(reason));
        assert!(named, "{text}\n→ {lines:?}");
        assert!(errors.iter().all(|f| f.file.as_ref().is_some_and(|file| file.ends_with(".toml"))), "{errors:?}");
    }
}

#[test]
fn a_file_the_parser_gives_up_is_refused_with_file_key_and_reason_and_not_quoted() {
    for (text, key, reason) in [
        ("[store]\nurl = 'postgres://user:correct-horse@host", "store.url", "line 2"),
        ("[intake]\nbatch = 1\nbatch = 2", "intake.batch", "duplicate key"),
        ("[accounts.A.limits]\nquota = 99999999999999999999", "accounts.A.limits.quota", "number too large"),
        ("[accounts.A.limits]\nurgent_quota = 1e999", "accounts.A.limits.urgent_quota", "number overflowed"),
        ("[accounts.A.limits]\nquota = 5 points", "accounts.A.limits.quota", "line 2"),
    ] {
        let error = load(text, &[]).unwrap_err().to_string();
        assert!(error.contains(&format!(".toml: {key}: ")) && error.contains(reason), "{text}\n→ {error}");
        assert!(!error.contains("correct-horse"), "law 11: {error}");
    }
}

#[test]
fn mistakes_of_all_kinds_come_at_once() {
    let texts = ["[accounts.A.limits]\nrequests = -5\nzone = 7\nsession = 1", "[intake]\nbatch = 'many'"];
    let refused = load(&format!("{}\n{ACCOUNTS}", texts.join("\n")), &[]).unwrap_err();
    let ConfigError::Invalid(findings) = refused else { panic!("{refused}") };
    assert_eq!(findings.len(), 4, "{findings:?}");
    let numbers = "requests = 0\nsessions = 0\nzone = 'x'\nurgent_quota = 2.0";
    let config = load(&format!("[accounts.A.limits]\n{numbers}\n{ACCOUNTS}"), &[]).unwrap();
    assert_eq!(config.check(REGISTRIES).len(), 4, "{:?}", config.check(REGISTRIES));
}
