//! Rows of `inquiries`.

use super::{count, instant, parsed, state};
use crate::model::JobId;
use crate::store::{InquiryView, Result};

/// A row of `inquiries`, of a job that is known.
#[derive(sqlx::FromRow)]
pub(in crate::store) struct InquiryRow {
    number: i64,
    attempt: i64,
    about: String,
    asked_at: i64,
    questions: String,
    finding: String,
    evidence: String,
    cause: String,
}

impl InquiryRow {
    /// The inquiry of this row.
    pub(in crate::store) fn read(self, job: JobId) -> Result<InquiryView> {
        let row = format_args!("inquiry {} of job {job}", self.number);
        Ok(InquiryView {
            number: count(self.number),
            attempt: count(self.attempt),
            about: state(&self.about)?,
            asked_at: instant(self.asked_at)?,
            questions: parsed(&self.questions, &row, "questions")?,
            finding: self.finding,
            evidence: self.evidence,
            cause: self.cause,
        })
    }
}
