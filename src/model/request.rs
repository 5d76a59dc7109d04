//! What a publisher asks for, before and after it has been checked.

mod secrets;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use secrets::{SEALED, hold_secrets, is_secret, masked, must_be_sealed, never_repeated, scrubbed, secrets};

use super::command::{ObjectKey, Operation};
use super::job::{Class, JobId};

/// Attempts a job may use up when it does not say.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 10;

/// One job as published (JSON, version 1). Unknown keys are refused by name.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// The batch of every job that names none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The jobs, in order.
    pub jobs: Vec<Value>,
}

/// A checked request, ready to be stored.
#[derive(Clone, PartialEq)]
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
    /// With which parameters. Secrets among them are sealed.
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
    /// Of a job with secrets: its digest under each key, the one in use first, and as it would be without any. Empty for
    /// one that has none: then the content tells.
    pub keyed: Vec<[u8; 32]>,
    /// Which message of its intake it came in. Of one message, jobs on one object keep their order, whatever overtook what.
    pub message: usize,
}

impl fmt::Debug for NewJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, account, operation, object, params, .. } = self;
        let mut shown = f.debug_struct("NewJob");
        shown.field("id", id).field("account", account).field("operation", operation).field("object", object);
        shown.field("params", &masked(params)).finish_non_exhaustive()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, account, operation, params, .. } = self;
        let mut shown = f.debug_struct("Request");
        shown.field("id", id).field("account", account).field("operation", operation);
        shown.field("params", &masked(params)).finish_non_exhaustive()
    }
}

impl NewJob {
    /// Whose jobs on one object run one at a time: a pool with all its accounts, or one account.
    #[must_use]
    pub fn lane(&self) -> &str {
        self.pool.as_deref().unwrap_or(&self.account)
    }

    /// What the store knows its content by: [`NewJob::content_digest`], under a key where it holds secrets.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.keyed.first().copied().unwrap_or_else(|| self.content_digest())
    }

    /// Whether a stored digest is that of the same content, perhaps under a key that has been replaced since.
    #[must_use]
    pub fn is_known_by(&self, stored: &[u8; 32]) -> bool {
        if self.keyed.is_empty() { *stored == self.content_digest() } else { self.keyed.contains(stored) }
    }

    /// SHA-256 over what makes two submissions the same job: everything but the way of replying and what our rules say of
    /// it. JSON objects are hashed with their keys in order, so the order in which a publisher writes them does not
    /// matter. Of a job whose secrets are not sealed yet: sealing never gives the same bytes twice.
    #[must_use]
    pub fn content_digest(&self) -> [u8; 32] {
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
        /// It holds a secret, and there is no key to store it with.
        NoKey "no_key",
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::command::ObjectKind;

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
            keyed: vec![],
            message: 0,
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
    fn what_is_sealed_is_known_by_its_digests_under_keys() {
        let sealed = NewJob { keyed: vec![[1; 32], [2; 32]], ..job(json!({})) };
        assert_eq!(sealed.digest(), [1; 32]);
        assert!(sealed.is_known_by(&[1; 32]) && sealed.is_known_by(&[2; 32]));
        assert!(!sealed.is_known_by(&[3; 32]) && !sealed.is_known_by(&sealed.content_digest()));
        let plain = job(json!({}));
        assert!(plain.is_known_by(&plain.digest()) && !plain.is_known_by(&[1; 32]));
    }

    #[test]
    fn debug_shows_no_secret() {
        let new = job(json!({"domain": "example.de", "auth_info": "hot air"}));
        let asked: Request = serde_json::from_value(
            json!({"account": "A", "operation": "domain.transfer", "params": new.params, "context": "hot air"}),
        )
        .unwrap();
        for shown in [format!("{new:?}"), format!("{asked:#?}")] {
            assert!(shown.contains("example.de") && !shown.contains("hot air"), "{shown}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let text = r#"{"account":"A","operation":"domain.check","parms":{}}"#;
        let error = serde_json::from_str::<Request>(text).unwrap_err().to_string();
        assert!(error.contains("parms"), "{error}");
    }
}
