use super::policy::{DENIC, NZ_SRS, Review, Weight};
use super::*;

/// The bytes of a test key.
macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/openpgp/", $name))
    };
}

const SUMMER: &str = "2026-07-01T00:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn passphrase() -> Secret {
    Secret::new("correct horse")
}

fn review(bytes: &[u8], at: &str) -> Review {
    LockedKey::read(bytes).unwrap().review(DENIC, Some(&passphrase()), instant(at))
}

#[test]
fn each_rule_is_broken_by_the_key_made_for_it() {
    // The key, when it is looked at, and the rules it breaks.
    let cases: &[(&str, &[u8], &str, &[&str])] = &[
        ("good", key!("good.asc"), SUMMER, &[]),
        ("binary", key!("good.pgp"), SUMMER, &[]),
        ("dsa with elgamal", key!("dsa.asc"), SUMMER, &[]),
        ("signs with a subkey", key!("subkey.asc"), "2026-03-01T00:00:00Z", &[]),
        ("primary key kept elsewhere", key!("offline.asc"), "2026-03-01T00:00:00Z", &[]),
        ("ed25519", key!("ed25519.asc"), SUMMER, &["type"]),
        ("ecdsa", key!("nistp256.asc"), SUMMER, &["type"]),
        ("ecdh", key!("ecdh-subkey.asc"), SUMMER, &["type"]),
        ("short", key!("rsa1024.asc"), SUMMER, &["length"]),
        ("short subkey", key!("small-subkey.asc"), SUMMER, &["length"]),
        ("endless", key!("never.asc"), SUMMER, &["expiry"]),
        ("a day too long", key!("long.asc"), SUMMER, &["lifetime"]),
        ("sha-1", key!("sha1.asc"), SUMMER, &["digest"]),
        ("from the future", key!("good.asc"), "2025-12-31T23:59:59Z", &["not-yet-valid"]),
        ("revoked", key!("revoked.asc"), SUMMER, &["revoked"]),
        ("revoked later", key!("revoked.asc"), "2026-01-31T00:00:00Z", &["revoked"]),
        ("expired", key!("good.asc"), "2028-01-01T00:00:00Z", &["expired"]),
        ("signing part expired", key!("subkey.asc"), "2026-12-01T00:00:00Z", &["signing"]),
        ("public part", key!("public.asc"), SUMMER, &["secret-part"]),
        ("signs nothing", key!("no-signing.asc"), SUMMER, &["signing"]),
        ("open", key!("no-passphrase.asc"), SUMMER, &["protection"]),
        ("60 days left", key!("good.asc"), "2027-11-02T00:00:00Z", &["ends-soon"]),
        ("61 days left", key!("good.asc"), "2027-11-01T00:00:00Z", &[]),
    ];
    for (name, bytes, at, rules) in cases {
        let review = review(bytes, at);
        let broken: Vec<_> = review.objections.iter().map(|objection| objection.rule).collect();
        assert_eq!(broken, *rules, "{name}: {review:?}");
        let only_warned = rules.iter().all(|rule| ["protection", "ends-soon"].contains(rule));
        assert_eq!(review.refused(), !only_warned, "{name}");
        assert!(review.objections.iter().all(|o| !o.what.is_empty() && !o.next.is_empty()), "{review:?}");
    }
}

#[test]
fn the_passphrase_is_tried() {
    let key = LockedKey::read(key!("good.asc")).unwrap();
    for (passphrase, what) in [(None, "no passphrase is given"), (Some(Secret::new("battery staple")), "wrong")] {
        let review = key.review(DENIC, passphrase.as_ref(), instant(SUMMER));
        let [objection] = review.objections.as_slice() else { panic!("{review:?}") };
        assert_eq!((objection.rule, objection.weight), ("passphrase", Weight::Error));
        assert!(objection.what.contains(what), "{objection:?}");
        assert!(!format!("{review:?}").contains("staple"), "law 11");
    }
}

