//! The binary: arguments to `cli`, its result to the exit code.
#![forbid(unsafe_code)]

fn main() {}
