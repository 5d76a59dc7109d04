//! RRP: sessions with a server that says anything, and answers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use registrard::model::{Answer, Lost, Operation, Verdict};
use registrard::net::dial::{Dial, Stream};
use registrard::registries::rrp::PLUGIN;
use registrard::registries::{Dialect, OpenError, Prepared, Registry, Session, WireOptions};
use serde_json::{Map, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};

use super::answers::{Lost as LostJob, doubts, hidden};
use super::assert_fit_for_a_line;

/// The registrar everything is tried for.
const REGISTRAR: &str = "registrarA";

/// What an answer is read as, by the first byte of the input. Letters are never given away twice: the corpus has them.
const READ_AS: &[(u8, &str)] = &[
    (b'a', "domain.check"),
    (b'b', "domain.info"),
    (b'c', "domain.create"),
    (b'd', "domain.update"),
    (b'e', "domain.renew"),
    (b'f', "domain.transfer"),
    (b'g', "domain.transfer_approve"),
    (b'h', "domain.transfer_reject"),
    (b'i', "domain.delete"),
    (b'j', "host.check"),
    (b'k', "host.info"),
    (b'l', "host.create"),
    (b'm', "host.update"),
    (b'n', "host.delete"),
    (b'o', "account.info"),
    (b'p', "order.cancel"),
    (b'q', "raw"),
];

/// Jobs whose answer was lost: what each write was asked to do.
const LOST: &[&str] = &[
    include_str!("../../tests/golden/rrp/domain_create.json"),
    include_str!("../../tests/golden/rrp/domain_create_nserver.json"),
    include_str!("../../tests/golden/rrp/domain_update_lock.json"),
    include_str!("../../tests/golden/rrp/domain_update_unlock.json"),
    include_str!("../../tests/golden/rrp/domain_update_nserver.json"),
    include_str!("../../tests/golden/rrp/domain_renew.json"),
    include_str!("../../tests/golden/rrp/domain_transfer.json"),
    include_str!("../../tests/golden/rrp/domain_transfer_approve.json"),
    include_str!("../../tests/golden/rrp/domain_transfer_reject.json"),
    include_str!("../../tests/golden/rrp/domain_delete.json"),
    include_str!("../../tests/golden/rrp/host_create.json"),
    include_str!("../../tests/golden/rrp/host_update.json"),
    include_str!("../../tests/golden/rrp/host_delete.json"),
    include_str!("../../tests/golden/rrp/order_cancel.json"),
    r#"{"operation": "host.update", "params": {"host": "ns1.example.com", "address": ["192.0.2.53"]}}"#,
    r#"{"operation": "raw", "params": {"request": "mod\nEntityName:Domain\nDomainName:example.com\nStatus:REGISTRAR-HOLD"}}"#,
    r#"{"operation": "raw", "params": {"request": "restore\nEntityName:Domain\nDomainName:example.com"}}"#,
];

/// Most questions about one doubt.
const QUESTIONS: usize = 8;

/// Most requests of a session.
const REQUESTS: usize = 5;

struct Tools {
    rrp: Arc<dyn Dialect>,
    lost: Vec<LostJob>,
    account: Arc<dyn Registry>,
    script: Arc<Script>,
    question: Prepared,
}

static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
    let options = WireOptions { account: REGISTRAR.into(), ..WireOptions::default() };
    let rrp = (PLUGIN.dialect)(&options).unwrap();
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "i-am-registrarA").unwrap();
    let settings =
        json!({ "address": "127.0.0.1:1", "user": REGISTRAR, "password_file": password.path(), "answer_seconds": 2 });
    let script: Arc<Script> = Arc::default();
    let account = (PLUGIN.account_over)(REGISTRAR, &settings, script.clone()).unwrap();
    let params = Map::from_iter([("domain".to_owned(), json!("example.com"))]);
    let question = rrp.prepare(Operation::DomainInfo, &params, "").unwrap();
    Tools { rrp, lost: LOST.iter().map(|job| LostJob::read(REGISTRAR, job)).collect(), account, script, question }
});

