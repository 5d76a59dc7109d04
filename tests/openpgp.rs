//! What other programs say of our signatures over a registry's documents, and we of theirs: GnuPG, and Sequoia's `sq`.
//! `./dev test` installs both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jiff::Timestamp;
use registrard::model::Secret;
use registrard::net::openpgp::{Key, LockedKey, sign_detached, verify_by_any};
use tempfile::TempDir;

/// Keys that never end, so that programs may look at them by the machine's clock.
const KEYS: &[&str] = &["never.asc", "rsa4096.asc"];
const PASSPHRASE: &str = "correct horse";

/// What signatures have been broken by: letters outside of ASCII, both line ends, blanks at the end, references.
const DOCUMENTS: &[&str] = &[
    "<NZSRSRequest VerMajor=\"8\" VerMinor=\"0\"><Whois DomainName=\"example.co.nz\"/></NZSRSRequest>",
    "<Contact Name=\"Tāne Māhuta\" Address1=\"&#257; &amp; 中\"/>",
    "one\ntwo\r\nthree\rfour \t\n",
    "no line end",
    "- dash\n-----BEGIN PGP MESSAGE-----\n",
    "\u{feff}\0\u{7f}",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openpgp").join(name)
}

fn key(name: &str) -> (LockedKey, Key) {
    let locked = LockedKey::read(&std::fs::read(fixture(name)).unwrap()).unwrap();
    let key = locked.unlock(Some(&Secret::new(PASSPHRASE)), Timestamp::now()).unwrap();
    (locked, key)
}

/// The document with each thing done to it that somebody's library does, as far as it changes something.
fn spoilt(document: &str) -> Vec<Vec<u8>> {
    let latin: Vec<u8> = document.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let mut all: Vec<Vec<u8>> = [
        document.replace("\r\n", "\n"),
        document.replace('\n', "\r\n"),
        document.trim_end().to_owned(),
        format!("{document}\n"),
        format!("{document} "),
        document.replace('<', "&lt;"),
    ]
    .map(String::into_bytes)
    .into();
    all.push(latin);
    let mut other = document.as_bytes().to_vec();
    other[0] ^= 1;
    all.push(other);
    all.retain(|changed| changed != document.as_bytes());
    all
}

/// GnuPG in a home of its own.
struct Gnupg(TempDir);

impl Gnupg {
    fn new() -> Self {
        let gnupg = Self(tempfile::tempdir().unwrap());
        for name in KEYS {
            let ended = gnupg.run(&["--import", fixture(name).to_str().unwrap()]);
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        }
        gnupg
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut gpg = Command::new("gpg");
        gpg.args(["--batch", "--no-tty", "--quiet", "--trust-model", "always", "--pinentry-mode", "loopback"]);
        gpg.args(["--passphrase", PASSPHRASE]).args(arguments).env("GNUPGHOME", self.0.path()).env("LC_ALL", "C");
        gpg.output().expect("gpg is not installed: `./dev test` installs it (Debian: gnupg)")
    }
}

impl Drop for Gnupg {
    fn drop(&mut self) {
        // Its agent outlives it otherwise.
        let _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.0.path()).output();
    }
}

/// Sequoia's program; the names of its options changed from release to release.
fn sq(certificate: &Path, signature: &Path, data: &Path) -> Output {
    let run = |arguments: &[&str]| {
        let output = Command::new("sq").args(arguments).env("LC_ALL", "C").output();
        output.expect("sq is not installed: `./dev test` installs it (Debian: sq)")
    };
    let help = run(&["verify", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let name =
        |names: &[&'static str]| *names.iter().find(|name| help.contains(**name)).expect("an option of sq verify");
    let certificate_option = name(&["--signer-file", "--signer-cert"]);
    let signature_option = name(&["--signature-file", "--detached"]);
    let [certificate, signature, data] = [certificate, signature, data].map(|path| path.to_str().unwrap());
    run(&["verify", certificate_option, certificate, signature_option, signature, data])
}

#[test]
fn other_programs_verify_our_signatures_and_notice_any_change() {
    let (gnupg, directory) = (Gnupg::new(), tempfile::tempdir().unwrap());
    let [data, detached] = ["document", "signature.asc"].map(|name| directory.path().join(name));
    for name in KEYS {
        let (_, key) = key(name);
        for document in DOCUMENTS {
            let signature = sign_detached(document.as_bytes(), &key, Timestamp::now()).unwrap();
            std::fs::write(&detached, &signature.armored).unwrap();
            let verdicts = |bytes: &[u8]| {
                std::fs::write(&data, bytes).unwrap();
                let gpg = gnupg.run(&["--verify", detached.to_str().unwrap(), data.to_str().unwrap()]);
                [("gpg", gpg), ("sq", sq(&fixture(name), &detached, &data))]
            };
            for (program, ended) in verdicts(document.as_bytes()) {
                let told = String::from_utf8_lossy(&ended.stderr);
                assert!(ended.status.success(), "{program}, {name}, {document:?}: {told}");
            }
            for changed in spoilt(document) {
                for (program, ended) in verdicts(&changed) {
                    assert!(!ended.status.success(), "{program}, {name}: {document:?} became {changed:?}");
                }
            }
        }
    }
}

#[test]
fn gnupgs_signatures_verify_here() {
    let (gnupg, directory) = (Gnupg::new(), tempfile::tempdir().unwrap());
    let [data, detached] = ["document", "signature.asc"].map(|name| directory.path().join(name));
    for name in KEYS {
        let (locked, _) = key(name);
        let id = locked.fingerprint();
        let keys = [locked];
        let sign = |document: &str, how: &[&str]| {
            std::fs::write(&data, document).unwrap();
            let out = ["--yes", "--output", detached.to_str().unwrap(), "--local-user", &id];
            let arguments = [&out, how, &["--detach-sign", data.to_str().unwrap()]].concat();
            let ended = gnupg.run(&arguments);
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            std::fs::read(&detached).unwrap()
        };
        for document in DOCUMENTS {
            // Armoured as registries send them, and binary.
            for how in [&["--armor"][..], &["--armor", "--digest-algo", "SHA256"], &[]] {
                let signature = sign(document, how);
                let verify = |bytes: &[u8]| verify_by_any(bytes, &signature, &keys, Timestamp::now());
                assert_eq!(verify(document.as_bytes()), Ok(id.clone()), "{name}, {how:?}: {document:?}");
                for changed in spoilt(document) {
                    assert!(verify(&changed).is_err(), "{document:?} became {changed:?}");
                }
            }
            // Over a text, in which line ends are of no meaning, and with a digest that can be forged.
            for how in [["--armor", "--textmode"], ["--armor", "--digest-algo=SHA1"]] {
                let refused = verify_by_any(document.as_bytes(), &sign(document, &how), &keys, Timestamp::now());
                assert!(refused.is_err(), "{how:?}: {document:?}");
            }
        }
        let signature = sign(DOCUMENTS[0], &["--armor"]);
        let other = [key(KEYS[if *name == KEYS[0] { 1 } else { 0 }]).0];
        assert!(verify_by_any(DOCUMENTS[0].as_bytes(), &signature, &other, Timestamp::now()).is_err());
    }
}
