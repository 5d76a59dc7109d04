//! Whether what was heard is the answer to what was asked. A write carries a transaction id, which its answer repeats. A
//! request that only reads must not carry one (63000000007), so its answer is known by three things: that it was not heard
//! before, that it repeats no transaction id, and that it shows the object that was asked about.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Answer, ObjectKey, Operation};

use super::super::codec::order::read_order;
use super::super::codec::tree::{Item, Order};
use super::super::codec::words::Word;
use super::super::object;

/// Answers remembered. What a registry may say again is what it said last; the rest is for good measure.
const REMEMBERED: usize = 256;

/// The answers heard on a session, each by its server transaction id, one without by its bytes.
#[derive(Debug, Default)]
pub(super) struct Heard(VecDeque<u64>);

impl Heard {
    /// Takes an answer in; says whether it is heard for the first time.
    pub(super) fn is_new(&mut self, stid: Option<&str>, answer: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        match stid.filter(|stid| !stid.is_empty()) {
            Some(stid) => stid.hash(&mut hasher),
            None => answer.hash(&mut hasher),
        }
        let mark = hasher.finish();
        if self.0.contains(&mark) {
            return false;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(mark);
        true
    }
}

/// Whether an answer can be that to the request of these bytes.
///
/// # Errors
/// Why it cannot.
pub(super) fn check(
    request: &[u8],
    operation: Operation,
    transaction: Option<&str>,
    answer: &Answer,
) -> Result<(), String> {
    let succeeded = answer.result.eq_ignore_ascii_case("success");
    match (transaction, answer.client_transaction.as_deref()) {
        // Ours do not differ in case alone.
        (Some(ours), Some(echoed)) if ours.eq_ignore_ascii_case(echoed) => Ok(()),
        (_, Some(echoed)) => Err(format!("the answer is to the transaction `{}`", echoed.escape_debug())),
        // Whatever could be read is answered with its transaction id, and what succeeded was read.
        (Some(_), None) if succeeded => {
            Err("a success without the transaction id is the answer to something else".into())
        }
        // The registry could not read the request: it repeats nothing, which is fine.
        (Some(_), None) => Ok(()),
        (None, None) if !succeeded => Ok(()),
        (None, None) => match asked_about(request, operation) {
            Some(object) if !object::is_shown(&object, &answer.data) => {
                Err("the answer shows another object than the one asked about".into())
            }
            _ => Ok(()),
        },
    }
}

/// The object whose data a successful answer to a question shows.
fn asked_about(request: &[u8], operation: Operation) -> Option<ObjectKey> {
    use Operation::{ContactCheck, ContactInfo, DomainAuthcodeCheck, DomainCheck, DomainInfo};
    let (name, word) = match operation {
        DomainCheck | DomainInfo | DomainAuthcodeCheck => ("domain", Word::Domain),
        ContactCheck | ContactInfo => ("handle", Word::Handle),
        _ => return None,
    };
    let order = read_order(std::str::from_utf8(request).ok()?).ok()?;
    let params = [(name.to_owned(), field(&order, word)?.into())].into_iter().collect();
    object::of(operation, &params)
}

fn field(order: &Order, word: Word) -> Option<String> {
    order.items.iter().find_map(|item| match item {
        Item::Field(is, value) if *is == word => Some(value.to_string()),
        _ => None,
    })
}
