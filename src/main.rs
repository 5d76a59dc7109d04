//! The binary: arguments to `cli`, its result to the exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use registrard::cli::{self, Cli};
use registrard::store;

fn main() -> ExitCode {
    registrard::net::tls::install_provider();
    let cli = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(cli, |url| Box::pin(store::open(url)))),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            cli::exit::Exit::Software
        }
    }
    .into()
}
