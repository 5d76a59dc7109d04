//! Verification blocks: what a registrar says it has verified of a contact, by which evidence and method.

use jiff::Timestamp;

use super::super::params::{Params, quoted, refuse};
use super::{at_most, distinct, one_of, rules};
use crate::model::Reject;

/// The parameters of a block.
pub const PARAMS: &[&str] = &["claims", "result", "reference", "timestamp", "evidence", "method", "trust_framework"];

const NAME: &[&str] = &["name"];
const ADDRESS: &[&str] = &["address"];
const EMAIL: &[&str] = &["email"];
const NAME_ADDRESS: &[&str] = &["name", "address"];
const CLAIMS: &[&str] = &["name", "address", "email"];

const PRESENTED: &[&str] = &["electronic_document", "physical_document", "bvr", "pvr"];
const DOCUMENT: &[&str] = &["electronic_document", "physical_document"];

/// The registry's list: evidence, the claims it can prove, and the methods it can be checked by.
const COMBINATIONS: &[(&str, &[&str], &[&str])] = &[
    ("idcard", NAME_ADDRESS, &["auth", "vdig", "electronic_document", "physical_document", "bvr", "pvr"]),
    ("passport", NAME, &["vdig", "electronic_document", "physical_document", "bvr", "pvr"]),
    ("population_register", NAME_ADDRESS, PRESENTED),
    ("residence_permit", NAME_ADDRESS, PRESENTED),
    ("proof_of_arrival", NAME, PRESENTED),
    ("drivers_licence", NAME, PRESENTED),
    // A company register, and the Federal Gazette, which proves the name only.
    ("company_register", NAME_ADDRESS, &["electronic_document"]),
    ("company_register", NAME, &["electronic_document"]),
    ("company_statement", NAME_ADDRESS, DOCUMENT),
    ("bank_account", NAME, &["data"]),
    ("online_payment_account", CLAIMS, &["data"]),
    ("utility_account", NAME_ADDRESS, DOCUMENT),
    ("bank_statement", NAME_ADDRESS, DOCUMENT),
    ("tax_statement", NAME_ADDRESS, DOCUMENT),
    ("written_attestation", CLAIMS, &["physical_document"]),
    ("digital_attestation", CLAIMS, &["electronic_document"]),
    ("postal_ver_transaction_log", NAME_ADDRESS, &["vdig", "reachability"]),
    ("email_ver_transaction_log", EMAIL, &["reachability"]),
    ("address_database", ADDRESS, &["data"]),
];

/// A block as a request writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What was verified.
    pub claims: Vec<&'static str>,
    /// `success` or `failed`.
    pub result: &'static str,
    /// The registrar's own number of it.
    pub reference: String,
    /// When.
    pub timestamp: String,
    /// What proved it.
    pub evidence: String,
    /// How the evidence was checked.
    pub method: String,
    /// By whose rules.
    pub trust_framework: String,
}

impl Block {
    /// Whether another block says the same of the same evidence, whatever the order and case of words.
    fn repeats(&self, other: &Self) -> bool {
        let words = |block: &Self| {
            let mut claims = block.claims.clone();
            claims.sort_unstable();
            let texts = [&block.evidence, &block.method, &block.reference].map(|text| text.to_lowercase());
            (claims, block.result, texts, block.timestamp.clone())
        };
        words(self) == words(other)
    }
}

/// The blocks of a contact: complete, at most five, none twice and none against another.
///
/// # Errors
/// Names the field of the block at fault.
pub fn read(params: &Params<'_>) -> Result<Vec<Block>, Reject> {
    let objects = params.objects("verification", PARAMS)?;
    at_most("verification", objects.len(), 5)?;
    let mut blocks: Vec<Block> = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        let block = block(object)?;
        for (earlier, other) in blocks.iter().enumerate() {
            agree(&params.path(&format!("verification[{at}]")), earlier, other, &block)?;
        }
        blocks.push(block);
    }
    Ok(blocks)
}

/// Two blocks must not say different things about one claim, and not the same twice.
fn agree(field: &str, earlier: usize, other: &Block, block: &Block) -> Result<(), Reject> {
    if block.repeats(other) {
        return Err(refuse(field, &format!("says the same as verification[{earlier}]"), &block.reference));
    }
    match block.claims.iter().find(|claim| other.claims.contains(claim)) {
        Some(claim) if other.result != block.result => {
            let rule = format!(
                "contradicts verification[{earlier}] (reference `{}`): one says success of `{claim}`, one failed",
                quoted(&other.reference)
            );
            Err(refuse(field, &rule, &block.reference))
        }
        _ => Ok(()),
    }
}

