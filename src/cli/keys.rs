//! `registrard keys`: whether OpenPGP keys can sign what they are for, and for how long: the requests of an account, or what
//! its registry takes by signed e-mail only.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::exit::{Exit, Failure};
use super::output::{Out, plain};
use crate::config::{Account, Config, Finding, Letters};
use crate::model::Secret;
use crate::net::mail::Address;
use crate::net::openpgp::policy::{self, Objection, Policy, Review, Weight};
use crate::net::openpgp::{Key, LockedKey};
use crate::net::secret_ref;
use crate::registries::{self, AccountKey};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Check the accounts' keys, or those of files, against the registries' rules. Exits with 4 if one cannot be used, with
    /// 1 if one should be replaced soon.
    Check(Check),
}

/// Which keys.
#[derive(Args, Debug)]
pub struct Check {
    /// The keys of this account only; with files: the passphrase of its e-mails unlocks them.
    #[arg(long, short)]
    pub account: Option<String>,
    /// File with the passphrase of the keys in FILE.
    #[arg(long, value_name = "FILE", requires = "files", conflicts_with = "account")]
    pub passphrase_file: Option<PathBuf>,
    /// The registry whose rules the keys in FILE are held against; without it denic-rri.
    #[arg(long, value_name = "NAME", requires = "files")]
    pub registry: Option<String>,
    /// Files with one key each, instead of the configured ones.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl Check {
    /// Whether it can be done without a configuration.
    #[must_use]
    pub fn needs_no_config(&self) -> bool {
        !self.files.is_empty() && self.account.is_none()
    }
}

/// A key, and what there is to say of it.
#[derive(Serialize)]
struct Checked {
    /// The account, or the file.
    of: String,
    /// Whether it can be used.
    usable: bool,
    /// What it is; nothing if it could not be read.
    key: Option<Review>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Checks keys at this instant.
///
/// # Errors
/// One cannot be used, or should be replaced soon.
pub fn run(command: &Keys, config: &Config, now: Timestamp, out: &mut Out<'_>) -> Result<(), Failure> {
    let Keys::Check(args) = command;
    let checked = if args.files.is_empty() { of_accounts(args, config, now)? } else { of_files(args, config, now)? };
    if checked.is_empty() {
        return Err(Failure::new(Exit::NotFound, "no_keys", "no account has a key")
            .next("add [accounts.NAME.mail] to the configuration, or name the files of keys"));
    }
    out.one(&checked, |checked| checked.iter().map(people).collect())?;
    let count = |wanted: fn(&Checked) -> bool| checked.iter().filter(|checked| wanted(checked)).count();
    let (refused, warned) = (count(|key| !key.usable), count(Checked::warned));
    if refused > 0 {
        return Err(Failure::new(
            Exit::Refused,
            "key_refused",
            format!("{refused} of {} keys cannot be used", checked.len()),
        )
        .why("without a usable key nothing can be signed")
        .next("each rule above says what to do"));
    }
    if warned > 0 {
        let what = format!("{warned} of {} keys should be replaced", checked.len());
        return Err(Failure::new(Exit::JobFailed, "key_warning", what).next("each rule above says what to do"));
    }
    Ok(())
}

type Read = Result<(LockedKey, Option<Secret>), String>;

impl Checked {
    fn new(of: &str, read: Read, policy: Policy, now: Timestamp) -> Self {
        Self::reviewed(of, read.map(|(key, passphrase)| key.review(policy, passphrase.as_ref(), now)))
    }

    fn reviewed(of: &str, review: Result<Review, String>) -> Self {
        match review {
            Ok(key) => Self { of: of.to_owned(), usable: !key.refused(), key: Some(key), error: None },
            Err(error) => Self { of: of.to_owned(), usable: false, key: None, error: Some(error) },
        }
    }

