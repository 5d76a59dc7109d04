//! OpenSRS.

mod client;
mod commands;
mod faults;
mod life;
mod patterns;
mod robust;
mod transport;
