//! Passwords, keys and transfer codes: a text that can be used but not shown (law 11).

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A secret text. `Debug` and `Display` print `***`, it cannot be serialised, and its memory is wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a text as a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Call it only where the bytes leave for the registry or the broker.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Shorter texts are left alone: no registry takes so short a password, and they stand in every other word.
const SHORTEST: usize = 4;

/// Puts `***` in the place of each secret in a text.
pub fn hide(text: &mut String, secrets: &[Secret]) {
    for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST) {
        if text.contains(secret) {
            *text = Zeroizing::new(std::mem::take(text)).replace(secret, "***");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, hide};

    #[test]
    fn is_hidden_wherever_it_stands() {
        let mut text = "wrong horse, correct horse, correct".to_owned();
        hide(&mut text, &["correct horse", "horse", "wro", ""].map(Secret::new));
        assert_eq!(text, "wrong ***, ***, correct");
    }

    #[test]
    fn is_never_shown() {
        let secret = Secret::new("correct horse");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.expose(), "correct horse");
    }
}
