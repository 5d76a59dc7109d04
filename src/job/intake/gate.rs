//! The rules of admission: who may ask for what, and what a job must look like.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::fields::{self, quoted, wrong};
use super::nearest::nearest;
use crate::config;
use crate::model::request::{DEFAULT_MAX_ATTEMPTS, RejectCode};
use crate::model::{JobId, NewJob, Operation, Reject, Request};
use crate::registries::{Checked, Registry};

/// Most jobs one job may wait for.
const MOST_AFTER: usize = 100;

/// Largest attempt budget.
const MOST_ATTEMPTS: u32 = 100;

/// Operations that only a rule that names them allows. The one sends whatever it is given; the other removes a message
/// of the registry that nobody may have read.
const BY_NAME: [Operation; 2] = [Operation::Raw, Operation::MessageDelete];

/// The publisher of jobs that came in on the command line.
pub const LOCAL: &str = "local";

/// Who submits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publisher<'a> {
    /// An operator on this machine; may do everything.
    Local,
    /// The user the broker vouches for, if it does.
    Broker(Option<&'a str>),
}

impl<'a> Publisher<'a> {
    /// The name jobs are stored under.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Local => LOCAL,
            Self::Broker(user) => user.unwrap_or("unknown"),
        }
    }
}

/// The id of a job that names none itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultId<'a> {
    /// The AMQP message id of a message that holds a single job.
    MessageId(Option<&'a str>),
    /// None: the message holds many jobs.
    InBulk,
}

/// What is known of a job besides its JSON.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Who submits it.
    pub publisher: Publisher<'a>,
    /// Its id if it names none.
    pub id: DefaultId<'a>,
    /// Its batch if it names none.
    pub batch: Option<&'a str>,
    /// Where the final event goes as well.
    pub reply_to: Option<&'a str>,
    /// Echoed with it.
    pub correlation_id: Option<&'a str>,
}

/// Knows accounts and rules; decides about one job at a time. Pure: the same job is always treated the same.
pub struct Gate {
    accounts: BTreeMap<String, Arc<dyn Registry>>,
    publishers: BTreeMap<String, config::Publisher>,
    limits: config::Intake,
    brake: config::Brake,
}

impl Gate {
    /// A gate with the accounts and rules of the configuration.
    #[must_use]
    pub fn new(
        accounts: BTreeMap<String, Arc<dyn Registry>>,
        publishers: BTreeMap<String, config::Publisher>,
        limits: config::Intake,
    ) -> Self {
        Self { accounts, publishers, limits, brake: config::Brake::default() }
    }

    /// The same with other rules for batches that destroy too much.
    #[must_use]
    pub fn with_brake(self, brake: config::Brake) -> Self {
        Self { brake, ..self }
    }

    /// When a batch is stopped before its jobs are taken in.
    #[must_use]
    pub fn brake(&self) -> &config::Brake {
        &self.brake
    }

    /// How much is taken in at once, and how large.
    #[must_use]
    pub fn limits(&self) -> &config::Intake {
        &self.limits
    }

    /// Whether there is such an account.
    #[must_use]
    pub fn knows(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
    }

    /// Checks a job.
    ///
    /// # Errors
    /// What is wrong with it, where, and what to do next.
    pub fn admit(&self, origin: &Origin<'_>, raw: &Value) -> Result<NewJob, Reject> {
        let rule = self.rule(origin.publisher)?;
        let request = fields::read(raw)?;
        let registry = self.account(&request, origin.publisher, rule)?;
        let id = identity(&request, origin.id)?;
        consistent(&request, id)?;
        for (name, text) in [("reply_to", origin.reply_to), ("correlation_id", origin.correlation_id)] {
            if text.is_some_and(|text| text.contains('\0')) {
                return Err(wrong(
                    RejectCode::InvalidJob,
                    name,
                    "the AMQP property contains the character U+0000".into(),
                ));
            }
        }
        let Checked { object, warnings } = registry.dialect().check(request.operation, &request.params)?;
        let mut after: Vec<_> = request.after.into_iter().map(JobId).collect();
        after.sort_unstable();
        after.dedup();
        Ok(NewJob {
            id,
            publisher: origin.publisher.name().to_owned(),
            account: request.account,
            pool: None,
            operation: request.operation,
            object,
            params: request.params,
            class: request.class,
            not_before: request.not_before,
            start_by: request.start_by,
            after,
            batch: request.batch.or_else(|| origin.batch.map(str::to_owned)),
            max_attempts: request.max_attempts.unwrap_or(DEFAULT_MAX_ATTEMPTS),
            context: request.context,
            reply_to: origin.reply_to.map(str::to_owned),
            correlation_id: origin.correlation_id.map(str::to_owned),
            warnings,
        })
    }

    /// The requests an admitted job is made of, in order: for one that states only what shall change, first the question
    /// that completes it.
    #[must_use]
    pub fn plan(&self, job: &NewJob) -> Vec<Operation> {
        let registry = self.accounts.get(&job.account);
        let first =
            registry.and_then(|registry| registry.dialect().reads_first(job.operation, &job.params).ok().flatten());
        first.map(|question| question.operation).into_iter().chain([job.operation]).collect()
    }

