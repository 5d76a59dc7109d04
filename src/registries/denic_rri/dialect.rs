//! The language of the registry: parameters to bytes, bytes to answers, answers to verdicts.

use jiff::Timestamp;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::check::rules::Levels;
use super::codec::tree::{Order, Reply};
use super::codec::{self, Format};
use super::commands::{self, Rules, queue_read};
use super::{by_hand, calendar, frame, merge, object, outcome, reconcile};
use crate::model::deadline::{self, rules::Heard};
use crate::model::request::RejectCode;
use crate::model::verdict::{Doubt, Judgement};
use crate::model::{Answer, Operation, Reject, Verdict};
use crate::registries::{Checked, Dialect, Explanation, Mailbox, OpenError, Prepared, Step, WireOptions};

/// A transaction id as long as any, to measure requests with.
const LONGEST_TRANSACTION: usize = 64;

/// RRI in one format and version, for one registrar account.
pub struct Rri {
    format: Format,
    protocol: String,
    rules: Rules,
    levels: Levels,
}

impl Rri {
    /// RRI as the options say; K/V and the newest protocol where they say nothing.
    ///
    /// # Errors
    /// There is no such format or protocol.
    pub fn new(options: &WireOptions) -> Result<Self, String> {
        let protocol = options.protocol.as_deref().unwrap_or(codec::PROTOCOLS[0]);
        if !codec::PROTOCOLS.contains(&protocol) {
            let known = codec::PROTOCOLS.join(", ");
            return Err(format!("unknown protocol `{}`; there is {known}", protocol.escape_default()));
        }
        Ok(Self {
            format: Format::named(options.format.as_deref().unwrap_or("kv"))?,
            protocol: protocol.to_owned(),
            rules: Rules {
                reg_acc: Some(&options.account).filter(|name| is_reg_acc(name)).cloned().unwrap_or_default(),
            },
            levels: Levels::default(),
        })
    }

    /// The same with the levels an account gives to the rules that it may loosen.
    pub fn with_levels(self, levels: Levels) -> Self {
        Self { levels, ..self }
    }

    /// Writes a request.
    ///
    /// # Errors
    /// It is longer than the registry takes.
    pub fn write(&self, order: &Order) -> Result<Zeroizing<Vec<u8>>, String> {
        codec::write(order, self.format, &self.protocol)
    }

    fn order(&self, operation: Operation, params: &Map<String, Value>) -> Result<(Checked, Order), Reject> {
        let unknown = || Reject {
            field: Some("operation".into()),
            ..Reject::new(RejectCode::UnknownOperation, format!("{} has no {operation}", super::NAME))
        };
        let command = commands::find(operation).ok_or_else(unknown)?;
        let (checked, order) = (command.order)(params, &self.rules, &self.levels)?;
        match codec::lacks(&order, &self.protocol) {
            Some(field) => {
                Err(Reject::param(field, format!("protocol {} has no words for it; 5.0 has", self.protocol)))
            }
            None => Ok((checked, order)),
        }
    }

    /// Checks parameters that state everything.
    fn check_whole(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        let (checked, order) = self.order(operation, params)?;
        self.finish(operation, order, &"x".repeat(LONGEST_TRANSACTION))?;
        Ok(checked)
    }

    /// Whether this is the newest protocol: earlier ones show less.
    pub fn is_current(&self) -> bool {
        codec::is_current(&self.protocol)
    }

    /// The registrar's id; empty if unknown.
    pub fn reg_acc(&self) -> &str {
        &self.rules.reg_acc
    }

    /// What kind of order a request in the registry's own words is.
    pub fn understood(&self, params: &Map<String, Value>) -> Operation {
        let order = self.order(Operation::Raw, params);
        order.map_or(Operation::Raw, |(_, order)| commands::operation_of(&order))
    }

    /// Writes a request for the wire; only what writes gets the transaction id.
    fn finish(&self, operation: Operation, mut order: Order, transaction: &str) -> Result<Prepared, Reject> {
        order.transaction = order.action.writes().then(|| transaction.to_owned());
        let too_long =
            |reason| Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) };
        let bytes = self.write(&order).map_err(too_long)?;
        Ok(Prepared { bytes, operation, transaction: order.transaction })
    }
}

impl Dialect for Rri {
    fn check(&self, operation: Operation, params: &Map<String, Value>) -> Result<Checked, Reject> {
        if !merge::is_wanted(operation, params) {
            let checked = self.check_whole(operation, params)?;
            if operation == Operation::DomainAuthcodeCreate {
                commands::in_time(params, Timestamp::now())?;
            }
            return Ok(checked);
        }
        let whole = merge::stand_ins(operation, params, &self.rules.reg_acc, &self.protocol)?;
        let mut checked = self.check_whole(operation, &whole)?;
        merge::keep_stated(&mut checked.warnings, params);
        Ok(checked)
    }

