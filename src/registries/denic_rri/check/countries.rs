//! Countries.

use super::super::params::refuse;
use crate::model::{Reject, country as known};

/// A country's code, upper case.
///
/// # Errors
/// It is none.
pub fn country(field: &str, value: &str) -> Result<String, Reject> {
    let wrong = || refuse(field, "must be the code of a country, two letters of ISO 3166-1", value);
    known::code(value).map(str::to_owned).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_names_the_rule_and_the_value() {
        assert_eq!(country("c", "de").as_deref(), Ok("DE"));
        for bad in ["", "DEU", "UK", " A", "deutschland"] {
            let reject = country("country_code", bad).unwrap_err();
            assert!(reject.reason.contains("ISO 3166-1") && reject.reason.contains(&format!("`{bad}`")), "{reject}");
        }
    }
}
