//! The actions a job can ask for, one file each or a close family: parameters, element, tests. An operation may be several
//! actions; which one a job means is told by its parameter `question`. A new one is a file and a row in [`COMMANDS`].

pub mod action_details_qry;
mod domain_cancel;
mod domain_create;
mod domain_details_qry;
pub mod domain_renew;
mod domain_transfer;
mod domain_update;
mod handle_create;
mod handle_details_qry;
mod handle_update;
pub mod messages;
mod new_udai;
pub mod raw;
mod registrar_account_qry;
mod registrar_details_qry;
mod udai_valid_qry;
mod whois;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::codec::{self, tree::Element};
use super::params::{Params, refuse};
use crate::model::Operation::{
    AccountInfo, ContactCheck, ContactCreate, ContactInfo, ContactUpdate, DomainAuthcodeCheck, DomainAuthcodeCreate,
    DomainChangeHolder, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew, DomainRestore,
    DomainTransfer, DomainUpdate, MessageDelete, MessageRead,
};
use crate::model::request::RejectCode;
use crate::model::{ObjectKey, ObjectKind, Operation, Reject};

/// The table: operation, the word of `question` that means it, the action. Rows of one operation stand together, the one
/// without a word first.
pub const COMMANDS: &[Command] = &[
    command::<whois::Check>(DomainCheck, None),
    command::<domain_details_qry::Info>(DomainInfo, None),
    command::<whois::Public>(DomainInfo, Some("public")),
    command::<domain_create::Create>(DomainCreate, None),
    command::<domain_update::Update>(DomainUpdate, None),
    command::<domain_update::ChangeHolder>(DomainChangeHolder, None),
    command::<domain_renew::Renew>(DomainRenew, None),
    command::<domain_transfer::Transfer>(DomainTransfer, None),
    command::<domain_cancel::Cancel>(DomainDelete, None),
    command::<domain_cancel::Uncancel>(DomainRestore, None),
    command::<new_udai::NewUdai>(DomainAuthcodeCreate, None),
    command::<udai_valid_qry::UdaiValid>(DomainAuthcodeCheck, None),
    command::<handle_details_qry::Details>(ContactCheck, None),
    command::<handle_details_qry::Details>(ContactInfo, None),
    command::<handle_create::Create>(ContactCreate, None),
    command::<handle_update::Update>(ContactUpdate, None),
    command::<registrar_details_qry::Details>(AccountInfo, None),
    command::<registrar_account_qry::Bills>(AccountInfo, Some("bills")),
    command::<action_details_qry::Details>(AccountInfo, Some("action")),
    command::<domain_details_qry::List>(AccountInfo, Some("domains")),
    command::<messages::Get>(MessageRead, None),
    command::<messages::Ack>(MessageDelete, None),
];

/// The operations a job can ask for: those of [`COMMANDS`], and requests in the registry's own words.
pub const OPERATIONS: &[Operation] = &[
    DomainCheck,
    DomainInfo,
    DomainCreate,
    DomainUpdate,
    DomainChangeHolder,
    DomainRenew,
    DomainTransfer,
    DomainDelete,
    DomainRestore,
    DomainAuthcodeCreate,
    DomainAuthcodeCheck,
    ContactCheck,
    ContactInfo,
    ContactCreate,
    ContactUpdate,
    AccountInfo,
    MessageRead,
    MessageDelete,
    Operation::Raw,
];

/// The parameter of an operation that asks one of several things.
const QUESTION: &str = "question";

/// What the rules for parameters depend on besides the parameters.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Our registrar id, if it is known.
    pub registrar: Option<String>,
}

impl Rules {
    /// The key of the account as a whole.
    fn account(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Account, self.registrar.as_deref().unwrap_or_default())
    }
}

/// An action with its parameters.
trait Request: Sized {
    /// The names of its parameters, `question` aside.
    const PARAMS: &'static [&'static str];

    /// Checks the parameters.
    fn read(params: &Params<'_>, rules: &Rules) -> Result<Self, Reject>;
    /// The object it works on.
    fn object(&self, rules: &Rules) -> ObjectKey;
    /// The action's element; `id` is its `ActionId` or `QryId`.
    fn action(&self, id: &str, rules: &Rules) -> Element;
    /// A query that goes in front of it, in the same document.
    fn before(&self, _id: &str) -> Option<Element> {
        None
    }
}

