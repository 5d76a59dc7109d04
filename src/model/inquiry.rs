//! What a registry was asked about a job, and what its answers prove: kept, so that nobody has to believe a decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::command::{ObjectKey, Operation};
use super::secret::{Secret, hide};
use super::verdict::{Finding, Lost};

/// Longest text that is kept of an inquiry, in characters.
const LONGEST: usize = 1000;

/// One question of a conversation with a registry. Of the answer only what decides, never what it shows of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What was asked.
    pub asked: Operation,
    /// About what (`domain:example.de`).
    pub object: String,
    /// When, by our clock.
    pub at: Timestamp,
    /// The registry's own word for the answer as a whole; `None` if none was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The code that decided, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The registry's transaction id of the answer, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_transaction: Option<String>,
    /// Why no answer was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
}

impl Question {
    /// A question that was answered.
    #[must_use]
    pub fn answered(asked: Operation, object: &ObjectKey, at: Timestamp, answer: &Answer) -> Self {
        Self {
            result: Some(answer.result.clone()),
            code: answer.leading_code().map(str::to_owned),
            server_transaction: answer.server_transaction.clone(),
            ..Self::unheard(asked, object, at)
        }
    }

    /// A question that was perhaps sent, and whose answer was not heard.
    #[must_use]
    pub fn lost(asked: Operation, object: &ObjectKey, at: Timestamp, lost: &Lost) -> Self {
        Self { unanswered: Some(cut(&lost.to_string())), ..Self::unheard(asked, object, at) }
    }

    fn unheard(asked: Operation, object: &ObjectKey, at: Timestamp) -> Self {
        let object = object.to_string();
        Self { asked, object, at, result: None, code: None, server_transaction: None, unanswered: None }
    }
}

/// One conversation about a job: what was asked, what was found, and what of the answers proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The questions, in order. None where the registry need not be asked.
    pub questions: Vec<Question>,
    /// What was found: one of [`Finding::WORDS`].
    pub finding: &'static str,
    /// What proves it. Names fields, and no values that may be personal data.
    pub evidence: String,
}

impl Inquiry {
    /// What these questions have led to.
    #[must_use]
    pub fn new(questions: Vec<Question>, finding: &Finding) -> Self {
        Self { questions, finding: finding.word(), evidence: cut(finding.evidence()) }
    }

    /// The same with `***` in the place of each of these secrets.
    #[must_use]
    pub fn without(mut self, secrets: &[Secret]) -> Self {
        hide(&mut self.evidence, secrets);
        self.questions
            .iter_mut()
            .filter_map(|question| question.unanswered.as_mut())
            .for_each(|why| hide(why, secrets));
        self
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
