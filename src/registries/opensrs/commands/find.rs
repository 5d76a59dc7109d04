//! Which command a job means.

use serde_json::{Map, Value};

use super::super::params::refuse;
use super::{COMMANDS, Command};
use crate::model::request::RejectCode;
use crate::model::{Operation, Reject};

/// The parameter of an operation that asks one of several things.
const QUESTION: &str = "question";

/// Which of an operation's commands a job means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// None of the others.
    Otherwise,
    /// The parameter `question` has this word.
    Asks(&'static str),
    /// One of these parameters is there.
    States(&'static [&'static str]),
    /// This parameter is true.
    Says(&'static str),
}

impl When {
    /// The parameter that makes the condition hold.
    fn holds(self, params: &Map<String, Value>) -> Option<&'static str> {
        let has = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
        match self {
            Self::Otherwise => None,
            Self::Asks(word) => (params.get(QUESTION).and_then(Value::as_str) == Some(word)).then_some(QUESTION),
            Self::States(names) => names.iter().copied().find(|name| has(name)),
            Self::Says(name) => (params.get(name) == Some(&Value::Bool(true))).then_some(name),
        }
    }
}

/// The row for a job.
///
/// # Errors
/// The registry has no such operation; or the job asks for nothing it knows, for nothing, or for two things at once.
pub fn find(operation: Operation, params: &Map<String, Value>) -> Result<&'static Command, Reject> {
    let rows = || COMMANDS.iter().filter(|command| command.operation == operation);
    if rows().next().is_none() {
        let reason = format!("{} has no {operation}", super::super::NAME);
        return Err(Reject { field: Some("operation".into()), ..Reject::new(RejectCode::UnknownOperation, reason) });
    }
    unknown_question(params, rows())?;
    let mut meant = rows().filter_map(|command| Some((command, command.when.holds(params)?)));
    match (meant.next(), meant.next()) {
        (Some((_, one)), Some((_, other))) => {
            Err(Reject::param(other, format!("one job makes one change, and this one makes another with `{one}`")))
        }
        (Some((command, _)), _) => Ok(command),
        (None, _) => rows().find(|command| command.when == When::Otherwise).ok_or_else(|| nothing(rows())),
    }
}

fn unknown_question<'a>(params: &Map<String, Value>, rows: impl Iterator<Item = &'a Command>) -> Result<(), Reject> {
    let words: Vec<&str> =
        rows.filter_map(|row| if let When::Asks(word) = row.when { Some(word) } else { None }).collect();
    let rule = || format!("must be one of {}", words.join(", "));
    match params.get(QUESTION) {
        // An operation without questions refuses the parameter as it does any other it does not know.
        None | Some(Value::Null) => Ok(()),
        Some(_) if words.is_empty() => Ok(()),
        Some(Value::String(word)) if words.contains(&word.as_str()) => Ok(()),
        Some(Value::String(word)) => Err(refuse(QUESTION, &rule(), word)),
        Some(_) => Err(Reject::param(QUESTION, rule())),
    }
}

/// A job that asks for no change at all.
fn nothing<'a>(rows: impl Iterator<Item = &'a Command>) -> Reject {
    let names = rows.flat_map(|row| if let When::States(names) = row.when { names } else { &[] });
    let names: Vec<&str> = names.copied().collect();
    let reason = format!("states no change; there are {}", names.join(", "));
    Reject { field: Some("params".into()), ..Reject::new(RejectCode::InvalidParameter, reason) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(operation: Operation, params: Value) -> Result<&'static str, (String, String)> {
        let found = find(operation, params.as_object().unwrap());
        found.map(|command| command.action).map_err(|reject| (reject.field.unwrap_or_default(), reject.reason))
    }

    #[test]
    fn parameters_tell_which_command_is_meant() {
        use Operation::{DomainCheck, DomainUpdate, HostCreate, OrderCancel};
        for (operation, params, action) in [
            (DomainCheck, json!({}), "LOOKUP"),
            (DomainCheck, json!({"question": null}), "LOOKUP"),
            (DomainCheck, json!({"question": "ours"}), "BELONGS_TO_RSP"),
            (DomainUpdate, json!({"remove_nserver": [], "add_nserver": ["x"]}), "ADVANCED_UPDATE_NAMESERVERS"),
            (DomainUpdate, json!({"lock": false}), "MODIFY"),
            (HostCreate, json!({"all": true}), "REGISTRY_ADD_NS"),
            (HostCreate, json!({"domain": "example.com"}), "CREATE"),
            (OrderCancel, json!({"transfer": true}), "CANCEL_TRANSFER"),
            (OrderCancel, json!({"transfer": false}), "PROCESS_PENDING"),
            (OrderCancel, json!({"all_until": 1}), "CANCEL_PENDING_ORDERS"),
        ] {
            assert_eq!(found(operation, params.clone()), Ok(action), "{operation} {params}");
        }
    }

    #[test]
    fn one_job_is_one_command() {
        use Operation::{ContactCreate, DomainCheck, DomainUpdate};
        for (operation, params, field, part) in [
            (ContactCreate, json!({}), "operation", "opensrs has no contact.create"),
            (DomainCheck, json!({"question": "whose"}), "params.question", "one of price, transfer, ours; got `whose`"),
            (DomainCheck, json!({"question": 7}), "params.question", "one of price"),
            (DomainUpdate, json!({"domain": "example.com"}), "params", "no change; there are contacts, nserver"),
            (DomainUpdate, json!({"lock": true, "privacy": true}), "params.privacy", "another with `lock`"),
            (DomainUpdate, json!({"nserver": [], "add_nserver": []}), "params.add_nserver", "another with `nserver`"),
        ] {
            let (at, reason) = found(operation, params.clone()).unwrap_err();
            assert!(at == field && reason.contains(part), "{operation} {params}: {at}: {reason}");
        }
    }
}
