//! The signature of the HTTPS way and the cipher of the TCP way. Both are old and prove little; TLS does the protecting where
//! there is TLS.

use blowfish::Blowfish;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use des::Des;
use md5::{Digest, Md5};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::model::Secret;

/// What stands in front of an encrypted message, before its initialisation vector.
const HEADER: &[u8; 8] = b"RandomIV";
/// Bytes of a block, and of an initialisation vector.
const BLOCK: usize = 8;

/// What goes into `X-Signature` for exactly these bytes. The key is the text the registry shows, and not what its digits
/// stand for; the inner digest goes in as small letters (OpenSRS guide, HTTPS POST).
pub fn signature(body: &[u8], key: &Secret) -> String {
    let digest = |bytes: &[u8]| HEXLOWER.encode(&Md5::new().chain_update(bytes).chain_update(key.expose()).finalize());
    digest(digest(body).as_bytes())
}

/// The ciphers of the TCP way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CipherName {
    /// The one to use.
    #[default]
    Blowfish,
    /// For accounts whose key is too short for the other.
    Des,
}

impl CipherName {
    /// The registry's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blowfish => "blowfish",
            Self::Des => "des",
        }
    }
}

/// A cipher with its key. Each message is one of its own: nothing is chained from one to the next.
pub struct Cipher {
    name: CipherName,
    key: Zeroizing<Vec<u8>>,
}

impl Cipher {
    /// A cipher with the key as the registry shows it, which here is decoded first.
    ///
    /// # Errors
    /// The key is not hexadecimal.
    pub fn new(name: CipherName, key: &Secret) -> Result<Self, String> {
        let raw = HEXLOWER_PERMISSIVE.decode(key.expose().as_bytes()).map(Zeroizing::new);
        let raw = raw.map_err(|_| "the key is not hexadecimal")?;
        let key = match name {
            CipherName::Blowfish => derived(&raw, 56),
            CipherName::Des => des_key(&raw),
        };
        Ok(Self { name, key })
    }

    /// The registry's word for it.
    pub const fn word(&self) -> &'static str {
        self.name.word()
    }

    /// A message encrypted, with a fresh initialisation vector.
    ///
    /// # Errors
    /// The key is of no use for the cipher.
    pub fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, String> {
        self.encrypt_from(rand::random(), plain)
    }

    fn encrypt_from(&self, start: [u8; BLOCK], plain: &[u8]) -> Result<Vec<u8>, String> {
        let text = match self.name {
            CipherName::Blowfish => Encryptor::<Blowfish>::new_from_slices(&self.key, &start)
                .map(|cipher| cipher.encrypt_padded_vec_mut::<Pkcs7>(plain)),
            CipherName::Des => Encryptor::<Des>::new_from_slices(&self.key, &start)
                .map(|cipher| cipher.encrypt_padded_vec_mut::<Pkcs7>(plain)),
        };
        let text = text.map_err(|_| "the key does not fit the cipher")?;
        Ok([HEADER, &start, text.as_slice()].concat())
    }

    /// What an encrypted message says.
    ///
    /// # Errors
    /// It is no encrypted message, or not of this key.
    pub fn decrypt(&self, message: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
        let rest = message.strip_prefix(HEADER).ok_or("the message is not encrypted as it should be")?;
        let (start, text) = rest.split_at_checked(BLOCK).ok_or("the encrypted message is cut")?;
        let plain = match self.name {
            CipherName::Blowfish => Decryptor::<Blowfish>::new_from_slices(&self.key, start)
                .map(|cipher| cipher.decrypt_padded_vec_mut::<Pkcs7>(text)),
            CipherName::Des => Decryptor::<Des>::new_from_slices(&self.key, start)
                .map(|cipher| cipher.decrypt_padded_vec_mut::<Pkcs7>(text)),
        };
        let plain = plain.map_err(|_| "the key does not fit the cipher")?;
        Ok(Zeroizing::new(plain.map_err(|_| "the encrypted message is cut, or of another key")?))
    }
}

