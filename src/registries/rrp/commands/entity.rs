//! What commands act on: a domain, or a name server.

use super::super::check;
use super::super::codec::Line;
use crate::model::params::Params;
use crate::model::{ObjectKey, ObjectKind, Reject};

/// The attribute that says which of the two it is; always the first.
pub const ENTITY: &str = "EntityName";
/// The attribute with a domain's name.
pub const DOMAIN: &str = "DomainName";
/// The attribute with a name server's name.
pub const HOST: &str = "NameServer";

/// One of the two.
pub trait Entity: Sized {
    /// The parameter that names it.
    const PARAMS: &'static [&'static str];
    /// Reads its name.
    fn read(params: &Params<'_>) -> Result<Self, Reject>;
    /// Its key.
    fn object(&self) -> ObjectKey;
    /// The lines that name it.
    fn lines(self) -> Vec<Line>;
}

/// A domain.
pub struct Domain(String);

impl Entity for Domain {
    const PARAMS: &'static [&'static str] = &["domain"];

    fn read(params: &Params<'_>) -> Result<Self, Reject> {
        check::domain(params).map(Self)
    }

    fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Domain, &self.0)
    }

    fn lines(self) -> Vec<Line> {
        vec![Line::attribute(ENTITY, "Domain"), Line::attribute(DOMAIN, self.0)]
    }
}

/// A name server.
pub struct Host(String);

impl Entity for Host {
    const PARAMS: &'static [&'static str] = &["host"];

    fn read(params: &Params<'_>) -> Result<Self, Reject> {
        check::host("host", &params.required("host")?).map(Self)
    }

    fn object(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::Host, &self.0)
    }

    fn lines(self) -> Vec<Line> {
        vec![Line::attribute(ENTITY, "NameServer"), Line::attribute(HOST, self.0)]
    }
}
