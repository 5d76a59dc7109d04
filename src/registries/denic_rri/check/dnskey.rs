//! Keys for DNSSEC, as RFC 4034 writes them: `flags protocol algorithm key`.

use super::super::codec::tree::{DnsData, DnsEntry};
use super::super::params::{Params, refuse};
use super::{at_most, length, rules};
use crate::model::Reject;

/// Algorithms the registry has, with the bytes of a key where all keys have the same. EdDSA (15, 16) is not among them.
const ALGORITHMS: &[(u8, Option<usize>)] = &[
    (3, None),
    (5, None),
    (6, None),
    (7, None),
    (8, None),
    (10, None),
    (12, Some(64)),
    (13, Some(64)),
    (14, Some(96)),
];

/// The flags of a key: of a zone's, and of one that is a secure entry point as well.
const FLAGS: [u16; 2] = [256, 257];

/// Keys of a domain, up to 20.
///
/// # Errors
/// Names the key at fault and what is wrong with it.
pub fn read(params: &Params<'_>, values: &[String], domain: &str) -> Result<Vec<DnsEntry>, Reject> {
    at_most("dnskey", values.len(), 20)?;
    let each = |(at, value): (usize, &String)| {
        dnskey(params, &format!("dnskey[{at}]"), value).map(|data| DnsEntry { owner: domain.to_owned(), data })
    };
    values.iter().enumerate().map(each).collect()
}

fn dnskey(params: &Params<'_>, field: &str, value: &str) -> Result<DnsData, Reject> {
    let no = |rule: &str| refuse(field, rule, value);
    let words: Vec<&str> = value.split_whitespace().collect();
    let [flags, protocol, algorithm, key @ ..] = words.as_slice() else {
        return Err(no("must be `flags protocol algorithm key`"));
    };
    let flags = number(flags).filter(|flags| FLAGS.contains(flags)).ok_or_else(|| no("flags must be 256 or 257"))?;
    let protocol = number(protocol).filter(|protocol| *protocol == 3).ok_or_else(|| no("the protocol must be 3"))?;
    let not_listed = || no("the algorithm must be 3, 5, 6, 7, 8, 10, 12, 13 or 14");
    let algorithm: u8 = number(algorithm).ok_or_else(not_listed)?;
    let listed = ALGORITHMS.iter().find(|(known, _)| *known == algorithm);
    if listed.is_none() {
        params.judge(rules::DNSKEY_ALGORITHM, Err(not_listed()))?;
    }
    let bytes = listed.and_then(|(_, bytes)| *bytes);
    let key = key.concat();
    let padding = "=".repeat(key.len().next_multiple_of(4) - key.len());
    let Some(size) = base64_bytes(&(key.clone() + &padding)) else { return Err(no("the key must be base64")) };
    if !padding.is_empty() {
        params.judge(rules::DNSKEY_ALGORITHM, Err(no("the key must be base64 padded with `=`")))?;
    }
    length(field, &format!("{flags} {protocol} {algorithm} {key}"), 30, 999)?;
    if let Some(bytes) = bytes.filter(|bytes| *bytes != size) {
        let rule = format!("a key of algorithm {algorithm} has {bytes} bytes, this one {size}");
        params.judge(rules::KEY_LENGTH, Err(no(&rule)))?;
    }
    if flags == 256 {
        params.judge(rules::SEP_BIT, Err(no("flags should be 257, those of a secure entry point")))?;
    }
    Ok(DnsData::Dnskey { flags, protocol, algorithm, key })
}

