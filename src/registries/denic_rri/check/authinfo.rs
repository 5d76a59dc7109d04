//! The password of a change of provider, and until when it holds.

use jiff::civil::Date;

use super::super::params::refuse;
use crate::model::Reject;

/// What a password is made of: letters and digits without those that are mistaken for each other, and four signs.
const ALPHABET: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789+-/*";

/// A password of 8 to 16 characters. The reject does not repeat it.
///
/// # Errors
/// It is shorter or longer, or holds another character.
pub fn auth_info(field: &str, value: &str) -> Result<(), Reject> {
    let length = value.chars().count();
    if !(8..=16).contains(&length) {
        return Err(Reject::param(field, format!("must have 8 to 16 characters, has {length}")));
    }
    if value.chars().all(|character| ALPHABET.contains(character)) {
        return Ok(());
    }
    let rule = "must consist of letters and digits without I, O, l, o, 0 and 1, and of + - / *";
    Err(Reject::param(field, rule))
}

/// The last day of a password, `2026-12-24` or `20261224`; gives the form the registry takes, eight digits.
///
/// # Errors
/// It is no day of the calendar in one of these forms.
pub fn auth_info_expire(field: &str, value: &str) -> Result<String, Reject> {
    let wrong = || refuse(field, "must be a day of the form 2026-12-24 or 20261224", value);
    let shape: String = value.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let digits = match shape.as_str() {
        "9999-99-99" => value.replace('-', ""),
        "99999999" => value.to_owned(),
        _ => return Err(wrong()),
    };
    match Date::strptime("%Y%m%d", &digits) {
        Ok(_) => Ok(digits),
        Err(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        for good in ["SupermanistSuper", "abcdefgh", "AZaz29+-", "/*/*/*/*"] {
            assert!(auth_info("auth_info", good).is_ok(), "{good}");
        }
        for (bad, part) in [
            ("abcdefg", "has 7"),
            ("abcdefghabcdefgha", "has 17"),
            ("äbcdefg", "has 7"),
            ("", "has 0"),
            ("abcdefgI", "without I"),
            ("abcdefgO", "without I"),
            ("abcdefgl", "without I"),
            ("abcdefgo", "without I"),
            ("abcdefg0", "without I"),
            ("abcdefg1", "without I"),
            ("äbcdefgh", "without I"),
            ("abcd efgh", "without I"),
        ] {
            let reject = auth_info("auth_info", bad).unwrap_err();
            assert_eq!(reject.field.as_deref(), Some("params.auth_info"));
            assert!(reject.reason.contains(part), "{reject}");
            assert!(bad.len() < 7 || !reject.reason.contains(bad), "a secret is repeated: {reject}");
        }
    }

    #[test]
    fn last_days() {
        assert_eq!(auth_info_expire("e", "2026-12-24").as_deref(), Ok("20261224"));
        assert_eq!(auth_info_expire("e", "20261224").as_deref(), Ok("20261224"));
        for bad in
            ["2026-12", "24.12.2026", "2026-02-30", "20261301", "2026-12-24T00:00", "+0261224", "２０２６1224", ""]
        {
            let reject = auth_info_expire("e", bad).unwrap_err();
            assert!(reject.reason.contains("2026-12-24") && reject.reason.contains(bad), "{reject}");
        }
    }
}
