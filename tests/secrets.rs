//! Law 11, tried out: a canary is planted for every secret, daemons run at trace level through success, refusal, refused
//! logins, doubts and rejects, and then everything that came out of them is searched. Nothing may be found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "secrets/canary.rs"]
mod canary;
#[path = "support/database.rs"]
mod database;
#[path = "support/dump.rs"]
mod dump;
#[path = "secrets/mistakes.rs"]
mod mistakes;
#[path = "secrets/play.rs"]
mod play;
#[path = "secrets/stage.rs"]
mod stage;

use canary::Canary;

/// What came out of a daemon or a command, and where.
#[derive(Default)]
pub struct Outputs(Vec<(String, Vec<u8>)>);

impl Outputs {
    pub fn add(&mut self, place: impl Into<String>, text: impl Into<Vec<u8>>) {
        self.0.push((place.into(), text.into()));
    }

    /// Everything that stands at a place whose name begins so.
    pub fn of(&self, place: &str) -> Vec<u8> {
        self.0.iter().filter(|(name, _)| name.starts_with(place)).flat_map(|(_, text)| text.clone()).collect()
    }

    /// Each place in which one of the canaries was found.
    fn leaks(&self, canaries: &[Canary]) -> Vec<String> {
        let looks = self.0.iter().flat_map(|output| canaries.iter().map(move |canary| (output, canary)));
        let leak = |((place, text), canary): (&(String, Vec<u8>), &Canary)| {
            Some(format!("{} in {place}, after: …{}", canary.name, canary.found_in(text)?))
        };
        looks.filter_map(leak).collect()
    }

    /// Nothing is found, and each place is one in which something would have been.
    pub fn assert_clean(&mut self, canaries: &[Canary]) {
        let leaks = self.leaks(canaries);
        assert!(leaks.is_empty(), "{} secrets came out:\n{}", leaks.len(), leaks.join("\n\n"));
        // A search that cannot fail proves nothing: every canary, in every way of writing, is put into every place.
        let most = canaries.iter().map(|canary| canary.needles().len()).max().unwrap();
        for round in 0..most {
            for (_, text) in &mut self.0 {
                let end = text.len();
                canaries.iter().filter_map(|canary| canary.needles().get(round)).for_each(|needle| text.extend(needle));
                let all = canaries.iter().filter(|canary| canary.needles().len() > round);
                assert!(all.clone().all(|canary| canary.found_in(&text[end..]).is_some()));
                text.truncate(end);
            }
        }
        assert!(self.0.iter().all(|(place, text)| !text.is_empty() || place.starts_with("stdout")), "an empty place");
    }
}
