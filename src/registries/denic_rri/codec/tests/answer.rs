//! Any answer the registry could give.

use proptest::prelude::*;

use super::super::tree::{Block, Reply};
use super::super::words::{Section, Word};
use crate::model::{Level, Message};

/// A value on one line without blanks around it.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9<>&\"'\\[\\]:;,. -]{1,20}", "\\PC{1,20}"]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("not empty", |text| !text.is_empty())
}

/// A message. Its text may hold brackets, only not at its end, where an argument would begin; its arguments may hold
/// pairs of them.
fn message(levels: &'static [Level]) -> impl Strategy<Value = Message> {
    let argument = prop_oneof!["[a-zA-Z0-9:;.#<&-]{1,12}", "[a-z]{1,4} \\[[a-z0-9:]{0,6}\\]", "Date: [0-9T:+-]{1,25}"];
    let text = "([a-zA-Z\"(<&]{1,8}|\\[[a-z]{0,3}\\]|[a-z]{1,3}\\]){0,3}[a-z.]{1,8}";
    (prop::sample::select(levels), "[1-8][0-9]{10}", text, prop::collection::vec(argument, 0..3))
        .prop_map(|(level, code, text, arguments)| Message { level, code, text, arguments })
}

/// Fields of a section, in any order and number.
fn fields(words: &'static [Word]) -> impl Strategy<Value = Vec<(Word, String)>> {
    prop::collection::vec((prop::sample::select(words), value()), 0..6)
}

fn section(section: Section, fields: Vec<(Word, String)>, blocks: Vec<Block>) -> Block {
    let mut block = Block::new(section);
    (block.fields, block.blocks) = (fields, blocks);
    block
}

const CONTACT: &[Word] = &[
    Word::Handle,
    Word::Type,
    Word::Name,
    Word::Organisation,
    Word::Address,
    Word::PostalCode,
    Word::City,
    Word::CountryCode,
    Word::Email,
    Word::Phone,
    Word::UriTemplate,
    Word::Changed,
    Word::DisputeReference,
    Word::Status,
];
const VERIFICATION: &[Word] = &[
    Word::VerifiedClaim,
    Word::VerificationResult,
    Word::VerificationReference,
    Word::VerificationTimestamp,
    Word::VerificationEvidence,
    Word::VerificationMethod,
    Word::TrustFramework,
];
const DOMAIN: &[Word] = &[
    Word::DomainAce,
    Word::Status,
    Word::AuthInfo,
    Word::AuthInfo1,
    Word::AuthInfo2,
    Word::RegistrationDate,
    Word::DeadlineBeforeDedelegation,
    Word::DeadlineBeforeDeletion,
    Word::Changed,
    Word::Expire,
    Word::RegistryLock,
    Word::RegAccId,
    Word::RegAccName,
];
const REG_ACC: &[Word] = &[Word::RegAccId, Word::Name, Word::Email, Word::Phone, Word::Changed];
const MESSAGE: &[Word] = &[
    Word::Domain,
    Word::DomainAce,
    Word::Handle,
    Word::Holder,
    Word::Status,
    Word::Expire,
    Word::AuthInfoExpire,
    Word::ChprovTo,
    Word::ChprovFrom,
    Word::VerificationClaim,
    Word::DomainsTotal,
    Word::DeadlineBeforeDedelegation,
    Word::DeadlineBeforeDeletion,
];

fn verifications() -> impl Strategy<Value = Vec<Block>> {
    // One that says nothing is read as none.
    let said = fields(VERIFICATION).prop_filter("an empty verification", |fields| !fields.is_empty());
    let one = said.prop_map(|fields| section(Section::Verification, fields, Vec::new()));
    prop::collection::vec(one, 0..3)
}

fn contact() -> impl Strategy<Value = Block> {
    (fields(CONTACT), verifications()).prop_map(|(fields, blocks)| section(Section::Top, fields, blocks))
}

fn dns() -> impl Strategy<Value = (Word, String)> {
    prop_oneof![
        "ns[0-9]\\.example\\.(de|net)\\.?( (192\\.0\\.2\\.[0-9]|2001:db8::[0-9]))?"
            .prop_map(|line| (Word::Nserver, line)),
        "[a-z]{1,5}\\.de\\. IN (A 192\\.0\\.2\\.[0-9]|AAAA 2001:db8::[0-9]|MX [0-9] (\\.|[a-z]{1,5}\\.net\\.))"
            .prop_map(|line| (Word::Nsentry, line)),
        "257 3 (8|13) [A-Za-z0-9+/]{1,20}=?".prop_map(|line| (Word::Dnskey, line)),
    ]
}

fn domain() -> impl Strategy<Value = Block> {
    let others = prop_oneof![
        (prop::sample::select(&[Section::GeneralRequest, Section::AbuseContact][..]), fields(CONTACT))
            .prop_map(|(role, fields)| section(role, fields, Vec::new())),
        (fields(CONTACT), verifications()).prop_map(|(fields, blocks)| section(Section::Holder, fields, blocks)),
        fields(REG_ACC).prop_map(|fields| section(Section::RegAcc, fields, Vec::new())),
        Just(Block::new(Section::Dispute)),
    ];
    (value(), fields(DOMAIN), prop::collection::vec(dns(), 0..3), prop::collection::vec(others, 0..6)).prop_map(
        |(name, more, dns, blocks)| {
            let fields = [vec![(Word::Domain, name)], more, dns].concat();
            section(Section::Top, fields, blocks)
        },
    )
}

fn queue() -> impl Strategy<Value = Block> {
    let head = (0u32..10_000_000, value(), "[0-9a-f-]{30,36}", "[a-z][a-zA-Z0-9]{2,20}");
    let kinds = &[
        (Section::EarliestDedelegation, Word::DeadlineBeforeDedelegation),
        (Section::EarliestDeletion, Word::DeadlineBeforeDeletion),
    ][..];
    let earliest =
        (prop::sample::select(kinds), value(), value(), value()).prop_map(|((kind, deadline), name, ace, due)| {
            section(kind, vec![(Word::Domain, name), (Word::DomainAce, ace), (deadline, due)], Vec::new())
        });
    let messages = prop::collection::vec(message(&[Level::Info]), 0..3);
    (head, fields(MESSAGE), prop::collection::vec(earliest, 0..3), messages).prop_map(
        |((count, time, id, kind), more, blocks, messages)| {
            let head = vec![
                (Word::MsgCnt, count.to_string()),
                (Word::MsgTime, time),
                (Word::MsgId, id),
                (Word::MsgType, kind),
            ];
            let mut block = section(Section::Top, [head, more].concat(), blocks);
            block.messages = messages;
            block
        },
    )
}

pub fn reply() -> impl Strategy<Value = Reply> {
    let result = prop::sample::select(&["success", "Failed", "EXCEPTION"][..]);
    let ids = prop::collection::vec("[A-Za-z0-9-]{1,40}", 0..3);
    let messages = prop::collection::vec(message(&[Level::Info, Level::Warning, Level::Error]), 0..4);
    let data = prop_oneof![contact(), domain(), queue()];
    (result, ids, prop::option::of(value()), messages, data).prop_map(
        |(result, server_transactions, client_transaction, messages, data)| Reply {
            result: result.to_owned(),
            server_transactions,
            client_transaction,
            messages,
            data,
        },
    )
}
