//! Replies.

use jiff::Timestamp;

use super::codes;

/// What an attribute of a reply holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    /// A domain or a host.
    Name(String),
    Time(Timestamp),
}

/// The attributes of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    NameServer,
    IpAddress,
    Expires,
    Registrar,
    Transferred,
    Status,
    Created,
    CreatedBy,
    Updated,
    UpdatedBy,
    Protocol,
}

impl Attribute {
    /// Its name in RFC 2832, and in the draft before it.
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::NameServer => ("nameserver", "NameServer"),
            Self::IpAddress => ("ipAddress", "IPAddress"),
            Self::Expires => ("registration expiration date", "RegistrationExpirationDate"),
            Self::Registrar => ("registrar", "Registrar"),
            Self::Transferred => ("registrar transfer date", "RegistrarTransferDate"),
            Self::Status => ("status", "Status"),
            Self::Created => ("created date", "CreatedDate"),
            Self::CreatedBy => ("created by", "CreatedBy"),
            Self::Updated => ("updated date", "UpdatedDate"),
            Self::UpdatedBy => ("updated by", "UpdatedBy"),
            Self::Protocol => ("Protocol", "Protocol"),
        }
    }
}

/// A reply before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// Why the connection ends.
    pub(super) why: Option<&'static str>,
    pub(super) attributes: Vec<(Attribute, Value)>,
}

/// A reply, or the code of a refusal.
pub(super) type Outcome = Result<Reply, u16>;

impl Reply {
    /// A code and nothing else.
    pub(super) const fn plain(code: u16) -> Self {
        Self { code, why: None, attributes: Vec::new() }
    }

    /// Done.
    pub(super) const fn done() -> Self {
        Self::plain(codes::DONE)
    }

    /// The server ends the connection.
    pub(super) const fn closing(why: &'static str) -> Self {
        Self { code: codes::TIMEOUT, why: Some(why), attributes: Vec::new() }
    }

    /// With another attribute.
    pub(super) fn with(mut self, attribute: Attribute, value: Value) -> Self {
        self.attributes.push((attribute, value));
        self
    }

    /// With an attribute that is a text.
    pub(super) fn text(self, attribute: Attribute, text: impl Into<String>) -> Self {
        self.with(attribute, Value::Text(text.into()))
    }

    /// With an attribute that is a domain or a host.
    pub(super) fn name(self, attribute: Attribute, name: &str) -> Self {
        self.with(attribute, Value::Name(name.to_owned()))
    }

    /// With an attribute that is an instant.
    pub(super) fn time(self, attribute: Attribute, at: Timestamp) -> Self {
        self.with(attribute, Value::Time(at))
    }

    /// For the ledger.
    pub(super) fn line(&self) -> String {
        let word = if (200..300).contains(&self.code) { "success" } else { "failed" };
        format!("{word} {}", self.code)
    }
}
