//! The commands: one file each, in the order parameters, lines, tests. `entity` has what they act on, `session` those that
//! open and close a session and are no job's business. A new command is a file and a row in [`COMMANDS`].

mod add_domain;
mod add_host;
mod check;
mod del;
pub mod describe;
pub mod entity;
mod mod_domain;
mod mod_host;
pub mod raw;
mod renew;
pub mod session;
mod status;
mod transfer;

use serde_json::{Map, Value};

use self::entity::{Domain, Host};
use super::codec::{Line, Request as Written};
use crate::model::Operation::{
    AccountInfo, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainTransfer,
    DomainTransferApprove, DomainTransferReject, DomainUpdate, HostCheck, HostCreate, HostDelete, HostInfo, HostUpdate,
    OrderCancel,
};
use crate::model::params::Params;
use crate::model::request::RejectCode;
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};
use crate::registries::Checked;

/// What the commands a job can ask for are made of.
pub const COMMANDS: &[Command] = &[
    command::<check::Check<Domain>>(DomainCheck),
    command::<status::Status<Domain>>(DomainInfo),
    command::<add_domain::AddDomain>(DomainCreate),
    command::<mod_domain::ModDomain>(DomainUpdate),
    command::<renew::Renew>(DomainRenew),
    command::<transfer::Transfer>(DomainTransfer),
    command::<transfer::Decide<true>>(DomainTransferApprove),
    command::<transfer::Decide<false>>(DomainTransferReject),
    command::<del::Del<Domain>>(DomainDelete),
    command::<check::Check<Host>>(HostCheck),
    command::<status::Status<Host>>(HostInfo),
    command::<add_host::AddHost>(HostCreate),
    command::<mod_host::ModHost>(HostUpdate),
    command::<del::Del<Host>>(HostDelete),
    command::<describe::Describe>(AccountInfo),
    command::<transfer::Cancel>(OrderCancel),
];

/// The operations a job can ask for: those of [`COMMANDS`], and requests in the registry's own words.
pub const OPERATIONS: &[Operation] = &{
    let mut operations = [Operation::Raw; COMMANDS.len() + 1];
    let mut at = 0;
    while at < COMMANDS.len() {
        operations[at] = COMMANDS[at].operation;
        at += 1;
    }
    operations
};

/// What the rules for parameters depend on besides the parameters.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The registrar's id; empty if unknown.
    pub user: String,
    /// Whether protocol 2.0.0 is spoken: name servers may have addresses of version 6, and whoever asked for a transfer may
    /// take that back.
    pub is_current: bool,
}

impl Rules {
    /// The key of the account as a whole.
    pub fn account(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Account, &self.user)
    }
}

/// A command with its parameters.
trait Request: Sized {
    /// The registry's name for it.
    const VERB: &'static str;
    /// The names of its parameters.
    const PARAMS: &'static [&'static str];

    /// Checks the parameters.
    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject>;
    /// The object it works on.
    fn object(&self, rules: &Rules) -> ObjectKey;
    /// Its lines, in the order of the grammar (reference 5).
    fn lines(self) -> Vec<Line>;
}

/// Parameters and rules to the object they name and the command they ask for.
type Make = fn(&Map<String, Value>, &Rules) -> Result<(Checked, Written), Reject>;

/// A row of the table of commands.
pub struct Command {
    /// The operation of a job.
    pub operation: Operation,
    make: Make,
}

const fn command<R: Request>(operation: Operation) -> Command {
    Command { operation, make: made::<R> }
}

fn made<R: Request>(params: &Map<String, Value>, rules: &Rules) -> Result<(Checked, Written), Reject> {
    let request = R::read(&Params::new(params, R::PARAMS)?, rules)?;
    let checked = request.object(rules).into();
    Ok((checked, Written { verb: R::VERB.to_owned(), lines: request.lines() }))
}

/// Checks parameters and makes the command.
///
/// # Errors
/// The operation is not one of this registry, or a parameter is missing, unknown or outside its rule.
pub fn make(operation: Operation, params: &Map<String, Value>, rules: &Rules) -> Result<(Checked, Written), Reject> {
    match COMMANDS.iter().find(|command| command.operation == operation) {
        Some(command) => (command.make)(params, rules),
        None => {
            let reason = format!("{} has no {operation}", super::NAME);
            Err(Reject { field: Some("operation".into()), ..Reject::new(RejectCode::UnknownOperation, reason) })
        }
    }
}

/// A job that asks for no change at all.
fn no_change(names: &[&str]) -> Reject {
    let reason = format!("states no change; there are {}", names.join(", "));
    Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) }
}

#[cfg(test)]
mod tests;
