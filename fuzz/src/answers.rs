//! Answers of the registry, in both formats, and the messages of its queue.

use std::sync::{Arc, LazyLock};

use registrard::model::verdict::Doubt;
use registrard::model::{Answer, Operation, Secret, Verdict};
use registrard::registries::denic_rri::PLUGIN;
use registrard::registries::{Dialect, Head, Step};
use serde_json::{Map, Value};

use super::{ACCOUNT, TRANSACTION, assert_fit_for_a_line, dialect};

/// What an answer is read as, by the first byte of the input. Letters are never given away twice: the corpus has them.
const READ_AS: &[(u8, Operation)] = &[
    (b'a', Operation::DomainCheck),
    (b'b', Operation::DomainInfo),
    (b'c', Operation::DomainCreate),
    (b'd', Operation::DomainUpdate),
    (b'e', Operation::DomainTransfer),
    (b'f', Operation::DomainChangeHolder),
    (b'g', Operation::DomainDelete),
    (b'h', Operation::DomainRestore),
    (b'i', Operation::DomainTransit),
    (b'j', Operation::DomainAuthcodeCreate),
    (b'k', Operation::DomainAuthcodeDelete),
    (b'l', Operation::DomainAuthcodeRequest),
    (b'm', Operation::DomainAuthcodeCheck),
    (b'n', Operation::ContactCheck),
    (b'o', Operation::ContactInfo),
    (b'p', Operation::ContactCreate),
    (b'q', Operation::ContactUpdate),
    (b'r', Operation::AccountInfo),
    (b's', Operation::MessageRead),
    (b't', Operation::MessageDelete),
    (b'u', Operation::Raw),
];

/// Jobs whose answer was lost: what each operation was asked to do.
const LOST: &[&str] = &[
    include_str!("../../tests/golden/denic_rri/contact_create.json"),
    include_str!("../../tests/golden/denic_rri/contact_update.json"),
    include_str!("../../tests/golden/denic_rri/domain_authcode_create.json"),
    include_str!("../../tests/golden/denic_rri/domain_authcode_delete.json"),
    include_str!("../../tests/golden/denic_rri/domain_authcode_request.json"),
    include_str!("../../tests/golden/denic_rri/domain_change_holder.json"),
    include_str!("../../tests/golden/denic_rri/domain_create.json"),
    include_str!("../../tests/golden/denic_rri/domain_delete.json"),
    include_str!("../../tests/golden/denic_rri/domain_restore.json"),
    include_str!("../../tests/golden/denic_rri/domain_transfer.json"),
    include_str!("../../tests/golden/denic_rri/domain_transit.json"),
    include_str!("../../tests/golden/denic_rri/domain_update.json"),
    include_str!("../../tests/golden/denic_rri/message_delete.json"),
    include_str!("../../tests/golden/denic_rri/raw_domain_create_3_0.json"),
];

/// Most questions about one doubt.
const QUESTIONS: usize = 8;

struct Tools {
    kv: Arc<dyn Dialect>,
    lost: Vec<Lost>,
}

/// A job whose answer was lost.
pub struct Lost {
    account: &'static str,
    operation: Operation,
    params: Map<String, Value>,
}

impl Lost {
    /// The job of a text.
    pub fn read(account: &'static str, job: &str) -> Self {
        let job: Value = serde_json::from_str(job).unwrap();
        let operation = job["operation"].as_str().unwrap().parse().unwrap();
        Self { account, operation, params: job["params"].as_object().unwrap().clone() }
    }
}

static TOOLS: LazyLock<Tools> = LazyLock::new(|| Tools {
    kv: dialect("kv"),
    lost: LOST.iter().map(|job| Lost::read(ACCOUNT, &job.replace("DENIC-1000022", ACCOUNT))).collect(),
});

/// An answer in key/value text: what holds of every answer, and it means the same with other line ends.
pub fn kv_answer(bytes: &[u8]) {
    let Some((operation, bytes, read)) = answer(bytes) else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.contains('\r') || text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return;
    }
    for other in [text.replace('\n', "\r\n"), text.replace('\n', " \n\n")] {
        // Longer than any answer now.
        let Ok(again) = TOOLS.kv.decode(operation, other.as_bytes()) else {
            assert!(other.len() > 65_536 || read.data.get("raw").is_some());
            continue;
        };
        assert_eq!(plain(again), plain(read.clone()));
    }
}

/// What an answer says, without the text as it came.
fn plain(mut answer: Answer) -> Answer {
    answer.data.as_object_mut().and_then(|data| data.remove("raw"));
    answer
}

/// An answer in XML: what holds of every answer.
pub fn xml_answer(bytes: &[u8]) {
    let _ = answer(bytes);
}

