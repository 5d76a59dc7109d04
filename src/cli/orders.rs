//! `registrard orders`: what a registry takes in writing only, as an e-mail signed with the account's key.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::exit::{Exit, Failure};
use super::keys;
use super::output::{Format, Out, plain};
use crate::config::{Account, Config, Mail};
use crate::model::{Cause, Job, JobId, Reject, State};
use crate::net::mail::{Address, Letter};
use crate::net::secret_ref;
use crate::net::smtp::{Security, SendError, Server};
use crate::registries::{self, WireOptions};
use crate::store::{JobDetail, Store};

/// What to do with orders in writing.
#[derive(Debug, Subcommand)]
pub enum Orders {
    /// Write the order of a job that needs attention as a signed e-mail: print it, put it into a file, or send it.
    Mail(MailArgs),
}

/// Which order, and where it goes.
#[derive(Args, Debug)]
pub struct MailArgs {
    /// The job.
    pub job: JobId,
    /// Put the e-mail into this file, which must not be there yet.
    #[arg(long, value_name = "FILE.eml", conflicts_with = "send")]
    pub out: Option<PathBuf>,
    /// Send it through the configured mail server, once.
    #[arg(long)]
    pub send: bool,
    /// To this address instead of the configured one.
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// Also for a job that failed, or that needs attention for another reason than the registry's word.
    #[arg(long)]
    pub force: bool,
}

/// What was done, for programs.
#[derive(Serialize)]
struct Written {
    job: JobId,
    object: String,
    to: String,
    /// Fingerprint of the key.
    key: String,
    /// `printed`, `written` or `sent`.
    done: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The e-mail itself, where it went nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
    next: String,
}

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn run(
    command: &Orders,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let Orders::Mail(args) = command;
    let id = args.job;
    let detail = store.job(id).await?.ok_or_else(|| {
        Failure::not_found(
            format!("job {id}"),
            "`registrard jobs list --state needs_attention` shows what waits for you",
        )
    })?;
    standing(&detail, args.force)?;
    let job = &detail.job;
    let letters = keys::letters(config, &job.account)?;
    let text = text(&detail, &config.accounts[&job.account])?;
    let (from, to) = (address(&letters.from)?, receiver(args, letters.to.as_deref(), &job.account)?);
    let server = if args.send { Some(configured(config)?) } else { None };
    let (key, fingerprint) = keys::signing_key(&job.account, letters, now, out)?;
    let letter = Letter {
        from,
        to,
        subject: subject(&letters.subject, job),
        text,
        id: format!("registrard-{}-{}", job.id, now.as_second()),
    };
    let mail = letter.signed(&key, now).map_err(|why| Failure::new(Exit::Configuration, "mail", why))?;
    let mut written = Written {
        job: id,
        object: job.object.to_string(),
        to: letter.to.to_string(),
        key: fingerprint,
        done: "printed",
        file: None,
        answer: None,
        mail: None,
        next: next(job),
    };
    if let Some(server) = server {
        written.answer = Some(send(&server, &letter, &mail, id).await?);
        written.done = "sent";
    } else if let Some(file) = &args.out {
        create(file, &mail)?;
        (written.done, written.file) = ("written", Some(file.clone()));
    } else {
        written.mail = Some(String::from_utf8_lossy(&mail).into_owned());
    }
    tell(&written, out)
}

/// Whether an order in writing can be right for this job: nobody else may be at work on it, now or later.
fn standing(detail: &JobDetail, force: bool) -> Result<(), Failure> {
    let JobDetail { job, attempts, .. } = detail;
    let by_hand = attempts.last().is_some_and(|last| last.cause.as_deref() == Some(Cause::ByHand.word()));
    let (why, next) = match job.state {
        State::NeedsAttention if by_hand || force => return Ok(()),
        State::Failed if force => return Ok(()),
        State::NeedsAttention => (
            "it needs attention for another reason than that the registry wants it done by hand",
            "`registrard jobs show` says why; if you know that the registry takes it in writing only, add --force",
        ),
        State::Failed => (
            "its life is over; an order in writing may repeat what somebody has already dealt with",
            "if it is still wanted, and the registry takes it in writing only, add --force",
        ),
        State::Waiting | State::Running => (
            "it is still sent to the registry by itself, and would happen twice",
            "wait until it needs attention, or withdraw it with `registrard jobs cancel`",
        ),
        State::InDoubt | State::Pending => (
            "it may have happened already, or is being worked on at the registry",
            "wait until it ends or needs attention",
        ),
        State::Succeeded | State::Cancelled | State::Expired => {
            ("its life is over, and nothing is left to be ordered", "submit a new job if something is wanted")
        }
    };
    let what = format!("job {} is {} and not to be ordered in writing", job.id, job.state);
    Err(Failure::new(Exit::Refused, "not_by_mail", what).why(why).next(next))
}

