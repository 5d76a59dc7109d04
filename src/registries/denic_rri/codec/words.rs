//! The protocol's vocabulary: for each word its K/V keyword and its place in XML, side by side, so that the reference
//! and this table can be compared row by row. A new command adds rows here and no code to the formats.

/// The XML namespaces of the protocol. The version at the end of a URI is a value, not part of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Requests, answers, login.
    Global,
    /// Transaction ids, result, messages.
    Transaction,
    /// Contact objects.
    Contact,
    /// Domain objects.
    Domain,
    /// Name servers, DNS records, keys.
    Dnsentry,
    /// Verification blocks of contacts.
    Verification,
    /// The message queue.
    Msg,
    /// Registrar accounts.
    Regacc,
}

impl Space {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Global, "global"),
        (Self::Transaction, "transaction"),
        (Self::Contact, "contact"),
        (Self::Domain, "domain"),
        (Self::Dnsentry, "dnsentry"),
        (Self::Verification, "verification"),
        (Self::Msg, "msg"),
        (Self::Regacc, "regacc"),
    ];

    /// The name in the URI; also the prefix used when writing.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(space, _)| *space == self).map_or("", |(_, name)| name)
    }

    /// The namespace URI of a protocol version.
    pub fn uri(self, protocol: &str) -> String {
        format!("http://registry.denic.de/{}/{protocol}", self.name())
    }

    /// The namespace of a URI and its version, which decides nothing: answers of 3.0, 4.0 and 5.0 differ in content, not
    /// in names.
    pub fn of(uri: &str) -> Option<(Self, &str)> {
        let (name, version) = uri.strip_prefix("http://registry.denic.de/")?.split_once('/')?;
        let versioned = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        Self::ALL.iter().find(|(_, known)| versioned && *known == name).map(|(space, _)| (*space, version))
    }
}

