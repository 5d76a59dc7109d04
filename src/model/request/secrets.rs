//! Which parameters are secrets (law 11): the one table, and what follows from it for showing, repeating and storing.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::model::secret::Secret;

/// Parameters whose values are secrets in every operation, in small letters without `_` and `-`; listings and events show
/// `***` for them. `request` is a registry's own text, which may hold any of the others.
const SECRET_PARAMS: &[&str] = &["authinfo", "password", "udai", "authcode", "cookie", REQUEST];

/// A request in a registry's own words.
const REQUEST: &str = "request";

/// What some of them are called besides in a registry's own text, which is searched as it is.
const SECRET_KEYS: &[&str] = &["auth_info"];

/// What a registry's own text has in it, in small letters, where it may hold a secret. Rather one too many: such a text is
/// only stored sealed.
const SECRET_WORDS: &[&str] = &["auth", "pass", "pwd", "udai", "secret", "token", "cookie"];

/// The only key of an object that stands for a sealed value in stored parameters.
pub const SEALED: &str = "sealed";

/// Whether values of this name are secrets, however it is spelt.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !"_-".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_PARAMS.contains(&plain.as_str())
}

/// Whether a parameter may be stored sealed only: a secret, or a text that may hold one.
#[must_use]
pub fn must_be_sealed(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) if name == REQUEST => {
            let text = Zeroizing::new(text.to_ascii_lowercase());
            SECRET_WORDS.iter().any(|word| text.contains(word))
        }
        _ => is_secret(name),
    }
}

/// Whether parameters hold anything that may be stored sealed only, sealed or not.
#[must_use]
pub fn hold_secrets(params: &Map<String, Value>) -> bool {
    params.iter().any(|(name, value)| must_be_sealed(name, value))
}

/// The values of the secret parameters, and of their namesakes in a request in a registry's own words. The longest first,
/// so that none hides only a part of another.
#[must_use]
pub fn secrets(params: &Map<String, Value>) -> Vec<Secret> {
    let mut found = Vec::new();
    for (name, value) in params.iter().filter(|(name, _)| is_secret(name)) {
        if let Some(text) = value.as_str() {
            found.push(Secret::new(text.trim()));
            found.extend(if name == REQUEST { inside(text) } else { Vec::new() });
        }
    }
    found.retain(|secret| !secret.expose().is_empty());
    found.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    found
}

