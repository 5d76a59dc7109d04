//! What a publisher asks for, before and after it has been checked.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::command::{ObjectKey, Operation};
use super::job::{Class, JobId};
use super::secret::Secret;

/// Attempts a job may use up when it does not say.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 10;

/// One job as published (JSON, version 1). Unknown keys are refused by name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The publisher's idempotency key. Default: the AMQP message id of a message that holds a single job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// The registrar account that does it, or the pool of accounts, as named in the configuration.
    pub account: String,
    /// What to do, for example `domain.create`.
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The operation's parameters; their names and types depend on the operation and the registry.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// Urgent before normal before bulk.
    #[serde(default)]
    pub class: Class,
    /// Not to be started before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub not_before: Option<Timestamp>,
    /// Expires unless started by this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub start_by: Option<Timestamp>,
    /// Jobs that must have succeeded first. If one of them does not, this job is cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Uuid>,
    /// A name to watch many jobs by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// How many attempts transient refusals may use up (default 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Anything of yours; comes back in every event.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub context: Value,
}

/// Many jobs in one message: all enter in one transaction, bad ones are rejected one by one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// The batch of every job that names none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The jobs, in order.
    pub jobs: Vec<Value>,
}

/// A checked request, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// The publisher's idempotency key.
    pub id: JobId,
    /// Who published it (broker-validated user, or `local`).
    pub publisher: String,
    /// The account, or the pool of accounts, that it named.
    pub account: String,
    /// The pool the account belongs to, if it does: all its jobs on one object form one order.
    pub pool: Option<String>,
    /// What to do.
    pub operation: Operation,
    /// On what.
    pub object: ObjectKey,
    /// With which parameters.
    pub params: Map<String, Value>,
    /// Urgent, normal or bulk.
    pub class: Class,
    /// Earliest start.
    pub not_before: Option<Timestamp>,
    /// Latest start.
    pub start_by: Option<Timestamp>,
    /// Jobs that must succeed first, sorted, without duplicates.
    pub after: Vec<JobId>,
    /// Name of its batch.
    pub batch: Option<String>,
    /// Attempt budget.
    pub max_attempts: u32,
    /// The publisher's own data.
    pub context: Value,
    /// Where the final event goes as well (AMQP `reply_to`).
    pub reply_to: Option<String>,
    /// Echoed with it (AMQP `correlation_id`).
    pub correlation_id: Option<String>,
    /// Rules it breaks that did not stop it; told once, when it is taken in.
    pub warnings: Vec<Warning>,
}

impl NewJob {
    /// Whose jobs on one object run one at a time: a pool with all its accounts, or one account.
    #[must_use]
    pub fn lane(&self) -> &str {
        self.pool.as_deref().unwrap_or(&self.account)
    }

    /// SHA-256 over what makes two submissions the same job: everything but the way of replying and what our rules say of
    /// it. JSON objects are
    /// hashed with their keys in order, so the order in which a publisher writes them does not matter.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let content = serde_json::json!([
            self.publisher,
            self.account,
            self.operation.name(),
            self.params,
            self.class.word(),
            self.not_before,
            self.start_by,
            self.after,
            self.batch,
            self.max_attempts,
            self.context
        ]);
        let mut hash = Sha256::new();
        canonical(&content, &mut hash);
        hash.finalize().into()
    }
}

/// Feeds JSON with sorted keys into a hash; depth is bounded by the parser that made the value (128 levels).
fn canonical(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_unstable();
            hash.update(b"{");
            for key in keys {
                hash.update(Value::String(key.clone()).to_string());
                hash.update(b":");
                if let Some(inner) = map.get(key) {
                    canonical(inner, hash);
                }
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                canonical(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        scalar => hash.update(scalar.to_string()),
    }
}

super::state::words! {
    /// Why a submission was turned away, as a stable word for programs.
    RejectCode {
        /// Not JSON, not UTF-8, or not an object.
        Malformed "malformed",
        /// Larger than is accepted.
        TooLarge "too_large",
        /// A key of the job itself is missing, unknown or of the wrong type.
        InvalidJob "invalid_job",
        /// No such operation, or not one this registry has.
        UnknownOperation "unknown_operation",
        /// No such account or pool.
        UnknownAccount "unknown_account",
        /// The publisher is unknown or may not do this with this account.
        NotAllowed "not_allowed",
        /// A parameter is missing, unknown, of the wrong type or outside its rule.
        InvalidParameter "invalid_parameter",
        /// The id is known with different content; the first submission stands.
        Conflict "conflict",
        /// The job would wait for itself.
        Cycle "cycle",
    }
}

/// A submission that was turned away: what, where, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// For programs.
    pub code: RejectCode,
    /// The field at fault (`params.holder[1]`), if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people: the rule and the value that breaks it. Never contains a secret.
    pub reason: String,
}

impl Reject {
    /// A rejection of the job as a whole.
    #[must_use]
    pub fn new(code: RejectCode, reason: impl Into<String>) -> Self {
        Self { code, field: None, reason: reason.into() }
    }

