//! Whois: what is public about a name, anybody's. One that is not registered is `Available`, which is no error.

use super::super::check::names::{self, Name};
use super::super::codec::tree::Element;
use super::super::params::Params;
use super::{Request, Rules, digit};
use crate::model::{ObjectKey, Reject};

/// Asks whether a name is free.
pub struct Check(Name);

/// Asks for everything public.
pub struct Public(Name);

/// The element.
pub fn element(name: &str, id: &str, is_full: bool) -> Element {
    Element::new("Whois").with("QryId", id).with("DomainName", name).with("FullResult", digit(is_full))
}

impl Request for Check {
    const PARAMS: &'static [&'static str] = &["domain"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        names::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        element(&self.0.ace, id, false)
    }
}

impl Request for Public {
    const PARAMS: &'static [&'static str] = Check::PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        names::read(params).map(Self)
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.0.object()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        element(&self.0.ace, id, true)
    }
}
