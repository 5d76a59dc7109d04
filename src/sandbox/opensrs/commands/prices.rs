//! Prices, in cents. All names cost the same but those that begin with `premium-` or `gold-`.

use super::super::patterns;

/// A year of an ordinary name.
const YEAR: i64 = 1_420;
/// The first year of a premium name.
const PREMIUM: i64 = 150_000;
/// What REDEEM costs beside the renewal.
pub(super) const REDEMPTION: i64 = 8_000;

/// Whether a name is sold dearer than others.
pub(super) fn is_premium(name: &str) -> bool {
    ["premium", "gold"].iter().any(|word| patterns::begins(name, word))
}

/// So many years of a name.
pub(super) fn of(name: &str, years: u8) -> i64 {
    let years = i64::from(years.max(1));
    if is_premium(name) { PREMIUM * years } else { YEAR * years }
}

/// As it is written: `14.20`.
pub(super) fn text(cents: i64) -> String {
    format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

/// What is written, in cents.
pub(super) fn read(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let part: String = format!("{part}00").chars().take(2).collect();
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_two_digits() {
        for (cents, written) in [(1_420, "14.20"), (5, "0.05"), (150_000, "1500.00")] {
            assert_eq!((text(cents).as_str(), read(written)), (written, Some(cents)));
        }
        assert_eq!((read("1500"), read("14.2"), read("x")), (Some(150_000), Some(1_420), None));
        assert_eq!(text(-142), "-1.42");
    }
}
