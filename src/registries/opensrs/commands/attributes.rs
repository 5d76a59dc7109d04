//! The attributes of a command, in the order they are put in. What a job does not state is left out.

use super::super::codec::tree::Node;

/// Names and values.
#[derive(Default)]
pub struct Attributes(Vec<(String, Node)>);

impl Attributes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A value of any kind.
    pub fn put(mut self, key: &str, value: Node) -> Self {
        self.0.push((key.to_owned(), value));
        self
    }

    /// A text.
    pub fn text(self, key: &str, text: impl Into<String>) -> Self {
        self.put(key, Node::text(text))
    }

    /// A text that may be missing.
    pub fn maybe(self, key: &str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// Yes or no, `1` or `0`.
    pub fn flag(self, key: &str, flag: bool) -> Self {
        self.text(key, if flag { "1" } else { "0" })
    }

    /// Yes or no, that may be missing.
    pub fn maybe_flag(self, key: &str, flag: Option<bool>) -> Self {
        match flag {
            Some(flag) => self.flag(key, flag),
            None => self,
        }
    }

    /// A list of texts; left out if empty, since an empty one upsets the server.
    pub fn list(self, key: &str, texts: Vec<String>) -> Self {
        if texts.is_empty() { self } else { self.put(key, Node::array(texts.into_iter().map(Node::text))) }
    }

    /// A value of any kind that may be missing.
    pub fn maybe_put(self, key: &str, value: Option<Node>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    /// All others behind these.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// As the command has it: without any, there is no hash either.
    pub fn node(self) -> Option<Node> {
        (!self.0.is_empty()).then(|| self.0.into_iter().collect())
    }
}
