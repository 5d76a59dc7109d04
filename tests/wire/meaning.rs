//! A request without what means nothing, so that ours can be compared with a sample of the manual. All that may differ is
//! here: case of keywords, order of lines above the sections, the version of an old sample, prefixes and blanks of XML, how
//! an IP address is spelled, and the dot behind a host name.

use std::collections::BTreeMap;
use std::net::IpAddr;

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// A value of a DNS entry: addresses in one spelling, no dots at the end.
fn dns(value: &str) -> String {
    let word = |word: &str| match word.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) if word.len() > 1 => word.trim_end_matches('.').to_owned(),
        Err(_) => word.to_owned(),
    };
    value.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// A K/V request.
pub fn kv_meaning(text: &str) -> Vec<String> {
    let (head, sections) = text.split_once("\n[").unwrap_or((text, ""));
    let line = |line: &str| {
        let (keyword, value) = line.split_once(": ").unwrap_or((line, ""));
        let keyword = keyword.to_lowercase();
        let value = match keyword.as_str() {
            "version" => "5.0".to_owned(),
            "action" => value.to_uppercase(),
            "nserver" | "nsentry" | "dnskey" => dns(value),
            _ => value.to_owned(),
        };
        format!("{keyword}: {value}")
    };
    let mut lines: Vec<String> = head.lines().filter(|line| !line.trim().is_empty()).map(line).collect();
    // Addresses and the like keep their order among themselves.
    lines.sort_by_key(|line| line.split(':').next().unwrap().to_owned());
    lines.extend(sections.lines().filter(|line| !line.trim().is_empty()).map(line));
    lines
}

/// An XML request.
pub fn xml_meaning(text: &str) -> Vec<String> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut events, mut is_dns) = (Vec::new(), false);
    loop {
        let (space, event) = reader.read_resolved_event().unwrap();
        let space = match space {
            ResolveResult::Bound(space) => space.0.rsplit_once('/').map_or("", |(name, _)| name).to_owned(),
            _ => String::new(),
        };
        match event {
            Event::Start(start) => {
                let attributes: BTreeMap<_, _> = start
                    .attributes()
                    .map(Result::unwrap)
                    .filter(|attribute| attribute.key.as_namespace_binding().is_none())
                    .map(|attribute| (attribute.key.local_name().as_ref().to_owned(), attribute.value.to_string()))
                    .collect();
                is_dns = space.ends_with("/dnsentry");
                events.push(format!("<{{{space}}}{} {attributes:?}", start.local_name().as_ref()));
            }
            Event::End(_) => events.push(">".into()),
            Event::Text(text) if !text.trim().is_empty() => {
                events.push(if is_dns { dns(text.trim()) } else { text.trim().to_owned() });
            }
            Event::GeneralRef(name) => events.push(format!("&{};", &*name)),
            Event::Eof => return events,
            _ => {}
        }
    }
}