    /// What a publisher may do; `None` means everything.
    fn rule(&self, publisher: Publisher<'_>) -> Result<Option<&config::Publisher>, Reject> {
        let denied = |reason: String| Err(Reject::new(RejectCode::NotAllowed, fields::clean(&reason)));
        match publisher {
            Publisher::Local => Ok(None),
            Publisher::Broker(None | Some("")) => denied(
                "the message does not say who sent it: set the AMQP user_id property to the user of the connection, \
                 and the broker vouches for it"
                    .into(),
            ),
            Publisher::Broker(Some(user)) => match self.publishers.get(user) {
                Some(rule) => Ok(Some(rule)),
                None if self.publishers.is_empty() && self.limits.open => Ok(None),
                None => denied(format!(
                    "broker user `{user}` may publish nothing; add a section [publishers.{user}] to the configuration",
                    user = quoted(user)
                )),
            },
        }
    }

    fn account(
        &self,
        request: &Request,
        publisher: Publisher<'_>,
        rule: Option<&config::Publisher>,
    ) -> Result<&Arc<dyn Registry>, Reject> {
        let may_use = |account: &str| rule.is_none_or(|rule| rule.accounts.iter().any(|p| covers(p, account)));
        let named = quoted(&request.account);
        let Some(registry) = self.accounts.get(&request.account) else {
            // Only accounts this publisher may know of are suggested.
            let known: Vec<_> = self.accounts.keys().map(String::as_str).filter(|name| may_use(name)).collect();
            let meant = nearest(&request.account, &known)
                .map_or_else(|| "see [accounts] in the configuration".into(), |name| format!("did you mean `{name}`?"));
            let reason = format!("there is no account `{named}`; {meant}");
            return Err(wrong(RejectCode::UnknownAccount, "account", reason));
        };
        let user = quoted(publisher.name());
        if !may_use(&request.account) {
            let reason = format!("`{user}` may not use account `{named}`; see `accounts` in [publishers.{user}]");
            return Err(wrong(RejectCode::NotAllowed, "account", reason));
        }
        let operation = request.operation.name();
        let by_name = BY_NAME.contains(&request.operation);
        let may_ask = match (publisher, rule) {
            (Publisher::Local, _) => true,
            (_, Some(rule)) if by_name => rule.operations.iter().any(|pattern| pattern == operation),
            (_, Some(rule)) => rule.operations.iter().any(|pattern| covers(pattern, operation)),
            (_, None) => !by_name,
        };
        if !may_ask {
            let named = if by_name { ", which must name it: no `*` covers it" } else { "" };
            let reason =
                format!("`{user}` may not ask for {operation}; see `operations` in [publishers.{user}]{named}");
            return Err(wrong(RejectCode::NotAllowed, "operation", reason));
        }
        Ok(registry)
    }
}

/// Whether a pattern of a publisher's rule covers a name: equal, or `*` at its end standing for anything.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

fn identity(request: &Request, default: DefaultId<'_>) -> Result<JobId, Reject> {
    let missing = |reason: String| Err(wrong(RejectCode::InvalidJob, "id", reason));
    let id = match (request.id, default) {
        (Some(id), _) => id,
        (None, DefaultId::InBulk) => {
            return missing(
                "each job of a bulk message needs its own `id`, a UUID that stays the same on repetition".into(),
            );
        }
        (None, DefaultId::MessageId(None | Some(""))) => {
            return missing("the job has no id: set `id`, or the AMQP message_id, to a UUID".into());
        }
        (None, DefaultId::MessageId(Some(text))) => match text.parse() {
            Ok(id) => id,
            Err(_) => {
                let found = quoted(text);
                return missing(format!(
                    "without `id` the AMQP message_id is the job's id; it must be a UUID, this is `{found}`"
                ));
            }
        },
    };
    if id == Uuid::nil() {
        return missing("the nil UUID is no identity; make a new one for each job".into());
    }
    Ok(JobId(id))
}

fn consistent(request: &Request, id: JobId) -> Result<(), Reject> {
    let invalid = |field: &str, reason: String| Err(wrong(RejectCode::InvalidJob, field, reason));
    if let (Some(from), Some(until)) = (request.not_before, request.start_by)
        && until < from
    {
        return invalid("start_by", format!("{until} is before not_before, {from}: the job could never start"));
    }
    if let Some(attempts) = request.max_attempts.filter(|n| !(1..=MOST_ATTEMPTS).contains(n)) {
        return invalid("max_attempts", format!("must be 1 to {MOST_ATTEMPTS}, this is {attempts}"));
    }
    if request.after.len() > MOST_AFTER {
        return invalid("after", format!("{} jobs, at most {MOST_AFTER} can be waited for", request.after.len()));
    }
    if request.after.contains(&id.0) {
        return Err(wrong(RejectCode::Cycle, "after", "the job names itself and would wait for ever".into()));
    }
    request.batch.as_deref().map_or(Ok(()), fields::batch_name)
}
