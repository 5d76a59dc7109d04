//! An answer in the common shape: the registry's names and values stay what they are.

use serde_json::{Map, Value};

use super::codec::tree::{Document, Element};
use super::commands::raw::is_write;
use super::dates;
use super::stored;
use crate::model::{Answer, Level, Message, Operation};

/// Attributes of a `Response` that have a place of their own in an answer.
const FRAME: &[&str] = &["Action", "FeId", "FeSeq", "OrigRegistrarId", "RecipientRegistrarId", "TransId"];
/// Elements that are lists of others: they are shown as lists, without what is within having a name.
const LISTS: &[&str] =
    &["NameServers", "DNSSEC", "ChangedDomains", "Allowed2LDs", "Roles", "EncryptKeys", "Linked3lds"];
/// Elements that are shown as a list even where there is one.
const MANY: &[&str] = &["BillingTrans", "TransferredDomain", "ErrorDetails"];
/// Attributes and elements that are secrets.
const SECRET: &[&str] = &["UDAI", "Password", "Signature"];
/// What stands in the place of a secret.
pub const HIDDEN: &str = "***";

/// Makes an answer of a document.
///
/// `result` is `Response` or `Error`. An error is a message with its `ErrorId` as code, its description as text and its
/// details as arguments; `Hint` and `Severity` stand in `data.Error`. `data` has the elements of the response by name, and
/// `Rows`, `Count`, `MoreRowsAvailable`: an element with attributes is an object, dates are RFC 3339 with the registry's
/// offset, [`LISTS`] and [`MANY`] are lists, and so is whatever occurs more than once. Where a document answers several
/// actions, that of the write counts, and the others stand in `data` under their action's name. `server_transaction` is
/// `FeId-FeSeq`. A UDAI is `***`, but in the answer to the job that ordered one, and where reconciliation reads what is
/// stored ([`Keeps`]).
///
/// # Errors
/// It is a request, holds neither a response nor an error, or answers another action than the operation has.
pub fn of(operation: Operation, document: &Document) -> Result<Answer, String> {
    if document.is_request() {
        return Err("the answer is a request".into());
    }
    let keeps = Keeps::of(operation);
    let root = &document.root;
    if let Some(error) = root.get("Error") {
        return Ok(of_error(error, keeps));
    }
    let responses: Vec<&Element> = root.named("Response").collect();
    let is_of_write = |response: &&&Element| response.attribute("Action").is_some_and(is_write);
    let main = responses.iter().find(is_of_write).or(responses.first()).ok_or("the answer holds no Response")?;
    let action = main.attribute("Action").unwrap_or_default();
    if !answers(operation, action) {
        return Err(format!("it is the answer to {}, which was not asked", action.escape_debug()));
    }
    let mut answer = of_response(main, keeps);
    if let Value::Object(fields) = &mut answer.data {
        for other in responses.iter().filter(|other| !std::ptr::eq::<Element>(**other, *main)) {
            let name = other.attribute("Action").unwrap_or("Response");
            put(fields, name, Value::Object(contents(other, keeps)));
        }
    }
    Ok(answer)
}

/// Which secrets an answer shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// None.
    Nothing,
    /// The UDAI that was ordered, which is sealed before the answer is kept. Not one in a stored document, where nobody would
    /// find it.
    Udai,
    /// Those in stored documents, too: the answer to a question of ours, which is not kept.
    Stored,
}

impl Keeps {
    const fn of(operation: Operation) -> Self {
        match operation {
            Operation::DomainAuthcodeCreate => Self::Udai,
            Operation::OrderInfo => Self::Stored,
            _ => Self::Nothing,
        }
    }
}

/// Whether an operation can be answered so. An action that the registry did not understand is `UnknownTransaction`.
fn answers(operation: Operation, action: &str) -> bool {
    use Operation::{
        AccountInfo, ContactCheck, ContactCreate, ContactInfo, ContactUpdate, DomainAuthcodeCheck,
        DomainAuthcodeCreate, DomainChangeHolder, DomainCheck, DomainCreate, DomainDelete, DomainInfo, DomainRenew,
        DomainRestore, DomainTransfer, DomainUpdate, MessageDelete, MessageRead, OrderInfo,
    };
    let known: &[&str] = match operation {
        DomainCheck => &["Whois"],
        DomainInfo => &["DomainDetailsQry", "Whois"],
        DomainCreate => &["DomainCreate"],
        DomainUpdate | DomainChangeHolder | DomainRenew | DomainTransfer | DomainDelete | DomainRestore
        | DomainAuthcodeCreate => &["DomainUpdate"],
        DomainAuthcodeCheck => &["UDAIValidQry"],
        ContactCheck | ContactInfo => &["HandleDetailsQry"],
        ContactCreate => &["HandleCreate"],
        ContactUpdate => &["HandleUpdate"],
        MessageRead => &["GetMessages"],
        MessageDelete => &["AckMessage"],
        OrderInfo => &["ActionDetailsQry"],
        AccountInfo => return !is_write(action) || action == "UnknownTransaction",
        _ => return true,
    };
    known.contains(&action) || action == "UnknownTransaction"
}

