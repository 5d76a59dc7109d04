//! The language: parameters to bytes, bytes to answers, answers to verdicts.

use std::time::Duration;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::commands::{self, Order, Rules, access, raw, set_cookie};
use super::{answer, calendar, codec, outcome, reconcile};
use crate::model::deadline::rules::Heard;
use crate::model::deadline::{DeadlineKind, Word};
use crate::model::request::RejectCode;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Operation, Reject, Verdict};
use crate::registries::{Checked, Dialect, Explanation, Mailbox, OpenError, Prepared, Step, WireOptions};

/// Longest transaction id: it becomes an order's `affiliate_id`.
const LONGEST_TRANSACTION: usize = 256;
/// What a question for a cookie is read as: it changes nothing, and its answer shows what no job is shown.
const ASKS_FOR_COOKIE: Operation = Operation::DomainAuthcodeCheck;

/// XCP for one reseller.
pub struct Xcp {
    rules: Rules,
}

impl Xcp {
    /// XCP for the reseller whose user name is the account of the options.
    ///
    /// # Errors
    /// There is no such format or protocol.
    pub fn new(options: &WireOptions) -> Result<Self, String> {
        let only = |what: &str, wanted: &Option<String>, known: &str| match wanted.as_deref() {
            None | Some("") => Ok(()),
            Some(word) if word == known => Ok(()),
            Some(word) => Err(format!("unknown {what} `{}`; there is {known}", word.escape_default())),
        };
        only("format", &options.format, "xml")?;
        only("protocol", &options.protocol, "0.9")?;
        Ok(Self { rules: Rules { reseller: options.account.clone() } })
    }

    /// The request of a command.
    ///
    /// # Errors
    /// It is larger than is sent, or holds characters that XML does not have.
    fn written(&self, operation: Operation, order: Order) -> Result<Prepared, Reject> {
        let wrong =
            |reason| Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) };
        let bytes = codec::write(&order.root()).map_err(wrong)?;
        // The registry echoes no transaction id; the one that goes out is found in its orders.
        Ok(Prepared { bytes, operation, transaction: None })
    }
}

impl Dialect for Xcp {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        if operation == Operation::Raw {
            return Ok(raw::read(params, &self.rules)?.object.into());
        }
        // The cookie is not there yet; another one will do to see whether the rest is in order.
        let whole = access::is_wanted(operation, params).then(|| access::with_cookie(params, "0:0"));
        let longest = "x".repeat(LONGEST_TRANSACTION);
        let (checked, order) = commands::order(operation, whole.as_ref().unwrap_or(params), &longest, &self.rules)?;
        self.written(operation, order)?;
        if whole.is_some() {
            set_cookie::order(params, &self.rules)?;
        }
        Ok(checked)
    }

    fn reads_first(&self, operation: Operation, params: &Map<String, Value>) -> Result<Option<Prepared>, Reject> {
        if !access::is_wanted(operation, params) {
            return Ok(None);
        }
        self.check(operation, params)?;
        self.written(ASKS_FOR_COOKIE, set_cookie::order(params, &self.rules)?).map(Some)
    }

    fn complete(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        shown: &Answer,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        if !access::is_wanted(operation, params) {
            return Ok(params.clone());
        }
        let judgement = outcome::judge(ASKS_FOR_COOKIE, shown);
        if judgement.verdict != Verdict::Done {
            return Err(Box::new(judgement));
        }
        match shown.data.get(access::COOKIE).and_then(Value::as_str).filter(|cookie| !cookie.trim().is_empty()) {
            Some(cookie) => Ok(access::with_cookie(params, cookie.trim())),
            None => Err(Box::new(Judgement::plain(Verdict::Refused("the registry gave no cookie".into())))),
        }
    }

    fn prepare(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        transaction: &str,
    ) -> Result<Prepared, Reject> {
        let visible = transaction.bytes().all(|byte| byte.is_ascii_graphic());
        if operation.writes() && !(visible && (1..=LONGEST_TRANSACTION).contains(&transaction.len())) {
            let rule = "the transaction id must be 1 to 256 visible ASCII characters";
            return Err(Reject::new(RejectCode::InvalidJob, rule));
        }
        if operation == Operation::Raw {
            // The answer to a request in the registry's own words is that of the operation it is.
            let raw = raw::read(params, &self.rules)?;
            let bytes = Zeroizing::new(raw.text.as_bytes().to_vec());
            return Ok(Prepared { bytes, operation: raw.operation, transaction: None });
        }
        let (_, order) = commands::order(operation, params, transaction, &self.rules)?;
        self.written(operation, order)
    }

    fn decode(&self, operation: Operation, bytes: &[u8]) -> Result<Answer, String> {
        answer::of(operation, &codec::read(bytes)?)
    }

    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement {
        outcome::judge(operation, answer)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::next(self, doubt, heard)
    }

    fn follow_up(&self, order: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::follow_up(self, order, heard)
    }

    fn settles(&self, operation: Operation) -> Duration {
        reconcile::settles(operation)
    }

    /// Of the TCP protocol: over HTTPS each request proves who sends it.
    fn opened(&self, answer: &Answer) -> Option<Result<(), OpenError>> {
        Some(outcome::opened(answer))
    }

    fn explain(&self, operation: Operation, code: &str) -> Option<Explanation> {
        outcome::explain(operation, code)
    }

    fn asks_for_funds(&self) -> Option<Prepared> {
        self.prepare(Operation::AccountInfo, &Map::new(), "").ok()
    }

    fn funds(&self, answer: &Answer) -> Option<i64> {
        outcome::to_spend(answer)
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        calendar::calendar(heard)
    }

    fn asks_about(&self, kind: DeadlineKind) -> Map<String, Value> {
        calendar::asks_about(kind)
    }

    fn mailbox(&self) -> Option<&dyn Mailbox> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
