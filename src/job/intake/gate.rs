//! The rules of admission: who may ask for what, and what a job must look like.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::fields::{self, quoted, wrong};
use super::nearest::nearest;
use crate::config;
use crate::model::job::DEADLINES;
use crate::model::request::{DEFAULT_MAX_ATTEMPTS, RejectCode, SEALED, hold_secrets, is_secret};
use crate::model::{JobId, NewJob, ObjectKind, Operation, Reject, Request};
use crate::net::seal::{Keyring, NoKey, is_sealed};
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
    /// A deadline, by the configuration of an operator; may do everything, with the part of the quota that is kept for it.
    Deadline,
    /// The user the broker vouches for, if it does.
    Broker(Option<&'a str>),
}

impl<'a> Publisher<'a> {
    /// The name jobs are stored under.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Local => LOCAL,
            Self::Deadline => DEADLINES,
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

/// Knows accounts, rules and keys; decides about one job at a time. The same job is always treated the same, but for the
/// bytes of its sealed secrets.
pub struct Gate {
    accounts: BTreeMap<String, Arc<dyn Registry>>,
    /// The accounts of each pool.
    pools: BTreeMap<String, Vec<String>>,
    /// The pool of each account that belongs to one.
    pool_of: BTreeMap<String, String>,
    publishers: BTreeMap<String, config::Publisher>,
    limits: config::Intake,
    brake: config::Brake,
    keys: Arc<Keyring>,
}

/// Who may work a job: each account is as good as the other.
struct Workers<'a> {
    /// By name; one, or all of the pool.
    accounts: Vec<(&'a str, &'a Arc<dyn Registry>)>,
    /// The pool whose order the job is part of.
    pool: Option<&'a str>,
}

impl Gate {
    /// A gate with the accounts, pools and rules of the configuration.
    #[must_use]
    pub fn new(
        accounts: BTreeMap<String, Arc<dyn Registry>>,
        pools: &BTreeMap<String, config::Pool>,
        publishers: BTreeMap<String, config::Publisher>,
        limits: config::Intake,
    ) -> Self {
        let members = pools.iter().flat_map(|(name, pool)| pool.accounts.iter().map(move |account| (account, name)));
        let pool_of = members.map(|(account, name)| (account.clone(), name.clone())).collect();
        let pools = pools.iter().map(|(name, pool)| (name.clone(), pool.accounts.clone())).collect();
        Self { accounts, pools, pool_of, publishers, limits, brake: config::Brake::default(), keys: Arc::default() }
    }

    /// The same with other rules for batches that destroy too much.
    #[must_use]
    pub fn with_brake(self, brake: config::Brake) -> Self {
        Self { brake, ..self }
    }

    /// The same with keys to seal the secrets of jobs with; without one, a job that has any is refused.
    #[must_use]
    pub fn with_keys(self, keys: Arc<Keyring>) -> Self {
        Self { keys, ..self }
    }

    /// When a batch is stopped before its jobs are taken in.
    #[must_use]
    pub fn brake(&self) -> &config::Brake {
        &self.brake
    }

    /// What registries want to be told beforehand of so many orders at once.
    #[must_use]
    pub fn notices(&self, jobs: &[NewJob]) -> Vec<String> {
        let mut orders: BTreeMap<&str, u64> = BTreeMap::new();
        jobs.iter().filter(|job| job.operation.writes()).for_each(|job| *orders.entry(&job.account).or_default() += 1);
        let notice = |(name, orders): (&str, u64)| {
            let account = self.pools.get(name).and_then(|pool| pool.first()).map_or(name, String::as_str);
            let (most, whom) = self.accounts.get(account)?.limits().bulk_notice?;
            (orders > most).then(|| format!("{orders} orders for {name} are more than {most} at once: {whom}"))
        };
        orders.into_iter().filter_map(notice).collect()
    }

