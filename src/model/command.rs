//! What can be asked of a registry, and on which object.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($variant:ident $name:literal $object:ident $writes:literal),+ $(,)?) => {
        /// An operation a job may ask for. A registry supports a subset.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the wire name beside each variant is its documentation
        pub enum Operation { $($variant),+ }

        impl Operation {
            /// All operations, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in a job: `domain.create`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The kind of object it works on; decides the per-object order.
            #[must_use]
            pub const fn object(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$object),+ }
            }

            /// Whether it changes anything at the registry. Only writes can be in doubt (law 3).
            #[must_use]
            pub const fn writes(self) -> bool {
                match self { $(Self::$variant => $writes),+ }
            }
        }
    };
}

operations! {
    DomainCheck "domain.check" Domain false,
    DomainInfo "domain.info" Domain false,
    DomainCreate "domain.create" Domain true,
    DomainUpdate "domain.update" Domain true,
    DomainRenew "domain.renew" Domain true,
    DomainTransfer "domain.transfer" Domain true,
    DomainTransferApprove "domain.transfer_approve" Domain true,
    DomainTransferReject "domain.transfer_reject" Domain true,
    DomainChangeHolder "domain.change_holder" Domain true,
    DomainDelete "domain.delete" Domain true,
    DomainRestore "domain.restore" Domain true,
    DomainTransit "domain.transit" Domain true,
    DomainAuthcodeCreate "domain.authcode_create" Domain true,
    DomainAuthcodeDelete "domain.authcode_delete" Domain true,
    DomainAuthcodeRequest "domain.authcode_request" Domain true,
    DomainAuthcodeCheck "domain.authcode_check" Domain false,
    ContactCheck "contact.check" Contact false,
    ContactInfo "contact.info" Contact false,
    ContactCreate "contact.create" Contact true,
    ContactUpdate "contact.update" Contact true,
    HostCheck "host.check" Host false,
    HostInfo "host.info" Host false,
    HostCreate "host.create" Host true,
    HostUpdate "host.update" Host true,
    HostDelete "host.delete" Host true,
    AccountInfo "account.info" Account false,
    OrderInfo "order.info" Order false,
    OrderCancel "order.cancel" Order true,
    OrderProcess "order.process" Order true,
    MessageRead "message.read" Message false,
    MessageDelete "message.delete" Message true,
    Raw "raw" Account true,
}

impl Operation {
    /// Whether it gives up what cannot be had back at will: a name, a host.
    #[must_use]
    pub const fn destroys(self) -> bool {
        matches!(self, Self::DomainDelete | Self::DomainTransit | Self::HostDelete)
    }

    /// Whether a registry that keeps an account of money takes some for it.
    #[must_use]
    pub const fn costs_money(self) -> bool {
        matches!(
            self,
            Self::DomainCreate | Self::DomainRenew | Self::DomainTransfer | Self::DomainRestore | Self::OrderProcess
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Operation {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|op| op.name() == name)
            .ok_or_else(|| format!("unknown operation `{}`", name.escape_default()))
    }
}

impl Serialize for Operation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The kinds of object a registry keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ObjectKind {
    Domain,
    Contact,
    Host,
    Account,
    Order,
    Message,
}

impl ObjectKind {
    /// The word used in object keys and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Contact => "contact",
            Self::Host => "host",
            Self::Account => "account",
            Self::Order => "order",
            Self::Message => "message",
        }
    }
}

/// The one object a job works on, in the registry's canonical spelling: `domain:xn--bcher-kva.de`,
/// `contact:DENIC-1000022-MAX`. Jobs of one account with the same key run one at a time (law 8).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Makes the key from a kind and the registry's canonical name of the object.
    #[must_use]
    pub fn new(kind: ObjectKind, name: &str) -> Self {
        Self(format!("{}:{name}", kind.name()))
    }

    /// A key as the store kept it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// `kind:name`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, name)| name)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_name() {
        for op in Operation::ALL {
            assert_eq!(op.name().parse::<Operation>().as_ref(), Ok(op));
        }
        assert!("domain.steal".parse::<Operation>().is_err());
    }
}
