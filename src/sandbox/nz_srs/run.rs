//! A document's actions, one after the other: each is executed on its own, and one that fails changes nothing.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::faults::FaultKind;
use super::super::ledger::EffectRecord;
use super::super::lock;
use super::commands::{self, Context};
use super::objects::Message;
use super::patterns::{self, Asked, Treatment};
use super::reply::{Outcome, Refusal, refuse};
use super::server::{NAME, Request, Server, is_write, lie, transaction};
use super::state::{Document, Done, State};
use super::wire::tree::Element;
use super::wire::write;
use super::{FRONT_END, Quirk, dates};

/// What was answered to a document.
pub(super) type Responses = Result<Vec<Element>, Box<Refusal>>;

impl Server {
    /// Carries a document out.
    pub(super) fn run(&self, state: &mut State, request: &Request, root: &Element, now: Timestamp) -> Responses {
        let registrar = request.account.clone().unwrap_or_default();
        state.front_end += 1;
        let treatments: Vec<_> = root.children.iter().map(|action| treatment(state, action)).collect();
        // An error for the whole document leaves nothing done, unless the name asks for that.
        let top = treatments.iter().flatten().find(|treatment| treatment.refusal.is_top());
        if let Some(top) = top.filter(|top| !top.is_done) {
            return Err(Box::new(top.refusal.clone()));
        }
        let place = state.documents.len();
        state.documents.push(Document {
            request: request.form.document.clone(),
            signature: String::from_utf8_lossy(&request.form.signature).into_owned(),
            response: String::new(),
        });
        let mut responses = Vec::new();
        for (action, treatment) in root.children.iter().zip(&treatments) {
            let work = Work { request, registrar: &registrar, action, now, place };
            responses.push(self.answer(state, &work, treatment.as_ref()));
        }
        keep(state, &registrar, root, place, &responses);
        if let Some(top) = top {
            return Err(Box::new(top.refusal.clone()));
        }
        match &request.fate.fault {
            Some(FaultKind::Lie { code, effect: true, exception }) => {
                let lied = lie(code, &request.object);
                if *exception || lied.is_top() {
                    return Err(Box::new(lied));
                }
                let of = |action: &Element| self.response(state, &registrar, action, now, Err(Box::new(lied.clone())));
                Ok(root.children.iter().map(of).collect())
            }
            _ => Ok(responses),
        }
    }

    /// Carries one action out, or finds what was answered to it before.
    fn answer(&self, state: &mut State, work: &Work<'_>, treatment: Option<&Treatment>) -> Element {
        let Work { registrar, action, now, place, .. } = *work;
        let key = (registrar.to_owned(), action.value("ActionId").to_owned());
        let digest: [u8; 32] = Sha256::digest(write::plain(action)).into();
        if is_write(action) {
            match state.actions.get(&key) {
                Some(done) if done.digest == digest => return done.response.clone(),
                Some(_) => {
                    lock(&self.shared.ledger).violation(Some(registrar), "action_id_used");
                    let refused = refuse("ACTION_ID_ALREADY_USED", &[&key.1]);
                    return self.response(state, registrar, action, now, refused);
                }
                None => {}
            }
        }
        let mut said = Said::default();
        let outcome = self.outcome(state, work, treatment, &mut said);
        let is_passing = outcome.as_ref().is_err_and(|refused| refused.is_passing());
        let response = self.response(state, registrar, action, now, outcome);
        if is_write(action) && !is_passing {
            state.actions.insert(key, Done { digest, response: response.clone(), document: place });
            self.log(state, work, &response, &mut said);
        }
        match treatment.filter(|treatment| treatment.is_done && !treatment.refusal.is_top()) {
            Some(treatment) => {
                let refused = Err(Box::new(treatment.refusal.clone()));
                self.response(state, registrar, action, now, refused)
            }
            None => response,
        }
    }

