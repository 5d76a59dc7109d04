//! The commands: one file each or a close family, in the order parameters, attributes, tests. `access` and `sw_register` hold
//! what several of them share. An operation may be several commands; which one a job means is told by its parameters
//! ([`When`]). A new command is a file and a row in [`COMMANDS`].

pub mod access;
mod attributes;
mod belongs_to_rsp;
mod check_transfer;
mod event;
mod find;
mod get_balance;
mod get_deleted_domains;
mod get_domain;
mod get_domains_by_expiredate;
mod get_orders_by_domain;
mod get_price;
mod lookup;
mod modify;
mod nameserver;
mod order_info;
mod pending;
pub mod raw;
mod redeem;
mod register;
mod registry_nameserver;
mod renew;
mod revoke;
mod send_authcode;
pub mod set_cookie;
mod sw_register;
mod transfer;
mod transfer_order;
mod transfers;
mod update_contacts;
mod update_nameservers;
mod verification;

pub use find::{When, find};

use std::fmt;
use std::net::IpAddr;

use serde_json::{Map, Value};

use self::attributes::Attributes;
use super::codec::tree::{Item, Node};
use super::params::{self, EVERYWHERE, Params, refuse};
use crate::model::Operation::{
    AccountInfo, DomainAuthcodeCreate, DomainAuthcodeRequest, DomainChangeHolder, DomainCheck, DomainCreate,
    DomainDelete, DomainInfo, DomainRenew, DomainRestore, DomainTransfer, DomainUpdate, HostCheck, HostCreate,
    HostDelete, HostInfo, HostUpdate, MessageDelete, MessageRead, OrderCancel, OrderInfo, OrderProcess,
};
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};
use crate::registries::Checked;

/// What the commands a job can ask for are made of. Within an operation the first row counts whose condition holds.
pub const COMMANDS: &[Command] = &[
    command::<lookup::Lookup>(DomainCheck, When::Otherwise),
    command::<get_price::GetPrice>(DomainCheck, When::Asks("price")),
    command::<check_transfer::CheckTransfer>(DomainCheck, When::Asks("transfer")),
    command::<belongs_to_rsp::BelongsToRsp>(DomainCheck, When::Asks("ours")),
    command::<get_domain::GetDomain>(DomainInfo, When::Otherwise),
    command::<get_orders_by_domain::GetOrders>(DomainInfo, When::Asks("orders")),
    command::<transfers::OfDomain<false>>(DomainInfo, When::Asks("transfers_in")),
    command::<transfers::OfDomain<true>>(DomainInfo, When::Asks("transfers_away")),
    command::<verification::Status>(DomainInfo, When::Asks("verification")),
    command::<register::Register>(DomainCreate, When::Otherwise),
    command::<transfer::Transfer>(DomainTransfer, When::Otherwise),
    command::<renew::Renew>(DomainRenew, When::Otherwise),
    command::<update_contacts::UpdateContacts>(DomainUpdate, When::States(&["contacts"])),
    command::<update_nameservers::Assign>(DomainUpdate, When::States(&["nserver"])),
    command::<update_nameservers::AddRemove>(DomainUpdate, When::States(&["add_nserver", "remove_nserver"])),
    command::<modify::ExpireAction>(DomainUpdate, When::States(&["auto_renew", "let_expire"])),
    command::<modify::Lock>(DomainUpdate, When::States(&["lock"])),
    command::<modify::Privacy>(DomainUpdate, When::States(&["privacy"])),
    command::<modify::Parked>(DomainUpdate, When::States(&["parked"])),
    command::<verification::SendEmail>(DomainUpdate, When::States(&["resend_verification"])),
    command::<update_contacts::ChangeOwner>(DomainChangeHolder, When::Otherwise),
    command::<revoke::Revoke>(DomainDelete, When::Otherwise),
    command::<redeem::Redeem>(DomainRestore, When::Otherwise),
    command::<modify::AuthCode>(DomainAuthcodeCreate, When::Otherwise),
    command::<send_authcode::SendAuthcode>(DomainAuthcodeRequest, When::Otherwise),
    command::<registry_nameserver::Check>(HostCheck, When::Otherwise),
    command::<nameserver::Get>(HostInfo, When::Otherwise),
    command::<nameserver::Create>(HostCreate, When::Otherwise),
    command::<registry_nameserver::Add>(HostCreate, When::States(&["tld", "all"])),
    command::<nameserver::Modify>(HostUpdate, When::Otherwise),
    command::<nameserver::Delete>(HostDelete, When::Otherwise),
    command::<get_balance::GetBalance>(AccountInfo, When::Otherwise),
    command::<get_domains_by_expiredate::Expiring>(AccountInfo, When::Asks("expiring")),
    command::<get_deleted_domains::Deleted>(AccountInfo, When::Asks("deleted")),
    command::<transfers::OfAccount<false>>(AccountInfo, When::Asks("transfers_in")),
    command::<transfers::OfAccount<true>>(AccountInfo, When::Asks("transfers_away")),
    command::<order_info::OrderById>(OrderInfo, When::Otherwise),
    command::<order_info::QueuedRequest>(OrderInfo, When::States(&["queue_request_id"])),
    command::<pending::Process>(OrderProcess, When::Otherwise),
    command::<transfer_order::Process>(OrderProcess, When::Says("transfer")),
    command::<pending::Cancel>(OrderCancel, When::Otherwise),
    command::<transfer_order::Cancel>(OrderCancel, When::Says("transfer")),
    command::<pending::CancelAll>(OrderCancel, When::States(&["all_until"])),
    command::<event::Poll>(MessageRead, When::Otherwise),
    command::<event::Ack>(MessageDelete, When::Otherwise),
];