/// What no answer may repeat: the secrets, and their SHA-256, which some registries are told in place of them; whoever has
/// that can try passwords in peace.
#[must_use]
pub fn never_repeated(params: &Map<String, Value>) -> Vec<Secret> {
    let secrets = secrets(params);
    let hash = |secret: &Secret| -> String {
        Sha256::digest(secret.expose().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let hashes: Vec<_> = secrets.iter().map(hash).flat_map(|hash| [hash.to_ascii_uppercase(), hash]).collect();
    secrets.into_iter().chain(hashes.into_iter().map(Secret::new)).collect()
}

/// The secrets in a text of lines `Keyword: value` or of XML.
fn inside(text: &str) -> Vec<Secret> {
    let (lower, is_xml) = (Zeroizing::new(text.to_ascii_lowercase()), text.trim_start().starts_with('<'));
    let words = SECRET_PARAMS.iter().chain(SECRET_KEYS).filter(|word| **word != REQUEST);
    let rests = words.flat_map(|word| lower.match_indices(word).map(|(at, _)| at + word.len()));
    let value = |rest: &str| {
        // A hash of a secret is called after it.
        let rest = match rest.get(..4) {
            Some(hash) if hash.eq_ignore_ascii_case("hash") => rest.get(4..)?,
            _ => rest,
        };
        if !is_xml {
            return Some(Secret::new(rest.trim_start().strip_prefix(':')?.lines().next()?.trim()));
        }
        let quoted = rest.trim_start().strip_prefix('=').map(|rest| rest.trim_start());
        let value = match quoted.and_then(|rest| Some((rest.get(1..)?, rest.chars().next()?))) {
            Some((rest, quote)) => rest.split(quote).next()?,
            None => rest.split_once('>')?.1.split('<').next()?,
        };
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
        let plain = |text: Zeroizing<String>, (entity, sign): (&str, &str)| Zeroizing::new(text.replace(entity, sign));
        Some(Secret::new(entities.into_iter().fold(Zeroizing::new(value.trim().to_owned()), plain).as_str()))
    };
    rests.filter_map(|at| value(text.get(at..)?)).collect()
}

/// A copy of parameters that may be shown.
#[must_use]
pub fn masked(params: &Map<String, Value>) -> Map<String, Value> {
    params
        .iter()
        .map(|(key, value)| (key.clone(), if is_secret(key) { Value::String("***".into()) } else { value.clone() }))
        .collect()
}

/// A submission as it may be kept although it was turned away: without what stands under the name of a secret, at any
/// depth, wherever somebody put it. The `context` is its publisher's own. `None` if nothing had to be taken out.
#[must_use]
pub fn scrubbed(submission: &Value) -> Option<Value> {
    fn scrub(value: &mut Value) -> bool {
        match value {
            Value::Array(items) => items.iter_mut().fold(false, |found, item| scrub(item) | found),
            Value::Object(fields) => fields.iter_mut().fold(false, |found, (name, field)| {
                if is_secret(name) && !field.is_null() {
                    *field = Value::String("***".into());
                    return true;
                }
                (name != "context" && scrub(field)) | found
            }),
            _ => false,
        }
    }
    let mut copy = submission.clone();
    scrub(&mut copy).then_some(copy)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_found_in_a_registrys_own_words_too() {
        let of = |params: Value| {
            let found = secrets(params.as_object().unwrap());
            found.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(json!({"domain": "example.de", "auth_info": " hot air ", "password": 7})), ["hot air"]);
        for request in [
            "Action: CHPROV\nAUTHINFO:\thot<air\r\nAuthInfoExpire: 20261224",
            "Action: CREATE-AUTHINFO1\nAuthInfoHash:\thot<air\r\nAuthInfoExpire: 20261224",
            "<r><d:chprov><d:authInfo>hot&lt;air</d:authInfo>\n<d:authInfoExpire/></d:chprov></r>",
            "<r><d:authInfo xmlns:d='x'>hot&lt;air</d:authInfo></r>",
            "<r authInfo = 'hot&lt;air'/>",
            "<item key=\"type\">domain_auth_info</item><item key=\"domain_auth_info\">hot&lt;air</item>",
            "<item key='cookie'>hot&lt;air</item>",
            "<item key='reg_password'>hot&lt;air</item>",
        ] {
            assert_eq!(of(json!({ "request": request }))[1..], ["hot<air"], "{request}");
            assert!(must_be_sealed("request", &json!(request)));
        }
        assert!(!must_be_sealed("request", &json!("Action: DELETE\nDomain: example.de")));
    }

    #[test]
    fn a_hash_is_not_repeated_either() {
        let params = json!({"auth_info": "SupermanistSuper"});
        let found = never_repeated(params.as_object().unwrap());
        let hash = "ef8bf1d2f0bb3ae861d808befa200fa83ad1bd50d47b29b2fd8d790e5d3dd616";
        let found: Vec<_> = found.iter().map(Secret::expose).collect();
        assert_eq!(found, ["SupermanistSuper", hash.to_ascii_uppercase().as_str(), hash]);
    }

    #[test]
    fn secrets_are_masked() {
        let Value::Object(params) = json!({"domain":"example.de","auth_info":"x"}) else { unreachable!() };
        assert_eq!(Value::Object(masked(&params)), json!({"domain":"example.de","auth_info":"***"}));
        for name in ["auth_info", "AuthInfo", "auth-info", "PASSWORD", "udai", "authcode", "cookie", "request"] {
            assert!(is_secret(name), "{name}");
        }
        assert!(!is_secret("auth_info_expire"));
    }

    #[test]
    fn what_is_turned_away_is_kept_without_secrets_wherever_they_stand() {
        let job = json!({"account": "A", "AuthInfo": "x", "params": {"domain": "example.de", "more": [{"password": 1}]},
                         "context": {"password": "the publisher's own"}});
        let kept = json!({"account": "A", "AuthInfo": "***", "params": {"domain": "example.de", "more": [{"password": "***"}]},
                         "context": {"password": "the publisher's own"}});
        assert_eq!(scrubbed(&job), Some(kept));
        assert_eq!(scrubbed(&json!({"account": "A", "params": {"auth_info": null}})), None);
    }
}
