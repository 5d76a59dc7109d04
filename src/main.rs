//! The binary: arguments to `cli`, its result to the exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _armed = registrard::failpoint::arm();
    registrard::cli::main()
}
