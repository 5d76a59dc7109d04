//! The elements of protocol 8.0 as the registry's DTD has them: names, what may be in them, their attributes.
//!
//! Content: nothing, `#` for text, or names with `?`, `*`, `+`, a blank for "then", `|` for "or". Attributes: `!` if it has to be
//! there, `:` and the words it may be (`bool`: 0 or 1), `=` and what it is if it is not there. `@` stands for a row of [`SETS`].

/// Names, content, attributes.
#[rustfmt::skip]
pub(super) const ELEMENTS: &[(&str, &str, &str)] = &[
    ("NZSRSRequest SRSRequest", "(@request)+", "VerMajor! VerMinor! RegistrarId"),
    ("NZSRSResponse SRSResponse", "Response+|Error", "VerMajor! VerMinor! RegistrarId"),
    ("DomainCreate", "RegistrantContact AdminContact? TechnicalContact? NameServers? DNSSEC? AuditText?", "ActionId! DomainName! DomainNameUnicode DomainNameLanguage RegistrantRef Term! Delegate:bool=1"),
    ("DomainUpdate", "DomainNameFilter+ RegistrantContact? AdminContact? TechnicalContact? NameServers? DNSSEC? AuditText?", "ActionId! UDAI NewUDAI:bool RegistrantRef Term Delegate:bool Renew:bool NoAutoRenew:bool Lock:bool Cancel:bool Release:bool DisclosureMask ConvertContactsToHandles:bool FullResult:bool=1"),
    ("HandleCreate", "(PostalAddress? Phone? Fax?) AuditText?", "ActionId! HandleId! @inline"),
    ("HandleUpdate", "(PostalAddress? Phone? Fax?) AuditText?", "ActionId! HandleId! Delete:bool @inline"),
    ("HandleDetailsQry", "HandleIdFilter* SearchDateRange? ChangedInDateRange? ContactFilter?", "QryId MaxResults SkipResults CountResults:bool=0"),
    ("DomainNameFilter AuditTextFilter ActionIdFilter RegistrarIdFilter AddressFilter Description ErrorDetails TransferredDomain Digest EncryptKey HandleIdFilter XML Signature ParamValue RunLogDetails CreateAuditText CancelAuditText AuditText", "#", ""),
    ("Whois", "", "QryId FullResult:bool=1 SourceIP DomainName!"),
    ("UDAIValidQry", "", "QryId DomainName! UDAI!"),
    ("DomainDetailsQry", "DomainNameFilter* NameServerFilter? DNSSECFilter? RegistrantContactFilter? AdminContactFilter? TechnicalContactFilter? RegisteredDateRange? LockedDateRange? CancelledDateRange? BilledUntilDateRange? AuditTextFilter? ActionIdFilter? FieldList?", "QryId Status:Active,PendingRelease Delegate:bool Term RegistrantRef MaxResults SkipResults ShowHistory:bool CountResults:bool=0"),
    ("ActionDetailsQry", "", "QryId ActionId! OriginatingRegistrarId"),
    ("RegistrarCreate", "RegistrarPublicContact RegistrarSRSContact DefaultTechnicalContact EncryptKeys? EPPAuth? Allowed2LDs? Roles? AuditText?", "ActionId! Name! AccRef! RegistrarId! URL"),
    ("RegistrarUpdate", "RegistrarPublicContact? RegistrarSRSContact? DefaultTechnicalContact? EncryptKeys? EPPAuth? Allowed2LDs? Roles? AuditText?", "ActionId! Name AccRef URL"),
    ("RegistrarDetailsQry", "ResultDateRange?", "QryId RegistrarId NameFilter"),
    ("RegistrarAccountQry", "TransDateRange? InvoiceDateRange?", "QryId RegistrantRef DomainName InvoiceId MaxResults SkipResults TransStatus:PendingConfirmation,Confirmed CountResults:bool=0"),
    ("BillingAmountUpdate", "BillingAmount", "ActionId!"),
    ("BillingAmountQry SysParamsQry", "", "QryId"),
    ("BillingAmount", "EffectiveDate?", "Amount!"),
    ("EffectiveDate FinalRunDate ActiveOn NewBilledUntilDate RunDate TransactionDate FeTimeStamp BilledUntil LockedDate RegisteredDate CancelledDate InvoiceDate TransDate BillPeriodStart BillPeriodEnd CreatedDate RunLogTimeStamp FirstRunDate LastRunDate From To", "", "@stamp"),
    ("ResultDateRange SearchDateRange ChangedInDateRange RegisteredDateRange CancelledDateRange LockedDateRange BilledUntilDateRange InvoiceDateRange TransDateRange LogDateRange AuditTime", "From? To?", ""),
    ("FieldList", "", "Status:bool NameServers:bool DNSSEC:bool RegistrantContact:bool RegisteredDate:bool AdminContact:bool TechnicalContact:bool LockedDate:bool Delegate:bool RegistrarId:bool RegistrarName:bool RegistrantRef:bool LastActionId:bool ChangedByRegistrarId:bool Term:bool BilledUntil:bool CancelledDate:bool AuditText:bool EffectiveFrom:bool DefaultContacts:bool"),
    ("SysParamsCreate SysParamsUpdate", "SysParam+ AuditText?", "ActionId!"),
    ("RunLogCreate", "FirstRunDate RunLog", "ActionId!"),
    ("RunLogQry", "LogDateRange?", "QryId ProcessName Parameters"),
    ("ScheduleCreate", "FirstRunDate FinalRunDate? AuditText?", "ProcessName!:@job Frequency! Parameters ActionId!"),
    ("ScheduleCancel", "FirstRunDate AuditText?", "ActionId! ProcessName!:@job Parameters"),
    ("ScheduleUpdate", "FirstRunDate LastRunDate? AuditText?", "ActionId! Parameters Frequency ProcessName!:@job"),
    ("ScheduleQry", "ActiveOn? FirstRunDate?", "QryId ProcessName Parameters"),
    ("DeferredIncomeSummaryQry DeferredIncomeDetailQry", "", "@months QryId"),
    ("DeferredRegistrarIncome", "", "@months RegistrarId! BilledAmount! BilledCount!"),
    ("BilledUntilAdjustment", "NewBilledUntilDate AuditText", "DomainName! ActionId!"),
    ("AdjustRegistrarAccount", "TransactionDate BillPeriodStart BillPeriodEnd AuditText", "RegistrarId! DomainName! ActionId! Months! ActionType!:Credit,Debit"),
    ("AccessControlListQry", "(DomainNameFilter|RegistrarIdFilter|AddressFilter)*", "QryId Resource List Type FullResult:bool=0"),
    ("AccessControlListRemove", "AccessControlListEntry* AuditText?", "Resource! List! ActionId! FullResult:bool=1"),
    ("AccessControlListAdd", "AccessControlListEntry+ AuditText?", "Resource! List! ActionId! FullResult:bool=1"),
    ("AccessControlList", "AccessControlListEntry*", "Resource! List! Size SizeChange Type"),
    ("AccessControlListEntry", "EffectiveDate?", "Address DomainName RegistrarId Comment"),
    ("GetMessages", "TransDateRange? AuditTextFilter? TypeFilter*", "QryId OriginatingRegistrarId ActionId RecipientRegistrarId MaxResults SkipResults CountResults:bool=0 QueueMode:bool=0"),
    ("TypeFilter", "", "Type!:third-party,server-generated-data"),
    ("AckMessage", "", "ActionId! OriginatingRegistrarId! TransId!"),
    ("ResetMsgQ", "", "ActionId!"),
    ("Response", "FeTimeStamp (Response*|(Error|Domain*|UDAIValid|DomainTransfer|BillingTrans*|DeferredRegistrarIncome*|Registrar*|SysParam*|RunLog*|Schedule*|AccessControlList*|(RawRequest RawResponse)|BillingAmount*|Handle*|Message*)|AckResponse)?", "Action!:@action FeId! FeSeq! OrigRegistrarId! TransId Rows Count MoreRowsAvailable:bool RecipientRegistrarId"),
    ("AckResponse", "", "OriginatingRegistrarId! TransId!"),
    ("Error", "Description ErrorDetails*", "ErrorId! Severity! Hint!"),
    ("Domain", "NameServers? Linked3lds? DNSSEC? RegistrantContact? RegistrarPublicContact? AdminContact? TechnicalContact? BilledUntil? RegisteredDate? CancelledDate? LockedDate? DefaultContacts? AuditDetails?", "DomainName! DomainNameUnicode DomainNameUnicodeHex DomainNameLanguage RegistrantRef RegistrarName Status Delegate:bool Term RegistrarId UDAI DisclosureMask RegistrationId"),
    ("DomainTransfer", "TransferredDomain+", "RegistrarName! @stamp"),
    ("UDAIValid", "", "Valid!:bool"),
    ("NameServers", "Server*", ""),
    ("Server", "", "FQDN! IP4Addr IP6Addr"),
    ("NameServerFilter", "ServerFilter+", ""),
    ("ServerFilter", "", "FQDN IP4Addr IP6Addr"),
    ("Linked3lds", "Linked3ld*", ""),
    ("Linked3ld", "", "domainname!"),
    ("DNSSEC", "DS*", ""),
    ("DS", "Digest", "KeyTag! Algorithm! DigestType!"),
    ("DNSSECFilter", "DSFilter+", ""),
    ("DSFilter", "Digest?", "KeyTag Algorithm DigestType"),
    ("DefaultContacts", "", "AdminContact:bool TechnicalContact:bool"),
    ("Registrar", "RegistrarPublicContact RegistrarSRSContact DefaultTechnicalContact EncryptKeys? EPPAuth? Allowed2LDs? Roles? AuditDetails?", "RegistrarId! Name! AccRef! URL"),
    ("Allowed2LDs", "SecondLD*", ""),
    ("SecondLD", "", "DomainName!"),
    ("Roles", "Role*", ""),
    ("Role", "", "RoleName!:@role"),
    ("EncryptKeys", "EncryptKey*", ""),
    ("EPPAuth", "", "Password!"),
    ("BillingTrans", "InvoiceDate? TransDate BillPeriodStart BillPeriodEnd", "RegistrarId! Type! TransStatus!:PendingConfirmation,Confirmed DomainName! RegistrantRef BillingTerm! InvoiceId Amount!"),
    ("RegistrantContact AdminContact TechnicalContact RegistrarPublicContact DefaultTechnicalContact RegistrarSRSContact", "PostalAddress? Phone? Fax?", "@contact"),
    ("RegistrantContactFilter AdminContactFilter TechnicalContactFilter ContactFilter", "PostalAddressFilter? Phone? Fax?", "@filter"),
    ("ChangedDomains", "Domain*", ""),
    ("Handle", "(PostalAddress? Phone? Fax?) CreatedDate AuditDetails? ChangedDomains?", "RegistrarId! @contact"),
    ("Message", "Response", "Remaining"),
    ("PostalAddress PostalAddressFilter", "", "@address"),
    ("Phone Fax", "", "@phone"),
    ("RawRequest RawResponse", "XML Signature", ""),
    ("SysParam", "ParamValue AuditDetails?", "Name!"),
    ("RunLog", "RunLogTimeStamp RunLogDetails?", "ProcessName! Parameters ActionStatus! Control"),
    ("Schedule", "FirstRunDate FinalRunDate? CreateAuditText? CancelAuditText?", "ProcessName!:@job Frequency! Parameters CreateByRegistrarId! CreateActionId! CancelByRegistrarId CancelActionId"),
    ("AuditDetails", "AuditTime? AuditText?", "RegistrarId ActionId"),
];

