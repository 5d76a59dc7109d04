//! What an answer means.

use crate::model::verdict::Judgement;
use crate::model::{Answer, Operation, Verdict};
use crate::registries::Explanation;

/// What an answer to an operation means.
pub fn judge(_operation: Operation, answer: &Answer) -> Judgement {
    Judgement::plain(if answer.result == "1" { Verdict::Done } else { Verdict::Refused("refused".into()) })
}

/// What a code means in the answer to an operation.
pub fn explain(_operation: Operation, _code: &str) -> Option<Explanation> {
    None
}