#[test]
fn a_review_says_what_the_key_is() {
    let review = review(key!("good.asc"), SUMMER);
    assert_eq!(review.user.as_deref(), Some("Test Key (good) <good@registrar.example>"));
    assert_eq!((review.bits, review.fingerprint.len()), (Some(2048), 40));
    assert_eq!(review.created, Some(instant("2026-01-01T00:00:00Z")));
    assert_eq!((review.expires, review.days_left), (Some(instant("2028-01-01T00:00:00Z")), Some(549)));
}

#[test]
fn what_is_not_one_key_is_refused() {
    let read = |bytes: &[u8]| LockedKey::read(bytes).err();
    assert!(matches!(read(b""), Some(KeyError::NotAKey(_))));
    assert!(matches!(
        read(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
        Some(KeyError::NotAKey(_))
    ));
    assert!(matches!(read(&[0x99; 200]), Some(KeyError::NotAKey(_))));
    assert_eq!(read(key!("two.asc")), Some(KeyError::Several(2)));
    assert_eq!(read(&[&key!("good.asc")[..], key!("dsa.asc")].concat()), Some(KeyError::Several(2)));
    assert_eq!(read(&[&key!("good.pgp")[..], key!("good.pgp")].concat()), Some(KeyError::Several(2)));
    let good = key!("good.pgp");
    for cut in [1, 10, 100, good.len() / 2] {
        // Whatever is left of it, it does not sign, and nothing panics.
        if let Ok(key) = LockedKey::read(&good[..cut]) {
            assert!(key.review(DENIC, Some(&passphrase()), instant(SUMMER)).refused(), "{cut} bytes");
        }
    }
}

#[test]
fn signatures_verify_only_over_what_was_signed_and_by_whom() {
    let (text, at) = (b"Domain: example.de\r\n", instant(SUMMER));
    for (bytes, micalg) in [(&key!("good.asc")[..], "pgp-sha512"), (key!("dsa.asc"), "pgp-sha256")] {
        let locked = LockedKey::read(bytes).unwrap();
        let key = locked.unlock(Some(&passphrase()), at).unwrap();
        let signature = sign_detached(text, &key, at).unwrap();
        assert_eq!(signature.micalg, micalg);
        assert!(signature.armored.starts_with("-----BEGIN PGP SIGNATURE-----"));
        let armored = signature.armored.as_bytes();
        assert_eq!(verify_detached(text, armored, &locked, at), Ok(locked.fingerprint()));
        assert!(verify_detached(b"Domain: example.com\r\n", armored, &locked, at).is_err());
        let other = LockedKey::read(key!("no-passphrase.asc")).unwrap();
        assert!(verify_detached(text, armored, &other, at).is_err());
        assert!(verify_detached(text, b"no signature", &locked, at).is_err());
    }
}

#[test]
fn who_may_not_sign_does_not() {
    let unlock =
        |bytes: &[u8], at: &str| LockedKey::read(bytes).unwrap().unlock(Some(&passphrase()), instant(at)).err();
    assert_eq!(unlock(key!("public.asc"), SUMMER), Some(KeyError::PublicOnly));
    assert_eq!(unlock(key!("revoked.asc"), SUMMER), Some(KeyError::CannotSign));
    assert_eq!(unlock(key!("no-signing.asc"), SUMMER), Some(KeyError::CannotSign));
    assert_eq!(unlock(key!("good.asc"), "2028-01-01T00:00:01Z"), Some(KeyError::CannotSign));
}

#[test]
fn nz_srs_has_rules_of_its_own() {
    let cases: &[(&str, &[u8], &str, &[&str])] = &[
        ("as advised", key!("rsa4096.asc"), SUMMER, &[]),
        ("short", key!("good.asc"), SUMMER, &["advised-length"]),
        ("short and endless", key!("never.asc"), SUMMER, &["advised-length"]),
        ("long life", key!("long.asc"), SUMMER, &["advised-length"]),
        ("too short", key!("rsa1024.asc"), SUMMER, &["length"]),
        ("too short subkey", key!("small-subkey.asc"), SUMMER, &["length", "advised-length"]),
        ("dsa", key!("dsa.asc"), SUMMER, &["type"]),
        ("ed25519", key!("ed25519.asc"), SUMMER, &["type"]),
        ("ecdh", key!("ecdh-subkey.asc"), SUMMER, &["type", "advised-length"]),
        ("sha-1", key!("sha1.asc"), SUMMER, &["advised-length", "digest"]),
        ("from the future", key!("rsa4096.asc"), "2025-12-31T23:59:59Z", &["not-yet-valid"]),
        ("revoked", key!("revoked.asc"), SUMMER, &["revoked", "advised-length"]),
        ("expired", key!("good.asc"), "2028-01-01T00:00:00Z", &["expired", "advised-length"]),
        ("public part", key!("public.asc"), SUMMER, &["secret-part", "advised-length"]),
        ("signs nothing", key!("no-signing.asc"), SUMMER, &["signing", "advised-length"]),
        ("open", key!("no-passphrase.asc"), SUMMER, &["advised-length", "protection"]),
        ("60 days left", key!("good.asc"), "2027-11-02T00:00:00Z", &["advised-length", "ends-soon"]),
    ];
    for (name, bytes, at, rules) in cases {
        let review = LockedKey::read(bytes).unwrap().review(NZ_SRS, Some(&passphrase()), instant(at));
        let broken: Vec<_> = review.objections.iter().map(|objection| objection.rule).collect();
        assert_eq!(broken, *rules, "{name}: {review:?}");
        let warnings = ["advised-length", "digest", "protection", "ends-soon"];
        assert_eq!(review.refused(), !rules.iter().all(|rule| warnings.contains(rule)), "{name}");
        assert!(review.objections.iter().all(|o| !o.what.is_empty() && !o.next.is_empty()), "{review:?}");
    }
}

fn unlocked(bytes: &[u8]) -> (LockedKey, Key) {
    let locked = LockedKey::read(bytes).unwrap();
    let key = locked.unlock(Some(&passphrase()), instant(SUMMER)).unwrap();
    (locked, key)
}

/// Macrons in UTF-8, an entity, and both line ends.
const DOCUMENT: &[u8] = "<Domain Name=\"māori.example\">T\u{101}ne &amp; co\n\r\n\r</Domain>\n".as_bytes();

#[test]
fn every_changed_byte_is_noticed() {
    let (locked, key) = unlocked(key!("good.asc"));
    let at = instant(SUMMER);
    let signature = sign_detached(DOCUMENT, &key, at).unwrap().armored;
    let verify = |bytes: &[u8]| verify_detached(bytes, signature.as_bytes(), &locked, at);
    assert_eq!(verify(DOCUMENT), Ok(locked.fingerprint()));
    for index in 0..DOCUMENT.len() {
        for bit in 0..8 {
            let mut changed = DOCUMENT.to_vec();
            changed[index] ^= 1 << bit;
            assert!(verify(&changed).is_err(), "bit {bit} of byte {index}");
        }
        let without = [&DOCUMENT[..index], &DOCUMENT[index + 1..]].concat();
        assert!(without == DOCUMENT || verify(&without).is_err(), "without byte {index}");
    }
    let text = std::str::from_utf8(DOCUMENT).unwrap();
    for changed in [
        text.replace("\r\n", "\n"),
        text.replace('\n', "\r\n"),
        text.trim_end().to_owned(),
        format!("{text}\n"),
        format!("\u{feff}{text}"),
        text.replace("ā", "a\u{304}"),
        text.chars().map(|c| if c == 'ā' { '?' } else { c }).collect(),
    ] {
        assert!(verify(changed.as_bytes()).is_err(), "{changed:?}");
    }
}

#[test]
fn no_change_to_a_signature_panics_or_makes_it_one_over_something_else() {
    let (locked, key) = unlocked(key!("good.asc"));
    let at = instant(SUMMER);
    let signature = sign_detached(DOCUMENT, &key, at).unwrap().armored.into_bytes();
    for index in 0..signature.len() {
        let mut changed = signature.clone();
        changed[index] ^= 1;
        // Comments and line ends of the armour are not signed; the document is, whatever becomes of them.
        let _ = verify_detached(DOCUMENT, &changed, &locked, at);
        assert!(verify_detached(b"<Domain/>", &changed, &locked, at).is_err());
        assert!(verify_detached(b"<Domain/>", &signature[..index], &locked, at).is_err());
    }
}

#[test]
fn one_of_several_keys_will_do_and_clocks_may_differ() {
    let (good, key) = unlocked(key!("good.asc"));
    let (subkey, signing) = unlocked(key!("subkey.asc"));
    let never = LockedKey::read(key!("never.asc")).unwrap();
    let at = instant(SUMMER);
    let keys = [never.clone(), subkey, good];
    for key in [&key, &unlocked(key!("never.asc")).1] {
        let signature = sign_detached(DOCUMENT, key, at).unwrap().armored;
        assert!(verify_by_any(DOCUMENT, signature.as_bytes(), &keys, at).is_ok());
        assert!(verify_by_any(DOCUMENT, signature.as_bytes(), &keys[1..2], at).is_err());
        assert!(verify_by_any(DOCUMENT, signature.as_bytes(), &[], at).is_err());
    }
    let signature = sign_detached(DOCUMENT, &signing, instant("2026-03-01T00:00:00Z")).unwrap().armored;
    let verify = |at: &str| verify_by_any(DOCUMENT, signature.as_bytes(), &keys, instant(at));
    assert!(verify("2026-02-28T23:56:00Z").is_ok(), "their clock is four minutes ahead");
    assert!(verify("2026-02-28T23:54:00Z").is_err(), "it is from the future");
    assert!(verify("2027-01-01T00:00:00Z").is_ok(), "the key was good when it signed");
    let late = instant("2026-07-21T00:00:00Z");
    assert_eq!(signing.ends(), Some("2026-07-20T00:00:00Z".parse().unwrap()));
    let signature = sign_detached(DOCUMENT, &signing, late).unwrap().armored;
    assert!(verify_by_any(DOCUMENT, signature.as_bytes(), &keys, late).is_err(), "it was not any more");
    assert!(never.verifies(late) && !LockedKey::read(key!("revoked.asc")).unwrap().verifies(late));
    assert!(!LockedKey::read(key!("no-signing.asc")).unwrap().verifies(late));
    assert!(!LockedKey::read(key!("good.asc")).unwrap().verifies(instant("2028-01-01T00:00:00Z")));
}

#[test]
fn only_a_signature_over_bytes_as_they_are_counts() {
    use sequoia_openpgp::packet::signature::SignatureBuilder;
    use sequoia_openpgp::types::SignatureType;

    let (locked, key) = unlocked(key!("good.asc"));
    let at = instant(SUMMER);
    let signed = |kind: SignatureType, hash: HashAlgorithm| {
        let mut signature = Vec::new();
        let message = Message::new(&mut signature);
        let template = SignatureBuilder::new(kind);
        let signer = Signer::with_template(message, key.pair.clone(), template).unwrap().hash_algo(hash).unwrap();
        let mut signer = signer.creation_time(SystemTime::from(at)).detached().build().unwrap();
        signer.write_all(DOCUMENT).unwrap();
        signer.finalize().unwrap();
        signature
    };
    let verify = |signature: &[u8]| verify_detached(DOCUMENT, signature, &locked, at);
    assert!(verify(&signed(SignatureType::Binary, HashAlgorithm::SHA256)).is_ok());
    let of_text = verify(&signed(SignatureType::Text, HashAlgorithm::SHA256)).unwrap_err();
    assert!(of_text.contains("binary document"), "{of_text}");
    assert!(verify(&signed(SignatureType::Binary, HashAlgorithm::SHA1)).is_err());
    let (bad, good) =
        (signed(SignatureType::Binary, HashAlgorithm::SHA1), signed(SignatureType::Binary, HashAlgorithm::SHA512));
    assert!(verify(&[bad, good].concat()).is_ok(), "one good one will do");
}

#[test]
fn a_key_shows_no_secret() {
    let (locked, key) = unlocked(key!("no-passphrase.asc"));
    assert_eq!(format!("{key:?}"), format!("Key({})", locked.fingerprint()));
}