    fn warned(&self) -> bool {
        self.usable && self.key.as_ref().is_some_and(|key| !key.objections.is_empty())
    }
}

fn of_accounts(args: &Check, config: &Config, now: Timestamp) -> Result<Vec<Checked>, Failure> {
    let Some(name) = &args.account else {
        return Ok(config.accounts.iter().flat_map(|(name, account)| of_account(name, account, now)).collect());
    };
    let checked = config.accounts.get(name).map(|account| of_account(name, account, now)).unwrap_or_default();
    // Without any key, say which section it lacks.
    if checked.is_empty() { letters(config, name).map(|_| checked) } else { Ok(checked) }
}

/// The keys that an account signs its requests with, and the one of its letters.
fn of_account(name: &str, account: &Account, now: Timestamp) -> Vec<Checked> {
    let settings = Value::Object(account.settings.clone());
    let mut checked = match registries::account_keys(&account.registry, &settings, now) {
        None => Vec::new(),
        Some(Err(why)) => vec![Checked::reviewed(name, Err(why))],
        Some(Ok(keys)) => {
            let of = |key: &AccountKey| format!("{name}, {}", key.file.display());
            keys.into_iter().map(|key| Checked::reviewed(&of(&key), key.review)).collect()
        }
    };
    checked.extend(account.mail.as_ref().map(|letters| Checked::new(name, read(letters), policy::DENIC, now)));
    checked
}

fn of_files(args: &Check, config: &Config, now: Timestamp) -> Result<Vec<Checked>, Failure> {
    let passphrase_file = match &args.account {
        Some(name) => letters(config, name)?.passphrase_file.as_ref(),
        None => args.passphrase_file.as_ref(),
    };
    let passphrase = passphrase_file.map(|file| secret_ref::from_file(file)).transpose();
    let passphrase = passphrase.map_err(|why| Failure::new(Exit::Usage, "passphrase", why))?;
    let policy = match args.registry.as_deref() {
        None | Some("denic-rri") => policy::DENIC,
        Some(name) => registries::key_policy(name).ok_or_else(|| {
            Failure::new(Exit::Usage, "registry", format!("there are no rules for keys of a registry `{name}`"))
                .next("name denic-rri or nz-srs")
        })?,
    };
    let read = |file: &PathBuf| read_key(file).map(|key| (key, passphrase.clone()));
    Ok(args.files.iter().map(|file| Checked::new(&file.display().to_string(), read(file), policy, now)).collect())
}

/// How an account writes to its registry.
///
/// # Errors
/// There is no such account, or it does not.
pub fn letters<'a>(config: &'a Config, account: &str) -> Result<&'a Letters, Failure> {
    let found = config.accounts.get(account).ok_or_else(|| {
        Failure::not_found(
            format!("account {account}"),
            "the configuration lists the accounts; mind upper and lower case",
        )
    })?;
    found.mail.as_ref().ok_or_else(|| {
        Failure::new(Exit::Configuration, "no_mail", format!("account {account} has no section `mail`"))
            .why("it says with which key an order is signed, and to whom it goes")
            .next(format!("add [accounts.{account}.mail]; config/registrard.toml shows its settings"))
    })
}

