//! `registrard sandbox`: the registries' server side on loopback, until it is told to end.

mod nz_srs;
mod rrp;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use tokio::signal::unix::{SignalKind, signal};

use crate::sandbox::{
    DenicOptions, Environment, FAULT_SYNTAX, FaultSpec, Manner, NzOptions, OpensrsOptions, Options, REGISTRIES,
    RrpOptions, Sandbox, System,
};
use nz_srs::NzArgs;
use rrp::RrpArgs;

/// Serve registries on loopback, for development and tests. Prints one JSON line when ready.
#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// Registry to serve; may be given more than once.
    #[arg(long = "registry", value_name = "NAME", default_value = "all", value_parser = registries())]
    pub registries: Vec<String>,

    /// Directory for the CA certificate (ca.pem); made if it is not there.
    #[arg(long = "state", value_name = "DIR")]
    pub state_dir: PathBuf,

    /// First port: control there, the registries on those that follow. Free ports if not given.
    #[arg(long, value_name = "N")]
    pub port_base: Option<u16>,

    /// A fault on purpose; may be given more than once.
    #[arg(long = "fault", value_name = "SPEC", long_help = FAULT_SYNTAX)]
    pub faults: Vec<FaultSpec>,

    /// Decides everything that chance decides: passwords, ids, faults.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Accounts of each registry.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(2..=100))]
    pub accounts: u16,

    /// Requests an account may send in 60 seconds; if not given, DENIC RRI's are by environment and time of day, and
    /// OpenSRS and RRP take any number.
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<u32>,

    /// Quota points of an account a day.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub quota: u64,

    /// Sessions of an account at a time.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub sessions: u16,

    /// Seconds a session cut without LOGOUT keeps its place.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub ghost_seconds: u32,

    /// Milliseconds a write is worked on while its object is held.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub processing_ms: u32,

    /// Milliseconds of sandbox time until a registration that is `pendingCreate` is assessed; if not given, it stays so
    /// until the control interface decides.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=365 * 86_400_000))]
    pub assessment_ms: Option<u64>,

    /// Seconds of sandbox time for which ten wrong passwords in a row lock a login.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub login_block_seconds: u32,

    /// Name servers with this label in their names fail the registry's check.
    #[arg(long, value_name = "LABEL", default_value = "fail")]
    pub failing_label: String,

    /// Holders with this word in their address cannot be reached by letter.
    #[arg(long, value_name = "WORD", default_value = "undeliverable")]
    pub undeliverable_label: String,

    /// Password in every AuthInfo2 letter; if not given, `secret` in the test environment and a new one each time live.
    /// The ledger has it.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub authinfo2: Option<String>,

    /// Which environment DENIC RRI plays: `test` has 100 requests a minute, one day of grace and of life for a failed
    /// domain, names free from 10:00 to 12:00, and a notice in every answer.
    #[arg(long, value_enum, default_value_t)]
    pub environment: Environment,

    /// How answers are written: `odd` varies letter case, order, blanks, line ends, prefixes and comments as the manual's
    /// samples do, each answer in another way.
    #[arg(long, value_enum, default_value_t)]
    pub manner: Manner,

    /// Which of OpenSRS's systems is played: `horizon` answers a repeated renewal with 465 instead of 555 and does not redeem.
    #[arg(long, value_enum, default_value_t)]
    pub system: System,

    /// What an account of OpenSRS or RRP has to spend, in whole dollars.
    #[arg(long, value_name = "DOLLARS", default_value_t = 1_000_000, value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub balance: i64,

    /// Connections of an account of OpenSRS at a time.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub connections: u16,

    /// Milliseconds of sandbox time that an order or a change waits at an asynchronous registry of OpenSRS.
    #[arg(long, value_name = "MS", default_value_t = 3_600_000, value_parser = clap::value_parser!(u64).range(1..=365 * 86_400_000))]
    pub waiting_ms: u64,

    /// Milliseconds of sandbox time that each of the two steps of a transfer at OpenSRS takes; a day and five days if not
    /// given.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=365 * 86_400_000))]
    pub transfer_ms: Option<u64>,

    /// Flags of RRP.
    #[command(flatten)]
    pub rrp: RrpArgs,

    /// Flags of NZ SRS.
    #[command(flatten)]
    pub nz_srs: NzArgs,
}

/// Names that `--registry` takes.
fn registries() -> PossibleValuesParser {
    std::iter::once(&"all").chain(REGISTRIES).copied().collect::<Vec<_>>().into()
}