/// Where a word stands in XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InXml {
    /// An element of its own.
    Element(Space, &'static str),
    /// An element inside a wrapper that K/V does not have.
    Wrapped(Space, &'static str, &'static str),
    /// An attribute of the request's element.
    Attribute(&'static str),
    /// `domain:contact` with this role.
    Role(&'static str),
    /// `dnsentry:dnsentry`.
    Dns,
}

macro_rules! words {
    ($($word:ident $kv:literal $place:expr;)+) => {
        /// A word of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word { $($word),+ }

        impl Word {
            /// All words.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The keyword in K/V; matched without regard to case.
            pub const fn kv(self) -> &'static str {
                match self { $(Self::$word => $kv),+ }
            }

            /// The place in XML.
            pub const fn xml(self) -> InXml {
                match self { $(Self::$word => $place),+ }
            }
        }
    };
}

use InXml::{Attribute, Dns, Element, Role, Wrapped};
use Space::{Contact as C, Domain as D, Global as G, Msg as M, Regacc as R, Verification as V};

words! {
    // login
    User "User" Element(G, "user");
    Password "Password" Element(G, "password");
    // contacts, in the order of the schema
    Handle "Handle" Element(C, "handle");
    Type "Type" Element(C, "type");
    Name "Name" Element(C, "name");
    Organisation "Organisation" Element(C, "organisation");
    Address "Address" Wrapped(C, "postal", "address");
    PostalCode "PostalCode" Wrapped(C, "postal", "postalCode");
    City "City" Wrapped(C, "postal", "city");
    CountryCode "CountryCode" Wrapped(C, "postal", "countryCode");
    Email "Email" Element(C, "email");
    Phone "Phone" Element(C, "phone");
    UriTemplate "Uri-Template" Element(C, "uri-template");
    Changed "Changed" Element(C, "changed");
    DisputeReference "DisputeReference" Element(C, "disputeReference");
    // contact CHECK and domain CHECK, INFO
    Status "Status" Element(D, "status");
    // verification blocks
    VerifiedClaim "VerifiedClaim" Wrapped(V, "verifiedClaims", "claim");
    VerificationResult "VerificationResult" Element(V, "verificationResult");
    VerificationReference "VerificationReference" Element(V, "verificationReference");
    VerificationTimestamp "VerificationTimestamp" Element(V, "verificationTimestamp");
    VerificationEvidence "VerificationEvidence" Element(V, "verificationEvidence");
    VerificationMethod "VerificationMethod" Element(V, "verificationMethod");
    TrustFramework "TrustFramework" Element(V, "trustFramework");
    // domains
    Domain "Domain" Element(D, "handle");
    DomainAce "Domain-Ace" Element(D, "ace");
    Holder "Holder" Role("holder");
    AbuseContact "AbuseContact" Role("abusecontact");
    GeneralRequest "GeneralRequest" Role("generalrequest");
    Nserver "Nserver" Dns;
    Nsentry "Nsentry" Dns;
    Dnskey "Dnskey" Dns;
    AuthInfo "AuthInfo" Element(D, "authInfo");
    AuthInfo1 "AuthInfo1" Element(D, "authInfo1");
    AuthInfo2 "AuthInfo2" Element(D, "authInfo2");
    AuthInfoHash "AuthInfoHash" Attribute("hash");
    AuthInfoExpire "AuthInfoExpire" Attribute("expire");
    Recursive "Recursive" Attribute("recursive");
    Disconnect "Disconnect" Attribute("disconnect");
    RegistrationDate "RegistrationDate" Element(D, "registrationDate");
    DeadlineBeforeDedelegation "VerificationDeadlineBeforeDedelegation" Element(D, "verificationDeadlineBeforeDedelegation");
    DeadlineBeforeDeletion "VerificationDeadlineBeforeDeletion" Element(D, "verificationDeadlineBeforeDeletion");
    Expire "Expire" Element(D, "expire");
    RegistryLock "RegistryLock" Element(D, "registryLock");
    RegAccId "RegAccId" Element(D, "regAccId");
    // the registrar's name at the top level: protocols 3.0 and 4.0
    RegAccName "RegAccName" Element(D, "regAccName");
    // registrar accounts
    RegAcc "RegAcc" Element(R, "handle");
    Fax "Fax" Element(R, "fax");
    Url "Url" Element(R, "url");
    MemberAccId "MemberAccId" Element(R, "memberacc");
    // the message queue; reading its XML is `xml::queue`'s, where the same name means different words
    MsgId "MsgId" Attribute("msgid");
    MsgType "MsgType" Attribute("msgType");
    MsgCnt "MsgCnt" Attribute("msgcnt");
    MsgTime "MsgTime" Attribute("msgtime");
    ChprovTo "Chprov-to" Element(M, "new");
    ChprovFrom "Chprov-from" Element(M, "old");
    VerificationClaim "VerificationClaim" Element(M, "claim");
    DomainsTotal "NumberOfReferencedDomainsTotal" Element(M, "numberOfReferencedDomainsTotal");
}

/// Elements that mean a word which stands elsewhere when written: the registrar's data in a domain INFO and in a RegAcc
/// INFO has the words of a contact, and tables of the manual differ from its samples in the case of the AuthInfo
/// elements.
const ALSO: &[(Space, &str, Word)] = &[
    (C, "status", Word::Status),
    (D, "name", Word::Name),
    (D, "email", Word::Email),
    (D, "phone", Word::Phone),
    (D, "changed", Word::Changed),
    (D, "authinfo", Word::AuthInfo),
    (D, "authinfo1", Word::AuthInfo1),
    (D, "authinfo2", Word::AuthInfo2),
    (D, "authInfoExpire", Word::AuthInfoExpire),
    (D, "authinfoexpire", Word::AuthInfoExpire),
    (R, "name", Word::Name),
    (R, "address", Word::Address),
    (R, "postalCode", Word::PostalCode),
    (R, "city", Word::City),
    (R, "countryCode", Word::CountryCode),
    (R, "phone", Word::Phone),
    (R, "email", Word::Email),
    (R, "changed", Word::Changed),
];

impl Word {
    /// The word of a K/V keyword.
    pub fn of_keyword(keyword: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| word.kv().eq_ignore_ascii_case(keyword))
    }

    /// The word of an XML element.
    pub fn of_element(space: Space, name: &str) -> Option<Self> {
        let here = |word: &Self| match word.xml() {
            Element(at, local) | Wrapped(at, _, local) => at == space && local == name,
            Attribute(_) | Role(_) | Dns => false,
        };
        let also = || ALSO.iter().find(|(at, local, _)| *at == space && *local == name).map(|(_, _, word)| *word);
        Self::ALL.iter().copied().find(here).or_else(also)
    }

    /// The word of an attribute of a request's element.
    pub fn of_attribute(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| matches!(word.xml(), Attribute(known) if known == name))
    }

    /// The word of a contact's role in a request.
    pub fn of_role(role: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|word| matches!(word.xml(), Role(known) if known == role))
    }
}