    /// How much is taken in at once, and how large.
    #[must_use]
    pub fn limits(&self) -> &config::Intake {
        &self.limits
    }

    /// Whether there is such an account or pool.
    #[must_use]
    pub fn knows(&self, account: &str) -> bool {
        self.accounts.contains_key(account) || self.pools.contains_key(account)
    }

    /// Checks a job.
    ///
    /// # Errors
    /// What is wrong with it, where, and what to do next.
    pub fn admit(&self, origin: &Origin<'_>, raw: &Value) -> Result<NewJob, Reject> {
        let rule = self.rule(origin.publisher)?;
        let request = fields::read(raw)?;
        let workers = self.workers(&request, origin.publisher, rule)?;
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
        unsealed(&request)?;
        let Checked { object, warnings } = workers.check(&request)?;
        let mut after: Vec<_> = request.after.into_iter().map(JobId).collect();
        after.sort_unstable();
        after.dedup();
        self.seal(NewJob {
            id,
            publisher: origin.publisher.name().to_owned(),
            pool: workers.pool.map(str::to_owned),
            account: request.account,
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
            keyed: vec![],
            message: 0,
        })
    }

    /// The job as it may be stored.
    fn seal(&self, mut job: NewJob) -> Result<NewJob, Reject> {
        if !hold_secrets(&job.params) {
            return Ok(job);
        }
        let content = job.content_digest();
        self.keys.seal(job.id, &mut job.params).map_err(|missing| no_key(&missing))?;
        job.keyed = self.keys.digests(job.id, content);
        Ok(job)
    }

    /// The requests an admitted job is made of, in order: for one that states only what shall change, first the question
    /// that completes it.
    #[must_use]
    pub fn plan(&self, job: &NewJob) -> Vec<Operation> {
        // The accounts of a pool ask alike.
        let member = self.pools.get(&job.account).and_then(|members| members.first());
        let registry = self.accounts.get(member.unwrap_or(&job.account));
        let mut params = job.params.clone();
        // Sealed a moment ago, with these keys.
        let params = self.keys.open(job.id, &mut params).ok().map(|()| params);
        let first = registry
            .zip(params)
            .and_then(|(registry, params)| registry.dialect().reads_first(job.operation, &params).ok().flatten());
        first.map(|question| question.operation).into_iter().chain([job.operation]).collect()
    }