/// The text of the order: who, what exactly, and how to refer to it.
fn text(detail: &JobDetail, account: &Account) -> Result<String, Failure> {
    let job = &detail.job;
    let configuration = |why: String| Failure::new(Exit::Configuration, "configuration", why);
    let plugin = registries::plugin(&account.registry)
        .ok_or_else(|| configuration(format!("there is no registry `{}`", account.registry)))?;
    let options = WireOptions { account: job.account.clone(), ..WireOptions::default() };
    let dialect = (plugin.dialect)(&options).map_err(configuration)?;
    let unwritable = |reject: &Reject| {
        unwritable(job)
            .why(reject.to_string())
            .next("what stands in the way can only be solved with the registry; then `registrard jobs dismiss`")
    };
    let is_part = dialect.reads_first(job.operation, &job.params).map_err(|reject| unwritable(&reject))?.is_some();
    let params = if is_part { whole(detail)? } else { &job.params };
    let order = dialect.by_hand(job.operation, params).map_err(|reject| unwritable(&reject))?;
    let last = detail.attempts.last();
    let refused = last.and_then(|last| last.code.as_ref().map(|code| (code, &last.transaction)));
    let refused = refused.map(|(code, transaction)| format!(" (message {code} to transaction {transaction})"));
    Ok(format!(
        "We, {}, ask you to carry out the following order, which your interface\ndoes not accept from us{}.\n\n\
         {order}\n\nOur reference: {}\n",
        job.account,
        refused.unwrap_or_default(),
        job.id
    ))
}

fn unwritable(job: &Job) -> Failure {
    let what = format!("the order of job {} ({}) cannot be written into an e-mail", job.id, job.operation);
    Failure::new(Exit::Refused, "not_by_mail", what)
}

/// What the last attempt of a job that states only what shall change asked for as a whole, where that is what the registry
/// wants done by hand. After another end the object may have changed since it was read.
fn whole(detail: &JobDetail) -> Result<&Map<String, Value>, Failure> {
    let JobDetail { job, attempts, .. } = detail;
    let last = attempts.last().filter(|last| last.cause.as_deref() == Some(Cause::ByHand.word()));
    last.and_then(|last| last.whole.as_ref()).ok_or_else(|| {
        let next = match job.state {
            State::NeedsAttention => format!(
                "`registrard jobs retry {}` reads it again and tries once more; if the registry refuses that, too, write \
                 the order then",
                job.id
            ),
            _ => "submit a new job, which reads it again, or one that states everything".into(),
        };
        unwritable(job)
            .why(
                "it states only what shall change, an order in writing must state everything, and the registry did not \
                 refuse this whole in its last attempt for a human to order",
            )
            .next(next)
    })
}

fn subject(pattern: &str, job: &Job) -> String {
    let words = [
        ("{operation}", job.operation.name().to_owned()),
        ("{object}", job.object.name().to_owned()),
        ("{account}", job.account.clone()),
        ("{job}", job.id.to_string()),
    ];
    words.iter().fold(pattern.to_owned(), |text, (word, value)| text.replace(word, value))
}

fn address(text: &str) -> Result<Address, Failure> {
    Address::read(text).map_err(|why| Failure::new(Exit::Configuration, "address", why))
}

fn receiver(args: &MailArgs, configured: Option<&str>, account: &str) -> Result<Address, Failure> {
    if let Some(to) = &args.to {
        return Address::read(to).map_err(|why| Failure::new(Exit::Usage, "address", why));
    }
    let to = configured.ok_or_else(|| {
        Failure::new(Exit::Configuration, "no_receiver", "nobody is configured to whom the order goes")
            .next(format!("ask the registry where it wants it; then set accounts.{account}.mail.to, or give --to"))
    })?;
    address(to)
}

