//! Connections: `dial` opens them; TLS with verified servers, HTTPS, bounded waits, secrets by reference; OpenPGP; and what goes
//! by e-mail: signed messages, SMTP.

pub mod dial;
pub mod https;
pub mod mail;
pub mod openpgp;
pub mod seal;
pub mod secret_ref;
pub mod smtp;
pub mod tls;