fn block(params: &Params<'_>) -> Result<Block, Reject> {
    let field = |name: &str| params.path(name);
    let claims = params.required_list("claims")?;
    at_most(&field("claims"), claims.len(), CLAIMS.len())?;
    distinct(&field("claims"), &claims)?;
    let claim = |(at, claim): (usize, &String)| one_of(&field(&format!("claims[{at}]")), claim, CLAIMS);
    let block = Block {
        claims: claims.iter().enumerate().map(claim).collect::<Result<_, _>>()?,
        result: one_of(&field("result"), &params.required("result")?, &["success", "failed"])?,
        reference: params.required("reference")?,
        timestamp: params.required("timestamp")?,
        evidence: params.required("evidence")?,
        method: params.required("method")?,
        trust_framework: params.required("trust_framework")?,
    };
    timestamp(&field("timestamp"), &block.timestamp)?;
    let framework = one_of(&field("trust_framework"), &block.trust_framework, &["de_denic"]);
    params.judge(rules::TRUST_FRAMEWORK, framework.as_ref().map(|_| ()).map_err(Clone::clone))?;
    let block = Block { trust_framework: framework.map_or(block.trust_framework, str::to_owned), ..block };
    params.judge(rules::EVIDENCE_METHOD, combination(params, &block))?;
    Ok(block)
}

/// Whether evidence, method and claims stand together in the registry's list.
fn combination(params: &Params<'_>, block: &Block) -> Result<(), Reject> {
    let is = |word: &str, value: &str| word.eq_ignore_ascii_case(value);
    let of_evidence = || COMBINATIONS.iter().filter(|(evidence, _, _)| is(evidence, &block.evidence));
    if of_evidence().next().is_none() {
        return Err(refuse(params.path("evidence"), "is not in the registry's list", &block.evidence));
    }
    let mut methods = of_evidence().flat_map(|(_, _, methods)| methods.iter());
    if !methods.any(|method| is(method, &block.method)) {
        let known: Vec<&str> = of_evidence().flat_map(|(_, _, methods)| methods.iter().copied()).collect();
        let rule = format!("`{}` is checked by {}", quoted(&block.evidence), known.join(", "));
        return Err(refuse(params.path("method"), &rule, &block.method));
    }
    let provable = |claim: &&str| of_evidence().any(|(_, claims, _)| claims.contains(claim));
    match block.claims.iter().find(|claim| !provable(claim)) {
        Some(claim) => {
            let rule = format!("`{}` does not prove this", quoted(&block.evidence));
            Err(refuse(params.path("claims"), &rule, claim))
        }
        None => Ok(()),
    }
}

