//! RENEW. It names the year in which the domain expires now: a repetition of a renewal that counted names a year that is
//! gone, and is refused. So the job states it, and it is never read from the registry instead.

use super::super::check;
use super::super::params::{Params, missing};
use super::attributes::Attributes;
use super::sw_register::handle;
use super::{Request, Rules, access};
use crate::model::{ObjectKey, Reject};

/// Renews a domain.
pub struct Renew {
    name: String,
    year: String,
    years: u64,
    auto_renew: bool,
    save: bool,
    parked: Option<bool>,
    notes: Option<String>,
}

impl Request for Renew {
    const ACTION: &'static str = "RENEW";
    const PARAMS: &'static [&'static str] = &["domain", "expires", "years", "auto_renew", "save", "parked", "notes"];

    fn read(params: &Params<'_>, _: &Rules) -> Result<Self, Reject> {
        Ok(Self {
            name: access::name(params)?,
            year: check::year(params, "expires")?,
            years: params.number("years", &(1..=10))?.ok_or_else(|| missing("years"))?,
            auto_renew: params.required_flag("auto_renew")?,
            save: params.flag("save")?.unwrap_or(false),
            parked: params.flag("parked")?,
            notes: params.optional("notes")?,
        })
    }

    fn object(&self, _: &Rules) -> ObjectKey {
        access::domain(&self.name)
    }

    fn attributes(self, transaction: &str, _: &Rules) -> Attributes {
        Attributes::new()
            .text("domain", self.name)
            .text("currentexpirationyear", self.year)
            .text("period", self.years.to_string())
            .flag("auto_renew", self.auto_renew)
            .text("handle", handle(self.save))
            .text("affiliate_id", transaction)
            .maybe("f_parkp", self.parked.map(|parked| if parked { "Y" } else { "N" }))
            .maybe("notes", self.notes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{made, refused};
    use crate::model::Operation::DomainRenew;

    #[test]
    fn the_year_is_taken_as_the_registry_wrote_it() {
        for expires in [json!(2027), json!("2027"), json!("2027-12-31"), json!("2027-12-31 23:59:59")] {
            let made = made(
                DomainRenew,
                json!({"domain": "example.com", "expires": expires, "years": 1, "auto_renew": false}),
            );
            assert_eq!(made["attributes"]["currentexpirationyear"], "2027", "{expires}");
        }
    }

    #[test]
    fn rules_name_the_field() {
        let good = json!({"domain": "example.com", "expires": 2027, "years": 1, "auto_renew": true});
        refused(
            DomainRenew,
            &good,
            &[
                (json!({"expires": null}), "expires", "missing"),
                (json!({"expires": 27}), "expires", "year or the date"),
                (json!({"expires": "2027-13-01"}), "expires", "year or the date"),
                (json!({"expires": "2027-12-31T23:59:59Z"}), "expires", "year or the date"),
                (json!({"expires": "12027"}), "expires", "year or the date"),
                (json!({"years": null}), "years", "missing"),
                (json!({"years": 0}), "years", "from 1 to 10"),
                (json!({"years": 11}), "years", "from 1 to 10"),
                (json!({"years": "1"}), "years", "from 1 to 10"),
                (json!({"auto_renew": null}), "auto_renew", "missing"),
                (json!({"auto_renew": "no"}), "auto_renew", "true or false"),
                (json!({"affiliate_id": "x"}), "affiliate_id", "unknown"),
                (json!({"domain": Value::Null}), "domain", "missing"),
            ],
        );
    }
}
