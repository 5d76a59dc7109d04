//! GET_DOMAINS_BY_EXPIREDATE: the domains that expire between two days, page by page. Days of the past show those in the
//! grace period.

use super::super::check;
use super::super::params::{Params, missing, refuse};
use super::attributes::Attributes;
use super::{Request, Rules};
use crate::model::{ObjectKey, Reject};

/// Asks which domains expire.
pub struct Expiring {
    from: String,
    to: String,
    page: Option<u64>,
    limit: Option<u64>,
}

impl Request for Expiring {
    const ACTION: &'static str = "GET_DOMAINS_BY_EXPIREDATE";
    const PARAMS: &'static [&'static str] = &["question", "from", "to", "page", "limit"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        let from = check::date(params, "from")?.ok_or_else(|| missing("from"))?;
        let to = check::date(params, "to")?.ok_or_else(|| missing("to"))?;
        if to < from {
            return Err(refuse("to", "must not lie before `from`", &to));
        }
        let page = params.number("page", &(1..=1_000_000))?;
        Ok(Self { from, to, page, limit: params.number("limit", &(1..=10_000))? })
    }

    fn object(&self, rules: &Rules) -> ObjectKey {
        rules.account()
    }

    fn attributes(self, _: &str, _: &Rules) -> Attributes {
        Attributes::new()
            .text("exp_from", self.from)
            .text("exp_to", self.to)
            .maybe("page", self.page.map(|page| page.to_string()))
            .maybe("limit", self.limit.map(|limit| limit.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::refused;
    use crate::model::Operation::AccountInfo;

    #[test]
    fn rules_name_the_field() {
        let good = json!({"question": "expiring", "from": "2026-01-01", "to": "2026-03-31"});
        refused(
            AccountInfo,
            &good,
            &[
                (json!({"from": null}), "from", "missing"),
                (json!({"to": null}), "to", "missing"),
                (json!({"to": "2025-12-31"}), "to", "before `from`"),
                (json!({"to": "2026-02-30"}), "to", "must be a day"),
                (json!({"to": "31.03.2026"}), "to", "must be a day"),
                (json!({"to": "2026-3-31"}), "to", "must be a day"),
                (json!({"to": "2026-03-31T00:00"}), "to", "must be a day"),
                (json!({"limit": 0}), "limit", "from 1 to"),
                (json!({"question": null}), "from", "unknown"),
            ],
        );
    }
}
