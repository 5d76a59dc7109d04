use super::policy::{Review, Weight};
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
    LockedKey::read(bytes).unwrap().review(Some(&passphrase()), instant(at))
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
        let review = key.review(passphrase.as_ref(), instant(SUMMER));
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
            assert!(key.review(Some(&passphrase()), instant(SUMMER)).refused(), "{cut} bytes");
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
