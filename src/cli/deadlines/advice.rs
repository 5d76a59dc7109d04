//! What somebody can do about a date, by its kind.

use crate::model::deadline::DeadlineKind;

/// What to do before the date.
#[must_use]
pub const fn of(kind: DeadlineKind) -> &'static str {
    use DeadlineKind as Kind;
    match kind {
        Kind::VerificationBeforeDedelegation | Kind::VerificationBeforeDeletion | Kind::ContactVerification => {
            "verify the holders' data, correct it if it is wrong, and report it to the registry with contact.update"
        }
        Kind::FailedDomainExpiry => "repair the name servers, or name others with domain.update",
        Kind::RedemptionEnd => "restore it with domain.restore, or let it go",
        Kind::PendingDelete => "nothing brings it back; be ready if it is to be registered anew",
        Kind::AuthInfo1Expiry => "transfer it before, or have another AuthInfo1 set with domain.authcode_create",
        Kind::AuthInfo2Expiry => "transfer it before, or ask for another letter with domain.authcode_request",
        Kind::UdaiExpiry => "make a new one with domain.authcode_create if it is still needed",
        Kind::DomainExpiry => "renew it with domain.renew, or let it end",
        Kind::RenewalGraceEnd => "renew it with domain.renew while that costs no more than before",
        Kind::AddGraceEnd | Kind::RenewGraceEnd | Kind::AutoRenewGraceEnd | Kind::TransferGraceEnd => {
            "delete it before if it is not wanted: after that the fee is lost"
        }
        Kind::TransferDecision => "agree with domain.transfer_approve, or refuse with domain.transfer_reject",
        Kind::RegistrantVerification => {
            "have the registrant follow the link in the e-mail; domain.update with resend_verification sends it again"
        }
        Kind::RegistryLockConfirmation => "have the lock contact answer the registry",
        Kind::ContactRetention => "use the contact for a domain if it is to stay",
        Kind::MessageQueue => {
            "see why messages are not read: `registrard messages list --open`, `registrard accounts list`"
        }
        Kind::TransactionIdReuse => "nothing: registrard makes a new id for each attempt",
        Kind::SigningKeyExpiry => "make a new key, have the registry know it, and name it in the account's settings",
        Kind::CertificateExpiry => "have it renewed by whoever runs the server, or renew your own and restart",
        Kind::CredentialExpiry => "change it at the registry, and in the file that the configuration names",
    }
}
