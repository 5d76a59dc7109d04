//! The registry at work: every request is received (faults, admission, holds), perhaps worked on for a while, carried out action
//! by action, answered and signed. The state is locked for each of these steps and between them for nobody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::dice::Dice;
use super::super::faults::{CONNECT, Fate, FaultKind};
use super::super::holds::Access;
use super::super::http::HttpRequest;
use super::super::ledger::RequestRecord;
use super::super::{Manner, Shared, lock};
use super::admission::{self, Form};
use super::commands;
use super::keys::Signers;
use super::reply::Refusal;
use super::state::State;
use super::wire::odd::{self, Ways};
use super::wire::tree::Element;
use super::wire::{form, write};
use super::{NzOptions, Quirk};

/// The name in `--registry` and in the ledger.
pub(in super::super) const NAME: &str = "nz-srs";

/// The registry and everything its connections share.
pub(in super::super) struct Server {
    pub(super) options: NzOptions,
    pub(super) shared: Arc<Shared>,
    pub(super) state: Mutex<State>,
    pub(super) address: SocketAddr,
    signers: Signers,
}

/// What the server keeps about one connection.
pub(super) struct Session {
    pub(super) id: u64,
    /// Whether it is under TLS.
    pub(super) is_secure: bool,
    /// The fault that made the registry forget it, which befalls everything that still comes.
    pub(super) dropped: Option<FaultKind>,
    /// The frame of the last answer.
    pub(super) last_answer: Vec<u8>,
    /// The number of the last document.
    pub(super) last_number: u64,
}

/// A request on its way through the server.
pub(super) struct Request {
    pub(super) seq: u64,
    pub(super) account: Option<String>,
    pub(super) form: Form,
    pub(super) root: Result<Element, String>,
    /// What it is about first of all.
    pub(super) object: String,
    pub(super) is_secure: bool,
    /// The answer, if it is clear without carrying anything out.
    decided: Option<Box<Refusal>>,
    /// Whether somebody else works on one of its domains.
    pub(super) is_contended: bool,
    hold: Option<Hold>,
    /// What goes wrong.
    pub(super) fate: Fate,
    /// How long it is worked on.
    pub(super) work: Duration,
    last_number: u64,
}

/// Objects held for a write; let go when dropped, however the request ends.
struct Hold {
    server: Arc<Server>,
    objects: Vec<(String, Access)>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.server.state).held.release(&self.objects);
    }
}

impl Server {
    /// A registry without any data.
    pub(in super::super) fn new(options: NzOptions, shared: Arc<Shared>, address: SocketAddr) -> Self {
        let state = Mutex::new(State::new(&options, shared.seed, shared.clock.now()));
        let signers = Signers::new(shared.clock.unmoved());
        Self { options, shared, state, address, signers }
    }

    /// A connection begins.
    pub(super) fn connect(&self, is_secure: bool) -> Session {
        let id = self.shared.next_session();
        Session { id, is_secure, dropped: None, last_answer: Vec::new(), last_number: 0 }
    }

    /// Whether a connection that begins is closed at once. Such a one is in the ledger as a request without content.
    pub(super) fn refuses_connection(&self) -> bool {
        let fate = lock(&self.shared.faults).decide(CONNECT, None);
        let refused = fate.fault.is_some();
        if refused {
            let (arrived, session) = (self.shared.clock.now(), self.shared.next_session());
            let record = RequestRecord { fault: fate.describe(), ..blank(arrived, session, CONNECT, 0) };
            lock(&self.shared.ledger).arrive(record);
        }
        refused
    }

    /// Takes a request in: writes it down, decides what goes wrong, looks at signature and document, takes hold of its domains.
    pub(super) fn receive(self: &Arc<Self>, session: &mut Session, request: &HttpRequest) -> Request {
        let mime = request.header("content-type").unwrap_or_default();
        let form = Form::read(mime, &request.body, self.options.longest);
        // Outside of the lock, because it takes a while.
        let authentic = self.is_authentic(&form);
        let root = admission::parse(&form.document);
        let main = root.as_ref().ok().and_then(main_action);
        let action = main.map_or("unreadable", commands::name);
        let object = main.and_then(|action| commands::objects(action).into_iter().next());
        let mut state = lock(&self.state);
        // Under the lock, so that arrival times follow the order of the ledger.
        let now = self.shared.clock.now();
        state.sweep(now);
        let account = Some(form.registrar.clone()).filter(|id| state.registrars.contains_key(id));
        let fate = match session.dropped.clone() {
            Some(fault) => Fate { fault: Some(fault), ..Fate::default() },
            None => lock(&self.shared.faults).decide_of(action, object.as_deref(), true),
        };
        if let Some(dropped @ FaultKind::DropSession { .. }) = &fate.fault {
            session.dropped = Some(dropped.clone());
        }
        let seq = lock(&self.shared.ledger).arrive(RequestRecord {
            account: account.clone(),
            object: object.clone(),
            ctid: main.and_then(transaction).map(str::to_owned),
            digest: (!has_secret(&form.document)).then(|| hex(&form.document)),
            fault: fate.describe(),
            ..blank(now, session.id, action, request.body.len())
        });
        let mut request = Request {
            seq,
            account,
            form,
            root,
            object: object.unwrap_or_default(),
            is_secure: session.is_secure,
            decided: None,
            is_contended: false,
            hold: None,
            work: fate.delay,
            fate,
            last_number: session.last_number,
        };
        drop(state);
        request.decided = self.admit(&request, authentic).err();
        if request.decided.is_none() {
            self.take_hold(&mut request);
        }
        request
    }