    /// What a publisher may do; `None` means everything.
    fn rule(&self, publisher: Publisher<'_>) -> Result<Option<&config::Publisher>, Reject> {
        let denied = |reason: String| Err(Reject::new(RejectCode::NotAllowed, fields::clean(&reason)));
        match publisher {
            Publisher::Local | Publisher::Deadline => Ok(None),
            Publisher::Broker(None | Some("")) => denied(
                "the message does not say who sent it: set the AMQP user_id property to the user of the connection, \
                 and the broker vouches for it"
                    .into(),
            ),
            Publisher::Broker(Some(DEADLINES)) => denied(format!("no broker user may be called `{DEADLINES}`")),
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

    fn workers(
        &self,
        request: &Request,
        publisher: Publisher<'_>,
        rule: Option<&config::Publisher>,
    ) -> Result<Workers<'_>, Reject> {
        let may_use = |account: &str| rule.is_none_or(|rule| rule.accounts.iter().any(|p| covers(p, account)));
        let named = quoted(&request.account);
        let Some(workers) = self.named(&request.account) else {
            // Only what this publisher may know of is suggested.
            let known = self.accounts.keys().chain(self.pools.keys()).map(String::as_str);
            let known: Vec<_> = known.filter(|name| may_use(name)).collect();
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
            (Publisher::Local | Publisher::Deadline, _) => true,
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
        Ok(workers)
    }

    /// Those of an account or a pool; `None` if there is none of that name.
    fn named(&self, name: &str) -> Option<Workers<'_>> {
        if let Some((account, registry)) = self.accounts.get_key_value(name) {
            let pool = self.pool_of.get(name).map(String::as_str);
            return Some(Workers { accounts: vec![(account, registry)], pool });
        }
        let (pool, members) = self.pools.get_key_value(name)?;
        let account = |member: &String| self.accounts.get_key_value(member).map(|(name, one)| (name.as_str(), one));
        let accounts: Vec<_> = members.iter().filter_map(account).collect();
        // A pool of accounts that could not be made has nobody to work its jobs.
        (!accounts.is_empty()).then_some(Workers { accounts, pool: Some(pool) })
    }
}

impl Workers<'_> {
    /// Checks the parameters by the rules of every account that may work the job.
    fn check(&self, request: &Request) -> Result<Checked, Reject> {
        let of_one = || {
            let reason = "is another one with each account of the pool; name one of its accounts";
            Err(wrong(RejectCode::InvalidJob, "account", format!("what {} works on {reason}", request.operation)))
        };
        // Each account has messages of its own.
        if self.accounts.len() > 1 && request.operation.object() == ObjectKind::Message {
            return of_one();
        }
        let check = |registry: &Arc<dyn Registry>| registry.dialect().check(request.operation, &request.params);
        let verdicts: Vec<_> = self.accounts.iter().map(|(name, registry)| (*name, check(registry))).collect();
        let refusals: Vec<_> =
            verdicts.iter().filter_map(|(name, verdict)| Some((*name, verdict.as_ref().err()?))).collect();
        if let Some((name, reject)) = refusals.first() {
            let alike = refusals.iter().all(|(_, other)| other == reject);
            return Err(match alike && refusals.len() == verdicts.len() {
                // So it would be under every account.
                true => (*reject).clone(),
                false => self.refused_by(name, reject),
            });
        }
        let mut checks = verdicts.into_iter().filter_map(|(_, verdict)| verdict.ok());
        let Some(mut checked) = checks.next() else {
            return Err(wrong(RejectCode::UnknownAccount, "account", "nobody is there to work it".into()));
        };
        for other in checks {
            if other.object != checked.object {
                return of_one();
            }
            let unheard: Vec<_> = other.warnings.into_iter().filter(|one| !checked.warnings.contains(one)).collect();
            checked.warnings.extend(unheard);
        }
        Ok(checked)
    }

    /// A refusal by one account of a pool where another one would not have refused, or not so.
    fn refused_by(&self, account: &str, reject: &Reject) -> Reject {
        let pool = self.pool.unwrap_or_default();
        let reason = format!(
            "account `{account}` of pool `{pool}` refuses it: {}; name the account it is for in place of the pool",
            reject.reason
        );
        Reject { reason: fields::clean(&reason), ..reject.clone() }
    }
}

/// Whether a pattern of a publisher's rule covers a name: equal, or `*` at its end standing for anything.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

/// What a publisher sends is never taken for something that was sealed here, nor for what stands in place of a secret that
/// is not shown: sent to the registry, it would be a wrong password.
fn unsealed(request: &Request) -> Result<(), Reject> {
    for (name, value) in &request.params {
        if is_sealed(value) {
            return Err(Reject::param(
                quoted(name),
                format!("`{SEALED}` is for the store only; state the value itself"),
            ));
        }
        if is_secret(name) && value == "***" {
            return Err(Reject::param(
                quoted(name),
                "`***` stands for a secret that is not shown; state the secret itself",
            ));
        }
    }
    Ok(())
}

fn no_key(NoKey(param): &NoKey) -> Reject {
    let what = match param.as_str() {
        "request" => "may hold a secret (it speaks of one)",
        _ => "is a secret",
    };
    let reason = format!(
        "{what}, which is stored sealed only, and there is no key to seal it with; name a file with one in \
         store.parameter_keys_file (`openssl rand -base64 32` makes a key) and restart"
    );
    Reject { code: RejectCode::NoKey, ..Reject::param(quoted(param), reason) }
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
