//! The commands: one file each, in the order request, writing, reading its answer, tests.

use serde_json::{Map, Value};

use super::codec::tree::Node;
use crate::model::{Operation, Reject};
use crate::registries::Checked;

/// The operations a job can ask for.
pub const OPERATIONS: &[Operation] = &[];

/// What the rules for parameters depend on besides the parameters.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The reseller's user name, which some commands repeat; empty if unknown.
    pub reseller: String,
}

/// A command on its way out.
#[derive(Clone, Debug)]
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

/// Checks parameters and makes the command. `transaction` becomes the order's `affiliate_id` where the command has one.
///
/// # Errors
/// The operation is not one of this registry, or a parameter is missing, unknown or outside its rule.
pub fn order(
    operation: Operation,
    _params: &Map<String, Value>,
    _transaction: &str,
    _rules: &Rules,
) -> Result<(Checked, Order), Reject> {
    Err(Reject::param("operation", format!("{} has no {operation}", super::NAME)))
}
