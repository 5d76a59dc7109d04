use proptest::prelude::*;

use super::super::tree::{DnsData, DnsEntry, Item, Order};
use super::super::words::{InXml, Section, Word};
use super::super::{Format, write};
use super::*;

/// A value as `params` lets it through: no control characters, no blanks around it.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9<>&\"'\\[\\]:;,. -]{1,20}", "\\PC{1,20}"]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("not empty", |text| !text.is_empty())
}

fn words(fits: impl Fn(InXml) -> bool) -> Vec<Word> {
    Word::ALL.iter().copied().filter(|word| fits(word.xml())).collect()
}

/// Fields that a request about this kind of object has namespaces for, without those that name its object.
fn inner(object: Space) -> Vec<Word> {
    let keys = [Word::Domain, Word::DomainAce, Word::Handle, Word::RegAcc];
    let fits = |place| match place {
        InXml::Element(space, _) | InXml::Wrapped(space, ..) => space == object || space == Space::Global,
        InXml::Role(_) => object == Space::Domain,
        InXml::Attribute(_) | InXml::Dns => false,
    };
    let mut words = words(fits);
    words.retain(|word| !keys.contains(word));
    words
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,8}(\\.[a-z0-9-]{1,8}){1,2}"
}

fn entry(owner: String) -> impl Strategy<Value = DnsEntry> {
    let data = prop_oneof![
        (name(), any::<Option<std::net::IpAddr>>()).prop_map(|(host, address)| DnsData::Ns { host, address }),
        any::<std::net::IpAddr>().prop_map(DnsData::Address),
        (any::<u16>(), prop_oneof![Just(".".to_owned()), name()])
            .prop_map(|(preference, exchange)| DnsData::Mx { preference, exchange }),
        (any::<u16>(), any::<u8>(), any::<u8>(), "[A-Za-z0-9+/]{1,40}={0,2}")
            .prop_map(|(flags, protocol, algorithm, key)| DnsData::Dnskey { flags, protocol, algorithm, key }),
    ];
    data.prop_map(move |data| DnsEntry { owner: owner.clone(), data })
}

/// Any request: its object first, then fields and entries, then sections, then attributes.
fn order() -> impl Strategy<Value = Order> {
    let field = |words: Vec<Word>| (prop::sample::select(words), value());
    let claims = words(|place| {
        matches!(place, InXml::Element(Space::Verification, _) | InXml::Wrapped(Space::Verification, ..))
    });
    let attributes = prop::sample::subsequence(words(|place| matches!(place, InXml::Attribute(_))), 0..3);
    let block = prop::collection::vec(field(claims), 0..6).boxed();
    (prop::sample::select(ACTIONS), name()).prop_flat_map(move |(action, object)| {
        let key = match action.space {
            Space::Domain => Some(Word::Domain),
            Space::Contact => Some(Word::Handle),
            Space::Regacc => Some(Word::RegAcc),
            _ => None,
        };
        let most = if action.space == Space::Domain { 4 } else { 0 };
        (
            Just((action, key, object.clone())),
            prop::collection::vec(field(inner(action.space)).prop_map(|(word, value)| Item::field(word, value)), 0..8),
            prop::collection::vec(entry(object).prop_map(Item::Dns), 0..=most),
            prop::collection::vec(block.clone(), 0..3),
            (attributes.clone(), value()),
            prop::option::of(value()),
        )
            .prop_map(|((action, key, object), fields, entries, blocks, (words, value), transaction)| {
                let attributes = words.into_iter().map(|word| Item::field(word, value.as_str()));
                let key = key.map(|word| Item::field(word, object));
                let blocks = blocks.into_iter().map(|fields| Item::Block(Section::Verification, fields));
                let items = key.into_iter().chain(fields).chain(entries).chain(attributes);
                let mut order = Order::new(action, items.chain(blocks).collect());
                order.transaction = transaction;
                order
            })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(mut order in order(), kv in any::<bool>(), version in 3..=5) {
        let format = if kv { Format::Kv } else { Format::Xml };
        let bytes = write(&order, format, &format!("{version}.0")).unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let written = read_order(text).map_err(TestCaseError::fail)?;
        if format == Format::Xml {
            // Attributes are no part of the order of elements, and are read last.
            let is_attribute = |item: &Item| matches!(item, Item::Field(word, _) if matches!(word.xml(), InXml::Attribute(_)));
            order.items.sort_by_key(is_attribute);
        }
        prop_assert_eq!(written, order, "{}", text);
    }

    #[test]
    fn a_transaction_id_changes_nothing_else(mut order in order(), kv in any::<bool>(), id in value()) {
        order.transaction = None;
        let bytes = write(&order, if kv { Format::Kv } else { Format::Xml }, "5.0").unwrap();
        let text = std::str::from_utf8(&bytes).unwrap();
        let mut out = String::new();
        with_transaction(text, Some(&id), &mut out).map_err(TestCaseError::fail)?;
        let [mut plain, with] = [text, &out].map(|text| read_order(text).unwrap());
        plain.transaction = Some(id);
        prop_assert_eq!(with, plain, "{}", out);
    }

    #[test]
    fn nothing_makes_a_reader_panic(text in "\\PC*|(Version|Action|\\[|\\]|:|CHECK|Domain|Nserver|\n| |[0-9a-z.]){0,40}|(<|/|>|a|=|\"|xmlns| |&|;){0,40}") {
        let _ = read_order(&text);
        let _ = with_transaction(&text, Some("x"), &mut String::new());
    }
}
