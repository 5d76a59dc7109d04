//! GET_PRICE: what a registration, renewal, transfer or trade costs, fees included. It is no promise that the name is free.

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Asks for a price.
pub struct GetPrice {
    name: String,
    years: u64,
    of: Option<&'static str>,
    all_periods: Option<bool>,
}

impl Request for GetPrice {
    const ACTION: &'static str = "GET_PRICE";
    const PARAMS: &'static [&'static str] = &["domain", "question", "years", "of", "all_periods"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let of = params.optional("of")?;
        Ok(Self {
            name: access::name(params)?,
            years: params.number("years", &(1..=10))?.unwrap_or(1),
            of: of.map(|of| check::one_of("of", &of, &["new", "renewal", "transfer", "trade"])).transpose()?,
            all_periods: params.flag("all_periods")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        let attributes = Attributes::new().text("domain", self.name).text("period", self.years.to_string());
        attributes.maybe_flag("all_periods", self.all_periods).maybe("reg_type", self.of)
    }
}
