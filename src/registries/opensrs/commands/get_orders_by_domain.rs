//! GET_ORDERS_BY_DOMAIN: all orders for a name. What settles most doubts.

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

const TYPES: &[&str] = &["new", "premium", "renewal", "sunrise", "transfer"];
const STATUSES: &[&str] =
    &["completed", "pending", "declined", "cancelled", "deleted", "waiting", "pending_fax", "ca_owner_approval"];

/// Asks for the orders for a domain.
pub struct GetOrders {
    name: String,
    from: Option<String>,
    to: Option<String>,
    kind: Option<&'static str>,
    status: Option<&'static str>,
    page: Option<u64>,
    limit: Option<u64>,
}

impl Request for GetOrders {
    const ACTION: &'static str = "GET_ORDERS_BY_DOMAIN";
    const PARAMS: &'static [&'static str] = &["domain", "question", "from", "to", "type", "status", "page", "limit"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let (kind, status) = (params.optional("type")?, params.optional("status")?);
        Ok(Self {
            name: access::name(params)?,
            from: check::date(params, "from")?,
            to: check::date(params, "to")?,
            kind: kind.map(|kind| check::one_of("type", &kind, TYPES)).transpose()?,
            status: status.map(|status| check::one_of("status", &status, STATUSES)).transpose()?,
            page: params.number("page", &(1..=1_000_000))?,
            limit: params.number("limit", &(1..=10_000))?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new()
            .text("domain", self.name)
            .maybe("order_from", self.from)
            .maybe("order_to", self.to)
            .maybe("type", self.kind)
            .maybe("status", self.status)
            .maybe("page", self.page.map(|page| page.to_string()))
            .maybe("limit", self.limit.map(|limit| limit.to_string()))
    }
}