/// The answer to a challenge: its digest as bytes, to be encrypted.
pub fn digest(challenge: &[u8]) -> [u8; 16] {
    Md5::digest(challenge).into()
}

/// A cipher's key of the account's: its digest, and digests of all so far behind it until they are long enough, as
/// Perl's `Crypt::CBC` of 2000 to 2005 did it.
fn derived(raw: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    key.extend_from_slice(&digest(raw));
    while key.len() < length {
        let more = digest(&key);
        key.extend_from_slice(&more);
    }
    key.truncate(length);
    key
}

/// The key for DES. **Uncertain**: the guide says that DES takes the first eight bytes of the account's key; the clients
/// that were seen to work derive a key as for Blowfish and take the first eight bytes of that, and so does this. If the
/// registry closes the connection on the answer to its challenge, and `blowfish` works, this is the place to change.
fn des_key(raw: &[u8]) -> Zeroizing<Vec<u8>> {
    derived(raw, 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROLOG: &str =
        "<?xml version='1.0' encoding='UTF-8' standalone='no' ?><!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'>";
    const START: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    /// 112 digits.
    fn key() -> Secret {
        Secret::new(format!("{}{}", "00112233445566778899aabbccddeeff".repeat(3), "0011223344556677"))
    }

    fn one_line(inside: &str) -> String {
        format!(
            "{PROLOG}<OPS_envelope><header><version>0.9</version></header><body><data_block><dt_assoc><item key=\"protocol\">XCP</item>{inside}</dt_assoc></data_block></body></OPS_envelope>"
        )
    }

    #[test]
    fn the_guides_own_digest() {
        assert_eq!(HEXLOWER.encode(&digest(b"ConnecttoOpenSRSviaSSL")), "e787cc1d1951dfec4827cede7b1a0933");
        assert_eq!(
            HEXLOWER.encode(&digest(b"ConnecttoOpenSRViaSSL")),
            "83de877c0ba672b7d89f12a4af668088",
            "as misprinted"
        );
    }

    #[test]
    fn signatures_are_those_of_the_vectors() {
        let a = one_line(
            "<item key=\"action\">LOOKUP</item><item key=\"object\">DOMAIN</item><item key=\"attributes\"><dt_assoc><item key=\"domain\">example.com</item></dt_assoc></item>",
        );
        let b = "<?xml version='1.0' encoding='UTF-8' standalone='no' ?>\n<!DOCTYPE OPS_envelope SYSTEM 'ops.dtd'>\n<OPS_envelope>\n<header><version>0.9</version></header>\n<body><data_block><dt_assoc>\n<item key=\"protocol\">XCP</item>\n<item key=\"action\">GET_BALANCE</item>\n<item key=\"object\">BALANCE</item>\n</dt_assoc></data_block></body>\n</OPS_envelope>\n";
        let c = one_line(
            "<item key=\"action\">UPDATE_CONTACTS</item><item key=\"object\">DOMAIN</item><item key=\"attributes\"><dt_assoc><item key=\"domain\">example.com</item><item key=\"types\"><dt_array><item key=\"0\">owner</item></dt_array></item><item key=\"contact_set\"><dt_assoc><item key=\"owner\"><dt_assoc><item key=\"first_name\">Zoë</item><item key=\"org_name\">Smith &amp; Søn</item></dt_assoc></item></dt_assoc></item></dt_assoc></item>",
        );
        let short = Secret::new("abcdef0123456789");
        let latin: Vec<u8> = c.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
        for (body, key, length, expected) in [
            (a.as_bytes(), &short, 405, "7081578879888a7ac7c6c0a1a81e84ad"),
            (&[a.as_bytes(), b"\0"].concat(), &short, 406, "2fe1dbfb86ebdce7bf7d89b4fedfd0d3"),
            (&[a.as_bytes(), b"\n"].concat(), &short, 406, "53bdda18859354b10d33bfb8dda97cf1"),
            (b.as_bytes(), &key(), 333, "195c2045983cd1c916a777dba0fdedbf"),
            (c.as_bytes(), &key(), 662, "44a49ec117fe7a944e341a8ad293afac"),
            (&latin, &key(), 660, "983e002af171554027b1fd8b04c369b8"),
        ] {
            assert_eq!((body.len(), signature(body, key).as_str()), (length, expected));
        }
        // What comes out if the inner digest is in capital letters.
        let inner = HEXLOWER.encode(&Md5::new().chain_update(&a).chain_update(short.expose()).finalize());
        assert_eq!(inner, "7fd116f6431bd192a7e45cc99c4ee472");
        let wrong = Md5::new().chain_update(inner.to_uppercase()).chain_update(short.expose()).finalize();
        assert_eq!(HEXLOWER.encode(&wrong), "6f1c32884381cd3277ef2f26e6e1812f");
    }

    #[test]
    fn messages_are_encrypted_as_in_the_vectors() {
        let challenge = HEXLOWER.decode(b"a1b2c3d4e5f60718293a4b5c6d7e8f90a0b1c2d3e4f5061728394a5b6c7d8e9f").unwrap();
        assert_eq!(HEXLOWER.encode(&digest(&challenge)), "87dcf53103d9d26eebae4008539d9d1b");
        for (name, cipher_key, answer, envelope) in [
            (
                CipherName::Blowfish,
                "fd872470d6e759b885f10558caa0c65f3d0793bdfb40850bd67d3470fdce5502ce7b8757f054847c102fa59f6b47bb73cf4432dd2d655864",
                "52616e646f6d495601020304050607081e259a410d974d14f3185d9fcf0c0e9cc82dd069e2d5485e",
                "52616e646f6d4956010203040506070876ab881be1b7b412a230c3fbd8a9ead8",
            ),
            (
                CipherName::Des,
                "fd872470d6e759b8",
                "52616e646f6d49560102030405060708957d9bd00d6c7221eadbca146b7bf038acd5bdf19dc573ca",
                "52616e646f6d4956010203040506070888e679577b95124901ffc2217988b067",
            ),
        ] {
            let cipher = Cipher::new(name, &key()).unwrap();
            assert_eq!(HEXLOWER.encode(&cipher.key), cipher_key);
            for (plain, expected) in [(&digest(&challenge)[..], answer), (b"<OPS_envelope/>", envelope)] {
                let message = cipher.encrypt_from(START, plain).unwrap();
                assert_eq!(HEXLOWER.encode(&message), expected, "{}", name.word());
                assert_eq!(*cipher.decrypt(&message).unwrap(), plain);
            }
        }
    }

    #[test]
    fn what_is_no_message_of_this_key_is_refused() {
        let cipher = Cipher::new(CipherName::Blowfish, &key()).unwrap();
        let message = cipher.encrypt(b"<OPS_envelope/>").unwrap();
        assert_ne!(message, cipher.encrypt(b"<OPS_envelope/>").unwrap(), "never the same twice");
        for cut in 0..message.len() {
            assert!(cipher.decrypt(&message[..cut]).is_err(), "{cut}");
        }
        let salted = [b"Salted__", &message[8..]].concat();
        assert!(cipher.decrypt(&salted).is_err());
        assert!(Cipher::new(CipherName::Blowfish, &Secret::new("xyz")).is_err());
    }

    proptest! {
        #[test]
        fn every_message_comes_back(plain in prop::collection::vec(any::<u8>(), 0..100), is_des: bool, start: [u8; 8]) {
            let cipher = Cipher::new(if is_des { CipherName::Des } else { CipherName::Blowfish }, &key()).unwrap();
            let message = cipher.encrypt_from(start, &plain).unwrap();
            // A block more where the last one is full.
            prop_assert_eq!(message.len(), 16 + (plain.len() / 8 + 1) * 8);
            prop_assert_eq!(&*cipher.decrypt(&message).unwrap(), &plain);
        }
    }
}