    fn outcome(&self, state: &mut State, work: &Work<'_>, treatment: Option<&Treatment>, said: &mut Said) -> Outcome {
        let Work { request, registrar, action, now, .. } = *work;
        let Some(command) = commands::find(&action.name) else { return refuse("PERMISSION_DENIED", &["Registry"]) };
        if !request.is_secure && command.action != "Whois" {
            return refuse("INSECURE_UPDATE", &[]);
        }
        if request.is_contended && command.is_write {
            lock(&self.shared.ledger).violation(Some(registrar), "concurrent_write");
            return Err(Box::new(Refusal::usual("LOCK_ERROR", &request.object)));
        }
        match &request.fate.fault {
            Some(FaultKind::Busy) if command.is_write => {
                return Err(Box::new(Refusal::usual("LOCK_ERROR", &request.object)));
            }
            Some(FaultKind::Busy) => return Err(Box::new(Refusal::usual("SYSTEM_ERROR", &request.object))),
            Some(FaultKind::Lie { code, effect: false, .. }) => return Err(Box::new(lie(code, &request.object))),
            _ => {}
        }
        if let Some(treatment) = treatment.filter(|treatment| !treatment.is_done) {
            return Err(Box::new(treatment.refusal.clone()));
        }
        if !state.registrars.get(registrar).is_some_and(|known| known.roles.contains(command.role)) {
            return refuse("PERMISSION_DENIED", &[command.role]);
        }
        if command.is_write && action.value("ActionId").is_empty() {
            return refuse("UNDEFINED_VALUE", &["ActionId"]);
        }
        let front_end = state.front_end;
        let mut context = Context {
            state,
            registrar,
            action,
            now,
            options: &self.options,
            front_end,
            effects: Vec::new(),
            taken: Vec::new(),
            told: Vec::new(),
            is_generated: false,
            violation: None,
        };
        let outcome = (command.run)(&mut context);
        let Context { effects, taken, told, is_generated, violation, .. } = context;
        if let Some(rule) = violation {
            lock(&self.shared.ledger).violation(Some(registrar), rule);
        }
        if outcome.is_ok() {
            state.written.extend(taken.into_iter().map(|name| (name, now)));
            (said.told, said.is_generated) = (told, is_generated);
            for effect in effects {
                lock(&self.shared.ledger).effect(EffectRecord {
                    seq: 0,
                    time: now,
                    registry: NAME.into(),
                    account: registrar.to_owned(),
                    kind: effect.kind.into(),
                    object: effect.object,
                    ctid: transaction(action).map(str::to_owned),
                    request: request.seq,
                    detail: None,
                });
            }
        }
        outcome
    }

    /// Puts an answer into the log, and what others are told.
    fn log(&self, state: &mut State, work: &Work<'_>, response: &Element, said: &mut Said) {
        let is_queued = said.is_generated && !self.options.has(Quirk::QuietUdai);
        let text = work.action.find("AuditText").map(|text| text.text.trim().to_owned());
        state.messages.push(Message {
            at: work.now,
            originator: work.registrar.to_owned(),
            recipient: work.registrar.to_owned(),
            transaction: work.action.value("ActionId").to_owned(),
            audit_text: text.unwrap_or_default(),
            response: response.clone(),
            is_third_party: false,
            is_generated: said.is_generated,
            was_queued: is_queued,
            is_waiting: is_queued,
        });
        state.messages.append(&mut said.told);
    }

    /// The answer to an action.
    fn response(&self, state: &State, registrar: &str, action: &Element, now: Timestamp, outcome: Outcome) -> Element {
        let response = Element::new("Response")
            .with("Action", &action.name)
            .with("FeId", FRONT_END)
            .with("FeSeq", state.front_end)
            .with("OrigRegistrarId", registrar)
            .with("RecipientRegistrarId", registrar)
            .with_some("TransId", transaction(action));
        let stamp = dates::front_end(now);
        match outcome {
            Ok(answer) => response
                .with_some("Rows", answer.rows)
                .with_some("Count", answer.count)
                .with_some("MoreRowsAvailable", answer.more.map(u8::from))
                .child(stamp)
                .all(answer.content),
            Err(refused) => response.child(stamp).child(refused.element()),
        }
    }
}

/// An action and what is known around it.
#[derive(Clone, Copy)]
struct Work<'a> {
    request: &'a Request,
    registrar: &'a str,
    action: &'a Element,
    now: Timestamp,
    /// The place of its document.
    place: usize,
}

/// What comes of an action beside its answer.
#[derive(Default)]
struct Said {
    told: Vec<Message>,
    is_generated: bool,
}

/// How the objects of an action ask to be treated.
fn treatment(state: &mut State, action: &Element) -> Option<Treatment> {
    let asked = Asked { name: commands::name(action), is_write: is_write(action) };
    let (object, treatment) = commands::objects(action)
        .into_iter()
        .find_map(|object| patterns::treatment(&object, asked).map(|treatment| (object, treatment)))?;
    (!treatment.is_once || state.met.insert(object)).then_some(treatment)
}

/// Keeps the answer beside the request, or forgets a document in which nothing was new.
fn keep(state: &mut State, registrar: &str, root: &Element, place: usize, responses: &[Element]) {
    let name = if root.name == "SRSRequest" { "SRSResponse" } else { "NZSRSResponse" };
    let answered = Element::new(name).with("VerMajor", 8).with("VerMinor", 0).all(responses.iter().cloned());
    let done = |action: &Element| state.actions.get(&(registrar.to_owned(), action.value("ActionId").to_owned()));
    let is_new = root.children.iter().filter_map(done).any(|done| done.document == place);
    match state.documents.last_mut().filter(|_| is_new) {
        Some(document) => document.response = write::document(&answered, write::Style::default()),
        None => state.documents.truncate(place),
    }
}
