//! What the commands with an AuthInfo share: the password as a secret, its rules where we choose it, its end.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::check;
use super::super::codec::tree::Block;
use super::super::codec::words::Word;
use super::super::limits;
use super::super::params::{Params, missing, refuse};
use crate::model::{Reject, Secret};

/// The parameter `auth_info` as somebody gave it to us: whatever it is, the registry compares it.
pub fn given(params: &Params<'_>) -> Result<Option<Secret>, Reject> {
    let auth_info = params.secret("auth_info")?;
    match &auth_info {
        Some(secret) if check::length("auth_info", secret.expose(), 1, 255).is_err() => {
            Err(Reject::param("auth_info", "must have at most 255 characters"))
        }
        _ => Ok(auth_info),
    }
}

/// As [`given`], where nothing can be asked without it.
pub fn required(params: &Params<'_>) -> Result<Secret, Reject> {
    given(params)?.ok_or_else(|| missing("auth_info"))
}

/// The parameter `auth_info` where we choose it. The registry only gets its hash and so cannot test it: a password that
/// breaks the rule would be stored, and nobody could type it in later.
pub fn chosen(params: &Params<'_>) -> Result<Secret, Reject> {
    let secret = required(params)?;
    check::auth_info("auth_info", secret.expose())?;
    Ok(secret)
}

/// SHA-256 of a password, without salt, in hexadecimal.
pub fn hash(secret: &Secret) -> String {
    Sha256::digest(secret.expose().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameter `expire`, as the registry wants it: eight digits.
pub fn expire(params: &Params<'_>) -> Result<Option<String>, Reject> {
    params.optional("expire")?.map(|date| check::auth_info_expire("expire", &date)).transpose()
}

/// Whether an order's `expire`, where it states one, can still be met: not past, and at most 30 days ahead in Germany. A
/// day of slack on both sides, since it is sent later and by another clock. Only where a job is taken in; what was taken
/// is sent, whatever day it has become.
pub fn in_time(params: &Map<String, Value>, now: Timestamp) -> Result<(), Reject> {
    let Some(value) = params.get("expire").and_then(Value::as_str) else { return Ok(()) };
    let wrong = |rule: &str| refuse("expire", rule, value);
    let digits = check::auth_info_expire("expire", value.trim())?;
    let last = Date::strptime("%Y%m%d", digits).map_err(|_| wrong("must be a day"))?;
    match (last - limits::german_date(now)).get_days() {
        ..-1 => Err(wrong("must not be past")),
        -1..=31 => Ok(()),
        32.. => Err(wrong("must be at most 30 days ahead")),
    }
}

/// What an order of an AuthInfo is answered with: its end, where the registry tells it.
pub fn data(answer: &Block) -> Value {
    // In XML its element cannot be read in the manual; the request's attribute has the short name.
    match answer.get(Word::AuthInfoExpire).or_else(|| answer.get(Word::Expire)) {
        Some(end) => json!({ "auth_info_expire": end }),
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_must_end_within_30_days() {
        // Already the 22nd in Germany.
        let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        let at = |day: &str| in_time(&Map::from_iter([("expire".to_owned(), json!(day))]), now);
        for good in ["2026-11-21", "20261122", " 2026-12-22 ", "2026-12-23"] {
            assert!(at(good).is_ok(), "{good}");
        }
        for (bad, part) in
            [("2026-11-20", "past"), ("20251122", "past"), ("2026-12-24", "30 days ahead"), ("9999-12-31", "ahead")]
        {
            let reject = at(bad).unwrap_err();
            assert!(reject.reason.contains(part) && reject.reason.contains(bad), "{reject}");
        }
        assert!(in_time(&Map::new(), now).is_ok());
    }

    fn with<T>(name: &str, value: &str, read: fn(&Params<'_>) -> Result<T, Reject>) -> Result<T, Reject> {
        let map: Map<String, Value> = [(name.to_owned(), json!(value))].into_iter().collect();
        read(&Params::new(&map, &[name])?)
    }

    #[test]
    fn only_a_chosen_password_must_follow_the_rule() {
        let hashed = hash(&with("auth_info", "SupermanistSuper", chosen).unwrap());
        assert_eq!(hashed, "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616");
        for bad in ["secret", "abcdefgo"] {
            let reject = with("auth_info", bad, chosen).unwrap_err();
            assert!(!reject.reason.contains(bad), "a reject repeats no password");
            assert!(with("auth_info", bad, given).is_ok(), "whoever made it");
        }
        assert!(with("auth_info", &"x".repeat(256), given).is_err());
        assert_eq!(with("expire", "2026-12-24", expire).unwrap().as_deref(), Some("20261224"));
    }
}