/// An instant with its offset, to the second: `2024-10-04T13:31:25+02:00`.
///
/// # Errors
/// It has another form, or is no instant.
pub fn timestamp(field: &str, value: &str) -> Result<(), Reject> {
    let shape: String = value
        .chars()
        .map(|character| match character {
            '0'..='9' => '9',
            '-' | '+' => '±',
            other => other,
        })
        .collect();
    let well_formed = shape == "9999±99±99T99:99:99±99:99" && !value.get(..10).unwrap_or_default().contains('+');
    // A minute has 60 seconds there, where ours may have 61, and no place is further than 14 hours from Greenwich.
    let in_range = value.get(17..19).is_some_and(|second| second < "60")
        && value.get(20..).is_some_and(|offset| offset <= "14:00");
    if well_formed && in_range && value.parse::<Timestamp>().is_ok() {
        return Ok(());
    }
    Err(refuse(field, "must be a time of the form 2024-10-04T13:31:25+02:00", value))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn block_with(change: Value) -> Value {
        let mut block = json!({"claims": ["name", "address"], "result": "success", "reference": "R1",
            "timestamp": "2023-11-11T15:36:21+02:00", "evidence": "idcard", "method": "auth", "trust_framework": "de_denic"});
        block.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        block.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        block
    }

    /// Reads blocks; the field at fault with the reason, or the rules that only warn.
    fn found(blocks: &[Value]) -> Result<Vec<String>, (String, String)> {
        let Value::Object(map) = json!({ "verification": blocks }) else { unreachable!("an object") };
        let params = Params::new(&map, &["verification"]).unwrap();
        read(&params).map_err(|reject| (reject.field.unwrap_or_default(), reject.reason))?;
        Ok(params.warnings().into_iter().map(|warning| format!("{}: {}", warning.field, warning.reason)).collect())
    }

    #[test]
    fn a_block_is_complete_and_of_known_words() {
        assert_eq!(found(&[block_with(json!({}))]), Ok(vec![]));
        assert_eq!(
            found(&[block_with(json!({"result": "SUCCESS", "claims": "Name", "evidence": "IDcard"}))]),
            Ok(vec![])
        );
        for (change, field, rule) in [
            (json!({"claims": null}), "claims", "is missing"),
            (json!({"claims": []}), "claims", "is missing"),
            (json!({"claims": ["name", "address", "email", "phone"]}), "claims", "at most 3"),
            (json!({"claims": ["name", "NAME"]}), "claims[1]", "twice; got `NAME`"),
            (json!({"claims": ["shoe size"]}), "claims[0]", "name, address, email; got `shoe size`"),
            (json!({"result": null}), "result", "is missing"),
            (json!({"result": "maybe"}), "result", "success, failed; got `maybe`"),
            (json!({"reference": null}), "reference", "is missing"),
            (json!({"reference": ["a", "b"]}), "reference", "must be a text"),
            (json!({"timestamp": null}), "timestamp", "is missing"),
            (json!({"timestamp": "2023-11-11"}), "timestamp", "form 2024-10-04T13:31:25+02:00; got `2023-11-11`"),
            (json!({"evidence": null}), "evidence", "is missing"),
            (json!({"method": null}), "method", "is missing"),
            (json!({"trust_framework": null}), "trust_framework", "is missing"),
            (json!({"trust_framework": "de.denic"}), "trust_framework", "de_denic; got `de.denic`"),
            (json!({"proof": "x"}), "proof", "unknown parameter"),
        ] {
            let (at, reason) =
                found(&[block_with(json!({"reference": "R0"})), block_with(change.clone())]).unwrap_err();
            assert_eq!(at, format!("params.verification[1].{field}"), "{change}");
            assert!(reason.contains(rule), "{change}: {reason}");
        }
    }

    #[test]
    fn blocks_agree_with_each_other() {
        let one = || block_with(json!({}));
        let numbered: Vec<Value> = (0..6).map(|n| block_with(json!({"reference": n.to_string()}))).collect();
        assert_eq!(found(&numbered[..5]), Ok(vec![]));
        for (blocks, field, rule) in [
            (numbered.clone(), "params.verification", "at most 5"),
            (vec![one(), one()], "params.verification[1]", "says the same as verification[0]"),
            (
                vec![one(), block_with(json!({"claims": ["Address", "name"]}))],
                "params.verification[1]",
                "says the same",
            ),
            (
                vec![one(), block_with(json!({"result": "failed", "claims": "address", "reference": "R2"}))],
                "params.verification[1]",
                "(reference `R1`): one says success of `address`, one failed; got `R2`",
            ),
        ] {
            let (at, reason) = found(&blocks).unwrap_err();
            assert_eq!(at, field);
            assert!(reason.contains(rule), "{reason}");
        }
        let email = block_with(
            json!({"claims": "email", "result": "failed", "evidence": "email_ver_transaction_log", "method": "reachability"}),
        );
        assert_eq!(found(&[one(), email]), Ok(vec![]), "of other claims another result may be told");
    }

    #[test]
    fn the_list_of_combinations_is_the_registrys() {
        assert_eq!(COMBINATIONS.len(), 19);
        let pairs: usize = COMBINATIONS.iter().map(|(_, _, methods)| methods.len()).sum();
        assert_eq!(pairs, 45);
        for (evidence, claims, methods) in COMBINATIONS {
            for method in *methods {
                let good = block_with(json!({"evidence": evidence, "method": method, "claims": claims}));
                assert_eq!(found(&[good]), Ok(vec![]), "{evidence} {method}");
            }
        }
        for (change, rule) in [
            (json!({"evidence": "library_card"}), ".evidence: is not in the registry's list; got `library_card`"),
            (json!({"method": "data"}), ".method: `idcard` is checked by auth, vdig"),
            (
                json!({"evidence": "passport", "method": "vdig"}),
                ".claims: `passport` does not prove this; got `address`",
            ),
            (
                json!({"evidence": "passport", "method": "auth", "claims": "name"}),
                ".method: `passport` is checked by vdig",
            ),
            (json!({"claims": ["name", "email"]}), ".claims: `idcard` does not prove this; got `email`"),
        ] {
            let (field, reason) = found(&[block_with(change.clone())]).unwrap_err();
            let refused = format!("{field}: {reason}");
            assert!(refused.contains(rule) && refused.ends_with("(rule `evidence_method`)"), "{change}: {refused}");
        }
    }

    #[test]
    fn times() {
        for good in ["2023-11-11T15:36:21+02:00", "2024-02-29T00:00:00-11:00", "2023-11-11T15:36:59+14:00"] {
            assert!(timestamp("t", good).is_ok(), "{good}");
        }
        for bad in [
            "2023-11-11T15:36:21Z",
            "2023-11-11 15:36:21+02:00",
            "2023-11-11t15:36:21+02:00",
            "2023-13-11T15:36:21+02:00",
            "2023-02-29T15:36:21+02:00",
            "2023-11-11T24:36:21+02:00",
            "2023-11-11T15:36:60+02:00",
            "2023-11-11T15:36:21+15:00",
            "2023-11-11T15:36:21+0200",
            "2023-11-11T15:36:21.5+02",
            "2023+11+11T15:36:21+02:00",
            "2023-11-11T15:36:21±02:00",
            "٢٠٢٣-11-11T15:36:21+02:00",
            "",
        ] {
            let reject = timestamp("t", bad).unwrap_err();
            assert!(reject.reason.contains(&format!("`{bad}`")), "{reject}");
        }
    }
}
