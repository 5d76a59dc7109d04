//! The kinds of deadlines: one row each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What to believe of an entry whose date has passed without any news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// The registry is asked; if it does not show the date any more, what was to be done was done.
    AskMet,
    /// The registry is asked; if it does not show the date any more, what was threatened has happened.
    AskMissed,
    /// Nobody can be asked: it is missed.
    Missed,
    /// Its end harms nobody: a chance is over, or a ban.
    Over,
}

macro_rules! kinds {
    ($($variant:ident $word:literal $at_end:expr, $title:literal, $harm:literal;)+) => {
        /// What happens on the date.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)] // the title beside each variant is its documentation
        pub enum DeadlineKind { $($variant),+ }

        impl DeadlineKind {
            /// All kinds, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in events, on the command line and in the store.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            /// What happens when it passes.
            #[must_use]
            pub const fn harm(self) -> &'static str {
                match self { $(Self::$variant => $harm),+ }
            }

            /// What to believe when it has passed without news.
            #[must_use]
            pub const fn at_end(self) -> AtEnd {
                match self { $(Self::$variant => $at_end),+ }
            }
        }
    };
}

// word, what to believe when it has passed, title, what happens then.
kinds! {
    VerificationBeforeDedelegation "verification_before_dedelegation" AtEnd::AskMet,
        "holder verification before dedelegation", "the domain leaves the zone until its holders are verified";
    VerificationBeforeDeletion "verification_before_deletion" AtEnd::AskMet,
        "holder verification before deletion", "the domain is deleted, without a redemption period";
    ContactVerification "contact_verification" AtEnd::AskMet,
        "verification of a contact", "the earliest of its domains leaves the zone";
    FailedDomainExpiry "failed_domain_expiry" AtEnd::AskMet,
        "repair of a failed domain", "the domain is deleted because of its name servers";
    RedemptionEnd "redemption_end" AtEnd::AskMissed,
        "end of the redemption period", "the domain is released and anybody may register it";
    PendingDelete "pending_delete" AtEnd::AskMissed,
        "release of a deleted domain", "the domain is free and anybody may register it";
    AuthInfo1Expiry "auth_info1_expiry" AtEnd::AskMissed,
        "expiry of AuthInfo1", "the transfer password its registrar chose ends unused";
    AuthInfo2Expiry "auth_info2_expiry" AtEnd::AskMissed,
        "expiry of AuthInfo2", "the transfer password the registry posted to the holders ends unused";
    UdaiExpiry "udai_expiry" AtEnd::Over,
        "expiry of a UDAI", "the transfer password ends; a new one must be made";
    DomainExpiry "domain_expiry" AtEnd::AskMissed,
        "end of the paid period", "the registration ends, or the registry renews and bills it";
    RenewalGraceEnd "renewal_grace_end" AtEnd::AskMissed,
        "last day to renew at the normal price", "the domain goes into redemption, or to an auction";
    AddGraceEnd "add_grace_end" AtEnd::Over,
        "end of the grace period of a registration", "a deletion no longer brings the fee back";
    RenewGraceEnd "renew_grace_end" AtEnd::Over,
        "end of the grace period of a renewal", "a deletion no longer brings the fee back";
    AutoRenewGraceEnd "auto_renew_grace_end" AtEnd::Over,
        "end of the grace period of an automatic renewal", "a deletion no longer brings the fee back";
    TransferGraceEnd "transfer_grace_end" AtEnd::Over,
        "end of the grace period of a transfer", "a deletion no longer brings the fee back";
    TransferDecision "transfer_decision" AtEnd::AskMet,
        "decision on a transfer", "the registry decides by itself";
    RegistrantVerification "registrant_verification" AtEnd::AskMet,
        "verification of a registrant's address", "the domain is suspended: web and mail stop";
    RegistryLockConfirmation "registry_lock_confirmation" AtEnd::AskMissed,
        "confirmation by the lock contact", "the order lapses";
    ContactRetention "contact_retention" AtEnd::AskMissed,
        "deletion of an unused contact", "the registry deletes the contact";
    MessageQueue "message_queue" AtEnd::Missed,
        "messages of the registry unread for three days", "the registry complains by e-mail; what they tell goes unnoticed";
    TransactionIdReuse "transaction_id_reuse" AtEnd::Over,
        "end of the registry's memory of a transaction id", "a repetition under the same id is no longer refused";
    SigningKeyExpiry "signing_key_expiry" AtEnd::Missed,
        "expiry of the last signing key", "nothing can be sent for the account";
    CertificateExpiry "certificate_expiry" AtEnd::Missed,
        "expiry of a TLS certificate", "no connection can be made";
    CredentialExpiry "credential_expiry" AtEnd::Missed,
        "expiry of a credential", "the registry refuses the login";
}

impl DeadlineKind {
    /// The date with whose passing the time begins that ends with this one.
    #[must_use]
    pub const fn begins_with(self) -> Option<Self> {
        match self {
            Self::RenewalGraceEnd => Some(Self::DomainExpiry),
            _ => None,
        }
    }

    /// Whether it is put off all the time as long as everything is well. That is told nobody.
    #[must_use]
    pub const fn is_watch(self) -> bool {
        matches!(self, Self::MessageQueue)
    }
}

impl fmt::Display for DeadlineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for DeadlineKind {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.word()).collect();
            format!("there is no kind of deadline `{}`; there are: {}", word.escape_default(), known.join(", "))
        })
    }
}

impl Serialize for DeadlineKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for DeadlineKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in DeadlineKind::ALL {
            assert_eq!(kind.word().parse::<DeadlineKind>().as_ref(), Ok(kind));
        }
        assert!("tea_time".parse::<DeadlineKind>().is_err());
    }
}
