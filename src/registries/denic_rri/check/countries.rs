//! Countries: ISO 3166-1 alpha-2.

use super::super::params::refuse;
use crate::model::Reject;

/// All codes in use, in the order of the alphabet.
const CODES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ \
BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ \
DE DJ DK DM DO DZ \
EC EE EG EH ER ES ET \
FI FJ FK FM FO FR \
GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY \
HK HM HN HR HT HU \
ID IE IL IM IN IO IQ IR IS IT \
JE JM JO JP \
KE KG KH KI KM KN KP KR KW KY KZ \
LA LB LC LI LK LR LS LT LU LV LY \
MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ \
NA NC NE NF NG NI NL NO NP NR NU NZ \
OM \
PA PE PF PG PH PK PL PM PN PR PS PT PW PY \
QA \
RE RO RS RU RW \
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ \
TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ \
UA UG UM US UY UZ \
VA VC VE VG VI VN VU \
WF WS \
YE YT \
ZA ZM ZW";

/// A country's code, upper case.
///
/// # Errors
/// It is none.
pub fn country(field: &str, value: &str) -> Result<String, Reject> {
    let code = value.to_ascii_uppercase();
    // Two letters first: a blank and a letter of the table are two characters, too.
    let is_pair = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_pair && CODES.split(' ').any(|known| known == code) {
        return Ok(code);
    }
    Err(refuse(field, "must be the code of a country, two letters of ISO 3166-1", value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_known_once_and_nothing_else() {
        let codes: Vec<_> = CODES.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "out of order");
        for code in codes {
            assert_eq!(country("c", &code.to_lowercase()).as_deref(), Ok(code));
        }
        for bad in ["", "D", "DEU", "UK", "EU", "XK", "ZZ", "D ", " A", "276", "ÄÖ", "deutschland"] {
            let reject = country("country_code", bad).unwrap_err();
            assert!(reject.reason.contains("ISO 3166-1") && reject.reason.contains(&format!("`{bad}`")), "{reject}");
        }
    }
}
