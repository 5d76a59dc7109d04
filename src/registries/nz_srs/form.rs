//! `application/x-www-form-urlencoded` over bytes: what is signed goes through it and comes out of it unchanged.

use zeroize::Zeroizing;

/// How the forms of both directions are called.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A form of these fields, in this order. Wiped on drop.
#[must_use]
pub fn encode(fields: &[(&str, &[u8])]) -> Zeroizing<Vec<u8>> {
    let longest = |(name, value): &(&str, &[u8])| 3 * (name.len() + value.len()) + 2;
    // As large as it can become: a buffer that grows leaves copies behind.
    let mut form = Zeroizing::new(Vec::with_capacity(fields.iter().map(longest).sum()));
    for (name, value) in fields {
        if !form.is_empty() {
            form.push(b'&');
        }
        escape(name.as_bytes(), &mut form);
        form.push(b'=');
        escape(value, &mut form);
    }
    form
}

fn escape(bytes: &[u8], into: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'*' => into.push(*byte),
            b' ' => into.push(b'+'),
            byte => into.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

/// The value of the one field of this name, if there is such a field. Whatever else the form holds is of no interest.
///
/// # Errors
/// There are several: nobody can tell which one is meant.
pub fn field(form: &[u8], name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let pairs = form.split(|byte| *byte == b'&').map(|pair| match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &pair[pair.len()..]),
    });
    let mut found = pairs.filter(|(key, _)| *decode(key) == name.as_bytes()).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(format!("the form has more than one field `{name}`")),
        (value, _) => Ok(value.map(decode)),
    }
}

/// The bytes behind an encoded text: first `+`, then `%XX`. A `%` that begins no such code stands for itself.
fn decode(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        bytes.push(match (first, more) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (byte, _) => *byte,
        });
    }
    bytes
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Whether a `Content-Type` names a form; its parameters are of no interest.
#[must_use]
pub fn is_form(content_type: Option<&str>) -> bool {
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    /// The document of the test vector, and its two encodings.
    const DOCUMENT: &str = r#"<NZSRSRequest VerMajor="8" VerMinor="0"><Whois DomainName="example.co.nz" QryId="q-1" FullResult="0"/></NZSRSRequest>"#;
    const OURS: &str = "%3CNZSRSRequest+VerMajor%3D%228%22+VerMinor%3D%220%22%3E%3CWhois+DomainName%3D%22example.co.nz%22+QryId%3D%22q-1%22+FullResult%3D%220%22%2F%3E%3C%2FNZSRSRequest%3E";
    const THEIRS: &str = "%3cNZSRSRequest+VerMajor%3d%228%22+VerMinor%3d%220%22%3e%3cWhois+DomainName%3d%22example%2eco%2enz%22+QryId%3d%22q-1%22+FullResult%3d%220%22%2f%3e%3c%2fNZSRSRequest%3e";

    fn encoded(bytes: &[u8]) -> String {
        let form = encode(&[("r", bytes)]);
        String::from_utf8(form[2..].to_vec()).unwrap()
    }

    fn decoded(form: &str) -> Vec<u8> {
        field(form.as_bytes(), "r").unwrap().unwrap().to_vec()
    }

    #[test]
    fn the_test_vector_comes_out() {
        let digest: String = Sha256::digest(DOCUMENT).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "2c4584bac3d748d1910a0620d48b7496376e1116e092edcd4c6883a62b68b191");
        assert_eq!(DOCUMENT.len(), 117);
        assert_eq!(encoded(DOCUMENT.as_bytes()), OURS);
        for text in [OURS, THEIRS] {
            assert_eq!(decoded(&format!("r={text}")), DOCUMENT.as_bytes());
        }
        assert_eq!(encoded("Tāne".as_bytes()), "T%C4%81ne");
        assert_eq!(encoded(b"&amp;+ \r\n"), "%26amp%3B%2B+%0D%0A");
        let form = encode(&[("n", b"500"), ("r", b"<a/>"), ("s", b"-----BEGIN PGP SIGNATURE-----\n")]);
        assert_eq!(form.as_slice(), b"n=500&r=%3Ca%2F%3E&s=-----BEGIN+PGP+SIGNATURE-----%0A");
    }

    #[test]
    fn an_answer_may_be_written_in_other_ways() {
        for (form, value) in [
            ("r=", ""),
            ("r", ""),
            ("s=x&r=a+b%2Bc", "a b+c"),
            ("x&&=&future=1&r=a=b", "a=b"),
            ("%72=yes", "yes"),
            ("r=%e4%B8%ad", "中"),
            ("r=100%&s=%", "100%"),
            ("r=%4&s=", "%4"),
            ("r=%zz%2", "%zz%2"),
            ("r=%+1", "% 1"),
        ] {
            assert_eq!(String::from_utf8(decoded(form)).unwrap(), value, "{form}");
        }
        assert_eq!(field(b"s=1&R=2", "r"), Ok(None));
        assert_eq!(field(b"", "r"), Ok(None));
        assert!(field(b"r=1&s=2&r=1", "r").unwrap_err().contains("more than one"));
        for (text, is) in [
            (Some("application/x-www-form-urlencoded"), true),
            (Some("Application/X-WWW-Form-URLencoded ; charset=UTF-8"), true),
            (Some("text/html"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_form(text), is, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(one in prop::collection::vec(any::<u8>(), 0..200), two in "\\PC{0,50}[\r\n]{0,3}") {
            let form = encode(&[("r", &one), ("s", two.as_bytes())]);
            prop_assert!(form.iter().all(u8::is_ascii));
            prop_assert_eq!(field(&form, "r").unwrap().unwrap().to_vec(), one);
            prop_assert_eq!(field(&form, "s").unwrap().unwrap().to_vec(), two.into_bytes());
        }

        #[test]
        fn nothing_makes_it_panic(form in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = field(&form, "r");
        }
    }
}