    /// A rejection because of one parameter; `field` is relative to `params`.
    #[must_use]
    pub fn param(field: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self { code: RejectCode::InvalidParameter, field: Some(format!("params.{field}")), reason: reason.into() }
    }
}

/// A parameter breaks a rule that the registry publishes but does not (or not always) enforce: the job is taken all the
/// same, and its publisher told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Name of the rule, as the account's settings know it.
    pub rule: &'static str,
    /// The field (`params.email[1]`).
    pub field: String,
    /// The rule and the value that breaks it. Never contains a secret.
    pub reason: String,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{}: {field}: {}", self.code, self.reason),
            None => write!(f, "{}: {}", self.code, self.reason),
        }
    }
}

/// Parameters whose values are secrets in every operation; listings and events show `***` for them. `request` is a
/// registry's own text, which may hold any of the others.
pub const SECRET_PARAMS: &[&str] = &["auth_info", "authinfo", "password", "udai", "authcode", "request"];

/// The values that no answer may repeat: those of the secret parameters, and of their namesakes in a request in a
/// registry's own words. The longest first, so that none hides only a part of another.
#[must_use]
pub fn secrets(params: &Map<String, Value>) -> Vec<Secret> {
    let mut found = Vec::new();
    for name in SECRET_PARAMS {
        if let Some(text) = params.get(*name).and_then(Value::as_str) {
            found.push(Secret::new(text.trim()));
            found.extend(if *name == "request" { inside(text) } else { Vec::new() });
        }
    }
    found.retain(|secret| !secret.expose().is_empty());
    found.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    found
}

/// The secrets in a text of lines `Keyword: value` or of XML.
fn inside(text: &str) -> Vec<Secret> {
    let (lower, is_xml) = (Zeroizing::new(text.to_ascii_lowercase()), text.trim_start().starts_with('<'));
    let words = SECRET_PARAMS.iter().filter(|word| !word.contains('_'));
    let rests = words.flat_map(|word| lower.match_indices(word).map(|(at, _)| at + word.len()));
    let value = |rest: &str| {
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
        .map(|(key, value)| {
            let secret = SECRET_PARAMS.contains(&key.as_str());
            (key.clone(), if secret { Value::String("***".into()) } else { value.clone() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::command::ObjectKind;

    #[test]
    fn secrets_are_found_in_a_registrys_own_words_too() {
        let of = |params: Value| {
            let found = secrets(params.as_object().unwrap());
            found.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of(json!({"domain": "example.de", "auth_info": " hot air ", "password": 7})), ["hot air"]);
        for request in [
            "Action: CHPROV\nAUTHINFO:\thot<air\r\nAuthInfoExpire: 20261224",
            "<r><d:chprov><d:authInfo>hot&lt;air</d:authInfo>\n<d:authInfoExpire/></d:chprov></r>",
            "<r><d:authInfo xmlns:d='x'>hot&lt;air</d:authInfo></r>",
            "<r authInfo = 'hot&lt;air'/>",
        ] {
            assert_eq!(of(json!({ "request": request }))[1..], ["hot<air"], "{request}");
        }
    }

    fn job(params: Value) -> NewJob {
        let Value::Object(params) = params else { unreachable!("an object") };
        NewJob {
            id: JobId(Uuid::nil()),
            publisher: "billing".into(),
            account: "DENIC-1000022".into(),
            pool: None,
            operation: Operation::DomainCreate,
            object: ObjectKey::new(ObjectKind::Domain, "example.de"),
            params,
            class: Class::Normal,
            not_before: None,
            start_by: None,
            after: vec![],
            batch: None,
            max_attempts: 10,
            context: Value::Null,
            reply_to: None,
            correlation_id: None,
            warnings: vec![],
        }
    }

    #[test]
    fn the_digest_sees_content_and_not_key_order() {
        let one: Value = serde_json::from_str(r#"{"domain":"example.de","holder":["A"]}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"holder":["A"],"domain":"example.de"}"#).unwrap();
        assert_eq!(job(one.clone()).digest(), job(two).digest());
        let warning = Warning { rule: "sep_bit", field: "params.dnskey[0]".into(), reason: "x".into() };
        let warned = NewJob { warnings: vec![warning], ..job(one.clone()) };
        assert_eq!(warned.digest(), job(one.clone()).digest(), "rules change, the job does not");
        assert_ne!(job(one).digest(), job(json!({"domain":"example.de","holder":["B"]})).digest());
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let text = r#"{"account":"A","operation":"domain.check","parms":{}}"#;
        let error = serde_json::from_str::<Request>(text).unwrap_err().to_string();
        assert!(error.contains("parms"), "{error}");
    }

    #[test]
    fn secrets_are_masked() {
        let Value::Object(params) = json!({"domain":"example.de","auth_info":"x"}) else { unreachable!() };
        assert_eq!(Value::Object(masked(&params)), json!({"domain":"example.de","auth_info":"***"}));
    }
}