/// A number of digits only: `+3` and `003` are none here.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// How many bytes a base64 text stands for; nothing if it is none in the one form RFC 4648 has for them: padded, and
/// with no bit set that belongs to no byte.
fn base64_bytes(text: &str) -> Option<usize> {
    const SYMBOLS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    if data.is_empty() || !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let value = |byte: u8| SYMBOLS.iter().position(|symbol| *symbol == byte);
    if data.bytes().any(|byte| value(byte).is_none()) {
        return None;
    }
    let last = data.bytes().last().and_then(value)?;
    let spare = [1, 4, 16].get(padding)?;
    last.is_multiple_of(*spare).then_some(text.len() / 4 * 3 - padding)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::dns::tests::{found, refused};
    use super::*;

    fn with(keys: Value) -> Value {
        json!({"nserver": ["ns1.example.net", "ns2.example.net"], "dnskey": keys})
    }

    #[test]
    fn keys() {
        let rsa = "AwEAAcoFUSyg1mkE5c33q8UbDiRZ";
        let curve = format!("{}==", "A".repeat(86));
        let key = |head: &str| format!("{head} {rsa}");
        let (lines, warnings) =
            found(with(json!([format!("257 3 13 {curve}"), "257 3 8 AwEAAcoFUSyg 1mkE5c33 q8UbDiRZ"]))).unwrap();
        assert_eq!((lines[3].as_str(), warnings.len()), ("257 3 8 AwEAAcoFUSyg1mkE5c33q8UbDiRZ", 0));
        let (_, warnings) = found(with(json!([key("256 3 8"), key("257 3 13"), format!("257 3 14 {curve}")]))).unwrap();
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        for (warning, part) in warnings.iter().zip([
            "params.dnskey[0]: flags should be 257",
            "params.dnskey[1]: a key of algorithm 13 has 64 bytes, this one 21",
            "params.dnskey[2]: a key of algorithm 14 has 96 bytes, this one 64",
        ]) {
            assert!(warning.starts_with(part), "{warning}");
        }
        assert!(found(with(json!(vec![key("257 3 8"); 20]))).is_ok());
        assert!(found(with(json!(format!("257 3 8 {}", "A".repeat(988))))).is_ok());
        assert!(found(with(json!([key("257 3 8") + "AAE="]))).is_ok());
        let one = |value: String, rule: &'static str| (with(json!([value])), "dnskey[0]", rule);
        refused(&[
            (with(json!(vec![key("257 3 8"); 21])), "dnskey", "at most 20"),
            one(key("255 3 8"), "flags must be 256 or 257; got `255 3 8"),
            one(key("0257 3 8"), "flags"),
            one(key("385 3 8"), "flags"),
            one(key("+257 3 8"), "flags"),
            one(key("257 2 8"), "protocol must be 3"),
            one(key("257 3 15"), "algorithm must be"),
            one(key("257 3 16"), "algorithm must be"),
            one(key("257 3 1"), "algorithm must be"),
            one(key("257 3 264"), "algorithm must be"),
            one(key("257 3 RSASHA256"), "algorithm must be"),
            one("257 3".into(), "`flags protocol algorithm key`"),
            one("257 3 8".into(), "base64"),
            one(key("257 3 8") + "A", "base64"),
            one(key("257 3 8") + "A===", "base64"),
            one(key("257 3 8") + "AAE", "padded"),
            one(key("257 3 8") + "AAF", "base64"),
            one(key("257 3 8") + "AA=", "base64"),
            one(key("257 3 8") + "AB==", "base64"),
            one(key("257 3 8") + "AAF=", "base64"),
            one(key("257 3 8") + "A*AA", "base64"),
            one(key("257 3 8") + "A=AA", "base64"),
            one(key("257 3 8") + "-_AA", "base64"),
            one("257 3 8 AwEA".into(), "30 to 999"),
            one(format!("257 3 8 {}", "A".repeat(992)), "30 to 999"),
        ]);
    }

    #[test]
    fn base64_has_one_form() {
        for (text, bytes) in
            [("AAAA", Some(3)), ("AAA=", Some(2)), ("AA==", Some(1)), ("AAE=", Some(2)), ("AQ==", Some(1))]
        {
            assert_eq!(base64_bytes(text), bytes, "{text}");
        }
        for bad in ["", "=", "====", "A", "AA", "AAA", "A===", "AAF=", "AB==", "AA=A", "AA==AA==", "AA A", "äA=="] {
            assert_eq!(base64_bytes(bad), None, "{bad}");
        }
    }
}
