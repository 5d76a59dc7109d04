//! An XML element in memory.

/// An element: attributes and children in their order, and the text of all that stands between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Element {
    pub(in super::super) name: String,
    pub(in super::super) attributes: Vec<(String, String)>,
    pub(in super::super) children: Vec<Element>,
    pub(in super::super) text: String,
}

impl Element {
    /// An empty element.
    pub(in super::super) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An element with text.
    pub(in super::super) fn text(name: &str, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::new(name) }
    }

    /// The same with an attribute more.
    pub(in super::super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same with an attribute more, if there is a value.
    pub(in super::super) fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with a child more.
    pub(in super::super) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The same with children more.
    pub(in super::super) fn all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// An attribute.
    pub(in super::super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// An attribute, empty if it is not there.
    pub(in super::super) fn value(&self, name: &str) -> &str {
        self.attribute(name).unwrap_or_default()
    }

    /// A Boolean attribute: `1` or `0`.
    pub(in super::super) fn flag(&self, name: &str) -> Option<bool> {
        self.attribute(name).map(|value| value == "1")
    }

    /// The first child of this name.
    pub(in super::super) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub(in super::super) fn each<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Whether nothing at all is in it.
    pub(in super::super) fn is_bare(&self) -> bool {
        self.attributes.is_empty() && self.children.is_empty()
    }
}
