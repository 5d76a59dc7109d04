//! The command line. It works on the store, so it also works while the daemon is down. Data goes to standard output,
//! everything else to standard error; how a command ends stands in [`exit`].

pub mod accounts;
pub mod batches;
pub mod bench;
pub mod check_config;
pub mod deadlines;
pub mod demo;
pub mod events;
pub mod exit;
pub mod explain;
#[cfg(test)]
pub(crate) mod fake;
pub mod jobs;
pub mod keys;
pub mod messages;
pub mod migrate;
pub mod orders;
pub mod outlook;
pub mod output;
pub mod progress;
pub mod quota;
pub mod sandbox;
pub mod schema;
pub mod serve;
pub mod submit;
pub mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::config::Config;
use crate::daemon;
use crate::job::intake::{self, Submission, Told};
use crate::net::{secret_ref, tls};
use crate::registries;
use crate::store::{self, Store};
use exit::{Exit, Failure};
use output::{Colour, Format, Out};

/// Makes registrar jobs happen at their registry exactly once.
#[derive(Debug, Parser)]
#[command(name = "registrard", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
   0  done
   1  a job failed, something of a submission or an import was rejected, or a key should be replaced soon
   2  the command line or its input is wrong
   3  no such job, batch or account
   4  refused: a rule forbids it
  69  the store, the broker or the mail server cannot be reached
  70  something is broken inside
  75  not now; the same command may succeed later
  78  the configuration is wrong";

/// Options of every command.
#[derive(Args, Debug)]
pub struct Global {
    /// The configuration.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "REGISTRARD_CONFIG",
        default_value = "/etc/registrard/registrard.toml"
    )]
    pub config: PathBuf,
    /// The shape of data on standard output, and of errors on standard error; a table unless a command says otherwise.
    #[arg(long, short, global = true, value_enum)]
    pub output: Option<Format>,
    /// Whether to use colour.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Colour,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon.
    Serve,
    /// See it work: a registry, a daemon, a bulk of jobs, trouble, and the proof.
    Demo(demo::DemoArgs),
    /// Serve a registry on loopback, to try clients against.
    Sandbox(sandbox::SandboxArgs),
    /// Submit jobs.
    Submit(submit::SubmitArgs),
    /// Look at jobs, and at what keeps them from starting; retry, cancel or dismiss them.
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// Write orders that a registry takes only by signed e-mail.
    #[command(subcommand)]
    Orders(orders::Orders),
    /// Check OpenPGP keys.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Look at batches; stop them, let them go on.
    #[command(subcommand)]
    Batches(batches::Batches),
    /// Look at accounts; pause them or others, let them work again.
    #[command(subcommand)]
    Accounts(accounts::Accounts),
    /// Show what each account has sent and may send, when its quota runs dry, and when each batch will be done.
    Quota(quota::QuotaArgs),
    /// Read events.
    #[command(subcommand)]
    Events(events::Events),
    /// Look at the registries' own messages.
    #[command(subcommand)]
    Messages(messages::Messages),
    /// Look at dates that can cost a domain name; import some, or have the registry asked about everything it has.
    #[command(subcommand)]
    Deadlines(deadlines::Deadlines),
    /// Check the configuration without connecting to anything.
    CheckConfig,
    /// Bring the database's schema up to date.
    Migrate,
    /// See what a job would send, or what an answer means; needs no network and no store.
    Wire(wire::WireArgs),
    /// Say what a registry's code means, and what becomes of a job that gets it; needs no network and no store.
    Explain(explain::ExplainArgs),
    /// Measure.
    Bench(bench::BenchArgs),
    /// Print the JSON Schema of jobs, events or the configuration.
    Schema {
        /// Of what.
        #[arg(value_enum)]
        subject: schema::Subject,
    },
}

/// The program: reads the command line, runs it, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    tls::install_provider();
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli, |url| Box::pin(store::open(url)))).into(),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            Exit::Software.into()
        }
    }
}

/// Opens the store of a URL.
pub type OpenStore = for<'a> fn(&'a str) -> BoxFuture<'a, store::Result<Arc<dyn Store>>>;

/// Runs a command and says how it ended; everything there is to say has been printed.
pub async fn run(cli: Cli, open: OpenStore) -> Exit {
    let (mut data, mut talk) = (std::io::stdout(), std::io::stderr());
    let mut out = Out::new(cli.global.output.unwrap_or_default(), cli.global.color, &mut data, &mut talk);
    match dispatch(cli, open, &mut out).await {
        Ok(()) => Exit::Ok,
        Err(failure) if failure.exit == Exit::Ok => Exit::Ok,
        Err(failure) => {
            out.failure(&failure);
            failure.exit
        }
    }
}