/// The key of an account that may sign now, after the registry's rules; warnings are told.
///
/// # Errors
/// It cannot be read or used.
pub fn signing_key(
    account: &str,
    letters: &Letters,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(Key, String), Failure> {
    let refused = |why: String| {
        Failure::new(Exit::Refused, "key_refused", format!("the key of account {account} cannot sign this order"))
            .why(why)
            .next(format!("`registrard keys check --account {account}` says everything about it"))
    };
    let (key, passphrase) = read(letters).map_err(refused)?;
    let review = key.review(policy::DENIC, passphrase.as_ref(), now);
    let of_weight = |weight: Weight| review.objections.iter().filter(move |o| o.weight == weight);
    let errors: Vec<_> = of_weight(Weight::Error).map(|o| o.what.as_str()).collect();
    if !errors.is_empty() {
        return Err(refused(errors.join("; ")));
    }
    for Objection { what, next, .. } in of_weight(Weight::Warning) {
        out.say(&format!("warning: the key of account {account}: {}; {next}", plain(what)));
    }
    let unlocked = key.unlock(passphrase.as_ref(), now).map_err(|error| refused(error.to_string()))?;
    Ok((unlocked, review.fingerprint))
}

fn read(letters: &Letters) -> Result<(LockedKey, Option<Secret>), String> {
    let passphrase = letters.passphrase_file.as_ref().map(|file| secret_ref::from_file(file)).transpose()?;
    Ok((read_key(&letters.key_file)?, passphrase))
}

fn read_key(file: &Path) -> Result<LockedKey, String> {
    let bytes = secret_ref::bytes_from_file(file)?;
    LockedKey::read(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}

/// What `check-config` finds in the settings of e-mail (addresses, files, keys), and what should be done before long about the
/// keys that requests are signed with; one that cannot be used is found where the account is made.
#[must_use]
pub fn findings(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(Err(why)) = config.mail.as_ref().map(super::orders::server) {
        findings.push(Finding::warning("mail", why, "correct it, or remove the section if nothing is to be sent"));
    }
    for (name, account) in &config.accounts {
        findings.extend(doubts(name, account, now));
    }
    for (name, letters) in config.accounts.iter().filter_map(|(name, a)| Some((name, a.mail.as_ref()?))) {
        let place = |key: &str| format!("accounts.{}.mail.{key}", name.escape_default());
        for (key, address) in [("from", Some(&letters.from)), ("to", letters.to.as_ref())] {
            if let Some(Err(why)) = address.map(|address| Address::read(address)) {
                findings.push(Finding::warning(place(key), why, "write user@host, with or without a name in front"));
            }
        }
        match read(letters) {
            Err(why) => findings.push(Finding::warning(place("key_file"), why, "name the files of key and passphrase")),
            Ok((key, passphrase)) => {
                let objections = key.review(policy::DENIC, passphrase.as_ref(), now).objections;
                // The daemon works without: only orders by e-mail do not.
                findings.extend(objections.into_iter().map(|o| Finding::warning(place("key_file"), o.what, o.next)));
            }
        }
    }
    findings
}

/// What does not keep the keys that requests are signed with from being used: not yet, or others can be used.
fn doubts(name: &str, account: &Account, now: Timestamp) -> Vec<Finding> {
    let settings = Value::Object(account.settings.clone());
    let Some(Ok(keys)) = registries::account_keys(&account.registry, &settings, now) else { return Vec::new() };
    let reviews: Vec<_> = keys.iter().filter_map(|key| Some((&key.file, key.review.as_ref().ok()?))).collect();
    let some_can_sign = reviews.iter().any(|(_, review)| !review.refused());
    let place = format!("accounts.{}.keys", name.escape_default());
    let tell = |file: &Path, review: &Review, o: &Objection| {
        let what = format!("{}: key {}: {}", file.display(), review.fingerprint, o.what);
        Finding::warning(place.clone(), what, o.next)
    };
    let objections = reviews.iter().flat_map(|(file, review)| review.objections.iter().map(move |o| (file, review, o)));
    let told = objections.filter(|(.., o)| o.weight == Weight::Warning || some_can_sign);
    told.map(|(file, review, o)| tell(file, review, o)).collect()
}

fn people(checked: &Checked) -> String {
    let mut text = String::new();
    let standing = match (checked.usable, checked.warned()) {
        (false, _) => "cannot be used",
        (true, true) => "can be used, but",
        (true, false) => "can be used",
    };
    let _ = writeln!(text, "{}: {standing}", plain(&checked.of));
    if let Some(error) = &checked.error {
        let _ = writeln!(text, "  {}", plain(error));
    }
    let Some(key) = &checked.key else { return text };
    let bits = key.bits.map(|bits| format!(" {bits} bits,")).unwrap_or_default();
    let end = match (key.expires, key.days_left) {
        (Some(end), Some(days)) => format!("ends {end} ({days} days left)"),
        _ => "never ends".into(),
    };
    let _ = writeln!(text, "  {} {}", key.fingerprint, plain(key.user.as_deref().unwrap_or("(no user id)")));
    let _ = writeln!(text, "  {},{bits} {end}", plain(&key.algorithm));
    for Objection { rule, weight, what, next } in &key.objections {
        let weight = if *weight == Weight::Error { "error" } else { "warning" };
        let _ = writeln!(text, "  {weight}: {rule}: {}\n    {next}", plain(what));
    }
    text
}
