//! Bulk messages, made as they are needed.

use std::fmt::Write as _;

/// Jobs of one message of a flood.
pub const EACH: u64 = 1000;

/// A job to register a domain; `pad` bytes of context beside it.
pub fn job(account: &str, number: u64, pad: usize) -> String {
    format!(
        r#"{{"id":"0192f0c1-7b7e-7c3a-8000-{number:012x}","account":"{account}","operation":"domain.create","params":{{"domain":"example-{number}.de","holder":["{account}-MAX"],"nserver":["ns1.example.net","ns2.example.net"]}},"context":{{"order":"A-{number}{}"}}}}"#,
        "x".repeat(pad)
    )
}

/// A message with these jobs.
pub fn message(account: &str, jobs: std::ops::Range<u64>, pad: usize) -> Vec<u8> {
    let mut text = String::from(r#"{"jobs":["#);
    for number in jobs.clone() {
        let comma = if number == jobs.start { "" } else { "," };
        write!(text, "{comma}{}", job(account, number, pad)).unwrap();
    }
    text.push_str("]}");
    text.into_bytes()
}

/// Messages of `each` jobs, so many jobs in all.
pub fn messages(account: &str, from: u64, jobs: u64, each: u64, pad: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..jobs / each).map(move |n| message(account, from + n * each..from + (n + 1) * each, pad))
}