    fn reads_first(&self, operation: Operation, params: &Map<String, Value>) -> Result<Option<Prepared>, Reject> {
        if !merge::is_wanted(operation, params) {
            return Ok(None);
        }
        self.check(operation, params)?;
        let question = merge::ask(operation, params);
        question.map(|(question, asked)| self.prepare(question, &asked, "")).transpose()
    }

    fn complete(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        shown: &Answer,
    ) -> Result<Map<String, Value>, Box<Judgement>> {
        match object::of(operation, params) {
            Some(object) => merge::complete(operation, params, shown, &object, &self.rules.reg_acc),
            None => Err(Box::new(Judgement::plain(Verdict::Refused("the job names no object".into())))),
        }
    }

    fn prepare(
        &self,
        operation: Operation,
        params: &Map<String, Value>,
        transaction: &str,
    ) -> Result<Prepared, Reject> {
        let visible = transaction.chars().all(|character| !character.is_control() && !character.is_whitespace());
        let length = transaction.chars().count();
        if operation.writes() && !(visible && (3..=LONGEST_TRANSACTION).contains(&length)) {
            let rule = "the transaction id must be 3 to 64 visible characters";
            return Err(Reject::new(RejectCode::InvalidJob, rule));
        }
        let (_, order) = self.order(operation, params)?;
        // The answer to a request in the registry's own words is that of the operation it is.
        let asked = if operation == Operation::Raw { commands::operation_of(&order) } else { operation };
        self.finish(asked, order, transaction)
    }

    fn decode(&self, operation: Operation, bytes: &[u8]) -> Result<Answer, String> {
        let reply = match codec::read(bytes) {
            Ok(reply) => reply,
            Err(reason) if operation == Operation::MessageRead => return queue_read::salvage(bytes).ok_or(reason),
            Err(reason) => return Err(reason),
        };
        let command = commands::find(operation).filter(|_| reply.succeeded());
        let data = command.map_or(Value::Null, |command| (command.data)(&reply.data));
        Ok(answer(reply, data))
    }

    fn judge(&self, operation: Operation, answer: &Answer) -> Judgement {
        outcome::judge(operation, answer)
    }

    fn reconcile(&self, doubt: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::next(self, &self.rules.reg_acc, doubt, heard)
    }

    fn follow_up(&self, order: &Doubt<'_>, heard: &[Answer]) -> Step {
        reconcile::follow_up(self, &self.rules.reg_acc, order, heard)
    }

    fn opened(&self, answer: &Answer) -> Option<Result<(), OpenError>> {
        Some(outcome::login(answer).opened())
    }

    fn explain(&self, operation: Operation, code: &str) -> Option<Explanation> {
        outcome::explain(operation, code)
    }

    fn by_hand(&self, operation: Operation, params: &Map<String, Value>) -> Result<String, Reject> {
        by_hand::text(operation, params, &self.rules, &self.levels)
    }

    fn calendar(&self, heard: &Heard<'_>) -> Vec<deadline::Word> {
        calendar::calendar(self, heard)
    }

    fn mailbox(&self) -> Option<&dyn Mailbox> {
        Some(self)
    }

    fn frame(&self, payload: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
        frame::encode(payload).map_err(|error| error.to_string())
    }

    fn unframe<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        // A payload is text and never begins with NUL; a length below 16 MiB always does.
        match bytes.first() {
            Some(0) => frame::payload(bytes).map_err(|error| format!("this is no whole frame: {error}")),
            _ => Ok(bytes),
        }
    }
}

/// Whether a name is a registrar's id: `DENIC-` and digits. Only then can it be compared with handles.
pub fn is_reg_acc(name: &str) -> bool {
    let is_denic = |prefix: &str| prefix.eq_ignore_ascii_case("DENIC");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('-').is_some_and(|(prefix, number)| is_denic(prefix) && digits(number))
}

/// An answer in the common shape. An answer that shows nothing has no data.
pub fn answer(reply: Reply, data: Value) -> Answer {
    if reply.server_transactions.len() > 1 {
        tracing::debug!(transactions = ?reply.server_transactions, "an answer with more than one STID; the first counts");
    }
    let empty = data.as_object().is_some_and(Map::is_empty);
    Answer {
        result: reply.result,
        messages: reply.messages,
        server_transaction: reply.server_transactions.into_iter().next(),
        client_transaction: reply.client_transaction,
        data: if empty { Value::Null } else { data },
    }
}
