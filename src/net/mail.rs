//! E-mails that are signed and survive transport: RFC 3156 around a plain text in quoted-printable, ASCII throughout, so
//! that no server on the way has a reason to change what was signed.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{Date, From, Headers, MessageId, Subject, To};
use lettre::message::{Mailbox, Mailboxes};
use sha2::{Digest, Sha256};

use super::openpgp::{self, Key};

/// Longest line of quoted-printable, its soft break included (RFC 2045, section 6.7).
const LONGEST_LINE: usize = 76;

/// An address with or without a name in front: `Registrar Desk <desk@registrar.example>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Mailbox);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none; says which.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no e-mail address", text.escape_default());
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        let mailbox: Mailbox = text.parse().map_err(|_| wrong())?;
        // Anything else needs servers that speak SMTPUTF8, all the way.
        if !mailbox.email.to_string().is_ascii() {
            return Err(format!("{}: write its domain in ACE form, and its user in ASCII", wrong()));
        }
        Ok(Self(mailbox))
    }

    /// The address without a name, for the envelope.
    #[must_use]
    pub fn bare(&self) -> &lettre::Address {
        &self.0.email
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What is to be said to whom.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Who says it.
    pub from: Address,
    /// To whom.
    pub to: Address,
    /// About what, in one line.
    pub subject: String,
    /// The text; lines end with `\n`.
    pub text: String,
    /// What makes its message id unique in the domain of the sender: ASCII letters, digits, `.` and `-`.
    pub id: String,
}

