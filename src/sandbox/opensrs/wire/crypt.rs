//! Signature of the HTTPS transport, cipher of the TCP transport (Crypt::CBC as it was around 2000).

use blowfish::Blowfish;
use blowfish::cipher::block_padding::Pkcs7;
use blowfish::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use des::Des;
use md5::{Digest, Md5};

/// What an encrypted message begins with, before its initial vector.
const HEADER: &[u8; 8] = b"RandomIV";
/// Bytes of a block, and of the initial vector.
const BLOCK: usize = 8;

/// The signature of a body: MD5 twice, with the key as it is written.
pub(in super::super) fn signature(body: &[u8], key: &str) -> String {
    let inner = HEXLOWER.encode(&digest(&[body, key.as_bytes()]));
    HEXLOWER.encode(&digest(&[inner.as_bytes(), key.as_bytes()]))
}

/// The answer to a challenge.
pub(in super::super) fn challenged(challenge: &[u8]) -> [u8; 16] {
    digest(&[challenge])
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

/// The cipher of a session.
#[derive(Clone, Debug)]
pub(in super::super) enum Cipher {
    Blowfish([u8; 56]),
    Des([u8; 8]),
}

impl Cipher {
    /// The cipher a client asks for, with a key derived from the private key, which is hexadecimal.
    pub(in super::super) fn new(name: &str, key: &str) -> Option<Self> {
        let raw = HEXLOWER_PERMISSIVE.decode(key.as_bytes()).ok()?;
        match name.to_lowercase().as_str() {
            "blowfish" => Some(Self::Blowfish(derived(&raw))),
            "des" => Some(Self::Des(derived(&raw))),
            _ => None,
        }
    }

    /// A message as it goes over the wire.
    pub(in super::super) fn seal(&self, plain: &[u8], iv: [u8; BLOCK]) -> Vec<u8> {
        let sealed = match self {
            Self::Blowfish(key) => cbc::Encryptor::<Blowfish>::new_from_slices(key, &iv)
                .map(|cipher| cipher.encrypt_padded_vec_mut::<Pkcs7>(plain)),
            Self::Des(key) => cbc::Encryptor::<Des>::new_from_slices(key, &iv)
                .map(|cipher| cipher.encrypt_padded_vec_mut::<Pkcs7>(plain)),
        };
        [HEADER.as_slice(), &iv, &sealed.unwrap_or_default()].concat()
    }

    /// What a message from the wire says; none if it was not sealed with this key.
    pub(in super::super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let rest = sealed.strip_prefix(HEADER)?;
        let (iv, text) = rest.split_at_checked(BLOCK)?;
        match self {
            Self::Blowfish(key) => {
                cbc::Decryptor::<Blowfish>::new_from_slices(key, iv).ok()?.decrypt_padded_vec_mut::<Pkcs7>(text).ok()
            }
            Self::Des(key) => {
                cbc::Decryptor::<Des>::new_from_slices(key, iv).ok()?.decrypt_padded_vec_mut::<Pkcs7>(text).ok()
            }
        }
    }
}

/// A key of N bytes: MD5 of the private key, then MD5 of all there is so far, until it is long enough.
fn derived<const N: usize>(raw: &[u8]) -> [u8; N] {
    let mut material = digest(&[raw]).to_vec();
    while material.len() < N {
        let more = digest(&[&material]);
        material.extend(more);
    }
    let mut key = [0; N];
    key.iter_mut().zip(material).for_each(|(byte, from)| *byte = from);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677";

    fn hex(text: &str) -> Vec<u8> {
        HEXLOWER.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn signs_as_others_do() {
        assert_eq!(HEXLOWER.encode(&digest(&[b"ConnecttoOpenSRSviaSSL"])), "e787cc1d1951dfec4827cede7b1a0933");
        let body = "<?xml version='1.0' encoding='UTF-8' standalone='no' ?><!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'><OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc><item key=\"protocol\">XCP</item><item key=\"action\">LOOKUP</item><item key=\"object\">DOMAIN</item><item key=\"attributes\"><dt_assoc><item key=\"domain\">example.com</item></dt_assoc></item></dt_assoc></data_block></body></OPS_envelope>";
        assert_eq!(signature(body.as_bytes(), "abcdef0123456789"), "7081578879888a7ac7c6c0a1a81e84ad");
        assert_eq!(signature(format!("{body}\n").as_bytes(), "abcdef0123456789"), "53bdda18859354b10d33bfb8dda97cf1");
    }

    #[test]
    fn seals_as_crypt_cbc_did() {
        let iv = [1, 2, 3, 4, 5, 6, 7, 8];
        for (name, of_challenge, of_text) in [
            (
                "blowfish",
                "52616e646f6d495601020304050607081e259a410d974d14f3185d9fcf0c0e9cc82dd069e2d5485e",
                "52616e646f6d4956010203040506070876ab881be1b7b412a230c3fbd8a9ead8",
            ),
            (
                "des",
                "52616e646f6d49560102030405060708957d9bd00d6c7221eadbca146b7bf038acd5bdf19dc573ca",
                "52616e646f6d4956010203040506070888e679577b95124901ffc2217988b067",
            ),
        ] {
            let cipher = Cipher::new(name, KEY).unwrap();
            let answer = challenged(&hex("a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061728394a5b6c7d8e9f"));
            assert_eq!(cipher.seal(&answer, iv), hex(of_challenge), "{name}");
            assert_eq!(cipher.seal(b"<OPS_envelope/>", iv), hex(of_text), "{name}");
            assert_eq!(cipher.open(&hex(of_text)).unwrap(), b"<OPS_envelope/>");
            assert!(cipher.open(b"RandomIV").is_none() && cipher.open(b"Salted__12345678").is_none());
        }
        assert!(Cipher::new("rot13", KEY).is_none());
    }
}