/// Attributes that come together.
#[rustfmt::skip]
pub(super) const SETS: &[(&str, &str)] = &[
    ("@stamp", "Year! Month! Day! Hour! Minute! Second TimeZoneOffset"),
    ("@contact", "HandleId ActionId Email Name Privacy:bool"),
    ("@inline", "Email Name Privacy:bool"),
    ("@filter", "HandleId Name Email Privacy:bool"),
    ("@phone", "CountryCode AreaCode LocalNumber"),
    ("@address", "Address1 Address2 City Province CountryCode PostalCode"),
    ("@months", "BaseMonth! BaseYear! IncomeMonth! IncomeYear!"),
];

/// Words that an attribute may be.
#[rustfmt::skip]
pub(super) const WORDS: &[(&str, &str)] = &[
    ("bool", "0,1"),
    ("@job", "BuildDnsZoneFiles,ReleaseDomains,RenewDomains,GenerateStatsReport,GenerateDomainReport,ExtractWebsiteData,Sunrise2ldRegistrarReport,DeleteUnusedHandles"),
    ("@role", "Registrar,Registry,Whois,Query,CreateDomain,UpdateDomain,UpdateAnyDomainDisclosure,TransferDomain,CancelDomain,UncancelDomain,UpdateRegistrar,Administer,Supervisor,Connect,ReleaseDomain,QueryACL,UpdateACL,QueryRegACL,QueryAllDomains"),
];

/// Every action of a registrar, then those of the registry alone.
#[rustfmt::skip]
pub(in super::super) const ACTIONS: &[&str] = &[
    "DomainCreate", "DomainUpdate", "HandleCreate", "HandleUpdate", "HandleDetailsQry", "Whois", "DomainDetailsQry",
    "ActionDetailsQry", "UDAIValidQry", "RegistrarUpdate", "RegistrarDetailsQry", "RegistrarAccountQry", "ResetMsgQ",
    "GetMessages", "AckMessage",
    "RegistrarCreate", "SysParamsCreate", "SysParamsUpdate", "SysParamsQry", "RunLogCreate", "RunLogQry", "ScheduleCreate",
    "ScheduleCancel", "ScheduleQry", "ScheduleUpdate", "BillingAmountUpdate", "BillingAmountQry", "DeferredIncomeSummaryQry",
    "DeferredIncomeDetailQry", "BilledUntilAdjustment", "AdjustRegistrarAccount", "AccessControlListQry",
    "AccessControlListAdd", "AccessControlListRemove",
];

/// What a `Response` may answer beside the actions.
pub(super) const ANSWERED: &[&str] = &["UnknownTransaction", "DomainTransfer"];
