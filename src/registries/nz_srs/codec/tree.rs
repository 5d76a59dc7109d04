//! What documents consist of: elements with attributes, and in them either elements or text.

use std::fmt;

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// `NZSRSRequest`, `NZSRSResponse`, or the same without `NZ`.
    pub root: Element,
}

impl Document {
    /// The names a root may have; the first two are what is written.
    pub const ROOTS: &'static [&'static str] = &["NZSRSRequest", "NZSRSResponse", "SRSRequest", "SRSResponse"];

    /// Whether it is a request.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.root.name.ends_with("Request")
    }

    /// Whether the root of a response holds a single top-level `Error` and nothing else: the registry could not even read
    /// who asks. Only such a document is accepted without a signature (reference 1.3), and proves nothing.
    #[must_use]
    pub fn is_lone_error(&self) -> bool {
        !self.is_request() && matches!(self.root.children.as_slice(), [only] if only.name == "Error")
    }
}

/// An element. Either side of it that is not used is empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// The name, without a prefix.
    pub name: String,
    /// Names and values, each name once, in the order they stand; the order means nothing.
    pub attributes: Vec<(String, String)>,
    /// What stands in it, in order.
    pub children: Vec<Element>,
    /// Its text without the white space around it.
    pub text: String,
}

impl Element {
    /// An empty element.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The same with an attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same with an attribute more, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with an element more.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    /// The same with these elements more.
    #[must_use]
    pub fn all(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children);
        self
    }

    /// An element with a text.
    #[must_use]
    pub fn of_text(name: &str, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::new(name) }
    }

    /// The value of an attribute, as it stands: values of ids are copied byte for byte.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first element of this name in it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements of this name in it.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Without what it says: it may hold a UDAI.
impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.attributes.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct(&self.name).field("attributes", &names).field("children", &self.children).finish()
    }
}
