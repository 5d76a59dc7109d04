//! A registry without a wire: says yes at once. What is left of the time is ours.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::model::command::ObjectKind;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Finding, Limits, Lost, ObjectKey, Operation, Reject, Verdict};
use crate::registries::{Checked, Dialect, OpenError, Prepared, Registry, Session, Step};

/// The account and its language in one.
pub struct Instant {
    /// Sessions at once.
    pub sessions: usize,
}

impl Instant {
    /// An account with this many sessions.
    #[must_use]
    pub fn account(sessions: usize) -> Arc<dyn Registry> {
        Arc::new(Self { sessions })
    }
}

impl Dialect for Instant {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        let name = params.get("domain").and_then(Value::as_str).ok_or_else(|| Reject::param("domain", "is missing"))?;
        Ok(ObjectKey::new(operation.object(), name).into())
    }

    fn prepare(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        transaction: &str,
    ) -> Result<Prepared, Reject> {
        let bytes = Zeroizing::new(format!("{operation} {transaction} {}", Value::Object(params.clone())).into_bytes());
        Ok(Prepared { bytes, operation, transaction: Some(transaction.to_owned()) })
    }

    fn decode(&self, _operation: Operation, _bytes: &[u8]) -> Result<Answer, String> {
        Ok(Answer::default())
    }

    fn judge(&self, _operation: Operation, _answer: &Answer) -> Judgement {
        Judgement::plain(Verdict::Done)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, _heard: &[Answer]) -> Step {
        debug_assert_eq!(doubt.operation.object(), ObjectKind::Domain);
        Step::Found(Finding::Nothing { same_transaction: true, evidence: "nothing is kept here".into() })
    }
}

#[async_trait]
impl Registry for Instant {
    fn kind(&self) -> &'static str {
        "instant"
    }

    fn dialect(&self) -> &dyn Dialect {
        self
    }

    fn limits(&self) -> Limits {
        Limits {
            sessions: self.sessions,
            window: Duration::from_secs(1),
            grace: Duration::from_secs(1),
            answer_within: Duration::from_secs(1),
            ..Limits::none()
        }
    }

    fn identity(&self) -> String {
        "nobody".into()
    }

    async fn open(&self) -> Result<Box<dyn Session>, OpenError> {
        Ok(Box::new(Yes))
    }
}

struct Yes;

#[async_trait]
impl Session for Yes {
    async fn exchange(&mut self, request: &Prepared) -> Result<Answer, Lost> {
        Ok(Answer { result: "success".into(), client_transaction: request.transaction.clone(), ..Answer::default() })
    }

    async fn keep_alive(&mut self) -> Result<Judgement, Lost> {
        Ok(Judgement::plain(Verdict::Done))
    }

    async fn close(self: Box<Self>) {}
}
