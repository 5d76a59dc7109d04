//! Dates that can cost somebody a domain name: what a registry's answer told us is due, and when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happens on the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The domain leaves the zone unless its holders are verified.
    VerificationBeforeDedelegation,
    /// The domain is deleted unless its holders are verified.
    VerificationBeforeDeletion,
    /// A domain with unusable name servers is deleted unless it is repaired.
    FailedDomainExpiry,
    /// The transfer password its registrar chose ends.
    AuthInfo1Expiry,
    /// The transfer password the registry posted to the holders ends.
    AuthInfo2Expiry,
    /// The registration ends unless it is renewed.
    DomainExpiry,
    /// The domain is taken out of the zone unless its registrant confirms its address.
    RegistrantVerification,
    /// The last of the keys that an account signs its requests with ends: nothing can be sent after that.
    SigningKeyExpiry,
}

/// A date learnt from an answer. It travels in the job's event as `deadlines`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// What is due.
    pub kind: DeadlineKind,
    /// When, to the second, as the registry or a key said it; never computed.
    pub due: Timestamp,
}