/// The mail server of the settings.
///
/// # Errors
/// Its files cannot be read or used.
pub fn server(mail: &Mail) -> Result<Server, String> {
    let (security, port) = if mail.tls == "starttls" { (Security::StartTls, 587) } else { (Security::Implicit, 465) };
    let login = match (&mail.user, &mail.password_file) {
        (Some(user), Some(file)) => Some((user.clone(), secret_ref::from_file(file)?)),
        _ => None,
    };
    let patience = Duration::from_secs(mail.timeout_seconds.clamp(1, 600).into());
    Server::new(&mail.host, mail.port.unwrap_or(port), security, mail.ca_file.as_deref(), login, patience)
}

fn configured(config: &Config) -> Result<Server, Failure> {
    let mut findings = config.check(&[]);
    findings.retain(|finding| finding.place.starts_with("mail."));
    if let Some(finding) = findings.first() {
        return Err(Failure::new(Exit::Configuration, "configuration", finding.to_string()));
    }
    let mail = config.mail.as_ref().ok_or_else(|| {
        Failure::new(Exit::Configuration, "no_mail", "no mail server is configured")
            .next("add [mail] to the configuration, or use --out and send the file by other means, unchanged")
    })?;
    server(mail).map_err(|why| Failure::new(Exit::Configuration, "configuration", format!("mail: {why}")))
}

async fn send(server: &Server, letter: &Letter, mail: &[u8], job: JobId) -> Result<String, Failure> {
    server.send(&letter.from, &letter.to, mail).await.map_err(|error| {
        let what = format!("the order of job {job} was not sent");
        let why = error.to_string();
        match error {
            SendError::NotSent(_) => Failure::new(Exit::Unavailable, "mail_unavailable", what)
                .next("see that the server runs and that [mail] in the configuration is right; then send it again"),
            SendError::Refused(_) => Failure::new(Exit::Refused, "mail_refused", what)
                .next("see that the addresses are right and that the server takes mail from this one"),
            SendError::Unknown(_) => {
                Failure::new(Exit::Temporary, "mail_unknown", format!("the order of job {job} was perhaps sent"))
                    .next("look into the server's log before you send it again: twice is an order too many")
            }
        }
        .why(why)
    })
}

/// Writes a file that is not there yet.
fn create(file: &Path, mail: &[u8]) -> Result<(), Failure> {
    let written = std::fs::File::create_new(file).and_then(|mut new| new.write_all(mail).and_then(|()| new.sync_all()));
    written.map_err(|error| {
        let failure = Failure::new(Exit::Usage, "file", format!("cannot write {}: {error}", file.display()));
        failure.next("name a file that is not there yet, in a directory you may write to")
    })
}

/// What comes after: nobody tells the daemon that people did something.
fn next(job: &Job) -> String {
    let id = job.id;
    let then = match job.state {
        State::NeedsAttention => format!(
            "`registrard jobs retry {id} --ask`, which has the registry asked what is true; if it came to nothing: \
             `registrard jobs dismiss {id}`"
        ),
        _ => "nothing more, because the life of this job is over".into(),
    };
    format!(
        "the registry asks who may confirm it: with a Registry Lock the lock contact, by e-mail and SMS, within 7 working \
         days, or the order lapses. When the registry reports it done: {then}"
    )
}

fn tell(written: &Written, out: &mut Out<'_>) -> Result<(), Failure> {
    if out.format == Format::Table
        && let Some(mail) = &written.mail
    {
        out.data(mail)?;
        out.say(&format!("signed with {}; send it to {} unchanged", written.key, plain(&written.to)));
        out.say(&written.next);
        return Ok(());
    }
    out.one(written, |written| {
        let place = match (&written.file, &written.answer) {
            (Some(file), _) => format!("written to {}; send it unchanged", file.display()),
            (None, Some(answer)) => format!("sent; the mail server says: {}", plain(answer)),
            (None, None) => String::new(),
        };
        format!(
            "order of job {} ({}) to {}, signed with {}: {place}\n{}\n",
            written.job,
            plain(&written.object),
            plain(&written.to),
            written.key,
            written.next
        )
    })
}
