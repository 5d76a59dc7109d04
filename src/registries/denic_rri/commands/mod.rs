//! The commands: one file each, in the order request, writing, reading its answer, tests. `contact`, `domain`, `auth_info`
//! and `whole` hold what several of them share. A new command is a file and a row in [`COMMANDS`].

mod account_info;
mod auth_info;
mod contact;
mod contact_check;
mod contact_create;
mod contact_info;
mod contact_update;
mod domain;
mod domain_authcode_check;
mod domain_authcode_create;
mod domain_authcode_delete;
mod domain_authcode_request;
mod domain_change_holder;
mod domain_check;
mod domain_create;
mod domain_delete;
mod domain_info;
mod domain_restore;
mod domain_transfer;
mod domain_transit;
mod domain_update;
pub mod login;
pub mod logout;
pub mod queue_delete;
pub mod queue_read;
pub mod raw;
mod shown;
pub mod whole;

pub use auth_info::in_time;
pub use contact::{DATA as CONTACT, differences};
pub use domain::holders;
pub use domain::{name as domain_name, name_items};

use serde_json::{Map, Value};

use super::check::rules::{Findings, Levels};
use super::codec::tree::{Action, Block, Item, Order};
use super::params::Params;
use crate::model::{ObjectKey, Operation, Reject};
use crate::registries::Checked;

/// What the commands a job can ask for are made of.
pub const COMMANDS: &[Command] = &[
    command::<contact_check::ContactCheck>(),
    command::<contact_info::ContactInfo>(),
    command::<contact_create::ContactCreate>(),
    command::<contact_update::ContactUpdate>(),
    command::<domain_check::DomainCheck>(),
    command::<domain_info::DomainInfo>(),
    command::<domain_create::DomainCreate>(),
    command::<domain_update::DomainUpdate>(),
    command::<domain_change_holder::DomainChangeHolder>(),
    command::<domain_transfer::DomainTransfer>(),
    command::<domain_delete::DomainDelete>(),
    command::<domain_restore::DomainRestore>(),
    command::<domain_transit::DomainTransit>(),
    command::<domain_authcode_create::AuthcodeCreate>(),
    command::<domain_authcode_delete::AuthcodeDelete>(),
    command::<domain_authcode_request::AuthcodeRequest>(),
    command::<domain_authcode_check::AuthcodeCheck>(),
    command::<account_info::AccountInfo>(),
    command::<queue_read::QueueRead>(),
    command::<queue_delete::QueueDelete>(),
    raw::COMMAND,
];

/// The operations of [`COMMANDS`].
pub const OPERATIONS: &[Operation] = &{
    let mut operations = [Operation::Raw; COMMANDS.len()];
    let mut at = 0;
    while at < operations.len() {
        operations[at] = COMMANDS[at].operation;
        at += 1;
    }
    operations
};

/// What the rules for parameters depend on besides the parameters.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The registrar's own id (`DENIC-1000022`); empty if unknown.
    pub reg_acc: String,
}

/// A request with its parameters, and how its answer is read.
trait Request: Sized {
    /// The operation of a job.
    const OPERATION: Operation;
    /// The registry's words for it.
    const ACTION: Action;
    /// The names of its parameters.
    const PARAMS: &'static [&'static str];

    /// Checks the parameters.
    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject>;
    /// The object it works on.
    fn object(&self) -> ObjectKey;
    /// What it says, in the order of the XML schema.
    fn items(self) -> Vec<Item>;
    /// What its answer shows; null where an answer shows nothing.
    fn data(answer: &Block) -> Value;
}

/// Parameters to the object they name (with what an account only warns of) and the request they ask for.
pub type MakeOrder = fn(&Map<String, Value>, &Rules, &Levels) -> Result<(Checked, Order), Reject>;

/// A row of the table of commands.
pub struct Command {
    /// The operation of a job.
    pub operation: Operation,
    /// The registry's words for it; nothing of a request in one's own.
    pub action: Option<Action>,
    /// Checks parameters and makes the request, still without a transaction id.
    pub order: MakeOrder,
    /// Reads what its answer shows.
    pub data: fn(&Block) -> Value,
}

const fn command<R: Request>() -> Command {
    Command { operation: R::OPERATION, action: Some(R::ACTION), order: judged::<R>, data: R::data }
}

fn judged<R: Request>(params: &Map<String, Value>, rules: &Rules, levels: &Levels) -> Result<(Checked, Order), Reject> {
    let params = Params::judged(params, R::PARAMS, Findings::new(levels))?;
    let request = R::read(&params, rules)?;
    let checked = Checked { object: request.object(), warnings: params.warnings() };
    Ok((checked, Order::new(R::ACTION, request.items())))
}

/// A request by rules at their own levels.
#[cfg(test)]
fn order<R: Request>(params: &Map<String, Value>, rules: &Rules) -> Result<(ObjectKey, Order), Reject> {
    judged::<R>(params, rules, &Levels::default()).map(|(checked, order)| (checked.object, order))
}

/// The operation that a request is, whoever wrote it: the first of those with its words.
pub fn operation_of(order: &Order) -> Operation {
    COMMANDS
        .iter()
        .find(|command| command.action == Some(order.action))
        .map_or(Operation::Raw, |command| command.operation)
}

/// The row of an operation.
pub fn find(operation: Operation) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.operation == operation)
}

#[cfg(test)]
mod tests;
