//! How a connection is opened (OpenSRS guide, connecting over TCP): both sides name their version, the client its user and
//! cipher, the server sends a challenge, and the client proves with the encrypted digest of it that it has the key. From
//! then on everything is encrypted.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::super::outcome;
use super::frame::{self, FrameError, Payload};
use crate::model::{Answer, Operation};
use crate::registries::OpenError;
use crate::registries::opensrs::codec::tree::Node;
use crate::registries::opensrs::crypt::{self, Cipher};
use crate::registries::opensrs::{answer, codec};

/// What each side calls itself.
const SERVER: &str = "OpenSRS SERVER";
const CLIENT: &str = "OpenSRS CLIENT";
/// The version of the language. The guide: no other is to be made up.
const VERSION: &str = "XML:0.1";

/// How often in a row the registry closed the connection on the answer to its challenge. That is its way of saying that the
/// key, the user or the cipher is wrong; and a network that breaks just then looks alike, so that once proves nothing.
#[derive(Debug, Default)]
pub struct Closings(AtomicU32);

impl Closings {
    /// Closings in a row that are believed.
    const BELIEVED: u32 = 3;

    /// One more; what to make of it.
    fn closed(&self) -> OpenError {
        const WHY: &str = "the registry closed the connection on the answer to its challenge";
        if self.0.fetch_add(1, Ordering::Relaxed) + 1 < Self::BELIEVED {
            return unreachable(format!("{WHY}; when that happens {} times in a row, it is the key", Self::BELIEVED));
        }
        self.reset();
        OpenError::Refused(format!(
            "{WHY}, {} times in a row: is it the private key of this system, the right user, the right cipher?",
            Self::BELIEVED
        ))
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Opens a connection. Not bounded in time: the caller does that.
///
/// # Errors
/// See [`OpenError`].
pub async fn shake(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    user: &str,
    cipher: &Cipher,
    closings: &Closings,
) -> Result<(), OpenError> {
    let greeting = frame::read(stream, Payload::Text).await.map_err(|error| match error {
        FrameError::Closed => {
            unreachable("the registry closed the connection at once; is this machine's address on its list?")
        }
        other => unreachable(other),
    })?;
    greeted(&codec::read(&greeting).map_err(unreachable)?)?;
    say(stream, &version()?).await?;
    say(stream, &authenticate(user, cipher)?).await?;
    let challenge = frame::read(stream, Payload::Raw).await.map_err(unreachable)?;
    if let Ok(said) = codec::read(&challenge) {
        // Random bytes are no envelope: this is a refusal in clear.
        return Err(refusal(&said).unwrap_or_else(|| unreachable("no challenge came")));
    }
    let proof = cipher.encrypt(&crypt::digest(&challenge)).map_err(OpenError::Refused)?;
    say(stream, &proof).await?;
    let answer = frame::read(stream, Payload::Raw).await.map_err(|error| match error {
        FrameError::Closed => closings.closed(),
        other => unreachable(other),
    })?;
    closings.reset();
    let answer = cipher.decrypt(&answer).map_err(unreachable)?;
    let said = codec::read(&answer).map_err(unreachable)?;
    refusal(&said).map_or(Ok(()), Err)
}

/// The parting word.
///
/// # Errors
/// It cannot be written.
pub fn quit() -> Result<Zeroizing<Vec<u8>>, String> {
    codec::write(&message("quit", "session", None))
}

/// Whether the first message is one of this registry, and lets us go on.
fn greeted(said: &Node) -> Result<(), OpenError> {
    let attribute = |name: &str| said.get("attributes").and_then(|all| all.get(name)).and_then(Node::as_text);
    if said.get("response_code").is_some() {
        return Err(match refusal(said) {
            Some(why) => why,
            None => unreachable("an answer came before anything was asked"),
        });
    }
    let is_one = |name: &str, test: fn(&str) -> bool| attribute(name).is_some_and(|text| test(text.trim()));
    if !is_one("sender", |sender| sender.contains(SERVER)) {
        return Err(unreachable("what answers is no OpenSRS server"));
    }
    if !is_one("version", |version| version.starts_with("XML")) {
        return Err(unreachable("the server speaks another version"));
    }
    Ok(())
}

/// What an answer means that does not let us in; nothing if it does.
fn refusal(said: &Node) -> Option<OpenError> {
    // Of no operation, and the one that shows least.
    let answer: Answer = answer::of(Operation::AccountInfo, said).ok()?;
    outcome::opened(&answer).err()
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), payload: &[u8]) -> Result<(), OpenError> {
    stream.write_all(&frame::encode(payload)).await.map_err(unreachable)?;
    stream.flush().await.map_err(unreachable)
}

fn version() -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let attributes =
        Node::assoc([("sender", Node::text(CLIENT)), ("version", Node::text(VERSION)), ("state", Node::text("ready"))]);
    codec::write(&message("check", "version", Some(attributes))).map_err(OpenError::Refused)
}

/// The password is the user name again, for it goes out in clear (guide, step 4).
fn authenticate(user: &str, cipher: &Cipher) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let attributes = Node::assoc([
        ("crypt_type", Node::text(cipher.word())),
        ("username", Node::text(user)),
        ("password", Node::text(user)),
    ]);
    codec::write(&message("authenticate", "user", Some(attributes))).map_err(OpenError::Refused)
}

fn message(action: &str, object: &str, attributes: Option<Node>) -> Node {
    let words = [("protocol", "XCP"), ("action", action), ("object", object)];
    let words = words.into_iter().map(|(name, word)| (name.to_owned(), Node::text(word)));
    words.chain(attributes.map(|all| ("attributes".to_owned(), all))).collect()
}

fn unreachable(why: impl ToString) -> OpenError {
    OpenError::Unreachable(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;
    use crate::registries::opensrs::crypt::CipherName;

    #[test]
    fn what_the_client_says_is_what_the_reference_shows() {
        let cipher = Cipher::new(CipherName::Blowfish, &Secret::new("00".repeat(56))).unwrap();
        let golden = |name: &str| {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/opensrs").join(name);
            codec::read(&std::fs::read(path).unwrap()).unwrap()
        };
        assert_eq!(codec::read(&version().unwrap()).unwrap(), golden("2.3-2-request.xml"));
        assert_eq!(codec::read(&authenticate("myreseller", &cipher).unwrap()).unwrap(), golden("2.3-3-request.xml"));
        assert_eq!(greeted(&golden("2.3-1-reply.xml")), Ok(()));
        assert_eq!(refusal(&golden("2.3-4-reply.xml")), None);
    }

    #[test]
    fn refusals_say_what_to_do() {
        let said = |code: &str, text: &str| {
            let said = Node::assoc([("response_code", Node::text(code)), ("response_text", Node::text(text))]);
            (greeted(&said).unwrap_err(), refusal(&said))
        };
        for (code, text, is) in [
            ("555", "", "login refused"),
            ("400", "Access denied: invalid IP address", "login refused"),
            ("400", "Invalid encryption method; try -des", "login refused"),
            ("410", "", "login refused"),
            ("310", "", "the registry wants fewer"),
            ("300", "", "the registry wants fewer"),
            ("400", "Internal server error", "cannot reach"),
            ("999", "", "login refused"),
        ] {
            let (first, last) = said(code, text);
            assert!(first.to_string().starts_with(is) && last == Some(first.clone()), "{code}: {first}");
        }
        assert!(said("200", "").0.to_string().starts_with("cannot reach"), "nothing was asked yet");
    }
}
