//! Beginning and ending pauses. A name must be one that somebody knows: a pause of a misspelt one would hold nothing, and
//! the operator would believe that it does.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::config::Config;
use crate::job::intake::{LOCAL, nearest};
use crate::model::{Event, Operation};
use crate::registries::PLUGINS;
use crate::store::{Pause, PauseKind, Store};

/// Batches among which a misspelt name is looked for.
const RECENT: u32 = 200;

/// Begins a pause.
///
/// # Errors
/// Nobody knows the name, it is paused already, or the store failed.
pub async fn begin(
    kind: PauseKind,
    name: &str,
    reason: Option<&str>,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    known(kind, name, config, store).await?;
    let reason = by_operator(reason);
    let pause = Pause { kind, name: name.to_owned(), reason: reason.clone(), since: now };
    let event = Event::of_pause(kind.word(), name, happening(kind), &reason, now);
    if store.pause(&pause, &event).await? {
        out.say(&format!("{} {name} is {}; {}", kind.word(), happening(kind), effect(kind)));
        return Ok(());
    }
    let there = find(kind, name, store).await?;
    let why = there.map(|pause| format!("since {}: {}", pause.since, pause.reason)).unwrap_or_default();
    let what = format!("{} {name} is {} already", kind.word(), happening(kind));
    Err(Failure::new(Exit::Refused, "already_paused", what)
        .why(why)
        .next(format!("`{}` ends that", resume(kind, name))))
}

/// Ends a pause, or else an account's want of money, or else its suspension. One at a time: whoever ends a pause may not know that the password
/// is wrong as well.
///
/// # Errors
/// There is neither, nobody knows the name, or the store failed.
pub async fn end(
    kind: PauseKind,
    name: &str,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let kind = match kind {
        PauseKind::Account if find(kind, name, store).await?.is_none() => {
            find(PauseKind::Funds, name, store).await?.map_or(kind, |pause| pause.kind)
        }
        kind => kind,
    };
    let event = Event::of_pause(kind.word(), name, "resumed", "by an operator", now);
    // A pause of something that left the configuration since then can be ended as well.
    let ended = match find(kind, name, store).await? {
        Some(_) => store.end_pause(kind, name, &event).await?,
        None => None,
    };
    let suspended = match kind {
        PauseKind::Account | PauseKind::Funds => store.account(name).await?.suspended,
        _ => None,
    };
    match (ended, suspended) {
        (Some(pause), still) => {
            if kind == PauseKind::Funds {
                out.say(&format!(
                    "one order of account {name} tries within seconds whether there is money; if so all go on. They waited \
                     since {}: {}",
                    pause.since, pause.reason
                ));
                return Ok(());
            }
            let was = if kind == PauseKind::Batch { "stopped" } else { "paused" };
            out.say(&format!(
                "{} {name} works again within seconds; it was {was} since {}: {}",
                kind.word(),
                pause.since,
                pause.reason
            ));
            if let Some(why) = still {
                out.say(&format!(
                    "the account is suspended as well: {why}; correct that, and `{}` once more",
                    resume(kind, name)
                ));
            }
            Ok(())
        }
        (None, Some(reason)) => {
            store.suspend(name, None, &event).await?;
            out.say(&format!("account {name} works again within seconds; it was suspended because: {reason}"));
            Ok(())
        }
        (None, None) => {
            known(kind, name, config, store).await?;
            let (code, states) = match kind {
                PauseKind::Account => ("not_suspended", "neither paused nor suspended"),
                PauseKind::Batch => ("not_stopped", "not stopped"),
                _ => ("not_paused", "not paused"),
            };
            Err(Failure::new(Exit::Refused, code, format!("{} {name} is {states}", kind.word()))
                .next("`registrard accounts list` shows how everything stands"))
        }
    }
}

/// What befalls it, for its event.
const fn happening(kind: PauseKind) -> &'static str {
    match kind {
        PauseKind::Batch => "stopped",
        _ => "paused",
    }
}

const fn effect(kind: PauseKind) -> &'static str {
    match kind {
        PauseKind::Account | PauseKind::Registry => "what is on the wire is answered, nothing more is sent",
        _ => "what is on the wire is answered, no other job of it starts",
    }
}

fn resume(kind: PauseKind, name: &str) -> String {
    match kind {
        PauseKind::Account | PauseKind::Funds => format!("registrard accounts resume {name}"),
        PauseKind::Batch => format!("registrard batches resume {name}"),
        other => format!("registrard accounts resume --{} {name}", other.word()),
    }
}

fn by_operator(reason: Option<&str>) -> String {
    /// Longest reason that is kept, in characters.
    const LONGEST: usize = 1000;
    let storable = |reason: &str| reason.replace('\0', " ").chars().take(LONGEST).collect::<String>();
    reason.map_or_else(|| "by an operator".into(), |why| format!("by an operator: {}", storable(why)))
}

async fn find(kind: PauseKind, name: &str, store: &dyn Store) -> Result<Option<Pause>, Failure> {
    Ok(store.pauses().await?.into_iter().find(|pause| pause.kind == kind && pause.name == name))
}

/// Whether anybody knows the name; if not, what may have been meant.
async fn known(kind: PauseKind, name: &str, config: &Config, store: &dyn Store) -> Result<(), Failure> {
    let (names, next): (BTreeSet<String>, _) = match kind {
        PauseKind::Account | PauseKind::Funds => {
            if let Some(pool) = config.pools.get(name) {
                return Err(Failure::not_found(format!("account {name}; it is a pool"), "pause its accounts")
                    .why(format!("its accounts are {}", pool.accounts.join(", "))));
            }
            let stored = store.accounts().await?.into_iter().map(|state| state.account);
            (config.accounts.keys().cloned().chain(stored).collect(), "`registrard accounts list` shows all")
        }
        PauseKind::Registry => {
            (PLUGINS.iter().map(|plugin| plugin.name.to_owned()).collect(), "`registrard accounts list` names them")
        }
        PauseKind::Publisher => {
            if config.publishers.is_empty() && config.intake.open {
                return Ok(());
            }
            let all = config.publishers.keys().cloned().chain([LOCAL.to_owned()]);
            (all.collect(), "see [publishers] in the configuration")
        }
        PauseKind::Operation => {
            (Operation::ALL.iter().map(|op| op.name().to_owned()).collect(), "`registrard schema job` lists them")
        }
        PauseKind::Batch => {
            if !store.batches(Some(name), 1).await?.is_empty() {
                return Ok(());
            }
            let recent = store.batches(None, RECENT).await?.into_iter().map(|batch| batch.name);
            (recent.collect(), "`registrard batches list` shows the newest")
        }
    };
    if names.contains(name) {
        return Ok(());
    }
    let candidates: Vec<&str> = names.iter().map(String::as_str).collect();
    let next = match nearest(name, &candidates) {
        Some(meant) => format!("did you mean `{meant}`? {next}"),
        None => next.to_owned(),
    };
    Err(Failure::not_found(format!("{} {name}", kind.word()), next))
}