/// Parameters and transaction id to the object they name and the document they ask for.
type Make = fn(&Map<String, Value>, &str, &Rules) -> Result<Made, Reject>;

/// A row of the table of commands.
pub struct Command {
    operation: Operation,
    question: Option<&'static str>,
    make: Make,
}

/// A request on its way out.
pub struct Made {
    /// What it works on.
    pub object: ObjectKey,
    /// The id of its action, which the answer echoes.
    pub id: String,
    /// The document.
    pub root: Element,
}

const fn command<R: Request>(operation: Operation, question: Option<&'static str>) -> Command {
    Command { operation, question, make: made::<R> }
}

fn made<R: Request>(params: &Map<String, Value>, transaction: &str, rules: &Rules) -> Result<Made, Reject> {
    let named = [R::PARAMS, &[QUESTION]].concat();
    let params = Params::new(params, &named)?;
    let request = R::read(&params, rules)?;
    let document = |id: &str| document(request.before(id).into_iter().chain([request.action(id, rules)]));
    let id = match transaction {
        "" => fingerprint(&document("")),
        id => id.to_owned(),
    };
    Ok(Made { object: request.object(rules), root: document(&id), id })
}

/// A document of these actions. `RegistrarId` is left out: it could only be our own.
pub fn document(actions: impl IntoIterator<Item = Element>) -> Element {
    Element::new("NZSRSRequest").with("VerMajor", "8").with("VerMinor", "0").all(actions)
}

/// The id of a question that has no transaction: made of what it asks, so that the same question has the same bytes.
pub fn fingerprint(root: &Element) -> String {
    let bytes = codec::write(root).unwrap_or_default();
    let digest: String = Sha256::digest(&*bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("q-{digest}")
}

/// Checks parameters and makes the document.
///
/// # Errors
/// The operation is not one of this registry, or a parameter is missing, unknown or outside its rule.
pub fn make(
    operation: Operation,
    params: &Map<String, Value>,
    transaction: &str,
    rules: &Rules,
) -> Result<Made, Reject> {
    let rows = || COMMANDS.iter().filter(|command| command.operation == operation);
    let words: Vec<&str> = rows().filter_map(|row| row.question).collect();
    let asked = match params.get(QUESTION) {
        None | Some(Value::Null) => None,
        Some(Value::String(word)) if words.contains(&word.as_str()) => Some(word.as_str()),
        Some(_) if words.is_empty() => return Err(Reject::param(QUESTION, format!("{operation} asks one thing only"))),
        Some(other) => {
            let rule = format!("must be one of {}", words.join(", "));
            return Err(refuse(QUESTION, &rule, other.as_str().unwrap_or("no text")));
        }
    };
    match rows().find(|row| row.question == asked) {
        Some(command) => (command.make)(params, transaction, rules),
        None => {
            let reason = format!("{} has no {operation}", super::NAME);
            Err(Reject { field: Some("operation".into()), ..Reject::new(RejectCode::UnknownOperation, reason) })
        }
    }
}

/// `1` or `0`, as the registry writes yes and no.
const fn digit(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

/// An action on one domain of ours: a `DomainUpdate` with its attributes and the name it is about.
fn domain_update(id: &str, attributes: &[(&str, Option<&str>)], name: &str) -> Element {
    let element = Element::new("DomainUpdate").with("ActionId", id);
    let element = attributes.iter().fold(element, |element, (name, value)| element.maybe(name, *value));
    element.child(Element::of_text("DomainNameFilter", name))
}

/// The text kept with the change, if the job gives one.
fn audit_text(params: &Params<'_>) -> Result<Option<Element>, Reject> {
    Ok(params.optional("audit_text")?.map(|text| Element::of_text("AuditText", text)))
}

#[cfg(test)]
mod tests;