    /// Holds the domains of a request's writes while it is worked on.
    fn take_hold(self: &Arc<Self>, request: &mut Request) {
        let Ok(root) = &request.root else { return };
        let writes = root.children.iter().filter(|action| is_write(action));
        let mut names: Vec<String> = writes.flat_map(commands::objects).collect();
        if names.is_empty() {
            return;
        }
        names.sort();
        names.dedup();
        let objects: Vec<_> = names.into_iter().map(|name| (name, Access::Exclusive)).collect();
        let is_held = lock(&self.state).held.hold(&objects);
        request.is_contended = !is_held;
        if is_held {
            request.hold = Some(Hold { server: Arc::clone(self), objects });
            request.work += self.options.processing;
        }
    }

    /// Carries a request out and writes its answer: the body of an HTTP response.
    pub(super) fn carry_out(&self, session: &mut Session, request: &mut Request) -> String {
        let mut state = lock(&self.state);
        let now = self.shared.clock.now();
        state.sweep(now);
        let decided = request.decided.take();
        let response = match (decided, &request.root) {
            (None, Ok(root)) => self.run(&mut state, request, root, now),
            (Some(refused), _) => Err(refused),
            (None, Err(error)) => Err(Box::new(Refusal::new("XML_PARSE_ERROR", &[error]))),
        };
        session.last_number = state.front_end;
        drop(state);
        let is_error = response.is_err();
        let name = match &request.root {
            Ok(root) if root.name == "SRSRequest" => "SRSResponse",
            _ => "NZSRSResponse",
        };
        let root = Element::new(name).with("VerMajor", 8).with("VerMinor", 0);
        lock(&self.shared.ledger).answered(request.seq, line(&response));
        let mut root = match response {
            Ok(responses) => root.all(responses),
            Err(refused) => root.child(refused.element()),
        };
        self.damage(request, &mut root);
        let mut dice = (self.options.manner == Manner::Odd).then(|| Dice::new(self.shared.seed, request.seq));
        let ways = Ways::new(&self.options, dice.as_mut());
        ways.apply(&mut root);
        let text = write::document(&root, write::Style { pads_text: ways.has(Quirk::PaddedText) });
        self.signed(request, &text, is_error)
    }

    /// The form of an answer.
    fn signed(&self, request: &Request, text: &str, is_error: bool) -> String {
        let fault = request.fate.fault.as_ref();
        let is_bare = fault == Some(&FaultKind::Unsigned) || (is_error && self.options.has(Quirk::UnsignedErrors));
        let is_wrong = fault == Some(&FaultKind::BadSignature);
        let body = format!("r={}", form::encoded(text.as_bytes()));
        let signature = (!is_bare).then(|| self.signers.sign(text.as_bytes(), is_wrong, self.shared.clock.unmoved()));
        match signature.flatten() {
            Some(signature) => format!("{body}&s={}", form::encoded(signature.as_bytes())),
            None => body,
        }
    }

    /// Ids that are not what they should be.
    fn damage(&self, request: &Request, root: &mut Element) {
        for response in &mut root.children {
            match request.fate.fault {
                Some(FaultKind::WrongCtid) => {
                    let other = format!("{}-x", response.value("TransId"));
                    odd::set(response, "TransId", &other);
                }
                Some(FaultKind::WrongStid) => odd::set(response, "FeSeq", &request.last_number.to_string()),
                _ => {}
            }
        }
    }
}

/// The action a document is about: its first write, or its first.
fn main_action(root: &Element) -> Option<&Element> {
    root.children.iter().find(|action| is_write(action)).or_else(|| root.children.first())
}

/// Whether an action changes something.
pub(super) fn is_write(action: &Element) -> bool {
    commands::find(&action.name).is_some_and(|command| command.is_write)
}

/// What the client calls an action.
pub(super) fn transaction(action: &Element) -> Option<&str> {
    let own = if is_write(action) { "ActionId" } else { "QryId" };
    action.attribute(own).or_else(|| action.attribute("ActionId").filter(|_| commands::find(&action.name).is_none()))
}

/// The answer of a lie.
pub(super) fn lie(code: &str, object: &str) -> Refusal {
    Refusal::usual(code, object)
}

/// An answer for the ledger: `ok` or the error of each action.
fn line(response: &Result<Vec<Element>, Box<Refusal>>) -> String {
    match response {
        Err(refused) => refused.id.clone(),
        Ok(responses) => {
            let word = |response: &Element| {
                response.find("Error").map_or_else(|| "ok".to_owned(), |error| error.value("ErrorId").to_owned())
            };
            responses.iter().map(word).collect::<Vec<_>>().join(" ")
        }
    }
}

/// What is known of every request.
fn blank(arrived: Timestamp, session: u64, action: &str, bytes: usize) -> RequestRecord {
    RequestRecord {
        seq: 0,
        arrived,
        registry: NAME.into(),
        account: None,
        session,
        action: action.into(),
        object: None,
        ctid: None,
        digest: None,
        bytes,
        answer: None,
        fault: None,
    }
}

/// Whether a document has a UDAI or a password, which nobody shall be able to guess from a digest.
fn has_secret(document: &[u8]) -> bool {
    let has = |attribute: &[u8]| document.windows(attribute.len()).any(|window| window == attribute);
    has(b" UDAI=") || has(b" Password=")
}

fn hex(payload: &[u8]) -> String {
    Sha256::digest(payload).iter().map(|byte| format!("{byte:02x}")).collect()
}
