//! Law 11, tried out: a canary is planted for every secret, daemons run at trace level through success, refusal, refused
//! logins, doubts and rejects, and then everything that came out of them is searched. Nothing may be found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "secrets/canary.rs"]
mod canary;
#[path = "support/control.rs"]
mod control;
#[path = "support/database.rs"]
mod database;
#[path = "support/dump.rs"]
mod dump;
#[path = "secrets/house.rs"]
mod house;
#[path = "secrets/mistakes.rs"]
mod mistakes;
#[path = "secrets/nz_srs.rs"]
mod nz_srs;
#[path = "secrets/opensrs.rs"]
mod opensrs;
#[path = "opensrs/params.rs"]
#[allow(dead_code, reason = "each test binary uses its part of this")]
mod params;
#[path = "secrets/play.rs"]
mod play;
#[path = "secrets/rrp.rs"]
mod rrp;
#[path = "secrets/stage.rs"]
mod stage;

use canary::{Canary, Search};

/// What came out of a daemon or a command, and where.
#[derive(Default)]
pub struct Outputs(Vec<(String, Vec<u8>)>);

impl Outputs {
    /// Keeps a text that was found at a place.
    pub fn add(&mut self, place: impl Into<String>, text: impl Into<Vec<u8>>) {
        self.0.push((place.into(), text.into()));
    }

    /// Everything that stands at a place whose name begins so.
    pub fn of(&self, place: &str) -> Vec<u8> {
        self.0.iter().filter(|(name, _)| name.starts_with(place)).flat_map(|(_, text)| text.clone()).collect()
    }

    /// Nothing is found, and each place is one in which everything would have been.
    pub fn assert_clean(&self, canaries: &[Canary]) {
        let search = Search::new(canaries);
        let mut leaks = Vec::new();
        for (place, text) in &self.0 {
            for ((number, _), at) in search.found_in(text) {
                let before = String::from_utf8_lossy(&text[at.saturating_sub(300)..at]);
                leaks.push(format!("{} in {place}, after: …{before}", canaries[number].name));
            }
            // A search that cannot fail proves nothing.
            assert!(search.finds_all_at_the_end_of(text), "{place}");
            assert!(!text.is_empty() || place.starts_with("stdout"), "{place} is empty");
        }
        assert!(leaks.is_empty(), "{} secrets came out:\n{}", leaks.len(), leaks.join("\n\n"));
    }
}
