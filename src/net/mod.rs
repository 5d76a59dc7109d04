//! Connections: `dial` opens them; TLS with verified servers, bounded waits, secrets by reference; and what goes by e-mail: OpenPGP, signed
//! messages, SMTP.

pub mod dial;
pub mod mail;
pub mod openpgp;
pub mod seal;
pub mod secret_ref;
pub mod smtp;
pub mod tls;
