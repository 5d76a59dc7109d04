//! The language: parameters to bytes, bytes to answers, answers to verdicts.

use std::time::Duration;

use serde_json::{Map, Value};

use super::check::is_transaction;
use super::commands::{self, Rules, domain_renew, raw};
use super::{answer, calendar, codec, outcome, reconcile};
use crate::model::deadline::Word;
use crate::model::deadline::rules::Heard;
use crate::model::request::RejectCode;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Operation, Reject, Verdict};
use crate::registries::{Checked, Dialect, Explanation, Mailbox, Prepared, Step, WireOptions};

/// A transaction id as long as they may be, to see whether a request can be written.
const SOME_TRANSACTION: &str = "rd-00000000-0000-0000-0000-000000000000-0000000000";

/// SRS for one registrar.
pub struct Srs {
    rules: Rules,
}

impl Srs {
    /// SRS for the registrar whose id is the account of the options, if that is a number.
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
        only("protocol", &options.protocol, "8.0")?;
        let id = options.account.trim();
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Self { rules: Rules { registrar: is_number.then(|| id.to_owned()) } })
    }

    /// A request in the registry's own words.
    fn raw(&self, params: &Map<String, Value>, transaction: &str) -> Result<Prepared, Reject> {
        let raw = raw::read(params, transaction, &self.rules)?;
        let bytes = codec::write(&raw.root).map_err(|why| Reject::param("request", why))?;
        // The answer is read as that of the operation it looks like.
        Ok(Prepared { bytes, operation: raw.operation, transaction: raw.id })
    }
}

impl Dialect for Srs {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        if operation == Operation::Raw {
            let object = raw::read(params, SOME_TRANSACTION, &self.rules)?.object;
            self.raw(params, SOME_TRANSACTION)?;
            return Ok(object.into());
        }
        let made = commands::make(operation, params, SOME_TRANSACTION, &self.rules)?;
        codec::write(&made.root).map_err(|why| Reject::new(RejectCode::InvalidParameter, why))?;
        Ok(made.object.into())
    }

    fn reads_first(&self, operation: Operation, params: &Map<String, Value>) -> Result<Option<Prepared>, Reject> {
        if operation != Operation::DomainRenew || !domain_renew::reads_first(params) {
            return Ok(None);
        }
        self.check(operation, params)?;
        let name = params.iter().filter(|(name, _)| *name == "domain");
        let params = name.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.prepare(Operation::DomainInfo, &params, "").map(Some)
    }

    fn complete(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        shown: &Answer,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        if operation != Operation::DomainRenew || !domain_renew::reads_first(params) {
            return Ok(params.clone());
        }
        let judgement = outcome::judge(Operation::DomainInfo, shown);
        if judgement.verdict != Verdict::Done {
            return Err(Box::new(judgement));
        }
        match domain_renew::compare(params, shown) {
            Ok(()) => Ok(params.clone()),
            Err(why) => Err(Box::new(Judgement::plain(Verdict::Refused(why)))),
        }
    }

    fn prepare(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        transaction: &str,
    ) -> Result<Prepared, Reject> {
        if (operation.writes() || !transaction.is_empty()) && !is_transaction(transaction) {
            let rule = "the transaction id must be 1 to 64 visible ASCII characters";
            return Err(Reject::new(RejectCode::InvalidJob, rule));
        }
        if operation == Operation::Raw {
            return self.raw(params, transaction);
        }
        let made = commands::make(operation, params, transaction, &self.rules)?;
        let bytes = codec::write(&made.root).map_err(|why| Reject::new(RejectCode::InvalidParameter, why))?;
        Ok(Prepared { bytes, operation, transaction: Some(made.id) })
    }

    fn decode(&self, operation: Operation, bytes: &[u8]) -> Result<Answer, String> {
        answer::of(operation, &codec::read(bytes).map_err(|fault| fault.to_string())?)
    }

    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement {
        outcome::judge(operation, answer)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::next(self, doubt, heard)
    }

    fn settles(&self, operation: Operation) -> Duration {
        reconcile::settles(operation)
    }

    fn explain(&self, operation: Operation, code: &str) -> Option<Explanation> {
        outcome::explain(operation, code)
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        calendar::calendar(heard)
    }

    fn mailbox(&self) -> Option<&dyn Mailbox> {
        Some(self)
    }
}

#[cfg(test)]
mod tests;
