//! The language: parameters to bytes, bytes to answers, answers to verdicts.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::commands::{self, Rules, raw};
use super::{answer, calendar, codec, difference, limits, outcome, reconcile};
use crate::model::deadline::{Word, rules::Heard};
use crate::model::request::RejectCode;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Operation, Reject, Verdict};
use crate::registries::{Checked, Dialect, Explanation, FollowUps, OpenError, Prepared, Step, WireOptions};

/// Versions of the protocol, the newest first.
pub const PROTOCOLS: &[&str] = &["2.0.0", "1.1.0"];
/// Days within which a transfer is decided at the registries that used this protocol (reference 11.2).
pub const TRANSFER_DAYS: u64 = 5;
/// Least time between two questions about a transfer (reference 10.3: a few times a day).
const ASKED_EVERY: Duration = Duration::from_secs(4 * 3600);

/// RRP for one registrar.
pub struct Rrp {
    rules: Rules,
    zone: TimeZone,
    transfer: Duration,
}

impl Rrp {
    /// RRP for the registrar whose id is the account of the options; the newest protocol where they name none.
    ///
    /// # Errors
    /// There is no such format or protocol.
    pub fn new(options: &WireOptions) -> Result<Self, String> {
        if let Some(format) = options.format.as_deref().filter(|format| !format.is_empty()) {
            return Err(format!("unknown format `{}`; there is only one, which has no name", format.escape_default()));
        }
        let protocol = options.protocol.as_deref().filter(|word| !word.is_empty()).unwrap_or(PROTOCOLS[0]);
        if !PROTOCOLS.contains(&protocol) {
            let known = PROTOCOLS.join(", ");
            return Err(format!("unknown protocol `{}`; there is {known}", protocol.escape_default()));
        }
        let rules = Rules { user: options.account.clone(), is_current: protocol == PROTOCOLS[0] };
        Ok(Self { rules, zone: limits::zone(), transfer: days(TRANSFER_DAYS) })
    }

    /// The same with the registry's zone, and the days within which it decides transfers.
    pub fn with(self, zone: TimeZone, transfer_days: u64) -> Self {
        Self { zone, transfer: days(transfer_days), ..self }
    }

    /// The registrar's id.
    pub fn user(&self) -> &str {
        &self.rules.user
    }

    /// The zone of the registry's dates.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Days within which a transfer is decided.
    pub fn transfer_days(&self) -> u16 {
        u16::try_from(self.transfer.as_secs() / 86_400).unwrap_or(u16::MAX)
    }

    /// Whether this protocol is newer than the version a server greets with.
    pub fn is_newer_than(&self, version: &str) -> bool {
        let number = |version: &str| version.split('.').map(str::parse).collect::<Result<Vec<u32>, _>>().ok();
        let ours = if self.rules.is_current { PROTOCOLS[0] } else { PROTOCOLS[1] };
        number(version).is_some_and(|theirs| Some(theirs) < number(ours))
    }

    /// What kind of order a request in the registry's own words is, with the parameters that one would have.
    pub fn understood(&self, params: &Map<String, Value>) -> Option<(Operation, Map<String, Value>)> {
        raw::read(params, &self.rules).ok().map(|raw| (raw.operation, raw.params))
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

impl Dialect for Rrp {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        if operation == Operation::Raw {
            return Ok(raw::read(params, &self.rules)?.object.into());
        }
        let (checked, request) = commands::make(operation, params, &self.rules)?;
        codec::write(&request).map_err(unwritable)?;
        Ok(checked)
    }

    fn reads_first(&self, operation: Operation, params: &Map<String, Value>) -> Result<Option<Prepared>, Reject> {
        let Some(list) = difference::stated(operation, params) else { return Ok(None) };
        self.check(operation, params)?;
        self.prepare(list.question, &list.ask(params), "").map(Some)
    }

    fn complete(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        shown: &Answer,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        let Some(list) = difference::stated(operation, params) else { return Ok(params.clone()) };
        let judgement = self.judge(list.question, shown);
        if judgement.verdict != Verdict::Done {
            return Err(Box::new(judgement));
        }
        list.complete(params, shown, judgement)
    }

    /// No transaction id goes out: the protocol has none.
    fn prepare(&self, operation: Operation, params: &Map<String, Value>, _: &str) -> Result<Prepared, Reject> {
        if operation == Operation::Raw {
            // The answer to a request in the registry's own words is that of the operation it is.
            let raw = raw::read(params, &self.rules)?;
            return Ok(Prepared { bytes: raw.bytes, operation: raw.operation, transaction: None });
        }
        if let Some(list) = difference::stated(operation, params) {
            let reason = "states all there shall be: the registry is asked first what there is";
            return Err(Reject::param(list.whole, reason));
        }
        let (_, request) = commands::make(operation, params, &self.rules)?;
        let bytes = codec::write(&request).map_err(unwritable)?;
        Ok(Prepared { bytes, operation, transaction: None })
    }

    fn decode(&self, _: Operation, bytes: &[u8]) -> Result<Answer, String> {
        codec::read_reply(bytes).map(answer::of)
    }

    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement {
        outcome::judge(operation, answer, &self.zone)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::next(self, doubt, None, heard)
    }

    fn reconcile_after(&self, doubt: &Doubt<'_>, said: &Answer, heard: &[Answer]) -> Step {
        reconcile::next(self, doubt, outcome::refusal(said), heard)
    }

    fn follow_up(&self, order: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::follow_up(self, order, heard)
    }

    fn settles(&self, operation: Operation) -> Duration {
        reconcile::settles(operation)
    }

    fn follow_ups(&self, _: Operation) -> FollowUps {
        FollowUps { every: ASKED_EVERY, decided_within: self.transfer }
    }

    fn opened(&self, answer: &Answer) -> Option<Result<(), OpenError>> {
        Some(outcome::opened(answer))
    }

    fn explain(&self, operation: Operation, code: &str) -> Option<Explanation> {
        outcome::explain(operation, code)
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<Word> {
        calendar::calendar(self, heard)
    }
}

fn unwritable(reason: String) -> Reject {
    Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) }
}
