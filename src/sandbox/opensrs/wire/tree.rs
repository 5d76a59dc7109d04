//! The data of a message.

/// A value: names and values, a list, or text. What is empty is empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Node {
    Assoc(Vec<(String, Node)>),
    Array(Vec<Node>),
    Text(String),
}

impl Node {
    /// Names and values.
    pub(in super::super) fn assoc<const N: usize>(items: [(&str, Node); N]) -> Self {
        Self::Assoc(items.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Nothing, to which values may be added.
    pub(in super::super) const fn none() -> Self {
        Self::Assoc(Vec::new())
    }

    /// The same with one value more.
    pub(in super::super) fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        if let Self::Assoc(items) = &mut self {
            items.push((key.to_owned(), value.into()));
        }
        self
    }

    /// The value of a key; of several the last.
    pub(in super::super) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Assoc(items) => items.iter().rfind(|(name, _)| name == key).map(|(_, value)| value),
            Self::Array(_) | Self::Text(_) => None,
        }
    }

    /// The text of a key, without the blanks around it; none if there is none or it is empty.
    pub(in super::super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Self::Assoc(_) | Self::Array(_) => None,
        }
    }

    /// Whether the text of a key means yes; none if there is none.
    pub(in super::super) fn flag(&self, key: &str) -> Option<bool> {
        let text = self.text(key)?;
        Some(["1", "y", "yes", "true", "on", "enable", "enabled", "locked"].contains(&text.to_lowercase().as_str()))
    }

    /// The values of a list; nothing if it is none.
    pub(in super::super) fn list(&self, key: &str) -> &[Node] {
        match self.get(key) {
            Some(Self::Array(values)) => values,
            _ => &[],
        }
    }

    /// The texts of a list, or of a text that separates them by commas.
    pub(in super::super) fn texts(&self, key: &str) -> Vec<String> {
        let trimmed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        match self.get(key) {
            Some(Self::Text(text)) => text.split(',').filter_map(trimmed).collect(),
            _ => self.list(key).iter().filter_map(Node::as_text).filter_map(trimmed).collect(),
        }
    }

    /// The text, if it is one.
    pub(in super::super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Assoc(_) | Self::Array(_) => None,
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Node {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<bool> for Node {
    fn from(yes: bool) -> Self {
        Self::Text(if yes { "1" } else { "0" }.to_owned())
    }
}

impl From<u64> for Node {
    fn from(number: u64) -> Self {
        Self::Text(number.to_string())
    }
}

impl From<usize> for Node {
    fn from(number: usize) -> Self {
        Self::Text(number.to_string())
    }
}

impl From<Vec<Node>> for Node {
    fn from(values: Vec<Node>) -> Self {
        Self::Array(values)
    }
}
