//! The registry's side within this process. Its decoder of requests was written apart from ours, which makes it a second
//! opinion about everything that we write.

use std::cell::RefCell;
use std::time::Duration;

use async_trait::async_trait;
use registrard::model::{NewJob, ObjectKind, Operation};
use registrard::net::dial::{Dial, Stream};
use registrard::registries::Prepared;
use registrard::sandbox::{DenicOptions, Ledger, LocalSandbox, Manner, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::{ACCOUNT, TRANSACTION, dialect};

/// Nobody is there: what is only checked is never sent.
pub struct Nowhere;

#[async_trait]
impl Dial for Nowhere {
    async fn dial(&self) -> std::io::Result<Box<dyn Stream>> {
        Err(std::io::ErrorKind::NotConnected.into())
    }
}

/// Longest wait for an answer; nothing but a hanging sandbox takes it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A new registry with nothing in it, and a session that is logged in.
pub struct Registry {
    runtime: Runtime,
    sandbox: LocalSandbox,
    session: DuplexStream,
}

impl Registry {
    /// Opens one. It knows no limits, so that whatever is refused is refused for what it says.
    pub fn new(manner: Manner) -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let options = DenicOptions {
            requests_per_window: Some(1_000_000),
            requests_at_purge: Some(1_000_000),
            quota_per_day: 1_000_000_000,
            unique_ctid: false,
            manner,
            ..DenicOptions::default()
        };
        let begin = "2026-11-02T12:00:00+01:00".parse().unwrap();
        let sandbox = {
            let _here = runtime.enter();
            Sandbox::local(options, 7, Vec::new(), begin)
        };
        let session = {
            let _here = runtime.enter();
            sandbox.connect()
        };
        let mut registry = Self { runtime, sandbox, session };
        let known = registry.sandbox.ready()["denic_rri"]["accounts"][0].clone();
        assert_eq!(known["account"], ACCOUNT);
        let text = |name: &str| known[name].as_str().unwrap();
        let login = format!("Version: 5.0\nAction: LOGIN\nUser: {}\nPassword: {}", text("user"), text("password"));
        let answer = registry.ask(login.as_bytes()).unwrap();
        let answer = dialect("kv").decode(Operation::AccountInfo, &answer).unwrap();
        assert!(answer.result.eq_ignore_ascii_case("success"));
        registry
    }

    /// Sends a request; the answer, or nothing if the registry closed the session.
    pub fn ask(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let mut frame = u32::try_from(request.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(request);
        let session = &mut self.session;
        let talk = async {
            // A closed session takes nothing any more, but may still have said why.
            let _ = session.write_all(&frame).await;
            let mut answer = vec![0; session.read_u32().await.ok()? as usize];
            session.read_exact(&mut answer).await.ok()?;
            Some(answer)
        };
        self.runtime.block_on(async { timeout(PATIENCE, talk).await }).expect("the registry answers in time")
    }

    /// What happened so far.
    pub fn ledger(&self) -> Ledger {
        self.sandbox.ledger()
    }

    /// Fills it with what the golden jobs name: a holder and a domain.
    pub fn furnish(&mut self) {
        let person = format!(
            "Version: 5.0\nAction: CREATE\nHandle: {ACCOUNT}-MAX\nType: PERSON\nName: Max Mustermann\nAddress: Weg 1\n\
             PostalCode: 60329\nCity: Frankfurt am Main\nCountryCode: DE\nPhone: +49.69123456\nEmail: max@example.de\nCtid: {TRANSACTION}"
        );
        let request = |handle: &str, address: &str| {
            format!(
                "Version: 5.0\nAction: CREATE\nHandle: {ACCOUNT}-{handle}\nType: REQUEST\nUri-Template: {address}\n\
                 Ctid: {TRANSACTION}"
            )
        };
        let domain = format!(
            "Version: 5.0\nAction: CREATE\nDomain: example.de\nHolder: {ACCOUNT}-MAX\nGeneralRequest: {ACCOUNT}-GR\n\
             AbuseContact: {ACCOUNT}-ABUSE\nNserver: ns1.example.net\nNserver: ns2.example.net\nCtid: {TRANSACTION}"
        );
        let orders =
            [person, request("GR", "mailto:gr@example.de"), request("ABUSE", "mailto:abuse@example.de"), domain];
        for order in orders {
            let answer = self.ask(order.as_bytes()).unwrap();
            let answer = dialect("kv").decode(Operation::Raw, &answer).unwrap();
            assert!(answer.result.eq_ignore_ascii_case("success"), "{order}\n{answer:?}");
        }
    }
}

/// Requests that one registry hears before another one takes its place: what it knows stays small.
const HEARD: usize = 200;

thread_local! {
    static LISTENER: RefCell<Option<(Registry, usize)>> = const { RefCell::new(None) };
}

/// The registry understands what we wrote: it can be read, is about the job's object, and has its transaction id.
pub fn understands(request: &Prepared, job: &NewJob) {
    LISTENER.with_borrow_mut(|listener| {
        let (mut registry, heard) = listener.take().unwrap_or_else(|| (Registry::new(Manner::Plain), 0));
        let answer = registry.ask(&request.bytes);
        let ledger = registry.ledger();
        let record = ledger.requests.back().unwrap();
        let text = || String::from_utf8_lossy(&request.bytes).into_owned();
        assert_ne!(record.action, "unreadable", "{}: {:?}", text(), record.answer);
        assert_eq!(record.ctid, request.transaction, "{}", text());
        if let (Some(object), false) = (&record.object, job.operation.object() == ObjectKind::Message) {
            assert_eq!(object, job.object.name(), "{}", text());
        }
        if answer.is_some() && heard < HEARD {
            *listener = Some((registry, heard + 1));
        }
    });
}
