//! Values that must be found nowhere, in every way they might be written, and the search for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

/// A secret that was planted.
pub struct Canary {
    /// What it is, for the report.
    pub name: String,
    /// The ways it might be written, in small letters.
    needles: Vec<Vec<u8>>,
}

impl Canary {
    pub fn new(name: &str, value: &str) -> Self {
        assert!(value.len() >= 8, "{name}: too short to be told from anything else");
        Self::of_bytes(name, value.as_bytes())
    }

    pub fn of_bytes(name: &str, value: &[u8]) -> Self {
        let mut needles: Vec<Vec<u8>> = written(value);
        // What some protocols send in place of a secret is as good as it to whoever tries passwords at home.
        needles.extend(written(&Sha256::digest(value)));
        needles.extend(written(&md5(value)));
        // Twice: the digests written in hexadecimal are texts, which are encoded again.
        needles.extend(written(HEXLOWER.encode(&Sha256::digest(value)).as_bytes()));
        needles.iter_mut().for_each(|needle| needle.make_ascii_lowercase());
        Self { name: name.to_owned(), needles }
    }

    /// Whether a text holds it.
    pub fn is_in(&self, text: &[u8]) -> bool {
        !Search::new(std::slice::from_ref(self)).found_in(text).is_empty()
    }
}

/// The ways bytes might be written: as they are, escaped, in hexadecimal, in base64 wherever they begin, as a list.
fn written(bytes: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let escape = |byte: &u8| match *byte {
        plain if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => char::from(plain).to_string(),
        other => format!("%{other:02x}"),
    };
    let escaped: String = bytes.iter().map(escape).collect();
    let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let mut all = vec![
        bytes.to_vec(),
        text.escape_debug().to_string().into_bytes(),
        serde_json::to_string(&text).unwrap().trim_matches('"').as_bytes().to_vec(),
        escaped.into_bytes(),
        xml.into_bytes(),
        HEXLOWER.encode(bytes).into_bytes(),
        list.join(", ").into_bytes(),
        list.join(",").into_bytes(),
    ];
    for shift in 0..3 {
        let shifted = [&vec![0; shift], bytes].concat();
        for encoded in [BASE64.encode(&shifted), BASE64URL_NOPAD.encode(&shifted)] {
            let encoded = encoded.trim_end_matches('=');
            // The first and last characters depend on the neighbours.
            let (first, last) = (if shift == 0 { 0 } else { shift + 1 }, encoded.len() - 1);
            all.push(encoded.as_bytes()[first..last].to_vec());
        }
    }
    all
}

/// All needles of all canaries by how they begin, so that a text is walked through once.
pub struct Search<'a> {
    by_start: HashMap<[u8; 4], Vec<(usize, &'a [u8])>>,
    /// Where a needle may begin, by a number made of how it begins: most places are passed over with one look.
    may_begin: Vec<bool>,
    needles: usize,
}

/// A number below 2²⁰ made of four bytes.
fn slot(start: [u8; 4]) -> usize {
    (u32::from_le_bytes(start).wrapping_mul(0x9e37_79b1) >> 12) as usize
}

impl<'a> Search<'a> {
    pub fn new(canaries: &'a [Canary]) -> Self {
        let mut by_start: HashMap<[u8; 4], Vec<_>> = HashMap::new();
        let each = canaries.iter().enumerate();
        let needles: BTreeSet<_> = each
            .flat_map(|(number, canary)| canary.needles.iter().map(move |needle| (number, needle.as_slice())))
            .collect();
        let mut may_begin = vec![false; 1 << 20];
        for (number, needle) in &needles {
            let start: [u8; 4] = needle[..4].try_into().unwrap();
            may_begin[slot(start)] = true;
            by_start.entry(start).or_default().push((*number, *needle));
        }
        Self { by_start, may_begin, needles: needles.len() }
    }

    /// Which needles a text holds, whose they are, and where each stands first.
    pub fn found_in(&self, text: &[u8]) -> BTreeMap<(usize, &'a [u8]), usize> {
        let (lower, mut found) = (text.to_ascii_lowercase(), BTreeMap::new());
        for (at, start) in lower.windows(4).enumerate() {
            if !self.may_begin[slot(start.try_into().unwrap())] {
                continue;
            }
            for needle in self.by_start.get(start).into_iter().flatten().filter(|(_, it)| lower[at..].starts_with(it)) {
                found.entry(*needle).or_insert(at);
            }
        }
        found
    }

    /// Whether every needle is found in a text that ends with all of them.
    pub fn finds_all_at_the_end_of(&self, text: &[u8]) -> bool {
        let all = self.by_start.values().flatten().flat_map(|(_, needle)| [b" ", *needle].concat());
        let end = text.len().saturating_sub(1000);
        let text: Vec<u8> = text[end..].iter().copied().chain(all).collect();
        self.found_in(&text).len() == self.needles
    }
}

/// MD5 (RFC 1321), which PostgreSQL and others make of passwords.
pub fn md5(input: &[u8]) -> [u8; 16] {
    const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = input.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((input.len() as u64 * 8).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks(64) {
        let words: Vec<u32> = block.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mix, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), 7 * step % 16),
            };
            let constant = ((step as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mix).wrapping_add(constant).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4]));
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d]) {
            *old = old.wrapping_add(new);
        }
    }
    let mut digest = [0; 16];
    digest.chunks_mut(4).zip(state).for_each(|(four, word)| four.copy_from_slice(&word.to_le_bytes()));
    digest
}

#[test]
fn the_search_finds_every_way_of_writing_in_the_middle_of_anything() {
    let secret = "Horse&\"Battery\" 7ü";
    let canary = Canary::new("a secret", secret);
    let sha: String = Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect();
    let ways = [
        secret.to_owned(),
        secret.to_uppercase().replace('Ü', "ü"),
        format!("{secret:?}"),
        serde_json::json!({ "auth_info": secret }).to_string(),
        "horse%26%22battery%22%207%c3%bc".into(),
        "Horse&amp;&quot;Battery&quot; 7ü".into(),
        format!("{:?}", secret.as_bytes()),
        HEXLOWER.encode(secret.as_bytes()),
        BASE64.encode(format!("\0guest\0{secret}").as_bytes()),
        BASE64.encode(format!("x{secret}yz").as_bytes()),
        BASE64.encode(format!("xy{secret}z").as_bytes()),
        sha.clone(),
        format!("{:?}", Sha256::digest(secret.as_bytes()).as_slice()),
        BASE64.encode(&Sha256::digest(secret.as_bytes())),
        BASE64.encode(format!("AuthInfoHash: {}", sha.to_lowercase()).as_bytes()),
        HEXLOWER.encode(&md5(secret.as_bytes())),
    ];
    for way in ways {
        assert!(canary.is_in(format!("2026 INFO {way} and more").as_bytes()), "{way}");
    }
    assert!(!canary.is_in(b"Horse and Battery 7"));
    assert!(Search::new(&[canary]).finds_all_at_the_end_of(b"2026 INFO"));
    assert_eq!(HEXLOWER.encode(&md5(b"message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
    assert_eq!(HEXLOWER.encode(&md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
}
