//! GET: what the registry holds of a domain. It answers while the domain lives or is in its expiration grace period.

use super::super::check;
use super::super::params::Params;
use super::access::Access;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// What can be asked for.
const TYPES: &[&str] = &[
    "all_info",
    "nameservers",
    "status",
    "expire_action",
    "domain_auth_info",
    "whois_privacy_state",
    "owner",
    "admin",
    "billing",
    "tech",
    "tld_data",
    LIST,
    "waiting_history",
    "rsp_whois_info",
    "forwarding_email",
    "ced_info",
    "nexus_info",
];

/// All domains of the profile.
const LIST: &str = "list";

/// Asks for a domain's data.
pub struct GetDomain {
    access: Access,
    kind: &'static str,
    page: Option<u64>,
    limit: Option<u64>,
    min_to_expiry: Option<u64>,
    max_to_expiry: Option<u64>,
    active_contacts_only: Option<bool>,
    clean_ca_subset: Option<bool>,
}

impl Request for GetDomain {
    const ACTION: &'static str = "GET";
    const PARAMS: &'static [&'static str] = &[
        "domain",
        "username",
        "password",
        "cookie",
        "question",
        "type",
        "page",
        "limit",
        "min_to_expiry",
        "max_to_expiry",
        "active_contacts_only",
        "clean_ca_subset",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let kind = match params.optional("type")? {
            Some(kind) => check::one_of("type", &kind, TYPES)?,
            None => TYPES[0],
        };
        let of_list = ["page", "limit", "min_to_expiry", "max_to_expiry"];
        if let Some(name) = of_list.iter().find(|name| kind != LIST && params.has(name)) {
            return Err(Reject::param(name, format!("goes with the type {LIST} only")));
        }
        let days = 0..=36_500;
        Ok(Self {
            access: Access::read(params)?,
            kind,
            page: params.number("page", &(0..=1_000_000))?,
            limit: params.number("limit", &(1..=10_000))?,
            min_to_expiry: params.number("min_to_expiry", &days)?,
            max_to_expiry: params.number("max_to_expiry", &days)?,
            active_contacts_only: params.flag("active_contacts_only")?,
            clean_ca_subset: params.flag("clean_ca_subset")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        self.access.object()
    }

    fn cookie(&self) -> Option<String> {
        self.access.cookie.clone()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        self.access
            .attributes()
            .text("type", self.kind)
            .maybe("page", number(self.page))
            .maybe("limit", number(self.limit))
            .maybe("min_to_expiry", number(self.min_to_expiry))
            .maybe("max_to_expiry", number(self.max_to_expiry))
            .maybe_flag("active_contacts_only", self.active_contacts_only)
            .maybe_flag("clean_ca_subset", self.clean_ca_subset)
    }
}
