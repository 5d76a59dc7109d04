//! Answers of OpenSRS and the events of its queue.

use std::sync::{Arc, LazyLock};

use registrard::model::{Answer, Operation, Verdict};
use registrard::registries::opensrs::PLUGIN;
use registrard::registries::{Dialect, WireOptions};

use super::answers::{Lost, doubts, hidden, queue};
use super::assert_fit_for_a_line;

/// The reseller everything is tried for.
const RESELLER: &str = "myreseller";

/// What an answer is read as, by the first byte of the input. Letters are never given away twice: the corpus has them.
const READ_AS: &[(u8, &str)] = &[
    (b'a', "domain.check"),
    (b'b', "domain.info"),
    (b'c', "domain.create"),
    (b'd', "domain.update"),
    (b'e', "domain.transfer"),
    (b'f', "domain.change_holder"),
    (b'g', "domain.delete"),
    (b'h', "domain.restore"),
    (b'i', "domain.renew"),
    (b'j', "domain.authcode_create"),
    (b'k', "domain.authcode_request"),
    // Our own question about a code, and for a cookie.
    (b'l', "domain.authcode_check"),
    (b'm', "host.check"),
    (b'n', "host.info"),
    (b'o', "host.create"),
    (b'p', "host.update"),
    (b'q', "host.delete"),
    (b'r', "account.info"),
    (b's', "message.read"),
    (b't', "message.delete"),
    (b'u', "order.info"),
    (b'v', "order.process"),
    (b'w', "order.cancel"),
    (b'x', "raw"),
];

/// Jobs whose answer was lost: what each write was asked to do.
const LOST: &[&str] = &[
    include_str!("../../tests/golden/opensrs/domain_create.json"),
    include_str!("../../tests/golden/opensrs/domain_transfer.json"),
    include_str!("../../tests/golden/opensrs/domain_renew.json"),
    include_str!("../../tests/golden/opensrs/domain_change_holder.json"),
    include_str!("../../tests/golden/opensrs/domain_update_expire_action.json"),
    include_str!("../../tests/golden/opensrs/domain_update_lock.json"),
    include_str!("../../tests/golden/opensrs/domain_update_nserver.json"),
    include_str!("../../tests/golden/opensrs/domain_update_resend_verification.json"),
    include_str!("../../tests/golden/opensrs/domain_delete.json"),
    include_str!("../../tests/golden/opensrs/domain_restore.json"),
    include_str!("../../tests/golden/opensrs/domain_authcode_request.json"),
    include_str!("../../tests/golden/opensrs/host_create.json"),
    include_str!("../../tests/golden/opensrs/host_update.json"),
    include_str!("../../tests/golden/opensrs/host_delete.json"),
    include_str!("../../tests/golden/opensrs/order_process.json"),
    include_str!("../../tests/golden/opensrs/order_process_transfer.json"),
    include_str!("../../tests/golden/opensrs/order_cancel.json"),
    include_str!("../../tests/golden/opensrs/order_cancel_all.json"),
    include_str!("../../tests/golden/opensrs/order_cancel_transfer.json"),
    include_str!("../../tests/golden/opensrs/message_delete.json"),
    r#"{"operation": "domain.authcode_create", "params": {"domain": "example.com", "auth_info": "Ab1!code"}}"#,
    r#"{"operation": "domain.update", "params": {"domain": "example.com", "add_nserver": ["ns3.example.net"]}}"#,
    r#"{"operation": "host.create", "params": {"host": "ns1.example.net", "tld": ".org"}}"#,
];

/// Most questions about one doubt: the engine asks no more of them in a row.
const QUESTIONS: usize = 12;

struct Tools {
    xcp: Arc<dyn Dialect>,
    lost: Vec<Lost>,
}

static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
    let options = WireOptions { account: RESELLER.into(), ..WireOptions::default() };
    let xcp = (PLUGIN.dialect)(&options).unwrap();
    Tools { xcp, lost: LOST.iter().map(|job| Lost::read(RESELLER, job)).collect() }
});

/// An answer, as that to any operation: a stored one comes back unchanged, only what says yes makes a write done, a repeated
/// secret is hidden, what is at the head of the queue can be acknowledged, and whatever is answered to the questions about
/// a doubt, they end and change nothing.
pub fn ops_answer(bytes: &[u8]) {
    let Some((letter, bytes)) = bytes.split_first() else { return };
    let known = READ_AS.iter().find(|(known, _)| known == letter);
    let operation: Operation = known.unwrap_or(&READ_AS[usize::from(*letter) % READ_AS.len()]).1.parse().unwrap();
    let tools = &*TOOLS;
    let read = match tools.xcp.decode(operation, bytes) {
        Ok(read) => read,
        Err(reason) => return assert_fit_for_a_line(&reason),
    };
    let stored = serde_json::to_vec(&read).unwrap();
    assert!(stored.len() <= 16 * bytes.len() + 4096, "{} bytes became {}", bytes.len(), stored.len());
    assert_eq!(serde_json::from_slice::<Answer>(&stored).unwrap(), read, "an answer that is stored comes back changed");
    judged(operation, &read);
    // Of a question that it cannot be transferred is an answer, too.
    let is_answered = read.result == "1" || read.messages.iter().any(|message| message.code == "487");
    queue(&*tools.xcp, &read, is_answered);
    hidden(bytes, &read);
    doubts(&*tools.xcp, &tools.lost, QUESTIONS, bytes, &read);
}

/// A write is done only if the flag says yes, the code too, and no order was left behind; only writes are under way or in
/// doubt; a session is opened by codes of the 200s alone.
fn judged(operation: Operation, read: &Answer) {
    let dialect = &TOOLS.xcp;
    let code = read.messages.first().map_or("", |message| message.code.as_str());
    let is_of_200s = code.len() == 3 && code.starts_with('2');
    let judged = dialect.judge(operation, read);
    match judged.verdict {
        Verdict::Done if operation.writes() => {
            let left = read.data.get("forced_pending").and_then(|order| order.as_str()).unwrap_or_default();
            assert!(read.result == "1" && is_of_200s, "done: {read:?}");
            assert!(["", "0", "undef"].contains(&left.trim()), "done, and an order is left behind: {read:?}");
        }
        Verdict::Pending(_) | Verdict::Unsure(_) | Verdict::RefusedUnlessLost(_) | Verdict::ByHand(_) => {
            assert!(operation.writes(), "{:?}: {read:?}", judged.verdict);
        }
        _ => {}
    }
    assert_eq!(matches!(dialect.opened(read), Some(Ok(()))), is_of_200s);
}
