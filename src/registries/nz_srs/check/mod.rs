//! The rules for parameters, by what they are about. Each reject names the field, the rule and the value.

pub mod contact;
pub mod dns;
pub mod names;
mod values;

pub use values::{action_id, date_range, email, handle, is_transaction, registrar_id, required_term, term, udai};
