//! RRP: a plain client made of the protocol's own bytes, and what it sees.

mod client;
mod codes;
mod faults;
mod life;
mod patterns;
mod robust;
mod rules;
mod samples;
mod sessions;
mod styles;