fn of_error(error: &Element, keeps: Keeps) -> Answer {
    let attribute = |name: &str| error.attribute(name).unwrap_or_default().trim().to_owned();
    let text = error.get("Description").map(|text| collapsed(&text.text)).unwrap_or_default();
    let message = Message {
        level: Level::Error,
        code: attribute("ErrorId"),
        text,
        arguments: error.named("ErrorDetails").map(|detail| collapsed(&detail.text)).collect(),
    };
    let data = Map::from_iter([("Error".to_owned(), json(error, keeps))]);
    Answer { result: "Error".into(), messages: vec![message], data: Value::Object(data), ..Answer::default() }
}

fn of_response(response: &Element, keeps: Keeps) -> Answer {
    let attribute = |name: &str| response.attribute(name).map(str::to_owned);
    let place = [response.attribute("FeId"), response.attribute("FeSeq")];
    let mut answer = match response.get("Error") {
        Some(error) => of_error(error, keeps),
        None => Answer { result: "Response".into(), ..Answer::default() },
    };
    answer.data = Value::Object(contents(response, keeps));
    answer.client_transaction = attribute("TransId").filter(|id| !id.is_empty());
    answer.server_transaction = match place {
        [Some(node), Some(number)] => Some(format!("{node}-{number}")),
        _ => None,
    };
    answer
}

/// What a response says, without what names it.
fn contents(response: &Element, keeps: Keeps) -> Map<String, Value> {
    match json(response, keeps) {
        Value::Object(mut fields) => {
            fields.retain(|name, _| !FRAME.contains(&name.as_str()));
            fields
        }
        _ => Map::new(),
    }
}

/// An element as JSON.
fn json(element: &Element, keeps: Keeps) -> Value {
    if SECRET.contains(&element.name.as_str()) && !element.text.is_empty() {
        return Value::from(HIDDEN);
    }
    if element.name == "XML" {
        return Value::from(stored::shown(&element.text, keeps == Keeps::Stored));
    }
    let is_bare = element.children.is_empty();
    if LISTS.contains(&element.name.as_str()) {
        return element.children.iter().map(|child| json(child, keeps)).collect();
    }
    let date = dates::is_date(element).then(|| dates::read(element)).flatten().map(|date| dates::shown(&date));
    match date {
        Some(date) if is_bare && element.attribute("RegistrarName").is_none() => return date.into(),
        // DomainTransfer has its date among its own attributes.
        Some(date) => {
            let mut fields = Map::from_iter([("TimeStamp".to_owned(), Value::from(date))]);
            fields.extend(element.attribute("RegistrarName").map(|name| ("RegistrarName".to_owned(), name.into())));
            children(element, keeps, &mut fields);
            return Value::Object(fields);
        }
        None => {}
    }
    if is_bare && element.attributes.is_empty() {
        return if element.text.is_empty() { Value::Null } else { element.text.as_str().into() };
    }
    let attribute = |(name, value): &(String, String)| {
        let hidden = SECRET.contains(&name.as_str()) && keeps == Keeps::Nothing && !value.is_empty();
        (name.clone(), Value::from(if hidden { HIDDEN } else { value.as_str() }))
    };
    let mut fields: Map<String, Value> = element.attributes.iter().map(attribute).collect();
    children(element, keeps, &mut fields);
    Value::Object(fields)
}

fn children(element: &Element, keeps: Keeps, fields: &mut Map<String, Value>) {
    for child in &element.children {
        let value = json(child, keeps);
        match MANY.contains(&child.name.as_str()) && !fields.contains_key(&child.name) {
            true => {
                fields.insert(child.name.clone(), Value::Array(vec![value]));
            }
            false => put(fields, &child.name, value),
        }
    }
}

/// Puts a value under a name; a second one makes a list of it.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match fields.get_mut(name) {
        None => {
            fields.insert(name.to_owned(), value);
        }
        Some(Value::Array(list)) if !LISTS.contains(&name) => list.push(value),
        Some(first) => {
            let first_value = first.take();
            *first = Value::Array(vec![first_value, value]);
        }
    }
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
