//! `wire encode`: the request of a job, to the byte.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Dialects;
use crate::model::{Operation, Request, Verdict};
use crate::registries::{Dialect, Prepared};

#[derive(Debug, Args)]
pub struct Encode {
    #[command(flatten)]
    dialect: Dialects,
    /// Transaction id of the request; default: the one of the job's first attempt
    #[arg(long, value_name = "ID")]
    transaction_id: Option<String>,
    /// Print it as it goes over the connection, with the length in front
    #[arg(long)]
    frame: bool,
    /// The answer to the question a job asks that states only changes: prints the request that follows
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
}

/// A request, and what there is to say about it.
pub struct Encoded {
    pub bytes: Zeroizing<Vec<u8>>,
    pub note: Option<String>,
}

impl Encode {
    /// Writes the request of a job. A job that states only what shall change asks first what there is; then the question
    /// is what it sends first, and the rest depends on the answer.
    ///
    /// # Errors
    /// Says what is wrong with the job or the answer.
    pub fn run(&self, job: &[u8]) -> Result<Encoded, String> {
        let job: Request = serde_json::from_slice(job).map_err(|error| format!("this is not a job: {error}"))?;
        let dialect = self.dialect.open(&job.account)?;
        // A job without an id gets a fresh one when it is accepted, and so does this.
        let first_attempt = || format!("rd-{}-1", job.id.unwrap_or_else(Uuid::now_v7).simple());
        let transaction = self.transaction_id.clone().unwrap_or_else(first_attempt);
        let question = dialect.reads_first(job.operation, &job.params).map_err(|reject| reject.to_string())?;
        let (request, note) = match (question, &self.answer) {
            (Some(question), None) => {
                let note = format!(
                    "this job states only changes: shown is its question ({}); give its answer with --answer to see the {} that follows",
                    question.operation, job.operation
                );
                (question, Some(note))
            }
            (Some(question), Some(file)) => {
                let params = complete(&*dialect, &question, job.operation, &job.params, file)?;
                (write(&*dialect, job.operation, &params, &transaction)?, None)
            }
            (None, Some(_)) => return Err("--answer: this job asks nothing first".into()),
            (None, None) => (write(&*dialect, job.operation, &job.params, &transaction)?, None),
        };
        let bytes = if self.frame { dialect.frame(&request.bytes)? } else { request.bytes };
        Ok(Encoded { bytes, note })
    }
}

fn write(
    dialect: &dyn Dialect,
    operation: Operation,
    params: &Map<String, Value>,
    transaction: &str,
) -> Result<Prepared, String> {
    dialect.prepare(operation, params, transaction).map_err(|reject| reject.to_string())
}

/// The parameters of a job with what the answer in `file` shows.
fn complete(
    dialect: &dyn Dialect,
    question: &Prepared,
    operation: Operation,
    params: &Map<String, Value>,
    file: &Path,
) -> Result<Map<String, Value>, String> {
    let fail = |why: String| format!("--answer {}: {why}", file.display());
    let bytes = std::fs::read(file).map_err(|error| fail(error.to_string()))?;
    let answer = dialect.decode(question.operation, dialect.unframe(&bytes).map_err(fail)?).map_err(fail)?;
    dialect.complete(operation, params, &answer).map_err(|judgement| {
        if judgement.verdict == Verdict::Done {
            return fail("it is so already: nothing is sent, and the job is done".into());
        }
        let (word, reason) = super::decode::verdict(&judgement.verdict);
        fail(format!("{word}: {}", reason.unwrap_or("the answer does not show all of it")))
    })
}
