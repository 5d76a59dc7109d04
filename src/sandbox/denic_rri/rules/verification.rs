//! Verification blocks of a contact: complete, of known values, without contradiction.

use super::super::codes;
use super::super::wire::request::Fields;
use crate::model::Message;

/// One block as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Block {
    pub(in super::super) claims: Vec<String>,
    pub(in super::super) success: bool,
    pub(in super::super) reference: String,
    pub(in super::super) timestamp: String,
    pub(in super::super) evidence: String,
    pub(in super::super) method: String,
    pub(in super::super) framework: String,
}

/// Most blocks of one contact.
const MOST: usize = 5;

/// Keywords that stand in every block exactly once.
const SINGLE: [&str; 6] = [
    "VerificationResult",
    "VerificationReference",
    "VerificationTimestamp",
    "VerificationEvidence",
    "VerificationMethod",
    "TrustFramework",
];

/// Claims the registry wants proved of a holder.
const WANTED: &[&str] = &["address", "name"];

/// The claims that no block proves, in the order in which the registry names them.
pub(in super::super) fn missing(blocks: &[Block]) -> Vec<&'static str> {
    let is_proved = |claim: &str| blocks.iter().any(|block| block.success && block.claims.iter().any(|c| c == claim));
    WANTED.iter().filter(|claim| !is_proved(claim)).copied().collect()
}

const ALL: &[&str] = &["name", "address", "email"];
const NAME_ADDRESS: &[&str] = &["name", "address"];
const NAME: &[&str] = &["name"];
const PERSONAL: &[&str] = &["electronic_document", "physical_document", "bvr", "pvr"];
const DOCUMENT: &[&str] = &["electronic_document", "physical_document"];

/// Evidence, the claims it may prove, and the methods it may be checked by.
const EVIDENCE: &[(&str, &[&str], &[&str])] = &[
    ("idcard", NAME_ADDRESS, &["auth", "vdig", "electronic_document", "physical_document", "bvr", "pvr"]),
    ("passport", NAME, &["vdig", "electronic_document", "physical_document", "bvr", "pvr"]),
    ("population_register", NAME_ADDRESS, PERSONAL),
    ("residence_permit", NAME_ADDRESS, PERSONAL),
    ("proof_of_arrival", NAME, PERSONAL),
    ("drivers_licence", NAME, PERSONAL),
    ("company_register", NAME_ADDRESS, &["electronic_document"]),
    ("company_statement", NAME_ADDRESS, DOCUMENT),
    ("bank_account", NAME, &["data"]),
    ("online_payment_account", ALL, &["data"]),
    ("utility_account", NAME_ADDRESS, DOCUMENT),
    ("bank_statement", NAME_ADDRESS, DOCUMENT),
    ("tax_statement", NAME_ADDRESS, DOCUMENT),
    ("written_attestation", ALL, &["physical_document"]),
    ("digital_attestation", ALL, &["electronic_document"]),
    ("postal_ver_transaction_log", NAME_ADDRESS, &["vdig", "reachability"]),
    ("email_ver_transaction_log", &["email"], &["reachability"]),
    ("address_database", &["address"], &["data"]),
];

/// Reads all blocks of a request, or says all that is wrong with them.
pub(in super::super) fn read(head: &Fields, blocks: &[Fields]) -> Result<Vec<Block>, Vec<Message>> {
    let mut mistakes = Vec::new();
    let is_block_keyword =
        |k: &str| k.eq_ignore_ascii_case("VerifiedClaim") || SINGLE.iter().any(|s| s.eq_ignore_ascii_case(k));
    if head.keywords().any(is_block_keyword) {
        mistakes.push(codes::VERIFICATION_HEADER.with(["missing VerificationInformation"]));
    }
    if blocks.len() > MOST {
        mistakes.push(codes::VERIFICATION_COUNT.with([format!("max: {MOST}")]));
    }
    let mut read = Vec::new();
    for block in blocks {
        match one(block) {
            Ok(block) => read.push(block),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if let Some(mistake) = contradiction(&read) {
        mistakes.push(mistake);
    }
    if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
}

fn one(fields: &Fields) -> Result<Block, Message> {
    for keyword in SINGLE {
        match fields.all(keyword).count() {
            0 => return Err(codes::VERIFICATION_INCOMPLETE.with([format!("missing {keyword}")])),
            1 => {}
            _ => return Err(codes::VERIFICATION_DUPLICATE_KEY.with([keyword])),
        }
    }
    let value = |keyword: &str| fields.first(keyword).unwrap_or_default().to_owned();
    let word = |keyword: &str| value(keyword).to_ascii_lowercase();
    let bad = |keyword: &str| codes::VERIFICATION_VALUE.with([format!("{keyword} '{}'", value(keyword))]);

    let claims: Vec<String> = fields.all("VerifiedClaim").map(str::to_ascii_lowercase).collect();
    if claims.is_empty() {
        return Err(codes::VERIFICATION_INCOMPLETE.with(["missing VerifiedClaim"]));
    }
    if let Some((_, twice)) = claims.iter().enumerate().find(|(n, claim)| claims[..*n].contains(claim)) {
        return Err(codes::VERIFICATION_DUPLICATE_VALUE.with([format!("VerifiedClaim '{twice}'")]));
    }
    let evidence = word("VerificationEvidence");
    let Some((_, provable, methods)) = EVIDENCE.iter().find(|(name, _, _)| *name == evidence) else {
        return Err(bad("VerificationEvidence"));
    };
    if !claims.iter().all(|claim| provable.contains(&claim.as_str())) {
        return Err(bad("VerifiedClaim"));
    }
    let method = word("VerificationMethod");
    if !methods.contains(&method.as_str()) {
        return Err(bad("VerificationMethod"));
    }
    let success = match word("VerificationResult").as_str() {
        "success" => true,
        "failed" => false,
        _ => return Err(bad("VerificationResult")),
    };
    let timestamp = value("VerificationTimestamp");
    if timestamp.len() != 25 || timestamp.parse::<jiff::Timestamp>().is_err() {
        return Err(bad("VerificationTimestamp"));
    }
    let framework = word("TrustFramework");
    if framework != "de_denic" {
        return Err(bad("TrustFramework"));
    }
    Ok(Block { claims, success, reference: value("VerificationReference"), timestamp, evidence, method, framework })
}

/// Two blocks must not say different things about the same claim.
fn contradiction(blocks: &[Block]) -> Option<Message> {
    blocks.iter().enumerate().find_map(|(n, block)| {
        let other = blocks[..n].iter().find(|other| {
            other.success != block.success && other.claims.iter().any(|claim| block.claims.contains(claim))
        })?;
        Some(
            codes::VERIFICATION_CONFLICT
                .with([format!("verificationReference '{}' '{}'", other.reference, block.reference)]),
        )
    })
}