impl From<SandboxArgs> for Options {
    fn from(args: SandboxArgs) -> Self {
        let opensrs = OpensrsOptions {
            accounts: usize::from(args.accounts),
            system: args.system,
            requests_per_window: args.requests_per_minute.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            connections: usize::from(args.connections),
            balance: args.balance.saturating_mul(100),
            waiting: Duration::from_millis(args.waiting_ms),
            transferring: args.transfer_ms.map(Duration::from_millis),
            processing: Duration::from_millis(u64::from(args.processing_ms)),
            failing_label: args.failing_label.clone(),
            manner: args.manner,
            ..OpensrsOptions::default()
        };
        let rrp = RrpOptions {
            accounts: usize::from(args.accounts),
            sessions: usize::from(args.sessions),
            requests_per_window: args.requests_per_minute.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            balance: args.balance.saturating_mul(100),
            processing: Duration::from_millis(u64::from(args.processing_ms)),
            manner: args.manner,
            ..args.rrp.options()
        };
        let nz_srs = NzOptions {
            accounts: usize::from(args.accounts),
            processing: Duration::from_millis(u64::from(args.processing_ms)),
            manner: args.manner,
            ..args.nz_srs.options()
        };
        let denic = DenicOptions {
            accounts: usize::from(args.accounts),
            environment: args.environment,
            requests_per_window: args.requests_per_minute.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            sessions: usize::from(args.sessions),
            ghost: Duration::from_secs(u64::from(args.ghost_seconds)),
            quota_per_day: args.quota,
            processing: Duration::from_millis(u64::from(args.processing_ms)),
            assessment: args.assessment_ms.map(Duration::from_millis),
            login_block: Duration::from_secs(u64::from(args.login_block_seconds)),
            failing_label: args.failing_label,
            authinfo2: args.authinfo2,
            undeliverable_label: args.undeliverable_label,
            manner: args.manner,
            ..DenicOptions::default()
        };
        Self {
            registries: args.registries,
            state_dir: args.state_dir,
            port_base: args.port_base,
            faults: args.faults,
            seed: args.seed,
            denic,
            opensrs,
            rrp,
            nz_srs,
        }
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Says what could not be opened, written or listened on.
pub async fn run(args: SandboxArgs) -> Result<(), String> {
    // Before the ready line: whoever has read it may send a signal at once.
    let listen = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let sandbox = Sandbox::start(args.into()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.ready())
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot write the ready line: {error}"))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::sandbox::{Quirk, RrpStyle, RrpVersion, TransferDecision};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sandbox: SandboxArgs,
    }

    #[test]
    fn arguments_become_options() {
        let line = "sandbox --registry denic-rri --state s --port-base 40000 --fault busy:nth=7 --fault delay=5 --seed 3 \
                    --requests-per-minute 100 --quota 10 --sessions 2 --environment test --assessment-ms 5000 \
                    --login-block-seconds 60 --failing-label broken --undeliverable-label nowhere --authinfo2 secret-2 --manner odd \
                    --system horizon --balance 5 --connections 3 --waiting-ms 60000 --transfer-ms 1500 \
                    --rrp-version 1.1.0 --idle-seconds 30 --life-seconds 90 --silent-timeout --style bare-lf --style draft \
                    --transfer-decision reject --transfer-days 3 --redemption-days 0 --renewal-window-days 90 --no-auto-renew \
                    --nz-lock-ms 5 --nz-quirk no-rows --nz-quirk plain-raw --nz-bad-keys";
        let options = Options::from(Line::try_parse_from(line.split_whitespace()).unwrap().sandbox);
        assert_eq!((options.registries, options.port_base, options.seed), (vec!["denic-rri".into()], Some(40_000), 3));
        assert_eq!(options.faults.len(), 2);
        assert_eq!((options.denic.requests_per_window, options.denic.quota_per_day), (Some(100), 10));
        assert_eq!((options.denic.sessions, options.denic.environment), (2, Environment::Test));
        let denic = &options.denic;
        assert_eq!((denic.assessment, denic.login_block), (Some(Duration::from_secs(5)), Duration::from_secs(60)));
        assert_eq!((denic.failing_label.as_str(), denic.undeliverable_label.as_str()), ("broken", "nowhere"));
        assert_eq!((denic.authinfo2.as_deref(), denic.manner), (Some("secret-2"), Manner::Odd));
        let opensrs = &options.opensrs;
        assert_eq!((opensrs.system, opensrs.balance, opensrs.connections), (System::Horizon, 500, 3));
        assert_eq!(opensrs.transferring, Some(Duration::from_millis(1500)));
        assert_eq!((opensrs.waiting, opensrs.requests_per_window), (Duration::from_secs(60), Some(100)));
        let rrp = &options.rrp;
        assert_eq!((rrp.version, rrp.balance, rrp.sessions), (RrpVersion::V110, 500, 2));
        assert_eq!((rrp.idle, rrp.life), (Duration::from_secs(30), Some(Duration::from_secs(90))));
        assert_eq!(rrp.styles, [RrpStyle::BareLf, RrpStyle::Draft]);
        assert_eq!((rrp.decision, rrp.renewal_window), (TransferDecision::Reject, Some(90)));
        assert_eq!((rrp.days.transfer, rrp.days.redemption, rrp.days.add_grace), (3, 0, 5));
        assert!(!rrp.says_timeout && !rrp.auto_renew && rrp.manner == Manner::Odd);
        let nz = &options.nz_srs;
        assert_eq!((nz.lock, nz.bad_keys, nz.manner), (Duration::from_millis(5), true, Manner::Odd));
        assert_eq!(nz.quirks.iter().copied().collect::<Vec<_>>(), [Quirk::NoRows, Quirk::PlainRaw]);
        assert!(Line::try_parse_from(["sandbox", "--state", "s", "--assessment-ms", "0"]).is_err());
        assert!(Line::try_parse_from(["sandbox", "--state", "s", "--fault", "nonsense"]).is_err());
        assert!(Line::try_parse_from(["sandbox", "--state", "s", "--registry", "nowhere"]).is_err());
        assert!(Line::try_parse_from(["sandbox"]).is_err());
    }

    #[test]
    fn help_explains_faults() {
        let Err(help) = Line::try_parse_from(["sandbox", "--help"]) else { panic!("--help is no run") };
        assert!(help.to_string().contains("cut_after:action=domain.create,p=0.05"), "{help}");
    }
}
