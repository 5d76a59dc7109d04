//! What the commands with an AuthInfo share: the password as a secret, its rules where we choose it, its end.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::check;
use super::super::codec::tree::Block;
use super::super::codec::words::Word;
use super::super::params::{Params, missing};
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
    use serde_json::Map;

    use super::*;

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