/// An answer, as that to any operation: a stored one comes back unchanged, only codes of the 200s make anything done, line ends
/// mean nothing, a repeated secret is hidden, and whatever is answered to the questions about a doubt, they end and change
/// nothing.
pub fn rrp_answer(bytes: &[u8]) {
    let Some((letter, bytes)) = bytes.split_first() else { return };
    let known = READ_AS.iter().find(|(known, _)| known == letter);
    let operation: Operation = known.unwrap_or(&READ_AS[usize::from(*letter) % READ_AS.len()]).1.parse().unwrap();
    let tools = &*TOOLS;
    let read = match tools.rrp.decode(operation, bytes) {
        Ok(read) => read,
        Err(reason) => return assert_fit_for_a_line(&reason),
    };
    let stored = serde_json::to_vec(&read).unwrap();
    assert!(stored.len() <= 16 * bytes.len() + 4096, "{} bytes became {}", bytes.len(), stored.len());
    assert_eq!(serde_json::from_slice::<Answer>(&stored).unwrap(), read, "an answer that is stored comes back changed");
    judged(operation, &read);
    if !bytes.contains(&b'\r') {
        let other: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
            .copied()
            .collect();
        // A line, or all of it, may be longer than any now.
        if let Ok(again) = tools.rrp.decode(operation, &other) {
            assert_eq!(again, read, "line ends mean something");
        } else {
            assert!(bytes.split(|byte| *byte == b'\n').any(|line| line.len() >= 1022) || other.len() > 256 * 1024);
        }
    }
    hidden(bytes, &read);
    doubts(&*tools.rrp, &tools.lost, QUESTIONS, bytes, &read);
}

/// Only codes of the 200s are done or open a session, and a question that was answered with none of its data is not; only a
/// request for a transfer is under way; only writes are in doubt.
fn judged(operation: Operation, read: &Answer) {
    let dialect = &TOOLS.rrp;
    let is_of_200s = read.messages.first().is_some_and(|message| message.code.starts_with('2'));
    assert_eq!(read.result == "success", is_of_200s);
    let judged = dialect.judge(operation, read);
    match judged.verdict {
        Verdict::Done => assert!(is_of_200s, "done: {read:?}"),
        Verdict::Pending(_) => assert!(is_of_200s && operation == Operation::DomainTransfer, "pending: {read:?}"),
        Verdict::Unsure(_) | Verdict::RefusedUnlessLost(_) | Verdict::ByHand(_) => {
            assert!(!is_of_200s && operation.writes(), "{:?}: {read:?}", judged.verdict);
        }
        Verdict::Later(_) => {}
        other => assert!(!is_of_200s, "{other:?}: {read:?}"),
    }
    if matches!(dialect.opened(read), Some(Ok(()))) {
        assert!(is_of_200s, "a session: {read:?}");
    }
}

/// What the server says: the first part when somebody connects, one more after each request.
#[derive(Default)]
struct Script(Mutex<(VecDeque<Vec<u8>>, usize)>);

#[async_trait]
impl Dial for Script {
    async fn dial(&self) -> std::io::Result<Box<dyn Stream>> {
        let (parts, most) = self.0.lock().unwrap().clone();
        let mut server = Server { parts, most, part: Vec::new(), at: 0, is_over: false, is_tired: false };
        server.next();
        Ok(Box::new(server))
    }
}

/// The connection to it.
struct Server {
    parts: VecDeque<Vec<u8>>,
    /// Most bytes that are given at a time.
    most: usize,
    part: Vec<u8>,
    at: usize,
    /// It closes the connection at the end of this part.
    is_over: bool,
    is_tired: bool,
}

/// Where the first message of a part ends, if it does.
fn end(part: &[u8]) -> Option<usize> {
    let mut begin = 0;
    for line in part.split_inclusive(|byte| *byte == b'\n') {
        begin += line.len();
        if line == b".\n" || line == b".\r\n" {
            return Some(begin);
        }
    }
    None
}

