//! GET_TRANSFERS_IN and GET_TRANSFERS_AWAY: transfers of one domain, or of all. Without a filter they are all there ever were.

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

const STATUSES: &[&str] = &["pending_admin", "pending_owner", "pending_registry", "completed", "cancelled"];

/// Dates to filter by.
const DATES: &[&str] = &[
    "order_from",
    "order_to",
    "req_from",
    "req_to",
    "owner_request_from",
    "owner_request_to",
    "owner_confirm_from",
    "owner_confirm_to",
    "completed_from",
    "completed_to",
];

/// Most transfers of an answer.
const MOST: u64 = 40;

const PARAMS: &[&str] = &[
    "domain",
    "question",
    "transfer_id",
    "order",
    "status",
    "losing_registrar",
    "gaining_registrar",
    "request_address",
    "owner_confirm_ip",
    "order_from",
    "order_to",
    "req_from",
    "req_to",
    "owner_request_from",
    "owner_request_to",
    "owner_confirm_from",
    "owner_confirm_to",
    "completed_from",
    "completed_to",
    "page",
    "limit",
];

/// The verb for one direction.
const fn action(away: bool) -> &'static str {
    if away { "GET_TRANSFERS_AWAY" } else { "GET_TRANSFERS_IN" }
}

/// The filters.
fn filters(params: &Params<'_>, away: bool) -> Result<Attributes, Reject> {
    let (other, foreign) =
        if away { ("gaining_registrar", "losing_registrar") } else { ("losing_registrar", "gaining_registrar") };
    if params.has(foreign) {
        return Err(Reject::param(foreign, format!("is no filter here; {other} is")));
    }
    let status = params.optional("status")?;
    let status = status.map(|status| check::one_of("status", &status, STATUSES)).transpose()?;
    let mut filters = Attributes::new()
        .maybe("transfer_id", check::order_id(params, "transfer_id")?)
        .maybe("order_id", check::order_id(params, "order")?)
        .maybe("status", status)
        .maybe(other, params.optional(other)?)
        .maybe("request_address", params.optional("request_address")?)
        .maybe("owner_confirm_ip", params.optional("owner_confirm_ip")?);
    for name in DATES {
        let date = check::date(params, name)?;
        if date.as_ref().is_some_and(|date| date.as_str() > "2030-12-31") {
            return Err(Reject::param(name, "must not lie after 2030"));
        }
        filters = filters.maybe(name, date);
    }
    let limit = params.number("limit", &(1..=MOST))?;
    let page = params.number("page", &(0..=1_000_000))?;
    Ok(filters.maybe("limit", limit.map(|n| n.to_string())).maybe("page", page.map(|n| n.to_string())))
}

/// Asks for the transfers of a domain.
pub struct OfDomain<const AWAY: bool> {
    name: String,
    filters: Attributes,
}

impl<const AWAY: bool> Request for OfDomain<AWAY> {
    const ACTION: &'static str = action(AWAY);
    const PARAMS: &'static [&'static str] = PARAMS;

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { name: access::name(params)?, filters: filters(params, AWAY)? })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new().text("domain", self.name).and(self.filters)
    }
}

/// Asks for the transfers of all domains.
pub struct OfAccount<const AWAY: bool> {
    filters: Attributes,
}

impl<const AWAY: bool> Request for OfAccount<AWAY> {
    const ACTION: &'static str = action(AWAY);
    const PARAMS: &'static [&'static str] = {
        // All but the first, which is the domain's.
        let (_, others) = PARAMS.split_at(1);
        others
    };

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self { filters: filters(params, AWAY)? })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.filters
    }
}
