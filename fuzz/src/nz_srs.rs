//! Answers of NZ SRS and the messages of its queue.

use std::sync::{Arc, LazyLock};

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use registrard::model::{Answer, JobId, Operation, Secret, Verdict};
use registrard::net::seal::Keyring;
use registrard::registries::nz_srs::PLUGIN;
use registrard::registries::{Dialect, WireOptions};

use super::answers::{Lost, doubts, hidden, queue};
use super::assert_fit_for_a_line;

/// The registrar everything is tried for.
const REGISTRAR: &str = "500";

/// What an answer is read as, by the first byte of the input. Letters are never given away twice: the corpus has them.
const READ_AS: &[(u8, &str)] = &[
    (b'a', "domain.check"),
    (b'b', "domain.info"),
    (b'c', "domain.create"),
    (b'd', "domain.update"),
    (b'e', "domain.change_holder"),
    (b'f', "domain.renew"),
    (b'g', "domain.transfer"),
    (b'h', "domain.delete"),
    (b'i', "domain.restore"),
    (b'j', "domain.authcode_create"),
    (b'k', "domain.authcode_check"),
    (b'l', "contact.check"),
    (b'm', "contact.info"),
    (b'n', "contact.create"),
    (b'o', "contact.update"),
    (b'p', "account.info"),
    (b'q', "message.read"),
    (b'r', "message.delete"),
    // Our own question about what became of an action.
    (b's', "order.info"),
    (b't', "raw"),
];

/// Jobs whose answer was lost: what each write was asked to do.
const LOST: &[&str] = &[
    include_str!("../../tests/golden/nz_srs/contact_create.json"),
    include_str!("../../tests/golden/nz_srs/contact_update.json"),
    include_str!("../../tests/golden/nz_srs/contact_update_delete.json"),
    include_str!("../../tests/golden/nz_srs/domain_create.json"),
    include_str!("../../tests/golden/nz_srs/domain_create_macron.json"),
    include_str!("../../tests/golden/nz_srs/domain_update.json"),
    include_str!("../../tests/golden/nz_srs/domain_update_clear.json"),
    include_str!("../../tests/golden/nz_srs/domain_update_ds.json"),
    include_str!("../../tests/golden/nz_srs/domain_update_lock.json"),
    include_str!("../../tests/golden/nz_srs/domain_change_holder.json"),
    include_str!("../../tests/golden/nz_srs/domain_renew.json"),
    include_str!("../../tests/golden/nz_srs/domain_transfer.json"),
    include_str!("../../tests/golden/nz_srs/domain_transfer_renew.json"),
    include_str!("../../tests/golden/nz_srs/domain_delete.json"),
    include_str!("../../tests/golden/nz_srs/domain_restore.json"),
    include_str!("../../tests/golden/nz_srs/domain_authcode_create.json"),
    include_str!("../../tests/golden/nz_srs/message_delete.json"),
    include_str!("../../tests/golden/nz_srs/raw_contacts.json"),
    include_str!("../../tests/golden/nz_srs/raw_registrar_update.json"),
    include_str!("../../tests/golden/nz_srs/raw_release.json"),
    include_str!("../../tests/golden/nz_srs/raw_reset.json"),
];

/// Most questions about one doubt.
const QUESTIONS: usize = 8;

/// Shortest value that is looked for: a UDAI has eight characters.
const SHORTEST: usize = 8;

struct Tools {
    srs: Arc<dyn Dialect>,
    lost: Vec<Lost>,
    keys: Keyring,
    job: JobId,
}

static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
    let options = WireOptions { account: REGISTRAR.into(), ..WireOptions::default() };
    let srs = (PLUGIN.dialect)(&options).unwrap();
    let keys = Keyring::read(&Secret::new("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")).unwrap();
    let job = "0192f0c1-7b7e-7c3a-9f00-0000000000aa".parse().unwrap();
    Tools { srs, lost: LOST.iter().map(|job| Lost::read(REGISTRAR, job)).collect(), keys, job }
});

/// An answer, as that to any operation: a stored one comes back unchanged, only a response without error makes anything done,
/// a UDAI is kept for who ordered it alone, and sealed, what is at the head of the queue can be acknowledged, a repeated secret is hidden,
/// and whatever is answered to the questions about a doubt, they end and change nothing.
pub fn srs_answer(bytes: &[u8]) {
    let Some((letter, bytes)) = bytes.split_first() else { return };
    let known = READ_AS.iter().find(|(known, _)| known == letter);
    let operation: Operation = known.unwrap_or(&READ_AS[usize::from(*letter) % READ_AS.len()]).1.parse().unwrap();
    let tools = &*TOOLS;
    let read = match tools.srs.decode(operation, bytes) {
        Ok(read) => read,
        Err(reason) => return assert_fit_for_a_line(&reason),
    };
    let stored = serde_json::to_string(&read).unwrap();
    assert!(stored.len() <= 16 * bytes.len() + 4096, "{} bytes became {}", bytes.len(), stored.len());
    assert_eq!(serde_json::from_str::<Answer>(&stored).unwrap(), read, "an answer that is stored comes back changed");
    judged(operation, &read);
    // Where it is looked for what became of an order it has to be seen; that is kept nowhere.
    if operation != Operation::OrderInfo {
        let mut kept = read.clone();
        assert!(tools.keys.seal_within(tools.job, &mut kept.data));
        let stored = serde_json::to_string(&kept).unwrap();
        for secret in udais(bytes) {
            assert!(!stored.contains(&secret), "{secret:?} is kept: {stored}");
        }
    }
    queue(&*tools.srs, &read, read.result == "Response");
    hidden(bytes, &read);
    doubts(&*tools.srs, &tools.lost, QUESTIONS, bytes, &read);
}

/// Only a response without error is done; what is acknowledged already, or never was, is done as well. Nothing is ever under
/// way, and only writes are in doubt.
fn judged(operation: Operation, read: &Answer) {
    let judged = TOOLS.srs.judge(operation, read);
    match judged.verdict {
        Verdict::Done => {
            assert!(read.result == "Response" || operation == Operation::MessageDelete, "done: {read:?}");
            assert!(read.messages.is_empty() || operation == Operation::MessageDelete, "done: {read:?}");
        }
        Verdict::Pending(_) => panic!("pending: {read:?}"),
        Verdict::Unsure(_) | Verdict::RefusedUnlessLost(_) | Verdict::ByHand(_) => {
            assert!(operation.writes(), "{:?}: {read:?}", judged.verdict);
        }
        _ => {}
    }
}

/// Values of attributes `UDAI` that stand nowhere else in the document. It is read apart from the client's reader, so that what
/// that one overlooks is noticed.
fn udais(bytes: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let (mut reader, mut found) = (Reader::from_str(text), Vec::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                for attribute in start.attributes().flatten() {
                    let value = attribute.normalized_value(XmlVersion::Explicit1_0).unwrap_or_default();
                    let name: &str = attribute.key.as_ref();
                    if name == "UDAI" && value.len() >= SHORTEST && value.chars().all(|c| c.is_ascii_alphanumeric()) {
                        found.push(value.into_owned());
                    }
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let times = |value: &String| found.iter().filter(|other| *other == value).count();
    let within = |value: &String| found.iter().any(|other| other != value && other.contains(value.as_str()));
    found
        .iter()
        .filter(|value| text.matches(value.as_str()).count() == times(value) && !within(value))
        .cloned()
        .collect()
}
