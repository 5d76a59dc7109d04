//! Replies.

use super::codes;
use super::wire::tree::Node;

/// A reply before it is written.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) is_success: bool,
    /// None only where the connection's time ran out.
    pub(super) code: Option<u16>,
    pub(super) text: String,
    pub(super) attributes: Option<Node>,
    /// What stands beside the attributes, such as `rwi_attributes`.
    pub(super) beside: Vec<(String, Node)>,
}

/// A reply; the error is a refusal. Both are answers, and both are written alike.
pub(super) type Outcome = Result<Reply, Box<Reply>>;

impl Reply {
    /// Done or found, with 200.
    pub(super) fn ok(text: &str) -> Self {
        Self::success(200, text)
    }

    /// A success of that code.
    pub(super) fn success(code: u16, text: &str) -> Self {
        Self { is_success: true, code: Some(code), text: text.to_owned(), attributes: None, beside: Vec::new() }
    }

    /// Refused with that code and what it says.
    pub(super) fn refused(code: u16) -> Self {
        Self::refused_as(code, codes::text(code))
    }

    /// Refused with that code.
    pub(super) fn refused_as(code: u16, text: &str) -> Self {
        Self { is_success: false, ..Self::success(code, text) }
    }

    /// The code with what it says; the 200s are successes.
    pub(super) fn plain(code: u16, text: &str) -> Self {
        let is_success = (200..300).contains(&code) || text == codes::GDPR_TEXT || text == "Request deferred";
        Self { is_success, ..Self::success(code, text) }
    }

    /// With attributes.
    pub(super) fn with(mut self, attributes: Node) -> Self {
        self.attributes = Some(attributes);
        self
    }

    /// As what the error of an [`Outcome`] is.
    pub(super) fn boxed(self) -> Box<Self> {
        Box::new(self)
    }

    /// The message, about an object.
    pub(super) fn message(&self, object: Option<&str>) -> Node {
        let mut node = Node::assoc([("protocol", "XCP".into()), ("action", "REPLY".into())]);
        if let Some(object) = object {
            node = node.with("object", object);
        }
        node = node.with("is_success", self.is_success);
        if let Some(code) = self.code {
            node = node.with("response_code", u64::from(code));
        }
        node = node.with("response_text", self.text.as_str());
        for (key, value) in &self.beside {
            node = node.with(key, value.clone());
        }
        match &self.attributes {
            Some(attributes) => node.with("attributes", attributes.clone()),
            None => node,
        }
    }

    /// For the ledger.
    pub(super) fn line(&self) -> String {
        let word = if self.is_success { "success" } else { "failed" };
        self.code.map_or_else(|| word.to_owned(), |code| format!("{word} {code}"))
    }
}

/// Refuses with a code and what it says.
pub(super) fn refuse<T>(code: u16) -> Result<T, Box<Reply>> {
    Err(Reply::refused(code).boxed())
}

/// Refuses with a code and a text.
pub(super) fn refuse_as<T>(code: u16, text: impl AsRef<str>) -> Result<T, Box<Reply>> {
    Err(Reply::refused_as(code, text.as_ref()).boxed())
}
