//! RegistrarAccountQry: bills.

use super::super::check::date_range;
use super::super::codec::tree::Element;
use super::super::params::{Params, refuse};
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks for bills.
pub struct Bills {
    attributes: Vec<(&'static str, Option<String>)>,
    period: Option<Element>,
}

impl Request for Bills {
    const PARAMS: &'static [&'static str] =
        &["domain", "reference", "invoice", "status", "from", "to", "limit", "skip"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let status = params.optional("status")?;
        if let Some(status) = status.as_deref().filter(|status| !["PendingConfirmation", "Confirmed"].contains(status))
        {
            return Err(refuse("status", "must be PendingConfirmation or Confirmed", status));
        }
        let number = |name: &str, bounds| -> Result<Option<String>, Reject> {
            Ok(params.number(name, &bounds)?.map(|number| number.to_string()))
        };
        let attributes = vec![
            ("RegistrantRef", params.optional("reference")?),
            ("DomainName", params.optional("domain")?),
            ("InvoiceId", params.optional("invoice")?),
            ("MaxResults", number("limit", 1..=1000)?),
            ("SkipResults", number("skip", 0..=100_000_000)?),
            ("TransStatus", status),
        ];
        Ok(Self { attributes, period: date_range(params, "TransDateRange")? })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn action(&self, id: &str, _: &Rules) -> Element {
        let element = Element::new("RegistrarAccountQry").with("QryId", id);
        let each = self.attributes.iter();
        each.fold(element, |element, (name, value)| element.maybe(name, value.as_deref())).all(self.period.clone())
    }
}