async fn dispatch(cli: Cli, open: OpenStore, out: &mut Out<'_>) -> Result<(), Failure> {
    let is_listing = matches!(cli.command, Command::Deadlines(deadlines::Deadlines::List(_)));
    if out.format == Format::Ics && !is_listing {
        let what = "--output ics is for `registrard deadlines list` only";
        return Err(Failure::new(Exit::Usage, "usage", what).next("choose table, json or jsonl"));
    }
    let config = || Config::load(Some(&cli.global.config));
    let now = Timestamp::now();
    match &cli.command {
        Command::Serve => serve::run(config()?, out).await,
        Command::Demo(args) => demo::run(args, out).await,
        Command::Sandbox(args) => {
            sandbox::run(args.clone()).await.map_err(|why| Failure::new(Exit::Unavailable, "sandbox", why))
        }
        Command::Wire(args) => {
            let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
            wire::run(args, cli.global.output, input, output, std::io::stderr())
                .map_err(|why| Failure::new(Exit::Usage, "wire", why))
        }
        Command::Explain(args) => explain::run(args, out),
        Command::Bench(args) => bench::run(args).await,
        Command::Submit(args) => submit(args, &config()?, open, out).await,
        Command::Schema { subject } => schema::run(*subject, out),
        Command::CheckConfig => {
            let names: Vec<_> = registries::PLUGINS.iter().map(|plugin| plugin.name).collect();
            let config = config()?;
            check_config::run(&config, &names, &account, keys::findings(&config, now), out)
        }
        Command::Keys(command @ keys::Keys::Check(args)) => {
            let config = if args.needs_no_config() { Config::default() } else { config()? };
            keys::run(command, &config, now, out)
        }
        Command::Orders(command) => {
            let config = config()?;
            orders::run(command, &config, &*ready_store(&config, open).await?, now, out).await
        }
        Command::Migrate => migrate::run(&*store_of(&config()?, open).await?, out).await,
        Command::Jobs(command) => {
            let config = config()?;
            jobs::run(command, &config, &*ready_store(&config, open).await?, now, out).await
        }
        Command::Quota(args) => {
            let config = config()?;
            quota::run(args, &config, &*ready_store(&config, open).await?, now, out).await
        }
        Command::Batches(command) => {
            let config = config()?;
            batches::run(command, &config, &*ready_store(&config, open).await?, now, out).await
        }
        Command::Events(command) => events::run(command, &*ready_store(&config()?, open).await?, out).await,
        Command::Messages(command) => messages::run(command, &*ready_store(&config()?, open).await?, out).await,
        Command::Deadlines(command) => {
            let config = config()?;
            deadlines::run(command, &config, &*ready_store(&config, open).await?, now, out).await
        }
        Command::Accounts(command) => {
            let config = config()?;
            accounts::run(command, &config, &*ready_store(&config, open).await?, now, out).await
        }
    }
}

/// Binds `submit` to the intake of the daemon, or to the broker.
async fn submit(args: &submit::SubmitArgs, config: &Config, open: OpenStore, out: &mut Out<'_>) -> Result<(), Failure> {
    if args.via == submit::Via::Amqp {
        return submit::publish(args, config, std::io::stdin(), out).await;
    }
    let gate = daemon::gate(config, &daemon::accounts(config)?)?;
    let store = ready_store(config, open).await?;
    let accept = async |items: &[Submission], dry_run: bool, told: Told<'_>| {
        intake::submit_telling(&gate, &*store, items, dry_run, told).await.map_err(Failure::from)
    };
    let terms = submit::Terms { config, limits: outlook::limits(config).0, now: Timestamp::now() };
    submit::run(args, &*store, std::io::stdin(), accept, &terms, out).await
}

/// The configured store, with the schema this release needs.
async fn ready_store(config: &Config, open: OpenStore) -> Result<Arc<dyn Store>, Failure> {
    let store = store_of(config, open).await?;
    store.check_schema().await?;
    Ok(store)
}

/// Opens the configured store, with its password put in.
///
/// # Errors
/// The password cannot be read, or the store cannot be opened.
pub async fn store_of(config: &Config, open: OpenStore) -> Result<Arc<dyn Store>, Failure> {
    let store = &config.store;
    let Some(file) = &store.password_file else { return Ok(open(&store.url).await?) };
    let url = secret_ref::from_file(file)
        .and_then(|password| crate::config::address::with_password(&store.url, &password))
        .map_err(|error| Failure::new(Exit::Configuration, "configuration", format!("store.password_file: {error}")))?;
    Ok(open(url.expose()).await?)
}

/// Makes an account as the daemon would, and says what it found.
fn account(registry: &str, name: &str, settings: &serde_json::Value) -> Result<check_config::Made, String> {
    let plugin = registries::plugin(registry).ok_or_else(|| format!("there is no registry `{registry}`"))?;
    let account = (plugin.account)(name, settings)?;
    let published = account.limits();
    let (operations, seconds) = (plugin.operations.len(), published.answer_within.as_secs());
    let about = format!("{registry}, {operations} operations, answers within {seconds} s");
    Ok(check_config::Made { about, identity: account.identity(), published })
}

#[cfg(test)]
mod tests;
