//! What GnuPG says of our signatures: another program, as the registry uses one. `./dev test` installs it.

use std::path::Path;
use std::process::{Command, Output};

use registrard::cli::output::Format;
use registrard::model::{Cause, State};

use crate::database::{Database, Kind};
use crate::stage::{config, delete, fixture, id, refused, registrard};

/// GnuPG in a home of its own, with the clock of the test keys. No agent is needed for public keys.
fn gpg(home: &Path, arguments: &[&str]) -> Output {
    let mut gpg = Command::new("gpg");
    gpg.args(["--batch", "--no-tty", "--no-autostart", "--trust-model", "always", "--status-fd", "1"]);
    gpg.args(["--faked-system-time", "20260302T000000!"]).args(arguments).env("GNUPGHOME", home).env("LC_ALL", "C");
    gpg.output().expect("gpg is not installed: `./dev test` installs it (Debian: gnupg)")
}

/// The signed part of a multipart/signed e-mail as its bytes, and the signature.
pub fn parts(mail: &str) -> (String, String) {
    let boundary = mail.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let delimiter = format!("--{boundary}\r\n");
    let mut parts = mail.split(delimiter.as_str()).skip(1);
    let signed = parts.next().unwrap().strip_suffix("\r\n").unwrap().to_owned();
    let signature = parts.next().unwrap();
    (signed, signature[signature.find("-----BEGIN").unwrap()..].to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gnupg_verifies_the_e_mail_and_notices_any_change() {
    let database = Database::migrated(Kind::Sqlite).await;
    assert_eq!(refused(&*database.store, &delete(), Cause::ByHand).await, State::NeedsAttention);
    let directory = tempfile::tempdir().unwrap();
    for (key, public) in [("good.asc", "public.asc"), ("dsa.asc", "dsa.asc"), ("subkey.asc", "subkey.asc")] {
        let config = config(directory.path(), key, "");
        let file = directory.path().join(format!("{key}.eml"));
        let arguments = ["orders", "mail", &id().to_string(), "--out", file.to_str().unwrap()];
        let ended = registrard(&arguments, &config, Some(&*database.store), Format::Table).await;
        assert_eq!(ended.how, Ok(()), "{key}");
        let (signed, signature) = parts(&std::fs::read_to_string(&file).unwrap());

        let home = tempfile::tempdir().unwrap();
        let public = fixture(public);
        let keyring = gpg(home.path(), &["--import-options", "import-minimal", "--import", public.to_str().unwrap()]);
        let told = String::from_utf8_lossy(&keyring.stdout).into_owned();
        assert!(told.contains("IMPORT_OK"), "{key}: {told}{}", String::from_utf8_lossy(&keyring.stderr));
        let verify = |text: &str| {
            let (data, detached) = (home.path().join("signed"), home.path().join("signature.asc"));
            std::fs::write(&data, text).unwrap();
            std::fs::write(&detached, &signature).unwrap();
            let output = gpg(home.path(), &["--verify", detached.to_str().unwrap(), data.to_str().unwrap()]);
            // Notations are shown as they are, and a salt is no text.
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let (good, told) = verify(&signed);
        assert!(good && told.contains("GOODSIG") && told.contains("VALIDSIG"), "{key}: {told}");
        for (from, to) in [("example.de", "example.com"), ("\r\n", "\n"), ("utf-8", "ascii")] {
            let (good, told) = verify(&signed.replace(from, to));
            assert!(!good && told.contains("BADSIG"), "{key}: {from:?} became {to:?}: {told}");
        }
    }
}
