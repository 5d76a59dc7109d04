//! `application/x-www-form-urlencoded`, as the registry reads and writes it.

use std::fmt::Write;

/// What requests and answers are.
pub(in super::super) const MIME: &str = "application/x-www-form-urlencoded";

/// The fields in their order: split at `&`, then at the first `=`, then `+` and `%XX` are decoded.
pub(in super::super) fn fields(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let field = |pair: &[u8]| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let value = pair.get(at + 1..).unwrap_or_default();
        (String::from_utf8_lossy(&decoded(&pair[..at])).into_owned(), decoded(value))
    };
    pairs.map(field).collect()
}

/// A `%` that no two hexadecimal digits follow stands for itself.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escaped = text.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(hexadecimal);
        at += if escaped.is_some() { 3 } else { 1 };
        bytes.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
    }
    bytes
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + digit(*byte)?)).and_then(|sum| u8::try_from(sum).ok())
}

/// As the registry's own encoder writes it: only letters, digits, `_` and `-` stay, a blank is `+`, digits of escapes are small.
pub(in super::super) fn encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        match byte {
            b' ' => out.push('+'),
            b'_' | b'-' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "%{byte:02x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\"><Whois DomainName=\"example.co.nz\" QryId=\"q-1\" FullResult=\"0\"/></NZSRSRequest>";

    #[test]
    fn the_vectors_of_the_reference() {
        let own = "%3cNZSRSRequest+VerMajor%3d%228%22+VerMinor%3d%220%22%3e%3cWhois+DomainName%3d%22example%2eco%2enz%22+QryId%3d%22q-1%22+FullResult%3d%220%22%2f%3e%3c%2fNZSRSRequest%3e";
        let others = "%3CNZSRSRequest+VerMajor%3D%228%22+VerMinor%3D%220%22%3E%3CWhois+DomainName%3D%22example.co.nz%22+QryId%3D%22q-1%22+FullResult%3D%220%22%2F%3E%3C%2FNZSRSRequest%3E";
        assert_eq!(encoded(PLAIN.as_bytes()), own);
        for text in [own, others] {
            let fields = fields(format!("n=500&r={text}&s=a%3Db=c").as_bytes());
            assert_eq!(fields[1], ("r".into(), PLAIN.as_bytes().to_vec()));
            assert_eq!(fields[2], ("s".into(), b"a=b=c".to_vec()));
        }
        assert_eq!(fields("r=T%C4%81ne%26amp%3B%2B%zz%4".as_bytes())[0].1, "Tāne&amp;+%zz%4".as_bytes());
        assert_eq!(encoded("Tāne +".as_bytes()), "T%c4%81ne+%2b");
    }

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(fields(format!("r={}", encoded(&bytes)).as_bytes()), [("r".to_owned(), bytes)]);
    }
}
