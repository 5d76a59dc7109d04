//! The dates an answer names, as sentences: until when, what to do, and what happens otherwise.

use crate::model::deadline::{Deadline, DeadlineKind};

/// A date with what it asks for.
pub fn sentence(deadline: &Deadline) -> String {
    let due = deadline.due;
    match deadline.kind {
        DeadlineKind::VerificationBeforeDedelegation => {
            format!("by {due}: verify the holders (contact.update with `verification`), or the domain leaves the zone")
        }
        DeadlineKind::VerificationBeforeDeletion => {
            format!("by {due}: verify the holders (contact.update with `verification`), or the domain is deleted")
        }
        DeadlineKind::FailedDomainExpiry => {
            format!("by {due}: repair the name servers and send domain.update, or the domain is deleted")
        }
        DeadlineKind::AuthInfo1Expiry => {
            format!("until {due} the domain can be transferred with the password its registrar set; then that is void")
        }
        DeadlineKind::AuthInfo2Expiry => {
            format!(
                "until {due} the domain can be transferred with the password its holders were sent; then that is void"
            )
        }
        DeadlineKind::DomainExpiry => format!("until {due} the domain is registered: renew it before (domain.renew)"),
        DeadlineKind::RegistrantVerification => {
            format!("by {due}: the registrant answers the e-mail that asks for it, or the domain leaves the zone")
        }
        DeadlineKind::SigningKeyExpiry => {
            format!(
                "from {due} on nothing can be signed: have the registry enter the next key before (registrard keys check)"
            )
        }
        kind => format!("{due}: {}; after that {}", kind.title(), kind.harm()),
    }
}