/// Whether an element only groups what K/V lists flat.
pub fn is_wrapper(space: Space, name: &str) -> bool {
    let of_regacc = (space, name) == (R, "postal");
    of_regacc
        || Word::ALL.iter().any(|word| matches!(word.xml(), Wrapped(at, wrapper, _) if at == space && wrapper == name))
}

/// A part of an answer with fields of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The answer itself.
    Top,
    /// A holder of a domain.
    Holder,
    /// The contact for general requests.
    GeneralRequest,
    /// The contact for abuse reports.
    AbuseContact,
    /// One verification of a contact.
    Verification,
    /// The registrar.
    RegAcc,
    /// The domain bears a DISPUTE entry.
    Dispute,
    /// The first of a contact's domains that leaves the zone unless the contact is verified.
    EarliestDedelegation,
    /// The first that is deleted.
    EarliestDeletion,
    /// Something newer than this program; its fields are read and not understood.
    Other,
}

/// Sections by K/V heading and by the XML role or element that stands for it.
const SECTIONS: &[(Section, &str, &str)] = &[
    (Section::Holder, "Holder", "holder"),
    (Section::GeneralRequest, "General Request", "generalrequest"),
    (Section::AbuseContact, "Abuse Contact", "abusecontact"),
    (Section::Verification, "VerificationInformation", "verificationInformation"),
    (Section::RegAcc, "RegAcc", "regAcc"),
    (Section::Dispute, "Dispute", "disputeData"),
    (Section::EarliestDedelegation, "earliest domain for dedelegation", "earliestDomainForDedelegation"),
    (Section::EarliestDeletion, "earliest domain for deletion", "earliestDomainForDeletion"),
];

impl Section {
    /// The section of a K/V heading; a blank inside is optional, as request keywords have none.
    pub fn of_heading(heading: &str) -> Self {
        let squeeze = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let wanted = squeeze(heading);
        SECTIONS.iter().find(|(_, kv, _)| squeeze(kv) == wanted).map_or(Self::Other, |(section, _, _)| *section)
    }

    /// The section of an XML role or element.
    pub fn of_xml(name: &str) -> Option<Self> {
        SECTIONS.iter().find(|(_, _, xml)| *xml == name).map(|(section, _, _)| *section)
    }

    /// The K/V heading.
    pub fn heading(self) -> &'static str {
        SECTIONS.iter().find(|(section, _, _)| *section == self).map_or("", |(_, kv, _)| kv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_both_formats() {
        for &word in Word::ALL {
            assert_eq!(Word::of_keyword(&word.kv().to_uppercase()), Some(word));
            if let Element(space, name) | Wrapped(space, _, name) = word.xml() {
                assert_eq!(Word::of_element(space, name), Some(word), "{space:?}:{name} stands twice");
            }
        }
    }

    #[test]
    fn namespaces_are_known_by_name_and_any_version() {
        for version in ["3.0", "4.0", "5.0"] {
            assert_eq!(Space::of(&Space::Verification.uri(version)), Some((Space::Verification, version)));
        }
        for foreign in [
            "",
            "http://registry.denic.de/domain/",
            "http://registry.denic.de/domain",
            "urn:x",
            "http://registry.denic.de/domain/5.0/x",
        ] {
            assert_eq!(Space::of(foreign), None, "{foreign}");
        }
    }
}
