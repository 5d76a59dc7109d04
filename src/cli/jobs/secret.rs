//! What a registry answered in confidence: a new UDAI is told once, and somebody has to hand it on.

use serde::Serialize;

use super::unknown;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Out, Row};
use crate::config::Config;
use crate::daemon;
use crate::model::JobId;
use crate::store::Store;

/// A secret in clear, for whoever may read the keys.
#[derive(Serialize)]
struct Opened {
    name: String,
    value: String,
}

impl Row for Opened {
    const HEADINGS: &'static [&'static str] = &["NAME", "VALUE"];
    fn cells(&self) -> Vec<String> {
        vec![self.name.clone(), self.value.clone()]
    }
}

/// Opens what the answer to a job holds sealed.
///
/// # Errors
/// There is no such job, nothing of it is sealed, or the keys do not open it.
pub async fn run(id: JobId, config: &Config, store: &dyn Store, out: &mut Out<'_>) -> Result<(), Failure> {
    let detail = store.job(id).await?.ok_or_else(|| unknown(id))?;
    let data = detail.job.answer.map(|answer| answer.data).unwrap_or_default();
    let opened = daemon::keys(config)?
        .open_within(id, &data)
        .map_err(|why| Failure::new(Exit::Configuration, "unopened", why.to_string()))?;
    if opened.is_empty() {
        let next = "only answers that hold a secret do, for example to `domain.authcode_create` at NZ SRS";
        return Err(Failure::not_found(format!("secret in the answer to job {id}"), next));
    }
    let rows = opened.into_iter().map(|(name, value)| Opened { name, value: value.expose().to_owned() });
    out.rows(&rows.collect::<Vec<_>>())
}
