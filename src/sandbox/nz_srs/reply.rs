//! What an action comes to: a result, or an error.

use super::codes::{self, Code};
use super::wire::tree::Element;

/// An error as it is answered.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) id: String,
    pub(super) hint: &'static str,
    pub(super) details: Vec<String>,
    code: &'static Code,
}

/// A result or an error.
pub(super) type Outcome = Result<Answer, Box<Refusal>>;

/// A result.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) rows: Option<usize>,
    pub(super) count: Option<usize>,
    pub(super) more: Option<bool>,
    pub(super) content: Vec<Element>,
}

impl Answer {
    /// Result elements without a number of rows.
    pub(super) fn of(content: impl IntoIterator<Item = Element>) -> Self {
        Self { content: content.into_iter().collect(), ..Self::default() }
    }

    /// Result elements, counted.
    pub(super) fn rows(content: Vec<Element>) -> Self {
        Self { rows: Some(content.len()), ..Self::of(content) }
    }
}

impl Refusal {
    /// An error with these details.
    pub(super) fn new(id: &str, details: &[&str]) -> Self {
        let code = codes::of(id);
        let id = if codes::find(id).is_some() { code.id.to_owned() } else { id.to_owned() };
        let details = details.iter().map(|detail| (*detail).to_owned()).collect();
        Self { id, hint: code.hint, details, code }
    }

    /// An error with the details it usually has, about this object.
    pub(super) fn usual(id: &str, object: &str) -> Self {
        let details = codes::of(id).details.iter().map(|detail| detail.replace("NAME", object)).collect();
        Self { details, ..Self::new(id, &[]) }
    }

    /// Whether it stands for the whole document.
    pub(super) const fn is_top(&self) -> bool {
        self.code.is_top
    }

    /// Whether the failure says nothing of the request: sent again under the same id it is tried again.
    pub(super) fn is_passing(&self) -> bool {
        self.id == "LOCK_ERROR" || ["TEMPORARY_SERVER_ERROR", "UNKNOWN_RESULT"].contains(&self.hint)
    }

    /// As it is on the wire.
    pub(super) fn element(&self) -> Element {
        let details = self.details.iter().map(|detail| Element::text("ErrorDetails", detail));
        Element::new("Error")
            .with("ErrorId", &self.id)
            .with("Severity", self.code.severity)
            .with("Hint", self.hint)
            .child(Element::text("Description", self.code.description))
            .all(details)
    }
}

/// Refuses.
pub(super) fn refuse<T>(id: &str, details: &[&str]) -> Result<T, Box<Refusal>> {
    Err(Box::new(Refusal::new(id, details)))
}
