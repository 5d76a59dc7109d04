//! What must hold whatever bytes come from outside, one function for each fuzz target. Each panics where it does not
//! hold. `fuzz_targets/` tries them on bytes that libFuzzer invents, `tests/fuzz_corpus.rs` on those that are kept in
//! `corpus/`: both include this file, so the regression cannot look for less than the fuzzer.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is test code")]

mod answers;
mod envelope;
mod jobs;
mod nz_srs;
mod opensrs;
mod registry;
mod requests;
mod rrp;
mod settings;
mod stream;

pub use answers::{kv_answer, xml_answer};
pub use envelope::ops_envelope;
pub use jobs::job;
pub use nz_srs::srs_answer;
pub use opensrs::ops_answer;
pub use requests::{raw_request, sandbox_request};
pub use rrp::{rrp_answer, rrp_session};
pub use settings::config;
pub use stream::{ops_frame, rri_frame};

/// A target: what must hold for some bytes.
pub type Property = fn(&[u8]);

/// All targets by name: as in `Cargo.toml`, and as the folders of `corpus/` are called.
pub const TARGETS: &[(&str, Property)] = &[
    ("rri_frame", rri_frame),
    ("kv_answer", kv_answer),
    ("xml_answer", xml_answer),
    ("job", job),
    ("config", config),
    ("raw_request", raw_request),
    ("sandbox_request", sandbox_request),
    ("ops_frame", ops_frame),
    ("ops_envelope", ops_envelope),
    ("ops_answer", ops_answer),
    ("srs_answer", srs_answer),
    ("rrp_session", rrp_session),
    ("rrp_answer", rrp_answer),
];

/// The account everything is tried for.
const ACCOUNT: &str = "DENIC-1000001";

/// The transaction id everything is tried under.
const TRANSACTION: &str = "kv-7bf04fa8";

/// The registry's language in a format.
fn dialect(format: &str) -> std::sync::Arc<dyn registrard::registries::Dialect> {
    let options =
        registrard::registries::WireOptions { account: ACCOUNT.into(), format: Some(format.into()), protocol: None };
    (registrard::registries::denic_rri::PLUGIN.dialect)(&options).unwrap()
}

/// What people are told must fit into a log line: not empty, bounded, and nothing in it that moves a cursor.
fn assert_fit_for_a_line(text: &str) {
    assert!(!text.is_empty(), "an error without words");
    assert!(text.chars().count() <= 600, "an error of {} characters", text.chars().count());
    assert!(!text.chars().any(char::is_control), "an error with control characters: {text:?}");
}