/// The operations a job can ask for: those of [`COMMANDS`], and requests in the registry's own words.
pub const OPERATIONS: &[Operation] = &{
    // Rows of one operation stand together.
    const COUNT: usize = {
        let (mut count, mut at) = (1, 0);
        while at < COMMANDS.len() {
            count += is_first(at) as usize;
            at += 1;
        }
        count
    };
    let mut operations = [Operation::Raw; COUNT];
    let (mut next, mut at) = (0, 0);
    while at < COMMANDS.len() {
        if is_first(at) {
            operations[next] = COMMANDS[at].operation;
            next += 1;
        }
        at += 1;
    }
    operations
};

const fn is_first(at: usize) -> bool {
    at == 0 || COMMANDS[at - 1].operation as usize != COMMANDS[at].operation as usize
}

/// What the rules for parameters depend on besides the parameters.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The reseller's user name, which some commands repeat; empty if unknown.
    pub reseller: String,
}

impl Rules {
    /// The reseller's user name, if it is known.
    fn named(&self) -> Option<&str> {
        Some(self.reseller.as_str()).filter(|name| !name.is_empty())
    }

    /// The key of the account as a whole.
    fn account(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Account, &self.reseller)
    }
}

/// A command on its way out.
#[derive(Clone)]
pub struct Order {
    /// The verb, for example `SW_REGISTER`.
    pub action: &'static str,
    /// What it is about, for example `DOMAIN`.
    pub object: &'static str,
    /// Items beside `protocol`, `action`, `object` and `attributes`: `cookie`, `registrant_ip`.
    pub beside: Vec<(&'static str, String)>,
    /// The attributes; nothing where there are none.
    pub attributes: Option<Node>,
}

impl Order {
    /// The data of its message (reference 4.1).
    pub fn root(self) -> Node {
        let head = [("protocol", "XCP".to_owned()), ("action", self.action.into()), ("object", self.object.into())];
        let item = |(key, text): (&str, String)| Item { key: key.to_owned(), class: None, value: Node::Scalar(text) };
        let mut items: Vec<Item> = head.into_iter().chain(self.beside).map(item).collect();
        items.extend(self.attributes.map(|value| Item { key: "attributes".into(), class: None, value }));
        Node::Assoc(items)
    }
}

/// Without what it says: it may hold passwords.
impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("action", &self.action).field("object", &self.object).finish_non_exhaustive()
    }
}

/// A command with its parameters.
trait Request: Sized {
    /// The registry's verb.
    const ACTION: &'static str;
    /// What the registry says it is about.
    const OBJECT: &'static str = "DOMAIN";
    /// The names of its parameters.
    const PARAMS: &'static [&'static str];

    /// Checks the parameters.
    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject>;
    /// The object it works on.
    fn object(&self, rules: &Rules) -> ObjectKey;
    /// The cookie that goes with it, if one does.
    fn cookie(&self) -> Option<String> {
        None
    }
    /// What it says, in the order of the registry's samples.
    fn attributes(self, transaction: &str, rules: &Rules) -> Attributes;
}

/// Parameters, transaction id and rules to the object they name and the command they ask for.
pub type MakeOrder = fn(&Map<String, Value>, &str, &Rules) -> Result<(Checked, Order), Reject>;

/// A row of the table of commands.
pub struct Command {
    /// The operation of a job.
    pub operation: Operation,
    /// Which jobs with that operation it is for.
    pub when: When,
    /// The registry's verb.
    pub action: &'static str,
    /// What the registry says it is about.
    pub object: &'static str,
    /// The names of its parameters.
    params: &'static [&'static str],
    order: MakeOrder,
}

const fn command<R: Request>(operation: Operation, when: When) -> Command {
    Command { operation, when, action: R::ACTION, object: R::OBJECT, params: R::PARAMS, order: made::<R> }
}

fn made<R: Request>(params: &Map<String, Value>, transaction: &str, rules: &Rules) -> Result<(Checked, Order), Reject> {
    let params = params::read(params, R::PARAMS)?;
    let request = R::read(&params, rules)?;
    let checked = request.object(rules).into();
    let cookie = request.cookie().map(|cookie| ("cookie", cookie));
    let beside = cookie.into_iter().chain(registrant_ip(&params)?.map(|address| (EVERYWHERE, address))).collect();
    let attributes = request.attributes(transaction, rules).node();
    Ok((checked, Order { action: R::ACTION, object: R::OBJECT, beside, attributes }))
}

/// The address of whoever ordered it: it should be real, since it is evidence in disputes.
fn registrant_ip(params: &Params<'_>) -> Result<Option<String>, Reject> {
    let Some(value) = params.optional(EVERYWHERE)? else { return Ok(None) };
    match value.parse::<IpAddr>() {
        Ok(address) => Ok(Some(address.to_string())),
        Err(_) => Err(refuse(EVERYWHERE, "must be an IPv4 or IPv6 address", &value)),
    }
}

/// Checks parameters and makes the command. `transaction` becomes the order's `affiliate_id` where the command has one.
///
/// # Errors
/// The operation is not one of this registry, or a parameter is missing, unknown or outside its rule.
pub fn order(
    operation: Operation,
    params: &Map<String, Value>,
    transaction: &str,
    rules: &Rules,
) -> Result<(Checked, Order), Reject> {
    (find(operation, params)?.order)(params, transaction, rules)
}

#[cfg(test)]
mod tests;
