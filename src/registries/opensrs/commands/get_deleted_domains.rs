//! GET_DELETED_DOMAINS: domains that are gone, by what is left of them. Nothing else shows one that could still be restored.

use super::super::check;
use super::super::params::Params;
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks which domains were deleted.
pub struct Deleted(Attributes);

impl Request for Deleted {
    const ACTION: &'static str = "GET_DELETED_DOMAINS";
    const PARAMS: &'static [&'static str] = &[
        "question",
        "from",
        "to",
        "exp_from",
        "exp_to",
        "owner_email",
        "admin_email",
        "billing_email",
        "tech_email",
        "page",
        "limit",
    ];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let mut filters = Attributes::new();
        for (name, native) in [("from", "del_from"), ("to", "del_to"), ("exp_from", "exp_from"), ("exp_to", "exp_to")] {
            filters = filters.maybe(native, check::date(params, name)?);
        }
        for name in ["owner_email", "admin_email", "billing_email", "tech_email"] {
            let address = params.optional(name)?;
            if let Some(address) = &address {
                check::email(name, address)?;
            }
            filters = filters.maybe(name, address);
        }
        for (name, most) in [("page", 1_000_000), ("limit", 10_000)] {
            filters = filters.maybe(name, params.number(name, &(1..=most))?.map(|number| number.to_string()));
        }
        Ok(Self(filters))
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{made, refused};
    use crate::model::Operation::AccountInfo;

    #[test]
    fn filters_are_named_as_the_registry_does() {
        let filtered = made(
            AccountInfo,
            json!({"question": "deleted", "from": "2026-01-01", "owner_email": "owner@example.org", "page": 2}),
        );
        assert_eq!(filtered["action"], "GET_DELETED_DOMAINS");
        assert_eq!(
            filtered["attributes"],
            json!({"del_from": "2026-01-01", "owner_email": "owner@example.org", "page": "2"})
        );
        assert_eq!(made(AccountInfo, json!({"question": "deleted"}))["attributes"], Value::Null);
        refused(
            AccountInfo,
            &json!({"question": "deleted"}),
            &[
                (json!({"owner_email": "owner"}), "owner_email", "no @"),
                (json!({"exp_from": "2026"}), "exp_from", "must be a day"),
            ],
        );
    }
}