impl Letter {
    /// The signed e-mail, ready for the wire or a file.
    ///
    /// # Errors
    /// The key cannot sign, or subject or id hold what a header must not.
    pub fn signed(&self, key: &Key, at: Timestamp) -> Result<Vec<u8>, String> {
        if self.subject.chars().any(char::is_control) {
            return Err("the subject holds a control character".into());
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        if self.id.is_empty() || !self.id.chars().all(plain) {
            return Err("the message id holds more than letters, digits, `.` and `-`".into());
        }
        let part = self.part();
        let signature = openpgp::sign_detached(part.as_bytes(), key, at)?;
        // Quoted-printable never has `=_`, and armour has no line that begins so.
        let digest: String = Sha256::digest(&part).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let boundary = format!("=_{digest}");
        let mut mail = self.head(at).to_string();
        mail.push_str(&format!(
            "MIME-Version: 1.0\r\nContent-Type: multipart/signed; micalg=\"{}\";\r\n \
             protocol=\"application/pgp-signature\";\r\n boundary=\"{boundary}\"\r\n\r\n\
             This is an OpenPGP/MIME signed message (RFC 3156).\r\n\r\n--{boundary}\r\n",
            signature.micalg
        ));
        mail.push_str(&part);
        // The line end before a boundary belongs to the boundary and is not signed.
        mail.push_str(&format!(
            "\r\n--{boundary}\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\n\
             Content-Description: OpenPGP digital signature\r\n\
             Content-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n"
        ));
        signature.armored.lines().for_each(|line| mail.extend([line, "\r\n"]));
        mail.push_str(&format!("\r\n--{boundary}--\r\n"));
        Ok(mail.into_bytes())
    }

    fn head(&self, at: Timestamp) -> Headers {
        let mut headers = Headers::new();
        headers.set(From::from(Mailboxes::from(self.from.0.clone())));
        headers.set(To::from(Mailboxes::from(self.to.0.clone())));
        headers.set(Subject::from(self.subject.clone()));
        headers.set(Date::new(SystemTime::from(at)));
        headers.set(MessageId::from(format!("<{}@{}>", self.id, self.from.0.email.domain())));
        headers
    }

    /// What is signed: the text with its headers, every line with CRLF.
    fn part(&self) -> String {
        let mut part = String::from(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
        );
        for line in self.text.lines() {
            quoted_printable(line, &mut part);
            part.push_str("\r\n");
        }
        part
    }
}

/// One line in quoted-printable. Beyond what must be, blanks at the end (servers cut them), a `From ` or a `-` at the
/// beginning (mailboxes and armour escape them) and a lone dot (SMTP doubles it) are written as numbers.
fn quoted_printable(line: &str, out: &mut String) {
    let bytes = line.as_bytes();
    let mut column = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let last = at + 1 == bytes.len();
        let literal = match byte {
            b' ' | b'\t' => !last,
            b'F' => !(at == 0 && line.starts_with("From ")),
            b'-' | b'.' => at != 0,
            b'=' => false,
            byte => (b'!'..=b'~').contains(byte),
        };
        let width = if literal { 1 } else { 3 };
        if column + width >= LONGEST_LINE {
            out.push_str("=\r\n");
            column = 0;
        }
        if literal {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
        column += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;
    use crate::net::openpgp::{LockedKey, verify_detached};

    fn letter(text: &str) -> Letter {
        Letter {
            from: Address::read("Registrar Büro <desk@registrar.example>").unwrap(),
            to: Address::read("orders@registry.example").unwrap(),
            subject: "Auftrag für example.de".into(),
            text: text.into(),
            id: "rd-1".into(),
        }
    }

    fn signed(letter: &Letter) -> (String, LockedKey, Timestamp) {
        let at = "2026-07-01T10:00:00Z".parse().unwrap();
        let locked = LockedKey::read(include_bytes!("../../tests/fixtures/openpgp/good.asc")).unwrap();
        let key = locked.unlock(Some(&Secret::new("correct horse")), at).unwrap();
        (String::from_utf8(letter.signed(&key, at).unwrap()).unwrap(), locked, at)
    }

    #[test]
    fn lines_survive_transport() {
        let long = "x".repeat(200);
        for (line, written) in [
            ("Domain: example.de", "Domain: example.de"),
            ("blank at the end ", "blank at the end=20"),
            ("a\tb\t", "a\tb=09"),
            ("From here", "=46rom here"),
            ("- dash", "=2D dash"),
            (".", "=2E"),
            ("1=1", "1=3D1"),
            ("ä", "=C3=A4"),
            ("", ""),
        ] {
            let mut out = String::new();
            quoted_printable(line, &mut out);
            assert_eq!(out, written);
        }
        for line in [long.as_str(), &"ä".repeat(60), &"= ".repeat(80)] {
            let mut out = String::new();
            quoted_printable(line, &mut out);
            assert!(out.split("\r\n").all(|line| line.len() <= LONGEST_LINE), "{out}");
        }
    }

    #[test]
    fn what_is_signed_is_what_arrives() {
        let (mail, key, at) = signed(&letter("Holder: Jürgen \n\n-- \n.\nFrom me\n"));
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 200), "{mail}");
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "every line ends with CRLF");
        for part in [
            "From: =?utf-8?",
            "<desk@registrar.example>\r\nTo: orders@registry.example\r\nSubject: ",
            "Date: Wed, 01 Jul 2026 10:00:00 +0000\r\nMessage-ID: <rd-1@registrar.example>\r\nMIME-Version: 1.0\r\n",
            "micalg=\"pgp-sha512\"",
        ] {
            assert!(mail.contains(part), "{part} is missing in {mail}");
        }
        let boundary = mail.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let delimiter = format!("--{boundary}\r\n");
        let parts: Vec<_> = mail.split(delimiter.as_str()).collect();
        let (text, signature) = (parts[1].strip_suffix("\r\n").unwrap(), parts[2]);
        let armor = &signature[signature.find("-----BEGIN").unwrap()..];
        assert_eq!(verify_detached(text.as_bytes(), armor.as_bytes(), &key, at), Ok(key.fingerprint()));
        assert!(verify_detached(text.replace('J', "j").as_bytes(), armor.as_bytes(), &key, at).is_err());
    }

    #[test]
    fn headers_cannot_be_smuggled_in() {
        let at = "2026-07-01T10:00:00Z".parse().unwrap();
        let key = LockedKey::read(include_bytes!("../../tests/fixtures/openpgp/no-passphrase.asc")).unwrap();
        let key = key.unlock(None, at).unwrap();
        let refused = |change: fn(&mut Letter)| {
            let mut letter = letter("text");
            change(&mut letter);
            letter.signed(&key, at).is_err()
        };
        assert!(!refused(|_| ()));
        assert!(refused(|letter| letter.subject.push_str("\r\nBcc: all@example.org")));
        assert!(refused(|letter| letter.id.push_str(">\r\n")));
        for text in ["", "nobody", "a@b\r\nBcc: c@example.org", "a@b@c", "bücher@registry.example", "a b@c.example"] {
            assert!(Address::read(text).is_err(), "{text}");
        }
    }
}