impl Server {
    fn next(&mut self) {
        let next = self.parts.pop_front();
        // A server that has no more to say, or stops in the middle, hangs up; else nobody would ever know.
        self.is_over = next.as_deref().and_then(end).is_none();
        (self.part, self.at) = (next.unwrap_or_default(), 0);
    }
}

impl AsyncRead for Server {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let left = self.part.len() - self.at;
        // Within a message it takes breaks; what is sent unasked is there at once, or nobody could know of it.
        let is_within = self.is_over || end(&self.part).is_some_and(|end| self.at < end);
        self.is_tired = !self.is_tired && is_within && left > 0 && self.most < usize::MAX;
        if self.is_tired {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if left == 0 && !self.is_over {
            return Poll::Pending;
        }
        let size = self.most.min(left).min(buffer.remaining());
        buffer.put_slice(&self.part[self.at..self.at + size]);
        self.at += size;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Server {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        if bytes.ends_with(b".\r\n") {
            self.next();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
}

/// What becomes of a session with this server: why there is none, or what came of each request.
fn conversation(parts: &[&[u8]], most: usize) -> Result<Vec<Result<Answer, Lost>>, String> {
    let tools = &*TOOLS;
    *tools.script.0.lock().unwrap() = (parts.iter().map(|part| part.to_vec()).collect(), most);
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let mut session: Box<dyn Session> = match tools.account.open().await {
                Ok(session) => session,
                Err(OpenError::Unreachable(why) | OpenError::Refused(why)) => return Err(why),
                Err(OpenError::NotNow(why, _) | OpenError::Blocked(why, _)) => return Err(why),
            };
            let mut heard = Vec::new();
            for _ in 0..REQUESTS {
                heard.push(session.exchange(&tools.question).await);
            }
            let closing = tokio::time::timeout(Duration::from_secs(4), session.close()).await;
            assert!(closing.is_ok(), "parting takes for ever");
            Ok(heard)
        })
    })
}

/// A session with a server whose words are divided by NUL: the greeting, the answer to SESSION, and one part after each
/// request. Read in pieces or at once it comes to the same; a session is opened only after a greeting and a code of the 200s;
/// an answer is what a whole message at the beginning of its part says; whatever else comes makes the request one that was
/// perhaps sent, and the session is over. The first byte says how large the pieces are.
pub fn rrp_session(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).take(REQUESTS + 3).collect();
    let whole = conversation(&parts, usize::MAX);
    assert_eq!(whole, conversation(&parts, 1 + usize::from(*size)), "in pieces it comes to something else");
    let read = |at: usize| -> Option<Answer> {
        let part = parts.get(at)?;
        TOOLS.rrp.decode(Operation::DomainInfo, &part[..end(part)?]).ok()
    };
    let heard = match whole {
        Ok(heard) => heard,
        Err(why) => {
            assert!(!why.contains("within"), "nothing would have been heard: {why}");
            return assert_fit_for_a_line(&why);
        }
    };
    let greeting = String::from_utf8_lossy(parts[0]).to_ascii_lowercase();
    assert!(greeting.contains("rrp server version") && read(1).is_some_and(|answer| answer.result == "success"));
    let mut is_over = false;
    for (at, heard) in (2..).zip(heard) {
        match heard {
            Ok(answer) => {
                assert!(!is_over);
                assert_eq!(Some(answer), read(at));
            }
            Err(Lost::NotSent(why)) => {
                is_over = true;
                assert_fit_for_a_line(&why);
            }
            Err(Lost::PerhapsSent(why)) => {
                assert!(!is_over && read(at).is_none(), "{why}");
                assert!(!why.contains("within"), "nothing would have been heard: {why}");
                is_over = true;
                assert_fit_for_a_line(&why);
            }
        }
    }
}
