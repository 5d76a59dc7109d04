//! The binary: arguments to `cli`, its result to the exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    registrard::cli::main()
}
