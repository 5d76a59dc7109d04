//! The table against the DTD itself, element by element.

use std::collections::BTreeMap;

use super::*;
use crate::sandbox::nz_srs::wire::read;

const DTD: &str = include_str!("../../../../tests/golden/nz_srs/nz-srs-protocol.dtd");

/// A declaration: `ENTITY`, `ELEMENT` or `ATTLIST`, and what follows.
fn declarations() -> Vec<(String, String)> {
    let mut text = String::new();
    let mut rest = DTD;
    while let Some((before, behind)) = rest.split_once("<!--") {
        text.push_str(before);
        rest = behind.split_once("-->").expect("comments end").1;
    }
    text.push_str(rest);
    let found = text.split("<!").skip(1).map(|part| part.split_once('>').expect("declarations end").0.to_owned());
    found
        .map(|part| part.split_once(char::is_whitespace).map(|(k, v)| (k.to_owned(), v.trim().to_owned())).unwrap())
        .collect()
}

/// Content and attribute list of each element, parameter entities replaced, without white space in the content.
fn parsed() -> BTreeMap<String, (String, Vec<String>)> {
    let mut entities: BTreeMap<String, String> = BTreeMap::new();
    let mut elements: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (kind, body) in declarations() {
        let mut body = body;
        for (name, value) in entities.iter().rev() {
            body = body.replace(&format!("%{name};"), value);
        }
        assert!(!body.contains('%') || kind == "ENTITY", "{body}");
        match kind.as_str() {
            "ENTITY" => {
                let (name, value) = body.trim_start_matches('%').trim().split_once(char::is_whitespace).unwrap();
                entities.insert(name.to_owned(), value.trim().trim_matches('"').to_owned());
            }
            "ELEMENT" => {
                let (name, content) = body.split_once(char::is_whitespace).unwrap();
                let content = content.chars().filter(|c| !c.is_whitespace()).collect();
                elements.insert(name.to_owned(), (content, Vec::new()));
            }
            "ATTLIST" => {
                let (name, list) = body.split_once(char::is_whitespace).unwrap();
                // The words of an enumeration are one word here.
                let (mut joined, mut depth) = (String::new(), 0);
                for c in list.chars() {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    if depth == 0 || !c.is_whitespace() {
                        joined.push(c);
                    }
                }
                let words = joined.split_whitespace().map(str::to_owned).collect();
                elements.get_mut(name).expect("declared before").1 = words;
            }
            other => panic!("{other}"),
        }
    }
    elements
}

/// The notation of a DTD, as that of the table.
fn in_our_notation(content: &str) -> Model {
    match content {
        "EMPTY" => Model::Nothing,
        "(#PCDATA)" => Model::Text,
        content => Model::read(&content.replace(',', " ")),
    }
}

/// Groups of one or of sequences within sequences say nothing of their own.
fn flat(part: &model::Part) -> String {
    use model::Part::{Choice, Many, Name, Optional, Sequence, Some};
    match part {
        Name(name) => name.clone(),
        Sequence(parts) => parts.iter().map(flat).collect::<Vec<_>>().join(","),
        Choice(parts) => {
            let mut words: Vec<String> = parts.iter().map(flat).collect();
            words.sort();
            format!("({})", words.join("|"))
        }
        Optional(part) => format!("({})?", flat(part)),
        Many(part) => format!("({})*", flat(part)),
        Some(part) => format!("({})+", flat(part)),
    }
}

fn shown(model: &Model) -> String {
    match model {
        Model::Elements(part) => flat(part),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_table_is_the_dtd() {
    let elements = parsed();
    assert_eq!(elements.len(), 142, "the DTD was not understood");
    assert_eq!(names(), elements.keys().map(String::as_str).collect::<Vec<_>>());
    for (name, (content, list)) in &elements {
        let rule = &RULES[name.as_str()];
        assert_eq!(shown(&rule.model), shown(&in_our_notation(content)), "content of {name}");
        let mut ours: Vec<[String; 3]> = rule.attributes.iter().map(declared).collect();
        let mut theirs: Vec<[String; 3]> = list.chunks(3).map(|three| [0, 1, 2].map(|n| sorted(&three[n]))).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "attributes of {name}");
    }
}

/// An attribute as a DTD declares it.
fn declared(attribute: &Attribute) -> [String; 3] {
    let kind = match attribute.words.as_slice() {
        [] => "CDATA".to_owned(),
        words => sorted(&format!("({})", words.join("|"))),
    };
    let default = match (attribute.default, attribute.is_required) {
        (Some(default), _) => format!("'{default}'"),
        (None, true) => "#REQUIRED".to_owned(),
        (None, false) => "#IMPLIED".to_owned(),
    };
    [attribute.name.to_owned(), kind, default]
}

/// The words of an enumeration in one order.
fn sorted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return text.to_owned() };
    let mut words: Vec<&str> = inner.split('|').collect();
    words.sort_unstable();
    format!("({})", words.join("|"))
}

fn checked(text: &str) -> Result<(), String> {
    check(&mut read::document(text).unwrap())
}

#[test]
fn order_number_and_attributes_are_enforced() {
    let request = |inner: &str| format!("<NZSRSRequest VerMajor='8' VerMinor='0'>{inner}</NZSRSRequest>");
    for good in [
        "<Whois DomainName='a.nz'/>",
        "<Whois DomainName='a.nz'/><ResetMsgQ ActionId='1'/>",
        "<DomainUpdate ActionId='1'> <DomainNameFilter>a</DomainNameFilter>\n<DomainNameFilter>b</DomainNameFilter><NameServers/><AuditText/></DomainUpdate>",
        "<HandleCreate ActionId='1' HandleId='abc'><Fax/></HandleCreate>",
    ] {
        assert_eq!(checked(&request(good)), Ok(()), "{good}");
    }
    for (bad, why) in [
        ("", "got ()"),
        ("<Whois/>", "does not carry attribute DomainName"),
        ("<Whois DomainName='a' Nonsense='1'/>", "No declaration for attribute Nonsense"),
        ("<Whois DomainName='a' FullResult='true'/>", "enumerated"),
        ("<Whois DomainName='a'>text</Whois>", "(CDATA)"),
        ("<Unheard/>", "got (Unheard)"),
        ("<DomainUpdate ActionId='1'/>", "content does not follow"),
        ("<DomainUpdate ActionId='1'><NameServers/><DomainNameFilter>a</DomainNameFilter></DomainUpdate>", "follow"),
        (
            "<DomainUpdate ActionId='1'><DomainNameFilter>a</DomainNameFilter><DNSSEC/><NameServers/></DomainUpdate>",
            "follow",
        ),
        ("<DomainUpdate ActionId='1'><DomainNameFilter><b/></DomainNameFilter></DomainUpdate>", "follow"),
    ] {
        let error = checked(&request(bad)).unwrap_err();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let mut root = read::document("<Whois DomainName='a.nz'/>").unwrap();
    check(&mut root).unwrap();
    assert_eq!(root.attribute("FullResult"), Some("1"));
}
