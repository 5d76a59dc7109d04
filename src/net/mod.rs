//! Connections: TLS with verified servers, bounded waits, secrets by reference.

pub mod secret_ref;
pub mod tls;
