//! What a registry said, in one shape for all of them. The native words are always kept beside ours.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::secret::{Secret, hide};

/// How loudly a message speaks. The level comes from the wire, never from the number of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Done as ordered, or unasked information.
    Info,
    /// Done, but something differs from the order.
    Warning,
    /// Something is wrong.
    Error,
}

/// One message of an answer: the registry's native code, its text and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Info, warning or error, as the registry marked it.
    pub level: Level,
    /// The native code, digits kept as text (DENIC: 11 digits).
    pub code: String,
    /// The registry's text. For people; never decide on it.
    pub text: String,
    /// The arguments that came with the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

/// An answer that was heard and understood, whether it says yes or no.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The registry's own word for the whole (DENIC: `success`, `failed`, `exception`).
    pub result: String,
    /// Messages in the order they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// The registry's transaction id (DENIC: STID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_transaction: Option<String>,
    /// Our transaction id as the registry echoed it (DENIC: CTID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_transaction: Option<String>,
    /// What was asked for, as JSON: an object with the operation's fields, or null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

impl Answer {
    /// The same with `***` in the place of each of these secrets, for a registry may repeat what it was told. Native words
    /// that are no values (result, codes, transaction ids, the names of fields) stay.
    #[must_use]
    pub fn without(mut self, secrets: &[Secret]) -> Self {
        for message in &mut self.messages {
            hide(&mut message.text, secrets);
            message.arguments.iter_mut().for_each(|argument| hide(argument, secrets));
        }
        hide_in(&mut self.data, secrets);
        self
    }

    /// The code that decides: the first error, else the first warning, else the first message.
    #[must_use]
    pub fn leading_code(&self) -> Option<&str> {
        [Level::Error, Level::Warning, Level::Info]
            .iter()
            .find_map(|level| self.messages.iter().find(|m| m.level == *level))
            .map(|m| m.code.as_str())
    }
}

fn hide_in(value: &mut Value, secrets: &[Secret]) {
    match value {
        Value::String(text) => hide(text, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in(item, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|field| hide_in(field, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