/// Reads an answer, judges it, and asks with it what became of each order there is.
fn answer(bytes: &[u8]) -> Option<(Operation, &[u8], Answer)> {
    let (letter, bytes) = bytes.split_first()?;
    let known = READ_AS.iter().find(|(known, _)| known == letter);
    let operation = known.unwrap_or(&READ_AS[usize::from(*letter) % READ_AS.len()]).1;
    let tools = &*TOOLS;
    let read = match tools.kv.decode(operation, bytes) {
        Ok(read) => read,
        Err(reason) => {
            assert_fit_for_a_line(&reason);
            return None;
        }
    };
    let stored = serde_json::to_vec(&read).unwrap();
    assert!(stored.len() <= 16 * bytes.len() + 4096, "{} bytes became {}", bytes.len(), stored.len());
    assert_eq!(serde_json::from_slice::<Answer>(&stored).unwrap(), read, "an answer that is stored comes back changed");
    judged(operation, &read);
    queue(&*tools.kv, &read, read.result.eq_ignore_ascii_case("success"));
    hidden(bytes, &read);
    doubts(&*tools.kv, &tools.lost, QUESTIONS, bytes, &read);
    Some((operation, bytes, read))
}

/// Only a success is done, unless the registry's table says that there was nothing left to do; only a success opens a
/// session; and an answer that says no never leaves the order under way.
fn judged(operation: Operation, read: &Answer) {
    let (dialect, success) = (&TOOLS.kv, read.result.eq_ignore_ascii_case("success"));
    let judged = dialect.judge(operation, read);
    let moot = || {
        let meanings = read.messages.iter().filter_map(|message| dialect.explain(operation, &message.code));
        meanings.into_iter().any(|known| known.meaning == "done already")
    };
    match judged.verdict {
        Verdict::Done => assert!(success || (operation == Operation::MessageDelete && moot()), "done: {read:?}"),
        Verdict::Pending(_) => assert!(success && operation.writes(), "pending: {read:?}"),
        Verdict::Unsure(_) => assert!(!success && operation.writes(), "unsure: {read:?}"),
        other => assert!(!success, "{other:?}: {read:?}"),
    }
    assert!(PLUGIN.operations.contains(&operation));
    assert_eq!(matches!(dialect.opened(read), Some(Ok(()))), success);
}

/// Whatever is at the head of the queue can be removed, or it would stay there for ever.
pub fn queue(dialect: &dyn Dialect, read: &Answer, success: bool) {
    let mailbox = dialect.mailbox().unwrap();
    match mailbox.head(read) {
        Head::Message(message) => {
            assert!(success);
            let remove = mailbox.remove(&message.id, TRANSACTION);
            assert!(remove.is_ok(), "the message `{}` cannot be removed: {:?}", message.id, remove.err());
        }
        Head::Empty => assert!(success),
        Head::Refused(judged) => assert_ne!(judged.verdict, Verdict::Done, "refused, and done"),
    }
    let _ = mailbox.removed(read);
}

/// A secret that the registry repeats is shown nowhere.
pub fn hidden(bytes: &[u8], read: &Answer) {
    let middle = bytes.len() / 2;
    let Some(secret) = bytes.get(middle..middle + 8).and_then(|bytes| std::str::from_utf8(bytes).ok()) else { return };
    // Stars may stand where the next one was hidden.
    if secret.contains('*') {
        return;
    }
    let shown = read.clone().without(&[Secret::new(secret)]);
    let texts = shown.messages.iter().flat_map(|message| message.arguments.iter().chain([&message.text]));
    for text in texts.map(String::as_str).chain(strings(&shown.data)) {
        assert!(!text.contains(secret), "{secret:?} is shown in {text:?}");
    }
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => vec![],
    }
}

/// Asks what is next, or says what is true, of the answers heard so far.
type Ask<'a> = dyn Fn(&[Answer]) -> Step + 'a;

/// Whatever the registry answers to every question about a lost order: the questions end, and change nothing.
pub fn doubts(dialect: &dyn Dialect, lost: &[Lost], most: usize, bytes: &[u8], read: &Answer) {
    // One of them by the size of the input, or each input would take as long as all of them.
    let Lost { account, operation, params } = &lost[bytes.len() % lost.len()];
    let doubt = Doubt {
        account,
        operation: *operation,
        params,
        transaction: TRANSACTION,
        since: "2026-11-01T12:00:00Z".parse().unwrap(),
        so_already: None,
        taken: None,
    };
    let reconcile: &Ask<'_> = &|heard| dialect.reconcile(&doubt, heard);
    let after: &Ask<'_> = &|heard| dialect.reconcile_after(&doubt, read, heard);
    let follow_up: &Ask<'_> = &|heard| dialect.follow_up(&doubt, heard);
    for ask in [reconcile, after, follow_up] {
        let mut heard = Vec::new();
        while let Step::Ask(question) = ask(&heard) {
            assert!(!question.operation.writes(), "{} asks with {}", doubt.operation, question.operation);
            heard.push(dialect.decode(question.operation, bytes).unwrap_or_else(|_| read.clone()));
            assert!(heard.len() <= most, "{} questions about {}", heard.len(), doubt.operation);
        }
    }
}
