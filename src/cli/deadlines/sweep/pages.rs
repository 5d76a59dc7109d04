//! Page by page, where a registry lists what an account has. Which page is the last is known from its answer.

use std::time::Duration;

use jiff::{Span, Timestamp};
use serde_json::{Map, Value, json};

use super::Sweep;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::progress::{bar, grouped};
use crate::model::{JobId, Operation, State};
use crate::store::StoreError;

/// Between two looks at a job.
const PAUSE: Duration = Duration::from_millis(500);
/// Looks for which a store that is away is forgiven.
const FORGIVEN: u32 = 120;
/// More pages than any account has.
const MOST: u64 = 10_000_000;
/// So often a page is asked for anew on one day that came to nothing.
const AGAIN: u64 = 100;

/// How a registry lists what an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    /// OpenSRS: by the day of expiry; the answer says whether more follow.
    Expiring,
    /// NZ SRS: so many, behind so many; a page that is not full is the last.
    Domains,
}

/// How the registry of a plug-in does it; `None` if domains can only be asked about one by one.
pub(super) fn of(registry: &str) -> Option<Pages> {
    match registry {
        "opensrs" => Some(Pages::Expiring),
        "nz-srs" => Some(Pages::Domains),
        _ => None,
    }
}

impl Pages {
    /// The question for a page of this size, counted from 1. It depends on nothing but the sweep's day, so that it is the same
    /// again.
    fn params(self, day: jiff::civil::Date, page: u64, size: u64) -> Map<String, Value> {
        let params = match self {
            // From before the longest grace period to the end of the longest registration.
            Self::Expiring => json!({
                "question": "expiring", "page": page, "limit": size,
                "from": day.saturating_sub(Span::new().days(90)).to_string(),
                "to": day.saturating_add(Span::new().years(11)).to_string(),
            }),
            Self::Domains => json!({ "question": "domains", "limit": size, "skip": (page - 1).saturating_mul(size) }),
        };
        match params {
            Value::Object(params) => params,
            _ => Map::new(),
        }
    }

    /// How many domains an answer about a page of this size lists, and whether more follow.
    fn read(self, data: &Value, size: u64) -> (u64, bool) {
        match self {
            Self::Expiring => {
                let more = matches!(&data["remainder"], Value::String(text) if text == "1") || data["remainder"] == 1;
                (count(&data["exp_domains"]), more)
            }
            Self::Domains => {
                let listed = count(&data["Domain"]);
                (listed, listed >= size)
            }
        }
    }
}

/// One thing or several.
fn count(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.len() as u64,
        Value::Object(fields) if !fields.is_empty() => 1,
        _ => 0,
    }
}

/// Asks for page after page.
pub(super) async fn run(
    sweep: &mut Sweep<'_>,
    pages: Pages,
    size: u64,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let progress = bar(0, "{spinner} {msg}, {elapsed}");
    progress.enable_steady_tick(PAUSE);
    for page in 1..=MOST {
        sweep.next = sweep.next.max(now);
        let id = question(sweep, page, size, &pages.params(sweep.day, page, size)).await?;
        if sweep.swept.dry_run {
            out.say("how many pages there are is known from the answers only");
            break;
        }
        progress.set_message(format!("page {page}, {} domains so far", grouped(sweep.swept.domains)));
        let (listed, more) = pages.read(&answer(sweep, id, page).await?, size);
        sweep.swept.domains += listed;
        if !more {
            break;
        }
    }
    progress.finish_and_clear();
    Ok(())
}

/// The job that asks for a page: the one that did already, unless it came to nothing when the page was asked for before.
async fn question(sweep: &mut Sweep<'_>, page: u64, size: u64, params: &Map<String, Value>) -> Result<JobId, Failure> {
    let rejected = |why: String| Failure::new(Exit::Software, "rejected", format!("page {page}: {why}"));
    for again in 0..AGAIN {
        let what = format!("page {page} of {size}, {again}");
        match sweep.job(&what, Operation::AccountInfo, params.clone()).map_err(rejected)? {
            (id, Some(job)) => {
                sweep.submit(&mut vec![job]).await?;
                return Ok(id);
            }
            (id, None) => {
                let state = sweep.store.job(id).await?.map(|detail| detail.job.state);
                if state.is_none_or(|state| !state.is_final() || state == State::Succeeded) {
                    sweep.swept.known += 1;
                    return Ok(id);
                }
            }
        }
    }
    let what = format!("page {page} was asked for {AGAIN} times today and never answered");
    Err(Failure::new(Exit::JobFailed, "job_failed", what).next("try again tomorrow; `registrard jobs list` tells why"))
}

/// Waits until a page is answered.
async fn answer(sweep: &Sweep<'_>, id: JobId, page: u64) -> Result<Value, Failure> {
    let mut away = 0;
    loop {
        let detail = match sweep.store.job(id).await {
            Ok(detail) => detail,
            Err(StoreError::Unavailable(_)) if away < FORGIVEN => {
                away += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        away = 0;
        let Some(detail) = detail else {
            return Err(Failure::not_found(format!("job {id}"), "it was taken out of the store; begin again"));
        };
        match detail.job.state {
            State::Succeeded => return Ok(detail.job.answer.map(|answer| answer.data).unwrap_or_default()),
            state if state.is_final() || state == State::NeedsAttention => {
                let why = detail.job.reason.unwrap_or_default();
                let what = format!("page {page} was not answered: {why}");
                let next = format!(
                    "`registrard jobs show {id}` tells why; the same command goes on from there once it is mended"
                );
                return Err(Failure::new(Exit::JobFailed, "job_failed", what).next(next));
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registries::{WireOptions, plugin};

    #[test]
    fn the_questions_are_accepted_and_always_the_same() {
        let day = jiff::civil::date(2026, 11, 22);
        for registry in ["opensrs", "nz-srs"] {
            let options = WireOptions { account: "500".into(), ..WireOptions::default() };
            let dialect = (plugin(registry).unwrap().dialect)(&options).unwrap();
            let pages = of(registry).unwrap();
            for page in [1, 2, 1000] {
                let params = pages.params(day, page, 500);
                dialect.check(Operation::AccountInfo, &params).unwrap_or_else(|why| panic!("{registry}: {why}"));
                assert_eq!(params, pages.params(day, page, 500));
            }
            assert_ne!(pages.params(day, 1, 500), pages.params(day, 2, 500));
        }
        assert_eq!(of("denic-rri"), None);
    }

    #[test]
    fn an_answer_tells_whether_more_follow() {
        let expiring = |data: Value| Pages::Expiring.read(&data, 2);
        assert_eq!(expiring(json!({ "remainder": "1", "exp_domains": [{}, {}] })), (2, true));
        assert_eq!(expiring(json!({ "remainder": "0", "exp_domains": [{}] })), (1, false));
        assert_eq!(expiring(json!({})), (0, false));
        let domains = |data: Value| Pages::Domains.read(&data, 500);
        assert_eq!(domains(json!({ "Domain": { "DomainName": "example.co.nz" } })), (1, false));
        assert_eq!(domains(json!({ "Domain": vec![json!({}); 500] })), (500, true));
        assert_eq!(domains(Value::Null), (0, false));
    }
}
